//! One channel of a session with its windows (RFC 4254 section 5).

use tress_model::Result;

use super::transport::Transport;
use super::wire::{Put, Reader, ssh_error};

/// Bytes that the server may send before it hears of more room.
pub(crate) const WINDOW: u32 = 4 * 1024 * 1024;

/// The largest piece of data that is taken at once.
const MAX_DATA: u32 = 32 * 1024;

pub(crate) const GLOBAL_REQUEST: u8 = 80;
pub(crate) const OPEN: u8 = 90;
pub(crate) const OPEN_CONFIRMATION: u8 = 91;
pub(crate) const OPEN_FAILURE: u8 = 92;
pub(crate) const WINDOW_ADJUST: u8 = 93;
pub(crate) const DATA: u8 = 94;
pub(crate) const EXTENDED_DATA: u8 = 95;
pub(crate) const EOF: u8 = 96;
pub(crate) const CLOSE: u8 = 97;
pub(crate) const REQUEST: u8 = 98;
pub(crate) const SUCCESS: u8 = 99;
pub(crate) const FAILURE: u8 = 100;

/// What a message means to the one who uses the channel.
pub(crate) enum Said<'a> {
    Nothing,
    Opened,
    Refused(&'a [u8]),
    /// The request was granted, or not.
    Answer(bool),
    Data(&'a [u8]),
    /// Text on the standard error of a command.
    Complaint(&'a [u8]),
    Eof,
    Closed,
}

/// A channel of ours.
pub(crate) struct Channel {
    id: u32,
    /// The server's number for it, once it is open.
    remote: Option<u32>,
    /// Bytes that we may send.
    window_out: u32,
    max_out: u32,
    /// Bytes that the server may still send.
    window_in: u32,
    /// Data that waits for the server's window.
    waiting: Vec<u8>,
    eof_due: bool,
    closing: bool,
}

impl Channel {
    /// Asks for a session's channel.
    pub(crate) fn open(id: u32, transport: &mut Transport) -> Result<Self> {
        let mut message = vec![OPEN];
        message.put_string(b"session");
        message.put_u32(id);
        message.put_u32(WINDOW);
        message.put_u32(MAX_DATA);
        transport.send(&message)?;
        Ok(Self {
            id,
            remote: None,
            window_out: 0,
            max_out: 0,
            window_in: WINDOW,
            waiting: Vec::new(),
            eof_due: false,
            closing: false,
        })
    }

    /// Asks for a command, or a subsystem, on it.
    pub(crate) fn request(
        &self,
        kind: &str,
        argument: &[u8],
        transport: &mut Transport,
    ) -> Result<()> {
        let mut message = self.message(REQUEST);
        message.put_string(kind.as_bytes());
        message.push(1);
        message.put_string(argument);
        transport.send(&message)
    }

    /// Bytes that wait for the server to give room.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Sends data, or keeps what there is no room for.
    pub(crate) fn send(&mut self, data: &[u8], transport: &mut Transport) -> Result<()> {
        self.waiting.extend_from_slice(data);
        self.flush(transport)
    }

    /// Nothing more is sent after what waits.
    pub(crate) fn send_eof(&mut self, transport: &mut Transport) -> Result<()> {
        self.eof_due = true;
        self.flush(transport)
    }

    pub(crate) fn close(&mut self, transport: &mut Transport) -> Result<()> {
        if self.remote.is_none() || std::mem::replace(&mut self.closing, true) {
            return Ok(());
        }
        transport.send(&self.message(CLOSE))
    }

    /// Room for more data is told of when half of the window is used.
    pub(crate) fn consumed(&mut self, transport: &mut Transport) -> Result<()> {
        if self.window_in > WINDOW / 2 || self.closing {
            return Ok(());
        }
        let mut message = self.message(WINDOW_ADJUST);
        message.put_u32(WINDOW - self.window_in);
        self.window_in = WINDOW;
        transport.send(&message)
    }

    /// A message to this channel.
    ///
    /// # Errors
    /// More data than there was room for, and messages that do not fit.
    pub(crate) fn receive<'a>(
        &mut self,
        message: &'a [u8],
        transport: &mut Transport,
    ) -> Result<Said<'a>> {
        let mut reader = Reader(message);
        let number = reader.u8()?;
        if reader.u32()? != self.id {
            // Of a channel that is no more.
            return Ok(Said::Nothing);
        }
        match number {
            OPEN_CONFIRMATION if self.remote.is_none() => {
                self.remote = Some(reader.u32()?);
                self.window_out = reader.u32()?;
                self.max_out = reader.u32()?;
                if self.max_out == 0 {
                    return Err(ssh_error("SSH: a channel for no data at all"));
                }
                Ok(Said::Opened)
            }
            OPEN_FAILURE if self.remote.is_none() => {
                reader.u32()?;
                Ok(Said::Refused(reader.string()?))
            }
            _ if self.remote.is_none() => Err(ssh_error("SSH: message to a channel not open")),
            WINDOW_ADJUST => {
                self.window_out = self.window_out.saturating_add(reader.u32()?);
                self.flush(transport)?;
                Ok(Said::Nothing)
            }
            DATA => Ok(Said::Data(self.take_data(reader.string()?)?)),
            EXTENDED_DATA => {
                reader.u32()?;
                Ok(Said::Complaint(self.take_data(reader.string()?)?))
            }
            EOF => Ok(Said::Eof),
            CLOSE => {
                self.close(transport)?;
                Ok(Said::Closed)
            }
            REQUEST => {
                // The status of a command that has ended, mostly.
                reader.string()?;
                if reader.u8()? != 0 {
                    let answer = self.message(FAILURE);
                    transport.send(&answer)?;
                }
                Ok(Said::Nothing)
            }
            SUCCESS => Ok(Said::Answer(true)),
            FAILURE => Ok(Said::Answer(false)),
            _ => Err(ssh_error(format!("SSH: message {number} to a channel"))),
        }
    }

    fn take_data<'a>(&mut self, data: &'a [u8]) -> Result<&'a [u8]> {
        let left = u32::try_from(data.len()).ok().and_then(|size| self.window_in.checked_sub(size));
        self.window_in = left.ok_or_else(|| ssh_error("SSH: more data than the window lets in"))?;
        Ok(data)
    }

    fn flush(&mut self, transport: &mut Transport) -> Result<()> {
        let mut sent = 0;
        while sent < self.waiting.len() && self.window_out > 0 && !self.closing {
            let most = self.window_out.min(self.max_out).min(MAX_DATA) as usize;
            let piece = &self.waiting[sent..self.waiting.len().min(sent + most)];
            let mut message = self.message(DATA);
            message.put_string(piece);
            transport.send(&message)?;
            sent += piece.len();
            self.window_out -= piece.len() as u32;
        }
        self.waiting.drain(..sent);
        if self.waiting.is_empty() && std::mem::take(&mut self.eof_due) && !self.closing {
            transport.send(&self.message(EOF))?;
        }
        Ok(())
    }

    /// The start of a message to the server's end.
    fn message(&self, number: u8) -> Vec<u8> {
        let mut message = Vec::with_capacity(64);
        message.push(number);
        message.put_u32(self.remote.unwrap_or(0));
        message
    }
}
