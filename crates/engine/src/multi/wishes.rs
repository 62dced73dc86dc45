//! What a driver may ask for at any time, apart from moving transfers on.

use super::Multi;
use crate::transfer::{State, Transfer};
use tress_model::{Code, Error};

impl Multi {
    /// The application's event loop is broken: every transfer ends with `AbortedByCallback`
    /// at its next turn.
    pub fn abort(&mut self) {
        let running: Vec<_> = self.transfers.ids().collect();
        for id in running {
            let Some(transfer) = self.transfers.get_mut(id) else { continue };
            if transfer.is_running() {
                let text = "a socket or timer callback returned an error";
                transfer.refusal = Some(Error::new(Code::AbortedByCallback, text));
                self.core.mark_dirty(id, transfer);
            }
        }
    }

    /// Forgets resolved names (`CURLMNWC_CLEAR_DNS`).
    pub fn clear_dns(&mut self) {
        self.core.dns.clear();
    }

    /// How many transfers wait for a connection slot.
    pub fn pending(&self) -> usize {
        let queued = |id: &_| self.transfers.get(*id).is_some_and(|t| t.state == State::Queued);
        self.transfers.ids().filter(queued).count()
    }
}

impl Transfer {
    /// Forgets the facts of the last transfer; caches and stores stay (`curl_easy_reset(3)`).
    pub fn reset(&mut self) {
        self.infos.reset(-1);
        self.plan = None;
    }
}
