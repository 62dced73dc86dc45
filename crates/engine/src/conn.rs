//! One connection: from its slot in the pool to its last shutdown.

use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Instant;

use tress_net::connect::{AttemptId, Connect, Target};
use tress_net::{Datagram, Listener, Stream};

use crate::TransferId;
use crate::conversation::Conversation;
use crate::destination::Destination;
use crate::http::auth::Bound;
use crate::http2::Session;
use crate::http3::Link;
use crate::ids::Id;
use crate::interest::{Interest, SocketOwner, Want};
use crate::leftover::Leftover;
use crate::options::{Hooks, Options};
use crate::proxy::{Handshake, Layer};
use crate::ws::Socket;

/// A connection of a pool.
pub(crate) type ConnId = Id<Box<Conn>>;

/// A connection with its place in the pool's lists.
pub(crate) struct Conn {
    /// Counted in its pool (`CURLINFO_CONN_ID`).
    pub(crate) number: i64,
    pub(crate) destination: Arc<Destination>,
    pub(crate) stage: Stage,
    /// The last layer that was put on, or is being put on.
    pub(crate) layer: Layer,
    /// Who uses it, or waits for it to be up.
    pub(crate) transfer: Option<TransferId>,
    /// Whose requests it carried last, for the application to be told of its socket.
    pub(crate) last_user: Option<TransferId>,
    /// Who opened it, if its callback closes the socket.
    pub(crate) opened_by: Option<TransferId>,
    /// The question about a socket that waits for its answer.
    pub(crate) pending: Option<Pending>,
    /// The socket that the event loop reported while several are connecting.
    pub(crate) ready_socket: Option<RawFd>,
    /// Addresses of both ends, once connected over IP.
    pub(crate) primary: Option<SocketAddr>,
    pub(crate) local: Option<SocketAddr>,
    /// HTTP/2 is spoken on it: its transfers are the session's.
    pub(crate) h2: Option<Box<Session>>,
    /// It goes over QUIC, or may yet: then it has no stream, or one that races it.
    pub(crate) quic: Option<Box<Link>>,
    /// Whether it will carry many transfers is not known yet.
    pub(crate) undecided: bool,
    /// Bytes received that the transfer has not consumed: it is paused.
    pub(crate) leftover: Leftover,
    pub(crate) created: Instant,
    pub(crate) last_used: Instant,
    /// Transfers that it has carried.
    pub(crate) uses: u32,
    /// May a read (a write) succeed, as far as is known?
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    /// The last read has taken all that there was; nothing is known of more.
    pub(crate) drained: bool,
    /// TLS must write before a read can go on.
    pub(crate) reads_by_writing: bool,
    /// A layer must be read from before a write can go on: TLS awaits what becomes of its early
    /// data, a proxy has to open a window.
    pub(crate) writes_by_reading: bool,
    /// The peer may send while nobody uses it (RTSP).
    pub(crate) may_talk_unasked: bool,
    /// It has switched to WebSocket.
    pub(crate) websocket: Option<Box<Socket>>,
    /// Its peer answers in HTTP/1.0.
    pub(crate) http10: bool,
    /// What is being said on it by command and reply.
    pub(crate) conversation: Option<Box<Conversation>>,
    /// It is left to the application (`CURLOPT_CONNECT_ONLY`).
    pub(crate) held: bool,
    /// Whom NTLM has authenticated it for.
    pub(crate) bound: Option<Box<Bound>>,

    // The pool's own links.
    pub(crate) idle_since: Option<Instant>,
    /// It is among those whose sockets stay watched for a while.
    pub(crate) lingers: bool,
    pub(crate) idle_place: u32,
    pub(crate) older: Option<ConnId>,
    pub(crate) newer: Option<ConnId>,
    pub(crate) shared: bool,
}

/// How far a connection is.
pub(crate) enum Stage {
    /// It has a slot, and no stream: addresses are not known yet, or QUIC carries it.
    Slot,
    /// The peer is to connect to us (FTP's active mode).
    Listening(Listener),
    /// Datagrams go and come.
    Datagrams(Datagram),
    /// Sockets are being connected.
    Connecting(Box<Connect>),
    /// A proxy is asked to pass on what follows.
    Proxy(Box<Handshake>),
    /// TLS is being set up on the socket.
    Handshake(Stream),
    /// TLS is being taken off.
    Clearing(Stream),
    /// It carries requests.
    Open(Stream),
    /// It says goodbye; no transfer waits for that.
    Closing(Stream),
}

