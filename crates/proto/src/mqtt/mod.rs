//! MQTT 3.1.1, as far as libcurl goes: one subscription or one publication.
//!
//! ```text
//! CONNECT -> CONNACK -> SUBSCRIBE -> SUBACK -> PUBLISH ... (the body) -> DISCONNECT: Done
//!                   '-> PUBLISH, the message, DISCONNECT: Done
//! a packet:  First(1 byte) -> Length(1..4 bytes) -> what is expected of it
//! ```

mod packet;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::time::{Duration, Instant};

use tress_model::{Code, Error, Result};

pub use packet::{CLIENT_ID_LEN, MAX_MESSAGE};

/// What a transfer does.
#[derive(Clone, Debug)]
pub struct Request {
    /// The URL's path: the topic behind a slash, percent-encoded.
    pub path: Vec<u8>,
    /// Publish a message of so many bytes (`CURLOPT_POSTFIELDS`); otherwise subscribe.
    pub publish: Option<u64>,
    /// The user; empty for none.
    pub user: Vec<u8>,
    /// The password; empty for none.
    pub password: Vec<u8>,
    /// The client's name: `curl` and eight random letters or digits.
    pub client_id: [u8; CLIENT_ID_LEN],
    /// `CURLOPT_MAXFILESIZE_LARGE`.
    pub max_filesize: Option<u64>,
}

/// What the broker's bytes came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// All input is used up.
    More,
    /// The output is the head of the message, which is to be sent behind it; then
    /// [`Mqtt::published`] is to be called.
    Upload,
    /// A message of that many bytes begins, its topic included.
    Download(u64),
    /// Bytes of the message, as a range of the input.
    Body(Range<usize>),
    /// The transfer is over, once the output is sent.
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    First,
    Length {
        first: u8,
        value: usize,
        shift: u32,
    },
    /// So many bytes of CONNACK or SUBACK are awaited.
    Ack {
        left: usize,
    },
    Payload {
        left: usize,
    },
    /// The message goes out.
    Publishing,
    Done,
}

/// A conversation.
#[derive(Debug)]
pub struct Mqtt {
    request: Request,
    state: State,
    connected: bool,
    out: Vec<u8>,
    sent: usize,
    ack: Vec<u8>,
    last_activity: Instant,
    ping_sent: bool,
}

impl Mqtt {
    /// Greets the broker.
    ///
    /// # Errors
    /// `WeirdServerReply` for credentials that are too long.
    pub fn new(request: Request, now: Instant) -> Result<Self> {
        let out = packet::connect(&request)?;
        Ok(Self {
            request,
            state: State::First,
            connected: false,
            out,
            sent: 0,
            ack: Vec::new(),
            last_activity: now,
            ping_sent: false,
        })
    }

    /// The bytes to send now.
    pub fn output(&self) -> &[u8] {
        self.out.get(self.sent..).unwrap_or_default()
    }

    /// `n` bytes of the output went out.
    pub fn sent(&mut self, n: usize, now: Instant) {
        self.sent += n;
        self.last_activity = now;
        if self.sent >= self.out.len() {
            self.out.clear();
            self.sent = 0;
        }
    }

    /// When the broker is to be reminded of us (`CURLOPT_UPKEEP_INTERVAL_MS`).
    pub fn ping_deadline(&self, interval: Duration) -> Option<Instant> {
        let idle = self.state == State::First && !self.ping_sent && !interval.is_zero();
        idle.then(|| self.last_activity + interval)
    }

    /// Reminds it.
    pub fn ping(&mut self) {
        self.out.extend_from_slice(&packet::PING);
        self.ping_sent = true;
    }

