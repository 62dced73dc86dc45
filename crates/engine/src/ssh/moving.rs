//! The body that goes out, on the connection of its conversation.

use tress_model::Result;

use crate::TransferId;
use crate::effect::DebugKind;
use crate::multi::{Flow, Multi};

impl Multi {
    /// Gives the machine what it takes, and asks for more.
    pub(crate) fn send_by_ssh(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(conversation) = conn.conversation.as_deref_mut() else { return Ok(Flow::Wait) };
        if !conversation.uploads || core.turn.is_over() || !transfer.progress.may_send(core.now) {
            return Ok(Flow::Wait);
        }
        let Some(ssh) = conversation.machine.ssh() else { return Ok(Flow::Wait) };
        let piece = transfer.exchange.piece();
        if piece.is_empty() && transfer.exchange.upload_ended() {
            conversation.uploads = false;
            ssh.upload_ended()?;
            return Ok(Flow::Again);
        }
        let room = ssh.upload_room();
        if room == 0 {
            return Ok(Flow::Wait);
        }
        if piece.is_empty() {
            if self.refill(id)? {
                return Ok(Flow::Again);
            }
            let Some(transfer) = self.transfer(id) else { return Ok(Flow::Wait) };
            return Ok(match self.core.asked {
                Some(_) => Flow::Asked,
                None if transfer.exchange.upload_ended() => Flow::Again,
                None => Flow::Wait,
            });
        }
        let piece = &piece[..piece.len().min(room)];
        let count = piece.len();
        ssh.upload(piece)?;
        if transfer.options.verbose {
            let bytes = piece.to_vec();
            core.debug(transfer, DebugKind::DataOut, &bytes);
        }
        transfer.exchange.piece_sent(count);
        transfer.progress.sent(count, &transfer.options, core.now);
        Ok(Flow::Again)
    }
}
