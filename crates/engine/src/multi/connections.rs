//! What becomes of connections that no transfer uses: kept, watched for a while, closed.

use std::collections::VecDeque;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use tress_model::{Code, Error};
use tress_net::tls::TlsContext;
use tress_net::{Shutdown, Stream};

use super::{Multi, Out};
use crate::TransferId;
use crate::conn::{Conn, ConnId, Stage};
use crate::interest::{SocketOwner, Want};
use crate::timers::Owner;

/// Time for a connection to say goodbye (TLS close_notify) before it is cut.
pub(crate) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the socket of an idle connection stays watched at least, as long as anything runs.
const LINGER: Duration = Duration::from_secs(1);

/// Room for so many of them is kept when nothing runs; after thousands it is given back.
const LINGERING_KEPT: usize = 1024;

/// Idle connections kept at least, whatever number of transfers there was.
const MIN_CACHED: usize = 16;

impl Multi {
    /// A connection is free: for the transfer that waits longest for one, else for later.
    pub(crate) fn keep(&mut self, id: ConnId) {
        let now = self.core.now;
        let Some(conn) = self.pool.get_mut(id) else { return };
        conn.last_used = now;
        conn.readable &= conn.h2.is_some();
        let (destination, last) = (conn.destination.clone(), conn.last_user);
        let is_bound =
            conn.has_streams() || conn.bound.as_ref().is_some_and(|it| it.is_under_way());
        if let Some((fd, owner)) = conn.socket(id) {
            // What is watched stays watched for a little: the next transfer often follows at
            // once, and then nothing changes for the application (pains, line 22).
            let want = if self.core.interest.wanted(fd).readable { Want::IN } else { Want::NONE };
            let want = if self.core.settings.watch_idle { Want::IN } else { want };
            self.core.interest.set(fd, owner, last, want);
            let lingers = want != Want::NONE && !self.core.settings.watch_idle;
            if lingers && !std::mem::replace(&mut conn.lingers, true) {
                self.core.lingering.push_back((id, now));
            }
        }
        if let Some(unbound) = destination.unbound.as_ref().filter(|_| !is_bound) {
            self.pool.rebind(id, unbound);
            self.pool.put_idle(id, now);
            self.wake_waiting(unbound);
        } else {
            self.pool.put_idle(id, now);
        }
        self.wake_waiting(&destination);
        self.limit_cache();
    }

    /// The process has forked and this is the child: its descriptors are the parent's too, so
    /// connections are dropped without a goodbye, and without telling an event loop that may
    /// be the parent's (pains, line 9). Transfers under way fail.
    pub fn forked(&mut self) {
        self.core.lingering.clear();
        self.core.work.forked();
        self.core.workers_for.clear();
        self.core.made.clear();
        self.core.reading.clear();
        // A thread of the parent may have held its lock, and sessions are the parent's.
        self.core.tls = TlsContext::default();
        self.core.workers_fd = None;
        self.core.interest = crate::interest::Interest::default();
        for id in self.pool.ids() {
            let Some(conn) = self.pool.remove(id) else { continue };
            let sharing = conn.h2.iter().flat_map(|session| session.transfers());
            let by_quic = conn.h3().into_iter().flat_map(|session| session.transfers());
            for id in conn.transfer.into_iter().chain(sharing).chain(by_quic) {
                let Some(transfer) = self.transfers.get_mut(id) else { continue };
                transfer.conn = None;
                let text = "the connection belongs to the parent process";
                transfer.refusal = Some(Error::new(Code::SendError, text));
                self.core.mark_dirty(id, transfer);
            }
        }
    }

    /// Closes a connection: at once, or after a goodbye that nobody waits for.
    pub(crate) fn close(&mut self, id: ConnId) {
        self.pool.retire(id);
        self.core.input.discard(id);
        let Some(conn) = self.pool.get_mut(id) else { return };
        let destination = conn.destination.clone();
        if let Some(link) = conn.quic.take() {
            let opened_by = conn.opened_by;
            self.close_quic(id, *link, opened_by);
        }
        let Some(conn) = self.pool.get_mut(id) else { return };
        match std::mem::replace(&mut conn.stage, Stage::Slot) {
            Stage::Slot => {}
            Stage::Connecting(connect) => {
                let owner = conn.opened_by;
                let fds: Vec<OwnedFd> = connect.into_fds().collect();
                for fd in fds {
                    self.close_fd(fd, owner);
                }
            }
            Stage::Datagrams(socket) => {
                let owner = conn.opened_by;
                self.close_fd(socket.into_fd(), owner);
            }
            Stage::Listening(listener) => {
                let owner = conn.opened_by;
                self.close_fd(listener.into_fd(), owner);
            }
            Stage::Proxy(handshake) => return self.cut(id, handshake.stream),
            Stage::Handshake(stream) | Stage::Clearing(stream) => return self.cut(id, stream),
            Stage::Open(mut stream) => {
                if let Some(mut session) = conn.h2.take() {
                    let _ = stream.send(session.last_words());
                }
                if conn.take_leave(&mut stream) {
                    return self.await_leave(id, stream);
                }
                if conn.drained {
                    return self.cut(id, stream);
                }
                stream.start_shutdown();
                return self.shut_down(id, stream);
            }
            Stage::Closing(stream) => return self.cut(id, stream),
        }
        self.pool.remove(id);
        self.wake_waiting(&destination);
        self.wake_hoping(&destination);
    }

    /// Does a connection stay whose socket this transfer's callback is to close?
    pub fn has_opened(&self, id: TransferId) -> bool {
        let opened = |conn: &Conn| conn.opened_by == Some(id);
        self.pool.ids().into_iter().any(|conn| self.pool.get(conn).is_some_and(opened))
    }

