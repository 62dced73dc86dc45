//! QUIC and TCP race each other to a server (`CURL_HTTP_VERSION_3`), or QUIC is tried alone.

use std::os::fd::{OwnedFd, RawFd};
use std::time::Instant;

use tress_model::{Code, Error, Result};
use tress_net::connect::{Connect, ConnectTargets};
use tress_net::quic::{Quic, QuicConnect, QuicStep, Wish};

use super::{Link, Session};
use crate::TransferId;
use crate::conn::{ConnId, Stage};
use crate::destination::HttpWish;
use crate::interest::{SocketOwner, Want};
use crate::multi::{Flow, Multi};
use crate::proxy::Layer;

/// A connection in the making.
pub(crate) struct Race {
    quic: QuicConnect,
    tcp: Tcp,
}

/// What TCP does meanwhile.
enum Tcp {
    /// It would be of no use.
    Never,
    /// It joins then.
    At(Instant, ConnectTargets),
    /// It runs.
    Joined,
    /// It has failed.
    Failed(Error),
}

impl Race {
    pub(super) fn sockets(&self) -> impl Iterator<Item = RawFd> + '_ {
        self.quic.sockets().map(|(fd, _)| fd)
    }

    /// When it goes on even if no socket is ready.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let joins = match self.tcp {
            Tcp::At(at, _) => Some(at),
            _ => None,
        };
        self.quic.deadline().into_iter().chain(joins).min()
    }

    pub(super) fn ready(&mut self, socket: RawFd, readable: bool, writable: bool) {
        self.quic.ready(socket, readable, writable);
    }

    /// Gives up: the sockets, to be closed.
    pub(super) fn into_fds(self) -> impl Iterator<Item = OwnedFd> {
        self.quic.into_fds()
    }
}

