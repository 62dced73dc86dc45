//! Integers with a prefix (RFC 7541, 5.1).

/// The continuation bytes that a 32-bit value can need.
const MAX_CONTINUATION: u32 = 5;

/// Appends `value` with a prefix of `bits` bits below the pattern `first`.
pub(crate) fn write(out: &mut Vec<u8>, first: u8, bits: u32, value: usize) {
    let max = (1usize << bits) - 1;
    if value < max {
        out.push(first | value as u8);
        return;
    }
    out.push(first | max as u8);
    let mut rest = value - max;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Takes an integer off the front of `input`; `None` if it is cut off or over 32 bits.
pub(crate) fn read(input: &mut &[u8], bits: u32) -> Option<u32> {
    let (&first, rest) = input.split_first()?;
    *input = rest;
    let max = (1u32 << bits) - 1;
    let value = u32::from(first) & max;
    if value < max {
        return Some(value);
    }
    let mut value = u64::from(max);
    for round in 0..MAX_CONTINUATION {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        value += u64::from(byte & 0x7f) << (7 * round);
        if byte & 0x80 == 0 {
            return u32::try_from(value).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{read, write};

    #[test]
    fn rfc_7541_c_1() {
        let mut out = Vec::new();
        write(&mut out, 0, 5, 10);
        write(&mut out, 0, 5, 1337);
        write(&mut out, 0, 8, 42);
        assert_eq!(out, [0x0a, 0x1f, 0x9a, 0x0a, 0x2a]);
        let mut input = &out[..];
        assert_eq!(read(&mut input, 5), Some(10));
        assert_eq!(read(&mut input, 5), Some(1337));
        assert_eq!(read(&mut input, 8), Some(42));
        assert_eq!(read(&mut input, 8), None);
    }

    #[test]
    fn too_long_or_cut_off() {
        assert_eq!(read(&mut &[0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01][..], 8), None);
        assert_eq!(read(&mut &[0xff, 0xff, 0xff, 0xff, 0xff, 0x7f][..], 8), None);
        assert_eq!(read(&mut &[0x1f, 0x80][..], 5), None);
        assert_eq!(read(&mut &[0xff, 0x80, 0xfe, 0xff, 0xff, 0x0f][..], 8), Some(u32::MAX));
    }
}
