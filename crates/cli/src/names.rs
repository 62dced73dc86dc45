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
    fn names_are_unique() {
        let mut names = Names::default();
        assert_eq!(names.unique("a"), "a");
        assert_eq!(names.unique("a"), "a.1");
        assert_eq!(names.unique("a.part"), "a.part.1");
        assert_eq!(names.unique("a"), "a.2");
    }
}
