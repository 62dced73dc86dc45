//! A mail on its way out, on the connection of its conversation.

use std::io::ErrorKind;

use tress_model::{Code, Result};
use tress_proto::smtp::Stuffer;

use crate::TransferId;
use crate::conversation::Dialect;
use crate::multi::{Flow, Multi};

/// The bytes of a mail, framed, and how far they are sent.
pub(crate) struct Outgoing {
    /// SMTP's framing; IMAP has said before how many bytes come.
    stuffer: Option<Stuffer>,
    bytes: Vec<u8>,
    sent: usize,
    /// All of the mail is in `bytes`.
    ended: bool,
}

impl Outgoing {
    pub(crate) fn new(dialect: Dialect) -> Self {
        let stuffer = (dialect == Dialect::Smtp).then(Stuffer::default);
        Self { stuffer, bytes: Vec::new(), sent: 0, ended: false }
    }

    pub(crate) fn unsent(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// Is nothing left but what is to be sent?
    pub(crate) fn is_ending(&self) -> bool {
        self.ended
    }

    fn take(&mut self, piece: &[u8]) {
        self.bytes.clear();
        self.sent = 0;
        match &mut self.stuffer {
            Some(stuffer) => stuffer.encode(piece, &mut self.bytes),
            None => self.bytes.extend_from_slice(piece),
        }
    }

    fn end(&mut self) {
        self.take(&[]);
        if let Some(stuffer) = self.stuffer {
            stuffer.finish(&mut self.bytes);
        }
        self.ended = true;
    }
}

impl Multi {
    /// Sends what goes without waiting, and asks for more.
    pub(crate) fn send_mail(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let may_send = conn.writable && transfer.progress.may_send(core.now);
        let crate::conn::Stage::Open(stream) = &mut conn.stage else { return Ok(Flow::Wait) };
        let Some(conversation) = conn.conversation.as_deref_mut() else { return Ok(Flow::Wait) };
        let Some(outgoing) = &mut conversation.outgoing else { return Ok(Flow::Wait) };
        if outgoing.unsent().is_empty() {
            if outgoing.ended {
                conversation.outgoing = None;
                conversation.machine.uploaded(core.now);
                return Ok(Flow::Again);
            }
            let piece = transfer.exchange.piece();
            if !piece.is_empty() {
                outgoing.take(piece);
                let count = piece.len();
                transfer.exchange.piece_sent(count);
            } else if transfer.exchange.upload_ended() {
                outgoing.end();
            } else if !self.refill(id)? {
                return Ok(if self.core.asked.is_some() { Flow::Asked } else { Flow::Wait });
            }
            return Ok(Flow::Again);
        }
        if !may_send || core.turn.is_over() {
            return Ok(Flow::Wait);
        }
        match stream.send(outgoing.unsent()) {
            Ok(count) => {
                outgoing.sent += core.turn.spend(count);
                transfer.progress.sent(count, &transfer.options, core.now);
                Ok(Flow::Again)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                conn.writable = false;
                Ok(Flow::Wait)
            }
            Err(error) => Err(transfer.stream_failed(&error, Code::SendError)),
        }
    }
}
