//! Which algorithms are agreed on, and the keys that come of it (RFC 4253 sections 7 and 8,
//! RFC 5656, RFC 8731).

use ring::agreement::{self, EphemeralPrivateKey, UnparsedPublicKey};
use ring::digest;
use ring::rand::SystemRandom;
use tress_model::{Code, Error, Result};

use super::cipher::{Cipher, Derive, Keys, Letters, Mac};
use super::wire::{Put, Reader, ssh_error};

/// The number of `SSH_MSG_KEXINIT`.
pub(crate) const KEXINIT: u8 = 20;

const EXT_INFO: &str = "ext-info-c";
const STRICT: &str = "kex-strict-c-v00@openssh.com";
const STRICT_SERVER: &str = "kex-strict-s-v00@openssh.com";

/// How a secret is agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    Curve25519,
    P256,
    P384,
}

impl Agreement {
    const NAMES: [(&'static str, Self); 4] = [
        ("curve25519-sha256", Self::Curve25519),
        ("curve25519-sha256@libssh.org", Self::Curve25519),
        ("ecdh-sha2-nistp256", Self::P256),
        ("ecdh-sha2-nistp384", Self::P384),
    ];

    fn algorithm(self) -> &'static agreement::Algorithm {
        match self {
            Self::Curve25519 => &agreement::X25519,
            Self::P256 => &agreement::ECDH_P256,
            Self::P384 => &agreement::ECDH_P384,
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Curve25519 | Self::P256 => &digest::SHA256,
            Self::P384 => &digest::SHA384,
        }
    }
}

/// Names of the algorithms of host keys, in the order of preference.
pub(crate) const HOST_KEYS: [&str; 5] =
    ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "rsa-sha2-512", "rsa-sha2-256"];

/// What both sides can do.
#[derive(Clone, Debug)]
pub(crate) struct Agreed {
    agreement: Agreement,
    pub(crate) host_key: &'static str,
    out: (Cipher, Option<Mac>),
    inwards: (Cipher, Option<Mac>),
    /// The server's first packet after this was a wrong guess.
    pub(crate) skip_guess: bool,
    /// The server wants strict order (the answer to the Terrapin attack).
    pub(crate) strict: bool,
}

/// Our `SSH_MSG_KEXINIT`. `first`: it is the first one on the connection.
pub(crate) fn kexinit(cookie: &[u8; 16], host_keys: &[&str], first: bool) -> Vec<u8> {
    let mut methods: Vec<&str> = Agreement::NAMES.iter().map(|(name, _)| *name).collect();
    if first {
        methods.extend([EXT_INFO, STRICT]);
    }
    let ciphers = Cipher::NAMES.map(|(name, _)| name).join(",");
    let macs = Mac::NAMES.map(|(name, _)| name).join(",");
    let mut message = vec![KEXINIT];
    message.extend_from_slice(cookie);
    message.put_string(methods.join(",").as_bytes());
    message.put_string(host_keys.join(",").as_bytes());
    for names in [&ciphers, &ciphers, &macs, &macs] {
        message.put_string(names.as_bytes());
    }
    for names in ["none", "none", "", ""] {
        message.put_string(names.as_bytes());
    }
    message.push(0);
    message.put_u32(0);
    message
}

