//! GSS-API inside SOCKS5 (RFC 1961): tokens of a security context, then how the bytes of the tunnel
//! are to be protected. The context itself is the owner's.

use super::{Failure, ProxyCode, Socks, State};

/// What becomes of the method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gssapi {
    /// `CURLOPT_SOCKS5_AUTH` has not `CURLAUTH_GSSAPI`.
    Disallowed,
    /// There is no library for it.
    Missing,
    /// It is offered. `nec` is `CURLOPT_SOCKS5_GSSAPI_NEC`: the level of protection is asked for and
    /// granted in clear, which RFC 1961 section 4.3 forbids.
    Offered {
        /// In clear?
        nec: bool,
    },
}

/// What the machine asks of the security context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The next token, after this one of the proxy's (at first there is none): [`Socks::stepped`].
    Step(Vec<u8>),
    /// The bytes, wrapped without being made confidential: [`Socks::wrapped`].
    Wrap(Vec<u8>),
    /// The bytes, unwrapped: [`Socks::unwrapped`].
    Unwrap(Vec<u8>),
}

const VERSION: u8 = 1;
const AUTHENTICATION: u8 = 1;
const PROTECTION: u8 = 2;
const ABORT: u8 = 255;
/// Version, type of the message and length of the token.
const HEAD_LEN: usize = 4;

impl Socks {
    /// What the context is asked for while [`super::Status::Securing`] is the status; once each.
    pub fn take_ask(&mut self) -> Option<Ask> {
        self.ask.take()
    }

    /// The context has made a token. When it is `complete`, `protection` says what it can do for
    /// messages: 2 confidentiality, 1 integrity, 0 nothing.
    ///
    /// # Errors
    /// A token that has no room in a message.
    pub fn stepped(&mut self, token: &[u8], complete: bool, protection: u8) -> Result<(), Failure> {
        if !token.is_empty() {
            self.push_message(AUTHENTICATION, token, "Failed to initialize GSS-API token.")?;
        }
        if !complete {
            self.state = State::Token;
        } else if self.is_in_clear() {
            self.push_message(PROTECTION, &[protection], "")?;
            self.state = State::Protection;
        } else {
            self.want(Ask::Wrap(vec![protection]));
        }
        Ok(())
    }

    /// The level of protection is wrapped.
    ///
    /// # Errors
    /// A token that has no room in a message.
    pub fn wrapped(&mut self, token: &[u8]) -> Result<(), Failure> {
        let too_long = "Failed to wrap GSS-API encryption value into token.";
        self.push_message(PROTECTION, token, too_long)?;
        self.state = State::Protection;
        Ok(())
    }

    /// What the proxy grants is unwrapped.
    ///
    /// # Errors
    /// It is not one byte.
    pub fn unwrapped(&mut self, level: &[u8]) -> Result<(), Failure> {
        let &[level] = level else {
            let length = level.len();
            return Err(failed(format!("Invalid GSS-API encryption response length ({length}).")));
        };
        self.protection = level;
        self.authenticated()
    }

    /// The context could not do what it was asked for.
    pub fn unsecured(&self, why: &str) -> Failure {
        failed(format!("GSS-API error: {}", why.trim_end()))
    }

    /// The proxy has chosen the method.
    pub(super) fn secure(&mut self) {
        self.want(Ask::Step(Vec::new()));
    }

    /// How long the message is that the proxy sends, as far as it is known; what is wrong with it is
    /// told before the rest is waited for.
    pub(super) fn message_len(&self) -> Result<usize, Failure> {
        let (wanted, what) = match self.state {
            State::Token => (AUTHENTICATION, "authentication"),
            _ => (PROTECTION, "encryption"),
        };
        match *self.tail.as_slice() {
            [version, ABORT, ..] => {
                let (type_, words) = (ABORT, "User was rejected by the SOCKS5 server");
                Err(failed(format!("{words} ({version} {type_}).")))
            }
            [version, type_, ..] if type_ != wanted => {
                let words = format!("Invalid GSS-API {what} response type");
                Err(failed(format!("{words} ({version} {type_}).")))
            }
            [_, _, 0, 0, ..] => Err(failed(format!("Invalid zero-length GSS-API {what} token."))),
            [_, _, high, low, ..] => Ok(HEAD_LEN + usize::from(u16::from_be_bytes([high, low]))),
            [_, _, ..] => Ok(HEAD_LEN),
            // A message that ends it all is no longer than this.
            _ => Ok(2),
        }
    }

    /// Acts on the complete message in the tail.
    pub(super) fn message(&mut self) -> Result<(), Failure> {
        let token = self.tail.get(HEAD_LEN..).unwrap_or_default().to_vec();
        match self.state {
            State::Token => self.want(Ask::Step(token)),
            _ if self.is_in_clear() => self.unwrapped(&token)?,
            _ => self.want(Ask::Unwrap(token)),
        }
        Ok(())
    }

    /// The tunnel stands; what was granted for it must be nothing, as libcurl has it too.
    pub(super) fn check_protection(&self) -> Result<(), Failure> {
        if self.protection == 0 {
            return Ok(());
        }
        let message = "SOCKS5 GSS-API protection not yet implemented.";
        Err(Failure::new(ProxyCode::GssapiProtection, message))
    }

    fn is_in_clear(&self) -> bool {
        self.request.gssapi == Gssapi::Offered { nec: true }
    }

    fn want(&mut self, ask: Ask) {
        self.ask = Some(ask);
        self.state = State::Securing;
    }

    fn push_message(
        &mut self,
        kind: u8,
        token: &[u8],
        too_long: &'static str,
    ) -> Result<(), Failure> {
        let length = u16::try_from(token.len()).map_err(|_| failed(too_long))?;
        self.out.extend_from_slice(&[VERSION, kind]);
        self.out.extend_from_slice(&length.to_be_bytes());
        self.out.extend_from_slice(token);
        Ok(())
    }
}

fn failed(message: impl Into<std::borrow::Cow<'static, str>>) -> Failure {
    Failure::new(ProxyCode::Gssapi, message)
}
