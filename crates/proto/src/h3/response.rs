//! What comes on the stream of a request (RFC 9114, 4.1): heads, body, trailers.

use std::ops::Range;

use super::error::{ErrorCode, Failure};
use super::frame;
use super::limits::Limits;
use super::qpack::decode_section;
use super::varint::Partial;
use crate::h2::hpack::Faults;
use crate::h2::{Fields, message, render};

/// What a piece of input came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// So many bytes of the input are done with, those of [`Event::Data`] included.
    pub consumed: usize,
    /// What they say.
    pub event: Event,
}

/// Something of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// All of the input was taken; more is needed.
    More,
    /// A head, informational or final, is in the list of fields as the text that libcurl shows.
    Head {
        /// Its `:status`.
        status: u16,
    },
    /// Bytes of the body, by their place in the input.
    Data {
        /// The place.
        range: Range<usize>,
    },
    /// Trailers are in the list of fields.
    Trailers,
}

/// How a response can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The stream is to be reset; the others go on.
    Stream(Failure),
    /// The connection is to be closed.
    Connection(Failure),
}

/// The receiving side of a request's stream.
#[derive(Debug, Default)]
pub struct Response {
    phase: Phase,
    reading: Reading,
    /// A head that comes in pieces.
    block: Vec<u8>,
    /// How long the body must be, if that is known, and how much of it has come.
    expected: Option<u64>,
    received: u64,
    informational: u8,
    idle_frames: u32,
    is_head: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Head,
    Body,
    Done,
}

/// Where in a frame the input stands.
#[derive(Clone, Copy, Debug)]
enum Reading {
    Kind(Partial),
    Length(u64, Partial),
    Payload(u64, u64),
}

impl Default for Reading {
    fn default() -> Self {
        Self::Kind(Partial::default())
    }
}

impl Response {
    /// The response to a request; `is_head`: to one by `HEAD`.
    pub fn new(is_head: bool) -> Self {
        Self { is_head, ..Self::default() }
    }

    /// Takes from the front of `input`, up to one event; heads and trailers are put into `fields`.
    ///
    /// # Errors
    /// The server has broken the protocol, or a limit.
    pub fn advance(
        &mut self,
        input: &[u8],
        limits: &Limits,
        fields: &mut Fields,
    ) -> Result<Advance, Fault> {
        let mut rest = input;
        let at = |rest: &[u8]| input.len() - rest.len();
        loop {
            match &mut self.reading {
                Reading::Kind(partial) => match partial.read(&mut rest) {
                    Some(kind) => self.reading = Reading::Length(kind, Partial::default()),
                    None => return Ok(Advance { consumed: at(rest), event: Event::More }),
                },
                Reading::Length(kind, partial) => {
                    let kind = *kind;
                    let Some(length) = partial.read(&mut rest) else {
                        return Ok(Advance { consumed: at(rest), event: Event::More });
                    };
                    self.begin_frame(kind, length, limits)?;
                    self.reading = Reading::Payload(kind, length);
                }
                Reading::Payload(kind, 0) if *kind != frame::HEADERS => {
                    self.reading = Reading::default();
                }
                Reading::Payload(kind, left) => {
                    let kind = *kind;
                    let take = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    if take == 0 && *left > 0 {
                        return Ok(Advance { consumed: at(rest), event: Event::More });
                    }
                    *left -= take as u64;
                    let whole = *left == 0;
                    let start = at(rest);
                    let (piece, after) = rest.split_at(take);
                    rest = after;
                    if let Some(event) = self.payload(kind, piece, whole, limits, fields)? {
                        let event = match event {
                            Event::Data { .. } => Event::Data { range: start..start + take },
                            event => event,
                        };
                        return Ok(Advance { consumed: at(rest), event });
                    }
                }
            }
        }
    }

    /// The stream has ended in order.
    ///
    /// # Errors
    /// It has ended within a frame, or before all of the body has come.
    pub fn end(&self) -> Result<(), Fault> {
        let between = matches!(&self.reading, Reading::Kind(partial) if !partial.is_cut_off())
            || matches!(&self.reading, Reading::Payload(kind, 0) if *kind != frame::HEADERS);
        if !between {
            return connection(ErrorCode::FRAME_ERROR, "stream ended within a frame");
        }
        if self.phase != Phase::Head && self.expected.is_some_and(|all| self.received < all) {
            return malformed("body shorter than its content-length");
        }
        Ok(())
    }

