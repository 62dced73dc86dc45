//! The static table (RFC 9204, appendix A).

/// Names and values, from index 0 on.
#[rustfmt::skip]
pub(super) static ENTRIES: [(&str, &str); 99] = [
    (":authority", ""), (":path", "/"), ("age", "0"), ("content-disposition", ""),
    ("content-length", "0"), ("cookie", ""), ("date", ""), ("etag", ""),
    ("if-modified-since", ""), ("if-none-match", ""), ("last-modified", ""), ("link", ""),
    ("location", ""), ("referer", ""), ("set-cookie", ""), (":method", "CONNECT"),
    (":method", "DELETE"), (":method", "GET"), (":method", "HEAD"), (":method", "OPTIONS"),
    (":method", "POST"), (":method", "PUT"), (":scheme", "http"), (":scheme", "https"),
    (":status", "103"), (":status", "200"), (":status", "304"), (":status", "404"),
    (":status", "503"), ("accept", "*/*"), ("accept", "application/dns-message"),
    ("accept-encoding", "gzip, deflate, br"), ("accept-ranges", "bytes"),
    ("access-control-allow-headers", "cache-control"),
    ("access-control-allow-headers", "content-type"), ("access-control-allow-origin", "*"),
    ("cache-control", "max-age=0"), ("cache-control", "max-age=2592000"),
    ("cache-control", "max-age=604800"), ("cache-control", "no-cache"),
    ("cache-control", "no-store"), ("cache-control", "public, max-age=31536000"),
    ("content-encoding", "br"), ("content-encoding", "gzip"),
    ("content-type", "application/dns-message"), ("content-type", "application/javascript"),
    ("content-type", "application/json"), ("content-type", "application/x-www-form-urlencoded"),
    ("content-type", "image/gif"), ("content-type", "image/jpeg"), ("content-type", "image/png"),
    ("content-type", "text/css"), ("content-type", "text/html; charset=utf-8"),
    ("content-type", "text/plain"), ("content-type", "text/plain;charset=utf-8"),
    ("range", "bytes=0-"), ("strict-transport-security", "max-age=31536000"),
    ("strict-transport-security", "max-age=31536000; includesubdomains"),
    ("strict-transport-security", "max-age=31536000; includesubdomains; preload"),
    ("vary", "accept-encoding"), ("vary", "origin"), ("x-content-type-options", "nosniff"),
    ("x-xss-protection", "1; mode=block"), (":status", "100"), (":status", "204"),
    (":status", "206"), (":status", "302"), (":status", "400"), (":status", "403"),
    (":status", "421"), (":status", "425"), (":status", "500"), ("accept-language", ""),
    ("access-control-allow-credentials", "FALSE"), ("access-control-allow-credentials", "TRUE"),
    ("access-control-allow-headers", "*"), ("access-control-allow-methods", "get"),
    ("access-control-allow-methods", "get, post, options"),
    ("access-control-allow-methods", "options"),
    ("access-control-expose-headers", "content-length"),
    ("access-control-request-headers", "content-type"),
    ("access-control-request-method", "get"), ("access-control-request-method", "post"),
    ("alt-svc", "clear"), ("authorization", ""),
    ("content-security-policy", "script-src 'none'; object-src 'none'; base-uri 'none'"),
    ("early-data", "1"), ("expect-ct", ""), ("forwarded", ""), ("if-range", ""), ("origin", ""),
    ("purpose", "prefetch"), ("server", ""), ("timing-allow-origin", "*"),
    ("upgrade-insecure-requests", "1"), ("user-agent", ""), ("x-forwarded-for", ""),
    ("x-frame-options", "deny"), ("x-frame-options", "sameorigin"),
];

/// The index of a field, if it is in the table, and that of its name.
pub(super) fn find(name: &[u8], value: &[u8]) -> (Option<usize>, Option<usize>) {
    // Names of requests are few; the match keeps a look-up from going over the whole table.
    let range = match name {
        b":authority" => 0..1,
        b":path" => 1..2,
        b":method" => 15..22,
        b":scheme" => 22..24,
        b"accept" => 29..31,
        b"accept-encoding" => 31..32,
        b"content-length" => 4..5,
        b"content-type" => 44..55,
        b"cookie" => 5..6,
        b"if-modified-since" => 8..9,
        b"if-none-match" => 9..10,
        b"referer" => 13..14,
        b"range" => 55..56,
        b"cache-control" => 36..42,
        b"accept-language" => 72..73,
        b"authorization" => 84..85,
        b"origin" => 90..91,
        b"user-agent" => 95..96,
        _ => return (None, None),
    };
    let first = range.start;
    let same = |at: &usize| ENTRIES.get(*at).is_some_and(|it| it.1.as_bytes() == value);
    (range.into_iter().find(same), Some(first))
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES, find};

    #[test]
    fn what_is_found_is_there() {
        for (at, (name, value)) in ENTRIES.iter().enumerate() {
            let (whole, by_name) = find(name.as_bytes(), value.as_bytes());
            assert!(whole.is_none_or(|found| found == at), "{name}: {value}");
            assert!(by_name.is_none_or(|found| ENTRIES[found].0 == *name), "{name}");
        }
        assert_eq!(find(b":method", b"GET"), (Some(17), Some(15)));
        assert_eq!(find(b":path", b"/x"), (None, Some(1)));
        assert_eq!(find(b"x-y", b""), (None, None));
    }
}
