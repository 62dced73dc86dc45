use tress_model::{Code, Error, Result};

use super::{BINARY, Chunk, Decoder, Encoder, MAX_BUFFERED, MAX_CONTROL_LEN, OFFSET, PING, PONG};

/// An open WebSocket: both directions and what waits to be sent.
///
/// Masks come from the caller's random source, one for each frame.
#[derive(Debug)]
pub struct WebSocket {
    decoder: Decoder,
    encoder: Encoder,
    out: Vec<u8>,
    out_sent: usize,
    /// Payload bytes of the application in `out` that were not reported yet.
    unreported: usize,
    ping: [u8; MAX_CONTROL_LEN],
    ping_len: usize,
    /// A PONG is due with the ping's payload; only the newest is kept.
    pong_due: bool,
    no_auto_pong: bool,
}

impl WebSocket {
    /// A fresh connection; `no_auto_pong` is `CURLWS_NOAUTOPONG`.
    pub fn new(no_auto_pong: bool) -> Self {
        Self {
            decoder: Decoder::default(),
            encoder: Encoder::default(),
            out: Vec::new(),
            out_sent: 0,
            unreported: 0,
            ping: [0; MAX_CONTROL_LEN],
            ping_len: 0,
            pong_due: false,
            no_auto_pong,
        }
    }

    /// The next piece for the application in `input`; as [`Decoder::next`], but
    /// PINGs that are answered here are not shown.
    ///
    /// # Errors
    /// Those of [`Decoder::next`].
    pub fn receive(&mut self, input: &[u8], max: usize) -> Result<(usize, Option<Chunk>)> {
        let mut used = 0;
        loop {
            let rest = input.get(used..).unwrap_or_default();
            let max = if self.in_own_ping() { MAX_CONTROL_LEN } else { max };
            let (n, chunk) = self.decoder.next(rest, max)?;
            let start = used;
            used += n;
            let Some(mut chunk) = chunk else {
                if self.in_own_ping() && used < input.len() {
                    continue;
                }
                return Ok((used, None));
            };
            if self.no_auto_pong || chunk.flags != PING {
                chunk.payload = start + chunk.payload.start..start + chunk.payload.end;
                return Ok((used, Some(chunk)));
            }
            self.collect_ping(&chunk, rest);
        }
    }

    /// The frame whose payload comes next, as an empty piece of it; none for a PING that is
    /// answered here.
    pub fn frame_begun(&self) -> Option<Chunk> {
        self.decoder.frame_begun().filter(|chunk| self.no_auto_pong || chunk.flags != PING)
    }

    /// Whether the connection ended in the middle of a frame.
    pub fn in_frame(&self) -> bool {
        self.decoder.in_frame()
    }

    /// Whether a PONG waits for [`WebSocket::answer_ping`].
    pub fn pong_due(&self) -> bool {
        self.pong_due
    }

    /// Puts the due PONG in the output, unless a frame of the application is
    /// unfinished there, or so much waits there already that the peer seems not to read.
    pub fn answer_ping(&mut self, mask: [u8; 4]) {
        let is_full = self.output().len() >= MAX_BUFFERED;
        if !self.pong_due || self.encoder.remaining() > 0 || is_full {
            return;
        }
        self.pong_due = false;
        let payload = self.ping.get(..self.ping_len).unwrap_or_default();
        if self.encoder.start(PONG, payload.len() as u64, mask, &mut self.out).is_ok() {
            self.encoder.payload(payload, &mut self.out);
        }
    }

    /// `curl_ws_send`, first half: checks the call and encodes what fits.
    /// The caller then sends the output and asks [`WebSocket::reported`]; it
    /// repeats the call with the rest of `data`.
    ///
    /// `frame_size` counts with [`OFFSET`] alone.
    ///
    /// # Errors
    /// `BadFunctionArgument` for a length that does not fit the frame under way,
    /// and those of [`Encoder::start`].
    pub fn offer(&mut self, data: &[u8], frame_size: i64, flags: u32, mask: [u8; 4]) -> Result<()> {
        if self.encoder.remaining() > 0 || !self.output().is_empty() {
            self.check_continuation(data.len())?;
        } else {
            let len =
                if flags & OFFSET != 0 { checked_len(frame_size)? } else { data.len() as u64 };
            self.encoder.start(flags, len, mask, &mut self.out)?;
        }
        let room = MAX_BUFFERED.saturating_sub(self.output().len());
        let fresh = data.get(self.unreported..).unwrap_or_default();
        let fresh = fresh.get(..room).unwrap_or(fresh);
        self.unreported += self.encoder.payload(fresh, &mut self.out);
        Ok(())
    }

    /// `curl_ws_send`, second half: how many payload bytes went out since the
    /// last time. None with bytes offered means `CURLE_AGAIN`.
    pub fn reported(&mut self) -> usize {
        let gone = self.unreported.saturating_sub(self.output().len());
        self.unreported -= gone;
        gone
    }

