//! Indexes and strings as HPACK and QPACK write them (RFC 7541, 5; RFC 9204, 4.1).

use super::huffman::Text;
use super::{DecodeError, integer};
use crate::h2::fields::is_value;

/// Reads an index whose first byte has it in its last `bits` bits.
#[inline]
pub(crate) fn index(input: &mut &[u8], bits: u32) -> Result<usize, DecodeError> {
    integer::read(input, bits).map(|value| value as usize).ok_or(DecodeError("bad integer"))
}

/// Appends a string of at most so many bytes, whose length has the last `bits` bits of its first byte;
/// whether it may be a value. `decode` undoes Huffman's code.
#[inline]
pub(crate) fn string(
    input: &mut &[u8],
    bits: u32,
    most: usize,
    out: &mut Vec<u8>,
    decode: impl FnOnce(&[u8], &mut Vec<u8>) -> Option<Text>,
) -> Result<bool, DecodeError> {
    let coded = input.first().is_some_and(|first| first & 1 << bits != 0);
    let len = index(input, bits)?;
    let (text, rest) = input.split_at_checked(len).ok_or(DecodeError("string cut off"))?;
    *input = rest;
    let start = out.len();
    let valid = if coded {
        decode(text, out).ok_or(DecodeError("bad Huffman code"))? == Text::Plain
    } else {
        out.extend_from_slice(text);
        is_value(text)
    };
    if out.len() - start > most {
        return Err(DecodeError("name or value over the limit"));
    }
    Ok(valid)
}
