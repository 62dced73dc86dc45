//! Which connections with many streams have something to do.

use std::collections::VecDeque;

use crate::conn::ConnId;

/// A connection's session knows in which queues it is.
pub(crate) trait Queued {
    /// It is to be served; false: that was known.
    fn queue(&mut self) -> bool;

    /// It is to be flushed; false: that was known.
    fn note_flush(&mut self) -> bool;
}

/// Connections of one version of HTTP with something to do.
#[derive(Default)]
pub(crate) struct Served {
    /// Something may have come for them; the first one is being taken apart.
    pub(crate) serving: VecDeque<ConnId>,
    /// Their turn is over, they go on with the next action.
    pub(crate) later: Vec<ConnId>,
    /// They may have something to send.
    pub(crate) flushing: Vec<ConnId>,
}

impl Served {
    pub(crate) fn is_empty(&self) -> bool {
        self.serving.is_empty() && self.later.is_empty() && self.flushing.is_empty()
    }

    /// How many connections have something to do.
    #[cfg(feature = "sim")]
    pub(crate) fn len(&self) -> usize {
        self.serving.len() + self.later.len() + self.flushing.len()
    }

    /// Is this connection to be served or flushed?
    #[cfg(feature = "sim")]
    pub(crate) fn has(&self, id: ConnId) -> bool {
        self.serving.contains(&id) || self.later.contains(&id) || self.flushing.contains(&id)
    }

    /// An action begins; mostly nobody's turn was over in the last one.
    #[inline]
    pub(crate) fn begin(&mut self) {
        if !self.later.is_empty() {
            self.go_on();
        }
    }

    #[cold]
    fn go_on(&mut self) {
        self.serving.extend(self.later.drain(..));
    }

    /// It may have something to send.
    pub(crate) fn flush(&mut self, id: ConnId, session: &mut impl Queued) {
        if session.note_flush() {
            self.flushing.push(id);
        }
    }

    /// Something may have come for it.
    pub(crate) fn serve(&mut self, id: ConnId, session: &mut impl Queued) {
        if session.queue() {
            self.serving.push_back(id);
        }
    }
}
