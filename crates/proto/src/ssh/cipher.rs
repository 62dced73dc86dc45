//! Packets sealed and opened (RFC 4253 section 6, RFC 4344, RFC 5647 as OpenSSH speaks it).

use std::ops::Range;

use aes::cipher::{KeyIvInit, StreamCipher};
use ring::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey, chacha20_poly1305_openssh as chacha};
use ring::hmac;
use tress_model::Result;

use super::wire::ssh_error;

/// The largest packet that is taken, without its length and its authenticator.
pub const MAX_PACKET: usize = 256 * 1024;

const GCM_TAG: usize = 16;

/// How packets are encrypted; the order is that of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    ChaCha20Poly1305,
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ctr,
    Aes256Ctr,
}

impl Cipher {
    pub(crate) const NAMES: [(&'static str, Self); 5] = [
        ("chacha20-poly1305@openssh.com", Self::ChaCha20Poly1305),
        ("aes128-gcm@openssh.com", Self::Aes128Gcm),
        ("aes256-gcm@openssh.com", Self::Aes256Gcm),
        ("aes128-ctr", Self::Aes128Ctr),
        ("aes256-ctr", Self::Aes256Ctr),
    ];

    /// Does it authenticate packets by itself?
    pub(crate) fn is_aead(self) -> bool {
        !matches!(self, Self::Aes128Ctr | Self::Aes256Ctr)
    }

    fn key_len(self) -> usize {
        match self {
            Self::ChaCha20Poly1305 => chacha::KEY_LEN,
            Self::Aes128Gcm | Self::Aes128Ctr => 16,
            Self::Aes256Gcm | Self::Aes256Ctr => 32,
        }
    }
}

/// How packets are authenticated where the cipher does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mac {
    sha512: bool,
    /// Encrypt, then authenticate.
    etm: bool,
}

impl Mac {
    pub(crate) const NAMES: [(&'static str, Self); 4] = [
        ("hmac-sha2-256-etm@openssh.com", Self { sha512: false, etm: true }),
        ("hmac-sha2-512-etm@openssh.com", Self { sha512: true, etm: true }),
        ("hmac-sha2-256", Self { sha512: false, etm: false }),
        ("hmac-sha2-512", Self { sha512: true, etm: false }),
    ];

    fn len(self) -> usize {
        if self.sha512 { 64 } else { 32 }
    }

    fn key(self, bytes: &[u8]) -> hmac::Key {
        let algorithm = if self.sha512 { hmac::HMAC_SHA512 } else { hmac::HMAC_SHA256 };
        hmac::Key::new(algorithm, bytes)
    }
}

enum Counter {
    Aes128(Box<ctr::Ctr128BE<aes::Aes128>>),
    Aes256(Box<ctr::Ctr128BE<aes::Aes256>>),
}

impl Counter {
    fn apply(&mut self, bytes: &mut [u8]) {
        match self {
            Self::Aes128(cipher) => cipher.apply_keystream(bytes),
            Self::Aes256(cipher) => cipher.apply_keystream(bytes),
        }
    }
}

/// What the keys of one direction are made of (RFC 4253 section 7.2): `derive(letter, count)`.
pub(crate) type Derive<'a> = &'a dyn Fn(u8, usize) -> Vec<u8>;

/// Which derived keys belong to a direction.
#[derive(Clone, Copy)]
pub(crate) struct Letters {
    iv: u8,
    key: u8,
    mac: u8,
}

impl Letters {
    /// From us to the server.
    pub(crate) const OUT: Self = Self { iv: b'A', key: b'C', mac: b'E' };
    /// From the server to us.
    pub(crate) const IN: Self = Self { iv: b'B', key: b'D', mac: b'F' };
}

/// One direction's keys.
pub(crate) enum Keys {
    /// Before the first exchange.
    None,
    Sealing(chacha::SealingKey),
    Opening(chacha::OpeningKey),
    Gcm(Box<LessSafeKey>, [u8; aead::NONCE_LEN]),
    /// The cipher, the authenticator, and whether the first block of the packet at hand is
    /// decrypted already.
    Ctr(Counted),
}

/// The counter mode with its authenticator.
pub(crate) struct Counted {
    cipher: Counter,
    mac: Mac,
    key: hmac::Key,
    head_open: bool,
}

const BLOCK: usize = 16;

impl Keys {
    pub(crate) fn new(
        cipher: Cipher,
        mac: Option<Mac>,
        letters: Letters,
        seals: bool,
        derive: Derive<'_>,
    ) -> Result<Self> {
        let key = derive(letters.key, cipher.key_len());
        let unfit = || ssh_error("SSH: key of an unfit length");
        match cipher {
            Cipher::ChaCha20Poly1305 => {
                let key: &[u8; chacha::KEY_LEN] = key.as_slice().try_into().map_err(|_| unfit())?;
                Ok(match seals {
                    true => Self::Sealing(chacha::SealingKey::new(key)),
                    false => Self::Opening(chacha::OpeningKey::new(key)),
                })
            }
            Cipher::Aes128Gcm | Cipher::Aes256Gcm => {
                let algorithm = match cipher {
                    Cipher::Aes128Gcm => &aead::AES_128_GCM,
                    _ => &aead::AES_256_GCM,
                };
                let key = UnboundKey::new(algorithm, &key).map_err(|_| unfit())?;
                let iv = derive(letters.iv, aead::NONCE_LEN);
                let iv = iv.as_slice().try_into().map_err(|_| unfit())?;
                Ok(Self::Gcm(Box::new(LessSafeKey::new(key)), iv))
            }
            Cipher::Aes128Ctr | Cipher::Aes256Ctr => {
                let mac = mac.ok_or_else(|| ssh_error("SSH: no authenticator agreed on"))?;
                let iv = derive(letters.iv, BLOCK);
                let cipher = match cipher {
                    Cipher::Aes128Ctr => Counter::Aes128(Box::new(
                        ctr::Ctr128BE::new_from_slices(&key, &iv).map_err(|_| unfit())?,
                    )),
                    _ => Counter::Aes256(Box::new(
                        ctr::Ctr128BE::new_from_slices(&key, &iv).map_err(|_| unfit())?,
                    )),
                };
                let key = mac.key(&derive(letters.mac, mac.len()));
                Ok(Self::Ctr(Counted { cipher, mac, key, head_open: false }))
            }
        }
    }

