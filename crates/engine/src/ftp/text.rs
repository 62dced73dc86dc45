//! Text comes with CRLF at its line ends (TYPE A), and is wanted with line feeds.

/// Makes line feeds of CRLF, and of CR alone.
#[derive(Debug, Default)]
pub(super) struct LineFeeds {
    /// The last piece ended in CR.
    pending: bool,
}

impl LineFeeds {
    /// The next piece, as it is wanted.
    pub(super) fn convert(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut wanted = Vec::with_capacity(piece.len() + 1);
        for &byte in piece {
            if std::mem::take(&mut self.pending) && byte != b'\n' {
                wanted.push(b'\n');
            }
            match byte {
                b'\r' => self.pending = true,
                byte => wanted.push(byte),
            }
        }
        wanted
    }

    /// What the last CR stands for, at the end.
    pub(super) fn finish(&mut self) -> Option<u8> {
        std::mem::take(&mut self.pending).then_some(b'\n')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_pieces_of_any_size() {
        let text = b"a\r\nb\rc\n\r\r\nd\r";
        for size in 1..=text.len() {
            let mut machine = LineFeeds::default();
            let mut wanted: Vec<u8> =
                text.chunks(size).flat_map(|piece| machine.convert(piece)).collect();
            wanted.extend(machine.finish());
            assert_eq!(wanted, b"a\nb\nc\n\n\nd\n", "{size}");
        }
    }
}
