//! HTTP/3: the requests of many transfers over one QUIC connection.
//!
//! A transfer's response passes through the same heads and fields as over HTTP/2, and its
//! [`Stream`](crate::http2::Stream) is the same. But nothing comes unasked: QUIC keeps what has
//! come on a stream, and the transfer takes it out when it can ([`receive`]), which is all the
//! flow control that there is to it. What happens on a connection wakes the transfers that it
//! concerns ([`serve`]); what goes out gathers until everything that can run has run.
//!
//! A connection is made by a race ([`race`]): QUIC goes first, and where something else would do
//! too, TCP joins after a head start. Its socket and its timer are the connection's own.

mod begin;
mod leave;
mod race;
mod receive;
mod send;
mod serve;

use std::collections::HashMap;
use std::os::fd::RawFd;
use std::time::Instant;

use tress_net::quic::Quic;
use tress_net::quic::bytes::Bytes;
use tress_proto::h2::Fields;
use tress_proto::h3::{Connection, Limits, Response};

use crate::TransferId;
use crate::conn::Conn;
use crate::hash::BuildFast;
use crate::http2::Stream;
use crate::multi::MultiSettings;
use crate::served::Queued;

pub(crate) use self::race::Race;

/// Streams' buffers kept for the next streams of a connection.
const MOST_SPARE: usize = 100;

/// A connection's QUIC side.
pub(crate) enum Link {
    /// It is being made; TCP may be trying too.
    Racing(Race),
    /// It carries requests.
    Open(Session),
}

/// A connection that speaks HTTP/3.
pub(crate) struct Session {
    quic: Box<Quic>,
    machine: Connection,
    /// The fields that came last.
    fields: Fields,
    /// Transfers that have joined, whether their stream is open yet or not.
    users: usize,
    /// Whose stream it is.
    streams: HashMap<u64, TransferId, BuildFast>,
    /// Streams were opened; some server may not allow for any.
    used: bool,
    /// The peer does not allow for one more stream now.
    full: bool,
    /// It is in the queue of those to be served.
    queued: bool,
    /// It is in the queue of those to be flushed.
    flushing: bool,
    /// The connection is dead; its transfers take what has come for them.
    dead: bool,
    pinged: Instant,
    #[expect(clippy::vec_box, reason = "they go back and forth between here and transfers")]
    spare: Vec<Box<Stream>>,
}

/// What a transfer's stream has beside what one of HTTP/2 has.
#[derive(Default)]
pub(crate) struct Part {
    id: u64,
    machine: Response,
    /// There may be something to take out.
    readable: bool,
    /// What was taken out and not taken apart yet.
    pulled: Bytes,
    /// Frames, or the heads of frames, on their way out.
    out: Vec<u8>,
    out_at: usize,
    /// So much of the body belongs to the frame whose head went out.
    frame_left: usize,
}

impl Part {
    /// The number of its stream (RFC 9000, 2.1).
    pub(crate) fn id(&self) -> u64 {
        self.id
    }
}

impl Queued for Session {
    fn queue(&mut self) -> bool {
        !std::mem::replace(&mut self.queued, true)
    }

    fn note_flush(&mut self) -> bool {
        !std::mem::replace(&mut self.flushing, true)
    }
}

impl Session {
    fn new(quic: Box<Quic>, now: Instant) -> Self {
        Self {
            quic,
            machine: Connection::new(Limits::default()),
            fields: Fields::default(),
            users: 0,
            streams: HashMap::default(),
            used: false,
            full: false,
            queued: false,
            flushing: false,
            dead: false,
            pinged: now,
            spare: Vec::new(),
        }
    }

    /// May it be used again, by whomever?
    fn is_usable(&self) -> bool {
        !self.dead && self.machine.goaway().is_none()
    }

    /// Can it take one more transfer, and is it not idle?
    pub(crate) fn is_open_to_more(&self, settings: &MultiSettings) -> bool {
        let most = if settings.multiplex { settings.max_concurrent_streams.max(1) } else { 1 };
        self.is_usable() && !self.full && self.users > 0 && self.users < most as usize
    }

    /// Has a transfer joined that will leave?
    pub(crate) fn has_joined(&self) -> bool {
        self.users > 0
    }

    /// Its socket.
    pub(crate) fn fd(&self) -> RawFd {
        self.quic.fd()
    }

    /// Those whose streams are open.
    pub(crate) fn transfers(&self) -> impl Iterator<Item = TransferId> + '_ {
        self.streams.values().copied()
    }

    /// Nothing has happened for a while: memory is given back.
    pub(crate) fn shrink(&mut self) {
        self.spare = Vec::new();
        self.fields = Fields::default();
    }

    /// It goes to another multi handle, in whose queues it is not.
    pub(crate) fn leave_queues(&mut self) {
        (self.queued, self.flushing) = (false, false);
    }
}

impl Link {
    /// Its sockets.
    pub(crate) fn sockets(&self) -> impl Iterator<Item = RawFd> + '_ {
        let (racing, open) = match self {
            Self::Racing(race) => (Some(race.sockets()), None),
            Self::Open(session) => (None, Some(session.fd())),
        };
        racing.into_iter().flatten().chain(open)
    }

    /// When the race goes on, if it does; a session's deadline is the connection's.
    pub(crate) fn race_deadline(&self) -> Option<Instant> {
        match self {
            Self::Racing(race) => race.deadline(),
            Self::Open(_) => None,
        }
    }
}

impl Conn {
    /// The HTTP/3 side of a connection that is up.
    pub(crate) fn h3(&self) -> Option<&Session> {
        match self.quic.as_deref() {
            Some(Link::Open(session)) => Some(session),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub(crate) fn h3_mut(&mut self) -> Option<&mut Session> {
        match self.quic.as_deref_mut() {
            Some(Link::Open(session)) => Some(session),
            _ => None,
        }
    }

    /// Do the streams of several transfers run over it?
    pub(crate) fn has_streams(&self) -> bool {
        self.h2.is_some() || self.h3().is_some()
    }
}
