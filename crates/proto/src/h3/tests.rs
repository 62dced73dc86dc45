//! What peers may say, and must not.

use std::time::Instant;

use super::frame::{DATA, GOAWAY, HEADERS, SETTINGS};
use super::{
    Connection, ErrorCode, Event, Failure, Fault, Limits, Response, Told, data_header,
    decode_section, headers_frame, varint,
};
use crate::h2::Fields;

fn frame(kind: u64, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint::write(&mut out, kind);
    varint::write(&mut out, payload.len() as u64);
    out.extend_from_slice(payload);
    out
}

fn fields(list: &[(&str, &str)]) -> Fields {
    let mut fields = Fields::default();
    list.iter().for_each(|(name, value)| fields.push(name.as_bytes(), value.as_bytes()));
    fields
}

fn head(list: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    headers_frame(&fields(list), &mut out);
    out
}

/// What a stream came to: texts of heads, bytes of the body.
fn run(mut response: Response, pieces: &[&[u8]]) -> Result<(String, Vec<u8>), Fault> {
    let (mut text, mut body, limits) = (String::new(), Vec::new(), Limits::default());
    let mut fields = Fields::default();
    for piece in pieces {
        let mut rest = *piece;
        loop {
            let advance = response.advance(rest, &limits, &mut fields)?;
            match advance.event {
                Event::More => break,
                Event::Data { range } => body.extend_from_slice(&rest[range]),
                Event::Head { .. } | Event::Trailers => {
                    text += &String::from_utf8_lossy(fields.raw());
                }
            }
            rest = &rest[advance.consumed..];
        }
    }
    response.end().map(|()| (text, body))
}

fn ok(bytes: &[u8]) -> (String, Vec<u8>) {
    run(Response::new(false), &[bytes]).unwrap()
}

fn refused(bytes: &[u8]) -> (bool, ErrorCode) {
    match run(Response::new(false), &[bytes]).unwrap_err() {
        Fault::Stream(Failure { code, .. }) => (false, code),
        Fault::Connection(Failure { code, .. }) => (true, code),
    }
}

fn usual() -> Vec<u8> {
    let mut all = head(&[(":status", "103"), ("link", "</x>")]);
    all.extend(head(&[(":status", "200"), ("content-length", "7"), ("x-other", "a b")]));
    all.extend(frame(DATA, b"four"));
    all.extend(frame(0x21, b"nobody knows"));
    all.extend(frame(DATA, b""));
    all.extend(frame(DATA, b"abc"));
    all.extend(head(&[("x-sum", "42")]));
    all
}

#[test]
fn a_response_in_one_piece_and_in_every_two() {
    let all = usual();
    let expected = (
        "HTTP/3 103 \r\nlink: </x>\r\n\r\nHTTP/3 200 \r\ncontent-length: 7\r\nx-other: a b\r\n\r\n\
         x-sum: 42\r\n"
            .to_owned(),
        b"fourabc".to_vec(),
    );
    assert_eq!(ok(&all), expected);
    for at in 0..all.len() {
        let (one, two) = all.split_at(at);
        assert_eq!(run(Response::new(false), &[one, two]).unwrap(), expected);
    }
    let single: Vec<&[u8]> = all.chunks(1).collect();
    assert_eq!(run(Response::new(false), &single).unwrap(), expected);
}

#[test]
fn a_stream_must_not_end_within_a_frame_or_before_its_length() {
    let all = usual();
    for at in 1..all.len() {
        let cut = run(Response::new(false), &[&all[..at]]);
        // Between the first frames it may end: that there is no answer is another matter.
        let whole = head(&[(":status", "103"), ("link", "</x>")]).len();
        let trailers = all.len() - head(&[("x-sum", "42")]).len();
        assert_eq!(cut.is_ok(), at == whole || at == trailers, "cut at {at}");
    }
    let mut short = head(&[(":status", "200"), ("content-length", "9")]);
    short.extend(frame(DATA, b"12345678"));
    assert_eq!(refused(&short), (false, ErrorCode::MESSAGE_ERROR));
    short.extend(frame(DATA, b"90"));
    assert_eq!(refused(&short), (false, ErrorCode::MESSAGE_ERROR));
    let to_head = head(&[(":status", "200"), ("content-length", "9")]);
    assert!(run(Response::new(true), &[&to_head]).is_ok());
    let body = [to_head, frame(DATA, b"x")].concat();
    assert!(run(Response::new(true), &[&body]).is_err());
}

#[test]
fn frames_in_the_wrong_place() {
    let ok = head(&[(":status", "200")]);
    let after = |bytes: Vec<u8>| [ok.clone(), bytes].concat();
    let unexpected = (true, ErrorCode::FRAME_UNEXPECTED);
    assert_eq!(refused(&frame(DATA, b"x")), unexpected);
    for kind in [SETTINGS, GOAWAY, 0x3, 0xd, 0x2, 0x6, 0x8, 0x9] {
        assert_eq!(refused(&after(frame(kind, b""))), unexpected, "{kind}");
    }
    assert_eq!(refused(&after(frame(0x5, b"\0"))), (true, ErrorCode::ID_ERROR));
    let trailers = [after(head(&[("a", "b")])), frame(DATA, b"x")].concat();
    assert_eq!(refused(&trailers), unexpected);
    let twice = [after(head(&[("a", "b")])), head(&[("a", "b")])].concat();
    assert_eq!(refused(&twice), unexpected);
}

