//! QUIC's integers of variable length (RFC 9000, 16).

/// The largest value that can be written.
#[cfg(test)]
pub(super) const MAX: u64 = (1 << 62) - 1;

/// Appends `value`, which must not be over [`MAX`].
pub(super) fn write(out: &mut Vec<u8>, value: u64) {
    match value {
        0..=0x3f => out.push(value as u8),
        0x40..=0x3fff => out.extend_from_slice(&(value as u16 | 0x4000).to_be_bytes()),
        0x4000..=0x3fff_ffff => {
            out.extend_from_slice(&(value as u32 | 0x8000_0000).to_be_bytes());
        }
        _ => out.extend_from_slice(&(value | 0xc000_0000_0000_0000).to_be_bytes()),
    }
}

/// Takes one off the front of `input`; `None`: it is cut off, and nothing is taken.
pub(super) fn read(input: &mut &[u8]) -> Option<u64> {
    let first = *input.first()?;
    let length = 1 << (first >> 6);
    let (bytes, rest) = input.split_at_checked(length)?;
    *input = rest;
    let start = u64::from(first & 0x3f);
    Some(bytes.iter().skip(1).fold(start, |value, byte| value << 8 | u64::from(*byte)))
}

/// One that comes in pieces.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Partial {
    value: u64,
    /// How many bytes are still to come; 0: it has not begun.
    left: u8,
}

impl Partial {
    /// Takes bytes off the front of `input`; the value, once it is complete.
    pub(super) fn read(&mut self, input: &mut &[u8]) -> Option<u64> {
        if self.left == 0 {
            if let Some(value) = read(input) {
                return Some(value);
            }
            let (&first, rest) = input.split_first()?;
            *input = rest;
            (self.value, self.left) = (u64::from(first & 0x3f), (1 << (first >> 6)) - 1);
        }
        while let Some((&byte, rest)) = input.split_first() {
            *input = rest;
            self.value = self.value << 8 | u64::from(byte);
            self.left -= 1;
            if self.left == 0 {
                return Some(self.value);
            }
        }
        None
    }

    /// Has one begun that is not complete?
    pub(super) fn is_cut_off(&self) -> bool {
        self.left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX, Partial, read, write};

    #[test]
    fn rfc_9000_a_1() {
        let all: [(&[u8], u64); 4] = [
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 151_288_809_941_952_652),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0x7b, 0xbd], 15_293),
            (&[0x25], 37),
        ];
        for (bytes, value) in all {
            assert_eq!(read(&mut &*bytes), Some(value));
            let mut out = Vec::new();
            write(&mut out, value);
            assert_eq!(out, bytes);
        }
        assert_eq!(read(&mut &[0x40, 0x25][..]), Some(37), "longer than need be");
        assert_eq!(read(&mut &[0xc2, 0x19][..]), None);
        assert_eq!(read(&mut &[][..]), None);
    }

    #[test]
    fn in_pieces() {
        for value in [0, 63, 64, 16_383, 16_384, MAX] {
            let mut out = Vec::new();
            write(&mut out, value);
            out.push(0xaa);
            for at in 0..out.len() {
                let mut partial = Partial::default();
                let (mut one, mut two) = out.split_at(at);
                let first = partial.read(&mut one);
                assert_eq!(first.is_none() && at > 0, partial.is_cut_off());
                let found = first.or_else(|| partial.read(&mut two));
                assert_eq!(found, Some(value));
                assert_eq!(one.len() + two.len(), 1);
            }
        }
    }
}
