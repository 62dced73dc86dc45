//! The first packet, and the answer to its options.

use std::time::Duration;

use tress_model::{Code, Error, Result};

use super::{DEFAULT_BLOCK, RRQ, Request, WRQ};

/// The smallest block size (RFC 2348).
pub const MIN_BLOCK: u16 = 8;
/// The largest.
pub const MAX_BLOCK: u16 = 65_464;

pub(super) fn request(request: &Request, retry_time: Duration) -> Result<Vec<u8>> {
    let mode: &[u8] = if request.ascii { b"netascii" } else { b"octet" };
    if request.file.is_empty() {
        return Err(illegal("Missing filename"));
    }
    if request.file.len() + mode.len() + 4 > usize::from(DEFAULT_BLOCK) {
        return Err(illegal("TFTP filename too long"));
    }
    let code = if request.upload { WRQ } else { RRQ };
    let mut out = code.to_be_bytes().to_vec();
    let mut text = |text: &[u8]| {
        out.extend_from_slice(text);
        out.push(0);
    };
    text(&request.file);
    text(mode);
    if !request.no_options {
        let size = request.upload_size.filter(|_| request.upload).unwrap_or(0);
        text(b"tsize");
        text(size.to_string().as_bytes());
        text(b"blksize");
        text(request.block_size.to_string().as_bytes());
        text(b"timeout");
        text(retry_time.as_secs().to_string().as_bytes());
    }
    if out.len() > usize::from(DEFAULT_BLOCK) {
        return Err(illegal("TFTP buffer too small for options"));
    }
    Ok(out)
}

/// What both sides agreed on.
pub(super) struct Agreed {
    pub block_size: u16,
    /// The file's size; downloads alone.
    pub size: Option<u64>,
}

/// Reads an OACK.
pub(super) fn agreed(datagram: &[u8], request: &Request) -> Result<Agreed> {
    let mut agreed = Agreed { block_size: DEFAULT_BLOCK, size: None };
    let mut rest = datagram.get(2..).unwrap_or_default();
    while !rest.is_empty() {
        let malformed = || illegal("Malformed ACK packet, rejecting");
        let (name, after) = text(rest).ok_or_else(malformed)?;
        let (value, after) = text(after).ok_or_else(malformed)?;
        rest = after;
        if name.eq_ignore_ascii_case(b"blksize") {
            agreed.block_size = block_size(value, request.block_size)?;
        } else if name.eq_ignore_ascii_case(b"tsize") && !request.upload {
            match number(value) {
                Some(0) => {
                    let value = String::from_utf8_lossy(value).into_owned();
                    let message = format!("invalid tsize -:{value}:- value in OACK packet");
                    return Err(illegal(message));
                }
                size => agreed.size = size.or(agreed.size),
            }
        }
    }
    Ok(agreed)
}

fn block_size(value: &[u8], requested: u16) -> Result<u16> {
    let size = number(value).filter(|&size| size <= u64::from(MAX_BLOCK));
    match size.and_then(|size| u16::try_from(size).ok()) {
        None => Err(illegal(format!("blksize is larger than max supported ({MAX_BLOCK})"))),
        Some(0) => Err(illegal("invalid blocksize value in OACK packet")),
        Some(size) if size < MIN_BLOCK => {
            Err(illegal(format!("blksize is smaller than min supported ({MIN_BLOCK})")))
        }
        Some(size) if size > requested => {
            Err(illegal(format!("server requested blksize larger than allocated ({size})")))
        }
        Some(size) => Ok(size),
    }
}

/// Text up to its NUL, and what follows.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(0, bytes)?;
    let (text, rest) = bytes.split_at(end);
    Some((text, rest.get(1..)?))
}

fn number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::str::from_utf8(text.get(..digits)?).ok()?.parse().ok()?;
    i64::try_from(number).is_ok().then_some(number)
}

fn illegal(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::TftpIllegal, message)
}
