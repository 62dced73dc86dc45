//! The heart of an action: runs what can run, hands out effects, then tells what changed.

use std::time::Duration;

use tress_model::Error;

use super::{Flow, Multi, Out};
use crate::TransferId;
use crate::effect::{Effect, Watch};
use crate::timers::Owner;
use crate::transfer::{State, Transfer};
use crate::turn::Turn;

impl Multi {
    /// The next thing for the driver to do; none: this entry into the library is complete.
    ///
    /// Transfers move only in an action, that is after [`Multi::socket_ready`] or
    /// [`Multi::timeout`]; otherwise only changes are told.
    pub fn next_effect(&mut self) -> Option<Effect> {
        loop {
            if let Some(effect) = self.next_out() {
                return Some(effect);
            }
            if self.core.asked.is_some() {
                debug_assert!(false, "the last question was not answered");
                return None;
            }
            if self.core.acting && self.run_next() {
                continue;
            }
            if let Some(effect) = self.next_change() {
                return Some(effect);
            }
            self.core.acting = false;
            return None;
        }
    }

    pub(crate) fn begin_action(&mut self) {
        self.core.acting = true;
        self.core.dirty.begin();
        self.core.h2.begin();
        self.core.h3.begin();
    }

    fn next_out(&mut self) -> Option<Effect> {
        while let Some(out) = self.core.outbox.pop_front() {
            match out {
                Out::Effect(effect) if self.core.probes.len() == 0 => return Some(effect),
                Out::Effect(effect) => {
                    if let Some(effect) = self.keep_answer(effect) {
                        return Some(effect);
                    }
                }
                Out::Close(fd, transfer) => {
                    return Some(Effect::CloseSocket { socket: fd, transfer });
                }
                Out::Drop(stream) => drop(stream),
                Out::DropFd(fd) => drop(fd),
            }
        }
        None
    }

    /// Runs one thing; false when nothing is left to run. Who goes on with an answer goes on with its turn.
    fn run_next(&mut self) -> bool {
        if let Some(id) = self.core.resume.take() {
            self.run(id);
            return true;
        }
        self.core.turn = Turn::default();
        if let Some(&id) = self.core.h2.serving.front() {
            self.serve(id);
            return true;
        }
        if self.core.resolver_ready {
            self.core.resolver_ready = false;
            self.resolved();
            return true;
        }
        if std::mem::take(&mut self.core.work_done) {
            self.work_is_done();
            return true;
        }
        if let Some(id) = self.core.dirty.pop() {
            match self.transfer(id) {
                Some(_) => self.run(id),
                None => self.core.dirty.drop_stale(),
            }
            return true;
        }
        match self.core.timers.pop_due(self.core.now) {
            Some(Owner::Transfer(id)) => self.run_due(id),
            Some(Owner::Conn(id)) => self.conn_due(id),
            None => match self.core.h2.flushing.pop() {
                Some(id) => self.flush(id),
                None => return self.run_quic(),
            },
        }
        true
    }

    fn run_due(&mut self, id: TransferId) {
        if let Some(transfer) = self.transfers.get_mut(id) {
            transfer.timer = None;
            self.run(id);
        }
    }

    /// Runs a transfer until it waits for something.
    pub(crate) fn run(&mut self, id: TransferId) {
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        transfer.dirty = false;
        loop {
            let flow = match self.check_limits(id) {
                Ok(()) => self.step(id),
                Err(error) => Err(error),
            };
            match flow {
                Ok(Flow::Again) => {}
                Ok(Flow::Wait) if self.ask_progress(id) => return,
                Ok(Flow::Wait) => break,
                Ok(Flow::Asked) => return,
                Err(error) => self.finish(id, Err(error)),
            }
        }
        self.settle(id);
    }

