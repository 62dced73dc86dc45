//! URLs as libcurl reads, changes and writes them (curl_url_set(3), curl_url_get(3), RFC 3986).
//!
//! Bytes, not text: a URL may hold anything but control bytes. One allocation holds all parts;
//! the accessors borrow from it.

mod code;
mod dots;
mod encode;
mod get;
mod host;
mod parse;
mod set;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

pub use code::{UrlCode, UrlFlags, UrlPart};
pub use dots::dedotdotify;
pub use host::parse_ipv4;
pub use parse::{is_absolute, split_login};

use crate::scheme::Scheme;

/// Longest URL and longest part, in bytes (libcurl's `CURL_MAX_INPUT_LENGTH`).
pub const MAX_INPUT: usize = 8_000_000;

/// Longest scheme name, in bytes.
const MAX_SCHEME: usize = 40;

/// The scheme of `CURLU_DEFAULT_SCHEME`.
const DEFAULT_SCHEME: &[u8] = b"https";

/// A URL in its parts; complete or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Url {
    /// The parts one after the other, in the order of `Slot`; path, `?` and query adjoin.
    text: Vec<u8>,
    spans: [Span; SLOTS],
    known: Option<&'static Scheme>,
    port: Option<u16>,
    guessed_scheme: bool,
    /// An empty query was set: the whole URL shows it, the query by itself is none (as in libcurl).
    empty_query: bool,
    fragment_present: bool,
}

impl Url {
    /// A URL without any part.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads an absolute URL, or one without scheme where the flags allow that.
    pub fn parse(text: &[u8], flags: UrlFlags) -> Result<Self, UrlCode> {
        parse::parse(text, flags)
    }

    /// A part as curl_url_get(3) gives it.
    pub fn get(&self, part: UrlPart, flags: UrlFlags) -> Result<Cow<'_, [u8]>, UrlCode> {
        get::get(self, part, flags)
    }

    /// Sets a part as curl_url_set(3) does; none clears it. Setting [`UrlPart::Url`] on a
    /// complete URL resolves a relative one (a redirect). The URL is unchanged on failure.
    pub fn set(
        &mut self,
        part: UrlPart,
        value: Option<&[u8]>,
        flags: UrlFlags,
    ) -> Result<(), UrlCode> {
        match value {
            Some(value) => set::set(self, part, value, flags),
            None => {
                set::clear(self, part);
                Ok(())
            }
        }
    }

    /// The whole URL, as `get(UrlPart::Url, flags)`.
    pub fn to_bytes(&self, flags: UrlFlags) -> Result<Vec<u8>, UrlCode> {
        get::whole(self, flags)
    }

    /// The URL that a reference (absolute or relative) leads to from here.
    pub fn join(&self, reference: &[u8], flags: UrlFlags) -> Result<Self, UrlCode> {
        let mut url = self.clone();
        url.set(UrlPart::Url, Some(reference), flags)?;
        Ok(url)
    }

    /// The scheme's name; in lower case after parsing.
    pub fn scheme_name(&self) -> Option<&[u8]> {
        self.slot(Slot::Scheme)
    }

    /// What libcurl knows of the scheme; none: unknown or not set.
    pub fn scheme(&self) -> Option<&'static Scheme> {
        self.known
    }

    /// Whether the scheme was guessed (`CURLU_GUESS_SCHEME`).
    pub fn is_scheme_guessed(&self) -> bool {
        self.guessed_scheme
    }

    /// The user, still encoded.
    pub fn user(&self) -> Option<&[u8]> {
        self.slot(Slot::User)
    }

    /// The password, still encoded.
    pub fn password(&self) -> Option<&[u8]> {
        self.slot(Slot::Password)
    }

    /// The login options after the semicolon, still encoded.
    pub fn options(&self) -> Option<&[u8]> {
        self.slot(Slot::Options)
    }

    /// The host, an IPv6 address in brackets; empty when there is none.
    pub fn host(&self) -> &[u8] {
        self.slot(Slot::Host).unwrap_or_default()
    }

    /// The host as the resolver wants it: an IPv6 address without brackets.
    pub fn host_name(&self) -> &[u8] {
        let host = self.host();
        host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or(host)
    }

    /// Whether the host is an IPv6 address in brackets.
    pub fn is_ipv6(&self) -> bool {
        self.host().first() == Some(&b'[')
    }

    /// The host in ASCII: a name with other letters in punycode (IDNA).
    pub fn host_ascii(&self) -> Result<Cow<'_, [u8]>, UrlCode> {
        get::to_punycode(self.host())
    }

    /// The name by which what is kept about a host is found: in ASCII, without brackets. A name that
    /// has no ASCII form stays as it is; nothing can connect to it.
    pub fn host_key(&self) -> Cow<'_, [u8]> {
        match self.host_name() {
            name if name.is_ascii() => Cow::Borrowed(name),
            name => self.host_ascii().unwrap_or(Cow::Borrowed(name)),
        }
    }

    /// The zone id of an IPv6 address.
    pub fn zone_id(&self) -> Option<&[u8]> {
        self.slot(Slot::ZoneId)
    }

    /// The port: the URL's, else the scheme's; 0: none.
    pub fn port(&self) -> u16 {
        self.port.or(self.known.map(|scheme| scheme.port)).unwrap_or(0)
    }

    /// The port that the URL itself names.
    pub fn explicit_port(&self) -> Option<u16> {
        self.port
    }

    /// The path, with its slash; `/` when there is none.
    pub fn path(&self) -> &[u8] {
        self.slot(Slot::Path).unwrap_or(b"/")
    }

    /// The query after the question mark; may be empty.
    pub fn query(&self) -> Option<&[u8]> {
        self.slot(Slot::Query)
    }

    /// Path, question mark and query as they are.
    pub fn path_and_query(&self) -> &[u8] {
        let path = self.span(Slot::Path).range();
        let end = self
            .span(Slot::Query)
            .range()
            .map_or(path.as_ref().map_or(0, |path| path.end), |query| query.end);
        path.and_then(|path| self.text.get(path.start..end)).unwrap_or(b"/")
    }

    /// The target of an HTTP request: as [`Url::path_and_query`], what must be encoded in the
    /// path is encoded.
    pub fn request_target(&self) -> Cow<'_, [u8]> {
        match encode::reencode(self.path(), encode::Query::No) {
            Ok(Cow::Owned(mut path)) => {
                if let Some(query) = self.query() {
                    path.push(b'?');
                    path.extend_from_slice(query);
                }
                Cow::Owned(path)
            }
            _ => Cow::Borrowed(self.path_and_query()),
        }
    }

    /// The fragment; none when it is empty.
    pub fn fragment(&self) -> Option<&[u8]> {
        self.slot(Slot::Fragment)
    }

    /// Whether a reference read by itself stays on this URL's scheme, host and port.
    pub fn is_same_origin(&self, other: &Self) -> bool {
        let same = |a: Option<&[u8]>, b: Option<&[u8]>| {
            a.unwrap_or_default().eq_ignore_ascii_case(b.unwrap_or_default())
        };
        if self.slot(Slot::Scheme).is_none() || self.slot(Slot::Host).is_none() {
            return false;
        }
        if other.slot(Slot::Scheme).is_some() && !same(self.scheme_name(), other.scheme_name()) {
            return false;
        }
        if other.slot(Slot::Host).is_none() {
            return other.port.is_none();
        }
        let ports = match (self.port, other.port) {
            (Some(port), None) | (None, Some(port)) => {
                self.known.is_some_and(|scheme| scheme.port == port)
            }
            (ours, theirs) => ours == theirs,
        };
        ports
            && same(Some(self.host()), Some(other.host()))
            && same(self.zone_id(), other.zone_id())
    }

    fn slot(&self, slot: Slot) -> Option<&[u8]> {
        self.text.get(self.span(slot).range()?)
    }

    fn span(&self, slot: Slot) -> Span {
        self.spans.get(slot as usize).copied().unwrap_or_default()
    }
}

