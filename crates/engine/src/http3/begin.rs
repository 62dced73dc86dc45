//! How a connection begins to speak HTTP/3, and how a transfer joins it and opens its stream.

use std::time::Duration;

use tress_model::{Code, Error, Result};
use tress_proto::h3;

use super::{Part, Session};
use crate::TransferId;
use crate::body_out::BodyState;
use crate::conn::ConnId;
use crate::http2::offer;
use crate::interest::{SocketOwner, Want};
use crate::multi::{Flow, Multi};
use crate::transfer::State;

impl Session {
    /// Opens the control stream.
    pub(super) fn begin(&mut self) -> Result<()> {
        let opening = self.machine.opening();
        let stream = self.quic.open_out();
        let written = stream.and_then(|stream| self.quic.write(stream, &opening));
        if written == Some(opening.len()) {
            return Ok(());
        }
        let text = "QUIC connection lacks a unidirectional stream to run HTTP/3";
        Err(Error::new(Code::QuicConnectError, text))
    }
}

impl Multi {
    /// The transfer is the first user of a connection by QUIC.
    pub(super) fn first_joins_quic(&mut self, id: TransferId) {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        let Some(session) = conn.h3_mut() else { return };
        session.users = 1;
        session.quic.is_busy = true;
        conn.transfer = None;
        core.info(transfer, || "using HTTP/3".to_owned());
    }

    /// Takes a place on a connection that speaks HTTP/3.
    pub(crate) fn join_quic(&mut self, id: TransferId, conn_id: ConnId) {
        let Some(session) = self.pool.get_mut(conn_id).and_then(|conn| conn.h3_mut()) else {
            return;
        };
        session.users += 1;
        session.quic.is_busy = true;
        offer(&mut self.pool, conn_id, &self.core.settings);
        self.watch_quic(conn_id);
        if let Some(transfer) = self.transfers.get_mut(id) {
            transfer.conn = Some(conn_id);
        }
    }

    /// Sends the request's head on a new stream.
    pub(crate) fn open_quic_stream(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(conn_id) = transfer.conn else { return Ok(Flow::Wait) };
        let scheme = conn.destination.scheme;
        let Some(session) = conn.h3_mut() else { return Ok(Flow::Wait) };
        let opened = if session.is_usable() { session.quic.open() } else { None };
        let Some(stream_id) = opened else {
            // Its room went while the application was asked, or the server left.
            if session.is_usable() && !session.used {
                let text = "HTTP/3: the server allows for no request";
                return Err(Error::new(Code::Http3, text));
            }
            session.full = true;
            transfer.state = State::Start;
            self.release(id, false);
            return Ok(Flow::Again);
        };
        session.used = true;
        let own = transfer.request_fields(scheme)?;
        let plan = transfer.plan.as_deref();
        let planned = plan.and_then(|plan| plan.fields.get().map(|fields| &**fields));
        let Some(fields) = own.as_ref().or(planned) else { return Ok(Flow::Wait) };
        let mut stream = session.spare.pop().unwrap_or_default();
        stream.renew();
        let mut part = stream.part.take().unwrap_or_default();
        part.out.clear();
        h3::headers_frame(fields, &mut part.out);
        let is_head = transfer.effective_method() == b"HEAD" || transfer.options.nobody;
        *part = Part {
            id: stream_id,
            machine: h3::Response::new(is_head),
            out: std::mem::take(&mut part.out),
            ..Part::default()
        };
        stream.part = Some(part);
        session.streams.insert(stream_id, id);
        if transfer.options.verbose {
            core.tell_request(transfer, fields, "HTTP/3", stream_id);
        }
        transfer.infos.request_size += transfer.exchange.head_len as u64;
        if transfer.exchange.body.state() == BodyState::Ended {
            transfer.infos.times.posttransfer = transfer.since_start(core.now);
        }
        transfer.exchange.stream = Some(stream);
        transfer.exchange.forget_head();
        core.h3.flush(conn_id, session);
        Ok(Flow::Again)
    }

    /// Tells what is to be waited for on a connection that streams run over.
    pub(crate) fn watch_quic(&mut self, id: ConnId) {
        let Some(conn) = self.pool.get_mut(id) else { return };
        let last_user = conn.last_user;
        let Some(session) = conn.h3().filter(|session| session.users > 0) else { return };
        let blocked = session.quic.is_blocked();
        let want = match (session.dead, blocked) {
            (true, _) => Want::NONE,
            (false, true) => Want::IN.and(Want::OUT),
            (false, false) => Want::IN,
        };
        self.core.interest.set(session.fd(), SocketOwner::Quic(id), last_user, want);
    }

    /// Pings an HTTP/3 connection that was not pinged for `interval`.
    pub(crate) fn upkeep_quic(&mut self, id: ConnId, interval: Duration) {
        let now = self.core.now;
        let Some(session) = self.pool.get_mut(id).and_then(|conn| conn.h3_mut()) else { return };
        if session.is_usable() && now.saturating_duration_since(session.pinged) >= interval {
            session.pinged = now;
            session.quic.ping();
            self.core.h3.flush(id, session);
        }
    }
}
