use tress_model::{Code, Error, Result};

/// The longest line of a reply.
pub const MAX_LINE: usize = 64 * 1024;

/// Cuts input into lines; a line that is whole in the input is not copied.
#[derive(Debug, Default)]
pub struct Lines {
    held: Vec<u8>,
    complete: bool,
}

impl Lines {
    /// The next line, its end included, and how much of `input` is used up.
    ///
    /// # Errors
    /// `TooLarge` for a line over [`MAX_LINE`], `WeirdServerReply` for a NUL byte.
    pub fn next<'a>(&'a mut self, input: &'a [u8]) -> Result<(usize, Option<&'a [u8]>)> {
        if self.complete {
            self.held.clear();
            self.complete = false;
        }
        let end = memchr::memchr(b'\n', input).map(|at| at + 1);
        let (part, _) = input.split_at(end.unwrap_or(input.len()));
        if self.held.len() + part.len() > MAX_LINE {
            return Err(Error::from(Code::TooLarge));
        }
        let whole = self.held.is_empty();
        if !whole || end.is_none() {
            self.held.extend_from_slice(part);
        }
        if end.is_none() {
            return Ok((part.len(), None));
        }
        self.complete = !whole;
        let line = if whole { part } else { &self.held };
        if memchr::memchr(0, line).is_some() {
            return Err(Error::new(Code::WeirdServerReply, "Nul byte in server response line"));
        }
        Ok((part.len(), Some(line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8], piece: usize) -> Vec<Vec<u8>> {
        let (mut machine, mut found) = (Lines::default(), Vec::new());
        for part in input.chunks(piece) {
            let mut at = 0;
            while at < part.len() {
                let (used, line) = machine.next(&part[at..]).unwrap();
                at += used;
                found.extend(line.map(<[u8]>::to_vec));
            }
        }
        found
    }

    #[test]
    fn any_split() {
        let input = b"220 a\r\n\r\n250-b\n250 c\r\nrest";
        for piece in 1..=input.len() {
            let wanted: [&[u8]; 4] = [b"220 a\r\n", b"\r\n", b"250-b\n", b"250 c\r\n"];
            assert_eq!(lines(input, piece), wanted);
        }
    }

    #[test]
    fn limits() {
        let mut machine = Lines::default();
        assert!(machine.next(&[b'x'; MAX_LINE]).is_ok());
        assert_eq!(machine.next(b"x").unwrap_err().code(), Code::TooLarge);
        let error = Lines::default().next(b"a\0b\n").unwrap_err();
        assert_eq!(error.message(), "Nul byte in server response line");
    }
}
