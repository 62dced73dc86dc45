use super::rules::tail_matches;
use super::{Cookie, MAX_AGE, MAX_COOKIE_LINE, MAX_NAME_AND_VALUE, Refused, Response};
use crate::date::parse_date;
use crate::host::is_ip;
use crate::scan::trim_blanks;

/// Longer texts are no dates.
const MAX_DATE: usize = 80;

/// A session cookie without name.
pub(super) fn blank() -> Cookie {
    Cookie {
        name: Box::default(),
        value: Box::default(),
        path: None,
        domain: None,
        expires: 0,
        tail_match: false,
        alone: false,
        secure: false,
        http_only: false,
        live: false,
        created: 0,
    }
}

/// Reads the value of a `Set-Cookie` header. `strict`: `secure` must come over a secure
/// connection.
pub(super) fn parse_header(
    text: &[u8],
    response: Option<&Response<'_>>,
    strict: bool,
    now: i64,
) -> Result<Cookie, Refused> {
    if text.len() > MAX_COOKIE_LINE {
        return refuse("");
    }
    let secure_is_fine = !strict || response.is_none_or(|response| response.secure);
    let mut cookie = blank();
    let mut path: &[u8] = b"";
    let mut rest = text;
    loop {
        let (name, value, after) = split_pair(rest);
        if let Some(name) = name {
            let value = check_octets(name, value)?;
            match value {
                _ if cookie.name.is_empty() => take_pair(&mut cookie, name, value)?,
                None if name.eq_ignore_ascii_case(b"secure") => {
                    if !secure_is_fine {
                        return refuse("skipped cookie because not 'secure'");
                    }
                    cookie.secure = true;
                }
                None if name.eq_ignore_ascii_case(b"httponly") => cookie.http_only = true,
                Some(value) if name.eq_ignore_ascii_case(b"path") => path = value,
                Some(value) if !value.is_empty() => {
                    take_attribute(&mut cookie, name, value, response, now)?;
                }
                _ => {}
            }
        }
        match after.split_first() {
            Some((b';', next)) => rest = next,
            _ => break,
        }
    }
    if cookie.name.is_empty() {
        return refuse("");
    }
    let default_path = response.map(|response| default_path(response.path));
    let path = if path.is_empty() { default_path } else { Some(path) };
    cookie.path = path.map(sanitize_path);
    if cookie.domain.as_ref().is_none_or(|domain| domain.is_empty()) {
        cookie.domain = response.map(|response| response.host.into());
    }
    Ok(cookie)
}

/// The path as it is kept: without quotes and without the last slash; `/` when it is none.
pub(super) fn sanitize_path(path: &[u8]) -> Box<[u8]> {
    let path = match path.strip_prefix(b"\"") {
        Some(inner) => inner.strip_suffix(b"\"").unwrap_or(inner),
        None => path,
    };
    match path {
        b"/" => path.into(),
        [b'/', .., b'/'] => path.strip_suffix(b"/").unwrap_or(path).into(),
        [b'/', ..] => path.into(),
        _ => Box::from(&b"/"[..]),
    }
}

/// Whether text has bytes that make servers refuse a request.
pub(super) fn has_control_octets(text: &[u8]) -> bool {
    text.iter().any(|&byte| byte < 0x20 || byte == 0x7f)
}

fn refuse<T>(why: &'static str) -> Result<T, Refused> {
    Err(Refused(why.into()))
}

/// Takes `name=value` or a word off the front: name, value and what follows.
#[allow(clippy::type_complexity)]
fn split_pair(text: &[u8]) -> (Option<&[u8]>, Option<&[u8]>, &[u8]) {
    // A tab is a blank, no end: before `Secure` it must not hide that (CVE-2026-80255).
    let (name, rest) = split_at_any(text, b";\r\n=");
    if name.is_empty() {
        return (None, None, rest);
    }
    match rest.strip_prefix(b"=") {
        Some(rest) => {
            let (value, rest) = split_at_any(rest, b";\r\n");
            (Some(trim_blanks(name)), Some(trim_blanks(value)), rest)
        }
        None => (Some(trim_blanks(name)), None, rest),
    }
}

