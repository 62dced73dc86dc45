//! The mail's body on the wire: a dot that begins a line is doubled, and a dot
//! alone ends it (RFC 5321 section 4.5.2).

/// Doubles dots and ends the mail.
#[derive(Clone, Copy, Debug)]
pub struct Stuffer {
    /// The last two bytes that went by.
    tail: [u8; 2],
}

impl Default for Stuffer {
    fn default() -> Self {
        // The first byte begins a line.
        Self { tail: *b"\r\n" }
    }
}

impl Stuffer {
    /// Appends `data` to `out`, with dots doubled.
    pub fn encode(&mut self, data: &[u8], out: &mut Vec<u8>) {
        let mut done = 0;
        for dot in memchr::memchr_iter(b'.', data) {
            let before = match dot {
                0 => self.tail,
                1 => [self.tail[1], data.first().copied().unwrap_or(0)],
                _ => data.get(dot - 2..dot).and_then(|b| b.try_into().ok()).unwrap_or_default(),
            };
            if before == *b"\r\n" {
                out.extend_from_slice(data.get(done..=dot).unwrap_or_default());
                done = dot;
            }
        }
        out.extend_from_slice(data.get(done..).unwrap_or_default());
        match data {
            [] => {}
            [last] => self.tail = [self.tail[1], *last],
            [.., a, b] => self.tail = [*a, *b],
        }
    }

    /// Appends the end of the mail to `out`.
    pub fn finish(self, out: &mut Vec<u8>) {
        let end: &[u8] = if self.tail == *b"\r\n" { b".\r\n" } else { b"\r\n.\r\n" };
        out.extend_from_slice(end);
    }
}

#[cfg(test)]
mod tests {
    use super::Stuffer;

    fn encode(data: &[u8], piece: usize) -> Vec<u8> {
        let (mut stuffer, mut out) = (Stuffer::default(), Vec::new());
        data.chunks(piece).for_each(|part| stuffer.encode(part, &mut out));
        stuffer.finish(&mut out);
        out
    }

    #[test]
    fn any_split() {
        let cases: [(&[u8], &[u8]); 6] = [
            (b"", b".\r\n"),
            (b"a\r\n.b\r\n..\r\n", b"a\r\n..b\r\n...\r\n.\r\n"),
            (b".\r\n.\r\n", b"..\r\n..\r\n.\r\n"),
            (b"a\n.b", b"a\n.b\r\n.\r\n"),
            (b"a\r\n.", b"a\r\n..\r\n.\r\n"),
            (b"\r\r\n.x\r", b"\r\r\n..x\r\r\n.\r\n"),
        ];
        for (data, wanted) in cases {
            for piece in 1..=data.len().max(1) {
                assert_eq!(encode(data, piece), wanted);
            }
        }
    }
}
