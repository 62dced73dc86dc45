//! Sending: the head, then the body as the application supplies it.

use std::io::ErrorKind;

use tress_model::{Code, Error, Result};
use tress_proto::h1::chunked_out;

use super::Next;
use crate::TransferId;
use crate::body_out::{BodyOut, BodyState};
use crate::effect::{DebugKind, Effect};
use crate::multi::{Flow, Multi};
use crate::options::{Hooks, Options};
use crate::transfer::Transfer;

/// Room for the size before a chunk.
const CHUNK_HEAD: usize = chunked_out::PREFIX;

impl Multi {
    /// Sends as much as goes; asks for more of the body when all was sent.
    pub(crate) fn send_request(&mut self, id: TransferId) -> Result<Flow> {
        loop {
            let Some((transfer, Some(conn), core)) = self.parts(id) else {
                return Ok(Flow::Wait);
            };
            let plan_head = transfer.plan.as_deref().map_or(&[][..], |plan| &plan.head.bytes);
            let waits_for_body = transfer.exchange.waits_for_first_piece(transfer.paused);
            let unsent = transfer.exchange.unsent(plan_head);
            if unsent.is_empty() || waits_for_body {
                if !self.refill(id)? {
                    return Ok(if self.core.asked.is_some() { Flow::Asked } else { Flow::Wait });
                }
                continue;
            }
            if !transfer.progress.may_send(core.now) || !conn.writable || core.turn.is_over() {
                return Ok(Flow::Wait);
            }
            let Some(stream) = conn.stream() else { return Ok(Flow::Wait) };
            match stream.send(transfer.progress.sendable(unsent, &transfer.options)) {
                Ok(count) => self.sent(id, count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    conn.write_blocked();
                    return Ok(Flow::Wait);
                }
                Err(error) => return self.send_failed(id, &error),
            }
        }
    }

    fn sent(&mut self, id: TransferId, count: usize) {
        let Some((transfer, _, core)) = self.parts(id) else { return };
        core.turn.spend(count);
        let exchange = &mut transfer.exchange;
        let head = exchange.head_len.saturating_sub(exchange.sent).min(count);
        exchange.sent += count;
        transfer.infos.request_size += count as u64;
        let body = count - head;
        if body > 0 || transfer.options.limits.is_some() {
            transfer.progress.sent(body, &transfer.options, core.now);
        }
        if exchange.sent >= exchange.head_len && head > 0 {
            if exchange.body.state() != BodyState::Ended {
                let wait = transfer.options.http().expect_100_timeout;
                exchange.body.wait_from(core.now + wait);
            }
            core.tell_head_sent(transfer);
        }
    }

    /// Nothing is left to send: is there more of the body? True: there is, in `out`.
    pub(crate) fn refill(&mut self, id: TransferId) -> Result<bool> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(false) };
        match transfer.exchange.body.state() {
            BodyState::Ended if transfer.exchange.trailers_due => {
                core.ask(id, Effect::Trailers { transfer: id });
                return Ok(false);
            }
            BodyState::Ended => {
                if transfer.infos.times.posttransfer.is_zero() {
                    transfer.infos.times.posttransfer = transfer.since_start(core.now);
                }
                return Ok(false);
            }
            BodyState::Waits(until) if until > core.now => return Ok(false),
            BodyState::Waits(_) => {
                core.info(transfer, || "Done waiting for 100-continue".to_owned());
                transfer.exchange.body.flow();
            }
            BodyState::Flows => {}
        }
        if transfer.paused.send {
            return Ok(false);
        }
        let most = transfer.options.upload_buffersize as usize;
        let plan_head = transfer.plan.as_deref().map_or(&[][..], |plan| &plan.head.bytes);
        let exchange = &mut transfer.exchange;
        exchange.begin_piece(plan_head);
        if !exchange.body.asks_application() {
            exchange.body.copy_bytes(&mut exchange.out, most);
            transfer.piece_taken(core);
            return Ok(true);
        }
        let chunked = exchange.body.is_chunked();
        let room = exchange.body.room(most);
        let mut buffer = std::mem::take(&mut exchange.out);
        if chunked {
            buffer.resize(buffer.len() + CHUNK_HEAD, b'0');
        }
        core.ask(id, Effect::Read { transfer: id, room, buffer });
        Ok(false)
    }

    fn send_failed(&mut self, id: TransferId, error: &std::io::Error) -> Result<Flow> {
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return Ok(Flow::Wait) };
        if conn.uses > 1 && !transfer.exchange.answered {
            transfer.exchange.next = Some(Next::Retry);
            transfer.exchange.close = true;
            return self.complete(id);
        }
        let failed = |transfer: &mut Transfer| transfer.stream_failed(error, Code::SendError);
        // The peer may have answered before it closed: read that first.
        if conn.readable || transfer.exchange.answered {
            // After the peer's end sending fails by EPIPE.
            if error.kind() == ErrorKind::ConnectionReset {
                transfer.exchange.reset_by = Some(failed(transfer));
            }
            transfer.exchange.body.give_up();
            transfer.exchange.drop_unsent();
            transfer.exchange.close = true;
            return Ok(Flow::Wait);
        }
        Err(failed(transfer))
    }
}

