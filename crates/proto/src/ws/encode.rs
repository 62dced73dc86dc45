use tress_model::{Code, Error, Result};

use super::{
    BINARY, CLOSE, CONT, FIN, MASKED, MAX_CONTROL_LEN, OFFSET, OP_BINARY, OP_CLOSE, OP_CONT,
    OP_PING, OP_PONG, OP_TEXT, PING, PONG, TEXT,
};

/// Makes a client's frames: head and mask first, then payload as it comes.
#[derive(Debug, Default)]
pub struct Encoder {
    left: u64,
    mask: [u8; 4],
    /// The last data frame was not the end of its message.
    fragmented: bool,
}

impl Encoder {
    /// Appends the head of a frame with `len` bytes of payload to `out`.
    ///
    /// # Errors
    /// `SendError` while the frame before is unfinished, `BadFunctionArgument`
    /// for flags that make no frame, `TooLarge` for a control frame over
    /// [`MAX_CONTROL_LEN`].
    pub fn start(&mut self, flags: u32, len: u64, mask: [u8; 4], out: &mut Vec<u8>) -> Result<()> {
        if self.left > 0 {
            let message = format!(
                "[WS] starting new frame with {} bytes from last one remaining to be sent",
                self.left
            );
            return Err(Error::new(Code::SendError, message));
        }
        let first = first_byte(flags, self.fragmented)?;
        if flags & (TEXT | BINARY) != 0 {
            self.fragmented = flags & CONT != 0;
        }
        check_control_len(flags, len)?;
        out.push(first);
        match len {
            0..126 => out.push(len as u8 | MASKED),
            126..=0xffff => {
                out.push(126 | MASKED);
                out.extend_from_slice(&(len as u16).to_be_bytes());
            }
            _ => {
                out.push(127 | MASKED);
                out.extend_from_slice(&len.to_be_bytes());
            }
        }
        out.extend_from_slice(&mask);
        (self.left, self.mask) = (len, mask);
        Ok(())
    }

    /// Appends `data`, masked, as payload of the frame under way; returns how
    /// much of it belonged to the frame.
    pub fn payload(&mut self, data: &[u8], out: &mut Vec<u8>) -> usize {
        let take = usize::try_from(self.left).unwrap_or(usize::MAX).min(data.len());
        let (data, _) = data.split_at(take);
        let start = out.len();
        out.extend_from_slice(data);
        apply_mask(out.get_mut(start..).unwrap_or_default(), self.mask);
        self.mask.rotate_left(take % 4);
        self.left -= take as u64;
        take
    }

    /// How much payload the frame under way still wants.
    pub fn remaining(&self) -> u64 {
        self.left
    }
}

/// Eight bytes a step; the rest byte by byte.
fn apply_mask(bytes: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = bytes.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip([a, b, c, d, a, b, c, d]) {
        *byte ^= mask;
    }
}

fn first_byte(flags: u32, fragmented: bool) -> Result<u8> {
    const TEXT_CONT: u32 = TEXT | CONT;
    const BINARY_CONT: u32 = BINARY | CONT;
    let message = match flags & !OFFSET {
        0 if fragmented => return Ok(OP_CONT | FIN),
        CONT if fragmented => return Ok(OP_CONT),
        TEXT | BINARY if fragmented => return Ok(OP_CONT | FIN),
        TEXT_CONT | BINARY_CONT if fragmented => return Ok(OP_CONT),
        TEXT => return Ok(OP_TEXT | FIN),
        TEXT_CONT => return Ok(OP_TEXT),
        BINARY => return Ok(OP_BINARY | FIN),
        BINARY_CONT => return Ok(OP_BINARY),
        CLOSE => return Ok(OP_CLOSE | FIN),
        PING => return Ok(OP_PING | FIN),
        PONG => return Ok(OP_PONG | FIN),
        0 => "[WS] no flags given".into(),
        CONT => "[WS] No ongoing fragmented message to continue".into(),
        f if f == CLOSE | CONT => "[WS] CLOSE frame must not be fragmented".into(),
        f if f == PING | CONT => "[WS] PING frame must not be fragmented".into(),
        f if f == PONG | CONT => "[WS] PONG frame must not be fragmented".into(),
        _ => format!("[WS] unknown flags: {flags:x}"),
    };
    Err(Error::new(Code::BadFunctionArgument, message))
}

fn check_control_len(flags: u32, len: u64) -> Result<()> {
    let message = match flags & (PING | PONG | CLOSE) {
        _ if len <= MAX_CONTROL_LEN as u64 => return Ok(()),
        PING => "[WS] given PING frame is too big",
        PONG => "[WS] given PONG frame is too big",
        CLOSE => "[WS] given CLOSE frame is too big",
        _ => return Ok(()),
    };
    Err(Error::new(Code::TooLarge, message))
}
