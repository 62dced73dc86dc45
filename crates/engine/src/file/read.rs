//! Reading: a head as HTTP would have it, then the content or the names in a directory.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use tress_model::date::http_date;
use tress_model::{Code, Error, Result};
use tress_net::LocalFile;

use super::{Local, Step, bad_resume};
use crate::TransferId;
use crate::effect::{DebugKind, Delivery, Lent};
use crate::interest::Want;
use crate::multi::{Flow, Multi};
use crate::options::Hooks;
use crate::transfer::Transfer;

/// Opens a file or directory to read.
pub(super) fn open(transfer: &mut Transfer, path: PathBuf) -> Result<Local> {
    let shown = |transfer: &Transfer| -> Result<String> {
        Ok(String::from_utf8_lossy(transfer.plan()?.url.path()).into_owned())
    };
    let Ok(file) = LocalFile::open(&path) else {
        let text = format!("Could not open file {}", shown(transfer)?);
        return Err(Error::new(Code::FileCouldntReadFile, text));
    };
    let modified = file.modified().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let modified = modified.map_or(0, |since| since.as_secs() as i64);
    transfer.exchange.document_time = Some(modified);
    transfer.infos.filetime = Some(modified);
    let mut local = Local::new(file, path, Step::Heading);
    if !transfer.meets_time_condition() {
        transfer.infos.condition_unmet = true;
        local.step = Step::Ended;
        return Ok(local);
    }
    if !local.file.is_dir() {
        let size = local.file.size();
        local.lines = format!("Content-Length: {size}\r\nAccept-ranges: bytes\r\n").into_bytes();
        transfer.infos.download_length = Some(size);
    }
    local.lines.extend_from_slice(b"Last-Modified: ");
    local.lines.extend_from_slice(http_date(modified).as_bytes());
    local.lines.extend_from_slice(b"\r\n\r\n");
    Ok(local)
}

impl Multi {
    /// Tells the next line of the head; after the last one the content begins.
    pub(super) fn tell_head(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let wanted = transfer.options.hooks.contains(Hooks::HEADER) || transfer.options.header;
        let Some(local) = transfer.local.as_deref_mut() else { return Ok(Flow::Wait) };
        if !wanted || local.lines.is_empty() {
            local.lines = Vec::new();
            let step = transfer.first_piece()?;
            if let Some(local) = transfer.local.as_deref_mut() {
                local.step = step;
            }
            return Ok(Flow::Again);
        }
        let end =
            local.lines.iter().position(|&b| b == b'\n').map_or(local.lines.len(), |at| at + 1);
        let buffer: Vec<u8> = local.lines.drain(..end).collect();
        let bytes = Lent::spare(buffer);
        Ok(core.deliver(id, Delivery::Header, bytes))
    }

    /// Reads a piece and delivers it.
    pub(super) fn read_file(&mut self, id: TransferId, left: Option<u64>) -> Result<Flow> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
        if transfer.exchange.oversize {
            return Err(transfer.oversize());
        }
        let Some(local) = transfer.local.as_deref_mut() else { return Ok(Flow::Wait) };
        if local.file.is_dir() {
            return self.list_directory(id);
        }
        let room = core.input.room(transfer.options.buffersize as usize);
        let room = transfer.progress.limited(room, &transfer.options);
        let most = left.and_then(|left| usize::try_from(left).ok()).unwrap_or(room.len());
        let most = most.min(room.len());
        let count = match local.file.read(&mut room[..most]) {
            Ok(count) => core.turn.spend(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Ok(self.watch_file(id, Want::IN));
            }
            // libcurl takes an error for the end.
            Err(_) => 0,
        };
        if count == 0 {
            local.step = Step::Ended;
            return Ok(Flow::Again);
        }
        local.step = Step::Reading(left.map(|left| left.saturating_sub(count as u64)));
        transfer.progress.received(count, &transfer.options, core.now);
        let count = transfer.take_within_size(count);
        if count == 0 {
            return Err(transfer.oversize());
        }
        if transfer.options.verbose {
            let bytes = core.input.bytes(0..count).to_vec();
            core.debug(transfer, DebugKind::DataIn, &bytes);
        }
        let bytes = core.input.lend(0..count);
        Ok(core.deliver(id, Delivery::Body, bytes))
    }

    /// The names in a directory, a line each, without those that start with a dot.
    fn list_directory(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(local) = transfer.local.as_deref_mut() else { return Ok(Flow::Wait) };
        local.step = Step::Ended;
        let names = LocalFile::list(&local.path).map_err(|_| Error::from(Code::ReadError))?;
        let mut buffer = Vec::new();
        for name in names {
            buffer.extend_from_slice(&name);
            buffer.push(b'\n');
        }
        if buffer.is_empty() {
            return Ok(Flow::Again);
        }
        transfer.infos.downloaded = buffer.len() as u64;
        let bytes = Lent::spare(buffer);
        Ok(core.deliver(id, Delivery::Body, bytes))
    }
}

