use super::Encoder;
use crate::Code;

/// Longest line of encoded text, in bytes.
const MAX_LINE: usize = 76;

/// What an encoder remembers between two pieces of a part's data.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Bytes that could not be encoded without those after them.
    pending: Vec<u8>,
    /// Where the output is on its line.
    column: usize,
}

/// How many bytes `size` bytes become; none: only encoding tells.
pub(super) fn encoded_size(encoder: Option<Encoder>, size: Option<u64>) -> Option<u64> {
    match (encoder, size?) {
        (_, 0) => Some(0),
        (Some(Encoder::QuotedPrintable), _) => None,
        (Some(Encoder::Base64), size) => {
            let letters = size.div_ceil(3).checked_mul(4)?;
            letters.checked_add((letters - 1) / MAX_LINE as u64 * 2)
        }
        (_, size) => Some(size),
    }
}

impl State {
    /// Encodes further bytes; `last`: there are no more after them.
    pub fn encode(
        &mut self,
        encoder: Option<Encoder>,
        bytes: &[u8],
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Code> {
        match encoder {
            Some(Encoder::SevenBit) if !bytes.is_ascii() => {
                let good = bytes.iter().take_while(|byte| byte.is_ascii()).count();
                out.extend_from_slice(bytes.get(..good).unwrap_or_default());
                return Err(Code::ReadError);
            }
            Some(Encoder::Base64) => self.encode_base64(bytes, last, out),
            Some(Encoder::QuotedPrintable) => self.encode_quoted(bytes, last, out),
            _ => out.extend_from_slice(bytes),
        }
        Ok(())
    }

    fn encode_base64(&mut self, bytes: &[u8], last: bool, out: &mut Vec<u8>) {
        out.reserve(bytes.len() / 3 * 4 + bytes.len() / 28 + 8);
        let mut rest = bytes;
        while !self.pending.is_empty() && self.pending.len() < 3 {
            let Some((&byte, tail)) = rest.split_first() else { break };
            self.pending.push(byte);
            rest = tail;
        }
        if self.pending.len() == 3 {
            let group = std::mem::take(&mut self.pending);
            self.push_group(&group, out);
        }
        let mut groups = rest.chunks_exact(3);
        for group in &mut groups {
            self.push_group(group, out);
        }
        self.pending.extend_from_slice(groups.remainder());
        if last && !self.pending.is_empty() {
            let group = std::mem::take(&mut self.pending);
            self.push_group(&group, out);
        }
    }

    /// Encodes one to three bytes as four letters.
    fn push_group(&mut self, group: &[u8], out: &mut Vec<u8>) {
        use base64::Engine as _;
        if self.column + 4 > MAX_LINE {
            out.extend_from_slice(b"\r\n");
            self.column = 0;
        }
        let mut letters = [0u8; 4];
        let written = base64::engine::general_purpose::STANDARD.encode_slice(group, &mut letters);
        out.extend_from_slice(letters.get(..written.unwrap_or(0)).unwrap_or_default());
        self.column += 4;
    }

    fn encode_quoted(&mut self, bytes: &[u8], last: bool, out: &mut Vec<u8>) {
        let mut text = std::mem::take(&mut self.pending);
        text.extend_from_slice(bytes);
        let mut rest = &text[..];
        while let Some(step) = self.quoted_step(rest, last) {
            match step {
                Step::LineEnd => {
                    out.extend_from_slice(b"\r\n");
                    self.column = 0;
                    rest = rest.get(2..).unwrap_or_default();
                }
                Step::SoftBreak => {
                    out.extend_from_slice(b"=\r\n");
                    self.column = 0;
                }
                Step::Plain(byte) => {
                    out.push(byte);
                    self.column += 1;
                    rest = rest.get(1..).unwrap_or_default();
                }
                Step::Escaped(byte) => {
                    const HEX: &[u8; 16] = b"0123456789ABCDEF";
                    let digit = |value: u8| HEX.get(usize::from(value)).copied().unwrap_or(b'0');
                    out.extend_from_slice(&[b'=', digit(byte >> 4), digit(byte & 15)]);
                    self.column += 3;
                    rest = rest.get(1..).unwrap_or_default();
                }
            }
        }
        self.pending = rest.to_vec();
    }

    /// What comes out next; none: more bytes must come first, or there are none left.
    fn quoted_step(&self, rest: &[u8], last: bool) -> Option<Step> {
        let &byte = rest.first()?;
        let step = match byte {
            b'\r' => match starts_line_end(rest, last)? {
                true => return Some(Step::LineEnd),
                false => Step::Escaped(byte),
            },
            b' ' | b'\t' => match ends_line(rest, last)? {
                true => Step::Escaped(byte),
                false => Step::Plain(byte),
            },
            b'!'..=b'~' if byte != b'=' => Step::Plain(byte),
            _ => Step::Escaped(byte),
        };
        let width = if matches!(step, Step::Plain(_)) { 1 } else { 3 };
        // The last column is for what ends the line: else it holds the soft break.
        let is_full = match (self.column + width).cmp(&MAX_LINE) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => !ends_line(rest, last)?,
            std::cmp::Ordering::Greater => true,
        };
        Some(if is_full { Step::SoftBreak } else { step })
    }
}

enum Step {
    Plain(u8),
    Escaped(u8),
    LineEnd,
    SoftBreak,
}

/// Whether the text starts with CRLF; none: not known yet.
fn starts_line_end(text: &[u8], last: bool) -> Option<bool> {
    match text {
        [first, second, ..] => Some((first, second) == (&b'\r', &b'\n')),
        _ if last => Some(false),
        _ => None,
    }
}

/// Whether the first byte is the last of its line; none: not known yet.
fn ends_line(text: &[u8], last: bool) -> Option<bool> {
    match text.get(1..) {
        None | Some([]) => last.then_some(true),
        Some(after) => starts_line_end(after, last),
    }
}
