//! The second connection: made like any other, over the same proxies, by the transfer that lends
//! itself to it meanwhile.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{OwnedFd, RawFd};
use std::sync::Arc;
use std::time::Instant;

use tress_model::{Code, Error, Result};

use super::text::LineFeeds;
use crate::TransferId;
use crate::conn::{Conn, ConnId, Stage};
use crate::infos::Times;
use crate::multi::{Core, Flow, Multi};
use crate::proxy::Layer;
use crate::transfer::{State, Transfer};

/// The second connection of a transfer.
pub(crate) struct Data {
    pub(crate) conn: ConnId,
    /// The transfer is lent to it.
    away: Option<Away>,
    /// The application is asked to open the socket that listens.
    pub(super) asked: bool,
    /// The socket that it opened, or none.
    pub(crate) opened: Option<Option<OwnedFd>>,
    /// It is listened for, until then.
    pub(super) accept_by: Option<Instant>,
    /// The body moves.
    pub(super) direction: Option<Direction>,
    /// Bytes that are still wanted, where that is known.
    pub(super) left: Option<u64>,
    pub(super) moved: u64,
    /// Text comes with CRLF, and is wanted with line feeds.
    pub(super) text: Option<LineFeeds>,
}

/// Where a body goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Download,
    Upload,
}

/// The control connection and what was known of it.
struct Away {
    control: ConnId,
    primary: Option<SocketAddr>,
    local: Option<SocketAddr>,
    socket: Option<RawFd>,
    number: i64,
    connects: u32,
    verify_result: i64,
    times: Times,
}

impl Data {
    pub(super) fn new(conn: ConnId) -> Self {
        Self {
            conn,
            away: None,
            asked: false,
            opened: None,
            accept_by: None,
            direction: None,
            left: None,
            moved: 0,
            text: None,
        }
    }

    /// Is the application asked to open the socket that listens?
    pub(crate) fn awaits_socket(&self) -> bool {
        self.asked && self.opened.is_none()
    }

    /// Is the server to connect to us?
    pub(super) fn awaits_connection(&self) -> bool {
        self.accept_by.is_some()
    }

    /// When the server's connection must have come.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.accept_by
    }
}

impl Transfer {
    /// Is it lent to its second connection?
    pub(crate) fn is_away(&self) -> bool {
        self.data.as_deref().is_some_and(|data| data.away.is_some())
    }

    /// Does it use this connection as its second one, or lend itself from it?
    #[cfg(feature = "sim")]
    pub(crate) fn has_beside(&self, id: ConnId) -> bool {
        let control = |data: &Data| data.away.as_ref().is_some_and(|away| away.control == id);
        self.data.as_deref().is_some_and(|data| data.conn == id || control(data))
    }

    /// Is a body on its way over the second connection?
    pub(crate) fn is_moving_data(&self) -> bool {
        let moves = |data: &Data| data.direction.is_some() && data.accept_by.is_none();
        self.data.as_deref().is_some_and(moves)
    }
}

