//! Where a connection leads to, and everything that makes one unfit for another transfer.

mod binding;
mod peer;
mod settings;
#[cfg(test)]
mod tests;
mod wish;

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use tress_model::altsvc::{Alpn, Alternative, Service};
use tress_model::scheme::Scheme;
use tress_model::url::Url;
use tress_model::{Code, Error, Result};
use tress_net::connect::ConnectSettings;
use tress_net::tls::TlsSettings;

pub(crate) use self::binding::Binding;
pub(crate) use self::peer::Peer;
pub(crate) use self::wish::HttpWish;
use crate::conversation::Dialect;
use crate::options::{HttpVersion, IpResolve, Options, UseSsl};
use crate::proxy::{Layer, Proxy, Route};

/// The key under which connections are pooled. Two transfers whose destinations are equal may
/// use the same connection, one after the other.
pub(crate) struct Destination {
    /// Everything that must agree, as bytes; and its hash.
    key: Box<[u8]>,
    hash: u64,
    pub(crate) scheme: &'static str,
    /// The name of the URL, as it is shown and asked for.
    pub(crate) host: Box<[u8]>,
    pub(crate) port: u16,
    /// Whom to connect to.
    pub(crate) peer: Peer,
    pub(crate) settings: Arc<ConnectSettings>,
    /// How TLS is spoken on it; none: it is not.
    pub(crate) tls: Option<Arc<TlsSettings>>,
    /// TLS is put on with the other layers; otherwise in the course of a conversation.
    pub(crate) tls_from_start: bool,
    /// What is spoken by command and reply; none: something else.
    pub(crate) dialect: Option<Dialect>,
    /// What it counts for by the limit of a host: the host and port that are talked to, however they
    /// are reached. The data of a conversation count for themselves.
    pub(crate) place: u64,
    /// Protocols are offered in the TLS handshake.
    pub(crate) alpn: bool,
    /// What is on the way there; none: nothing.
    pub(crate) route: Option<Box<Route>>,
    /// Which version of HTTP is to be spoken.
    pub(crate) http: HttpWish,
    /// The same for connections that nobody is authenticated on; none: this is it.
    pub(crate) unbound: Option<Arc<Self>>,
}

/// What decides where a transfer goes.
pub(crate) struct Journey<'a> {
    pub(crate) options: &'a Options,
    pub(crate) url: &'a Url,
    pub(crate) scheme: &'static Scheme,
    pub(crate) alternative: Option<&'a Alternative>,
    /// Whose connections it may use, beside those that nobody is logged in on.
    pub(crate) binding: Binding<'a>,
    /// No redirect led away from the application's own URL.
    pub(crate) first_origin: bool,
    /// The server does not want HTTP/2 for this.
    pub(crate) only_http1: bool,
}

