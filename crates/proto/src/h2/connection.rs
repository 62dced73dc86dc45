//! A connection (RFC 9113, 3.4 and 5): its parts, its opening and its closing.

use std::collections::VecDeque;

use tress_model::Error;

use super::block::Block;
use super::error::{ConnectionError, ErrorCode};
use super::flow::ReceiveWindow;
use super::frame;
use super::hpack::{Decoder, Encoder};
use super::limits::{Budget, Limits};
use super::output::Output;
use super::receive::Reader;
use super::settings::{self, DEFAULT_WINDOW, MAX_WINDOW, PeerSettings};
use super::stream::{Stream, Streams};
use super::{Event, Fields, StreamId, StreamRef};

/// What a buffer may keep while a connection idles, in bytes.
const IDLE_BUFFER: usize = 1024;

/// How a connection is to be. The defaults are libcurl's.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Streams open at once: what we allow the peer, and what we do until it says.
    pub max_concurrent: u32,
    /// The window of a new stream towards us, in bytes.
    pub initial_window: u32,
    /// What a stream's window grows to once half of it has been consumed, in bytes.
    pub stream_window: u32,
    /// The window of the connection towards us, in bytes: room for many streams that
    /// are paused with all their window filled.
    pub connection_window: u32,
    /// Whether the peer may push.
    pub push: bool,
    /// What the peer may make grow.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        const STREAM_WINDOW: u32 = 10 * 1024 * 1024;
        Self {
            max_concurrent: 100,
            initial_window: 64 * 1024,
            stream_window: STREAM_WINDOW,
            connection_window: 100 * STREAM_WINDOW,
            push: false,
            limits: Limits::default(),
        }
    }
}

/// The client's end of an HTTP/2 connection.
///
/// ```
/// use std::time::Instant;
/// use tress_proto::h2::{Config, Connection, Event, Fields, Open};
///
/// let mut connection = Connection::new(Config::default());
/// let mut request = Fields::default();
/// for (name, value) in [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/")] {
///     request.push(name.as_bytes(), value.as_bytes());
/// }
/// let stream = connection.open(&request, Open { end: true, ..Open::default() })?;
/// assert_eq!(stream.0, 1);
/// assert!(connection.pending_output().starts_with(b"PRI * HTTP/2.0\r\n"));
/// // ... send that, receive, and until `Event::More`:
/// let advance = connection.advance(b"", Instant::now())?;
/// assert_eq!(advance.event, Event::More);
/// # Ok::<(), tress_model::Error>(())
/// ```
#[derive(Debug)]
pub struct Connection {
    pub(super) config: Config,
    pub(super) peer: PeerSettings,
    pub(super) streams: Streams,
    pub(super) out: Output,
    pub(super) encoder: Encoder,
    pub(super) decoder: Decoder,
    pub(super) fields: Fields,
    pub(super) receive: ReceiveWindow,
    /// What the peer may still send on streams that we have closed before it had ended them.
    pub(super) late: u64,
    /// What we may still send on the whole connection.
    pub(super) send_left: u32,
    pub(super) next_id: u32,
    pub(super) last_promised: u32,
    pub(super) reader: Reader,
    pub(super) block: Option<Block>,
    pub(super) block_bytes: Vec<u8>,
    pub(super) queued: VecDeque<Event>,
    /// Streams that want to send and have no window; some maybe gone since.
    pub(super) blocked: Vec<u32>,
    /// A promise that the caller has not answered yet.
    pub(super) offered: Option<u32>,
    pub(super) budgets: Budgets,
    pub(super) settings_seen: bool,
    pub(super) goaway: Option<(u32, ErrorCode)>,
    pub(super) goaway_debug: Vec<u8>,
    pub(super) goaway_sent: bool,
    pub(super) failed: Option<ConnectionError>,
}

/// What is left of the limits on rates.
#[derive(Debug)]
pub(super) struct Budgets {
    pub(super) control: Budget,
    pub(super) resets: Budget,
    pub(super) window_updates: Budget,
    pub(super) empty: Budget,
}

impl Connection {
    /// A new connection; its preface and SETTINGS wait to be sent.
    pub fn new(config: Config) -> Self {
        let limits = &config.limits;
        let connection_window = config.connection_window.clamp(DEFAULT_WINDOW, MAX_WINDOW);
        let mut connection = Self {
            config,
            peer: PeerSettings::before_any(config.max_concurrent),
            streams: Streams::default(),
            out: Output::default(),
            encoder: Encoder::new(),
            decoder: Decoder::new(),
            fields: Fields::default(),
            receive: ReceiveWindow::new(connection_window, connection_window),
            late: 0,
            send_left: DEFAULT_WINDOW,
            next_id: 1,
            last_promised: 0,
            reader: Reader::default(),
            block: None,
            block_bytes: Vec::new(),
            queued: VecDeque::new(),
            blocked: Vec::new(),
            offered: None,
            budgets: Budgets {
                control: Budget::new(limits.control_frames),
                resets: Budget::new(limits.resets),
                window_updates: Budget::new(limits.window_updates),
                empty: Budget::new(limits.empty_frames),
            },
            settings_seen: false,
            goaway: None,
            goaway_debug: Vec::new(),
            goaway_sent: false,
            failed: None,
        };
        connection.out.bytes.extend_from_slice(frame::PREFACE);
        connection.out.frame(frame::SETTINGS, 0, 0, &settings::payload(&config));
        connection.out.window_update(0, connection_window - DEFAULT_WINDOW);
        connection
    }

