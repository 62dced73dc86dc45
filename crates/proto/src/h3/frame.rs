//! Frames (RFC 9114, 7): types, and those that a client sends.

use super::qpack;
use super::varint;
use crate::h2::Fields;

pub(super) const DATA: u64 = 0x0;
pub(super) const HEADERS: u64 = 0x1;
pub(super) const CANCEL_PUSH: u64 = 0x3;
pub(super) const SETTINGS: u64 = 0x4;
pub(super) const PUSH_PROMISE: u64 = 0x5;
pub(super) const GOAWAY: u64 = 0x7;
pub(super) const MAX_PUSH_ID: u64 = 0xd;

/// Is this a type of HTTP/2's that HTTP/3 forbids (RFC 9114, 7.2.8)?
pub(super) fn is_forbidden(kind: u64) -> bool {
    matches!(kind, 0x2 | 0x6 | 0x8 | 0x9)
}

/// Appends the frame of a head, or of trailers.
pub fn headers_frame(fields: &Fields, out: &mut Vec<u8>) {
    let start = out.len();
    qpack::encode(fields, out);
    let length = out.len() - start;
    let mut head = Vec::with_capacity(9);
    varint::write(&mut head, HEADERS);
    varint::write(&mut head, length as u64);
    out.splice(start..start, head);
}

/// Appends what goes before `length` bytes of a body.
pub fn data_header(length: usize, out: &mut Vec<u8>) {
    varint::write(out, DATA);
    varint::write(out, length as u64);
}
