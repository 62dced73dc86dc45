//! Header blocks (RFC 9113, 4.3): gathered, decoded, and made into events.

use std::time::Instant;

use super::Limits;
use super::connection::Connection;
use super::error::{ConnectionError, ErrorCode, FrameResult, flood, protocol};
use super::frame::{self, Head};
use super::hpack::{Faults, ListLimits};
use super::message::{self, ResponseHead};
use super::receive::{BODY_TOO_SHORT, frame_size, spend};
use super::settings::MAX_WINDOW;
use super::stream::{Phase, Stream};
use super::{Event, StreamId, render};

/// A header block under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// The stream that its frames are on.
    pub(super) stream: u32,
    /// The promised stream, 0 for a response.
    promised: u32,
    end_stream: bool,
    continuations: u32,
}

impl Connection {
    pub(super) fn headers_frame(
        &mut self,
        head: Head,
        payload: &[u8],
        now: Instant,
    ) -> FrameResult<Option<Event>> {
        if head.stream == 0 {
            return protocol("HEADERS on stream 0");
        }
        let Some(mut fragment) = frame::unpadded(head, payload) else {
            return protocol("padding over the frame's size");
        };
        if head.has(frame::FLAG_PRIORITY) {
            fragment = fragment.get(5..).ok_or(frame_size("HEADERS frame without its priority"))?;
        }
        let end_stream = head.has(frame::FLAG_END_STREAM);
        let block = Block { stream: head.stream, promised: 0, end_stream, continuations: 0 };
        self.fragment(block, head, fragment, now)
    }

    pub(super) fn push_promise(
        &mut self,
        head: Head,
        payload: &[u8],
        now: Instant,
    ) -> FrameResult<Option<Event>> {
        if head.stream == 0 || !self.config.push {
            return protocol("PUSH_PROMISE that is not allowed");
        }
        spend(self.budgets.resets.spend(1, now), "too many PUSH_PROMISE frames")?;
        let Some(payload) = frame::unpadded(head, payload) else {
            return protocol("padding over the frame's size");
        };
        let Some((_, fragment)) = payload.split_at_checked(4) else {
            return Err(frame_size("PUSH_PROMISE frame of a wrong size"));
        };
        let promised = frame::number(payload, 0) & MAX_WINDOW;
        if promised % 2 == 1 || promised <= self.last_promised {
            return protocol("PUSH_PROMISE of a wrong stream");
        }
        self.last_promised = promised;
        let block = Block { stream: head.stream, promised, end_stream: false, continuations: 0 };
        self.fragment(block, head, fragment, now)
    }

    pub(super) fn continuation(
        &mut self,
        head: Head,
        payload: &[u8],
        now: Instant,
    ) -> FrameResult<Option<Event>> {
        let Some(mut block) = self.block.take() else { return Ok(None) };
        block.continuations += 1;
        if block.continuations > self.config.limits.continuations {
            return flood("too many CONTINUATION frames");
        }
        self.fragment(block, head, payload, now)
    }

    fn fragment(
        &mut self,
        block: Block,
        head: Head,
        fragment: &[u8],
        now: Instant,
    ) -> FrameResult<Option<Event>> {
        let whole = head.has(frame::FLAG_END_HEADERS);
        if fragment.is_empty() && !whole {
            spend(self.budgets.empty.spend(1, now), "too many empty header frames")?;
        }
        if whole && self.block_bytes.is_empty() {
            return self.block_done(block, fragment, now);
        }
        if self.block_bytes.len() + fragment.len() > self.config.limits.header_block_bytes {
            return flood("header block over the limit");
        }
        self.block_bytes.extend_from_slice(fragment);
        if !whole {
            self.block = Some(block);
            return Ok(None);
        }
        let mut bytes = std::mem::take(&mut self.block_bytes);
        let event = self.block_done(block, &bytes, now);
        bytes.clear();
        self.block_bytes = bytes;
        event
    }

    fn block_done(
        &mut self,
        block: Block,
        bytes: &[u8],
        now: Instant,
    ) -> FrameResult<Option<Event>> {
        self.fields.clear();
        let limits = &self.config.limits;
        let limits = ListLimits {
            bytes: limits.header_list_bytes,
            count: limits.header_count,
            string: limits.field_bytes,
            bomb: limits.header_list_bytes.saturating_mul(Limits::BOMB),
        };
        let faults = self.decoder.decode(bytes, limits, &mut self.fields);
        let faults =
            faults.map_err(|error| ConnectionError(ErrorCode::COMPRESSION_ERROR, error.0))?;
        if block.promised != 0 {
            return self.promise(block, faults);
        }
        if self.streams.get(block.stream).is_none() {
            self.closed_not_idle(block.stream)?;
            spend(self.budgets.empty.spend(1, now), "too many heads for closed streams")?;
            return Ok(None);
        }
        match self.response(block, faults) {
            Ok(event) => Ok(Some(event)),
            Err(Refusal(code, why)) => {
                self.stream_error(block.stream, code, why);
                Ok(None)
            }
        }
    }

