//! Taking TLS off the control connection again (CCC, RFC 4217 section 12.3).

use tress_model::{Code, Error, Result};
use tress_net::{Shutdown, Stream};

use crate::TransferId;
use crate::conn::Stage;
use crate::interest::{SocketOwner, Want};
use crate::multi::{Flow, Multi};

impl Multi {
    /// Begins to take TLS off.
    pub(super) fn stop_tls(&mut self, id: TransferId) -> Result<Flow> {
        let Some((_, Some(conn), _)) = self.parts(id) else { return Ok(Flow::Wait) };
        if let Stage::Open(mut stream) = std::mem::replace(&mut conn.stage, Stage::Slot) {
            stream.start_shutdown();
            conn.stage = Stage::Clearing(stream);
        }
        Ok(Flow::Again)
    }

    /// Says goodbye to the TLS layer, and waits for the server's.
    pub(crate) fn clear(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(owner) = transfer.conn.map(SocketOwner::Conn) else { return Ok(Flow::Wait) };
        let Stage::Clearing(stream) = &mut conn.stage else { return Ok(Flow::Wait) };
        let failed = |_| Error::new(Code::SslShutdownFailed, "Failed to clear the command channel");
        if let Shutdown::Wait(want) = stream.shutdown().map_err(failed)? {
            core.interest.set(stream.fd(), owner, Some(id), Want::from(want));
            return Ok(Flow::Wait);
        }
        if let Stage::Clearing(stream) = std::mem::replace(&mut conn.stage, Stage::Slot) {
            conn.stage = Stage::Open(Stream::tcp(stream.into_fd()));
        }
        conn.writable = true;
        if let Some(ftp) = conn.conversation.as_deref_mut().and_then(|it| it.machine.ftp()) {
            ftp.tls_stopped();
        }
        Ok(Flow::Again)
    }
}
