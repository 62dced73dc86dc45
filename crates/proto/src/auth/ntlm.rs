//! NTLM messages (MS-NLMP), as libcurl makes them: NTLMv2 wherever the server allows it.

use des::Des;
use des::cipher::{BlockEncrypt, KeyInit};
use hmac::{Hmac, Mac};
use md4::{Digest, Md4};
use md5::Md5;
use tress_model::{Code, Error, Result};

/// The longest message made (`NTLM_BUFSIZE`).
const MAX_MESSAGE: usize = 1024;

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";
/// In place of the machine's own name, which is nobody's business.
const WORKSTATION: &[u8] = b"WORKSTATION";

const UNICODE: u32 = 1;
const OEM: u32 = 1 << 1;
const REQUEST_TARGET: u32 = 1 << 2;
const NTLM_KEY: u32 = 1 << 9;
const ALWAYS_SIGN: u32 = 1 << 15;
const NTLM2_KEY: u32 = 1 << 19;
const TARGET_INFO: u32 = 1 << 23;

/// Seconds from 1601 to 1970.
const WINDOWS_EPOCH: i64 = 11_644_473_600;

/// The first message, the client's: what it can do.
pub fn type1() -> Vec<u8> {
    let mut message = SIGNATURE.to_vec();
    let flags = OEM | REQUEST_TARGET | NTLM_KEY | NTLM2_KEY | ALWAYS_SIGN;
    message.extend_from_slice(&1u32.to_le_bytes());
    message.extend_from_slice(&flags.to_le_bytes());
    // No domain, no workstation.
    message.extend_from_slice(&[0; 16]);
    message
}

/// The second message, the server's: its challenge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Type2 {
    flags: u32,
    nonce: [u8; 8],
    target_info: Vec<u8>,
}

impl Type2 {
    /// Takes the decoded message apart.
    ///
    /// # Errors
    /// `BadContentEncoding`.
    pub fn parse(message: &[u8]) -> Result<Self> {
        let bad =
            || Error::new(Code::BadContentEncoding, "NTLM handshake failure (bad type-2 message)");
        let is_type2 =
            message.starts_with(SIGNATURE) && message.get(8..12) == Some(&2u32.to_le_bytes());
        let flags = message.get(20..).and_then(<[u8]>::first_chunk);
        let nonce = message.get(24..).and_then(<[u8]>::first_chunk);
        let (Some(flags), Some(nonce)) = (flags.filter(|_| is_type2), nonce) else {
            return Err(bad());
        };
        let mut type2 =
            Self { flags: u32::from_le_bytes(*flags), nonce: *nonce, target_info: Vec::new() };
        if type2.flags & TARGET_INFO != 0
            && let Some([a, b, _, _, offset @ ..]) = message.get(40..48)
        {
            let len = usize::from(u16::from_le_bytes([*a, *b]));
            let offset = offset.first_chunk().map_or(0, |o| u32::from_le_bytes(*o) as usize);
            if len > 0 {
                let info = message.get(offset..).and_then(|rest| rest.get(..len));
                type2.target_info = info.filter(|_| offset >= 48).ok_or_else(bad)?.to_vec();
            }
        }
        Ok(type2)
    }
}

/// What a third message needs besides the challenge.
#[derive(Clone, Copy, Debug)]
pub struct Type3Request<'a> {
    /// `user`, `DOMAIN\user` or `DOMAIN/user`.
    pub user: &'a [u8],
    /// The password.
    pub password: &'a [u8],
    /// Random bytes.
    pub entropy: [u8; 8],
    /// The time of day: Unix seconds.
    pub now: i64,
}

