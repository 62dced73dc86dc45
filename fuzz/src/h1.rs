//! HTTP/1 responses: status lines, headers, chunks and trailers, in pieces of any size.

use tress_proto::h1::{Event, Response, ResponseConfig, Span};

pub fn run(data: &[u8]) {
    let Some((&[flags, size], bytes)) = data.split_first_chunk::<2>() else { return };
    let config = ResponseConfig {
        head_request: flags & 1 != 0,
        connect: flags & 2 != 0,
        rtsp: flags & 4 != 0,
        http09_allowed: flags & 8 != 0,
        reused: flags & 16 != 0,
        raw_transfer: flags & 32 != 0,
        transfer_encoding_offered: flags & 64 != 0,
        max_filesize: flags & 128 != 0,
        ..ResponseConfig::default()
    };
    let whole = read(config.clone(), bytes, usize::MAX);
    let pieces = read(config, bytes, usize::from(size).max(1));
    // How the bytes were cut changes nothing of what they mean.
    if flags & 32 != 0 && !whole.2 {
        // Of chunks that nobody takes apart less comes out before what is broken, when more came at once.
        assert!(pieces.0.starts_with(&whole.0));
        assert_eq!((whole.1, whole.2), (pieces.1, pieces.2));
        return;
    }
    assert_eq!(whole, pieces);
}

/// The body that comes out, the header lines, and whether it went well.
fn read(config: ResponseConfig, bytes: &[u8], size: usize) -> (Vec<u8>, Vec<u8>, bool) {
    let mut response = Response::new(config);
    let (mut lines, mut body) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(size.min(bytes.len().max(1))) {
        let mut at = 0;
        loop {
            // Small chunks may be taken along with the one before, which comes to the same.
            while size == usize::MAX
                && let Some((consumed, content)) = response.next_chunk(&piece[at..], 100)
            {
                body.extend_from_slice(&piece[at..][content]);
                at += consumed;
            }
            let input = &piece[at..];
            let advance = match response.advance(input) {
                Ok(advance) => advance,
                Err(_) => return (body, lines, false),
            };
            at += advance.consumed;
            let text = |span: &Span| span.of(input, response.held()).to_vec();
            match advance.event {
                Event::More => {
                    assert_eq!(at, piece.len());
                    break;
                }
                Event::End { .. } => return (body, lines, true),
                Event::Body(span) => body.extend(text(&span)),
                Event::Status { line }
                | Event::EndOfHead { line, .. }
                | Event::Trailer { line } => {
                    lines.extend(text(&line));
                }
                Event::Header { line, name_len, value, .. } => {
                    let line = text(&line);
                    assert_eq!(line[name_len], b':');
                    assert!(value.start > name_len && value.end <= line.len());
                    lines.extend(line);
                }
            }
        }
    }
    let complete = response.close().is_ok();
    (body, lines, complete)
}
