//! A body between the transfer that gets it and whoever reads it.

use std::collections::VecDeque;

/// Bytes that wait for whoever reads: with more the server is held back.
const MAX_WAITING: usize = 256 * 1024;

/// What has come of a body, and was not read.
#[derive(Default)]
pub(crate) struct Pieces {
    queue: VecDeque<Vec<u8>>,
    /// Bytes of the first piece that were read.
    taken: usize,
    waiting: usize,
    /// The transfer was told to pause.
    paused: bool,
}

impl Pieces {
    /// Takes a piece. False: there is no room, and the transfer is to pause.
    pub fn push(&mut self, piece: &[u8]) -> bool {
        if self.waiting >= MAX_WAITING {
            self.paused = true;
            return false;
        }
        self.waiting += piece.len();
        self.queue.push_back(piece.to_vec());
        true
    }

    /// The next piece, and whether the transfer is to go on.
    pub fn pop(&mut self) -> Option<(Vec<u8>, bool)> {
        let mut piece = self.queue.pop_front()?;
        piece.drain(..std::mem::take(&mut self.taken));
        let goes_on = self.read_on(piece.len());
        Some((piece, goes_on))
    }

    /// Fills `room` from the next piece: how far, and whether the transfer is to go on.
    #[cfg(feature = "tokio")]
    pub fn read(&mut self, room: &mut [u8]) -> Option<(usize, bool)> {
        let rest = &self.queue.front()?[self.taken..];
        let count = rest.len().min(room.len());
        room[..count].copy_from_slice(&rest[..count]);
        if count == rest.len() {
            self.queue.pop_front();
            self.taken = 0;
        } else {
            self.taken += count;
        }
        Some((count, self.read_on(count)))
    }

    /// So much was read: is the transfer to go on?
    fn read_on(&mut self, count: usize) -> bool {
        self.waiting -= count;
        let goes_on = self.paused && self.waiting <= MAX_WAITING / 2;
        self.paused &= !goes_on;
        goes_on
    }

    /// Is nothing there to be read?
    #[cfg(feature = "future")]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_nobody_reads_is_held_back() {
        let mut pieces = Pieces::default();
        let taken = (0..100).take_while(|_| pieces.push(&[0; 16 * 1024])).count();
        assert_eq!(taken * 16 * 1024, MAX_WAITING);
        // It goes on once half of it was read.
        let read = (1..).find(|_| pieces.pop().unwrap().1);
        assert_eq!(read, Some(taken / 2));
        assert!(pieces.push(b"more"));
    }
}
