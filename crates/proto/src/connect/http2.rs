//! A tunnel through an HTTP/2 proxy: CONNECT on a stream of its own (RFC 9113, 8.5).

use std::time::Instant;

use tress_model::{Code, Error, Result};

use super::{MAX_LINE, Step};
use crate::h1::{Event, Response, ResponseConfig};
use crate::h2::{self, Config, Connection, ErrorCode, Fields, Open, StreamId, request};

/// A handshake under way: what [`super::Tunnel`] is for HTTP/1.
pub struct Tunnel {
    connection: Connection,
    stream: StreamId,
    response: Response,
    /// The reply's head as text, taken apart up to `at`; its last line is from `line` on.
    head: Vec<u8>,
    at: usize,
    line: usize,
    over: bool,
}

impl Tunnel {
    /// Starts with the bytes of a CONNECT request, as HTTP/1 has them.
    ///
    /// # Errors
    /// Those of [`request::fields_from_head`].
    pub fn new(request: &[u8], config: Config) -> Result<Self> {
        let mut connection = Connection::new(config);
        let stream = open(&mut connection, request)?;
        let response = response();
        let (head, at, line, over) = (Vec::new(), 0, 0, false);
        Ok(Self { connection, stream, response, head, at, line, over })
    }

    /// Asks again on another stream, after a refusal.
    ///
    /// # Errors
    /// As for [`Tunnel::new`]; `Again` when the proxy takes no further stream.
    pub fn again(&mut self, request: &[u8]) -> Result<()> {
        self.connection.reset(self.stream, ErrorCode::CANCEL);
        self.stream = open(&mut self.connection, request)?;
        self.response = response();
        self.head.clear();
        (self.at, self.line, self.over) = (0, 0, false);
        Ok(())
    }

    /// The bytes to send now.
    pub fn output(&self) -> &[u8] {
        self.connection.pending_output()
    }

    /// `n` bytes of the output went out.
    pub fn sent(&mut self, n: usize) {
        self.connection.sent(n);
    }

    /// The line of the last [`Step::Head`].
    pub fn line(&self) -> &[u8] {
        self.head.get(self.line..self.at).unwrap_or_default()
    }

    /// The last reply's status code (`CURLINFO_HTTP_CONNECTCODE`).
    pub fn status(&self) -> u16 {
        self.response.head().status
    }

    /// Takes bytes from the proxy: how many were used up, and what they said. Those that follow
    /// in the input when the tunnel stands are for [`Tunnel::into_parts`].
    ///
    /// # Errors
    /// What breaks HTTP/2; `RecvError` for a line over [`MAX_LINE`] or a stream that is reset.
    pub fn receive(&mut self, input: &[u8], now: Instant) -> Result<(usize, Step)> {
        let mut used = 0;
        loop {
            if self.at < self.head.len() {
                return Ok((used, self.next_line()?));
            }
            if self.over {
                return Ok((used, self.verdict()));
            }
            let rest = input.get(used..).unwrap_or_default();
            let advance = self.connection.advance(rest, now)?;
            used += advance.consumed;
            match advance.event {
                h2::Event::More => return Ok((used, Step::More)),
                h2::Event::Head { stream, .. } if stream.id == self.stream => {
                    self.head.clear();
                    self.head.extend_from_slice(self.connection.fields().raw());
                    (self.at, self.line) = (0, 0);
                }
                h2::Event::Reset { stream, code, by_peer, .. } if stream.id == self.stream => {
                    let error = h2::reset_error(stream.id, code, by_peer, false);
                    let text = format!("Proxy CONNECT aborted: {}", error.message());
                    return Err(Error::new(Code::RecvError, text));
                }
                _ => {}
            }
        }
    }

    /// The proxy closed the connection.
    ///
    /// # Errors
    /// `RecvError`, unless it has refused: then it wants another connection.
    pub fn closed(&mut self) -> Result<Step> {
        match self.status() {
            status if self.over => Ok(Step::Refused { status, close: true }),
            _ => Err(Error::new(Code::RecvError, "Proxy CONNECT aborted")),
        }
    }

    /// Whether the proxy still takes requests on this connection.
    pub fn is_usable(&self) -> bool {
        self.connection.available() > 0
    }

    /// The connection and the stream that is the tunnel, when it stands.
    pub fn into_parts(self) -> (Connection, StreamId) {
        (self.connection, self.stream)
    }

