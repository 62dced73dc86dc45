//! Reading a connection: datagrams are taken in, and whom they concern is woken.

use tress_model::{Code, Error};
use tress_net::quic::{Event, Lost, Read};
use tress_proto::h3::{ErrorCode, Failure};

use super::Link;
use super::leave::closed;
use crate::conn::ConnId;
use crate::failure::stream_error;
use crate::http2::{Break, Broken, offer};
use crate::multi::Multi;
use crate::timers::Owner;

/// Bytes of the peer's own streams looked at at once.
const PIECE: usize = 64 * 1024;

/// Why a connection ends.
enum End {
    Lost(Lost),
    /// The peer has broken the protocol, and is told so.
    Failed(Failure),
}

impl Multi {
    /// Does one thing for the connections that speak HTTP/3; false: there is nothing to do.
    pub(crate) fn run_quic(&mut self) -> bool {
        if let Some(id) = self.core.h3.serving.pop_front() {
            self.serve_quic(id);
            return true;
        }
        if let Some(id) = self.core.h3.flushing.pop() {
            self.flush_quic(id);
            return true;
        }
        false
    }

    /// The deadline of a connection has come; false: it is none of QUIC's.
    pub(crate) fn quic_due(&mut self, id: ConnId) -> bool {
        let Some(session) = self.pool.get_mut(id).and_then(|conn| conn.h3_mut()) else {
            return false;
        };
        self.core.h3.serve(id, session);
        true
    }

    fn serve_quic(&mut self, id: ConnId) {
        let Some(session) = self.pool.get_mut(id).and_then(|conn| conn.h3_mut()) else { return };
        session.queued = false;
        if session.dead {
            return;
        }
        if let Err(end) = self.take_in(id) {
            return self.end_session(id, end);
        }
        let Some(session) = self.pool.get_mut(id).and_then(|conn| conn.h3_mut()) else { return };
        if session.quic.may_read() {
            session.queued = true;
            self.core.h3.later.push(id);
        }
        self.core.h3.flush(id, session);
        if session.users == 0 && !session.is_usable() {
            self.close(id);
        }
    }

    /// Takes in what has come and acts on it.
    fn take_in(&mut self, id: ConnId) -> Result<(), End> {
        let now = self.core.now;
        let Some(conn) = self.pool.get_mut(id) else { return Ok(()) };
        let Some(session) = conn.h3_mut() else { return Ok(()) };
        if let Err(error) = session.quic.take_in(now) {
            let error = stream_error(&error, Code::RecvError);
            return Err(End::Lost(Lost::Failed(error)));
        }
        loop {
            let Some(session) = self.pool.get_mut(id).and_then(|conn| conn.h3_mut()) else {
                return Ok(());
            };
            let Some(event) = session.quic.poll() else { return Ok(()) };
            match event {
                Event::Connected => {}
                Event::Lost(lost) => return Err(End::Lost(lost)),
                Event::Opened => {
                    while let Some(stream) = self.accept(id) {
                        self.hear_peer(id, stream).map_err(End::Failed)?;
                    }
                }
                Event::Readable(stream) if is_request(stream) => self.wake_user(id, stream, true),
                Event::Readable(stream) => self.hear_peer(id, stream).map_err(End::Failed)?,
                Event::Writable(stream) | Event::Stopped(stream, _) => {
                    self.wake_user(id, stream, false);
                }
                Event::Available => self.more_allowed(id),
            }
        }
    }

    fn accept(&mut self, id: ConnId) -> Option<u64> {
        self.pool.get_mut(id)?.h3_mut()?.quic.accept()
    }

    fn wake_user(&mut self, id: ConnId, stream: u64, readable: bool) {
        let Some(session) = self.pool.get_mut(id).and_then(|conn| conn.h3_mut()) else { return };
        let Some(&user) = session.streams.get(&stream) else { return };
        let Some(transfer) = self.transfers.get_mut(user) else { return };
        let part = transfer.exchange.stream.as_deref_mut().and_then(|own| own.part.as_deref_mut());
        if let Some(part) = part.filter(|part| part.id == stream) {
            part.readable |= readable;
            self.core.wake(user, transfer);
        }
    }

    /// Reads what has come on one of the peer's own streams.
    fn hear_peer(&mut self, id: ConnId, stream: u64) -> Result<(), Failure> {
        let now = self.core.now;
        let mut leaves = false;
        let Some(session) = self.pool.get_mut(id).and_then(|conn| conn.h3_mut()) else {
            return Ok(());
        };
        loop {
            match session.quic.read(stream, PIECE) {
                Read::Bytes(bytes) => {
                    let told = session.machine.receive(stream, &bytes, now)?;
                    leaves |= told.goaway;
                    if told.stop {
                        session.quic.stop(stream, ErrorCode::STREAM_CREATION_ERROR.0);
                        break;
                    }
                }
                Read::End | Read::Reset(_) => {
                    session.machine.ended(stream)?;
                    break;
                }
                Read::Blocked | Read::Gone => break,
            }
        }
        if leaves {
            self.peer_leaves(id);
        }
        Ok(())
    }

