//! Frames (RFC 9113, 4.1 and 6): their heads read and written.

/// The bytes of a frame's head.
pub(super) const HEAD_LEN: usize = 9;
/// The largest payload that we take; we announce no other (RFC 9113, 6.5.2).
pub(super) const MAX_PAYLOAD: u32 = 16_384;
/// What a client says first (RFC 9113, 3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(super) const DATA: u8 = 0x0;
pub(super) const HEADERS: u8 = 0x1;
pub(super) const PRIORITY: u8 = 0x2;
pub(super) const RST_STREAM: u8 = 0x3;
pub(super) const SETTINGS: u8 = 0x4;
pub(super) const PUSH_PROMISE: u8 = 0x5;
pub(super) const PING: u8 = 0x6;
pub(super) const GOAWAY: u8 = 0x7;
pub(super) const WINDOW_UPDATE: u8 = 0x8;
pub(super) const CONTINUATION: u8 = 0x9;

pub(super) const FLAG_ACK: u8 = 0x1;
pub(super) const FLAG_END_STREAM: u8 = 0x1;
pub(super) const FLAG_END_HEADERS: u8 = 0x4;
pub(super) const FLAG_PADDED: u8 = 0x8;
pub(super) const FLAG_PRIORITY: u8 = 0x20;

/// A frame's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) len: u32,
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

impl Head {
    pub(super) fn new(kind: u8, flags: u8, stream: u32, len: usize) -> Self {
        Self { len: len as u32, kind, flags, stream }
    }

    /// Reads the head in front of `input`, if that has all of it.
    pub(super) fn read(input: &[u8]) -> Option<Self> {
        let &[a, b, c, kind, flags, d, e, f, g] = input.first_chunk()?;
        Some(Self {
            len: u32::from_be_bytes([0, a, b, c]),
            kind,
            flags,
            stream: u32::from_be_bytes([d & 0x7f, e, f, g]),
        })
    }

    pub(super) fn bytes(self) -> [u8; HEAD_LEN] {
        let [_, a, b, c] = self.len.to_be_bytes();
        let [d, e, f, g] = self.stream.to_be_bytes();
        [a, b, c, self.kind, self.flags, d, e, f, g]
    }

    pub(super) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Appends the head and `payload`.
    pub(super) fn write(self, payload: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes());
        out.extend_from_slice(payload);
    }
}

/// Reads a 32-bit number at `at`; 0 beyond the end.
pub(super) fn number(payload: &[u8], at: usize) -> u32 {
    payload
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// Takes the padding off a payload; `None` if it is more than there is (RFC 9113, 6.2).
pub(super) fn unpadded(head: Head, payload: &[u8]) -> Option<&[u8]> {
    if !head.has(FLAG_PADDED) {
        return Some(payload);
    }
    let (&pad, rest) = payload.split_first()?;
    rest.get(..rest.len().checked_sub(usize::from(pad))?)
}

#[cfg(test)]
mod tests {
    use super::{FLAG_PADDED, HEADERS, Head, unpadded};

    #[test]
    fn there_and_back() {
        let head = Head { len: 0x01_2345, kind: 7, flags: 0x2d, stream: 0x7fff_fff1 };
        assert_eq!(Head::read(&head.bytes()), Some(head));
        assert_eq!(Head::read(&head.bytes()[..8]), None);
        let mut reserved = head.bytes();
        reserved[5] |= 0x80;
        assert_eq!(Head::read(&reserved), Some(head));
    }

    #[test]
    fn padding() {
        let padded = Head::new(HEADERS, FLAG_PADDED, 1, 4);
        assert_eq!(unpadded(padded, b"\x02ab\0\0"), Some(&b"ab"[..]));
        assert_eq!(unpadded(padded, b"\x02\0\0"), Some(&b""[..]));
        assert_eq!(unpadded(padded, b"\x03\0\0"), None);
        assert_eq!(unpadded(padded, b""), None);
    }
}
