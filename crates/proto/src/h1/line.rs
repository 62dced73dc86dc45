//! Lines of a head out of pieces of input.

use std::ops::Range;

use memchr::{memchr, memchr3};
use tress_model::{Code, Result};

use super::response::{MAX_LINE, Span};

/// Finds lines; keeps those that are not whole in one input.
#[derive(Default)]
pub(super) struct Lines {
    held: Vec<u8>,
    state: State,
}

/// What `held` is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// The beginning of a line, or nothing.
    #[default]
    Partial,
    /// A line that the next may continue.
    Complete,
    /// A line to be continued, its line end and the blanks around it left out.
    Unfolding,
    /// A line handed out.
    Stale,
}

impl Lines {
    /// The bytes that were held back, or the line handed out last.
    pub(super) fn held(&self) -> &[u8] {
        &self.held
    }

    /// What is held counts as handed out.
    pub(super) fn take_held(&mut self) -> Range<usize> {
        self.state = State::Stale;
        0..self.held.len()
    }

    /// Drops a line that was handed out.
    pub(super) fn forget(&mut self) {
        if self.state == State::Stale {
            self.held.clear();
            self.state = State::Partial;
        }
    }

    /// Where a line ends that lies whole in `input`, with neither a NUL nor a carriage return in
    /// it: nearly every line, found in one search. None: [`Lines::next`] has to look.
    pub(super) fn plain(&self, input: &[u8], fold: bool) -> Option<usize> {
        if self.state != State::Partial || !self.held.is_empty() {
            return None;
        }
        let stop = memchr3(b'\n', b'\r', 0, input)?;
        let end = match input.get(stop..)? {
            [b'\n', ..] => stop + 1,
            [b'\r', b'\n', ..] => stop + 2,
            _ => return None,
        };
        let goes_on = || input.get(end).is_none_or(|&b| is_blank(b));
        let whole = end <= MAX_LINE && !(fold && stop > 0 && goes_on());
        whole.then_some(end)
    }

    /// A line (if it ends in `input`) and the bytes consumed. With `fold`, a line goes on as long
    /// as the next begins with a blank (RFC 9112 section 5.2): it is joined by one space.
    pub(super) fn next(&mut self, input: &[u8], fold: bool) -> Result<(usize, Option<Span>)> {
        self.forget();
        let mut at = 0;
        loop {
            let rest = input.get(at..).unwrap_or_default();
            match self.state {
                State::Complete => match rest.first() {
                    None => return Ok((at, None)),
                    Some(b' ' | b'\t') => {
                        self.cut_line_end();
                        self.state = State::Unfolding;
                    }
                    Some(_) => return Ok((at, Some(Span::Held(self.take_held())))),
                },
                State::Unfolding => {
                    at += rest.iter().take_while(|&&b| is_blank(b)).count();
                    if at == input.len() {
                        return Ok((at, None));
                    }
                    self.held.push(b' ');
                    self.state = State::Partial;
                }
                State::Partial | State::Stale => {
                    let Some(newline) = memchr(b'\n', rest) else {
                        self.hold(rest)?;
                        return Ok((input.len(), None));
                    };
                    let end = at + newline + 1;
                    let first = self.held.first().or(rest.first());
                    let foldable = fold && !matches!(first, Some(b'\r' | b'\n'));
                    let next = input.get(end).copied();
                    if self.held.is_empty() && (!foldable || next.is_some_and(|b| !is_blank(b))) {
                        check_length(end - at)?;
                        return Ok((end, Some(Span::Input(at..end))));
                    }
                    self.hold(input.get(at..end).unwrap_or_default())?;
                    at = end;
                    if !foldable {
                        return Ok((at, Some(Span::Held(self.take_held()))));
                    }
                    self.state = State::Complete;
                }
            }
        }
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<()> {
        check_length(self.held.len() + bytes.len())?;
        self.held.extend_from_slice(bytes);
        Ok(())
    }

    fn cut_line_end(&mut self) {
        if self.held.last() == Some(&b'\n') {
            self.held.pop();
        }
        if self.held.last() == Some(&b'\r') {
            self.held.pop();
        }
        while self.held.last().is_some_and(|&b| is_blank(b)) {
            self.held.pop();
        }
    }
}

fn check_length(len: usize) -> Result<()> {
    // The code's own words say it, as libcurl leaves it.
    if len > MAX_LINE { Err(Code::TooLarge.into()) } else { Ok(()) }
}

/// Space or tab.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