impl Journey<'_> {
    /// # Errors
    /// A host without an ASCII form, and those of [`Route::of`].
    pub(crate) fn destination(&self) -> Result<Destination> {
        let mut bound = self.bound_to(self.binding)?;
        if !self.binding.is_open() && bound.dialect.is_none() {
            let unbound = self.bound_to(Binding::default())?;
            bound.unbound = (unbound.key != bound.key).then(|| Arc::new(unbound));
        }
        Ok(bound)
    }

    fn bound_to(&self, binding: Binding<'_>) -> Result<Destination> {
        let options = self.options;
        let mut dialect = Dialect::of(self.scheme);
        let mut tls = self.tls(dialect.is_some());
        let alpn = options.tls().ssl_enable_alpn && dialect.is_none();
        let (mut host, mut port) = (host_of(self.url)?, self.url.port());
        let other_by_quic = self.alternative.is_some_and(|it| it.service.alpn == Alpn::H3);
        let mut peer = Peer::of(options, &host, port, self.alternative.filter(|_| !other_by_quic))?;
        let route = Route::of(options, (&host, port), self.scheme, &peer)?;
        let may = || HttpWish::may_be_by_quic(self, route.as_deref(), &peer);
        let quic = match options.http_version {
            HttpVersion::V3Only => may().map(|()| true)?,
            HttpVersion::V3 => may().is_ok(),
            _ => other_by_quic && may().is_ok(),
        };
        if other_by_quic && quic {
            peer = Peer::of(options, &host, port, self.alternative)?;
        }
        let mut scheme = self.scheme.name;
        if let Some(proxy) = route.as_deref().and_then(Route::first) {
            peer = proxy.peer(options.connect().ipresolve);
        }
        let forwarder = route.as_deref().and_then(Route::forwarder);
        if let Some(proxy) = forwarder {
            // Requests for any host go over the same connection.
            (scheme, host, port) = (proxy.scheme(), proxy.host.as_bytes().into(), proxy.port);
            (tls, dialect) = (None, None);
        }
        let http = HttpWish::of(self, scheme, forwarder, (tls.is_some(), quic));
        let direct = route.is_none().then_some(self.url);
        let settings = Arc::new(settings::settings(options, direct));
        let mut key = Vec::with_capacity(64);
        push(&mut key, scheme.as_bytes());
        push(&mut key, &host);
        key.extend_from_slice(&port.to_be_bytes());
        key.push(http as u8);
        peer.push(&mut key);
        let bind = settings.bind.as_ref().map(|bind| format!("{bind:?}"));
        push_if_any(&mut key, bind.as_deref().map(str::as_bytes));
        key.extend_from_slice(&settings.address_scope.to_be_bytes());
        if let Some(dialect) = dialect {
            dialect.push_identity(options, binding.credentials, &mut key);
        }
        key.push(u8::from(route.is_some()));
        if let Some(route) = &route {
            route.push(&mut key);
        }
        // Without the certificate kept a connection is of no use to who is bound to it, though
        // nobody is authenticated on it yet.
        key.push(u8::from(tls.is_some() && self.binding.binds_to_tls()));
        let via_proxy = route.as_deref().is_some_and(|route| route.http.is_some());
        binding.push(self.url, via_proxy, &mut key);
        Ok(Destination {
            hash: hash(&*key),
            place: place(route.as_deref(), &peer),
            key: key.into_boxed_slice(),
            scheme,
            host,
            port,
            peer,
            settings,
            tls,
            tls_from_start: self.scheme.is_tls(),
            dialect,
            alpn,
            route,
            http,
            unbound: None,
        })
    }

    /// How TLS is spoken with the server, at once or in the course of a conversation.
    fn tls(&self, is_conversation: bool) -> Option<Arc<TlsSettings>> {
        let options = self.options;
        let later = is_conversation && options.tls().use_ssl != UseSsl::None;
        if !self.scheme.is_tls() && !later {
            return None;
        }
        let tls = match self.first_origin {
            true => crate::tls::settings(options.tls()),
            false => crate::tls::settings_elsewhere(options.tls()),
        };
        Some(if self.binding.binds_to_tls() { crate::tls::to_bind_to(tls) } else { tls })
    }
}

impl Destination {
    /// Where a second connection leads to, for the data of this one: to another port, over the
    /// same proxies. TLS on it is that of this one.
    pub(crate) fn for_data(&self, host: &str, port: u16) -> Self {
        let route = self.route.as_deref().map(|route| route.towards(host, port));
        let family = IpResolve::Whatever;
        let peer = match route.as_deref().and_then(Route::first) {
            Some(proxy) => proxy.peer(family),
            None => Peer::host(host.into(), port, family),
        };
        let mut key = b"data".to_vec();
        push(&mut key, host.as_bytes());
        key.extend_from_slice(&port.to_be_bytes());
        let hash = hash(&*key);
        Self {
            hash,
            place: hash,
            key: key.into_boxed_slice(),
            scheme: self.scheme,
            host: self.host.clone(),
            port: self.port,
            peer,
            settings: self.settings.clone(),
            tls: self.tls.clone(),
            tls_from_start: false,
            dialect: None,
            alpn: false,
            route,
            http: HttpWish::Http1,
            unbound: None,
        }
    }

    /// The proxy that gets the requests themselves, if one does.
    pub(crate) fn forwarder(&self) -> Option<&Proxy> {
        self.route.as_deref()?.forwarder()
    }

