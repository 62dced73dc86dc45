//! Digests, and pinned public keys (`CURLOPT_PINNEDPUBLICKEY`).

use std::io::Read;
use std::path::Path;

use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;
use tress_model::{Code, Error, Result};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Larger files are no public keys.
const MAX_PIN_FILE: u64 = 1_048_576;

/// The SHA-256 digest of `bytes`.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let mut out = [0; 32];
    out.iter_mut().zip(digest.as_ref()).for_each(|(o, d)| *o = *d);
    out
}

/// Keys that are pinned.
pub(super) enum Pins {
    /// `sha256//BASE64`, several joined by `;`.
    Digests(Box<str>),
    /// What a file holds, one key as PEM or DER; nothing, where it could not be read.
    Key(Vec<u8>),
}

impl Pins {
    /// What the setting pins; a file is read.
    pub(super) fn of(setting: &str) -> Self {
        match file(setting) {
            None => Self::Digests(setting.into()),
            Some(path) => Self::Key(content(path).unwrap_or_default()),
        }
    }

    /// Is the key of `certificate` one of them?
    pub(super) fn check(&self, certificate: &[u8]) -> Result<()> {
        let key =
            X509Certificate::from_der(certificate).map(|(_, c)| c.tbs_certificate.subject_pki.raw);
        let message = "SSL: public key does not match pinned public key";
        match key {
            Ok(key) if self.has(key) => Ok(()),
            _ => Err(Error::new(Code::SslPinnedpubkeynotmatch, message)),
        }
    }

    fn has(&self, key: &[u8]) -> bool {
        match self {
            Self::Digests(digests) => {
                let digest = base64(&sha256(key));
                digests.split(';').any(|pin| pin.strip_prefix("sha256//") == Some(&digest))
            }
            Self::Key(content) => {
                let pem = || SubjectPublicKeyInfoDer::from_pem_slice(content);
                content == key || pem().is_ok_and(|pem| pem.as_ref() == key)
            }
        }
    }
}

/// The file that the setting names, if it is not a list of digests.
pub(super) fn file(setting: &str) -> Option<&Path> {
    (!setting.starts_with("sha256//")).then(|| Path::new(setting))
}

fn content(path: &Path) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(MAX_PIN_FILE + 1).read_to_end(&mut content).ok()?;
    (content.len() as u64 <= MAX_PIN_FILE).then_some(content)
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
