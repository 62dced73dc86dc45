//! Zstandard: frames and blocks are found here, so that the decoder gets each one whole.

use std::io::Read;

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use tress_model::{Code, Error, Result};

use super::with_room;

/// The largest window of a frame (zstd's own limit for decoders that are not told otherwise).
const MAX_WINDOW: u64 = 1 << 27;
/// The largest block (RFC 8878 section 3.1.1.2.4).
const MAX_BLOCK: usize = 128 * 1024;
const MAGIC: u32 = 0xFD2F_B528;

#[derive(Default)]
pub(super) struct Zstd {
    state: State,
    /// The beginning of a header or block that is not complete.
    held: Vec<u8>,
    frame: Option<FrameDecoder>,
    has_checksum: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    FrameStart,
    /// In a skippable frame: bytes left.
    Skip(usize),
    BlockStart,
    /// Output waits in the decoder.
    Drain,
}

impl Zstd {
    pub(super) fn feed(&mut self, input: &mut &[u8], out: &mut Vec<u8>, room: usize) -> Result<()> {
        let full = out.len() + room;
        loop {
            let progress = match self.state {
                State::FrameStart => self.frame_start(input)?,
                State::Skip(left) => {
                    let now = left.min(input.len());
                    *input = input.get(now..).unwrap_or_default();
                    let left = left - now;
                    self.state = if left == 0 { State::FrameStart } else { State::Skip(left) };
                    left == 0
                }
                State::BlockStart => self.block(input)?,
                State::Drain => {
                    self.drain(out, full - out.len())?;
                    self.state != State::Drain
                }
            };
            if !progress {
                return Ok(());
            }
        }
    }

    /// No more input comes: a last, empty block lets the decoder give up its window.
    pub(super) fn end(&mut self) -> Result<()> {
        if self.state != State::BlockStart {
            return Ok(());
        }
        self.held.clear();
        // What stands where the checksum would be is none.
        self.has_checksum = false;
        let last: &[u8] = &[1, 0, 0, 0, 0, 0, 0];
        self.decode_block(last)
    }

    fn frame_start(&mut self, input: &mut &[u8]) -> Result<bool> {
        let Some(start) = self.unit(input, |bytes| {
            let magic = bytes.first_chunk().map(|m| u32::from_le_bytes(*m));
            match magic {
                None => 4,
                Some(MAGIC) => frame_header_len(bytes),
                Some(_) => 8,
            }
        }) else {
            return Ok(false);
        };
        let bytes = start.bytes(&self.held, input);
        let magic = bytes.first_chunk().map_or(0, |m| u32::from_le_bytes(*m));
        if magic >> 4 == 0x0184_D2A5 {
            let len = bytes.get(4..).and_then(<[u8]>::first_chunk);
            self.state = State::Skip(len.map_or(0, |len| u32::from_le_bytes(*len) as usize));
        } else if magic == MAGIC {
            let window = window_size(bytes).ok_or_else(invalid)?;
            if window > MAX_WINDOW {
                let message = format!("Too large zstd window: {window} > {MAX_WINDOW}");
                return Err(Error::new(Code::BadContentEncoding, message));
            }
            let mut frame = FrameDecoder::new();
            frame.init(bytes).map_err(|_| invalid())?;
            self.has_checksum = bytes.get(4).is_some_and(|descriptor| descriptor & 4 != 0);
            self.frame = Some(frame);
            self.state = State::BlockStart;
        } else {
            return Err(invalid());
        }
        self.used(start, input);
        Ok(true)
    }

    fn block(&mut self, input: &mut &[u8]) -> Result<bool> {
        let checksum = if self.has_checksum { 4 } else { 0 };
        let Some(block) = self.unit(input, |bytes| match bytes {
            [a, b, c, ..] => {
                let header = u32::from_le_bytes([*a, *b, *c, 0]);
                let content = if header >> 1 & 3 == 1 { 1 } else { header as usize >> 3 };
                3 + content.min(MAX_BLOCK + 1) + if header & 1 == 1 { checksum } else { 0 }
            }
            _ => 3,
        }) else {
            return Ok(false);
        };
        if block.len > 3 + MAX_BLOCK + 4 {
            return Err(invalid());
        }
        let held = std::mem::take(&mut self.held);
        let result = self.decode_block(block.bytes(&held, input));
        self.held = held;
        result?;
        self.used(block, input);
        Ok(true)
    }

