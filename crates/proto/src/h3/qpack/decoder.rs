//! The decoder of field sections (RFC 9204, 4.5).

use super::static_table::ENTRIES;
use crate::h2::fields::{is_name, is_value};
use crate::h2::hpack::huffman::{self, Text};
use crate::h2::hpack::{DecodeError, FIELD_OVERHEAD, Faults, integer};
use crate::h2::{Fields, ListLimits};

/// Appends the fields of a whole section to `out`.
///
/// # Errors
/// It cannot be decoded, or is far over the limits: `QPACK_DECOMPRESSION_FAILED`.
pub fn decode_section(
    section: &[u8],
    limits: ListLimits,
    out: &mut Fields,
) -> Result<Faults, DecodeError> {
    let mut input = section;
    if index(&mut input, 8)? != 0 {
        return Err(DecodeError("a field section needs the dynamic table, which is of size 0"));
    }
    index(&mut input, 7)?;
    let mut faults = Faults::default();
    let mut size = 0;
    while let Some(&first) = input.first() {
        let start = out.bytes.len();
        let (name_len, valid) = line(first, &mut input, limits.string, out)?;
        faults.invalid |= !valid;
        size += out.bytes.len() - start - b": \r\n".len() + FIELD_OVERHEAD;
        if size > limits.bomb {
            return Err(DecodeError("head far over the limit"));
        }
        if size > limits.bytes || out.len() >= limits.count {
            faults.oversized = true;
            out.bytes.truncate(start);
        } else {
            out.close_line(start, name_len);
        }
    }
    Ok(faults)
}

/// Appends a field's line; its name's length, and whether it is valid.
fn line(
    first: u8,
    input: &mut &[u8],
    most: usize,
    out: &mut Fields,
) -> Result<(usize, bool), DecodeError> {
    let start = out.bytes.len();
    let mut valid = true;
    if first & 0xc0 == 0xc0 {
        let (name, value) = entry(index(input, 6)?)?;
        for part in [name, ": ", value, "\r\n"] {
            out.bytes.extend_from_slice(part.as_bytes());
        }
        return Ok((name.len(), valid));
    }
    if first & 0xd0 == 0x50 {
        let (name, _) = entry(index(input, 4)?)?;
        out.bytes.extend_from_slice(name.as_bytes());
    } else if first & 0xe0 == 0x20 {
        string(input, 3, most, out)?;
        valid = is_name(out.bytes.get(start..).unwrap_or_default());
    } else {
        return Err(DecodeError("a field line refers to the dynamic table, which is empty"));
    }
    let name_len = out.bytes.len() - start;
    out.bytes.extend_from_slice(b": ");
    valid &= string(input, 7, most, out)?;
    out.bytes.extend_from_slice(b"\r\n");
    Ok((name_len, valid))
}

fn entry(index: usize) -> Result<(&'static str, &'static str), DecodeError> {
    ENTRIES.get(index).copied().ok_or(DecodeError("field index beyond the static table"))
}

fn index(input: &mut &[u8], prefix: u32) -> Result<usize, DecodeError> {
    integer::read(input, prefix).map(|value| value as usize).ok_or(DecodeError("bad integer"))
}

/// Appends a string whose length has `bits` bits of its first byte; whether it may be a value.
fn string(
    input: &mut &[u8],
    bits: u32,
    most: usize,
    out: &mut Fields,
) -> Result<bool, DecodeError> {
    let coded = input.first().is_some_and(|first| first & 1 << bits != 0);
    let length = index(input, bits)?;
    let (text, rest) = input.split_at_checked(length).ok_or(DecodeError("string cut off"))?;
    *input = rest;
    let start = out.bytes.len();
    let valid = if coded {
        let decoded = huffman::decode(text, &mut out.bytes);
        decoded.ok_or(DecodeError("bad Huffman code"))? == Text::Plain
    } else {
        out.bytes.extend_from_slice(text);
        is_value(text)
    };
    if out.bytes.len() - start > most {
        return Err(DecodeError("name or value over the limit"));
    }
    Ok(valid)
}
