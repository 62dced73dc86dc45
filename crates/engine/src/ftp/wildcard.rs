//! Many files by a pattern (`CURLOPT_WILDCARDMATCH`): the directory is listed, names that match
//! are fetched one after the other.
//!
//! ```text
//!   Listing -> Matching (each name, maybe by the application)
//!           -> Choosing (the application may skip) -> Transferring -> Choosing ... -> done
//! ```

use std::collections::VecDeque;

use tress_model::{Code, Error, Result};
use tress_proto::ftp::Request;
use tress_proto::ftp::fnmatch;
use tress_proto::ftp::listing::{FileInfo, FileType, Listing};

use crate::TransferId;
use crate::effect::{ChunkBegun, Effect};
use crate::multi::{Flow, Multi};
use crate::options::Hooks;
use crate::transfer::Transfer;

/// Files of a listing that are kept at most.
const MAX_FILES: usize = 100_000;

/// How far the files of a pattern are.
pub(crate) struct Wildcard {
    directory: Vec<u8>,
    pattern: Vec<u8>,
    listing: Listing,
    /// What the listing has, in its order.
    listed: Vec<FileInfo>,
    matched: VecDeque<FileInfo>,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Listing,
    /// The name at this place is looked at.
    Matching(usize),
    /// The first of those that matched may be wanted.
    Choosing,
    /// The application has said of it that it is.
    Wanted,
    Transferring,
}

impl Wildcard {
    /// The wildcard of a path, if its last part is a pattern; the request becomes that of its
    /// directory.
    pub(super) fn of(request: &mut Request) -> Option<Box<Self>> {
        let name = request.path.iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1);
        let pattern = request.path.split_off(name);
        if pattern.is_empty() || request.upload {
            request.path.extend_from_slice(&pattern);
            return None;
        }
        Some(Box::new(Self {
            directory: request.path.clone(),
            pattern,
            listing: Listing::default(),
            listed: Vec::new(),
            matched: VecDeque::new(),
            step: Step::Listing,
        }))
    }

    /// Takes bytes of the listing. False: they are of a file.
    ///
    /// # Errors
    /// `FtpBadFileList` for what is no listing, or a longer one than is taken.
    pub(super) fn take_listing(&mut self, bytes: &[u8]) -> Result<bool> {
        if self.step != Step::Listing {
            return Ok(false);
        }
        self.listing.parse(bytes, &mut self.listed)?;
        match self.listed.len() <= MAX_FILES {
            true => Ok(true),
            false => Err(Error::new(Code::FtpBadFileList, "Too many files in the listing")),
        }
    }

    fn waits_for_decision(&self) -> bool {
        matches!(self.step, Step::Matching(_) | Step::Choosing | Step::Wanted)
    }

    /// Is the name at `at` wanted? It is the next one's turn then.
    fn matched(&mut self, at: usize, matches: bool) {
        self.step = Step::Matching(at + 1);
        let Some(file) = self.listed.get(at) else { return };
        // A link whose name cannot be told from its target is left out.
        let target = file.target.as_deref().unwrap_or_default();
        if matches && !target.windows(4).any(|four| four == b" -> ") {
            self.matched.push_back(file.clone());
        }
    }
}

impl Transfer {
    /// Is the next file of a pattern to be decided on?
    pub(super) fn has_wildcard_to_decide(&self) -> bool {
        self.wildcard.as_deref().is_some_and(Wildcard::waits_for_decision)
    }

    /// The application was asked whether a name matches.
    pub(crate) fn name_matched(&mut self, matches: bool) {
        if let Some(wildcard) = self.wildcard.as_deref_mut()
            && let Step::Matching(at) = wildcard.step
        {
            wildcard.matched(at, matches);
        }
    }

    /// The application was told of a file that is about to be fetched.
    ///
    /// # Errors
    /// `ChunkFailed` when it does not want to go on.
    pub(crate) fn chunk_begun(&mut self, answer: ChunkBegun) -> Result<()> {
        let Some(wildcard) = self.wildcard.as_deref_mut() else { return Ok(()) };
        match answer {
            ChunkBegun::Fetch => wildcard.step = Step::Wanted,
            ChunkBegun::Skip => {
                wildcard.step = Step::Wanted;
                if let Some(file) = wildcard.matched.front_mut() {
                    // Only files are fetched.
                    file.kind = FileType::Directory;
                }
            }
            ChunkBegun::Fail => return Err(Error::from(Code::ChunkFailed)),
        }
        Ok(())
    }
}

impl Multi {
    /// Goes on with the files of a pattern, between two requests. None: there are no more.
    ///
    /// # Errors
    /// `RemoteFileNotFound` when nothing matches.
    pub(crate) fn next_of_wildcard(&mut self, id: TransferId) -> Result<Option<Flow>> {
        loop {
            let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(None) };
            let hooks = transfer.options.hooks;
            let Some(wildcard) = transfer.wildcard.as_deref_mut() else { return Ok(None) };
            match wildcard.step {
                Step::Listing => wildcard.step = Step::Matching(0),
                Step::Matching(at) => match wildcard.listed.get(at) {
                    Some(file) if hooks.contains(Hooks::FNMATCH) => {
                        let (pattern, name) = (wildcard.pattern.clone(), file.name.clone());
                        let question = Effect::FnMatch { transfer: id, pattern, name };
                        return Ok(Some(core.ask(id, question)));
                    }
                    Some(file) => {
                        let matches = fnmatch::matches(&wildcard.pattern, &file.name);
                        wildcard.matched(at, matches);
                    }
                    None if wildcard.matched.is_empty() => {
                        return Err(Error::from(Code::RemoteFileNotFound));
                    }
                    None => {
                        wildcard.listed = Vec::new();
                        wildcard.step = Step::Choosing;
                    }
                },
                Step::Choosing => match wildcard.matched.front() {
                    Some(file) if hooks.contains(Hooks::CHUNK_BGN) => {
                        let (file, remains) = (Box::new(file.clone()), wildcard.matched.len());
                        let question = Effect::ChunkBegin { transfer: id, file, remains };
                        return Ok(Some(core.ask(id, question)));
                    }
                    Some(_) => wildcard.step = Step::Wanted,
                    None => {
                        transfer.wildcard = None;
                        return Ok(None);
                    }
                },
                Step::Wanted => {
                    wildcard.step = Step::Transferring;
                    let Some(file) = wildcard.matched.front().cloned() else { continue };
                    if file.kind != FileType::File {
                        continue;
                    }
                    let path = [&wildcard.directory[..], &file.name].concat();
                    let request =
                        Request { path, known_size: file.size, ..super::request(transfer)? };
                    transfer.infos.download_length = None;
                    let ftp = conn.conversation.as_deref_mut().and_then(|it| it.machine.ftp());
                    if let Some(ftp) = ftp {
                        ftp.perform(request)?;
                    }
                    return Ok(Some(Flow::Again));
                }
                Step::Transferring => {
                    wildcard.matched.pop_front();
                    wildcard.step = Step::Choosing;
                    if hooks.contains(Hooks::CHUNK_END) {
                        core.tell(Effect::ChunkEnd { transfer: id });
                    }
                }
            }
        }
    }
}
