//! Frames that steer the connection and its streams.

use std::time::Instant;

use super::connection::Connection;
use super::error::{ErrorCode, FrameResult, flood, protocol};
use super::frame::{self, Head};
use super::receive::{frame_size, spend, window_overflow};
use super::settings::{ENTRY_LEN, MAX_WINDOW};
use super::stream::Phase;
use super::{Event, StreamId};

/// How much of what comes with GOAWAY is kept, in bytes.
const GOAWAY_DEBUG: usize = 128;
/// That many settings cost the peer as much as a frame.
const SETTINGS_PER_COST: usize = 32;

impl Connection {
    pub(super) fn priority_frame(
        &mut self,
        head: Head,
        now: Instant,
    ) -> FrameResult<Option<Event>> {
        spend(self.budgets.control.spend(1, now), "too many PRIORITY frames")?;
        if head.stream == 0 {
            return protocol("PRIORITY on stream 0");
        }
        if head.len != 5 && self.streams.get(head.stream).is_some() {
            self.stream_error(
                head.stream,
                ErrorCode::FRAME_SIZE_ERROR,
                "PRIORITY frame of a wrong size",
            );
        }
        Ok(None)
    }

    pub(super) fn rst_stream(
        &mut self,
        head: Head,
        payload: &[u8],
        now: Instant,
    ) -> FrameResult<Option<Event>> {
        if head.stream == 0 {
            return protocol("RST_STREAM on stream 0");
        }
        if head.len != 4 {
            return Err(frame_size("RST_STREAM frame of a wrong size"));
        }
        spend(self.budgets.resets.spend(1, now), "too many RST_STREAM frames")?;
        let Some(stream) = self.streams.remove(head.stream) else {
            return self.closed_not_idle(head.stream).map(|()| None);
        };
        let code = ErrorCode(frame::number(payload, 0));
        let complete = stream.phase != Phase::Head && stream.expected.is_none_or(|left| left == 0);
        if code == ErrorCode::NO_ERROR && complete {
            // The response is over, nothing more of the request is wanted (RFC 9113, 8.1).
            return Ok(Some(Event::Data { stream: stream.reference(), range: 0..0, end: true }));
        }
        let retry = code == ErrorCode::REFUSED_STREAM;
        let why = "reset by the server";
        Ok(Some(Event::Reset { stream: stream.reference(), code, by_peer: true, retry, why }))
    }

    pub(super) fn settings_frame(
        &mut self,
        head: Head,
        payload: &[u8],
        now: Instant,
    ) -> FrameResult<Option<Event>> {
        if head.stream != 0 {
            return protocol("SETTINGS on a stream");
        }
        let cost = 1 + payload.len() / ENTRY_LEN / SETTINGS_PER_COST;
        spend(self.budgets.control.spend(cost as u32, now), "too many SETTINGS frames")?;
        let ack = head.has(frame::FLAG_ACK);
        if (ack && !payload.is_empty()) || !payload.len().is_multiple_of(ENTRY_LEN) {
            return Err(frame_size("SETTINGS frame of a wrong size"));
        }
        if ack {
            return Ok(None);
        }
        if !std::mem::replace(&mut self.settings_seen, true) {
            // A server that says nothing of it sets no limit.
            self.peer.max_concurrent = u32::MAX;
        }
        let before = self.peer;
        self.peer.apply(payload)?;
        self.encoder.set_max_size(self.peer.header_table_size);
        if self.peer.initial_window > before.initial_window {
            let initial = self.peer.initial_window;
            if !self.streams.iter().all(|stream| stream.send.fits(initial)) {
                return Err(window_overflow("INITIAL_WINDOW_SIZE makes a window too large"));
            }
            self.wake_blocked();
        }
        self.answer(frame::SETTINGS, &[])?;
        Ok(Some(Event::Settings))
    }

    pub(super) fn ping_frame(
        &mut self,
        head: Head,
        payload: &[u8],
        now: Instant,
    ) -> FrameResult<Option<Event>> {
        if head.stream != 0 {
            return protocol("PING on a stream");
        }
        let Ok(payload) = <[u8; 8]>::try_from(payload) else {
            return Err(frame_size("PING frame of a wrong size"));
        };
        spend(self.budgets.control.spend(1, now), "too many PING frames")?;
        if head.has(frame::FLAG_ACK) {
            return Ok(Some(Event::PingAck { payload }));
        }
        self.answer(frame::PING, &payload)?;
        Ok(None)
    }

