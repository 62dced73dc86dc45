//! Talking to an HTTP proxy about a tunnel (CONNECT).

use tress_model::Result;
use tress_model::headers::Origin;
use tress_proto::connect::{self, Step};
use tress_proto::h1::Event;
use tress_proto::http::connect::{ConnectSpec, write_connect};

use super::handshake::{Talk, Turn};
use crate::TransferId;
use crate::effect::{DebugKind, Delivery, Effect, Home, Lent};
use crate::multi::{Flow, Multi};
use crate::options::{Hooks, ProxyType};
use crate::transfer::Transfer;

/// The handshake.
pub(super) struct Tunnel {
    pub(super) machine: connect::Tunnel,
    /// The proxy closed the connection in the middle of a refusal.
    cut: Option<Step>,
}

impl Multi {
    /// Asks the HTTP proxy for a tunnel.
    pub(super) fn begin_tunnel(&mut self, id: TransferId) -> Result<()> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(()) };
        let Some(request) = transfer.connect_request()? else { return Ok(()) };
        core.debug(transfer, DebugKind::HeaderOut, &request);
        let machine = connect::Tunnel::new(request);
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
            None => tunnel.machine.receive(input)?,
        };
        let turn = match step {
            Step::More if used == input.len() => Turn::Receive,
            Step::More => Turn::Again,
            Step::Head(event) => {
                let (status, line) = match &event {
                    Event::Status { line } => (Some(tunnel.machine.status()), line),
                    Event::Header { line, .. } | Event::EndOfHead { line, .. } => (None, line),
                    _ => return Ok(Turn::Again),
                };
                let line = line.of(input, tunnel.machine.held()).to_vec();
                core.input.consume(used);
                if let Some(status) = status {
                    transfer.infos.connect_code = u32::from(status);
                }
                let is_field = matches!(event, Event::Header { .. });
                return self.connect_line(id, line, is_field);
            }
            Step::Established => {
                let status = tunnel.machine.status();
                core.info(transfer, || "CONNECT phase completed for HTTP proxy".to_owned());
                core.info(transfer, || format!("CONNECT tunnel established, response {status}"));
                Turn::Over
            }
            Step::Refused { .. } => return Err(tunnel.machine.failure()),
        };
        core.input.consume(used);
        Ok(turn)
    }

    /// A line of the proxy's reply is kept, and delivered if somebody wants it.
    fn connect_line(&mut self, id: TransferId, line: Vec<u8>, is_field: bool) -> Result<Turn> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Turn::Again) };
        core.debug(transfer, DebugKind::HeaderIn, &line);
        transfer.infos.header_size += line.len() as u64;
        let options = &transfer.options;
        if options.proxy().suppress_connect_headers {
            return Ok(Turn::Again);
        }
        let wanted = options.hooks.contains(Hooks::HEADER) || options.header;
        if is_field {
            transfer.headers.push(&line, Origin::CONNECT)?;
        }
        if !wanted {
            return Ok(Turn::Again);
        }
        let bytes = Lent { start: 0, end: line.len(), buffer: line, home: Home::Spare };
        let question = Effect::Deliver { transfer: id, kind: Delivery::Header, bytes };
        Ok(Turn::Flow(core.ask(id, question)))
    }
}

impl Tunnel {
    /// The proxy has closed the connection.
    pub(super) fn closed(&mut self) -> Result<()> {
        self.cut = Some(self.machine.closed(false)?);
        Ok(())
    }
}

impl Transfer {
    /// The head of the CONNECT request; none where there is no tunnel to make.
    fn connect_request(&self) -> Result<Option<Vec<u8>>> {
        let plan = self.plan()?;
        let Some(route) = plan.destination.route.as_deref() else { return Ok(None) };
        let Some(proxy) = &route.http else { return Ok(None) };
        let options = &self.options;
        let settings = options.proxy();
        let (host, port) = &route.far;
        let authority = match host.contains(':') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        };
        let headers = match settings.header_separate {
            true => &settings.proxyheader,
            false => &options.httpheader,
        };
        let authorization = proxy.preemptive(settings.proxyauth);
        let mut request = Vec::with_capacity(256);
        write_connect(
            &ConnectSpec {
                authority: authority.as_bytes(),
                http10: proxy.kind == ProxyType::Http1_0,
                proxy_authorization: authorization.as_deref(),
                user_agent: options.useragent.as_deref(),
                headers: headers.as_deref().unwrap_or_default(),
                credentials_allowed: self.exchange.follow.allows_credentials(options, &plan.url),
            },
            &mut request,
        );
        Ok(Some(request))
    }
}
