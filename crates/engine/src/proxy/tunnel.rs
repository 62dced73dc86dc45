//! Talking to an HTTP proxy about a tunnel (CONNECT).

use tress_model::headers::Origin;
use tress_model::{Code, Error, Result};
use tress_proto::connect::Step;
use tress_proto::h1::{Event, Field};
use tress_proto::http::connect::{ConnectSpec, write_connect};

use super::connect::Connect;
use super::handshake::{Talk, Turn};
use super::{Layer, Proxy};
use crate::TransferId;
use crate::conn::{Conn, Stage};
use crate::effect::{DebugKind, Delivery, Lent};
use crate::http::auth::Whom;
use crate::multi::{Core, Flow, Multi};
use crate::options::{Hooks, ProxyType};
use crate::transfer::{State, Transfer};
use crate::workers::Then;

/// The handshake.
pub(super) struct Tunnel {
    pub(super) machine: Connect,
    /// The proxy closed the connection in the middle of a refusal.
    cut: Option<Step>,
}

impl Multi {
    /// Asks the HTTP proxy for a tunnel.
    pub(super) fn begin_tunnel(&mut self, id: TransferId) -> Result<()> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(()) };
        if let Some(auth) = &mut transfer.auth {
            auth.new_connection();
        }
        let Some(request) = transfer.connect_request(core, conn)? else { return Ok(()) };
        let http2 = conn.is_http2_agreed_with_proxy();
        core.info(transfer, || match conn.alpn() {
            Some(alpn) => format!("CONNECT: '{}' negotiated", String::from_utf8_lossy(alpn)),
            None => "CONNECT: no ALPN negotiated".to_owned(),
        });
        let config = http2.then(|| crate::http2::config(&core.settings));
        let machine = Connect::new(request, config)?;
        core.info(transfer, || {
            let far = conn.destination.route.as_deref().map(|route| authority(&route.far));
            let far = String::from_utf8(far.unwrap_or_default()).unwrap_or_default();
            format!("Establishing {} proxy tunnel to {far}", machine.version())
        });
        conn.begin_talk(Talk::Tunnel(Tunnel { machine, cut: None }));
        Ok(())
    }

    pub(super) fn tunnel_turn(&mut self, id: TransferId) -> Result<Turn> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else {
            return Ok(Turn::Flow(Flow::Wait));
        };
        let Some(conn_id) = transfer.conn else { return Ok(Turn::Flow(Flow::Wait)) };
        let Some(tunnel) = conn.tunnel() else { return Ok(Turn::Flow(Flow::Again)) };
        let input = core.input.of(conn_id);
        let (used, step) = match tunnel.cut.take() {
            Some(step) => (0, step),
            None => tunnel.machine.receive(input, core.now)?,
        };
        let turn = match step {
            Step::More if used == input.len() => Turn::Receive,
            Step::More => Turn::Again,
            Step::Head(event) => {
                let line = match &event {
                    Event::Status { line } => line,
                    Event::Header { line, .. } | Event::EndOfHead { line, .. } => line,
                    _ => return Ok(Turn::Again),
                };
                let line = tunnel.machine.line(line, input);
                let status = tunnel.machine.status();
                core.input.consume(used);
                return self.connect_line(id, line, &event, status);
            }
            Step::Established => {
                let (status, version) = (tunnel.machine.status(), tunnel.machine.version());
                transfer.tunnel_is_authorized();
                core.info(transfer, || format!("CONNECT phase completed for {version} proxy"));
                core.info(transfer, || format!("CONNECT tunnel established, response {status}"));
                Turn::Over
            }
            Step::Refused { close, .. } => {
                core.input.consume(used);
                return self.tunnel_refused(id, close);
            }
        };
        core.input.consume(used);
        Ok(turn)
    }

    /// Asks again, with other credentials, if that makes sense.
    fn tunnel_refused(&mut self, id: TransferId, close: bool) -> Result<Turn> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Turn::Again) };
        let Some(tunnel) = conn.tunnel() else { return Ok(Turn::Again) };
        let (status, failure) = (tunnel.machine.status(), tunnel.machine.failure());
        let destination = conn.destination.clone();
        let proxy = destination.route.as_deref().and_then(|route| route.http.as_ref());
        let credentials = proxy.and_then(|proxy| proxy.credentials.as_ref());
        let outcome = (status, close);
        if !transfer.asks_again_for_tunnel(core, &mut conn.bound, credentials, outcome) {
            if transfer.options.failonerror && status >= 400 {
                let text = format!("The requested URL returned error: {status}");
                return Err(Error::new(Code::HttpReturnedError, text));
            }
            return Err(failure);
        }
        if close {
            core.info(transfer, || "Connect me again please".to_owned());
            self.connect_anew(id);
            return Ok(Turn::Flow(Flow::Again));
        }
        if self.await_token(id, Then::TunnelAgain) {
            return Ok(Turn::Flow(Flow::Wait));
        }
        self.ask_again_for_tunnel(id).map(|_| Turn::Again)
    }

    /// Asks on the same connection, with what is known now.
    pub(crate) fn ask_again_for_tunnel(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        if let Some(request) = transfer.connect_request(core, conn)?
            && let Some(tunnel) = conn.tunnel()
        {
            tunnel.machine.again(request)?;
        }
        Ok(Flow::Again)
    }

    /// Begins with a new socket: the proxy has no use for this one.
    fn connect_anew(&mut self, id: TransferId) {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        conn.layer = Layer::Socket;
        conn.bound = None;
        conn.leftover.clear();
        transfer.state = State::Resolving;
        if let Some(conn_id) = transfer.conn {
            core.input.discard(conn_id);
        }
        let opened_by = conn.opened_by;
        if let Stage::Proxy(handshake) = std::mem::replace(&mut conn.stage, Stage::Slot) {
            self.close_stream(handshake.stream, opened_by);
        }
    }

    /// A line of the proxy's reply is kept, and delivered if somebody wants it.
    fn connect_line(
        &mut self,
        id: TransferId,
        line: Vec<u8>,
        event: &Event,
        status: u16,
    ) -> Result<Turn> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Turn::Again) };
        transfer.infos.connect_code = u32::from(status);
        if let Event::Header { field: Field::ProxyAuthenticate, value, .. } = event
            && status == 407
        {
            let value = line.get(value.clone()).unwrap_or_default();
            transfer.note_challenge(Whom::Proxy, value);
        }
        core.debug(transfer, DebugKind::HeaderIn, &line);
        transfer.infos.header_size += line.len() as u64;
        let options = &transfer.options;
        if options.proxy().suppress_connect_headers {
            return Ok(Turn::Again);
        }
        let wanted = options.hooks.contains(Hooks::HEADER) || options.header;
        if matches!(event, Event::Header { .. }) {
            transfer.headers.push_line(&line, Origin::CONNECT)?;
        }
        if !wanted {
            return Ok(Turn::Again);
        }
        Ok(Turn::Flow(core.deliver(id, Delivery::Header, Lent::spare(line))))
    }
}

