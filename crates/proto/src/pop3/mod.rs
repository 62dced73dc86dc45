//! POP3 (RFC 1939), with CAPA (RFC 2449), STLS (RFC 2595) and AUTH (RFC 5034).
//!
//! ```text
//! Greeting -> Capa [-> StartTls -> (TLS) -> Capa] [-> Auth ... | Apop | User -> Pass] -> Ready
//! request: Command [-> Body] -> Done                                 quit: Quit -> Done
//! ```

mod dialogue;
mod dot;
#[cfg(test)]
mod tests;

use std::time::Instant;

use tress_model::Result;

use crate::pingpong::{UseSsl, Wire, conversation};
use crate::sasl;

/// What a connection is set up with.
#[derive(Clone, Debug)]
pub struct Config {
    /// `CURLOPT_USE_SSL`.
    pub use_ssl: UseSsl,
    /// The connection has TLS already (`pop3s`).
    pub tls: bool,
    /// Who logs in; `allowed` is set by [`Config::new`].
    pub login: sasl::Config,
    preferred: u8,
}

impl Config {
    /// `options` are the login options (`CURLOPT_LOGIN_OPTIONS`): `AUTH=` with a
    /// SASL mechanism, `*` or `+APOP`. `login.allowed` is the default without.
    ///
    /// # Errors
    /// `UrlMalformat` for other options.
    pub fn new(use_ssl: UseSsl, tls: bool, mut login: sasl::Config, options: &str) -> Result<Self> {
        let (mechanisms, apop) = sasl::preference(options, login.allowed, "+APOP")?;
        login.allowed = mechanisms;
        let preferred = match mechanisms {
            _ if apop => dialogue::APOP,
            sasl::NONE => 0,
            sasl::DEFAULT => dialogue::APOP | dialogue::CLEARTEXT | dialogue::SASL,
            _ => dialogue::SASL,
        };
        Ok(Self { use_ssl, tls, login, preferred })
    }
}

/// What to do on a connection that is ready.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The message's number: the URL's path, decoded; empty for a listing.
    pub id: Vec<u8>,
    /// `CURLOPT_CUSTOMREQUEST`, decoded.
    pub custom: Vec<u8>,
    /// `CURLOPT_DIRLISTONLY`: LIST rather than RETR.
    pub list_only: bool,
}

/// A conversation.
#[derive(Debug)]
pub struct Pop3 {
    wire: Wire,
    core: dialogue::Core,
}

conversation!(Pop3);

impl Pop3 {
    /// A fresh connection, whose greeting is awaited.
    pub fn new(config: Config, now: Instant) -> Self {
        Self { wire: Wire::new(now), core: dialogue::Core::new(config) }
    }

    /// TLS stands, as asked for by [`crate::pingpong::Event::StartTls`].
    pub fn tls_started(&mut self) {
        self.core.tls_started(&mut self.wire.tx);
    }

    /// Begins a request, after [`crate::pingpong::Event::Ready`] or the request before.
    pub fn perform(&mut self, request: &Request) {
        self.core.perform(request, &mut self.wire.tx);
    }

    /// Takes leave.
    pub fn quit(&mut self) {
        self.core.quit(&mut self.wire.tx);
    }
}
