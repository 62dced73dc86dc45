//! Reading a connection: frames are taken apart, and each transfer is run with its part.

use std::io::ErrorKind;

use tress_model::{Code, Error, Result};
use tress_proto::h2::{self, ErrorCode, Event, StreamRef};

use super::{Break, Broken, Session, Stream, offer};
use crate::TransferId;
use crate::conn::ConnId;
use crate::failure::stream_error;
use crate::multi::Multi;
use crate::transfer::Transfer;

impl Multi {
    /// Takes on the connection that has bytes to read, as far as it goes: to the end of its
    /// turn, or until the application was asked something.
    pub(crate) fn serve(&mut self, id: ConnId) {
        while self.core.asked.is_none() {
            match self.serve_one(id) {
                Ok(true) => {}
                Ok(false) => {
                    self.core.h2.serving.pop_front();
                    return self.served(id);
                }
                Err(error) => {
                    self.core.h2.serving.pop_front();
                    return self.session_failed(id, &error);
                }
            }
        }
    }

    /// One event of a connection. False: there is none for now.
    fn serve_one(&mut self, id: ConnId) -> Result<bool> {
        let (pool, core) = (&mut self.pool, &mut self.core);
        let session = pool.get_mut(id).and_then(|conn| conn.h2.as_deref_mut());
        let Some(session) = session.filter(|session| !session.dead) else { return Ok(false) };
        let event = match session.event.take() {
            Some(event) => event,
            None => {
                let start = core.input.start();
                let advance = session.machine.advance(core.input.of(id), core.now)?;
                core.input.consume(advance.consumed);
                from_buffer(advance.event, start)
            }
        };
        if let Some(unrun) = session.unrun.take_if(|unrun| !is_data_of(&event, *unrun)) {
            session.event = Some(event);
            self.run(unrun);
            return Ok(true);
        }
        match event {
            Event::More => return self.read_session(id),
            Event::Head { stream, end, .. } => self.head_came(id, stream, end),
            Event::Data { stream, range, end } => self.data_came(id, stream, range, end),
            Event::Trailers { stream } => self.trailers_came(id, stream),
            Event::Reset { stream, code, by_peer, retry, why } => {
                self.reset_came(id, stream, code, by_peer, retry, why);
            }
            Event::WindowOpened { stream } => self.run_user(id, stream),
            Event::GoAway { last, code } => self.goaway_came(id, last.0, code),
            Event::Settings => self.settings_came(id),
            Event::PingAck { .. } => {}
            Event::PushPromise { parent, promised } => self.promise_came(id, parent, promised),
        }
        Ok(true)
    }

    /// Asks the kernel for more bytes, if there may be some. False: there are none.
    fn read_session(&mut self, id: ConnId) -> Result<bool> {
        let (pool, core) = (&mut self.pool, &mut self.core);
        let Some(conn) = pool.get_mut(id) else { return Ok(false) };
        let Some(session) = conn.h2.as_deref_mut() else { return Ok(false) };
        if !conn.readable || session.reads_left == 0 {
            return Ok(false);
        }
        session.reads_left -= 1;
        let crate::conn::Stage::Open(stream) = &mut conn.stage else { return Ok(false) };
        let room = core.input.room(0);
        let size = room.len();
        match stream.recv(room) {
            Ok(0) => Err(session.send_error.take().unwrap_or_else(closed)),
            Ok(count) => {
                core.input.received(id, count);
                // A socket that has given less than there was room for has no more.
                conn.readable = count == size || !stream.is_bare();
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                conn.read_blocked();
                let session = conn.h2.as_deref_mut();
                session.and_then(|it| it.send_error.take()).map_or(Ok(false), Err)
            }
            Err(error) => Err(stream_error(&error, Code::RecvError)),
        }
    }

    /// The turn of a connection is over.
    fn served(&mut self, id: ConnId) {
        let Some(conn) = self.pool.get_mut(id) else { return };
        let readable = conn.readable;
        let Some(session) = conn.h2.as_deref_mut() else { return };
        session.queued = false;
        if session.has_output() {
            self.core.h2.flush(id, session);
        }
        if readable && !session.dead {
            session.queued = true;
            session.reads_left = crate::turn::CALLS;
            self.core.h2.later.push(id);
        }
        if session.users == 0 && !session.is_usable() {
            return self.close(id);
        }
        self.watch_session(id);
    }

    /// Is an idle connection fit for another transfer? What has come meanwhile is looked at:
    /// a ping is answered and does no harm (pains, line 19).
    pub(crate) fn is_session_reusable(&mut self, id: ConnId) -> bool {
        let Some(conn) = self.pool.get_mut(id) else { return false };
        let crate::conn::Stage::Open(stream) = &mut conn.stage else { return false };
        let announced = self.core.interest.is_announced(stream.fd());
        let Some(session) = conn.h2.as_deref_mut() else { return false };
        if !self.core.h2.serving.is_empty() {
            // The buffer is in use: what has come is read in its turn.
            conn.readable |= !announced;
            let alive = session.is_usable() && (announced || stream.is_open());
            if alive && conn.readable {
                self.core.h2.serve(id, session);
            }
            return alive;
        }
        if conn.readable || !announced {
            conn.readable = true;
            session.reads_left = crate::turn::CALLS;
            while match self.serve_one(id) {
                Ok(more) => more,
                Err(_) => return false,
            } {}
        }
        let session = self.pool.get(id).and_then(|conn| conn.h2.as_deref());
        session.is_some_and(Session::is_usable)
    }

