//! HTTP authentication of a transfer (RFC 9110 section 11): the rounds with server and proxy.
//!
//! Where the only scheme wanted is Basic or Bearer the plan's head has the header already and
//! nothing here runs. Everything else is a dialogue: a request says what is picked
//! ([`Transfer::authorization`]), a response brings challenges ([`Transfer::challenged`]), and
//! at the end of its head it is decided whether another round follows
//! ([`Transfer::wants_another_round`]).

mod credentials;
mod negotiate;
mod ntlm;
mod proxy;
mod side;
mod sign;

pub(crate) use credentials::{Credentials, preemptive};
pub(crate) use negotiate::Stepped;
pub(crate) use ntlm::Bound;
pub(crate) use side::Ask;
use side::Side;
use std::sync::Arc;

use tress_model::Result;
use tress_proto::http::custom;

use super::head::{self, Varying};
use crate::multi::Core;
use crate::options::{Auth, Options};
use crate::transfer::Transfer;

/// `CURL_HTTP_VERSION_2_0`, as [`Infos`](crate::Infos) has it.
const HTTP_2: u32 = 3;

/// With whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    Server,
    Proxy,
}

/// What a handle knows of its authentication: kept from one transfer to the next.
#[derive(Default)]
pub(crate) struct Authentication {
    server: Side,
    proxy: Side,
    /// What was answered is refused, or what is offered cannot be answered.
    problem: bool,
    /// The request under way has no body: it only carries the negotiation on.
    pub(crate) negotiating: bool,
    /// Challenges in the head that is being read.
    heard: Vec<(Whom, Box<[u8]>)>,
    /// `Persistent-Auth` in that head.
    pub(crate) persistence: Option<Box<[u8]>>,
}

impl Authentication {
    fn new(options: &Options) -> Self {
        let mut new = Self::default();
        new.begin(options);
        new
    }

    /// A transfer begins.
    pub(crate) fn begin(&mut self, options: &Options) {
        self.problem = false;
        self.negotiating = false;
        self.heard.clear();
        self.server.begin(options.auth().httpauth);
        self.proxy.begin(options.proxy().proxyauth);
    }

    fn side(&mut self, whom: Whom) -> &mut Side {
        match whom {
            Whom::Server => &mut self.server,
            Whom::Proxy => &mut self.proxy,
        }
    }

    /// Is another request needed before one with a body makes sense?
    pub(crate) fn is_unfinished(&self) -> bool {
        [&self.server, &self.proxy].iter().any(|side| side.multipass && !side.done)
    }

    /// A request begins that says nothing of its own.
    pub(crate) fn begin_request(&mut self) {
        self.negotiating = false;
        (self.server.multipass, self.proxy.multipass) = (false, false);
    }

    /// A redirect leads to another server.
    pub(crate) fn leave_origin(&mut self) {
        self.server.leave_origin();
    }

    pub(crate) fn new_connection(&mut self) {
        self.server.new_connection();
        self.proxy.new_connection();
    }
}

impl Transfer {
    /// The value of `Authorization` (`Proxy-Authorization`) for a request; none: it goes without.
    /// `bound` is the connection's.
    ///
    /// # Errors
    /// `TooLarge` for an answer that does not fit.
    pub(crate) fn authorization(
        &mut self,
        core: &mut Core,
        bound: &mut Option<Box<Bound>>,
        whom: Whom,
        ask: &Ask<'_>,
    ) -> Result<Option<Vec<u8>>> {
        let options = &self.options;
        let auth = self.auth.get_or_insert_with(|| Box::new(Authentication::new(options)));
        let said = auth.side(whom).say(ask, bound, whom)?;
        self.used(core, whom, said.used, ask.credentials);
        Ok(said.value)
    }

    /// Whose the requests to the server are. Schemes with a key or a ticket of their own need no
    /// credentials, but go no further than these would.
    fn server_credentials(&self) -> Option<Arc<Credentials>> {
        let plan = self.plan.as_deref()?;
        let own = Auth::HTTPSIG | Auth::NEGOTIATE;
        let needs_none = self.options.auth().httpauth.intersects(own);
        let none = || (needs_none && self.may_ask_for_credentials()).then(Arc::default);
        plan.credentials.clone().or_else(none)
    }

    /// For whom another round may be picked: Negotiate goes on without credentials.
    pub(super) fn credentials_to_pick_for(&self) -> Option<Arc<Credentials>> {
        let picked = self.auth.as_ref().map(|auth| auth.server.picked());
        match picked == Some(Auth::NEGOTIATE) {
            true => self.server_credentials(),
            false => self.plan.as_deref()?.credentials.clone(),
        }
    }