    /// GOAWAY: whom the server has not acted on goes elsewhere.
    fn peer_leaves(&mut self, id: ConnId) {
        self.pool.retire(id);
        let Some(session) = self.pool.get_mut(id).and_then(|conn| conn.h3_mut()) else { return };
        let Some(last) = session.machine.goaway() else { return };
        let left: Vec<_> = session.streams.iter().filter(|(stream, _)| **stream >= last).collect();
        let left: Vec<_> = left.into_iter().map(|(stream, user)| (*stream, *user)).collect();
        for (stream, user) in left {
            let Some(transfer) = self.transfers.get_mut(user) else { continue };
            self.core.info(transfer, || format!("received GOAWAY, last_stream={last}"));
            let Some(own) = transfer.exchange.stream.as_deref_mut() else { continue };
            let error =
                tress_proto::h3::reset_error(stream, ErrorCode::REQUEST_REJECTED, true, false);
            // Where it has acted on some each time comes further; where on none, it might never.
            let what = if last > 0 { Break::LeftOut } else { Break::Refused };
            own.broken.get_or_insert(Broken { error, what });
            self.core.wake(user, transfer);
        }
    }

    /// The peer allows for more streams.
    fn more_allowed(&mut self, id: ConnId) {
        let Some(conn) = self.pool.get_mut(id) else { return };
        let Some(session) = conn.h3_mut() else { return };
        if !std::mem::take(&mut session.full) {
            return;
        }
        offer(&mut self.pool, id, &self.core.settings);
        let Some(conn) = self.pool.get(id).filter(|conn| conn.shared) else { return };
        let destination = conn.destination.clone();
        self.wake_waiting(&destination);
    }

    /// Sends what has gathered for a connection.
    fn flush_quic(&mut self, id: ConnId) {
        let now = self.core.now;
        let keeps_watching = self.core.settings.watch_idle;
        let Some(conn) = self.pool.get_mut(id) else { return };
        let lingers = conn.lingers || keeps_watching;
        let Some(Link::Open(session)) = conn.quic.as_deref_mut() else { return };
        session.flushing = false;
        if session.dead {
            return;
        }
        if let Err(error) = session.quic.send_out(now) {
            let error = stream_error(&error, Code::SendError);
            return self.end_session(id, End::Lost(Lost::Failed(error)));
        }
        // One that nobody uses has no deadlines, so that a loop can end that has nothing to do:
        // whoever takes it next looks whether it is alive.
        let waits = session.users > 0 || lingers;
        let deadline = session.quic.deadline().filter(|_| waits);
        self.core.timers.set(Owner::Conn(id), deadline);
        self.watch_quic(id);
    }

    /// A connection has ended.
    fn end_session(&mut self, id: ConnId, end: End) {
        let (error, code) = match end {
            End::Failed(failure) => (failure.to_error(), Some(failure.code)),
            End::Lost(Lost::Closed(code)) => (closed(ErrorCode(code)), None),
            End::Lost(Lost::TimedOut) => {
                (Error::new(Code::RecvError, "QUIC connection timed out"), None)
            }
            End::Lost(Lost::Failed(error)) => (error, None),
        };
        self.quic_failed(id, &error, code);
    }

    /// A transfer has found that the server breaks the protocol of the whole connection.
    pub(super) fn fail_session(&mut self, id: ConnId, failure: Failure) {
        self.end_session(id, End::Failed(failure));
    }

    /// Is an idle connection fit for another transfer? What has come meanwhile is looked at.
    pub(crate) fn is_quic_reusable(&mut self, id: ConnId) -> bool {
        let Some(session) = self.pool.get_mut(id).and_then(|conn| conn.h3_mut()) else {
            return false;
        };
        // It is not known whether the socket was watched all the time.
        session.quic.ready(true, true);
        if self.take_in(id).is_err() {
            return false;
        }
        let session = self.pool.get_mut(id).and_then(|conn| conn.h3_mut());
        session.is_some_and(|session| session.is_usable() && !session.full)
    }
}

/// Is this a stream that a client has opened in both directions (RFC 9000, 2.1)?
fn is_request(stream: u64) -> bool {
    stream.is_multiple_of(4)
}
