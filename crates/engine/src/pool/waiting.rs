//! Who waits for a connection slot, and who is next.

use std::sync::Arc;

use super::{Hosts, Pool};
use crate::TransferId;
use crate::destination::Destination;

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
    /// Is there room for a new connection to `destination` within these limits (0: none)?
    pub(crate) fn room(&self, destination: &Arc<Destination>, host: u32, total: u32) -> Room {
        let open = || self.places.get(&destination.place).map_or(0, |at| at.open);
        if host > 0 && open() >= host {
            Room::HostFull
        } else if total > 0 && self.conns.len() >= total as usize {
            Room::TotalFull
        } else {
            Room::Yes
        }
    }

    /// Queues a transfer for a slot. If it is not the host's limit that it waits for, nobody does
    /// who stands in the host's queue: there may be no connection left to wake them.
    pub(crate) fn wait(&mut self, id: TransferId, destination: &Arc<Destination>, full: Room) {
        self.queued += 1;
        match full {
            Room::HostFull => {
                if !is_waited_for(&self.hosts, destination) {
                    let at = self.places.entry(destination.place).or_default();
                    at.waited_for.retain(|other| is_waited_for(&self.hosts, other));
                    at.waited_for.push_back(destination.clone());
                }
                self.hosts.entry(destination.clone()).or_default().waiting.push_back(id);
            }
            _ => {
                self.wait_for_any(destination);
                self.waiting.push_back(id);
            }
        }
    }

    /// It is not the host's limit that its waiters wait for: there may be no connection left to wake
    /// them.
    pub(crate) fn wait_for_any(&mut self, destination: &Arc<Destination>) {
        let place = destination.place;
        let Some(at) = self.places.get_mut(&place) else { return };
        for destination in std::mem::take(&mut at.waited_for) {
            if let Some(host) = self.hosts.get_mut(&destination) {
                self.waiting.append(&mut host.waiting);
                self.forget_if_empty(&destination);
            }
        }
        self.forget_place_if_empty(place);
    }

    /// A slot to `destination` became free: who waited longest for it? Its own queue goes first, then
    /// those of its host; stale ids of removed transfers are the caller's to skip.
    pub(crate) fn next_waiting(&mut self, destination: &Arc<Destination>) -> Option<TransferId> {
        if self.queued == 0 {
            return None;
        }
        self.next_of(destination)
            .or_else(|| self.next_of_place(destination))
            .or_else(|| self.next_of_all())
    }

    fn next_of(&mut self, destination: &Arc<Destination>) -> Option<TransferId> {
        let next = self.hosts.get_mut(destination)?.waiting.pop_front()?;
        self.queued -= 1;
        self.forget_if_empty(destination);
        self.forget_place_if_empty(destination.place);
        Some(next)
    }

    fn next_of_place(&mut self, destination: &Arc<Destination>) -> Option<TransferId> {
        let place = destination.place;
        while let Some(at) = self.places.get_mut(&place) {
            let other = at.waited_for.front()?.clone();
            let next = self.next_of(&other);
            if next.is_some() {
                return next;
            }
            self.places.get_mut(&place)?.waited_for.pop_front();
        }
        None
    }

    /// Takes the first of a host's own queue that is one of `these`.
    pub(crate) fn take_waiting(
        &mut self,
        destination: &Arc<Destination>,
        these: impl Fn(TransferId) -> bool,
    ) -> Option<TransferId> {
        let host = self.hosts.get_mut(destination)?;
        let at = host.waiting.iter().position(|id| these(*id))?;
        self.queued -= 1;
        host.waiting.remove(at)
    }

    /// Who waited longest of those for whom the total was reached?
    pub(crate) fn next_of_all(&mut self) -> Option<TransferId> {
        let next = self.waiting.pop_front()?;
        self.queued -= 1;
        Some(next)
    }

    /// Is there room for one more connection within the total (0: none), if need be in the place
    /// of an idle one?
    pub(crate) fn has_total_room(&self, total: u32) -> bool {
        total == 0 || self.conns.len() < total as usize || self.idle.first.is_some()
    }

    /// Does nobody wait for a slot?
    pub(crate) fn nobody_waits(&self) -> bool {
        self.queued == 0
    }

    /// A place of a transfer that waits no more had its turn.
    pub(crate) fn drop_stale(&mut self) {
        self.stale = self.stale.saturating_sub(1);
    }

    /// A transfer that is in a queue waits no more. When too many places are of such, they go:
    /// whoever never gets a slot must not leave something behind.
    pub(crate) fn left_queue(&mut self, waits: impl Fn(TransferId) -> bool) {
        self.stale += 1;
        if 2 * self.stale < self.queued + self.hosts.len() {
            return;
        }
        self.stale = 0;
        self.waiting.retain(|id| waits(*id));
        self.queued = self.waiting.len();
        for host in self.hosts.values_mut() {
            host.waiting.retain(|id| waits(*id));
            host.hoping.retain(|id| waits(*id));
            self.queued += host.waiting.len();
        }
        self.hosts.retain(|_, host| !host.is_empty());
        let hosts = &self.hosts;
        self.places.retain(|_, at| {
            at.waited_for.retain(|other| is_waited_for(hosts, other));
            at.open > 0 || !at.waited_for.is_empty()
        });
    }

    pub(super) fn forget_place_if_empty(&mut self, place: u64) {
        let Some(at) = self.places.get_mut(&place).filter(|at| at.open == 0) else { return };
        at.waited_for.retain(|other| is_waited_for(&self.hosts, other));
        if at.waited_for.is_empty() {
            self.places.remove(&place);
        }
    }

    /// Does this transfer wait for a slot of its host (true), or for any (false)?
    #[cfg(feature = "sim")]
    pub(crate) fn waits_for_host(&self, id: TransferId) -> Option<bool> {
        let of_host = self.hosts.values().any(|host| host.waiting.contains(&id));
        (of_host || self.waiting.contains(&id)).then_some(of_host)
    }

    /// How many stand in queues, or have stood there and are still in the list.
    #[cfg(feature = "sim")]
    pub(crate) fn places_in_queues(&self) -> usize {
        self.queued
    }

    /// Does this transfer stand in a queue?
    #[cfg(feature = "sim")]
    pub(crate) fn is_queued(&self, id: TransferId) -> bool {
        let mut hosts = self.hosts.values();
        self.waiting.contains(&id)
            || hosts.any(|host| host.waiting.contains(&id) || host.hoping.contains(&id))
    }
}

pub(super) fn is_waited_for(hosts: &Hosts, destination: &Arc<Destination>) -> bool {
    hosts.get(destination).is_some_and(|host| !host.waiting.is_empty())
}
