//! Limits of time and speed, and the application's refusals.

use tress_model::{Code, Error, Result};

use super::State;
use crate::multi::Multi;
use crate::options::Hooks;
use crate::{Effect, Figures, TransferId};

impl Multi {
    /// Fails when a limit is over or the application has refused to go on.
    pub(crate) fn check_limits(&mut self, id: TransferId) -> Result<()> {
        let now = self.core.now;
        let Some(transfer) = self.transfers.get_mut(id) else { return Ok(()) };
        if !transfer.is_running() {
            return Ok(());
        }
        if let Some(refusal) = transfer.refusal.take() {
            return Err(refusal);
        }
        if transfer.total_deadline().is_some_and(|at| at <= now) {
            return Err(transfer.timed_out(now));
        }
        if transfer.is_connecting() && transfer.connect_deadline().is_some_and(|at| at <= now) {
            return Err(transfer.timed_out(now));
        }
        let moved = transfer.infos.downloaded + transfer.infos.uploaded;
        transfer.progress.check_low_speed(&transfer.options, transfer.paused, moved, now)
    }

    /// Asks the application whether to go on, when it is time to (progress callbacks).
    pub(crate) fn ask_progress(&mut self, id: TransferId) -> bool {
        let now = self.core.now;
        let Some(transfer) = self.transfers.get_mut(id) else { return false };
        if !transfer.is_running() || !transfer.progress.is_due(&transfer.options, now) {
            return false;
        }
        let figures = transfer.figures();
        self.core.ask(id, Effect::Progress { transfer: id, figures });
        true
    }
}

impl super::Transfer {
    /// Figures for a transfer that is cancelled on its connection, if its progress is told.
    pub fn last_figures(&self) -> Option<Figures> {
        let on_connection = matches!(self.state, State::Exchange | State::WebSocket | State::File);
        (on_connection && self.options.hooks.contains(Hooks::PROGRESS)).then(|| self.figures())
    }

    /// The error of a transfer whose time is over, in libcurl's words.
    fn timed_out(&self, now: std::time::Instant) -> Error {
        let ms = self.since_start(now).as_millis();
        let waits_for_one = matches!(self.state, State::Start | State::Queued);
        let text = match self.state {
            State::Resolving => format!("Resolving timed out after {ms} milliseconds"),
            _ if waits_for_one || self.is_connecting() => {
                format!("Connection timed out after {ms} milliseconds")
            }
            _ => match self.infos.download_length {
                Some(total) => format!(
                    "Operation timed out after {ms} milliseconds with {} out of {total} bytes received",
                    self.infos.downloaded
                ),
                None => format!(
                    "Operation timed out after {ms} milliseconds with {} bytes received",
                    self.infos.downloaded
                ),
            },
        };
        Error::new(Code::OperationTimedout, text)
    }
}
