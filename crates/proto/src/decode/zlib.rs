//! gzip and deflate.

use flate2::{Decompress, FlushDecompress, Status};
use tress_model::{Code, Error, Result};

use super::{broken, step, trailing, with_room};

/// Bytes of no meaning that raw deflate may leave behind its end.
const RAW_TRAILER: usize = 4;
const WINDOW_BITS: u8 = 15;

pub(super) struct Zlib {
    wants_gzip: bool,
    state: State,
}

enum State {
    /// Too few bytes to know the format: those that came.
    Start {
        first: Option<u8>,
    },
    Inflating {
        inflate: Decompress,
        raw: bool,
        gzip: bool,
    },
    /// At the end; so many bytes may follow.
    Ended {
        spare: usize,
        gzip: bool,
    },
}

impl Zlib {
    /// gzip; zlib's format is taken too.
    pub(super) fn gzip() -> Self {
        Self { wants_gzip: true, state: State::Start { first: None } }
    }

    /// zlib's format, or deflate without any.
    pub(super) fn deflate() -> Self {
        Self { wants_gzip: false, state: State::Start { first: None } }
    }

    pub(super) fn feed(&mut self, input: &mut &[u8], out: &mut Vec<u8>, room: usize) -> Result<()> {
        if let State::Start { first } = self.state {
            let Some((first, second)) = self.two_bytes(first, input) else { return Ok(()) };
            let (mut inflate, raw, gzip) = self.open(first, second);
            let mut start: &[u8] = &[first];
            inflate_some(&mut inflate, &mut start, out, 0)?;
            self.state = State::Inflating { inflate, raw, gzip };
        }
        if let State::Inflating { inflate, raw, gzip } = &mut self.state
            && inflate_some(inflate, input, out, room)?
        {
            let spare = if *raw { RAW_TRAILER } else { 0 };
            self.state = State::Ended { spare, gzip: *gzip };
        }
        if let State::Ended { spare, gzip } = &mut self.state {
            if *gzip && input.starts_with(&[0x1f, 0x8b]) {
                let message = "Multi-member gzip response not supported";
                return Err(Error::new(Code::WriteError, message));
            }
            if input.len() > *spare {
                return Err(trailing());
            }
            *spare -= input.len();
            *input = &[];
        }
        Ok(())
    }

    /// The two first bytes of the body, the first of them taken out of the input.
    fn two_bytes(&mut self, first: Option<u8>, input: &mut &[u8]) -> Option<(u8, u8)> {
        match (first, *input) {
            (Some(first), [second, ..]) => Some((first, *second)),
            (None, [first, rest @ ..]) => {
                *input = rest;
                self.state = State::Start { first: Some(*first) };
                rest.first().map(|second| (*first, *second))
            }
            (_, []) => None,
        }
    }

    fn open(&self, first: u8, second: u8) -> (Decompress, bool, bool) {
        let zlib = first & 15 == 8
            && first >> 4 <= 7
            && u16::from_be_bytes([first, second]).is_multiple_of(31);
        if self.wants_gzip && first == 0x1f {
            (Decompress::new_gzip(WINDOW_BITS), false, true)
        } else if self.wants_gzip || zlib {
            (Decompress::new(true), false, self.wants_gzip)
        } else {
            (Decompress::new(false), true, false)
        }
    }
}

/// Inflates until the input is used or the room is full; true at the end of the stream.
fn inflate_some(
    inflate: &mut Decompress,
    input: &mut &[u8],
    out: &mut Vec<u8>,
    room: usize,
) -> Result<bool> {
    let full = out.len() + room;
    loop {
        let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
        let slots = step(input, full - out.len());
        let answer = with_room(out, slots, |slots| {
            let answer = inflate.decompress(input, slots, FlushDecompress::None);
            ((inflate.total_out() - before_out) as usize, answer)
        });
        let used = (inflate.total_in() - before_in) as usize;
        *input = input.get(used..).unwrap_or_default();
        let status = answer.map_err(|error| {
            broken(error.message().unwrap_or("Unknown failure within decompression software."))
        })?;
        let written = (inflate.total_out() - before_out) as usize;
        match status {
            Status::StreamEnd => return Ok(true),
            _ if used == 0 && written == 0 => return Ok(false),
            _ if input.is_empty() && written < slots => return Ok(false),
            _ if out.len() == full => return Ok(false),
            Status::Ok | Status::BufError => {}
        }
    }
}
