//! Connections that a transfer leaves to its application (`CURLOPT_CONNECT_ONLY`).

use std::io;
use std::os::fd::RawFd;

use tress_model::{Code, Error, Result};

use super::Multi;
use crate::conn::ConnId;
use crate::failure::stream_error;
use crate::{Transfer, TransferId};

/// A connection that belongs to a handle after its transfer is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held(pub(crate) ConnId);

impl Multi {
    /// Receives into `buffer` from a held connection (`curl_easy_recv(3)`); 0: the peer closed.
    ///
    /// # Errors
    /// `Again` when nothing has come, `RecvError`, or `UnsupportedProtocol` when the connection
    /// is gone.
    pub fn receive_raw(&mut self, held: Held, buffer: &mut [u8]) -> Result<usize> {
        let conn = self.pool.get_mut(held.0).ok_or_else(gone)?;
        if !conn.leftover.is_empty() {
            // It came with the head of the answer to a handshake.
            let count = conn.leftover.len().min(buffer.len());
            buffer[..count].copy_from_slice(&conn.leftover[..count]);
            conn.leftover.consume(count);
            return Ok(count);
        }
        let stream = conn.stream().ok_or_else(gone)?;
        stream.recv(buffer).map_err(|error| failed(&error, Code::RecvError))
    }

    /// Sends from the front of `bytes` over a held connection (`curl_easy_send(3)`).
    ///
    /// # Errors
    /// `Again` when there is no room, `SendError`, or `UnsupportedProtocol` when the connection
    /// is gone.
    pub fn send_raw(&mut self, held: Held, bytes: &[u8]) -> Result<usize> {
        let stream = self.pool.get_mut(held.0).and_then(|conn| conn.stream()).ok_or_else(gone)?;
        stream.send(bytes).map_err(|error| failed(&error, Code::SendError))
    }

    /// The socket of a held connection, as long as it is open.
    pub fn raw_socket(&mut self, held: Held) -> Option<RawFd> {
        Some(self.pool.get_mut(held.0)?.stream()?.fd())
    }

    /// Closes a held connection.
    pub fn close_raw(&mut self, held: Held) {
        self.close(held.0);
    }

    /// The connection is up and that was all that was asked for: it stays with the handle.
    pub(crate) fn hold(&mut self, id: TransferId) {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        let Some(conn_id) = transfer.conn.take() else { return };
        conn.transfer = None;
        conn.held = true;
        transfer.held_conn = Some(Held(conn_id));
        if let Some(stream) = conn.stream() {
            // The application may wait for the peer to speak.
            let _ = stream.flush();
            core.interest.set(
                stream.fd(),
                crate::interest::SocketOwner::Conn(conn_id),
                None,
                crate::interest::Want::NONE,
            );
        }
        self.finish(id, Ok(()));
    }
}

impl Transfer {
    /// The connection that the last transfer left to the application.
    pub fn held(&self) -> Option<Held> {
        self.held_conn
    }
}

fn gone() -> Error {
    Error::new(Code::UnsupportedProtocol, "Failed to get recent socket")
}

fn failed(error: &io::Error, code: Code) -> Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => Code::Again.into(),
        _ => stream_error(error, code),
    }
}
