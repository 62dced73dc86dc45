//! Negotiate (RFC 4559): SPNEGO tokens, made by a GSS-API library in worker threads.
//!
//! Like NTLM it proves a connection. Before a request that needs a token its transfer waits
//! until the token is there: [`Multi::await_token`].

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Authentication, Bound, Whom, is_custom};
use crate::TransferId;
use crate::conn::Conn;
use crate::multi::Multi;
use crate::options::Auth;
use crate::security::{Mechanism, SecurityContext, SecurityPeer, SecurityStep};
use crate::transfer::Transfer;
use crate::workers::{Made, Then};

/// A step that a worker has made: the context comes back with what it came to.
pub(crate) type Stepped = (Box<dyn SecurityContext>, std::result::Result<SecurityStep, String>);

/// How far a connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    None,
    /// The peer has said something that is to be answered.
    Received,
    /// A token was sent.
    Sent,
    /// The peer is content: the connection is authenticated.
    Accepted,
}

/// The security context of a connection with one peer.
#[derive(Default)]
pub(crate) struct Negotiate {
    step: Step,
    context: Option<Box<dyn SecurityContext>>,
    complete: bool,
    /// What the context must be given next.
    input: Option<Vec<u8>>,
    /// What it has made last.
    token: Vec<u8>,
    /// The peer's last challenge had a token, and there was such a challenge.
    got_token: bool,
    took_rounds: bool,
    /// Each request must prove itself anew; the peer has said so.
    each_request: bool,
    peer_says_so: bool,
}

impl Negotiate {
    pub(crate) fn is_under_way(&self) -> bool {
        self.step != Step::None
    }

    /// Is an answer due, on this connection and no other?
    pub(crate) fn awaits_answer(&self) -> bool {
        self.step == Step::Received
    }

    fn reset(&mut self) {
        *self = Self::default();
    }

    /// Takes what follows `Negotiate` in a challenge; the error says what the matter is, if there
    /// are words for it.
    pub(crate) fn challenge(&mut self, rest: &[u8]) -> std::result::Result<(), &'static str> {
        let token = rest.split(|&b| b == b',').next().unwrap_or_default().trim_ascii();
        self.got_token = !token.is_empty();
        if token.is_empty() {
            match self.step {
                Step::None => {}
                Step::Accepted => self.reset(),
                Step::Received | Step::Sent => {
                    self.reset();
                    return Err("");
                }
            }
        }
        if self.context.is_some() && self.complete {
            // All was said, and it is not enough.
            self.reset();
            return Err("");
        }
        match STANDARD.decode(token) {
            Ok(decoded) => self.input = Some(decoded),
            Err(_) => {
                self.reset();
                return Err("SPNEGO handshake failure (empty challenge message)");
            }
        }
        self.step = Step::Received;
        Ok(())
    }

    /// `Persistent-Auth` of a response.
    pub(crate) fn persists(&mut self, value: &[u8]) {
        self.each_request = value.get(..5).is_some_and(|it| it.eq_ignore_ascii_case(b"false"));
        self.peer_says_so = true;
    }

    /// The peer has answered, and not asked for more.
    pub(crate) fn accepted(&mut self) {
        if self.step == Step::Sent {
            self.step = Step::Accepted;
        }
    }

    /// A request is due: what the context must be given for its token, if a token is needed that
    /// is not there.
    fn needs(&mut self) -> Option<Vec<u8>> {
        match self.step {
            Step::Received => self.took_rounds |= self.got_token,
            Step::Accepted if !self.peer_says_so => self.each_request = !self.took_rounds,
            _ => {}
        }
        if self.each_request && self.step == Step::Accepted {
            self.reset();
        } else if !self.is_wanted() {
            return None;
        }
        match self.context {
            None => Some(self.input.take().unwrap_or_default()),
            Some(_) => self.input.take(),
        }
    }

    /// Does the next request carry a token?
    fn is_wanted(&self) -> bool {
        self.each_request || !matches!(self.step, Step::Sent | Step::Accepted)
    }

    /// The step is made.
    fn made(&mut self, context: Box<dyn SecurityContext>, step: SecurityStep) {
        self.context = Some(context);
        self.complete = step.complete;
        self.token = step.token;
    }

    /// The header value that is due.
    pub(crate) fn answer(&mut self) -> Option<Vec<u8>> {
        self.got_token = false;
        if !self.is_wanted() || self.token.is_empty() {
            return None;
        }
        self.step = Step::Sent;
        let mut value = String::from("Negotiate ");
        STANDARD.encode_string(&self.token, &mut value);
        Some(value.into_bytes())
    }
}

