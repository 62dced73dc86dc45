//! Requests go to QUIC as far as it takes them.

use tress_model::Result;
use tress_proto::h2::Fields;
use tress_proto::h3;

use super::{Part, Session};
use crate::TransferId;
use crate::body_out::BodyState;
use crate::multi::{Flow, Multi};

impl Part {
    /// Sends frames that are ready; false: QUIC takes no more. None: the server wants no more.
    fn send_ready(&mut self, session: &mut Session) -> Option<bool> {
        while let Some(rest) = self.out.get(self.out_at..).filter(|rest| !rest.is_empty()) {
            match session.quic.write(self.id, rest)? {
                0 => return Some(false),
                count => self.out_at += count,
            }
        }
        self.out.clear();
        self.out_at = 0;
        Some(true)
    }
}

impl Multi {
    /// Sends as much of the request as goes.
    pub(crate) fn send_quic_stream(&mut self, id: TransferId) -> Result<Flow> {
        loop {
            let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
            let Some(conn_id) = transfer.conn else { return Ok(Flow::Wait) };
            let Some(session) = conn.h3_mut() else { return Ok(Flow::Wait) };
            let exchange = &mut transfer.exchange;
            let Some(stream) = exchange.stream.as_deref_mut() else { return Ok(Flow::Wait) };
            if stream.local_ended || exchange.close || session.dead {
                return Ok(Flow::Wait);
            }
            let Some(part) = stream.part.as_deref_mut() else { return Ok(Flow::Wait) };
            if !part.out.is_empty() {
                core.h3.flush(conn_id, session);
                match part.send_ready(session) {
                    Some(true) => {}
                    Some(false) => return Ok(Flow::Wait),
                    None => {
                        // The answer says why, or the reset that follows.
                        stream.local_ended = true;
                        return Ok(Flow::Wait);
                    }
                }
            }
            let unsent = exchange.out.get(exchange.sent..).unwrap_or_default();
            let ended = exchange.body.state() == BodyState::Ended && !exchange.trailers_due;
            if unsent.is_empty() && ended {
                session.quic.finish(part.id);
                stream.local_ended = true;
                transfer.infos.times.posttransfer = transfer.since_start(core.now);
                core.h3.flush(conn_id, session);
                return Ok(Flow::Wait);
            }
            if unsent.is_empty() {
                if !self.refill(id)? {
                    return Ok(if self.core.asked.is_some() { Flow::Asked } else { Flow::Wait });
                }
                continue;
            }
            if !transfer.progress.may_send(core.now) {
                return Ok(Flow::Wait);
            }
            if part.frame_left == 0 {
                h3::data_header(unsent.len(), &mut part.out);
                part.frame_left = unsent.len();
                continue;
            }
            let piece = transfer.progress.sendable(unsent, &transfer.options);
            let piece = piece.get(..piece.len().min(part.frame_left)).unwrap_or_default();
            core.h3.flush(conn_id, session);
            let Some(count) = session.quic.write(part.id, piece) else {
                stream.local_ended = true;
                return Ok(Flow::Wait);
            };
            if count == 0 {
                return Ok(Flow::Wait);
            }
            // QUIC tells when there is room again to whom it has refused something: so this goes
            // on until it does.
            exchange.sent += count;
            part.frame_left -= count;
            transfer.infos.request_size += count as u64;
            transfer.progress.sent(count, &transfer.options, core.now);
        }
    }

    /// Ends a body with trailers.
    pub(crate) fn send_quic_trailers(&mut self, id: TransferId, fields: &Fields) {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        let (Some(conn_id), Some(session)) = (transfer.conn, conn.h3_mut()) else { return };
        let Some(stream) = transfer.exchange.stream.as_deref_mut() else { return };
        if let Some(part) = stream.part.as_deref_mut() {
            h3::headers_frame(fields, &mut part.out);
            core.h3.flush(conn_id, session);
        }
    }
}
