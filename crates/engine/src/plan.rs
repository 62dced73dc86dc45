//! What the settings of a transfer come to: its URL, its destination, and, where nothing varies
//! from one request to the next, the whole head of the request.
//!
//! A plan is made once for a set of options and used again as long as they are the same
//! allocation: a handle that is added again and again plans nothing.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use tress_model::altsvc::{self, Alternative};
use tress_model::scheme::Scheme;
use tress_model::url::{Url, UrlCode, UrlFlags, UrlPart, is_absolute};
use tress_model::{Code, Error, Result};

use tress_proto::h2::Fields;

use crate::conversation::Dialect;
use crate::destination::{Binding, Destination, HttpWish, Journey};
use crate::http::auth::{self, Credentials, Whom};
use crate::http::head::{self, FirstOrigin, Head, Varying};
use crate::line;
use crate::multi::Core;
use crate::options::{Auth, Options, Protocols};
use crate::stores::Stores;
use crate::transfer::Transfer;

/// A prepared request.
pub(crate) struct Plan {
    /// What it was prepared from.
    options: Arc<Options>,
    pub(crate) url: Url,
    pub(crate) service: Service,
    pub(crate) destination: Arc<Destination>,
    /// The head of the request, as far as nothing else has a say in it.
    pub(crate) head: Head,
    /// What requests prove themselves with.
    pub(crate) credentials: Option<Arc<Credentials>>,
    /// The scheme whose header is in the head.
    pub(crate) auth_used: Auth,
    /// The same head as HTTP/2 wants it, once it did.
    pub(crate) fields: OnceLock<Box<Fields>>,
    /// It depends on earlier answers (a redirect): good for this transfer only.
    pub(crate) redirected: bool,
    /// It depends on what was remembered (HSTS, Alt-Svc): good for this transfer only.
    remembered: bool,
    /// Host and port of the alternative service it leads to.
    alt_used: Option<Box<[u8]>>,
}

/// The plans made last: handles made afresh often have the settings of those before them.
#[derive(Default)]
pub(crate) struct Plans(VecDeque<Arc<Plan>>);

/// Plans that are kept for handles to come.
const MAX_PLANS: usize = 4;

impl Plans {
    fn find(&self, options: &Options) -> Option<Arc<Plan>> {
        let same = |plan: &&Arc<Plan>| plan.options.url == options.url && *plan.options == *options;
        self.0.iter().find(same).cloned()
    }

    fn remember(&mut self, plan: &Arc<Plan>) {
        self.0.truncate(MAX_PLANS - 1);
        self.0.push_front(plan.clone());
    }
}

impl Plan {
    /// Makes sure that the transfer has a plan for its settings.
    pub(crate) fn refresh(transfer: &mut Transfer, core: &mut Core) -> Result<()> {
        let remembers = transfer.stores.as_deref().is_some_and(Stores::decide_destination);
        let fresh = transfer.plan.as_ref().is_some_and(|plan| {
            let lasts = plan.lasts() && !remembers;
            transfer.planned_for.as_ref().is_some_and(|it| Arc::ptr_eq(it, &transfer.options))
                && (lasts || transfer.exchange.follow.is_going_on())
        });
        if fresh {
            return Ok(());
        }
        let options = transfer.options.clone();
        transfer.planned_for = Some(options.clone());
        if !remembers && let Some(plan) = core.plans.find(&options) {
            transfer.plan = Some(plan);
            return Ok(());
        }
        let Some(text) = options.url.as_deref() else {
            return Err(Error::new(Code::UrlMalformat, "No URL set"));
        };
        let completed = with_default_scheme(&options, text);
        let mut url = parse(&options, completed.as_deref().unwrap_or(text)).map_err(rejected)?;
        if options.port != 0 {
            let port = options.port.to_string();
            url.set(UrlPart::Port, Some(port.as_bytes()), UrlFlags::empty()).map_err(rejected)?;
        }
        let shown = url.clone();
        let plan = Self::new(options, url, transfer, core)
            .inspect_err(|_| transfer.refuse_url(&shown, UrlFlags::GET_EMPTY))?;
        let plan = Arc::new(plan);
        if plan.lasts() && !remembers {
            core.plans.remember(&plan);
        }
        transfer.plan = Some(plan);
        Ok(())
    }

    /// Is it good for any transfer with these settings?
    fn lasts(&self) -> bool {
        !self.redirected && !self.remembered
    }

