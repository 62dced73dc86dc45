//! Bodies of requests go to the machine as windows allow; its output goes to the socket.

use std::io::ErrorKind;

use tress_model::{Code, Result};

use tress_proto::h1::chunked_out;
use tress_proto::h2::Fields;

use crate::TransferId;
use crate::body_out::BodyState;
use crate::conn::{ConnId, Stage};
use crate::failure::stream_error;
use crate::multi::{Flow, Multi};

/// With this much output pending the machine takes no more body.
const OUTPUT_ENOUGH: usize = 64 * 1024;

impl Multi {
    /// Gives the machine as much of the body as it takes.
    pub(super) fn send_stream(&mut self, id: TransferId) -> Result<Flow> {
        loop {
            let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
            let Some(conn_id) = transfer.conn else { return Ok(Flow::Wait) };
            let Some(session) = conn.h2.as_deref_mut() else { return self.send_quic_stream(id) };
            let exchange = &mut transfer.exchange;
            let Some(stream) = exchange.stream.as_deref_mut() else { return Ok(Flow::Wait) };
            let Some(stream_id) = stream.id else { return Ok(Flow::Wait) };
            if stream.local_ended || exchange.close || !session.machine.is_open(stream_id) {
                return Ok(Flow::Wait);
            }
            let unsent = exchange.out.get(exchange.sent..).unwrap_or_default();
            let ended = exchange.body.state() == BodyState::Ended && !exchange.trailers_due;
            if unsent.is_empty() && !ended {
                if !self.refill(id)? {
                    return Ok(if self.core.asked.is_some() { Flow::Asked } else { Flow::Wait });
                }
                continue;
            }
            if !transfer.progress.may_send(core.now) {
                return Ok(Flow::Wait);
            }
            let all = unsent.len();
            let unsent = transfer.progress.sendable(unsent, &transfer.options);
            let wanted = unsent.len();
            let ended = ended && wanted == all;
            let count = session.machine.send_data(stream_id, unsent, ended)?;
            exchange.sent += count;
            stream.local_ended = ended && count == wanted;
            if session.machine.pending_output().len() >= OUTPUT_ENOUGH && count < wanted {
                session.blocked.push(id);
            }
            core.h2.flush(conn_id, session);
            if count == 0 && wanted > 0 {
                return Ok(Flow::Wait);
            }
            transfer.infos.request_size += count as u64;
            transfer.progress.sent(count, &transfer.options, core.now);
            if count < wanted {
                return Ok(Flow::Wait);
            }
            if ended {
                transfer.infos.times.posttransfer = transfer.since_start(core.now);
                return Ok(Flow::Wait);
            }
        }
    }

    /// Ends a body with the application's trailers.
    pub(crate) fn send_trailers(&mut self, id: TransferId, lines: &[Box<[u8]>]) {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        let Some(conn_id) = transfer.conn else { return };
        transfer.exchange.trailers_due = false;
        let mut fields = Fields::default();
        for line in lines.iter().filter(|line| chunked_out::is_trailer(line)) {
            let mut parts = line.splitn(2, |&byte| byte == b':');
            let (name, value) = (parts.next(), parts.next());
            fields.push_lower(name.unwrap_or_default(), value.unwrap_or_default().trim_ascii());
        }
        let Some(session) = conn.h2.as_deref_mut() else {
            return self.send_quic_trailers(id, &fields);
        };
        let Some(stream) = transfer.exchange.stream.as_deref_mut() else { return };
        let Some(stream_id) = stream.id else { return };
        stream.local_ended = session.machine.send_trailers(stream_id, &fields).is_ok();
        core.h2.flush(conn_id, session);
    }

    /// Sends what has gathered for a connection.
    pub(crate) fn flush(&mut self, id: ConnId) {
        let Some(conn) = self.pool.get_mut(id) else { return };
        let Some(session) = conn.h2.as_deref_mut() else { return };
        session.flushing = false;
        let Stage::Open(stream) = &mut conn.stage else { return };
        let mut blocked = false;
        while conn.writable && !session.dead && !blocked {
            let pending = session.machine.pending_output();
            if pending.is_empty() {
                break;
            }
            match stream.send(pending) {
                Ok(count) => session.machine.sent(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => blocked = true,
                Err(error) => {
                    // What the server said before it left is to be read first.
                    session.send_error = Some(stream_error(&error, Code::SendError));
                    conn.readable = true;
                    self.core.h2.serve(id, session);
                    return;
                }
            }
        }
        if !session.blocked.is_empty() && session.machine.pending_output().len() < OUTPUT_ENOUGH {
            for id in std::mem::take(&mut session.blocked) {
                if let Some(transfer) = self.transfers.get_mut(id) {
                    self.core.wake(id, transfer);
                }
            }
        }
        if blocked {
            conn.write_blocked();
            if let Some(session) = conn.h2.as_deref_mut().filter(|_| conn.readable) {
                self.core.h2.serve(id, session);
            }
        }
        self.watch_session(id);
    }
}