impl super::Exchange {
    /// The head is sent together with the first bytes of the body, when these may follow at
    /// once: one system call less, and no head of a body that the application then denies.
    fn waits_for_first_piece(&self, paused: crate::transfer::Paused) -> bool {
        self.sent == 0
            && self.head_len > 0
            && !self.head_has_body
            && self.body.state() == BodyState::Flows
            && !paused.send
    }

    /// Makes room for the next piece of the body, behind the head if that is not sent yet.
    fn begin_piece(&mut self, plan_head: &[u8]) {
        if self.sent == 0 && self.head_len > 0 {
            if self.out_is_plan {
                self.out.clear();
                self.out.extend_from_slice(plan_head);
                self.out_is_plan = false;
            }
            self.head_has_body = true;
            return;
        }
        self.forget_out();
    }

    /// The bytes to send begin at `start` of the buffer; what is left of it is head.
    fn skip(&mut self, start: usize) {
        self.sent = start;
        if self.head_len > 0 {
            self.head_len += start;
        }
        self.head_start = start;
    }

    /// The application had no bytes of the body: the head goes alone, if it has not gone.
    pub(crate) fn nothing_supplied(&mut self, mut buffer: Vec<u8>) {
        buffer.truncate(self.head_len);
        self.out = buffer;
    }

    /// A body goes out by itself, without a head and not over HTTP.
    pub(crate) fn begin_upload(&mut self, options: &Options, length: Option<u64>) {
        self.reset(0, Some(Vec::new()));
        self.body = BodyOut::begin(options, length, false);
    }

    /// What follows is no HTTP: the body, if any, goes out in frames.
    pub(crate) fn begin_frames(&mut self, body: BodyOut) {
        self.forget_out();
        self.body = body;
        self.close = true;
        self.response_done = false;
    }

    /// The source has said that it ends, but that does not count.
    pub(crate) fn reopen_upload(&mut self) {
        self.body.reopen();
    }

    /// An empty buffer for the next piece.
    pub(crate) fn take_piece_buffer(&mut self) -> Vec<u8> {
        self.forget_out();
        std::mem::take(&mut self.out)
    }

    /// Bytes of the body that wait to go out.
    pub(crate) fn piece(&self) -> &[u8] {
        self.unsent(&[])
    }

    /// So many of them went out.
    pub(crate) fn piece_sent(&mut self, count: usize) {
        self.sent += count;
    }

    /// Was all of the body taken from its source?
    pub(crate) fn upload_ended(&self) -> bool {
        self.body.state() == BodyState::Ended
    }

    fn forget_out(&mut self) {
        self.out.clear();
        self.sent = 0;
        self.head_len = 0;
        self.out_is_plan = false;
    }

    pub(super) fn drop_unsent(&mut self) {
        self.forget_out();
    }
}

impl Transfer {
    /// A piece of the body is in `out`: counted, and told to the debug callback.
    pub(crate) fn piece_taken(&mut self, core: &mut crate::multi::Core) {
        let body = self.exchange.out.get(self.exchange.head_len..).unwrap_or_default();
        self.infos.uploaded += body.len() as u64;
        core.debug(self, DebugKind::DataOut, body);
    }

