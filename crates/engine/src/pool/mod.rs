//! Connections by destination: reuse, limits and the queues of those who wait for a slot.
//!
//! Finding an idle connection, granting a slot and waking a waiter take constant time in the
//! number of connections and of waiters (invariant 4).

mod waiting;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use smallvec::SmallVec;

use crate::TransferId;
use crate::conn::{Conn, ConnId, Stage};
use crate::destination::{Destination, HttpWish};
use crate::hash::BuildFast;
use crate::ids::Table;

pub(crate) use waiting::Room;

/// Every connection of a multi handle.
pub(crate) struct Pool {
    conns: Table<Box<Conn>>,
    hosts: Hosts,
    /// What counts for a host's limit, whatever else its connections differ in.
    places: HashMap<u64, Place, BuildFast>,
    /// Idle connections, the one idle for longest first.
    idle: Links,
    /// Transfers for which the total is reached.
    waiting: VecDeque<TransferId>,
    /// How many transfers stand in all the queues for a slot.
    queued: usize,
    /// How many places in queues are of transfers that wait no more.
    stale: usize,
    next_number: i64,
    /// What destinations were found to speak: can a connection carry many transfers?
    known: HashMap<Arc<Destination>, bool, BuildFast>,
}

/// Destinations whose protocol is remembered at most; then all are forgotten.
const MOST_KNOWN: usize = 1000;

/// What the pool knows of one destination.
#[derive(Default)]
struct Host {
    /// Connections to it, whatever their state.
    open: u32,
    /// Idle ones, the last used on top.
    idle: Vec<ConnId>,
    /// Connections that can take one stream more.
    shared: Vec<ConnId>,
    /// Connections that are being set up and may come to carry many transfers.
    undecided: u32,
    /// Transfers that hope for one of those (`CURLOPT_PIPEWAIT`).
    hoping: Vec<TransferId>,
    /// Transfers for which the host's limit is reached.
    waiting: VecDeque<TransferId>,
    /// Where it stands in its place's list of those with connections.
    at: usize,
    /// It stands among those of its place that are waited for.
    listed: bool,
}

/// Who is talked to at the end, or a proxy that gets the requests themselves: what the limit of a host
/// is for.
#[derive(Default)]
struct Place {
    /// Connections to it, whatever their state.
    open: u32,
    /// Destinations there with connections.
    connected: SmallVec<[Arc<Destination>; 1]>,
    /// Destinations there for which somebody waits, or did wait.
    waited_for: VecDeque<Arc<Destination>>,
}

impl Host {
    fn is_empty(&self) -> bool {
        self.open == 0 && self.waiting.is_empty() && self.hoping.is_empty()
    }
}

type Hosts = HashMap<Arc<Destination>, Host, BuildFast>;

/// A doubly linked list through connections, by their ids.
#[derive(Default)]
struct Links {
    first: Option<ConnId>,
    last: Option<ConnId>,
}

impl Pool {
    pub(crate) fn new() -> Self {
        Self {
            conns: Table::new(),
            hosts: HashMap::default(),
            places: HashMap::default(),
            idle: Links::default(),
            waiting: VecDeque::new(),
            queued: 0,
            stale: 0,
            next_number: 0,
            known: HashMap::default(),
        }
    }

    /// A new connection; counts against the limits until it is removed.
    pub(crate) fn insert(&mut self, mut conn: Box<Conn>) -> ConnId {
        conn.number = self.next_number;
        self.next_number += 1;
        self.insert_uncounted(conn)
    }

    /// The same for one that belongs to another, and has no number of its own.
    pub(crate) fn insert_uncounted(&mut self, mut conn: Box<Conn>) -> ConnId {
        // One that comes from another multi handle speaks what it spoke there.
        let is_new = matches!(conn.stage, Stage::Slot) && conn.quic.is_none();
        conn.undecided = is_new && conn.destination.http != HttpWish::Http1;
        self.count_in(&conn.destination, conn.undecided);
        self.conns.insert(conn)
    }

    /// Takes a connection out, in whatever state it is.
    pub(crate) fn remove(&mut self, id: ConnId) -> Option<Box<Conn>> {
        self.retire(id);
        let conn = self.conns.remove(id)?;
        self.count_out(&conn.destination, conn.undecided);
        Some(conn)
    }

