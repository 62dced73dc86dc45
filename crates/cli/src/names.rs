//! File names for URLs: whatever a URL says, its file stays in the directory.

use std::collections::HashSet;

/// Longest name, so that ".part" and a number still fit into what file systems take.
const MAX_BYTES: usize = 200;

/// Gives each URL a name of its own.
#[derive(Default)]
pub struct Names {
    used: HashSet<String>,
}

impl Names {
    /// A name like `wanted` that no other file of this run has, nor has for its unfinished part.
    pub fn unique(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 0;
        while self.used.contains(&name) || self.used.contains(&part(&name)) {
            number += 1;
            name = format!("{wanted}.{number}");
        }
        self.used.insert(part(&name));
        self.used.insert(name.clone());
        name
    }
}

/// What a file is called while it is not complete.
pub fn part(name: &str) -> String {
    format!("{name}.part")
}

/// The last segment of the URL's path, made safe; `index.html` where it is empty.
pub fn of_url(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let segment = path.split_once('/').and_then(|(_, path)| path.rsplit('/').next());
    match segment {
        None | Some("") => "index.html".to_owned(),
        Some(segment) => safe(&decoded(segment)),
    }
}

/// The file name of a Content-Disposition (RFC 6266), made safe.
pub fn of_disposition(value: &[u8]) -> Option<String> {
    let value = String::from_utf8_lossy(value);
    let mut plain = None;
    for (name, value) in parameters(&value) {
        match name.to_ascii_lowercase().as_str() {
            // It says more than the other one.
            "filename*" => {
                let (charset, rest) = value.split_once('\'')?;
                let (_, encoded) = rest.split_once('\'')?;
                if charset.eq_ignore_ascii_case("utf-8") {
                    return last_component(&decoded(encoded));
                }
            }
            "filename" => plain = Some(value),
            _ => {}
        }
    }
    last_component(&plain?)
}

/// Names and values after the first word; quotes are taken off.
fn parameters(text: &str) -> Vec<(&str, String)> {
    let mut all = Vec::new();
    let mut rest = text.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim_end().to_owned(), &after[end..])
            }
        };
        all.push((name.trim(), value));
        rest = left.split_once(';').map_or("", |(_, rest)| rest);
    }
    all
}

/// The text as far as the closing quote, and what follows.
fn unquoted(text: &str) -> (String, &str) {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return (value, &text[at + 1..]),
            c => {
                value.push(c);
                escaped = false;
            }
        }
    }
    (value, "")
}

/// A server's directories are not ours.
fn last_component(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next()?;
    Some(safe(last)).filter(|_| !last.is_empty())
}

/// One component of a path that names neither a directory above nor a hidden file.
pub fn safe(name: &str) -> String {
    let harmless = |c: char| if c.is_control() || matches!(c, '/' | '\\') { '_' } else { c };
    let mut safe: String = name.chars().map(harmless).collect();
    if safe.is_empty() || safe.starts_with('.') {
        safe = format!("_{}", safe.trim_start_matches('.'));
    }
    let mut end = safe.len().min(MAX_BYTES);
    while !safe.is_char_boundary(end) {
        end -= 1;
    }
    safe.truncate(end);
    safe
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes.get(at + 1..at + 3).filter(|_| byte == b'%');
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_segment_names_the_file() {
        assert_eq!(of_url("http://host/a/b.txt?x=/y#z"), "b.txt");
        assert_eq!(of_url("http://host/a%20b"), "a b");
        assert_eq!(of_url("host/file"), "file");
        for empty in ["http://host", "http://host/", "http://host/dir/", "http://host?x=/y"] {
            assert_eq!(of_url(empty), "index.html", "{empty}");
        }
    }

    #[test]
    fn no_name_leads_out_of_the_directory() {
        for url in ["%2e%2e", "..", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "a%2fb", "%00", ".ssh"] {
            let name = of_url(&format!("http://host/{url}"));
            assert!(!name.contains('/') && !name.contains('\0'), "{url}: {name}");
            assert!(!name.starts_with('.') && !name.is_empty(), "{url}: {name}");
        }
        assert!(of_url(&format!("http://host/{}", "\u{e4}".repeat(500))).len() <= MAX_BYTES);
    }

    #[test]
    fn a_server_names_a_file_but_no_directory() {
        for (value, name) in [
            ("attachment; filename=a.txt", Some("a.txt")),
            ("attachment ; FileName = \"a \\\"b\\\"; c.txt\" ; size=3", Some("a \"b\"; c.txt")),
            (
                "attachment; filename=\"plain\"; filename*=UTF-8''%e2%82%ac%20rates",
                Some("\u{20ac} rates"),
            ),
            ("attachment; filename*=iso-8859-1'en'%A3; filename=pound", Some("pound")),
            ("attachment; filename=\"../../.ssh/authorized_keys\"", Some("authorized_keys")),
            ("attachment; filename*=utf-8''..%2f..%5C.bashrc", Some("_bashrc")),
            ("attachment; filename=\"..\"", Some("_")),
            ("attachment; filename=\"open", Some("open")),
            ("attachment; filename=\"a/\"", None),
            ("attachment; filename*=broken", None),
            ("attachment; filename=", None),
            ("inline", None),
            ("", None),
        ] {
            assert_eq!(of_disposition(value.as_bytes()).as_deref(), name, "{value}");
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names = Names::default();
        assert_eq!(names.unique("a"), "a");
        assert_eq!(names.unique("a"), "a.1");
        assert_eq!(names.unique("a.part"), "a.part.1");
        assert_eq!(names.unique("a"), "a.2");
    }
}