    /// May the host of the request have what was meant for that of the first one?
    fn may_ask_for_credentials(&self) -> bool {
        let follow = &self.exchange.follow;
        self.plan.as_deref().is_some_and(|plan| follow.allows_credentials(&self.options, &plan.url))
    }

    /// What the next request to the server says of its credentials.
    ///
    /// # Errors
    /// Those of [`Transfer::authorization`] and of a signature.
    pub(super) fn authorize(
        &mut self,
        varying: &mut Varying,
        core: &mut Core,
        bound: &mut Option<Box<Bound>>,
    ) -> Result<()> {
        let Some(credentials) = self.server_credentials() else { return Ok(()) };
        let plan = self.plan()?;
        let options = self.options.clone();
        let kind = plan.head.kind;
        let method = head::method(&options, kind, &self.exchange.follow).to_vec();
        let uri = plan.url.request_target().into_owned();
        let peer = head::host(&plan.url);
        let ask = Ask {
            credentials: &credentials,
            method: &method,
            uri: &uri,
            peer: &peer,
            custom: is_custom(&options, Whom::Server),
            now: core.now_unix(),
        };
        varying.authorization = self.authorization(core, bound, Whom::Server, &ask)?;
        let picked = self.auth.as_ref().map_or(Auth::empty(), |auth| auth.server.picked());
        match picked {
            Auth::AWS_SIGV4 => self.sign_for_aws(varying, &ask)?,
            Auth::HTTPSIG if self.may_ask_for_credentials() => {
                self.sign_message(varying, core, &ask)?;
            }
            _ => {}
        }
        if picked == Auth::AWS_SIGV4 || !varying.authorization_extra.is_empty() {
            self.used(core, Whom::Server, picked, &credentials);
        }
        if let Some(auth) = self.auth.as_mut() {
            auth.negotiating = kind.has_body() && auth.is_unfinished();
            varying.negotiating = auth.negotiating;
        }
        Ok(())
    }

    /// Remembers the scheme that a request is made with.
    pub(crate) fn used(&mut self, core: &mut Core, whom: Whom, used: Auth, by: &Credentials) {
        match whom {
            Whom::Server => self.infos.auth_used = used.bits(),
            Whom::Proxy => self.infos.proxy_auth_used = used.bits(),
        }
        if !used.is_empty() {
            core.info(self, || {
                format!("{whom:?} auth using {} with user '{}'", name(used), credentials::shown(by))
            });
        }
    }

    /// A `WWW-Authenticate` header of a 401 (`Proxy-Authenticate` of a 407) has come.
    pub(crate) fn challenged(
        &mut self,
        core: &mut Core,
        bound: &mut Option<Box<Bound>>,
        whom: Whom,
        value: &[u8],
    ) {
        let options = &self.options;
        let sent = self.sent_unasked(whom);
        let auth = self.auth.get_or_insert_with(|| Box::new(Authentication::new(options)));
        auth.side(whom).assume(sent);
        let negotiates = core.security.is_some_and(|library| library.is_available());
        let heard = auth.side(whom).challenge(value, bound, whom, negotiates);
        auth.problem = heard.refused.unwrap_or(auth.problem);
        match whom {
            Whom::Server => self.infos.auth_available |= heard.offered.bits(),
            Whom::Proxy => self.infos.proxy_auth_available |= heard.offered.bits(),
        }
        for note in heard.notes {
            core.info(self, || note.to_owned());
        }
    }

    /// The scheme whose header the plan's head has: no round came before it.
    fn sent_unasked(&self, whom: Whom) -> Auth {
        let Some(plan) = self.plan.as_deref() else { return Auth::empty() };
        let proxy = plan.destination.forwarder();
        match whom {
            Whom::Server => plan.auth_used,
            Whom::Proxy if proxy.is_some_and(|it| it.preemptive(&self.options).is_some()) => {
                Auth::BASIC
            }
            Whom::Proxy => Auth::empty(),
        }
    }

    /// A header with challenges, of a head that is not complete yet.
    pub(crate) fn note_challenge(&mut self, whom: Whom, value: &[u8]) {
        let options = &self.options;
        let auth = self.auth.get_or_insert_with(|| Box::new(Authentication::new(options)));
        auth.heard.push((whom, value.into()));
    }