    fn next_line(&mut self) -> Result<Step> {
        let rest = self.head.get(self.at..).unwrap_or_default();
        let advance = self.response.advance(rest)?;
        self.line = self.at;
        self.at += advance.consumed.max(1);
        if self.at - self.line > MAX_LINE {
            return Err(Error::new(Code::RecvError, "CONNECT response too large"));
        }
        if let Event::EndOfHead { informational, .. } = advance.event {
            self.at = self.head.len();
            self.over = !informational;
        }
        Ok(Step::Head(advance.event))
    }

    fn verdict(&self) -> Step {
        match self.status() {
            200..=299 => Step::Established,
            status => Step::Refused { status, close: !self.is_usable() },
        }
    }
}

fn response() -> Response {
    let config =
        ResponseConfig { connect: true, via_proxy: true, http2: true, ..ResponseConfig::default() };
    Response::new(config)
}

fn open(connection: &mut Connection, request: &[u8]) -> Result<StreamId> {
    let mut fields = Fields::default();
    request::fields_from_head(request, b"CONNECT", "http", &mut fields)?;
    connection.open(&fields, Open::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] =
        b"CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nProxy-Connection: x\r\nA: b\r\n\r\n";
    const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

    /// A head of `:status` by its index, and `a: b`, on a stream.
    fn head(stream: u8, status: u8) -> Vec<u8> {
        [&[0, 0, 6, 1, 4, 0, 0, 0, stream, status][..], &[0, 1, b'a', 1, b'b']].concat()
    }

    fn play(tunnel: &mut Tunnel, input: &[u8]) -> Result<(String, Step, usize)> {
        let (mut text, mut at) = (String::new(), 0);
        loop {
            let (used, step) = tunnel.receive(&input[at..], Instant::now())?;
            at += used;
            match step {
                Step::Head(_) => text += std::str::from_utf8(tunnel.line()).unwrap(),
                step => return Ok((text, step, at)),
            }
        }
    }

    fn tunnel() -> Tunnel {
        let mut tunnel = Tunnel::new(REQUEST, Config::default()).unwrap();
        let output = tunnel.output();
        assert!(output.starts_with(b"PRI * HTTP/2.0\r\n"));
        let count = output.len();
        tunnel.sent(count);
        tunnel
    }

    #[test]
    fn established_and_what_follows_is_left() {
        let mut tunnel = tunnel();
        let input = [SETTINGS, &head(1, 0x88), b"\0\0\x03\0\0\0\0\0\x01TLS"].concat();
        let (text, step, used) = play(&mut tunnel, &input).unwrap();
        assert_eq!((step, used), (Step::Established, input.len() - 12));
        assert_eq!(text, "HTTP/2 200 \r\na: b\r\n\r\n");
        let (mut connection, stream) = tunnel.into_parts();
        let advance = connection.advance(&input[used..], Instant::now()).unwrap();
        assert!(matches!(advance.event, h2::Event::Data { stream: data, .. } if data.id == stream));
    }

    #[test]
    fn every_split_says_the_same() {
        let input = [SETTINGS, &head(1, 0x88)].concat();
        for at in 0..input.len() {
            let mut tunnel = tunnel();
            let (first, step, used) = play(&mut tunnel, &input[..at]).unwrap();
            assert_eq!((step, used), (Step::More, at));
            let (second, step, _) = play(&mut tunnel, &input[at..]).unwrap();
            assert_eq!(step, Step::Established);
            assert_eq!(first + &second, "HTTP/2 200 \r\na: b\r\n\r\n");
        }
    }

    #[test]
    fn refused_and_asked_again_on_the_same_connection() {
        let mut tunnel = tunnel();
        let input = [SETTINGS, &head(1, 0x8d)].concat();
        let (_, step, _) = play(&mut tunnel, &input).unwrap();
        assert_eq!(step, Step::Refused { status: 404, close: false });
        tunnel.again(REQUEST).unwrap();
        assert!(tunnel.output().len() > 13, "RST_STREAM and the request");
        let (_, step, _) = play(&mut tunnel, &head(3, 0x88)).unwrap();
        assert_eq!(step, Step::Established);
    }

    #[test]
    fn reset_and_goaway() {
        let reset = [SETTINGS, b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x02"].concat();
        let error = play(&mut tunnel(), &reset).unwrap_err();
        assert_eq!(error.code(), Code::RecvError);
        assert!(error.message().contains("INTERNAL_ERROR"), "{}", error.message());
        let goaway = [SETTINGS, b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0"].concat();
        assert_eq!(play(&mut tunnel(), &goaway).unwrap_err().code(), Code::RecvError);
    }
}
