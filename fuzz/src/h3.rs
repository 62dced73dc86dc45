//! HTTP/3: a response's stream, the peer's unidirectional streams, and QPACK. The same comes of
//! a response however its bytes are cut, and what is in order was announced.

use std::time::Instant;

use tress_proto::h2::Fields;
use tress_proto::h3::{Connection, Event, Fault, Limits, Response};

pub fn run(data: &[u8]) {
    let Some((&[size, flags], bytes)) = data.split_first_chunk::<2>() else { return };
    let size = usize::from(size).max(1);
    if flags & 1 != 0 {
        return control(bytes, size);
    }
    let is_head = flags & 2 != 0;
    assert_eq!(response(bytes, size, is_head), response(bytes, bytes.len().max(1), is_head));
}

/// Heads, body and end of a response, or what is wrong with it.
type Came = (Vec<u8>, Vec<u8>, Result<(), Fault>);

fn response(bytes: &[u8], size: usize, is_head: bool) -> Came {
    let (mut response, limits) = (Response::new(is_head), Limits::default());
    let (mut fields, mut heads, mut body) = (Fields::default(), Vec::new(), Vec::new());
    for piece in bytes.chunks(size) {
        let mut rest = piece;
        loop {
            let advance = match response.advance(rest, &limits, &mut fields) {
                Ok(advance) => advance,
                // What came before in the same frame may have been given, or not.
                Err(fault) => return (heads, Vec::new(), Err(fault)),
            };
            assert!(advance.consumed <= rest.len());
            match advance.event {
                Event::More => {
                    assert_eq!(advance.consumed, rest.len());
                    break;
                }
                Event::Head { status } => {
                    assert!((100..1000).contains(&status));
                    assert!(fields.raw().starts_with(b"HTTP/3 "));
                    assert!(fields.raw().ends_with(b"\r\n\r\n"));
                    heads.extend_from_slice(fields.raw());
                }
                Event::Trailers => heads.extend_from_slice(fields.raw()),
                Event::Data { range } => body.extend_from_slice(&rest[range]),
            }
            rest = &rest[advance.consumed..];
        }
    }
    let end = response.end();
    (heads, if end.is_ok() { body } else { Vec::new() }, end)
}

/// Each piece goes to the stream that its first byte names.
fn control(bytes: &[u8], size: usize) {
    let mut connection = Connection::new(Limits::default());
    let now = Instant::now();
    for piece in bytes.chunks(size + 1) {
        let Some((&stream, piece)) = piece.split_first() else { return };
        let id = 3 + 4 * u64::from(stream & 7);
        let before = connection.goaway();
        let Ok(told) = connection.receive(id, piece, now) else { return };
        assert!(!told.goaway || connection.goaway().is_some_and(|id| id % 4 == 0));
        assert!(before.is_none_or(|before| connection.goaway() <= Some(before)));
        if stream & 0x80 != 0 && connection.ended(id).is_err() {
            return;
        }
    }
}
