//! Whom to connect to: the URL's host, or who is put in its place.

use std::ffi::OsStr;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use tress_model::altsvc::Alternative;
use tress_model::{Code, Error, Result};
use tress_net::resolve::{Addresses, Family};

use super::push;
use crate::options::{IpResolve, Options};

/// Whom a socket is connected to.
#[derive(Clone, Debug)]
pub(crate) enum Peer {
    /// `literal`: the addresses of a name that is one; an application may have put others in the cache.
    Host {
        name: Box<str>,
        port: u16,
        family: IpResolve,
        literal: Option<Arc<Addresses>>,
    },
    Unix(Arc<Path>),
    Abstract(Arc<[u8]>),
}
impl Peer {
    pub(super) fn of(
        options: &Options,
        host: &[u8],
        port: u16,
        alternative: Option<&Alternative>,
    ) -> Result<Self> {
        let connect = options.connect();
        if let Some(path) = &connect.unix_socket_path {
            if connect.abstract_unix_socket {
                return Ok(Self::Abstract(path.as_ref().into()));
            }
            return Ok(Self::Unix(Path::new(OsStr::from_bytes(path)).into()));
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned().into_boxed_str();
        let (name, port) = match (connect_to(options, host, port)?, alternative) {
            (Some(told), _) => told,
            (None, Some(other)) => (text(&other.service.host), other.service.port),
            (None, None) => (text(host), port),
        };
        Ok(Self::host(name, port, connect.ipresolve))
    }

    pub(crate) fn host(name: Box<str>, port: u16, family: IpResolve) -> Self {
        let is_literal = name.parse::<IpAddr>().is_ok();
        let literal = is_literal.then(|| Addresses::literal(&name, Family::Any).map(Arc::new));
        Self::Host { name, port, family, literal: literal.flatten() }
    }

    pub(super) fn push(&self, key: &mut Vec<u8>) {
        match self {
            Self::Host { name, port, family, .. } => {
                key.push(b'H');
                push(key, name.as_bytes());
                key.extend_from_slice(&port.to_be_bytes());
                key.push(*family as u8);
            }
            Self::Unix(path) => {
                key.push(b'U');
                push(key, path.as_os_str().as_encoded_bytes());
            }
            Self::Abstract(name) => {
                key.push(b'A');
                push(key, name);
            }
        }
    }
}

/// The host and port that `CURLOPT_CONNECT_TO` puts in place of the URL's.
fn connect_to(options: &Options, host: &[u8], port: u16) -> Result<Option<(Box<str>, u16)>> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned().into_boxed_str();
    for entry in options.connect().connect_to.as_deref().unwrap_or_default() {
        if let Some(told) = matching(entry, host, port) {
            let (to_host, to_port) = replacement(told)?;
            let name = if to_host.is_empty() { text(host) } else { text(to_host) };
            return Ok(Some((name, to_port.unwrap_or(port))));
        }
    }
    Ok(None)
}

/// What is to be connected to: the rest of `HOST:PORT:CONNECT-TO-HOST:CONNECT-TO-PORT`, if host
/// and port are these or empty, and if there is a rest.
fn matching<'a>(entry: &'a [u8], host: &[u8], port: u16) -> Option<&'a [u8]> {
    let (from_host, rest) = split_host(entry)?;
    let colon = rest.iter().position(|&b| b == b':')?;
    let (from_port, rest) = (&rest[..colon], &rest[colon + 1..]);
    let from_host = bare(from_host);
    let same_host = from_host.is_empty() || from_host.eq_ignore_ascii_case(host);
    let same_port = from_port.is_empty() || parse_port(from_port) == Some(port);
    (same_host && same_port && !rest.is_empty()).then_some(rest)
}

/// `CONNECT-TO-HOST:CONNECT-TO-PORT`; an empty host and no port change nothing.
fn replacement(told: &[u8]) -> Result<(&[u8], Option<u16>)> {
    let refused = |why: &str| {
        let text = format!("{why} in '{}'", String::from_utf8_lossy(told));
        Error::new(Code::SetoptOptionSyntax, text)
    };
    let (host, port) = match split_host(told) {
        None if told.first() == Some(&b'[') && !told.contains(&b']') => {
            return Err(refused("Invalid IPv6 address format"));
        }
        None => (told, None),
        Some((host, b"")) => (host, None),
        Some((host, port)) => {
            let digits = port.iter().take_while(|b| b.is_ascii_digit()).count();
            let port = parse_port(&port[..digits]);
            (host, Some(port.ok_or_else(|| refused("No valid port number"))?))
        }
    };
    Ok((bare(host), port))
}

/// A host without brackets around it.
fn bare(host: &[u8]) -> &[u8] {
    host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host)
}

/// Splits `host:rest`; an IPv6 address in brackets counts as a host.
fn split_host(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let after = match text.first() {
        Some(b'[') => text.iter().position(|&b| b == b']')? + 1,
        _ => 0,
    };
    let colon = after + text.get(after..)?.iter().position(|&b| b == b':')?;
    Some((&text[..colon], &text[colon + 1..]))
}

fn parse_port(text: &[u8]) -> Option<u16> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connect_to_replaces_what_matches() {
        let at = |entry: &'static str| {
            matching(entry.as_bytes(), b"a.example", 80).map(|told| replacement(told).unwrap())
        };
        assert_eq!(at("a.example:80:b:81"), Some((&b"b"[..], Some(81))));
        assert_eq!(at(":80:b:"), Some((&b"b"[..], None)));
        assert_eq!(at("::[::1]:8080"), Some((&b"::1"[..], Some(8080))));
        assert_eq!(at("a.example:443:b:81"), None);
        assert_eq!(at("c.example:80:b:81"), None);
        assert_eq!(at("A.EXAMPLE::b"), Some((&b"b"[..], None)));
        assert_eq!(at("::"), None);
    }

    #[test]
    fn connect_to_names_what_is_wrong_with_it() {
        let refused = |told: &str| {
            let error = replacement(told.as_bytes()).unwrap_err();
            (error.code(), error.message().to_owned())
        };
        let syntax = Code::SetoptOptionSyntax;
        assert_eq!(refused("b:c"), (syntax, "No valid port number in 'b:c'".into()));
        assert_eq!(refused("b:99999"), (syntax, "No valid port number in 'b:99999'".into()));
        assert_eq!(refused("[::1"), (syntax, "Invalid IPv6 address format in '[::1'".into()));
    }
}
