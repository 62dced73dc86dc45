//! From a name to addresses: literals, the cache, or a look-up on a worker thread.

use std::sync::Arc;

use tress_model::{Code, Error, Result};
use tress_net::connect::{Connect, ConnectTargets};
use tress_net::resolve::{Addresses, Cached, DnsCache, Family, Lookup, LookupId, Unresolved};

use super::{State, Transfer};
use crate::TransferId;
use crate::conn::Stage;
use crate::destination::Peer;
use crate::effect::Effect;
use crate::interest::{SocketOwner, Want};
use crate::multi::{Flow, Multi};
use crate::options::{Hooks, IpResolve};
use crate::plan::Service;
use crate::stores::lock;

impl Multi {
    /// Finds the addresses to connect to.
    pub(crate) fn resolve(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        if transfer.is_looking_up() {
            return Ok(Flow::Wait);
        }
        if transfer.options.hooks.contains(Hooks::RESOLVER_START)
            && matches!(conn.destination.peer, Peer::Host { .. })
            && !std::mem::replace(&mut transfer.allowed_to_resolve, true)
        {
            return Ok(core.ask(id, Effect::ResolverStart { transfer: id }));
        }
        let destination = Arc::clone(&conn.destination);
        let targets = match &destination.peer {
            Peer::Unix(path) => ConnectTargets::Unix(path.clone()),
            Peer::Abstract(name) => ConnectTargets::UnixAbstract(name.clone()),
            Peer::Host { name, port, family, literal } => {
                core.apply_resolve_rules(transfer)?;
                let (port, family) = (*port, wanted(*family));
                let told = literal.clone().filter(|_| core.on_dns(transfer, |dns| dns.is_empty()));
                let found = match told {
                    Some(addresses) => Some(addresses),
                    None => self.look_up(id, name, port, family)?,
                };
                match found {
                    Some(addresses) => ConnectTargets::Ip { addresses, port },
                    None => return Ok(Flow::Wait),
                }
            }
        };
        self.addresses_known(id, targets)
    }

    /// The addresses of a name; none: the look-up is on, [`Multi::resolved`] gets its result.
    pub(crate) fn look_up(
        &mut self,
        id: TransferId,
        name: &str,
        port: u16,
        family: Family,
    ) -> Result<Option<Arc<Addresses>>> {
        let Some((transfer, conn, core)) = self.parts(id) else { return Ok(None) };
        if transfer.is_looking_up() {
            return Ok(None);
        }
        if is_onion(name) {
            let text = "Not resolving .onion address (RFC 7686)";
            return Err(Error::new(Code::CouldntResolveHost, text));
        }
        let via_proxy = conn.is_some_and(|conn| conn.destination.first_proxy().is_some());
        let timeout = transfer.options.dns().dns_cache_timeout;
        let wildcard = transfer.options.dns().resolve.is_some();
        let now = core.now;
        let known =
            core.on_dns(transfer, |dns| dns.get(name, port, family, wildcard, timeout, now));
        match known {
            Cached::Found(addresses) => return Ok(Some(addresses)),
            Cached::Negative => return Err(unresolved(transfer.as_typed(name), via_proxy)),
            Cached::Stale | Cached::Missing => {}
        }
        if transfer.options.dns().doh_url.is_some() {
            return match Addresses::literal(name, family) {
                Some(addresses) => Ok(Some(Arc::new(addresses))),
                None => self.ask_over_https(id, name, family).map(|()| None),
            };
        }
        match core.resolver.lookup(name, family) {
            Lookup::Ready(addresses) => Ok(Some(addresses)),
            Lookup::Pending(lookup) => {
                transfer.lookup = Some(lookup);
                core.lookups.insert(lookup, id);
                core.watch_resolver(id);
                Ok(None)
            }
            Lookup::Failed(_) => Err(unresolved(transfer.as_typed(name), via_proxy)),
        }
    }

    /// Results of look-ups have come.
    pub(crate) fn resolved(&mut self) {
        let mut results = Vec::new();
        self.core.resolver.take_results(&mut results);
        for (lookup, result) in results {
            let Some(id) = self.core.lookups.remove(&lookup) else { continue };
            if let Some(transfer) = self.transfers.get_mut(id) {
                transfer.lookup = None;
            }
            self.name_found(id, result);
        }
        self.core.stop_watching_resolver();
    }

    /// The look-up of a transfer is over: it goes on with the addresses, or fails. Only that there
    /// is no such name is worth remembering of a failure.
    pub(crate) fn name_found(
        &mut self,
        id: TransferId,
        found: std::result::Result<Arc<Addresses>, Unresolved>,
    ) {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        let for_socks = conn.socks_target();
        let is_for_socks = for_socks.is_some();
        let Some((name, port, family)) = for_socks.or_else(|| conn.sought_name()) else { return };
        let via_proxy = conn.destination.first_proxy().is_some();
        let now = core.now;
        if found != Err(Unresolved::Transient) {
            let addresses = found.clone().ok();
            core.on_dns(transfer, |dns| dns.add(&name, port, family, addresses, now));
        }
        let flow = match found {
            found if is_for_socks => {
                self.socks_target_found(id, found.ok().as_deref()).map(|()| Flow::Again)
            }
            Ok(addresses) => self.addresses_known(id, ConnectTargets::Ip { addresses, port }),
            Err(_) => {
                let transfer = self.transfers.get(id);
                let shown = transfer.map_or(&*name, |transfer| transfer.as_typed(&name));
                Err(unresolved(shown, via_proxy))
            }
        };
        let Some((transfer, _, core)) = self.parts(id) else { return };
        if let Err(error) = flow {
            transfer.refusal = Some(error);
        }
        core.wake(id, transfer);
    }

