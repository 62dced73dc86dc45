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

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use memchr::memchr;
use tress_model::{Code, Error, Result};

use super::chunked::{Chunked, Piece};
use super::head::{Field, Head, Parts, Version, begins_well, name_len, verify};
use super::line::Lines;

/// The most bytes of all heads of one response, interim ones included
/// (`MAX_HTTP_RESP_HEADER_SIZE`).
pub const MAX_HEAD_BYTES: usize = 300 * 1024;
/// The longest single header line, folded parts included (`CURL_MAX_HTTP_HEADER`, which counts a
/// byte for the end of the string).
pub const MAX_LINE: usize = 100 * 1024 - 1;
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
    /// A head that came over HTTP/2, as text; its body comes some other way.
    pub http2: bool,
    /// The request was sent as HTTP/1.0.
    pub sent_http10: bool,
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
    pub aliases: Option<Arc<[Box<[u8]>]>>,
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
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseOutcome {
    /// The response is complete: its body ended so, or it was over before.
    Complete,
    /// Not even the status line of a final response came: "Empty reply from server", or a retry on a new
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
    lines: Lines,
    state: State,
    head_bytes: usize,
    headers: usize,
}

enum State {
    Status,
    Headers,
    Length(u64),
    Chunked(Chunked),
    UntilClose,
    /// A line without a head in reply to HEAD; has it ended?
    Dropping {
        ended: bool,
    },
    /// Raw chunks, whose framing is broken behind what was handed out.
    Broken(Error),
    /// The end, not told yet or told.
    End,
}

impl Response {
    /// A machine for one response, interim ones before it included.
    pub fn new(config: ResponseConfig) -> Self {
        Self {
            config,
            head: Head::default(),
            lines: Lines::default(),
            state: State::Status,
            head_bytes: 0,
            headers: 0,
        }
    }

    /// Looks at `input`, what was received and not consumed yet, and gives at most one event.
    ///
    /// # Errors
    /// Whatever of the response breaks HTTP, with libcurl's code and wording.
    pub fn advance(&mut self, input: &[u8]) -> Result<Advance> {
        self.lines.forget();
        match &mut self.state {
            State::Status => self.status(input),
            State::Headers => self.header(input),
            State::Length(left) => {
                // No longer than the input.
                let len = (*left).min(input.len() as u64) as usize;
                *left -= len as u64;
                if *left == 0 {
                    self.state = State::End;
                }
                Ok(body(len))
            }
            State::UntilClose => Ok(body(input.len())),
            State::Dropping { ended } => drop_line(ended, input),
            State::Chunked(chunked) if self.config.raw_transfer => {
                let (consumed, outcome) = skip_chunks(chunked, input);
                match outcome {
                    Ok(false) => {}
                    Ok(true) => self.state = State::End,
                    Err(error) if consumed == 0 => return Err(error),
                    Err(error) => self.state = State::Broken(error),
                }
                Ok(body(consumed))
            }
            State::Broken(error) => Err(error.clone()),
            State::Chunked(chunked) => {
                let (consumed, piece) = chunked.advance(input)?;
                let event = match piece {
                    Piece::More => Event::More,
                    Piece::Data(range) => Event::Body(Span::Input(range)),
                    Piece::Trailer(line) => Event::Trailer { line },
                    Piece::Done => {
                        self.state = State::End;
                        Event::End { excess: consumed < input.len() }
                    }
                };
                Ok(Advance { consumed, event })
            }
            State::End => {
                Ok(Advance { consumed: 0, event: Event::End { excess: !input.is_empty() } })
            }
        }
    }

    /// Another chunk that is part of the body and is all in the input, of `most` bytes at most: the bytes
    /// consumed, and where its content is. None: see what [`Response::advance`] says.
    pub fn next_chunk(&mut self, input: &[u8], most: usize) -> Option<(usize, Range<usize>)> {
        match &mut self.state {
            State::Chunked(chunked) if !self.config.raw_transfer => chunked.next(input, most),
            _ => None,
        }
    }

