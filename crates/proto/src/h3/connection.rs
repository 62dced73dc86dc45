//! What belongs to the whole connection: the unidirectional streams of both ends (RFC 9114, 6.2).

use std::time::Instant;

use super::error::{ErrorCode, Failure};
use super::frame;
use super::limits::Limits;
use super::varint::{self, Partial};
use crate::h2::limits::Budget;

const CONTROL: u64 = 0x0;
const PUSH: u64 = 0x1;
const QPACK_ENCODER: u64 = 0x2;
const QPACK_DECODER: u64 = 0x3;

const SETTINGS_TABLE_CAPACITY: u64 = 0x1;
const SETTINGS_MAX_FIELD_SECTION_SIZE: u64 = 0x6;
const SETTINGS_BLOCKED_STREAMS: u64 = 0x7;

/// A QPACK instruction that sets the capacity of the dynamic table to 0 (RFC 9204, 4.3.1).
const CAPACITY_ZERO: u8 = 0x20;

/// The client's end of a connection.
#[derive(Debug)]
pub struct Connection {
    limits: Limits,
    /// The peer's unidirectional streams that are open; QUIC limits how many.
    incoming: Vec<(u64, Incoming)>,
    /// Of the peer's critical streams there may be one each.
    seen: [bool; 3],
    has_settings: bool,
    goaway: Option<u64>,
    budget: Budget,
}

/// How far one of the peer's unidirectional streams is.
#[derive(Debug)]
pub enum Incoming {
    /// What it is for is not known yet.
    Unknown(Kind),
    /// Frames of the control stream.
    Control(Control),
    /// QPACK's encoder, which may not put anything into a table of size 0.
    Encoder,
    /// QPACK's decoder; within an instruction of several bytes or not.
    Decoder(bool),
    /// Nobody knows what it is for.
    Ignored,
}

/// The type of a stream, as far as it has come.
#[derive(Debug, Default)]
pub struct Kind(Partial);

/// A frame of the control stream, as far as it has come.
#[derive(Debug, Default)]
pub struct Control {
    kind: Option<u64>,
    partial: Partial,
    /// Bytes of the payload to come; none: the length is not known.
    left: Option<u64>,
    payload: Vec<u8>,
}

/// What the peer has said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// GOAWAY: see [`Connection::goaway`].
    pub goaway: bool,
    /// The peer is to be asked to stop sending on this stream, with
    /// [`ErrorCode::STREAM_CREATION_ERROR`].
    pub stop: bool,
}

impl Connection {
    /// A connection that nothing was said on yet.
    pub fn new(limits: Limits) -> Self {
        let budget = Budget::new(limits.control);
        Self {
            limits,
            incoming: Vec::new(),
            seen: [false; 3],
            has_settings: false,
            goaway: None,
            budget,
        }
    }

    /// The limits for its streams.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What is to be sent first on the one unidirectional stream that is needed: its type and
    /// SETTINGS. Without dynamic tables there is nothing to say on QPACK's streams.
    pub fn opening(&self) -> Vec<u8> {
        let mut settings = Vec::new();
        for (id, value) in [
            (SETTINGS_TABLE_CAPACITY, 0),
            (SETTINGS_MAX_FIELD_SECTION_SIZE, self.limits.header_list_bytes as u64),
            (SETTINGS_BLOCKED_STREAMS, 0),
        ] {
            varint::write(&mut settings, id);
            varint::write(&mut settings, value);
        }
        let mut out = Vec::new();
        varint::write(&mut out, CONTROL);
        varint::write(&mut out, frame::SETTINGS);
        varint::write(&mut out, settings.len() as u64);
        out.extend_from_slice(&settings);
        out
    }

    /// The first stream that the peer, which takes leave, has not acted on.
    pub fn goaway(&self) -> Option<u64> {
        self.goaway
    }

