//! The user's private key, in the forms that OpenSSH writes, and its signatures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use num_bigint::BigUint;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use ssh_key::private::{EcdsaKeypair, KeypairData, RsaKeypair};

use super::wire::Put;

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
        let mut key = ssh_key::PrivateKey::from_openssh(text).map_err(|error| error.to_string())?;
        if key.is_encrypted() {
            let wrong = |_| "the private key's passphrase is wrong or missing".to_owned();
            key = key.decrypt(passphrase).map_err(wrong)?;
        }
        let unfit = |error: ring::error::KeyRejected| format!("private key rejected: {error}");
        match key.key_data() {
            KeypairData::Ed25519(pair) => {
                let (seed, public) = (&pair.private.to_bytes(), &pair.public.0);
                let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public).map_err(unfit)?;
                Ok(Self::ed25519(pair))
            }
            KeypairData::Ecdsa(pair) => {
                let (algorithm, curve) = match pair {
                    EcdsaKeypair::NistP256 { .. } => {
                        (&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "nistp256")
                    }
                    EcdsaKeypair::NistP384 { .. } => {
                        (&signature::ECDSA_P384_SHA384_FIXED_SIGNING, "nistp384")
                    }
                    EcdsaKeypair::NistP521 { .. } => {
                        return Err("ECDSA keys of the curve nistp521 are not supported".into());
                    }
                };
                let (private, public) = (pair.private_key_bytes(), pair.public_key_bytes());
                let random = SystemRandom::new();
                let pair = EcdsaKeyPair::from_private_key_and_public_key(
                    algorithm, private, public, &random,
                );
                Ok(Self::ecdsa(pair.map_err(unfit)?, curve))
            }
            KeypairData::Rsa(pair) => Self::rsa(rsa_pair(pair)),
            other => match other.algorithm() {
                Ok(algorithm) => Err(format!("keys of the kind {algorithm} are not supported")),
                Err(error) => Err(error.to_string()),
            },
        }
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
        let pair = pair.map_err(|error| format!("private key rejected: {error}"))?;
        let parts: PublicKeyComponents<Vec<u8>> = pair.public().into();
        let mut public = Vec::new();
        public.put_string(b"ssh-rsa");
        public.put_mpint(&parts.e);
        public.put_mpint(&parts.n);
        Ok(Self { kind: Kind::Rsa(Box::new(pair)), public })
    }
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
