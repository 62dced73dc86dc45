//! Huffman-coded strings that were decoded before.
//!
//! Servers that do not index send the same `server`, `date`, `content-type` and so on
//! with every response; comparing a code costs a tenth of decoding it.

use super::huffman::{self, Text};

/// Shorter codes are decoded as quickly, longer ones seldom come again.
const CODE_LENGTHS: std::ops::RangeInclusive<usize> = 8..=LONGEST_CODE;
const LONGEST_CODE: usize = 32;
/// No string of such a code is longer: the shortest codes have five bits.
const LONGEST_TEXT: usize = LONGEST_CODE * 8 / 5;
const SLOT_BITS: u32 = 4;

/// The latest strings, each in the one slot that its code leads to.
#[derive(Debug, Default)]
pub(super) struct Memo {
    slots: Vec<Slot>,
}

#[derive(Clone, Debug)]
struct Slot {
    code: [u8; LONGEST_CODE],
    code_len: u8,
    text: [u8; LONGEST_TEXT],
    text_len: u8,
}

const EMPTY: Slot =
    Slot { code: [0; LONGEST_CODE], code_len: 0, text: [0; LONGEST_TEXT], text_len: 0 };

impl Slot {
    fn code(&self) -> &[u8] {
        self.code.get(..usize::from(self.code_len)).unwrap_or_default()
    }

    fn text(&self) -> &[u8] {
        self.text.get(..usize::from(self.text_len)).unwrap_or_default()
    }

    fn fill(&mut self, code: &[u8], text: &[u8]) {
        let places = (self.code.get_mut(..code.len()), self.text.get_mut(..text.len()));
        let (Some(code_place), Some(text_place)) = places else { return };
        code_place.copy_from_slice(code);
        text_place.copy_from_slice(text);
        self.code_len = code.len() as u8;
        self.text_len = text.len() as u8;
    }
}

impl Memo {
    /// Appends the decoded form of `code`, as [`huffman::decode`] does.
    pub(super) fn decode(&mut self, code: &[u8], out: &mut Vec<u8>) -> Option<Text> {
        let end = code.last_chunk::<8>().filter(|_| CODE_LENGTHS.contains(&code.len()));
        let Some(end) = end else { return huffman::decode(code, out) };
        if self.slots.is_empty() {
            self.slots.resize(1 << SLOT_BITS, EMPTY);
        }
        let mixed = u64::from_le_bytes(*end).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = self.slots.get_mut((mixed >> (u64::BITS - SLOT_BITS)) as usize)?;
        if slot.code() == code {
            out.extend_from_slice(slot.text());
            return Some(Text::Plain);
        }
        let start = out.len();
        let text = huffman::decode(code, out)?;
        if text == Text::Plain {
            slot.fill(code, out.get(start..)?);
        }
        Some(text)
    }

    /// Forgets all and gives the memory back.
    pub(super) fn forget(&mut self) {
        self.slots = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::super::huffman::{Text, encode};
    use super::Memo;

    #[test]
    fn says_what_decoding_says() {
        let mut memo = Memo::default();
        for round in 0..2000u32 {
            let text =
                format!("{}text/plain; {}", round % 23, "x\u{e9}".repeat(round as usize % 12));
            let (mut code, mut out) = (Vec::new(), b"before".to_vec());
            encode(text.as_bytes(), &mut code);
            assert_eq!(memo.decode(&code, &mut out), Some(Text::Plain));
            assert_eq!(out, format!("before{text}").as_bytes());
        }
        let (mut code, mut out) = (Vec::new(), Vec::new());
        encode(b"a long text\n", &mut code);
        for _ in 0..2 {
            assert_eq!(memo.decode(&code, &mut out), Some(Text::Forbidden));
            assert_eq!(memo.decode(&[0xff; 10], &mut out), None);
        }
        memo.forget();
    }
}
