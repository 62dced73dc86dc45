//! Error codes of HTTP/2 and the errors that transfers get for them.

use tress_model::{Code, Error};

use super::StreamId;
use crate::http::codes::error_codes;

error_codes! {
    /// An error code of RST_STREAM and GOAWAY (RFC 9113, 7).
    pub struct ErrorCode(u32) {
        NO_ERROR = 0x0,
        PROTOCOL_ERROR = 0x1,
        INTERNAL_ERROR = 0x2,
        FLOW_CONTROL_ERROR = 0x3,
        SETTINGS_TIMEOUT = 0x4,
        STREAM_CLOSED = 0x5,
        FRAME_SIZE_ERROR = 0x6,
        REFUSED_STREAM = 0x7,
        CANCEL = 0x8,
        COMPRESSION_ERROR = 0x9,
        CONNECT_ERROR = 0xa,
        ENHANCE_YOUR_CALM = 0xb,
        INADEQUATE_SECURITY = 0xc,
        HTTP_1_1_REQUIRED = 0xd,
    }
}

/// A failure of the whole connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ConnectionError(pub(super) ErrorCode, pub(super) &'static str);

impl ConnectionError {
    pub(super) fn to_error(self) -> Error {
        let Self(code, why) = self;
        Error::new(
            Code::Http2,
            format!("HTTP/2 connection shut down: {why} (error 0x{:x} {code})", code.0),
        )
    }
}

/// What goes wrong while a frame is taken in.
pub(super) type FrameResult<T> = std::result::Result<T, ConnectionError>;

/// The connection ends for breaking the protocol.
pub(super) fn protocol<T>(why: &'static str) -> FrameResult<T> {
    Err(ConnectionError(ErrorCode::PROTOCOL_ERROR, why))
}

/// The connection ends because the peer overdoes it.
pub(super) fn flood<T>(why: &'static str) -> FrameResult<T> {
    Err(ConnectionError(ErrorCode::ENHANCE_YOUR_CALM, why))
}

/// The error of a transfer whose stream was reset, in libcurl's words.
///
/// A stream refused by the server is to be tried again on a new connection;
/// that is the caller's business (`retry` of [`super::Event::Reset`]).
pub fn reset_error(stream: StreamId, code: ErrorCode, by_peer: bool, got_head: bool) -> Error {
    let result = match (code, got_head) {
        (ErrorCode::REFUSED_STREAM, _) => Code::RecvError,
        (ErrorCode::NO_ERROR, true) => Code::PartialFile,
        (ErrorCode::NO_ERROR, false) => return no_head_error(stream),
        _ => Code::Http2Stream,
    };
    let by = if by_peer { "server" } else { "curl" };
    Error::new(
        result,
        format!("HTTP/2 stream {stream} reset by {by} (error 0x{:x} {code})", code.0),
    )
}

/// The error of a transfer whose stream ended before its response head was complete.
pub fn no_head_error(stream: StreamId) -> Error {
    Error::new(
        Code::Http2Stream,
        format!(
            "HTTP/2 stream {stream} was closed cleanly, but before getting all response header \
             fields, treated as error"
        ),
    )
}

#[cfg(test)]
mod tests {
    use tress_model::Code;

    use super::{ErrorCode, reset_error};
    use crate::h2::StreamId;

    #[test]
    fn words_of_libcurl() {
        let error = reset_error(StreamId(5), ErrorCode::PROTOCOL_ERROR, true, false);
        assert_eq!(error.message(), "HTTP/2 stream 5 reset by server (error 0x1 PROTOCOL_ERROR)");
        assert_eq!(error.code(), Code::Http2Stream);
        assert_eq!(ErrorCode(77).name(), "unknown");
    }
}
