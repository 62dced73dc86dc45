//! What we receive: input cut into frames, and bodies.

use std::time::Instant;

use tress_model::Result;

use super::connection::Connection;
use super::error::{ConnectionError, ErrorCode, FrameResult, flood, protocol};
use super::frame::{self, Head};
use super::stream::Phase;
use super::{Advance, Event, StreamId};

pub(super) const BODY_TOO_SHORT: &str = "less body than content-length says";

/// Where in the stream of frames the input stands.
#[derive(Debug, Default)]
pub(super) struct Reader {
    state: State,
    /// The front of a frame's head or of its payload, when the input was cut there.
    tail: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// In front of or within a frame's head.
    #[default]
    Head,
    /// Within the payload of a frame that is taken in whole.
    Payload(Head),
    /// In front of the length of a DATA frame's padding.
    PadLength(Head),
    /// Within the payload of a DATA frame.
    Data(Data),
    /// Within bytes that nobody wants.
    Skip(u32),
}

#[derive(Clone, Copy, Debug)]
struct Data {
    stream: u32,
    left: u32,
    padding: u32,
    end: bool,
}

impl Reader {
    pub(super) fn shrink(&mut self, keep: usize) {
        self.tail.shrink_to(keep);
    }
}

impl Connection {
    /// Takes in received bytes up to the next event. Call it again with the bytes after
    /// `consumed` until the event is [`Event::More`]; then all input is consumed.
    ///
    /// An error ends the connection: its last words are in the pending output.
    pub fn advance(&mut self, input: &[u8], now: Instant) -> Result<Advance> {
        if let Some(error) = self.failed {
            return Err(error.to_error());
        }
        if let Some(promised) = self.offered.take() {
            self.reset(StreamId(promised), ErrorCode::CANCEL);
        }
        let mut rest = input;
        match self.next_event(input.len(), &mut rest, now) {
            Ok(event) => Ok(Advance { consumed: input.len() - rest.len(), event }),
            Err(error) => Err(self.fail(error)),
        }
    }

    fn next_event(&mut self, total: usize, rest: &mut &[u8], now: Instant) -> FrameResult<Event> {
        loop {
            if let Some(event) = self.queued.pop_front() {
                return Ok(event);
            }
            let event = match self.reader.state {
                State::Data(data) => self.data(data, total, rest),
                _ if rest.is_empty() => return Ok(Event::More),
                State::Head => self.head(rest, now)?,
                State::Payload(head) => self.payload(head, rest, now)?,
                State::PadLength(head) => self.pad_length(head, rest)?,
                State::Skip(left) => {
                    let skipped = take(rest, left as usize).len() as u32;
                    self.reader.state =
                        if skipped == left { State::Head } else { State::Skip(left - skipped) };
                    None
                }
            };
            match event {
                Some(event) => return Ok(event),
                None if rest.is_empty() && self.queued.is_empty() && !self.is_at_empty_data() => {
                    return Ok(Event::More);
                }
                None => {}
            }
        }
    }

    /// Whether there is something to do without any input.
    fn is_at_empty_data(&self) -> bool {
        matches!(self.reader.state, State::Data(Data { left: 0, padding: 0, .. }))
    }

    /// Reads a frame's head, and its payload if that is there too.
    fn head(&mut self, rest: &mut &[u8], now: Instant) -> FrameResult<Option<Event>> {
        let head = if self.reader.tail.is_empty() {
            match Head::read(rest) {
                Some(head) => {
                    take(rest, frame::HEAD_LEN);
                    head
                }
                None => {
                    self.reader.tail.extend_from_slice(take(rest, frame::HEAD_LEN));
                    return Ok(None);
                }
            }
        } else {
            let missing = frame::HEAD_LEN - self.reader.tail.len();
            self.reader.tail.extend_from_slice(take(rest, missing));
            let Some(head) = Head::read(&self.reader.tail) else { return Ok(None) };
            self.reader.tail.clear();
            head
        };
        self.check_head(head)?;
        match head.kind {
            frame::DATA => self.data_head_received(head, now)?,
            frame::HEADERS..=frame::CONTINUATION => return self.payload(head, rest, now),
            _ => {
                spend(self.budgets.control.spend(1, now), "too many unknown frames")?;
                self.reader.state = State::Skip(head.len);
            }
        }
        Ok(None)
    }

