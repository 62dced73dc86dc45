//! How a transfer leaves its connection, and how a connection fails its transfers.

use tress_model::{Code, Error};
use tress_proto::h2::ErrorCode;

use super::serve::closed;
use super::{Break, Broken, MOST_SPARE, offer};
use crate::TransferId;
use crate::conn::{ConnId, Stage};
use crate::multi::Multi;
use crate::transfer::Transfer;

impl Multi {
    /// Parts a transfer from the connection that it shares. A stream that is not over is
    /// cancelled; its siblings go on (pains, line 20).
    pub(crate) fn leave(&mut self, id: TransferId, conn_id: ConnId) {
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        let stream = transfer.exchange.stream.take();
        let forbid_reuse = transfer.options.forbid_reuse;
        let Some(conn) = self.pool.get_mut(conn_id) else { return };
        let Some(session) = conn.h2.as_deref_mut() else { return };
        session.users = session.users.saturating_sub(1);
        session.unrun.take_if(|unrun| *unrun == id);
        if let Some(stream) = stream {
            if let Some(stream_id) = stream.id
                && session.machine.is_open(stream_id)
            {
                session.machine.reset(stream_id, ErrorCode::CANCEL);
                self.core.h2.flush(conn_id, session);
            }
            if session.spare.len() < MOST_SPARE {
                session.spare.push(stream);
            }
        }
        let (usable, users) = (session.is_usable(), session.users);
        if forbid_reuse {
            session.machine.shutdown();
            self.core.h2.flush(conn_id, session);
        }
        self.has_left(id, conn_id, users, usable && !forbid_reuse);
    }

    /// A transfer has left a connection that so many others use still.
    pub(crate) fn has_left(&mut self, id: TransferId, conn_id: ConnId, users: usize, usable: bool) {
        offer(&mut self.pool, conn_id, &self.core.settings);
        match (users, usable) {
            (0, true) => self.keep_session(id, conn_id),
            (0, false) => self.close(conn_id),
            (_, true) => self.wake_next(conn_id),
            (_, false) => {}
        }
    }

    fn keep_session(&mut self, id: TransferId, conn_id: ConnId) {
        let (Some(transfer), Some(conn)) = (self.transfers.get(id), self.pool.get(conn_id)) else {
            return;
        };
        self.core.info(transfer, || {
            let host = String::from_utf8_lossy(&conn.destination.host);
            let port = conn.destination.port;
            format!("Connection #{} to host {host}:{port} left intact", conn.number)
        });
        self.keep(conn_id);
    }

    /// A place on the connection is free.
    fn wake_next(&mut self, conn_id: ConnId) {
        let Some(conn) = self.pool.get(conn_id) else { return };
        let destination = conn.destination.clone();
        self.wake_waiting(&destination);
    }

    /// A connection is dead: its transfers fail, or are sent again where that is safe.
    pub(super) fn session_failed(&mut self, id: ConnId, error: &Error) {
        self.pool.retire(id);
        let Some(conn) = self.pool.get_mut(id) else { return };
        let used_before = conn.uses > 1;
        let Some(session) = conn.h2.as_deref_mut() else { return };
        session.queued = false;
        session.dead = true;
        let Stage::Open(stream) = &mut conn.stage else { return };
        if session.has_output() {
            // GOAWAY with the reason, as far as it goes.
            let _ = stream.send(session.machine.pending_output());
        }
        let streams: Vec<_> = session.machine.streams().collect();
        let (users, closed) = (session.users, *error == closed());
        // Whose stream has ended already is among the streams no more.
        let unrun = session.unrun.take();
        if let Some((id, transfer)) = unrun.and_then(|id| Some((id, self.transfers.get_mut(id)?))) {
            self.core.wake(id, transfer);
        }
        for stream in streams {
            let transfer_id = TransferId::from_bits(stream.token);
            let Some(transfer) = self.transfers.get_mut(transfer_id) else { continue };
            let own = transfer.exchange.stream.as_deref();
            if transfer.conn != Some(id) || own.is_none_or(|own| !own.is(stream.id)) {
                continue;
            }
            transfer.lose_stream(error, closed, used_before);
            self.core.wake(transfer_id, transfer);
        }
        match users {
            0 => self.close(id),
            _ => self.watch_session(id),
        }
    }
}

impl Transfer {
    /// The connection of its stream is dead; `closed`: the server has closed it in good order, which
    /// cuts off a body that has begun.
    pub(crate) fn lose_stream(&mut self, error: &Error, closed: bool, used_before: bool) {
        let answered = self.exchange.answered;
        let some_taken = self.infos.downloaded > 0;
        let Some(own) = self.exchange.stream.as_deref_mut() else { return };
        let what = if used_before && !answered { Break::Stale } else { Break::Failed };
        let some_body = some_taken || !own.fresh.is_empty() || own.has_backlog();
        let error = match closed && some_body {
            true => Error::new(Code::PartialFile, error.message().to_owned()),
            false => error.clone(),
        };
        own.broken.get_or_insert(Broken { error, what });
    }
}