    /// May its HTTP proxy speak HTTP/2?
    pub(crate) fn is_proxy_http2(&self) -> bool {
        let http = self.route.as_deref().and_then(|route| route.http.as_ref());
        http.is_some_and(Proxy::may_be_http2)
    }

    /// The proxy that a socket is connected to, if it is one.
    pub(crate) fn first_proxy(&self) -> Option<&Proxy> {
        self.route.as_deref()?.first()
    }

    /// The layer to be put on a connection after `layer`; none: it is complete.
    pub(crate) fn next_layer(&self, layer: Layer) -> Option<Layer> {
        if let Some(next) = self.route.as_deref().and_then(|route| route.next_layer(layer)) {
            return Some(next);
        }
        if self.tls_from_start && self.tls.is_some() && layer < Layer::Tls {
            return Some(Layer::Tls);
        }
        (self.dialect.is_some() && layer < Layer::Login).then_some(Layer::Login)
    }

    /// How TLS is spoken on a layer, and with whom.
    pub(crate) fn tls_of(&self, layer: Layer) -> Option<(&Arc<TlsSettings>, Cow<'_, str>, u16)> {
        if layer == Layer::ProxyTls {
            let route = self.route.as_deref()?;
            let (tls, proxy) = (route.tls.as_ref()?, route.http.as_ref()?);
            return Some((tls, Cow::Borrowed(&proxy.host), proxy.port));
        }
        Some((self.tls.as_ref()?, String::from_utf8_lossy(&self.host), self.port))
    }

    fn proxy_tls(&self) -> Option<&Arc<TlsSettings>> {
        self.route.as_deref()?.tls.as_ref()
    }

    /// Does it lead to this alternative service?
    pub(crate) fn is_at(&self, service: &Service) -> bool {
        let (name, port) = match (&self.route, &self.peer) {
            (Some(route), _) => (&route.far.0, route.far.1),
            (None, Peer::Host { name, port, .. }) => (name, *port),
            (None, Peer::Unix(_) | Peer::Abstract(_)) => return false,
        };
        name.as_bytes() == &*service.host && port == service.port
    }
}

/// The host's name as it is resolved: in lower case, international ones in their ASCII form.
fn host_of(url: &Url) -> Result<Box<[u8]>> {
    let name = url.host_name();
    if name.is_ascii() {
        return Ok(name.to_ascii_lowercase().into());
    }
    let ascii = url.host_ascii().map_err(|code| {
        Error::new(Code::UrlMalformat, format!("URL rejected: {}", code.message()))
    })?;
    Ok(ascii.to_ascii_lowercase().into())
}

/// Appends bytes with their length, so that no two keys run together.
pub(crate) fn push(key: &mut Vec<u8>, bytes: &[u8]) {
    key.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    key.extend_from_slice(bytes);
}

/// The same for what may be missing, which is told from what is empty.
pub(crate) fn push_if_any(key: &mut Vec<u8>, bytes: Option<&[u8]>) {
    key.push(u8::from(bytes.is_some()));
    if let Some(bytes) = bytes {
        push(key, bytes);
    }
}

/// A number for who is talked to at the end of a route, or at its only step.
fn place(route: Option<&Route>, peer: &Peer) -> u64 {
    let tunnel = route.filter(|route| route.forwarder().is_none());
    match (tunnel, peer) {
        (Some(route), _) => hash((&route.far.0, route.far.1)),
        (None, Peer::Host { name, port, .. }) => hash((name, port)),
        (None, Peer::Unix(path)) => hash(path),
        (None, Peer::Abstract(name)) => hash(name),
    }
}

fn hash(key: impl Hash) -> u64 {
    use std::hash::BuildHasher;
    // The process's own random keys: hosts come from strangers.
    static KEYS: std::sync::LazyLock<std::hash::RandomState> =
        std::sync::LazyLock::new(std::hash::RandomState::new);
    KEYS.hash_one(key)
}

impl PartialEq for Destination {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
            && self.key == other.key
            && self.tls == other.tls
            && self.proxy_tls() == other.proxy_tls()
    }
}

impl Eq for Destination {}

impl Hash for Destination {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}
