//! Request heads of HTTP/1 made into HTTP/2's field lists (RFC 9113, 8.3.1).

use tress_model::{Code, Error, Result};

use super::Fields;
use super::message::is_connection_specific;

/// Turns the HTTP/1 request head in front of `head` into fields, in libcurl's order:
/// `:method`, `:scheme`, `:authority`, `:path`, then the others in lower case.
///
/// `Host` becomes `:authority`; fields of HTTP/1's connection are dropped, `TE` says
/// nothing but `trailers`; a field `:scheme` of the application's replaces `scheme`.
/// Gives the length of the head, the empty line included.
pub fn fields_from_head(head: &[u8], scheme: &str, fields: &mut Fields) -> Result<usize> {
    convert(head, scheme.as_bytes(), fields, true)
}

fn convert(head: &[u8], scheme: &[u8], fields: &mut Fields, first: bool) -> Result<usize> {
    fields.clear();
    let mut lines = Lines { rest: head };
    let (method, target) = request_line(lines.next().ok_or_else(cut_off)?)?;
    fields.push(b":method", method);
    if method == b"CONNECT" {
        fields.push(b":authority", target);
    } else {
        let target = Target::parse(target);
        fields.push(b":scheme", target.scheme.unwrap_or(scheme));
        if let Some(authority) = target.authority.or_else(|| host(lines)) {
            fields.push(b":authority", authority);
        }
        fields.push(b":path", target.path);
    }
    loop {
        match lines.next().ok_or_else(cut_off)? {
            b"" => return Ok(head.len() - lines.rest.len()),
            [b':', ..] if !first => {}
            line @ [b':', ..] => {
                if let Some(own) = line.strip_prefix(b":scheme:") {
                    return convert(head, own.trim_ascii(), fields, false);
                }
            }
            line => push_line(line, fields),
        }
    }
}

fn cut_off() -> Error {
    Error::new(Code::SendError, "request head without its end")
}

fn request_line(line: &[u8]) -> Result<(&[u8], &[u8])> {
    let mut parts = line.splitn(2, |&byte| byte == b' ');
    let (method, rest) = (parts.next(), parts.next());
    let end = rest.and_then(|rest| memchr::memrchr(b' ', rest));
    match (method, rest, end) {
        (Some(method), Some(rest), Some(end)) => Ok((method, rest.get(..end).unwrap_or_default())),
        _ => Err(Error::new(Code::SendError, "request line without method, target and version")),
    }
}

/// A request target (RFC 9112, 3.2).
struct Target<'a> {
    scheme: Option<&'a [u8]>,
    authority: Option<&'a [u8]>,
    path: &'a [u8],
}

impl<'a> Target<'a> {
    fn parse(target: &'a [u8]) -> Self {
        for scheme in [&b"http"[..], b"https"] {
            let rest = target.strip_prefix(scheme).and_then(|rest| rest.strip_prefix(b"://"));
            if let Some(rest) = rest {
                let end = memchr::memchr3(b'/', b'?', b'#', rest).unwrap_or(rest.len());
                let (authority, path) = rest.split_at(end);
                let path = if path.is_empty() { b"/" } else { path };
                return Self { scheme: Some(scheme), authority: Some(authority), path };
            }
        }
        Self { scheme: None, authority: None, path: target }
    }
}

fn push_line(line: &[u8], fields: &mut Fields) {
    let Some((name, value)) = split(line) else { return };
    let start = fields.bytes.len();
    fields.push_lower(name, value);
    let keep = match fields.bytes.get(start..start + name.len()).unwrap_or_default() {
        b"host" | b"http2-settings" => false,
        b"te" => has_token(value, b"trailers"),
        name => !is_connection_specific(name),
    };
    if !keep {
        fields.pop();
    } else if name.eq_ignore_ascii_case(b"te") {
        fields.pop();
        fields.push(b"te", b"trailers");
    }
}

fn has_token(value: &[u8], token: &[u8]) -> bool {
    value.split(|&byte| byte == b',').any(|part| part.trim_ascii().eq_ignore_ascii_case(token))
}

/// The value of `Host`, which usually is the first field.
fn host(lines: Lines<'_>) -> Option<&[u8]> {
    let mut fields = lines.take_while(|line| !line.is_empty()).filter_map(split);
    fields.find(|(name, _)| name.eq_ignore_ascii_case(b"host")).map(|(_, value)| value)
}

/// Name and value of a line; `None` for one without a name.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':').filter(|colon| *colon > 0)?;
    Some((line.get(..colon)?, line.get(colon + 1..)?.trim_ascii()))
}

#[derive(Clone, Copy)]
struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = memchr::memchr(b'\n', self.rest)?;
        let line = self.rest.get(..end)?;
        self.rest = self.rest.get(end + 1..)?;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, fields_from_head};

    fn convert(head: &str) -> String {
        let mut fields = Fields::default();
        let used = fields_from_head(head.as_bytes(), "https", &mut fields).unwrap();
        assert!(head[..used].ends_with("\r\n\r\n"));
        String::from_utf8(fields.raw().to_vec()).unwrap().replace("\r\n", "|")
    }

    #[test]
    fn usual_request() {
        let head = "GET /a?b HTTP/1.1\r\nHost: example.com:8080\r\nUser-Agent: curl/8\r\nAccept: */*\r\n\
                    Connection: TE\r\nKeep-Alive: 1\r\nUpgrade: h2c\r\nTE: gzip, Trailers\r\n\
                    Proxy-Connection: x\r\nTransfer-Encoding: chunked\r\nX-Empty:\r\n\r\nbody";
        assert_eq!(
            convert(head),
            ":method: GET|:scheme: https|:authority: example.com:8080|:path: /a?b|\
             user-agent: curl/8|accept: */*|te: trailers|x-empty: |"
        );
    }

    #[test]
    fn other_targets() {
        let connect = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nProxy-Authorization: x\r\n\r\n";
        assert_eq!(convert(connect), ":method: CONNECT|:authority: a:443|proxy-authorization: x|");
        let absolute = "GET http://b HTTP/1.1\r\nHost: a\r\nTE: gzip\r\n\r\n";
        assert_eq!(convert(absolute), ":method: GET|:scheme: http|:authority: b|:path: /|");
        let options = "OPTIONS * HTTP/1.1\r\nHost: a\r\n:scheme: http\r\n\r\n";
        assert_eq!(convert(options), ":method: OPTIONS|:scheme: http|:authority: a|:path: *|");
    }

    #[test]
    fn broken_heads() {
        for bad in ["", "GET /", "GET /\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"] {
            assert!(fields_from_head(bad.as_bytes(), "http", &mut Fields::default()).is_err());
        }
    }
}
