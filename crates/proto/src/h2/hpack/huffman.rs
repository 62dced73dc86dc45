//! The Huffman code of RFC 7541, appendix B. It is canonical, so the lengths
//! say it all; the tables are worked out at compile time.

/// The code length of each byte and, last, of the end of a string.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];
const EOS: usize = 256;
const LONGEST: usize = 30;
const SHORTEST: usize = 5;
/// Codes up to this length are found by one look-up.
const QUICK_BITS: u32 = 8;

const TABLES: Tables = Tables::build();

struct Tables {
    /// The code of each byte.
    codes: [u32; 257],
    /// By the next eight bits: length << 8 | byte, 0 for a longer code.
    quick: [u16; 1 << QUICK_BITS],
    /// The symbols in the order of their codes.
    symbols: [u16; 257],
    /// For each length the first code, left-aligned to 32 bits, past its last one.
    ends: [u64; LONGEST + 1],
    /// For each length: index into `symbols` less the code's value.
    offsets: [i64; LONGEST + 1],
}

impl Tables {
    const fn build() -> Self {
        let mut tables = Self {
            codes: [0; 257],
            quick: [0; 1 << QUICK_BITS],
            symbols: [0; 257],
            ends: [0; LONGEST + 1],
            offsets: [0; LONGEST + 1],
        };
        let (mut code, mut count, mut length) = (0u32, 0usize, 1usize);
        while length <= LONGEST {
            tables.offsets[length] = count as i64 - code as i64;
            let mut symbol = 0;
            while symbol <= EOS {
                if LENGTHS[symbol] as usize == length {
                    tables.codes[symbol] = code;
                    tables.symbols[count] = symbol as u16;
                    tables.fill_quick(code, length as u32, symbol as u16);
                    count += 1;
                    code += 1;
                }
                symbol += 1;
            }
            tables.ends[length] = (code as u64) << (32 - length);
            code <<= 1;
            length += 1;
        }
        tables
    }

    const fn fill_quick(&mut self, code: u32, length: u32, symbol: u16) {
        if length > QUICK_BITS {
            return;
        }
        let spare = QUICK_BITS - length;
        let mut low = 0;
        while low < 1 << spare {
            self.quick[((code << spare) + low) as usize] = (length as u16) << 8 | symbol;
            low += 1;
        }
    }
}

static CODE: Tables = TABLES;

/// What a decoded string is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// A plain one.
    Plain,
    /// It has a NUL, a CR or an LF, which no field may have.
    Forbidden,
}

/// Appends the decoded form of `input`; `None` if it is no valid code.
pub(crate) fn decode(input: &[u8], out: &mut Vec<u8>) -> Option<Text> {
    let start = out.len();
    out.resize(start + input.len() * 8 / SHORTEST, 0);
    let mut room = out.get_mut(start..)?.iter_mut();
    let mut rest = input;
    let mut text = Text::Plain;
    // The bits not yet decoded, left-aligned, zeros below them.
    let (mut bits, mut count) = (0u64, 0u32);
    loop {
        (bits, count) = refill(bits, count, &mut rest);
        // While whole codes are sure to be there, or what is there is all.
        let enough = if rest.is_empty() { SHORTEST as u32 } else { LONGEST as u32 };
        while count >= enough {
            let quick = CODE.quick[(bits >> 56) as usize];
            let (length, byte) = match quick {
                0 => long_code(bits, count, &mut text)?,
                quick => (u32::from(quick >> 8), quick as u8),
            };
            if length > count {
                break;
            }
            *room.next()? = byte;
            bits <<= length;
            count -= length;
        }
        if rest.is_empty() {
            break;
        }
    }
    let unused = room.len();
    out.truncate(out.len() - unused);
    // Padding: less than a byte, all ones.
    let padded = count < 8 && (count == 0 || bits >> (64 - count) == (1 << count) - 1);
    padded.then_some(text)
}

