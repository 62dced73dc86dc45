//! Sealing and opening of TLS records (RFC 8446, section 5; RFC 5246, section 6.2).

use std::io::IoSlice;
use std::ops::Range;

use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305};
use ring::aead::{LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use rustls::ConnectionTrafficSecrets;

pub(super) const HEADER: usize = 5;
/// The most plaintext that a record can hold.
pub(super) const MAX_PLAINTEXT: usize = 16_384;
/// The longest record with its header that a peer may send (RFC 5246, section 6.2.3).
pub(super) const MAX_RECORD: usize = HEADER + MAX_PLAINTEXT + 2048;
/// So many records are sealed with one key at most (RFC 8446, section 5.5).
pub(super) const KEY_LIMIT: u64 = 1 << 24;

pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const APPLICATION_DATA: u8 = 23;

const TAG: usize = 16;
const EXPLICIT_NONCE: usize = 8;

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadRecord {
    /// Not to be decrypted with these keys.
    Mac,
    /// Longer than allowed.
    TooLong,
    /// Malformed, or not allowed here.
    Unexpected,
}

/// The keys of one direction.
pub(super) struct Keys {
    key: LessSafeKey,
    iv: [u8; NONCE_LEN],
    sequence: u64,
    scheme: Scheme,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Tls13,
    Tls12Gcm,
    Tls12ChaCha,
}

/// The length of the record that starts `buf` with its header, once that is there.
pub(super) fn record_length(buf: &[u8]) -> Option<usize> {
    let length = buf.get(3..HEADER)?;
    Some(HEADER + usize::from(u16::from_be_bytes(length.try_into().ok()?)))
}

impl Keys {
    pub(super) fn new(
        (sequence, secrets): (u64, ConnectionTrafficSecrets),
        tls13: bool,
    ) -> Option<Self> {
        let (algorithm, key, iv, gcm) = match &secrets {
            ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (&AES_128_GCM, key, iv, true),
            ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (&AES_256_GCM, key, iv, true),
            ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => {
                (&CHACHA20_POLY1305, key, iv, false)
            }
            _ => return None,
        };
        let key = LessSafeKey::new(UnboundKey::new(algorithm, key.as_ref()).ok()?);
        let scheme = match (tls13, gcm) {
            (true, _) => Scheme::Tls13,
            (false, true) => Scheme::Tls12Gcm,
            (false, false) => Scheme::Tls12ChaCha,
        };
        Some(Self { key, iv: iv.as_ref().try_into().ok()?, sequence, scheme })
    }

    /// So many records were sealed or opened with these keys.
    pub(super) fn used(&self) -> u64 {
        self.sequence
    }

    pub(super) fn is_tls13(&self) -> bool {
        self.scheme == Scheme::Tls13
    }

    /// Opens the one record that fills `buf` from `start` to the end. Its
    /// plaintext goes to the front of `buf`. Says what type it is and how long.
    pub(super) fn open(&mut self, buf: &mut [u8], start: usize) -> Result<(u8, usize), BadRecord> {
        let header = buf.get(start..start + HEADER).ok_or(BadRecord::Unexpected)?;
        let header: [u8; HEADER] = header.try_into().map_err(|_| BadRecord::Unexpected)?;
        let [outer_type, ..] = header;
        let body = start + HEADER;
        let length = buf.len() - body;
        if length > MAX_RECORD - HEADER {
            return Err(BadRecord::TooLong);
        }
        let opened = match self.scheme {
            Scheme::Tls13 if outer_type != APPLICATION_DATA => return Err(BadRecord::Unexpected),
            Scheme::Tls13 => self.key.open_within(self.nonce(), Aad::from(header), buf, body..),
            Scheme::Tls12ChaCha => {
                let plain = length.checked_sub(TAG).ok_or(BadRecord::Mac)?;
                let aad = Aad::from(self.tls12_aad(outer_type, plain));
                self.key.open_within(self.nonce(), aad, buf, body..)
            }
            Scheme::Tls12Gcm => {
                let plain = length.checked_sub(TAG + EXPLICIT_NONCE).ok_or(BadRecord::Mac)?;
                let aad = Aad::from(self.tls12_aad(outer_type, plain));
                let explicit = buf.get(body..body + EXPLICIT_NONCE).ok_or(BadRecord::Mac)?;
                let mut nonce = self.iv;
                nonce
                    .iter_mut()
                    .skip(NONCE_LEN - EXPLICIT_NONCE)
                    .zip(explicit)
                    .for_each(|(n, e)| *n = *e);
                let nonce = Nonce::assume_unique_for_key(nonce);
                self.key.open_within(nonce, aad, buf, body + EXPLICIT_NONCE..)
            }
        };
        let plain: &[u8] = opened.map_err(|_| BadRecord::Mac)?;
        self.sequence += 1;
        let (content_type, length) = match self.scheme {
            Scheme::Tls13 => inner_type(plain).ok_or(BadRecord::Unexpected)?,
            Scheme::Tls12Gcm | Scheme::Tls12ChaCha => (outer_type, plain.len()),
        };
        if length > MAX_PLAINTEXT { Err(BadRecord::TooLong) } else { Ok((content_type, length)) }
    }

    /// Appends one record to `out` with the next bytes of `plain`, as many as fit.
    /// `None` if sealing is impossible.
    pub(super) fn seal(
        &mut self,
        content_type: u8,
        plain: &mut Gather<'_, '_>,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let start = out.len();
        let outer_type = if self.is_tls13() { APPLICATION_DATA } else { content_type };
        out.extend_from_slice(&[outer_type, 3, 3, 0, 0]);
        let nonce = self.xored_iv();
        if self.scheme == Scheme::Tls12Gcm {
            out.extend_from_slice(nonce.get(NONCE_LEN - EXPLICIT_NONCE..)?);
        }
        let body = out.len();
        let length = plain.take(MAX_PLAINTEXT, out);
        if self.is_tls13() {
            out.push(content_type);
        }
        let wire_length = u16::try_from(out.len() + TAG - start - HEADER).ok()?.to_be_bytes();
        out.get_mut(start + 3..start + HEADER)?.copy_from_slice(&wire_length);
        let header: [u8; HEADER] = out.get(start..start + HEADER)?.try_into().ok()?;
        let tls12 = self.tls12_aad(content_type, length);
        let aad = if self.is_tls13() { &header[..] } else { &tls12[..] };
        let nonce = Nonce::assume_unique_for_key(nonce);
        let sealed = out.get_mut(body..)?;
        let tag = self.key.seal_in_place_separate_tag(nonce, Aad::from(aad), sealed).ok()?;
        out.extend_from_slice(tag.as_ref());
        self.sequence += 1;
        Some(())
    }

    fn nonce(&self) -> Nonce {
        Nonce::assume_unique_for_key(self.xored_iv())
    }

    fn xored_iv(&self) -> [u8; NONCE_LEN] {
        let mut nonce = self.iv;
        let sequence = self.sequence.to_be_bytes();
        nonce.iter_mut().skip(NONCE_LEN - sequence.len()).zip(sequence).for_each(|(n, s)| *n ^= s);
        nonce
    }

    fn tls12_aad(&self, content_type: u8, length: usize) -> [u8; 13] {
        let [s0, s1, s2, s3, s4, s5, s6, s7] = self.sequence.to_be_bytes();
        let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
        [s0, s1, s2, s3, s4, s5, s6, s7, content_type, 3, 3, high, low]
    }
}

/// A TLS 1.3 plaintext ends in its type and any number of zeros.
fn inner_type(plain: &[u8]) -> Option<(u8, usize)> {
    let at = plain.iter().rposition(|&b| b != 0)?;
    Some((*plain.get(at)?, at))
}

/// The bytes of several slices as one sequence.
pub(super) struct Gather<'a, 'b> {
    bufs: &'a [IoSlice<'b>],
    within: usize,
    taken: usize,
}

