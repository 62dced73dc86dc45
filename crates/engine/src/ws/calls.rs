//! What an application does with a WebSocket itself (`curl_ws_send(3)` and its like).

use std::io::ErrorKind;

use tress_model::{Code, Error, Result};

use super::flush;
use crate::conn::Conn;
use crate::failure::stream_error;
use crate::multi::{Held, Multi};
use crate::{TransferId, random};

/// Bytes read at once for an application that receives by itself.
const READ_SIZE: usize = 16 * 1024;

/// Where in a frame a piece of payload is (`struct curl_ws_frame`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WsFrame {
    /// `CURLWS_*`.
    pub flags: u32,
    /// Bytes of the frame's payload before the piece.
    pub offset: u64,
    /// Bytes of it after the piece.
    pub bytes_left: u64,
    /// Bytes of the piece.
    pub len: usize,
}

impl Multi {
    /// The connection that a transfer uses now.
    pub fn connection_of(&self, id: TransferId) -> Option<Held> {
        self.transfer(id)?.conn.map(Held)
    }

    /// The frame of the piece that is being delivered (`curl_ws_meta(3)`); none when the
    /// connection is no WebSocket.
    pub fn ws_frame(&self, held: Held) -> Option<WsFrame> {
        Some(self.pool.get(held.0)?.websocket.as_deref()?.piece)
    }

    /// Bytes that wait to be sent on a WebSocket; none when the connection is no WebSocket.
    pub fn ws_waiting(&self, held: Held) -> Option<usize> {
        Some(self.pool.get(held.0)?.websocket.as_deref()?.frames.output().len())
    }

    /// Receives payload into `buffer` (`curl_ws_recv(3)`): how much, and of which frame.
    ///
    /// # Errors
    /// `Again`, `GotNothing` when the peer has closed, `RecvError`, `BadFunctionArgument` when
    /// the connection is no WebSocket.
    pub fn ws_receive(&mut self, held: Held, buffer: &mut [u8]) -> Result<WsFrame> {
        let refused = || {
            let text = "[WS] connection is not setup for websocket";
            Error::new(Code::BadFunctionArgument, text)
        };
        let conn = self.pool.get_mut(held.0).ok_or_else(refused)?;
        if conn.websocket.is_none() {
            return Err(refused());
        }
        loop {
            if conn.leftover.is_empty() {
                read_on(conn)?;
            }
            let Some(socket) = conn.websocket.as_deref_mut() else { return Err(refused()) };
            let (used, chunk) = socket.frames.receive(&conn.leftover, buffer.len())?;
            let chunk = chunk.or_else(|| socket.frames.frame_begun().filter(|_| buffer.is_empty()));
            let payload = chunk.map(|chunk| socket.note(chunk));
            if let Some(payload) = &payload {
                let bytes = conn.leftover.get(payload.clone()).unwrap_or_default();
                buffer[..bytes.len()].copy_from_slice(bytes);
            }
            conn.leftover.consume(used);
            if socket.frames.pong_due() {
                socket.frames.answer_ping(random::mask());
            }
            let piece = socket.piece;
            let _ = flush_all(conn);
            if payload.is_some() {
                return Ok(piece);
            }
        }
    }

    /// Sends payload (`curl_ws_send(3)`): how much of `data` went. While a transfer uses the
    /// connection all of it is taken, to be sent when there is room.
    ///
    /// # Errors
    /// `Again`, `SendError`, and those of [`tress_proto::ws::WebSocket::offer`].
    pub fn ws_send(&mut self, held: Held, data: &[u8], size: i64, flags: u32) -> Result<usize> {
        let conn = self.pool.get_mut(held.0).ok_or_else(no_websocket)?;
        let user = conn.transfer;
        let socket = conn.websocket.as_deref_mut().ok_or_else(no_websocket)?;
        let Some(user) = user else { return send_by_hand(conn, data, size, flags) };
        socket.frames.enqueue(data, size, flags, random::mask())?;
        self.send_for(held, user)?;
        Ok(data.len())
    }

