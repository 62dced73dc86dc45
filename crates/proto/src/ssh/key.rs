//! The user's private key, in the forms that OpenSSH writes, and its signatures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use num_bigint::BigUint;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use ssh_key::private::{EcdsaKeypair, KeypairData, RsaKeypair};

use super::wire::{Put, Reader};

/// A private key that can sign.
#[derive(Debug)]
pub struct PrivateKey {
    kind: Kind,
    /// The public key as SSH writes it.
    public: Vec<u8>,
}

#[derive(Debug)]
enum Kind {
    Ed25519(Ed25519KeyPair),
    /// The pair, and the name of its curve.
    Ecdsa(EcdsaKeyPair, &'static str),
    Rsa(Box<RsaKeyPair>),
}

impl PrivateKey {
    /// Reads a key file: OpenSSH's own form, encrypted or not, PKCS#8 and the older form of RSA
    /// keys.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(file: &[u8], passphrase: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(file).map_err(|_| "private key is no text".to_owned())?;
        let (label, body) = pem(text).ok_or("private key is not in PEM form")?;
        match label {
            "OPENSSH PRIVATE KEY" => Self::of_openssh(text, passphrase),
            _ if body.contains("Proc-Type:") || label == "ENCRYPTED PRIVATE KEY" => Err(format!(
                "private key is encrypted in the form \"{label}\": convert it with ssh-keygen -p"
            )),
            "RSA PRIVATE KEY" => Self::rsa(RsaKeyPair::from_der(&decode(body)?)),
            "PRIVATE KEY" => Self::of_pkcs8(&decode(body)?),
            _ => Err(format!("private key in the unknown form \"{label}\"")),
        }
    }

    /// The public key's blob.
    pub(crate) fn public(&self) -> &[u8] {
        &self.public
    }

