//! NTLM proves a connection, not a request: how far it is with that is the connection's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tress_model::Result;
use tress_proto::auth::ntlm::{Type2, Type3Request, type1, type3};

use super::negotiate::Negotiate;
use super::{Credentials, Whom};

/// What a connection has been authenticated for.
#[derive(Default)]
pub(crate) struct Bound {
    pub(crate) server: Ntlm,
    pub(crate) proxy: Ntlm,
    /// Negotiate with the server, and with the proxy.
    negotiate: [Negotiate; 2],
}

impl Bound {
    /// Has somebody begun to prove the connection?
    pub(crate) fn is_under_way(&self) -> bool {
        self.server.is_under_way()
            || self.proxy.is_under_way()
            || self.negotiate.iter().any(Negotiate::is_under_way)
    }

    /// Must the next request to `whom` go over this very connection?
    pub(crate) fn awaits_answer(&self, whom: Whom) -> bool {
        let ntlm = match whom {
            Whom::Server => &self.server,
            Whom::Proxy => &self.proxy,
        };
        ntlm.awaits_answer() || self.negotiate[whom as usize].awaits_answer()
    }

    /// The security context of a connection with `whom`.
    pub(crate) fn negotiate(bound: &mut Option<Box<Self>>, whom: Whom) -> &mut Negotiate {
        &mut bound.get_or_insert_default().negotiate[whom as usize]
    }

    /// The handshake of a connection with `whom`.
    pub(crate) fn ntlm(bound: &mut Option<Box<Self>>, whom: Whom) -> &mut Ntlm {
        let bound = bound.get_or_insert_default();
        match whom {
            Whom::Server => &mut bound.server,
            Whom::Proxy => &mut bound.proxy,
        }
    }
}

/// A handshake of three messages.
#[derive(Default)]
pub(crate) struct Ntlm {
    step: Step,
    type2: Type2,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    None,
    /// The first message is to be sent, or was.
    Type1,
    /// The second has come.
    Type2,
    /// The third was sent.
    Type3,
    /// The connection is authenticated: nothing more is sent.
    Last,
}

impl Ntlm {
    /// Has it begun on this connection?
    pub(crate) fn is_under_way(&self) -> bool {
        self.step != Step::None
    }

    /// Is the third message due, on this connection and no other?
    pub(crate) fn awaits_answer(&self) -> bool {
        self.step == Step::Type2
    }

    /// Takes what follows `NTLM` in a challenge; the error says what the matter is.
    pub(crate) fn challenge(&mut self, rest: &[u8]) -> std::result::Result<(), &'static str> {
        let token = rest.split(|&b| b == b',').next().unwrap_or_default().trim_ascii();
        if !token.is_empty() {
            let message = STANDARD
                .decode(token)
                .map_err(|_| "NTLM handshake failure (bad type-2 message)")?;
            self.type2 = Type2::parse(&message)
                .map_err(|_| "NTLM handshake failure (bad type-2 message)")?;
            self.step = Step::Type2;
            return Ok(());
        }
        match self.step {
            Step::None | Step::Last => {
                *self = Self { step: Step::Type1, ..Self::default() };
                Ok(())
            }
            Step::Type3 => {
                *self = Self::default();
                Err("NTLM handshake rejected")
            }
            Step::Type1 | Step::Type2 => Err("NTLM handshake failure (internal error)"),
        }
    }

    /// The header value that is due, and whether the handshake is over with it.
    pub(crate) fn answer(
        &mut self,
        credentials: &Credentials,
        now: i64,
    ) -> Result<(Option<Vec<u8>>, bool)> {
        match self.step {
            Step::None | Step::Type1 => {
                self.step = Step::Type1;
                Ok((Some(value(&type1())), false))
            }
            Step::Type2 => {
                let request = Type3Request {
                    user: &credentials.user,
                    password: &credentials.password,
                    entropy: super::random(),
                    now,
                };
                let message = type3(&self.type2, &request)?;
                self.step = Step::Type3;
                Ok((Some(value(&message)), true))
            }
            Step::Type3 | Step::Last => {
                self.step = Step::Last;
                Ok((None, true))
            }
        }
    }
}

fn value(message: &[u8]) -> Vec<u8> {
    let mut value = String::from("NTLM ");
    STANDARD.encode_string(message, &mut value);
    value.into_bytes()
}
