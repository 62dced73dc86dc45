//! The way to a destination where it leads through proxies.
//!
//! ```text
//! socket -> [SOCKS] -> [TLS to the proxy] -> [CONNECT] -> [PROXY line] -> [TLS to the origin]
//! ```
//!
//! [`Route`] says which of these there are, the layers are put on one by one: `handshake`.

mod choose;
mod connect;
mod handshake;
mod socks;
mod tunnel;

use std::path::Path;
use std::sync::Arc;

use tress_model::Result;
use tress_model::scheme::{Scheme, SchemeFlags};
use tress_net::tls::TlsSettings;
use tress_proto::auth::basic::basic;

use crate::destination::{Peer, push, push_if_any};
use crate::http::auth::{self, Credentials, Whom};
use crate::options::{Auth, IpResolve, Options, ProxyType};
use crate::security::SecurityPeer;

pub(crate) use handshake::Handshake;

/// What stands between the socket and the origin.
pub(crate) struct Route {
    pub(crate) socks: Option<Proxy>,
    /// How the user is proved to the SOCKS proxy.
    login: Option<Arc<socks::Login>>,
    pub(crate) http: Option<Proxy>,
    /// How TLS is spoken to the HTTP proxy; none: it is not.
    pub(crate) tls: Option<Arc<TlsSettings>>,
    /// The HTTP proxy makes a tunnel (CONNECT); otherwise it gets the requests themselves.
    pub(crate) tunnel: bool,
    /// `Proxy-Authorization` as the application has it sent with CONNECT.
    authorization: Option<Arc<[u8]>>,
    /// Host and port that the last proxy connects to.
    pub(crate) far: (Box<str>, u16),
    /// Addresses are told by a PROXY line (`CURLOPT_HAPROXYPROTOCOL`).
    line: Option<Line>,
}

/// One proxy.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) kind: ProxyType,
    /// Its host, an IPv6 address without brackets.
    pub(crate) host: Box<str>,
    pub(crate) port: u16,
    /// It listens at a Unix domain socket.
    unix: Option<Arc<Path>>,
    pub(crate) credentials: Option<Arc<Credentials>>,
}

/// The PROXY line; with `CURLOPT_HAPROXY_CLIENT_IP`.
struct Line(Option<Box<str>>);

/// What a connection consists of, from the socket upwards: the last layer that was put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    Socket,
    Socks,
    ProxyTls,
    Tunnel,
    Line,
    Tls,
    /// The login of a protocol that has one.
    Login,
}

impl Route {
    /// The way to a host and port, where it is not the direct one; `peer` is whom a direct
    /// connection would be made to.
    ///
    /// # Errors
    /// `CouldntResolveProxy` and `CouldntConnect` for what is no proxy.
    pub(crate) fn of(
        options: &Options,
        (host, port): (&[u8], u16),
        scheme: &Scheme,
        peer: &Peer,
    ) -> Result<Option<Box<Self>>> {
        let settings = options.proxy();
        let line =
            settings.haproxyprotocol.then(|| Line(settings.haproxy_client_ip.as_deref().map(text)));
        if scheme.flags.contains(SchemeFlags::NO_TCP_PROXY) {
            return Ok(None);
        }
        // A Unix domain socket is connected to as it is.
        let (far, chosen) = match peer {
            Peer::Host { name, port, .. } => {
                ((name.clone(), *port), choose::choose(options, host, scheme)?)
            }
            Peer::Unix(_) | Peer::Abstract(_) => ((Box::default(), 0), None),
        };
        if chosen.is_none() && line.is_none() {
            return Ok(None);
        }
        let (socks, http) = chosen.unwrap_or_default();
        let tls = http.as_ref().filter(|http| http.is_https());
        let tls = tls.map(|_| crate::tls::settings(options.proxy_tls()));
        let replaced = far.0.as_bytes() != host || far.1 != port;
        let tunnel = http.is_some() && (replaced || settings.httpproxytunnel || tunnels(scheme));
        let login = socks.as_ref().and_then(|socks| socks::Login::of(options, socks.kind));
        let login = login.map(Arc::new);
        let authorization = auth::custom(options, Whom::Proxy).filter(|_| tunnel).map(Arc::from);
        Ok(Some(Box::new(Self { socks, login, http, tls, tunnel, authorization, far, line })))
    }

