use std::borrow::Cow;

use super::encode::{Query, reencode};
use super::{
    DEFAULT_SCHEME, MAX_INPUT, MAX_SCHEME, Parts, Slot, Url, UrlCode, UrlFlags, dots, host,
};
use crate::escape::{Refuse, unescape_strict};
use crate::scheme::{Scheme, SchemeFlags};

/// Either flag lets a URL come without scheme; then `host:port` is no scheme.
const NO_SCHEME_NEEDED: UrlFlags = UrlFlags::GUESS_SCHEME.union(UrlFlags::DEFAULT_SCHEME);

pub(super) fn parse(url: &[u8], flags: UrlFlags) -> Result<Url, UrlCode> {
    refuse_junk(url, flags)?;
    let mut parts = Parts::default();
    let scheme = scheme_of(url, flags.intersects(NO_SCHEME_NEEDED));
    let is_file = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"file"));
    let path = if is_file {
        set_scheme(&mut parts, b"file");
        file_path(url)?
    } else {
        let from_host = take_scheme(url, scheme, &mut parts, flags)?;
        let end =
            from_host.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(from_host.len());
        let (authority, path) = from_host.split_at(end);
        take_authority(authority, &mut parts, flags)?;
        path
    };
    take_path(path, &mut parts, flags, is_file)?;
    Ok(parts.build())
}

/// Whether a URL starts with a scheme. `guessing`: a slash must follow the colon, since
/// `name:80` is then a host and its port.
pub fn is_absolute(url: &[u8], guessing: bool) -> bool {
    scheme_of(url, guessing).is_some()
}

/// Splits `user:password;options` in any order of the latter two; `options` only where they
/// are looked for.
#[allow(clippy::type_complexity)]
pub fn split_login(login: &[u8], with_options: bool) -> (&[u8], Option<&[u8]>, Option<&[u8]>) {
    let colon = memchr::memchr(b':', login);
    let semicolon = if with_options { memchr::memchr(b';', login) } else { None };
    let part = |from: usize, to: Option<usize>| {
        let to = to.filter(|&to| to > from).unwrap_or(login.len());
        login.get(from + 1..to).unwrap_or_default()
    };
    let end = [colon, semicolon].into_iter().flatten().min().unwrap_or(login.len());
    let user = login.get(..end).unwrap_or_default();
    let password = colon.map(|colon| part(colon, semicolon));
    let options =
        semicolon.map(|semicolon| part(semicolon, colon)).filter(|options| !options.is_empty());
    (user, password, options)
}

fn refuse_junk(url: &[u8], flags: UrlFlags) -> Result<(), UrlCode> {
    let lowest = if flags.contains(UrlFlags::ALLOW_SPACE) { b' ' } else { b' ' + 1 };
    // No early exit: this way it runs many bytes at a time.
    let junk = url.iter().fold(false, |junk, &byte| junk | (byte < lowest) | (byte == 127));
    if junk || url.len() > MAX_INPUT {
        return Err(UrlCode::MalformedInput);
    }
    Ok(())
}

fn scheme_of(url: &[u8], guessing: bool) -> Option<&[u8]> {
    if !url.first()?.is_ascii_alphabetic() {
        return None;
    }
    let end = url
        .iter()
        .take(MAX_SCHEME)
        .position(|byte| !byte.is_ascii_alphanumeric() && !b"+-.".contains(byte))
        .unwrap_or(url.len().min(MAX_SCHEME));
    let (scheme, rest) = url.split_at_checked(end)?;
    match rest {
        [b':', b'/', ..] => Some(scheme),
        [b':', ..] if !guessing => Some(scheme),
        _ => None,
    }
}

fn set_scheme(parts: &mut Parts<'_>, name: &[u8]) {
    parts.known = Scheme::find(name);
    parts.put(
        Slot::Scheme,
        Some(match parts.known {
            Some(known) => Cow::Borrowed(known.name.as_bytes()),
            None => Cow::Owned(name.to_ascii_lowercase()),
        }),
    );
}