    fn response(&mut self, block: Block, faults: Faults) -> Result<Event, Refusal> {
        let stream = self.streams.get(block.stream).ok_or(malformed("no such stream"))?;
        if stream.remote_ended {
            return Err(Refusal(ErrorCode::STREAM_CLOSED, "head after the end of the body"));
        }
        if faults.oversized {
            return Err(Refusal(ErrorCode::ENHANCE_YOUR_CALM, "head over the limit"));
        }
        if faults.invalid {
            return Err(malformed("forbidden byte in a field"));
        }
        match stream.phase {
            Phase::Head => self.head_done(block),
            Phase::Body => self.trailers_done(block),
        }
    }

    fn head_done(&mut self, block: Block) -> Result<Event, Refusal> {
        let head = message::response(&self.fields).map_err(malformed)?;
        let most = self.config.limits.informational;
        let stream = self.streams.get_mut(block.stream).ok_or(malformed("no such stream"))?;
        let reference = stream.reference();
        let status = head.status;
        if status < 200 {
            if status == 101 || block.end_stream {
                return Err(malformed("1xx response that is not allowed"));
            }
            if stream.informational >= most {
                return Err(Refusal(ErrorCode::ENHANCE_YOUR_CALM, "too many 1xx responses"));
            }
            stream.informational += 1;
        } else {
            stream.phase = Phase::Body;
            stream.expected = expected_body(stream, head);
        }
        render::response_head(&mut self.fields, b'2');
        if block.end_stream && !self.end_remote(block.stream) {
            return Err(malformed(BODY_TOO_SHORT));
        }
        Ok(Event::Head { stream: reference, status, end: block.end_stream })
    }

    fn trailers_done(&mut self, block: Block) -> Result<Event, Refusal> {
        if !block.end_stream {
            return Err(malformed("trailers that do not end the stream"));
        }
        message::trailers(&self.fields).map_err(malformed)?;
        let stream = self.streams.get(block.stream).ok_or(malformed("no such stream"))?.reference();
        if !self.end_remote(block.stream) {
            return Err(malformed(BODY_TOO_SHORT));
        }
        Ok(Event::Trailers { stream })
    }

    fn promise(&mut self, block: Block, faults: Faults) -> FrameResult<Option<Event>> {
        let parent = self
            .streams
            .get(block.stream)
            .filter(|parent| parent.is_ours() && !parent.remote_ended);
        let Some(parent) = parent.map(Stream::reference) else {
            self.closed_not_idle(block.stream)?;
            self.refuse(block.promised, ErrorCode::CANCEL);
            return Ok(None);
        };
        if faults != Faults::default() || message::promise(&self.fields).is_err() {
            self.refuse(block.promised, ErrorCode::PROTOCOL_ERROR);
            return Ok(None);
        }
        if self.streams.promised() >= self.config.limits.promised || self.is_closing() {
            self.refuse(block.promised, ErrorCode::REFUSED_STREAM);
            return Ok(None);
        }
        let mut stream = Stream::new(block.promised, 0, self.stream_window());
        stream.local_ended = true;
        stream.is_head = self.fields.get(b":method") == Some(b"HEAD");
        self.streams.insert(stream);
        self.offered = Some(block.promised);
        Ok(Some(Event::PushPromise { parent, promised: StreamId(block.promised) }))
    }

    /// Refuses a promised stream; its response may be under way.
    fn refuse(&mut self, promised: u32, code: ErrorCode) {
        self.out.rst_stream(promised, code.0);
        self.late += u64::from(self.stream_window().open());
        self.budgets.empty.allow(2);
    }
}

/// Why a stream is reset.
struct Refusal(ErrorCode, &'static str);

fn malformed(why: &'static str) -> Refusal {
    Refusal(ErrorCode::PROTOCOL_ERROR, why)
}

/// How much body there must be, if that is known (RFC 9113, 8.1.1).
fn expected_body(stream: &Stream, head: ResponseHead) -> Option<u64> {
    if stream.is_head || head.status == 204 || head.status == 304 {
        return Some(0);
    }
    if stream.is_connect && head.status < 300 {
        return None;
    }
    head.content_length
}
