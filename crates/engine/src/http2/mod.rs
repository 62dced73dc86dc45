//! HTTP/2: one connection carries the requests of many transfers.
//!
//! A connection's [`Session`] holds the machine of its frames; streams are named after the
//! transfers that they serve, so that a frame finds its transfer without a search. What comes in
//! is taken apart connection by connection ([`serve`]) and each transfer is run with its part;
//! what goes out gathers until everything that can run has run, and then leaves in one write.

mod begin;
mod leave;
mod push;
mod receive;
mod send;
mod serve;

use std::ops::Range;
use std::time::{Duration, Instant};

use tress_model::Error;
use tress_proto::h2::{Config, Connection, Event, StreamId, upgrade_value};

use crate::TransferId;
use crate::conn::ConnId;
use crate::http3::Part;
use crate::multi::{Multi, MultiSettings};
use crate::pool::Pool;
use crate::served::Queued;

/// Streams' buffers kept for the next streams of a connection.
const MOST_SPARE: usize = 100;

/// A connection's HTTP/2 side.
pub(crate) struct Session {
    machine: Connection,
    /// Transfers that have joined, whether their stream is open yet or not.
    users: usize,
    /// It is in the queue of those to be served, with so many reads left in this turn.
    queued: bool,
    reads_left: u32,
    /// It is in the queue of those to be flushed.
    flushing: bool,
    /// An event that waits for a transfer to be run first.
    event: Option<Event>,
    /// A transfer that has got a head and is run with what follows it, or when nothing does.
    unrun: Option<TransferId>,
    /// Transfers whose uploads wait for pending output to be sent.
    blocked: Vec<TransferId>,
    /// A promised stream that the application is asked about.
    promised: Option<StreamId>,
    /// Sending failed: when nothing is left to read, the connection is dead.
    send_error: Option<Error>,
    /// When the last ping for upkeep was sent, or the connection was made.
    pinged: Instant,
    /// The connection is dead; its transfers take what has come for them.
    dead: bool,
    /// Buffers of streams that are over.
    #[expect(clippy::vec_box, reason = "they go back and forth between here and transfers")]
    spare: Vec<Box<Stream>>,
}

/// A transfer's stream.
#[derive(Default)]
pub(crate) struct Stream {
    id: Option<StreamId>,
    /// It is one of HTTP/3.
    pub(crate) part: Option<Box<Part>>,
    /// Heads as text, taken apart up to `lines_at`.
    pub(crate) lines: Vec<u8>,
    lines_at: usize,
    /// Trailers as text, all of the body comes before them.
    pub(crate) trailers: Vec<u8>,
    trailers_at: usize,
    /// Body bytes that were not looked at when others were received.
    backlog: Vec<u8>,
    backlog_at: usize,
    /// Body bytes in the multi's input.
    pub(crate) fresh: Range<usize>,
    /// Body bytes that the application was given but the peer has got no credit for.
    uncredited: usize,
    pub(crate) remote_ended: bool,
    pub(crate) local_ended: bool,
    /// The weight that the peer knows.
    weight: u16,
    pub(crate) broken: Option<Broken>,
}

/// How a stream broke off.
pub(crate) struct Broken {
    pub(crate) error: Error,
    pub(crate) what: Break,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    Failed,
    /// The server has not acted on the request.
    Refused,
    /// Nor here, where it took leave after others; so each time some request comes further.
    LeftOut,
    /// The connection was used before and died without an answer.
    Stale,
    /// The server wants HTTP/1.1.
    WantsHttp1,
}

impl Queued for Session {
    fn queue(&mut self) -> bool {
        let is_new = !std::mem::replace(&mut self.queued, true);
        if is_new {
            self.reads_left = crate::turn::CALLS;
        }
        is_new
    }

    fn note_flush(&mut self) -> bool {
        !std::mem::replace(&mut self.flushing, true)
    }
}

impl Session {
    fn new(settings: &MultiSettings, now: Instant) -> Self {
        Self {
            machine: Connection::new(config(settings)),
            users: 0,
            queued: false,
            reads_left: 0,
            flushing: false,
            event: None,
            unrun: None,
            blocked: Vec::new(),
            promised: None,
            send_error: None,
            pinged: now,
            dead: false,
            spare: Vec::new(),
        }
    }

    /// The session that an HTTP/1 request was upgraded to, with its stream.
    fn upgraded(
        settings: &MultiSettings,
        now: Instant,
        token: u64,
        is_head: bool,
    ) -> (Self, Box<Stream>) {
        let (machine, id) = Connection::upgraded(config(settings), token, is_head);
        let stream = Stream { id: Some(id), local_ended: true, ..Stream::default() };
        (Self { machine, users: 1, ..Self::new(settings, now) }, Box::new(stream))
    }