/// Puts four bytes, or what is left, behind the `count` bits, of which there are less than 32.
#[inline]
fn refill(mut bits: u64, mut count: u32, rest: &mut &[u8]) -> (u64, u32) {
    if let Some((four, later)) = rest.split_first_chunk::<4>() {
        *rest = later;
        return (bits | u64::from(u32::from_be_bytes(*four)) << (32 - count), count + 32);
    }
    while let Some((&byte, later)) = rest.split_first() {
        *rest = later;
        bits |= u64::from(byte) << (56 - count);
        count += 8;
    }
    (bits, count)
}

/// The length and the byte of a code over [`QUICK_BITS`], of which `count` bits are there;
/// `None` for the end of a string, which no string must have.
#[cold]
fn long_code(bits: u64, count: u32, text: &mut Text) -> Option<(u32, u8)> {
    let window = bits >> 32;
    let length = (QUICK_BITS as usize + 1..=LONGEST).find(|&length| window < CODE.ends[length])?;
    let index = (window >> (32 - length)) as i64 + CODE.offsets[length];
    let symbol = usize::from(*CODE.symbols.get(index as usize)?);
    if length as u32 <= count {
        match symbol {
            EOS => return None,
            // The forbidden bytes all have long codes.
            0 | 0xa | 0xd => *text = Text::Forbidden,
            _ => {}
        }
    }
    Some((length as u32, symbol as u8))
}

/// How many bytes `input` takes when encoded.
pub(crate) fn encoded_len(input: &[u8]) -> usize {
    let bits: usize = input.iter().map(|&byte| usize::from(LENGTHS[usize::from(byte)])).sum();
    bits.div_ceil(8)
}

/// Appends the encoded form of `input`.
pub(crate) fn encode(input: &[u8], out: &mut Vec<u8>) {
    let (mut bits, mut count) = (0u64, 0u32);
    for &byte in input {
        let length = u32::from(LENGTHS[usize::from(byte)]);
        bits = bits << length | u64::from(CODE.codes[usize::from(byte)]);
        count += length;
        while count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    if count > 0 {
        let spare = 8 - count;
        out.push((bits << spare) as u8 | ((1u16 << spare) - 1) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::{Text, decode, encode, encoded_len};

    fn decoded(input: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        decode(input, &mut out).map(|_| out)
    }

    #[test]
    fn rfc_7541_c_4() {
        let code = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
        let mut out = Vec::new();
        encode(b"www.example.com", &mut out);
        assert_eq!(out, code);
        assert_eq!(decoded(&code).unwrap(), b"www.example.com");
    }

    #[test]
    fn each_byte_there_and_back() {
        for a in 0..=255u8 {
            for b in [0, b'a', 255, a] {
                let mut out = Vec::new();
                encode(&[a, b, a], &mut out);
                assert_eq!(out.len(), encoded_len(&[a, b, a]));
                assert_eq!(decoded(&out).unwrap(), [a, b, a]);
            }
        }
    }

    #[test]
    fn forbidden_bytes_are_noticed() {
        for byte in 0..=255u8 {
            let (mut code, mut out) = (Vec::new(), Vec::new());
            encode(&[b'a', byte, b'b'], &mut code);
            let forbidden = [0, b'\r', b'\n'].contains(&byte);
            let text = if forbidden { Text::Forbidden } else { Text::Plain };
            assert_eq!(decode(&code, &mut out), Some(text));
        }
    }

    #[test]
    fn padding_and_end_of_string_are_checked() {
        assert_eq!(decoded(b""), Some(Vec::new()));
        // 'a' is 00011; the padding must be ones.
        assert_eq!(decoded(&[0b0001_1111]).unwrap(), b"a");
        assert_eq!(decoded(&[0b0001_1110]), None);
        assert_eq!(decoded(&[0b0001_1111, 0xff]), None, "padding of more than seven bits");
        assert_eq!(decoded(&[0xff, 0xff, 0xff, 0xff]), None, "end of string");
    }
}
