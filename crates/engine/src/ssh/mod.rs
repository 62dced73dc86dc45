//! SCP and SFTP: what settings and URL mean to their machine, and what it asks for besides.
//!
//! ```text
//!   Layer::Login: prepare: a worker reads key and known_hosts
//!                 -> Ask::HostKey -> host_key: fingerprints, the application, known_hosts
//!                 -> the user's login -> Ready
//!   Event::Upload -> moving: the application's bytes, as far as the machine takes them
//! ```

mod host_key;
mod moving;
mod prepare;
mod settings;

pub(crate) use host_key::HostCheck;
pub(crate) use prepare::Prepared;
pub(crate) use settings::{push_identity, request};

use tress_model::Result;
use tress_proto::ssh::Ask;

use crate::TransferId;
use crate::effect::Effect;
use crate::multi::{Flow, Multi};

impl Multi {
    /// Does what is asked for; the flow, where the conversation goes on elsewhere.
    pub(crate) fn ssh_asks(&mut self, id: TransferId, ask: Ask) -> Result<Option<Flow>> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(None) };
        match ask {
            Ask::HostKey(key) => return self.check_host_key(id, key),
            Ask::Note(text) => core.info(transfer, || text),
            Ask::EntryPath(path) => transfer.infos.ftp_entry_path = Some(path.into()),
            Ask::FileTime(time) => transfer.infos.filetime = Some(time),
            Ask::Resume(offset) => {
                transfer.exchange.body.go_on_at(offset);
                transfer.infos.upload_length = transfer.exchange.body.left();
                return Ok(Some(core.ask(id, Effect::Seek { transfer: id, offset })));
            }
        }
        Ok(None)
    }
}
