//! The rules of `CURLOPT_RESOLVE`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use tress_model::{Code, Error, Result};

use super::Addresses;

/// One rule of `CURLOPT_RESOLVE`, parsed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rule<'a> {
    /// `-HOST:PORT`
    Remove { host: &'a str, port: u16 },
    /// `[+]HOST:PORT:ADDRESS[,ADDRESS]...`
    Add { host: &'a str, port: u16, permanent: bool, addresses: Addresses, text: &'a str },
}

/// What a rule did, for debug text; `Display` gives libcurl's wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleNote {
    /// The cache had addresses for the host and port.
    OldDiscarded(Box<str>, u16),
    /// Host, port, addresses as they were given; permanent?
    Added(Box<str>, u16, Box<str>, bool),
    /// The host was `*`.
    Wildcard(u16),
}

impl fmt::Display for RuleNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OldDiscarded(host, port) => {
                write!(f, "RESOLVE {host}:{port} - old addresses discarded")
            }
            Self::Added(host, port, addresses, permanent) => {
                let kind = if *permanent { "" } else { " (non-permanent)" };
                write!(f, "[DNS] added {host}:{port}:{addresses} to cache{kind}")
            }
            Self::Wildcard(port) => write!(f, "RESOLVE *:{port} using wildcard"),
        }
    }
}

/// Parses a rule; `None` for one that libcurl passes over in silence.
pub(super) fn parse(rule: &str) -> Result<Option<Rule<'_>>> {
    if let Some(rest) = rule.strip_prefix('-') {
        return Ok(parse_removal(rest));
    }
    let (permanent, rest) = match rule.strip_prefix('+') {
        Some(rest) => (false, rest),
        None => (true, rule),
    };
    let Some((host, rest)) = split_host(rest) else { return Ok(None) };
    match parse_addresses(rest) {
        Some((port, addresses, text)) => {
            Ok(Some(Rule::Add { host, port, permanent, addresses, text }))
        }
        None => {
            let message = format!("Could not parse CURLOPT_RESOLVE entry '{rule}'");
            Err(Error::new(Code::SetoptOptionSyntax, message))
        }
    }
}

fn parse_removal(rest: &str) -> Option<Rule<'_>> {
    let (host, rest) = split_host(rest)?;
    let (port, _) = split_port(rest.strip_prefix(':')?)?;
    Some(Rule::Remove { host, port })
}

/// The host, in brackets or up to the colon, and what follows it.
fn split_host(rest: &str) -> Option<(&str, &str)> {
    let (host, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => rest.split_at(rest.find(':')?),
    };
    (!host.is_empty()).then_some((host, rest))
}

fn split_port(rest: &str) -> Option<(u16, &str)> {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (port, rest) = rest.split_at_checked(digits)?;
    Some((port.parse().ok()?, rest))
}

fn parse_addresses(rest: &str) -> Option<(u16, Addresses, &str)> {
    let (port, rest) = split_port(rest.strip_prefix(':')?)?;
    let text = rest.strip_prefix(':')?;
    let mut addresses = Addresses::default();
    for word in text.split(',').filter(|word| !word.is_empty()) {
        let word = word.strip_prefix('[').map_or(Some(word), |w| w.strip_suffix(']'))?;
        addresses.push(SocketAddr::new(word.parse::<IpAddr>().ok()?, port));
    }
    (!addresses.is_empty()).then_some((port, addresses, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_what_the_man_page_shows() {
        let Ok(Some(Rule::Add { host, port, permanent, addresses, .. })) =
            parse("example.com:443:127.0.0.1,[::1],,10.0.0.1")
        else {
            panic!()
        };
        assert_eq!((host, port, permanent, addresses.len()), ("example.com", 443, true, 3));
        assert!(matches!(parse("+*:80:[::1]"), Ok(Some(Rule::Add { permanent: false, .. }))));
        assert_eq!(parse("-a:80"), Ok(Some(Rule::Remove { host: "a", port: 80 })));
        assert_eq!(parse("-[::1]:80"), Ok(Some(Rule::Remove { host: "::1", port: 80 })));
    }

    #[test]
    fn refuses_what_it_cannot_parse() {
        for rule in ["a:80", "a:80:", "a:80:x", "a:99999:1.2.3.4", "a::1.2.3.4", "a:80:[::1"] {
            let error = parse(rule).unwrap_err();
            assert_eq!(error.code(), Code::SetoptOptionSyntax, "{rule}");
            assert!(error.message().ends_with(&format!("'{rule}'")));
        }
        for rule in ["", "-", "-a", "-a:x", "nocolon"] {
            assert_eq!(parse(rule), Ok(None), "{rule}");
        }
    }
}
