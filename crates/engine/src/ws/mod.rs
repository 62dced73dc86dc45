//! WebSocket (RFC 6455): what follows when the server has answered 101 to the handshake.
//!
//! The frames' machine belongs to the connection, which may be left to the application
//! (`CONNECT_ONLY`): then the calls in [`calls`] move it, else [`Multi::websocket`] does.

mod calls;
mod handshake;

pub use calls::WsFrame;
pub(crate) use handshake::request_lines;

use std::io::ErrorKind;

use tress_model::{Code, Error, Result};
use tress_proto::ws::{Chunk, WebSocket};

use crate::TransferId;
use crate::body_out::BodyOut;
use crate::effect::{DebugKind, Delivery, Effect};
use crate::http::{Received, Step};
use crate::multi::{Flow, Multi};
use crate::options::{ConnectOnly, Method};
use crate::random;
use crate::transfer::State;

/// The most payload that the application is given at once (`CURL_MAX_WRITE_SIZE`): what is told
/// of a piece (`curl_ws_meta(3)`) must be true for the whole of it.
const MAX_PIECE: usize = 16 * 1024;

/// An open WebSocket on a connection.
pub(crate) struct Socket {
    frames: WebSocket,
    /// The frame that the last piece belongs to.
    piece: WsFrame,
    /// The application was asked for more of its upload, and may have begun a frame meanwhile.
    asked: bool,
}

impl Socket {
    /// Does anything wait to be sent?
    pub(crate) fn has_output(&self) -> bool {
        !self.frames.output().is_empty()
    }
}

impl Multi {
    /// The server has switched to WebSocket.
    pub(crate) fn open_websocket(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let options = transfer.options.clone();
        core.info(transfer, || "[WS] Received 101, switch to WebSocket".to_owned());
        conn.websocket = Some(Box::new(Socket {
            frames: WebSocket::new(options.http().ws_no_auto_pong),
            piece: WsFrame::default(),
            asked: false,
        }));
        if options.connect().connect_only != ConnectOnly::No {
            // Frames may have come with the head.
            self.keep_input(id);
            self.hold(id);
            return Ok(Flow::Wait);
        }
        let body = match options.method {
            Method::Put => BodyOut::begin(&options, None, false),
            _ => BodyOut::default(),
        };
        transfer.exchange.begin_frames(body);
        transfer.state = State::WebSocket;
        Ok(Flow::Again)
    }

    /// Moves frames in both directions.
    pub(crate) fn websocket(&mut self, id: TransferId) -> Result<Flow> {
        loop {
            if let Some(flow) = self.deliver_held(id) {
                return Ok(flow);
            }
            match self.send_frames(id)? {
                Flow::Wait => {}
                flow => return Ok(flow),
            }
            match self.receive_frames(id)? {
                Step::Wait => break,
                Step::Asked => return Ok(Flow::Asked),
                Step::Again => {}
                Step::Done => {
                    if self.transfer(id).is_some_and(|transfer| transfer.infos.downloaded == 0) {
                        return Err(Error::new(Code::GotNothing, "Empty reply from server"));
                    }
                    if self.ask_progress(id) {
                        return Ok(Flow::Asked);
                    }
                    self.finish(id, Ok(()));
                    return Ok(Flow::Wait);
                }
            }
        }
        self.watch_exchange(id);
        Ok(Flow::Wait)
    }

