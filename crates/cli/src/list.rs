//! Which URLs to fetch: those of the command line, then those of the list.

use std::io::{self, Read};
use std::path::Path;

use crate::args::Fetch;

/// A URL, and the name that its file shall have.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    pub url: String,
    pub name: Option<String>,
}

/// Every URL, in order.
pub fn wanted(args: &Fetch) -> Result<Vec<Wanted>, String> {
    let mut all: Vec<_> =
        args.urls.iter().map(|url| Wanted { url: url.clone(), name: None }).collect();
    if let Some(file) = &args.input {
        let text = read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        all.extend(text.lines().filter_map(line));
    }
    if all.is_empty() {
        return Err("no URL given; tress --help shows how".to_owned());
    }
    Ok(all)
}

fn read(file: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(file)?;
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("the list is not UTF-8 text"))
}

fn line(line: &str) -> Option<Wanted> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (url, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let name = Some(name.trim()).filter(|name| !name.is_empty());
    Some(Wanted { url: url.to_owned(), name: name.map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_url_and_maybe_a_name() {
        let wanted = |url: &str, name: Option<&str>| {
            Some(Wanted { url: url.into(), name: name.map(str::to_owned) })
        };
        assert_eq!(line(" http://a/ "), wanted("http://a/", None));
        assert_eq!(line("http://a/\tthe name"), wanted("http://a/", Some("the name")));
        assert_eq!(line("# http://a/"), None);
        assert_eq!(line("   "), None);
    }
}
