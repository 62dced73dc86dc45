//! The application's answers to the engine's questions.

use std::os::fd::OwnedFd;

use tress_model::{Code, Error, Result};
use tress_net::connect::SockOptAnswer;

use super::Multi;
use crate::TransferId;
use crate::conn::Stage;
use crate::effect::{ChunkBegun, Delivered, Delivery, Home, Lent, Sought, Supplied};
use crate::transfer::{State, Transfer};

impl Multi {
    /// Answers [`Effect::Deliver`](crate::Effect::Deliver).
    pub fn delivered(&mut self, kind: Delivery, bytes: Lent, answer: Delivered) {
        let (untaken, told) = self.core.asked.map_or((0, 0), |asked| (asked.untaken, asked.taken));
        let transfer = self.answering();
        let kept = match answer {
            Delivered::Pause { taken } => bytes.get(taken..).map(<[u8]>::to_vec),
            _ => None,
        };
        let length = bytes.len();
        match (bytes.home, transfer) {
            (Home::Input, _) => self.core.input.give_back(bytes),
            (Home::Decoded, Some(id)) => {
                if let Some(transfer) = self.transfers.get_mut(id) {
                    transfer.exchange.take_decoded_back(bytes.buffer);
                }
            }
            _ => {}
        }
        let Some(transfer) = transfer.and_then(|id| self.transfers.get_mut(id)) else { return };
        if kind == Delivery::Body || (kind == Delivery::Header && transfer.options.header) {
            transfer.infos.delivered += match answer {
                Delivered::Taken => length.saturating_sub(told) as u64,
                Delivered::Pause { taken } => taken.saturating_sub(told) as u64,
                Delivered::Failed { .. } => 0,
            };
        }
        match answer {
            Delivered::Taken => {}
            Delivered::Pause { .. } | Delivered::Failed { .. } if kind == Delivery::Rtp => {
                let text = match answer {
                    Delivered::Pause { .. } => "Cannot pause RTP",
                    _ => "Failed writing RTP data",
                };
                transfer.refusal = Some(Error::new(Code::WriteError, text));
            }
            Delivered::Pause { .. } => {
                transfer.paused.receive = true;
                transfer.held = kept.map(|kept| (kind, kept));
            }
            Delivered::Failed { passed, returned } => {
                if kind == Delivery::Header {
                    transfer.infos.header_size =
                        transfer.infos.header_size.saturating_sub(length as u64);
                }
                transfer.infos.downloaded = transfer.infos.downloaded.saturating_sub(untaken);
                let text = format!(
                    "Failure writing output to destination, passed {passed} returned {returned}"
                );
                transfer.refusal = Some(Error::new(Code::WriteError, text));
            }
        }
    }

    /// Tells that the application has taken so many of the bytes that [`Effect::Deliver`] shows it,
    /// for a driver that hands them over in several pieces; the answer still counts from the start.
    /// False: it has paused meanwhile, and wants no more for now.
    ///
    /// [`Effect::Deliver`]: crate::Effect::Deliver
    pub fn taken(&mut self, count: usize) -> bool {
        let Some(asked) = self.core.asked.as_mut() else { return true };
        asked.taken += count;
        asked.untaken = asked.untaken.saturating_sub(count as u64);
        let Some(transfer) = self.transfers.get_mut(asked.transfer) else { return true };
        transfer.infos.delivered += count as u64;
        !transfer.paused.receive
    }

    /// Bytes of its body that a transfer has received and the application has not taken: it is
    /// looking at them.
    pub fn untaken(&self, id: TransferId) -> u64 {
        self.core.asked.filter(|asked| asked.transfer == id).map_or(0, |asked| asked.untaken)
    }

    /// Answers [`Effect::Read`](crate::Effect::Read).
    pub fn supplied(&mut self, buffer: Vec<u8>, answer: Supplied) {
        let Some(id) = self.answering() else { return };
        let Some((transfer, _, core)) = self.parts(id) else { return };
        let result = match answer {
            Supplied::Data => transfer.supplied(core, buffer, false),
            Supplied::End => transfer.supplied(core, buffer, true),
            Supplied::Pause => {
                transfer.exchange.nothing_supplied(buffer);
                transfer.paused.send = true;
                Ok(())
            }
            Supplied::Abort => {
                Err(Error::new(Code::AbortedByCallback, "operation aborted by callback"))
            }
            Supplied::Failed => Err(Error::new(Code::ReadError, "read error getting mime data")),
            Supplied::TooMuch => {
                Err(Error::new(Code::ReadError, "read function returned funny value"))
            }
        };
        transfer.refuse(result);
    }

    /// Answers [`Effect::Seek`](crate::Effect::Seek).
    pub fn sought(&mut self, answer: Sought) {
        let asked = self.core.asked.and_then(|asked| self.transfers.get_mut(asked.transfer));
        let offset = asked.map_or(0, |transfer| transfer.exchange.body.take_resume_at());
        let result = match answer {
            _ if offset > 0 => self.resumed(offset, answer),
            Sought::Ok => Ok(()),
            Sought::Refused(returned) => {
                let text = format!("seek callback returned error {returned}");
                Err(Error::new(Code::SendFailRewind, text))
            }
            Sought::CantSeek => {
                Err(Error::new(Code::SendFailRewind, "necessary data rewind was not possible"))
            }
        };
        self.answer_with(result);
    }

