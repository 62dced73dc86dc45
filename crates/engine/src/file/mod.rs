//! `file://`: local files, read and written piece by piece, with other transfers in between.
//!
//! ```text
//!   open -> Heading (lines, told one by one) -> Reading | Listing -> done
//!        -> Writing (pieces of the application) -> done
//! ```

mod read;
mod write;

pub(crate) use read::wanted_range;

use std::ffi::OsStr;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use tress_model::escape::{Refuse, unescape_strict};
use tress_model::{Code, Error, Result};
use tress_net::LocalFile;

use crate::TransferId;
use crate::interest::{SocketOwner, Want};
use crate::multi::{Flow, Multi};
use crate::options::Method;
use crate::transfer::{State, Transfer};

/// A file that a transfer reads or writes.
pub(crate) struct Local {
    file: LocalFile,
    path: PathBuf,
    step: Step,
    /// Lines of the head that were not told, one after the other.
    lines: Vec<u8>,
    /// The descriptor is a pipe or a device, and was watched.
    watched: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Heading,
    /// Bytes still wanted; none: up to the end.
    Reading(Option<u64>),
    /// Bytes of the application to leave out, which the file has already.
    Writing(u64),
    Ended,
}

impl Multi {
    /// Opens the file of a transfer that needs no connection.
    pub(crate) fn open_file(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let since = transfer.since_start(core.now);
        let times = &mut transfer.infos.times;
        (times.pretransfer, times.starttransfer) = (since, since);
        let path = transfer.plan()?.url.path();
        let Some(decoded) = unescape_strict(path, Refuse::Zero) else {
            return Err(Code::UrlMalformat.into());
        };
        let path = PathBuf::from(OsStr::from_bytes(&decoded));
        let local = match transfer.options.method {
            Method::Put => write::open(transfer, path)?,
            _ => read::open(transfer, path)?,
        };
        transfer.local = Some(Box::new(local));
        transfer.state = State::File;
        Ok(Flow::Again)
    }

    /// Moves a file on by a few pieces.
    pub(crate) fn move_file(&mut self, id: TransferId) -> Result<Flow> {
        while !self.core.turn.is_over() {
            if let Some(flow) = self.deliver_held(id) {
                return Ok(flow);
            }
            let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
            let Some(local) = transfer.local.as_deref() else { return Ok(Flow::Wait) };
            let paused = transfer.paused;
            let (reads, writes) =
                (transfer.progress.may_receive(core.now), transfer.progress.may_send(core.now));
            let flow = match local.step {
                Step::Heading if !paused.receive => self.tell_head(id)?,
                Step::Reading(left) if reads && !paused.receive => self.read_file(id, left)?,
                Step::Writing(skip) if writes => self.write_file(id, skip)?,
                Step::Ended => return self.file_done(id),
                Step::Heading | Step::Reading(_) | Step::Writing(_) => return Ok(Flow::Wait),
            };
            if flow != Flow::Again {
                return Ok(flow);
            }
        }
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
        core.mark_dirty(id, transfer);
        Ok(Flow::Wait)
    }

    fn file_done(&mut self, id: TransferId) -> Result<Flow> {
        if self.ask_progress(id) {
            return Ok(Flow::Asked);
        }
        self.finish(id, Ok(()));
        Ok(Flow::Wait)
    }

    /// A pipe or a device is not ready: the event loop tells when it is.
    fn watch_file(&mut self, id: TransferId, want: Want) -> Flow {
        let Some((transfer, _, core)) = self.parts(id) else { return Flow::Wait };
        if let Some(local) = transfer.local.as_deref_mut() {
            local.watched = true;
            core.interest.set(local.file.fd(), SocketOwner::File(id), Some(id), want);
        }
        Flow::Wait
    }

    /// Closes a transfer's file, after the application was told to forget it.
    pub(crate) fn close_file(&mut self, id: TransferId) {
        let Some(transfer) = self.transfers.get_mut(id) else { return };
        let Some(local) = transfer.local.take() else { return };
        if local.watched {
            let fd = local.file.fd();
            self.forget_socket(fd);
            // Told first, closed then.
            let fd = local.file.into_fd();
            self.core.outbox.push_back(crate::multi::Out::DropFd(fd));
        }
    }
}

impl Local {
    fn new(file: LocalFile, path: PathBuf, step: Step) -> Self {
        Self { file, path, step, lines: Vec::new(), watched: false }
    }

    /// The descriptor, if the event loop was asked to watch it.
    pub(crate) fn watched_fd(&self) -> Option<RawFd> {
        self.watched.then(|| self.file.fd())
    }
}

/// A path as it stands in error messages.
fn shown(path: &Path) -> String {
    String::from_utf8_lossy(path.as_os_str().as_bytes()).into_owned()
}

/// The error of a file that cannot be read from the offset wanted.
fn bad_resume(text: &'static str) -> Error {
    Error::new(Code::BadDownloadResume, text)
}

impl Transfer {
    /// Is its file a pipe or device that the event loop watches?
    pub(crate) fn watched_file(&self) -> Option<RawFd> {
        self.local.as_deref()?.watched_fd()
    }
}
