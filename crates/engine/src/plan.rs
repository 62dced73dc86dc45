//! What the settings of a transfer come to: its URL, its destination, and, where nothing varies
//! from one request to the next, the whole head of the request.
//!
//! A plan is made once for a set of options and used again as long as they are the same
//! allocation: a handle that is added again and again plans nothing.

use std::sync::Arc;

use tress_model::scheme::Scheme;
use tress_model::url::{Url, UrlCode, UrlFlags, UrlPart};
use tress_model::{Code, Error, Result};

use crate::destination::Destination;
use crate::http::Follow;
use crate::http::head::{self, FirstOrigin, Head, Varying};
use crate::options::{Options, Protocols};
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
    /// It depends on earlier answers (a redirect): good for this transfer only.
    pub(crate) redirected: bool,
}

impl Plan {
    /// Makes sure that the transfer has a plan for its settings.
    pub(crate) fn refresh(transfer: &mut Transfer) -> Result<()> {
        let fresh = transfer.plan.as_ref().is_some_and(|plan| {
            Arc::ptr_eq(&plan.options, &transfer.options)
                && (!plan.redirected || transfer.exchange.follow.is_going_on())
        });
        if fresh {
            return Ok(());
        }
        let options = transfer.options.clone();
        let Some(text) = options.url.as_deref() else {
            return Err(Error::new(Code::UrlMalformat, "No URL set"));
        };
        let mut flags = UrlFlags::NON_SUPPORT_SCHEME;
        if options.connect().default_protocol.is_none() {
            flags |= UrlFlags::GUESS_SCHEME;
        }
        let mut url = Url::parse(text, flags | extra_flags(&options)).map_err(rejected)?;
        if options.port != 0 {
            let port = options.port.to_string();
            url.set(UrlPart::Port, Some(port.as_bytes()), UrlFlags::empty()).map_err(rejected)?;
        }
        let plan = Self::new(options, url, &transfer.exchange.follow)?;
        transfer.plan = Some(Box::new(plan));
        Ok(())
    }

    /// The plan for where a redirect leads to.
    pub(crate) fn redirected(transfer: &Transfer, location: &[u8]) -> Result<Self> {
        let plan = transfer.plan()?;
        let flags = UrlFlags::NON_SUPPORT_SCHEME | UrlFlags::URLENCODE;
        let url = plan.url.join(location, flags | extra_flags(&plan.options)).map_err(rejected)?;
        Self::new(plan.options.clone(), url, &transfer.exchange.follow)
    }

    /// The same again, after something that the head says has changed.
    pub(crate) fn again(transfer: &Transfer) -> Result<Self> {
        let plan = transfer.plan()?;
        Self::new(plan.options.clone(), plan.url.clone(), &transfer.exchange.follow)
    }

    /// Was it made from these settings?
    pub(crate) fn is_for(&self, options: &Arc<Options>) -> bool {
        Arc::ptr_eq(&self.options, options)
    }

    /// Where the first request of the transfer goes.
    pub(crate) fn origin(&self) -> FirstOrigin {
        FirstOrigin::of(&self.url)
    }

    fn new(options: Arc<Options>, url: Url, follow: &Follow) -> Result<Self> {
        let redirected = follow.count > 0;
        let (scheme, service) = check_scheme(&options, &url, redirected)?;
        let destination = Arc::new(Destination::new(&options, &url, scheme));
        let head = match service {
            Service::Http => head::build(&options, &url, follow, &Varying::default(), false)?,
            Service::File => Head::default(),
        };
        let redirected = redirected || follow.expect_disabled;
        Ok(Self { options, url, service, destination, head, redirected })
    }
}

fn extra_flags(options: &Options) -> UrlFlags {
    let mut flags = UrlFlags::empty();
    if options.path_as_is {
        flags |= UrlFlags::PATH_AS_IS;
    }
    if options.disallow_username_in_url {
        flags |= UrlFlags::DISALLOW_USER;
    }
    flags
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
    /// A local file: no connection.
    File,
}

impl Service {
    fn of(scheme: &Scheme) -> Option<Self> {
        match scheme.name {
            "http" | "https" => Some(Self::Http),
            "file" => Some(Self::File),
            _ => None,
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