#[test]
fn malformed_heads() {
    let malformed = (false, ErrorCode::MESSAGE_ERROR);
    let bad: [&[(&str, &str)]; 9] = [
        &[],
        &[("x", "y")],
        &[(":status", "20")],
        &[(":status", "101")],
        &[(":status", "200"), (":path", "/")],
        &[(":status", "200"), ("connection", "close")],
        &[(":status", "200"), ("X-Upper", "y")],
        &[(":status", "200"), ("x", "a\nb")],
        &[(":status", "200"), ("content-length", "1"), ("content-length", "2")],
    ];
    for list in bad {
        assert_eq!(refused(&head(list)), malformed, "{list:?}");
    }
}

#[test]
fn sections_that_cannot_be_decoded_end_the_connection() {
    let sections: [&[u8]; 12] = [
        b"",
        b"\x00",
        // The dynamic table, which is empty: a count, an index before and after the base, names.
        b"\x01\x00",
        b"\x00\x00\x80",
        b"\x00\x00\x10",
        b"\x00\x00\x40\x00",
        b"\x00\x00\x00\x00",
        // Index 99 of the static table.
        b"\x00\x00\xff\x24",
        b"\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x00\x00\x21",
        b"\x00\x00\x51\x05abc",
        b"\x00\x00\x51\x81\x00",
    ];
    for section in sections {
        let found = refused(&frame(HEADERS, section));
        assert_eq!(found, (true, ErrorCode::QPACK_DECOMPRESSION_FAILED), "{section:?}");
    }
}

#[test]
fn limits_of_heads() {
    let status = (":status", "200");
    let large = "v".repeat(60_000);
    let too_large = [
        status,
        ("a", &large),
        ("b", &large),
        ("c", &large),
        ("d", &large),
        ("e", &large),
        ("f", &large),
    ];
    assert_eq!(refused(&head(&too_large)).1, ErrorCode::EXCESSIVE_LOAD);
    // A bomb: two bytes for each name and value of eighty.
    let mut section = b"\x00\x00\xd9".to_vec();
    section.extend([0xff, 85 - 63].repeat(20_000));
    assert_eq!(refused(&frame(HEADERS, &section)), (true, ErrorCode::QPACK_DECOMPRESSION_FAILED));
    let mut many = vec![status];
    many.extend([("a", "b")].repeat(6000));
    assert_eq!(refused(&head(&many)), (false, ErrorCode::EXCESSIVE_LOAD));
    // Its length alone is enough to refuse it: nothing is kept.
    let announced = [0x01, 0x80, 0x10, 0x00, 0x00];
    assert_eq!(refused(&announced), (false, ErrorCode::EXCESSIVE_LOAD));
    let hints = head(&[(":status", "103")]).repeat(101);
    assert_eq!(refused(&hints), (false, ErrorCode::EXCESSIVE_LOAD));
    let idle = [head(&[status]), frame(0x21, b"").repeat(1001)].concat();
    assert_eq!(refused(&idle), (false, ErrorCode::EXCESSIVE_LOAD));
    let busy =
        [head(&[status]), [frame(0x21, b"").repeat(900), frame(DATA, b"x")].concat().repeat(5)];
    assert!(run(Response::new(false), &[&busy.concat()]).is_ok());
}

#[test]
fn what_is_encoded_is_decoded() {
    let list = [
        (":method", "GET"),
        (":path", "/a?b=c"),
        (":authority", "example.com"),
        ("user-agent", "curl/8"),
        ("authorization", "Basic Zm9v"),
        ("x-long-name-of-nobody", "\u{fc}\u{1}{}"),
        ("accept", "*/*"),
    ];
    let (mut out, sent) = (Vec::new(), fields(&list));
    headers_frame(&sent, &mut out);
    let mut got = Fields::default();
    let mut section = &out[1..];
    assert_eq!(varint::read(&mut section), Some(section.len() as u64));
    decode_section(section, Limits::default().list(), &mut got).unwrap();
    assert_eq!(got.raw(), sent.raw());
    let mut data = Vec::new();
    data_header(300, &mut data);
    assert_eq!(data, [0, 0x41, 0x2c]);
}

fn hear(streams: &[(u64, &[u8])]) -> Result<(Connection, Told), Failure> {
    let mut connection = Connection::new(Limits::default());
    let mut all = Told::default();
    for (stream, bytes) in streams {
        for piece in bytes.chunks(1) {
            let told = connection.receive(*stream, piece, Instant::now())?;
            all = Told { goaway: all.goaway | told.goaway, stop: all.stop | told.stop };
        }
    }
    Ok((connection, all))
}

fn control(frames: &[&[u8]]) -> Vec<u8> {
    [&[0_u8][..], &frame(SETTINGS, &[0x06, 0x40, 0x64, 0x21, 0x00]), &frames.concat()].concat()
}

