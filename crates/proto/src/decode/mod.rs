//! Content and transfer codings taken off a body (RFC 9110 section 8.4).

mod brotli;
mod zlib;
mod zstd;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

use tress_model::{Code, Error, Result};

/// The most codings of one body, transfer and content codings each on their own
/// (`MAX_ENCODE_STACK`).
pub const MAX_STACK: usize = 5;
/// A body may decode to this many times its size ...
pub const MAX_RATIO: u64 = 100_000;
/// ... once it came to this many bytes. gzip and zstd alone never reach the ratio.
pub const FREE_OUTPUT: u64 = 1024 * 1024 * 1024;
/// All codings, as an empty `CURLOPT_ACCEPT_ENCODING` asks for them.
pub const ACCEPT_ALL: &[u8] = b"deflate, gzip, br, zstd";
/// The most bytes between two codings of a stack.
const BETWEEN: usize = 16 * 1024;

/// A coding by its name in `Content-Encoding` or `Transfer-Encoding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// No change at all.
    Identity,
    /// `gzip` and `x-gzip` (RFC 1952).
    Gzip,
    /// `deflate`: the zlib format (RFC 1950), or raw deflate as some servers send it.
    Deflate,
    /// `br` (RFC 7932).
    Brotli,
    /// `zstd` (RFC 8878).
    Zstd,
    /// A name that nobody here knows; an error once a body comes.
    Unknown,
}

impl Coding {
    /// The coding called `name`, whatever its case.
    pub fn named(name: &[u8]) -> Self {
        let is = |text: &str| name.eq_ignore_ascii_case(text.as_bytes());
        if is("gzip") || is("x-gzip") {
            Self::Gzip
        } else if is("br") {
            Self::Brotli
        } else if is("zstd") {
            Self::Zstd
        } else if is("deflate") {
            Self::Deflate
        } else if is("identity") || is("none") {
            Self::Identity
        } else {
            Self::Unknown
        }
    }
}

/// The names in a comma-separated list, blanks around them and empty items left out.
pub fn names(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|&b| b == b',').map(<[u8]>::trim_ascii).filter(|name| !name.is_empty())
}

/// Adds what a `Content-Encoding` header lists to `codings`.
///
/// # Errors
/// `BadContentEncoding` for more than [`MAX_STACK`] in all.
pub fn add_content_codings(list: &[u8], codings: &mut Vec<Coding>) -> Result<()> {
    for name in names(list) {
        if codings.len() >= MAX_STACK {
            let message =
                format!("Reject response exceeding limit of {MAX_STACK} content encodings");
            return Err(Error::new(Code::BadContentEncoding, message));
        }
        codings.push(Coding::named(name));
    }
    Ok(())
}

/// Takes a stack of codings off a body, piece by piece.
pub struct Decoder {
    /// The one whose input the body is comes first.
    layers: Vec<Layer>,
    taken: u64,
    given: u64,
}

impl Decoder {
    /// A decoder for codings in the order in which the headers list them.
    pub fn new(codings: &[Coding]) -> Self {
        let real = codings.iter().rev().filter(|&&coding| coding != Coding::Identity);
        Self { layers: real.map(|&coding| Layer::new(coding)).collect(), taken: 0, given: 0 }
    }

    /// Nothing is to be decoded.
    pub fn is_identity(&self) -> bool {
        self.layers.is_empty()
    }

    /// Decodes from `input`, appends at most `room` bytes to `out`, and returns how much of the
    /// input was used. If that fills the room, more may wait: call again, with the rest of the
    /// input or none, before there is new input. If it does not, all input was used.
    ///
    /// # Errors
    /// `BadContentEncoding` for a broken or unknown coding or one that blows up beyond
    /// [`MAX_RATIO`]; `WriteError` for data behind the coding's end.
    pub fn decode(&mut self, input: &[u8], out: &mut Vec<u8>, room: usize) -> Result<usize> {
        let start = out.len();
        let mut rest = input;
        match self.layers.as_mut_slice() {
            [] => {
                let (now, later) = rest.split_at(rest.len().min(room));
                out.extend_from_slice(now);
                rest = later;
            }
            [only] => only.codec.feed(&mut rest, out, room)?,
            [below @ .., last] => pull(below, last, &mut rest, out, room)?,
        }
        let consumed = input.len() - rest.len();
        self.taken += consumed as u64;
        self.given += (out.len() - start) as u64;
        if self.given > FREE_OUTPUT && self.given / MAX_RATIO > self.taken {
            let message = format!(
                "Content of {} bytes decoded to more than {MAX_RATIO} times its size",
                self.taken
            );
            return Err(Error::new(Code::BadContentEncoding, message));
        }
        Ok(consumed)
    }

