//! The decoder of header blocks (RFC 7541, 3.2 and 6).

use super::DEFAULT_TABLE_SIZE;
use super::memo::Memo;
use super::static_table::ENTRIES;
use super::string::{index, string};
use super::table::{Stored, Table};
use crate::h2::Fields;
use crate::h2::fields::is_name;

/// A block that breaks the compression context of the whole connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError(pub(crate) &'static str);

/// How much a decoded list may be.
#[derive(Clone, Copy, Debug)]
pub struct ListLimits {
    /// Names, values and 32 bytes a field (RFC 9113, 6.5.2).
    pub bytes: usize,
    /// Fields.
    pub count: usize,
    /// Bytes of a name or a value; more breaks the block.
    pub string: usize,
    /// As `bytes`; more breaks the block.
    pub bomb: usize,
}

impl ListLimits {
    /// Counts the line of a field that begins at `start`, and keeps it; false: it is dropped, as the list
    /// is over the limits.
    #[inline]
    pub(crate) fn keep(
        self,
        out: &mut Fields,
        size: &mut usize,
        start: usize,
        name_len: usize,
    ) -> Result<bool, DecodeError> {
        *size += Table::size_of(out.bytes.get(start..).unwrap_or_default());
        if *size > self.bomb {
            return Err(DecodeError("head far over the limit"));
        }
        let fits = *size <= self.bytes && out.len() < self.count;
        match fits {
            true => out.close_line(start, name_len),
            false => out.bytes.truncate(start),
        }
        Ok(fits)
    }
}

/// What is wrong with a list that could be decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// A name or a value has bytes that it must not have (RFC 9113, 8.2.1).
    pub invalid: bool,
    /// The list is over the limits; the fields beyond them are dropped.
    pub oversized: bool,
}

/// Decodes the blocks of one connection, in their order.
#[derive(Debug)]
pub struct Decoder {
    table: Table,
    memo: Memo,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder for a connection that has carried no block yet.
    pub fn new() -> Self {
        Self { table: Table::new(DEFAULT_TABLE_SIZE as usize), memo: Memo::default() }
    }

    /// Appends the fields of a whole block to `out`.
    ///
    /// # Errors
    /// The block breaks the connection's compression (RFC 7541, 2.3.3 and 6.3).
    pub fn decode(
        &mut self,
        block: &[u8],
        limits: ListLimits,
        out: &mut Fields,
    ) -> Result<Faults, DecodeError> {
        let mut input = self.size_updates(block)?;
        let mut faults = Faults::default();
        let mut size = 0;
        while let Some(&first) = input.first() {
            let start = out.bytes.len();
            let (name_len, valid) = if first & 0x80 != 0 {
                let index = index(&mut input, 7)?;
                let field = self.field(index)?;
                out.bytes.extend_from_slice(field.line);
                (field.name_len, field.valid)
            } else if first & 0x40 != 0 {
                let (name_len, valid) = self.literal(&mut input, 6, limits, out)?;
                let line = out.bytes.get(start..).unwrap_or_default();
                self.table.insert(line, name_len, valid);
                (name_len, valid)
            } else if first & 0x20 != 0 {
                return Err(DecodeError("table size update inside a header block"));
            } else {
                self.literal(&mut input, 4, limits, out)?
            };
            faults.invalid |= !valid;
            faults.oversized |= !limits.keep(out, &mut size, start, name_len)?;
        }
        Ok(faults)
    }

    /// Gives back memory that an idle connection does not need.
    pub(crate) fn shrink(&mut self) {
        self.memo.forget();
    }

    /// Takes the table size updates that may open a block (RFC 7541, 4.2).
    fn size_updates<'a>(&mut self, mut input: &'a [u8]) -> Result<&'a [u8], DecodeError> {
        let mut updates = 0;
        while input.first().is_some_and(|first| first & 0xe0 == 0x20) {
            let size = index(&mut input, 5)?;
            updates += 1;
            if size > DEFAULT_TABLE_SIZE as usize {
                return Err(DecodeError("table size update over the announced size"));
            }
            if updates > 2 {
                return Err(DecodeError("too many table size updates"));
            }
            self.table.resize(size);
        }
        Ok(input)
    }

    /// Appends a literal field's line; its name's length, and whether it is valid.
    fn literal(
        &mut self,
        input: &mut &[u8],
        prefix: u32,
        limits: ListLimits,
        out: &mut Fields,
    ) -> Result<(usize, bool), DecodeError> {
        let start = out.bytes.len();
        let index = index(input, prefix)?;
        let mut valid = true;
        if index == 0 {
            let decode = |text: &[u8], out: &mut Vec<u8>| self.memo.decode(text, out);
            string(input, 7, limits.string, &mut out.bytes, decode)?;
            valid = is_name(out.bytes.get(start..).unwrap_or_default());
        } else {
            let field = self.field(index)?;
            out.bytes.extend_from_slice(field.name());
            valid &= field.valid;
        }
        let name_len = out.bytes.len() - start;
        out.bytes.extend_from_slice(b": ");
        let decode = |text: &[u8], out: &mut Vec<u8>| self.memo.decode(text, out);
        valid &= string(input, 7, limits.string, &mut out.bytes, decode)?;
        out.bytes.extend_from_slice(b"\r\n");
        Ok((name_len, valid))
    }

    fn field(&self, index: usize) -> Result<Stored<'_>, DecodeError> {
        let at = index.checked_sub(1).ok_or(DecodeError("field index 0"))?;
        if let Some(entry) = ENTRIES.get(at) {
            return Ok(Stored { line: entry.line, name_len: entry.name_len, valid: true });
        }
        self.table.get(at - ENTRIES.len()).ok_or(DecodeError("field index beyond the tables"))
    }
}

#[cfg(test)]
#[path = "decoder_tests.rs"]
mod tests;
