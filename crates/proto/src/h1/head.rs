//! What the lines of a head say.

use std::ops::Range;

use memchr::{memchr, memchr2};
use smallvec::SmallVec;
use tress_model::{Code, Error, Result};

use super::line::is_blank;
use super::response::ResponseConfig;
use crate::decode::{self, Coding, MAX_STACK};

/// The version that a head claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// No head was seen.
    #[default]
    Unknown,
    /// A body without a head.
    Http09,
    /// HTTP/1.0, or an alias of `CURLOPT_HTTP200ALIASES`.
    Http10,
    /// HTTP/1.1, or RTSP/1.0.
    Http11,
    /// HTTP/2: a head that came over it, shown as text.
    Http2,
    /// HTTP/3, so too.
    Http3,
}

/// Facts of the current head.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The version of the status line.
    pub version: Version,
    /// The status code; 0 before a status line.
    pub status: u16,
    /// The body's length as announced, and to be believed.
    pub content_length: Option<u64>,
    /// The body comes in chunks.
    pub chunked: bool,
    /// Transfer codings inside of the chunks, in the order of the header.
    pub transfer_codings: SmallVec<[Coding; 4]>,
    /// The connection ends with this response.
    pub close: bool,
    /// A `Trailer` header announced trailers.
    pub trailer: bool,
    /// Content-Length does not count: a transfer coding without chunks.
    pub(super) ignore_content_length: bool,
}

/// Response headers that an engine acts on, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Field {
    AltSvc,
    Connection,
    ContentEncoding,
    ContentLength,
    ContentRange,
    ContentType,
    LastModified,
    Location,
    PersistentAuth,
    ProxyAuthenticate,
    ProxyConnection,
    RetryAfter,
    SecWebsocketAccept,
    SetCookie,
    StrictTransportSecurity,
    Trailer,
    TransferEncoding,
    Upgrade,
    WwwAuthenticate,
    /// Any other.
    Other,
}

impl Field {
    /// The header called `name`, whatever its case.
    pub fn of(name: &[u8]) -> Self {
        let candidates: &[(&str, Self)] = match name.len() {
            7 => {
                &[("alt-svc", Self::AltSvc), ("trailer", Self::Trailer), ("upgrade", Self::Upgrade)]
            }
            8 => &[("location", Self::Location)],
            10 => &[("connection", Self::Connection), ("set-cookie", Self::SetCookie)],
            11 => &[("retry-after", Self::RetryAfter)],
            12 => &[("content-type", Self::ContentType)],
            13 => &[("content-range", Self::ContentRange), ("last-modified", Self::LastModified)],
            14 => &[("content-length", Self::ContentLength)],
            15 => &[("persistent-auth", Self::PersistentAuth)],
            16 => &[
                ("content-encoding", Self::ContentEncoding),
                ("proxy-connection", Self::ProxyConnection),
                ("www-authenticate", Self::WwwAuthenticate),
            ],
            17 => &[("transfer-encoding", Self::TransferEncoding)],
            18 => &[("proxy-authenticate", Self::ProxyAuthenticate)],
            20 => &[("sec-websocket-accept", Self::SecWebsocketAccept)],
            25 => &[("strict-transport-security", Self::StrictTransportSecurity)],
            _ => &[],
        };
        let known = candidates.iter().find(|(text, _)| is_called(name, text.as_bytes()));
        known.map_or(Self::Other, |&(_, field)| field)
    }
}

/// Is `name` the same as `text`, which is in lower case and as long? Setting the bit that tells
/// upper from lower case is enough: a carriage return alone would pass for a hyphen, and no name
/// holds one.
fn is_called(name: &[u8], text: &[u8]) -> bool {
    let differing = |bits: u8, (a, b): (&u8, &u8)| bits | ((a | 0x20) ^ b);
    name.first().map(|b| b | 0x20) == text.first().copied()
        && name.iter().zip(text).fold(0, differing) == 0
}

/// A header line taken apart: which, and where its value is.
pub(super) struct Parts {
    pub(super) field: Field,
    pub(super) value: Range<usize>,
}

impl Head {
    /// Takes a status line of HTTP; the line begins as [`begins_well`] wants it.
    pub(super) fn status_line(&mut self, line: &[u8], config: &ResponseConfig) -> Result<()> {
        let close = self.close;
        let (version, status) = match config {
            ResponseConfig { rtsp: true, .. } => rtsp_status(line)?,
            ResponseConfig { http2: true, .. } => http2_status(line)?,
            _ => http_status(line)?,
        };
        *self = Self { version, status, close, ..Self::default() };
        self.close |= version == Version::Http10;
        if !self.bodyless_status() {
            return Ok(());
        }
        if status >= 200 {
            self.content_length = Some(0);
        }
        Ok(())
    }