    /// The body is over: appends what was kept back, at most `room` bytes; call again if that
    /// fills the room. A body that ends before its coding does is no error, as with libcurl.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    pub fn finish(&mut self, out: &mut Vec<u8>, room: usize) -> Result<()> {
        let full = out.len() + room;
        for i in 0..self.layers.len() {
            if let Some(layer) = self.layers.get_mut(i) {
                layer.codec.end()?;
            }
            self.decode(&[], out, full - out.len())?;
            if out.len() == full {
                break;
            }
        }
        Ok(())
    }
}

struct Layer {
    codec: Codec,
    /// Output that the next layer did not take yet, from `at`.
    output: Vec<u8>,
    at: usize,
}

impl Layer {
    fn new(coding: Coding) -> Self {
        let codec = match coding {
            Coding::Gzip => Codec::Zlib(zlib::Zlib::gzip()),
            Coding::Deflate => Codec::Zlib(zlib::Zlib::deflate()),
            Coding::Brotli => Codec::Brotli(brotli::Brotli::new()),
            Coding::Zstd => Codec::Zstd(Box::default()),
            Coding::Identity | Coding::Unknown => Codec::Unknown,
        };
        Self { codec, output: Vec::new(), at: 0 }
    }
}

enum Codec {
    Zlib(zlib::Zlib),
    Brotli(brotli::Brotli),
    Zstd(Box<zstd::Zstd>),
    Unknown,
}

impl Codec {
    fn feed(&mut self, input: &mut &[u8], out: &mut Vec<u8>, room: usize) -> Result<()> {
        match self {
            Self::Zlib(codec) => codec.feed(input, out, room),
            Self::Brotli(codec) => codec.feed(input, out, room),
            Self::Zstd(codec) => codec.feed(input, out, room),
            Self::Unknown if input.is_empty() => Ok(()),
            Self::Unknown => {
                Err(Error::new(Code::BadContentEncoding, "Unrecognized content encoding type"))
            }
        }
    }

    /// No more input comes.
    fn end(&mut self) -> Result<()> {
        match self {
            Self::Zstd(codec) => codec.end(),
            Self::Zlib(_) | Self::Brotli(_) | Self::Unknown => Ok(()),
        }
    }
}

/// Feeds `last` from the layers below it, until the room is full or nothing is left.
fn pull(
    below: &mut [Layer],
    last: &mut Layer,
    input: &mut &[u8],
    out: &mut Vec<u8>,
    room: usize,
) -> Result<()> {
    let Some((source, deeper)) = below.split_last_mut() else {
        return last.codec.feed(input, out, room);
    };
    let full = out.len() + room;
    loop {
        let mut ready = source.output.get(source.at..).unwrap_or_default();
        last.codec.feed(&mut ready, out, full - out.len())?;
        source.at = source.output.len() - ready.len();
        if out.len() == full {
            return Ok(());
        }
        source.at = 0;
        let mut output = std::mem::take(&mut source.output);
        output.clear();
        let pulled = pull(deeper, source, input, &mut output, BETWEEN);
        source.output = output;
        pulled?;
        if source.output.is_empty() {
            return Ok(());
        }
    }
}

/// How much to decode at a time: room costs a little even where nothing comes to fill it.
fn step(input: &[u8], room: usize) -> usize {
    room.min(input.len().saturating_mul(8).clamp(LEAST_STEP, room.max(LEAST_STEP)))
}

const LEAST_STEP: usize = 2048;

/// Lets `fill` write into room at the end of `out`; it returns how much it wrote.
fn with_room<T>(out: &mut Vec<u8>, room: usize, fill: impl FnOnce(&mut [u8]) -> (usize, T)) -> T {
    let start = out.len();
    out.resize(start + room, 0);
    let (written, answer) = fill(out.get_mut(start..).unwrap_or_default());
    out.truncate(start + written.min(room));
    answer
}

fn broken(why: &str) -> Error {
    let message = format!("Error while processing content unencoding: {why}");
    Error::new(Code::BadContentEncoding, message)
}

/// Data behind the end of what was encoded.
fn trailing() -> Error {
    Error::new(Code::WriteError, "Data follows the end of the encoded content")
}
