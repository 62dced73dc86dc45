use std::borrow::Cow;

use super::encode::{Query, reencode};
use super::{DEFAULT_SCHEME, Slot, Url, UrlCode, UrlFlags, UrlPart};
use crate::escape::{Refuse, escape, unescape_strict};
use crate::scheme::{Scheme, SchemeFlags};

pub(super) fn get(url: &Url, part: UrlPart, flags: UrlFlags) -> Result<Cow<'_, [u8]>, UrlCode> {
    let empty_wanted = flags.contains(UrlFlags::GET_EMPTY);
    let (text, missing) = match part {
        UrlPart::Url => return whole(url, flags).map(Cow::Owned),
        UrlPart::Port => {
            let port = port(url, url.scheme(), flags).ok_or(UrlCode::NoPort)?;
            return Ok(Cow::Owned(port.to_string().into_bytes()));
        }
        UrlPart::Scheme if url.guessed_scheme && flags.contains(UrlFlags::NO_GUESS_SCHEME) => {
            (None, UrlCode::NoScheme)
        }
        UrlPart::Scheme => (url.scheme_name(), UrlCode::NoScheme),
        UrlPart::User => (url.user(), UrlCode::NoUser),
        UrlPart::Password => (url.password(), UrlCode::NoPassword),
        UrlPart::Options => (url.options(), UrlCode::NoOptions),
        UrlPart::Host => (url.slot(Slot::Host), UrlCode::NoHost),
        UrlPart::Zoneid => (url.zone_id(), UrlCode::NoZoneid),
        UrlPart::Path => (Some(url.path()), UrlCode::UnknownPart),
        UrlPart::Query => {
            (url.query().filter(|query| empty_wanted || !query.is_empty()), UrlCode::NoQuery)
        }
        UrlPart::Fragment => {
            let empty = (empty_wanted && url.fragment_present).then_some(&b""[..]);
            (url.fragment().or(empty), UrlCode::NoFragment)
        }
    };
    format(text.ok_or(missing)?, part, flags)
}

/// The whole URL.
pub(super) fn whole(url: &Url, flags: UrlFlags) -> Result<Vec<u8>, UrlCode> {
    let mut out = Vec::with_capacity(url.text.len() + 16);
    if url.scheme_name().is_some_and(|name| name.eq_ignore_ascii_case(b"file")) {
        out.extend_from_slice(b"file://");
    } else {
        url.slot(Slot::Host).ok_or(UrlCode::NoHost)?;
        push_authority(&mut out, url, flags)?;
    }
    out.extend_from_slice(url.path());
    let empty_wanted = flags.contains(UrlFlags::GET_EMPTY);
    if let Some(query) = url.query().filter(|query| empty_wanted || !query.is_empty()) {
        out.push(b'?');
        out.extend_from_slice(query);
    } else if empty_wanted && url.empty_query {
        out.push(b'?');
    }
    if url.fragment().is_some() || (empty_wanted && url.fragment_present) {
        out.push(b'#');
        out.extend_from_slice(url.fragment().unwrap_or_default());
    }
    Ok(out)
}

/// A host in ASCII; other letters become punycode (UTS 46, non-transitional as in libidn2).
pub(super) fn to_punycode(host: &[u8]) -> Result<Cow<'_, [u8]>, UrlCode> {
    if host.is_ascii() {
        return Ok(Cow::Borrowed(host));
    }
    let ascii = idna::uts46::Uts46::new()
        .to_ascii(
            host,
            // No letter may turn out to be a slash or another character that ends a host.
            idna::AsciiDenyList::URL,
            idna::uts46::Hyphens::Allow,
            idna::uts46::DnsLength::VerifyAllowRootDot,
        )
        .map_err(|_| UrlCode::BadHostname)?;
    Ok(Cow::Owned(ascii.into_owned().into_bytes()))
}

/// A host in Unicode; names without punycode stay as they are.
fn from_punycode(host: &[u8]) -> Result<Cow<'_, [u8]>, UrlCode> {
    let is_punycode =
        |label: &[u8]| label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"xn--"));
    if !host.is_ascii() || !host.split(|&byte| byte == b'.').any(is_punycode) {
        return Ok(Cow::Borrowed(host));
    }
    let (text, verdict) = idna::uts46::Uts46::new().to_unicode(
        host,
        idna::AsciiDenyList::EMPTY,
        idna::uts46::Hyphens::Allow,
    );
    verdict.map_err(|_| UrlCode::BadHostname)?;
    Ok(Cow::Owned(text.into_owned().into_bytes()))
}

