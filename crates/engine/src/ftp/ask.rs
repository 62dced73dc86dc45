//! What FTP's machine asks its owner for.

use tress_model::Result;
use tress_proto::ftp::Ask;

use crate::TransferId;
use crate::effect::{Delivery, Effect};
use crate::multi::{Flow, Multi};
use crate::options::Hooks;

impl Multi {
    /// Does what is asked for; the flow, where the conversation goes on elsewhere.
    pub(crate) fn ftp_asks(&mut self, id: TransferId, ask: Ask) -> Result<Option<Flow>> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(None) };
        match ask {
            Ask::OpenData { host, port } => return self.open_data(id, host, port).map(Some),
            Ask::Listen => return self.listen_for_data(id),
            Ask::StopTls => return self.stop_tls(id).map(Some),
            Ask::Header(line) => {
                let wanted = transfer.options.hooks.contains(Hooks::HEADER);
                transfer.infos.header_size += line.len() as u64;
                let buffer = line.into_bytes();
                // Told as a header and, being what was asked for, as the body.
                if wanted {
                    self.conversation_delivers(id, Delivery::Reply, buffer.clone());
                }
                self.conversation_delivers(id, Delivery::Body, buffer);
            }
            Ask::FileTime(time) => transfer.infos.filetime = Some(time),
            Ask::ConditionUnmet => {
                transfer.infos.condition_unmet = true;
                core.info(transfer, || {
                    "The requested document does not meet the time condition".into()
                });
            }
            Ask::SkipUpload(count) => {
                transfer.exchange.body.go_on_at(count);
                return Ok(Some(core.ask(id, Effect::Seek { transfer: id, offset: count })));
            }
            Ask::EntryPath(path) => transfer.infos.ftp_entry_path = Some(path.into()),
        }
        Ok(None)
    }
}