    /// Sends bytes as they are (`CURLWS_RAW_MODE`).
    ///
    /// # Errors
    /// `Again` and `SendError`.
    pub fn ws_send_raw(&mut self, held: Held, data: &[u8]) -> Result<usize> {
        let conn = self.pool.get_mut(held.0).ok_or_else(no_websocket)?;
        let user = conn.transfer;
        let socket = conn.websocket.as_deref_mut().ok_or_else(no_websocket)?;
        if let Some(user) = user {
            socket.frames.enqueue_raw(data);
            self.send_for(held, user)?;
            return Ok(data.len());
        }
        flush_all(conn)?;
        self.send_raw(held, data)
    }

    /// Begins a frame that the read callback fills (`curl_ws_start_frame(3)`).
    ///
    /// # Errors
    /// `SendError` when the last one is unfinished or there is no WebSocket, and those of
    /// [`tress_proto::ws::Encoder::start`].
    pub fn ws_start_frame(&mut self, held: Held, flags: u32, length: i64) -> Result<()> {
        let conn = self.pool.get_mut(held.0).ok_or_else(no_websocket)?;
        let socket = conn.websocket.as_deref_mut().ok_or_else(no_websocket)?;
        socket.frames.start_frame(flags, length, random::mask())
    }

    /// Sends at once what goes; the transfer that uses the connection sends the rest.
    fn send_for(&mut self, held: Held, user: TransferId) -> Result<()> {
        let Some(conn) = self.pool.get_mut(held.0) else { return Ok(()) };
        match flush_all(conn) {
            Err(error) if error.code() == Code::Again => {
                if let Some(transfer) = self.transfers.get_mut(user) {
                    self.core.mark_dirty(user, transfer);
                }
                Ok(())
            }
            sent => sent,
        }
    }
}

fn no_websocket() -> Error {
    Error::new(Code::SendError, "[WS] Not a websocket transfer")
}

/// Asks the kernel for more of a connection that its application moves.
fn read_on(conn: &mut Conn) -> Result<()> {
    let mut bytes = std::mem::take(&mut conn.leftover).into_buffer();
    let gone = || Error::from(Code::GotNothing);
    bytes.resize(READ_SIZE, 0);
    let count = match conn.stream().ok_or_else(gone)?.recv(&mut bytes) {
        Ok(0) => return Err(gone()),
        Ok(count) => count,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(Code::Again.into()),
        Err(error) => return Err(stream_error(&error, Code::RecvError)),
    };
    bytes.truncate(count);
    conn.leftover = bytes.into();
    Ok(())
}

fn flush_all(conn: &mut Conn) -> Result<()> {
    while conn.websocket.as_deref().is_some_and(super::Socket::has_output) {
        match flush(conn) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(Code::Again.into()),
            Err(error) => return Err(stream_error(&error, Code::SendError)),
        }
    }
    Ok(())
}

/// Encodes and sends until all went or the socket is full.
fn send_by_hand(conn: &mut Conn, data: &[u8], size: i64, flags: u32) -> Result<usize> {
    let mut done = 0;
    loop {
        let rest = data.get(done..).unwrap_or_default();
        let socket = conn.websocket.as_deref_mut().ok_or_else(no_websocket)?;
        socket.frames.offer(rest, size, flags, random::mask())?;
        let flushed = flush_all(conn);
        let socket = conn.websocket.as_deref_mut().ok_or_else(no_websocket)?;
        done += socket.frames.reported();
        match flushed {
            Err(error) if error.code() != Code::Again || done == 0 => return Err(error),
            Err(_) => return Ok(done),
            Ok(()) if done >= data.len() || !socket.frames.in_sent_frame() => return Ok(done),
            Ok(()) => {}
        }
    }
}
