//! DNS messages for DNS over HTTPS (RFC 1035, RFC 8484, RFC 9460).
//!
//! A question goes out as the body of a POST with [`CONTENT_TYPE`]; the answer's
//! body comes back whole to [`decode`].

mod answer;
mod https;
#[cfg(test)]
mod tests;

pub use answer::{Answer, decode};
pub use https::{Alpn, HttpsRecord};

/// The media type of question and answer.
pub const CONTENT_TYPE: &str = "application/dns-message";
/// The longest question (RFC 1034, RFC 1035).
pub const MAX_QUESTION: usize = 256 + 16;
/// The longest answer that is read.
pub const MAX_ANSWER: usize = 3000;
/// How many addresses of one answer are kept.
pub const MAX_ADDRESSES: usize = 24;
/// The longest time that an answer is kept, in seconds.
pub const MAX_TTL: u32 = 86_400;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum RecordType {
    /// An IPv4 address.
    A = 1,
    /// An IPv6 address.
    Aaaa = 28,
    /// How to reach the HTTPS service.
    Https = 65,
}

impl RecordType {
    /// The type's name, as in libcurl's log.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Https => "HTTPS",
        }
    }
}

/// What is wrong with a name or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum DohError {
    BadLabel,
    OutOfRange,
    TooSmall,
    RdataLength,
    Malformed,
    BadRcode,
    UnexpectedType,
    UnexpectedClass,
    BadId,
    NameTooLong,
    /// The name does not exist: the only failure worth keeping in a cache.
    NoSuchName,
    /// A record of HTTPS type that breaks RFC 9460.
    BadHttpsRecord,
}

impl DohError {
    /// libcurl's words for the log.
    pub fn text(self) -> &'static str {
        match self {
            Self::BadLabel => "Bad label",
            Self::OutOfRange => "Out of range",
            Self::TooSmall => "Too small",
            Self::RdataLength => "RDATA length",
            Self::Malformed => "Malformat",
            Self::BadRcode => "Bad RCODE",
            Self::UnexpectedType => "Unexpected TYPE",
            Self::UnexpectedClass => "Unexpected CLASS",
            Self::BadId => "Bad ID",
            Self::NameTooLong => "Name too long",
            Self::NoSuchName => "No such name",
            Self::BadHttpsRecord => "Bad HTTPS record",
        }
    }
}

/// The question for `host`.
///
/// # Errors
/// `NameTooLong`; `BadLabel` for a label that is empty or over 63 bytes.
pub fn encode(host: &str, record: RecordType) -> Result<Vec<u8>, DohError> {
    let name = host.strip_suffix('.').unwrap_or(host);
    // Header, one length byte more than dots, root, type, class.
    let len = 12 + name.len() + 2 + 4;
    if len > MAX_QUESTION {
        return Err(DohError::NameTooLong);
    }
    let mut out = Vec::with_capacity(len);
    // Id 0 (RFC 8484 section 4.1), recursion desired, one question.
    out.extend_from_slice(&[0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        match u8::try_from(label.len()) {
            Ok(len @ 1..=63) => out.push(len),
            _ => return Err(DohError::BadLabel),
        }
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    out.extend_from_slice(&(record as u16).to_be_bytes());
    out.extend_from_slice(&CLASS_IN.to_be_bytes());
    Ok(out)
}

/// The name to ask for HTTPS records of (RFC 9460 section 9.1).
pub fn https_name(host: &str, port: u16) -> String {
    if port == 443 { host.to_owned() } else { format!("_{port}._https.{host}") }
}

const CLASS_IN: u16 = 1;
const TYPE_CNAME: u16 = 5;
const TYPE_DNAME: u16 = 39;

/// Reads a message front to back.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], DohError> {
        let (head, rest) = self.0.split_at_checked(n).ok_or(DohError::OutOfRange)?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DohError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(DohError::OutOfRange)?;
        self.0 = rest;
        Ok(*head)
    }

    fn u16(&mut self) -> Result<u16, DohError> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, DohError> {
        self.array().map(u32::from_be_bytes)
    }

    /// Steps over a name; a pointer ends it, so there is nothing to loop in.
    fn skip_name(&mut self) -> Result<(), DohError> {
        loop {
            let [len] = self.array()?;
            match len {
                0 => return Ok(()),
                1..=63 => self.take(usize::from(len))?,
                0xc0.. => return self.take(1).map(drop),
                _ => return Err(DohError::BadLabel),
            };
        }
    }
}