    fn check_head(&self, head: Head) -> FrameResult<()> {
        if !self.settings_seen && (head.kind != frame::SETTINGS || head.has(frame::FLAG_ACK)) {
            return protocol(
                "Remote peer returned unexpected data while we expected SETTINGS frame. \
                 Perhaps, peer does not support HTTP/2 properly.",
            );
        }
        if head.len > frame::MAX_PAYLOAD {
            return Err(frame_size("frame over the maximum size"));
        }
        match &self.block {
            Some(block) if head.kind != frame::CONTINUATION || head.stream != block.stream => {
                protocol("header block without its CONTINUATION")
            }
            None if head.kind == frame::CONTINUATION => {
                protocol("CONTINUATION without a header block")
            }
            _ => Ok(()),
        }
    }

    /// Takes a payload from the input when all is there, or gathers it.
    fn payload(
        &mut self,
        head: Head,
        rest: &mut &[u8],
        now: Instant,
    ) -> FrameResult<Option<Event>> {
        let len = head.len as usize;
        let gathered = self.reader.tail.len();
        if gathered == 0 && rest.len() >= len {
            self.reader.state = State::Head;
            return self.frame(head, take(rest, len), now);
        }
        self.reader.tail.extend_from_slice(take(rest, len - gathered));
        if self.reader.tail.len() < len {
            self.reader.state = State::Payload(head);
            return Ok(None);
        }
        self.reader.state = State::Head;
        let mut payload = std::mem::take(&mut self.reader.tail);
        let event = self.frame(head, &payload, now);
        payload.clear();
        self.reader.tail = payload;
        event
    }

    fn frame(&mut self, head: Head, payload: &[u8], now: Instant) -> FrameResult<Option<Event>> {
        match head.kind {
            frame::HEADERS => self.headers_frame(head, payload, now),
            frame::CONTINUATION => self.continuation(head, payload, now),
            frame::PUSH_PROMISE => self.push_promise(head, payload, now),
            frame::PRIORITY => self.priority_frame(head, now),
            frame::RST_STREAM => self.rst_stream(head, payload, now),
            frame::SETTINGS => self.settings_frame(head, payload, now),
            frame::PING => self.ping_frame(head, payload, now),
            frame::GOAWAY => self.goaway_frame(head, payload, now),
            _ => self.window_update(head, payload, now),
        }
    }

    fn data_head_received(&mut self, head: Head, now: Instant) -> FrameResult<()> {
        if head.stream == 0 {
            return protocol("DATA on stream 0");
        }
        if !self.receive.receive(head.len) {
            return Err(window_overflow("DATA beyond the connection's window"));
        }
        // Others shall not stall for a stream that is paused: this credit is given at once.
        let increment = self.receive.consume(head.len);
        self.out.window_update(0, increment);
        if head.len == 0 && !head.has(frame::FLAG_END_STREAM) {
            spend(self.budgets.empty.spend(1, now), "too many empty DATA frames")?;
        }
        self.reader.state = State::Skip(head.len);
        let Some(stream) = self.streams.get_mut(head.stream) else {
            self.closed_not_idle(head.stream)?;
            return self.late_data(head.len);
        };
        if stream.remote_ended {
            self.stream_error(
                head.stream,
                ErrorCode::STREAM_CLOSED,
                "DATA after the end of the body",
            );
        } else if stream.phase == Phase::Head {
            self.stream_error(
                head.stream,
                ErrorCode::PROTOCOL_ERROR,
                "DATA before the response head",
            );
        } else if !stream.receive.receive(head.len) {
            let why = "DATA beyond the stream's window";
            self.stream_error(head.stream, ErrorCode::FLOW_CONTROL_ERROR, why);
        } else if !head.has(frame::FLAG_PADDED) {
            self.begin_data(head, head.len, 0);
        } else if head.len == 0 {
            return Err(frame_size("padded DATA frame without a padding length"));
        } else {
            self.reader.state = State::PadLength(head);
        }
        Ok(())
    }