/// What comes of the server's `SSH_MSG_KEXINIT`.
///
/// # Errors
/// Nothing in common: `CURLE_FAILED_INIT`, as with libssh2.
pub(crate) fn agree(message: &[u8], ours: &[&'static str]) -> Result<Agreed> {
    let mut reader = Reader(message.get(17..).unwrap_or_default());
    let (methods, host_keys) = (reader.string()?, reader.string()?);
    let cipher_out = pick(&Cipher::NAMES, reader.string()?, "cipher")?;
    let cipher_in = pick(&Cipher::NAMES, reader.string()?, "cipher")?;
    let mac_out = reader.string()?;
    let mac_in = reader.string()?;
    for _ in 0..2 {
        if !has(reader.string()?, "none") {
            return Err(nothing_common("compression", b""));
        }
    }
    let (_, _) = (reader.string()?, reader.string()?);
    let guessed = reader.u8()? != 0;
    let agreement = pick(&Agreement::NAMES, methods, "key exchange")?;
    let host_key = ours.iter().copied().find(|name| has(host_keys, name));
    let host_key = host_key.ok_or_else(|| nothing_common("host key", host_keys))?;
    let mac = |cipher: Cipher, names| match cipher.is_aead() {
        true => Ok(None),
        false => pick(&Mac::NAMES, names, "authenticator").map(Some),
    };
    let first =
        |names: &[u8], name: &str| names.split(|b| *b == b',').next() == Some(name.as_bytes());
    let guess_is_right =
        Agreement::NAMES.iter().any(|(name, it)| *it == agreement && first(methods, name))
            && first(host_keys, host_key);
    Ok(Agreed {
        agreement,
        host_key,
        out: (cipher_out, mac(cipher_out, mac_out)?),
        inwards: (cipher_in, mac(cipher_in, mac_in)?),
        skip_guess: guessed && !guess_is_right,
        strict: has(methods, STRICT_SERVER),
    })
}

/// The first of ours that the server has.
fn pick<T: Copy>(ours: &[(&str, T)], theirs: &[u8], what: &str) -> Result<T> {
    let found = ours.iter().find(|(name, _)| has(theirs, name));
    found.map(|(_, value)| *value).ok_or_else(|| nothing_common(what, theirs))
}

pub(crate) fn has(names: &[u8], name: &str) -> bool {
    names.split(|byte| *byte == b',').any(|one| one == name.as_bytes())
}

fn nothing_common(what: &str, theirs: &[u8]) -> Error {
    let theirs = String::from_utf8_lossy(theirs);
    let text = format!("Failure establishing ssh session: no {what} in common with \"{theirs}\"");
    Error::new(Code::FailedInit, text)
}

/// Our half of a secret.
pub(crate) struct Half {
    agreement: Agreement,
    private: EphemeralPrivateKey,
    pub(crate) public: Vec<u8>,
}

impl Half {
    pub(crate) fn new(agreed: &Agreed, random: &SystemRandom) -> Result<Self> {
        let failed = |_| ssh_error("SSH: no key could be made");
        let agreement = agreed.agreement;
        let private =
            EphemeralPrivateKey::generate(agreement.algorithm(), random).map_err(failed)?;
        let public = private.compute_public_key().map_err(failed)?.as_ref().to_vec();
        Ok(Self { agreement, private, public })
    }

    /// The secret that is shared with the server, as a number on the wire.
    fn secret(self, theirs: &[u8]) -> Result<Vec<u8>> {
        let peer = UnparsedPublicKey::new(self.agreement.algorithm(), theirs);
        agreement::agree_ephemeral(self.private, &peer, |secret| {
            let mut number = Vec::new();
            number.put_mpint(secret);
            number
        })
        .map_err(|_| ssh_error("SSH: the server's half of the key exchange is not valid"))
    }
}

/// What goes into the exchange's hash besides keys.
pub(crate) struct Transcript<'a> {
    pub(crate) versions: (&'a [u8], &'a [u8]),
    pub(crate) inits: (&'a [u8], &'a [u8]),
    pub(crate) host_key: &'a [u8],
}

/// The secrets of a finished exchange.
pub(crate) struct Secrets {
    digest: &'static digest::Algorithm,
    secret: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

impl Secrets {
    /// # Errors
    /// A server's half that is no point of the curve.
    pub(crate) fn new(half: Half, theirs: &[u8], transcript: &Transcript<'_>) -> Result<Self> {
        let digest = half.agreement.digest();
        let mut text = Vec::new();
        text.put_string(transcript.versions.0);
        text.put_string(transcript.versions.1);
        text.put_string(transcript.inits.0);
        text.put_string(transcript.inits.1);
        text.put_string(transcript.host_key);
        text.put_string(&half.public);
        text.put_string(theirs);
        let secret = half.secret(theirs)?;
        text.extend_from_slice(&secret);
        let hash = digest::digest(digest, &text).as_ref().to_vec();
        Ok(Self { digest, secret, hash })
    }

