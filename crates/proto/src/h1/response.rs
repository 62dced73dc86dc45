//! The machine that takes an HTTP/1 response apart.
//!
//! ```text
//! Status -> Head -> EndOfHead --> Body -> End
//!   ^                   |
//!   +------ (1xx) ------+
//! ```
//!
//! The owner shows what it received to [`Response::advance`], drops the consumed
//! bytes and acts on the event, until it gets [`Event::More`] or [`Event::End`].
//! A line that lies whole in the input is never copied.

use std::ops::Range;

use smallvec::SmallVec;
use tress_model::Result;

use crate::decode::Coding;

/// The most bytes of all heads of one response, interim ones included
/// (`MAX_HTTP_RESP_HEADER_SIZE`).
pub const MAX_HEAD_BYTES: usize = 300 * 1024;
/// The longest single header line, folded parts included.
pub const MAX_LINE: usize = MAX_HEAD_BYTES;
/// The most header lines of one response, interim ones included.
pub const MAX_HEADERS: usize = 5000;

/// What the request and the options mean for its response.
#[derive(Clone, Debug, Default)]
pub struct ResponseConfig {
    /// No body follows whatever the head says (`CURLOPT_NOBODY`, HEAD).
    pub head_request: bool,
    /// A reply to CONNECT: 2xx is a tunnel, not a body.
    pub connect: bool,
    /// A reply by RTSP/1.0 (RFC 2326) and not by HTTP.
    pub rtsp: bool,
    /// `CURLOPT_HTTP09_ALLOWED`.
    pub http09_allowed: bool,
    /// The connection served a request before: a reply without a status line is no HTTP/0.9.
    pub reused: bool,
    /// The request went to a proxy in the clear, so `Proxy-Connection` counts.
    pub via_proxy: bool,
    /// `CURLOPT_IGNORE_CONTENT_LENGTH`.
    pub ignore_content_length: bool,
    /// A size limit is set (`CURLOPT_MAXFILESIZE_LARGE`): a Content-Length out of range is an
    /// error rather than unknown.
    pub max_filesize: bool,
    /// `CURLOPT_HTTP_TRANSFER_DECODING` is 0: bodies keep their chunk framing.
    pub raw_transfer: bool,
    /// `CURLOPT_TRANSFER_ENCODING`: the request offered transfer codings.
    pub transfer_encoding_offered: bool,
    /// `CURLOPT_HTTP200ALIASES`: other beginnings of a status line that mean 200.
    pub aliases: Vec<Vec<u8>>,
}

/// The version that a head claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// No head was seen.
    #[default]
    Unknown,
    /// A body without a head.
    Http09,
    /// HTTP/1.0, or an alias of `CURLOPT_HTTP200ALIASES`.
    Http10,
    /// HTTP/1.1, or RTSP/1.0.
    Http11,
}

/// Facts of the current head.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The version of the status line.
    pub version: Version,
    /// The status code; 0 before a status line.
    pub status: u16,
    /// The body's length as announced, and to be believed.
    pub content_length: Option<u64>,
    /// The body comes in chunks.
    pub chunked: bool,
    /// Transfer codings inside of the chunks, in the order of the header.
    pub transfer_codings: SmallVec<[Coding; 4]>,
    /// The connection ends with this response.
    pub close: bool,
    /// A `Trailer` header announced trailers.
    pub trailer: bool,
}

/// Where a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// In the input of this call.
    Input(Range<usize>),
    /// In [`Response::held`], until the next call.
    Held(Range<usize>),
}

impl Span {
    /// The bytes, given the input of the call and [`Response::held`].
    pub fn of<'a>(&self, input: &'a [u8], held: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Input(range) => input.get(range.clone()),
            Self::Held(range) => held.get(range.clone()),
        }
        .unwrap_or_default()
    }
}

/// Response headers that an engine acts on, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Field {
    AltSvc,
    Connection,
    ContentEncoding,
    ContentLength,
    ContentRange,
    ContentType,
    LastModified,
    Location,
    ProxyAuthenticate,
    ProxyConnection,
    RetryAfter,
    SetCookie,
    StrictTransportSecurity,
    Trailer,
    TransferEncoding,
    Upgrade,
    WwwAuthenticate,
    SecWebsocketAccept,
    /// Any other.
    Other,
}

/// How the end of the body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// No body: [`Event::End`] follows.
    None,
    /// So many bytes (never 0).
    Length(u64),
    /// Chunks.
    Chunked,
    /// The peer closes the connection.
    Close,
    /// What follows is no HTTP/1: 101, or 2xx to CONNECT. [`Event::End`] follows.
    Switch,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing yet; all input was consumed.
    More,
    /// A status line; see [`Response::head`].
    Status {
        /// With its line end.
        line: Span,
    },
    /// A header, unfolded, and checked.
    Header {
        /// With its line end.
        line: Span,
        /// Which header.
        field: Field,
        /// The name's length: `line[..name_len]`, the colon after it.
        name_len: usize,
        /// The value without blanks around it, counted from the start of the line.
        value: Range<usize>,
    },
    /// The empty line.
    EndOfHead {
        /// The line end.
        line: Span,
        /// How the body ends.
        body: BodyFraming,
        /// An interim response: another head follows.
        informational: bool,
    },
    /// Bytes of the body; with `raw_transfer` the chunk framing is among them.
    /// In the buffer held only for the first bytes of an HTTP/0.9 reply.
    Body(Span),
    /// A trailer after the last chunk; it ends with CR LF.
    Trailer {
        /// With its line end.
        line: Span,
    },
    /// The response is complete.
    End {
        /// Bytes follow in the input that this response does not own.
        excess: bool,
    },
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// Bytes of the input that are done with (once the event is acted on).
    pub consumed: usize,
    /// What was found.
    pub event: Event,
}

/// What the peer's closing meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseOutcome {
    /// The response is complete: its body ended so, or it was over before.
    Complete,
    /// Nothing of a final response came: "Empty reply from server", or a retry on a new
    /// connection.
    Nothing,
    /// The head broke off. libcurl takes this for a success: it hands [`Response::held`] out as a
    /// last header if it is not empty.
    HeadCut,
}

/// A response under way.
pub struct Response {
    config: ResponseConfig,
    head: Head,
    held: Vec<u8>,
}

impl Response {
    /// A machine for one response, interim ones before it included.
    pub fn new(config: ResponseConfig) -> Self {
        Self { config, head: Head::default(), held: Vec::new() }
    }

    /// Looks at `input`, what was received and not consumed yet, and gives at most one event.
    ///
    /// # Errors
    /// Whatever of the response breaks HTTP, with libcurl's code and wording.
    pub fn advance(&mut self, input: &[u8]) -> Result<Advance> {
        let _ = (&self.config, input);
        unimplemented!("lands next")
    }

    /// The peer closed the connection.
    ///
    /// # Errors
    /// `PartialFile` for a body that is not complete.
    pub fn close(&mut self) -> Result<CloseOutcome> {
        unimplemented!("lands next")
    }

    /// The line of the last event, where it was not in one piece in the input.
    pub fn held(&self) -> &[u8] {
        &self.held
    }

    /// Facts of the current head.
    pub fn head(&self) -> &Head {
        &self.head
    }
}
