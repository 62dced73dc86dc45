//! The decoder of field sections (RFC 9204, 4.5).

use super::static_table::ENTRIES;
use crate::h2::fields::is_name;
use crate::h2::hpack::string::{index, string};
use crate::h2::hpack::{DecodeError, Faults, huffman};
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
        faults.oversized |= !limits.keep(out, &mut size, start, name_len)?;
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
        string(input, 3, most, &mut out.bytes, huffman::decode)?;
        valid = is_name(out.bytes.get(start..).unwrap_or_default());
    } else {
        return Err(DecodeError("a field line refers to the dynamic table, which is empty"));
    }
    let name_len = out.bytes.len() - start;
    out.bytes.extend_from_slice(b": ");
    valid &= string(input, 7, most, &mut out.bytes, huffman::decode)?;
    out.bytes.extend_from_slice(b"\r\n");
    Ok((name_len, valid))
}

fn entry(index: usize) -> Result<(&'static str, &'static str), DecodeError> {
    ENTRIES.get(index).copied().ok_or(DecodeError("field index beyond the static table"))
}
