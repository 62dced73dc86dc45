//! A body between the transfer that gets it and whoever reads it.

use std::collections::VecDeque;

/// Bytes that wait for whoever reads: with more the server is held back.
const MAX_WAITING: usize = 256 * 1024;

/// What has come of a body, and was not read.
#[derive(Default)]
pub(crate) struct Pieces {
    queue: VecDeque<Vec<u8>>,
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
        let piece = self.queue.pop_front()?;
        self.waiting -= piece.len();
        let goes_on = self.paused && self.waiting <= MAX_WAITING / 2;
        self.paused &= !goes_on;
        Some((piece, goes_on))
    }

    /// Is nothing there to be read?
    #[cfg(feature = "future")]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}