    /// The plan for where a redirect leads to.
    pub(crate) fn redirected(
        transfer: &mut Transfer,
        core: &mut Core,
        location: &[u8],
    ) -> Result<Self> {
        let plan = transfer.plan()?;
        let mut flags = UrlFlags::URLENCODE | UrlFlags::ALLOW_SPACE;
        if plan.options.path_as_is {
            flags |= UrlFlags::PATH_AS_IS;
        }
        let url = plan.url.join(location, flags).map_err(|code| {
            let text = "The redirect target URL could not be parsed";
            Error::new(rejected(code).code(), format!("{text}: {}", code.message()))
        })?;
        let (options, shown) = (plan.options.clone(), url.clone());
        Self::new(options, url, transfer, core)
            .inspect_err(|_| transfer.refuse_url(&shown, UrlFlags::empty()))
    }

    /// The same again, after something that the head says has changed.
    pub(crate) fn again(transfer: &Transfer, core: &mut Core) -> Result<Self> {
        let plan = transfer.plan()?;
        Self::new(plan.options.clone(), plan.url.clone(), transfer, core)
    }

    /// The URL as the application sees it: `CURLOPT_PORT` does not show in it.
    pub(crate) fn effective_url(&self) -> Option<Vec<u8>> {
        let text = self.options.url.as_deref().filter(|_| self.options.port != 0 && self.lasts());
        let own = text.and_then(|text| parse(&self.options, text).ok());
        // What a redirect leads to is told without what is empty.
        let flags = if self.redirected { UrlFlags::empty() } else { UrlFlags::GET_EMPTY };
        own.as_ref().unwrap_or(&self.url).to_bytes(flags).ok()
    }

    /// Where the first request of the transfer goes.
    pub(crate) fn origin(&self) -> FirstOrigin {
        FirstOrigin::of(&self.url)
    }

    /// What its own head says beyond settings and URL.
    pub(crate) fn varying(&self) -> Varying {
        let upgrade = match self.destination.http {
            HttpWish::Upgrade => crate::http2::upgrade_lines(),
            _ => Vec::new(),
        };
        Varying { alt_used: self.alt_used.clone(), upgrade, ..Varying::default() }
    }

    fn new(
        options: Arc<Options>,
        mut url: Url,
        transfer: &Transfer,
        core: &mut Core,
    ) -> Result<Self> {
        let follow = &transfer.exchange.follow;
        let redirected = follow.count > 0;
        let stores = transfer.stores.as_deref().filter(|stores| stores.decide_destination());
        if let Some(stores) = stores {
            upgrade(&mut url, stores, transfer, core)?;
        }
        let (scheme, service) = check_scheme(&options, &url, redirected)?;
        let alternative =
            stores.and_then(|stores| stores.alternative(&options, &url, core.now_unix()));
        let allowed = follow.allows_credentials(&options, &url);
        let credentials = Credentials::of(&options, &url, allowed)?;
        let login = credentials.as_ref();
        let auth_used = match login {
            Some(login) if !auth::is_custom(&options, Whom::Server) => {
                login.preemptive(options.auth().httpauth)
            }
            _ => Auth::empty(),
        };
        let destination = Journey {
            options: &options,
            url: &url,
            scheme,
            alternative: alternative.as_ref(),
            binding: Binding::of(&options, login),
            first_origin: follow.is_first_origin(&url),
            only_http1: follow.only_http1,
        }
        .destination()?;
        let service = match destination.forwarder() {
            // The proxy speaks HTTP with us, and what is wanted with the server.
            Some(_) if service == Service::Conversation => Service::Http,
            _ => service,
        };
        let is_elsewhere =
            |other: &Alternative| !other.is_same_place() && destination.is_at(&other.service);
        let alt_used = alternative.filter(is_elsewhere).map(|other| {
            core.info(transfer, || going_elsewhere(&other));
            let host = String::from_utf8_lossy(&other.service.host);
            format!("{host}:{}", other.service.port).into_bytes().into()
        });
        let mut plan = Self {
            options,
            url,
            service,
            destination: Arc::new(destination),
            head: Head::default(),
            credentials: credentials.map(Arc::new),
            auth_used,
            fields: OnceLock::new(),
            redirected: redirected || follow.expect_disabled || follow.only_http1,
            remembered: stores.is_some(),
            alt_used,
        };
        plan.head = match service {
            Service::Http | Service::WebSocket => {
                let (login, proxy) = (plan.credentials.as_deref(), plan.destination.forwarder());
                let varying = plan.varying();
                head::build(&plan.options, &plan.url, follow, &varying, login, proxy)?
            }
            Service::Dict => line::dict(&plan.url)?,
            Service::Gopher => line::gopher(&plan.url)?,
            Service::Rtsp
            | Service::File
            | Service::Conversation
            | Service::Telnet
            | Service::Mqtt
            | Service::Tftp => Head { kind: head::kind(&plan.options), ..Head::default() },
        };
        Ok(plan)
    }
}

