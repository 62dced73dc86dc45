//! TFTP (RFC 1350) with the options blksize, tsize and timeout (RFC 2347..2349).
//!
//! ```text
//! Start: RRQ or WRQ, sent again on time-out
//!   download: DATA n -> ACK n ... a short block -> Done
//!   upload:   OACK or ACK 0 -> DATA 1, ACK 1 ... ACK of a short block -> Done
//! ```
//!
//! Datagrams in and out. The owner pins the address that the first one comes
//! from, and refuses others ([`foreign`]).

mod options;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::time::{Duration, Instant};

use tress_model::{Code, Error, Result};

pub use options::{MAX_BLOCK, MIN_BLOCK};

/// The block size without options.
pub const DEFAULT_BLOCK: u16 = 512;

/// What a transfer does.
#[derive(Clone, Debug)]
pub struct Request {
    /// The URL's path without its slash, decoded.
    pub file: Vec<u8>,
    /// Send it rather than fetch it.
    pub upload: bool,
    /// The upload's size, where it is known.
    pub upload_size: Option<u64>,
    /// `CURLOPT_TRANSFERTEXT`.
    pub ascii: bool,
    /// `CURLOPT_TFTP_BLKSIZE`.
    pub block_size: u16,
    /// `CURLOPT_TFTP_NO_OPTIONS`.
    pub no_options: bool,
    /// How long the transfer may take at all.
    pub time_left: Option<Duration>,
}

/// What a datagram came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing but maybe an answer in the output.
    None,
    /// The file's size.
    Size(u64),
    /// Bytes of the file, as a range of the datagram.
    Body(Range<usize>),
    /// [`Tftp::block`] wants the next block, this long if there is that much.
    WantBlock(usize),
    /// The transfer is over, once the output is sent. Bytes of the file may be in
    /// the datagram.
    Done(Range<usize>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Receive,
    Send,
    Done,
}

/// A conversation.
#[derive(Debug)]
pub struct Tftp {
    request: Request,
    state: State,
    block: u16,
    block_size: usize,
    /// The packet that is sent again on time-out.
    packet: Vec<u8>,
    to_send: bool,
    last_block_sent: bool,
    retries: u32,
    max_retries: u32,
    retry_time: Duration,
    heard: Instant,
}

const RRQ: u16 = 1;
const WRQ: u16 = 2;
const DATA: u16 = 3;
const ACK: u16 = 4;
const ERROR: u16 = 5;
const OACK: u16 = 6;
/// Operation code and block number.
const HEAD_LEN: usize = 4;

impl Tftp {
    /// Asks for the file.
    ///
    /// # Errors
    /// `TftpIllegal` for a name that is missing or too long.
    pub fn new(request: Request, now: Instant) -> Result<Self> {
        let (retry_time, max_retries) = retry_plan(request.time_left);
        let packet = options::request(&request, retry_time)?;
        Ok(Self {
            request,
            state: State::Start,
            block: 0,
            block_size: usize::from(DEFAULT_BLOCK),
            packet,
            to_send: true,
            last_block_sent: false,
            retries: 1,
            max_retries,
            retry_time,
            heard: now,
        })
    }

    /// The datagram to send now, if any.
    pub fn output(&self) -> Option<&[u8]> {
        self.to_send.then_some(&self.packet[..])
    }

    /// The datagram went out.
    pub fn sent(&mut self) {
        self.to_send = false;
    }

    /// The longest datagram that can come.
    pub fn max_datagram(&self) -> usize {
        HEAD_LEN + self.block_size.max(usize::from(self.request.block_size))
    }

    /// When [`Tftp::timeout`] is due.
    pub fn deadline(&self) -> Instant {
        self.heard + self.retry_time
    }

    /// Nothing came in time: the last packet goes out again.
    ///
    /// # Errors
    /// `CouldntConnect` when the server never answered, `OperationTimedout`.
    pub fn timeout(&mut self, now: Instant) -> Result<()> {
        self.heard = now;
        self.retries += 1;
        if self.retries > self.max_retries {
            let silent = self.state == State::Start;
            let code = if silent { Code::CouldntConnect } else { Code::OperationTimedout };
            return Err(Error::from(code));
        }
        self.to_send = true;
        Ok(())
    }

    /// Takes a datagram from the server.
    ///
    /// # Errors
    /// The server's, by libcurl's codes; `TftpIllegal` for a malformed one;
    /// `SendError` when too many answers are about other blocks.
    pub fn receive(&mut self, datagram: &[u8], now: Instant) -> Result<Event> {
        let &[code_high, code_low, high, low, ref rest @ ..] = datagram else {
            return self.too_short(now);
        };
        let number = u16::from_be_bytes([high, low]);
        match u16::from_be_bytes([code_high, code_low]) {
            DATA if !self.request.upload => Ok(self.data(number, rest.len(), now)),
            ACK if self.request.upload => self.ack(number, now),
            OACK if self.state == State::Start => self.oack(datagram, now),
            ERROR => Err(Error::from(refusal(number))),
            _ => Err(Error::new(Code::TftpIllegal, "Internal error: Unexpected packet")),
        }
    }