    /// The keys of both directions: ours, the server's.
    pub(crate) fn keys(&self, agreed: &Agreed, session: &[u8]) -> Result<(Keys, Keys)> {
        let derive: Derive<'_> = &|letter, count| self.derive(session, letter, count);
        Ok((
            Keys::new(agreed.out.0, agreed.out.1, Letters::OUT, true, derive)?,
            Keys::new(agreed.inwards.0, agreed.inwards.1, Letters::IN, false, derive)?,
        ))
    }

    /// Key material (RFC 4253 section 7.2).
    fn derive(&self, session: &[u8], letter: u8, count: usize) -> Vec<u8> {
        let start = [&self.secret[..], &self.hash].concat();
        let first = [&start[..], &[letter], session].concat();
        let mut key = digest::digest(self.digest, &first).as_ref().to_vec();
        while key.len() < count {
            let more = digest::digest(self.digest, &[&start[..], &key].concat());
            key.extend_from_slice(more.as_ref());
        }
        key.truncate(count);
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(methods: &str, host_keys: &str, ciphers: &str) -> Vec<u8> {
        let mut message = vec![KEXINIT];
        message.extend_from_slice(&[0; 16]);
        for names in [methods, host_keys, ciphers, ciphers, "hmac-sha2-512", "hmac-sha2-512"] {
            message.put_string(names.as_bytes());
        }
        for names in ["none", "none", "", ""] {
            message.put_string(names.as_bytes());
        }
        message.push(1);
        message.put_u32(0);
        message
    }

    #[test]
    fn our_preference_decides() {
        let init = server(
            "ecdh-sha2-nistp384,curve25519-sha256",
            "rsa-sha2-256,ssh-ed25519",
            "aes256-ctr",
        );
        let agreed = agree(&init, &HOST_KEYS).unwrap();
        assert_eq!((agreed.agreement, agreed.host_key), (Agreement::Curve25519, "ssh-ed25519"));
        assert_eq!(agreed.out.0, Cipher::Aes256Ctr);
        assert!(agreed.out.1.is_some() && agreed.skip_guess && !agreed.strict);
    }

    #[test]
    fn nothing_in_common_is_named() {
        let error =
            agree(&server("diffie-hellman-group1-sha1", "ssh-ed25519", "aes128-ctr"), &HOST_KEYS);
        let error = error.unwrap_err();
        assert_eq!(error.code(), Code::FailedInit);
        assert!(error.message().contains("diffie-hellman-group1-sha1"));
        assert!(
            agree(&server("curve25519-sha256", "ssh-ed25519", "3des-cbc"), &HOST_KEYS).is_err()
        );
        assert!(agree(&server("curve25519-sha256", "ssh-rsa", "aes128-ctr"), &HOST_KEYS).is_err());
        assert!(agree(&[KEXINIT; 30], &HOST_KEYS).is_err());
    }

    #[test]
    fn both_sides_come_to_the_same_secret() {
        let random = SystemRandom::new();
        for name in ["curve25519-sha256", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384"] {
            let agreed = agree(&server(name, "ssh-ed25519", "aes128-ctr"), &HOST_KEYS).unwrap();
            let ours = Half::new(&agreed, &random).unwrap();
            let theirs = Half::new(&agreed, &random).unwrap();
            let (a, b) = (ours.public.clone(), theirs.public.clone());
            assert_eq!(ours.secret(&b).unwrap(), theirs.secret(&a).unwrap());
        }
    }
}
