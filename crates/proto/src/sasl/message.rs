//! The mechanisms' messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use md5::{Digest, Md5};

use super::{
    CRAM_MD5, Credentials, DIGEST_MD5, EXTERNAL, LOGIN, NTLM, OAUTHBEARER, PLAIN, Sasl, XOAUTH2,
};
use crate::auth::ntlm;

/// The client's message `number`, encoded; `None` for a challenge that cannot
/// be answered.
pub(super) fn create(sasl: &Sasl, number: u8, challenge: &[u8]) -> Option<String> {
    let empty = Credentials::default();
    let who = sasl.config.credentials.as_ref().unwrap_or(&empty);
    let message = match (sasl.used, number) {
        (PLAIN, _) => [&who.authzid, &b"\0"[..], &who.user, b"\0", &who.password].concat(),
        (LOGIN, 0) | (EXTERNAL, _) => who.user.clone(),
        (LOGIN, _) => who.password.clone(),
        (CRAM_MD5, _) => cram_md5(who, &decoded(challenge)?),
        (DIGEST_MD5, 0) => {
            let service = who.service.as_deref().unwrap_or(sasl.flavour.service.as_bytes());
            let uri = [service, b"/", sasl.config.host.as_bytes()].concat();
            digest_md5(who, &decoded(challenge)?, &uri, &hex(&sasl.config.nonce))?
        }
        (DIGEST_MD5, _) => Vec::new(),
        (XOAUTH2, _) => {
            let bearer = who.bearer.as_deref().unwrap_or_default();
            [b"user=", &who.user[..], b"\x01auth=Bearer ", bearer, b"\x01\x01"].concat()
        }
        (OAUTHBEARER, 0) => oauthbearer(who, &sasl.config.host, sasl.config.port),
        (OAUTHBEARER, _) => b"\x01".to_vec(),
        (NTLM, 0) => ntlm::type1(),
        (NTLM, _) => ntlm_answer(sasl, who, &decoded(challenge)?)?,
        _ => return None,
    };
    Some(STANDARD.encode(message))
}

fn ntlm_answer(sasl: &Sasl, who: &Credentials, challenge: &[u8]) -> Option<Vec<u8>> {
    let [entropy @ .., _, _, _, _, _, _, _, _] = sasl.config.nonce;
    let (user, password) = (who.user.as_slice(), who.password.as_slice());
    let request = ntlm::Type3Request { user, password, entropy, now: sasl.config.unix_time };
    ntlm::type3(&ntlm::Type2::parse(challenge).ok()?, &request).ok()
}

fn decoded(challenge: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(challenge).ok()
}

/// RFC 2195 section 2.
fn cram_md5(who: &Credentials, challenge: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Md5>::new_from_slice(&who.password) else { return Vec::new() };
    mac.update(challenge);
    [&who.user, &b" "[..], hex(&mac.finalize().into_bytes()).as_bytes()].concat()
}

/// RFC 7628 section 3.1.
fn oauthbearer(who: &Credentials, host: &str, port: u16) -> Vec<u8> {
    let port = match port {
        0 | 80 => String::new(),
        port => format!("\x01port={port}"),
    };
    let bearer = who.bearer.as_deref().unwrap_or_default();
    let place = format!(",\x01host={host}{port}\x01auth=Bearer ");
    [b"n,a=", &who.user[..], place.as_bytes(), bearer, b"\x01\x01"].concat()
}

/// RFC 2831 section 2.1.2: md5-sess and quality "auth" alone.
fn digest_md5(who: &Credentials, challenge: &[u8], uri: &[u8], cnonce: &str) -> Option<Vec<u8>> {
    let nonce = directive(challenge, "nonce", 64)?;
    let realm = directive(challenge, "realm", 128).unwrap_or_default();
    let algorithm = directive(challenge, "algorithm", 64)?;
    let qualities = directive(challenge, "qop", 64)?;
    let auth =
        qualities.split(|&b| b == b',').any(|q| q.trim_ascii().eq_ignore_ascii_case(b"auth"));
    if algorithm != b"md5-sess" || !auth {
        return None;
    }
    let secret = Md5::digest([&who.user, &b":"[..], &realm, b":", &who.password].concat());
    let ha1 = hex_md5(&[&secret, b":", &nonce, b":", cnonce.as_bytes()]);
    let ha2 = hex_md5(&[b"AUTHENTICATE:", uri]);
    let response = hex_md5(&[
        ha1.as_bytes(),
        b":",
        &nonce,
        b":00000001:",
        cnonce.as_bytes(),
        b":auth:",
        ha2.as_bytes(),
    ]);
    Some(
        [
            b"username=\"",
            &escape(&who.user)[..],
            b"\",realm=\"",
            &escape(&realm),
            b"\",nonce=\"",
            &escape(&nonce),
            b"\",cnonce=\"",
            cnonce.as_bytes(),
            b"\",nc=\"00000001\",digest-uri=\"",
            uri,
            b"\",response=",
            response.as_bytes(),
            b",qop=auth",
        ]
        .concat(),
    )
}

fn hex_md5(parts: &[&[u8]]) -> String {
    let mut hash = Md5::new();
    parts.iter().for_each(|part| hash.update(part));
    hex(&hash.finalize())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| DIGITS.get(usize::from(n)).map_or('0', |&d| char::from(d));
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

fn escape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out
}

/// The value of a directive, quoted or not, shorter than `max`.
fn directive(challenge: &[u8], name: &str, max: usize) -> Option<Vec<u8>> {
    let mut rest = challenge;
    loop {
        rest = rest.trim_ascii_start();
        let equals = rest.iter().position(|&b| b == b'=')?;
        let (key, after) = rest.split_at(equals);
        let (value, after) = value(after.get(1..)?)?;
        if key.trim_ascii().eq_ignore_ascii_case(name.as_bytes()) {
            return Some(value).filter(|value| value.len() < max);
        }
        rest = after.trim_ascii_start().strip_prefix(b",")?;
    }
}

fn value(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|&b| b == b',').unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return Some((value.trim_ascii().to_vec(), rest));
    };
    let (mut out, mut bytes) = (Vec::new(), quoted.iter());
    loop {
        match bytes.next()? {
            b'"' => return Some((out, bytes.as_slice())),
            b'\\' => out.push(*bytes.next()?),
            &byte => out.push(byte),
        }
    }
}
