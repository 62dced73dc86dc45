//! Many transfers on one thread, without a loop of its own.
//!
//! This file is the door: what a driver calls. What runs behind it is in the modules beside.

mod answers;
#[cfg(feature = "sim")]
mod audit;
mod connections;
mod core;
mod drive;
mod park;
mod raw;
mod settings;
mod wishes;

use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) use self::connections::SHUTDOWN_TIMEOUT;
pub(crate) use self::core::{Core, Flow, Out};
pub use park::Parked;
pub use raw::Held;
pub use settings::MultiSettings;

use crate::TransferId;
use crate::conn::{Conn, ConnId, Stage};
use crate::effect::Watch;
use crate::ids::Table;
use crate::interest::SocketOwner;
use crate::options::Options;
use crate::pool::Pool;
use crate::security::Security;
use crate::timers::Owner;
use crate::transfer::{State, Transfer};

/// A multi handle's engine; see the crate's documentation for how it is driven.
pub struct Multi {
    pub(crate) transfers: Table<Box<Transfer>>,
    pub(crate) pool: Pool,
    pub(crate) core: Core,
}

/// What a socket was found to be (`CURL_CSELECT_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// Bytes, or the end, can be read.
    pub readable: bool,
    /// Bytes can be written.
    pub writable: bool,
    /// Something went wrong with it; a read or write tells what.
    pub error: bool,
}

impl Multi {
    /// An engine without transfers.
    pub fn new(settings: MultiSettings) -> Self {
        Self { transfers: Table::new(), pool: Pool::new(), core: Core::new(settings) }
    }

    /// The settings (`CURLMOPT_*`).
    pub fn settings(&self) -> &MultiSettings {
        &self.core.settings
    }

    /// The settings, to be changed at any time; they count from the next action on.
    pub fn settings_mut(&mut self) -> &mut MultiSettings {
        &mut self.core.settings
    }

    /// Brings the library that Negotiate takes its tokens from; without one it is left alone.
    pub fn set_security(&mut self, library: &'static dyn Security) {
        self.core.security = Some(library);
    }

    /// Sets the clock for everything until the next call: one reading for each entry into the
    /// library (invariant 5).
    pub fn enter(&mut self, now: Instant) {
        self.core.now = now;
    }

    /// Takes a transfer in. It starts at the next action, for which timer 0 is announced.
    pub fn add(&mut self, transfer: Box<Transfer>) -> TransferId {
        let id = self.transfers.insert(transfer);
        let number = self.core.next_transfer_number();
        if let Some(transfer) = self.transfers.get_mut(id) {
            transfer.begin(id, self.core.now, number);
            self.core.running += 1;
            self.core.mark_dirty(id, transfer);
        }
        id
    }

    /// Takes a transfer out; one that is not done is cancelled and its connection closed.
    pub fn remove(&mut self, id: TransferId) -> Option<Box<Transfer>> {
        self.transfer(id)?;
        self.cancel(id);
        self.core.timers.set(Owner::Transfer(id), None);
        let mut transfer = self.transfers.remove(id)?;
        if transfer.dirty {
            self.core.dirty.taken_out();
        }
        transfer.left_multi();
        Some(transfer)
    }

    /// A transfer of this multi handle.
    pub fn transfer(&self, id: TransferId) -> Option<&Transfer> {
        self.transfers.get(id).map(|transfer| &**transfer)
    }

    /// A transfer of this multi handle, to be changed.
    pub fn transfer_mut(&mut self, id: TransferId) -> Option<&mut Transfer> {
        self.transfers.get_mut(id).map(|transfer| &mut **transfer)
    }

    /// The handle's settings were changed while it is in here; limits of time and speed count
    /// at once, the rest from the next request on.
    pub fn options_changed(&mut self, id: TransferId, options: Arc<Options>) {
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        transfer.options = options;
        if transfer.is_running() {
            self.core.mark_dirty(id, transfer);
            self.tell_priority(id);
        }
    }

    /// Has the transfer done nothing yet?
    pub fn is_to_begin(&self, id: TransferId) -> bool {
        self.state(id) == Some(State::Start)
    }

    /// How many transfers are not done.
    pub fn running(&self) -> usize {
        self.core.running - self.core.probes.len()
    }

