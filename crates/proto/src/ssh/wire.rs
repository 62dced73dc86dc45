//! SSH's types on the wire (RFC 4251 section 5).

use tress_model::{Code, Error, Result};

/// An error of the SSH layer (`CURLE_SSH`).
pub(crate) fn ssh_error(text: impl Into<String>) -> Error {
    Error::new(Code::Ssh, text.into())
}

/// Takes fields off the front of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) =
            self.0.split_at_checked(count).ok_or_else(|| ssh_error("SSH: message cut short"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        let bytes = self.take(4)?;
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    pub(crate) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from(self.u32()?) << 32 | u64::from(self.u32()?))
    }

    pub(crate) fn string(&mut self) -> Result<&'a [u8]> {
        let count = self.u32()?;
        self.take(count as usize)
    }

    /// A positive integer, without leading zeros.
    pub(crate) fn mpint(&mut self) -> Result<&'a [u8]> {
        let bytes = self.string()?;
        if bytes.first().is_some_and(|first| first & 0x80 != 0) {
            return Err(ssh_error("SSH: negative number in a message"));
        }
        Ok(without_zeros(bytes))
    }
}

/// A number in big endian without leading zeros.
pub(crate) fn without_zeros(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    &bytes[start..]
}

/// Appends fields to a message.
pub(crate) trait Put {
    fn put_u32(&mut self, number: u32);
    fn put_u64(&mut self, number: u64);
    fn put_string(&mut self, bytes: &[u8]);
    /// A positive integer in big endian.
    fn put_mpint(&mut self, bytes: &[u8]);
}

impl Put for Vec<u8> {
    fn put_u32(&mut self, number: u32) {
        self.extend_from_slice(&number.to_be_bytes());
    }

    fn put_u64(&mut self, number: u64) {
        self.extend_from_slice(&number.to_be_bytes());
    }

    fn put_string(&mut self, bytes: &[u8]) {
        self.put_u32(bytes.len() as u32);
        self.extend_from_slice(bytes);
    }

    fn put_mpint(&mut self, bytes: &[u8]) {
        let bytes = without_zeros(bytes);
        let sign = bytes.first().is_some_and(|first| first & 0x80 != 0);
        self.put_u32((bytes.len() + usize::from(sign)) as u32);
        if sign {
            self.push(0);
        }
        self.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_in_rfc_4251() {
        let mut out = Vec::new();
        out.put_mpint(&[0]);
        out.put_mpint(&[0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7]);
        out.put_mpint(&[0x80]);
        let expected = [
            &[0, 0, 0, 0][..],
            &[0, 0, 0, 8, 0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7],
            &[0, 0, 0, 2, 0, 0x80],
        ];
        assert_eq!(out, expected.concat());
        let mut reader = Reader(&out);
        assert_eq!(reader.mpint().unwrap(), b"");
        assert_eq!(reader.mpint().unwrap().len(), 8);
        assert_eq!(reader.mpint().unwrap(), [0x80]);
        assert!(reader.u8().is_err());
    }

    #[test]
    fn lengths_beyond_the_end_are_refused() {
        assert!(Reader(&[0xff, 0xff, 0xff, 0xff, 1]).string().is_err());
        assert!(Reader(&[0, 0, 0, 1, 0x80]).mpint().is_err());
    }
}