    /// By which algorithm it signs, given those that the server takes (none: not told).
    pub(crate) fn algorithm(&self, server: Option<&[u8]>) -> &'static str {
        match &self.kind {
            Kind::Ed25519(_) => "ssh-ed25519",
            Kind::Ecdsa(_, "nistp256") => "ecdsa-sha2-nistp256",
            Kind::Ecdsa(..) => "ecdsa-sha2-nistp384",
            Kind::Rsa(_) => match server {
                Some(names) if !super::kex::has(names, "rsa-sha2-512") => "rsa-sha2-256",
                _ => "rsa-sha2-512",
            },
        }
    }

    /// A signature with the algorithm's name before it.
    ///
    /// # Errors
    /// The key cannot sign.
    pub(crate) fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, String> {
        let random = SystemRandom::new();
        let failed = |_| "the private key cannot sign".to_owned();
        let signature = match &self.kind {
            Kind::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Kind::Ecdsa(pair, _) => {
                let fixed = pair.sign(&random, message).map_err(failed)?;
                let (r, s) = fixed.as_ref().split_at(fixed.as_ref().len() / 2);
                let mut numbers = Vec::new();
                numbers.put_mpint(r);
                numbers.put_mpint(s);
                numbers
            }
            Kind::Rsa(pair) => {
                let padding: &dyn signature::RsaEncoding = match algorithm {
                    "rsa-sha2-256" => &signature::RSA_PKCS1_SHA256,
                    _ => &signature::RSA_PKCS1_SHA512,
                };
                let mut out = vec![0; pair.public().modulus_len()];
                pair.sign(padding, &random, message, &mut out).map_err(failed)?;
                out
            }
        };
        let mut signed = Vec::new();
        signed.put_string(algorithm.as_bytes());
        signed.put_string(&signature);
        Ok(signed)
    }

    fn of_pkcs8(der: &[u8]) -> Result<Self, String> {
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Ok(Self::ed25519(pair));
        }
        let random = SystemRandom::new();
        let curves = [
            (&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "nistp256"),
            (&signature::ECDSA_P384_SHA384_FIXED_SIGNING, "nistp384"),
        ];
        for (algorithm, curve) in curves {
            if let Ok(pair) = EcdsaKeyPair::from_pkcs8(algorithm, der, &random) {
                return Ok(Self::ecdsa(pair, curve));
            }
        }
        Self::rsa(RsaKeyPair::from_pkcs8(der))
    }

    fn of_openssh(text: &str, passphrase: &[u8]) -> Result<Self, String> {
        let mut key = match ssh_key::PrivateKey::from_openssh(text) {
            Ok(key) => key,
            Err(error) => {
                return plain_section(text)
                    .and_then(|section| Self::of_short_number(&section))
                    .unwrap_or_else(|| Err(error.to_string()));
            }
        };
        if key.is_encrypted() {
            key = match key.decrypt(passphrase) {
                Ok(key) => key,
                Err(_) => {
                    return decrypted_section(&key, passphrase)
                        .and_then(|section| Self::of_short_number(&section))
                        .unwrap_or_else(|| {
                            Err("the private key's passphrase is wrong or missing".to_owned())
                        });
                }
            };
        }
        match key.key_data() {
            KeypairData::Ed25519(pair) => {
                let (seed, public) = (&pair.private.to_bytes(), &pair.public.0);
                let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public).map_err(unfit)?;
                Ok(Self::ed25519(pair))
            }
            KeypairData::Ecdsa(pair) => {
                let curve = match pair {
                    EcdsaKeypair::NistP256 { .. } => "nistp256",
                    EcdsaKeypair::NistP384 { .. } => "nistp384",
                    EcdsaKeypair::NistP521 { .. } => {
                        return Err("ECDSA keys of the curve nistp521 are not supported".into());
                    }
                };
                Self::of_curve(curve, pair.private_key_bytes(), pair.public_key_bytes())
            }
            KeypairData::Rsa(pair) => Self::rsa(rsa_pair(pair)),
            other => match other.algorithm() {
                Ok(algorithm) => Err(format!("keys of the kind {algorithm} are not supported")),
                Err(error) => Err(error.to_string()),
            },
        }
    }

    /// An ECDSA key whose number begins with zeros, as one in 256 does: OpenSSH leaves them out, and
    /// the library's reader wants them. None: it is not that.
    fn of_short_number(section: &[u8]) -> Option<Result<Self, String>> {
        let mut reader = Reader(section);
        let is_whole = reader.u32().ok()? == reader.u32().ok()?;
        let kind = reader.string().ok().filter(|_| is_whole)?;
        let curve = std::str::from_utf8(reader.string().ok()?).ok()?;
        let (public, number) = (reader.string().ok()?, reader.mpint().ok()?);
        let length = match (kind, curve) {
            (b"ecdsa-sha2-nistp256", "nistp256") => 32_usize,
            (b"ecdsa-sha2-nistp384", "nistp384") => 48,
            _ => return None,
        };
        let mut private = vec![0; length.checked_sub(number.len())?];
        private.extend_from_slice(number);
        Some(Self::of_curve(curve, &private, public))
    }

    fn of_curve(curve: &str, private: &[u8], public: &[u8]) -> Result<Self, String> {
        let (algorithm, curve) = match curve {
            "nistp256" => (&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "nistp256"),
            _ => (&signature::ECDSA_P384_SHA384_FIXED_SIGNING, "nistp384"),
        };
        let random = SystemRandom::new();
        EcdsaKeyPair::from_private_key_and_public_key(algorithm, private, public, &random)
            .map(|pair| Self::ecdsa(pair, curve))
            .map_err(unfit)
    }

    fn ed25519(pair: Ed25519KeyPair) -> Self {
        let mut public = Vec::new();
        public.put_string(b"ssh-ed25519");
        public.put_string(pair.public_key().as_ref());
        Self { kind: Kind::Ed25519(pair), public }
    }

    fn ecdsa(pair: EcdsaKeyPair, curve: &'static str) -> Self {
        let mut public = Vec::new();
        public.put_string(format!("ecdsa-sha2-{curve}").as_bytes());
        public.put_string(curve.as_bytes());
        public.put_string(pair.public_key().as_ref());
        Self { kind: Kind::Ecdsa(pair, curve), public }
    }

    fn rsa(pair: Result<RsaKeyPair, ring::error::KeyRejected>) -> Result<Self, String> {
        let pair = pair.map_err(unfit)?;
        let parts: PublicKeyComponents<Vec<u8>> = pair.public().into();
        let mut public = Vec::new();
        public.put_string(b"ssh-rsa");
        public.put_mpint(&parts.e);
        public.put_mpint(&parts.n);
        Ok(Self { kind: Kind::Rsa(Box::new(pair)), public })
    }
}