    /// Takes bytes from the broker: how many were used up, and what they said.
    ///
    /// # Errors
    /// `WeirdServerReply`, `FilesizeExceeded`; once the broker has greeted, `UrlMalformat` for
    /// a topic that is missing or too long, `TooLarge` for what is to be published.
    pub fn receive(&mut self, input: &[u8], now: Instant) -> Result<(usize, Event)> {
        if !input.is_empty() {
            self.last_activity = now;
        }
        for (at, &byte) in input.iter().enumerate() {
            match self.state {
                State::First => self.state = State::Length { first: byte, value: 0, shift: 0 },
                State::Length { first, value, shift } => {
                    let value = value | usize::from(byte & 0x7f) << shift;
                    if byte & 0x80 == 0 {
                        if let Some(event) = self.header(first, value)? {
                            return Ok((at + 1, event));
                        }
                    } else if shift >= 21 {
                        return Err(Error::from(Code::WeirdServerReply));
                    } else {
                        self.state = State::Length { first, value, shift: shift + 7 };
                    }
                }
                State::Ack { left } => {
                    self.ack.push(byte);
                    self.state = State::Ack { left: left - 1 };
                    if left == 1 && self.acknowledged()? {
                        return Ok((at + 1, Event::Upload));
                    }
                }
                State::Payload { left } => {
                    let len = left.min(input.len() - at);
                    let left = left - len;
                    self.state = if left == 0 { State::First } else { State::Payload { left } };
                    return Ok((at + len, Event::Body(at..at + len)));
                }
                // Whatever is said now is of no interest.
                State::Publishing => return Ok((input.len(), Event::More)),
                State::Done => return Ok((at, Event::Done)),
            }
        }
        let event = if self.state == State::Done { Event::Done } else { Event::More };
        Ok((input.len(), event))
    }

    /// The message has gone out.
    pub fn published(&mut self) {
        self.out.extend_from_slice(&packet::BYE);
        self.state = State::Done;
    }

    /// The broker closed the connection.
    pub fn closed(&self) -> Error {
        match self.state {
            State::Payload { .. } => Error::from(Code::PartialFile),
            State::Length { .. } => Error::from(Code::WeirdServerReply),
            State::Ack { .. } => Error::from(Code::RecvError),
            _ => Error::new(Code::RecvError, "Connection disconnected"),
        }
    }

    /// A packet's first byte and length are known.
    fn header(&mut self, first: u8, length: usize) -> Result<Option<Event>> {
        let kind = first & 0xf0;
        if matches!(kind, packet::DISCONNECT | packet::PINGRESP) {
            let disconnect = kind == packet::DISCONNECT;
            if length > 0 || first & 0x0f != 0 {
                let name = if disconnect { "DISCONNECT" } else { "PINGRESP" };
                let message = format!(
                    "Broker sent malformed {name} (remaining_length={length}, header \
                     byte=0x{first:02x})"
                );
                return Err(Error::new(Code::WeirdServerReply, message));
            }
            self.ping_sent &= disconnect;
            self.state = if disconnect { State::Done } else { State::First };
            return Ok(disconnect.then_some(Event::Done));
        }
        if !self.connected {
            return self.expect_ack("CONNACK", length, 2);
        }
        match kind {
            packet::SUBACK => self.expect_ack("SUBACK", length, 3),
            packet::PUBLISH => {
                if self.request.max_filesize.is_some_and(|max| max > 0 && length as u64 > max) {
                    let message = "Maximum file size exceeded";
                    return Err(Error::new(Code::FilesizeExceeded, message));
                }
                self.state =
                    if length == 0 { State::First } else { State::Payload { left: length } };
                Ok(Some(Event::Download(length as u64)))
            }
            _ => Err(Error::from(Code::WeirdServerReply)),
        }
    }

    fn expect_ack(&mut self, name: &str, got: usize, wanted: usize) -> Result<Option<Event>> {
        if got != wanted {
            let message = format!("{name} expected Remaining Length {wanted}, got {got}");
            return Err(Error::new(Code::WeirdServerReply, message));
        }
        self.ack.clear();
        self.state = State::Ack { left: wanted };
        Ok(None)
    }

    /// True: a message is to be sent.
    fn acknowledged(&mut self) -> Result<bool> {
        self.state = State::First;
        match *self.ack.as_slice() {
            [0, 0] => {}
            [a, b] => {
                let message = format!("Expected 0000 but got {a:02x}{b:02x}");
                return Err(Error::new(Code::WeirdServerReply, message));
            }
            // The subscription is of packet 1, without quality of service.
            [0, 1, 0] => return Ok(false),
            _ => return Err(Error::from(Code::WeirdServerReply)),
        }
        self.connected = true;
        let topic = packet::topic(&self.request.path)?;
        match self.request.publish {
            Some(length) => {
                packet::publish(&topic, length, &mut self.out)?;
                self.state = State::Publishing;
            }
            None => packet::subscribe(&topic, &mut self.out),
        }
        Ok(self.state == State::Publishing)
    }
}
