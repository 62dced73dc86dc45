use std::borrow::Cow;

use super::encode::{PartStyle, Query, push_encoded_part, push_reencoded, push_with_upper_escapes};
use super::parse::{is_absolute, parse_port};
use super::{
    DEFAULT_SCHEME, MAX_INPUT, MAX_SCHEME, Parts, Slot, Url, UrlCode, UrlFlags, UrlPart, host,
};
use crate::escape::{Refuse, unescape_strict};
use crate::scheme::Scheme;

pub(super) fn set(
    url: &mut Url,
    part: UrlPart,
    value: &[u8],
    flags: UrlFlags,
) -> Result<(), UrlCode> {
    if value.len() > MAX_INPUT || value.contains(&0) {
        return Err(UrlCode::MalformedInput);
    }
    match part {
        UrlPart::Url => set_url(url, value, flags),
        UrlPart::Scheme => set_scheme(url, value, flags),
        UrlPart::Host => set_host(url, value, flags),
        UrlPart::Query => set_query(url, value, flags),
        UrlPart::Port => {
            let only_digits = value.iter().all(u8::is_ascii_digit);
            url.port =
                Some(if only_digits { parse_port(value) } else { Err(UrlCode::BadPortNumber) }?);
            Ok(())
        }
        UrlPart::Path => set_text(url, Slot::Path, value, flags),
        UrlPart::Fragment => {
            set_text(url, Slot::Fragment, value, flags)?;
            url.fragment_present = true;
            Ok(())
        }
        UrlPart::User => set_text(url, Slot::User, value, flags),
        UrlPart::Password => set_text(url, Slot::Password, value, flags),
        UrlPart::Options => set_text(url, Slot::Options, value, flags),
        UrlPart::Zoneid => set_text(url, Slot::ZoneId, value, flags),
    }
}

pub(super) fn clear(url: &mut Url, part: UrlPart) {
    match part {
        UrlPart::Url => *url = Url::default(),
        UrlPart::Scheme => {
            replace(url, Slot::Scheme, None);
            url.guessed_scheme = false;
        }
        UrlPart::User => replace(url, Slot::User, None),
        UrlPart::Password => replace(url, Slot::Password, None),
        UrlPart::Options => replace(url, Slot::Options, None),
        UrlPart::Host => replace(url, Slot::Host, None),
        UrlPart::Zoneid => replace(url, Slot::ZoneId, None),
        UrlPart::Port => url.port = None,
        UrlPart::Path => replace(url, Slot::Path, None),
        UrlPart::Query => {
            replace(url, Slot::Query, None);
            url.empty_query = false;
        }
        UrlPart::Fragment => {
            replace(url, Slot::Fragment, None);
            url.fragment_present = false;
        }
    }
}

fn replace(url: &mut Url, slot: Slot, value: Option<&[u8]>) {
    let mut parts = Parts::of(url);
    parts.put(slot, value.map(Cow::Borrowed));
    if let Slot::Scheme = slot {
        parts.known = value.and_then(Scheme::find);
    }
    *url = parts.build();
}

fn set_text(url: &mut Url, slot: Slot, value: &[u8], flags: UrlFlags) -> Result<(), UrlCode> {
    let mut text = Vec::with_capacity(value.len() + 16);
    let is_path = matches!(slot, Slot::Path);
    if is_path && value.first() != Some(&b'/') {
        text.push(b'/');
    }
    let style = PartStyle { path: is_path, ..PartStyle::default() };
    push_part(&mut text, value, flags, style);
    replace(url, slot, keep(&text, flags));
    Ok(())
}

fn push_part(out: &mut Vec<u8>, value: &[u8], flags: UrlFlags, style: PartStyle) {
    if flags.contains(UrlFlags::URLENCODE) {
        push_encoded_part(out, value, style);
    } else {
        push_with_upper_escapes(out, value);
    }
}

/// Nothing, encoded, clears the part; nothing as it is makes an empty part (as in libcurl).
fn keep(text: &[u8], flags: UrlFlags) -> Option<&[u8]> {
    (!text.is_empty() || !flags.contains(UrlFlags::URLENCODE)).then_some(text)
}

fn set_query(url: &mut Url, value: &[u8], flags: UrlFlags) -> Result<(), UrlCode> {
    let append = flags.contains(UrlFlags::APPENDQUERY);
    let style = PartStyle { plus: true, path: false, equals: append };
    let mut added = Vec::with_capacity(value.len() + 16);
    push_part(&mut added, value, flags, style);
    let old = url.query().filter(|old| append && !old.is_empty());
    let (Some(old), Some(added)) = (old, keep(&added, flags)) else {
        let query = keep(&added, flags);
        replace(url, Slot::Query, query);
        url.empty_query = query.is_none();
        return Ok(());
    };
    let ampersand: &[u8] = if old.ends_with(b"&") { b"" } else { b"&" };
    let query = [old, ampersand, added].concat();
    if query.len() > MAX_INPUT {
        return Err(UrlCode::TooLarge);
    }
    replace(url, Slot::Query, Some(&query));
    url.empty_query = false;
    Ok(())
}