    /// Bytes have come on one of the peer's unidirectional streams.
    ///
    /// # Errors
    /// The peer has broken the protocol, or overdoes it: the connection is to be closed.
    pub fn receive(&mut self, id: u64, input: &[u8], now: Instant) -> Result<Told, Failure> {
        let mut stream = match self.incoming.iter().position(|(known, _)| *known == id) {
            Some(at) => self.incoming.swap_remove(at).1,
            None => {
                self.spend(now)?;
                Incoming::Unknown(Kind::default())
            }
        };
        let mut told = Told::default();
        let mut rest = input;
        while !rest.is_empty() {
            match &mut stream {
                Incoming::Unknown(Kind(partial)) => {
                    let Some(kind) = partial.read(&mut rest) else { break };
                    stream = self.known(kind)?;
                    told.stop = matches!(stream, Incoming::Ignored);
                }
                Incoming::Control(control) => {
                    if let Some((kind, payload)) = self.frame(control, &mut rest, now)? {
                        told.goaway |= self.take_frame(kind, &payload)?;
                    }
                }
                Incoming::Encoder => {
                    self.spend(now)?;
                    if rest.split_off_first() != Some(&CAPACITY_ZERO) {
                        let why = "QPACK instruction for a table of size 0";
                        return Err(Failure::new(ErrorCode::QPACK_ENCODER_STREAM_ERROR, why));
                    }
                }
                Incoming::Decoder(within) => {
                    let Some(&byte) = rest.split_off_first() else { break };
                    if *within {
                        *within = byte & 0x80 != 0;
                    } else if byte & 0xc0 == 0x40 {
                        *within = byte & 0x3f == 0x3f;
                    } else {
                        let why = "QPACK acknowledgement of what was not sent";
                        return Err(Failure::new(ErrorCode::QPACK_DECODER_STREAM_ERROR, why));
                    }
                    self.spend(now)?;
                }
                Incoming::Ignored => break,
            }
        }
        self.incoming.push((id, stream));
        Ok(told)
    }

    /// One of the peer's unidirectional streams has ended, or was reset.
    ///
    /// # Errors
    /// The peer needs that stream as long as the connection is there.
    pub fn ended(&mut self, id: u64) -> Result<(), Failure> {
        let Some(at) = self.incoming.iter().position(|(known, _)| *known == id) else {
            return Ok(());
        };
        match self.incoming.swap_remove(at).1 {
            Incoming::Unknown(_) | Incoming::Ignored => Ok(()),
            _ => {
                let why = "control or QPACK stream closed";
                Err(Failure::new(ErrorCode::CLOSED_CRITICAL_STREAM, why))
            }
        }
    }

    fn spend(&mut self, now: Instant) -> Result<(), Failure> {
        match self.budget.spend(1, now) {
            true => Ok(()),
            false => {
                let why = "too many frames or streams for the connection itself";
                Err(Failure::new(ErrorCode::EXCESSIVE_LOAD, why))
            }
        }
    }

    fn known(&mut self, kind: u64) -> Result<Incoming, Failure> {
        let (at, stream) = match kind {
            CONTROL => (0, Incoming::Control(Control::default())),
            QPACK_ENCODER => (1, Incoming::Encoder),
            QPACK_DECODER => (2, Incoming::Decoder(false)),
            PUSH => {
                let why = "push stream, which was not allowed";
                return Err(Failure::new(ErrorCode::ID_ERROR, why));
            }
            _ => return Ok(Incoming::Ignored),
        };
        if std::mem::replace(&mut self.seen[at], true) {
            let why = "second control or QPACK stream";
            return Err(Failure::new(ErrorCode::STREAM_CREATION_ERROR, why));
        }
        Ok(stream)
    }

    /// Takes from the front of `input` until a frame is complete; that of an unknown type is
    /// passed over.
    fn frame(
        &mut self,
        control: &mut Control,
        input: &mut &[u8],
        now: Instant,
    ) -> Result<Option<(u64, Vec<u8>)>, Failure> {
        let Some(kind) = control.kind else {
            control.kind = control.partial.read(input);
            return Ok(None);
        };
        let Some(left) = control.left else {
            let Some(length) = control.partial.read(input) else { return Ok(None) };
            self.spend(now)?;
            self.check_frame(kind, length)?;
            control.left = Some(length);
            return Ok((length == 0).then(|| control.complete()).flatten());
        };
        let take = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        let (piece, rest) = input.split_at(take);
        *input = rest;
        if is_used(kind) {
            control.payload.extend_from_slice(piece);
        }
        control.left = Some(left - take as u64);
        Ok((left == take as u64).then(|| control.complete()).flatten())
    }