    /// A connection that an HTTP/1 request upgraded to (RFC 7540, 3.2): that request
    /// is stream 1, whose response comes here. `is_head` if its method is HEAD.
    pub fn upgraded(config: Config, token: u64, is_head: bool) -> (Self, StreamId) {
        let mut connection = Self::new(config);
        let mut stream = Stream::new(1, token, connection.stream_window());
        stream.local_ended = true;
        stream.is_head = is_head;
        connection.streams.insert(stream);
        connection.next_id = 3;
        (connection, StreamId(1))
    }

    /// Bytes that wait to be sent; tell with [`Connection::sent`] how many were.
    pub fn pending_output(&self) -> &[u8] {
        self.out.pending()
    }

    /// Takes note that the first `count` bytes of the pending output are sent.
    pub fn sent(&mut self, count: usize) {
        self.out.sent(count);
    }

    /// The fields of the head, trailers or promise that the last event told of.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// What the peer has set.
    pub fn peer_settings(&self) -> &PeerSettings {
        &self.peer
    }

    /// What came with the last GOAWAY, for people to read; 128 bytes at most.
    pub fn goaway_debug(&self) -> &[u8] {
        &self.goaway_debug
    }

    /// The last stream that the peer says it has acted on, once it has taken leave (GOAWAY, RFC 9113
    /// section 6.8).
    pub fn last_acted(&self) -> Option<u32> {
        self.goaway.map(|(last, _)| last)
    }

    /// How many streams can be opened now; 0 for ever after GOAWAY or a failure.
    pub fn available(&self) -> usize {
        let closing = self.goaway.is_some() || self.goaway_sent || self.failed.is_some();
        if closing || self.next_id > MAX_WINDOW {
            return 0;
        }
        let most = self.peer.max_concurrent.min(self.config.max_concurrent);
        most.saturating_sub(self.streams.ours()) as usize
    }

    /// Whether no further stream will ever be opened here.
    pub fn is_closing(&self) -> bool {
        self.goaway.is_some()
            || self.goaway_sent
            || self.failed.is_some()
            || self.next_id > MAX_WINDOW
    }

    /// How many streams are open.
    pub fn open_streams(&self) -> usize {
        self.streams.len()
    }

    /// Whether this stream is open.
    pub fn is_open(&self, stream: StreamId) -> bool {
        self.streams.get(stream.0).is_some()
    }

    /// The streams that are open, in no order.
    pub fn streams(&self) -> impl Iterator<Item = StreamRef> {
        self.streams.iter().map(Stream::reference)
    }

    /// Says goodbye: GOAWAY, and no stream is opened any more. Open ones go on.
    pub fn shutdown(&mut self) {
        if !self.goaway_sent && self.failed.is_none() {
            self.goaway_sent = true;
            self.out.goaway(self.last_promised, ErrorCode::NO_ERROR.0, b"shutdown");
        }
    }

    /// Gives back the memory that an idle connection does not need.
    pub fn shrink(&mut self) {
        self.fields.shrink(IDLE_BUFFER);
        self.decoder.shrink();
        self.out.bytes.shrink_to(IDLE_BUFFER);
        self.block_bytes.shrink_to(IDLE_BUFFER);
        self.reader.shrink(IDLE_BUFFER);
        self.queued.shrink_to(4);
        self.blocked.retain(|id| self.streams.get(*id).is_some());
        self.blocked.shrink_to(4);
        self.streams.shrink();
    }

    /// Ends the connection for `error`: GOAWAY is the last that it says.
    pub(super) fn fail(&mut self, error: ConnectionError) -> Error {
        if self.failed.is_none() {
            self.failed = Some(error);
            self.out.goaway(self.last_promised, error.0.0, b"");
        }
        error.to_error()
    }

    /// The window of a stream that is opened now.
    pub(super) fn stream_window(&self) -> ReceiveWindow {
        let initial = self.config.initial_window.min(MAX_WINDOW);
        let window = ReceiveWindow::new(initial, self.config.stream_window);
        window.tolerating(DEFAULT_WINDOW.saturating_sub(initial))
    }

    /// We close a stream: what its window allows may be under way.
    pub(super) fn expect_late_data(&mut self, stream: &Stream) {
        if !stream.remote_ended {
            self.late += u64::from(stream.receive.open());
        }
    }

    /// Closes a stream with RST_STREAM and tells of it.
    pub(super) fn stream_error(&mut self, id: u32, code: ErrorCode, why: &'static str) {
        self.out.rst_stream(id, code.0);
        if let Some(stream) = self.streams.remove(id) {
            self.expect_late_data(&stream);
            let stream = stream.reference();
            self.queued.push_back(Event::Reset { stream, code, by_peer: false, retry: false, why });
        }
    }
}