    /// The peer closed the connection.
    ///
    /// # Errors
    /// `PartialFile` for a body that is not complete.
    pub fn close(&mut self) -> Result<CloseOutcome> {
        self.lines.forget();
        let message = match &self.state {
            State::Status | State::Dropping { .. } => return Ok(CloseOutcome::Nothing),
            State::Headers if self.config.head_request => return Ok(CloseOutcome::HeadCut),
            State::Headers => match self.head.content_length {
                None | Some(0) => return Ok(CloseOutcome::HeadCut),
                Some(left) => format!("transfer closed with {left} bytes remaining to read").into(),
            },
            State::Length(left) => format!("end of response with {left} bytes missing").into(),
            State::Chunked(_) => Cow::from("transfer closed with outstanding read data remaining"),
            State::Broken(error) => return Err(error.clone()),
            State::UntilClose | State::End => {
                self.state = State::End;
                return Ok(CloseOutcome::Complete);
            }
        };
        Err(Error::new(Code::PartialFile, message))
    }

    /// The line of the last event, where it was not in one piece in the input.
    pub fn held(&self) -> &[u8] {
        match &self.state {
            State::Chunked(chunked) if self.lines.held().is_empty() => chunked.held(),
            _ => self.lines.held(),
        }
    }

    /// Facts of the current head.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Bytes of all heads so far, interim ones included.
    pub fn head_bytes(&self) -> usize {
        self.head_bytes
    }

    /// Bytes of the body still to come, where that is known.
    pub fn body_left(&self) -> Option<u64> {
        match self.state {
            State::Length(left) => Some(left),
            State::End => Some(0),
            _ => None,
        }
    }

    /// The next line: the one found to be `plain`, or what a closer look gives.
    #[inline]
    fn line(
        &mut self,
        input: &[u8],
        plain: Option<usize>,
        fold: bool,
    ) -> Result<(usize, Option<Span>)> {
        match plain {
            Some(end) => Ok((end, Some(Span::Input(0..end)))),
            None => self.lines.next(input, fold),
        }
    }

    fn status(&mut self, input: &[u8]) -> Result<Advance> {
        let plain = self.lines.plain(input, false);
        let (consumed, line) = self.line(input, plain, false)?;
        let Some(line) = line else {
            if begins_well(self.lines.held(), &self.config) {
                return Ok(Advance { consumed, event: Event::More });
            }
            let held = Span::Held(self.lines.take_held());
            return self.no_status_line(input, consumed, held);
        };
        let bytes = line.of(input, self.lines.held());
        if !begins_well(bytes, &self.config) {
            return self.no_status_line(input, consumed, line);
        }
        self.head.status_line(bytes, &self.config)?;
        if plain.is_none() {
            verify(bytes)?;
        }
        count_line(&mut self.head_bytes, bytes.len())?;
        self.state = State::Headers;
        Ok(Advance { consumed, event: Event::Status { line } })
    }

    /// HTTP/0.9, if that can be: all is body, from `bytes` on.
    fn no_status_line(&mut self, input: &[u8], consumed: usize, bytes: Span) -> Result<Advance> {
        self.head.close = true;
        if self.head.version >= Version::Http10 || self.config.reused || self.config.rtsp {
            return Err(Error::new(Code::WeirdServerReply, "Invalid status line"));
        }
        if !self.config.http09_allowed {
            let message = "Received HTTP/0.9 when not allowed";
            return Err(Error::new(Code::UnsupportedProtocol, message));
        }
        self.head.version = Version::Http09;
        if self.config.head_request {
            let mut ended = bytes.of(input, self.lines.held()).ends_with(b"\n");
            let rest = drop_line(&mut ended, input.get(consumed..).unwrap_or_default())?;
            self.state = State::Dropping { ended };
            return Ok(Advance { consumed: consumed + rest.consumed, ..rest });
        }
        self.state = State::UntilClose;
        Ok(match bytes {
            Span::Input(_) => body(input.len()),
            Span::Held(_) => Advance { consumed, event: Event::Body(bytes) },
        })
    }

