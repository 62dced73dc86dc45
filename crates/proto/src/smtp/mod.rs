//! SMTP (RFC 5321), with STARTTLS (RFC 3207) and AUTH (RFC 4954).
//!
//! ```text
//! Greeting -> Ehlo [-> Helo] [-> StartTls -> (TLS) -> Ehlo] [-> Auth ...] -> Ready
//! mail:    Mail -> Rcpt ... -> Data -> (upload) -> PostData -> Done
//! command: Command ... -> Done                        quit: Quit -> Done
//! ```

mod address;
mod dialogue;
mod dot;
#[cfg(test)]
mod tests;

use std::time::Instant;

pub use address::Mailbox;
pub use dot::Stuffer;

use crate::pingpong::{UseSsl, Wire, conversation};
use crate::sasl;

/// What a connection is set up with.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What EHLO says: the URL's path, decoded, or the local host's name.
    pub domain: Vec<u8>,
    /// `CURLOPT_USE_SSL`.
    pub use_ssl: UseSsl,
    /// The connection has TLS already (`smtps`).
    pub tls: bool,
    /// Who logs in, and how.
    pub login: sasl::Config,
}

/// What to do on a connection that is ready.
#[derive(Clone, Debug)]
pub enum Request {
    /// Send a mail.
    Mail(Box<Mail>),
    /// `CURLOPT_CUSTOMREQUEST`, else VRFY for each recipient, else HELP.
    Command {
        /// The command, decoded; VRFY or HELP when empty.
        custom: Vec<u8>,
        /// `CURLOPT_MAIL_RCPT`: one command for each.
        recipients: Vec<Mailbox>,
        /// `CURLOPT_NOBODY`: the replies are no body.
        no_body: bool,
    },
}

/// The envelope of a mail.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    /// `CURLOPT_MAIL_FROM`; the null path when missing.
    pub from: Option<Mailbox>,
    /// `CURLOPT_MAIL_AUTH`; an empty one stands for `<>`.
    pub auth: Option<Mailbox>,
    /// `CURLOPT_MAIL_RCPT`.
    pub recipients: Vec<Mailbox>,
    /// The mail's size, where it is known.
    pub size: Option<u64>,
    /// `CURLOPT_MAIL_RCPT_ALLOWFAILS`.
    pub allow_failures: bool,
}

/// A conversation.
#[derive(Debug)]
pub struct Smtp {
    wire: Wire,
    core: dialogue::Core,
}

conversation!(Smtp);

impl Smtp {
    /// A fresh connection, whose greeting is awaited.
    pub fn new(config: Config, now: Instant) -> Self {
        Self { wire: Wire::new(now), core: dialogue::Core::new(config) }
    }

    /// TLS stands, as asked for by [`crate::pingpong::Event::StartTls`].
    pub fn tls_started(&mut self) {
        self.core.tls_started(&mut self.wire.tx);
    }

    /// Begins a request, after [`crate::pingpong::Event::Ready`] or the request before.
    pub fn perform(&mut self, request: Request) {
        self.core.perform(request, &mut self.wire.tx);
    }

    /// The mail is sent, its end included ([`Stuffer::finish`]).
    pub fn uploaded(&mut self, now: Instant) {
        self.core.uploaded();
        self.wire.sent(0, now);
    }

    /// Takes leave.
    pub fn quit(&mut self) {
        self.core.quit(&mut self.wire.tx);
    }

    /// The last reply's code (`CURLINFO_RESPONSE_CODE`).
    pub fn response_code(&self) -> u16 {
        self.core.response_code()
    }
}
