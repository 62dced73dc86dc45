//! Chunked transfer coding, taken apart (RFC 9112 section 7.1).

use std::ops::Range;

use memchr::{memchr, memchr2};
use tress_model::{Code, Error, Result};

use super::head::{name_len, verify};
use super::line::is_blank;
use super::response::Span;

/// The most digits of a chunk's size, leading zeros included.
pub const MAX_SIZE_DIGITS: u8 = 16;
/// The longest trailer line with its line end.
pub const MAX_TRAILER: usize = 4095;

/// What was found in a chunked body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Nothing yet; all input was consumed.
    More,
    /// Content.
    Data(Range<usize>),
    /// A trailer line that ends with CR LF; [`Span::Held`] is in [`Chunked::held`].
    Trailer(Span),
    /// The end of the body.
    Done,
}

/// A chunked body under way.
#[derive(Debug, Default)]
pub struct Chunked {
    state: State,
    left: u64,
    digits: u8,
    trailer: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    /// Behind the size: an extension, up to the line feed.
    Extension,
    Data,
    /// Behind the content of a chunk.
    DataEnd,
    Trailer,
    /// The line feed of a trailer.
    TrailerEnd,
    /// A trailer was handed out.
    TrailerStale,
    /// The line feed of the empty line.
    End,
    Done,
}

impl Chunked {
    /// The bytes consumed, and what was found.
    ///
    /// # Errors
    /// `RecvError` for a broken framing, `WeirdServerReply` for a bad trailer, `TooLarge` for one
    /// over [`MAX_TRAILER`].
    pub fn advance(&mut self, input: &[u8]) -> Result<(usize, Piece)> {
        let mut at = 0;
        while let Some(rest @ [byte, ..]) = input.get(at..) {
            match self.state {
                State::Size => at += self.size(rest)?,
                State::Extension => {
                    let Some(line) = line_len(rest) else { break };
                    at += line;
                    self.state = if self.left == 0 { State::Trailer } else { State::Data };
                }
                State::Data => {
                    let len = self.left.min(rest.len() as u64);
                    self.left -= len;
                    if self.left == 0 {
                        self.state = State::DataEnd;
                    }
                    // No longer than the input.
                    let end = at + len as usize;
                    return Ok((end, Piece::Data(at..end)));
                }
                State::DataEnd => match rest {
                    [b'\n', ..] => (at, self.state, self.digits) = (at + 1, State::Size, 0),
                    [b'\r', b'\n', ..] => (at, self.state, self.digits) = (at + 2, State::Size, 0),
                    [b'\r', ..] => at += 1,
                    _ => return Err(malformed()),
                },
                State::TrailerStale => {
                    self.trailer.clear();
                    self.state = State::Trailer;
                }
                State::Trailer => match self.trailer(input, at)? {
                    (next, None) => at = next,
                    (next, Some(span)) => return Ok((next, Piece::Trailer(span))),
                },
                State::TrailerEnd => {
                    if *byte != b'\n' {
                        return Err(malformed());
                    }
                    return Ok((at + 1, Piece::Trailer(self.take_trailer()?)));
                }
                State::End => {
                    if *byte != b'\n' {
                        return Err(malformed());
                    }
                    self.state = State::Done;
                    return Ok((at + 1, Piece::Done));
                }
                State::Done => return Ok((at, Piece::Done)),
            }
        }
        if self.state == State::Done {
            return Ok((at, Piece::Done));
        }
        Ok((input.len(), Piece::More))
    }

    /// A chunk behind another one, if all of it is there, it is in the usual form, and it has `most` bytes at
    /// most: the bytes consumed, and its content.
    pub(super) fn next(&mut self, input: &[u8], most: usize) -> Option<(usize, Range<usize>)> {
        if self.state != State::DataEnd {
            return None;
        }
        let line = input.strip_prefix(b"\r\n")?;
        let (mut size, mut digits) = (0, 0);
        while let Some(digit) = line.get(digits).and_then(|&byte| char::from(byte).to_digit(16)) {
            size = size << 4 | digit as usize;
            digits += 1;
            if size > most || digits > usize::from(MAX_SIZE_DIGITS) {
                return None;
            }
        }
        let start = 2 + digits + 2;
        let content = start..start + size;
        let whole =
            size > 0 && line.get(digits..)?.starts_with(b"\r\n") && content.end <= input.len();
        whole.then_some((content.end, content))
    }

