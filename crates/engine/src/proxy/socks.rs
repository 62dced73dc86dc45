//! Talking to a SOCKS proxy.

use tress_model::{Code, Error, Result};
use tress_net::resolve::{Addresses, Family};
use tress_proto::socks::{self, Failure, ProxyCode, Request, Status, Version};

use super::handshake::{Talk, Turn};
use super::{Proxy, Route};
use crate::TransferId;
use crate::conn::Conn;
use crate::infos::Infos;
use crate::multi::{Flow, Multi};
use crate::options::{Auth, IpResolve, ProxyType};

/// The handshake, and what it asks the resolver for.
pub(super) struct Socks {
    pub(super) machine: socks::Socks,
    pub(super) host: Box<str>,
    pub(super) port: u16,
    pub(super) family: Family,
}

impl Multi {
    /// Asks the SOCKS proxy for a connection: to the HTTP proxy behind it, else to the far end.
    pub(super) fn begin_socks(&mut self, id: TransferId) -> Result<()> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(()) };
        let Some(route) = conn.destination.route.as_deref() else { return Ok(()) };
        let Some(proxy) = &route.socks else { return Ok(()) };
        let (host, port) = target(route);
        let (version, family) = dialect(proxy, transfer.options.connect().ipresolve);
        let auth = transfer.options.proxy().socks5_auth;
        let request = Request {
            version,
            host: host.to_owned(),
            port,
            credentials: proxy
                .credentials
                .as_ref()
                .map(|found| (found.user.clone(), found.password.clone())),
            allow_basic: auth.contains(Auth::BASIC),
            allow_gssapi: auth.contains(Auth::NEGOTIATE),
        };
        let machine = socks::Socks::new(request).map_err(|why| failed(&mut transfer.infos, why))?;
        let socks = Socks { machine, host: host.into(), port, family };
        core.info(transfer, || format!("{} connect to {host}:{port}", name(version)));
        conn.begin_talk(Talk::Socks(socks));
        Ok(())
    }

    pub(super) fn socks_turn(&mut self, id: TransferId) -> Result<Turn> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else {
            return Ok(Turn::Flow(Flow::Wait));
        };
        let Some(conn_id) = transfer.conn else { return Ok(Turn::Flow(Flow::Wait)) };
        let Some(socks) = conn.socks() else { return Ok(Turn::Flow(Flow::Again)) };
        match socks.machine.status() {
            Status::Done => Ok(Turn::Over),
            Status::Resolving => self.look_up_for_socks(id),
            Status::Receiving => {
                let input = core.input.of(conn_id);
                if input.is_empty() {
                    return Ok(Turn::Receive);
                }
                let used = socks.machine.receive(input);
                let used = used.map_err(|why| failed(&mut transfer.infos, why))?;
                core.input.consume(used);
                Ok(Turn::Again)
            }
        }
    }

    fn look_up_for_socks(&mut self, id: TransferId) -> Result<Turn> {
        let Some((_, Some(conn), _)) = self.parts(id) else { return Ok(Turn::Flow(Flow::Wait)) };
        let Some(socks) = conn.socks() else { return Ok(Turn::Flow(Flow::Again)) };
        let (host, port, family) = (socks.host.clone(), socks.port, socks.family);
        match self.look_up(id, &host, port, family) {
            Ok(Some(addresses)) => {
                self.socks_target_found(id, Some(&addresses))?;
                Ok(Turn::Again)
            }
            Ok(None) => Ok(Turn::Flow(Flow::Wait)),
            Err(_) => self.socks_target_found(id, None).map(|()| Turn::Again),
        }
    }

    /// The look-up for a SOCKS proxy is over.
    pub(crate) fn socks_target_found(
        &mut self,
        id: TransferId,
        addresses: Option<&Addresses>,
    ) -> Result<()> {
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return Ok(()) };
        let Some(socks) = conn.socks() else { return Ok(()) };
        let found = match addresses.and_then(|found| found.iter(socks.port).next()) {
            Some(address) => socks.machine.resolved(address.ip()),
            None if addresses.is_some() => Err(socks.machine.unresolved()),
            None => Err(Failure {
                detail: ProxyCode::ResolveHost,
                message: format!(
                    "error {} resolving SOCKS destination {}:{}",
                    Code::CouldntResolveHost as i32,
                    socks.host,
                    socks.port
                )
                .into(),
            }),
        };
        found.map_err(|why| failed(&mut transfer.infos, why))
    }
}

impl Conn {
    /// The name that a SOCKS proxy wants resolved here, if it is its turn.
    pub(crate) fn socks_target(&mut self) -> Option<(Box<str>, u16, Family)> {
        let socks = self.socks()?;
        Some((socks.host.clone(), socks.port, socks.family))
    }
}

impl Socks {
    pub(super) fn closed(&self, infos: &mut Infos) -> Error {
        failed(infos, self.machine.closed())
    }
}

fn target(route: &Route) -> (&str, u16) {
    match &route.http {
        Some(http) => (&http.host, http.port),
        None => (&route.far.0, route.far.1),
    }
}

fn dialect(proxy: &Proxy, family: IpResolve) -> (Version, Family) {
    let family = crate::transfer::wanted(family);
    match proxy.kind {
        ProxyType::Socks5 => (Version::V5, family),
        ProxyType::Socks5Hostname => (Version::V5h, family),
        ProxyType::Socks4a => (Version::V4a, family),
        // It knows IPv4 alone.
        _ => (Version::V4, Family::V4),
    }
}

fn name(version: Version) -> &'static str {
    match version {
        Version::V4 => "SOCKS4",
        Version::V4a => "SOCKS4a",
        Version::V5 => "SOCKS5",
        Version::V5h => "SOCKS5h",
    }
}

fn failed(infos: &mut Infos, why: Failure) -> Error {
    infos.proxy_error = why.detail as i32;
    why.into()
}
