//! Cookies as libcurl keeps and sends them (libcurl's http-cookies page, RFC 6265 and its
//! revision): a jar of plain values, without files and without a clock.

mod file;
mod parse;
mod rules;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cmp::Reverse;

pub use file::COOKIE_FILE_HEAD;

use rules::{BUCKETS, bucket_of, path_matches, tail_matches};

use crate::host::is_ip;

/// Longest line of a cookie file and longest `Set-Cookie` value, in bytes.
pub const MAX_COOKIE_LINE: usize = 5000;

/// Longest name and value together, in bytes (RFC 6265bis section 5.4).
pub const MAX_NAME_AND_VALUE: usize = 4096;

/// Most `Set-Cookie` headers that are heeded of one response; the caller counts.
pub const MAX_SET_COOKIES: usize = 50;

/// Longest `Cookie` header that is sent, in bytes.
pub const MAX_COOKIE_HEADER: usize = 8190;

/// Most cookies that are sent with one request.
pub const MAX_COOKIES_SENT: usize = 150;

/// Most cookies in a jar.
pub const MAX_COOKIES: usize = 100_000;

/// A cookie is forgotten after as many seconds at the latest: 400 days (RFC 6265bis section 5.5).
pub const MAX_AGE: i64 = 400 * 24 * 3600;

/// One cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// As it was set.
    pub name: Box<[u8]>,
    /// As it was set; may be empty.
    pub value: Box<[u8]>,
    /// Without a slash at the end; none: every path.
    pub path: Option<Box<[u8]>>,
    /// Without a dot before it; none: every host.
    pub domain: Option<Box<[u8]>>,
    /// Unix seconds; 0: at the end of the session.
    pub expires: i64,
    /// Sent to hosts below the domain too.
    pub tail_match: bool,
    /// Its domain is a public suffix: it is sent there alone. Files say what was set, as libcurl's.
    alone: bool,
    /// Sent over secure connections only.
    pub secure: bool,
    /// Not for scripts; noted in files only.
    pub http_only: bool,
    /// Set while transfers ran, not read from a file.
    live: bool,
    /// Rises with each cookie of the jar.
    created: u64,
}

impl Cookie {
    /// libcurl's words for the debug log when the cookie was kept.
    pub fn note(&self, replaced: bool) -> String {
        let text = |bytes: &Option<Box<[u8]>>| match bytes {
            Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            None => "(nil)".to_owned(),
        };
        format!(
            "{} cookie {}=\"{}\" for domain {}, path {}, expire {}",
            if replaced { "Replaced" } else { "Added" },
            String::from_utf8_lossy(&self.name),
            String::from_utf8_lossy(&self.value),
            text(&self.domain),
            text(&self.path),
            self.expires
        )
    }
}

/// A cookie that went into the jar.
#[derive(Debug)]
pub struct Kept<'a> {
    /// The cookie as it is now.
    pub cookie: &'a Cookie,
    /// It took the place of one of the same name, domain and path.
    pub replaced: bool,
}

/// A cookie that did not go into the jar, with libcurl's words for the debug log (may be empty).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub Cow<'static, str>);

/// A response that sets cookies.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// The host that was asked (a custom `Host:` header's, where there is one), without brackets.
    pub host: &'a [u8],
    /// The path that was asked, without query.
    pub path: &'a [u8],
    /// TLS, or a host that counts as secure: see [`is_secure_context`].
    pub secure: bool,
}

/// What `CURLOPT_COOKIELIST` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieCommand<'a> {
    /// `ALL`: forget all cookies.
    ClearAll,
    /// `SESS`: forget session cookies.
    ClearSession,
    /// `FLUSH`: write `CURLOPT_COOKIEJAR`.
    Flush,
    /// `RELOAD`: read `CURLOPT_COOKIEFILE` again.
    Reload,
    /// A `Set-Cookie:` line or a line of a cookie file.
    Add(&'a [u8]),
}

impl<'a> CookieCommand<'a> {
    /// Reads the option's text.
    pub fn parse(text: &'a [u8]) -> Self {
        match text {
            _ if text.eq_ignore_ascii_case(b"ALL") => Self::ClearAll,
            _ if text.eq_ignore_ascii_case(b"SESS") => Self::ClearSession,
            _ if text.eq_ignore_ascii_case(b"FLUSH") => Self::Flush,
            _ if text.eq_ignore_ascii_case(b"RELOAD") => Self::Reload,
            _ => Self::Add(text),
        }
    }
}

