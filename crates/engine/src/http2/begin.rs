//! How a connection comes to speak HTTP/2, and how a transfer joins it and opens its stream.

use std::sync::Arc;

use tress_model::Result;
use tress_model::url::UrlFlags;
use tress_proto::h2::{Fields, Open, Priority, request};
use tress_proto::http::Kind;

use super::{Session, Stream, offer};
use crate::TransferId;
use crate::body_out::BodyState;
use crate::conn::ConnId;
use crate::destination::{Destination, HttpWish};
use crate::effect::DebugKind;
use crate::interest::{SocketOwner, Want};
use crate::multi::{Core, Flow, Multi};
use crate::transfer::{State, Transfer};

/// The priority of a stream unless something else is asked for (RFC 7540, 5.3.5).
const USUAL_PRIORITY: Priority = Priority { weight: 16, depends_on: 0, exclusive: false };

/// The least window of a stream with a rate limit.
const LEAST_WINDOW: u32 = 16 * 1024;

impl Multi {
    /// The connection is up: which protocol does it speak? Who waited to know is woken.
    pub(crate) fn decide_protocol(&mut self, id: TransferId) {
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return };
        let Some(conn_id) = transfer.conn else { return };
        if !conn.undecided {
            return;
        }
        if conn.quic.is_some() && self.race_is_over(id) {
            return self.protocol_decided(conn_id, true);
        }
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        let wish = conn.destination.http;
        if wish == HttpWish::Upgrade {
            // The answer to the first request says it.
            return;
        }
        let agreed = conn.stream().and_then(|stream| stream.tls_info()?.alpn.as_deref());
        let http2 = wish == HttpWish::Http2 || agreed == Some(b"h2");
        if http2 {
            let mut session = Session::new(&core.settings, core.now);
            session.users = 1;
            conn.h2 = Some(Box::new(session));
            conn.transfer = None;
            core.info(transfer, || "using HTTP/2".to_owned());
        }
        self.protocol_decided(conn_id, http2);
    }

    /// It is known what a connection speaks: who hoped to share it looks again, and so does the
    /// first of those who wait for a slot; each that finds a place wakes the next.
    pub(crate) fn protocol_decided(&mut self, conn_id: ConnId, http2: bool) {
        self.pool.decide(conn_id, http2);
        if http2 {
            offer(&mut self.pool, conn_id, &self.core.settings);
            self.watch_session(conn_id);
        }
        if let Some(conn) = self.pool.get(conn_id) {
            let destination = Arc::clone(&conn.destination);
            let has_room = conn.shared;
            self.wake_hoping(&destination);
            if has_room {
                self.wake_waiting(&destination);
            }
        }
    }

    /// The server has switched to HTTP/2: the request is stream 1 of the connection now.
    pub(crate) fn switch_to_http2(&mut self, id: TransferId) -> Flow {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Flow::Wait };
        let (Some(conn_id), Ok(plan)) = (transfer.conn, transfer.plan()) else {
            return Flow::Wait;
        };
        let kind = plan.head.kind;
        let is_head = transfer.options.nobody || kind == Kind::Head;
        let (mut session, stream) =
            Session::upgraded(&core.settings, core.now, id.to_bits(), is_head);
        core.info(transfer, || "Received 101, Switching to HTTP/2".to_owned());
        let options = transfer.options.clone();
        transfer.exchange.await_upgraded(&options, kind, stream);
        conn.transfer = None;
        core.h2.serve(conn_id, &mut session);
        core.h2.flush(conn_id, &mut session);
        conn.h2 = Some(Box::new(session));
        self.protocol_decided(conn_id, true);
        Flow::Wait
    }

    /// Takes a place on a connection that speaks HTTP/2.
    pub(crate) fn join(&mut self, id: TransferId, conn_id: ConnId) {
        let Some(session) = self.pool.get_mut(conn_id).and_then(|conn| conn.h2.as_deref_mut())
        else {
            return;
        };
        session.users += 1;
        offer(&mut self.pool, conn_id, &self.core.settings);
        self.watch_session(conn_id);
        if let Some(transfer) = self.transfers.get_mut(id) {
            transfer.conn = Some(conn_id);
        }
    }

    /// Waits until the protocol of a connection that is being set up is known.
    pub(crate) fn hope(&mut self, id: TransferId, destination: &Arc<Destination>) -> Flow {
        self.pool.hope(id, destination);
        if let Some(transfer) = self.transfers.get_mut(id) {
            transfer.state = State::Queued;
            self.core.info(transfer, || {
                "Found pending candidate for reuse and CURLOPT_PIPEWAIT is set".to_owned()
            });
        }
        Flow::Wait
    }

    /// What those have hoped for who wait to share a connection is decided.
    pub(crate) fn wake_hoping(&mut self, destination: &Arc<Destination>) {
        for id in self.pool.take_hoping(destination) {
            if self.state(id) == Some(State::Queued) {
                self.look_again(id);
            }
        }
    }

    /// Sends the request's head on a new stream.
    pub(crate) fn open_stream(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(conn_id) = transfer.conn else { return Ok(Flow::Wait) };
        let Some(session) = conn.h2.as_deref_mut() else { return self.open_quic_stream(id) };
        if session.dead || session.machine.available() == 0 {
            // Its room went while the application was asked, or the server left.
            transfer.state = State::Start;
            self.release(id, false);
            return Ok(Flow::Again);
        }
        let scheme = conn.destination.scheme;
        let own = transfer.request_fields(scheme)?;
        let plan = transfer.plan.as_deref();
        let Some(fields) =
            own.as_ref().or(plan.and_then(|plan| plan.fields.get().map(|fields| &**fields)))
        else {
            return Ok(Flow::Wait);
        };
        let end = transfer.exchange.body.state() == BodyState::Ended;
        let how = Open { end, token: id.to_bits(), priority: transfer.priority() };
        let stream_id = session.machine.open(fields, how)?;
        if transfer.options.verbose {
            core.tell_request(transfer, fields, "HTTP/2", stream_id.0.into());
        }
        let mut stream = session.spare.pop().unwrap_or_default();
        stream.renew();
        stream.id = Some(stream_id);
        stream.weight = transfer.weight();
        let speed = transfer.options.limits.as_ref().map_or(0, |limits| limits.max_recv_speed);
        if speed > 0 {
            // No more than is taken soon: the rest stays with the server.
            let window = u32::try_from(speed).unwrap_or(u32::MAX);
            session.machine.set_stream_window(stream_id, window.max(LEAST_WINDOW));
        }
        stream.local_ended = end;
        if end {
            transfer.infos.times.posttransfer = transfer.since_start(core.now);
        }
        transfer.infos.request_size += transfer.exchange.head_len as u64;
        transfer.exchange.stream = Some(stream);
        transfer.exchange.forget_head();
        core.h2.flush(conn_id, session);
        Ok(Flow::Again)
    }

    /// The weight of a stream may have been changed (`CURLOPT_STREAM_WEIGHT`).
    pub(crate) fn tell_priority(&mut self, id: TransferId) {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        let (weight, priority) = (transfer.weight(), transfer.priority());
        let (Some(conn_id), Some(session)) = (transfer.conn, conn.h2.as_deref_mut()) else {
            return;
        };
        let Some(stream) = transfer.exchange.stream.as_deref_mut() else { return };
        let Some(stream_id) = stream.id.filter(|_| stream.weight != weight) else { return };
        stream.weight = weight;
        session.machine.set_priority(stream_id, priority.unwrap_or(USUAL_PRIORITY));
        core.h2.flush(conn_id, session);
    }

    /// Tells what is to be waited for on a connection that streams run over.
    pub(super) fn watch_session(&mut self, id: ConnId) {
        let Some(conn) = self.pool.get_mut(id) else { return };
        let Some(session) = conn.h2.as_deref() else { return self.watch_quic(id) };
        let mut want = if session.dead { Want::NONE } else { Want::IN };
        if session.users == 0 {
            // Idle: what was wanted of it when it became so.
            return;
        }
        if !session.dead && (session.has_output() && !conn.writable || conn.reads_by_writing) {
            want = want.and(if conn.reads_by_writing { Want::OUT } else { conn.want_to_write() });
        }
        let last_user = conn.last_user;
        if let Some(stream) = conn.stream() {
            self.core.interest.set(stream.fd(), SocketOwner::Conn(id), last_user, want);
        }
    }
}