    /// The last chunk and the trailers after it.
    ///
    /// # Errors
    /// Those of [`chunked_out::finish`].
    pub(crate) fn end_with_trailers(
        &mut self,
        core: &mut crate::multi::Core,
        lines: &[Box<[u8]>],
    ) -> Result<()> {
        self.exchange.forget_out();
        self.exchange.trailers_due = false;
        let lines = lines.iter().map(|line| &line[..]);
        for _ in chunked_out::finish(&mut self.exchange.out, lines)? {
            core.info(self, || "Malformatted trailing header, skipping trailer".to_owned());
        }
        self.infos.uploaded += self.exchange.out.len() as u64;
        Ok(())
    }

    /// The driver has appended `count` bytes of the body to `buffer`.
    pub(crate) fn supplied(
        &mut self,
        core: &mut crate::multi::Core,
        mut buffer: Vec<u8>,
        ended: bool,
    ) -> Result<()> {
        let chunked = self.exchange.body.is_chunked();
        let head_len = self.exchange.head_len;
        let prefix = head_len + if chunked { CHUNK_HEAD } else { 0 };
        let mut count = buffer.len().saturating_sub(prefix);
        let dropped = self.exchange.body.skipped(count);
        if dropped > 0 {
            buffer.drain(prefix..prefix + dropped);
            count -= dropped;
        }
        self.exchange.body.took(count, ended);
        if ended && let Some(missing) = self.exchange.body.missing() {
            let text = format!(
                "client read function EOF fail, only {}/{} of needed bytes read",
                self.exchange.body.taken(),
                self.exchange.body.taken() + missing
            );
            return Err(Error::new(Code::ReadError, text));
        }
        self.exchange.body.convert_lines(&mut buffer, prefix);
        if self.options.verbose {
            core.debug(self, DebugKind::DataOut, buffer.get(prefix..).unwrap_or_default());
        }
        let mut start = 0;
        if chunked {
            let trailers = ended && self.options.hooks.contains(Hooks::TRAILER);
            self.exchange.trailers_due = trailers;
            start = frame_chunk(&mut buffer, head_len, count, ended && !trailers);
        } else if ended && self.exchange.stream.is_some() {
            self.exchange.trailers_due = self.options.hooks.contains(Hooks::TRAILER);
        }
        // What frames the chunks counts as sent, too.
        self.infos.uploaded += buffer.len().saturating_sub(start + head_len) as u64;
        self.exchange.out = buffer;
        self.exchange.skip(start);
        Ok(())
    }
}

/// Writes the size before `count` body bytes and the line end after them, in place, and moves
/// the head of the request up to it; gives where the bytes to send begin.
fn frame_chunk(buffer: &mut Vec<u8>, head_len: usize, count: usize, ended: bool) -> usize {
    let start = match count {
        0 => head_len + CHUNK_HEAD,
        _ => chunked_out::seal(buffer, head_len),
    };
    if ended {
        buffer.extend_from_slice(chunked_out::LAST);
    }
    buffer.copy_within(..head_len, start - head_len);
    start - head_len
}

impl crate::multi::Core {
    fn tell_head_sent(&mut self, transfer: &Transfer) {
        if !transfer.options.verbose {
            return;
        }
        let exchange = &transfer.exchange;
        let plan_head = transfer.plan.as_deref().map_or(&[][..], |plan| &plan.head.bytes);
        let bytes = if exchange.out_is_plan { plan_head } else { &exchange.out };
        let head = bytes.get(exchange.head_start..exchange.head_len);
        let head = head.unwrap_or_default().to_vec();
        self.debug(transfer, DebugKind::HeaderOut, &head);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_framed_in_place() {
        for (count, head) in [(1, "1\r\n"), (15, "f\r\n"), (16, "10\r\n"), (65536, "10000\r\n")] {
            let mut buffer = vec![b'0'; CHUNK_HEAD];
            buffer.resize(CHUNK_HEAD + count, b'x');
            let start = frame_chunk(&mut buffer, 0, count, false);
            let expected = format!("{head}{}\r\n", "x".repeat(count));
            assert_eq!(&buffer[start..], expected.as_bytes());
        }
        let mut buffer = vec![b'0'; CHUNK_HEAD];
        let start = frame_chunk(&mut buffer, 0, 0, true);
        assert_eq!(&buffer[start..], b"0\r\n\r\n");
    }
}
