//! Private keys behind a password.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockDecryptMut, KeyIvInit};
use md5::{Digest, Md5};
use pkcs8::AlgorithmIdentifierRef;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode, Reader, SliceReader};
use pkcs12::kdf::{Pkcs12KeyType, derive_key_utf8};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivateSec1KeyDer};
use rustls_pki_types::pem::PemObject;
use sha1::Sha1;

/// Decrypts the key in `pem`; `None` if there is none, or for a wrong password.
pub(super) fn decrypt(pem: &[u8], password: &str) -> Option<PrivateKeyDer<'static>> {
    let text = std::str::from_utf8(pem).ok()?;
    decrypt_pkcs8(text, password).or_else(|| decrypt_traditional(text, password))
}

/// PKCS#8 with PBES2 ("BEGIN ENCRYPTED PRIVATE KEY", RFC 8018).
fn decrypt_pkcs8(text: &str, password: &str) -> Option<PrivateKeyDer<'static>> {
    let start = text.find("-----BEGIN ENCRYPTED PRIVATE KEY-----")?;
    let (_, document) = pkcs8::SecretDocument::from_pem(text.get(start..)?).ok()?;
    decrypt_der(document.as_bytes(), password)
}

/// Decrypts a key in PKCS#8 as it is, without PEM.
pub(super) fn decrypt_der(der: &[u8], password: &str) -> Option<PrivateKeyDer<'static>> {
    let Ok(encrypted) = pkcs8::EncryptedPrivateKeyInfo::try_from(der) else {
        return decrypt_version_1(der, password);
    };
    let plain = encrypted.decrypt(password).ok()?;
    PrivateKeyDer::try_from(plain.as_bytes().to_vec()).ok()
}

/// Before PBES2 there was triple DES with a key made as PKCS#12 does it (RFC 7292, appendix C).
fn decrypt_version_1(der: &[u8], password: &str) -> Option<PrivateKeyDer<'static>> {
    const SHA1_AND_3DES: &str = "1.2.840.113549.1.12.1.3";
    let mut reader = SliceReader::new(der).ok()?;
    let (scheme, sealed) = reader
        .sequence(|reader| {
            let scheme = AlgorithmIdentifierRef::decode(reader)?;
            Ok((scheme, OctetStringRef::decode(reader)?))
        })
        .ok()?;
    if scheme.oid.to_string() != SHA1_AND_3DES {
        return None;
    }
    let parameters = scheme.parameters?;
    let (salt, rounds) = parameters
        .sequence(|reader| Ok((OctetStringRef::decode(reader)?, u16::decode(reader)?)))
        .ok()?;
    let derive = |purpose, length| {
        let (salt, rounds) = (salt.as_bytes(), i32::from(rounds));
        derive_key_utf8::<Sha1>(password, salt, purpose, rounds, length).ok()
    };
    let (key, iv) = (derive(Pkcs12KeyType::EncryptionKey, 24)?, derive(Pkcs12KeyType::Iv, 8)?);
    let plain = decrypt_with::<cbc::Decryptor<des::TdesEde3>>(&key, &iv, sealed.as_bytes())?;
    PrivateKeyDer::try_from(plain).ok()
}

fn decrypt_with<C: BlockDecryptMut + KeyIvInit>(
    key: &[u8],
    iv: &[u8],
    sealed: &[u8],
) -> Option<Vec<u8>> {
    C::new_from_slices(key, iv).ok()?.decrypt_padded_vec_mut::<Pkcs7>(sealed).ok()
}

/// OpenSSL's older way: headers in the PEM say how (RFC 1421, section 4.6).
fn decrypt_traditional(text: &str, password: &str) -> Option<PrivateKeyDer<'static>> {
    for kind in ["RSA", "EC"] {
        let (begin, end) = (
            format!("-----BEGIN {kind} PRIVATE KEY-----"),
            format!("-----END {kind} PRIVATE KEY-----"),
        );
        let Some((_, rest)) = text.split_once(&begin) else { continue };
        let (inside, _) = rest.split_once(&end)?;
        let (headers, body) = split_headers(inside)?;
        let (_, info) = headers.split_once("DEK-Info:")?;
        let (cipher, iv) = info.lines().next()?.trim().split_once(',')?;
        let (iv, sealed) = (unhex(iv)?, format!("{begin}\n{}\n{end}\n", body.trim()));
        if kind == "RSA" {
            let sealed = PrivatePkcs1KeyDer::from_pem_slice(sealed.as_bytes()).ok()?;
            let plain = decrypt_cbc(cipher, password, &iv, sealed.secret_pkcs1_der())?;
            return Some(PrivatePkcs1KeyDer::from(plain).into());
        }
        let sealed = PrivateSec1KeyDer::from_pem_slice(sealed.as_bytes()).ok()?;
        let plain = decrypt_cbc(cipher, password, &iv, sealed.secret_sec1_der())?;
        return Some(PrivateSec1KeyDer::from(plain).into());
    }
    None
}