/// The third message, the client's: its answer.
///
/// # Errors
/// `TooLarge`.
pub fn type3(type2: &Type2, request: &Type3Request<'_>) -> Result<Vec<u8>> {
    let at = [b'\\', b'/'].iter().find_map(|s| request.user.iter().position(|b| b == s));
    let (domain, user) = match at {
        Some(at) => (
            request.user.get(..at).unwrap_or_default(),
            request.user.get(at + 1..).unwrap_or_default(),
        ),
        None => (&[][..], request.user),
    };
    let (lm, nt) = if type2.flags & NTLM2_KEY != 0 {
        version2(type2, user, domain, request)
    } else {
        version1(type2, request.password)
    };
    let text = |text: &[u8]| {
        if type2.flags & UNICODE != 0 { wide(text) } else { text.to_vec() }
    };
    let (domain, user, host) = (text(domain), text(user), text(WORKSTATION));
    let fields = [&lm, &nt, &domain, &user, &host];
    if 64 + nt.len() + lm.len() > MAX_MESSAGE {
        return Err(Error::new(Code::TooLarge, "incoming NTLM message too big"));
    }
    if 64 + fields.iter().map(|field| field.len()).sum::<usize>() >= MAX_MESSAGE {
        return Err(Error::new(Code::TooLarge, "user + domain + hostname too big"));
    }
    let mut message = SIGNATURE.to_vec();
    message.extend_from_slice(&3u32.to_le_bytes());
    let mut offset = 64u32;
    for field in fields {
        // Bounded above.
        let len = (field.len() as u16).to_le_bytes();
        message.extend_from_slice(&[len, len].concat());
        message.extend_from_slice(&offset.to_le_bytes());
        offset += field.len() as u32;
    }
    // No session key.
    message.extend_from_slice(&[0; 8]);
    message.extend_from_slice(&type2.flags.to_le_bytes());
    for field in fields {
        message.extend_from_slice(field);
    }
    Ok(message)
}

/// LMv2 and NTLMv2 responses (MS-NLMP section 3.3.2).
fn version2(
    type2: &Type2,
    user: &[u8],
    domain: &[u8],
    request: &Type3Request<'_>,
) -> (Vec<u8>, Vec<u8>) {
    let identity = [wide(&user.to_ascii_uppercase()), wide(domain)].concat();
    let key = hmac_md5(&nt_hash(request.password), &[&identity]);
    let lm = hmac_md5(&key, &[&type2.nonce, &request.entropy]);
    let time = request.now.saturating_add(WINDOWS_EPOCH).saturating_mul(10_000_000);
    let blob = [
        &[1, 1, 0, 0, 0, 0, 0, 0][..],
        &time.to_le_bytes(),
        &request.entropy,
        &[0; 4],
        &type2.target_info,
        &[0; 4],
    ]
    .concat();
    let nt = hmac_md5(&key, &[&type2.nonce, &blob]);
    ([&lm[..], &request.entropy].concat(), [&nt[..], &blob].concat())
}

/// LM and NTLM responses (MS-NLMP section 3.3.1).
fn version1(type2: &Type2, password: &[u8]) -> (Vec<u8>, Vec<u8>) {
    (des_three(&lm_hash(password), &type2.nonce), des_three(&nt_hash(password), &type2.nonce))
}

fn nt_hash(password: &[u8]) -> [u8; 16] {
    Md4::digest(wide(password)).into()
}

fn lm_hash(password: &[u8]) -> [u8; 16] {
    let mut upper = password.to_ascii_uppercase();
    upper.resize(14, 0);
    let mut hash = [0; 16];
    for (half, key) in hash.chunks_mut(8).zip(upper.chunks(7)) {
        half.copy_from_slice(&des(key, b"KGS!@#$%"));
    }
    hash
}

/// The nonce under each third of the hash, which is filled up with zeros.
fn des_three(hash: &[u8; 16], nonce: &[u8; 8]) -> Vec<u8> {
    let mut keys = hash.to_vec();
    keys.resize(21, 0);
    keys.chunks(7).flat_map(|key| des(key, nonce)).collect()
}

/// DES with a key of 56 bits: each byte of the real key has seven of them.
fn des(key: &[u8], block: &[u8; 8]) -> [u8; 8] {
    let bits = key.iter().fold(0u64, |bits, &byte| bits << 8 | u64::from(byte));
    let key: [u8; 8] = std::array::from_fn(|i| (bits >> (49 - 7 * i) << 1) as u8);
    let mut block = (*block).into();
    Des::new(&key.into()).encrypt_block(&mut block);
    block.into()
}

