use std::borrow::Cow;

/// Removes `.` and `..` segments (RFC 3986 section 5.2.4); `%2e` counts as a dot.
pub fn dedotdotify(path: &[u8]) -> Cow<'_, [u8]> {
    if !has_dot_segment(path) {
        return Cow::Borrowed(path);
    }
    let mut out = Vec::with_capacity(path.len());
    let mut rest = without_leading_dots(path);
    while !rest.is_empty() {
        let (segment, after) = split_segment(rest);
        match dots(segment.strip_prefix(b"/").unwrap_or(segment)) {
            1 | 2 if !segment.starts_with(b"/") => out.extend_from_slice(segment),
            0 => out.extend_from_slice(segment),
            count => {
                if count == 2 {
                    let last = memchr::memrchr(b'/', &out).unwrap_or(out.len());
                    out.truncate(last);
                }
                if after.is_empty() {
                    out.push(b'/');
                }
            }
        }
        rest = after;
    }
    Cow::Owned(out)
}

/// A first segment, with the slash before it, and what follows.
fn split_segment(path: &[u8]) -> (&[u8], &[u8]) {
    let from = usize::from(path.first() == Some(&b'/'));
    let end = memchr::memchr(b'/', path.get(from..).unwrap_or_default())
        .map_or(path.len(), |at| at + from);
    path.split_at(end)
}

/// 1 for `.`, 2 for `..`, 0 for any other segment.
fn dots(segment: &[u8]) -> u8 {
    match strip_dot(segment) {
        None => 0,
        Some(b"") => 1,
        Some(rest) => match strip_dot(rest) {
            Some(b"") => 2,
            _ => 0,
        },
    }
}

fn strip_dot(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] => Some(rest),
        _ => None,
    }
}

fn without_leading_dots(path: &[u8]) -> &[u8] {
    let (segment, after) = split_segment(path);
    match dots(segment) {
        2 if after.is_empty() => after,
        1 | 2 => after.strip_prefix(b"/").unwrap_or(path),
        _ => path,
    }
}

fn has_dot_segment(path: &[u8]) -> bool {
    // Nearly all paths have no segment that starts with a dot: look for those first.
    path.len() > 1
        && memchr::memchr2(b'.', b'%', path).is_some()
        && path.split(|&byte| byte == b'/').any(|segment| dots(segment) > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_of_dots_go() {
        for (path, want) in [
            ("/a/b/c/./../../g", "/a/g"),
            ("mid/content=5/../6", "mid/6"),
            ("/hello/1/./../2", "/hello/2"),
            ("/hello/..", "/"),
            ("/hello/.", "/hello/"),
            ("/..", "/"),
            ("/../../..", "/"),
            ("/a/..b/.c./d", "/a/..b/.c./d"),
            ("/%2e%2E/x/%2e/y", "/x/y"),
            ("/.%2e", "/"),
            ("../x", "x"),
            ("./x", "x"),
            ("..", ""),
            ("/1/./..", "/"),
            ("/a//../b", "/a/b"),
            ("/test/this/.././../now", "/now"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(&dedotdotify(path.as_bytes())), want, "from {path}");
        }
    }
}
