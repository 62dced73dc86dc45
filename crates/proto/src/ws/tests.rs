use super::*;
use crate::testing::Prng;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

type Decoded = (u32, u64, u64, Vec<u8>);

/// Feeds `input` in pieces; (flags, offset, left, payload) of each chunk.
fn decode(input: &[u8], piece: usize) -> tress_model::Result<Vec<Decoded>> {
    let (mut decoder, mut chunks) = (Decoder::default(), Vec::new());
    for part in input.chunks(piece) {
        let mut at = 0;
        loop {
            let rest = &part[at..];
            let (n, chunk) = decoder.next(rest, usize::MAX)?;
            at += n;
            match chunk {
                Some(c) => chunks.push((c.flags, c.offset, c.bytes_left, rest[c.payload].to_vec())),
                None => break,
            }
        }
        assert_eq!(at, part.len());
    }
    Ok(chunks)
}

#[test]
fn rfc_6455_section_5_7() {
    assert_eq!(decode(b"\x81\x05Hello", 99).unwrap(), [(TEXT, 0, 0, b"Hello".to_vec())]);
    let fragments = decode(b"\x01\x03Hel\x80\x02lo", 99).unwrap();
    assert_eq!(fragments, [(TEXT | CONT, 0, 0, b"Hel".to_vec()), (TEXT, 0, 0, b"lo".to_vec())]);
    let mut out = Vec::new();
    let mut encoder = Encoder::default();
    encoder.start(TEXT, 5, MASK, &mut out).unwrap();
    for byte in b"Hello" {
        assert_eq!(encoder.payload(&[*byte], &mut out), 1);
    }
    assert_eq!(out, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
}

#[test]
fn every_split_gives_the_same_payload() {
    let mut input = b"\x01\x03abc\x89\x02hi\x80\x7e\x01\x00".to_vec();
    input.extend(vec![b'x'; 256]);
    input.extend_from_slice(b"\x82\x00\x88\x02\x03\xe8");
    for piece in 1..input.len() {
        let chunks = decode(&input, piece).unwrap();
        let of = |flags| -> Vec<u8> {
            chunks.iter().filter(|c| c.0 == flags).flat_map(|c| c.3.clone()).collect()
        };
        assert_eq!(of(TEXT | CONT), b"abc");
        assert_eq!(of(PING), b"hi");
        assert_eq!(of(TEXT), vec![b'x'; 256]);
        assert_eq!(of(CLOSE), b"\x03\xe8");
        assert_eq!(chunks.iter().filter(|c| c.0 == BINARY).count(), 1);
    }
}

#[test]
fn limits_on_chunks() {
    let mut decoder = Decoder::default();
    let input = b"\x82\x05abcde";
    let (used, chunk) = decoder.next(input, 2).unwrap();
    assert_eq!((used, chunk.as_ref().map(|c| (c.offset, c.bytes_left))), (4, Some((0, 3))));
    assert_eq!(decoder.next(&input[used..], 0).unwrap(), (0, None));
    let (used, chunk) = decoder.next(&input[used..], 9).unwrap();
    assert_eq!((used, chunk.map(|c| (c.offset, c.bytes_left))), (3, Some((2, 0))));
    assert!(!decoder.in_frame());
}

#[test]
fn breaches() {
    let wording = |input: &[u8]| decode(input, 99).unwrap_err().message().to_owned();
    assert_eq!(wording(b"\x80\x00"), "[WS] no ongoing fragmented message to resume");
    assert_eq!(wording(b"\x01\x00\x81"), "[WS] fragmented message interrupted by new TEXT msg");
    assert_eq!(wording(b"\x01\x00\x02"), "[WS] fragmented message interrupted by new BINARY msg");
    assert_eq!(wording(b"\x09\x00"), "[WS] invalid fragmented PING frame");
    assert_eq!(wording(b"\xc1\x00"), "[WS] invalid reserved bits: c1");
    assert_eq!(wording(b"\x83\x00"), "[WS] invalid opcode: 83");
    assert_eq!(wording(b"\x81\x80"), "[WS] masked input frame");
    assert_eq!(wording(b"\x8a\x7e"), "[WS] received PONG frame is too big");
    let long = b"\x82\x7f\x80\0\0\0\0\0\0\0";
    assert_eq!(wording(long), "[WS] frame length longer than 63 bits not supported");
    assert_eq!(decode(long, 1).unwrap_err().code(), tress_model::Code::RecvError);
}

#[test]
fn hostile_bytes_never_panic() {
    let mut prng = Prng::new(11);
    for _ in 0..3000 {
        let len = prng.below(80);
        let input = prng.bytes(len, &[0x81, 0x80, 0x01, 0x7e, 0x7f, 0x89, 0x05, 0x00]);
        let _ = decode(&input, 1 + prng.below(9));
    }
}

#[test]
fn encoder_refuses() {
    let mut encoder = Encoder::default();
    let mut out = Vec::new();
    let mut fail = |flags, len| {
        let error = encoder.start(flags, len, MASK, &mut out).unwrap_err();
        (error.code(), error.message().to_owned())
    };
    use tress_model::Code::{BadFunctionArgument, TooLarge};
    assert_eq!(fail(0, 0), (BadFunctionArgument, "[WS] no flags given".into()));
    let none = "[WS] No ongoing fragmented message to continue";
    assert_eq!(fail(CONT, 0), (BadFunctionArgument, none.into()));
    let ping = "[WS] PING frame must not be fragmented";
    assert_eq!(fail(PING | CONT, 0), (BadFunctionArgument, ping.into()));
    assert_eq!(fail(PONG, 126), (TooLarge, "[WS] given PONG frame is too big".into()));
    assert_eq!(fail(TEXT | BINARY, 0), (BadFunctionArgument, "[WS] unknown flags: 3".into()));
}

#[test]
fn encoder_lengths_and_fragments() {
    let head = |len| {
        let mut out = Vec::new();
        Encoder::default().start(BINARY, len, [0; 4], &mut out).unwrap();
        out
    };
    assert_eq!(head(125), b"\x82\xfd\0\0\0\0");
    assert_eq!(head(126), b"\x82\xfe\0\x7e\0\0\0\0");
    assert_eq!(head(65_536), b"\x82\xff\0\0\0\0\0\x01\0\0\0\0\0\0");
    let mut encoder = Encoder::default();
    let mut out = Vec::new();
    for flags in [TEXT | CONT, TEXT | CONT, PING, 0, TEXT] {
        encoder.start(flags, 0, [0; 4], &mut out).unwrap();
    }
    let firsts: Vec<u8> = out.chunks(6).map(|frame| frame[0]).collect();
    assert_eq!(firsts, [0x01, 0x00, 0x89, 0x80, 0x80]);
}

#[test]
fn pings_are_answered() {
    let input = b"\x81\x01a\x89\x03123\x81\x01b";
    for piece in 1..=input.len() {
        let mut ws = WebSocket::new(false);
        let mut text = Vec::new();
        for part in input.chunks(piece) {
            let mut at = 0;
            while let (n, Some(chunk)) = ws.receive(&part[at..], usize::MAX).unwrap() {
                assert_eq!(chunk.flags, TEXT);
                text.extend_from_slice(&part[at..][chunk.payload]);
                at += n;
            }
        }
        assert_eq!(text, b"ab");
        assert!(ws.pong_due());
        ws.answer_ping([0; 4]);
        assert_eq!(ws.output(), b"\x8a\x83\0\0\0\x00123");
    }
    let (used, chunk) = WebSocket::new(true).receive(b"\x89\x00", 9).unwrap();
    assert_eq!((used, chunk.map(|c| c.flags)), (2, Some(PING)));
}

/// CVE-2026-11586: a peer that pings and never reads.
#[test]
fn pongs_do_not_pile_up() {
    let mut ws = WebSocket::new(false);
    let mut ping = vec![0x89, 125];
    ping.extend([b'p'; 125]);
    for _ in 0..10_000 {
        ws.receive(&ping, 99).unwrap();
        ws.answer_ping([0; 4]);
    }
    assert!(ws.output().len() < MAX_BUFFERED + 131, "{}", ws.output().len());
    // The last one is answered when there is room again.
    ws.receive(b"\x89\x04last", 99).unwrap();
    ws.sent(ws.output().len());
    assert!(ws.pong_due());
    ws.answer_ping([0; 4]);
    assert_eq!(ws.output(), b"\x8a\x84\0\0\0\0last");
}

#[test]
fn send_in_pieces() {
    let mut ws = WebSocket::new(false);
    ws.offer(b"abcd", 6, BINARY | OFFSET, [0; 4]).unwrap();
    assert_eq!(ws.reported(), 0, "nothing went out: again");
    ws.sent(8);
    assert_eq!(ws.reported(), 2, "head and two bytes went out");
    let short = ws.offer(b"c", 6, BINARY | OFFSET, [0; 4]).unwrap_err();
    assert!(short.message().contains("smaller 'buflen'"), "{short}");
    let long = ws.offer(b"cdefg", 6, BINARY | OFFSET, [0; 4]).unwrap_err();
    assert_eq!(long.message(), "[WS] unaligned frame size (sending 5 instead of 4)");
    ws.offer(b"cdef", 6, BINARY | OFFSET, [0; 4]).unwrap();
    assert_eq!(ws.output(), b"cdef");
    ws.sent(4);
    assert_eq!(ws.reported(), 4);
    assert!(ws.offer(b"", -1, BINARY | OFFSET, [0; 4]).is_err());
}

#[test]
fn upload_frames() {
    let mut ws = WebSocket::new(false);
    assert_eq!(ws.upload(b"xy", [0; 4]).unwrap(), 2);
    ws.start_frame(TEXT, 3, [0; 4]).unwrap();
    assert_eq!(ws.upload_room(), Some(3));
    assert!(ws.start_frame(TEXT, 3, [0; 4]).is_err());
    assert_eq!(ws.upload(b"abcd", [0; 4]).unwrap(), 3);
    assert_eq!(ws.output(), b"\x82\x82\0\0\0\0xy\x81\x83\0\0\0\0abc");
}
