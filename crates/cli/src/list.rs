//! Which URLs to fetch: those of the command line, then those of the list.

use std::io::{self, Read};
use std::path::Path;

use crate::args::Fetch;
use crate::checksum::Checksum;

/// A URL, and the name that its file shall have.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    pub url: String,
    pub name: Option<String>,
    pub checksum: Option<Checksum>,
}

/// Every URL, in order.
pub fn wanted(args: &Fetch) -> Result<Vec<Wanted>, String> {
    let checksum = args.output.checksum.clone();
    let given = |url: &String| Wanted { url: url.clone(), name: None, checksum: checksum.clone() };
    let mut all: Vec<_> = args.urls.iter().map(given).collect();
    if checksum.is_some() && (all.len() > 1 || args.input.is_some()) {
        return Err("--checksum is for one URL; in a list each line has its own".to_owned());
    }
    if let Some(file) = &args.input {
        let about = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let text = read(file).map_err(|error| about(&error))?;
        let lines = text.lines().enumerate().filter_map(|(at, text)| Some((at + 1, line(text)?)));
        for (number, wanted) in lines {
            all.push(wanted.map_err(|error| about(&format!("line {number}: {error}")))?);
        }
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

/// None: the line says nothing.
fn line(line: &str) -> Option<Result<Wanted, String>> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (url, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let (name, sum) = match rest.rsplit_once(char::is_whitespace) {
        Some((name, last)) if Checksum::is_meant(last) => (name.trim(), Some(last)),
        _ if Checksum::is_meant(rest) => ("", Some(rest)),
        _ => (rest, None),
    };
    let name = Some(name).filter(|name| !name.is_empty()).map(str::to_owned);
    let checksum = sum.map(Checksum::parse).transpose();
    Some(checksum.map(|checksum| Wanted { url: url.to_owned(), name, checksum }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_url_and_maybe_a_name() {
        let sum = format!("sha256:{}", "ab".repeat(32));
        let checksum = Checksum::parse(&sum).ok();
        let wanted = |url: &str, name: Option<&str>| {
            Some(Ok(Wanted { url: url.into(), name: name.map(str::to_owned), checksum: None }))
        };
        let summed = |name: Option<&str>| {
            let (url, name) = ("http://a/".to_owned(), name.map(str::to_owned));
            Some(Ok(Wanted { url, name, checksum: checksum.clone() }))
        };
        assert_eq!(line(&format!("http://a/ {sum}")), summed(None));
        assert_eq!(line(&format!("http://a/  the name {sum} ")), summed(Some("the name")));
        assert!(line("http://a/ sha256:1").unwrap().is_err());
        assert_eq!(line(" http://a/ "), wanted("http://a/", None));
        assert_eq!(line("http://a/\tthe name"), wanted("http://a/", Some("the name")));
        assert_eq!(line("# http://a/"), None);
        assert_eq!(line("   "), None);
    }
}