    /// Whether a frame of the application lacks payload.
    pub fn in_sent_frame(&self) -> bool {
        self.encoder.remaining() > 0
    }

    /// `curl_ws_send` where the output is sent by somebody else: all of `data` is taken, as a
    /// frame or as payload of the one under way.
    ///
    /// # Errors
    /// As for [`WebSocket::offer`].
    pub fn enqueue(
        &mut self,
        data: &[u8],
        frame_size: i64,
        flags: u32,
        mask: [u8; 4],
    ) -> Result<()> {
        let wanted = self.encoder.remaining();
        if wanted > 0 {
            self.check_continuation(data.len())?;
        } else {
            let len =
                if flags & OFFSET != 0 { checked_len(frame_size)? } else { data.len() as u64 };
            self.encoder.start(flags, len, mask, &mut self.out)?;
        }
        self.encoder.payload(data, &mut self.out);
        Ok(())
    }

    /// Bytes to send as they are.
    pub fn enqueue_raw(&mut self, data: &[u8]) {
        self.out.extend_from_slice(data);
    }

    /// `curl_ws_start_frame`: the head of a frame that the read callback fills.
    ///
    /// # Errors
    /// `SendError` while a frame is unfinished, and those of [`Encoder::start`].
    pub fn start_frame(&mut self, flags: u32, len: i64, mask: [u8; 4]) -> Result<()> {
        if self.encoder.remaining() > 0 {
            return Err(Error::new(Code::SendError, "[WS] previous frame not finished"));
        }
        let len = checked_len(len)?;
        self.encoder.start(flags, len, mask, &mut self.out)
    }

    /// How much of the read callback's data the frame under way can take.
    pub fn upload_room(&self) -> Option<u64> {
        Some(self.encoder.remaining()).filter(|&left| left > 0)
    }

    /// Encodes data of the read callback: into the frame under way, else as one
    /// BINARY frame. Returns how much was taken.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn upload(&mut self, data: &[u8], mask: [u8; 4]) -> Result<usize> {
        if self.encoder.remaining() == 0 {
            self.encoder.start(BINARY, data.len() as u64, mask, &mut self.out)?;
        }
        Ok(self.encoder.payload(data, &mut self.out))
    }

    /// The bytes to send now.
    pub fn output(&self) -> &[u8] {
        self.out.get(self.out_sent..).unwrap_or_default()
    }

    /// `n` bytes of the output went out.
    pub fn sent(&mut self, n: usize) {
        self.out_sent += n;
        // What is gone does not pile up where something always waits.
        if self.out_sent >= self.out.len() / 2 {
            self.out.drain(..self.out_sent.min(self.out.len()));
            self.out_sent = 0;
        }
    }

    /// Is the payload that comes next that of a PING that is answered here? The caller's room
    /// has no say in it.
    fn in_own_ping(&self) -> bool {
        !self.no_auto_pong && self.decoder.frame_begun().is_some_and(|frame| frame.flags == PING)
    }

    fn collect_ping(&mut self, chunk: &Chunk, input: &[u8]) {
        if chunk.offset == 0 {
            self.ping_len = 0;
        }
        let payload = input.get(chunk.payload.clone()).unwrap_or_default();
        let end = self.ping_len + payload.len();
        if let Some(slot) = self.ping.get_mut(self.ping_len..end) {
            slot.copy_from_slice(payload);
            self.ping_len = end;
        }
        self.pong_due = chunk.bytes_left == 0;
    }

    fn check_continuation(&self, len: usize) -> Result<()> {
        let message = if len < self.unreported {
            format!(
                "[WS] curl_ws_send() called with smaller 'buflen' than bytes already buffered in \
                 previous call, {len} vs {}",
                self.unreported
            )
        } else {
            let wanted = self.encoder.remaining() + self.unreported as u64;
            if len as u64 <= wanted {
                return Ok(());
            }
            format!("[WS] unaligned frame size (sending {len} instead of {wanted})")
        };
        Err(Error::new(Code::BadFunctionArgument, message))
    }
}

fn checked_len(len: i64) -> Result<u64> {
    u64::try_from(len).map_err(|_| {
        let message = format!("[WS] starting new frame with negative payload length {len}");
        Error::new(Code::SendError, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_takes_no_memory_where_something_always_waits() {
        let mut socket = WebSocket::new(false);
        for _ in 0..10_000 {
            socket.enqueue(&[7; 1000], 0, BINARY, [0; 4]).unwrap();
            let waits = socket.output().len();
            assert_eq!(socket.output()[waits - 1000..], [7; 1000]);
            socket.sent(waits - 10);
        }
        assert!(socket.out.capacity() < 10_000, "{}", socket.out.capacity());
    }
}
