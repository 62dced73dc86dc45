//! What we send: requests, bodies, trailers, resets, credit, pings.

use tress_model::{Code, Error, Result};

use super::connection::Connection;
use super::frame::{self, Head};
use super::stream::Stream;
use super::{ErrorCode, Fields, StreamId};

/// DATA goes out in frames no larger than this, so that streams take turns.
const DATA_FRAME: u32 = 16_384;
/// Output that is pending on top of which no DATA is taken.
const OUTPUT_ENOUGH: usize = 64 * 1024;
/// How many WINDOW_UPDATE frames a DATA frame of ours allows for.
const UPDATES_PER_FRAME: u32 = 4;
/// The longest request head, as text: more than servers take, and what libcurl sends at most.
const MAX_REQUEST_HEAD: usize = 64 * 1024;
/// The bytes of a priority in a frame.
const PRIORITY_LEN: usize = 5;

/// How to open a stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct Open {
    /// The request has no body and no trailers.
    pub end: bool,
    /// The caller's name for the stream, which events carry.
    pub token: u64,
    /// Weight and dependency, if they are not the usual ones.
    pub priority: Option<Priority>,
}

/// Weight and dependency of a stream (RFC 7540, 5.3; deprecated by RFC 9113).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priority {
    /// 1 to 256; 16 is the usual one.
    pub weight: u16,
    /// The stream that this one comes after; 0 for none.
    pub depends_on: u32,
    /// Whether it is to be the only one after that.
    pub exclusive: bool,
}

impl Priority {
    fn bytes(self) -> [u8; PRIORITY_LEN] {
        let dependency = self.depends_on & 0x7fff_ffff | u32::from(self.exclusive) << 31;
        let [a, b, c, d] = dependency.to_be_bytes();
        [a, b, c, d, (self.weight.clamp(1, 256) - 1) as u8]
    }
}

impl Connection {
    /// Sends a request head on a new stream; check [`Connection::available`] first.
    ///
    /// # Errors
    /// `Again` when there is no room for a stream, `SendError` for a head over 64 KB.
    pub fn open(&mut self, head: &Fields, how: Open) -> Result<StreamId> {
        if self.available() == 0 {
            return Err(Error::new(Code::Again, "HTTP/2 connection takes no new stream now"));
        }
        if head.raw().len() > MAX_REQUEST_HEAD {
            let text = format!(
                "HTTP/2 request head of {} bytes is over the limit of {MAX_REQUEST_HEAD}",
                head.raw().len()
            );
            return Err(Error::new(Code::SendError, text));
        }
        let id = self.next_id;
        self.next_id += 2;
        let mut stream = Stream::new(id, how.token, self.stream_window());
        stream.local_ended = how.end;
        let method = head.iter().next().filter(|field| field.name() == b":method");
        let method = method.map(|field| field.value()).unwrap_or_default();
        stream.is_head = method == b"HEAD";
        stream.is_connect = method == b"CONNECT";
        self.streams.insert(stream);
        self.headers(id, head, how.end, how.priority);
        Ok(StreamId(id))
    }

    /// How many bytes of body [`Connection::send_data`] would take now. If that is 0
    /// for want of window, [`super::Event::WindowOpened`] tells when it no longer is;
    /// if for much pending output, it is worth trying again when that is sent.
    pub fn room(&mut self, stream: StreamId) -> usize {
        let (send_left, initial) = (self.send_left, self.peer.initial_window);
        let Some(found) = self.streams.get_mut(stream.0) else { return 0 };
        let window = found.send.left(initial).min(send_left);
        if window == 0 && !found.local_ended {
            found.blocked = true;
            if !std::mem::replace(&mut found.listed, true) {
                self.list_blocked(stream.0);
            }
        }
        if self.out.len() >= OUTPUT_ENOUGH { 0 } else { window as usize }
    }

    /// Sends body bytes, as many as the windows allow, and how many that was;
    /// with `end` the body ends there if all were taken.
    pub fn send_data(&mut self, stream: StreamId, data: &[u8], end: bool) -> Result<usize> {
        let mut rest = data;
        loop {
            let len = rest.len().min(self.room(stream)).min(self.data_frame());
            let (chunk, later) = rest.split_at(len);
            let last = end && later.is_empty();
            if chunk.is_empty() && !last {
                self.sendable(stream)?;
                return Ok(data.len() - rest.len());
            }
            let head = self.data_head(stream, len, last)?;
            self.out.bytes.extend_from_slice(&head);
            self.out.bytes.extend_from_slice(chunk);
            rest = later;
            if rest.is_empty() {
                return Ok(data.len());
            }
        }
    }

    /// The head of a DATA frame whose `len` bytes the caller sends itself, straight after
    /// the pending output and this head. `len` is at most [`Connection::room`] and 16,384.
    pub fn data_head(&mut self, stream: StreamId, len: usize, end: bool) -> Result<[u8; 9]> {
        let room = self.sendable(stream)?;
        let bytes = u32::try_from(len).unwrap_or(u32::MAX);
        if bytes > room || len > self.data_frame() {
            return Err(Error::new(Code::SendError, "DATA frame larger than the window"));
        }
        let flags = if end { frame::FLAG_END_STREAM } else { 0 };
        self.send_left -= bytes;
        if let Some(found) = self.streams.get_mut(stream.0) {
            found.send.spend(bytes);
        }
        self.budgets.window_updates.allow(UPDATES_PER_FRAME);
        if end {
            self.end_local(stream.0);
        }
        Ok(Head::new(frame::DATA, flags, stream.0, len).bytes())
    }

