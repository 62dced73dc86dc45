//! The body of a request on its way from the application to the socket.

use std::sync::Arc;
use std::time::Instant;

use crate::options::{BodySource, Options};

/// What is to be sent after the request's head.
#[derive(Debug, Default)]
pub(crate) struct BodyOut {
    source: Source,
    /// Bytes still to come from the source; none: until it ends.
    left: Option<u64>,
    chunked: bool,
    state: BodyState,
    /// Bytes of the source that were taken, to know whether a retry must rewind.
    taken: u64,
    /// Where the source is to be put before it is read: a resumed upload.
    resume_at: u64,
    /// Bytes of the source to be read and dropped, since it could not be put there.
    skip: u64,
    /// Line feeds go out as CRLF; whether the byte before was CR.
    crlf: Option<bool>,
}

#[derive(Debug, Default)]
enum Source {
    #[default]
    None,
    Bytes(Arc<[u8]>, usize),
    Application,
}

/// How far the body is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BodyState {
    /// All of it was taken from the source; the rest is in the send buffer.
    #[default]
    Ended,
    /// `Expect: 100-continue` was sent: not before the answer or this time.
    Waits(Instant),
    Flows,
}

impl BodyOut {
    /// A body from the options' source, `length` bytes long (none: chunked or to the end).
    pub(crate) fn begin(options: &Options, length: Option<u64>, chunked: bool) -> Self {
        let source = match &options.body {
            BodySource::None => return Self::default(),
            BodySource::Bytes(bytes) => Source::Bytes(bytes.clone(), 0),
            BodySource::Application { .. } | BodySource::Mime { .. } => Source::Application,
        };
        // Chunks end by themselves: the source is asked until it says so.
        let length = length.filter(|_| !chunked);
        let state = match length {
            Some(0) => BodyState::Ended,
            _ => BodyState::Flows,
        };
        Self { source, left: length, chunked, state, ..Self::default() }
    }

    /// What the application reads, whatever the method is.
    pub(crate) fn of_application() -> Self {
        Self { source: Source::Application, state: BodyState::Flows, ..Self::default() }
    }

    pub(crate) fn state(&self) -> BodyState {
        self.state
    }

    /// Holds the body back until `until` or an answer.
    pub(crate) fn wait_for_answer(&mut self, until: Instant) {
        if self.state == BodyState::Flows {
            self.state = BodyState::Waits(until);
        }
    }

    /// The head has gone out: the wait, if there is one, counts from now on.
    pub(crate) fn wait_from(&mut self, until: Instant) {
        if let BodyState::Waits(at) = &mut self.state {
            *at = until;
        }
    }

    /// The wait is over.
    pub(crate) fn flow(&mut self) {
        if matches!(self.state, BodyState::Waits(_)) {
            self.state = BodyState::Flows;
        }
    }

    /// The source goes on after all.
    pub(crate) fn reopen(&mut self) {
        self.state = BodyState::Flows;
    }

    /// Nothing more is to be sent, whatever was announced.
    pub(crate) fn give_up(&mut self) {
        self.state = BodyState::Ended;
    }

    /// The body goes on at `offset` of its source, which the application is asked to go to.
    pub(crate) fn resume_at(&mut self, offset: u64) {
        self.resume_at = offset;
    }

    /// The same, and the body is shorter by that.
    pub(crate) fn go_on_at(&mut self, offset: u64) {
        self.resume_at = offset;
        self.left = self.left.map(|left| left.saturating_sub(offset));
        if self.left == Some(0) {
            self.state = BodyState::Ended;
        }
    }

    /// The offset that the application was asked to go to.
    pub(crate) fn take_resume_at(&mut self) -> u64 {
        std::mem::take(&mut self.resume_at)
    }

    /// The source begins at its beginning: its first bytes are dropped.
    pub(crate) fn skip(&mut self, count: u64) {
        self.skip = count;
    }

    /// From now on line feeds go out as CRLF.
    pub(crate) fn end_lines_in_crlf(&mut self) {
        self.crlf = Some(false);
    }

    /// Converts the line ends of a piece, which begins at `start` of the buffer.
    pub(crate) fn convert_lines(&mut self, buffer: &mut Vec<u8>, start: usize) {
        let Some(after_cr) = &mut self.crlf else { return };
        let piece = buffer.split_off(start);
        for byte in piece {
            if byte == b'\n' && !*after_cr {
                buffer.push(b'\r');
            }
            *after_cr = byte == b'\r';
            buffer.push(byte);
        }
    }

    /// How many of `count` bytes of the source are dropped.
    pub(crate) fn skipped(&mut self, count: usize) -> usize {
        let dropped = self.skip.min(count as u64);
        self.skip -= dropped;
        dropped as usize
    }

    /// Is there anything of it in a retry's way: bytes taken that must be had again?
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// Comes the body from the application?
    pub(crate) fn asks_application(&self) -> bool {
        matches!(self.source, Source::Application)
    }

    /// Bytes that may be asked for at once.
    pub(crate) fn room(&self, most: usize) -> usize {
        let wanted = |left: u64| usize::try_from(left.saturating_add(self.skip)).unwrap_or(most);
        self.left.map_or(most, |left| most.min(wanted(left)))
    }

    /// Bytes missing of the announced length when the source ends now.
    pub(crate) fn missing(&self) -> Option<u64> {
        self.left.filter(|left| *left > 0)
    }

    /// Bytes to come; none: not known.
    pub(crate) fn left(&self) -> Option<u64> {
        match self.state {
            BodyState::Ended => Some(0),
            _ => self.left,
        }
    }

    /// Is the body sent in chunks?
    pub(crate) fn is_chunked(&self) -> bool {
        self.chunked
    }

    /// Moves bytes that are in memory into `out`.
    pub(crate) fn copy_bytes(&mut self, out: &mut Vec<u8>, most: usize) {
        let room = self.room(most);
        if let Source::Bytes(bytes, at) = &mut self.source {
            let rest = bytes.get(*at..).unwrap_or_default();
            let piece = &rest[..room.min(rest.len())];
            let start = out.len();
            out.extend_from_slice(piece);
            *at += piece.len();
            let count = piece.len();
            let ended = *at >= bytes.len();
            self.took(count, ended);
            self.convert_lines(out, start);
        }
    }

    /// So many bytes came from the source; it may have ended with them.
    pub(crate) fn took(&mut self, count: usize, ended: bool) {
        self.taken += count as u64;
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(count as u64);
        }
        if ended || self.left == Some(0) {
            self.state = BodyState::Ended;
        }
    }
}
