//! Where a connection leads to, and everything that makes one unfit for another transfer.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use tress_model::altsvc::{Alpn, Alternative, Service};
use tress_model::scheme::Scheme;
use tress_model::url::Url;
use tress_model::{Code, Error, Result};
use tress_net::connect::{Bind, ConnectSettings, KeepAlive};
use tress_net::tls::TlsSettings;

use crate::conversation::Dialect;
use crate::http::auth::Credentials;
use crate::options::{
    Auth, BodySource, ConnectOnly, Hooks, HttpVersion, IpResolve, Options, UseSsl,
};
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
    /// Protocols are offered in the TLS handshake.
    pub(crate) alpn: bool,
    /// What is on the way there; none: nothing.
    pub(crate) route: Option<Box<Route>>,
    /// Which version of HTTP is to be spoken.
    pub(crate) http: HttpWish,
    /// The same for connections that nobody is authenticated on; none: this is it.
    pub(crate) unbound: Option<Arc<Self>>,
}

/// Whose a connection is that NTLM or Negotiate may authenticate.
#[derive(Clone, Copy, Default)]
pub(crate) struct Binding<'a> {
    /// The schemes that the server may pick, and whom they authenticate.
    server: Auth,
    credentials: Option<&'a Credentials>,
    /// Of Negotiate: the service that is asked for, and what it may do in the user's name.
    service: &'a [u8],
    delegation: u8,
    /// The schemes that the proxy may pick; whom for the route says.
    proxy: Auth,
}

impl<'a> Binding<'a> {
    /// What the settings let server and proxy pick.
    pub(crate) fn of(options: &'a Options, credentials: Option<&'a Credentials>) -> Self {
        let schemes = Auth::NTLM | Auth::NEGOTIATE;
        let server = options.auth().httpauth & schemes;
        Self {
            server: if credentials.is_some() { server } else { server & Auth::NEGOTIATE },
            credentials,
            service: options.auth().service_name.as_deref().unwrap_or_default(),
            delegation: options.auth().gssapi_delegation,
            proxy: options.proxy().proxyauth & schemes,
        }
    }

    fn push(self, url: &Url, via_proxy: bool, key: &mut Vec<u8>) {
        if !self.server.is_empty() {
            key.extend_from_slice(&self.server.bits().to_be_bytes());
            push(key, &self.credentials.map(Credentials::identity).unwrap_or_default());
            push(key, url.host_name());
            key.extend_from_slice(&url.port().to_be_bytes());
        }
        if self.server.contains(Auth::NEGOTIATE) {
            push(key, self.service);
            key.push(self.delegation);
        }
        if via_proxy && !self.proxy.is_empty() {
            key.push(b'P');
            key.extend_from_slice(&self.proxy.bits().to_be_bytes());
        }
    }
}

/// Which version of HTTP a connection may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HttpWish {
    Http1,
    /// What the TLS handshake says.
    Either,
    /// HTTP/2 without asking.
    Http2,
    /// HTTP/1.1 that asks for HTTP/2 (RFC 7540, 3.2).
    Upgrade,
}

impl HttpWish {
    fn of(options: &Options, tls: bool, only_http1: bool) -> Self {
        let alpn = options.tls().ssl_enable_alpn;
        let has_body = !matches!(options.body, BodySource::None);
        match options.http_version {
            _ if only_http1 => Self::Http1,
            HttpVersion::V1_0 | HttpVersion::V1_1 => Self::Http1,
            HttpVersion::V2PriorKnowledge => Self::Http2,
            _ if tls && alpn => Self::Either,
            HttpVersion::V2 if !tls && !has_body => Self::Upgrade,
            _ => Self::Http1,
        }
    }

    /// The names to offer in a TLS handshake (RFC 7301).
    pub(crate) fn alpn(self) -> &'static [&'static [u8]] {
        match self {
            Self::Http1 | Self::Upgrade => &[b"http/1.1"],
            Self::Either => &[b"h2", b"http/1.1"],
            Self::Http2 => &[b"h2"],
        }
    }
}

/// Whom a socket is connected to.
#[derive(Clone, Debug)]
pub(crate) enum Peer {
    Host { name: Box<str>, port: u16, family: IpResolve },
    Unix(Arc<Path>),
    Abstract(Arc<[u8]>),
}

