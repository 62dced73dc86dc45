//! Receiving: the response is taken apart and handed on, piece by piece.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::ops::Range;

use tress_model::headers::Origin;
use tress_model::{Code, Error, Result};
use tress_proto::h1::{BodyFraming, CloseOutcome, Event, Field, Span, Version};

use super::{Next, Step};
use crate::TransferId;
use crate::body_in::Input;
use crate::conn::Stage;
use crate::effect::{DebugKind, Delivery, Effect, Home, Lent};
use crate::multi::{Core, Multi, Out};
use crate::options::Hooks;
use crate::transfer::Transfer;

/// Larger ones than so many bytes are not worth moving.
const SMALL_CHUNK: usize = 4096;

impl Multi {
    /// Takes the response on as far as it goes without waiting.
    pub(super) fn receive_response(&mut self, id: TransferId) -> Result<Step> {
        loop {
            let Some((transfer, Some(conn), core)) = self.parts(id) else {
                return Ok(Step::Wait);
            };
            let over = transfer.exchange.response_done && !transfer.exchange.holds_body();
            if over {
                // After a switch of protocols (101) the body goes in the other one.
                let sending =
                    transfer.infos.response_code >= 200 && transfer.exchange.is_worth_sending();
                return Ok(if sending { Step::Wait } else { Step::Done });
            }
            if transfer.paused.receive {
                return Ok(Step::Wait);
            }
            if let Some((framing, informational)) = transfer.exchange.head_ended.take() {
                self.head_ended(id, framing, informational)?;
                continue;
            }
            let Some(conn_id) = transfer.conn else { return Ok(Step::Wait) };
            if !conn.leftover.is_empty() {
                let kept = std::mem::take(&mut conn.leftover);
                core.input.load(conn_id, &kept, transfer.exchange.encoded.end);
                transfer.exchange.parsing = true;
            }
            if transfer.exchange.holds_body() {
                if self.deliver_decoded(id)? {
                    return Ok(Step::Asked);
                }
                continue;
            }
            let foreign = transfer.exchange.foreign;
            if !transfer.exchange.parsing {
                match self.receive(id)? {
                    Received::Bytes => {}
                    Received::Nothing => return Ok(Step::Wait),
                    Received::Closed => match self.peer_closed(id)? {
                        Step::Again => continue,
                        step => return Ok(step),
                    },
                }
            }
            let asked = match foreign {
                true => self.take_foreign_apart(id)?,
                false => self.take_apart(id)?,
            };
            if asked {
                return Ok(Step::Asked);
            }
        }
    }

