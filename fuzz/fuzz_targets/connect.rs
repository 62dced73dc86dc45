//! What proxies answer: to SOCKS, and to CONNECT.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tress_proto::connect::Tunnel;
use tress_proto::socks::{Ask, Gssapi, Request, Socks, Version};

fuzz_target!(|data: &[u8]| {
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
});