impl Destination {
    /// Where a transfer goes, on connections of `binding` (or that its credentials are logged in
    /// on); `first_origin`: no redirect led away from the application's own URL; `only_http1`: the
    /// server does not want HTTP/2 for this.
    ///
    /// # Errors
    /// Those of [`Route::of`].
    pub(crate) fn new(
        options: &Options,
        url: &Url,
        scheme: &'static Scheme,
        alternative: Option<&Alternative>,
        binding: Binding<'_>,
        first_origin: bool,
        only_http1: bool,
    ) -> Result<Self> {
        let make = |binding| {
            Self::bound(options, url, scheme, alternative, binding, first_origin, only_http1)
        };
        let mut new = make(binding)?;
        let is_open = binding.server.is_empty() && binding.proxy.is_empty();
        let unbound = match is_open || new.dialect.is_some() {
            true => None,
            false => Some(make(Binding::default())?).filter(|unbound| unbound.key != new.key),
        };
        new.unbound = unbound.map(Arc::new);
        Ok(new)
    }

    fn bound(
        options: &Options,
        url: &Url,
        scheme: &'static Scheme,
        alternative: Option<&Alternative>,
        binding: Binding<'_>,
        first_origin: bool,
        only_http1: bool,
    ) -> Result<Self> {
        let mut dialect = Dialect::of(scheme);
        let tls_from_start = scheme.is_tls();
        let later = dialect.is_some() && options.tls().use_ssl != UseSsl::None;
        let mut tls = (tls_from_start || later).then(|| match first_origin {
            true => crate::tls::settings(options.tls()),
            false => crate::tls::settings_elsewhere(options.tls()),
        });
        if options.auth().httpauth.contains(Auth::NEGOTIATE) {
            tls = tls.map(crate::tls::to_bind_to);
        }
        let alpn = options.tls().ssl_enable_alpn && dialect.is_none();
        let mut host = host_of(url)?;
        let mut port = url.port();
        let mut peer = Peer::of(options, &host, port, alternative)?;
        let route = Route::of(options, (&host, port), scheme, &peer)?;
        let mut scheme = scheme.name;
        if let Some(proxy) = route.as_deref().and_then(Route::first) {
            peer = proxy.peer(options.connect().ipresolve);
        }
        if let Some(proxy) = route.as_deref().and_then(Route::forwarder) {
            // Requests for any host go over the same connection.
            (scheme, host, port) = (proxy.scheme(), proxy.host.as_bytes().into(), proxy.port);
            (tls, dialect) = (None, None);
        }
        let forwarder = route.as_deref().and_then(Route::forwarder);
        let only_http1 = only_http1
            || !scheme.starts_with("http")
            || options.connect().connect_only != ConnectOnly::No
            // NTLM proves a connection, not a request: there must be one transfer on it.
            || options.auth().httpauth == Auth::NTLM
            || forwarder.is_some_and(|proxy| !proxy.may_be_http2());
        let elsewhere = alternative.filter(|other| other.service.alpn != other.origin.alpn);
        let http = match elsewhere.map(|other| other.service.alpn) {
            Some(Alpn::H2) if !only_http1 => HttpWish::Http2,
            Some(Alpn::H1) => HttpWish::Http1,
            _ if forwarder.is_some() && !only_http1 => HttpWish::Either,
            _ => HttpWish::of(options, tls.is_some(), only_http1),
        };
        let settings = Arc::new(settings(options));
        let mut key = Vec::with_capacity(64);
        push(&mut key, scheme.as_bytes());
        push(&mut key, &host);
        key.extend_from_slice(&port.to_be_bytes());
        key.push(http as u8);
        peer.push(&mut key);
        if let Some(bind) = &settings.bind {
            push(&mut key, format!("{bind:?}").as_bytes());
        }
        if let Some(dialect) = dialect {
            dialect.push_identity(options, binding.credentials, &mut key);
        }
        if let Some(route) = &route {
            route.push(&mut key);
        }
        binding.push(url, route.as_deref().is_some_and(|route| route.http.is_some()), &mut key);
        let key = key.into_boxed_slice();
        let hash = hash(&key);
        let unbound = None;
        Ok(Self {
            key,
            hash,
            scheme,
            host,
            port,
            peer,
            settings,
            tls,
            tls_from_start,
            dialect,
            alpn,
            route,
            http,
            unbound,
        })
    }