impl Transfer {
    /// The head of the request as fields; none: they are the plan's, which keeps them.
    pub(crate) fn request_fields(&self, scheme: &str) -> Result<Option<Fields>> {
        let Some(plan) = self.plan.as_deref() else { return Ok(None) };
        let exchange = &self.exchange;
        let from_plan = exchange.out_is_plan;
        if from_plan && plan.fields.get().is_some() {
            return Ok(None);
        }
        let head = if from_plan { &plan.head.bytes } else { &exchange.out };
        let mut fields = Fields::default();
        request::fields_from_head(head, self.effective_method(), scheme, &mut fields)?;
        if plan.head.sent.expect_100 {
            fields = without_expect(&fields);
        }
        if !from_plan {
            return Ok(Some(fields));
        }
        let _ = plan.fields.set(Box::new(fields));
        Ok(None)
    }

    /// `CURLOPT_STREAM_WEIGHT`.
    fn priority(&self) -> Option<Priority> {
        let priority = Priority { weight: self.weight(), ..USUAL_PRIORITY };
        (priority != USUAL_PRIORITY).then_some(priority)
    }

    fn weight(&self) -> u16 {
        match self.options.http.as_ref().map_or(0, |http| http.stream_weight) {
            0 => USUAL_PRIORITY.weight,
            weight => weight,
        }
    }
}

