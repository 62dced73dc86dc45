use std::net::Ipv4Addr;

use super::*;
use crate::testing::Prng;

fn request(version: Version, host: &str) -> Request {
    Request {
        version,
        host: host.to_owned(),
        port: 0x1F90,
        credentials: None,
        allow_basic: true,
        gssapi: Gssapi::Missing,
    }
}

fn with_user(version: Version, host: &str) -> Request {
    Request { credentials: Some(("me".into(), "pw".into())), ..request(version, host) }
}

/// Plays `replies` in pieces of `piece` bytes; everything sent comes back.
fn play(request: Request, replies: &[u8], piece: usize) -> Result<(Vec<u8>, usize), Failure> {
    let mut socks = Socks::new(request)?;
    let (mut sent, mut used, mut offered) = (Vec::new(), 0, 0);
    loop {
        while !socks.output().is_empty() {
            sent.push(socks.output()[0]);
            socks.sent(1);
        }
        match socks.status() {
            Status::Done => return Ok((sent, used)),
            Status::Resolving => socks.resolved(IpAddr::V4(Ipv4Addr::new(1, 2, 3, 4)))?,
            Status::Securing => secure(&mut socks)?,
            Status::Receiving if offered == replies.len() && used == offered => {
                return Err(socks.closed());
            }
            Status::Receiving => {
                offered = (used + piece).min(replies.len());
                used += socks.receive(&replies[used..offered])?;
            }
        }
    }
}

/// A context that says `one`, then `two`, and wraps by a letter before the bytes.
fn secure(socks: &mut Socks) -> Result<(), Failure> {
    match socks.take_ask().expect("it is asked for something") {
        Ask::Step(token) if token.is_empty() => socks.stepped(b"one", false, 0),
        Ask::Step(token) if token == b"bad" => Err(socks.unsecured("no ticket")),
        Ask::Step(_) => socks.stepped(b"two", true, 2),
        Ask::Wrap(bytes) => socks.wrapped(&[b"w", &bytes[..]].concat()),
        Ask::Unwrap(token) => socks.unwrapped(&token[1..]),
    }
}

fn with_gssapi(nec: bool) -> Request {
    Request { gssapi: Gssapi::Offered { nec }, ..with_user(Version::V5h, "h") }
}

#[test]
fn socks4_resolves_here() {
    let reply = [0, 90, 0, 0, 9, 9, 9, 9, b'H'];
    for piece in 1..=9 {
        let (sent, used) = play(with_user(Version::V4, "h"), &reply, piece).unwrap();
        assert_eq!(sent, b"\x04\x01\x1f\x90\x01\x02\x03\x04me\0");
        assert_eq!(used, 8, "the byte after the reply is the tunnel's");
    }
}

#[test]
fn socks4a_sends_the_name() {
    let (sent, _) = play(request(Version::V4a, "a.b"), &[0, 90, 0, 0, 0, 0, 0, 0], 8).unwrap();
    assert_eq!(sent, b"\x04\x01\x1f\x90\0\0\0\x01\0a.b\0");
    let long = "x".repeat(255);
    assert_eq!(
        play(request(Version::V4a, &long), &[], 1).unwrap_err().detail,
        ProxyCode::LongHostname
    );
}

#[test]
fn socks4_refusals() {
    let refused = play(request(Version::V4a, "h"), &[0, 91, 0, 80, 1, 2, 3, 4], 3).unwrap_err();
    assert_eq!(refused.detail, ProxyCode::RequestFailed);
    assert_eq!(
        refused.message,
        "[SOCKS] cannot complete SOCKS4 connection to 1.2.3.4:80. (91), request rejected or failed."
    );
    let code = |status| {
        play(request(Version::V4a, "h"), &[0, status, 0, 0, 0, 0, 0, 0], 8).unwrap_err().detail
    };
    assert_eq!(code(92), ProxyCode::Identd);
    assert_eq!(code(93), ProxyCode::IdentdDiffer);
    assert_eq!(code(94), ProxyCode::UnknownFail);
    let mut socks = Socks::new(request(Version::V4, "h")).unwrap();
    assert!(socks.resolved("::1".parse().unwrap()).is_err());
}

#[test]
fn socks5_with_password() {
    let mut replies = vec![5, 2, 1, 0];
    replies.extend_from_slice(&[5, 0, 0, 3, 4, b'n', b'a', b'm', b'e', 0, 80, b'!']);
    for piece in 1..replies.len() {
        let (sent, used) = play(with_user(Version::V5h, "host"), &replies, piece).unwrap();
        assert_eq!(sent, b"\x05\x02\0\x02\x01\x02me\x02pw\x05\x01\0\x03\x04host\x1f\x90");
        assert_eq!(used, replies.len() - 1);
    }
}

