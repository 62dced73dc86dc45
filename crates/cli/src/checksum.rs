//! Sums that bodies must have.

use std::fmt;

use sha2::{Digest, Sha256, Sha512};

/// The sum that a body must have, such as `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    kind: Kind,
    sum: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sha256,
    Sha512,
}

/// A sum in the making.
#[derive(Clone, Debug)]
pub enum Summing {
    Sha256(Box<Sha256>),
    Sha512(Box<Sha512>),
}

impl Checksum {
    /// The name of the algorithm, a colon, the sum in hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (kind, digits, bytes) = match text.split_once(':') {
            Some(("sha256", digits)) => (Kind::Sha256, digits, 32),
            Some(("sha512", digits)) => (Kind::Sha512, digits, 64),
            _ => return Err(format!("{text:?} is no sum: sha256:... or sha512:...")),
        };
        let sum = unhex(digits).filter(|sum| sum.len() == bytes);
        let sum = sum.ok_or_else(|| format!("{digits:?} is not {} digits", 2 * bytes))?;
        Ok(Self { kind, sum })
    }

    /// Does a word of a list look like one?
    pub fn is_meant(word: &str) -> bool {
        word.starts_with("sha256:") || word.starts_with("sha512:")
    }

    /// Begins to sum.
    pub fn summing(&self) -> Summing {
        match self.kind {
            Kind::Sha256 => Summing::Sha256(Box::default()),
            Kind::Sha512 => Summing::Sha512(Box::default()),
        }
    }

    /// Compares; the error says what the sum is.
    pub fn check(&self, summing: Summing) -> Result<(), String> {
        let sum = match summing {
            Summing::Sha256(sum) => sum.finalize().to_vec(),
            Summing::Sha512(sum) => sum.finalize().to_vec(),
        };
        match sum == self.sum {
            true => Ok(()),
            false => Err(format!("the sum is {}, not {self}", Self { kind: self.kind, sum })),
        }
    }
}

impl Summing {
    /// Takes more bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(sum) => sum.update(bytes),
            Self::Sha512(sum) => sum.update(bytes),
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Sha256 => "sha256:",
            Kind::Sha512 => "sha512:",
        })?;
        self.sum.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let plain =
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()) && digits.len().is_multiple_of(2);
    plain.then(|| pairs.map(byte).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    #[test]
    fn sums_are_read_and_compared() {
        let wanted = Checksum::parse(HELLO).unwrap();
        assert_eq!(wanted.to_string(), HELLO);
        let mut summing = wanted.summing();
        summing.update(b"hel");
        summing.update(b"lo");
        assert_eq!(wanted.check(summing), Ok(()));
        let error = wanted.check(wanted.summing()).unwrap_err();
        assert!(error.starts_with("the sum is sha256:e3b0c442"), "{error}");
    }

    #[test]
    fn what_is_no_sum_is_refused() {
        for text in ["md5:00", "sha256", "sha256:12", "sha256:+f", "", HELLO.trim_end_matches('4')]
        {
            assert!(Checksum::parse(text).is_err(), "{text}");
        }
    }
}
