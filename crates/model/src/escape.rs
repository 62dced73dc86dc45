//! Percent-encoding (curl_easy_escape(3), curl_easy_unescape(3), RFC 3986 section 2).

/// Percent-encodes every byte that is not unreserved (`A-Z a-z 0-9 - . _ ~`).
pub fn escape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 3);
    for &byte in text {
        if is_unreserved(byte) {
            out.push(byte);
        } else {
            push_escaped(&mut out, byte);
        }
    }
    out
}

/// Decodes each `%XX`; a percent sign without two hex digits stays as it is.
pub fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        let (byte, tail) = decode_one(byte, tail);
        out.push(byte);
        rest = tail;
    }
    out
}

/// Which decoded bytes are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refuse {
    /// A zero byte: the text goes on into a protocol as a C string would.
    Zero,
    /// Any byte below 32.
    Control,
}

/// Decodes as [`unescape`] does; none: a byte that must not be there, encoded or not.
pub fn unescape_strict(text: &[u8], refuse: Refuse) -> Option<Vec<u8>> {
    let out = unescape(text);
    let bad = match refuse {
        Refuse::Zero => out.contains(&0),
        Refuse::Control => out.iter().any(|&byte| byte < 0x20),
    };
    (!bad).then_some(out)
}

/// Appends `%XX` in upper case.
pub(crate) fn push_escaped(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(&[b'%', hex_digit(byte >> 4), hex_digit(byte & 15)]);
}

/// The value of a hex digit.
pub(crate) fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn hex_digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'A' + value - 10 }
}

fn decode_one(byte: u8, tail: &[u8]) -> (u8, &[u8]) {
    if byte == b'%'
        && let [high, low, after @ ..] = tail
        && let (Some(high), Some(low)) = (hex_value(*high), hex_value(*low))
    {
        return (high << 4 | low, after);
    }
    (byte, tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_bytes_stay() {
        assert_eq!(escape(b"aZ09-._~ /%\xff"), b"aZ09-._~%20%2F%25%FF");
    }

    #[test]
    fn bad_escapes_stay() {
        assert_eq!(unescape(b"%41%4g%4"), b"A%4g%4");
        assert_eq!(unescape(b"%"), b"%");
        assert_eq!(unescape(b"%%41"), b"%A");
    }

    #[test]
    fn refused_bytes_fail_encoded_or_not() {
        assert_eq!(unescape_strict(b"a%00b", Refuse::Zero), None);
        assert_eq!(unescape_strict(b"a%0ab", Refuse::Zero), Some(b"a\nb".to_vec()));
        assert_eq!(unescape_strict(b"a\nb", Refuse::Control), None);
        assert_eq!(unescape_strict(b"a%7fb", Refuse::Control), Some(b"a\x7fb".to_vec()));
    }

    #[test]
    fn decoding_undoes_encoding() {
        let every: Vec<u8> = (0..=255).collect();
        assert_eq!(unescape(&escape(&every)), every);
    }
}
