//! The frames of a scripted HTTP/2 server.

use std::io::{Read, Write};
use std::net::TcpStream;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;

/// A frame as the client sent it.
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    pub fn ends(&self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.flags & 1 != 0
    }
}

/// The server's end of a connection.
pub struct Peer {
    pub stream: TcpStream,
}

impl Peer {
    /// Reads the preface and says SETTINGS.
    pub fn greet(stream: TcpStream, settings: &[(u16, u32)]) -> Option<Self> {
        let mut peer = Self { stream };
        let mut preface = [0; 24];
        peer.stream.read_exact(&mut preface).ok()?;
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let mut payload = Vec::new();
        for (id, value) in settings {
            payload.extend(id.to_be_bytes());
            payload.extend(value.to_be_bytes());
        }
        peer.write(SETTINGS, 0, 0, &payload);
        Some(peer)
    }

    pub fn read(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).ok()?;
        let [a, b, c, kind, flags, d, e, f, g] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.stream.read_exact(&mut payload).ok()?;
        Some(Frame { kind, flags, stream: u32::from_be_bytes([d, e, f, g]), payload })
    }

    /// Reads on to a frame of this kind; the others are dropped.
    pub fn read_kind(&mut self, kind: u8) -> Option<Frame> {
        loop {
            let frame = self.read()?;
            if frame.kind == kind {
                return Some(frame);
            }
        }
    }

    pub fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        let _ = self.stream.write_all(&bytes);
    }

    /// A head of `:status` (one of HPACK's own) and `fields`.
    pub fn head(&mut self, stream: u32, status: u16, fields: &[(&str, &str)], end: bool) {
        let indexed = [200, 204, 206, 304, 400, 404, 500].iter().position(|s| *s == status);
        let mut block = match indexed {
            Some(place) => vec![0x88 + place as u8],
            None => [&[0x08, 3][..], status.to_string().as_bytes()].concat(),
        };
        literals(&mut block, fields);
        self.write(HEADERS, 4 | u8::from(end), stream, &block);
    }

    pub fn trailers(&mut self, stream: u32, fields: &[(&str, &str)]) {
        let mut block = Vec::new();
        literals(&mut block, fields);
        self.write(HEADERS, 5, stream, &block);
    }

    /// Promises a GET of `path`.
    pub fn promise(&mut self, parent: u32, promised: u32, authority: &str, path: &str) {
        let mut block = promised.to_be_bytes().to_vec();
        literals(
            &mut block,
            &[(":method", "GET"), (":scheme", "http"), (":authority", authority), (":path", path)],
        );
        self.write(PUSH_PROMISE, 4, parent, &block);
    }

    pub fn data(&mut self, stream: u32, bytes: &[u8], end: bool) {
        self.write(DATA, u8::from(end), stream, bytes);
    }

    /// A whole response.
    pub fn answer(&mut self, stream: u32, body: &str) {
        self.head(stream, 200, &[("content-type", "text/plain")], false);
        self.data(stream, body.as_bytes(), true);
    }

    pub fn reset(&mut self, stream: u32, code: u32) {
        self.write(RST_STREAM, 0, stream, &code.to_be_bytes());
    }

    pub fn goaway(&mut self, last: u32, code: u32) {
        self.write(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat());
    }
}

fn literals(block: &mut Vec<u8>, fields: &[(&str, &str)]) {
    for (name, value) in fields {
        block.extend([0, name.len() as u8]);
        block.extend(name.as_bytes());
        block.push(value.len() as u8);
        block.extend(value.as_bytes());
    }
}
