//! Digests, and pinned public keys (`CURLOPT_PINNEDPUBLICKEY`).

use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;
use tress_model::{Code, Error, Result};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Larger files are no public keys.
const MAX_PIN_FILE: usize = 1_048_576;

/// The SHA-256 digest of `bytes`.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let mut out = [0; 32];
    out.iter_mut().zip(digest.as_ref()).for_each(|(o, d)| *o = *d);
    out
}

/// Is the key of `certificate` one of those pinned: `sha256//BASE64` joined by
/// `;`, or a file with one key as PEM or DER?
pub(super) fn check(pinned: &str, certificate: &[u8]) -> Result<()> {
    let key =
        X509Certificate::from_der(certificate).map(|(_, c)| c.tbs_certificate.subject_pki.raw);
    let matches = match key {
        Ok(key) if pinned.starts_with("sha256//") => is_pinned_digest(pinned, key),
        Ok(key) => is_pinned_file(pinned, key),
        Err(_) => false,
    };
    let message = "SSL: public key does not match pinned public key";
    if matches { Ok(()) } else { Err(Error::new(Code::SslPinnedpubkeynotmatch, message)) }
}

fn is_pinned_digest(pinned: &str, key: &[u8]) -> bool {
    let digest = base64(&sha256(key));
    pinned.split(';').any(|pin| pin.strip_prefix("sha256//") == Some(&digest))
}

fn is_pinned_file(path: &str, key: &[u8]) -> bool {
    let Ok(content) = std::fs::read(path) else { return false };
    if content.len() > MAX_PIN_FILE {
        return false;
    }
    content == key
        || SubjectPublicKeyInfoDer::from_pem_slice(&content).is_ok_and(|pem| pem.as_ref() == key)
}

/// Base64 with padding (RFC 4648, section 4).
pub(super) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = DIGITS.get((group >> shift & 63) as usize).copied().unwrap_or(b'=');
            out.push(char::from(if at <= chunk.len() { digit } else { b'=' }));
        }
    }
    out
}

#[cfg(test)]
pub(super) fn pin_of(certificate: &[u8]) -> String {
    let (_, parsed) = X509Certificate::from_der(certificate).unwrap();
    format!("sha256//{}", base64(&sha256(parsed.tbs_certificate.subject_pki.raw)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_the_rfc() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