/// Whether cookies marked `secure` may go over the connection: TLS or a loopback host by name.
pub fn is_secure_context(tls: bool, host: &[u8]) -> bool {
    tls || host.eq_ignore_ascii_case(b"localhost") || host == b"127.0.0.1" || host == b"::1"
}

/// All cookies of a handle or a share. Empty, it costs nothing.
#[derive(Clone, Debug, Default)]
pub struct CookieJar {
    /// By a hash of the domain's last two labels, as in libcurl: the order of listings is that.
    buckets: Vec<Vec<Cookie>>,
    count: usize,
    last_created: u64,
    /// No cookie expires before this; 0: not known.
    next_expiry: i64,
    running: bool,
}

/// How the cookies of one request were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// How many.
    pub count: usize,
    /// The header's limit left some out: the application's own cookies stay out too.
    pub full: bool,
}

impl CookieJar {
    /// No cookies.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many cookies there are, expired ones included.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Transfers run from now on: cookies that are set now win over those of files.
    pub fn start(&mut self) {
        self.running = true;
    }

    /// Whether a transfer has run with it, so that all files were read: only then it is written.
    pub fn is_started(&self) -> bool {
        self.running
    }

    /// Keeps the cookie of a `Set-Cookie` header's value. `now`: Unix seconds.
    pub fn set_from_response(
        &mut self,
        value: &[u8],
        response: &Response<'_>,
        now: i64,
    ) -> Result<Kept<'_>, Refused> {
        let cookie = parse::parse_header(value, Some(response), true, now)?;
        self.remove_expired(now);
        self.add(cookie, Some(response), true)
    }

    /// Keeps the cookie of a `CURLOPT_COOKIELIST` line: `Set-Cookie: ...` or the file's format.
    pub fn add_line(&mut self, line: &[u8], now: i64) -> Result<Kept<'_>, Refused> {
        let cookie = match strip_set_cookie(line) {
            Some(value) => parse::parse_header(value, None, false, now)?,
            None => file::parse_line(line)?,
        };
        let live = self.running;
        self.remove_expired(now);
        self.add(cookie, None, live)
    }

    /// Reads the text of a cookie file or of dumped headers. `session`: keep session cookies.
    /// Lines that are no cookies are left out silently.
    pub fn load(&mut self, text: &[u8], session: bool, now: i64) {
        for line in text.split(|&byte| byte == b'\n').filter(|line| line.len() <= MAX_COOKIE_LINE) {
            let cookie = match strip_set_cookie(line) {
                Some(value) => parse::parse_header(value.trim_ascii_start(), None, false, now),
                None => file::parse_line(line),
            };
            let Ok(cookie) = cookie else { continue };
            let is_public = cookie.domain.as_deref().is_some_and(rules::is_public_suffix);
            if !is_public && (session || cookie.expires != 0) {
                // What a response has just taken back stays until the file is read, and wins.
                let _ = self.add(cookie, None, false);
            }
        }
        self.remove_expired(now);
        self.running = true;
    }

    /// Forgets all cookies.
    pub fn clear(&mut self) {
        self.buckets.clear();
        self.count = 0;
        self.next_expiry = 0;
    }

    /// Forgets the cookies that end with the session.
    pub fn clear_session(&mut self) {
        self.retain(|cookie| cookie.expires != 0);
    }

    /// Forgets what has expired.
    pub fn remove_expired(&mut self, now: i64) {
        if self.next_expiry <= now {
            self.retain(|cookie| cookie.expires == 0 || cookie.expires >= now);
            let times = self.cookies().map(|cookie| cookie.expires).filter(|&time| time != 0);
            self.next_expiry = times.min().unwrap_or(i64::MAX);
        }
    }

    /// All cookies, in the order of listings.
    pub fn cookies(&self) -> impl Iterator<Item = &Cookie> {
        self.buckets.iter().flatten()
    }

    /// Appends the cookies for a request, `name=value; name=value`. The path is without query,
    /// the host without brackets; `secure`: see [`is_secure_context`].
    pub fn write_header(&mut self, out: &mut Vec<u8>, request: &Response<'_>, now: i64) -> Written {
        let mut written = Written::default();
        let mut size = b"Cookie: ".len();
        for cookie in self.matching(request, now) {
            let added = cookie.name.len() + cookie.value.len() + 1;
            if size + added >= MAX_COOKIE_HEADER {
                written.full = true;
                break;
            }
            let between: &[u8] = if written.count == 0 { b"" } else { b"; " };
            for piece in [between, &cookie.name, b"=", &cookie.value] {
                out.extend_from_slice(piece);
            }
            size += added + between.len();
            written.count += 1;
        }
        written
    }

    /// The cookies for a request in the order in which they are sent: longest path first, then
    /// longest domain, longest name, latest.
    pub fn matching(&mut self, request: &Response<'_>, now: i64) -> Vec<&Cookie> {
        if self.is_empty() {
            return Vec::new();
        }
        self.remove_expired(now);
        let host_is_ip = is_ip(request.host);
        let fits = |cookie: &&Cookie| {
            (request.secure || !cookie.secure)
                && cookie.domain.as_deref().is_none_or(|domain| {
                    match cookie.tail_match && !cookie.alone && !host_is_ip {
                        true => tail_matches(domain, request.host),
                        false => domain.eq_ignore_ascii_case(request.host),
                    }
                })
                && cookie.path.as_deref().is_none_or(|path| path_matches(path, request.path))
        };
        let bucket = self.buckets.get(bucket_of(Some(request.host)));
        let mut found: Vec<_> =
            bucket.into_iter().flatten().filter(fits).take(MAX_COOKIES_SENT).collect();
        let len = |part: &Option<Box<[u8]>>| part.as_ref().map_or(0, |part| part.len());
        found.sort_by_key(|cookie| {
            Reverse((len(&cookie.path), len(&cookie.domain), cookie.name.len(), cookie.created))
        });
        found
    }

    fn retain(&mut self, keep: impl Fn(&Cookie) -> bool) {
        for bucket in &mut self.buckets {
            bucket.retain(&keep);
        }
        self.count = self.buckets.iter().map(Vec::len).sum();
    }

    fn add(
        &mut self,
        mut cookie: Cookie,
        response: Option<&Response<'_>>,
        live: bool,
    ) -> Result<Kept<'_>, Refused> {
        if !rules::keeps_prefix(&cookie) {
            return Err(Refused("".into()));
        }
        if let Some(response) = response {
            rules::check_public_suffix(&cookie, response.host)?;
            // Such a host may speak for itself alone (RFC 6265 section 5.3).
            cookie.alone = cookie.domain.as_deref().is_some_and(rules::is_public_suffix);
        }
        self.last_created += 1;
        cookie.created = self.last_created;
        cookie.live = live;
        if self.buckets.is_empty() {
            self.buckets.resize_with(BUCKETS, Vec::new);
        }
        let secure = response.is_none_or(|response| response.secure);
        let count = &mut self.count;
        let bucket = self.buckets.get_mut(bucket_of(cookie.domain.as_deref()));
        let bucket = bucket.ok_or(Refused("".into()))?;
        if bucket.iter().any(|old| rules::would_overlay(old, &cookie, secure)) {
            return Err(rules::overlay_refusal(&cookie));
        }
        let place = bucket.iter().position(|old| rules::is_same(old, &cookie));
        match place.and_then(|place| bucket.get(place)) {
            Some(old) if old.live && !cookie.live => return Err(Refused("".into())),
            Some(old) => cookie.created = old.created,
            None if *count >= MAX_COOKIES => {
                return Err(Refused("cookie jar is full, dropped".into()));
            }
            None => *count += 1,
        }
        if let Some(place) = place {
            bucket.remove(place);
        }
        if cookie.expires != 0 {
            self.next_expiry = self.next_expiry.min(cookie.expires);
        }
        bucket.push(cookie);
        let cookie = bucket.last().ok_or(Refused("".into()))?;
        Ok(Kept { cookie, replaced: place.is_some() })
    }
}

fn strip_set_cookie(line: &[u8]) -> Option<&[u8]> {
    const PREFIX: &[u8] = b"Set-Cookie:";
    let (start, value) = line.split_at_checked(PREFIX.len())?;
    start.eq_ignore_ascii_case(PREFIX).then_some(value)
}
