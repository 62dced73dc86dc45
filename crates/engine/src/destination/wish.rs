//! Which version of HTTP is to be spoken.

use tress_model::altsvc::Alpn;

use super::Journey;
use crate::options::{Auth, BodySource, ConnectOnly, HttpVersion, Options};
use crate::proxy::Proxy;

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
    /// What a journey may speak with whom its scheme leads to; `forwarder`: the proxy that gets
    /// the requests.
    pub(super) fn of(
        journey: &Journey<'_>,
        scheme: &str,
        forwarder: Option<&Proxy>,
        tls: bool,
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
            _ if only_http1 => Self::Http1,
            _ if forwarder.is_some() => Self::Either,
            _ => Self::asked_for(options, tls),
        }
    }

    fn asked_for(options: &Options, tls: bool) -> Self {
        let alpn = options.tls().ssl_enable_alpn;
        let has_body = !matches!(options.body, BodySource::None);
        match options.http_version {
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