    fn step(&mut self, id: TransferId) -> tress_model::Result<Flow> {
        match self.state(id) {
            Some(State::Start) => self.start(id),
            Some(State::Resolving) => self.resolve(id).or_else(|error| self.not_up(id, error)),
            Some(State::Connecting) => self.connect(id).or_else(|error| self.not_up(id, error)),
            Some(State::Awaiting) => self.go_on(id),
            Some(State::Exchange) => self.exchange(id),
            Some(State::WebSocket) => self.websocket(id),
            Some(State::File) => self.move_file(id),
            Some(State::Conversation) => self.converse(id),
            Some(State::Telnet) => self.telnet(id),
            Some(State::Mqtt) => self.mqtt(id),
            Some(State::Tftp) => self.tftp(id),
            Some(State::Idle | State::Queued | State::Done) | None => Ok(Flow::Wait),
        }
    }

    /// A connection could not be made; if it is a second one, there may be another way.
    fn not_up(&mut self, id: TransferId, error: Error) -> tress_model::Result<Flow> {
        match self.transfer(id).is_some_and(Transfer::is_away) {
            true => self.data_failed(id, error),
            false if self.is_race_on(id, &error) => Ok(Flow::Wait),
            false => Err(error),
        }
    }

    /// The transfer waits: its deadline goes to the heap, bytes not consumed to its connection.
    fn settle(&mut self, id: TransferId) {
        self.keep_input(id);
        let Some((transfer, conn, core)) = self.parts(id) else { return };
        let deadline = transfer.deadline(conn.as_deref(), core.now);
        if deadline != transfer.timer {
            transfer.timer = deadline;
            core.timers.set(Owner::Transfer(id), deadline);
        }
        debug_assert!(self.waits_for_something(id), "transfer {id:?} would hang for ever");
    }

    /// What changed of sockets and of the timer since it was told last.
    fn next_change(&mut self) -> Option<Effect> {
        if self.core.running == 0 {
            self.stop_lingering();
        }
        if let Some(change) = self.core.interest.next_change() {
            let crate::interest::Change { socket, transfer, what } = change;
            let transfer = transfer.map(|id| self.core.probes.asker(id));
            return Some(Effect::Watch { socket, transfer, what });
        }
        let deadline = self.core.next_deadline();
        let told = self.core.timer_told;
        let now = self.core.now;
        let still_due = |at: Option<std::time::Instant>| at.is_some_and(|at| at <= now);
        if deadline == told || (still_due(deadline) && still_due(told)) {
            return None;
        }
        self.core.timer_told = deadline;
        let after = deadline.map(|at| round_up(at.saturating_duration_since(now)));
        Some(Effect::Timer { after })
    }

    /// Invariant 1: a live transfer owns a socket interest, a deadline or a place in a queue.
    fn waits_for_something(&self, id: TransferId) -> bool {
        let Some(transfer) = self.transfer(id) else { return true };
        let owner = Owner::Transfer(id);
        let watched = |id| self.pool.get(id).is_some_and(|it| it.is_watched(&self.core.interest));
        matches!(transfer.state, State::Idle | State::Done | State::Queued)
            || transfer.dirty
            || transfer.paused.any()
            || transfer.lookup.is_some()
            || transfer.doh.is_some()
            || transfer.awaited.is_some()
            || self.core.timers.has(owner)
            || transfer.conn.is_some_and(watched)
            || transfer.data.as_deref().is_some_and(|data| watched(data.conn))
            || transfer.watched_file().is_some()
    }

    /// The application forgets a socket; to be told before it is closed.
    pub(crate) fn forget_socket(&mut self, fd: std::os::fd::RawFd) {
        if let Some(change) = self.core.interest.remove(fd) {
            let crate::interest::Change { socket, transfer, .. } = change;
            self.core.tell(Effect::Watch { socket, transfer, what: Watch::Remove });
        }
    }
}

fn round_up(after: Duration) -> Duration {
    Duration::from_millis(after.as_nanos().div_ceil(1_000_000) as u64)
}