    fn count_in(&mut self, destination: &Arc<Destination>, undecided: bool) {
        let host = self.hosts.entry(destination.clone()).or_default();
        let place = self.places.entry(destination.place).or_default();
        if host.open == 0 {
            host.at = place.connected.len();
            place.connected.push(destination.clone());
        }
        host.open += 1;
        host.undecided += u32::from(undecided);
        place.open += 1;
    }

    fn count_out(&mut self, destination: &Arc<Destination>, undecided: bool) {
        let Some(host) = self.hosts.get_mut(destination) else { return };
        let Some(place) = self.places.get_mut(&destination.place) else { return };
        host.open -= 1;
        host.undecided -= u32::from(undecided);
        place.open -= 1;
        if host.open == 0 {
            let at = host.at;
            place.connected.swap_remove(at);
            if let Some(moved) = place.connected.get(at).and_then(|it| self.hosts.get_mut(it)) {
                moved.at = at;
            }
            self.forget_if_empty(destination);
            self.forget_place_if_empty(destination.place);
        }
    }

    pub(crate) fn get(&self, id: ConnId) -> Option<&Conn> {
        self.conns.get(id).map(|conn| &**conn)
    }

    pub(crate) fn get_mut(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.conns.get_mut(id).map(|conn| &mut **conn)
    }

    /// How many connections there are.
    pub(crate) fn len(&self) -> usize {
        self.conns.len()
    }

    pub(crate) fn ids(&self) -> Vec<ConnId> {
        self.conns.ids().collect()
    }

    /// Takes the idle connection to `destination` that was used last.
    pub(crate) fn take_idle(&mut self, destination: &Arc<Destination>) -> Option<ConnId> {
        let id = self.hosts.get_mut(destination)?.idle.pop()?;
        if let Some(conn) = self.conns.get_mut(id) {
            conn.idle_since = None;
            self.unlink(id);
        }
        Some(id)
    }

    /// A connection that is in use counts for another destination from now on: somebody is
    /// authenticated on it, or nobody.
    pub(crate) fn rebind(&mut self, id: ConnId, destination: &Arc<Destination>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let old = std::mem::replace(&mut conn.destination, destination.clone());
        let undecided = conn.undecided;
        self.count_in(destination, undecided);
        self.count_out(&old, undecided);
    }

