//! Proving who asks: HTTP authentication (RFC 9110 section 11).

pub mod aws_sigv4;
pub mod basic;
pub mod challenge;
pub mod digest;
pub mod httpsig;
pub mod ntlm;

/// Appends bytes in lower-case hexadecimal digits.
pub(crate) fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.extend([byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit & 15)]));
    }
}
