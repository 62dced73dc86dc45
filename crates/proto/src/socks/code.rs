use std::borrow::Cow;

use tress_model::{Code, Error};

/// Why a proxy handshake failed (`CURLINFO_PROXY_ERROR`, `CURLPX_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[allow(missing_docs)]
pub enum ProxyCode {
    Ok = 0,
    BadAddressType = 1,
    BadVersion = 2,
    Closed = 3,
    Gssapi = 4,
    GssapiPermsg = 5,
    GssapiProtection = 6,
    Identd = 7,
    IdentdDiffer = 8,
    LongHostname = 9,
    LongPasswd = 10,
    LongUser = 11,
    NoAuth = 12,
    RecvAddress = 13,
    RecvAuth = 14,
    RecvConnect = 15,
    RecvReqack = 16,
    ReplyAddressTypeNotSupported = 17,
    ReplyCommandNotSupported = 18,
    ReplyConnectionRefused = 19,
    ReplyGeneralServerFailure = 20,
    ReplyHostUnreachable = 21,
    ReplyNetworkUnreachable = 22,
    ReplyNotAllowed = 23,
    ReplyTtlExpired = 24,
    ReplyUnassigned = 25,
    RequestFailed = 26,
    ResolveHost = 27,
    SendAuth = 28,
    SendConnect = 29,
    SendRequest = 30,
    UnknownFail = 31,
    UnknownMode = 32,
    UserRejected = 33,
}

/// A failed handshake: the transfer ends with `CURLE_PROXY`, and the detail is
/// what `CURLINFO_PROXY_ERROR` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The `CURLPX_*` detail.
    pub detail: ProxyCode,
    /// libcurl's words for the error buffer.
    pub message: Cow<'static, str>,
}

impl Failure {
    pub(super) fn new(detail: ProxyCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { detail, message: message.into() }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Error::new(Code::Proxy, failure.message)
    }
}