    fn decode_block(&mut self, block: &[u8]) -> Result<()> {
        let header =
            block.first_chunk().map_or(0, |h: &[u8; 3]| u32::from_le_bytes([h[0], h[1], h[2], 0]));
        let frame = self.frame.as_mut().filter(|_| header >> 3 <= MAX_BLOCK as u32);
        frame
            .ok_or_else(invalid)?
            .decode_blocks(block, BlockDecodingStrategy::UptoBlocks(1))
            .map_err(|_| invalid())?;
        self.state = State::Drain;
        Ok(())
    }

    /// Moves output out of the decoder; leaves `Drain` when there is no more.
    fn drain(&mut self, out: &mut Vec<u8>, room: usize) -> Result<()> {
        let Some(frame) = &mut self.frame else { return Err(invalid()) };
        let len = frame.can_collect().min(room);
        if len > 0 {
            let read = with_room(out, len, |slots| match frame.read(slots) {
                Ok(read) => (read, Ok(read)),
                Err(_) => (0, Err(invalid())),
            });
            if read? == 0 {
                return Err(invalid());
            }
        }
        if frame.can_collect() > 0 {
            return Ok(());
        }
        if !frame.is_finished() {
            self.state = State::BlockStart;
            return Ok(());
        }
        if self.has_checksum && frame.get_checksum_from_data() != frame.get_calculated_checksum() {
            return Err(Error::new(Code::BadContentEncoding, "Wrong zstd checksum"));
        }
        self.frame = None;
        self.state = State::FrameStart;
        Ok(())
    }

    /// A header or block that is whole: in the input alone if nothing of it was held. `need`
    /// says from its beginning how long it is at least.
    fn unit(&mut self, input: &mut &[u8], need: impl Fn(&[u8]) -> usize) -> Option<Unit> {
        if self.held.is_empty() {
            let len = need(input);
            let sure = input.len() >= len && need(input.get(..len)?) == len;
            if sure {
                return Some(Unit { len, held: false });
            }
        }
        loop {
            let len = need(&self.held);
            let missing = len.saturating_sub(self.held.len());
            if missing == 0 {
                return Some(Unit { len, held: true });
            }
            let (now, rest) = input.split_at(missing.min(input.len()));
            self.held.extend_from_slice(now);
            *input = rest;
            if now.len() < missing {
                return None;
            }
        }
    }

    fn used(&mut self, unit: Unit, input: &mut &[u8]) {
        if unit.held {
            self.held.clear();
        } else {
            *input = input.get(unit.len..).unwrap_or_default();
        }
    }
}

#[derive(Clone, Copy)]
struct Unit {
    len: usize,
    held: bool,
}

impl Unit {
    fn bytes<'a>(&self, held: &'a [u8], input: &'a [u8]) -> &'a [u8] {
        let all = if self.held { held } else { input };
        all.get(..self.len).unwrap_or_default()
    }
}

/// The sizes of the fields behind a frame's descriptor: window, dictionary id, content size.
fn field_lens(descriptor: u8) -> (usize, usize, usize) {
    let single_segment = descriptor & 0x20 != 0;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content = match descriptor >> 6 {
        0 => usize::from(single_segment),
        n => 1 << n,
    };
    (usize::from(!single_segment), dictionary, content)
}

fn frame_header_len(bytes: &[u8]) -> usize {
    let fields = bytes.get(4).map_or((0, 0, 0), |&descriptor| field_lens(descriptor));
    5 + fields.0 + fields.1 + fields.2
}

/// The window that a frame asks for (RFC 8878 section 3.1.1.1.2).
fn window_size(header: &[u8]) -> Option<u64> {
    let (window, dictionary, content) = field_lens(*header.get(4)?);
    if window == 1 {
        let byte = u64::from(*header.get(5)?);
        let base = 1 << (10 + (byte >> 3));
        return Some(base + base / 8 * (byte & 7));
    }
    let field = header.get(5 + dictionary..5 + dictionary + content)?;
    let mut bytes = [0; 8];
    bytes.get_mut(..content)?.copy_from_slice(field);
    let size = u64::from_le_bytes(bytes);
    Some(if content == 2 { size + 256 } else { size })
}

fn invalid() -> Error {
    Error::new(Code::BadContentEncoding, "Invalid zstd content encoding")
}