    fn header(&mut self, input: &[u8]) -> Result<Advance> {
        let plain = self.lines.plain(input, true);
        let (consumed, line) = self.line(input, plain, true)?;
        let Some(line) = line else {
            return Ok(Advance { consumed, event: Event::More });
        };
        let bytes = line.of(input, self.lines.held());
        count_line(&mut self.head_bytes, bytes.len())?;
        if matches!(bytes.first(), Some(b'\r' | b'\n')) {
            return self.end_of_head(consumed, line);
        }
        if plain.is_none() {
            verify(bytes)?;
        }
        let name_len = name_len(bytes)?;
        let Parts { field, value } = self.head.header(bytes, name_len, &self.config)?;
        self.headers += 1;
        if self.headers > MAX_HEADERS {
            let message = format!("Too many response headers, {MAX_HEADERS} is max");
            return Err(Error::new(Code::TooLarge, message));
        }
        Ok(Advance { consumed, event: Event::Header { line, field, name_len, value } })
    }

    fn end_of_head(&mut self, consumed: usize, line: Span) -> Result<Advance> {
        let informational = matches!(self.head.status, 100 | 102..=199);
        if informational {
            self.state = State::Status;
            let event = Event::EndOfHead { line, body: BodyFraming::None, informational };
            return Ok(Advance { consumed, event });
        }
        let body = self.framing()?;
        self.state = match body {
            BodyFraming::None | BodyFraming::Switch => State::End,
            BodyFraming::Length(len) => State::Length(len),
            BodyFraming::Chunked => State::Chunked(Chunked::default()),
            BodyFraming::Close => State::UntilClose,
        };
        Ok(Advance { consumed, event: Event::EndOfHead { line, body, informational } })
    }

    /// How the body of this final head ends (RFC 9112 section 6.3).
    fn framing(&mut self) -> Result<BodyFraming> {
        let head = &mut self.head;
        if head.status < 100 {
            let message = "Unsupported response code in HTTP response";
            return Err(Error::new(Code::UnsupportedProtocol, message));
        }
        if head.status == 101 {
            if self.config.sent_http10 {
                let message = "server sent 101 response while not talking HTTP/1.1";
                return Err(Error::new(Code::WeirdServerReply, message));
            }
            return Ok(BodyFraming::Switch);
        }
        if self.config.connect && head.status < 300 {
            return Ok(BodyFraming::Switch);
        }
        if head.chunked || head.ignore_content_length {
            head.content_length = None;
        }
        if self.config.head_request || head.bodyless_status() {
            return Ok(BodyFraming::None);
        }
        Ok(match head.content_length {
            _ if head.chunked => BodyFraming::Chunked,
            Some(0) => BodyFraming::None,
            Some(len) => BodyFraming::Length(len),
            None if self.config.rtsp => BodyFraming::None,
            None => {
                head.close = !self.config.http2;
                BodyFraming::Close
            }
        })
    }
}

/// The first `len` bytes are body.
fn body(len: usize) -> Advance {
    let event = if len == 0 { Event::More } else { Event::Body(Span::Input(0..len)) };
    Advance { consumed: len, event }
}

/// libcurl drops one line where HEAD is answered without a head; what comes after it is a body
/// where none is wanted.
fn drop_line(ended: &mut bool, input: &[u8]) -> Result<Advance> {
    let newline = memchr(b'\n', input);
    let goes_on = newline.is_some_and(|at| at + 1 < input.len());
    if goes_on || (*ended && !input.is_empty()) {
        return Err(Code::WeirdServerReply.into());
    }
    *ended |= newline.is_some();
    Ok(Advance { consumed: input.len(), event: Event::More })
}

/// How far the chunked body reaches, and whether that is its end, or what is broken behind that.
fn skip_chunks(chunked: &mut Chunked, input: &[u8]) -> (usize, Result<bool>) {
    let mut at = 0;
    loop {
        let (consumed, piece) = match chunked.advance(input.get(at..).unwrap_or_default()) {
            Ok(found) => found,
            Err(error) => return (at, Err(error)),
        };
        at += consumed;
        match piece {
            Piece::More => return (at, Ok(false)),
            Piece::Done => return (at, Ok(true)),
            Piece::Data(_) | Piece::Trailer(_) => {}
        }
    }
}

#[inline]
fn count_line(total: &mut usize, len: usize) -> Result<()> {
    *total += len;
    if *total > MAX_HEAD_BYTES { Err(too_many_bytes(*total)) } else { Ok(()) }
}

#[cold]
fn too_many_bytes(total: usize) -> Error {
    let message = format!("Too large response headers: {total} > {MAX_HEAD_BYTES}");
    Error::new(Code::RecvError, message)
}