    fn addresses_known(&mut self, id: TransferId, targets: ConnectTargets) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        transfer.infos.times.namelookup = transfer.since_start(core.now);
        if transfer.plan()?.service == Service::Tftp {
            return self.begin_tftp(id, &targets);
        }
        if conn.destination.http.is_by_quic() {
            transfer.state = State::Connecting;
            self.begin_race(id, targets)?;
            return Ok(Flow::Again);
        }
        let settings = conn.destination.settings.clone();
        let connect = Box::write(Box::new_uninit(), Connect::new(targets, settings, core.now));
        conn.stage = Stage::Connecting(connect);
        transfer.state = State::Connecting;
        Ok(Flow::Again)
    }
}

impl Transfer {
    fn is_looking_up(&self) -> bool {
        self.lookup.is_some() || self.doh.is_some()
    }
}

impl crate::multi::Core {
    /// The wake-up descriptor is watched only while look-ups are outstanding (pains, line 1).
    fn watch_resolver(&mut self, id: TransferId) {
        let fd = self.resolver.wake_fd();
        if self.resolver_fd != fd {
            self.stop_watching_resolver();
        }
        if let Some(fd) = fd {
            self.interest.set(fd, SocketOwner::Resolver, Some(id), Want::IN);
            self.resolver_fd = Some(fd);
        }
    }

    /// Nobody waits for this look-up any more.
    pub(crate) fn give_up_lookup(&mut self, lookup: LookupId) {
        self.resolver.cancel(lookup);
        self.lookups.remove(&lookup);
        self.stop_watching_resolver();
    }

    fn stop_watching_resolver(&mut self) {
        if let Some(fd) = self.resolver_fd
            && (self.lookups.is_empty() || self.resolver.wake_fd() != Some(fd))
        {
            self.interest.set(fd, SocketOwner::Resolver, None, Want::NONE);
            self.resolver_fd = None;
        }
    }

    /// Works on the cache of names: the multi handle's, or that of the transfer's share.
    fn on_dns<T>(&mut self, transfer: &Transfer, work: impl FnOnce(&mut DnsCache) -> T) -> T {
        match transfer.stores.as_deref().and_then(|stores| stores.dns.as_ref()) {
            Some(shared) => work(&mut lock(shared)),
            None => work(&mut self.dns),
        }
    }

    /// `CURLOPT_RESOLVE` goes into the cache once for each transfer that sets it.
    fn apply_resolve_rules(&mut self, transfer: &Transfer) -> Result<()> {
        for rule in transfer.options.dns().resolve.as_deref().unwrap_or_default() {
            let mut notes = Vec::new();
            let rule = String::from_utf8_lossy(rule);
            let now = self.now;
            self.on_dns(transfer, |dns| dns.apply_rule(&rule, now, &mut notes))?;
            for note in notes {
                self.info(transfer, || note.to_string());
            }
        }
        Ok(())
    }
}

impl crate::conn::Conn {
    /// The name that its socket is to be connected to.
    fn sought_name(&self) -> Option<(Box<str>, u16, Family)> {
        match &self.destination.peer {
            Peer::Host { name, port, family, .. } => Some((name.clone(), *port, wanted(*family))),
            Peer::Unix(_) | Peer::Abstract(_) => None,
        }
    }
}

/// Names of Tor's hidden services are never asked of DNS (RFC 7686 section 2).
fn is_onion(name: &str) -> bool {
    let last = name.strip_suffix('.').unwrap_or(name).rsplit_once('.');
    last.is_some_and(|(_, last)| last.eq_ignore_ascii_case("onion"))
}

pub(crate) fn wanted(family: IpResolve) -> Family {
    match family {
        IpResolve::Whatever => Family::Any,
        IpResolve::V4 => Family::V4,
        IpResolve::V6 => Family::V6,
    }
}

impl Transfer {
    /// A host's name as the URL has it, for messages: names are in lower case else.
    pub(crate) fn as_typed<'a>(&'a self, name: &'a str) -> &'a str {
        let typed = self.plan.as_deref().map(|plan| plan.url.host_name());
        let typed = typed.filter(|typed| typed.eq_ignore_ascii_case(name.as_bytes()));
        typed.and_then(|typed| std::str::from_utf8(typed).ok()).unwrap_or(name)
    }
}

fn unresolved(name: &str, is_proxy: bool) -> Error {
    let (code, what) = match is_proxy {
        true => (Code::CouldntResolveProxy, "proxy"),
        false => (Code::CouldntResolveHost, "host"),
    };
    Error::new(code, format!("Could not resolve {what}: {name}"))
}