    /// Where a second connection leads to, for the data of this one: to another port, over the
    /// same proxies. TLS on it is that of this one.
    pub(crate) fn for_data(&self, host: &str, port: u16) -> Self {
        let route = self.route.as_deref().map(|route| route.towards(host, port));
        let family = IpResolve::Whatever;
        let peer = match route.as_deref().and_then(Route::first) {
            Some(proxy) => proxy.peer(family),
            None => Peer::Host { name: host.into(), port, family },
        };
        let mut key = b"data".to_vec();
        push(&mut key, host.as_bytes());
        key.extend_from_slice(&port.to_be_bytes());
        let key = key.into_boxed_slice();
        let hash = hash(&key);
        Self {
            key,
            hash,
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
}

impl Destination {
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

impl Peer {
    fn of(
        options: &Options,
        host: &[u8],
        port: u16,
        alternative: Option<&Alternative>,
    ) -> Result<Self> {
        let connect = options.connect();
        if let Some(path) = &connect.unix_socket_path {
            if connect.abstract_unix_socket {
                return Ok(Self::Abstract(path.as_ref().into()));
            }
            let path = Path::new(std::ffi::OsStr::new(std::str::from_utf8(path).unwrap_or("")));
            return Ok(Self::Unix(path.into()));
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned().into_boxed_str();
        let (name, port) = match (connect_to(options, host, port)?, alternative) {
            (Some(told), _) => told,
            (None, Some(other)) => (text(&other.service.host), other.service.port),
            (None, None) => (text(host), port),
        };
        Ok(Self::Host { name, port, family: connect.ipresolve })
    }

    fn push(&self, key: &mut Vec<u8>) {
        match self {
            Self::Host { name, port, family } => {
                push(key, name.as_bytes());
                key.extend_from_slice(&port.to_be_bytes());
                key.push(*family as u8);
            }
            Self::Unix(path) => push(key, path.as_os_str().as_encoded_bytes()),
            Self::Abstract(name) => push(key, name),
        }
    }
}

/// The host and port that `CURLOPT_CONNECT_TO` puts in place of the URL's.
fn connect_to(options: &Options, host: &[u8], port: u16) -> Result<Option<(Box<str>, u16)>> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned().into_boxed_str();
    for entry in options.connect().connect_to.as_deref().unwrap_or_default() {
        if let Some(told) = matching(entry, host, port) {
            let (to_host, to_port) = replacement(told)?;
            let name = if to_host.is_empty() { text(host) } else { text(to_host) };
            return Ok(Some((name, to_port.unwrap_or(port))));
        }
    }
    Ok(None)
}

/// What is to be connected to: the rest of `HOST:PORT:CONNECT-TO-HOST:CONNECT-TO-PORT`, if host
/// and port are these or empty, and if there is a rest.
fn matching<'a>(entry: &'a [u8], host: &[u8], port: u16) -> Option<&'a [u8]> {
    let (from_host, rest) = split_host(entry)?;
    let colon = rest.iter().position(|&b| b == b':')?;
    let (from_port, rest) = (&rest[..colon], &rest[colon + 1..]);
    let from_host = bare(from_host);
    let same_host = from_host.is_empty() || from_host.eq_ignore_ascii_case(host);
    let same_port = from_port.is_empty() || parse_port(from_port) == Some(port);
    (same_host && same_port && !rest.is_empty()).then_some(rest)
}

/// `CONNECT-TO-HOST:CONNECT-TO-PORT`; an empty host and no port change nothing.
fn replacement(told: &[u8]) -> Result<(&[u8], Option<u16>)> {
    let refused = |why: &str| {
        let text = format!("{why} in '{}'", String::from_utf8_lossy(told));
        Error::new(Code::SetoptOptionSyntax, text)
    };
    let (host, port) = match split_host(told) {
        None if told.first() == Some(&b'[') && !told.contains(&b']') => {
            return Err(refused("Invalid IPv6 address format"));
        }
        None => (told, None),
        Some((host, b"")) => (host, None),
        Some((host, port)) => {
            let digits = port.iter().take_while(|b| b.is_ascii_digit()).count();
            let port = parse_port(&port[..digits]);
            (host, Some(port.ok_or_else(|| refused("No valid port number"))?))
        }
    };
    Ok((bare(host), port))
}

/// A host without brackets around it.
fn bare(host: &[u8]) -> &[u8] {
    host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host)
}

