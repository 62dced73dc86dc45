//! Reading lines and headers from left to right.

/// What has not been read yet.
#[derive(Clone, Copy)]
pub(crate) struct Scan<'a> {
    pub rest: &'a [u8],
}

impl<'a> Scan<'a> {
    pub fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Passes spaces and tabs.
    pub fn skip_blanks(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\t'));
    }

    /// Passes one byte if it comes next.
    pub fn eat(&mut self, byte: u8) -> Option<()> {
        let (&first, rest) = self.rest.split_first()?;
        (first == byte).then(|| self.rest = rest)
    }

    /// Passes a word in any case if it comes next.
    pub fn eat_word(&mut self, word: &[u8]) -> Option<()> {
        let (start, rest) = self.rest.split_at_checked(word.len())?;
        start.eq_ignore_ascii_case(word).then(|| self.rest = rest)
    }

    /// Takes bytes as long as they please.
    pub fn take_while(&mut self, pleases: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|&byte| !pleases(byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// Takes what is before a byte or the end: at least one byte, at most `max`.
    pub fn until(&mut self, end: u8, max: usize) -> Option<&'a [u8]> {
        let mut after = *self;
        let taken = after.take_while(|byte| byte != end);
        if taken.is_empty() || taken.len() > max {
            return None;
        }
        *self = after;
        Some(taken)
    }

    /// Takes a decimal number up to `max`; larger ones are `Some(None)`.
    pub fn number(&mut self, max: i64) -> Option<Option<i64>> {
        let mut after = *self;
        let digits = after.take_while(|byte| byte.is_ascii_digit());
        if digits.is_empty() {
            return None;
        }
        let value = digits.iter().try_fold(0i64, |value, digit| {
            value
                .checked_mul(10)?
                .checked_add(i64::from(digit - b'0'))
                .filter(|&value| value <= max)
        });
        if value.is_some() {
            *self = after;
        }
        Some(value)
    }

    /// Takes a text in double quotes of at most `max` bytes; without the quotes.
    pub fn quoted(&mut self, max: usize) -> Option<&'a [u8]> {
        let inner = self.rest.strip_prefix(b"\"")?;
        let end = memchr::memchr(b'"', inner).filter(|&end| end <= max)?;
        let (text, rest) = inner.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        Some(text)
    }
}

/// Without spaces and tabs around.
pub(crate) fn trim_blanks(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !is_blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}