    /// A connection is free for the next transfer.
    pub(crate) fn put_idle(&mut self, id: ConnId, now: Instant) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        conn.idle_since = Some(now);
        conn.newer = None;
        conn.older = self.idle.last;
        if let Some(host) = self.hosts.get_mut(&conn.destination) {
            conn.idle_place = host.idle.len() as u32;
            host.idle.push(id);
        }
        match self.idle.last.and_then(|last| self.conns.get_mut(last)) {
            Some(last) => last.newer = Some(id),
            None => self.idle.first = Some(id),
        }
        self.idle.last = Some(id);
    }

    /// The connection that was idle for longest.
    pub(crate) fn oldest_idle(&self) -> Option<ConnId> {
        self.idle.first
    }

    /// The idle connection that was idle for longest of those that count for the limit of
    /// `destination`, its own first.
    pub(crate) fn oldest_idle_of(&self, destination: &Arc<Destination>) -> Option<ConnId> {
        let own = self.hosts.get(destination).and_then(|host| host.idle.first().copied());
        if own.is_some() {
            return own;
        }
        // As many at most as the limit allows.
        let hosts = self.places.get(&destination.place)?.connected.iter();
        let idle = hosts.filter_map(|it| self.hosts.get(it)).flat_map(|host| &host.idle).copied();
        idle.min_by_key(|id| self.get(*id).map(|conn| (conn.idle_since, conn.number)))
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

    /// Is it worth waiting for a connection to `destination` that is being set up, because it
    /// may carry many transfers?
    pub(crate) fn may_hope(&self, destination: &Arc<Destination>) -> bool {
        self.hosts.get(destination).is_some_and(|host| host.undecided > 0)
            && self.known.get(destination) != Some(&false)
    }

    /// Queues a transfer until it is known what such a connection speaks.
    pub(crate) fn hope(&mut self, id: TransferId, destination: &Arc<Destination>) {
        self.hosts.entry(destination.clone()).or_default().hoping.push(id);
    }

    /// It is known now, and remembered for the destination (pains, line 6).
    pub(crate) fn decide(&mut self, id: ConnId, multiplexes: bool) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        if !std::mem::replace(&mut conn.undecided, false) {
            return;
        }
        if let Some(host) = self.hosts.get_mut(&conn.destination) {
            host.undecided -= 1;
        }
        if self.known.len() >= MOST_KNOWN {
            self.known.clear();
        }
        self.known.insert(conn.destination.clone(), multiplexes);
    }

    /// Takes out those who hoped, to look again.
    pub(crate) fn take_hoping(&mut self, destination: &Arc<Destination>) -> Vec<TransferId> {
        let Some(host) = self.hosts.get_mut(destination) else { return Vec::new() };
        let hoping = std::mem::take(&mut host.hoping);
        self.forget_if_empty(destination);
        hoping
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
        let place = conn.idle_place;
        let Some(host) = self.hosts.get_mut(&conn.destination) else { return };
        host.idle.swap_remove(place as usize);
        if let Some(moved) = host.idle.get(place as usize).copied()
            && let Some(conn) = self.conns.get_mut(moved)
        {
            conn.idle_place = place;
        }
        self.unlink(id);
    }

    /// Takes a connection out of the list of those that are idle.
    fn unlink(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let (older, newer) = (conn.older.take(), conn.newer.take());
        match older.and_then(|older| self.conns.get_mut(older)) {
            Some(conn) => conn.newer = newer,
            None => self.idle.first = newer,
        }
        match newer.and_then(|newer| self.conns.get_mut(newer)) {
            Some(conn) => conn.older = older,
            None => self.idle.last = older,
        }
    }

    fn forget_if_empty(&mut self, destination: &Arc<Destination>) {
        if self.hosts.get(destination).is_some_and(|h| h.is_empty()) {
            self.hosts.remove(destination);
        }
    }

    /// What there is of its lists and queues.
    #[cfg(feature = "sim")]
    pub(crate) fn remains(&self) -> [(&'static str, usize); 4] {
        let ends = usize::from(self.idle.first.is_some()) + usize::from(self.idle.last.is_some());
        [
            ("hosts", self.hosts.len()),
            ("places", self.places.len()),
            ("ends of the list of idle ones", ends),
            ("waiters", self.queued),
        ]
    }

    /// The first of its own counts and lists that is wrong.
    #[cfg(feature = "sim")]
    pub(crate) fn audit(&self) -> Option<String> {
        let count = |of: &dyn Fn(&Conn) -> bool| {
            self.conns.ids().filter_map(|id| self.get(id)).filter(|conn| of(conn)).count()
        };
        for (destination, host) in &self.hosts {
            let ours = |conn: &Conn| conn.destination == *destination;
            let found = [
                count(&ours),
                count(&|conn| ours(conn) && conn.undecided),
                count(&|conn| ours(conn) && conn.idle_since.is_some()),
                count(&|conn| ours(conn) && conn.shared),
            ];
            let counted =
                [host.open as usize, host.undecided as usize, host.idle.len(), host.shared.len()];
            if found != counted {
                return Some(format!("a host's connections are {found:?}, counted {counted:?}"));
            }
        }
        for (place, at) in &self.places {
            let here = |conn: &Conn| conn.destination.place == *place;
            let found = count(&here);
            if found != at.open as usize {
                return Some(format!("{found} connections to a host, counted {}", at.open));
            }
            let stands = |(at, it): (usize, _)| self.hosts.get(it).is_some_and(|it| it.at == at);
            let connected =
                self.hosts.iter().filter(|(it, host)| it.place == *place && host.open > 0);
            let counts = at.connected.len() == connected.count();
            if !counts || !at.connected.iter().enumerate().all(stands) {
                return Some("the destinations of a host are listed wrongly".to_owned());
            }
        }
        let is_listed = |destination: &Arc<Destination>| {
            let at = self.places.get(&destination.place);
            at.is_some_and(|at| at.waited_for.contains(destination))
        };
        let mut waited_for = self.hosts.keys().filter(|it| waiting::is_waited_for(&self.hosts, it));
        if !waited_for.all(is_listed) {
            return Some("a queue that nobody knows of at its host".to_owned());
        }
        let in_queues = self.hosts.values().map(|host| host.waiting.len()).sum::<usize>();
        let in_queues = in_queues + self.waiting.len();
        if in_queues != self.queued {
            return Some(format!("{in_queues} in queues, counted {}", self.queued));
        }
        let open: usize = self.hosts.values().map(|host| host.open as usize).sum();
        (open != self.len()).then(|| format!("{} connections, {open} at hosts", self.len()))
    }
}
