//! From the settings to a connection: an idle one, a slot for a new one, or a place in a queue.

use std::sync::Arc;
use std::time::Duration;

use tress_model::Result;

use super::{State, Transfer};
use crate::TransferId;
use crate::conn::{Conn, ConnId};
use crate::destination::{Destination, HttpWish};
use crate::multi::{Flow, Multi};
use crate::options::{BodySource, Options};
use crate::plan::{Plan, Service};
use crate::pool::{Pool, Room};

impl Multi {
    /// Plans the request and finds it a connection.
    pub(crate) fn start(&mut self, id: TransferId) -> Result<Flow> {
        let Some(transfer) = self.transfers.get_mut(id) else { return Ok(Flow::Wait) };
        Plan::refresh(transfer, &mut self.core)?;
        let plan = transfer.plan()?;
        if plan.service == Service::File {
            return self.open_file(id);
        }
        let destination = plan.destination.clone();
        transfer.infos.used_proxy = destination.first_proxy().is_some();
        let options = transfer.options.clone();
        if let Some(own) = transfer.conn {
            // The next round of an authentication.
            let fits = self.pool.get(own).is_some_and(|conn| conn.destination == destination);
            if fits && self.is_reusable(own, &options) {
                return self.reuse(id, own);
            }
            self.release(id, false);
        } else if !transfer.needs_new()
            && let Some(flow) = self.find_connection(id, &destination, &options)
        {
            self.pass_on(&destination);
            return flow;
        }
        if !self.make_room(&destination) {
            return Ok(self.queue(id, &destination));
        }
        let now = self.core.now;
        let conn = Conn::new(destination.clone(), id, now).opened_by(id, &options);
        let conn = self.pool.insert(conn);
        let number = self.pool.get(conn).map_or(-1, |conn| conn.number);
        let Some(transfer) = self.transfers.get_mut(id) else { return Ok(Flow::Wait) };
        transfer.conn = Some(conn);
        transfer.infos.connection_number = number;
        transfer.need_fresh = false;
        transfer.connecting_since = Some(now);
        transfer.state = State::Resolving;
        self.pass_on(&destination);
        Ok(Flow::Again)
    }

    /// A connection that is there already, or is worth waiting for.
    fn find_connection(
        &mut self,
        id: TransferId,
        destination: &Arc<Destination>,
        options: &Options,
    ) -> Option<Result<Flow>> {
        let shares = destination.http != HttpWish::Http1 && self.core.settings.multiplex;
        if shares && let Some(conn) = self.pool.shared(destination) {
            return Some(self.reuse(id, conn));
        }
        if let Some(conn) = self.take_idle(destination, options) {
            return Some(self.reuse(id, conn));
        }
        if let Some(unbound) = &destination.unbound
            && let Some(conn) = self.take_idle(unbound, options)
        {
            self.pool.rebind(conn, destination);
            return Some(self.reuse(id, conn));
        }
        let refused = self.transfer(id).is_some_and(|t| t.exchange.follow.refused > 0);
        let hopes = shares && (options.pipewait || refused) && self.pool.may_hope(destination);
        hopes.then(|| Ok(self.hope(id, destination)))
    }

    /// An idle connection that is young enough and not known to be dead; those that are not are
    /// closed on the way.
    fn take_idle(&mut self, destination: &Arc<Destination>, options: &Options) -> Option<ConnId> {
        while let Some(id) = self.pool.take_idle(destination) {
            if self.is_reusable(id, options) {
                return Some(id);
            }
            self.close(id);
        }
        None
    }

    fn is_reusable(&mut self, id: ConnId, options: &Options) -> bool {
        let now = self.core.now;
        let Some(conn) = self.pool.get_mut(id) else { return false };
        let limits = options.connect();
        let age = now.saturating_duration_since(conn.created);
        // No connection was idle for longer than it is old.
        let exceeds = |limit: Duration| !limit.is_zero() && age > limit;
        let idle = || now.saturating_duration_since(conn.last_used);
        if (exceeds(limits.maxage_conn) && idle() > limits.maxage_conn)
            || exceeds(limits.maxlifetime_conn)
            || (conn.readable && conn.h2.is_none() && !conn.may_talk_unasked)
        {
            return false;
        }
        if conn.h2.is_some() {
            return self.is_session_reusable(id);
        }
        let (may_talk, is_conversation) = (conn.may_talk_unasked, conn.conversation.is_some());
        let Some(stream) = conn.stream() else { return self.is_quic_reusable(id) };
        if may_talk {
            return stream.is_open();
        }
        // While the application watches the socket we are told when the peer closes it: no need
        // to ask the kernel. It may be late with that, though, and only HTTP tries again, unless
        // its body comes from a callback that may not be able to go back.
        let asks = is_conversation
            || matches!(options.body, BodySource::Application { fields: false, .. });
        !asks && self.core.interest.is_announced(stream.fd()) || stream.is_alive()
    }

    fn reuse(&mut self, id: TransferId, conn_id: ConnId) -> Result<Flow> {
        let Some(conn) = self.pool.get_mut(conn_id) else { return Ok(Flow::Again) };
        match conn.h2.is_some() {
            true => self.join(id, conn_id),
            false if conn.quic.is_some() => self.join_quic(id, conn_id),
            false => conn.transfer = Some(id),
        }
        let Some(conn) = self.pool.get_mut(conn_id) else { return Ok(Flow::Again) };
        let Some(transfer) = self.transfers.get_mut(id) else { return Ok(Flow::Wait) };
        transfer.conn = Some(conn_id);
        transfer.infos.connection_number = conn.number;
        transfer.infos.primary = conn.primary;
        transfer.infos.local = conn.local;
        self.core.info(transfer, || {
            let scheme = conn.destination.scheme;
            if let Some(proxy) = conn.destination.first_proxy() {
                return format!("Reusing existing {scheme}: connection with proxy {}", proxy.host);
            }
            let host = String::from_utf8_lossy(&conn.destination.host);
            format!("Reusing existing {scheme}: connection with host {host}")
        });
        self.connected(id)
    }

