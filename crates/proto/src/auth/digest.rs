//! Digest access authentication (RFC 7616, RFC 2617).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha2::digest::Digest as Hash;
use sha2::{Sha256, Sha512_256};
use tress_model::{Code, Error, Result};

use super::push_hex;

/// The longest name of a parameter.
const MAX_NAME: usize = 255;
/// The longest value of a parameter.
const MAX_VALUE: usize = 1023;
/// The longest header value made.
const MAX_RESPONSE: usize = 4095;

/// What is known of a server's (or a proxy's) challenge, request after request.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    nonce: Option<Vec<u8>>,
    realm: Vec<u8>,
    opaque: Option<Vec<u8>>,
    /// `auth` or `auth-int`.
    qop: Option<&'static [u8]>,
    algorithm: Algorithm,
    /// The algorithm's name as the server wrote it.
    algorithm_name: Option<Vec<u8>>,
    userhash: bool,
    cnonce: Vec<u8>,
    count: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Algorithm {
    hash: HashKind,
    session: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum HashKind {
    #[default]
    Md5,
    Sha256,
    Sha512_256,
}

/// What a request proves itself for.
#[derive(Clone, Copy, Debug)]
pub struct DigestRequest<'a> {
    /// The user's name.
    pub user: &'a [u8],
    /// The password.
    pub password: &'a [u8],
    /// The request's method.
    pub method: &'a [u8],
    /// Path and query, or the authority of a CONNECT.
    pub uri: &'a [u8],
    /// Random bytes for the client's nonce, used when the challenge is new.
    pub entropy: [u8; 12],
}

impl Digest {
    /// Takes a challenge: what follows `Digest` in the header.
    ///
    /// # Errors
    /// `BadContentEncoding` for one that makes no sense, or that refuses what was answered to an
    /// earlier one: the credentials are wrong.
    pub fn challenge(&mut self, parameters: &[u8]) -> Result<()> {
        let answered_before = self.nonce.is_some();
        *self = Self::default();
        let mut stale = false;
        let mut rest = parameters;
        while let Some((name, value, after)) = parameter(rest) {
            let is = |text: &str| name.eq_ignore_ascii_case(text.as_bytes());
            let is_true = value.eq_ignore_ascii_case(b"true");
            if is("nonce") {
                self.nonce = Some(value);
            } else if is("stale") {
                stale |= is_true;
            } else if is("realm") {
                self.realm = value;
            } else if is("opaque") {
                self.opaque = Some(value);
            } else if is("qop") {
                self.qop = quality(&value).or(self.qop);
            } else if is("algorithm") {
                self.algorithm = algorithm(&value).ok_or_else(bad)?;
                self.algorithm_name = Some(value);
            } else if is("userhash") {
                self.userhash |= is_true;
            }
            rest = after;
        }
        let refused = answered_before && !stale;
        let impossible = self.algorithm.session && self.qop.is_none();
        if refused || impossible || self.nonce.is_none() { Err(bad()) } else { Ok(()) }
    }

    /// A challenge is there to be answered.
    pub fn is_challenged(&self) -> bool {
        self.nonce.is_some()
    }

    /// The value of `Authorization` or `Proxy-Authorization` for a request; none without a
    /// challenge. Each answer counts.
    ///
    /// # Errors
    /// `TooLarge`.
    pub fn answer(&mut self, request: &DigestRequest<'_>) -> Result<Option<Vec<u8>>> {
        let Some(nonce) = self.nonce.clone() else { return Ok(None) };
        if self.cnonce.is_empty() {
            self.cnonce = STANDARD.encode(request.entropy).into_bytes();
        }
        self.count = self.count.saturating_add(1);
        let count = format!("{:08x}", self.count).into_bytes();
        let response = self.response(request, &nonce, &count);
        let hashed_user;
        let user = if self.userhash {
            hashed_user = self.hash(&[request.user, &self.realm]);
            &hashed_user
        } else {
            request.user
        };
        let mut out = b"Digest ".to_vec();
        quoted(&mut out, "username", user);
        quoted(&mut out, ", realm", &self.realm);
        quoted(&mut out, ", nonce", &nonce);
        quoted(&mut out, ", uri", request.uri);
        if let Some(qop) = self.qop {
            quoted(&mut out, ", cnonce", &self.cnonce);
            out.extend_from_slice(&[b", nc=", &count[..], b", qop=", qop].concat());
        }
        quoted(&mut out, ", response", &response);
        if let Some(opaque) = &self.opaque {
            quoted(&mut out, ", opaque", opaque);
        }
        if let Some(name) = &self.algorithm_name {
            out.extend_from_slice(b", algorithm=");
            out.extend_from_slice(name);
        }
        if self.userhash {
            out.extend_from_slice(b", userhash=true");
        }
        if out.len() > MAX_RESPONSE + "Digest ".len() {
            return Err(Error::new(Code::TooLarge, "Digest authentication: too long an answer"));
        }
        Ok(Some(out))
    }