fn check_octets<'a>(name: &[u8], value: Option<&'a [u8]>) -> Result<Option<&'a [u8]>, Refused> {
    if has_control_octets(name) {
        return refuse("invalid octets in name, cookie dropped");
    }
    if value.is_some_and(has_control_octets) {
        return refuse("invalid octets in value, cookie dropped");
    }
    Ok(value)
}

/// The first pair is the cookie itself.
fn take_pair(cookie: &mut Cookie, name: &[u8], value: Option<&[u8]>) -> Result<(), Refused> {
    let Some(value) = value.filter(|_| !name.is_empty()) else {
        return refuse("invalid cookie, dropped");
    };
    if name.len() + value.len() > MAX_NAME_AND_VALUE {
        let (name, value) = (name.len(), value.len());
        let why = format!("oversized cookie dropped, name/val {name} + {value} bytes");
        return Err(Refused(why.into()));
    }
    cookie.name = name.into();
    cookie.value = value.into();
    Ok(())
}

fn take_attribute(
    cookie: &mut Cookie,
    name: &[u8],
    value: &[u8],
    response: Option<&Response<'_>>,
    now: i64,
) -> Result<(), Refused> {
    if name.eq_ignore_ascii_case(b"domain") {
        take_domain(cookie, value.strip_prefix(b".").unwrap_or(value), response)?;
    } else if name.eq_ignore_ascii_case(b"max-age") {
        cookie.expires = capped(expiry_of_age(value, now), now);
    } else if name.eq_ignore_ascii_case(b"expires") && cookie.expires == 0 && value.len() < MAX_DATE
    {
        // Max-Age goes before; a date that cannot be read makes a session cookie.
        let date = parse_date(value).map_or(0, |date| if date == 0 { 1 } else { date });
        cookie.expires = capped(date, now);
    }
    Ok(())
}

fn take_domain(
    cookie: &mut Cookie,
    domain: &[u8],
    response: Option<&Response<'_>>,
) -> Result<(), Refused> {
    let host = response.map(|response| response.host);
    let by_address = is_ip(host.unwrap_or(domain));
    let is_ours = match host {
        None => true,
        Some(host) if by_address => host == domain,
        Some(host) => tail_matches(domain, host),
    };
    if !is_ours {
        let domain = String::from_utf8_lossy(domain);
        return Err(Refused(format!("skipped cookie with bad tailmatch domain: {domain}").into()));
    }
    cookie.domain = Some(domain.into());
    cookie.tail_match |= !by_address;
    Ok(())
}

/// When `Max-Age` seconds have gone by; 1, in the past, for zero or what is no number.
fn expiry_of_age(text: &[u8], now: i64) -> i64 {
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    let mut age = None;
    for digit in digits {
        let digit = i64::from(digit - b'0');
        age = Some(age.unwrap_or(0i64).saturating_mul(10).saturating_add(digit));
    }
    match age {
        None | Some(0) => 1,
        Some(age) => age.saturating_add(now),
    }
}

/// At most 400 days ahead; the cap is on a whole minute.
fn capped(expires: i64, now: i64) -> i64 {
    let latest = now.saturating_add(MAX_AGE);
    if expires > latest { latest.saturating_add(30) / 60 * 60 } else { expires }
}

fn default_path(path: &[u8]) -> &[u8] {
    let end = memchr::memrchr(b'/', path).map_or(path.len(), |slash| slash + 1);
    path.get(..end).unwrap_or_default()
}

fn split_at_any<'a>(text: &'a [u8], ends: &[u8]) -> (&'a [u8], &'a [u8]) {
    let end = text.iter().position(|byte| ends.contains(byte)).unwrap_or(text.len());
    text.split_at(end)
}