    /// DATA on a stream that is closed: under way when we closed it, or without end.
    fn late_data(&mut self, len: u32) -> FrameResult<()> {
        match self.late.checked_sub(u64::from(len)) {
            Some(left) => self.late = left,
            None => {
                let why = "DATA on a closed stream";
                return Err(ConnectionError(ErrorCode::STREAM_CLOSED, why));
            }
        }
        Ok(())
    }

    fn pad_length(&mut self, head: Head, rest: &mut &[u8]) -> FrameResult<Option<Event>> {
        let Some(&padding) = take(rest, 1).first() else { return Ok(None) };
        let padding = u32::from(padding);
        let Some(left) = (head.len - 1).checked_sub(padding) else {
            return protocol("padding over the frame's size");
        };
        self.consumed(StreamId(head.stream), padding as usize + 1);
        self.begin_data(head, left, padding);
        Ok(None)
    }

    fn begin_data(&mut self, head: Head, left: u32, padding: u32) {
        let end = head.has(frame::FLAG_END_STREAM);
        self.reader.state = State::Data(Data { stream: head.stream, left, padding, end });
    }

    /// Takes what there is of a DATA frame.
    fn data(&mut self, data: Data, total: usize, rest: &mut &[u8]) -> Option<Event> {
        let start = total - rest.len();
        let count = take(rest, data.left as usize).len();
        let left = data.left - count as u32;
        let mut padding = data.padding;
        if left == 0 {
            padding -= take(rest, padding as usize).len() as u32;
        }
        let done = left == 0 && padding == 0;
        self.reader.state =
            if done { State::Head } else { State::Data(Data { left, padding, ..data }) };
        let end = done && data.end;
        if count == 0 && !end {
            return None;
        }
        let stream = self.streams.get_mut(data.stream)?;
        let reference = stream.reference();
        if let Some(expected) = stream.expected {
            stream.expected = expected.checked_sub(count as u64);
            if stream.expected.is_none() {
                let why = "more body than content-length says";
                self.stream_error(data.stream, ErrorCode::PROTOCOL_ERROR, why);
                return None;
            }
        }
        let complete = end && self.end_remote(data.stream);
        if end && !complete {
            self.stream_error(data.stream, ErrorCode::PROTOCOL_ERROR, BODY_TOO_SHORT);
        }
        Some(Event::Data { stream: reference, range: start..start + count, end: complete })
    }

    /// Ends the peer's side of a stream, unless the body is too short.
    #[must_use]
    pub(super) fn end_remote(&mut self, id: u32) -> bool {
        let Some(stream) = self.streams.get_mut(id) else { return false };
        if stream.expected.is_some_and(|expected| expected > 0) {
            return false;
        }
        stream.remote_ended = true;
        if stream.local_ended {
            self.streams.remove(id);
        }
        true
    }

    /// A frame for a stream that is not open: fine if it was, not if it never was.
    pub(super) fn closed_not_idle(&self, id: u32) -> FrameResult<()> {
        let idle = if id % 2 == 1 { id >= self.next_id } else { id > self.last_promised };
        if idle { protocol("frame for a stream that was never opened") } else { Ok(()) }
    }
}

/// Takes up to `count` bytes off the front of `rest`.
fn take<'a>(rest: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, later) = rest.split_at(count.min(rest.len()));
    *rest = later;
    taken
}

/// Ends the connection if a budget is overspent.
pub(super) fn spend(within: bool, why: &'static str) -> FrameResult<()> {
    if within { Ok(()) } else { flood(why) }
}

pub(super) fn frame_size(why: &'static str) -> ConnectionError {
    ConnectionError(ErrorCode::FRAME_SIZE_ERROR, why)
}

pub(super) fn window_overflow(why: &'static str) -> ConnectionError {
    ConnectionError(ErrorCode::FLOW_CONTROL_ERROR, why)
}
