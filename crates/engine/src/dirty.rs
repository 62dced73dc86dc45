//! What to run next: a FIFO of transfers, each in it once at most.

use std::collections::VecDeque;

use crate::TransferId;

/// Transfers that can make progress without waiting for a socket or a deadline.
///
/// An action runs those that were queued when it began and those it wakes itself; what runs out
/// of its turn's budget goes to the back and waits for the next action, so that no action goes
/// on for ever.
#[derive(Default)]
pub(crate) struct Dirty {
    queue: VecDeque<TransferId>,
    /// How many of them this action may still run.
    turns: usize,
    /// How many of them are of transfers that were taken out.
    stale: usize,
}

impl Dirty {
    /// An action begins: everything queued gets a turn.
    pub(crate) fn begin(&mut self) {
        self.turns = self.queue.len();
    }

    /// Queues a transfer for the next action.
    pub(crate) fn push_later(&mut self, id: TransferId) {
        self.queue.push_back(id);
    }

    /// Queues a transfer for this action.
    pub(crate) fn push_now(&mut self, id: TransferId) {
        self.queue.push_back(id);
        self.turns += 1;
    }

    /// Runs a transfer before all others.
    pub(crate) fn push_first(&mut self, id: TransferId) {
        self.queue.push_front(id);
        self.turns += 1;
    }

    /// The next transfer with a turn in this action.
    pub(crate) fn pop(&mut self) -> Option<TransferId> {
        self.turns = self.turns.checked_sub(1)?;
        self.queue.pop_front()
    }

    /// A queued transfer was taken out; its place in the queue goes when its turn comes.
    pub(crate) fn taken_out(&mut self) {
        self.stale += 1;
    }

    /// The place of a transfer that was taken out had its turn.
    pub(crate) fn drop_stale(&mut self) {
        self.stale = self.stale.saturating_sub(1);
    }

    /// Is no transfer queued at all?
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.len() <= self.stale
    }

    /// How many places are taken, those of transfers that were taken out included?
    #[cfg(feature = "sim")]
    pub(crate) fn len(&self) -> usize {
        self.queue.len().max(self.stale)
    }

    /// Is this transfer queued?
    #[cfg(feature = "sim")]
    pub(crate) fn contains(&self, id: TransferId) -> bool {
        self.queue.contains(&id)
    }
}