impl Multi {
    /// The addresses of a server are known that is to be asked by QUIC.
    pub(crate) fn begin_race(&mut self, id: TransferId, targets: ConnectTargets) -> Result<()> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(()) };
        let destination = conn.destination.clone();
        let refused = |text: &'static str| Error::new(Code::QuicConnectError, text);
        let ConnectTargets::Ip { addresses, port } = &targets else {
            return Err(refused("HTTP/3 cannot be used over UNIX domain sockets"));
        };
        let tls = destination.tls.clone().ok_or_else(|| refused("HTTP/3 needs TLS"))?;
        let shared = transfer.stores.as_deref().and_then(|stores| stores.tls.as_ref());
        let wish = Wish {
            context: shared.unwrap_or(&core.tls).clone(),
            settings: tls,
            host: String::from_utf8_lossy(&destination.host).into(),
            streams: core.settings.max_concurrent_streams,
        };
        let settings = destination.settings.clone();
        let head_start = settings.happy_eyeballs;
        let quic = QuicConnect::new(addresses, *port, settings, wish, core.now);
        let tcp = match destination.http {
            HttpWish::Http3 => Tcp::Never,
            _ => Tcp::At(core.now + head_start, targets),
        };
        conn.quic = Some(Box::new(Link::Racing(Race { quic, tcp })));
        Ok(())
    }

    /// Moves QUIC on where it is, or was, tried. None: TCP goes on beside it.
    pub(crate) fn race(&mut self, id: TransferId) -> Result<Option<Flow>> {
        let Some((_, Some(conn), core)) = self.parts(id) else { return Ok(None) };
        let opened_by = conn.opened_by;
        let race = match conn.quic.as_deref_mut() {
            Some(Link::Racing(race)) => race,
            Some(Link::Open(_)) => return self.connected(id).map(Some),
            None => return Ok(None),
        };
        let step = race.quic.poll(core.now);
        for fd in race.quic.take_closed() {
            self.close_fd(fd, opened_by);
        }
        match step {
            QuicStep::Connected(quic) => {
                self.leave_tcp(id);
                return self.quic_is_up(id, quic).map(Some);
            }
            QuicStep::Failed(error, verify_result) => {
                let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(None) };
                transfer.infos.verify_result = verify_result;
                core.info(transfer, || format!("HTTP/3: {}", error.message()));
                let Some(Link::Racing(race)) = conn.quic.take().map(|link| *link) else {
                    return Ok(None);
                };
                match race.tcp {
                    Tcp::Never => return Err(error),
                    Tcp::Failed(error) => return Err(error),
                    Tcp::Joined => {}
                    Tcp::At(_, targets) => self.begin_tcp(id, targets),
                }
                return Ok(None);
            }
            QuicStep::Wait => {}
        }
        self.watch_race(id);
        let Some((_, Some(conn), core)) = self.parts(id) else { return Ok(None) };
        let Some(Link::Racing(race)) = conn.quic.as_deref_mut() else { return Ok(None) };
        match std::mem::replace(&mut race.tcp, Tcp::Joined) {
            Tcp::At(at, targets) if at <= core.now => {
                self.begin_tcp(id, targets);
                Ok(None)
            }
            Tcp::Joined => Ok(None),
            waiting => {
                race.tcp = waiting;
                Ok(Some(Flow::Wait))
            }
        }
    }

    /// TCP, or TLS over it, has failed; QUIC may still come to something.
    pub(crate) fn is_race_on(&mut self, id: TransferId, error: &Error) -> bool {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return false };
        let Some(Link::Racing(race)) = conn.quic.as_deref_mut() else { return false };
        if !matches!(race.tcp, Tcp::Joined) {
            return false;
        }
        core.info(transfer, || error.message().to_owned());
        race.tcp = Tcp::Failed(error.clone());
        self.leave_tcp(id);
        self.watch_race(id);
        true
    }

    /// The connection is up. Whether it is by QUIC, whose first user the transfer is then; if TCP
    /// was first, QUIC is given up.
    pub(crate) fn race_is_over(&mut self, id: TransferId) -> bool {
        let Some((_, Some(conn), _)) = self.parts(id) else { return false };
        let opened_by = conn.opened_by;
        if conn.h3().is_some() {
            self.first_joins_quic(id);
            return true;
        }
        if let Some(Link::Racing(race)) = conn.quic.take().map(|link| *link) {
            for fd in race.into_fds() {
                self.close_fd(fd, opened_by);
            }
        }
        false
    }

    fn begin_tcp(&mut self, id: TransferId, targets: ConnectTargets) {
        let Some((_, Some(conn), core)) = self.parts(id) else { return };
        let settings = conn.destination.settings.clone();
        conn.stage = Stage::Connecting(Box::new(Connect::new(targets, settings, core.now)));
    }

    fn watch_race(&mut self, id: TransferId) {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        let Some(owner) = transfer.conn.map(SocketOwner::Quic) else { return };
        let Some(Link::Racing(race)) = conn.quic.as_deref() else { return };
        for (fd, blocked) in race.quic.sockets() {
            let want = if blocked { Want::IN.and(Want::OUT) } else { Want::IN };
            core.interest.set(fd, owner, Some(id), want);
        }
    }

    /// TCP's part of the race is given up.
    fn leave_tcp(&mut self, id: TransferId) {
        let Some((_, Some(conn), _)) = self.parts(id) else { return };
        let opened_by = conn.opened_by;
        conn.layer = Layer::Socket;
        match std::mem::replace(&mut conn.stage, Stage::Slot) {
            Stage::Connecting(connect) => {
                let fds: Vec<OwnedFd> = connect.into_fds().collect();
                for fd in fds {
                    self.close_fd(fd, opened_by);
                }
            }
            Stage::Handshake(stream) | Stage::Open(stream) => {
                self.close_stream(stream, opened_by);
            }
            _ => {}
        }
    }

    /// The handshake by QUIC is complete: requests can go.
    fn quic_is_up(&mut self, id: TransferId, quic: Box<Quic>) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(conn_id) = transfer.conn else { return Ok(Flow::Wait) };
        let infos = &mut transfer.infos;
        infos.num_connects += 1;
        infos.verify_result = quic.verify_result();
        if let Some(info) = quic.tls_info() {
            infos.keep_certificates(info);
        }
        (conn.primary, conn.local) = (Some(quic.peer_addr()), quic.local_addr());
        (infos.primary, infos.local) = (conn.primary, conn.local);
        let since = transfer.since_start(core.now);
        let times = &mut transfer.infos.times;
        (times.connect, times.appconnect) = (since, since);
        core.info(transfer, || {
            let host = String::from_utf8_lossy(&conn.destination.host);
            let (ip, port) = (quic.peer_addr().ip(), quic.peer_addr().port());
            format!("Established QUIC connection to {host} ({ip} port {port})")
        });
        let mut session = Session::new(quic, core.now);
        let opened = session.begin();
        core.h3.flush(conn_id, &mut session);
        conn.quic = Some(Box::new(Link::Open(session)));
        opened?;
        self.connected(id)
    }

    /// Something happened on a socket of QUIC's.
    pub(crate) fn quic_ready(&mut self, id: ConnId, socket: RawFd, ready: crate::Ready) {
        let Some(conn) = self.pool.get_mut(id) else { return };
        let (readable, writable) = (ready.readable || ready.error, ready.writable || ready.error);
        match conn.quic.as_deref_mut() {
            Some(Link::Racing(race)) => {
                race.ready(socket, readable, writable);
                // No socket of TCP's: each of those is looked at in its own time.
                conn.ready_socket = Some(socket);
                if let Some(transfer) = conn.transfer {
                    self.run_first(transfer);
                }
            }
            Some(Link::Open(session)) => {
                session.quic.ready(readable, writable);
                self.core.h3.serve(id, session);
            }
            None => {}
        }
    }
}
