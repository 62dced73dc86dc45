//! Chunked transfer coding, put around a body that is sent (RFC 9112 section 7.1).
//!
//! Bytes are read straight into their place behind a prefix whose room was reserved:
//! nothing is moved or copied.

use tress_model::{Code, Error, Result};

/// Room for the size line in front of a chunk: eight hex digits, CR LF.
pub const PREFIX: usize = 10;
/// Room behind a chunk: CR LF.
pub const SUFFIX: usize = 2;
/// The most content in a chunk.
pub const MAX_CHUNK: usize = 64 * 1024;
/// The end of a body without trailers.
pub const LAST: &[u8] = b"0\r\n\r\n";

/// Makes a chunk of `buffer[start + PREFIX..]`, the rest of the buffer, in place; returns where
/// the chunk begins (at or behind `start`). No content makes no chunk: the buffer is cut
/// back to `start`.
///
/// `start + PREFIX` is where the owner began to read content in.
pub fn seal(buffer: &mut Vec<u8>, start: usize) -> usize {
    let content = start + PREFIX;
    let Some(mut size) = buffer.len().checked_sub(content).filter(|&size| size > 0) else {
        buffer.truncate(start);
        return start;
    };
    let mut begin = content - 2;
    while size > 0 && begin > start {
        begin -= 1;
        if let Some(slot) = buffer.get_mut(begin) {
            *slot = HEX[size & 15];
        }
        size >>= 4;
    }
    if let Some(slots) = buffer.get_mut(content - 2..content) {
        slots.copy_from_slice(b"\r\n");
    }
    buffer.extend_from_slice(b"\r\n");
    begin
}

/// Appends the last chunk with the trailers of `CURLOPT_TRAILERFUNCTION`; lines that are no
/// `Name: value` are left out and returned, for a debug message.
///
/// # Errors
/// `TooLarge` if they come to more than [`MAX_TRAILERS`].
pub fn finish<'a, L>(buffer: &mut Vec<u8>, trailers: L) -> Result<Vec<&'a [u8]>>
where
    L: IntoIterator<Item = &'a [u8]>,
{
    let start = buffer.len();
    let mut refused = Vec::new();
    buffer.extend_from_slice(b"0\r\n");
    for line in trailers {
        if is_trailer(line) {
            buffer.extend_from_slice(line);
            buffer.extend_from_slice(b"\r\n");
        } else {
            refused.push(line);
        }
        if buffer.len() - start > MAX_TRAILERS {
            return Err(Error::new(Code::TooLarge, "too large trailers to send"));
        }
    }
    buffer.extend_from_slice(b"\r\n");
    Ok(refused)
}

/// Is it a header line: a name, a colon and a blank, on one line?
pub fn is_trailer(line: &[u8]) -> bool {
    let colon = line.iter().position(|&b| b == b':');
    colon.is_some_and(|colon| colon > 0 && line.get(colon + 1) == Some(&b' '))
        && !line.iter().any(|b| matches!(b, b'\r' | b'\n' | 0))
}

/// The most bytes of trailers sent (`DYN_TRAILERS`).
pub const MAX_TRAILERS: usize = 64 * 1024;

const HEX: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(content: &[u8]) -> Vec<u8> {
        let mut buffer = b"before".to_vec();
        let start = buffer.len();
        buffer.resize(start + PREFIX, 0);
        buffer.extend_from_slice(content);
        let begin = seal(&mut buffer, start);
        buffer.split_off(begin)
    }

    #[test]
    fn sizes() {
        assert_eq!(chunk(b""), b"");
        assert_eq!(chunk(b"x"), b"1\r\nx\r\n");
        assert_eq!(chunk(&[b'y'; 26]), [b"1a\r\n", &[b'y'; 26][..], b"\r\n"].concat());
        let big = vec![0; MAX_CHUNK];
        assert_eq!(chunk(&big), [b"10000\r\n", &big[..], b"\r\n"].concat());
    }

    #[test]
    fn trailers() {
        let mut out = Vec::new();
        let lines: [&[u8]; 5] = [b"a: 1", b"bad", b"b:2", b": x", b"c: 3\r\nd: 4"];
        let refused = finish(&mut out, lines).unwrap();
        assert_eq!(out, b"0\r\na: 1\r\n\r\n");
        assert_eq!(refused, lines[1..]);
        let mut plain = Vec::new();
        finish(&mut plain, []).unwrap();
        assert_eq!(plain, LAST);
    }
}