/// Checks and takes the scheme; returns what follows the slashes.
fn take_scheme<'a>(
    url: &'a [u8],
    scheme: Option<&[u8]>,
    parts: &mut Parts<'a>,
    flags: UrlFlags,
) -> Result<&'a [u8], UrlCode> {
    let Some(scheme) = scheme else {
        if !flags.intersects(NO_SCHEME_NEEDED) {
            return Err(UrlCode::BadScheme);
        }
        if flags.contains(UrlFlags::DEFAULT_SCHEME) {
            set_scheme(parts, DEFAULT_SCHEME);
        }
        return Ok(url);
    };
    set_scheme(parts, scheme);
    if parts.known.is_none() && !flags.contains(UrlFlags::NON_SUPPORT_SCHEME) {
        return Err(UrlCode::UnsupportedScheme);
    }
    let rest = url.get(scheme.len() + 1..).unwrap_or_default();
    let slashes = rest.iter().take_while(|&&byte| byte == b'/').count();
    let most = if flags.contains(UrlFlags::NO_AUTHORITY) { slashes.min(2) } else { slashes };
    if !(1..=3).contains(&most) {
        return Err(UrlCode::BadSlashes);
    }
    Ok(rest.get(most..).unwrap_or_default())
}

fn take_authority<'a>(
    authority: &'a [u8],
    parts: &mut Parts<'a>,
    flags: UrlFlags,
) -> Result<(), UrlCode> {
    if authority.is_empty() {
        if !flags.contains(UrlFlags::NO_AUTHORITY) {
            return Err(UrlCode::NoHost);
        }
        parts.put(Slot::Host, Some(Cow::Borrowed(b"")));
        return Ok(());
    }
    let host_and_port = take_login(authority, parts, flags)?;
    let host = take_port(host_and_port, parts)?;
    let decoded = if host.contains(&b'%') {
        Cow::Owned(unescape_strict(host, Refuse::Control).ok_or(UrlCode::BadHostname)?)
    } else {
        Cow::Borrowed(host)
    };
    let (host, zone) = host::normalize(decoded)?;
    if parts.get(Slot::Scheme).is_none() {
        set_scheme(parts, guess_scheme(&host));
        parts.guessed_scheme = true;
    }
    parts.put(Slot::Host, Some(host));
    parts.put(Slot::ZoneId, zone);
    Ok(())
}

/// Takes the credentials; returns what follows the at sign.
fn take_login<'a>(
    authority: &'a [u8],
    parts: &mut Parts<'a>,
    flags: UrlFlags,
) -> Result<&'a [u8], UrlCode> {
    let Some(at) = memchr::memchr(b'@', authority) else {
        return Ok(authority);
    };
    if flags.contains(UrlFlags::DISALLOW_USER) {
        return Err(UrlCode::UserNotAllowed);
    }
    let with_options =
        parts.known.is_some_and(|scheme| scheme.flags.contains(SchemeFlags::URL_OPTIONS));
    let (login, rest) = authority.split_at(at);
    let (user, password, options) = split_login(login, with_options);
    parts.put(Slot::User, Some(Cow::Borrowed(user)));
    parts.put(Slot::Password, password.map(Cow::Borrowed));
    parts.put(Slot::Options, options.map(Cow::Borrowed));
    Ok(rest.get(1..).unwrap_or_default())
}

/// Takes the port; returns the host.
fn take_port<'a>(text: &'a [u8], parts: &mut Parts<'a>) -> Result<&'a [u8], UrlCode> {
    let (host, after) = if text.first() == Some(&b'[') {
        let end = memchr::memchr(b']', text).ok_or(UrlCode::BadIpv6)?;
        text.split_at_checked(end + 1).unwrap_or((text, b""))
    } else {
        let end = memchr::memchr(b':', text).unwrap_or(text.len());
        text.split_at_checked(end).unwrap_or((text, b""))
    };
    if host.is_empty() {
        return Err(UrlCode::NoHost);
    }
    match after {
        // `host:` is the default port, as in browsers, unless it may be a strange scheme.
        b":" if parts.get(Slot::Scheme).is_some() => {}
        b"" => {}
        [b':', port @ ..] => parts.port = Some(parse_port(port)?),
        _ => return Err(UrlCode::BadPortNumber),
    }
    Ok(host)
}

