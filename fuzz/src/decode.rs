//! Content codings, one on the other, with bounded output.

use tress_proto::decode::{Coding, Decoder};

const ROOM: usize = 4096;
/// Output looked at in all: bombs are cut off, as a consumer would.
const MOST: usize = 1 << 20;

pub fn run(data: &[u8]) {
    let Some((&[which, size], bytes)) = data.split_first_chunk::<2>() else { return };
    let names: [&[u8]; 4] = [b"gzip", b"deflate", b"br", b"zstd"];
    let first = Coding::named(names[usize::from(which & 3)]);
    let second = Coding::named(names[usize::from(which >> 2 & 3)]);
    let codings = if which & 16 != 0 { vec![first, second] } else { vec![first] };
    let mut decoder = Decoder::new(&codings);
    let mut total = 0;
    for piece in bytes.chunks(usize::from(size).max(1)) {
        let mut rest = piece;
        loop {
            let mut out = Vec::new();
            let Ok(consumed) = decoder.decode(rest, &mut out, ROOM) else { return };
            assert!(out.len() <= ROOM && consumed <= rest.len());
            total += out.len();
            rest = &rest[consumed..];
            if (rest.is_empty() && out.is_empty()) || total > MOST {
                break;
            }
            assert!(consumed > 0 || !out.is_empty(), "no step without progress");
        }
    }
    while total <= MOST {
        let mut out = Vec::new();
        if decoder.finish(&mut out, ROOM).is_err() || out.is_empty() {
            break;
        }
        total += out.len();
    }
}