impl Multi {
    /// Connects to where the server waits: to `host`, else to where it was found.
    pub(super) fn open_data(
        &mut self,
        id: TransferId,
        host: Option<Ipv4Addr>,
        port: u16,
    ) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let control = &conn.destination;
        let host = match (host, conn.primary) {
            (Some(host), _) => host.to_string(),
            (None, Some(primary)) if control.first_proxy().is_none() => primary.ip().to_string(),
            // Through a proxy it is reached by the name that the proxy was told.
            (None, _) => match control.route.as_deref() {
                Some(route) => route.far.0.to_string(),
                None => String::from_utf8_lossy(&control.host).into_owned(),
            },
        };
        core.info(transfer, || format!("Connecting to {host} port {port}"));
        let destination = Arc::new(control.for_data(&host, port));
        let now = core.now;
        let data = Conn::new(destination, id, now).opened_by(id, &transfer.options);
        let data = self.pool.insert_uncounted(data);
        let Some(transfer) = self.transfers.get_mut(id) else { return Ok(Flow::Wait) };
        transfer.data = Some(Box::new(Data::new(data)));
        self.lend_to_data(id);
        let Some(transfer) = self.transfers.get_mut(id) else { return Ok(Flow::Wait) };
        transfer.connecting_since = Some(now);
        transfer.state = State::Resolving;
        Ok(Flow::Again)
    }

    /// The second connection is as far as it was to go: back to the conversation.
    pub(crate) fn data_is_up(&mut self, id: TransferId) -> Result<Flow> {
        self.back_to_control(id);
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return Ok(Flow::Wait) };
        if !transfer.is_moving_data()
            && let Some(conversation) = conn.conversation.as_deref_mut()
            && let Some(ftp) = conversation.machine.ftp()
        {
            ftp.data_connected()?;
        }
        Ok(Flow::Again)
    }

    /// The second connection could not be made: there may be another way.
    pub(crate) fn data_failed(&mut self, id: TransferId, error: Error) -> Result<Flow> {
        let moving = self.transfer(id).is_some_and(Transfer::is_moving_data);
        self.drop_data(id);
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Err(error) };
        let hopeless = matches!(error.code(), Code::OperationTimedout | Code::AbortedByCallback);
        let Some(conversation) = conn.conversation.as_deref_mut() else { return Err(error) };
        let Some(ftp) = conversation.machine.ftp() else { return Err(error) };
        if moving || hopeless {
            return Err(error);
        }
        core.info(transfer, || error.message().to_owned());
        ftp.data_failed(error)?;
        Ok(Flow::Again)
    }

    /// A body goes over the second connection from now on: TLS is put on it, if wanted.
    pub(crate) fn begin_data(&mut self, id: TransferId, direction: Direction) -> Result<()> {
        let Some(transfer) = self.transfers.get_mut(id) else { return Ok(()) };
        let length = transfer.infos.download_length;
        let conn = transfer.conn.and_then(|conn| self.pool.get_mut(conn));
        let ftp = conn.and_then(|conn| conn.conversation.as_deref_mut()?.machine.ftp());
        let is_text = ftp.is_some_and(|ftp| ftp.is_text());
        let Some(data) = transfer.data.as_deref_mut() else {
            return Err(Error::from(Code::FtpCouldntRetrFile));
        };
        data.direction = Some(direction);
        data.text = is_text.then(LineFeeds::default);
        data.left = length.filter(|_| direction == Direction::Download);
        if !data.awaits_connection() {
            self.data_accepted(id);
            self.secure_data(id)?;
        }
        Ok(())
    }

    /// The handshake of TLS on the second connection begins, if it is to have TLS.
    pub(super) fn secure_data(&mut self, id: TransferId) -> Result<()> {
        let Some((_, Some(conn), _)) = self.parts(id) else { return Ok(()) };
        let ftp = conn.conversation.as_deref_mut().and_then(|it| it.machine.ftp());
        if !ftp.is_some_and(|ftp| ftp.data_tls()) {
            return Ok(());
        }
        self.lend_to_data(id);
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(()) };
        transfer.connecting_since = Some(core.now);
        transfer.state = State::Connecting;
        conn.layer = Layer::Tls;
        self.secure(id).map(|_| ())
    }

    /// Closes the second connection and comes back from it, in whatever state they are.
    pub(crate) fn drop_data(&mut self, id: TransferId) {
        self.back_to_control(id);
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        let Some(data) = transfer.data.take() else { return };
        if let Some(conn) = self.pool.get_mut(data.conn) {
            conn.transfer = None;
            self.close(data.conn);
        }
    }

    /// The transfer with its second connection.
    pub(super) fn data_parts(
        &mut self,
        id: TransferId,
    ) -> Option<(&mut Transfer, &mut Conn, &mut Core)> {
        let transfer = &mut **self.transfers.get_mut(id)?;
        let conn = self.pool.get_mut(transfer.data.as_deref()?.conn)?;
        Some((transfer, conn, &mut self.core))
    }

    /// From now on it is the second connection that the transfer sets up.
    fn lend_to_data(&mut self, id: TransferId) {
        self.keep_input(id);
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        // Nobody reads what comes there meanwhile.
        if let Stage::Open(stream) = &conn.stage {
            let owner = crate::interest::SocketOwner::Conn(transfer.conn.unwrap_or(ConnId::NONE));
            core.interest.set(stream.fd(), owner, Some(id), crate::interest::Want::NONE);
        }
        let Some(data) = transfer.data.as_deref_mut() else { return };
        let (Some(control), infos) = (transfer.conn, &transfer.infos) else { return };
        data.away = Some(Away {
            control,
            primary: infos.primary,
            local: infos.local,
            socket: infos.socket,
            number: infos.connection_number,
            connects: infos.num_connects,
            verify_result: infos.verify_result,
            times: infos.times,
        });
        transfer.conn = Some(data.conn);
    }

    fn back_to_control(&mut self, id: TransferId) {
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        let Some(data) = transfer.data.as_deref_mut() else { return };
        let Some(away) = data.away.take() else { return };
        self.core.input.discard(data.conn);
        transfer.conn = Some(away.control);
        transfer.connecting_since = None;
        transfer.lookup = None;
        if transfer.is_running() {
            transfer.state = State::Conversation;
        }
        let infos = &mut transfer.infos;
        infos.primary = away.primary;
        infos.local = away.local;
        infos.socket = away.socket;
        infos.connection_number = away.number;
        infos.num_connects = away.connects;
        infos.verify_result = away.verify_result;
        infos.times = away.times;
    }
}
