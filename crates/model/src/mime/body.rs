use std::ops::Range;
use std::sync::Arc;

use super::encode::{State, encoded_size};
use super::headers::{self, Disposition};
use super::{Content, Encoder, MAX_LEVELS, Mime, Part, Prepare, SourceId};
use crate::Code;

/// A part laid out for sending.
#[derive(Clone, Debug)]
pub struct Body {
    /// Header lines, boundaries: what is sent as it is.
    text: Vec<u8>,
    pieces: Vec<Piece>,
    headers: Vec<Vec<u8>>,
    size: Option<u64>,
}

impl Body {
    /// The size of all, in bytes; none: only sending tells.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// The generated header lines of the part itself, without line ends: `Content-Type` with
    /// the boundary above all. For HTTP requests.
    pub fn headers(&self) -> &[Vec<u8>] {
        &self.headers
    }

    /// The sources, in the order of sending: all are to be rewound together with the reader.
    pub fn sources(&self) -> impl Iterator<Item = SourceId> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Source { source, .. } => Some(*source),
            _ => None,
        })
    }
}

#[derive(Clone, Debug)]
enum Piece {
    Literal(Range<usize>),
    Data { bytes: Arc<[u8]>, encoder: Option<Encoder> },
    Source { source: SourceId, encoder: Option<Encoder>, size: Option<u64> },
}

/// What a reader needs to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Room: it wrote as much as it was allowed to.
    Room,
    /// Bytes of a source, by [`BodyReader::supply`].
    Source(SourceId),
    /// Nothing: that was all.
    Nothing,
}

/// Gives a body out, piece by piece.
#[derive(Clone, Debug)]
pub struct BodyReader {
    body: Arc<Body>,
    piece: usize,
    /// How much of the piece has been taken, in bytes before encoding.
    taken: u64,
    state: State,
}

impl BodyReader {
    /// Starts at the beginning.
    pub fn new(body: Arc<Body>) -> Self {
        Self { body, piece: 0, taken: 0, state: State::default() }
    }

    /// The body that is read.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Starts again; the driver rewinds the sources.
    pub fn rewind(&mut self) {
        *self = Self::new(Arc::clone(&self.body));
    }

    /// Appends up to about `room` bytes (an encoder may write some more), and says why it
    /// stopped. Fails with [`Code::ReadError`] when data is not what the encoder takes.
    pub fn write(&mut self, out: &mut Vec<u8>, room: usize) -> Result<Wants, Code> {
        let body = Arc::clone(&self.body);
        let end = out.len().saturating_add(room);
        while let Some(piece) = body.pieces.get(self.piece) {
            let (bytes, encoder) = match piece {
                Piece::Literal(range) => (body.text.get(range.clone()).unwrap_or_default(), None),
                Piece::Data { bytes, encoder } => (&bytes[..], *encoder),
                Piece::Source { source, size, .. } => {
                    if size.is_some_and(|size| self.taken >= size) {
                        self.supply(&[], out)?;
                        continue;
                    }
                    return Ok(Wants::Source(*source));
                }
            };
            let room = end.saturating_sub(out.len());
            if room == 0 {
                return Ok(Wants::Room);
            }
            let rest = usize::try_from(self.taken)
                .ok()
                .and_then(|taken| bytes.get(taken..))
                .unwrap_or_default();
            let now = rest.get(..room).unwrap_or(rest);
            let is_last = now.len() == rest.len();
            self.state.encode(encoder, now, is_last, out)?;
            self.taken += now.len() as u64;
            if is_last {
                self.go_on();
            }
        }
        Ok(Wants::Nothing)
    }