    /// Takes a header line whose colon follows `name_len` bytes.
    pub(super) fn header(
        &mut self,
        line: &[u8],
        name_len: usize,
        config: &ResponseConfig,
    ) -> Result<Parts> {
        let field = Field::of(line.get(..name_len).unwrap_or_default());
        let value = trim(line, (name_len + 1).min(line.len())..line.len());
        let text = line.get(value.clone()).unwrap_or_default();
        match field {
            Field::ContentLength if !self.bodyless_status() && !config.ignore_content_length => {
                self.take_content_length(text, config)?;
            }
            Field::TransferEncoding if !self.bodyless_status() && !config.head_request => {
                self.take_transfer_encoding(text, config)?;
            }
            Field::Connection => {
                if has_token(text, b"close") {
                    self.close = true;
                } else if self.version == Version::Http10 && has_token(text, b"keep-alive") {
                    self.close = false;
                }
            }
            Field::ProxyConnection if config.via_proxy => match self.version {
                Version::Http10 if has_token(text, b"keep-alive") => self.close = false,
                Version::Http11 if has_token(text, b"close") => self.close = true,
                _ => {}
            },
            Field::Trailer => self.trailer = true,
            _ => {}
        }
        Ok(Parts { field, value })
    }

    /// No body comes with this status (RFC 9112 section 6.3).
    pub(super) fn bodyless_status(&self) -> bool {
        matches!(self.status, 100..=199 | 204 | 304)
    }

    /// A list of equal lengths is one length (RFC 9110 section 8.6).
    fn take_content_length(&mut self, list: &[u8], config: &ResponseConfig) -> Result<()> {
        if let (None, length @ Some(_)) = (self.content_length, decimal(list)) {
            self.content_length = length;
            return Ok(());
        }
        for item in list.split(|&b| b == b',') {
            let digits = item.trim_ascii();
            let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
            let number = decimal(digits);
            match number {
                None if all_digits && config.max_filesize => {
                    return Err(Error::new(Code::FilesizeExceeded, "Maximum file size exceeded"));
                }
                None if all_digits => {
                    self.close = true;
                    return Ok(());
                }
                Some(n) if self.content_length.is_none_or(|known| known == n) => {
                    self.content_length = Some(n);
                }
                _ => {
                    let message = "Invalid Content-Length: value";
                    return Err(Error::new(Code::WeirdServerReply, message));
                }
            }
        }
        Ok(())
    }

    /// "chunked" must be the last coding (RFC 9112 section 6.1).
    fn take_transfer_encoding(&mut self, list: &[u8], config: &ResponseConfig) -> Result<()> {
        let bad = |message| Err(Error::new(Code::BadContentEncoding, message));
        for name in decode::names(list) {
            let text = || String::from_utf8_lossy(name);
            if name.eq_ignore_ascii_case(b"chunked") {
                self.chunked = true;
            } else if !config.transfer_encoding_offered {
                if config.raw_transfer {
                    break;
                } else if self.chunked {
                    return bad(format!(
                        "A Transfer-Encoding ({}) was listed after chunked",
                        text()
                    ));
                } else if !name.eq_ignore_ascii_case(b"identity") {
                    return bad(format!("Unsolicited Transfer-Encoding ({}) found", text()));
                }
            } else if self.chunked {
                return bad("Reject response due to 'chunked' not being the last \
                            Transfer-Encoding"
                    .into());
            } else if self.transfer_codings.len() >= MAX_STACK {
                return bad(format!(
                    "Reject response exceeding limit of {MAX_STACK} transfer encodings"
                ));
            } else {
                self.transfer_codings.push(Coding::named(name));
            }
        }
        if !self.chunked && config.transfer_encoding_offered {
            self.close = true;
            self.ignore_content_length = true;
        }
        Ok(())
    }
}