fn set_host(url: &mut Url, value: &[u8], flags: UrlFlags) -> Result<(), UrlCode> {
    // Whatever becomes of it, the zone of the old one is gone (as in libcurl).
    replace(url, Slot::ZoneId, None);
    let mut text = Vec::with_capacity(value.len());
    push_part(&mut text, value, flags, PartStyle::default());
    let mut zone = None;
    if text.is_empty() {
        if !flags.contains(UrlFlags::NO_AUTHORITY) {
            return Err(UrlCode::BadHostname);
        }
    } else {
        let decoded = if flags.contains(UrlFlags::URLENCODE) {
            Cow::Borrowed(&text)
        } else {
            Cow::Owned(unescape_strict(&text, Refuse::Control).ok_or(UrlCode::BadHostname)?)
        };
        if decoded.first() == Some(&b'[') {
            let address;
            (address, zone) = host::parse_ipv6(&decoded).map_err(|_| UrlCode::BadHostname)?;
            // An address alone stays as it is written, unlike one in a whole URL.
            if zone.is_some() {
                text = address;
            }
        } else {
            host::check_name(&decoded).map_err(|_| UrlCode::BadHostname)?;
        }
    }
    replace(url, Slot::ZoneId, zone.as_deref());
    replace(url, Slot::Host, keep(&text, flags));
    Ok(())
}

fn set_scheme(url: &mut Url, name: &[u8], flags: UrlFlags) -> Result<(), UrlCode> {
    if name.is_empty() || name.len() > MAX_SCHEME {
        return Err(UrlCode::BadScheme);
    }
    let known = Scheme::find(name);
    let is_usable = known.is_some_and(Scheme::is_for_transfers);
    if !is_usable && !flags.contains(UrlFlags::NON_SUPPORT_SCHEME) {
        return Err(UrlCode::UnsupportedScheme);
    }
    let is_well_formed = name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
    if !is_well_formed {
        return Err(UrlCode::BadScheme);
    }
    replace(url, Slot::Scheme, Some(name));
    url.guessed_scheme = false;
    Ok(())
}

fn set_url(url: &mut Url, value: &[u8], flags: UrlFlags) -> Result<(), UrlCode> {
    if value.is_empty() {
        // An empty reference leads to the same place, without fragment (RFC 3986 section 5.2.2).
        url.to_bytes(flags).map_err(|_| UrlCode::MalformedInput)?;
        clear(url, UrlPart::Fragment);
        return Ok(());
    }
    let guessing = flags.intersects(UrlFlags::GUESS_SCHEME | UrlFlags::DEFAULT_SCHEME);
    // The base keeps empty queries and fragments: the reference is spliced in at their marks.
    let base_flags = flags.difference(UrlFlags::NO_GUESS_SCHEME) | UrlFlags::GET_EMPTY;
    *url = match url.to_bytes(base_flags) {
        Ok(base) if !is_absolute(value, guessing) => resolve(url, &base, value, flags)?,
        _ => Url::parse(value, flags)?,
    };
    Ok(())
}

/// Splices a relative reference into the base's text and reads the outcome.
fn resolve(url: &Url, base: &[u8], reference: &[u8], flags: UrlFlags) -> Result<Url, UrlCode> {
    let authority = url.scheme_name().unwrap_or(DEFAULT_SCHEME).len() + b"://".len();
    let from_host = base.get(authority..).unwrap_or_default();
    let find = |mark: u8| memchr::memchr(mark, from_host);
    let mark = match (url.query().is_some(), url.fragment_present) {
        (true, _) => find(b'?'),
        (false, true) => find(b'#'),
        (false, false) => None,
    };
    let cut = match reference {
        [b'/', b'/', ..] => Some(0),
        [b'/', ..] => find(b'/'),
        [b'#', ..] if url.fragment_present => find(b'#'),
        [b'#', ..] => None,
        [b'?', ..] => mark,
        _ => {
            let path = from_host.get(..mark.unwrap_or(from_host.len())).unwrap_or_default();
            memchr::memrchr(b'/', path).map(|slash| slash + 1)
        }
    };
    let kept = cut.map_or(base.len(), |cut| authority + cut);
    let mut text = Vec::with_capacity(kept + reference.len() + 16);
    text.extend_from_slice(base.get(..kept).unwrap_or_default());
    push_reference(&mut text, reference);
    if text.len() > MAX_INPUT {
        return Err(UrlCode::OutOfMemory);
    }
    Url::parse(&text, flags.difference(UrlFlags::PATH_AS_IS))
}

/// Appends a relative reference; a host in it is not encoded, or IDN would fail.
fn push_reference(out: &mut Vec<u8>, reference: &[u8]) {
    let Some(reference) = reference.strip_prefix(b"//") else {
        return push_reencoded(out, reference, Query::NotYet);
    };
    let host = memchr::memmem::find(reference, b"//").map_or(0, |at| at + 2);
    let end = reference
        .get(host..)
        .and_then(|rest| rest.iter().position(|byte| b"/?".contains(byte)))
        .map_or(reference.len(), |end| host + end);
    let (host, rest) = reference.split_at_checked(end).unwrap_or((reference, b""));
    out.extend_from_slice(host);
    push_reencoded(out, rest, Query::NotYet);
}
