/// Reads a multi-line reply's body: takes doubled dots apart and finds the line
/// with a dot alone (RFC 1939 section 3).
#[derive(Clone, Copy, Debug)]
pub(super) struct Unstuffer {
    matched: Match,
    /// Bytes held back that belong to the body after all.
    owed: &'static [u8],
    /// The line end before the first line is not the body's.
    first: bool,
}

/// How much of CR LF dot CR LF was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    None,
    Cr,
    CrLf,
    Dot,
    DotCr,
}

/// A piece of the body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Bytes of the body.
    Body(&'a [u8]),
    /// All input is used up.
    More,
    /// The body ended.
    End,
}

impl Unstuffer {
    /// After the status line, whose line end counts.
    pub fn new() -> Self {
        Self { matched: Match::CrLf, owed: b"", first: true }
    }

    /// The next piece of `input` and how much of it is used up.
    pub fn next<'a>(&mut self, input: &'a [u8]) -> (usize, Piece<'a>) {
        if !self.owed.is_empty() {
            return (0, Piece::Body(std::mem::take(&mut self.owed)));
        }
        let mut used = 0;
        while let Some(&byte) = input.get(used) {
            match (self.matched, byte) {
                (Match::None, _) => {
                    let rest = input.get(used..).unwrap_or_default();
                    let len = memchr::memchr(b'\r', rest).unwrap_or(rest.len());
                    if len > 0 {
                        let body = rest.get(..len).unwrap_or_default();
                        return (used + len, Piece::Body(body));
                    }
                    self.matched = Match::Cr;
                }
                (Match::Cr, b'\n') => self.matched = Match::CrLf,
                (Match::CrLf, b'.') => self.matched = Match::Dot,
                (Match::Dot, b'\r') => self.matched = Match::DotCr,
                (Match::DotCr, b'\n') => {
                    // The line end before the dot is part of the body.
                    self.owed = if self.first { b"" } else { b"\r\n" };
                    self.matched = Match::None;
                    return (used + 1, Piece::End);
                }
                _ => {
                    self.fall_back(byte);
                    if !self.owed.is_empty() {
                        return (used, Piece::Body(std::mem::take(&mut self.owed)));
                    }
                    continue;
                }
            }
            used += 1;
        }
        (used, Piece::More)
    }

    /// The body's last bytes, after [`Piece::End`].
    pub fn last(&mut self) -> &'static [u8] {
        std::mem::take(&mut self.owed)
    }

    /// What was held back is body; the byte that broke the match comes next.
    fn fall_back(&mut self, byte: u8) {
        let (held, first): (&[u8], &[u8]) = match (self.matched, byte) {
            (Match::Cr, _) => (b"\r", b"\r"),
            (Match::CrLf, _) => (b"\r\n", b""),
            // The second of two dots stays.
            (Match::Dot, b'.') => (b"\r\n", b""),
            (Match::Dot, _) => (b"\r\n.", b"."),
            (Match::DotCr, _) => (b"\r\n.\r", b".\r"),
            (Match::None, _) => (b"", b""),
        };
        self.owed = if self.first { first } else { held };
        self.first = false;
        self.matched = Match::None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(input: &[u8], piece: usize) -> (Vec<u8>, bool) {
        let (mut machine, mut out) = (Unstuffer::new(), Vec::new());
        for part in input.chunks(piece) {
            let mut at = 0;
            loop {
                let (used, piece) = machine.next(&part[at..]);
                at += used;
                match piece {
                    Piece::Body(bytes) => out.extend_from_slice(bytes),
                    Piece::More => break,
                    Piece::End => {
                        out.extend_from_slice(machine.last());
                        return (out, true);
                    }
                }
            }
        }
        (out, false)
    }

    #[test]
    fn any_split() {
        let cases: [(&[u8], &[u8]); 6] = [
            (b".\r\n", b""),
            (b"a\r\n.\r\n", b"a\r\n"),
            (b"..a\r\n..\r\n.\r\n", b".a\r\n.\r\n"),
            (b"a\r\r\n.b\r\n\r\n.\r\n", b"a\r\r\n.b\r\n\r\n"),
            (b"\r\n.\r\n", b"\r\n"),
            (b"a\n.\n\r\n.\rx\r\n.\r\n", b"a\n.\n\r\n.\rx\r\n"),
        ];
        for (input, wanted) in cases {
            for piece in 1..=input.len() {
                let (got, ended) = body(input, piece);
                assert_eq!((got.as_slice(), ended), (wanted, true), "{input:?} by {piece}");
            }
        }
    }
}
