//! The body on the second connection.

use std::io::ErrorKind;

use tress_model::{Code, Error, Result};

use super::data::Direction;
use super::text::LineFeeds;
use crate::TransferId;
use crate::effect::{DebugKind, Delivery, Lent};
use crate::interest::{SocketOwner, Want};
use crate::multi::{Flow, Multi};
use crate::transfer::Transfer;

impl Multi {
    /// Moves what goes without waiting.
    pub(crate) fn move_data(&mut self, id: TransferId) -> Result<Flow> {
        if self.transfer(id).is_some_and(Transfer::has_wildcard_to_decide) {
            return self.request_done(id);
        }
        let Some(transfer) = self.transfers.get_mut(id) else { return Ok(Flow::Wait) };
        let Some(data) = transfer.data.as_deref_mut() else { return Ok(Flow::Wait) };
        if let Some(socket) = data.opened.take() {
            return self.listen_on(id, socket);
        }
        if data.awaits_connection() {
            return self.accept_data(id);
        }
        match data.direction {
            None => Ok(Flow::Wait),
            Some(Direction::Download) => self.receive_data(id),
            Some(Direction::Upload) => self.send_data(id),
        }
    }

    fn receive_data(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, conn, core)) = self.data_parts(id) else { return Ok(Flow::Wait) };
        if transfer.exchange.oversize {
            return Err(transfer.oversize());
        }
        let Some(data) = transfer.data.as_deref_mut() else { return Ok(Flow::Wait) };
        if data.left == Some(0) {
            return self.data_over(id);
        }
        if transfer.paused.receive
            || !conn.readable
            || core.turn.is_over()
            || !transfer.progress.may_receive(core.now)
        {
            return Ok(Flow::Wait);
        }
        let room = core.input.room(transfer.options.buffersize as usize);
        let room = transfer.progress.limited(room, &transfer.options);
        let most = data.left.and_then(|left| usize::try_from(left).ok()).unwrap_or(room.len());
        let most = most.min(room.len());
        let Some(stream) = conn.stream() else { return Ok(Flow::Wait) };
        let count = match stream.recv(&mut room[..most]) {
            Ok(0) => return self.data_ended(id),
            Ok(count) => core.turn.spend(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                conn.read_blocked();
                return Ok(Flow::Wait);
            }
            Err(error) => return Err(transfer.stream_failed(&error, Code::RecvError)),
        };
        if data.moved == 0 {
            transfer.infos.times.starttransfer = transfer.since_start(core.now);
        }
        let Some(data) = transfer.data.as_deref_mut() else { return Ok(Flow::Wait) };
        data.moved += count as u64;
        data.left = data.left.map(|left| left.saturating_sub(count as u64));
        transfer.progress.received(count, &transfer.options, core.now);
        let count = transfer.take_within_size(count);
        if count == 0 {
            return Err(transfer.oversize());
        }
        if transfer.options.verbose {
            let bytes = core.input.bytes(0..count).to_vec();
            core.debug(transfer, DebugKind::DataIn, &bytes);
        }
        if let Some(wildcard) = transfer.wildcard.as_deref_mut()
            && wildcard.take_listing(core.input.bytes(0..count))?
        {
            return Ok(Flow::Again);
        }
        let text = transfer.data.as_deref_mut().and_then(|data| data.text.as_mut());
        let bytes = match text.map(|text| text.convert(core.input.bytes(0..count))) {
            Some(buffer) if buffer.is_empty() => return Ok(Flow::Again),
            Some(buffer) => Lent::spare(buffer),
            None => core.input.lend(0..count),
        };
        Ok(core.deliver(id, Delivery::Body, bytes))
    }

    fn send_data(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, conn, core)) = self.data_parts(id) else { return Ok(Flow::Wait) };
        let piece = transfer.exchange.piece();
        if piece.is_empty() {
            if transfer.exchange.upload_ended() {
                return self.data_over(id);
            }
            if self.refill(id)? {
                return Ok(Flow::Again);
            }
            return Ok(if self.core.asked.is_some() { Flow::Asked } else { Flow::Wait });
        }
        if !conn.writable || core.turn.is_over() || !transfer.progress.may_send(core.now) {
            return Ok(Flow::Wait);
        }
        let Some(stream) = conn.stream() else { return Ok(Flow::Wait) };
        match stream.send(piece) {
            Ok(count) => {
                transfer.exchange.piece_sent(core.turn.spend(count));
                transfer.progress.sent(count, &transfer.options, core.now);
                if let Some(data) = transfer.data.as_deref_mut() {
                    data.moved += count as u64;
                }
                Ok(Flow::Again)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                conn.writable = false;
                Ok(Flow::Wait)
            }
            Err(error) => Err(transfer.stream_failed(&error, Code::SendError)),
        }
    }

    /// The server has closed the second connection.
    fn data_ended(&mut self, id: TransferId) -> Result<Flow> {
        let data = self.transfer(id).and_then(|transfer| transfer.data.as_deref());
        if let Some(left) = data.and_then(|data| data.left) {
            let text = format!("transfer closed with {left} bytes remaining to read");
            return Err(Error::new(Code::PartialFile, text));
        }
        self.data_over(id)
    }

    /// All was moved: the server says on the control connection what it thinks of that.
    fn data_over(&mut self, id: TransferId) -> Result<Flow> {
        let Some(transfer) = self.transfers.get_mut(id) else { return Ok(Flow::Wait) };
        let Some(data) = transfer.data.as_deref_mut() else { return Ok(Flow::Wait) };
        let (moved, is_upload) = (data.moved, data.direction == Some(Direction::Upload));
        if let Some(end) = data.text.as_mut().and_then(LineFeeds::finish) {
            self.conversation_delivers(id, Delivery::Body, vec![end]);
        }
        if is_upload
            && let Some(stream) = self.data_parts(id).and_then(|(_, conn, _)| conn.stream())
        {
            stream.await_end();
        }
        self.drop_data(id);
        let Some((_, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        if let Some(ftp) = conn.conversation.as_deref_mut().and_then(|it| it.machine.ftp()) {
            ftp.transferred(moved, core.now);
        }
        Ok(Flow::Again)
    }

    /// What is waited for on the second connection.
    pub(crate) fn watch_data(&mut self, id: TransferId) {
        let Some((transfer, conn, core)) = self.data_parts(id) else { return };
        let Some(data) = transfer.data.as_deref() else { return };
        let want = match data.direction {
            _ if data.awaits_connection() => Want::IN,
            None => Want::NONE,
            Some(Direction::Download)
                if transfer.paused.receive || !transfer.progress.may_receive(core.now) =>
            {
                Want::NONE
            }
            Some(Direction::Download) if conn.reads_by_writing => Want::IN.and(Want::OUT),
            Some(Direction::Download) => Want::IN,
            Some(Direction::Upload)
                if transfer.exchange.piece().is_empty()
                    || !transfer.progress.may_send(core.now) =>
            {
                Want::NONE
            }
            Some(Direction::Upload) => Want::OUT,
        };
        if let Some(fd) = conn.fd() {
            core.interest.set(fd, SocketOwner::Conn(data.conn), Some(id), want);
        }
    }
}
