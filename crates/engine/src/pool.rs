//! Connections by destination: reuse, limits and the queues of those who wait for a slot.
//!
//! Finding an idle connection, granting a slot and waking a waiter take constant time in the
//! number of connections and of waiters (invariant 4).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use crate::TransferId;
use crate::conn::{Conn, ConnId};
use crate::destination::Destination;
use crate::hash::BuildFast;
use crate::ids::Table;

/// Every connection of a multi handle.
pub(crate) struct Pool {
    conns: Table<Conn>,
    hosts: HashMap<Arc<Destination>, Host, BuildFast>,
    /// Idle connections, the one idle for longest first.
    idle: Links,
    /// Transfers for which the total is reached.
    waiting: VecDeque<TransferId>,
    next_number: i64,
}

/// What the pool knows of one destination.
#[derive(Default)]
struct Host {
    /// Connections to it, whatever their state.
    open: u32,
    /// Idle ones, the last used on top.
    idle: Vec<ConnId>,
    /// Connections that can take one stream more.
    shared: Vec<ConnId>,
    /// Transfers for which the host's limit is reached.
    waiting: VecDeque<TransferId>,
}

/// A doubly linked list through connections, by their ids.
#[derive(Default)]
struct Links {
    first: Option<ConnId>,
    last: Option<ConnId>,
    len: usize,
}

/// May a new connection be opened?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Yes,
    /// The host has all the connections it may have.
    HostFull,
    /// There are as many connections as there may be.
    TotalFull,
}

impl Pool {
    pub(crate) fn new() -> Self {
        Self {
            conns: Table::new(),
            hosts: HashMap::default(),
            idle: Links::default(),
            waiting: VecDeque::new(),
            next_number: 0,
        }
    }

    /// A new connection; counts against the limits until it is removed.
    pub(crate) fn insert(&mut self, mut conn: Conn) -> ConnId {
        conn.number = self.next_number;
        self.next_number += 1;
        self.hosts.entry(conn.destination.clone()).or_default().open += 1;
        self.conns.insert(conn)
    }

    /// Takes a connection out, in whatever state it is.
    pub(crate) fn remove(&mut self, id: ConnId) -> Option<Conn> {
        self.retire(id);
        let conn = self.conns.remove(id)?;
        if let Some(host) = self.hosts.get_mut(&conn.destination) {
            host.open -= 1;
            self.forget_if_empty(&conn.destination);
        }
        Some(conn)
    }

    pub(crate) fn get(&self, id: ConnId) -> Option<&Conn> {
        self.conns.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.conns.get_mut(id)
    }

    /// How many connections there are.
    pub(crate) fn len(&self) -> usize {
        self.conns.len()
    }

    /// How many of them are idle.
    pub(crate) fn idle_len(&self) -> usize {
        self.idle.len
    }

    pub(crate) fn ids(&self) -> Vec<ConnId> {
        self.conns.ids().collect()
    }

    /// Takes the idle connection to `destination` that was used last.
    pub(crate) fn take_idle(&mut self, destination: &Arc<Destination>) -> Option<ConnId> {
        let id = *self.hosts.get(destination)?.idle.last()?;
        self.unidle(id);
        Some(id)
    }

    /// A connection is free for the next transfer.
    pub(crate) fn put_idle(&mut self, id: ConnId, now: Instant) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        conn.idle_since = Some(now);
        conn.newer = None;
        conn.older = self.idle.last;
        let host = self.hosts.entry(conn.destination.clone()).or_default();
        conn.idle_place = host.idle.len() as u32;
        host.idle.push(id);
        match self.idle.last.and_then(|last| self.conns.get_mut(last)) {
            Some(last) => last.newer = Some(id),
            None => self.idle.first = Some(id),
        }
        self.idle.last = Some(id);
        self.idle.len += 1;
    }

    /// The connection that was idle for longest.
    pub(crate) fn oldest_idle(&self) -> Option<ConnId> {
        self.idle.first
    }

    /// The idle connection to `destination` that was idle for longest.
    pub(crate) fn oldest_idle_of(&self, destination: &Arc<Destination>) -> Option<ConnId> {
        self.hosts.get(destination)?.idle.first().copied()
    }

    /// A connection that can carry one more stream (HTTP/2).
    pub(crate) fn shared(&self, destination: &Arc<Destination>) -> Option<ConnId> {
        self.hosts.get(destination)?.shared.last().copied()
    }

    /// This connection can carry further streams.
    pub(crate) fn share(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        if !conn.shared {
            conn.shared = true;
            self.hosts.entry(conn.destination.clone()).or_default().shared.push(id);
        }
    }

    /// This connection takes no further streams.
    pub(crate) fn unshare(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        if conn.shared {
            conn.shared = false;
            if let Some(host) = self.hosts.get_mut(&conn.destination) {
                host.shared.retain(|other| *other != id);
            }
        }
    }

    /// Is there room for a new connection to `destination` within these limits (0: none)?
    pub(crate) fn room(&self, destination: &Arc<Destination>, host: u32, total: u32) -> Room {
        let open = self.hosts.get(destination).map_or(0, |host| host.open);
        if host > 0 && open >= host {
            Room::HostFull
        } else if total > 0 && self.conns.len() >= total as usize {
            Room::TotalFull
        } else {
            Room::Yes
        }
    }

    /// Queues a transfer for a slot.
    pub(crate) fn wait(&mut self, id: TransferId, destination: &Arc<Destination>, full: Room) {
        match full {
            Room::HostFull => {
                self.hosts.entry(destination.clone()).or_default().waiting.push_back(id);
            }
            _ => self.waiting.push_back(id),
        }
    }

    /// A slot to `destination` became free: who waited longest for it? The host's own queue
    /// goes first; stale ids of removed transfers are the caller's to skip.
    pub(crate) fn next_waiting(&mut self, destination: &Arc<Destination>) -> Option<TransferId> {
        if let Some(host) = self.hosts.get_mut(destination) {
            let id = host.waiting.pop_front();
            self.forget_if_empty(destination);
            if id.is_some() {
                return id;
            }
        }
        self.waiting.pop_front()
    }

    /// This connection is given to nobody any more.
    pub(crate) fn retire(&mut self, id: ConnId) {
        self.unidle(id);
        self.unshare(id);
    }

    fn unidle(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        if conn.idle_since.take().is_none() {
            return;
        }
        let (older, newer, place) = (conn.older.take(), conn.newer.take(), conn.idle_place);
        let destination = conn.destination.clone();
        match older.and_then(|older| self.conns.get_mut(older)) {
            Some(conn) => conn.newer = newer,
            None => self.idle.first = newer,
        }
        match newer.and_then(|newer| self.conns.get_mut(newer)) {
            Some(conn) => conn.older = older,
            None => self.idle.last = older,
        }
        self.idle.len -= 1;
        let Some(host) = self.hosts.get_mut(&destination) else { return };
        host.idle.swap_remove(place as usize);
        if let Some(moved) = host.idle.get(place as usize).copied()
            && let Some(conn) = self.conns.get_mut(moved)
        {
            conn.idle_place = place;
        }
    }

    fn forget_if_empty(&mut self, destination: &Arc<Destination>) {
        if self.hosts.get(destination).is_some_and(|h| h.open == 0 && h.waiting.is_empty()) {
            self.hosts.remove(destination);
        }
    }
}
