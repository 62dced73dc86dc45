//! Requests and rules of HTTP that hold for every version of it.

pub(crate) mod codes;
pub mod conditional;
pub mod connect;
pub mod custom;
pub mod redirect;
pub mod request;

pub use request::{Kind, RequestSpec, Sent, write_head};

/// The longest head that is sent (`DYN_HTTP_REQUEST`).
pub const MAX_REQUEST_HEAD: usize = 1024 * 1024;

/// Appends `number` in decimal.
pub(crate) fn push_decimal(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let mut rest = number;
    let mut start = digits.len();
    for (i, slot) in digits.iter_mut().enumerate().rev() {
        *slot = b'0' + (rest % 10) as u8;
        rest /= 10;
        start = i;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(start..).unwrap_or_default());
}

/// Appends `Name: value` and the line end.
pub(crate) fn push_header(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}
