//! The static table (RFC 7541, appendix A).

/// A field of the static table, in the line form of [`crate::h2::Fields`].
pub(super) struct Entry {
    pub(super) line: &'static [u8],
    pub(super) name_len: usize,
}

macro_rules! entry {
    ($name:literal, $value:literal) => {
        Entry { line: concat!($name, ": ", $value, "\r\n").as_bytes(), name_len: $name.len() }
    };
}

/// The entries from index 1 on.
pub(super) static ENTRIES: [Entry; 61] = [
    entry!(":authority", ""),
    entry!(":method", "GET"),
    entry!(":method", "POST"),
    entry!(":path", "/"),
    entry!(":path", "/index.html"),
    entry!(":scheme", "http"),
    entry!(":scheme", "https"),
    entry!(":status", "200"),
    entry!(":status", "204"),
    entry!(":status", "206"),
    entry!(":status", "304"),
    entry!(":status", "400"),
    entry!(":status", "404"),
    entry!(":status", "500"),
    entry!("accept-charset", ""),
    entry!("accept-encoding", "gzip, deflate"),
    entry!("accept-language", ""),
    entry!("accept-ranges", ""),
    entry!("accept", ""),
    entry!("access-control-allow-origin", ""),
    entry!("age", ""),
    entry!("allow", ""),
    entry!("authorization", ""),
    entry!("cache-control", ""),
    entry!("content-disposition", ""),
    entry!("content-encoding", ""),
    entry!("content-language", ""),
    entry!("content-length", ""),
    entry!("content-location", ""),
    entry!("content-range", ""),
    entry!("content-type", ""),
    entry!("cookie", ""),
    entry!("date", ""),
    entry!("etag", ""),
    entry!("expect", ""),
    entry!("expires", ""),
    entry!("from", ""),
    entry!("host", ""),
    entry!("if-match", ""),
    entry!("if-modified-since", ""),
    entry!("if-none-match", ""),
    entry!("if-range", ""),
    entry!("if-unmodified-since", ""),
    entry!("last-modified", ""),
    entry!("link", ""),
    entry!("location", ""),
    entry!("max-forwards", ""),
    entry!("proxy-authenticate", ""),
    entry!("proxy-authorization", ""),
    entry!("range", ""),
    entry!("referer", ""),
    entry!("refresh", ""),
    entry!("retry-after", ""),
    entry!("server", ""),
    entry!("set-cookie", ""),
    entry!("strict-transport-security", ""),
    entry!("transfer-encoding", ""),
    entry!("user-agent", ""),
    entry!("vary", ""),
    entry!("via", ""),
    entry!("www-authenticate", ""),
];

/// The first index with this name, 0 if there is none.
pub(super) fn index_of_name(name: &[u8]) -> usize {
    match name {
        b":authority" => 1,
        b":method" => 2,
        b":path" => 4,
        b":scheme" => 6,
        b":status" => 8,
        b"accept-charset" => 15,
        b"accept-encoding" => 16,
        b"accept-language" => 17,
        b"accept-ranges" => 18,
        b"accept" => 19,
        b"authorization" => 23,
        b"cache-control" => 24,
        b"content-disposition" => 25,
        b"content-encoding" => 26,
        b"content-language" => 27,
        b"content-length" => 28,
        b"content-location" => 29,
        b"content-range" => 30,
        b"content-type" => 31,
        b"cookie" => 32,
        b"date" => 33,
        b"expect" => 35,
        b"from" => 37,
        b"host" => 38,
        b"if-match" => 39,
        b"if-modified-since" => 40,
        b"if-none-match" => 41,
        b"if-range" => 42,
        b"if-unmodified-since" => 43,
        b"max-forwards" => 47,
        b"proxy-authorization" => 49,
        b"range" => 50,
        b"referer" => 51,
        b"transfer-encoding" => 57,
        b"user-agent" => 58,
        b"via" => 60,
        _ => 0,
    }
}

/// The index of a whole field of a request, 0 if there is none.
pub(super) fn index_of_field(line: &[u8]) -> usize {
    match line {
        b":method: GET\r\n" => 2,
        b":method: POST\r\n" => 3,
        b":path: /\r\n" => 4,
        b":path: /index.html\r\n" => 5,
        b":scheme: http\r\n" => 6,
        b":scheme: https\r\n" => 7,
        b"accept-encoding: gzip, deflate\r\n" => 16,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES, Entry, index_of_field, index_of_name};

    #[test]
    fn the_look_ups_agree_with_the_table() {
        for (at, entry) in ENTRIES.iter().enumerate() {
            let name = |entry: &Entry| &entry.line[..entry.name_len];
            let first = ENTRIES.iter().position(|e| name(e) == name(entry)).unwrap() + 1;
            assert!([0, first].contains(&index_of_name(name(entry))), "{}", at + 1);
            assert!([0, at + 1].contains(&index_of_field(entry.line)), "{}", at + 1);
        }
        assert_eq!(index_of_name(b"user-agent"), 58);
        assert_eq!(index_of_field(b":method: GET\r\n"), 2);
    }
}