    /// The way to another host and port through the same proxies.
    pub(crate) fn towards(&self, host: &str, port: u16) -> Box<Self> {
        Box::new(Self {
            socks: self.socks.clone(),
            login: self.login.clone(),
            http: self.http.clone(),
            tls: self.tls.clone(),
            tunnel: self.http.is_some(),
            authorization: self.authorization.clone(),
            far: (host.into(), port),
            line: None,
        })
    }

    /// The proxy that a socket is connected to.
    pub(crate) fn first(&self) -> Option<&Proxy> {
        self.socks.as_ref().or(self.http.as_ref())
    }

    /// Whom a security context with the SOCKS proxy is for.
    fn socks_peer(&self) -> Option<SecurityPeer> {
        Some(self.login.as_deref()?.peer(&self.socks.as_ref()?.host))
    }

    /// The proxy that gets the requests, if one does.
    pub(crate) fn forwarder(&self) -> Option<&Proxy> {
        self.http.as_ref().filter(|_| !self.tunnel)
    }

    /// The layer to be put on a connection after `layer`.
    pub(crate) fn next_layer(&self, layer: Layer) -> Option<Layer> {
        let wanted = [
            (Layer::Socks, self.socks.is_some()),
            (Layer::ProxyTls, self.tls.is_some()),
            (Layer::Tunnel, self.tunnel),
            (Layer::Line, self.line.is_some()),
        ];
        wanted.into_iter().find(|(next, wanted)| *wanted && *next > layer).map(|(next, _)| next)
    }

    /// Appends everything that must agree for a connection to be used again.
    pub(crate) fn push(&self, key: &mut Vec<u8>) {
        for proxy in [&self.socks, &self.http] {
            key.push(u8::from(proxy.is_some()));
            if let Some(proxy) = proxy {
                proxy.push(key);
            }
        }
        if let Some(login) = &self.login {
            login.push(key);
        }
        key.push(u8::from(self.tunnel));
        push_if_any(key, self.authorization.as_deref());
        if self.forwarder().is_none() {
            push(key, self.far.0.as_bytes());
            key.extend_from_slice(&self.far.1.to_be_bytes());
        }
        key.push(u8::from(self.line.is_some()));
        if let Some(Line(client)) = &self.line {
            push_if_any(key, client.as_deref().map(str::as_bytes));
        }
    }
}

/// Must an HTTP proxy make a tunnel for this scheme?
fn tunnels(scheme: &Scheme) -> bool {
    let flags = scheme.flags;
    let http = matches!(scheme.name, "http" | "https" | "ws" | "wss");
    flags.intersects(SchemeFlags::TLS | SchemeFlags::HTTP_PROXY_TUNNEL)
        || (!http && !flags.contains(SchemeFlags::PROXY_AS_HTTP))
}

impl Proxy {
    fn is_https(&self) -> bool {
        matches!(self.kind, ProxyType::Https | ProxyType::Https2 | ProxyType::Https3)
    }

    /// May it speak HTTP/2?
    pub(crate) fn may_be_http2(&self) -> bool {
        self.kind == ProxyType::Https2
    }

    fn is_socks(&self) -> bool {
        use ProxyType::{Socks4, Socks4a, Socks5, Socks5Hostname};
        matches!(self.kind, Socks4 | Socks4a | Socks5 | Socks5Hostname)
    }

    /// The scheme of a connection that carries requests for it.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.is_https() { "https" } else { "http" }
    }

    /// Whom to connect a socket to.
    pub(crate) fn peer(&self, family: IpResolve) -> Peer {
        match &self.unix {
            Some(path) => Peer::Unix(path.clone()),
            None => Peer::host(self.host.clone(), self.port, family),
        }
    }

    /// The value of `Proxy-Authorization` where the scheme needs no challenge.
    pub(crate) fn preemptive(&self, options: &Options) -> Option<Vec<u8>> {
        let credentials = self.credentials.as_ref()?;
        let picked = credentials.preemptive(options.proxy().proxyauth);
        let sent = picked == Auth::BASIC && !auth::is_custom(options, Whom::Proxy);
        sent.then(|| basic(&credentials.user, &credentials.password))
    }

    fn push(&self, key: &mut Vec<u8>) {
        key.push(self.kind as u8);
        push(key, self.host.as_bytes());
        key.extend_from_slice(&self.port.to_be_bytes());
        push_if_any(key, self.unix.as_deref().map(|path| path.as_os_str().as_encoded_bytes()));
        let identity = self.credentials.as_deref().map(Credentials::identity);
        push_if_any(key, identity.as_deref());
    }
}

fn text(bytes: &[u8]) -> Box<str> {
    String::from_utf8_lossy(bytes).into()
}
