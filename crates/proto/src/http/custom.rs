//! The rules of `CURLOPT_HTTPHEADER` and `CURLOPT_PROXYHEADER`: `Name: value` adds or replaces,
//! `Name:` removes, `Name;` sends the header empty.

/// A line of the list that puts a header into the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Custom<'a> {
    /// The name, blanks around it left out: a disguised `Authorization :` is one too.
    pub name: &'a [u8],
    /// The value, blanks around it left out; empty for `Name;`.
    pub value: &'a [u8],
}

impl<'a> Custom<'a> {
    /// What `line` adds to a request; none if it only removes, or makes no sense.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        if let [name @ .., b';'] = line
            && !name.is_empty()
            && !name.iter().any(|b| matches!(b, b';' | b':'))
        {
            return Some(Self { name: blanks_off(name), value: &[] });
        }
        let colon = line.iter().position(|&b| b == b':').filter(|&colon| colon > 0)?;
        let (name, value) = line.split_at_checked(colon)?;
        let value = first_line(value.get(1..)?);
        (!value.is_empty()).then_some(Self { name: blanks_off(name), value })
    }

    /// Whether the header is called `name`, whatever its case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Appends the header as the application wrote it in `line`.
    pub fn push(&self, line: &[u8], out: &mut Vec<u8>) {
        if self.value.is_empty() {
            out.extend_from_slice(self.name);
            out.push(b':');
        } else {
            out.extend_from_slice(line);
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// The line of the list that adds, empties or removes the header `name`, if there is one: then
/// the library's own is not sent.
pub fn find<'a>(list: &'a [Box<[u8]>], name: &str) -> Option<&'a [u8]> {
    list.iter().map(|line| &**line).find(|line| names(line, name))
}

/// Whether `line` begins with `name` and a separator.
pub(super) fn names(line: &[u8], name: &str) -> bool {
    line.split_at_checked(name.len()).is_some_and(|(begin, rest)| {
        begin.eq_ignore_ascii_case(name.as_bytes()) && matches!(rest, [b':' | b';', ..])
    })
}

/// The value in a line that [`find`] gave, blanks around it left out.
pub fn value(line: &[u8]) -> &[u8] {
    let separator = line.iter().position(|b| matches!(b, b':' | b';'));
    separator.and_then(|at| line.get(at + 1..)).map(first_line).unwrap_or_default()
}

/// Whether a line that [`find`] gave lists `token`.
pub fn lists(line: &[u8], token: &str) -> bool {
    value(line).split(|&b| b == b',').any(|item| {
        blanks_off(item)
            .split(|b| matches!(b, b' ' | b'\t'))
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case(token.as_bytes()))
    })
}

/// The name in a custom `Host` header, for which cookies are kept: without port and brackets.
pub fn cookie_host(list: &[Box<[u8]>]) -> Option<&[u8]> {
    let host = value(find(list, "Host")?);
    let name = match host {
        [b'[', inner @ ..] => inner.split(|&b| b == b']').next(),
        _ => host.split(|&b| b == b':').next(),
    };
    name.filter(|name| !name.is_empty())
}

fn first_line(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(text.len());
    blanks_off(text.get(..end).unwrap_or_default())
}

fn blanks_off(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(lines: &[&str]) -> Vec<Box<[u8]>> {
        lines.iter().map(|line| line.as_bytes().into()).collect()
    }

    #[test]
    fn lines() {
        let parts = |line| Custom::parse(line).map(|c| (c.name, c.value));
        assert_eq!(parts(b"A: b "), Some((&b"A"[..], &b"b"[..])));
        assert_eq!(parts(b"A : b\r\nC: d"), Some((&b"A"[..], &b"b"[..])));
        assert_eq!(parts(b"A;"), Some((&b"A"[..], &b""[..])));
        for removed in [&b"A:"[..], b"A: \t", b"A", b";", b": x", b"", b"A; b", b"A;;"] {
            assert_eq!(parts(removed), None, "{removed:?}");
        }
        assert_eq!(parts(b"A:;"), Some((&b"A"[..], &b";"[..])));
    }

    #[test]
    fn finding() {
        let headers = list(&["Hosts: x", "hOsT: [::1]:80", "Accept:", "TE;"]);
        assert_eq!(find(&headers, "Host"), Some(&b"hOsT: [::1]:80"[..]));
        assert_eq!(cookie_host(&headers), Some(&b"::1"[..]));
        assert_eq!(cookie_host(&list(&["Host: a.example:8080"])), Some(&b"a.example"[..]));
        assert_eq!(cookie_host(&list(&["Host:"])), None);
        assert!(find(&headers, "Accept").is_some());
        assert!(find(&headers, "te").is_some());
        assert!(find(&headers, "Acc").is_none());
        assert!(lists(b"Expect: x, 100-Continue ", "100-continue"));
        assert!(!lists(b"Expect: 100-continued", "100-continue"));
    }
}