/// Splits `host:rest`; an IPv6 address in brackets counts as a host.
fn split_host(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let after = match text.first() {
        Some(b'[') => text.iter().position(|&b| b == b']')? + 1,
        _ => 0,
    };
    let colon = after + text.get(after..)?.iter().position(|&b| b == b':')?;
    Some((&text[..colon], &text[colon + 1..]))
}

fn parse_port(text: &[u8]) -> Option<u16> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn settings(options: &Options) -> ConnectSettings {
    let connect = options.connect();
    ConnectSettings {
        happy_eyeballs: connect.happy_eyeballs_timeout,
        nodelay: options.tcp_nodelay,
        keepalive: connect.tcp_keepalive.then(|| KeepAlive {
            idle: std::time::Duration::from_secs(connect.tcp_keepidle.into()),
            interval: std::time::Duration::from_secs(connect.tcp_keepintvl.into()),
            count: connect.tcp_keepcnt,
        }),
        fastopen: connect.tcp_fastopen,
        bind: bind(options),
        address_scope: connect.address_scope,
        ask_open: options.hooks.contains(Hooks::OPENSOCKET),
        ask_sockopt: options.hooks.contains(Hooks::SOCKOPT),
        // Losers of the race are handed out, so that the application is told to forget them
        // before they are closed.
        ask_close: true,
        verbose: options.verbose,
    }
}

fn bind(options: &Options) -> Option<Box<Bind>> {
    let connect = options.connect();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut bind = Bind {
        interface: connect.interface_device.as_deref().map(|name| text(name).into()),
        addresses: Vec::new(),
        port: connect.localport,
        port_range: connect.localportrange,
    };
    if let Some(host) = connect.interface_host.as_deref() {
        bind.addresses.extend(text(host).parse::<std::net::IpAddr>());
    }
    if let Some(either) = connect.interface.as_deref() {
        match text(either).parse::<std::net::IpAddr>() {
            Ok(address) => bind.addresses.push(address),
            Err(_) => bind.interface = Some(text(either).into()),
        }
    }
    let nothing = bind.interface.is_none() && bind.addresses.is_empty() && bind.port == 0;
    (!nothing).then(|| Box::new(bind))
}

/// Appends bytes with their length, so that no two keys run together.
pub(crate) fn push(key: &mut Vec<u8>, bytes: &[u8]) {
    key.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    key.extend_from_slice(bytes);
}

fn hash(key: &[u8]) -> u64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connect_to_replaces_what_matches() {
        let at = |entry: &'static str| {
            matching(entry.as_bytes(), b"a.example", 80).map(|told| replacement(told).unwrap())
        };
        assert_eq!(at("a.example:80:b:81"), Some((&b"b"[..], Some(81))));
        assert_eq!(at(":80:b:"), Some((&b"b"[..], None)));
        assert_eq!(at("::[::1]:8080"), Some((&b"::1"[..], Some(8080))));
        assert_eq!(at("a.example:443:b:81"), None);
        assert_eq!(at("c.example:80:b:81"), None);
        assert_eq!(at("A.EXAMPLE::b"), Some((&b"b"[..], None)));
        assert_eq!(at("::"), None);
    }

    #[test]
    fn connect_to_names_what_is_wrong_with_it() {
        let refused = |told: &str| {
            let error = replacement(told.as_bytes()).unwrap_err();
            (error.code(), error.message().to_owned())
        };
        let syntax = Code::SetoptOptionSyntax;
        assert_eq!(refused("b:c"), (syntax, "No valid port number in 'b:c'".into()));
        assert_eq!(refused("b:99999"), (syntax, "No valid port number in 'b:99999'".into()));
        assert_eq!(refused("[::1"), (syntax, "Invalid IPv6 address format in '[::1'".into()));
    }
}
