//! Bytes received that nobody has consumed yet.

use std::ops::Deref;

/// A connection's unread bytes: consumed from the front, piece by piece, without moving the rest.
#[derive(Default)]
pub(crate) struct Leftover {
    bytes: Vec<u8>,
    start: usize,
}

impl Leftover {
    /// Drops `count` bytes that are done with.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.bytes.len());
        if self.start == self.bytes.len() {
            self.clear();
        }
    }

    /// Drops all of them; the memory stays.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.start = 0;
    }

    /// The memory behind it, to be filled anew.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.bytes
    }
}

impl Deref for Leftover {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

impl From<Vec<u8>> for Leftover {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, start: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::Leftover;

    #[test]
    fn what_is_consumed_is_gone_from_the_front() {
        let mut leftover = Leftover::from(b"abcdef".to_vec());
        leftover.consume(2);
        assert_eq!(leftover[..], *b"cdef");
        leftover.consume(3);
        assert_eq!(leftover[..], *b"f");
        leftover.consume(9);
        assert!(leftover.is_empty());
        assert!(leftover.into_buffer().capacity() >= 6);
    }
}
