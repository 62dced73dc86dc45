//! Received bytes on their way to the application.

use std::ops::Range;

use crate::conn::ConnId;
use crate::effect::{Home, Lent};

/// Bytes asked of the kernel at once. One buffer serves the whole multi handle. The simulator's bodies
/// are smaller: so is its buffer, for turns to end and buffers to be full there, too.
const RECEIVE_BUFFER: usize = if cfg!(feature = "sim") { 1024 } else { 512 * 1024 };

/// The bytes received last and not consumed yet; they belong to one connection.
///
/// While the application looks at some of them the buffer is lent out with the effect.
#[derive(Default)]
pub(crate) struct Input {
    conn: Option<ConnId>,
    buffer: Vec<u8>,
    unread: Range<usize>,
    /// Where what is lent next is cut.
    cuts: Vec<usize>,
}

impl Input {
    /// The bytes of `conn` that were not consumed.
    pub(crate) fn of(&self, conn: ConnId) -> &[u8] {
        if self.conn != Some(conn) {
            return &[];
        }
        self.buffer.get(self.unread.clone()).unwrap_or_default()
    }

    /// How many bytes were not consumed.
    #[cfg(feature = "sim")]
    pub(crate) fn unread(&self) -> usize {
        self.unread.len()
    }

    /// Where in the buffer the unread bytes begin.
    pub(crate) fn start(&self) -> usize {
        self.unread.start
    }

    /// Bytes by their place in the buffer.
    pub(crate) fn bytes(&self, place: Range<usize>) -> &[u8] {
        self.buffer.get(place).unwrap_or_default()
    }

    /// Drops bytes that are done with.
    pub(crate) fn consume(&mut self, count: usize) {
        self.unread.start = self.unread.start.saturating_add(count).min(self.unread.end);
    }

    /// Room to receive into; nothing unread is left when this is called.
    pub(crate) fn room(&mut self, wanted: usize) -> &mut [u8] {
        let size = wanted.max(RECEIVE_BUFFER);
        if self.buffer.len() < size {
            self.buffer = vec![0; size];
        }
        &mut self.buffer
    }

    /// So many bytes of `conn` were received into the room.
    pub(crate) fn received(&mut self, conn: ConnId, count: usize) {
        self.conn = Some(conn);
        self.unread = 0..count;
    }

    /// Bytes kept for `conn` from an earlier time are to be read first.
    /// The first `done` bytes of them are taken apart already.
    pub(crate) fn load(&mut self, conn: ConnId, kept: &[u8], done: usize) {
        self.room(kept.len())[..kept.len()].copy_from_slice(kept);
        self.received(conn, kept.len());
        self.consume(done);
    }

    /// Takes what is unread out, to be kept with the connection.
    /// The last `again` consumed bytes are kept too.
    pub(crate) fn take_unread(&mut self, conn: ConnId, again: usize) -> Option<Vec<u8>> {
        if self.conn != Some(conn) {
            return None;
        }
        let start = self.unread.start.saturating_sub(again);
        let kept = self.bytes(start..self.unread.end).to_vec();
        self.discard(conn);
        if kept.is_empty() {
            return None;
        }
        Some(kept)
    }

    /// Forgets what is unread of `conn`.
    pub(crate) fn discard(&mut self, conn: ConnId) {
        if self.conn == Some(conn) {
            self.conn = None;
            self.unread = 0..0;
        }
    }

    /// Moves a further piece up to the `end` of what is to be lent, which starts at `start`: where it
    /// ends then.
    pub(crate) fn append(&mut self, start: usize, end: usize, piece: Range<usize>) -> usize {
        let len = piece.len();
        self.buffer.copy_within(piece, end);
        self.cuts.push(end - start);
        end + len
    }

    /// Takes the buffer out, to lend a part of it.
    pub(crate) fn lend(&mut self, part: Range<usize>) -> Lent {
        let mut lent = Lent::new(std::mem::take(&mut self.buffer), part, Home::Input);
        std::mem::swap(&mut lent.cuts, &mut self.cuts);
        lent
    }

    /// The lent buffer is back.
    pub(crate) fn give_back(&mut self, lent: Lent) {
        (self.buffer, self.cuts) = (lent.buffer, lent.cuts);
        self.cuts.clear();
    }
}