/// A host that wants HTTPS only is not asked in plain HTTP.
fn upgrade(url: &mut Url, stores: &Stores, transfer: &Transfer, core: &mut Core) -> Result<()> {
    if stores.wants_https(url, core.now_unix()) {
        url.set(UrlPart::Scheme, Some(b"https"), UrlFlags::empty()).map_err(rejected)?;
        core.info(transfer, || {
            let url = url.to_bytes(UrlFlags::empty()).unwrap_or_default();
            let url = String::from_utf8_lossy(&url);
            format!("Switched from HTTP to HTTPS due to HSTS => {url}")
        });
    }
    Ok(())
}

fn going_elsewhere(alternative: &Alternative) -> String {
    let text = |service: &altsvc::Service| {
        let host = String::from_utf8_lossy(&service.host);
        format!("[{}]{host}:{}", service.alpn.id(), service.port)
    };
    let (from, to) = (text(&alternative.origin), text(&alternative.service));
    format!("Alt-svc connecting from {from} to {to}")
}

/// The URL with `CURLOPT_DEFAULT_PROTOCOL` before it, where it has no scheme.
fn with_default_scheme(options: &Options, text: &[u8]) -> Option<Vec<u8>> {
    let scheme = options.connect().default_protocol.as_deref()?;
    (!is_absolute(text, true)).then(|| [scheme, b"://", text].concat())
}

/// The URL of the settings: in parts already, or `text`.
fn parse(options: &Options, text: &[u8]) -> std::result::Result<Url, UrlCode> {
    if let Some(parts) = &options.connect().url {
        return Ok(Url::clone(parts));
    }
    let mut flags = UrlFlags::NON_SUPPORT_SCHEME | UrlFlags::GUESS_SCHEME;
    if options.path_as_is {
        flags |= UrlFlags::PATH_AS_IS;
    }
    if options.disallow_username_in_url {
        flags |= UrlFlags::DISALLOW_USER;
    }
    Url::parse(text, flags)
}

/// The scheme, if it is known and allowed.
fn check_scheme(
    options: &Options,
    url: &Url,
    redirected: bool,
) -> Result<(&'static Scheme, Service)> {
    let follow = if redirected { " (in redirect)" } else { "" };
    let name = url.scheme_name().unwrap_or_default();
    let refused = |why: &str| {
        let name = String::from_utf8_lossy(name);
        Error::new(Code::UnsupportedProtocol, format!("Protocol \"{name}\" {why}{follow}"))
    };
    let Some(scheme) = url.scheme().filter(|scheme| scheme.is_for_transfers()) else {
        return Err(refused("not supported"));
    };
    let bit = Protocols::from_scheme(scheme.name.as_bytes()).unwrap_or(Protocols::empty());
    let allowed =
        options.protocols.contains(bit) && (!redirected || options.redir_protocols.contains(bit));
    match (allowed, Service::of(scheme)) {
        (false, _) => Err(refused("is disabled")),
        (true, None) => Err(refused("not supported")),
        (true, Some(service)) => Ok((scheme, service)),
    }
}

/// Which part of the engine serves a scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Http,
    /// A handshake by HTTP, then frames.
    WebSocket,
    Rtsp,
    Dict,
    Gopher,
    /// A local file: no connection.
    File,
    /// Commands and replies.
    Conversation,
    Telnet,
    Mqtt,
    Tftp,
}

impl Service {
    fn of(scheme: &Scheme) -> Option<Self> {
        match scheme.name {
            "http" | "https" => Some(Self::Http),
            "ws" | "wss" => Some(Self::WebSocket),
            "rtsp" => Some(Self::Rtsp),
            "dict" => Some(Self::Dict),
            "gopher" | "gophers" => Some(Self::Gopher),
            "file" => Some(Self::File),
            "telnet" => Some(Self::Telnet),
            "mqtt" | "mqtts" => Some(Self::Mqtt),
            "tftp" => Some(Self::Tftp),
            _ => Dialect::of(scheme).map(|_| Self::Conversation),
        }
    }
}

/// The error of a URL that libcurl would not take.
fn rejected(code: UrlCode) -> Error {
    let kind = match code {
        UrlCode::UnsupportedScheme => Code::UnsupportedProtocol,
        UrlCode::OutOfMemory => Code::OutOfMemory,
        UrlCode::UserNotAllowed => Code::LoginDenied,
        _ => Code::UrlMalformat,
    };
    Error::new(kind, format!("URL rejected: {}", code.message()))
}