    /// Sends an ACK, unless the peer lets too much gather unread.
    fn answer(&mut self, kind: u8, payload: &[u8]) -> FrameResult<()> {
        if self.out.len() > self.config.limits.pending_output {
            return flood("too much output is pending");
        }
        self.out.frame(kind, frame::FLAG_ACK, 0, payload);
        Ok(())
    }

    pub(super) fn goaway_frame(
        &mut self,
        head: Head,
        payload: &[u8],
        now: Instant,
    ) -> FrameResult<Option<Event>> {
        if head.stream != 0 {
            return protocol("GOAWAY on a stream");
        }
        let Some((_, debug)) = payload.split_at_checked(8) else {
            return Err(frame_size("GOAWAY frame of a wrong size"));
        };
        spend(self.budgets.control.spend(1, now), "too many GOAWAY frames")?;
        let last = frame::number(payload, 0) & MAX_WINDOW;
        let code = ErrorCode(frame::number(payload, 4));
        if self.goaway.is_some_and(|(before, _)| last > before) {
            return protocol("GOAWAY with a higher last stream");
        }
        self.goaway = Some((last, code));
        self.goaway_debug.clear();
        self.goaway_debug.extend(debug.iter().take(GOAWAY_DEBUG));
        self.drop_unanswered(last);
        Ok(Some(Event::GoAway { last: StreamId(last), code }))
    }

    /// Gives up our streams above `last`: the peer has not acted on them.
    fn drop_unanswered(&mut self, last: u32) {
        let lost = self.streams.iter().filter(|stream| stream.is_ours() && stream.id > last);
        let mut lost: Vec<u32> = lost.map(|stream| stream.id).collect();
        lost.sort_unstable();
        for id in lost {
            let Some(stream) = self.streams.remove(id) else { continue };
            self.queued.push_back(Event::Reset {
                stream: stream.reference(),
                code: ErrorCode::REFUSED_STREAM,
                by_peer: true,
                retry: true,
                why: "above the last stream of GOAWAY",
            });
        }
    }

    pub(super) fn window_update(
        &mut self,
        head: Head,
        payload: &[u8],
        now: Instant,
    ) -> FrameResult<Option<Event>> {
        if head.len != 4 {
            return Err(frame_size("WINDOW_UPDATE frame of a wrong size"));
        }
        spend(self.budgets.window_updates.spend(1, now), "too many WINDOW_UPDATE frames")?;
        let increment = frame::number(payload, 0) & MAX_WINDOW;
        if head.stream == 0 {
            return self.connection_window_opened(increment);
        }
        let (initial, send_left) = (self.peer.initial_window, self.send_left);
        let Some(stream) = self.streams.get_mut(head.stream) else {
            return self.closed_not_idle(head.stream).map(|()| None);
        };
        if increment == 0 {
            self.stream_error(head.stream, ErrorCode::PROTOCOL_ERROR, "WINDOW_UPDATE of 0");
        } else if !stream.send.open(increment, initial) {
            self.stream_error(head.stream, ErrorCode::FLOW_CONTROL_ERROR, "window made too large");
        } else if stream.blocked && stream.send.left(initial).min(send_left) > 0 {
            stream.blocked = false;
            let stream = stream.reference();
            return Ok(Some(Event::WindowOpened { stream }));
        }
        Ok(None)
    }

    fn connection_window_opened(&mut self, increment: u32) -> FrameResult<Option<Event>> {
        if increment == 0 {
            return protocol("WINDOW_UPDATE of 0");
        }
        // With some window left, who is blocked waits for its own stream's window.
        let was_empty = self.send_left == 0;
        let left = self.send_left + increment;
        if left > MAX_WINDOW {
            return Err(window_overflow("the connection's window made too large"));
        }
        self.send_left = left;
        if was_empty {
            self.wake_blocked();
        }
        Ok(None)
    }

    /// Tells of the streams that waited for a window and have one now.
    fn wake_blocked(&mut self) {
        let (initial, send_left) = (self.peer.initial_window, self.send_left);
        let (streams, queued) = (&mut self.streams, &mut self.queued);
        self.blocked.retain(|id| {
            let Some(stream) = streams.get_mut(*id) else { return false };
            if stream.blocked && stream.send.left(initial).min(send_left) > 0 {
                stream.blocked = false;
                queued.push_back(Event::WindowOpened { stream: stream.reference() });
            }
            stream.listed = stream.blocked;
            stream.listed
        });
    }
}