    /// Can it take one more transfer?
    fn has_room(&self, settings: &MultiSettings) -> bool {
        let most = if settings.multiplex { settings.max_concurrent_streams.max(1) } else { 1 };
        let most = most.min(self.machine.peer_settings().max_concurrent);
        !self.dead && !self.machine.is_closing() && self.users < most as usize
    }

    /// May it be used again, by whomever?
    pub(crate) fn is_usable(&self) -> bool {
        !self.dead && !self.machine.is_closing()
    }

    /// Does any transfer use it?
    #[cfg(feature = "sim")]
    pub(crate) fn has_users(&self) -> bool {
        self.users > 0
    }

    /// Somebody whose stream is above GOAWAY's last one: the server will not act on it.
    #[cfg(feature = "sim")]
    pub(crate) fn left_out(&self) -> Option<TransferId> {
        let last = self.machine.last_acted()?;
        let mut streams = self.machine.streams().filter(|stream| stream.id.0 % 2 == 1);
        let left_out = streams.find(|stream| stream.id.0 > last)?;
        Some(TransferId::from_bits(left_out.token))
    }

    /// Is there anything to send?
    pub(crate) fn has_output(&self) -> bool {
        !self.machine.pending_output().is_empty()
    }

    /// Nothing has happened for a while: memory is given back.
    pub(crate) fn shrink(&mut self) {
        self.machine.shrink();
        self.spare = Vec::new();
        self.blocked = Vec::new();
    }

    /// It goes to another multi handle, in whose queues it is not.
    pub(crate) fn leave_queues(&mut self) {
        (self.queued, self.flushing) = (false, false);
    }

    /// Those whose streams are open.
    pub(crate) fn transfers(&self) -> impl Iterator<Item = TransferId> {
        self.machine.streams().map(|stream| TransferId::from_bits(stream.token))
    }

    /// Says goodbye; the bytes to send.
    pub(crate) fn last_words(&mut self) -> &[u8] {
        self.machine.shutdown();
        self.machine.pending_output()
    }
}

impl Stream {
    /// A stream about to be opened; buffers stay.
    pub(crate) fn renew(&mut self) {
        self.id = None;
        self.lines.clear();
        self.trailers.clear();
        self.backlog.clear();
        (self.lines_at, self.trailers_at, self.backlog_at) = (0, 0, 0);
        self.fresh = 0..0;
        self.uncredited = 0;
        (self.remote_ended, self.local_ended) = (false, false);
        self.broken = None;
    }

    pub(crate) fn has_backlog(&self) -> bool {
        self.backlog_at < self.backlog.len()
    }
}

impl Multi {
    /// Pings the HTTP/2 and HTTP/3 connections that were not pinged for `interval`, so that nobody on the
    /// way takes them for dead (`curl_easy_upkeep(3)`).
    pub fn upkeep(&mut self, interval: Duration) {
        let now = self.core.now;
        self.begin_action();
        for id in self.pool.ids() {
            self.upkeep_quic(id, interval);
            let session = self.pool.get_mut(id).and_then(|conn| conn.h2.as_deref_mut());
            let Some(session) = session.filter(|session| session.is_usable()) else { continue };
            if now.saturating_duration_since(session.pinged) >= interval {
                session.pinged = now;
                session.machine.ping([0; 8]);
                self.core.h2.flush(id, session);
            }
        }
    }
}

pub(crate) fn config(settings: &MultiSettings) -> Config {
    Config {
        max_concurrent: settings.max_concurrent_streams.max(1),
        push: settings.push,
        ..Config::default()
    }
}

/// The header lines by which a request over HTTP/1 asks for HTTP/2.
pub(crate) fn upgrade_lines() -> Vec<u8> {
    let settings = upgrade_value(&config(&MultiSettings::default()));
    format!("Upgrade: h2c\r\nHTTP2-Settings: {settings}\r\n").into_bytes()
}

/// Puts a connection where transfers to its destination find it, or takes it away from there.
pub(crate) fn offer(pool: &mut Pool, id: ConnId, settings: &MultiSettings) {
    let conn = pool.get(id);
    let has_room = match conn.and_then(|conn| conn.h2.as_deref()) {
        Some(session) => session.users > 0 && session.has_room(settings),
        None => conn.and_then(|conn| conn.h3()).is_some_and(|it| it.is_open_to_more(settings)),
    };
    match has_room {
        true => pool.share(id),
        false => pool.unshare(id),
    }
}