    /// Bytes after a packet.
    fn tag_len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Sealing(_) | Self::Opening(_) => chacha::TAG_LEN,
            Self::Gcm(..) => GCM_TAG,
            Self::Ctr(ctr) => ctr.mac.len(),
        }
    }

    /// Packets are filled up to a multiple of this, with or without their length.
    fn padding(&self, payload: usize) -> usize {
        let (block, counted) = match self {
            Self::None => (8, 5),
            Self::Sealing(_) | Self::Opening(_) => (8, 1),
            Self::Gcm(..) => (BLOCK, 1),
            Self::Ctr(ctr) => (BLOCK, if ctr.mac.etm { 1 } else { 5 }),
        };
        let short = block - (counted + payload) % block;
        if short < 4 { short + block } else { short }
    }

    /// Appends the packet with this payload to `out`. `fill`: gives random bytes.
    pub(crate) fn seal(
        &mut self,
        sequence: u32,
        payload: &[u8],
        out: &mut Vec<u8>,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<()> {
        let failed = |_| ssh_error("SSH: a packet could not be sealed");
        let padding = self.padding(payload.len());
        let start = out.len();
        let length = 1 + payload.len() + padding;
        out.extend_from_slice(&(length as u32).to_be_bytes());
        out.push(padding as u8);
        out.extend_from_slice(payload);
        let end = out.len();
        out.resize(end + padding, 0);
        fill(&mut out[end..]);
        match self {
            Self::None => {}
            Self::Opening(_) => return Err(ssh_error("SSH: keys of the wrong direction")),
            Self::Sealing(key) => {
                let mut tag = [0; chacha::TAG_LEN];
                key.seal_in_place(sequence, &mut out[start..], &mut tag);
                out.extend_from_slice(&tag);
            }
            Self::Gcm(key, iv) => {
                let (head, body) = out[start..].split_at_mut(4);
                let nonce = next_nonce(iv);
                let tag = key
                    .seal_in_place_separate_tag(nonce, Aad::from(&*head), body)
                    .map_err(failed)?;
                out.extend_from_slice(tag.as_ref());
            }
            Self::Ctr(ctr) => {
                let mut context = hmac::Context::with_key(&ctr.key);
                context.update(&sequence.to_be_bytes());
                match ctr.mac.etm {
                    true => {
                        ctr.cipher.apply(&mut out[start + 4..]);
                        context.update(&out[start..]);
                    }
                    false => {
                        context.update(&out[start..]);
                        ctr.cipher.apply(&mut out[start..]);
                    }
                }
                out.extend_from_slice(context.sign().as_ref());
            }
        }
        Ok(())
    }

    /// The whole size of the packet that begins with these bytes; none: more are needed.
    ///
    /// # Errors
    /// A packet that is larger than [`MAX_PACKET`], or no multiple of a block.
    pub(crate) fn packet_len(&mut self, sequence: u32, bytes: &mut [u8]) -> Result<Option<usize>> {
        let needed = match self {
            Self::Ctr(ctr) if !ctr.mac.etm => BLOCK,
            _ => 4,
        };
        let Some(head) = bytes.get_mut(..needed) else { return Ok(None) };
        let (block, counted) = match self {
            Self::None => (8, 4),
            Self::Sealing(_) | Self::Opening(_) => (8, 0),
            Self::Gcm(..) => (BLOCK, 0),
            Self::Ctr(ctr) => (BLOCK, if ctr.mac.etm { 0 } else { 4 }),
        };
        let mut length = [head[0], head[1], head[2], head[3]];
        match self {
            Self::Opening(key) => length = key.decrypt_packet_length(sequence, length),
            Self::Ctr(ctr) if !ctr.mac.etm => {
                if !ctr.head_open {
                    ctr.cipher.apply(head);
                    ctr.head_open = true;
                }
                length = [head[0], head[1], head[2], head[3]];
            }
            _ => {}
        }
        let length = u32::from_be_bytes(length) as usize;
        if !(5..=MAX_PACKET).contains(&length) || !(length + counted).is_multiple_of(block) {
            return Err(ssh_error(format!("SSH: packet of {length} bytes")));
        }
        Ok(Some(4 + length + self.tag_len()))
    }

    /// Opens a whole packet in place; where its payload is.
    ///
    /// # Errors
    /// A packet that was tampered with.
    pub(crate) fn open(&mut self, sequence: u32, packet: &mut [u8]) -> Result<Range<usize>> {
        let forged = || ssh_error("SSH: a packet is not authentic");
        let end = packet.len().checked_sub(self.tag_len()).ok_or_else(forged)?;
        match self {
            Self::None => {}
            Self::Sealing(_) => return Err(ssh_error("SSH: keys of the wrong direction")),
            Self::Opening(key) => {
                let (body, tag) = packet.split_at_mut(end);
                let tag = (&*tag).try_into().map_err(|_| forged())?;
                key.open_in_place(sequence, body, tag).map_err(|_| forged())?;
            }
            Self::Gcm(key, iv) => {
                let (head, body) = packet.split_at_mut(4);
                key.open_in_place(next_nonce(iv), Aad::from(&*head), body).map_err(|_| forged())?;
            }
            Self::Ctr(ctr) => {
                let (body, tag) = packet.split_at_mut(end);
                let mut message = sequence.to_be_bytes().to_vec();
                if !ctr.mac.etm {
                    ctr.cipher.apply(&mut body[BLOCK..]);
                }
                message.extend_from_slice(body);
                // In constant time.
                hmac::verify(&ctr.key, &message, tag).map_err(|_| forged())?;
                if ctr.mac.etm {
                    ctr.cipher.apply(&mut body[4..]);
                }
                ctr.head_open = false;
            }
        }
        let padding = usize::from(packet[4]);
        match end.checked_sub(padding) {
            Some(payload_end) if padding >= 4 && payload_end > 5 => Ok(5..payload_end),
            _ => Err(ssh_error(format!("SSH: {padding} bytes of padding in a packet"))),
        }
    }
}