    fn head_came(&mut self, id: ConnId, stream: StreamRef, end: bool) {
        let (Some((transfer, own)), Some(session)) = parts(self, id, stream) else { return };
        own.lines.extend_from_slice(session.machine.fields().raw());
        own.remote_ended |= end;
        session.unrun = Some(transfer);
    }

    fn trailers_came(&mut self, id: ConnId, stream: StreamRef) {
        let (Some((transfer, own)), Some(session)) = parts(self, id, stream) else { return };
        own.trailers.extend_from_slice(session.machine.fields().raw());
        own.remote_ended = true;
        self.run(transfer);
    }

    fn data_came(
        &mut self,
        id: ConnId,
        stream: StreamRef,
        range: std::ops::Range<usize>,
        end: bool,
    ) {
        let transfer = TransferId::from_bits(stream.token);
        let Some(found) = user(&mut self.transfers, id, stream) else {
            if let Some(session) = self.pool.get_mut(id).and_then(|conn| conn.h2.as_deref_mut()) {
                session.machine.consumed(stream.id, range.len());
                session.unrun = None;
            }
            return;
        };
        found.progress.received(range.len(), &found.options, self.core.now);
        let (paused, held) = (found.paused.receive, found.held.is_some());
        let Some(own) = found.exchange.stream.as_deref_mut() else { return };
        own.remote_ended |= end;
        match paused || held || own.has_backlog() {
            true => own.keep(self.core.input.bytes(range)),
            false => own.fresh = range,
        }
        if let Some(session) = self.pool.get_mut(id).and_then(|conn| conn.h2.as_deref_mut()) {
            session.unrun = None;
        }
        if !paused {
            self.run(transfer);
        }
    }

    fn reset_came(
        &mut self,
        id: ConnId,
        stream: StreamRef,
        code: ErrorCode,
        by_peer: bool,
        retry: bool,
        why: &'static str,
    ) {
        let session = self.pool.get(id).and_then(|conn| conn.h2.as_deref());
        let last = session.and_then(|session| session.machine.last_acted());
        let (Some((transfer, own)), _) = parts(self, id, stream) else { return };
        let got_head = !own.lines.is_empty();
        let what = match code {
            _ if retry && last.is_some_and(|last| last > 0 && stream.id.0 > last) => Break::LeftOut,
            _ if retry => Break::Refused,
            ErrorCode::HTTP_1_1_REQUIRED => Break::WantsHttp1,
            _ => Break::Failed,
        };
        own.broken.get_or_insert(Broken {
            error: h2::reset_error(stream.id, code, by_peer, got_head),
            what,
        });
        if !by_peer && let Some((transfer, _, core)) = self.parts(transfer) {
            core.info(transfer, || format!("HTTP/2 stream {}: {why}", stream.id));
        }
        self.run(transfer);
    }

    fn run_user(&mut self, id: ConnId, stream: StreamRef) {
        if user(&mut self.transfers, id, stream).is_some() {
            self.run(TransferId::from_bits(stream.token));
        }
    }

    fn goaway_came(&mut self, id: ConnId, last: u32, code: ErrorCode) {
        self.pool.retire(id);
        let Some(conn) = self.pool.get(id) else { return };
        if let Some(user) = conn.last_user.and_then(|user| self.transfers.get(user)) {
            self.core
                .info(user, || format!("received GOAWAY, error={}, last_stream={last}", code.0));
        }
    }

    /// The peer may allow more streams, or fewer.
    fn settings_came(&mut self, id: ConnId) {
        offer(&mut self.pool, id, &self.core.settings);
        let Some(conn) = self.pool.get(id).filter(|conn| conn.shared) else { return };
        let destination = conn.destination.clone();
        self.wake_waiting(&destination);
    }
}

impl Stream {
    /// Keeps body bytes that cannot be looked at now.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        if !self.has_backlog() {
            self.backlog.clear();
            self.backlog_at = 0;
        }
        self.backlog.extend_from_slice(bytes);
    }
}

/// The transfer that a stream serves, if it still does.
fn user(
    transfers: &mut crate::ids::Table<Box<Transfer>>,
    id: ConnId,
    stream: StreamRef,
) -> Option<&mut Transfer> {
    let transfer = transfers.get_mut(TransferId::from_bits(stream.token))?;
    let own = transfer.exchange.stream.as_deref()?;
    (transfer.conn == Some(id) && own.is(stream.id)).then_some(&mut **transfer)
}

pub(super) type Parts<'a> = (Option<(TransferId, &'a mut Stream)>, Option<&'a mut Session>);

pub(super) fn parts(multi: &mut Multi, id: ConnId, stream: StreamRef) -> Parts<'_> {
    let transfer = user(&mut multi.transfers, id, stream);
    let own = transfer.and_then(|transfer| transfer.exchange.stream.as_deref_mut());
    let session = multi.pool.get_mut(id).and_then(|conn| conn.h2.as_deref_mut());
    (own.map(|own| (TransferId::from_bits(stream.token), own)), session)
}

/// The event with its bytes named by their place in the whole buffer.
fn from_buffer(event: Event, start: usize) -> Event {
    match event {
        Event::Data { stream, range, end } => {
            Event::Data { stream, range: start + range.start..start + range.end, end }
        }
        event => event,
    }
}

fn is_data_of(event: &Event, transfer: TransferId) -> bool {
    matches!(event, Event::Data { stream, .. } if stream.token == transfer.to_bits())
}

/// The server has closed the connection; a transfer with some of its body has a part of it then.
pub(super) fn closed() -> Error {
    Error::new(Code::Http2, "HTTP/2 connection closed by the server")
}
