use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use tress_proto::connect::{Step, http2};
use tress_proto::h2::Config;

use super::Tunnel;
use crate::{Shutdown, Stream, Want};

const DATA: u8 = 0;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

/// The proxy's end of a connection.
struct Proxy(UnixStream);

impl Proxy {
    fn write(&mut self, kind: u8, flags: u8, stream: u8, payload: &[u8]) {
        self.0.write_all(&frame(kind, flags, stream, payload)).unwrap();
    }

    /// Frames that have come, as kind, stream and payload.
    fn read(&mut self) -> Vec<(u8, u8, Vec<u8>)> {
        let mut bytes = Vec::new();
        self.0.set_nonblocking(true).unwrap();
        let _ = self.0.read_to_end(&mut bytes);
        self.0.set_nonblocking(false).unwrap();
        let (mut frames, mut rest) = (Vec::new(), &bytes[..]);
        while let [a, b, c, kind, _flags, _, _, _, stream, payload @ ..] = rest {
            let (payload, after) = payload.split_at(u32::from_be_bytes([0, *a, *b, *c]) as usize);
            frames.push((*kind, *stream, payload.to_vec()));
            rest = after;
        }
        frames
    }
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// A tunnel that stands, and `rest`, which came with the proxy's answer.
fn tunnel(rest: &[u8]) -> (Tunnel, Proxy) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let mut machine =
        http2::Tunnel::new(b"CONNECT h:1 HTTP/1.1\r\n\r\n", Config::default()).unwrap();
    let opening = machine.output().len();
    machine.sent(opening);
    let answer = [frame(SETTINGS, 0, 0, b""), frame(1, 4, 1, b"\x88")].concat();
    let mut at = 0;
    loop {
        let (used, step) = machine.receive(&answer[at..], Instant::now()).unwrap();
        at += used;
        match step {
            Step::Established => break,
            Step::Head(_) => {}
            other => panic!("{other:?}"),
        }
    }
    let (connection, stream) = machine.into_parts();
    (Tunnel::new(Stream::unix(ours.into()), connection, stream, rest.to_vec()), Proxy(theirs))
}

fn kinds(frames: &[(u8, u8, Vec<u8>)]) -> Vec<u8> {
    frames.iter().map(|(kind, ..)| *kind).collect()
}

