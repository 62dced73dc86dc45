//! The invariants of ARCHITECTURE.md as a check of the whole state, for the
//! simulator. It looks at everything: nothing for the hot path.

use std::os::fd::RawFd;

use super::Multi;
use crate::TransferId;
use crate::conn::{Conn, ConnId, Stage};
use crate::http2::Session;
use crate::interest::SocketOwner;
use crate::timers::Owner;
use crate::transfer::State;

impl Multi {
    /// The first thing that does not hold between two entries into the library.
    pub fn audit(&self) -> Option<String> {
        let running = self.transfers.ids().filter(|id| self.is_running(*id)).count();
        if running != self.core.running {
            return Some(format!("{running} transfers run, counted are {}", self.core.running));
        }
        let mut transfers = self.transfers.ids();
        if let Some(broken) = transfers.find_map(|id| self.audit_transfer(id)) {
            return Some(broken);
        }
        if let Some(broken) = self.pool.ids().into_iter().find_map(|id| self.audit_conn(id)) {
            return Some(broken);
        }
        let mut sockets = self.core.interest.owners();
        if let Some((socket, owner)) = sockets.find(|(socket, owner)| !self.owns(*owner, *socket)) {
            return Some(format!("socket {socket} is watched, but is none of {owner:?}"));
        }
        let mut timers = self.core.timers.owners();
        if let Some(owner) = timers.find(|owner| !self.may_have_deadline(*owner)) {
            return Some(format!("a deadline of {owner:?}, which is over"));
        }
        self.pool.audit()
    }

    /// What is left when all transfers were taken out and all connections closed: nothing should be.
    pub fn remains(&self) -> Vec<(&'static str, usize)> {
        let core = &self.core;
        let all = [
            ("transfers", self.transfers.len()),
            ("transfers that run", core.running),
            ("connections", self.pool.len()),
            ("deadlines", core.timers.owners().count()),
            ("sockets", core.interest.owners().count()),
            ("look-ups", core.lookups.len()),
            ("transfers of its own", core.probes.len()),
            ("work in threads", core.workers_for.len() + core.made.len()),
            ("effects", core.outbox.len()),
            ("questions", usize::from(core.asked.is_some())),
            ("transfers to resume", usize::from(core.resume.is_some())),
            ("transfers to run", core.dirty.len()),
            ("connections to serve", core.h2.len()),
            ("connections to serve by QUIC", core.h3.len()),
            ("connections that linger", core.lingering.len()),
            ("bytes of input", core.input.unread()),
        ];
        all.into_iter().chain(self.pool.remains()).filter(|(_, count)| *count > 0).collect()
    }

    /// Places in the queues for connection slots, of transfers that wait no more, too.
    pub fn places_in_queues(&self) -> usize {
        self.pool.places_in_queues()
    }

    /// Is this the socket of a connection that transfers use?
    pub fn is_in_use(&self, socket: RawFd) -> bool {
        let mut owners = self.core.interest.owners();
        let conn = owners.find_map(|(fd, owner)| match owner {
            SocketOwner::Conn(id) if fd == socket => self.pool.get(id),
            _ => None,
        });
        conn.is_some_and(|it| it.idle_since.is_none() && !matches!(it.stage, Stage::Closing(_)))
    }

    /// Is this the socket of a connection of this multi handle's?
    pub fn has_socket(&self, socket: RawFd) -> bool {
        let mut conns = self.pool.ids().into_iter().filter_map(|id| self.pool.get(id));
        conns.any(|conn| has_socket(conn, socket))
    }

    /// Connections that are kept for later transfers.
    pub fn idle_connections(&self) -> usize {
        let idle = |id: &ConnId| self.pool.get(*id).is_some_and(|conn| conn.idle_since.is_some());
        self.pool.ids().iter().filter(|id| idle(id)).count()
    }

    /// Which directions of a transfer are paused: receiving, sending.
    pub fn paused(&self, id: TransferId) -> Option<(bool, bool)> {
        let paused = self.transfer(id)?.paused;
        Some((paused.receive, paused.send))
    }

    fn is_running(&self, id: TransferId) -> bool {
        self.transfer(id).is_some_and(|transfer| transfer.is_running())
    }

    /// Invariant 1 in full: what a transfer says it waits for knows of it.
    fn audit_transfer(&self, id: TransferId) -> Option<String> {
        let transfer = self.transfer(id).filter(|transfer| transfer.is_running())?;
        let state = transfer.state;
        if let Some(conn_id) = transfer.conn {
            let Some(conn) = self.pool.get(conn_id) else {
                return Some(format!(
                    "{id:?} ({state:?}) uses connection {conn_id:?}, which is gone"
                ));
            };
            if !conn.has_streams() && conn.transfer != Some(id) {
                return Some(format!("{id:?} uses {conn_id:?}, which is for {:?}", conn.transfer));
            }
        }
        if transfer.dirty {
            let queued = self.core.dirty.contains(id);
            return (!queued).then(|| format!("{id:?} ({state:?}) is dirty, but not queued"));
        }
        if let Some(late) = self.audit_deadline(id) {
            return Some(late);
        }
        if state == State::Queued {
            let queued = self.pool.is_queued(id);
            return match queued {
                true => self.audit_waiter(id),
                false => Some(format!("{id:?} waits in no queue")),
            };
        }
        if let Some(lookup) = transfer.lookup {
            let known = self.core.lookups.get(&lookup) == Some(&id);
            let watched =
                self.core.resolver_fd.is_some_and(|fd| self.core.interest.wanted(fd).readable);
            return (!(known && watched)).then(|| format!("nobody looks up a name for {id:?}"));
        }
        let work = transfer.awaited.as_deref().map(|awaited| awaited.work);
        let waits = transfer.paused.any()
            || work.is_some_and(|work| {
                self.core.workers_for.get(&work).is_some_and(|waiting| waiting.contains(&id))
            })
            || self.core.timers.has(Owner::Transfer(id))
            || transfer.watched_file().is_some()
            || transfer.conn.is_some_and(|conn| self.is_conn_awake(conn))
            || transfer.data.as_deref().is_some_and(|data| self.is_conn_awake(data.conn));
        (!waits).then(|| format!("{id:?} ({state:?}) waits for nothing"))
    }

