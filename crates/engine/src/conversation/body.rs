//! Bodies of conversations: FTP's go over a connection of their own, those of mail over the same.

use tress_model::Result;

use super::{Dialect, Machine};
use crate::TransferId;
use crate::ftp::Direction;
use crate::mail::Outgoing;
use crate::multi::{Flow, Multi};

impl Multi {
    /// A body of this size comes now.
    pub(super) fn begin_download(&mut self, id: TransferId, size: Option<u64>) -> Result<()> {
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return Ok(()) };
        transfer.infos.download_length = size;
        match conn.destination.dialect {
            Some(Dialect::Ftp) => self.begin_data(id, Direction::Download),
            Some(Dialect::Smtp | Dialect::Imap | Dialect::Pop3 | Dialect::Ssh) | None => Ok(()),
        }
    }

    /// The body of the request goes out now.
    pub(super) fn begin_upload(&mut self, id: TransferId) -> Result<()> {
        let Some((_, Some(conn), _)) = self.parts(id) else { return Ok(()) };
        match conn.destination.dialect {
            Some(Dialect::Ftp) => self.begin_data(id, Direction::Upload),
            Some(Dialect::Ssh) => {
                if let Some(conversation) = conn.conversation.as_deref_mut() {
                    conversation.uploads = true;
                }
                Ok(())
            }
            Some(dialect) => {
                if let Some(conversation) = conn.conversation.as_deref_mut() {
                    conversation.outgoing = Some(Outgoing::new(dialect));
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Moves the body, in whichever direction it goes.
    pub(super) fn move_body(&mut self, id: TransferId) -> Result<Flow> {
        let Some((_, Some(conn), _)) = self.parts(id) else { return Ok(Flow::Wait) };
        match conn.conversation.as_deref().map(|conversation| &conversation.machine) {
            Some(Machine::Ftp(_)) => self.move_data(id),
            Some(Machine::Ssh(_)) => self.send_by_ssh(id),
            Some(_) => self.send_mail(id),
            None => Ok(Flow::Wait),
        }
    }
}