    fn response(&self, request: &DigestRequest<'_>, nonce: &[u8], count: &[u8]) -> Vec<u8> {
        let mut ha1 = self.hash(&[request.user, &self.realm, request.password]);
        if self.algorithm.session {
            ha1 = self.hash(&[&ha1, nonce, &self.cnonce]);
        }
        let ha2 = if self.qop == Some(b"auth-int") {
            // The body is taken for empty, as libcurl takes it.
            let body = self.hash(&[]);
            self.hash(&[request.method, request.uri, &body])
        } else {
            self.hash(&[request.method, request.uri])
        };
        match self.qop {
            Some(qop) => self.hash(&[&ha1, nonce, count, &self.cnonce, qop, &ha2]),
            None => self.hash(&[&ha1, nonce, &ha2]),
        }
    }

    /// The hash of the parts with colons between them, in hexadecimal.
    fn hash(&self, parts: &[&[u8]]) -> Vec<u8> {
        let text = parts.join(&b':');
        let mut hex = Vec::with_capacity(64);
        match self.algorithm.hash {
            HashKind::Md5 => push_hex(&mut hex, &Md5::digest(text)),
            HashKind::Sha256 => push_hex(&mut hex, &Sha256::digest(text)),
            HashKind::Sha512_256 => push_hex(&mut hex, &Sha512_256::digest(text)),
        }
        hex
    }
}

fn bad() -> Error {
    Error::new(Code::BadContentEncoding, "Digest authentication problem")
}

/// The best quality of protection in a list.
fn quality(list: &[u8]) -> Option<&'static [u8]> {
    let has = |text: &[u8]| {
        list.split(|&b| b == b',').any(|item| item.trim_ascii().eq_ignore_ascii_case(text))
    };
    if has(b"auth") {
        Some(b"auth")
    } else if has(b"auth-int") {
        Some(b"auth-int")
    } else {
        None
    }
}

fn algorithm(name: &[u8]) -> Option<Algorithm> {
    let base = name.len().saturating_sub(5);
    let session = name.get(base..).is_some_and(|end| end.eq_ignore_ascii_case(b"-sess"));
    let base = if session { name.get(..base)? } else { name };
    let hash = if base.eq_ignore_ascii_case(b"MD5") {
        HashKind::Md5
    } else if base.eq_ignore_ascii_case(b"SHA-256") {
        HashKind::Sha256
    } else if base.eq_ignore_ascii_case(b"SHA-512-256") {
        HashKind::Sha512_256
    } else {
        return None;
    };
    Some(Algorithm { hash, session })
}

/// The first `name=value` of a list, the value unquoted, and what follows.
fn parameter(list: &[u8]) -> Option<(&[u8], Vec<u8>, &[u8])> {
    let list = list.trim_ascii_start();
    let list = list.strip_prefix(b",").unwrap_or(list).trim_ascii_start();
    let equals = list.iter().position(|&b| b == b'=').filter(|&at| at <= MAX_NAME)?;
    let (name, rest) = list.split_at_checked(equals)?;
    let rest = rest.get(1..)?;
    match rest.strip_prefix(b"\"") {
        Some(quoted) => unquote(quoted).map(|(value, after)| (name, value, after)),
        None => {
            let end = rest.iter().position(|&b| b == b',').unwrap_or(rest.len());
            let (value, after) = rest.split_at_checked(end)?;
            let sound = value.len() <= MAX_VALUE && !value.contains(&b'"');
            sound.then(|| (name, value.trim_ascii_end().to_vec(), after))
        }
    }
}

/// A quoted string without its first quote: its content, and what follows.
fn unquote(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut bytes = text.iter().enumerate();
    while let Some((at, &byte)) = bytes.next() {
        match byte {
            b'"' => return Some((value, text.get(at + 1..)?)),
            b'\\' => value.push(*bytes.next()?.1),
            b'\r' | b'\n' => return None,
            _ => value.push(byte),
        }
        if value.len() > MAX_VALUE {
            return None;
        }
    }
    None
}

/// Appends `name="value"`, with what cannot stand in quotes escaped.
fn quoted(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
    for &byte in value {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b' '..=b'~' => out.push(byte),
            _ => {
                out.push(b'%');
                let start = out.len();
                push_hex(out, &[byte]);
                out.get_mut(start..).unwrap_or_default().make_ascii_uppercase();
            }
        }
    }
    out.push(b'"');
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