impl Conn {
    /// Is HTTP/2 what the proxy speaks, by its TLS handshake or, if that says nothing, by its type?
    fn is_http2_agreed_with_proxy(&mut self) -> bool {
        let route = self.destination.route.as_deref();
        let wanted = route.and_then(|route| route.http.as_ref()).is_some_and(Proxy::may_be_http2);
        wanted && self.alpn().is_none_or(|alpn| alpn == b"h2")
    }

    /// What the outermost TLS layer has agreed on.
    fn alpn(&mut self) -> Option<&[u8]> {
        self.stream()?.tls_info()?.alpn.as_deref()
    }
}

impl Tunnel {
    /// The proxy has closed the connection; `answered`: after it was told what it asked for.
    pub(super) fn closed(&mut self, answered: bool) -> Result<()> {
        self.cut = Some(self.machine.closed(answered)?);
        Ok(())
    }
}

impl Transfer {
    /// The head of the CONNECT request; none where there is no tunnel to make.
    fn connect_request(&mut self, core: &mut Core, conn: &mut Conn) -> Result<Option<Vec<u8>>> {
        let destination = conn.destination.clone();
        let Some(route) = destination.route.as_deref() else { return Ok(None) };
        let Some(proxy) = &route.http else { return Ok(None) };
        let authority = authority(&route.far);
        let authorization = self.authorize_tunnel(core, &mut conn.bound, proxy, &authority)?;
        let options = &self.options;
        let settings = options.proxy();
        let headers = match settings.header_separate {
            true => &settings.proxyheader,
            false => &options.httpheader,
        };
        let allowed = self.exchange.follow.allows_credentials(options, &self.plan()?.url);
        let spec = ConnectSpec {
            authority: &authority,
            http10: proxy.kind == ProxyType::Http1_0,
            proxy_authorization: authorization.as_deref(),
            user_agent: options.useragent.as_deref(),
            headers: headers.as_deref().unwrap_or_default(),
            credentials_allowed: allowed,
        };
        let mut request = Vec::with_capacity(256);
        write_connect(&spec, &mut request);
        core.debug(self, DebugKind::HeaderOut, &request);
        Ok(Some(request))
    }
}

fn authority((host, port): &(Box<str>, u16)) -> Vec<u8> {
    match host.contains(':') {
        true => format!("[{host}]:{port}").into_bytes(),
        false => format!("{host}:{port}").into_bytes(),
    }
}
