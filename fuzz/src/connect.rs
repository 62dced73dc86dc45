//! What proxies answer: to SOCKS, and to CONNECT.

use std::time::Instant;

use tress_proto::connect::{Step, Tunnel, http2};
use tress_proto::h2::Config;
use tress_proto::socks::{Ask, Gssapi, Request, Socks, Version};

pub fn run(data: &[u8]) {
    let Some((&[which, size], bytes)) = data.split_first_chunk::<2>() else { return };
    let versions = [Version::V4, Version::V4a, Version::V5, Version::V5h];
    let request = Request {
        version: versions[usize::from(which & 3)],
        host: if which & 4 != 0 { "::1".into() } else { "example.com".into() },
        port: 80,
        credentials: (which & 8 != 0).then(|| (b"user".to_vec(), b"pass".to_vec())),
        allow_basic: true,
        gssapi: match which & 0xC0 {
            0 => Gssapi::Disallowed,
            0x40 => Gssapi::Missing,
            0x80 => Gssapi::Offered { nec: false },
            _ => Gssapi::Offered { nec: true },
        },
    };
    if let Ok(mut socks) = Socks::new(request) {
        for piece in bytes.chunks(usize::from(size).max(1)) {
            let count = socks.output().len();
            socks.sent(count);
            if socks.receive(piece).is_err() {
                break;
            }
            let _ = socks.resolved([127, 0, 0, 1].into());
            let _ = match socks.take_ask() {
                Some(Ask::Step(token)) => socks.stepped(&token, token.len() > 3, 2),
                Some(Ask::Wrap(bytes)) => socks.wrapped(&bytes),
                Some(Ask::Unwrap(token)) => socks.unwrapped(&token),
                None => Ok(()),
            };
        }
    }
    by_http2(which, bytes, usize::from(size).max(1));
    let mut tunnel = Tunnel::new(b"CONNECT a:1 HTTP/1.1\r\n\r\n".to_vec());
    for piece in bytes.chunks(usize::from(size).max(1)) {
        let mut rest = piece;
        while !rest.is_empty() {
            let Ok((consumed, _)) = tunnel.receive(rest) else { return };
            if consumed == 0 {
                break;
            }
            rest = &rest[consumed..];
        }
    }
    let _ = tunnel.closed(which & 32 != 0);
}

const REQUEST: &[u8] = b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n";

/// A proxy of HTTP/2, which may refuse and is asked again.
fn by_http2(which: u8, bytes: &[u8], size: usize) {
    let Ok(mut tunnel) = http2::Tunnel::new(REQUEST, Config::default()) else { return };
    for piece in bytes.chunks(size) {
        let mut at = 0;
        loop {
            let count = tunnel.output().len();
            tunnel.sent(count);
            let Ok((used, step)) = tunnel.receive(&piece[at..], Instant::now()) else { return };
            at += used;
            assert!(at <= piece.len());
            match step {
                Step::More => break,
                Step::Established => return drop(tunnel.into_parts()),
                Step::Refused { .. } if which & 32 != 0 || tunnel.again(REQUEST).is_err() => return,
                Step::Refused { .. } => {}
                Step::Head(_) => assert!(!tunnel.line().is_empty()),
            }
        }
    }
    let _ = (tunnel.is_usable(), tunnel.closed());
}
