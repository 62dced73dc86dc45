//! Layers are put on a connected socket, one after the other; those that talk to a proxy talk
//! here.

use std::io::ErrorKind;

use tress_model::{Code, Error, Result};
use tress_net::Stream;
use tress_proto::haproxy;

use super::socks::Socks;
use super::tunnel::Tunnel;
use super::{Layer, Line};
use crate::TransferId;
use crate::conn::{Conn, Stage};
use crate::failure::stream_error;
use crate::interest::{SocketOwner, Want};
use crate::multi::{Flow, Multi};
use crate::workers::Then;

/// Talking to a proxy, over the layers that are on already.
pub(crate) struct Handshake {
    pub(crate) stream: Stream,
    pub(super) talk: Talk,
}

/// What is spoken.
pub(super) enum Talk {
    Socks(Socks),
    Tunnel(Tunnel),
    /// The PROXY line, and how much of it went.
    Line(Vec<u8>, usize),
}

/// How a talk goes on.
pub(super) enum Turn {
    /// Bytes of the proxy are awaited.
    Receive,
    /// Something has changed: look again.
    Again,
    /// The answer of a look-up or of the application is awaited.
    Flow(Flow),
    /// The layer is on.
    Over,
}

impl Multi {
    /// Puts the next layer on the connection; when none is left the request goes out.
    pub(crate) fn next_layer(&mut self, id: TransferId) -> Result<Flow> {
        let Some((_, Some(conn), _)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(layer) = conn.destination.next_layer(conn.layer) else {
            return self.connected(id);
        };
        if layer == Layer::Tunnel && self.await_token(id, Then::Layer) {
            return Ok(Flow::Wait);
        }
        let Some((_, Some(conn), _)) = self.parts(id) else { return Ok(Flow::Wait) };
        conn.layer = layer;
        match layer {
            Layer::Socket => {}
            Layer::Socks => self.begin_socks(id)?,
            Layer::Tunnel => self.begin_tunnel(id)?,
            Layer::Line => self.begin_line(id),
            Layer::ProxyTls | Layer::Tls => return self.secure(id),
            Layer::Login => return self.log_in(id),
        }
        Ok(Flow::Again)
    }

    /// Moves the talk with a proxy on.
    pub(crate) fn talk(&mut self, id: TransferId) -> Result<Flow> {
        loop {
            if let Some(flow) = self.deliver_held(id) {
                return Ok(flow);
            }
            let Some((transfer, Some(conn), _)) = self.parts(id) else { return Ok(Flow::Wait) };
            let paused = transfer.paused.receive;
            let Stage::Proxy(handshake) = &mut conn.stage else { return Ok(Flow::Again) };
            if let Some(want) = handshake.send()? {
                self.watch_talk(id, want);
                return Ok(Flow::Wait);
            }
            if paused {
                self.watch_talk(id, Want::NONE);
                return Ok(Flow::Wait);
            }
            match self.turn(id)? {
                Turn::Again => {}
                Turn::Flow(flow) => {
                    if flow == Flow::Wait {
                        // Not for the proxy: its socket would wake the loop again and again.
                        self.watch_talk(id, Want::NONE);
                    }
                    return Ok(flow);
                }
                Turn::Over => return self.layer_is_on(id),
                Turn::Receive if self.core.turn.is_over() => {
                    let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
                    core.mark_dirty(id, transfer);
                    return Ok(Flow::Wait);
                }
                Turn::Receive => {
                    self.core.turn.spend(0);
                    if let Some(want) = self.receive_from_proxy(id)? {
                        self.watch_talk(id, want);
                        return Ok(Flow::Wait);
                    }
                }
            }
        }
    }

    /// What the bytes that are there come to.
    fn turn(&mut self, id: TransferId) -> Result<Turn> {
        let Some((_, Some(conn), _)) = self.parts(id) else { return Ok(Turn::Flow(Flow::Wait)) };
        let Stage::Proxy(handshake) = &conn.stage else { return Ok(Turn::Flow(Flow::Again)) };
        match handshake.talk {
            Talk::Socks(_) => self.socks_turn(id),
            Talk::Tunnel(_) => self.tunnel_turn(id),
            Talk::Line(..) => Ok(Turn::Over),
        }
    }

    /// Receives; gives what to wait for when nothing came.
    fn receive_from_proxy(&mut self, id: TransferId) -> Result<Option<Want>> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(None) };
        let Some(conn_id) = transfer.conn else { return Ok(None) };
        if !conn.leftover.is_empty() {
            let kept = std::mem::take(&mut conn.leftover);
            core.input.load(conn_id, &kept, 0);
            return Ok(None);
        }
        let Stage::Proxy(handshake) = &mut conn.stage else { return Ok(None) };
        match handshake.stream.recv(core.input.room(0)) {
            Ok(0) => {
                self.proxy_closed(id)?;
                Ok(None)
            }
            Ok(count) => {
                core.input.received(conn_id, count);
                Ok(None)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                Ok(Some(handshake.stream.blocked_on(tress_net::Want::Read).into()))
            }
            Err(error) => {
                let error = transfer.stream_failed(&error, Code::RecvError);
                Err(handshake.failed(error))
            }
        }
    }

    fn proxy_closed(&mut self, id: TransferId) -> Result<()> {
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return Ok(()) };
        let Stage::Proxy(handshake) = &mut conn.stage else { return Ok(()) };
        match &mut handshake.talk {
            Talk::Socks(socks) => Err(socks.closed(&mut transfer.infos)),
            Talk::Tunnel(tunnel) => tunnel.closed(transfer.infos.proxy_auth_available != 0),
            Talk::Line(..) => Ok(()),
        }
    }

    fn watch_talk(&mut self, id: TransferId, want: Want) {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        let Some(owner) = transfer.conn.map(SocketOwner::Conn) else { return };
        if let Stage::Proxy(handshake) = &conn.stage {
            core.interest.set(handshake.stream.fd(), owner, Some(id), want);
        }
    }

    /// What the proxy sent beyond its reply is the next layer's.
    fn layer_is_on(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(conn_id) = transfer.conn else { return Ok(Flow::Wait) };
        // During a pause it was kept with the connection.
        let mut rest = conn.leftover.to_vec();
        rest.extend(core.input.take_unread(conn_id, 0).unwrap_or_default());
        if let Stage::Proxy(handshake) = std::mem::replace(&mut conn.stage, Stage::Slot) {
            let (stream, rest) = match handshake.talk {
                Talk::Tunnel(tunnel) => tunnel.machine.open(handshake.stream, rest),
                _ => (handshake.stream, rest),
            };
            conn.readable = stream.pending();
            conn.leftover = rest.into();
            conn.stage = Stage::Open(stream);
        }
        conn.writable = true;
        self.next_layer(id)
    }

    fn begin_line(&mut self, id: TransferId) {
        let Some((_, Some(conn), _)) = self.parts(id) else { return };
        let line = conn.destination.route.as_deref().and_then(|route| route.line.as_ref());
        let client = line.and_then(|Line(client)| client.as_deref());
        let line = match (conn.local, conn.primary) {
            (Some(local), Some(remote)) => haproxy::line(local, remote, client),
            _ => haproxy::UNKNOWN.to_owned(),
        };
        conn.begin_talk(Talk::Line(line.into_bytes(), 0));
    }
}