/// The parts that hold text, in the order of the text.
#[derive(Clone, Copy)]
enum Slot {
    Scheme,
    User,
    Password,
    Options,
    Host,
    ZoneId,
    Path,
    Query,
    Fragment,
}

const SLOTS: usize = Slot::Fragment as usize + 1;

/// Where a part is in the text; no part at all when `end` is smaller than `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: u32,
    end: u32,
}

impl Default for Span {
    fn default() -> Self {
        Self { start: 1, end: 0 }
    }
}

impl Span {
    fn range(self) -> Option<Range<usize>> {
        (self.start <= self.end).then_some(self.start as usize..self.end as usize)
    }
}

/// The parts of a URL while it is made or remade.
#[derive(Default)]
struct Parts<'a> {
    slots: [Option<Cow<'a, [u8]>>; SLOTS],
    known: Option<&'static Scheme>,
    port: Option<u16>,
    guessed_scheme: bool,
    empty_query: bool,
    fragment_present: bool,
}

impl<'a> Parts<'a> {
    fn of(url: &'a Url) -> Self {
        const ORDER: [Slot; SLOTS] = [
            Slot::Scheme,
            Slot::User,
            Slot::Password,
            Slot::Options,
            Slot::Host,
            Slot::ZoneId,
            Slot::Path,
            Slot::Query,
            Slot::Fragment,
        ];
        Self {
            slots: ORDER.map(|slot| url.slot(slot).map(Cow::Borrowed)),
            known: url.known,
            port: url.port,
            guessed_scheme: url.guessed_scheme,
            empty_query: url.empty_query,
            fragment_present: url.fragment_present,
        }
    }

    fn put(&mut self, slot: Slot, value: Option<Cow<'a, [u8]>>) {
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = value;
        }
    }

    fn get(&self, slot: Slot) -> Option<&[u8]> {
        self.slots.get(slot as usize)?.as_deref()
    }

    fn build(mut self) -> Url {
        if self.get(Slot::Path).is_none() && self.get(Slot::Query).is_some() {
            self.put(Slot::Path, Some(Cow::Borrowed(b"/")));
        }
        let size = self.slots.iter().flatten().map(|part| part.len() + 1).sum();
        let mut text = Vec::with_capacity(size);
        let mut spans = [Span::default(); SLOTS];
        for (index, (span, part)) in spans.iter_mut().zip(&self.slots).enumerate() {
            let Some(part) = part else { continue };
            if index == Slot::Query as usize {
                text.push(b'?');
            }
            // Parts are far below 4 GB: see MAX_INPUT.
            let start = text.len() as u32;
            text.extend_from_slice(part);
            *span = Span { start, end: text.len() as u32 };
        }
        Url {
            text,
            spans,
            known: self.known,
            port: self.port,
            guessed_scheme: self.guessed_scheme,
            empty_query: self.empty_query,
            fragment_present: self.fragment_present,
        }
    }
}
