//! The proxy's replies.

use super::{
    ADDRESS_NAME, ADDRESS_V4, ADDRESS_V6, Failure, Gssapi, METHOD_GSSAPI, METHOD_NONE,
    METHOD_PASSWORD, METHOD_REFUSED, ProxyCode, Socks, State,
};

/// A SOCKS4 reply.
const REPLY4_LEN: usize = 8;
/// What libcurl wants of a SOCKS5 reply before it looks at it.
const REPLY5_MIN: usize = 8;

impl Socks {
    /// How long the awaited reply is, as far as it is known; a SOCKS5 reply is
    /// checked here, before the rest of it is waited for.
    pub(super) fn reply_len(&self) -> Result<usize, Failure> {
        match self.state {
            State::Method | State::Auth => Ok(2),
            State::Reply4 => Ok(REPLY4_LEN),
            State::Token | State::Protection => self.message_len(),
            State::Reply5 if self.tail.len() >= REPLY5_MIN => self.reply5_len(),
            State::Reply5 => Ok(REPLY5_MIN),
            State::Resolve4 | State::Resolve5 | State::Securing | State::Done => Ok(0),
        }
    }

    /// Acts on the complete reply in the tail.
    pub(super) fn reply(&mut self) -> Result<(), Failure> {
        match self.state {
            State::Reply4 => self.reply4(),
            State::Method => self.method(),
            State::Auth => self.auth(),
            State::Token | State::Protection => self.message(),
            State::Reply5 => {
                self.state = State::Done;
                self.check_protection()
            }
            State::Resolve4 | State::Resolve5 | State::Securing | State::Done => Ok(()),
        }
    }

    fn reply4(&mut self) -> Result<(), Failure> {
        let &[version, status, p0, p1, a, b, c, d] = self.tail.as_slice() else {
            return Err(Failure::new(ProxyCode::RecvConnect, "SOCKS4 reply is incomplete."));
        };
        if version != 0 {
            let message = "SOCKS4 reply has wrong version, version should be 0.";
            return Err(Failure::new(ProxyCode::BadVersion, message));
        }
        let (detail, why) = match status {
            90 => {
                self.state = State::Done;
                return Ok(());
            }
            91 => (ProxyCode::RequestFailed, "request rejected or failed."),
            92 => (
                ProxyCode::Identd,
                "request rejected because SOCKS server cannot connect to identd on the client.",
            ),
            93 => (
                ProxyCode::IdentdDiffer,
                "request rejected because the client program and identd report different user-ids.",
            ),
            _ => (ProxyCode::UnknownFail, "Unknown."),
        };
        let port = u16::from_be_bytes([p0, p1]);
        Err(Failure::new(
            detail,
            format!(
                "[SOCKS] cannot complete SOCKS4 connection to {a}.{b}.{c}.{d}:{port}. ({status}), \
                 {why}"
            ),
        ))
    }

    fn method(&mut self) -> Result<(), Failure> {
        let (Some(&version), Some(&method)) = (self.tail.first(), self.tail.get(1)) else {
            return Err(Failure::new(
                ProxyCode::RecvConnect,
                "SOCKS5 initial reply is incomplete.",
            ));
        };
        if version != 5 {
            let message = "Received invalid version in initial SOCKS5 response.";
            return Err(Failure::new(ProxyCode::BadVersion, message));
        }
        let (detail, message) = match method {
            METHOD_NONE => return self.authenticated(),
            METHOD_PASSWORD if self.request.allow_basic => return self.authenticate(),
            METHOD_PASSWORD => {
                (ProxyCode::NoAuth, "BASIC authentication proposed but not enabled.")
            }
            METHOD_GSSAPI => match self.request.gssapi {
                Gssapi::Offered { .. } => {
                    self.secure();
                    return Ok(());
                }
                Gssapi::Missing => (
                    ProxyCode::GssapiPermsg,
                    "SOCKS5 GSSAPI per-message authentication is not supported.",
                ),
                Gssapi::Disallowed => (
                    ProxyCode::GssapiPermsg,
                    "SOCKS5 GSSAPI per-message authentication is not enabled.",
                ),
            },
            METHOD_REFUSED => (ProxyCode::NoAuth, "No authentication method was acceptable."),
            _ => (ProxyCode::UnknownMode, "Unknown SOCKS5 mode attempted to be used by server."),
        };
        Err(Failure::new(detail, message))
    }

    fn auth(&mut self) -> Result<(), Failure> {
        match *self.tail.as_slice() {
            [_, 0] => self.authenticated(),
            [version, status] => {
                let message =
                    format!("User was rejected by the SOCKS5 server ({version} {status}).");
                Err(Failure::new(ProxyCode::UserRejected, message))
            }
            _ => {
                let message = "SOCKS5 sub-negotiation response incomplete.";
                Err(Failure::new(ProxyCode::RecvConnect, message))
            }
        }
    }

    fn reply5_len(&self) -> Result<usize, Failure> {
        let &[version, status, _, kind, first, ..] = self.tail.as_slice() else {
            return Ok(REPLY5_MIN);
        };
        if version != 5 {
            let message = "SOCKS5 reply has wrong version, version should be 5.";
            return Err(Failure::new(ProxyCode::BadVersion, message));
        }
        if status != 0 {
            let host = &self.request.host;
            let message = format!("cannot complete SOCKS5 connection to {host}. ({status})");
            return Err(Failure::new(refusal(status), message));
        }
        match kind {
            ADDRESS_V4 => Ok(4 + 4 + 2),
            ADDRESS_NAME => Ok(REPLY5_MIN.max(4 + 1 + usize::from(first) + 2)),
            ADDRESS_V6 => Ok(4 + 16 + 2),
            _ => {
                let message = "SOCKS5 reply has wrong address type.";
                Err(Failure::new(ProxyCode::BadAddressType, message))
            }
        }
    }
}

/// RFC 1928 section 6.
fn refusal(status: u8) -> ProxyCode {
    match status {
        1 => ProxyCode::ReplyGeneralServerFailure,
        2 => ProxyCode::ReplyNotAllowed,
        3 => ProxyCode::ReplyNetworkUnreachable,
        4 => ProxyCode::ReplyHostUnreachable,
        5 => ProxyCode::ReplyConnectionRefused,
        6 => ProxyCode::ReplyTtlExpired,
        7 => ProxyCode::ReplyCommandNotSupported,
        8 => ProxyCode::ReplyAddressTypeNotSupported,
        _ => ProxyCode::ReplyUnassigned,
    }
}