/// A socket that the application was asked about.
pub(crate) struct Pending {
    pub(crate) attempt: AttemptId,
    pub(crate) target: Target,
}

impl Conn {
    pub(crate) fn new(
        destination: Arc<Destination>,
        transfer: TransferId,
        now: Instant,
    ) -> Box<Self> {
        // It is large, and made where it stays.
        Box::write(
            Box::new_uninit(),
            Self {
                number: -1,
                destination,
                stage: Stage::Slot,
                layer: Layer::Socket,
                transfer: Some(transfer),
                last_user: Some(transfer),
                opened_by: None,
                pending: None,
                ready_socket: None,
                primary: None,
                local: None,
                h2: None,
                quic: None,
                undecided: false,
                leftover: Leftover::default(),
                created: now,
                last_used: now,
                uses: 0,
                readable: false,
                writable: false,
                drained: false,
                reads_by_writing: false,
                writes_by_reading: false,
                may_talk_unasked: false,
                websocket: None,
                http10: false,
                conversation: None,
                held: false,
                bound: None,
                idle_since: None,
                lingers: false,
                idle_place: 0,
                older: None,
                newer: None,
                shared: false,
            },
        )
    }

    /// The callback of whoever opens it closes its socket, if there is one.
    pub(crate) fn opened_by(mut self: Box<Self>, id: TransferId, options: &Options) -> Box<Self> {
        self.opened_by = options.hooks.contains(Hooks::CLOSESOCKET).then_some(id);
        self
    }

    /// Does the event loop watch one of its sockets?
    pub(crate) fn is_watched(&self, interest: &Interest) -> bool {
        let watched = |fd| {
            let wanted = interest.wanted(fd);
            wanted.readable || wanted.writable
        };
        if self.quic.as_deref().is_some_and(|link| link.sockets().any(watched)) {
            return true;
        }
        match &self.stage {
            Stage::Slot => false,
            Stage::Listening(listener) => watched(listener.fd()),
            Stage::Datagrams(socket) => watched(socket.fd()),
            Stage::Connecting(connect) => connect.interests().any(|(fd, _)| watched(fd)),
            Stage::Proxy(handshake) => watched(handshake.stream.fd()),
            Stage::Handshake(stream)
            | Stage::Clearing(stream)
            | Stage::Open(stream)
            | Stage::Closing(stream) => watched(stream.fd()),
        }
    }

    /// The descriptor of a connection that is up, or listened for.
    pub(crate) fn fd(&self) -> Option<RawFd> {
        match &self.stage {
            Stage::Open(stream) => Some(stream.fd()),
            Stage::Listening(listener) => Some(listener.fd()),
            _ => self.h3().map(crate::http3::Session::fd),
        }
    }

    /// A read would have blocked.
    pub(crate) fn read_blocked(&mut self) {
        self.readable = false;
        if let Stage::Open(stream) = &self.stage {
            let waits_for = stream.blocked_on(tress_net::Want::Read);
            self.reads_by_writing = waits_for == tress_net::Want::Write;
        }
    }

    /// A write would have blocked.
    pub(crate) fn write_blocked(&mut self) {
        self.writable = false;
        if let Stage::Open(stream) = &self.stage {
            let waits_for = stream.blocked_on(tress_net::Want::Write);
            self.writes_by_reading = waits_for == tress_net::Want::Read;
            // A layer that had to read meanwhile may hold bytes of the response.
            self.readable |= !stream.is_bare() && stream.pending();
        }
    }

    /// What to wait for until there is room for a write.
    pub(crate) fn want_to_write(&self) -> Want {
        let reads_first = self.writes_by_reading && !self.writable;
        match &self.stage {
            // Unless the layer has read in the meantime.
            Stage::Open(stream) if reads_first => {
                Want::from(stream.blocked_on(tress_net::Want::Write))
            }
            _ => Want::OUT,
        }
    }

    /// The socket of a connection that is up, and whose it is.
    pub(crate) fn socket(&self, id: ConnId) -> Option<(RawFd, SocketOwner)> {
        match &self.stage {
            Stage::Open(stream) => Some((stream.fd(), SocketOwner::Conn(id))),
            _ => self.h3().map(|session| (session.fd(), SocketOwner::Quic(id))),
        }
    }

    pub(crate) fn stream(&mut self) -> Option<&mut Stream> {
        match &mut self.stage {
            Stage::Open(stream) => Some(stream),
            _ => None,
        }
    }
}