    /// The trailer of the last [`Piece::Trailer`], where it was not in one piece in the input.
    pub fn held(&self) -> &[u8] {
        &self.trailer
    }

    /// Whether the body is complete.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Takes digits of the size; the number of bytes consumed.
    fn size(&mut self, input: &[u8]) -> Result<usize> {
        for (at, &byte) in input.iter().enumerate() {
            let Some(digit) = char::from(byte).to_digit(16) else {
                if self.digits == 0 {
                    // As C's %x shows a signed char.
                    let shown = i32::from(byte as i8);
                    return Err(receive(format!(
                        "chunk hex-length char not a hex digit: {shown:#x}"
                    )));
                }
                self.state = State::Extension;
                return Ok(at);
            };
            if self.digits >= MAX_SIZE_DIGITS {
                return Err(receive(format!("chunk hex-length longer than {MAX_SIZE_DIGITS}")));
            }
            let size = self.left << 4 | u64::from(digit);
            if size > i64::MAX as u64 {
                return Err(receive(format!("invalid chunk size: '{size:x}'")));
            }
            self.left = size;
            self.digits += 1;
        }
        Ok(input.len())
    }

    /// Looks for a trailer at `at`: where to go on, and a whole line if it lies in one piece.
    fn trailer(&mut self, input: &[u8], at: usize) -> Result<(usize, Option<Span>)> {
        let rest = input.get(at..).unwrap_or_default();
        let Some(len) = memchr2(b'\r', b'\n', rest) else {
            self.hold(rest)?;
            return Ok((input.len(), None));
        };
        let end = at + len;
        if len == 0 && self.trailer.is_empty() {
            // The empty line; its carriage return may be missing.
            self.state = State::End;
            return Ok((at + usize::from(rest.first() == Some(&b'\r')), None));
        }
        let in_one_piece = self.trailer.is_empty() && rest.get(len..len + 2) == Some(b"\r\n");
        if in_one_piece && len + 2 <= MAX_TRAILER {
            let span = at..end + 2;
            verify_trailer(input.get(span.clone()).unwrap_or_default())?;
            return Ok((end + 2, Some(Span::Input(span))));
        }
        self.hold(rest.get(..len).unwrap_or_default())?;
        self.state = State::TrailerEnd;
        Ok((end + usize::from(rest.get(len) == Some(&b'\r')), None))
    }

    fn take_trailer(&mut self) -> Result<Span> {
        self.hold(b"\r\n")?;
        verify_trailer(&self.trailer)?;
        self.state = State::TrailerStale;
        Ok(Span::Held(0..self.trailer.len()))
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<()> {
        let len = self.trailer.len() + bytes.len();
        if len > MAX_TRAILER {
            let message = format!("Too large trailer in chunked-encoding: {len} > {MAX_TRAILER}");
            return Err(Error::new(Code::TooLarge, message));
        }
        self.trailer.extend_from_slice(bytes);
        Ok(())
    }
}

/// The rest of a line with its line feed, if that is there.
#[inline]
fn line_len(rest: &[u8]) -> Option<usize> {
    match rest {
        [b'\r', b'\n', ..] => Some(2),
        _ => memchr(b'\n', rest).map(|newline| newline + 1),
    }
}

/// A folded line needs no colon.
fn verify_trailer(line: &[u8]) -> Result<()> {
    verify(line)?;
    if line.first().is_some_and(|&b| is_blank(b)) { Ok(()) } else { name_len(line).map(drop) }
}

fn malformed() -> Error {
    Error::new(Code::RecvError, "Malformed encoding found in chunked-encoding")
}

fn receive(message: String) -> Error {
    Error::new(Code::RecvError, message)
}