    /// Is a frame of this type allowed here?
    fn begin_frame(&mut self, kind: u64, length: u64, limits: &Limits) -> Result<(), Fault> {
        let unexpected = |why| connection(ErrorCode::FRAME_UNEXPECTED, why);
        match kind {
            frame::DATA if self.phase == Phase::Head => unexpected("DATA before a response head"),
            frame::DATA if self.phase == Phase::Done => unexpected("DATA after trailers"),
            frame::DATA if length > 0 => {
                self.idle_frames = 0;
                Ok(())
            }
            frame::HEADERS if self.phase == Phase::Done => unexpected("HEADERS after trailers"),
            frame::HEADERS if length > limits.header_block_bytes as u64 => {
                stream(ErrorCode::EXCESSIVE_LOAD, "header block over the limit")
            }
            frame::HEADERS => Ok(()),
            frame::PUSH_PROMISE => {
                connection(ErrorCode::ID_ERROR, "PUSH_PROMISE, which was not allowed")
            }
            frame::SETTINGS | frame::GOAWAY | frame::CANCEL_PUSH | frame::MAX_PUSH_ID => {
                unexpected("frame of the control stream on a request's stream")
            }
            kind if frame::is_forbidden(kind) => unexpected("frame of HTTP/2"),
            _ => {
                self.idle_frames += 1;
                if self.idle_frames > limits.idle_frames {
                    return stream(ErrorCode::EXCESSIVE_LOAD, "too many frames without a use");
                }
                Ok(())
            }
        }
    }

    fn payload(
        &mut self,
        kind: u64,
        piece: &[u8],
        whole: bool,
        limits: &Limits,
        fields: &mut Fields,
    ) -> Result<Option<Event>, Fault> {
        match kind {
            frame::DATA => {
                self.received += piece.len() as u64;
                if self.expected.is_some_and(|all| self.received > all) {
                    return malformed("body longer than its content-length");
                }
                Ok(Some(Event::Data { range: 0..piece.len() }))
            }
            frame::HEADERS if whole => {
                self.reading = Reading::default();
                if self.block.is_empty() {
                    return self.section(piece, limits, fields).map(Some);
                }
                self.block.extend_from_slice(piece);
                let block = std::mem::take(&mut self.block);
                self.section(&block, limits, fields).map(Some)
            }
            frame::HEADERS => {
                self.block.extend_from_slice(piece);
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// A whole field section has come.
    fn section(
        &mut self,
        block: &[u8],
        limits: &Limits,
        fields: &mut Fields,
    ) -> Result<Event, Fault> {
        fields.clear();
        let faults = match decode_section(block, limits.list(), fields) {
            Ok(faults) => faults,
            Err(error) => return connection(ErrorCode::QPACK_DECOMPRESSION_FAILED, error.0),
        };
        let Faults { invalid, oversized } = faults;
        if oversized {
            return stream(ErrorCode::EXCESSIVE_LOAD, "head over the limit");
        }
        if invalid {
            return malformed("forbidden byte in a field");
        }
        if self.phase == Phase::Body {
            message::trailers(fields).or_else(malformed)?;
            self.phase = Phase::Done;
            return Ok(Event::Trailers);
        }
        let head = message::response(fields).or_else(malformed)?;
        let status = head.status;
        if status < 200 {
            if status == 101 {
                return malformed("1xx response that is not allowed");
            }
            if self.informational >= limits.informational {
                return stream(ErrorCode::EXCESSIVE_LOAD, "too many 1xx responses");
            }
            self.informational += 1;
        } else {
            self.phase = Phase::Body;
            let empty = self.is_head || status == 204 || status == 304;
            self.expected = if empty { Some(0) } else { head.content_length };
        }
        render::response_head(fields, b'3');
        Ok(Event::Head { status })
    }
}

fn stream<T>(code: ErrorCode, why: &'static str) -> Result<T, Fault> {
    Err(Fault::Stream(Failure::new(code, why)))
}

fn malformed<T>(why: &'static str) -> Result<T, Fault> {
    stream(ErrorCode::MESSAGE_ERROR, why)
}

fn connection<T>(code: ErrorCode, why: &'static str) -> Result<T, Fault> {
    Err(Fault::Connection(Failure::new(code, why)))
}
