//! Error codes of HTTP/3 and QPACK, and the errors that transfers get for them.

use tress_model::{Code, Error};

use crate::http::codes::error_codes;

error_codes! {
    /// An error code of a stream or connection (RFC 9114, 8.1; RFC 9204, 6); names are without `H3_`.
    pub struct ErrorCode(u64) {
        NO_ERROR = 0x100,
        GENERAL_PROTOCOL_ERROR = 0x101,
        INTERNAL_ERROR = 0x102,
        STREAM_CREATION_ERROR = 0x103,
        CLOSED_CRITICAL_STREAM = 0x104,
        FRAME_UNEXPECTED = 0x105,
        FRAME_ERROR = 0x106,
        EXCESSIVE_LOAD = 0x107,
        ID_ERROR = 0x108,
        SETTINGS_ERROR = 0x109,
        MISSING_SETTINGS = 0x10a,
        REQUEST_REJECTED = 0x10b,
        REQUEST_CANCELLED = 0x10c,
        REQUEST_INCOMPLETE = 0x10d,
        MESSAGE_ERROR = 0x10e,
        CONNECT_ERROR = 0x10f,
        VERSION_FALLBACK = 0x110,
        QPACK_DECOMPRESSION_FAILED = 0x200,
        QPACK_ENCODER_STREAM_ERROR = 0x201,
        QPACK_DECODER_STREAM_ERROR = 0x202,
    }
}

/// A failure of the whole connection: the peer has broken the protocol, or overdoes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the peer is told.
    pub code: ErrorCode,
    /// What it did.
    pub why: &'static str,
}

impl Failure {
    pub(super) fn new(code: ErrorCode, why: &'static str) -> Self {
        Self { code, why }
    }

    /// The error of the transfers on the connection.
    pub fn to_error(self) -> Error {
        let Self { code, why } = self;
        let text = format!("HTTP/3 connection shut down: {why} (error 0x{:x} {code})", code.0);
        Error::new(Code::Http3, text)
    }
}

/// The error of a transfer whose stream was reset, in libcurl's words; `some_body`: it has got a
/// part of its body.
pub fn reset_error(stream: u64, code: ErrorCode, by_peer: bool, some_body: bool) -> Error {
    let result = match code {
        ErrorCode::REQUEST_REJECTED => Code::RecvError,
        _ if some_body && by_peer => Code::PartialFile,
        _ => Code::Http3,
    };
    let by = if by_peer { "server" } else { "curl" };
    let text = format!("HTTP/3 stream {stream} reset by {by} (error 0x{:x} {code})", code.0);
    Error::new(result, text)
}

/// The error of a transfer whose stream ended before its response head was complete.
pub fn no_head_error(stream: u64) -> Error {
    let text = format!(
        "HTTP/3 stream {stream} was closed cleanly, but before getting all response header \
         fields, treated as error"
    );
    Error::new(Code::Http3, text)
}
