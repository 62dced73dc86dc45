//! A transfer's response: heads, body and trailers as far as they have come.

use tress_model::{Code, Error, Result};
use tress_proto::h1::{Event, Response, Span};
use tress_proto::h2::no_head_error;

use super::{Break, Stream};
use crate::TransferId;
use crate::effect::{DebugKind, Delivery, Effect, Home, Lent};
use crate::http::receive::Line;
use crate::http::{Next, Step};
use crate::multi::{Core, Flow, Multi};
use crate::transfer::Transfer;

/// Times that one transfer is sent again because a server has not acted on it, without having acted on
/// any other one on that connection.
const MOST_RETRIES: u8 = 5;

impl Multi {
    /// Moves request and response of a stream on.
    pub(crate) fn exchange_stream(&mut self, id: TransferId) -> Result<Flow> {
        loop {
            if let Some(flow) = self.deliver_held(id) {
                return Ok(flow);
            }
            match self.send_stream(id)? {
                Flow::Wait => {}
                flow => return Ok(flow),
            }
            match self.receive_stream(id)? {
                Step::Wait => return Ok(Flow::Wait),
                Step::Asked => return Ok(Flow::Asked),
                Step::Done => return self.complete(id),
                Step::Again => {}
            }
        }
    }

    fn receive_stream(&mut self, id: TransferId) -> Result<Step> {
        loop {
            let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Step::Wait) };
            let session = conn.h2.as_deref_mut();
            let exchange = &mut transfer.exchange;
            let Some(stream) = exchange.stream.as_deref_mut() else { return Ok(Step::Wait) };
            if transfer.paused.receive {
                return Ok(Step::Wait);
            }
            if stream.uncredited > 0
                && let (Some(stream_id), Some(session)) = (stream.id, session)
            {
                session.machine.consumed(stream_id, std::mem::take(&mut stream.uncredited));
                if session.has_output()
                    && let Some(conn_id) = transfer.conn
                {
                    core.h2.flush(conn_id, session);
                }
            }
            if let Some((framing, informational)) = exchange.head_ended.take() {
                transfer.head_ended(core, &mut conn.bound, framing, informational)?;
                if informational {
                    return Ok(Step::Again);
                }
                continue;
            }
            if exchange.response_done && !exchange.flushing {
                return Ok(Step::Done);
            }
            if stream.lines_at < stream.lines.len() {
                if self.take_head_lines(id)? {
                    return Ok(Step::Asked);
                }
                continue;
            }
            let body_waits = !stream.fresh.is_empty() || stream.has_backlog();
            if exchange.flushing || body_waits || exchange.oversize {
                if body_waits && !transfer.progress.may_receive(core.now) {
                    return Ok(Step::Wait);
                }
                if self.take_body(id)? {
                    return Ok(Step::Asked);
                }
                continue;
            }
            if stream.trailers_at < stream.trailers.len() {
                if self.take_trailer(id)? {
                    return Ok(Step::Asked);
                }
                continue;
            }
            if stream.remote_ended {
                if !exchange.answered
                    || exchange.response.as_ref().is_some_and(|r| r.head().status < 200)
                {
                    return Err(stream.no_head_error());
                }
                exchange.response_done = true;
                exchange.flushing = exchange.decoder.is_some();
                continue;
            }
            if stream.part.is_some() {
                if !transfer.progress.may_receive(core.now) {
                    return Ok(Step::Wait);
                }
                if self.pull(id) {
                    continue;
                }
            }
            return self.stream_broken(id);
        }
    }

    /// Lines of a head, up to its end or to one that the application was asked to take (true).
    fn take_head_lines(&mut self, id: TransferId) -> Result<bool> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(false) };
        let Some(mut response) = transfer.exchange.response.take() else { return Ok(false) };
        let Some(mut stream) = transfer.exchange.stream.take() else { return Ok(false) };
        if !transfer.exchange.answered {
            transfer.exchange.answered = true;
            transfer.infos.times.starttransfer = transfer.since_start(core.now);
        }
        let mut taken = Ok(None);
        while matches!(taken, Ok(None))
            && transfer.exchange.head_ended.is_none()
            && stream.lines_at < stream.lines.len()
        {
            taken = transfer.take_head_line(core, &mut response, &mut stream);
        }
        transfer.exchange.response = Some(response);
        transfer.exchange.stream = Some(stream);
        let Some(buffer) = taken? else { return Ok(false) };
        let bytes = Lent::spare(buffer);
        core.deliver(id, Delivery::Header, bytes);
        Ok(true)
    }

    fn take_trailer(&mut self, id: TransferId) -> Result<bool> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(false) };
        let Some(stream) = transfer.exchange.stream.as_deref_mut() else { return Ok(false) };
        let rest = stream.trailers.get(stream.trailers_at..).unwrap_or_default();
        let end = memchr_line(rest);
        let line = rest.get(..end).unwrap_or_default().to_vec();
        stream.trailers_at += end.max(1);
        let version = tress_proto::h1::Version::Http2;
        let wanted = transfer.take_line(&mut core.outbox, 200, version, &line, Line::Trailer)?;
        if wanted {
            let bytes = Lent::spare(line);
            core.deliver(id, Delivery::Header, bytes);
        }
        Ok(wanted)
    }

    /// Some of the body. True: the application was asked to take it.
    fn take_body(&mut self, id: TransferId) -> Result<bool> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(false) };
        if transfer.exchange.oversize {
            return Err(transfer.oversize());
        }
        let room = transfer.decoded_room();
        let Some(stream) = transfer.exchange.stream.as_deref() else { return Ok(false) };
        let from_backlog = stream.has_backlog();
        let whole = match from_backlog {
            true => stream.backlog.len() - stream.backlog_at,
            false => stream.fresh.len(),
        };
        let within = transfer.within_size(whole);
        let exchange = &mut transfer.exchange;
        let Some(stream) = exchange.stream.as_deref_mut() else { return Ok(false) };
        let piece = match from_backlog {
            true => stream.backlog.get(stream.backlog_at..).unwrap_or_default(),
            false => core.input.bytes(stream.fresh.clone()),
        };
        let piece = piece.get(..within).unwrap_or_default();
        exchange.decoded.clear();
        let mut used = piece.len();
        match exchange.decoder.as_mut().filter(|_| !exchange.ignore_body) {
            Some(decoder) if exchange.flushing => {
                decoder.finish(&mut exchange.decoded, room)?;
                exchange.flushing = !exchange.decoded.is_empty();
            }
            Some(decoder) => {
                used = decoder.decode(piece, &mut exchange.decoded, room)?;
            }
            None => exchange.flushing = false,
        }
        exchange.oversize = within < whole && used == within;
        transfer.infos.downloaded += used as u64;
        if transfer.options.verbose && used > 0 {
            let bytes = piece.get(..used).unwrap_or_default().to_vec();
            core.outbox.push_back(crate::multi::Out::Effect(Effect::Debug {
                transfer: id,
                kind: DebugKind::DataIn,
                bytes,
            }));
        }
        stream.uncredited += used;
        let plain = transfer.exchange.decoder.is_none() && !transfer.exchange.ignore_body;
        transfer.check_decoded_size(transfer.exchange.decoded.len())?;
        if plain && used == 0 {
            return Ok(false);
        }
        let exchange = &mut transfer.exchange;
        let Some(stream) = exchange.stream.as_deref_mut() else { return Ok(false) };
        let bytes = match (plain, from_backlog) {
            (true, true) => {
                let start = std::mem::take(&mut stream.backlog_at);
                Lent::new(std::mem::take(&mut stream.backlog), start..start + used, Home::Spare)
            }
            (true, false) => {
                let start = std::mem::take(&mut stream.fresh).start;
                core.input.lend(start..start + used)
            }
            (false, _) => {
                match from_backlog {
                    true => stream.backlog_at += used,
                    false => stream.fresh.start += used,
                }
                if exchange.decoded.is_empty() || exchange.ignore_body {
                    return Ok(false);
                }
                let buffer = std::mem::take(&mut exchange.decoded);
                Lent::decoded(buffer)
            }
        };
        core.deliver(id, Delivery::Body, bytes);
        Ok(true)
    }

    /// Nothing more has come: has the stream broken off?
    fn stream_broken(&mut self, id: TransferId) -> Result<Step> {
        let Some((transfer, _, _)) = self.parts(id) else { return Ok(Step::Wait) };
        let exchange = &mut transfer.exchange;
        let broken = exchange.stream.as_deref_mut().and_then(|stream| stream.broken.take());
        let Some(broken) = broken else { return Ok(Step::Wait) };
        let untouched = !exchange.answered;
        let next = match broken.what {
            Break::WantsHttp1 if !exchange.follow.only_http1 => Next::OnlyHttp1,
            Break::Refused | Break::Stale
                if untouched && exchange.follow.refused < MOST_RETRIES =>
            {
                Next::Refused { counts: true }
            }
            Break::Refused | Break::Stale if untouched => {
                let message =
                    format!("Connection died, tried {MOST_RETRIES} times before giving up");
                return Err(Error::new(Code::SendError, message));
            }
            Break::LeftOut if untouched => Next::Refused { counts: false },
            _ => return Err(broken.error),
        };
        exchange.next = Some(next);
        exchange.response_done = true;
        exchange.close = true;
        Ok(Step::Done)
    }

    /// Body bytes that were not looked at leave the shared input: others are to be received.
    pub(crate) fn keep_stream_input(&mut self, id: TransferId) {
        let Some((transfer, _, core)) = self.parts(id) else { return };
        let Some(stream) = transfer.exchange.stream.as_deref_mut() else { return };
        if !stream.fresh.is_empty() {
            let fresh = std::mem::take(&mut stream.fresh);
            stream.keep(core.input.bytes(fresh));
        }
    }
}