/// Whether the first bytes can begin a status line.
pub(super) fn begins_well(bytes: &[u8], config: &ResponseConfig) -> bool {
    if bytes.starts_with(b"HTTP/") && !config.rtsp {
        return true;
    }
    let agrees = |prefix: &[u8]| {
        let len = prefix.len().min(bytes.len());
        bytes.iter().zip(prefix).take(len).all(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    if config.rtsp {
        return agrees(b"RTSP/");
    }
    let aliases = || config.aliases.as_deref().unwrap_or_default();
    agrees(b"HTTP/") || aliases().iter().any(|alias| agrees(alias))
}

/// Checks the bytes of a whole line of a head.
pub(super) fn verify(line: &[u8]) -> Result<()> {
    let inner = line.len().saturating_sub(2);
    let (before, end) = line.split_at_checked(inner).unwrap_or((line, &[]));
    if memchr2(0, b'\r', before).is_none() && end.first() != Some(&0) {
        return Ok(());
    }
    let message = if memchr(0, line).is_some() {
        "Nul byte in header"
    } else {
        "Carriage return found in header"
    };
    Err(Error::new(Code::WeirdServerReply, message))
}

/// The length of the name in a header line. Names are short: a plain loop beats a search made
/// for long texts.
pub(super) fn name_len(line: &[u8]) -> Result<usize> {
    line.iter()
        .position(|&b| b == b':')
        .ok_or_else(|| Error::new(Code::WeirdServerReply, "Header without colon"))
}

/// Whether a comma-separated list has `token`, blanks or a comma after it.
fn has_token(list: &[u8], token: &[u8]) -> bool {
    list.split(|&b| b == b',').any(|item| {
        let item = item.trim_ascii_start();
        let found = item.get(..token.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(token));
        found && item.get(token.len()).is_none_or(|&b| is_blank(b))
    })
}

fn http_status(line: &[u8]) -> Result<(Version, u16)> {
    let begin = line.iter().take_while(|&&b| is_blank(b)).count();
    let unsupported = |message| Err(Error::new(Code::UnsupportedProtocol, message));
    match line.get(begin..).unwrap_or_default() {
        [b'H', b'T', b'T', b'P', b'/', b'1', rest @ ..] => match rest {
            [b'.', minor @ (b'0' | b'1'), b' ' | b'\t', digits @ ..] => {
                let version = if *minor == b'0' { Version::Http10 } else { Version::Http11 };
                match three_digits(digits) {
                    Some(status) => Ok((version, status)),
                    None => unsupported("Unsupported HTTP/1 subversion in response"),
                }
            }
            _ => unsupported("Unsupported HTTP/1 subversion in response"),
        },
        [b'H', b'T', b'T', b'P', b'/', major @ (b'2' | b'3'), rest @ ..] => match rest {
            [b' ' | b'\t', digits @ ..]
                if three_digits(digits).is_some()
                    && digits.get(3).is_some_and(|&b| is_blank(b)) =>
            {
                let major = char::from(*major);
                let message = format!("Version mismatch (from HTTP/1 to HTTP/{major})");
                Err(Error::new(Code::WeirdServerReply, message))
            }
            _ => Ok((Version::Http10, 200)),
        },
        [b'H', b'T', b'T', b'P', b'/', ..] => unsupported("Unsupported HTTP version in response"),
        _ => Ok((Version::Http10, 200)),
    }
}

/// The status line that stands for `:status` of HTTP/2 or HTTP/3.
fn http2_status(line: &[u8]) -> Result<(Version, u16)> {
    if let Some(status) = line.strip_prefix(b"HTTP/2 ").and_then(three_digits) {
        return Ok((Version::Http2, status));
    }
    match line.strip_prefix(b"HTTP/3 ").and_then(three_digits) {
        Some(status) => Ok((Version::Http3, status)),
        None => Err(Error::new(Code::WeirdServerReply, "Invalid status line")),
    }
}

fn rtsp_status(line: &[u8]) -> Result<(Version, u16)> {
    let status = line
        .strip_prefix(b"RTSP/1.0 ")
        .and_then(|rest| {
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            decimal(rest.get(..digits)?)
        })
        .and_then(|n| u16::try_from(n).ok())
        .filter(|&n| n <= 999);
    match status {
        Some(status) => Ok((Version::Http11, status)),
        None => Err(Error::new(Code::WeirdServerReply, "Invalid RTSP status line")),
    }
}

fn three_digits(bytes: &[u8]) -> Option<u16> {
    match bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', ..] => {
            Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
        }
        _ => None,
    }
}

/// Digits alone, up to what libcurl's `curl_off_t` can hold.
fn decimal(digits: &[u8]) -> Option<u64> {
    let mut n: u64 = 0;
    for byte in digits {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        n = n.checked_mul(10)?.checked_add(digit)?;
    }
    (!digits.is_empty() && n <= i64::MAX as u64).then_some(n)
}

/// The part of `range` without blanks and line ends around it.
fn trim(line: &[u8], mut range: Range<usize>) -> Range<usize> {
    let at = |i: usize| line.get(i).copied().unwrap_or(0);
    while range.end > range.start && matches!(at(range.end - 1), b'\r' | b'\n' | b' ' | b'\t') {
        range.end -= 1;
    }
    while range.start < range.end && is_blank(at(range.start)) {
        range.start += 1;
    }
    range
}