/// Reads a decimal port number, 0 to 65535; other text after it fails, a backslash by its own code.
pub(super) fn parse_port(text: &[u8]) -> Result<u16, UrlCode> {
    let mut port = 0u32;
    for &digit in text {
        match digit {
            b'0'..=b'9' => port = port * 10 + u32::from(digit - b'0'),
            b'\\' => return Err(UrlCode::Backslash),
            _ => return Err(UrlCode::BadPortNumber),
        }
        if port > 0xffff {
            return Err(UrlCode::BadPortNumber);
        }
    }
    if text.is_empty() {
        return Err(UrlCode::BadPortNumber);
    }
    u16::try_from(port).map_err(|_| UrlCode::BadPortNumber)
}

/// The scheme that a host name suggests by its first label.
fn guess_scheme(host: &[u8]) -> &'static [u8] {
    const GUESSES: [&[u8]; 6] = [b"ftp.", b"dict.", b"ldap.", b"imap.", b"smtp.", b"pop3."];
    GUESSES
        .iter()
        .find(|guess| {
            host.get(..guess.len()).is_some_and(|start| start.eq_ignore_ascii_case(guess))
        })
        .and_then(|guess| guess.strip_suffix(b"."))
        .unwrap_or(b"http")
}

fn take_path<'a>(
    text: &'a [u8],
    parts: &mut Parts<'a>,
    flags: UrlFlags,
    is_file: bool,
) -> Result<(), UrlCode> {
    let encoded = |text: &'a [u8], query| {
        if flags.contains(UrlFlags::URLENCODE) {
            reencode(text, query)
        } else {
            Ok(Cow::Borrowed(text))
        }
    };
    let (text, fragment) = split_once(text, b'#');
    parts.fragment_present = fragment.is_some();
    if let Some(fragment) = fragment.filter(|fragment| !fragment.is_empty()) {
        parts.put(Slot::Fragment, Some(encoded(fragment, Query::No)?));
    }
    let (path, query) = split_once(text, b'?');
    if let Some(query) = query {
        parts.put(Slot::Query, Some(encoded(query, Query::Yes)?));
    }
    if path.len() > usize::from(!is_file) {
        let path = encoded(path, Query::No)?;
        let path = match path {
            path if flags.contains(UrlFlags::PATH_AS_IS) => path,
            Cow::Borrowed(path) => dots::dedotdotify(path),
            Cow::Owned(path) => Cow::Owned(dots::dedotdotify(&path).into_owned()),
        };
        parts.put(Slot::Path, Some(path));
    }
    Ok(())
}

fn split_once(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(separator, text) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    }
}

/// What follows the host in a `file:` URL: the host is empty, `localhost` or `127.0.0.1`.
fn file_path(url: &[u8]) -> Result<&[u8], UrlCode> {
    let rest = url.get(5..).unwrap_or_default();
    if url.len() <= 6 || !rest.starts_with(b"/") {
        return Err(UrlCode::BadFileUrl);
    }
    let path = match rest.strip_prefix(b"//") {
        None => rest,
        Some(path) if path.starts_with(b"/") => path,
        Some(path) => match path.split_at_checked(9) {
            Some((host, path))
                if path.starts_with(b"/")
                    && (host.eq_ignore_ascii_case(b"localhost") || host == b"127.0.0.1") =>
            {
                path
            }
            _ => return Err(UrlCode::BadFileUrl),
        },
    };
    // A drive letter is for Windows only.
    match path.strip_prefix(b"/").unwrap_or(path) {
        [letter, b':' | b'|'] | [letter, b':' | b'|', b'/' | b'\\', ..]
            if letter.is_ascii_alphabetic() =>
        {
            Err(UrlCode::BadFileUrl)
        }
        _ => Ok(path),
    }
}