    /// Asks the kernel for bytes, if there may be some.
    pub(crate) fn receive(&mut self, id: TransferId) -> Result<Received> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else {
            return Ok(Received::Nothing);
        };
        let Some(conn_id) = transfer.conn else { return Ok(Received::Nothing) };
        if !conn.readable || core.turn.is_over() || !transfer.progress.may_receive(core.now) {
            return Ok(Received::Nothing);
        }
        let room = core.input.room(transfer.options.buffersize as usize);
        let room = transfer.progress.limited(room, &transfer.options);
        let asked = room.len();
        let Stage::Open(stream) = &mut conn.stage else { return Ok(Received::Nothing) };
        match stream.recv(room) {
            Ok(0) => Ok(Received::Closed),
            Ok(count) => {
                conn.drained = count < asked && stream.is_bare();
                core.input.received(conn_id, core.turn.spend(count));
                transfer.exchange.parsing = true;
                if !transfer.exchange.answered {
                    transfer.exchange.answered = true;
                    let since = transfer.since_start(core.now);
                    let times = &mut transfer.infos.times;
                    (times.starttransfer, times.total) = (since, since);
                }
                transfer.progress.received(count, &transfer.options, core.now);
                Ok(Received::Bytes)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                conn.read_blocked();
                Ok(Received::Nothing)
            }
            Err(error) => self.receive_failed(id, &error),
        }
    }

    fn receive_failed(&mut self, id: TransferId, error: &std::io::Error) -> Result<Received> {
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return Ok(Received::Nothing) };
        if conn.uses > 1 && !transfer.exchange.answered {
            return Ok(Received::Closed);
        }
        Err(transfer.stream_failed(error, Code::RecvError))
    }

    /// The next events of the response, up to one that something has to be done about. True: the
    /// application was asked to take something.
    pub(crate) fn take_apart(&mut self, id: TransferId) -> Result<bool> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(false) };
        let Some(conn_id) = transfer.conn else { return Ok(false) };
        loop {
            let exchange = &mut transfer.exchange;
            let Some(response) = exchange.response.as_mut() else { return Ok(false) };
            let advance = response.advance(core.input.of(conn_id))?;
            let start = core.input.start();
            core.input.consume(advance.consumed);
            // Lines that nobody wants to see are most of a head: they go by in this loop.
            let (line, kind) = match advance.event {
                Event::More => {
                    exchange.parsing = false;
                    return Ok(false);
                }
                Event::Status { line } => (line, Line::Status),
                Event::Header { line, field, name_len, value } => {
                    (line, Line::Header { field, name_len, value })
                }
                Event::EndOfHead { line, body, informational } => {
                    exchange.head_ended = Some((body, informational));
                    (line, Line::End)
                }
                Event::Trailer { line } => (line, Line::Trailer),
                Event::Body(span) => return self.on_body(id, start, span),
                Event::End { excess } => {
                    exchange.response_done = true;
                    exchange.flushing = exchange.decoder.is_some();
                    exchange.close |= excess;
                    return Ok(false);
                }
            };
            let ends_head = matches!(kind, Line::End);
            let asked = on_line(transfer, core, start, &line, kind)?;
            if asked || ends_head {
                return Ok(asked);
            }
        }
    }

    pub(crate) fn on_body(&mut self, id: TransferId, start: usize, span: Span) -> Result<bool> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(false) };
        let range = match span {
            Span::Input(range) => start + range.start..start + range.end,
            Span::Held(range) => return self.on_held_body(id, range),
        };
        if transfer.options.verbose {
            let bytes = core.input.bytes(range.clone()).to_vec();
            core.tell(Effect::Debug { transfer: id, kind: DebugKind::DataIn, bytes });
        }
        let taken = transfer.take_within_size(range.len());
        let mut part = range.start..range.start + taken;
        if transfer.exchange.decoder.is_some() {
            // They count when they are decoded.
            transfer.infos.downloaded -= taken as u64;
            transfer.exchange.encoded = part;
            return Ok(false);
        }
        if transfer.exchange.ignore_body || taken == 0 {
            return Ok(false);
        }
        if !transfer.options.verbose {
            transfer.gather(&mut core.input, &mut part);
        }
        let bytes = core.input.lend(part);
        core.deliver(id, Delivery::Body, bytes);
        Ok(true)
    }

    /// The first bytes of an HTTP/0.9 reply, which were taken for a status line at first.
    fn on_held_body(&mut self, id: TransferId, range: Range<usize>) -> Result<bool> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(false) };
        let Some(response) = transfer.exchange.response.as_ref() else { return Ok(false) };
        let buffer = response.held().get(range).unwrap_or_default().to_vec();
        let end = transfer.take_within_size(buffer.len());
        if transfer.exchange.ignore_body || end == 0 {
            return Ok(false);
        }
        let bytes = Lent::new(buffer, 0..end, Home::Spare);
        core.deliver(id, Delivery::Body, bytes);
        Ok(true)
    }

    /// Decodes some of the waiting body bytes. True: there is something to take.
    fn deliver_decoded(&mut self, id: TransferId) -> Result<bool> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(false) };
        let room = transfer.decoded_room();
        let exchange = &mut transfer.exchange;
        if exchange.encoded.is_empty() && exchange.oversize {
            return Err(transfer.oversize());
        }
        let Some(decoder) = exchange.decoder.as_mut() else {
            exchange.encoded = 0..0;
            return Ok(false);
        };
        exchange.decoded.clear();
        if exchange.encoded.is_empty() {
            decoder.finish(&mut exchange.decoded, room)?;
            exchange.flushing = !exchange.decoded.is_empty();
        } else {
            let encoded = core.input.bytes(exchange.encoded.clone());
            let consumed = decoder.decode(encoded, &mut exchange.decoded, room)?;
            exchange.encoded.start += consumed;
            transfer.check_decoded_size(transfer.exchange.decoded.len())?;
            transfer.infos.downloaded += consumed as u64;
        }
        let exchange = &mut transfer.exchange;
        if exchange.decoded.is_empty() {
            return Ok(false);
        }
        let buffer = std::mem::take(&mut exchange.decoded);
        let bytes = Lent::decoded(buffer);
        core.deliver(id, Delivery::Body, bytes);
        Ok(true)
    }

    /// The peer has closed: the end of the body, a dead connection, or a broken answer.
    fn peer_closed(&mut self, id: TransferId) -> Result<Step> {
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return Ok(Step::Wait) };
        let reused = conn.uses > 1;
        let exchange = &mut transfer.exchange;
        exchange.close = true;
        if exchange.foreign && transfer.foreign_closed()? {
            return Ok(Step::Again);
        }
        let exchange = &mut transfer.exchange;
        let Some(response) = exchange.response.as_mut() else { return Ok(Step::Wait) };
        let outcome = response.close()?;
        if let Some(error) = exchange.reset_by.take() {
            return Err(error);
        }
        match outcome {
            CloseOutcome::Complete | CloseOutcome::HeadCut => {
                exchange.response_done = true;
                exchange.flushing = exchange.decoder.is_some();
                Ok(Step::Again)
            }
            CloseOutcome::Nothing if reused && !exchange.answered => {
                exchange.next = Some(Next::Retry);
                exchange.response_done = true;
                Ok(Step::Again)
            }
            CloseOutcome::Nothing => Err(Error::new(Code::GotNothing, "Empty reply from server")),
        }
    }

    /// What is unread goes to its connection: the transfer waits, and others read meanwhile.
    pub(crate) fn keep_input(&mut self, id: TransferId) {
        if self.transfers.get(id).is_some_and(|transfer| transfer.exchange.stream.is_some()) {
            return self.keep_stream_input(id);
        }
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        let Some(conn_id) = transfer.conn else { return };
        let exchange = &mut transfer.exchange;
        if let Some(kept) = core.input.take_unread(conn_id, exchange.encoded.len()) {
            exchange.encoded = 0..exchange.encoded.len();
            conn.leftover = kept.into();
        }
    }
}