impl Conn {
    pub(super) fn begin_talk(&mut self, talk: Talk) {
        match std::mem::replace(&mut self.stage, Stage::Slot) {
            Stage::Open(stream) => {
                self.stage = Stage::Proxy(Box::new(Handshake { stream, talk }));
            }
            stage => self.stage = stage,
        }
    }

    /// The talk with a SOCKS proxy that is on.
    pub(super) fn socks(&mut self) -> Option<&mut Socks> {
        match &mut self.stage {
            Stage::Proxy(handshake) => match &mut handshake.talk {
                Talk::Socks(socks) => Some(socks),
                _ => None,
            },
            _ => None,
        }
    }

    /// The talk about a tunnel that is on.
    pub(super) fn tunnel(&mut self) -> Option<&mut Tunnel> {
        match &mut self.stage {
            Stage::Proxy(handshake) => match &mut handshake.talk {
                Talk::Tunnel(tunnel) => Some(tunnel),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Handshake {
    /// Sends what is to be sent; gives what to wait for when not all of it went.
    fn send(&mut self) -> Result<Option<Want>> {
        loop {
            let bytes = match &self.talk {
                Talk::Socks(socks) => socks.machine.output(),
                Talk::Tunnel(tunnel) => tunnel.machine.output(),
                Talk::Line(bytes, sent) => bytes.get(*sent..).unwrap_or_default(),
            };
            if bytes.is_empty() {
                return Ok(None);
            }
            match self.stream.send(bytes) {
                Ok(count) => match &mut self.talk {
                    Talk::Socks(socks) => socks.machine.sent(count),
                    Talk::Tunnel(tunnel) => tunnel.machine.sent(count),
                    Talk::Line(_, sent) => *sent += count,
                },
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(Some(self.stream.blocked_on(tress_net::Want::Write).into()));
                }
                Err(error) => return Err(self.failed(stream_error(&error, Code::SendError))),
            }
        }
    }

    /// An error of the socket; while SOCKS is spoken all are the proxy's.
    fn failed(&self, error: Error) -> Error {
        match self.talk {
            Talk::Socks(_) => Error::new(Code::Proxy, error.message().to_owned()),
            Talk::Tunnel(_) | Talk::Line(..) => error,
        }
    }
}
