//! Who waits for a connection slot, and who is next.

use std::sync::Arc;

use super::{Hosts, Place, Pool};
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
                if !self.hosts.get(destination).is_some_and(|host| host.listed) {
                    let place = self.places.entry(destination.place).or_default();
                    place.list(destination, &mut self.hosts);
                }
                let host = self.hosts.entry(destination.clone()).or_default();
                host.listed = true;
                host.waiting.push_back(id);
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
                host.listed = false;
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
        let place = self.places.get_mut(&destination.place)?;
        let first = place.first_waited_for(&mut self.hosts)?;
        self.next_of(&first)
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
        let hosts = &mut self.hosts;
        self.places.retain(|_, place| {
            place.drop_stale(hosts);
            place.open > 0 || !place.waited_for.is_empty()
        });
    }

    pub(super) fn forget_place_if_empty(&mut self, place: u64) {
        let Some(at) = self.places.get_mut(&place).filter(|at| at.open == 0) else { return };
        if at.first_waited_for(&mut self.hosts).is_none() {
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

impl Place {
    /// Another destination is waited for. Those that are no more go when the list would have to grow, which
    /// is rare enough that each costs little.
    fn list(&mut self, destination: &Arc<Destination>, hosts: &mut Hosts) {
        if self.waited_for.len() == self.waited_for.capacity() {
            self.drop_stale(hosts);
            self.waited_for.reserve(self.waited_for.len() + 1);
        }
        self.waited_for.push_back(destination.clone());
    }

    /// The destination that is waited for and was listed first; those before it go.
    fn first_waited_for(&mut self, hosts: &mut Hosts) -> Option<Arc<Destination>> {
        while let Some(first) = self.waited_for.front() {
            match hosts.get_mut(first) {
                Some(host) if !host.waiting.is_empty() => return Some(first.clone()),
                Some(host) => host.listed = false,
                None => {}
            }
            self.waited_for.pop_front();
        }
        None
    }

    /// Drops what nobody waits for, and what stands there twice.
    fn drop_stale(&mut self, hosts: &mut Hosts) {
        for destination in &self.waited_for {
            if let Some(host) = hosts.get_mut(destination) {
                host.listed = false;
            }
        }
        self.waited_for.retain(|it| {
            let host = hosts.get_mut(it).filter(|host| !host.waiting.is_empty());
            host.is_some_and(|host| !std::mem::replace(&mut host.listed, true))
        });
    }
}

#[cfg(feature = "sim")]
pub(super) fn is_waited_for(hosts: &Hosts, destination: &Arc<Destination>) -> bool {
    hosts.get(destination).is_some_and(|host| !host.waiting.is_empty())
}