    /// Makes sure that one more connection to `destination` is allowed, if need be by closing
    /// an idle one. False: there is no room.
    fn make_room(&mut self, destination: &Arc<Destination>) -> bool {
        let (host, total) =
            (self.core.settings.max_host_connections, self.core.settings.max_total_connections);
        loop {
            let victim = match self.pool.room(destination, host, total) {
                Room::Yes => return true,
                Room::HostFull => self.pool.oldest_idle_of(destination),
                Room::TotalFull => self.pool.oldest_idle(),
            };
            let Some(victim) = victim else { return false };
            let before = self.pool.len();
            self.close(victim);
            if self.pool.len() == before {
                // It takes its time to say goodbye: its slot is free when that is done.
                return false;
            }
        }
    }

    fn queue(&mut self, id: TransferId, destination: &Arc<Destination>) -> Flow {
        let settings = &self.core.settings;
        let (host, total) = (settings.max_host_connections, settings.max_total_connections);
        let full = self.pool.room(destination, host, total);
        self.pool.wait(id, destination, full);
        if let Some(transfer) = self.transfers.get_mut(id) {
            transfer.state = State::Queued;
            self.core.info(transfer, || "No connections available.".to_owned());
        }
        if full == Room::HostFull {
            self.pass_on_share(id, destination);
            self.pass_on_slot();
        }
        Flow::Wait
    }

    /// Who was woken for a place on a connection that is shared, and cannot share, leaves it to the
    /// first that can.
    fn pass_on_share(&mut self, id: TransferId, destination: &Arc<Destination>) {
        let cannot = self.transfer(id).is_some_and(Transfer::needs_new);
        if !cannot || self.pool.shared(destination).is_none() {
            return;
        }
        let waits = |it: &Transfer| it.state == State::Queued && !it.needs_new();
        let transfers = &self.transfers;
        let can = |other| transfers.get(other).is_some_and(|transfer| waits(transfer));
        if let Some(next) = self.pool.take_waiting(destination, can) {
            self.look_again(next);
        }
    }

    /// Who was woken for a slot that any host may take, and has no use for it, leaves it to another.
    fn pass_on_slot(&mut self) {
        if self.pool.has_total_room(self.core.settings.max_total_connections)
            && let Some(next) = self.next_of(|pool| pool.next_of_all())
        {
            self.look_again(next);
        }
    }

    /// A slot towards `destination` is free: wakes the one that waited longest, if any does.
    pub(crate) fn wake_waiting(&mut self, destination: &Arc<Destination>) {
        if let Some(id) = self.next_of(|pool| pool.next_waiting(destination)) {
            self.look_again(id);
        }
    }

    /// The next one from a queue that still waits.
    fn next_of(&mut self, queue: impl Fn(&mut Pool) -> Option<TransferId>) -> Option<TransferId> {
        loop {
            let id = queue(&mut self.pool)?;
            if self.state(id) == Some(State::Queued) {
                return Some(id);
            }
            self.pool.drop_stale();
        }
    }

    /// A transfer that waited looks for a connection once more.
    pub(crate) fn look_again(&mut self, id: TransferId) {
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        transfer.state = State::Start;
        transfer.infos.times.queue = transfer.since_start(self.core.now);
        self.core.wake(id, transfer);
    }

    /// A transfer ends that has no connection: it leaves its queue, or the slot that it was woken
    /// for to the next one.
    pub(super) fn leave_queue(&mut self, id: TransferId) {
        let Some(transfer) = self.transfers.get(id).filter(|it| it.conn.is_none()) else { return };
        match transfer.state {
            State::Queued => {
                let transfers = &self.transfers;
                let state = |of| transfers.get(of).map(|transfer| transfer.state);
                self.pool.left_queue(|other| other != id && state(other) == Some(State::Queued));
            }
            State::Start => {
                let plan = transfer.plan.as_deref().filter(|_| !self.pool.nobody_waits());
                if let Some(destination) = plan.map(|plan| plan.destination.clone()) {
                    self.pass_on(&destination);
                }
            }
            _ => {}
        }
    }

    /// Somebody has taken a connection, or does not need one any more: is there another for the
    /// next that waits?
    fn pass_on(&mut self, destination: &Arc<Destination>) {
        if self.pool.nobody_waits() {
            return;
        }
        match self.has_place(destination, true) {
            true => self.wake_waiting(destination),
            false => {
                let settings = &self.core.settings;
                let (host, total) = (settings.max_host_connections, settings.max_total_connections);
                if self.pool.room(destination, host, total) == Room::TotalFull {
                    self.pool.wait_for_any(destination);
                }
                self.pass_on_slot();
            }
        }
    }

    /// Would a transfer to `destination` find a connection that it may share, or room for one?
    pub(crate) fn has_place(&self, destination: &Arc<Destination>, may_share: bool) -> bool {
        let settings = &self.core.settings;
        let (host, total) = (settings.max_host_connections, settings.max_total_connections);
        let shares = may_share && destination.http != HttpWish::Http1 && settings.multiplex;
        shares && self.pool.shared(destination).is_some()
            || match self.pool.room(destination, host, total) {
                Room::Yes => true,
                Room::HostFull => self.pool.oldest_idle_of(destination).is_some(),
                Room::TotalFull => self.pool.oldest_idle().is_some(),
            }
    }
}