#[test]
fn the_control_stream() {
    let (connection, told) = hear(&[
        (3, &control(&[&frame(0x21, b"grease"), &frame(GOAWAY, &[8]), &frame(GOAWAY, &[4])])),
        (7, &[0x02, 0x20]),
        (11, &[0x03, 0x44, 0x7f, 0x80, 0x01]),
    ])
    .unwrap();
    assert_eq!((connection.goaway(), told), (Some(4), Told { goaway: true, stop: false }));
    let (_, told) = hear(&[(3, &control(&[])), (7, &[0x21, 1, 2, 3])]).unwrap();
    assert!(told.stop);
}

#[test]
fn what_breaks_a_connection() {
    let refused = |streams: &[(u64, &[u8])]| hear(streams).map(drop).unwrap_err().code;
    let on_control = |bytes: &[u8]| refused(&[(3, &control(&[bytes]))]);
    assert_eq!(refused(&[(3, &[0, 7, 1, 0])]), ErrorCode::MISSING_SETTINGS);
    assert_eq!(on_control(&frame(SETTINGS, b"")), ErrorCode::FRAME_UNEXPECTED);
    for kind in [DATA, HEADERS, 0x5, 0xd, 0x2, 0x6, 0x8, 0x9] {
        assert_eq!(on_control(&frame(kind, b"")), ErrorCode::FRAME_UNEXPECTED, "{kind}");
    }
    assert_eq!(on_control(&frame(GOAWAY, &[1])), ErrorCode::ID_ERROR);
    assert_eq!(on_control(&frame(GOAWAY, &[4, 4])), ErrorCode::FRAME_ERROR);
    assert_eq!(on_control(&frame(GOAWAY, b"")), ErrorCode::FRAME_ERROR);
    assert_eq!(on_control(&frame(GOAWAY, &[0; 9])), ErrorCode::FRAME_ERROR);
    assert_eq!(on_control(&frame(0x3, &[0])), ErrorCode::ID_ERROR);
    let rising = [frame(GOAWAY, &[4]), frame(GOAWAY, &[8])].concat();
    assert_eq!(on_control(&rising), ErrorCode::ID_ERROR);
    for settings in [&[2, 0][..], &[6, 1, 6, 1]] {
        let bytes = [&[0][..], &frame(SETTINGS, settings)].concat();
        assert_eq!(refused(&[(3, &bytes)]), ErrorCode::SETTINGS_ERROR);
    }
    assert_eq!(
        refused(&[(3, &[&[0][..], &frame(SETTINGS, &[6])].concat())]),
        ErrorCode::FRAME_ERROR
    );
    assert_eq!(refused(&[(3, &[0, 4, 0x60, 0])]), ErrorCode::EXCESSIVE_LOAD);
    assert_eq!(refused(&[(3, &[0]), (7, &[0])]), ErrorCode::STREAM_CREATION_ERROR);
    assert_eq!(refused(&[(3, &[1])]), ErrorCode::ID_ERROR);
    assert_eq!(refused(&[(3, &[2, 0x3f])]), ErrorCode::QPACK_ENCODER_STREAM_ERROR);
    assert_eq!(refused(&[(3, &[2, 0xc0])]), ErrorCode::QPACK_ENCODER_STREAM_ERROR);
    assert_eq!(refused(&[(3, &[3, 0x80])]), ErrorCode::QPACK_DECODER_STREAM_ERROR);
    assert_eq!(refused(&[(3, &[3, 0x01])]), ErrorCode::QPACK_DECODER_STREAM_ERROR);
}

#[test]
fn floods_end_the_connection() {
    let refused = |streams: &[(u64, &[u8])]| hear(streams).map(drop).unwrap_err().code;
    let frames = control(&[&frame(0x21, b"").repeat(2000)]);
    assert_eq!(refused(&[(3, &frames)]), ErrorCode::EXCESSIVE_LOAD);
    assert_eq!(refused(&[(3, &[&[2][..], &[0x20; 2000]].concat())]), ErrorCode::EXCESSIVE_LOAD);
    let streams: Vec<(u64, &[u8])> = (0..2000).map(|at| (3 + 4 * at, &[0x21][..])).collect();
    assert_eq!(refused(&streams), ErrorCode::EXCESSIVE_LOAD);
}

#[test]
fn a_critical_stream_must_stay() {
    let (mut connection, _) = hear(&[(3, &control(&[])), (7, &[0x21]), (11, &[2])]).unwrap();
    assert_eq!(connection.ended(7), Ok(()));
    assert_eq!(connection.ended(15), Ok(()));
    for stream in [3, 11] {
        assert_eq!(connection.ended(stream).unwrap_err().code, ErrorCode::CLOSED_CRITICAL_STREAM);
    }
}

#[test]
fn what_is_said_first_is_understood_by_a_peer() {
    let opening = Connection::new(Limits::default()).opening();
    // The other end's machine has the same rules for SETTINGS.
    assert!(hear(&[(2, &opening)]).is_ok());
    assert_eq!(opening[0], 0);
}