    /// Sends what waits, then asks for more of the application's upload.
    fn send_frames(&mut self, id: TransferId) -> Result<Flow> {
        loop {
            let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
            let Some(socket) = conn.websocket.as_deref_mut() else { return Ok(Flow::Wait) };
            if std::mem::take(&mut socket.asked) && socket.has_output() {
                // A frame was begun in the callback: an end said with it does not count.
                transfer.exchange.reopen_upload();
            }
            if socket.frames.pong_due() {
                socket.frames.answer_ping(random::mask());
            }
            if !socket.frames.output().is_empty() {
                if !conn.writable || core.turn.is_over() || !transfer.progress.may_send(core.now) {
                    return Ok(Flow::Wait);
                }
                match flush(conn) {
                    Ok(count) => {
                        let count = core.turn.spend(count);
                        transfer.progress.sent(count, &transfer.options, core.now);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        conn.write_blocked();
                        return Ok(Flow::Wait);
                    }
                    Err(error) => return Err(transfer.stream_failed(&error, Code::SendError)),
                }
                continue;
            }
            if transfer.options.http().ws_raw_mode {
                return self.send_request(id);
            }
            let piece = transfer.exchange.piece();
            if !piece.is_empty() {
                let taken = socket.frames.upload(piece, random::mask())?;
                transfer.exchange.piece_sent(taken);
                continue;
            }
            if transfer.exchange.upload_ended() || transfer.paused.send {
                return Ok(Flow::Wait);
            }
            socket.asked = true;
            let room = transfer.options.upload_buffersize as usize;
            let left = socket.frames.upload_room().and_then(|left| usize::try_from(left).ok());
            let room = left.map_or(room, |left| left.min(room));
            let buffer = transfer.exchange.take_piece_buffer();
            return Ok(core.ask(id, Effect::Read { transfer: id, room, buffer }));
        }
    }

    /// Receives and delivers pieces of frames.
    fn receive_frames(&mut self, id: TransferId) -> Result<Step> {
        loop {
            let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Step::Wait) };
            let Some(conn_id) = transfer.conn else { return Ok(Step::Wait) };
            if transfer.paused.receive {
                return Ok(Step::Wait);
            }
            if !conn.leftover.is_empty() {
                let kept = std::mem::take(&mut conn.leftover);
                core.input.load(conn_id, &kept, 0);
            }
            let input = core.input.of(conn_id);
            if input.is_empty() {
                match self.receive(id)? {
                    Received::Bytes => continue,
                    Received::Nothing => return Ok(Step::Wait),
                    Received::Closed => return Ok(Step::Done),
                }
            }
            let Some(socket) = conn.websocket.as_deref_mut() else { return Ok(Step::Wait) };
            let (used, piece) = match transfer.options.http().ws_raw_mode {
                true => (input.len(), Some(0..input.len())),
                false => socket.next_piece(input)?,
            };
            let start = core.input.start();
            core.input.consume(used);
            transfer.infos.downloaded += used as u64;
            if let Some(piece) = piece {
                let (start, end) = (start + piece.start, start + piece.end);
                if transfer.options.verbose {
                    let bytes = core.input.bytes(start..end).to_vec();
                    core.debug(transfer, DebugKind::DataIn, &bytes);
                }
                let bytes = core.input.lend(start..end);
                core.deliver(id, Delivery::Body, bytes);
                return Ok(Step::Asked);
            }
            if socket.frames.pong_due() {
                return Ok(Step::Again);
            }
        }
    }
}

impl Socket {
    /// The next piece of payload in `input`, noted for whoever asks about it.
    fn next_piece(&mut self, input: &[u8]) -> Result<(usize, Option<std::ops::Range<usize>>)> {
        let (used, chunk) = self.frames.receive(input, MAX_PIECE)?;
        Ok((used, chunk.map(|chunk| self.note(chunk))))
    }

    fn note(&mut self, chunk: Chunk) -> std::ops::Range<usize> {
        self.piece = WsFrame {
            flags: chunk.flags,
            offset: chunk.offset,
            bytes_left: chunk.bytes_left,
            len: chunk.payload.len(),
        };
        chunk.payload
    }
}

/// Sends once from what waits.
fn flush(conn: &mut crate::conn::Conn) -> std::io::Result<usize> {
    let gone = || std::io::Error::from(ErrorKind::NotConnected);
    let crate::conn::Stage::Open(stream) = &mut conn.stage else { return Err(gone()) };
    let socket = conn.websocket.as_deref_mut().ok_or_else(gone)?;
    let count = stream.send(socket.frames.output())?;
    socket.frames.sent(count);
    Ok(count)
}
