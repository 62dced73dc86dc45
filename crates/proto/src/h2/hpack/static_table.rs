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

const METHOD: usize = 2;
pub(super) const PATH: usize = 4;
const SCHEME: usize = 6;
const ACCEPT_ENCODING: usize = 16;
pub(super) const AUTHORIZATION: usize = 23;
pub(super) const CONTENT_LENGTH: usize = 28;
pub(super) const COOKIE: usize = 32;
pub(super) const IF_MODIFIED_SINCE: usize = 40;
pub(super) const IF_NONE_MATCH: usize = 41;
pub(super) const PROXY_AUTHORIZATION: usize = 49;
pub(super) const RANGE: usize = 50;

/// The first index with this name, 0 if there is none.
pub(super) fn index_of_name(name: &[u8]) -> usize {
    match name {
        b":authority" => 1,
        b":method" => METHOD,
        b":path" => PATH,
        b":scheme" => SCHEME,
        b":status" => 8,
        b"accept-charset" => 15,
        b"accept-encoding" => ACCEPT_ENCODING,
        b"accept-language" => 17,
        b"accept-ranges" => 18,
        b"accept" => 19,
        b"authorization" => AUTHORIZATION,
        b"cache-control" => 24,
        b"content-disposition" => 25,
        b"content-encoding" => 26,
        b"content-language" => 27,
        b"content-length" => CONTENT_LENGTH,
        b"content-location" => 29,
        b"content-range" => 30,
        b"content-type" => 31,
        b"cookie" => COOKIE,
        b"date" => 33,
        b"expect" => 35,
        b"from" => 37,
        b"host" => 38,
        b"if-match" => 39,
        b"if-modified-since" => IF_MODIFIED_SINCE,
        b"if-none-match" => IF_NONE_MATCH,
        b"if-range" => 42,
        b"if-unmodified-since" => 43,
        b"max-forwards" => 47,
        b"proxy-authorization" => PROXY_AUTHORIZATION,
        b"range" => RANGE,
        b"referer" => 51,
        b"transfer-encoding" => 57,
        b"user-agent" => 58,
        b"via" => 60,
        _ => 0,
    }
}

/// The index of a whole field of a request, given its name's, or 0.
pub(super) fn index_of_field(name_index: usize, value: &[u8]) -> usize {
    match (name_index, value) {
        (METHOD, b"GET") => 2,
        (METHOD, b"POST") => 3,
        (PATH, b"/") => 4,
        (PATH, b"/index.html") => 5,
        (SCHEME, b"http") => 6,
        (SCHEME, b"https") => 7,
        (ACCEPT_ENCODING, b"gzip, deflate") => 16,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES, Entry, METHOD, index_of_field, index_of_name};

    #[test]
    fn the_look_ups_agree_with_the_table() {
        for (at, entry) in ENTRIES.iter().enumerate() {
            let name = |entry: &Entry| &entry.line[..entry.name_len];
            let first = ENTRIES.iter().position(|e| name(e) == name(entry)).unwrap() + 1;
            assert!([0, first].contains(&index_of_name(name(entry))), "{}", at + 1);
            let value = &entry.line[entry.name_len + 2..entry.line.len() - 2];
            assert!([0, at + 1].contains(&index_of_field(first, value)), "{}", at + 1);
        }
        assert_eq!(index_of_name(b"user-agent"), 58);
        assert_eq!(index_of_field(METHOD, b"GET"), 2);
    }
}