/// An empty line ends the headers.
fn split_headers(inside: &str) -> Option<(&str, &str)> {
    inside.split_once("\n\n").or_else(|| inside.split_once("\r\n\r\n"))
}

fn decrypt_cbc(cipher: &str, password: &str, iv: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    match cipher {
        "AES-128-CBC" => {
            decrypt_with::<cbc::Decryptor<aes::Aes128>>(&key(password, iv, 16), iv, sealed)
        }
        "AES-192-CBC" => {
            decrypt_with::<cbc::Decryptor<aes::Aes192>>(&key(password, iv, 24), iv, sealed)
        }
        "AES-256-CBC" => {
            decrypt_with::<cbc::Decryptor<aes::Aes256>>(&key(password, iv, 32), iv, sealed)
        }
        "DES-EDE3-CBC" => {
            decrypt_with::<cbc::Decryptor<des::TdesEde3>>(&key(password, iv, 24), iv, sealed)
        }
        _ => None,
    }
}

/// OpenSSL's EVP_BytesToKey with MD5, one round and the vector's start as salt.
fn key(password: &str, iv: &[u8], length: usize) -> Vec<u8> {
    let (mut key, mut block) = (Vec::new(), Vec::new());
    while key.len() < length {
        let salt = iv.get(..8).unwrap_or(iv);
        block = Md5::new()
            .chain_update(&block)
            .chain_update(password)
            .chain_update(salt)
            .finalize()
            .to_vec();
        key.extend_from_slice(&block);
    }
    key.truncate(length);
    key
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: &u8| char::from(*b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `openssl genpkey -algorithm EC -aes256` and `openssl req -newkey ec`.
    const PKCS8: [&str; 2] = [
        "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgtpd/u0fdX3gICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEENJhfI0vUGL9kDQS+kFDC88EgZDa
dFAJOcUQ6F9YATLpi8iPChEQZeuTNyOJST3A/duP1A4r+SYfluSklzT7K1k81TpT
6PUSvz/lGHJ3cMUZjypDI+xv9XaJt1ur73i3bZFlkiW/DQfgPKRLGiQwDnFMXYLZ
E/yF2+F15iXbbHndxsIg4BvApCWxzUlQ8yRHV3djuVm2MAHKcamLZ/eYldwR4zc=
-----END ENCRYPTED PRIVATE KEY-----
",
        "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHjME4GCSqGSIb3DQEFDTBBMCkGCSqGSIb3DQEFDDAcBAgEEb86FtUIVgICCAAw
DAYIKoZIhvcNAgkFADAUBggqhkiG9w0DBwQIDeJCKNyqZEMEgZCzqCzyznzETHaS
+GN4zoDfYszmcSAgBG2PFKatB7I7/UyrzbM+QuwqA2KFEQcPdVEd9LMm64ftvZum
ZTJ5qqlF12F2xkqfTZmNjvTNc14Mi8PMZHHRYho8M/Ak4sLmgMQVA4NazpBrpj6p
JlH8yhUODlIiQKNQZPhontuiGCCugdqBqLY9qSxLCuI1OJM5t+Y=
-----END ENCRYPTED PRIVATE KEY-----
",
    ];

    /// Made by `openssl ec` with `-aes256` and `-des3`.
    const TRADITIONAL: [&str; 2] = [
        "\
-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,06DF6818660D4E0A7CD0A8CCD2B64231

N5Qi1+49z3YP8V4HjaTCw6sHEOFyTACZxwtUZW0IMW41SYfv1bryoxMmoK7gxnQT
Cv/7MnBWQcnlg2di1+o93yQO4Tp7sNUr1EgDF6M2HSh2egZUL1sVouE/bHYisTSu
TscbRt7r24VVxO8dL3ApHLjPAg4I0BYYQLDMylefoSg=
-----END EC PRIVATE KEY-----
",
        "\
-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: DES-EDE3-CBC,65DAEAEF2E346543

QJBMRvDEQfYMKUvNylBMNiJ4G2NijYyl8dNX4/qGeo0sMxTSuWOSmiGnkMbpIhuf
u9LQLC3O+iDOROaNKPp/40qTxl1gxUbopbG0oaZw86PN4CAdCSZzs23fh8rqnaeO
VhhHYOoXujEZaaCTRZY9o3QLZtu5CrLCmoGfhihDFzw=
-----END EC PRIVATE KEY-----
",
    ];

    #[test]
    fn decrypts_with_the_right_password() {
        for pem in PKCS8 {
            let key = decrypt(pem.as_bytes(), "sesame");
            assert!(matches!(key, Some(PrivateKeyDer::Pkcs8(_))), "{pem}");
            assert!(decrypt(pem.as_bytes(), "open").is_none());
        }
        let keys = TRADITIONAL.map(|pem| decrypt(pem.as_bytes(), "sesame"));
        assert!(matches!(&keys[0], Some(PrivateKeyDer::Sec1(_))));
        assert_eq!(keys[0], keys[1]);
        assert!(decrypt(b"-----BEGIN EC PRIVATE KEY-----", "sesame").is_none());
    }
}
