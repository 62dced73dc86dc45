//! How a transfer leaves its connection, and how a connection fails its transfers.

use tress_model::{Code, Error};
use tress_proto::h3::ErrorCode;

use super::{Link, MOST_SPARE};
use crate::TransferId;
use crate::conn::ConnId;
use crate::multi::Multi;
use crate::timers::Owner;

impl Multi {
    /// Parts a transfer from the connection that it shares. A stream that is not over is
    /// cancelled; its siblings go on.
    pub(crate) fn leave_quic(&mut self, id: TransferId, conn_id: ConnId) {
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        let stream = transfer.exchange.stream.take();
        let forbid_reuse = transfer.options.forbid_reuse;
        let Some(session) = self.pool.get_mut(conn_id).and_then(|conn| conn.h3_mut()) else {
            return;
        };
        session.users = session.users.saturating_sub(1);
        session.quic.is_busy = session.users > 0;
        if let Some(mut stream) = stream {
            if let Some(part) = stream.part.as_deref_mut() {
                part.pulled.clear();
                session.streams.remove(&part.id());
                if !(stream.local_ended && stream.remote_ended) {
                    session.quic.abandon(part.id(), ErrorCode::REQUEST_CANCELLED.0);
                }
            }
            if session.spare.len() < MOST_SPARE {
                session.spare.push(stream);
            }
        }
        let (usable, users) = (session.is_usable(), session.users);
        self.core.h3.flush(conn_id, session);
        self.has_left(id, conn_id, users, usable && !forbid_reuse);
    }

    /// A connection is dead: its transfers fail, or are sent again where that is safe. `code`:
    /// what the server is told.
    pub(super) fn quic_failed(&mut self, id: ConnId, error: &Error, code: Option<ErrorCode>) {
        self.pool.retire(id);
        self.core.timers.set(Owner::Conn(id), None);
        let now = self.core.now;
        let Some(conn) = self.pool.get_mut(id) else { return };
        let used_before = conn.uses > 1;
        let Some(session) = conn.h3_mut() else { return };
        session.dead = true;
        if let Some(code) = code {
            session.quic.close(code.0, now);
        }
        let ended = *error == closed(ErrorCode::NO_ERROR);
        let users: Vec<_> = session.streams.iter().map(|(stream, user)| (*stream, *user)).collect();
        let count = session.users;
        for (stream, user) in users {
            let Some(transfer) = self.transfers.get_mut(user) else { continue };
            let own = transfer.exchange.stream.as_deref();
            let part = own.and_then(|own| own.part.as_deref());
            if part.is_none_or(|part| part.id() != stream) {
                continue;
            }
            transfer.lose_stream(error, ended, used_before);
            self.core.wake(user, transfer);
        }
        match count {
            0 => self.close(id),
            _ => self.watch_quic(id),
        }
    }

    /// Closes what a connection has of QUIC; with a goodbye, if it is up.
    pub(crate) fn close_quic(&mut self, id: ConnId, link: Link, opened_by: Option<TransferId>) {
        match link {
            Link::Racing(race) => {
                for fd in race.into_fds() {
                    self.close_fd(fd, opened_by);
                }
            }
            Link::Open(mut session) => {
                if !session.dead {
                    session.quic.close(ErrorCode::NO_ERROR.0, self.core.now);
                }
                self.core.timers.set(Owner::Conn(id), None);
                self.close_fd(session.quic.into_fd(), opened_by);
            }
        }
    }
}

/// The server has closed the connection.
pub(super) fn closed(code: ErrorCode) -> Error {
    let text = format!("HTTP/3 connection closed by the server (error 0x{:x} {code})", code.0);
    Error::new(Code::Http3, text)
}