impl Multi {
    /// Must a token be made before the transfer goes on? Then it waits for it.
    pub(crate) fn await_token(&mut self, id: TransferId, then: Then) -> bool {
        let whom = then.whom();
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return false };
        let Some(mut peer) = transfer.negotiates_with(conn, whom) else { return false };
        if whom == Whom::Server && conn.destination.tls.is_some() {
            let binding = conn.stream().and_then(|stream| stream.end_point_binding());
            peer.channel_binding = binding.unwrap_or_default();
        }
        let negotiate = Bound::negotiate(&mut conn.bound, whom);
        let Some(input) = negotiate.needs() else { return false };
        let context = negotiate.context.take();
        let Some(context) = context.or_else(|| core.security.map(|it| it.context(peer))) else {
            transfer.no_token(conn, whom);
            return false;
        };
        if self.make_token(id, context, input, then) {
            return true;
        }
        if let Some((transfer, Some(conn), _)) = self.parts(id) {
            transfer.no_token(conn, whom);
        }
        false
    }

    /// Has a worker make the next token of a context. The transfer waits for it, unless there is no
    /// worker to be had.
    pub(crate) fn make_token(
        &mut self,
        id: TransferId,
        mut context: Box<dyn SecurityContext>,
        input: Vec<u8>,
        then: Then,
    ) -> bool {
        let step = move || {
            let step = context.step(&input);
            Made::Token((context, step))
        };
        self.give_work(id, then, step).is_ok()
    }

    /// A token was made, or could not be.
    pub(crate) fn token_made(&mut self, id: TransferId, whom: Whom, made: Option<Stepped>) {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        match made {
            Some((context, Ok(step))) if !step.token.is_empty() => {
                Bound::negotiate(&mut conn.bound, whom).made(context, step);
            }
            made => {
                if let Some((_, Err(text))) = made {
                    core.info(transfer, || text);
                }
                transfer.no_token(conn, whom);
            }
        }
    }
}

impl Transfer {
    /// Whom a token is for, if Negotiate is what the next request to `whom` proves itself with.
    fn negotiates_with(&mut self, conn: &Conn, whom: Whom) -> Option<SecurityPeer> {
        let options = self.options.clone();
        let wanted = match whom {
            Whom::Server => options.auth().httpauth,
            Whom::Proxy => options.proxy().proxyauth,
        };
        if !wanted.contains(Auth::NEGOTIATE) || is_custom(&options, whom) {
            return None;
        }
        let route = conn.destination.route.as_deref();
        let (host, service) = match whom {
            Whom::Server => {
                self.server_credentials()?;
                (self.plan.as_deref()?.url.host_name().to_vec(), &options.auth().service_name)
            }
            Whom::Proxy => {
                let proxy = route?.http.as_ref()?;
                proxy.credentials.as_ref()?;
                (proxy.host.as_bytes().to_vec(), &options.proxy().proxy_service_name)
            }
        };
        let auth = self.auth.get_or_insert_with(|| Box::new(Authentication::new(&options)));
        let side = auth.side(whom);
        let service = service.as_deref().unwrap_or(b"HTTP").to_vec();
        let delegation = options.auth().gssapi_delegation;
        let negotiates = side.settle() == Auth::NEGOTIATE && !side.tokenless;
        let channel_binding = Vec::new();
        let mechanism = Mechanism::Negotiate;
        let peer = SecurityPeer { mechanism, service, host, delegation, channel_binding };
        negotiates.then_some(peer)
    }

    /// There is no token: as with libcurl the request goes without.
    fn no_token(&mut self, conn: &mut Conn, whom: Whom) {
        Bound::negotiate(&mut conn.bound, whom).reset();
        if let Some(auth) = &mut self.auth {
            auth.side(whom).tokenless = true;
        }
    }
}