impl Transfer {
    /// Goes to where the content is wanted from.
    fn first_piece(&mut self) -> Result<Step> {
        let Some(local) = self.local.as_deref_mut() else { return Ok(Step::Ended) };
        if self.options.nobody {
            return Ok(Step::Ended);
        }
        let (from, mut wanted) = wanted_range(&self.options)?;
        let from = match from {
            from if from < 0 => from.saturating_add_unsigned(local.file.size()),
            from => from,
        };
        let mut left = (!local.file.is_dir()).then(|| local.file.size());
        if from != 0 {
            let Ok(from) = u64::try_from(from) else {
                return Err(bad_resume("failed to resume file:// transfer"));
            };
            left = left.and_then(|size| size.checked_sub(from));
            if left.is_none() || local.file.seek(from).is_err() {
                return Err(bad_resume("failed to resume file:// transfer"));
            }
        }
        if local.file.is_dir() {
            return Ok(Step::Reading(None));
        }
        wanted = wanted.or(left).filter(|wanted| *wanted > 0);
        // Nothing known to be left: a pipe, a device, or a file that grows.
        if let Some(wanted) = wanted {
            self.infos.download_length = Some(wanted);
        }
        Ok(Step::Reading(wanted))
    }
}

/// Where to begin, counted from the end if negative, and how many bytes to take.
pub(crate) fn wanted_range(options: &crate::options::Options) -> Result<(i64, Option<u64>)> {
    let range = match (options.resume_from, options.http().range.as_deref()) {
        (0, None) => return Ok((0, None)),
        (0, Some(range)) => range,
        (from, _) => return Ok((from, (from < 0).then(|| from.unsigned_abs()))),
    };
    let refused = || Error::from(Code::RangeError);
    let text = std::str::from_utf8(range).map_err(|_| refused())?;
    let (first, rest) = text.split_once('-').ok_or_else(refused)?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let number = |text: &str| (!text.is_empty()).then(|| text.parse::<i64>().ok());
    match (number(first), number(&rest[..digits])) {
        (Some(Some(first)), None) => Ok((first, None)),
        (None, Some(Some(last))) if last > 0 => Ok((-last, Some(last.unsigned_abs()))),
        (Some(Some(first)), Some(Some(last))) if first <= last => {
            Ok((first, Some((last - first) as u64 + 1)))
        }
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;

    fn range(text: &str) -> Option<(i64, Option<u64>)> {
        let mut options = Options::default();
        options.http_mut().range = Some(text.as_bytes().into());
        wanted_range(&options).ok()
    }

    #[test]
    fn ranges() {
        assert_eq!(range("3-"), Some((3, None)));
        assert_eq!(range("2-4"), Some((2, Some(3))));
        assert_eq!(range("-5"), Some((-5, Some(5))));
        assert_eq!(range("-0"), None);
        assert_eq!(range("4-2"), None);
        assert_eq!(range("x"), None);
        let resumed = Options { resume_from: -7, ..Options::default() };
        assert_eq!(wanted_range(&resumed).unwrap(), (-7, Some(7)));
    }
}
