//! CONNECT in the version of HTTP that the proxy speaks.

use std::time::Instant;

use tress_model::{Error, Result};
use tress_net::Stream;
use tress_proto::connect::{Step, Tunnel, http2};
use tress_proto::h1::Span;
use tress_proto::h2::Config;

/// The machine of a handshake about a tunnel.
pub(super) enum Connect {
    Http1(Box<Tunnel>),
    Http2(Box<http2::Tunnel>),
}

impl Connect {
    /// Starts with the bytes of a CONNECT request.
    pub(super) fn new(request: Vec<u8>, http2: Option<Config>) -> Result<Self> {
        Ok(match http2 {
            None => Self::Http1(Box::new(Tunnel::new(request))),
            Some(config) => Self::Http2(Box::new(http2::Tunnel::new(&request, config)?)),
        })
    }

    pub(super) fn again(&mut self, request: Vec<u8>) -> Result<()> {
        match self {
            Self::Http1(tunnel) => tunnel.again(request),
            Self::Http2(tunnel) => tunnel.again(&request)?,
        }
        Ok(())
    }

    pub(super) fn output(&self) -> &[u8] {
        match self {
            Self::Http1(tunnel) => tunnel.output(),
            Self::Http2(tunnel) => tunnel.output(),
        }
    }

    pub(super) fn sent(&mut self, count: usize) {
        match self {
            Self::Http1(tunnel) => tunnel.sent(count),
            Self::Http2(tunnel) => tunnel.sent(count),
        }
    }

    pub(super) fn receive(&mut self, input: &[u8], now: Instant) -> Result<(usize, Step)> {
        match self {
            Self::Http1(tunnel) => tunnel.receive(input),
            Self::Http2(tunnel) => tunnel.receive(input, now),
        }
    }

    /// The line that the last step found.
    pub(super) fn line(&self, span: &Span, input: &[u8]) -> Vec<u8> {
        match self {
            Self::Http1(tunnel) => span.of(input, tunnel.held()).to_vec(),
            Self::Http2(tunnel) => tunnel.line().to_vec(),
        }
    }

    pub(super) fn status(&self) -> u16 {
        match self {
            Self::Http1(tunnel) => tunnel.status(),
            Self::Http2(tunnel) => tunnel.status(),
        }
    }

    /// What the proxy's version of HTTP is called.
    pub(super) fn version(&self) -> &'static str {
        match self {
            Self::Http1(_) => "HTTP",
            Self::Http2(_) => "HTTP/2",
        }
    }

    /// The proxy closed the connection; see [`Tunnel::closed`].
    pub(super) fn closed(&mut self, authenticated: bool) -> Result<Step> {
        match self {
            Self::Http1(tunnel) => tunnel.closed(authenticated),
            Self::Http2(tunnel) => tunnel.closed(),
        }
    }

    /// The error for a refusal that nothing can be done about.
    pub(super) fn failure(&self) -> Error {
        tress_proto::connect::failure(self.status())
    }

    /// The tunnel on top of the stream to the proxy; `rest`: bytes that followed the answer. They
    /// are given back where they are the tunnel's own.
    pub(super) fn open(self, stream: Stream, rest: Vec<u8>) -> (Stream, Vec<u8>) {
        match self {
            Self::Http1(_) => (stream, rest),
            Self::Http2(tunnel) => {
                let (connection, id) = tunnel.into_parts();
                (stream.start_tunnel(connection, id, rest), Vec::new())
            }
        }
    }
}
