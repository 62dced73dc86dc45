use std::ops::Range;

use tress_model::{Code, Error, Result};

use super::{
    BINARY, CLOSE, CONT, FIN, MASKED, MAX_CONTROL_LEN, OP_BINARY, OP_CLOSE, OP_CONT, OP_PING,
    OP_PONG, OP_TEXT, PING, PONG, RESERVED, TEXT,
};

/// The longest frame head that a server may send (it never masks).
const MAX_HEAD: usize = 10;

/// A piece of a frame's payload, with what `curl_ws_meta` tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// `TEXT`, `BINARY`, `CONT`, `CLOSE`, `PING`, `PONG`.
    pub flags: u32,
    /// Where this piece starts in the frame's payload.
    pub offset: u64,
    /// How much of the frame's payload comes after this piece.
    pub bytes_left: u64,
    /// The piece, as a range of the input. Empty for a frame without payload.
    pub payload: Range<usize>,
}

/// Takes a server's frames apart; keeps an unfinished head, never payload.
#[derive(Debug, Default)]
pub struct Decoder {
    head: [u8; MAX_HEAD],
    head_len: usize,
    flags: u32,
    /// Flags of the message that is being fragmented, or 0.
    message: u32,
    state: State,
}

#[derive(Debug, Default, Clone, Copy)]
enum State {
    #[default]
    Head,
    Payload {
        offset: u64,
        left: u64,
    },
}

impl Decoder {
    /// The next piece in `input`, at most `max` bytes of payload, and how many
    /// bytes of `input` are used up (with or without a piece). A frame without
    /// payload gives one empty piece. With `max` 0 a payload waits.
    ///
    /// # Errors
    /// `RecvError` for every breach of RFC 6455; the connection is then useless.
    pub fn next(&mut self, input: &[u8], max: usize) -> Result<(usize, Option<Chunk>)> {
        let mut used = 0;
        if let State::Head = self.state {
            let Some(left) = self.read_head(input, &mut used)? else {
                return Ok((used, None));
            };
            if left == 0 {
                let chunk =
                    Chunk { flags: self.flags, offset: 0, bytes_left: 0, payload: used..used };
                return Ok((used, Some(chunk)));
            }
            self.state = State::Payload { offset: 0, left };
        }
        let State::Payload { offset, left } = self.state else { return Ok((used, None)) };
        let available = (input.len() - used).min(max);
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(available);
        if len == 0 {
            return Ok((used, None));
        }
        let bytes_left = left - len as u64;
        self.state = match bytes_left {
            0 => State::Head,
            left => State::Payload { offset: offset + len as u64, left },
        };
        let payload = used..used + len;
        Ok((payload.end, Some(Chunk { flags: self.flags, offset, bytes_left, payload })))
    }

    /// The frame whose payload comes next, as an empty piece of it.
    pub fn frame_begun(&self) -> Option<Chunk> {
        match self.state {
            State::Payload { offset, left } => {
                Some(Chunk { flags: self.flags, offset, bytes_left: left, payload: 0..0 })
            }
            State::Head => None,
        }
    }

    /// Whether a frame has begun and is not over.
    pub fn in_frame(&self) -> bool {
        self.head_len > 0 || matches!(self.state, State::Payload { .. })
    }

    /// Reads the head on; its payload length once it is complete.
    fn read_head(&mut self, input: &[u8], used: &mut usize) -> Result<Option<u64>> {
        while let Some(&byte) = input.get(*used) {
            *used += 1;
            if let Some(slot) = self.head.get_mut(self.head_len) {
                *slot = byte;
            }
            self.head_len += 1;
            match self.head_len {
                1 => self.first_byte(byte)?,
                2 => self.second_byte(byte)?,
                _ => {}
            }
            if self.head_len >= 2 && self.head_len == self.head_total() {
                self.head_len = 0;
                return self.payload_len().map(Some);
            }
        }
        Ok(None)
    }

    fn head_total(&self) -> usize {
        match self.head[1] {
            126 => 4,
            127 => MAX_HEAD,
            _ => 2,
        }
    }

    fn payload_len(&self) -> Result<u64> {
        let [_, short, a, b, c, d, e, f, g, h] = self.head;
        match short {
            126 => Ok(u64::from(u16::from_be_bytes([a, b]))),
            127 if a > 127 => Err(broken("[WS] frame length longer than 63 bits not supported")),
            127 => Ok(u64::from_be_bytes([a, b, c, d, e, f, g, h])),
            _ => Ok(u64::from(short)),
        }
    }

    fn first_byte(&mut self, byte: u8) -> Result<()> {
        let ongoing = self.message & CONT != 0;
        let last = byte & FIN != 0;
        self.flags = match byte & !FIN {
            OP_CONT if !ongoing => {
                return Err(broken("[WS] no ongoing fragmented message to resume"));
            }
            OP_CONT if last => self.message & !CONT,
            OP_CONT => self.message,
            OP_TEXT if ongoing => {
                return Err(broken("[WS] fragmented message interrupted by new TEXT msg"));
            }
            OP_BINARY if ongoing => {
                return Err(broken("[WS] fragmented message interrupted by new BINARY msg"));
            }
            OP_TEXT if last => TEXT,
            OP_TEXT => TEXT | CONT,
            OP_BINARY if last => BINARY,
            OP_BINARY => BINARY | CONT,
            OP_CLOSE if last => CLOSE,
            OP_CLOSE => return Err(broken("[WS] invalid fragmented CLOSE frame")),
            OP_PING if last => PING,
            OP_PING => return Err(broken("[WS] invalid fragmented PING frame")),
            OP_PONG if last => PONG,
            OP_PONG => return Err(broken("[WS] invalid fragmented PONG frame")),
            _ if byte & RESERVED != 0 => {
                return Err(broken(format!("[WS] invalid reserved bits: {byte:02x}")));
            }
            _ => return Err(broken(format!("[WS] invalid opcode: {byte:02x}"))),
        };
        // Control frames may come between the fragments of a message.
        if self.flags & (TEXT | BINARY) != 0 {
            self.message = self.flags;
        }
        Ok(())
    }

    fn second_byte(&self, byte: u8) -> Result<()> {
        if byte & MASKED != 0 {
            return Err(broken("[WS] masked input frame"));
        }
        if usize::from(byte) <= MAX_CONTROL_LEN {
            return Ok(());
        }
        match self.flags {
            PING => Err(broken("[WS] received PING frame is too big")),
            PONG => Err(broken("[WS] received PONG frame is too big")),
            CLOSE => Err(broken("[WS] received CLOSE frame is too big")),
            _ => Ok(()),
        }
    }
}

fn broken(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::RecvError, message)
}
