//! From the data connection to the end of a request.

use tress_model::{Code, Error, Result};

use super::Ask;
use super::login::{Core, State as Phase};
use super::path::FileMethod;
use super::reply;
use super::transfer::State;
use crate::pingpong::Tx;

impl Core {
    pub(super) fn list_command(&self) -> Vec<u8> {
        match &self.request.custom {
            Some(custom) => custom.clone(),
            None if self.request.list_only => b"NLST".to_vec(),
            None => b"LIST".to_vec(),
        }
    }

    pub(super) fn list(&mut self, tx: &mut Tx) {
        let command = self.list_command();
        let slash = self.request.path.iter().rposition(|&byte| byte == b'/');
        match slash.filter(|_| self.request.method == FileMethod::NoCwd) {
            // The directory was not gone to: it is the argument.
            Some(at) => {
                let argument = self.request.path.get(..at.max(1)).unwrap_or_default().to_vec();
                self.send(&[&command, b" ", &argument], State::List, tx);
            }
            None => self.send(&[&command], State::List, tx),
        }
    }

    /// The size of a reply to SIZE, where it is one.
    pub(super) fn size_reply(&self, text: &[u8], tolerant: bool) -> Result<Option<u64>> {
        match self.code {
            213 => Ok(reply::size(text)),
            550 if !tolerant => {
                Err(Error::new(Code::RemoteFileNotFound, "The file does not exist"))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn info_size_reply(&mut self, text: &[u8], tx: &mut Tx) -> Result<()> {
        if let Some(size) = self.size_reply(text, false)? {
            tx.ask(Ask::Header(format!("Content-Length: {size}\r\n")));
        }
        self.send(&[b"REST 0"], State::InfoRest, tx);
        Ok(())
    }

    pub(super) fn retr(&mut self, size: Option<u64>, tx: &mut Tx) -> Result<()> {
        if let (Some(size), Some(max)) = (size, self.request.max_filesize)
            && size > max
        {
            return Err(Error::new(Code::FilesizeExceeded, "Maximum file size exceeded"));
        }
        self.progress.download_size = size;
        let from = self.progress.resume_from;
        if from == 0 {
            self.send_file(b"RETR", State::Retr, tx);
            return Ok(());
        }
        if let Some(size) = size {
            let beyond = || {
                let message = format!("Offset ({from}) was beyond file size ({size})");
                Error::new(Code::BadDownloadResume, message)
            };
            if from < 0 {
                self.progress.download_size = Some(from.unsigned_abs());
                let start = size.checked_sub(from.unsigned_abs()).ok_or_else(beyond)?;
                self.progress.resume_from = i64::try_from(start).unwrap_or(i64::MAX);
            } else {
                let left = size.checked_sub(from.unsigned_abs()).ok_or_else(beyond)?;
                self.progress.download_size = Some(left);
            }
            if self.progress.download_size == Some(0) {
                // All of it was fetched before.
                self.progress.no_transfer = true;
                return self.finish(tx);
            }
        }
        let rest = format!("REST {}", self.progress.resume_from);
        self.send(&[rest.as_bytes()], State::RetrRest, tx);
        Ok(())
    }

    /// `checked`: SIZE was asked for, and says where to go on.
    pub(super) fn stor(&mut self, checked: bool, tx: &mut Tx) -> Result<()> {
        let from = self.progress.resume_from;
        let mut append = self.request.append;
        if from < 0 && !checked {
            self.send_file(b"SIZE", State::StorSize, tx);
            return Ok(());
        }
        if from > 0 {
            append = true;
            tx.ask(Ask::SkipUpload(from.unsigned_abs()));
            if let Some(size) = self.progress.upload_size.filter(|&size| size > 0) {
                let left = size.saturating_sub(from.unsigned_abs());
                self.progress.upload_size = Some(left);
                if left == 0 {
                    // All of it was sent before.
                    self.progress.no_transfer = true;
                    return self.finish(tx);
                }
            }
        }
        self.send_file(if append { b"APPE" } else { b"STOR" }, State::Stor, tx);
        Ok(())
    }

    pub(super) fn get_reply(&mut self, listing: bool, text: &[u8], tx: &mut Tx) -> Result<()> {
        match self.code {
            125 | 150 => {}
            450 if listing => {
                // Nothing matches: an empty listing.
                self.progress.no_transfer = true;
                return self.finish(tx);
            }
            code => {
                let missing = !listing && code == 550;
                let kind =
                    if missing { Code::RemoteFileNotFound } else { Code::FtpCouldntRetrFile };
                return Err(Error::new(kind, format!("RETR response: {code:03}")));
            }
        }
        let request = &self.request;
        let known = self.progress.download_size.filter(|&size| size > 0);
        let mut size = known;
        if !listing && !request.ascii && !request.ignore_size && known.is_none() {
            // Some servers tell a size of 0 for binary files, and the right one here.
            size = reply::announced_size(text);
        }
        if let Some(max) = request.max_download
            && size.is_some_and(|size| size > max && max > 0)
        {
            size = Some(max);
        } else if !listing && request.ascii {
            size = None;
        }
        self.progress.expected = size;
        tx.download(size);
        self.go(State::Data { accepting: self.request.active, replied: false });
        Ok(())
    }

    pub(super) fn stor_reply(&mut self, tx: &mut Tx) -> Result<()> {
        if self.code >= 400 {
            let message = format!("Failed FTP upload: {}", self.code);
            return Err(Error::new(Code::UploadFailed, message));
        }
        tx.upload();
        self.go(State::Data { accepting: self.request.active, replied: false });
        Ok(())
    }

    pub(super) fn is_accepting(&self) -> bool {
        matches!(self.state, Phase::Transfer(State::Data { accepting: true, .. }))
    }

    pub fn accepted(&mut self) {
        if let Phase::Transfer(State::Data { replied, .. }) = self.state {
            self.go(State::Data { accepting: false, replied });
        }
    }

    /// A reply while data moves: the final one, early, or a failed connection.
    pub(super) fn data_reply(&mut self, accepting: bool) -> Result<()> {
        if accepting && self.code != 226 {
            let refused = self.code / 100 > 3;
            let code = if refused { Code::FtpAcceptFailed } else { Code::WeirdServerReply };
            return Err(Error::from(code));
        }
        self.go(State::Data { accepting, replied: true });
        Ok(())
    }

    pub fn transferred(&mut self, bytes: u64, tx: &mut Tx) {
        let Phase::Transfer(State::Data { replied, .. }) = self.state else { return };
        self.progress.moved = bytes;
        self.go(State::Final);
        if self.request.max_download.is_some_and(|max| max > 0) && !self.request.upload {
            // More was asked for than is wanted.
            self.progress.aborted = true;
            tx.command(&[b"ABOR"]);
        } else if replied && let Err(error) = self.final_reply(tx) {
            tx.fail(error);
        }
    }

    pub(super) fn final_reply(&mut self, tx: &mut Tx) -> Result<()> {
        match self.code {
            _ if self.progress.aborted || self.request.max_download.is_some() => {}
            226 | 250 => {}
            552 => return Err(Error::new(Code::RemoteDiskFull, "Exceeded storage allocation")),
            code => {
                let message = format!("server did not report OK, got {code}");
                return Err(Error::new(Code::PartialFile, message));
            }
        }
        self.check_size()?;
        self.finish(tx)
    }

    fn check_size(&self) -> Result<()> {
        let moved = self.progress.moved;
        if self.request.upload {
            let converts = self.request.converts_lines || self.request.ascii;
            return match self.progress.upload_size {
                Some(size) if (size != moved && !converts) || size > moved => {
                    let message =
                        format!("Uploaded unaligned file size ({moved} out of {size} bytes)");
                    Err(Error::new(Code::PartialFile, message))
                }
                _ => Ok(()),
            };
        }
        match self.progress.expected {
            Some(size) if size != moved && self.request.max_download != Some(moved) => {
                let message = format!("Received only partial file: {moved} bytes");
                Err(Error::new(Code::PartialFile, message))
            }
            _ => Ok(()),
        }
    }

    /// The transfer is over: POSTQUOTE, then the end.
    pub(super) fn finish(&mut self, tx: &mut Tx) -> Result<()> {
        self.progress.at = 0;
        self.next_command(State::Postquote, tx)
    }
}
