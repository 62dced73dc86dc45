//! The dynamic table (RFC 7541, 2.3.2), for both directions.

use std::collections::VecDeque;

use super::FIELD_OVERHEAD;

/// What a line has beyond name and value: `": "` and the line's end.
const LINE_EXTRA: usize = 4;

/// A table of field lines within a size limit; the oldest go first.
///
/// The lines lie one after the other in one buffer, whose dead front is cut
/// off when it has grown to the table's own size: no allocation for a field.
#[derive(Debug)]
pub(super) struct Table {
    entries: VecDeque<Entry>,
    bytes: Vec<u8>,
    size: usize,
    max: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    start: usize,
    len: usize,
    name_len: usize,
    valid: bool,
}

/// A field as it stands in the table.
#[derive(Clone, Copy)]
pub(super) struct Stored<'a> {
    pub(super) line: &'a [u8],
    pub(super) name_len: usize,
    pub(super) valid: bool,
}

/// Where a look-up led to, counted from the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Line(usize),
    Name(usize),
    Nothing,
}

impl Stored<'_> {
    pub(super) fn name(&self) -> &[u8] {
        self.line.get(..self.name_len).unwrap_or_default()
    }
}

impl Table {
    pub(super) fn new(max: usize) -> Self {
        Self { entries: VecDeque::new(), bytes: Vec::new(), size: 0, max }
    }

    pub(super) fn max(&self) -> usize {
        self.max
    }

    /// The entry at `index`, counted from the newest.
    pub(super) fn get(&self, index: usize) -> Option<Stored<'_>> {
        let at = self.entries.len().checked_sub(index + 1)?;
        self.entries.get(at).and_then(|entry| self.stored(entry))
    }

    /// Looks a line up, and its name if `by_name`.
    pub(super) fn find(&self, line: &[u8], name_len: usize, by_name: bool) -> Found {
        let mut found = Found::Nothing;
        for (at, entry) in self.entries.iter().rev().enumerate() {
            if entry.name_len != name_len {
                continue;
            }
            let Some(stored) = self.stored(entry) else { continue };
            if stored.line == line {
                return Found::Line(at);
            }
            if by_name && found == Found::Nothing && line.starts_with(stored.name()) {
                found = Found::Name(at);
            }
        }
        found
    }

    fn stored(&self, entry: &Entry) -> Option<Stored<'_>> {
        let line = self.bytes.get(entry.start..entry.start + entry.len)?;
        Some(Stored { line, name_len: entry.name_len, valid: entry.valid })
    }

    pub(super) fn resize(&mut self, max: usize) {
        self.max = max;
        self.evict(max);
    }

    /// The size that a line counts for (RFC 7541, 4.1).
    pub(super) fn size_of(line: &[u8]) -> usize {
        line.len().saturating_sub(LINE_EXTRA) + FIELD_OVERHEAD
    }

    /// Adds a line; one larger than the table just empties it (RFC 7541, 4.4).
    pub(super) fn insert(&mut self, line: &[u8], name_len: usize, valid: bool) {
        let size = Self::size_of(line);
        self.evict(self.max.saturating_sub(size));
        if size > self.max {
            return;
        }
        self.cut_dead_front();
        self.entries.push_back(Entry { start: self.bytes.len(), len: line.len(), name_len, valid });
        self.bytes.extend_from_slice(line);
        self.size += size;
    }

    fn evict(&mut self, max: usize) {
        while self.size > max {
            let Some(entry) = self.entries.pop_front() else { return };
            self.size -= entry.len - LINE_EXTRA + FIELD_OVERHEAD;
        }
    }

    fn cut_dead_front(&mut self) {
        let dead = self.entries.front().map_or(self.bytes.len(), |entry| entry.start);
        if dead <= self.max && dead < self.bytes.len() {
            return;
        }
        self.bytes.drain(..dead);
        for entry in &mut self.entries {
            entry.start -= dead;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn stays_within_its_size_and_reuses_its_buffer() {
        let mut table = Table::new(200);
        for round in 0..10_000 {
            let line = format!("name-{round}: {}\r\n", "v".repeat(round % 90));
            table.insert(line.as_bytes(), 10, true);
            assert!(table.size <= 200);
            assert_eq!(table.get(0).unwrap().line, line.as_bytes());
        }
        assert!(table.bytes.capacity() < 2000, "{}", table.bytes.capacity());
    }

    #[test]
    fn an_oversized_field_empties_it() {
        let mut table = Table::new(64);
        table.insert(b"a: b\r\n", 1, true);
        table.insert(&[b'x'; 100], 1, true);
        assert!(table.get(0).is_none());
        assert_eq!(table.size, 0);
    }
}
