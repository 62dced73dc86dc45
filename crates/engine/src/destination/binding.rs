//! Whose a connection is.

use tress_model::url::Url;

use super::push;
use crate::http::auth::Credentials;
use crate::options::{Auth, Options};

/// Whose a connection is that NTLM or Negotiate may authenticate.
#[derive(Clone, Copy, Default)]
pub(crate) struct Binding<'a> {
    /// The schemes that the server may pick, and whom they authenticate.
    server: Auth,
    pub(super) credentials: Option<&'a Credentials>,
    /// Of Negotiate: the service that is asked for, and what it may do in the user's name.
    service: &'a [u8],
    delegation: u8,
    /// The schemes that the proxy may pick; whom for the route says. And its service.
    proxy: Auth,
    proxy_service: &'a [u8],
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
            proxy_service: options.proxy().proxy_service_name.as_deref().unwrap_or_default(),
        }
    }

    /// Is whoever is authenticated bound to the server's certificate, where there is TLS?
    pub(super) fn binds_to_tls(self) -> bool {
        self.credentials.is_some() && self.server.contains(Auth::NEGOTIATE)
    }

    /// Nobody is authenticated on the connection itself.
    pub(super) fn is_open(self) -> bool {
        self.server.is_empty() && self.proxy.is_empty()
    }

    pub(super) fn push(self, url: &Url, via_proxy: bool, key: &mut Vec<u8>) {
        if !self.server.is_empty() {
            key.push(b'S');
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
            if self.proxy.contains(Auth::NEGOTIATE) {
                push(key, self.proxy_service);
                key.push(self.delegation);
            }
        }
    }
}
