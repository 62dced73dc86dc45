//! Request heads of HTTP/1 made into HTTP/2's field lists (RFC 9113, 8.3.1).

use tress_model::{Code, Error, Result};

use super::Fields;
use super::message::is_connection_specific;

/// Turns the HTTP/1 request head in front of `head` into fields, in libcurl's order:
/// `:method`, `:scheme`, `:authority`, `:path`, then the others in lower case.
///
/// `Host` becomes `:authority`; fields of HTTP/1's connection are dropped, `TE` says
/// nothing but `trailers`; a field `:scheme` of the application's replaces `scheme`.
/// `method` is the head's method where that is known: it may have spaces in it.
/// Gives the length of the head, the empty line included.
///
/// # Errors
/// `BadFunctionArgument` for a line without a colon; `SendError` for what is no head.
pub fn fields_from_head(
    head: &[u8],
    method: &[u8],
    scheme: &str,
    fields: &mut Fields,
) -> Result<usize> {
    convert(head, method, scheme.as_bytes(), fields, true)
}

fn convert(
    head: &[u8],
    method: &[u8],
    scheme: &[u8],
    fields: &mut Fields,
    first: bool,
) -> Result<usize> {
    fields.clear();
    let mut lines = Lines { rest: head };
    let (method, target) = request_line(lines.next().ok_or_else(cut_off)?, method)?;
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
                    return convert(head, method, own.trim_ascii(), fields, false);
                }
            }
            line => push_line(line, fields)?,
        }
    }
}

fn cut_off() -> Error {
    Error::new(Code::SendError, "request head without its end")
}

fn request_line<'a>(line: &'a [u8], method: &[u8]) -> Result<(&'a [u8], &'a [u8])> {
    let after = |method: &[u8]| line.strip_prefix(method)?.strip_prefix(b" ");
    let first = || line.split(|&byte| byte == b' ').next().unwrap_or_default();
    let method = if after(method).is_some() { method.len() } else { first().len() };
    let (method, rest) = line.split_at(method);
    let rest = rest.strip_prefix(b" ").filter(|_| !method.is_empty());
    let end = rest.and_then(|rest| memchr::memrchr(b' ', rest));
    match (rest, end) {
        (Some(rest), Some(end)) => Ok((method, rest.get(..end).unwrap_or_default())),
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
        let colon = memchr::memchr(b':', target).filter(|_| target.first() != Some(&b'/'));
        let absolute = colon.and_then(|colon| {
            let (scheme, rest) = target.split_at(colon);
            Some((scheme, rest.strip_prefix(b"://")?))
        });
        let Some((scheme, rest)) = absolute else {
            return Self { scheme: None, authority: None, path: target };
        };
        let end = memchr::memchr3(b'/', b'?', b'#', rest).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = if path.is_empty() { b"/" } else { path };
        Self { scheme: Some(scheme), authority: Some(authority), path }
    }
}

fn push_line(line: &[u8], fields: &mut Fields) -> Result<()> {
    let Some((name, value)) = split(line) else {
        let line = String::from_utf8_lossy(line);
        let text = format!("request header without a colon: '{line}'");
        return Err(Error::new(Code::BadFunctionArgument, text));
    };
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
    Ok(())
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
    use super::{Code, Fields, fields_from_head};

    fn convert(head: &str) -> String {
        let mut fields = Fields::default();
        let used = fields_from_head(head.as_bytes(), b"IN SANE", "https", &mut fields).unwrap();
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
        let spaces = "IN SANE /a b HTTP/1.1\r\n\r\n";
        assert_eq!(convert(spaces), ":method: IN SANE|:scheme: https|:path: /a b|");
        let ftp = "GET ftp://b/c HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_eq!(convert(ftp), ":method: GET|:scheme: ftp|:authority: b|:path: /c|");
        let options = "OPTIONS * HTTP/1.1\r\nHost: a\r\n:scheme: http\r\n\r\n";
        assert_eq!(convert(options), ":method: OPTIONS|:scheme: http|:authority: a|:path: *|");
    }

    #[test]
    fn broken_heads() {
        let fails = |head: &str| {
            let (head, fields) = (head.as_bytes(), &mut Fields::default());
            fields_from_head(head, b"", "http", fields).unwrap_err().code()
        };
        for bad in
            ["", "GET /", "GET /\r\n\r\n", " / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"]
        {
            assert_eq!(fails(bad), Code::SendError, "{bad:?}");
        }
        let broken = "GET / HTTP/1.1\r\nA: b\r\nbroken\r\n\r\n";
        assert_eq!(fails(broken), Code::BadFunctionArgument);
    }
}