    /// Takes bytes of the source that was wanted, and appends them encoded; no bytes end the
    /// source. Bytes beyond its announced size are dropped. Fails as [`BodyReader::write`].
    pub fn supply(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Code> {
        let Some(Piece::Source { encoder, size, .. }) = self.body.pieces.get(self.piece) else {
            return Ok(());
        };
        let left = size.map_or(usize::MAX, |size| {
            usize::try_from(size - self.taken.min(size)).unwrap_or(usize::MAX)
        });
        let now = bytes.get(..left).unwrap_or(bytes);
        let is_last = bytes.is_empty();
        self.state.encode(*encoder, now, is_last, out)?;
        self.taken += now.len() as u64;
        if is_last {
            self.go_on();
        }
        Ok(())
    }

    /// How many bytes the wanted source may still give; none: any number.
    pub fn source_left(&self) -> Option<u64> {
        match self.body.pieces.get(self.piece)? {
            Piece::Source { size, .. } => size.map(|size| size.saturating_sub(self.taken)),
            _ => None,
        }
    }

    fn go_on(&mut self) {
        self.piece += 1;
        self.taken = 0;
        self.state = State::default();
    }
}

/// Lays a part out: see [`Part::prepare`].
pub(super) fn lay_out(part: &Part, how: &Prepare<'_>) -> Result<Body, Code> {
    let mut body =
        Body { text: Vec::new(), pieces: Vec::new(), headers: Vec::new(), size: Some(0) };
    let top = headers::generate(part, how, None)?;
    if !how.body_only {
        body.push_headers(part, &top.lines);
    }
    body.headers = top.lines;
    body.push_content(part, how, top.disposition, 0)?;
    body.close_literal();
    Ok(body)
}

impl Body {
    fn push_part(
        &mut self,
        part: &Part,
        how: &Prepare<'_>,
        within: Disposition,
        level: usize,
    ) -> Result<(), Code> {
        let how = Prepare { content_type: None, extra_headers: &[], ..*how };
        let generated = headers::generate(part, &how, within)?;
        self.push_headers(part, &generated.lines);
        self.push_content(part, &how, generated.disposition, level)
    }

    fn push_headers(&mut self, part: &Part, generated: &[Vec<u8>]) {
        for line in generated.iter().map(|line| &line[..]).chain(headers::own(part)) {
            self.text.extend_from_slice(line);
            self.text.extend_from_slice(b"\r\n");
        }
        self.text.extend_from_slice(b"\r\n");
    }

    fn push_content(
        &mut self,
        part: &Part,
        how: &Prepare<'_>,
        within: Disposition,
        level: usize,
    ) -> Result<(), Code> {
        let encoder = part.encoder;
        match &part.content {
            Content::None => {}
            Content::Data(bytes) => {
                let size = Some(bytes.len() as u64);
                self.push_piece(Piece::Data { bytes: Arc::clone(bytes), encoder }, size, encoder);
            }
            &Content::File { source, size, .. } | &Content::Callback { source, size } => {
                self.push_piece(Piece::Source { source, encoder, size }, size, encoder);
            }
            Content::Multipart(mime) => {
                if matches!(encoder, Some(Encoder::Base64 | Encoder::QuotedPrintable)) {
                    return Err(Code::BadFunctionArgument);
                }
                self.push_multipart(mime, how, within, level + 1)?;
            }
        }
        Ok(())
    }

    fn push_multipart(
        &mut self,
        mime: &Mime,
        how: &Prepare<'_>,
        within: Disposition,
        level: usize,
    ) -> Result<(), Code> {
        if level > MAX_LEVELS {
            return Err(Code::ReadError);
        }
        // The empty line after the headers is the first boundary's line end.
        let mut mark: &[u8] = b"--";
        for part in &mime.parts {
            for piece in [mark, &mime.boundary, b"\r\n"] {
                self.text.extend_from_slice(piece);
            }
            self.push_part(part, how, within, level)?;
            mark = b"\r\n--";
        }
        for piece in [mark, &mime.boundary, b"--\r\n"] {
            self.text.extend_from_slice(piece);
        }
        Ok(())
    }

    fn push_piece(&mut self, piece: Piece, size: Option<u64>, encoder: Option<Encoder>) {
        self.close_literal();
        self.pieces.push(piece);
        self.grow(encoded_size(encoder, size));
    }

    /// Makes a piece of the text since the last one.
    fn close_literal(&mut self) {
        let written = |piece: &Piece| match piece {
            Piece::Literal(range) => Some(range.end),
            _ => None,
        };
        let start = self.pieces.iter().rev().find_map(written).unwrap_or(0);
        let end = self.text.len();
        if start < end {
            self.pieces.push(Piece::Literal(start..end));
            self.grow(Some((end - start) as u64));
        }
    }

    fn grow(&mut self, by: Option<u64>) {
        self.size = self.size.zip(by).and_then(|(size, by)| size.checked_add(by));
    }
}