#[test]
fn bytes_both_ways() {
    let (mut tunnel, mut proxy) = tunnel(&frame(DATA, 0, 1, b"early"));
    let mut buf = [0; 3];
    assert!(tunnel.pending());
    assert_eq!(tunnel.recv(&mut buf).unwrap(), 3);
    assert_eq!(&buf, b"ear");
    assert_eq!(tunnel.recv(&mut buf).unwrap(), 2);
    assert!(!tunnel.pending());
    assert_eq!(tunnel.recv(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(tunnel.blocked_on(Want::Read), Want::Read);
    assert_eq!(tunnel.send(b"hello").unwrap(), 5);
    let frames = proxy.read();
    assert_eq!(kinds(&frames), [SETTINGS, DATA], "the ACK, then the bytes");
    assert_eq!(frames[1], (DATA, 1, b"hello".to_vec()));
    proxy.write(DATA, 1, 1, b"end");
    assert_eq!(tunnel.recv(&mut buf).unwrap(), 3);
    assert_eq!(tunnel.recv(&mut buf).unwrap(), 0, "the stream's end is the tunnel's");
}

#[test]
fn credit_follows_what_is_taken() {
    let (mut tunnel, mut proxy) = tunnel(b"");
    (0..4).for_each(|_| proxy.write(DATA, 0, 1, &[7; 16_000]));
    let mut buf = vec![0; 20_000];
    let mut got = tunnel.recv(&mut buf).unwrap();
    assert!(!kinds(&proxy.read()).contains(&WINDOW_UPDATE), "not before half of it is taken");
    while got < 64_000 {
        got += tunnel.recv(&mut buf).unwrap();
    }
    let updates = proxy.read();
    assert!(updates.iter().any(|(kind, stream, _)| (*kind, *stream) == (WINDOW_UPDATE, 1)));
}

#[test]
fn a_closed_window_is_waited_for_by_reading() {
    let (mut tunnel, mut proxy) = tunnel(b"");
    let mut sent = 0;
    let error = loop {
        match tunnel.send(&[1; 30_000]) {
            Ok(count) => sent += count,
            Err(error) => break error,
        }
        proxy.read();
    };
    assert_eq!((error.kind(), sent), (ErrorKind::WouldBlock, 65_535));
    assert_eq!(tunnel.blocked_on(Want::Write), Want::Read);
    // What comes meanwhile is kept for whoever reads.
    proxy.write(DATA, 0, 1, b"meanwhile");
    proxy.write(WINDOW_UPDATE, 0, 0, &100_u32.to_be_bytes());
    assert_eq!(tunnel.send(&[1; 30_000]).unwrap_err().kind(), ErrorKind::WouldBlock);
    proxy.write(WINDOW_UPDATE, 0, 1, &50_u32.to_be_bytes());
    assert_eq!(tunnel.send(&[1; 30_000]).unwrap(), 50);
    assert!(tunnel.pending());
    let mut buf = [0; 20];
    assert_eq!(tunnel.recv(&mut buf).unwrap(), 9);
}

#[test]
fn a_full_socket_owes_what_it_has_taken() {
    let (mut tunnel, mut proxy) = tunnel(b"");
    let large = 0x3fff_ffff_u32.to_be_bytes();
    proxy.write(WINDOW_UPDATE, 0, 0, &large);
    proxy.write(WINDOW_UPDATE, 0, 1, &large);
    assert!(tunnel.recv(&mut [0; 1]).is_err());
    let piece = vec![9; 60_000];
    let (mut sent, mut got) = (0, 0);
    while sent < 20 {
        match tunnel.send(&piece) {
            Ok(count) => {
                assert_eq!(count, piece.len());
                sent += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                assert_eq!(tunnel.blocked_on(Want::Write), Want::Write);
                let frames = proxy.read_exactly_what_is_there();
                got += frames;
            }
        }
    }
    got += proxy.read_exactly_what_is_there();
    assert!(got > 20 * piece.len(), "nothing is lost: {got}");
}

impl Proxy {
    fn read_exactly_what_is_there(&mut self) -> usize {
        let mut bytes = Vec::new();
        self.0.set_nonblocking(true).unwrap();
        let _ = self.0.read_to_end(&mut bytes);
        self.0.set_nonblocking(false).unwrap();
        bytes.len()
    }
}

#[test]
fn pings_do_not_end_an_idle_tunnel() {
    let (mut tunnel, mut proxy) = tunnel(b"");
    proxy.write(PING, 0, 0, b"12345678");
    assert!(tunnel.is_quiet());
    assert!(kinds(&proxy.read()).contains(&PING));
    proxy.write(DATA, 0, 1, b"unasked");
    assert!(!tunnel.is_quiet());
}

#[test]
fn a_reset_breaks_it() {
    let (mut tunnel, mut proxy) = tunnel(b"");
    proxy.write(DATA, 0, 1, b"last");
    proxy.write(RST_STREAM, 0, 1, &2_u32.to_be_bytes());
    let mut buf = [0; 20];
    assert_eq!(tunnel.recv(&mut buf).unwrap(), 4);
    let error = tunnel.recv(&mut buf).unwrap_err();
    assert!(error.to_string().contains("INTERNAL_ERROR"), "{error}");
    assert_eq!(tunnel.send(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn the_proxy_goes_away() {
    let (mut tunnel, proxy) = tunnel(b"");
    drop(proxy);
    assert_eq!(tunnel.recv(&mut [0; 1]).unwrap(), 0);
    assert!(tunnel.send(&[0; 100_000]).is_err());
}

#[test]
fn goodbye() {
    let (mut tunnel, mut proxy) = tunnel(b"");
    tunnel.start_shutdown();
    assert_eq!(tunnel.shutdown().unwrap(), Shutdown::Done);
    assert_eq!(kinds(&proxy.read()), [SETTINGS, DATA, GOAWAY]);
}