    /// The block that [`Event::WantBlock`] asked for; a shorter one is the last.
    pub fn block(&mut self, data: &[u8]) {
        self.packet.clear();
        self.packet.extend_from_slice(&DATA.to_be_bytes());
        self.packet.extend_from_slice(&self.block.to_be_bytes());
        self.packet.extend_from_slice(data);
        self.last_block_sent = data.len() < self.block_size;
        self.to_send = true;
    }

    /// Tells the server that the transfer is given up, in the output.
    pub fn abort(&mut self) {
        self.packet = [ERROR.to_be_bytes(), self.block.to_be_bytes()].concat();
        self.to_send = true;
        self.state = State::Done;
    }

    fn data(&mut self, number: u16, len: usize, now: Instant) -> Event {
        if self.state == State::Start {
            self.begin(State::Receive, now);
        }
        let fresh = number == self.block.wrapping_add(1);
        if self.state == State::Done || !(fresh || number == self.block) {
            return Event::None;
        }
        self.heard = now;
        self.acknowledge(number);
        if !fresh {
            return Event::None;
        }
        self.retries = 0;
        let body = HEAD_LEN..HEAD_LEN + len;
        if len < self.block_size {
            self.state = State::Done;
            return Event::Done(body);
        }
        Event::Body(body)
    }

    fn ack(&mut self, number: u16, now: Instant) -> Result<Event> {
        if self.state == State::Start {
            self.begin(State::Send, now);
        }
        // One server counts to 65535 and starts again from there.
        let wrapped = self.block == 0 && number == u16::MAX;
        if number != self.block && !wrapped {
            self.retries += 1;
            if self.retries > self.max_retries {
                let message = format!("tftp_tx: giving up waiting for block {} ack", self.block);
                return Err(Error::new(Code::SendError, message));
            }
            self.to_send = true;
            return Ok(Event::None);
        }
        self.heard = now;
        self.retries = 0;
        if self.last_block_sent {
            self.state = State::Done;
            return Ok(Event::Done(0..0));
        }
        self.block = self.block.wrapping_add(1);
        Ok(Event::WantBlock(self.block_size))
    }

    fn oack(&mut self, datagram: &[u8], now: Instant) -> Result<Event> {
        let agreed = options::agreed(datagram, &self.request)?;
        self.block_size = usize::from(agreed.block_size);
        if self.request.upload {
            self.begin(State::Send, now);
            self.block = 1;
            return Ok(Event::WantBlock(self.block_size));
        }
        self.begin(State::Receive, now);
        self.acknowledge(0);
        Ok(agreed.size.map_or(Event::None, Event::Size))
    }

    fn begin(&mut self, state: State, now: Instant) {
        self.state = state;
        self.retries = 0;
        self.heard = now;
    }

    fn acknowledge(&mut self, number: u16) {
        self.block = number;
        self.packet.clear();
        self.packet.extend_from_slice(&ACK.to_be_bytes());
        self.packet.extend_from_slice(&number.to_be_bytes());
        self.to_send = true;
    }

    fn too_short(&mut self, now: Instant) -> Result<Event> {
        self.timeout(now)?;
        Ok(Event::None)
    }
}

/// The error for a datagram from another address than the first one's.
pub fn foreign() -> Error {
    Error::new(Code::RecvError, "Data received from another address")
}

/// How long to wait for an answer, and how often.
fn retry_plan(time_left: Option<Duration>) -> (Duration, u32) {
    const UNREASONABLE: Duration = Duration::from_secs(3600);
    let seconds = match time_left {
        Some(left) if left < UNREASONABLE => (left.as_millis() as u64 + 500) / 1000,
        _ => 15,
    };
    let retries = (seconds / 5).clamp(3, 50);
    (Duration::from_secs((seconds / retries).max(1)), retries as u32)
}

/// libcurl's code for a server's (RFC 1350 appendix).
fn refusal(number: u16) -> Code {
    match number {
        1 => Code::TftpNotfound,
        2 => Code::TftpPerm,
        3 => Code::RemoteDiskFull,
        0 | 4 => Code::TftpIllegal,
        5 => Code::TftpUnknownid,
        6 => Code::RemoteFileExists,
        7 => Code::TftpNosuchuser,
        _ => Code::AbortedByCallback,
    }
}
