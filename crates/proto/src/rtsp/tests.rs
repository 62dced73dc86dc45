use tress_model::Code;

use super::*;
use crate::testing::Prng;

#[test]
fn heads() {
    let options = head(Method::Options, &Request { cseq: 1, ..Request::default() }).unwrap();
    assert_eq!(options, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    let request = Request {
        stream_uri: Some("rtsp://h/1"),
        cseq: 4,
        session: Some("abc"),
        transport: Some("RTP/AVP"),
        range: Some("npt=0-"),
        user_agent: Some("ua"),
        ..Request::default()
    };
    assert_eq!(
        head(Method::Setup, &request).unwrap(),
        "SETUP rtsp://h/1 RTSP/1.0\r\nCSeq: 4\r\nSession: abc\r\nTransport: RTP/AVP\r\n\
         User-Agent: ua\r\n\r\n"
    );
    assert!(head(Method::Play, &request).unwrap().contains("\r\nRange: npt=0-\r\n"));
    let body = Request { body_len: 3, custom_names: &["content-type"], ..Request::default() };
    assert!(head(Method::Announce, &body).unwrap().ends_with("\r\nContent-Length: 3\r\n\r\n"));
    let code = |method, names: &[&str]| {
        head(method, &Request { custom_names: names, ..Request::default() }).unwrap_err().code()
    };
    assert_eq!(code(Method::Setup, &[]), Code::BadFunctionArgument);
    assert_eq!(code(Method::Options, &["cseq"]), Code::RtspCseqError);
    assert_eq!(code(Method::Options, &["Session"]), Code::BadFunctionArgument);
}

#[test]
fn reply_headers() {
    let mut channels = Channels::default();
    let mut checks = Checks::new(Method::Setup, 3, None);
    checks.header("CSeq: 3", &mut channels).unwrap();
    checks.header("session: a-b+c;timeout=60", &mut channels).unwrap();
    checks.header("Transport: RTP/AVP/TCP;unicast;interleaved=5-6", &mut channels).unwrap();
    checks.done().unwrap();
    assert_eq!(checks.session(), Some("a-b+c"));
    assert!(!channels.contains(4) && channels.contains(5) && channels.contains(6));
    let mut checks = Checks::new(Method::Play, 4, Some("x".into()));
    checks.header("CSeq: 3", &mut channels).unwrap();
    let error = checks.done().unwrap_err();
    assert_eq!(error.code(), Code::RtspCseqError);
    assert_eq!(error.message(), "The CSeq of this request 4 did not match the response 3");
    let error = checks.header("Session: xy", &mut channels).unwrap_err();
    assert_eq!(error.message(), "Got RTSP Session ID Line [xy], but wanted ID [x]");
    assert!(checks.header("Session: ", &mut channels).is_err());
    assert!(checks.header("CSeq: none", &mut channels).is_err());
    assert!(checks.closed().is_ok());
    assert!(Checks::new(Method::Receive, 0, None).closed().is_err());
}

fn channels() -> Channels {
    let mut channels = Channels::default();
    Checks::new(Method::Setup, 0, None)
        .header("Transport: interleaved=0-1", &mut channels)
        .unwrap();
    channels
}

/// Packets and body bytes of `input`, fed in pieces.
fn filter(input: &[u8], piece: usize, mut body_left: u64) -> (Vec<Vec<u8>>, Vec<u8>, bool) {
    let (mut machine, channels) = (Interleaved::default(), channels());
    let (mut packets, mut body) = (Vec::new(), Vec::new());
    for part in input.chunks(piece) {
        let mut at = 0;
        loop {
            let rest = &part[at..];
            let (used, piece) = machine.next(rest, body_left, true, &channels);
            at += used;
            let other: &[u8] = match piece {
                None => break,
                Some(Piece::Reply) => return (packets, body, true),
                Some(Piece::Packet(range)) => {
                    packets.push(rest[range].to_vec());
                    continue;
                }
                Some(Piece::HeldPacket) => {
                    packets.push(machine.packet().to_vec());
                    continue;
                }
                Some(Piece::Dollar) => b"$",
                Some(Piece::Other(ref range)) => &rest[range.clone()],
            };
            let take = other.len().min(body_left as usize);
            body.extend_from_slice(&other[..take]);
            body_left -= take as u64;
        }
        assert_eq!(at, part.len());
    }
    (packets, body, false)
}

#[test]
fn packets_between_body_and_junk() {
    let input = b"bo$\x09y$\x00\x00\x03abc!$\x01\x00\x00junk$\x01\x00\x01RTSP/1.0 200 OK";
    let wanted =
        [b"$\x00\x00\x03abc".to_vec(), b"$\x01\x00\x00".to_vec(), b"$\x01\x00\x01R".to_vec()];
    for piece in 1..=input.len() {
        let (packets, body, _) = filter(input, piece, 6);
        assert_eq!(packets, wanted, "pieces of {piece}");
        assert_eq!(body, b"bo$\x09y!");
    }
    for piece in 1..20 {
        let (packets, body, reply) = filter(b"RTSPRx$\0\0\x01xjunkRTSP/1.0", piece, 5);
        assert_eq!((packets.len(), body.as_slice(), reply), (1, &b"RTSPR"[..], true));
    }
}

#[test]
fn hostile_bytes_never_panic() {
    let mut prng = Prng::new(5);
    for _ in 0..2000 {
        let len = prng.below(200);
        let input = prng.bytes(len, b"$\x00\x01\x02RTSP/");
        filter(&input, 1 + prng.below(40), prng.below(50) as u64);
    }
}