    /// Closes every connection that no transfer uses, those that were left to the application too,
    /// and cuts those that say goodbye: the end.
    pub fn close_all(&mut self) {
        self.close_idle();
        for id in self.pool.ids() {
            if self.pool.get(id).is_some_and(|conn| conn.transfer.is_none()) {
                self.close(id);
            }
            if self.pool.get(id).is_some_and(|conn| matches!(conn.stage, Stage::Closing(_))) {
                self.close(id);
            }
        }
    }

    /// The deadline or the socket of a connection without a transfer came up.
    pub(crate) fn conn_due(&mut self, id: ConnId) {
        if !self.quic_due(id) {
            self.close(id);
        }
    }

    pub(crate) fn unused_conn_ready(&mut self, id: ConnId) {
        let Some(conn) = self.pool.get_mut(id) else { return };
        if let Stage::Open(stream) = &mut conn.stage
            && !(stream.is_bare() || conn.may_talk_unasked)
            && stream.is_alive()
        {
            // What its layers have to say among themselves: session tickets, a proxy's ping.
            conn.readable = false;
            return;
        }
        match std::mem::replace(&mut conn.stage, Stage::Slot) {
            Stage::Closing(mut stream) => {
                // The reply to QUIT, if that was said, or the end.
                if conn.conversation.take().is_some() {
                    stream.start_shutdown();
                }
                self.shut_down(id, stream);
            }
            Stage::Open(stream) if conn.may_talk_unasked && stream.is_open() => {
                // Whoever uses it next reads that.
                self.core.interest.set(
                    stream.fd(),
                    SocketOwner::Conn(id),
                    conn.last_user,
                    Want::NONE,
                );
                conn.stage = Stage::Open(stream);
            }
            stage => {
                // Idle: the peer has closed it, or sends what nobody asked for.
                conn.stage = stage;
                self.close(id);
            }
        }
    }

    /// Every wish on sockets that have been idle for long is taken back.
    pub(crate) fn age_idle_watches(&mut self) {
        let idle_before = self.core.now.checked_sub(LINGER);
        while let Some(&(id, since)) = self.core.lingering.front()
            && idle_before.is_some_and(|limit| since <= limit)
        {
            self.core.lingering.pop_front();
            let Some(conn) = self.pool.get_mut(id) else { continue };
            match conn.idle_since {
                // It was used in between.
                Some(since) if idle_before.is_some_and(|limit| since > limit) => {
                    self.core.lingering.push_back((id, since));
                }
                _ => self.stop_lingering_of(id),
            }
        }
    }

    /// Nothing runs any more: the application's loop must be able to end.
    pub(crate) fn stop_lingering(&mut self) {
        while let Some((id, _)) = self.core.lingering.pop_front() {
            self.stop_lingering_of(id);
        }
        if self.core.lingering.capacity() > LINGERING_KEPT {
            self.core.lingering = VecDeque::new();
        }
    }

    fn stop_lingering_of(&mut self, id: ConnId) {
        let Some(conn) = self.pool.get_mut(id) else { return };
        conn.lingers = false;
        if conn.idle_since.is_none() {
            return;
        }
        if let Some((fd, owner)) = conn.socket(id) {
            self.core.interest.set(fd, owner, conn.last_user, Want::NONE);
        }
        if let Some(session) = conn.h2.as_deref_mut() {
            session.shrink();
        } else if let Some(session) = conn.h3_mut() {
            session.shrink();
            self.core.timers.set(Owner::Conn(id), None);
        }
    }

    pub(super) fn limit_cache(&mut self) {
        let core = &mut self.core;
        core.most_running = core.most_running.max(core.running);
        let automatic = (4 * core.most_running).max(MIN_CACHED);
        let limit = core.settings.max_connects.map_or(automatic, |most| most.max(1) as usize);
        while self.pool.len() > limit {
            let Some(oldest) = self.pool.oldest_idle() else { return };
            self.close(oldest);
        }
    }

    fn shut_down(&mut self, id: ConnId, mut stream: Stream) {
        match stream.shutdown() {
            Ok(Shutdown::Wait(want)) => {
                let deadline = self.core.now + SHUTDOWN_TIMEOUT;
                self.core.interest.set(stream.fd(), SocketOwner::Conn(id), None, want.into());
                if !self.core.timers.has(Owner::Conn(id)) {
                    self.core.timers.set(Owner::Conn(id), Some(deadline));
                }
                if let Some(conn) = self.pool.get_mut(id) {
                    conn.stage = Stage::Closing(stream);
                }
            }
            Ok(Shutdown::Done) | Err(_) => self.cut(id, stream),
        }
    }

    fn cut(&mut self, id: ConnId, stream: Stream) {
        self.core.timers.set(Owner::Conn(id), None);
        let Some(conn) = self.pool.remove(id) else { return };
        self.close_stream(stream, conn.opened_by);
        self.wake_waiting(&conn.destination);
        if conn.undecided {
            self.wake_hoping(&conn.destination);
        }
    }

    /// Tells the application to forget a stream's socket, then closes it.
    pub(crate) fn close_stream(&mut self, stream: Stream, opened_by: Option<TransferId>) {
        self.forget_socket(stream.fd());
        self.core.outbox.push_back(match opened_by {
            Some(_) => Out::Close(stream.into_fd(), opened_by),
            None => Out::Drop(stream),
        });
    }

    /// The same for a bare descriptor.
    pub(crate) fn close_fd(&mut self, fd: OwnedFd, opened_by: Option<TransferId>) {
        self.forget_socket(fd.as_raw_fd());
        self.core.outbox.push_back(match opened_by {
            Some(_) => Out::Close(fd, opened_by),
            None => Out::DropFd(fd),
        });
    }
}