impl<'a, 'b> Gather<'a, 'b> {
    pub(super) fn new(bufs: &'a [IoSlice<'b>]) -> Self {
        Self { bufs, within: 0, taken: 0 }
    }

    /// So many bytes were taken.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bufs.iter().map(|b| b.len()).sum::<usize>() <= self.within
    }

    /// Appends up to `max` bytes to `out`; says how many.
    pub(super) fn take(&mut self, max: usize, out: &mut Vec<u8>) -> usize {
        let before = out.len();
        while let Some((first, rest)) = self.bufs.split_first() {
            let left = first.get(self.within..).unwrap_or_default();
            let room = max - (out.len() - before);
            let range: Range<usize> = 0..left.len().min(room);
            out.extend_from_slice(left.get(range.clone()).unwrap_or_default());
            self.within += range.len();
            if range.len() < left.len() {
                break;
            }
            (self.bufs, self.within) = (rest, 0);
        }
        self.taken += out.len() - before;
        out.len() - before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(scheme: Scheme) -> Keys {
        let algorithm =
            if scheme == Scheme::Tls12ChaCha { &CHACHA20_POLY1305 } else { &AES_256_GCM };
        let key = LessSafeKey::new(UnboundKey::new(algorithm, &[7; 32]).unwrap());
        Keys { key, iv: [9; NONCE_LEN], sequence: 3, scheme }
    }

    #[test]
    fn seals_and_opens_back_to_front() {
        for scheme in [Scheme::Tls13, Scheme::Tls12Gcm, Scheme::Tls12ChaCha] {
            let (mut tx, mut rx) = (keys(scheme), keys(scheme));
            let big = vec![b'x'; MAX_PLAINTEXT];
            let bufs = [IoSlice::new(b"head"), IoSlice::new(b""), IoSlice::new(&big)];
            let mut plain = Gather::new(&bufs);
            let mut wire = b"gap".to_vec();
            tx.seal(APPLICATION_DATA, &mut plain, &mut wire).unwrap();
            assert_eq!(plain.taken(), MAX_PLAINTEXT);
            let end = 3 + record_length(&wire[3..]).unwrap();
            assert_eq!(end, wire.len());
            tx.seal(APPLICATION_DATA, &mut plain, &mut wire).unwrap();
            assert!(plain.is_empty());
            let first = rx.open(&mut wire[..end], 3);
            assert_eq!(first, Ok((APPLICATION_DATA, MAX_PLAINTEXT)));
            assert!(wire.starts_with(b"headxxxx"));
            assert_eq!(rx.open(&mut wire[end..], 0), Ok((APPLICATION_DATA, 4)));
            assert!(wire[end..].starts_with(b"xxxx"));
        }
    }

    #[test]
    fn refuses_forged_records() {
        let (mut tx, mut rx) = (keys(Scheme::Tls13), keys(Scheme::Tls13));
        let mut wire = Vec::new();
        let bufs = [IoSlice::new(b"hello")];
        tx.seal(APPLICATION_DATA, &mut Gather::new(&bufs), &mut wire).unwrap();
        for at in 0..wire.len() {
            let mut forged = wire.clone();
            forged[at] ^= 1;
            assert!(rx.open(&mut forged, 0).is_err(), "{at}");
        }
        for len in 0..wire.len() {
            assert!(rx.open(&mut wire.clone()[..len], 0).is_err(), "{len}");
        }
        assert_eq!(rx.open(&mut wire, 0), Ok((APPLICATION_DATA, 5)));
    }
}
