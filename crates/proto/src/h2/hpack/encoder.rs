//! The encoder of header blocks (RFC 7541, 6).

use super::static_table::{
    AUTHORIZATION, CONTENT_LENGTH, COOKIE, ENTRIES, IF_MODIFIED_SINCE, IF_NONE_MATCH, PATH,
    PROXY_AUTHORIZATION, RANGE, index_of_field, index_of_name,
};
use super::table::{Found, Table};
use super::{DEFAULT_TABLE_SIZE, huffman, integer};
use crate::h2::Fields;

/// The index of the dynamic table's newest field.
const FIRST_DYNAMIC: usize = ENTRIES.len() + 1;
/// Cookies shorter than this could be guessed by probing the table (RFC 7541, 7.1.3).
const SHORT_COOKIE: usize = 20;

/// Encodes the blocks of one connection, in their order.
#[derive(Debug)]
pub(crate) struct Encoder {
    table: Table,
    /// The smallest size since the last block, to be told to the peer first.
    resized: Option<usize>,
}

/// How a field is sent with regard to the dynamic table (RFC 7541, 6.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Indexing {
    Incremental,
    Without,
    Never,
}

impl Encoder {
    pub(crate) fn new() -> Self {
        Self { table: Table::new(DEFAULT_TABLE_SIZE as usize), resized: None }
    }

    /// Takes the peer's `SETTINGS_HEADER_TABLE_SIZE`; no more than the default is used of it.
    pub(crate) fn set_max_size(&mut self, peer: u32) {
        let size = peer.min(DEFAULT_TABLE_SIZE) as usize;
        if size == self.table.max() && self.resized.is_none() {
            return;
        }
        self.resized = Some(self.resized.map_or(size, |least| least.min(size)));
        self.table.resize(size);
    }

    /// Appends the block of `fields`.
    pub(crate) fn encode(&mut self, fields: &Fields, out: &mut Vec<u8>) {
        if let Some(least) = self.resized.take() {
            if least < self.table.max() {
                integer::write(out, 0x20, 5, least);
            }
            integer::write(out, 0x20, 5, self.table.max());
        }
        for field in fields.iter() {
            self.field(field.line(), field.name().len(), out);
        }
    }

    fn field(&mut self, line: &[u8], name_len: usize, out: &mut Vec<u8>) {
        let name = line.get(..name_len).unwrap_or_default();
        let value = line.get(name_len + 2..line.len() - 2).unwrap_or_default();
        let mut name_index = index_of_name(name);
        let whole = index_of_field(name_index, value);
        if whole != 0 {
            return integer::write(out, 0x80, 7, whole);
        }
        let indexing = self.indexing(name_index, line);
        if indexing == Indexing::Incremental {
            match self.table.find(line, name_len, name_index == 0) {
                Found::Line(at) => return integer::write(out, 0x80, 7, FIRST_DYNAMIC + at),
                Found::Name(at) => name_index = FIRST_DYNAMIC + at,
                Found::Nothing => {}
            }
            self.table.insert(line, name_len, true);
        }
        match indexing {
            Indexing::Incremental => integer::write(out, 0x40, 6, name_index),
            Indexing::Without => integer::write(out, 0x00, 4, name_index),
            Indexing::Never => integer::write(out, 0x10, 4, name_index),
        }
        if name_index == 0 {
            string(name, out);
        }
        string(value, out);
    }

    fn indexing(&self, name_index: usize, line: &[u8]) -> Indexing {
        match name_index {
            AUTHORIZATION | PROXY_AUTHORIZATION => Indexing::Never,
            COOKIE if line.len() < b"cookie: \r\n".len() + SHORT_COOKIE => Indexing::Never,
            // These differ from request to request and would push out what stays.
            PATH | CONTENT_LENGTH | IF_MODIFIED_SINCE | IF_NONE_MATCH | RANGE => Indexing::Without,
            _ if Table::size_of(line) > self.table.max() / 4 * 3 => Indexing::Without,
            _ => Indexing::Incremental,
        }
    }
}

fn string(text: &[u8], out: &mut Vec<u8>) {
    let coded = huffman::encoded_len(text);
    if coded < text.len() {
        integer::write(out, 0x80, 7, coded);
        huffman::encode(text, out);
    } else {
        integer::write(out, 0, 7, text.len());
        out.extend_from_slice(text);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Decoder, ListLimits};
    use super::Encoder;
    use crate::h2::Fields;

    const LIMITS: ListLimits =
        ListLimits { bytes: 65536, count: 100, string: 65536, bomb: 262_144 };

    fn fields(list: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::default();
        list.iter().for_each(|(name, value)| fields.push(name.as_bytes(), value.as_bytes()));
        fields
    }

    fn there_and_back(encoder: &mut Encoder, decoder: &mut Decoder, list: &Fields) -> Vec<u8> {
        let (mut block, mut back) = (Vec::new(), Fields::default());
        encoder.encode(list, &mut block);
        assert_eq!(decoder.decode(&block, LIMITS, &mut back).unwrap(), Default::default());
        assert_eq!(back.raw(), list.raw());
        block
    }

    /// The requests of RFC 7541, C.4, but that `:path` and the like stay out of the table.
    #[test]
    fn rfc_7541_c_4_1() {
        let list = fields(&[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "www.example.com"),
        ]);
        let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
        let block = there_and_back(&mut encoder, &mut decoder, &list);
        let expected = b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";
        assert_eq!(block, expected);
        assert_eq!(there_and_back(&mut encoder, &mut decoder, &list), b"\x82\x86\x84\xbe");
    }

    #[test]
    fn secrets_are_never_indexed() {
        let list = fields(&[("authorization", "Basic eA=="), ("cookie", "a=b")]);
        let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
        let block = there_and_back(&mut encoder, &mut decoder, &list);
        assert_eq!(block[0], 0x1f);
        assert_eq!(there_and_back(&mut encoder, &mut decoder, &list), block);
    }

    #[test]
    fn table_size_of_the_peer() {
        let list = fields(&[("x-a", "some value"), ("x-b", "another value")]);
        let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
        there_and_back(&mut encoder, &mut decoder, &list);
        encoder.set_max_size(0);
        encoder.set_max_size(100_000);
        let block = there_and_back(&mut encoder, &mut decoder, &list);
        assert_eq!(&block[..4], b"\x20\x3f\xe1\x1f");
        encoder.set_max_size(0);
        assert_eq!(there_and_back(&mut encoder, &mut decoder, &list)[0], 0x20);
        assert_eq!(there_and_back(&mut encoder, &mut decoder, &list)[0] & 0xf0, 0);
    }

    #[test]
    fn many_fields_there_and_back() {
        let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new());
        for round in 0..300u32 {
            let mut list = Fields::default();
            for field in 0..round % 17 {
                let name = format!("name-{}", round * field % 23);
                let value = "v\u{e9}~{".repeat((round * 7 % 40) as usize);
                list.push(name.as_bytes(), value.as_bytes());
            }
            there_and_back(&mut encoder, &mut decoder, &list);
        }
    }
}
