//! The encoder of field sections (RFC 9204, 4.5).

use super::static_table::find;
use crate::h2::Fields;
use crate::h2::hpack::{huffman, integer};

/// Appends the section of `fields`: required insert count and base 0, then a line for each field.
pub fn encode(fields: &Fields, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0, 0]);
    for field in fields.iter() {
        let (name, value) = (field.name(), field.value());
        // Nobody on the way may put these into a table either.
        let never = matches!(name, b"authorization" | b"proxy-authorization" | b"cookie");
        match find(name, value) {
            (Some(whole), _) => {
                integer::write(out, 0xc0, 6, whole);
                continue;
            }
            (None, Some(by_name)) => {
                integer::write(out, if never { 0x70 } else { 0x50 }, 4, by_name);
            }
            (None, None) => string(name, if never { 0x30 } else { 0x20 }, 3, out),
        }
        string(value, 0, 7, out);
    }
}

/// Appends a string, by Huffman's code where that is shorter; `bits` are the length's.
fn string(text: &[u8], first: u8, bits: u32, out: &mut Vec<u8>) {
    let coded = huffman::encoded_len(text);
    if coded < text.len() {
        integer::write(out, first | 1 << bits, bits, coded);
        huffman::encode(text, out);
    } else {
        integer::write(out, first, bits, text.len());
        out.extend_from_slice(text);
    }
}
