//! Which URLs to fetch: those of the command line, then those of the list.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::args::Fetch;
use crate::checksum::Checksum;

/// Lines of a list that are read ahead of the transfers.
pub const READ_AHEAD: usize = 1000;

/// A URL, and the name that its file shall have.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    pub url: String,
    pub name: Option<String>,
    pub checksum: Option<Checksum>,
}

/// What is to be fetched.
pub struct List {
    /// Known from the start, in order.
    pub wanted: Vec<Wanted>,
    /// The rest of a list that comes from another program, as it comes; an error ends it.
    pub later: Option<Receiver<Result<Wanted, String>>>,
}

impl List {
    /// What the options say.
    pub fn new(args: &Fetch) -> Result<Self, String> {
        let sum = args.output.checksum.clone();
        if sum.is_some() && (args.urls.len() > 1 || args.input.is_some()) {
            return Err("--checksum is for one URL; in a list each line has its own".to_owned());
        }
        let given = |url: &String| Wanted { url: url.clone(), name: None, checksum: sum.clone() };
        let mut list = Self { wanted: args.urls.iter().map(given).collect(), later: None };
        let Some(file) = &args.input else { return Ok(list) };
        if fs::metadata(file).is_ok_and(|about| about.is_file()) {
            // All of it is looked at before anything is fetched.
            let lines = Lines::open(file)?;
            list.wanted.extend(lines.collect::<Result<Vec<_>, _>>()?);
        } else {
            list.later = Some(Lines::open(file)?.in_a_thread());
        }
        Ok(list)
    }
}

/// The URLs of a list, line by line.
struct Lines {
    name: String,
    source: Box<dyn BufRead + Send>,
    number: usize,
}

impl Lines {
    fn open(file: &Path) -> Result<Self, String> {
        let name = file.display().to_string();
        let source: Box<dyn Read + Send> = match file == Path::new("-") {
            true => Box::new(io::stdin()),
            false => Box::new(File::open(file).map_err(|error| format!("{name}: {error}"))?),
        };
        Ok(Self { name, source: Box::new(BufReader::new(source)), number: 0 })
    }

    /// Reading may wait for the other program: transfers do not.
    fn in_a_thread(self) -> Receiver<Result<Wanted, String>> {
        let (sender, receiver) = sync_channel(READ_AHEAD);
        let send = move |sender: SyncSender<_>| {
            for wanted in self {
                if sender.send(wanted).is_err() {
                    return;
                }
            }
        };
        std::thread::spawn(move || send(sender));
        receiver
    }
}

impl Iterator for Lines {
    type Item = Result<Wanted, String>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut text = String::new();
            self.number += 1;
            let about = |error: &dyn std::fmt::Display| {
                format!("{}: line {}: {error}", self.name, self.number)
            };
            match self.source.read_line(&mut text) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return Some(Err(about(&error))),
            }
            if let Some(wanted) = line(&text) {
                return Some(wanted.map_err(|error| about(&error)));
            }
        }
    }
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
