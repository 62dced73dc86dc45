//! Authentication with an HTTP proxy: for requests that it gets themselves, and for tunnels.

use std::sync::Arc;

use tress_model::Result;

use super::{Ask, Bound, Credentials, Whom, is_custom};
use crate::http::head::{self, Varying};
use crate::multi::Core;
use crate::options::Auth;
use crate::proxy::Proxy;
use crate::transfer::Transfer;

impl Transfer {
    /// What the next request says of its credentials to the proxy that gets it, if one does.
    ///
    /// # Errors
    /// Those of [`Transfer::authorization`].
    pub(in crate::http) fn authorize_to_proxy(
        &mut self,
        varying: &mut Varying,
        core: &mut Core,
        bound: &mut Option<Box<Bound>>,
    ) -> Result<()> {
        let plan = self.plan()?;
        let Some(proxy) = plan.destination.forwarder() else { return Ok(()) };
        let Some(credentials) = proxy.credentials.clone() else { return Ok(()) };
        if proxy.preemptive(&self.options).is_some() {
            self.used(core, Whom::Proxy, Auth::BASIC, &credentials);
            return Ok(());
        }
        let kind = plan.head.kind;
        let peer = peer(proxy);
        let method = head::method(&self.options, kind, &self.exchange.follow).to_vec();
        let uri = plan.url.request_target().into_owned();
        let ask = Ask {
            credentials: &credentials,
            method: &method,
            uri: &uri,
            peer: &peer,
            custom: is_custom(&self.options, Whom::Proxy),
            now: core.now_unix(),
        };
        varying.proxy_authorization = self.authorization(core, bound, Whom::Proxy, &ask)?;
        if let Some(auth) = self.auth.as_mut() {
            auth.negotiating = kind.has_body() && auth.is_unfinished();
            varying.negotiating = auth.negotiating;
        }
        Ok(())
    }

    /// The value of `Proxy-Authorization` of a CONNECT to `authority`.
    ///
    /// # Errors
    /// Those of [`Transfer::authorization`].
    pub(crate) fn authorize_tunnel(
        &mut self,
        core: &mut Core,
        bound: &mut Option<Box<Bound>>,
        proxy: &Proxy,
        authority: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        let Some(credentials) = &proxy.credentials else { return Ok(None) };
        let peer = peer(proxy);
        let ask = Ask {
            credentials,
            method: b"CONNECT",
            uri: authority,
            peer: &peer,
            custom: is_custom(&self.options, Whom::Proxy),
            now: core.now_unix(),
        };
        self.authorization(core, bound, Whom::Proxy, &ask)
    }

    /// A tunnel was refused: is it to be asked for again, with what is picked now?
    pub(crate) fn asks_again_for_tunnel(
        &mut self,
        core: &mut Core,
        bound: &mut Option<Box<Bound>>,
        credentials: Option<&Arc<Credentials>>,
        (status, closes): (u16, bool),
    ) -> bool {
        self.take_challenges(core, bound);
        let Some(credentials) = credentials else { return false };
        // The status of a tunnel is nobody's response code.
        self.infos.response_code = u32::from(status);
        let again = self.wants_another_round(core, bound, Whom::Proxy, credentials, closes);
        self.infos.response_code = 0;
        again
    }

    /// The tunnel stands: the proxy asks for nothing more.
    pub(crate) fn tunnel_is_authorized(&mut self) {
        if let Some(auth) = &mut self.auth {
            auth.proxy.done = true;
            auth.proxy.multipass = false;
        }
    }

    /// Does the proxy that got the request want it again, with other credentials?
    pub(in crate::http) fn proxy_asks_again(
        &mut self,
        core: &mut Core,
        bound: &mut Option<Box<Bound>>,
        closes: bool,
    ) -> bool {
        let Some(plan) = self.plan.as_deref() else { return false };
        let Some(proxy) = plan.destination.forwarder() else { return false };
        let Some(credentials) = proxy.credentials.clone() else { return false };
        self.wants_another_round(core, bound, Whom::Proxy, &credentials, closes)
    }
}

fn peer(proxy: &Proxy) -> Vec<u8> {
    format!("{}:{}", proxy.host, proxy.port).into_bytes()
}