impl Stream {
    /// It has ended without a head.
    fn no_head_error(&self) -> tress_model::Error {
        match (&self.part, self.id) {
            (Some(part), _) => tress_proto::h3::no_head_error(part.id()),
            (None, Some(id)) => no_head_error(id),
            (None, None) => tress_model::Code::Http2Stream.into(),
        }
    }
}

impl Transfer {
    /// Acts on one line of a head; a copy of it if somebody wants it.
    fn take_head_line(
        &mut self,
        core: &mut Core,
        response: &mut Response,
        stream: &mut Stream,
    ) -> Result<Option<Vec<u8>>> {
        let rest = stream.lines.get(stream.lines_at..).unwrap_or_default();
        let advance = response.advance(rest)?;
        // What is no event of a head is none of a head that the machine has checked.
        stream.lines_at += advance.consumed.max(1);
        let (span, kind) = match advance.event {
            Event::Status { line } => (line, Line::Status),
            Event::Header { line, field, name_len, value } => {
                (line, Line::Header { field, name_len, value })
            }
            Event::EndOfHead { line, body, informational } => {
                self.exchange.head_ended = Some((body, informational));
                (line, Line::End)
            }
            _ => return Ok(None),
        };
        let line = match span {
            Span::Input(range) => rest.get(range).unwrap_or_default(),
            Span::Held(_) => return Ok(None),
        };
        if matches!(kind, Line::Status) {
            self.note_pseudo_status(line);
        }
        let (status, version) = (response.head().status, response.head().version);
        let wanted = self.take_line(&mut core.outbox, status, version, line, kind)?;
        Ok(wanted.then(|| line.to_vec()))
    }

    /// `:status` for those who ask for pseudo headers.
    fn note_pseudo_status(&mut self, line: &[u8]) {
        let mut pseudo = *b":status: 000\r\n";
        if let Some(digits) = line.get(7..10) {
            pseudo[9..12].copy_from_slice(digits);
        }
        let _ = self.headers.push_line(&pseudo, tress_model::headers::Origin::PSEUDO);
    }
}

/// The length of the first line, its end included.
fn memchr_line(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |end| end + 1)
}