fn hmac_md5(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = <Hmac<Md5> as KeyInit>::new(&block_of(key).into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// A key filled up to the hash's block, which changes nothing.
fn block_of(key: &[u8; 16]) -> [u8; 64] {
    let mut block = [0; 64];
    for (slot, byte) in block.iter_mut().zip(key) {
        *slot = *byte;
    }
    block
}

/// Two bytes for each.
fn wide(text: &[u8]) -> Vec<u8> {
    text.iter().flat_map(|&byte| [byte, 0]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Prng;

    const NONCE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];

    fn hex(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        crate::auth::push_hex(&mut out, bytes);
        String::from_utf8(out).unwrap()
    }

    fn request<'a>(user: &'a [u8], password: &'a [u8]) -> Type3Request<'a> {
        Type3Request { user, password, entropy: [0xaa; 8], now: -WINDOWS_EPOCH }
    }

    #[test]
    fn first_message() {
        let expected = "4e544c4d535350000100000006820800";
        assert_eq!(hex(&type1()), expected.to_owned() + &"0".repeat(32));
    }

    /// MS-NLMP section 4.2.2.
    #[test]
    fn version_1_examples() {
        assert_eq!(hex(&lm_hash(b"Password")), "e52cac67419a9a224a3b108f3fa6cb6d");
        assert_eq!(hex(&nt_hash(b"Password")), "a4f49c406510bdcab6824ee7c30fd852");
        let type2 = Type2 { nonce: NONCE, ..Default::default() };
        let (lm, nt) = version1(&type2, b"Password");
        assert_eq!(hex(&nt), "67c43011f30298a2ad35ece64f16331c44bdbed927841f94");
        assert_eq!(hex(&lm), "98def7b87f88aa5dafe2df779688a172def11c7d5ccdef13");
    }

    /// MS-NLMP section 4.2.4.
    #[test]
    fn version_2_examples() {
        let info =
            [&[2, 0, 12, 0][..], &wide(b"Domain"), &[1, 0, 12, 0], &wide(b"Server"), &[0; 4]]
                .concat();
        let type2 = Type2 { flags: NTLM2_KEY, nonce: NONCE, target_info: info };
        let (lm, nt) = version2(&type2, b"User", b"Domain", &request(b"", b"Password"));
        assert_eq!(hex(&lm[..16]), "86c35097ac9cec102554764a57cccc19");
        assert_eq!(hex(&nt[..16]), "68cd0ab851e51c96aabc927bebef6a1c");
    }

    #[test]
    fn third_message() {
        let type2 = Type2 { flags: UNICODE | OEM, nonce: NONCE, target_info: Vec::new() };
        let message = type3(&type2, &request(b"D\\User", b"Password")).unwrap();
        assert_eq!(message.len(), 64 + 24 + 24 + 2 + 8 + 22);
        assert_eq!(message[28..36], [2, 0, 2, 0, 112, 0, 0, 0]);
        assert_eq!(message[112..122], *b"D\0U\0s\0e\0r\0");
        assert!(message.ends_with(&wide(WORKSTATION)));
        let long = vec![b'x'; 1000];
        assert_eq!(type3(&type2, &request(&long, b"")).unwrap_err().code(), Code::TooLarge);
        let info = Type2 { flags: NTLM2_KEY, nonce: NONCE, target_info: vec![0; 2000] };
        let error = type3(&info, &request(b"u", b"p")).unwrap_err();
        assert_eq!(error.message(), "incoming NTLM message too big");
    }

    #[test]
    fn second_message() {
        let mut message = [&SIGNATURE[..], &[2, 0, 0, 0], &[0; 8]].concat();
        message.extend_from_slice(&TARGET_INFO.to_le_bytes());
        message.extend_from_slice(&NONCE);
        assert_eq!(Type2::parse(&message).unwrap().nonce, NONCE);
        message.extend_from_slice(&[0; 8]);
        message.extend_from_slice(&[3, 0, 3, 0, 48, 0, 0, 0]);
        assert!(Type2::parse(&message).is_err());
        message.extend_from_slice(b"abc");
        assert_eq!(Type2::parse(&message).unwrap().target_info, b"abc");
        message[44] = 47;
        assert!(Type2::parse(&message).is_err());
    }

    #[test]
    fn hostile_messages_do_no_harm() {
        let mut prng = Prng::new(17);
        for _ in 0..2000 {
            let len = prng.below(100);
            let noise = prng.bytes(len, &[0, 0, 48, 3, 128]);
            let message = [&SIGNATURE[..], &[2, 0, 0, 0], &noise].concat();
            if let Ok(type2) = Type2::parse(&message) {
                let _ = type3(&type2, &request(b"u", b"p"));
            }
        }
    }
}