    /// Is this frame allowed here?
    fn check_frame(&self, kind: u64, length: u64) -> Result<(), Failure> {
        let unexpected = |why| Err(Failure::new(ErrorCode::FRAME_UNEXPECTED, why));
        match kind {
            frame::SETTINGS if self.has_settings => unexpected("second SETTINGS"),
            frame::SETTINGS if length > self.limits.settings_bytes as u64 => {
                Err(Failure::new(ErrorCode::EXCESSIVE_LOAD, "SETTINGS over the limit"))
            }
            frame::SETTINGS => Ok(()),
            _ if !self.has_settings => {
                let why = "control stream that does not begin with SETTINGS";
                Err(Failure::new(ErrorCode::MISSING_SETTINGS, why))
            }
            frame::DATA | frame::HEADERS | frame::PUSH_PROMISE => {
                unexpected("frame of a request's stream on the control stream")
            }
            frame::MAX_PUSH_ID => unexpected("MAX_PUSH_ID from a server"),
            frame::GOAWAY | frame::CANCEL_PUSH if length > 8 => {
                Err(Failure::new(ErrorCode::FRAME_ERROR, "frame of a wrong size"))
            }
            kind if frame::is_forbidden(kind) => unexpected("frame of HTTP/2"),
            _ => Ok(()),
        }
    }

    /// Acts on a complete frame; whether it is GOAWAY.
    fn take_frame(&mut self, kind: u64, payload: &[u8]) -> Result<bool, Failure> {
        match kind {
            frame::SETTINGS => {
                self.has_settings = true;
                check_settings(payload)?;
                Ok(false)
            }
            frame::CANCEL_PUSH => {
                let why = "CANCEL_PUSH of what was not promised";
                Err(Failure::new(ErrorCode::ID_ERROR, why))
            }
            frame::GOAWAY => {
                let mut rest = payload;
                let id = varint::read(&mut rest).filter(|_| rest.is_empty());
                let Some(id) = id else {
                    let why = "frame of a wrong size";
                    return Err(Failure::new(ErrorCode::FRAME_ERROR, why));
                };
                if id % 4 != 0 || self.goaway.is_some_and(|before| id > before) {
                    let why = "GOAWAY of a wrong stream";
                    return Err(Failure::new(ErrorCode::ID_ERROR, why));
                }
                self.goaway = Some(id);
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

impl Control {
    fn complete(&mut self) -> Option<(u64, Vec<u8>)> {
        self.left = None;
        Some((self.kind.take()?, std::mem::take(&mut self.payload)))
    }
}

fn is_used(kind: u64) -> bool {
    matches!(kind, frame::SETTINGS | frame::GOAWAY | frame::CANCEL_PUSH)
}

/// Settings are well-formed, each there once, none of those that HTTP/2 alone has.
/// What they allow us is not used: no dynamic table, no push.
fn check_settings(mut payload: &[u8]) -> Result<(), Failure> {
    let mut seen = Vec::new();
    while !payload.is_empty() {
        let pair = varint::read(&mut payload).zip(varint::read(&mut payload));
        let Some((id, _)) = pair else {
            return Err(Failure::new(ErrorCode::FRAME_ERROR, "SETTINGS cut off"));
        };
        if (0x2..=0x5).contains(&id) {
            return Err(Failure::new(ErrorCode::SETTINGS_ERROR, "setting of HTTP/2"));
        }
        seen.push(id);
    }
    seen.sort_unstable();
    match seen.windows(2).any(|pair| pair[0] == pair[1]) {
        true => Err(Failure::new(ErrorCode::SETTINGS_ERROR, "setting given twice")),
        false => Ok(()),
    }
}