    /// The head is complete: takes its challenges.
    pub(crate) fn take_challenges(&mut self, core: &mut Core, bound: &mut Option<Box<Bound>>) {
        let Some(auth) = self.auth.as_deref_mut() else { return };
        let persistence = auth.persistence.take();
        if auth.server.picked() == Auth::NEGOTIATE {
            let negotiate = Bound::negotiate(bound, Whom::Server);
            if let Some(value) = persistence {
                negotiate.persists(&value);
            }
            if self.infos.response_code != 401 {
                negotiate.accepted();
            }
        }
        if auth.proxy.picked() == Auth::NEGOTIATE && self.infos.response_code != 407 {
            Bound::negotiate(bound, Whom::Proxy).accepted();
        }
        for (whom, value) in std::mem::take(&mut auth.heard) {
            self.challenged(core, bound, whom, &value);
        }
    }

    /// The head of a final response is complete: is the same request to be made again, with
    /// what is picked now? `closes`: the connection ends with this response.
    pub(crate) fn wants_another_round(
        &mut self,
        core: &mut Core,
        bound: &mut Option<Box<Bound>>,
        whom: Whom,
        credentials: &Credentials,
        closes: bool,
    ) -> bool {
        let status = self.infos.response_code;
        let (asked_for, used) = match whom {
            Whom::Server => (401, &mut self.infos.auth_used),
            Whom::Proxy => (407, &mut self.infos.proxy_auth_used),
        };
        let Some(auth) = &mut self.auth else { return false };
        let cut = closes
            && status == asked_for
            && bound.as_ref().is_some_and(|bound| bound.awaits_answer(whom));
        auth.problem |= cut;
        let probed = auth.negotiating && status < 300;
        let mut again = false;
        if !auth.problem && (status == asked_for || probed) {
            again = auth.side(whom).pick(credentials);
            auth.problem = !again;
            if again {
                *used = auth.side(whom).picked().bits();
            } else if probed && !auth.side(whom).done {
                // Nobody asks for authentication: the request goes again with its body.
                auth.side(whom).done = true;
                again = true;
            }
        }
        if cut {
            let text = "Connection closure while negotiating auth (HTTP 1.0?)";
            core.info(self, || text.to_owned());
        }
        again
    }

    /// Must the next request be made on the same connection?
    pub(crate) fn is_bound(&self, bound: &Option<Box<Bound>>) -> bool {
        let whoms = [Whom::Server, Whom::Proxy];
        bound.as_ref().is_some_and(|bound| whoms.iter().any(|whom| bound.awaits_answer(*whom)))
    }

    /// NTLM proves a connection of one user, which HTTP/2 shares among requests.
    pub(crate) fn needs_http1_to_authenticate(&self) -> bool {
        let picked = self.auth.as_ref().map(|auth| auth.server.picked());
        self.infos.http_version == HTTP_2 && picked == Some(Auth::NTLM)
    }

    /// Is the connection being proved, so that it is worth the rest of the body?
    pub(crate) fn is_being_proved(&self, bound: &Option<Box<Bound>>) -> bool {
        let Some(auth) = &self.auth else { return false };
        [&auth.server, &auth.proxy]
            .iter()
            .any(|side| side.picked() == Auth::NTLM || side.picked() == Auth::NEGOTIATE)
            && bound.as_ref().is_some_and(|bound| bound.is_under_way())
    }
}

/// Does the application send the header itself?
pub(crate) fn is_custom(options: &Options, whom: Whom) -> bool {
    custom(options, whom).is_some()
}

/// What the application's own list has for it.
pub(crate) fn custom(options: &Options, whom: Whom) -> Option<&[u8]> {
    let own = options.httpheader.as_deref().unwrap_or_default();
    match whom {
        Whom::Server => custom::find(own, "Authorization"),
        Whom::Proxy => {
            let proxy = options.proxy();
            let list = match proxy.header_separate {
                true => proxy.proxyheader.as_deref().unwrap_or_default(),
                false => own,
            };
            custom::find(list, "Proxy-Authorization")
        }
    }
}

fn name(scheme: Auth) -> &'static str {
    match scheme {
        Auth::NTLM => "NTLM",
        Auth::NEGOTIATE => "Negotiate",
        Auth::DIGEST => "Digest",
        Auth::BASIC => "Basic",
        Auth::BEARER => "Bearer",
        Auth::HTTPSIG => "HTTPSIG",
        _ => "AWS_SIGV4",
    }
}

/// Bytes that nobody can guess.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    crate::random::fill(&mut bytes);
    bytes
}
