//! Which version of HTTP is to be spoken.

use tress_model::altsvc::Alpn;
use tress_model::{Code, Error, Result};

use super::{Journey, Peer};
use crate::options::{Auth, BodySource, ConnectOnly, Hooks, HttpVersion, Options};
use crate::proxy::{Proxy, Route};

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
    /// HTTP/3 alone.
    Http3,
    /// HTTP/3, or, if that takes long, what the TLS handshake over TCP says.
    Race,
}

impl HttpWish {
    /// May a journey be made by QUIC at all?
    ///
    /// # Errors
    /// Why not, for those who want nothing else (`CURL_HTTP_VERSION_3ONLY`).
    pub(super) fn may_be_by_quic(
        journey: &Journey<'_>,
        route: Option<&Route>,
        peer: &Peer,
    ) -> Result<()> {
        let refused = |code, text: &'static str| Err(Error::new(code, text));
        let sockets = Hooks::OPENSOCKET | Hooks::SOCKOPT;
        if !matches!(journey.scheme.name, "http" | "https") {
            // WebSocket and others, which HTTP/3 is no way for.
            return Ok(());
        }
        if !matches!(peer, Peer::Host { .. }) {
            let text = "HTTP/3 cannot be used over UNIX domain sockets";
            return refused(Code::QuicConnectError, text);
        }
        if journey.scheme.name != "https" {
            return refused(Code::UrlMalformat, "HTTP/3 requested for non-HTTPS URL");
        }
        if let Some(route) = route {
            let text = match route.socks {
                Some(_) => "HTTP/3 is not supported over a SOCKS proxy",
                None => "HTTP/3 is not supported over an HTTP proxy",
            };
            return refused(Code::UrlMalformat, text);
        }
        if journey.options.hooks.intersects(sockets) {
            // Their application decides what is connected to, and is not asked about datagrams.
            let text = "HTTP/3 is not supported with callbacks for sockets";
            return refused(Code::QuicConnectError, text);
        }
        Ok(())
    }

    /// What a journey may speak with whom its scheme leads to; `forwarder`: the proxy that gets
    /// the requests; `tls`, `quic`: may there be the one, the other?
    pub(super) fn of(
        journey: &Journey<'_>,
        scheme: &str,
        forwarder: Option<&Proxy>,
        (tls, quic): (bool, bool),
    ) -> Self {
        let options = journey.options;
        let only_http1 = journey.only_http1
            || !scheme.starts_with("http")
            || options.connect().connect_only != ConnectOnly::No
            // NTLM proves a connection, not a request: there must be one transfer on it.
            || options.auth().httpauth == Auth::NTLM
            || forwarder.is_some_and(|proxy| !proxy.may_be_http2());
        let elsewhere = journey.alternative.filter(|other| other.service.alpn != other.origin.alpn);
        match elsewhere.map(|other| other.service.alpn) {
            Some(Alpn::H2) if !only_http1 => Self::Http2,
            Some(Alpn::H1) => Self::Http1,
            Some(Alpn::H3) if quic && !only_http1 => match elsewhere {
                Some(other) if other.is_same_place() => Self::Race,
                _ => Self::Http3,
            },
            _ if only_http1 => Self::Http1,
            _ if forwarder.is_some() => Self::Either,
            _ => Self::asked_for(options, tls, quic),
        }
    }

    fn asked_for(options: &Options, tls: bool, quic: bool) -> Self {
        let alpn = options.tls().ssl_enable_alpn;
        let has_body = !matches!(options.body, BodySource::None);
        match options.http_version {
            HttpVersion::V1_0 | HttpVersion::V1_1 => Self::Http1,
            HttpVersion::V2PriorKnowledge => Self::Http2,
            HttpVersion::V3Only if tls && quic => Self::Http3,
            HttpVersion::V3 if tls && quic => Self::Race,
            _ if tls && alpn => Self::Either,
            HttpVersion::V2 if !tls && !has_body => Self::Upgrade,
            _ => Self::Http1,
        }
    }

    /// Is QUIC tried first, or alone?
    pub(crate) fn is_by_quic(self) -> bool {
        matches!(self, Self::Http3 | Self::Race)
    }

    /// The names to offer in a TLS handshake (RFC 7301).
    pub(crate) fn alpn(self) -> &'static [&'static [u8]] {
        match self {
            Self::Http1 | Self::Upgrade => &[b"http/1.1"],
            Self::Either | Self::Race => &[b"h2", b"http/1.1"],
            Self::Http2 => &[b"h2"],
            Self::Http3 => &[b"h3"],
        }
    }
}
