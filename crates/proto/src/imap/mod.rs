//! IMAP (RFC 3501, RFC 9051), with STARTTLS, AUTHENTICATE, SASL-IR (RFC 4959) and
//! URLs (RFC 5092).
//!
//! ```text
//! Greeting -> Capability [-> StartTls -> (TLS) -> Capability] [-> Authenticate ... | Login] -> Ready
//! request: [Select ->] List | Search | Fetch -> [Literal -> FetchFinal] -> Done
//!          Append -> (upload) -> AppendFinal -> Done          quit: Logout -> Done
//! ```

mod dialogue;
mod request;
#[cfg(test)]
mod tests;

use std::time::Instant;

use tress_model::Result;

pub use request::{Append, Flags, Request};

use crate::pingpong::{UseSsl, Wire, conversation};
use crate::sasl;

/// What a connection is set up with.
#[derive(Clone, Debug)]
pub struct Config {
    /// `CURLOPT_USE_SSL`.
    pub use_ssl: UseSsl,
    /// The connection has TLS already (`imaps`).
    pub tls: bool,
    /// Who logs in; `allowed` is set by [`Config::new`].
    pub login: sasl::Config,
    /// The connection's number: its commands' tags begin with a letter of it.
    pub connection: u64,
    plain_login: bool,
}

impl Config {
    /// `options` are the login options (`CURLOPT_LOGIN_OPTIONS`): `AUTH=` with a
    /// SASL mechanism, `*` or `+LOGIN`. `login.allowed` is the default without.
    ///
    /// # Errors
    /// `UrlMalformat` for other options.
    pub fn new(
        use_ssl: UseSsl,
        tls: bool,
        mut login: sasl::Config,
        options: &str,
        connection: u64,
    ) -> Result<Self> {
        let (mechanisms, plain) = sasl::preference(options, login.allowed, "+LOGIN")?;
        login.allowed = mechanisms;
        let plain_login = plain || mechanisms == sasl::DEFAULT;
        Ok(Self { use_ssl, tls, login, connection, plain_login })
    }
}

/// A conversation.
#[derive(Debug)]
pub struct Imap {
    wire: Wire,
    core: dialogue::Core,
}

conversation!(Imap);

impl Imap {
    /// A fresh connection, whose greeting is awaited.
    pub fn new(config: Config, now: Instant) -> Self {
        Self { wire: Wire::new(now), core: dialogue::Core::new(config) }
    }

    /// TLS stands, as asked for by [`crate::pingpong::Event::StartTls`].
    pub fn tls_started(&mut self) {
        self.core.tls_started(&mut self.wire.tx);
    }

    /// Begins a request, after [`crate::pingpong::Event::Ready`] or the request before.
    ///
    /// # Errors
    /// `UrlMalformat` for an upload without a mailbox, `UploadFailed` for one of
    /// unknown size.
    pub fn perform(&mut self, request: Request) -> Result<()> {
        self.core.perform(request, &mut self.wire.tx)
    }

    /// The upload is sent; the reply's clock runs from now.
    pub fn uploaded(&mut self, now: Instant) {
        self.core.uploaded(&mut self.wire.tx);
        self.wire.await_reply_from(now);
    }

    /// Takes leave.
    pub fn quit(&mut self) {
        self.core.quit(&mut self.wire.tx);
    }
}
