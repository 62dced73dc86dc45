//! Talking to a SOCKS proxy.

use tress_model::{Code, Error, Result};
use tress_net::resolve::{Addresses, Family};
use tress_proto::socks::{self, Ask, Failure, Gssapi, ProxyCode, Request, Status, Version};

use super::handshake::{Talk, Turn};
use super::{Proxy, Route};
use crate::TransferId;
use crate::conn::Conn;
use crate::destination::push;
use crate::http::auth::Stepped;
use crate::infos::Infos;
use crate::multi::{Flow, Multi};
use crate::options::{Auth, IpResolve, Options, ProxyType};
use crate::security::{Mechanism, SecurityContext, SecurityPeer};
use crate::workers::Then;

/// The handshake, and what it asks the resolver for.
pub(super) struct Socks {
    pub(super) machine: socks::Socks,
    pub(super) host: Box<str>,
    pub(super) port: u16,
    pub(super) family: Family,
    /// What proves the user to the proxy, while no worker has it.
    context: Option<Box<dyn SecurityContext>>,
    /// What a worker's step came to: none if the worker came to nothing.
    made: Option<Option<Stepped>>,
}

/// The service that a SOCKS proxy is, unless `CURLOPT_PROXY_SERVICE_NAME` names another.
const SERVICE: &[u8] = b"rcmd";

/// How the user is proved to a SOCKS5 proxy. It is a part of the way: a connection that was made
/// with one is not for transfers with another.
pub(super) struct Login {
    /// Those of `CURLOPT_SOCKS5_AUTH` that are known.
    methods: Auth,
    /// Of GSS-API: [`Gssapi::Offered`], the service that is asked for, and what it may do in the
    /// user's name.
    nec: bool,
    service: Box<[u8]>,
    delegation: u8,
}

impl Login {
    /// None where a proxy of this kind is not asked for one.
    pub(super) fn of(options: &Options, kind: ProxyType) -> Option<Self> {
        if !matches!(kind, ProxyType::Socks5 | ProxyType::Socks5Hostname) {
            return None;
        }
        let proxy = options.proxy();
        let mut login =
            Self { methods: Auth::empty(), nec: false, service: Box::default(), delegation: 0 };
        login.methods = proxy.socks5_auth & (Auth::BASIC | Auth::NEGOTIATE);
        if login.methods.contains(Auth::NEGOTIATE) {
            login.nec = proxy.socks5_gssapi_nec;
            login.service = proxy.proxy_service_name.as_deref().unwrap_or(SERVICE).into();
            login.delegation = options.auth().gssapi_delegation;
        }
        Some(login)
    }

    /// Appends all of it.
    pub(super) fn push(&self, key: &mut Vec<u8>) {
        key.extend_from_slice(&self.methods.bits().to_be_bytes());
        key.extend_from_slice(&[u8::from(self.nec), self.delegation]);
        push(key, &self.service);
    }

    /// Whom a context with the proxy is for.
    pub(super) fn peer(&self, host: &str) -> SecurityPeer {
        SecurityPeer {
            mechanism: Mechanism::Kerberos,
            service: self.service.to_vec(),
            host: host.as_bytes().to_vec(),
            delegation: self.delegation,
            channel_binding: Vec::new(),
        }
    }
}

impl Multi {
    /// Asks the SOCKS proxy for a connection: to the HTTP proxy behind it, else to the far end.
    pub(super) fn begin_socks(&mut self, id: TransferId) -> Result<()> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(()) };
        let Some(route) = conn.destination.route.as_deref() else { return Ok(()) };
        let Some(proxy) = &route.socks else { return Ok(()) };
        let (host, port) = target(route);
        let (version, family) = dialect(proxy, transfer.options.connect().ipresolve);
        let login = route.login.as_deref();
        let allowed = |method| login.is_some_and(|login| login.methods.contains(method));
        let request = Request {
            version,
            host: host.to_owned(),
            port,
            credentials: proxy
                .credentials
                .as_ref()
                .map(|found| (found.user.clone(), found.password.clone())),
            allow_basic: allowed(Auth::BASIC),
            gssapi: match core.security.is_some_and(|library| library.is_available()) {
                _ if !allowed(Auth::NEGOTIATE) => Gssapi::Disallowed,
                true => Gssapi::Offered { nec: login.is_some_and(|login| login.nec) },
                false => Gssapi::Missing,
            },
        };
        let machine = socks::Socks::new(request).map_err(|why| failed(&mut transfer.infos, why))?;
        let (context, made) = (None, None);
        let socks = Socks { machine, host: host.into(), port, family, context, made };
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
            Status::Securing => self.secure_socks(id),
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

    /// What the machine asks of the security context: a worker makes the tokens.
    fn secure_socks(&mut self, id: TransferId) -> Result<Turn> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else {
            return Ok(Turn::Flow(Flow::Wait));
        };
        let destination = conn.destination.clone();
        let Some(socks) = conn.socks() else { return Ok(Turn::Flow(Flow::Again)) };
        if let Some(made) = socks.made.take() {
            socks.take_step(made).map_err(|why| failed(&mut transfer.infos, why))?;
            return Ok(Turn::Again);
        }
        let Some(ask) = socks.machine.take_ask() else { return Ok(Turn::Flow(Flow::Wait)) };
        let begun = socks.context.take();
        let Some(mut context) = begun
            .or_else(|| Some(core.security?.context(destination.route.as_deref()?.socks_peer()?)))
        else {
            return Err(failed(&mut transfer.infos, socks.machine.unsecured("no library")));
        };
        let answered = match ask {
            Ask::Step(token) => {
                if self.make_token(id, context, token, Then::Socks) {
                    return Ok(Turn::Flow(Flow::Wait));
                }
                return Err(Error::new(Code::OutOfMemory, "no thread for a token"));
            }
            Ask::Wrap(message) => match context.wrap(&message) {
                Ok(token) => socks.machine.wrapped(&token),
                Err(why) => Err(socks.machine.unsecured(&why)),
            },
            Ask::Unwrap(token) => match context.unwrap(&token) {
                Ok(message) => socks.machine.unwrapped(&message),
                Err(why) => Err(socks.machine.unsecured(&why)),
            },
        };
        socks.context = Some(context);
        answered.map_err(|why| failed(&mut transfer.infos, why))?;
        Ok(Turn::Again)
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

    /// A worker has made a token for the talk with a SOCKS proxy.
    pub(crate) fn socks_token_made(&mut self, id: TransferId, made: Option<Stepped>) {
        if let Some((_, Some(conn), _)) = self.parts(id)
            && let Some(socks) = conn.socks()
        {
            socks.made = Some(made);
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

    fn take_step(&mut self, made: Option<Stepped>) -> std::result::Result<(), Failure> {
        match made {
            Some((context, Ok(step))) => {
                self.context = Some(context);
                self.machine.stepped(&step.token, step.complete, step.protection)
            }
            Some((_, Err(why))) => Err(self.machine.unsecured(&why)),
            None => Err(self.machine.unsecured("the token was not made")),
        }
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