    /// Is it woken in time for what it has to do next?
    fn audit_deadline(&self, id: TransferId) -> Option<String> {
        let transfer = self.transfer(id).filter(|transfer| !transfer.paused.any())?;
        let conn = transfer.conn.and_then(|conn| self.pool.get(conn));
        let due = transfer.deadline(conn, self.core.now)?;
        let at = self.core.timers.deadline(Owner::Transfer(id));
        let state = transfer.state;
        at.is_none_or(|at| at > due).then(|| match at {
            Some(at) => format!("{id:?} ({state:?}) is woken {:?} late", at - due),
            None => format!("{id:?} ({state:?}) has a deadline and is not woken"),
        })
    }

    /// Whoever waits for a slot does so because there is none, or another one is about to take it.
    fn audit_waiter(&self, id: TransferId) -> Option<String> {
        let transfer = self.transfer(id)?;
        let destination = &transfer.plan.as_deref()?.destination;
        let may_take = |other: TransferId| {
            self.transfer(other).is_some_and(|it| it.state == State::Start && it.dirty)
        };
        let is_closing = |conn: ConnId| {
            self.pool.get(conn).is_some_and(|conn| matches!(conn.stage, Stage::Closing(_)))
        };
        // Of those for whom the total was reached the first is woken, whatever its host is.
        let of_host = self.pool.waits_for_host(id)?;
        let idle = self.has_place(destination, of_host && !transfer.needs_new())
            && !self.transfers.ids().any(may_take)
            && !self.pool.ids().into_iter().any(is_closing);
        idle.then(|| format!("{id:?} waits for a slot, and there is one"))
    }

    fn is_conn_awake(&self, id: ConnId) -> bool {
        let watched = self.pool.get(id).is_some_and(|conn| conn.is_watched(&self.core.interest));
        watched || self.core.h2.has(id) || self.core.h3.has(id)
    }

    fn audit_conn(&self, id: ConnId) -> Option<String> {
        let conn = self.pool.get(id)?;
        if let Some(user) = conn.transfer {
            let both = self
                .transfer(user)
                .is_some_and(|transfer| transfer.conn == Some(id) || transfer.has_beside(id));
            return (!both).then(|| format!("{id:?} is for {user:?}, which does not know it"));
        }
        if let Some(user) = conn.h2.as_deref().and_then(Session::left_out) {
            return Some(format!(
                "{user:?} waits for {id:?}, where the server has not acted on it"
            ));
        }
        let kept = match (&conn.stage, &conn.h2) {
            (Stage::Closing(_), _) => {
                self.core.timers.has(Owner::Conn(id)) && conn.is_watched(&self.core.interest)
            }
            (_, Some(session)) => session.has_users() || conn.idle_since.is_some(),
            (_, None) => {
                let used = conn.h3().is_some_and(|session| session.has_joined());
                used || conn.idle_since.is_some() || conn.held
            }
        };
        (!kept).then(|| format!("{id:?} is neither used nor idle nor closing"))
    }

    fn owns(&self, owner: SocketOwner, socket: RawFd) -> bool {
        match owner {
            SocketOwner::Conn(id) => self.pool.get(id).is_some_and(|conn| has_socket(conn, socket)),
            SocketOwner::Quic(id) => {
                let link = self.pool.get(id).and_then(|conn| conn.quic.as_deref());
                link.is_some_and(|link| link.sockets().any(|fd| fd == socket))
            }
            SocketOwner::Workers => true,
            // Its descriptor is kept for the next look-up.
            SocketOwner::Resolver => {
                self.core.resolver_fd == Some(socket) || !self.core.interest.wanted(socket).readable
            }
            SocketOwner::File(id) => {
                let file = self.transfer(id).and_then(|transfer| transfer.watched_file());
                file == Some(socket)
            }
        }
    }

    fn may_have_deadline(&self, owner: Owner) -> bool {
        match owner {
            Owner::Transfer(id) => self.transfer(id).is_some(),
            Owner::Conn(id) => self.pool.get(id).is_some(),
        }
    }
}

fn has_socket(conn: &Conn, socket: RawFd) -> bool {
    match &conn.stage {
        Stage::Slot => false,
        Stage::Listening(listener) => listener.fd() == socket,
        Stage::Datagrams(datagrams) => datagrams.fd() == socket,
        Stage::Connecting(connect) => connect.interests().any(|(fd, _)| fd == socket),
        Stage::Proxy(handshake) => handshake.stream.fd() == socket,
        Stage::Handshake(stream)
        | Stage::Clearing(stream)
        | Stage::Open(stream)
        | Stage::Closing(stream) => stream.fd() == socket,
    }
}
