//! Hearing: what the peer says is shown to the machine, and what comes of it is done.

use std::io::ErrorKind;

use tress_model::{Code, Result};
use tress_proto::ftp::Ask;
use tress_proto::pingpong::{self, Event};
use tress_proto::ssh;

use super::Conversation;
use crate::TransferId;
use crate::effect::{DebugKind, Delivery};
use crate::multi::{Flow, Multi};
use crate::options::Hooks;
use crate::proxy::Layer;

/// Bytes of SSH that are read at once.
const SSH_ROOM: usize = 64 * 1024;

/// What listening came to.
pub(super) enum Heard {
    /// Nothing, for now.
    Nothing,
    /// Something: look again.
    Something,
    /// The conversation goes on elsewhere.
    Flow(Flow),
}

/// An event of a machine, without its borrows.
enum Said {
    Wait,
    Line(Vec<u8>, bool),
    Body(Vec<u8>),
    StartTls,
    Ready,
    Upload,
    Download(Option<u64>),
    Ftp(Ask),
    Ssh(ssh::Ask),
    Done,
}

impl From<Event<'_>> for Said {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Wait => Self::Wait,
            Event::Line { line, body } => Self::Line(line.to_vec(), body),
            Event::Body(bytes) => Self::Body(bytes.to_vec()),
            Event::StartTls => Self::StartTls,
            Event::Ready => Self::Ready,
            Event::Upload => Self::Upload,
            Event::Download(size) => Self::Download(size),
            Event::Ftp(ask) => Self::Ftp(ask),
            Event::Ssh(ask) => Self::Ssh(ask),
            Event::Done => Self::Done,
        }
    }
}

impl Multi {
    /// One event of the conversation.
    pub(super) fn hear(&mut self, id: TransferId) -> Result<Heard> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Heard::Nothing) };
        let Some(conn_id) = transfer.conn else { return Ok(Heard::Nothing) };
        if transfer.paused.receive {
            // A reply that is not read is not late.
            if let Some(conversation) = conn.conversation.as_deref_mut() {
                conversation.machine.await_reply_from(core.now);
            }
            return Ok(Heard::Nothing);
        }
        if conn.conversation.as_deref().is_some_and(Conversation::sends_end_of_mail) {
            return Ok(Heard::Nothing);
        }
        if !conn.leftover.is_empty() {
            let kept = std::mem::take(&mut conn.leftover);
            core.input.load(conn_id, &kept, 0);
        }
        let Some(conversation) = conn.conversation.as_deref_mut() else {
            return Ok(Heard::Nothing);
        };
        if std::mem::take(&mut conversation.over) {
            return self.request_done(id).map(Heard::Flow);
        }
        let input = core.input.of(conn_id);
        let (used, event) = conversation.machine.step(input)?;
        let said = Said::from(event);
        core.input.consume(used);
        transfer.infos.response_code = conversation.machine.response_code().into();
        match said {
            Said::Wait if core.input.of(conn_id).is_empty() => {
                return Ok(match self.receive_reply(id)? {
                    true => Heard::Something,
                    false => Heard::Nothing,
                });
            }
            Said::Wait => {}
            Said::Line(line, body) => {
                core.debug(transfer, DebugKind::HeaderIn, &line);
                transfer.infos.header_size += line.len() as u64;
                conversation.answered = true;
                if body {
                    transfer.infos.downloaded += line.len() as u64;
                    conversation.undelivered.push_back((Delivery::Body, line.clone()));
                }
                if transfer.options.hooks.contains(Hooks::HEADER) {
                    conversation.undelivered.push_back((Delivery::Reply, line));
                }
            }
            Said::Body(bytes) => {
                core.debug(transfer, DebugKind::DataIn, &bytes);
                conversation.machine.await_reply_from(core.now);
                if !conversation.machine.speaks_lines() {
                    transfer.progress.received(bytes.len(), &transfer.options, core.now);
                    if transfer.infos.times.starttransfer.is_zero() {
                        transfer.infos.times.starttransfer = transfer.since_start(core.now);
                    }
                }
                if transfer.take_within_size(bytes.len()) < bytes.len() {
                    return Err(transfer.oversize());
                }
                conversation.undelivered.push_back((Delivery::Body, bytes));
            }
            Said::StartTls => {
                conn.layer = Layer::Tls;
                return self.secure(id).map(Heard::Flow);
            }
            Said::Ready => {
                conversation.ready = true;
                if !conversation.machine.speaks_lines() {
                    transfer.infos.times.appconnect = transfer.since_start(core.now);
                }
                return self.connected(id).map(Heard::Flow);
            }
            Said::Download(size) => self.begin_download(id, size)?,
            Said::Upload => self.begin_upload(id)?,
            Said::Ftp(ask) => return self.ftp_asks(id, ask).map(into_heard),
            Said::Ssh(ask) => return self.ssh_asks(id, ask).map(into_heard),
            Said::Done => return self.request_done(id).map(Heard::Flow),
        }
        Ok(Heard::Something)
    }

    /// Asks the kernel for more of what the peer says. False: nothing has come.
    fn receive_reply(&mut self, id: TransferId) -> Result<bool> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(false) };
        let Some(conn_id) = transfer.conn else { return Ok(false) };
        let Some(conversation) = conn.conversation.as_deref_mut() else { return Ok(false) };
        if conversation.ended {
            // While data moves the peer owes nothing on this connection.
            if conversation.deadline(&transfer.options).is_some() {
                return Err(pingpong::closed());
            }
            let over = conversation.machine.closed()?;
            transfer.exchange.close |= over;
            conversation.in_order &= !over;
            return Ok(over);
        }
        if !conn.readable || core.turn.is_over() {
            return Ok(false);
        }
        let encrypted = !conversation.machine.speaks_lines();
        if encrypted && !transfer.progress.may_receive(core.now) {
            return Ok(false);
        }
        let room = core.input.room(if encrypted { SSH_ROOM } else { 0 });
        let crate::conn::Stage::Open(stream) = &mut conn.stage else { return Ok(false) };
        match stream.recv(room) {
            Ok(0) => {
                conversation.ended = true;
                Ok(true)
            }
            Ok(count) => {
                core.input.received(conn_id, core.turn.spend(count));
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                conn.read_blocked();
                Ok(false)
            }
            Err(error) => Err(transfer.stream_failed(&error, Code::RecvError)),
        }
    }
}

fn into_heard(flow: Option<Flow>) -> Heard {
    flow.map_or(Heard::Something, Heard::Flow)
}
