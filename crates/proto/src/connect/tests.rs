use super::*;
use crate::testing::Prng;

const REQUEST: &[u8] = b"CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n";

/// Feeds a reply in pieces: the header lines seen, the outcome, the bytes used.
fn play(reply: &[u8], piece: usize) -> Result<(Vec<u8>, Step, usize)> {
    let mut tunnel = Tunnel::new(REQUEST.to_vec());
    assert_eq!(tunnel.output(), REQUEST);
    tunnel.sent(REQUEST.len());
    let (mut lines, mut at, mut shown) = (Vec::new(), 0, 0);
    loop {
        let input = &reply[at..shown];
        let (used, step) = tunnel.receive(input)?;
        at += used;
        match step {
            Step::More if shown == reply.len() && at == shown => return Ok((lines, step, at)),
            Step::More => shown = (shown + piece).min(reply.len()),
            Step::Head(Event::Status { line } | Event::Header { line, .. }) => {
                lines.extend_from_slice(line.of(input, tunnel.held()));
            }
            Step::Head(_) => {}
            outcome => return Ok((lines, outcome, at)),
        }
    }
}

#[test]
fn established() {
    let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\nTLS";
    for piece in 1..=reply.len() {
        let (lines, step, used) = play(reply, piece).unwrap();
        assert_eq!((step, used), (Step::Established, reply.len() - 3), "pieces of {piece}");
        assert_eq!(lines, &reply[..reply.len() - 5]);
    }
}

#[test]
fn refusals() {
    let refused = |status, close| Step::Refused { status, close };
    let length = b"HTTP/1.1 407 A\r\nContent-Length: 3\r\n\r\nabcHTTP";
    let chunked = b"HTTP/1.1 407 A\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\nHTTP";
    let empty = b"HTTP/1.1 407 A\r\nContent-Length: 0\r\n\r\nHTTP";
    for reply in [&length[..], chunked, empty] {
        for piece in 1..=reply.len() {
            let (_, step, used) = play(reply, piece).unwrap();
            assert_eq!((step, used), (refused(407, false), reply.len() - 4), "pieces of {piece}");
        }
    }
    let endless = b"HTTP/1.0 407 A\r\n\r\nbody";
    assert_eq!(play(endless, 9).unwrap().1, refused(407, true));
    let close = b"HTTP/1.1 407 A\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx";
    assert_eq!(play(close, 99).unwrap().1, refused(407, true));
    assert_eq!(
        play(b"HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\n", 99).unwrap().1,
        refused(403, true)
    );
}

#[test]
fn endings() {
    let mut tunnel = Tunnel::new(REQUEST.to_vec());
    tunnel.receive(b"HTTP/1.1 500 x\r\n").unwrap();
    assert_eq!(failure(tunnel.status()).message(), "CONNECT tunnel failed, response 500");
    assert_eq!(tunnel.closed(false).unwrap_err().message(), "Proxy CONNECT aborted");
    assert_eq!(tunnel.closed(true).unwrap(), Step::Refused { status: 500, close: true });
    let long = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; MAX_LINE], b"\r\n\r\n".to_vec()];
    let error = play(&long.concat(), 1 << 20).unwrap_err();
    assert_eq!(error.message(), "CONNECT response too large");
}

#[test]
fn hostile_bytes_never_panic() {
    let mut prng = Prng::new(13);
    for _ in 0..500 {
        let len = prng.below(120);
        let tail = prng.bytes(len, b"407 :\r\nContent-Length: 1chunked");
        let _ = play(&[b"HTTP/1.1 407 ".to_vec(), tail].concat(), 1 + prng.below(50));
    }
}
