use std::borrow::Cow;

use super::{MAX_INPUT, UrlCode};
use crate::escape::{hex_value, is_unreserved, push_escaped};

/// Whether bytes are in the query, where a space becomes `+`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Query {
    No,
    /// From the first question mark on.
    NotYet,
    Yes,
}

/// Encodes only what must be: spaces, control bytes, bytes from 127 up; makes the hex digits
/// of escapes upper case and leaves the rest.
pub(super) fn reencode<'a>(text: &'a [u8], query: Query) -> Result<Cow<'a, [u8]>, UrlCode> {
    if !text.iter().any(|&byte| byte <= b' ' || byte >= 0x7f || byte == b'%') {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = Vec::with_capacity(text.len() + 16);
    push_reencoded(&mut out, text, query);
    if out.len() > MAX_INPUT {
        return Err(UrlCode::TooLarge);
    }
    Ok(Cow::Owned(out))
}

/// As [`reencode`], onto the end of `out`.
pub(super) fn push_reencoded(out: &mut Vec<u8>, text: &[u8], mut query: Query) {
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b' ' if query == Query::Yes => out.push(b'+'),
            0..=b' ' | 0x7f.. => push_escaped(out, byte),
            b'%' => {
                out.push(byte);
                rest = push_upper_hex(out, tail);
            }
            _ => {
                out.push(byte);
                if byte == b'?' && query == Query::NotYet {
                    query = Query::Yes;
                }
            }
        }
    }
}

/// Makes the hex digits of escapes upper case.
pub(super) fn push_with_upper_escapes(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        out.push(byte);
        rest = if byte == b'%' { push_upper_hex(out, tail) } else { tail };
    }
}

/// How one part is encoded in full.
#[derive(Clone, Copy, Default)]
pub(super) struct PartStyle {
    /// A space becomes `+`.
    pub plus: bool,
    /// Keep what RFC 3986 allows in a path.
    pub path: bool,
    /// Keep the first equals sign.
    pub equals: bool,
}

/// Encodes one part that was given raw.
pub(super) fn push_encoded_part(out: &mut Vec<u8>, part: &[u8], mut style: PartStyle) {
    for &byte in part {
        if byte == b' ' && style.plus {
            out.push(b'+');
        } else if is_unreserved(byte) || (style.path && is_allowed_in_path(byte)) {
            out.push(byte);
        } else if byte == b'=' && style.equals {
            style.equals = false;
            out.push(byte);
        } else {
            push_escaped(out, byte);
        }
    }
}

fn push_upper_hex<'a>(out: &mut Vec<u8>, tail: &'a [u8]) -> &'a [u8] {
    match tail {
        [high, low, after @ ..] if hex_value(*high).is_some() && hex_value(*low).is_some() => {
            out.extend_from_slice(&[high.to_ascii_uppercase(), low.to_ascii_uppercase()]);
            after
        }
        _ => tail,
    }
}

fn is_allowed_in_path(byte: u8) -> bool {
    b"!$&'(){}[]*+,;=:@/".contains(&byte)
}
