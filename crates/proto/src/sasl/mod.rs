//! SASL: proving who logs in, inside of a mail protocol (RFC 4422).
//!
//! ```text
//! start -> [mechanism, maybe an initial response] -> resume(challenge) -> respond ... -> Done
//!                                                         |
//!                                    broken challenge: Cancel -> the next mechanism
//! ```
//!
//! Messages here are as they go over the wire, in base64.

mod mechanism;
mod message;
#[cfg(test)]
mod tests;

use tress_model::{Code, Error, Result};

pub use mechanism::{
    ALL, CRAM_MD5, DEFAULT, DIGEST_MD5, EXTERNAL, LOGIN, NONE, NTLM, OAUTHBEARER, PLAIN, XOAUTH2,
    decode, from_http_auth, preference,
};
pub(crate) use message::hex;

/// What is known of the one who logs in.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The user.
    pub user: Vec<u8>,
    /// The password.
    pub password: Vec<u8>,
    /// `CURLOPT_SASL_AUTHZID`: the identity to act as.
    pub authzid: Vec<u8>,
    /// `CURLOPT_SERVICE_NAME`, in place of the protocol's own.
    pub service: Option<Vec<u8>>,
    /// `CURLOPT_XOAUTH2_BEARER`.
    pub bearer: Option<Vec<u8>>,
}

/// What a login depends on.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `None`: no user was given.
    pub credentials: Option<Credentials>,
    /// The host, for OAUTHBEARER.
    pub host: String,
    /// The port, for OAUTHBEARER.
    pub port: u16,
    /// `CURLOPT_SASL_IR`: send initial responses at once.
    pub initial_response: bool,
    /// The mechanisms that may be used: of [`preference`] or [`from_http_auth`].
    pub allowed: u16,
    /// 16 random bytes, for DIGEST-MD5 and NTLM.
    pub nonce: [u8; 16],
    /// The time of day in Unix seconds, for NTLM.
    pub unix_time: i64,
}

/// What tells one protocol's exchange from another's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flavour {
    /// The service name.
    pub service: &'static str,
    /// The longest mechanism plus initial response; 0 for no limit.
    pub max_initial: usize,
}

/// The server's reply, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Continue,
    Success,
    Failure,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Ask for this mechanism, with an initial response or without.
    Start(&'static str, Option<String>),
    /// Send this line.
    Respond(String),
    /// Give the mechanism up: send `*`.
    Cancel,
    /// Logged in.
    Done,
    /// No mechanism is left.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The mechanism's message number n is due.
    Message(u8),
    /// The reply decides.
    Final,
    Cancelled,
}

/// A login under way.
#[derive(Debug)]
pub(crate) struct Sasl {
    config: Config,
    flavour: Flavour,
    offered: u16,
    used: u16,
    force_initial: bool,
    state: State,
}

impl Sasl {
    pub fn new(config: Config, flavour: Flavour) -> Self {
        let state = State::Final;
        Self { config, flavour, offered: NONE, used: NONE, force_initial: false, state }
    }

    pub fn credentials(&self) -> Option<&Credentials> {
        self.config.credentials.as_ref()
    }

    /// Forgets what the server offered: it tells again.
    pub fn reset(&mut self) {
        (self.offered, self.used) = (NONE, NONE);
    }

    /// The server offers a mechanism; unknown ones are passed over.
    pub fn offer(&mut self, word: &[u8]) {
        self.offered |= decode(word).unwrap_or(NONE);
    }

    /// Whether a mechanism was used on this connection.
    pub fn authenticated(&self) -> bool {
        self.used != NONE
    }

    /// EXTERNAL alone needs no user.
    pub fn can_authenticate(&self) -> bool {
        self.config.credentials.is_some() || self.offered & self.config.allowed & EXTERNAL != 0
    }

    /// Picks the best mechanism of those offered and allowed. With `force` an
    /// initial response goes along where the mechanism has one.
    pub fn start(&mut self, force: bool) -> Action {
        self.force_initial = force;
        self.used = NONE;
        let empty = Credentials::default();
        let credentials = self.config.credentials.as_ref().unwrap_or(&empty);
        let enabled = self.offered & self.config.allowed;
        let Some((name, bit)) = mechanism::choose(enabled, credentials) else {
            return Action::Nothing;
        };
        self.used = bit;
        self.state = State::Message(0);
        if !(force || self.config.initial_response) || !mechanism::has_initial(bit) {
            return Action::Start(name, None);
        }
        let Some(initial) = message::create(self, 0, b"") else {
            return Action::Start(name, None);
        };
        let limit = self.flavour.max_initial;
        if limit > 0 && name.len() + initial.len() > limit {
            return Action::Start(name, None);
        }
        self.state = self.after(0);
        let initial = if initial.is_empty() { "=".to_owned() } else { initial };
        Action::Start(name, Some(initial))
    }

    /// Answers the server's reply with its (still encoded) message.
    ///
    /// # Errors
    /// `LoginDenied`.
    pub fn resume(&mut self, reply: Reply, challenge: &[u8]) -> Result<Action> {
        let number = match self.state {
            State::Final if reply == Reply::Success => return Ok(Action::Done),
            State::Final => return Err(Error::from(Code::LoginDenied)),
            State::Cancelled => {
                self.offered &= !self.used;
                return Ok(self.start(self.force_initial));
            }
            State::Message(number) => number,
        };
        // OAUTHBEARER may end without a further challenge.
        let optional = self.used == OAUTHBEARER && number > 0;
        match reply {
            Reply::Success if optional => return Ok(Action::Done),
            Reply::Continue => {}
            _ => return Err(Error::from(Code::LoginDenied)),
        }
        Ok(match message::create(self, number, challenge) {
            Some(text) => {
                self.state = self.after(number);
                Action::Respond(text)
            }
            None => {
                self.state = State::Cancelled;
                Action::Cancel
            }
        })
    }

    fn after(&self, number: u8) -> State {
        if number + 1 < mechanism::messages(self.used) {
            State::Message(number + 1)
        } else {
            State::Final
        }
    }
}

/// The error when no mechanism can be used.
pub(crate) fn blocked() -> Error {
    Error::from(Code::LoginDenied)
}

/// The error when every mechanism was given up.
pub(crate) fn cancelled() -> Error {
    Error::new(Code::LoginDenied, "Authentication cancelled")
}