/// `Expect` costs a round trip and gains nothing where bodies can be stopped.
fn without_expect(fields: &Fields) -> Fields {
    let mut kept = Fields::default();
    for field in fields.iter().filter(|field| field.name() != b"expect") {
        kept.push(field.name(), field.value());
    }
    kept
}

impl Stream {
    pub(super) fn is(&self, id: tress_proto::h2::StreamId) -> bool {
        self.id == Some(id)
    }
}

impl Core {
    /// Tells the debug callback of a request, in libcurl's words.
    pub(crate) fn tell_request(
        &mut self,
        transfer: &Transfer,
        fields: &Fields,
        version: &str,
        stream: u64,
    ) {
        let url = transfer.plan.as_deref().map(|plan| plan.url.to_bytes(UrlFlags::empty()));
        let url = url.and_then(std::result::Result::ok).unwrap_or_default();
        self.info(transfer, || {
            format!("[{version}] [{stream}] OPENED stream for {}", String::from_utf8_lossy(&url))
        });
        for field in fields.iter() {
            let (name, value) = (field.name(), field.value());
            let text = |bytes| String::from_utf8_lossy(bytes);
            self.info(transfer, || {
                format!("[{version}] [{stream}] [{}: {}]", text(name), text(value))
            });
        }
        let exchange = &transfer.exchange;
        let plan_head = transfer.plan.as_deref().map_or(&[][..], |plan| &plan.head.bytes);
        let head = if exchange.out_is_plan { plan_head } else { &exchange.out };
        self.debug(transfer, DebugKind::HeaderOut, &shown(head, version));
    }
}

/// The head of a request as text, without what HTTP/2 and HTTP/3 have no use for.
fn shown(head: &[u8], version: &str) -> Vec<u8> {
    let mut text = Vec::with_capacity(head.len());
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        let is = |name: &[u8]| line.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name));
        if let Some(request) = line.strip_suffix(b" HTTP/1.1\r\n") {
            text.extend_from_slice(request);
            text.extend_from_slice(format!(" {version}\r\n").as_bytes());
        } else if !is(b"expect:") && !is(b"transfer-encoding:") {
            text.extend_from_slice(line);
        }
    }
    text
}
