//! Sockets race to be connected; then the layers above them are put on.

use tress_model::{Code, Error, Result};
use tress_net::Stream;
use tress_net::connect::{ConnectFailure, ConnectStep, Target};

use super::{State, Transfer};
use crate::TransferId;
use crate::conn::{Pending, Stage};
use crate::effect::Effect;
use crate::interest::{SocketOwner, Want};
use crate::multi::{Flow, Multi};
use crate::options::{ConnectOnly, Hooks};
use crate::plan::Service;

impl Multi {
    /// Moves the connecting sockets on.
    pub(crate) fn connect(&mut self, id: TransferId) -> Result<Flow> {
        loop {
            if self.has_link(id)
                && let Some(flow) = self.race(id)?
            {
                return Ok(flow);
            }
            let Some((transfer, Some(conn), core)) = self.parts(id) else {
                return Ok(Flow::Wait);
            };
            let ready = conn.ready_socket.take();
            if matches!(conn.stage, Stage::Open(_)) {
                if conn.is_logging_in() {
                    return self.converse(id);
                }
                return self.connected(id);
            }
            if matches!(conn.stage, Stage::Clearing(_)) {
                return self.clear(id);
            }
            if matches!(conn.stage, Stage::Handshake(_)) {
                return self.shake_hands(id);
            }
            if matches!(conn.stage, Stage::Proxy(_)) {
                return self.talk(id);
            }
            let Stage::Connecting(connect) = &mut conn.stage else { return Ok(Flow::Wait) };
            let step = connect.poll(ready, core.now);
            for note in connect.take_notes() {
                core.info(transfer, || note.to_string());
            }
            match step {
                ConnectStep::Wait => return Ok(self.watch_attempts(id)),
                ConnectStep::CloseSocket(fd) => {
                    let opened_by = conn.opened_by;
                    self.close_fd(fd, opened_by);
                }
                ConnectStep::OpenSocket { attempt, target } => {
                    conn.pending = Some(Pending { attempt, target: target.clone() });
                    return Ok(core.ask(id, Effect::OpenSocket { transfer: id, target }));
                }
                ConnectStep::SockOpt { attempt, fd } => {
                    let target = Target::Unix(std::path::Path::new("").into());
                    conn.pending = Some(Pending { attempt, target });
                    return Ok(
                        core.ask(id, Effect::SockOpt { transfer: id, socket: fd, accepted: false })
                    );
                }
                ConnectStep::Connected(stream, target) => {
                    return self.socket_up(id, stream, target);
                }
                ConnectStep::Failed(failure) => return Err(self.connect_failed(id, failure)),
            }
        }
    }

    /// May the connection go by QUIC?
    fn has_link(&self, id: TransferId) -> bool {
        let conn = self.transfer(id).and_then(|transfer| transfer.conn);
        conn.and_then(|conn| self.pool.get(conn)).is_some_and(|conn| conn.quic.is_some())
    }

    fn watch_attempts(&mut self, id: TransferId) -> Flow {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Flow::Wait };
        let Some(owner) = transfer.conn.map(SocketOwner::Conn) else { return Flow::Wait };
        if let Stage::Connecting(connect) = &conn.stage {
            for (fd, want) in connect.interests() {
                core.interest.set(fd, owner, Some(id), Want::from(want));
            }
        }
        Flow::Wait
    }

    /// A socket is connected; the others are closed.
    fn socket_up(&mut self, id: TransferId, stream: Stream, target: Target) -> Result<Flow> {
        let mut losers = Vec::new();
        let mut opened_by = None;
        if let Some((_, Some(conn), core)) = self.parts(id)
            && let Stage::Connecting(connect) = &mut conn.stage
        {
            opened_by = conn.opened_by;
            while let ConnectStep::CloseSocket(fd) = connect.poll(None, core.now) {
                losers.push(fd);
            }
        }
        for fd in losers {
            self.close_fd(fd, opened_by);
        }
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        if let Target::Ip(address) = target {
            conn.primary = Some(address);
        }
        conn.local = stream.local_addr();
        let infos = &mut transfer.infos;
        infos.num_connects += 1;
        (infos.primary, infos.local) = (conn.primary, conn.local);
        let (from, to) = (conn.local, conn.primary);
        core.info(transfer, || {
            let host = String::from_utf8_lossy(&conn.destination.host);
            match (to, from) {
                (Some(to), Some(from)) => format!(
                    "Established connection to {host} ({} port {}) from {} port {} ",
                    to.ip(),
                    to.port(),
                    from.ip(),
                    from.port()
                ),
                _ => format!("Established connection to {host}"),
            }
        });
        conn.stage = Stage::Open(stream);
        conn.writable = true;
        transfer.infos.times.connect = transfer.since_start(core.now);
        self.next_layer(id)
    }

    /// The connection can carry the request.
    pub(crate) fn connected(&mut self, id: TransferId) -> Result<Flow> {
        if self.transfer(id).is_some_and(Transfer::is_away) {
            return self.data_is_up(id);
        }
        self.decide_protocol(id);
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        if transfer.infos.num_connects > 0 && transfer.infos.times.connect.is_zero() {
            transfer.infos.times.connect = transfer.since_start(core.now);
        }
        transfer.connecting_since = None;
        transfer.infos.socket = conn.fd();
        if transfer.options.hooks.contains(Hooks::PREREQ)
            && !transfer.allowed_to_send
            && let (Some(primary), Some(local)) = (conn.primary, conn.local)
        {
            transfer.allowed_to_send = true;
            transfer.state = State::Connecting;
            return Ok(core.ask(id, Effect::Prereq { transfer: id, primary, local }));
        }
        if transfer.options.connect().connect_only == ConnectOnly::Yes {
            self.hold(id);
            return Ok(Flow::Wait);
        }
        transfer.state = State::Exchange;
        if conn.conversation.is_some() {
            return self.begin_request(id);
        }
        match transfer.plan()?.service {
            Service::Telnet => self.begin_telnet(id),
            Service::Mqtt => self.begin_mqtt(id),
            _ => self.begin_exchange(id),
        }
    }

    fn connect_failed(&mut self, id: TransferId, failure: ConnectFailure) -> Error {
        let Some((transfer, Some(conn), core)) = self.parts(id) else {
            return Error::from(Code::CouldntConnect);
        };
        transfer.infos.os_errno = failure.errno;
        let elapsed = transfer.since_start(core.now);
        let destination = &conn.destination;
        let host = String::from_utf8_lossy(&destination.host);
        let host = transfer.as_typed(&host);
        let towards = match destination.first_proxy() {
            Some(proxy) => format!("{host}:{} over proxy {}", destination.port, proxy.host),
            None => format!("{host}:{}", destination.port),
        };
        failure.into_error(&towards, elapsed)
    }
}