/// A line of a head or trailer: acted on, kept, and delivered if somebody wants it.
fn on_line(
    transfer: &mut Transfer,
    core: &mut Core,
    start: usize,
    span: &Span,
    kind: Line,
) -> Result<bool> {
    let Some(response) = transfer.exchange.response.as_ref() else { return Ok(false) };
    let (status, version) = (response.head().status, response.head().version);
    // Most lines lie in the input in one piece; a copy is made of the others alone.
    let (range, held) = match span {
        Span::Input(range) => (start + range.start..start + range.end, None),
        Span::Held(range) => {
            let line = response.held().get(range.clone()).unwrap_or_default().to_vec();
            (0..line.len(), Some(line))
        }
    };
    let line = match &held {
        Some(line) => line,
        None => core.input.bytes(range.clone()),
    };
    if !transfer.take_line(&mut core.outbox, status, version, line, kind)? {
        return Ok(false);
    }
    let bytes = match held {
        Some(line) => Lent::spare(line),
        None => core.input.lend(range),
    };
    let id = transfer.id();
    core.deliver(id, Delivery::Header, bytes);
    Ok(true)
}

/// What asking the kernel for bytes came to.
pub(crate) enum Received {
    Bytes,
    Nothing,
    Closed,
}

impl Transfer {
    /// Small chunks that lie behind a part of the body go to the application along with it, which
    /// saves each of them a way through the engine.
    fn gather(&mut self, input: &mut Input, part: &mut Range<usize>) {
        let Some(conn) = self.conn else { return };
        while !self.exchange.oversize
            && let Some(response) = self.exchange.response.as_mut()
            && let Some((consumed, piece)) = response.next_chunk(input.of(conn), SMALL_CHUNK)
        {
            let at = input.start() + piece.start;
            input.consume(consumed);
            let taken = self.take_within_size(piece.len());
            if taken > 0 {
                part.end = input.append(part.start, part.end, at..at + taken);
            }
        }
    }

    /// Acts on a line of a head or trailer and keeps it. True: somebody wants it.
    #[inline]
    pub(crate) fn take_line(
        &mut self,
        outbox: &mut VecDeque<Out>,
        status: u16,
        version: Version,
        line: &[u8],
        kind: Line,
    ) -> Result<bool> {
        let counts = !matches!(kind, Line::Trailer);
        match kind {
            Line::Status => self.on_status(status, version),
            Line::Header { field, name_len, value } => {
                let value = line.get(value).unwrap_or_default();
                if self.remembers(field) {
                    self.remember(outbox, field, value);
                }
                let interim = (100..200).contains(&status);
                let origin = if interim { Origin::INTERIM } else { Origin::HEADER };
                self.headers.push(line, name_len, origin)?;
                self.on_field(field, value)?;
                if self.exchange.foreign {
                    self.on_rtsp_line(line)?;
                }
            }
            Line::End => {}
            Line::Trailer => {
                // A trailer that does not fit is not worth failing a complete response for.
                let _ = self.headers.push_line(line, Origin::TRAILER);
            }
        }
        self.infos.header_size += if counts { line.len() as u64 } else { 0 };
        if self.options.verbose {
            let (transfer, bytes) = (self.id(), line.to_vec());
            let kind = DebugKind::HeaderIn;
            outbox.push_back(Out::Effect(Effect::Debug { transfer, kind, bytes }));
        }
        Ok(self.options.hooks.contains(Hooks::HEADER) || self.options.header)
    }
}

/// Which line it is.
pub(crate) enum Line {
    Status,
    Header { field: Field, name_len: usize, value: Range<usize> },
    End,
    Trailer,
}

impl Multi {
    fn head_ended(
        &mut self,
        id: TransferId,
        framing: BodyFraming,
        informational: bool,
    ) -> Result<()> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(()) };
        conn.http10 = transfer.infos.http_version == 1;
        let stays_http1 = conn.undecided && framing != BodyFraming::Switch && !informational;
        let conn_id = transfer.conn;
        let ended = transfer.head_ended(core, &mut conn.bound, framing, informational);
        if let (true, Some(conn_id)) = (stays_http1, conn_id) {
            self.protocol_decided(conn_id, false);
        }
        ended
    }
}