fn unfit(error: ring::error::KeyRejected) -> String {
    format!("private key rejected: {error}")
}

/// The private part of a key file in OpenSSH's form that is not encrypted (`PROTOCOL.key`).
fn plain_section(text: &str) -> Option<Vec<u8>> {
    let bytes = decode(pem(text)?.1).ok()?;
    let mut reader = Reader(bytes.strip_prefix(b"openssh-key-v1\0")?);
    let cipher = reader.string().ok()?;
    let (_kdf, _its_options) = (reader.string().ok()?, reader.string().ok()?);
    let keys = reader.u32().ok()?;
    let _public = reader.string().ok()?;
    let section = reader.string().ok()?;
    (cipher == b"none" && keys == 1).then(|| section.to_vec())
}

/// The same of one that is encrypted, by a cipher without a tag as OpenSSH's usual one is.
fn decrypted_section(key: &ssh_key::PrivateKey, passphrase: &[u8]) -> Option<Vec<u8>> {
    let (secret, nonce) = key.kdf().derive_key_and_iv(key.cipher(), passphrase).ok()?;
    let mut section = key.key_data().encrypted()?.to_vec();
    key.cipher().decrypt(&secret, &nonce, &mut section, None).ok()?;
    Some(section)
}

/// OpenSSH leaves out what follows from the rest: the exponents of both primes.
fn rsa_pair(pair: &RsaKeypair) -> Result<RsaKeyPair, ring::error::KeyRejected> {
    let bytes = |number: &ssh_key::Mpint| {
        number.as_positive_bytes().map(BigUint::from_bytes_be).unwrap_or_default()
    };
    let (mut p, mut q) = (bytes(&pair.private.p), bytes(&pair.private.q));
    let mut inverse = bytes(&pair.private.iqmp);
    let one = BigUint::from(1_u8);
    if p < q {
        (p, q) = (q, p);
        inverse = q.modinv(&p).unwrap_or_default();
    }
    let d = bytes(&pair.private.d);
    // A prime of nothing is refused with the other numbers.
    let exponent = |prime: &BigUint| match *prime > one {
        true => (&d % (prime - &one)).to_bytes_be(),
        false => Vec::new(),
    };
    RsaKeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents {
            n: bytes(&pair.public.n).to_bytes_be(),
            e: bytes(&pair.public.e).to_bytes_be(),
        },
        dP: exponent(&p),
        dQ: exponent(&q),
        d: d.to_bytes_be(),
        qInv: inverse.to_bytes_be(),
        p: p.to_bytes_be(),
        q: q.to_bytes_be(),
    })
}

/// The label of the first block of PEM, and what is within it.
fn pem(text: &str) -> Option<(&str, &str)> {
    let rest = text.split_once("-----BEGIN ")?.1;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    Some((label, body))
}

fn decode(body: &str) -> Result<Vec<u8>, String> {
    let text: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(text).map_err(|error| format!("private key: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key whose number has 31 bytes of 32, as ssh-keygen has written it.
    #[test]
    fn a_number_that_begins_with_zeros_is_read() {
        let plain = include_bytes!("../../testdata/short_number");
        let encrypted = include_bytes!("../../testdata/short_number_encrypted");
        let key = PrivateKey::parse(plain, b"").unwrap();
        let same = PrivateKey::parse(encrypted, b"secret").unwrap();
        assert_eq!(key.public(), same.public());
        let signed = key.sign("ecdsa-sha2-nistp256", b"message").unwrap();
        let mut fields = Reader(&signed);
        assert_eq!(fields.string().unwrap(), b"ecdsa-sha2-nistp256");
        let wrong = PrivateKey::parse(encrypted, b"wrong").unwrap_err();
        assert_eq!(wrong, "the private key's passphrase is wrong or missing");
    }
}