/// The nonce for one packet: the last eight bytes count.
fn next_nonce(iv: &mut [u8; aead::NONCE_LEN]) -> Nonce {
    let nonce = Nonce::assume_unique_for_key(*iv);
    for byte in iv[4..].iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            break;
        }
    }
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derive(letter: u8, count: usize) -> Vec<u8> {
        // Both directions have the same keys here.
        vec![if letter.is_multiple_of(2) { letter - 1 } else { letter }; count]
    }

    fn pair(cipher: Cipher, mac: Option<Mac>) -> (Keys, Keys) {
        let sealing = Keys::new(cipher, mac, Letters::OUT, true, &derive).unwrap();
        let opening = Keys::new(cipher, mac, Letters::IN, false, &derive).unwrap();
        (sealing, opening)
    }

    #[test]
    fn packets_come_back_and_tampering_shows() {
        for (_, cipher) in Cipher::NAMES {
            for (_, mac) in Mac::NAMES {
                let (mut sealing, mut opening) = pair(cipher, (!cipher.is_aead()).then_some(mac));
                for (sequence, size) in [(7, 1), (8, 11), (9, 12), (10, 4000)] {
                    let payload = vec![sequence as u8; size];
                    let mut wire = Vec::new();
                    sealing.seal(sequence, &payload, &mut wire, |_| {}).unwrap();
                    let length = opening.packet_len(sequence, &mut wire).unwrap();
                    assert_eq!(length, Some(wire.len()), "{cipher:?} {mac:?}");
                    let range = opening.open(sequence, &mut wire).unwrap();
                    assert_eq!(wire[range], payload);
                }
                let mut wire = Vec::new();
                sealing.seal(11, b"payload", &mut wire, |_| {}).unwrap();
                opening.packet_len(11, &mut wire).unwrap();
                let last = wire.len() - 1;
                wire[last] ^= 1;
                assert!(opening.open(11, &mut wire).is_err(), "{cipher:?} {mac:?}");
            }
        }
    }

    #[test]
    fn lengths_beyond_the_limit_are_refused() {
        let mut bytes = ((MAX_PACKET + 4) as u32).to_be_bytes();
        assert!(Keys::None.packet_len(0, &mut bytes).is_err());
        assert!(Keys::None.packet_len(0, &mut [0, 0, 0, 4]).is_err());
        assert_eq!(Keys::None.packet_len(0, &mut [0, 0, 0]).unwrap(), None);
        assert_eq!(Keys::None.packet_len(0, &mut [0, 0, 0, 12]).unwrap(), Some(16));
    }
}
