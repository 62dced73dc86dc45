//! Public keys of servers and their signatures (RFC 4253 section 6.6, RFC 5656, RFC 8332, RFC 8709).

use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use tress_model::{Code, Error, Result};

use super::wire::{Reader, ssh_error, without_zeros};

/// The kind of a key, by the name that its blob begins with.
pub fn key_type(blob: &[u8]) -> &[u8] {
    Reader(blob).string().unwrap_or_default()
}

/// A key as files have it, without its kind: in base64.
pub fn key_text(blob: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(blob)
}

/// The MD5 sum of a key (`CURLOPT_SSH_HOST_PUBLIC_KEY_MD5`).
pub fn md5_fingerprint(blob: &[u8]) -> [u8; 16] {
    use md5::Digest;
    md5::Md5::digest(blob).into()
}

/// The SHA-256 sum of a key (`CURLOPT_SSH_HOST_PUBLIC_KEY_SHA256`).
pub fn sha256_fingerprint(blob: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(blob).into()
}

/// Has the server signed the exchange's hash with this key, by the algorithm agreed on?
///
/// # Errors
/// `FailedInit` where it has not.
pub(crate) fn verify(algorithm: &str, blob: &[u8], signed: &[u8], hash: &[u8]) -> Result<()> {
    let refused = |why: &str| {
        let text = format!("Failure establishing ssh session: {why} of the host key ({algorithm})");
        Error::new(Code::FailedInit, text)
    };
    let mut key = Reader(blob);
    let mut signature = Reader(signed);
    let kind = key.string()?;
    let of_rsa = algorithm.starts_with("rsa-sha2-") && kind == b"ssh-rsa";
    if (kind != algorithm.as_bytes() && !of_rsa) || signature.string()? != algorithm.as_bytes() {
        return Err(refused("wrong kind"));
    }
    let signature = signature.string()?;
    let verified = match algorithm {
        "ssh-ed25519" => {
            UnparsedPublicKey::new(&signature::ED25519, key.string()?).verify(hash, signature)
        }
        "ecdsa-sha2-nistp256" => {
            key.string()?;
            let fixed = fixed_ecdsa(signature, 32)?;
            let verifies = &signature::ECDSA_P256_SHA256_FIXED;
            UnparsedPublicKey::new(verifies, key.string()?).verify(hash, &fixed)
        }
        "ecdsa-sha2-nistp384" => {
            key.string()?;
            let fixed = fixed_ecdsa(signature, 48)?;
            let verifies = &signature::ECDSA_P384_SHA384_FIXED;
            UnparsedPublicKey::new(verifies, key.string()?).verify(hash, &fixed)
        }
        "rsa-sha2-512" | "rsa-sha2-256" => {
            let (e, n) = (key.mpint()?, key.mpint()?);
            let parameters = match algorithm {
                "rsa-sha2-512" => &signature::RSA_PKCS1_2048_8192_SHA512,
                _ => &signature::RSA_PKCS1_2048_8192_SHA256,
            };
            // Some servers leave out leading zeros.
            let missing = n.len().saturating_sub(signature.len());
            let padded = [&vec![0; missing][..], signature].concat();
            RsaPublicKeyComponents { n, e }.verify(parameters, hash, &padded)
        }
        _ => return Err(refused("unknown kind")),
    };
    verified.map_err(|_| refused("bad signature"))
}

/// ECDSA's two numbers side by side, each of `width` bytes.
fn fixed_ecdsa(signature: &[u8], width: usize) -> Result<Vec<u8>> {
    let mut reader = Reader(signature);
    let mut fixed = Vec::with_capacity(2 * width);
    for _ in 0..2 {
        let number = without_zeros(reader.mpint()?);
        let missing = width.checked_sub(number.len());
        let missing = missing.ok_or_else(|| ssh_error("SSH: signature with too large numbers"))?;
        fixed.resize(fixed.len() + missing, 0);
        fixed.extend_from_slice(number);
    }
    Ok(fixed)
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::super::wire::Put;
    use super::*;

    #[test]
    fn a_signature_is_of_its_hash_key_and_algorithm() {
        let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pair.as_ref()).unwrap();
        let mut blob = Vec::new();
        blob.put_string(b"ssh-ed25519");
        blob.put_string(pair.public_key().as_ref());
        let mut signed = Vec::new();
        signed.put_string(b"ssh-ed25519");
        signed.put_string(pair.sign(b"hash").as_ref());
        assert_eq!(key_type(&blob), b"ssh-ed25519");
        verify("ssh-ed25519", &blob, &signed, b"hash").unwrap();
        assert!(verify("ssh-ed25519", &blob, &signed, b"other").is_err());
        assert!(verify("rsa-sha2-512", &blob, &signed, b"hash").is_err());
        assert!(verify("ssh-ed25519", &blob, &signed[..40], b"hash").is_err());
    }
}