    /// How many connections there are, idle ones included.
    pub fn connections(&self) -> usize {
        self.pool.len()
    }

    /// Something happened on a socket. False: it is none of ours.
    pub fn socket_ready(&mut self, socket: RawFd, ready: Ready) -> bool {
        let owner = self.core.interest.owner(socket);
        if owner.is_some() {
            self.begin_action();
        }
        match owner {
            Some(SocketOwner::Conn(conn)) => self.conn_ready(conn, socket, ready),
            Some(SocketOwner::Quic(conn)) => self.quic_ready(conn, socket, ready),
            Some(SocketOwner::Resolver) => self.core.resolver_ready = true,
            Some(SocketOwner::Workers) => self.core.work_done = true,
            Some(SocketOwner::File(transfer)) => self.run_first(transfer),
            None => return false,
        }
        true
    }

    /// The timer went off (or may have: early, late and needless calls do no harm). Runs
    /// whatever is due.
    pub fn timeout(&mut self) {
        self.core.timer_told = None;
        self.begin_action();
        self.age_idle_watches();
    }

    /// Until the earliest deadline; none: there is nothing to wait for but sockets.
    pub fn deadline(&self) -> Option<Duration> {
        self.core.next_deadline().map(|at| at.saturating_duration_since(self.core.now))
    }

    /// Every socket of which something is wanted, for a driver that polls itself.
    pub fn interests(&self) -> impl Iterator<Item = (RawFd, Watch)> + '_ {
        self.core.interest.iter()
    }

    /// What would matter on this socket, for a driver that has to find out what happened.
    pub fn wanted(&self, socket: RawFd) -> Ready {
        self.core.interest.wanted(socket)
    }

    /// The next finished transfer whose message was not read; and how many follow.
    pub fn next_message(&mut self) -> Option<(TransferId, usize)> {
        while let Some(id) = self.core.messages.pop_front() {
            if self.transfer(id).is_some_and(|transfer| transfer.result().is_some()) {
                return Some((id, self.core.messages.len()));
            }
        }
        None
    }

    /// Is its message the first of those that were not read?
    pub fn is_first_message(&self, id: TransferId) -> bool {
        let unread = |id: &&TransferId| self.transfer(**id).is_some_and(|t| t.result().is_some());
        self.core.messages.iter().find(unread) == Some(&id)
    }

    /// Closes every idle connection (`CURLMNWC_CLEAR_CONNS`).
    pub fn close_idle(&mut self) {
        while let Some(conn) = self.pool.oldest_idle() {
            self.close(conn);
        }
    }

    fn conn_ready(&mut self, id: ConnId, socket: RawFd, ready: Ready) {
        let Some(conn) = self.pool.get_mut(id) else { return };
        conn.readable |= ready.readable | ready.error;
        conn.drained &= !ready.readable;
        conn.writable |= ready.writable | ready.error;
        conn.readable |= conn.reads_by_writing && conn.writable;
        if conn.writes_by_reading && conn.readable {
            (conn.writable, conn.writes_by_reading) = (true, false);
        }
        conn.ready_socket = Some(socket);
        if let (Stage::Open(_), Some(session)) = (&conn.stage, conn.h2.as_deref_mut()) {
            self.core.h2.serve(id, session);
            return;
        }
        match conn.transfer {
            Some(transfer) => self.run_first(transfer),
            None => self.unused_conn_ready(id),
        }
    }

    /// Runs a transfer in the action that begins, before all others. One that is queued already
    /// has its turn in it anyway, and no second one.
    pub(crate) fn run_first(&mut self, id: TransferId) {
        if let Some(transfer) = self.transfers.get_mut(id)
            && !std::mem::replace(&mut transfer.dirty, true)
        {
            self.core.dirty.push_first(id);
        }
    }

    pub(crate) fn parts(
        &mut self,
        id: TransferId,
    ) -> Option<(&mut Transfer, Option<&mut Conn>, &mut Core)> {
        let transfer = &mut **self.transfers.get_mut(id)?;
        let conn = transfer.conn.and_then(|conn| self.pool.get_mut(conn));
        Some((transfer, conn, &mut self.core))
    }

    pub(crate) fn state(&self, id: TransferId) -> Option<State> {
        self.transfers.get(id).map(|transfer| transfer.state)
    }
}
