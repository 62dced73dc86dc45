//! Writing: what the application uploads becomes the file's content.

use std::io::ErrorKind;
use std::path::PathBuf;

use tress_model::{Code, Error, Result};
use tress_net::LocalFile;

use super::{Local, Step, shown};
use crate::TransferId;
use crate::interest::Want;
use crate::multi::{Flow, Multi};
use crate::transfer::Transfer;

/// Opens a file to be written, anew or, with a resume offset, at its end.
pub(super) fn open(transfer: &mut Transfer, path: PathBuf) -> Result<Local> {
    if path.as_os_str().len() < 2 {
        return Err(Error::from(Code::FileCouldntReadFile));
    }
    let options = transfer.options.clone();
    let resume = options.resume_from;
    let Ok(file) = LocalFile::create(&path, resume != 0, options.ftp().new_file_perms) else {
        let text = format!("cannot open {} for writing", shown(&path));
        return Err(Error::new(Code::WriteError, text));
    };
    let length = options.body.length();
    transfer.infos.upload_length = length;
    transfer.exchange.begin_upload(&options, length);
    let skip = u64::try_from(resume).unwrap_or(file.size());
    Ok(Local::new(file, path, Step::Writing(skip)))
}

impl Multi {
    /// Writes the piece that the application has supplied, or asks for the next one.
    pub(super) fn write_file(&mut self, id: TransferId, skip: u64) -> Result<Flow> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(local) = transfer.local.as_deref_mut() else { return Ok(Flow::Wait) };
        let piece = transfer.exchange.piece();
        if piece.is_empty() {
            if transfer.exchange.upload_ended() {
                local.step = Step::Ended;
                return Ok(Flow::Again);
            }
            if self.refill(id)? {
                return Ok(Flow::Again);
            }
            return Ok(if self.core.asked.is_some() { Flow::Asked } else { Flow::Wait });
        }
        let left_out = usize::try_from(skip).unwrap_or(usize::MAX).min(piece.len());
        let fresh = piece.get(left_out..).unwrap_or_default();
        let written = match fresh {
            [] => 0,
            fresh => match local.file.write(fresh) {
                Ok(count) if count > 0 => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(self.watch_file(id, Want::OUT));
                }
                Ok(_) | Err(_) => return Err(Error::from(Code::SendError)),
            },
        };
        local.step = Step::Writing(skip - left_out as u64);
        transfer.exchange.piece_sent(left_out + written);
        transfer.progress.sent(core.turn.spend(written), &transfer.options, core.now);
        Ok(Flow::Again)
    }
}
