//! QUIC (RFC 9000): a connection over a UDP socket of its own.
//!
//! The machine is quinn-proto's, without sockets and clock; here it gets both. Nothing waits:
//! [`Quic::take_in`] reads what has come, within a budget, [`Quic::poll`] says what that means,
//! [`Quic::send_out`] sends, as much as the socket takes, and [`Quic::deadline`] is when to come
//! again in any case. The caller names streams by their numbers (RFC 9000, 2.1).

mod connect;
mod socket;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use quinn_proto::crypto::rustls::HandshakeData;
use quinn_proto::{
    ClientConfig, Connection, ConnectionError, ConnectionHandle, DatagramEvent, Dir, Endpoint,
    EndpointConfig, Event as QuinnEvent, IdleTimeout, NoneTokenStore, ReadError, StreamEvent,
    StreamId, TransportConfig, VarInt, WriteError,
};
use rustls_pki_types::CertificateDer;
use tress_model::{Code, Error, Result};

pub use self::connect::{QuicConnect, QuicStep};
use self::socket::Socket;
use crate::tls::{Agreement, TlsContext, TlsInfo, TlsSettings};

pub use bytes;

/// What a peer may send on one stream before the application has taken it.
pub const STREAM_WINDOW: u32 = 1024 * 1024;
/// What may be on its way to the peer, or wait to be, on all streams together.
const SEND_WINDOW: u64 = 4 * 1024 * 1024;
/// Streams that a peer may have open towards us: control, QPACK's two, and some that nobody knows.
const PEER_STREAMS: u32 = 16;
/// A peer that says nothing for so long is gone.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// While streams are open the peer is asked to say something so often.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Datagrams that may go in one system call.
const MAX_SEGMENTS: usize = 32;
/// System calls for receiving in one turn.
const RECEIVES_A_TURN: u32 = 32;

/// Something that has happened on a connection.
#[derive(Debug)]
pub enum Event {
    /// The handshake is complete, and the peer is who it has to be.
    Connected,
    /// The connection is over.
    Lost(Lost),
    /// The peer has opened a unidirectional stream; see [`Quic::accept`].
    Opened,
    /// There may be something to read on a stream.
    Readable(u64),
    /// There may be room to write on a stream.
    Writable(u64),
    /// The peer does not want more on a stream, for this reason of the application protocol.
    Stopped(u64, u64),
    /// Further streams may be opened.
    Available,
}

/// Why a connection is over.
#[derive(Clone, Debug)]
pub enum Lost {
    /// The peer has closed it, with a code of the application protocol.
    Closed(u64),
    /// The peer is gone without a word.
    TimedOut,
    /// Anything else.
    Failed(Error),
}

/// What reading from a stream came to.
#[derive(Debug)]
pub enum Read {
    /// The next bytes.
    Bytes(Bytes),
    /// There is nothing for now; [`Event::Readable`] says when there is.
    Blocked,
    /// All was read.
    End,
    /// The peer has reset the stream, with a code of the application protocol.
    Reset(u64),
    /// There is no such stream (any more).
    Gone,
}

/// A connection to a server.
pub struct Quic {
    socket: Socket,
    endpoint: Endpoint,
    handle: ConnectionHandle,
    connection: Connection,
    agreement: Agreement,
    deadline: Option<Instant>,
    /// When the peer was asked last to say something, or the connection was quiet before.
    kept_alive: Instant,
    /// Streams are open that must not die of silence.
    pub is_busy: bool,
    established: bool,
}

impl Quic {
    /// Begins a connection over `socket`, which is connected to `peer`; `streams`: how many
    /// streams there will be at most, at once.
    ///
    /// # Errors
    /// Those of the TLS settings.
    fn new(socket: OwnedFd, peer: SocketAddr, wish: &Wish, now: Instant) -> Result<Self> {
        static CONFIG: LazyLock<Arc<EndpointConfig>> = LazyLock::new(Arc::default);
        let agreement = Agreement::new(&wish.context, &wish.settings, &wish.host)?;
        let mut config = ClientConfig::new(agreement.config()?);
        config.transport_config(Arc::new(transport(wish.streams)));
        config.token_store(Arc::new(NoneTokenStore));
        let socket = Socket::new(socket);
        let mut endpoint = Endpoint::new(CONFIG.clone(), None, socket.never_fragments(), None);
        let (handle, connection) = endpoint
            .connect(now, config, peer, agreement.name())
            .map_err(|error| failed(&error.to_string()))?;
        Ok(Self {
            socket,
            endpoint,
            handle,
            connection,
            agreement,
            deadline: None,
            kept_alive: now,
            is_busy: false,
            established: false,
        })
    }

    /// The descriptor to watch.
    pub fn fd(&self) -> RawFd {
        self.socket.as_fd().as_raw_fd()
    }

    /// Does the socket take no more for now? Then it is to be watched for writing too.
    pub fn is_blocked(&self) -> bool {
        self.socket.is_blocked()
    }

