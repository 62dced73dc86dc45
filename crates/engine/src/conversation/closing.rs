//! Taking leave: QUIT is sent, and its reply awaited for a little while, by nobody.

use tress_net::Stream;

use crate::conn::{Conn, ConnId, Stage};
use crate::interest::{SocketOwner, Want};
use crate::multi::Multi;
use crate::timers::Owner;

impl Conn {
    /// Takes leave of the peer, as far as that goes without waiting. True: a reply may come.
    pub(crate) fn take_leave(&mut self, stream: &mut Stream) -> bool {
        let Some(conversation) = self.conversation.as_deref_mut() else { return false };
        // What was left to the application is its own to end.
        if !conversation.in_order || !conversation.ready || self.held {
            self.conversation = None;
            return false;
        }
        conversation.machine.quit();
        matches!(stream.send(conversation.machine.output()), Ok(count) if count > 0)
    }
}

impl Multi {
    /// Waits for the reply to QUIT, with a deadline.
    pub(crate) fn await_leave(&mut self, id: ConnId, stream: Stream) {
        let deadline = self.core.now + crate::multi::SHUTDOWN_TIMEOUT;
        self.core.interest.set(stream.fd(), SocketOwner::Conn(id), None, Want::IN);
        self.core.timers.set(Owner::Conn(id), Some(deadline));
        if let Some(conn) = self.pool.get_mut(id) {
            conn.stage = Stage::Closing(stream);
        }
    }
}