    /// The source of an upload was to go on at `offset`; where it cannot be put there, what is
    /// before that is read and dropped.
    fn resumed(&mut self, offset: u64, answer: Sought) -> Result<()> {
        let asked = self.core.asked.and_then(|asked| self.transfers.get_mut(asked.transfer));
        let Some(transfer) = asked else { return Ok(()) };
        let refused = match answer {
            Sought::Ok => None,
            Sought::CantSeek | Sought::READ_ON => {
                transfer.exchange.body.skip(offset);
                None
            }
            Sought::Refused(_) => Some(Error::new(Code::ReadError, "Could not seek stream")),
        };
        let ended = crate::http::head::source_length(&transfer.options.body)
            .filter(|length| *length > 0 && *length < offset)
            .map(|_| Error::new(Code::PartialFile, "File already completely uploaded"));
        match refused.or(ended) {
            Some(error) => {
                transfer.infos.upload_length = None;
                Err(error)
            }
            None => Ok(()),
        }
    }

    /// Answers [`Effect::Progress`](crate::Effect::Progress), `Prereq` and `ResolverStart`.
    pub fn allowed(&mut self, yes: bool) {
        let asked = self.core.asked.and_then(|asked| self.state(asked.transfer));
        let text = match asked {
            Some(State::Connecting) => "operation aborted by pre-request callback",
            _ => "Callback aborted",
        };
        self.answer_with(if yes { Ok(()) } else { Err(Error::new(Code::AbortedByCallback, text)) });
    }

    /// Answers [`Effect::Trailers`](crate::Effect::Trailers): header lines without line ends;
    /// none aborts the transfer.
    pub fn trailers(&mut self, lines: Option<Vec<Box<[u8]>>>) {
        let Some(id) = self.answering() else { return };
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        match lines {
            Some(lines) if transfer.exchange.stream.is_some() => self.send_trailers(id, &lines),
            Some(lines) => {
                let ended = transfer.end_with_trailers(&mut self.core, &lines);
                transfer.refuse(ended);
            }
            None => {
                let text = "operation aborted by trailing headers callback";
                transfer.refuse(Err(Error::new(Code::AbortedByCallback, text)));
            }
        }
    }

    /// Answers [`Effect::FnMatch`](crate::Effect::FnMatch).
    pub fn name_matched(&mut self, matches: bool) {
        let Some(id) = self.answering() else { return };
        if let Some(transfer) = self.transfers.get_mut(id) {
            transfer.name_matched(matches);
        }
    }

    /// Answers [`Effect::ChunkBegin`](crate::Effect::ChunkBegin).
    pub fn chunk_begun(&mut self, answer: ChunkBegun) {
        let Some(id) = self.answering() else { return };
        if let Some(transfer) = self.transfers.get_mut(id) {
            let result = transfer.chunk_begun(answer);
            transfer.refuse(result);
        }
    }

    /// Answers [`Effect::OpenSocket`](crate::Effect::OpenSocket); the target may be changed.
    pub fn socket_opened(&mut self, socket: Option<OwnedFd>, target: Option<crate::Target>) {
        let Some(id) = self.answering() else { return };
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return };
        if let Some(data) = transfer.data.as_deref_mut().filter(|data| data.awaits_socket()) {
            data.opened = Some(socket);
            return;
        }
        if let (Stage::Connecting(connect), Some(pending)) = (&mut conn.stage, conn.pending.take())
        {
            connect.opened(pending.attempt, socket, target.unwrap_or(pending.target));
        }
    }

    /// Answers [`Effect::SockOpt`](crate::Effect::SockOpt).
    pub fn socket_options_set(&mut self, answer: SockOptAnswer) {
        let Some(id) = self.answering() else { return };
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return };
        if transfer.data.is_some() && matches!(conn.stage, Stage::Open(_)) {
            // The server has connected to us.
            if answer == SockOptAnswer::Error {
                let text = "Operation was aborted by an application callback";
                transfer.refuse(Err(Error::new(Code::AbortedByCallback, text)));
            }
            return;
        }
        if let (Stage::Connecting(connect), Some(pending)) = (&mut conn.stage, conn.pending.take())
        {
            connect.sockopt_done(pending.attempt, answer);
        }
    }

    /// The application's wish to pause or to go on (`curl_easy_pause(3)`).
    ///
    /// # Errors
    /// `BadFunctionArgument` when the transfer is not in this multi handle, or has no connection
    /// (yet, or any more).
    pub fn pause(&mut self, id: TransferId, receive: bool, send: bool) -> Result<()> {
        let Some(transfer) = self.transfers.get_mut(id) else {
            return Err(Code::BadFunctionArgument.into());
        };
        let has_connection = transfer.conn.is_some() || transfer.state == State::File;
        if !has_connection && !transfer.paused.any() {
            return Err(Code::BadFunctionArgument.into());
        }
        let before = transfer.paused;
        transfer.paused = crate::transfer::Paused { receive, send };
        if transfer.paused != before && transfer.is_running() {
            if before.any() && !transfer.paused.any() {
                transfer.progress.resumed(self.core.now);
            }
            self.core.mark_dirty(id, transfer);
        }
        Ok(())
    }

    /// Who was asked; it goes on with the answer.
    pub(crate) fn answering(&mut self) -> Option<TransferId> {
        let id = self.core.asked.take()?.transfer;
        self.core.resume = Some(id);
        Some(id)
    }

    fn answer_with(&mut self, result: Result<()>) {
        let Some(id) = self.answering() else { return };
        if let Some(transfer) = self.transfers.get_mut(id) {
            transfer.refuse(result);
        }
    }
}

impl Transfer {
    fn refuse(&mut self, result: Result<()>) {
        if let Err(error) = result {
            self.refusal = Some(error);
        }
    }
}