    /// May there be something in the socket?
    pub fn may_read(&self) -> bool {
        self.socket.readable
    }

    /// What the event loop has found.
    pub fn ready(&mut self, readable: bool, writable: bool) {
        self.socket.readable |= readable;
        self.socket.writable |= writable;
    }

    /// The near address.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.socket.local_addr()
    }

    /// The far address.
    pub fn peer_addr(&self) -> SocketAddr {
        self.connection.remote_address()
    }

    /// What the handshake has agreed on, once it is complete.
    pub fn tls_info(&self) -> Option<&TlsInfo> {
        self.agreement.info()
    }

    /// `CURLINFO_SSL_VERIFYRESULT`.
    pub fn verify_result(&self) -> i64 {
        self.agreement.verify_result()
    }

    /// When to call [`Quic::take_in`] even if nothing comes.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Takes what has come, as far as the budget of a turn goes, and what time brings about.
    ///
    /// # Errors
    /// The socket's: nobody is there to receive what was sent.
    pub fn take_in(&mut self, now: Instant) -> io::Result<()> {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if due(self.connection.poll_timeout()) {
            self.connection.handle_timeout(now);
        }
        if self.is_busy && self.established && now >= self.kept_alive + KEEP_ALIVE {
            self.connection.ping();
            self.kept_alive = now;
        }
        let mut turns = RECEIVES_A_TURN;
        while self.socket.readable && turns > 0 {
            turns -= 1;
            let (endpoint, connection) = (&mut self.endpoint, &mut self.connection);
            let peer = connection.remote_address();
            self.socket.receive(|datagram| {
                // An empty one is none of QUIC's, and as good as one that was forged.
                let datagram = BytesMut::from(datagram);
                let mut answer = Vec::new();
                let event = endpoint.handle(now, peer, None, None, datagram, &mut answer);
                if let Some(DatagramEvent::ConnectionEvent(_, event)) = event {
                    connection.handle_event(event);
                }
            })?;
        }
        while let Some(event) = self.connection.poll_endpoint_events() {
            if let Some(event) = self.endpoint.handle_event(self.handle, event) {
                self.connection.handle_event(event);
            }
        }
        Ok(())
    }

    /// The next thing that has happened.
    pub fn poll(&mut self) -> Option<Event> {
        loop {
            let event = match self.connection.poll()? {
                QuinnEvent::Connected => match self.complete() {
                    Ok(()) => Event::Connected,
                    Err(error) => Event::Lost(Lost::Failed(error)),
                },
                QuinnEvent::ConnectionLost { reason } => Event::Lost(self.lost(&reason)),
                QuinnEvent::Stream(event) => match event {
                    StreamEvent::Opened { dir: Dir::Uni } => Event::Opened,
                    StreamEvent::Readable { id } => Event::Readable(id.into()),
                    StreamEvent::Writable { id } => Event::Writable(id.into()),
                    StreamEvent::Stopped { id, error_code } => {
                        Event::Stopped(id.into(), error_code.into_inner())
                    }
                    StreamEvent::Available { dir: Dir::Bi } => Event::Available,
                    _ => continue,
                },
                _ => continue,
            };
            return Some(event);
        }
    }

    /// Sends what is to be sent, as much as the socket takes.
    ///
    /// # Errors
    /// The socket's.
    pub fn send_out(&mut self, now: Instant) -> io::Result<()> {
        while self.socket.flush()? {
            let most = self.socket.segments(MAX_SEGMENTS);
            let out = self.socket.room();
            let Some(transmit) = self.connection.poll_transmit(now, most, out) else { break };
            self.socket.fill(transmit.segment_size.unwrap_or(transmit.size));
        }
        self.deadline = self.connection.poll_timeout();
        if self.is_busy && self.established {
            let ping = self.kept_alive + KEEP_ALIVE;
            self.deadline = Some(self.deadline.map_or(ping, |at| at.min(ping)));
        }
        Ok(())
    }

    /// Opens a stream in both directions; none: the peer does not allow for one more now.
    pub fn open(&mut self) -> Option<u64> {
        self.connection.streams().open(Dir::Bi).map(u64::from)
    }

    /// Opens a stream to the peer alone; none: the peer does not allow for one more now.
    pub fn open_out(&mut self) -> Option<u64> {
        self.connection.streams().open(Dir::Uni).map(u64::from)
    }

    /// The next unidirectional stream that the peer has opened.
    pub fn accept(&mut self) -> Option<u64> {
        self.connection.streams().accept(Dir::Uni).map(u64::from)
    }

    /// Reads the next bytes of a stream, at most so many; room for as many is told to the peer.
    pub fn read(&mut self, id: u64, most: usize) -> Read {
        let Some(id) = stream(id) else { return Read::Gone };
        let mut stream = self.connection.recv_stream(id);
        let Ok(mut chunks) = stream.read(true) else { return Read::Gone };
        match chunks.next(most) {
            Ok(Some(chunk)) => Read::Bytes(chunk.bytes),
            Ok(None) => Read::End,
            Err(ReadError::Blocked) => Read::Blocked,
            Err(ReadError::Reset(code)) => Read::Reset(code.into_inner()),
        }
    }

    /// Writes from the front of `bytes`; how many were taken. None: the peer wants no more.
    pub fn write(&mut self, id: u64, bytes: &[u8]) -> Option<usize> {
        match self.connection.send_stream(stream(id)?).write(bytes) {
            Ok(count) => Some(count),
            Err(WriteError::Blocked) => Some(0),
            Err(WriteError::Stopped(_) | WriteError::ClosedStream) => None,
        }
    }

    /// Nothing follows on a stream.
    pub fn finish(&mut self, id: u64) {
        if let Some(id) = stream(id) {
            // One that was stopped or reset is over already.
            let _ = self.connection.send_stream(id).finish();
        }
    }

    /// Gives up both directions of a stream, with a code of the application protocol.
    pub fn abandon(&mut self, id: u64, code: u64) {
        let (Some(id), Ok(code)) = (stream(id), VarInt::from_u64(code)) else { return };
        let _ = self.connection.send_stream(id).reset(code);
        let _ = self.connection.recv_stream(id).stop(code);
    }

    /// Asks the peer not to send on a stream, with a code of the application protocol.
    pub fn stop(&mut self, id: u64, code: u64) {
        let (Some(id), Ok(code)) = (stream(id), VarInt::from_u64(code)) else { return };
        let _ = self.connection.recv_stream(id).stop(code);
    }

    /// Asks the peer to say something (`curl_easy_upkeep(3)`).
    pub fn ping(&mut self) {
        self.connection.ping();
    }

    /// Closes the connection with a code of the application protocol, and says so as far as that
    /// goes at once.
    pub fn close(&mut self, code: u64, now: Instant) {
        let code = VarInt::from_u64(code).unwrap_or_default();
        self.connection.close(now, code, Bytes::new());
        let _ = self.send_out(now);
    }

    /// Hands out the socket, for an application that closes it itself.
    pub fn into_fd(self) -> OwnedFd {
        self.socket.into_fd()
    }

    fn complete(&mut self) -> Result<()> {
        self.established = true;
        let session = self.connection.crypto_session();
        let identity = session.peer_identity().and_then(|identity| identity.downcast().ok());
        let certificates: Vec<CertificateDer<'static>> = identity.map_or_else(Vec::new, |it| *it);
        let data = session.handshake_data().and_then(|data| data.downcast().ok());
        let alpn = data.and_then(|data: Box<HandshakeData>| data.protocol);
        self.agreement.complete(certificates, alpn)
    }

    fn lost(&mut self, reason: &ConnectionError) -> Lost {
        let error = match reason {
            ConnectionError::ApplicationClosed(close) => {
                return Lost::Closed(close.error_code.into_inner());
            }
            ConnectionError::TimedOut => return Lost::TimedOut,
            ConnectionError::TransportError(error) if !self.established => {
                self.agreement.failed(error.code.into(), &error.reason)
            }
            ConnectionError::ConnectionClosed(close) if !self.established => {
                self.agreement.refused(close.error_code.into())
            }
            _ => None,
        };
        let code = if self.established { Code::RecvError } else { Code::QuicConnectError };
        let text = || Error::new(code, format!("QUIC connection lost: {reason}"));
        Lost::Failed(error.unwrap_or_else(text))
    }
}

/// How a connection is to be made.
#[derive(Clone)]
pub struct Wish {
    /// Where TLS configurations and sessions are.
    pub context: TlsContext,
    /// How TLS is spoken.
    pub settings: Arc<TlsSettings>,
    /// The name that the server has to prove.
    pub host: Box<str>,
    /// How many streams there will be at most, at once.
    pub streams: u32,
}

fn transport(streams: u32) -> TransportConfig {
    let mut config = TransportConfig::default();
    // Paused streams, whatever their number, must not keep others from receiving.
    let window = u64::from(STREAM_WINDOW) * u64::from(streams.max(1));
    config
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(VarInt::from_u32(PEER_STREAMS))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u64(window).unwrap_or(VarInt::MAX))
        .send_window(SEND_WINDOW)
        .datagram_receive_buffer_size(None)
        .max_idle_timeout(IdleTimeout::try_from(IDLE_TIMEOUT).ok());
    config
}

fn stream(id: u64) -> Option<StreamId> {
    VarInt::from_u64(id).ok().map(StreamId::from)
}

fn failed(reason: &str) -> Error {
    Error::new(Code::QuicConnectError, format!("QUIC connect: {reason}"))
}

/// Is this what the socket says when nothing is to be had from it?
fn is_blocked(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