#[test]
fn socks5_addresses() {
    let replies = [5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    let sent = |version, host: &str| play(request(version, host), &replies, 2).unwrap().0;
    assert_eq!(sent(Version::V5, "h"), b"\x05\x01\0\x05\x01\0\x01\x01\x02\x03\x04\x1f\x90");
    assert_eq!(sent(Version::V5h, "9.8.7.6"), b"\x05\x01\0\x05\x01\0\x01\x09\x08\x07\x06\x1f\x90");
    let v6 = sent(Version::V5h, "::1");
    assert_eq!(&v6[..7], b"\x05\x01\0\x05\x01\0\x04");
    assert_eq!(v6.len(), 3 + 4 + 16 + 2);
}

#[test]
fn socks5_refusals() {
    let fail = |replies: &[u8]| play(with_user(Version::V5h, "h"), replies, 1).unwrap_err();
    assert_eq!(fail(&[4, 0]).detail, ProxyCode::BadVersion);
    assert_eq!(fail(&[5, 255]).detail, ProxyCode::NoAuth);
    assert_eq!(fail(&[5, 1]).detail, ProxyCode::GssapiPermsg);
    assert_eq!(fail(&[5, 9]).detail, ProxyCode::UnknownMode);
    let rejected = fail(&[5, 2, 1, 1]);
    assert_eq!(rejected.detail, ProxyCode::UserRejected);
    assert_eq!(rejected.message, "User was rejected by the SOCKS5 server (1 1).");
    let refused = fail(&[5, 0, 5, 5, 0, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(refused.detail, ProxyCode::ReplyConnectionRefused);
    assert_eq!(refused.message, "cannot complete SOCKS5 connection to h. (5)");
    assert_eq!(fail(&[5, 0, 5, 0, 0, 9, 0, 0, 0, 0]).detail, ProxyCode::BadAddressType);
    assert_eq!(fail(&[5, 0, 5]).detail, ProxyCode::RecvConnect);
    assert_eq!(tress_model::Error::from(fail(&[4, 0])).code(), tress_model::Code::Proxy);
}

#[test]
fn socks5_with_gssapi() {
    let connected = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0, b'!'];
    let to_target = b"\x05\x01\0\x03\x01h\x1f\x90";
    for nec in [false, true] {
        let granted: &[u8] = if nec { b"\x01\x02\0\x01\0" } else { b"\x01\x02\0\x02w\0" };
        let asked: &[u8] = if nec { b"\x01\x02\0\x01\x02" } else { b"\x01\x02\0\x02w\x02" };
        let replies = [&b"\x05\x01\x01\x01\0\x03abc"[..], granted, &connected].concat();
        for piece in 1..replies.len() {
            let (sent, used) = play(with_gssapi(nec), &replies, piece).unwrap();
            let offer = b"\x05\x03\0\x01\x02\x01\x01\0\x03one\x01\x01\0\x03two";
            assert_eq!(sent, [&offer[..], asked, to_target].concat());
            assert_eq!(used, replies.len() - 1);
        }
    }
}

#[test]
fn socks5_gssapi_refusals() {
    let fail = |replies: &[u8]| play(with_gssapi(false), replies, 1).unwrap_err();
    let text = |replies: &[u8]| {
        let failure = fail(replies);
        assert_eq!(failure.detail, ProxyCode::Gssapi);
        failure.message.into_owned()
    };
    assert_eq!(text(b"\x05\x01\x01\xff"), "User was rejected by the SOCKS5 server (1 255).");
    let wrong = text(b"\x05\x01\x01\x02");
    assert_eq!(wrong, "Invalid GSS-API authentication response type (1 2).");
    let empty = text(b"\x05\x01\x01\x01\0\0");
    assert_eq!(empty, "Invalid zero-length GSS-API authentication token.");
    assert_eq!(text(b"\x05\x01\x01\x01\0\x03bad"), "GSS-API error: no ticket");
    let cut = text(b"\x05\x01\x01\x01\0\x03ab");
    assert_eq!(cut, "Failed to receive GSS-API authentication response.");
    let established = b"\x05\x01\x01\x01\0\x03abc";
    let wrong = text(&[&established[..], b"\x01\x01\0\x01"].concat());
    assert_eq!(wrong, "Invalid GSS-API encryption response type (1 1).");
    let long = text(&[&established[..], b"\x01\x02\0\x03w\0\0"].concat());
    assert_eq!(long, "Invalid GSS-API encryption response length (2).");
    let protected = [&established[..], b"\x01\x02\0\x02w\x02\x05\0\0\x01\0\0\0\0\0\0"].concat();
    assert_eq!(fail(&protected).detail, ProxyCode::GssapiProtection);
    let disallowed = Request { gssapi: Gssapi::Disallowed, ..with_gssapi(false) };
    let refused = play(disallowed, &[5, 1], 1).unwrap_err();
    assert_eq!(refused.detail, ProxyCode::GssapiPermsg);
}

#[test]
fn hostile_bytes_never_panic() {
    let mut prng = Prng::new(7);
    for round in 0..2000 {
        let versions = [Version::V4, Version::V4a, Version::V5, Version::V5h];
        let len = prng.below(60);
        let replies = prng.bytes(len, &[0, 1, 2, 3, 4, 5, 90]);
        let gssapi = Gssapi::Offered { nec: round % 3 == 0 };
        let request = Request { gssapi, ..with_user(versions[round % 4], "host") };
        let _ = play(request, &replies, 1 + prng.below(20));
    }
}
