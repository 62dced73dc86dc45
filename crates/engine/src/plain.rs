//! What TELNET and MQTT share: a connection of their own, on which a machine tells the body from
//! the rest.

use std::io::ErrorKind;
use std::ops::Range;

use tress_model::{Code, Result};

use crate::TransferId;
use crate::effect::{DebugKind, Delivery};
use crate::interest::{SocketOwner, Want};
use crate::multi::{Flow, Multi};

/// What listening came to.
pub(crate) enum Heard {
    /// There are bytes in the input.
    Bytes,
    /// Not now.
    Nothing,
    /// The peer has closed.
    End,
}

impl Multi {
    /// Makes sure that there is input, while its turn lasts.
    pub(crate) fn hear_plain(&mut self, id: TransferId) -> Result<Heard> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Heard::Nothing) };
        let Some(conn_id) = transfer.conn else { return Ok(Heard::Nothing) };
        if transfer.paused.receive {
            return Ok(Heard::Nothing);
        }
        if !conn.leftover.is_empty() {
            let kept = std::mem::take(&mut conn.leftover);
            core.input.load(conn_id, &kept, 0);
        }
        if !core.input.of(conn_id).is_empty() {
            return Ok(Heard::Bytes);
        }
        if !conn.readable || core.turn.is_over() || !transfer.progress.may_receive(core.now) {
            return Ok(Heard::Nothing);
        }
        let room = core.input.room(transfer.options.buffersize as usize);
        let Some(stream) = conn.stream() else { return Ok(Heard::Nothing) };
        match stream.recv(room) {
            Ok(0) => Ok(Heard::End),
            Ok(count) => {
                core.input.received(conn_id, core.turn.spend(count));
                transfer.progress.received(count, &transfer.options, core.now);
                Ok(Heard::Bytes)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                conn.read_blocked();
                Ok(Heard::Nothing)
            }
            Err(error) => Err(transfer.stream_failed(&error, Code::RecvError)),
        }
    }

    /// Hands a part of the receive buffer to the application.
    pub(crate) fn deliver_plain(&mut self, id: TransferId, body: Range<usize>) -> Flow {
        let Some((transfer, _, core)) = self.parts(id) else { return Flow::Wait };
        if transfer.infos.times.starttransfer.is_zero() {
            transfer.infos.times.starttransfer = transfer.since_start(core.now);
        }
        if transfer.options.verbose {
            let bytes = core.input.bytes(body.clone()).to_vec();
            core.debug(transfer, DebugKind::DataIn, &bytes);
        }
        let bytes = core.input.lend(body);
        core.deliver(id, Delivery::Body, bytes)
    }

    /// Waits for the peer, and for room where there is something to send.
    pub(crate) fn watch_plain(&mut self, id: TransferId, has_output: bool) {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        let Some(owner) = transfer.conn.map(SocketOwner::Conn) else { return };
        let receives = !transfer.paused.receive && transfer.progress.may_receive(core.now);
        let mut want = if receives { Want::IN } else { Want::NONE };
        if has_output || (receives && conn.reads_by_writing) {
            want = want.and(Want::OUT);
        }
        if let Some(stream) = conn.stream() {
            core.interest.set(stream.fd(), owner, Some(id), want);
        }
        if core.turn.is_over() {
            core.mark_dirty(id, transfer);
        }
    }
}