fn port(url: &Url, scheme: Option<&Scheme>, flags: UrlFlags) -> Option<u16> {
    match (url.port, scheme) {
        (Some(port), Some(scheme))
            if scheme.port == port && flags.contains(UrlFlags::NO_DEFAULT_PORT) =>
        {
            None
        }
        (Some(port), _) => Some(port),
        (None, Some(scheme)) if flags.contains(UrlFlags::DEFAULT_PORT) => Some(scheme.port),
        (None, _) => None,
    }
}

fn format(text: &[u8], part: UrlPart, flags: UrlFlags) -> Result<Cow<'_, [u8]>, UrlCode> {
    let mut text = Cow::Borrowed(text);
    if flags.contains(UrlFlags::URLDECODE) && part != UrlPart::Scheme {
        if part == UrlPart::Query {
            let spaced = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte });
            text = Cow::Owned(spaced.collect());
        }
        text = Cow::Owned(unescape_strict(&text, Refuse::Control).ok_or(UrlCode::UrlDecode)?);
    }
    if flags.contains(UrlFlags::URLENCODE) {
        let query = if part == UrlPart::Query { Query::Yes } else { Query::No };
        return over(text, |text| reencode(text, query));
    }
    if part != UrlPart::Host {
        return Ok(text);
    }
    if flags.contains(UrlFlags::PUNYCODE) {
        return over(text, to_punycode);
    }
    if flags.contains(UrlFlags::PUNY2IDN) {
        return over(text, from_punycode);
    }
    Ok(text)
}

/// Applies a function of borrowed bytes to bytes that may be owned.
fn over<'a, E>(
    text: Cow<'a, [u8]>,
    change: impl for<'b> Fn(&'b [u8]) -> Result<Cow<'b, [u8]>, E>,
) -> Result<Cow<'a, [u8]>, E> {
    match text {
        Cow::Borrowed(text) => change(text),
        Cow::Owned(text) => Ok(Cow::Owned(change(&text)?.into_owned())),
    }
}

/// `scheme://user:password;options@host:port`.
fn push_authority(out: &mut Vec<u8>, url: &Url, flags: UrlFlags) -> Result<(), UrlCode> {
    let scheme = match url.scheme_name() {
        Some(scheme) => scheme,
        None if flags.contains(UrlFlags::DEFAULT_SCHEME) => DEFAULT_SCHEME,
        None => return Err(UrlCode::NoScheme),
    };
    let known = Scheme::find(scheme);
    if !url.guessed_scheme || !flags.contains(UrlFlags::NO_GUESS_SCHEME) {
        out.extend_from_slice(scheme);
        out.extend_from_slice(b"://");
    }
    let with_options = known.is_none_or(|scheme| scheme.flags.contains(SchemeFlags::URL_OPTIONS));
    let options = url.options().filter(|_| with_options);
    out.extend_from_slice(url.user().unwrap_or_default());
    for (mark, part) in [(b':', url.password()), (b';', options)] {
        if let Some(part) = part {
            out.push(mark);
            out.extend_from_slice(part);
        }
    }
    if url.user().is_some() || url.password().is_some() || options.is_some() {
        out.push(b'@');
    }
    push_host(out, url, flags)?;
    if let Some(port) = port(url, known, flags) {
        out.push(b':');
        out.extend_from_slice(port.to_string().as_bytes());
    }
    Ok(())
}

fn push_host(out: &mut Vec<u8>, url: &Url, flags: UrlFlags) -> Result<(), UrlCode> {
    let host = url.host();
    match (host.strip_suffix(b"]"), url.zone_id()) {
        (Some(address), Some(zone)) if url.is_ipv6() => {
            for piece in [address, b"%25", zone, b"]"] {
                out.extend_from_slice(piece);
            }
        }
        _ if url.is_ipv6() => out.extend_from_slice(host),
        _ if flags.contains(UrlFlags::URLENCODE) => out.extend_from_slice(&escape(host)),
        _ if flags.contains(UrlFlags::PUNYCODE) => out.extend_from_slice(&to_punycode(host)?),
        _ if flags.contains(UrlFlags::PUNY2IDN) => out.extend_from_slice(&from_punycode(host)?),
        _ => out.extend_from_slice(host),
    }
    Ok(())
}