    /// Sends trailers, which end the body.
    pub fn send_trailers(&mut self, stream: StreamId, trailers: &Fields) -> Result<()> {
        self.sendable(stream)?;
        self.headers(stream.0, trailers, true, None);
        self.end_local(stream.0);
        Ok(())
    }

    /// Breaks a stream off, with CANCEL for a transfer that is removed; the connection
    /// and its other streams go on. What still comes for the stream is dropped.
    pub fn reset(&mut self, stream: StreamId, code: ErrorCode) {
        if let Some(found) = self.streams.remove(stream.0) {
            self.expect_late_data(&found);
            self.out.rst_stream(stream.0, code.0);
            // Its head and trailers may be under way.
            self.budgets.empty.allow(2);
        }
        if self.offered == Some(stream.0) {
            self.offered = None;
        }
    }

    /// Takes note that the application has consumed `count` bytes of a body: the peer
    /// gets credit for them. A stream that is paused stalls alone.
    pub fn consumed(&mut self, stream: StreamId, count: usize) {
        let Some(found) = self.streams.get_mut(stream.0) else { return };
        let increment = found.receive.consume(u32::try_from(count).unwrap_or(u32::MAX));
        if !found.remote_ended {
            self.out.window_update(stream.0, increment);
        }
    }

    /// Sets what a stream's window is to be, in bytes: less for a rate limit, 0 for a pause
    /// that is to last, and back.
    pub fn set_stream_window(&mut self, stream: StreamId, size: u32) {
        let Some(found) = self.streams.get_mut(stream.0) else { return };
        let increment = found.receive.set_target(size.min(self.config.stream_window));
        if !found.remote_ended {
            self.out.window_update(stream.0, increment);
        }
    }

    /// Tells the peer another weight or dependency of an open stream.
    pub fn set_priority(&mut self, stream: StreamId, priority: Priority) {
        if self.is_open(stream) {
            self.out.frame(frame::PRIORITY, 0, stream.0, &priority.bytes());
        }
    }

    /// Sends a ping, for upkeep; [`super::Event::PingAck`] tells of the answer.
    pub fn ping(&mut self, payload: [u8; 8]) {
        if self.failed.is_none() {
            self.out.frame(frame::PING, 0, 0, &payload);
        }
    }

    /// Accepts the promise that the last event told of.
    pub fn accept_push(&mut self, promised: StreamId, token: u64) -> Result<()> {
        let found = self.streams.get_mut(promised.0).filter(|_| self.offered == Some(promised.0));
        let found = found.ok_or_else(|| Error::new(Code::Http2, "no such promise to accept"))?;
        found.token = token;
        self.offered = None;
        Ok(())
    }

    /// What the windows let a stream send; an error if it cannot send at all.
    fn sendable(&self, stream: StreamId) -> Result<u32> {
        match self.streams.get(stream.0) {
            Some(found) if !found.local_ended => {
                Ok(found.send.left(self.peer.initial_window).min(self.send_left))
            }
            _ => Err(Error::new(
                Code::SendError,
                format!("HTTP/2 stream {stream} is closed for sending"),
            )),
        }
    }

    /// Lists a stream that waits for a window; closed ones leave the list now and then.
    fn list_blocked(&mut self, id: u32) {
        if self.blocked.len() > 2 * self.streams.len() + 32 {
            let streams = &self.streams;
            self.blocked.retain(|id| streams.get(*id).is_some());
        }
        self.blocked.push(id);
    }

    fn data_frame(&self) -> usize {
        self.peer.max_frame.min(DATA_FRAME) as usize
    }

    fn end_local(&mut self, id: u32) {
        let Some(stream) = self.streams.get_mut(id) else { return };
        stream.local_ended = true;
        stream.blocked = false;
        if stream.remote_ended {
            self.streams.remove(id);
        }
    }

    fn headers(&mut self, id: u32, fields: &Fields, end: bool, priority: Option<Priority>) {
        let out = &mut self.out.bytes;
        let start = out.len();
        out.extend_from_slice(&[0; frame::HEAD_LEN]);
        let mut flags = if end { frame::FLAG_END_STREAM } else { 0 };
        if let Some(priority) = priority {
            flags |= frame::FLAG_PRIORITY;
            out.extend_from_slice(&priority.bytes());
        }
        self.encoder.encode(fields, out);
        let len = out.len() - start - frame::HEAD_LEN;
        if len > self.peer.max_frame as usize {
            return self.split_headers(start, flags, id);
        }
        let head = Head::new(frame::HEADERS, flags | frame::FLAG_END_HEADERS, id, len);
        if let Some(place) = out.get_mut(start..start + frame::HEAD_LEN) {
            place.copy_from_slice(&head.bytes());
        }
    }

    /// Parts a block that is too large for one frame (RFC 9113, 6.10).
    #[cold]
    fn split_headers(&mut self, start: usize, flags: u8, id: u32) {
        let block = self.out.bytes.split_off(start + frame::HEAD_LEN);
        self.out.bytes.truncate(start);
        let mut parts = block.chunks(self.peer.max_frame as usize).peekable();
        let (mut kind, mut flags) = (frame::HEADERS, flags);
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                flags |= frame::FLAG_END_HEADERS;
            }
            self.out.frame(kind, flags, id, part);
            (kind, flags) = (frame::CONTINUATION, 0);
        }
    }
}
