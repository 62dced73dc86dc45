//! SFTP, version 3 (draft-ietf-secsh-filexfer-02): one request of the transfer at a time.
//!
//! ```text
//! begin -> Version -> Home: ready
//! perform -> quote commands -> stat -> open -> read or write, many in flight -> close
//!         -> postquote commands -> done
//! ```

mod download;
mod message;
mod quote;
mod upload;

use std::collections::VecDeque;

use tress_model::{Code, Error, Result};

use self::download::Download;
use self::message::{Attributes, Reply, Status};
use self::quote::{Action, Change, Command};
use self::upload::Upload;
use super::wire::{Put, Reader, ssh_error};
use super::{Out, Request};

/// Requests for data, or with data, that are in flight at most.
const MAX_IN_FLIGHT: usize = 64;

/// Bytes of each of them.
pub(crate) const CHUNK: usize = 32 * 1024;

/// The longest path that a server may name.
pub(crate) const MAX_PATH: usize = 64 * 1024;

/// The whole of what is said over the channel.
#[derive(Default)]
pub(crate) struct Sftp {
    input: Vec<u8>,
    /// Bytes for the channel.
    pub(crate) out: Vec<u8>,
    pub(crate) events: VecDeque<Out>,
    next_id: u32,
    /// The request whose answer is awaited, where it is a single one.
    awaited: u32,
    home: Vec<u8>,
    step: Step,
    request: Request,
    /// The path of the request on the server.
    path: Vec<u8>,
    /// The file or directory that is open.
    handle: Option<Vec<u8>>,
    resume_from: u64,
    /// A second try, after directories were made.
    made_dirs: bool,
}

/// Which answer is awaited.
#[derive(Default)]
enum Step {
    #[default]
    Version,
    Home,
    /// No request.
    Idle,
    /// A command's answer, or first what is known of its file.
    Quote(Commands, Command, bool),
    FileTime,
    /// What is on the server already, of an upload that goes on.
    Resume,
    OpenForUpload,
    /// A directory was made: so many bytes of the path.
    MakeDirs(usize),
    /// The owner is asked for the body.
    Upload(Upload),
    OpenForDownload,
    Size,
    Download(Download),
    OpenDir,
    ReadDir,
    /// Where a link leads to; then the rest of the names.
    ReadLink(Vec<u8>, VecDeque<Entry>),
    Close,
}

/// Which list of commands, and how far.
#[derive(Clone, Copy)]
struct Commands {
    after: bool,
    next: usize,
}

/// A name in a directory.
struct Entry {
    name: Vec<u8>,
    long: Vec<u8>,
    is_link: bool,
}

impl Sftp {
    /// The subsystem is up: which version does it speak?
    pub(crate) fn begin(&mut self) {
        self.out.put_u32(5);
        self.out.push(message::INIT);
        self.out.put_u32(3);
    }

    /// Is there no request, and nothing left of one?
    pub(crate) fn is_idle(&self) -> bool {
        self.handle.is_none() && self.out.is_empty()
    }

    /// Begins a request.
    ///
    /// # Errors
    /// `QuoteError`.
    pub(crate) fn perform(&mut self, request: Request) -> Result<()> {
        self.path = working_path(&request.path, &self.home);
        self.request = request;
        self.made_dirs = false;
        self.resume_from = 0;
        self.next_command(Commands { after: false, next: 0 })
    }

    /// Bytes of the body that may be sent now.
    pub(crate) fn upload_room(&self) -> usize {
        match &self.step {
            Step::Upload(upload) => upload.room(),
            _ => 0,
        }
    }

    /// A piece of the body, not longer than there is room for.
    pub(crate) fn upload(&mut self, bytes: &[u8]) {
        let Step::Upload(upload) = &mut self.step else { return };
        let Some(handle) = &self.handle else { return };
        let id = self.next_id;
        let mut message = start(message::WRITE, id);
        message.put_string(handle);
        message.put_u64(upload.write(id, bytes.len()));
        message.put_string(bytes);
        self.next_id = id.wrapping_add(1);
        self.out.put_string(&message);
    }

    /// The body has ended.
    pub(crate) fn upload_ended(&mut self) -> Result<()> {
        if let Step::Upload(upload) = &mut self.step {
            upload.end();
            if upload.is_over() {
                self.close_handle();
            }
        }
        Ok(())
    }

    /// Data of the channel.
    ///
    /// # Errors
    /// Everything that a request can fail with.
    pub(crate) fn receive(&mut self, data: &[u8]) -> Result<()> {
        self.input.extend_from_slice(data);
        while let Some(message) = message::take(&mut self.input)? {
            if matches!(self.step, Step::Version) {
                if message[0] != message::VERSION || Reader(&message[1..]).u32()? < 3 {
                    let text = "Failure initializing sftp session: version 3 is not spoken";
                    return Err(Error::new(Code::FailedInit, text));
                }
                self.ask_path(message::REALPATH, b".");
                self.step = Step::Home;
                continue;
            }
            let (id, reply) = Reply::parse(&message)?;
            self.answer(id, reply)?;
        }
        Ok(())
    }

    fn answer(&mut self, id: u32, reply: Reply<'_>) -> Result<()> {
        match &mut self.step {
            Step::Download(download) => {
                download.answer(id, reply, &mut self.events)?;
                return self.read_on();
            }
            Step::Upload(upload) => {
                upload.answer(id, reply)?;
                if upload.is_over() {
                    self.close_handle();
                }
                return Ok(());
            }
            _ if id != self.awaited => return Err(odd()),
            _ => {}
        }
        match std::mem::replace(&mut self.step, Step::Idle) {
            Step::Home => self.home_came(reply),
            Step::Quote(commands, command, true) => self.stat_came(commands, command, reply),
            Step::Quote(commands, command, false) => self.command_done(commands, command, reply),
            Step::FileTime => {
                if let Reply::Attributes(Attributes { times: Some((_, changed)), .. }) = reply {
                    self.events.push_back(Out::FileTime(changed.into()));
                }
                self.begin_transfer()
            }
            Step::Resume => {
                if let Reply::Attributes(attributes) = reply {
                    self.resume_from = attributes.size.unwrap_or(0);
                }
                self.open_for_upload();
                Ok(())
            }
            Step::OpenForUpload => self.upload_opened(reply),
            Step::MakeDirs(end) => self.dir_made(end, reply),
            Step::OpenForDownload => self.download_opened(reply),
            Step::Size => self.size_came(&reply),
            Step::OpenDir => match reply {
                Reply::Handle(handle) => {
                    self.handle = Some(handle.to_vec());
                    self.read_dir();
                    Ok(())
                }
                Reply::Status(status) => Err(status.error("Could not open directory for reading")),
                _ => Err(odd()),
            },
            Step::ReadDir => self.names_came(reply),
            Step::ReadLink(line, rest) => self.link_came(line, rest, reply),
            Step::Close => {
                self.handle = None;
                self.next_command(Commands { after: true, next: 0 })
            }
            Step::Version | Step::Idle | Step::Upload(_) | Step::Download(_) => Err(odd()),
        }
    }

    fn home_came(&mut self, reply: Reply<'_>) -> Result<()> {
        match reply {
            Reply::Names(mut names) => {
                let name = names.next().ok_or_else(odd)??;
                self.home = name.name[..name.name.len().min(MAX_PATH)].to_vec();
                self.events.push_back(Out::EntryPath(self.home.clone()));
                self.events.push_back(Out::Ready);
                Ok(())
            }
            Reply::Status(status) => Err(status.error("Failure initializing sftp session")),
            _ => Err(odd()),
        }
    }

    /// Begins the next command, or what follows the last one.
    fn next_command(&mut self, commands: Commands) -> Result<()> {
        let mut commands = commands;
        loop {
            let list = match commands.after {
                true => &self.request.postquote,
                false => &self.request.quote,
            };
            let Some(text) = list.get(commands.next) else { break };
            commands.next += 1;
            let command = Command::parse(text, &self.home)?;
            if command.action == Action::Pwd {
                let path = String::from_utf8_lossy(&self.path);
                let line = format!("257 \"{path}\" is current directory.\n");
                self.events.push_back(Out::Line(line.into_bytes()));
                continue;
            }
            self.send_command(commands, command);
            return Ok(());
        }
        match commands.after {
            false if self.request.file_time => {
                let path = self.path.clone();
                self.ask_path(message::STAT, &path);
                self.step = Step::FileTime;
                Ok(())
            }
            false => self.begin_transfer(),
            true => {
                self.step = Step::Idle;
                self.events.push_back(Out::Done);
                Ok(())
            }
        }
    }

    fn send_command(&mut self, commands: Commands, command: Command) {
        let mut asks_first = false;
        match &command.action {
            Action::Pwd => {}
            Action::Set(Change::Mode(mode), path) => {
                let attributes = Attributes { permissions: Some(*mode), ..Attributes::default() };
                self.set_attributes(path, attributes);
            }
            // Two values are set together: the other one is to stay.
            Action::Set(_, path) => {
                asks_first = true;
                self.ask_path(message::STAT, path);
            }
            Action::Link(target, link) => self.ask_paths(message::SYMLINK, target, link),
            Action::Rename(from, to) => self.ask_paths(message::RENAME, from, to),
            Action::Mkdir(path) => self.make_dir(path),
            Action::Rmdir(path) => self.ask_path(message::RMDIR, path),
            Action::Remove(path) => self.ask_path(message::REMOVE, path),
            Action::StatVfs(path) => {
                self.ask_paths(message::EXTENDED, b"statvfs@openssh.com", path)
            }
        }
        self.step = Step::Quote(commands, command, asks_first);
    }

    fn stat_came(&mut self, commands: Commands, command: Command, reply: Reply<'_>) -> Result<()> {
        let known = match reply {
            Reply::Attributes(known) => known,
            Reply::Status(_) if command.may_fail => Attributes::default(),
            Reply::Status(status) => {
                let text = format!("Attempt to get SFTP stats failed: {}", status.words());
                return Err(Error::new(Code::QuoteError, text));
            }
            _ => return Err(odd()),
        };
        let Action::Set(change, path) = &command.action else { return Err(odd()) };
        let (owner, times) = (known.owner.unwrap_or_default(), known.times.unwrap_or_default());
        let mut attributes = Attributes::default();
        match *change {
            Change::Owner(id) => attributes.owner = id.map(|id| (id, owner.1)),
            Change::Group(id) => attributes.owner = id.map(|id| (owner.0, id)),
            Change::Accessed(at) => attributes.times = Some((at, times.1)),
            Change::Changed(at) => attributes.times = Some((times.0, at)),
            Change::Mode(mode) => attributes.permissions = Some(mode),
        }
        self.set_attributes(path, attributes);
        self.step = Step::Quote(commands, command, false);
        Ok(())
    }

    fn command_done(
        &mut self,
        commands: Commands,
        command: Command,
        reply: Reply<'_>,
    ) -> Result<()> {
        match reply {
            Reply::Status(Status::OK) => {}
            Reply::Status(_) if command.may_fail => {}
            Reply::Status(status) => {
                let text = format!("{} failed: {}", described(&command.action), status.words());
                return Err(Error::new(Code::QuoteError, text));
            }
            Reply::Extended(reader) => self.events.push_back(Out::Line(file_system(reader)?)),
            _ => return Err(odd()),
        }
        self.next_command(commands)
    }

    fn begin_transfer(&mut self) -> Result<()> {
        let path = self.path.clone();
        if self.request.upload {
            match self.request.resume_from {
                from if from < 0 => {
                    self.ask_path(message::STAT, &path);
                    self.step = Step::Resume;
                }
                from => {
                    self.resume_from = from.unsigned_abs();
                    self.open_for_upload();
                }
            }
            return Ok(());
        }
        if self.request.no_body {
            return self.next_command(Commands { after: true, next: 0 });
        }
        if path.ends_with(b"/") {
            self.ask_path(message::OPENDIR, &path);
            self.step = Step::OpenDir;
            return Ok(());
        }
        self.open(message::READS);
        self.step = Step::OpenForDownload;
        Ok(())
    }

    fn open_for_upload(&mut self) {
        let flags = match (self.request.append, self.resume_from) {
            (true, _) => message::WRITES | message::CREATES | message::APPENDS,
            (false, 0) => message::WRITES | message::CREATES | message::TRUNCATES,
            // A server that appends would not go where it is told to.
            (false, _) => message::WRITES,
        };
        self.open(flags);
        self.step = Step::OpenForUpload;
    }

    fn upload_opened(&mut self, reply: Reply<'_>) -> Result<()> {
        match reply {
            Reply::Handle(handle) => {
                self.handle = Some(handle.to_vec());
                let offset = if self.request.append { 0 } else { self.resume_from };
                if offset > 0 {
                    self.events.push_back(Out::Resume(offset));
                }
                self.step = Step::Upload(Upload::new(offset));
                self.events.push_back(Out::Upload);
                Ok(())
            }
            Reply::Status(status) if self.made_dirs => {
                Err(status.error("Creating the dir/file failed"))
            }
            Reply::Status(Status::NO_SUCH_FILE | Status::FAILURE | Status::NO_SUCH_PATH)
                if self.request.create_dirs && self.path.len() > 1 =>
            {
                self.made_dirs = true;
                self.make_dirs(1);
                Ok(())
            }
            Reply::Status(status) => Err(Error::new(
                status.code(),
                format!("Upload failed: {} ({})", status.words(), status.0),
            )),
            _ => Err(odd()),
        }
    }

    /// Makes the directory that ends at the next slash after `from`; after the last one the file
    /// is opened again.
    fn make_dirs(&mut self, from: usize) {
        let rest = self.path.get(from..).unwrap_or_default();
        match rest.iter().position(|byte| *byte == b'/') {
            Some(slash) => {
                let dir = self.path[..from + slash].to_vec();
                self.make_dir(&dir);
                self.step = Step::MakeDirs(from + slash);
            }
            None => self.open_for_upload(),
        }
    }

    fn dir_made(&mut self, end: usize, reply: Reply<'_>) -> Result<()> {
        match reply {
            // It is there already, or may still be allowed further down.
            Reply::Status(
                Status::OK
                | Status::FAILURE
                | Status::FILE_ALREADY_EXISTS
                | Status::PERMISSION_DENIED,
            ) => {
                self.make_dirs(end + 1);
                Ok(())
            }
            Reply::Status(status) => Err(status.error("Creating the dir/file failed")),
            _ => Err(odd()),
        }
    }

    fn download_opened(&mut self, reply: Reply<'_>) -> Result<()> {
        match reply {
            Reply::Handle(handle) => {
                self.ask_path(message::FSTAT, handle);
                self.handle = Some(handle.to_vec());
                self.step = Step::Size;
                Ok(())
            }
            Reply::Status(status) => Err(status.error("Could not open remote file for reading")),
            _ => Err(odd()),
        }
    }

    fn size_came(&mut self, reply: &Reply<'_>) -> Result<()> {
        let size = match reply {
            Reply::Attributes(attributes) => attributes.size.filter(|size| *size > 0),
            _ => None,
        };
        let download = Download::new(size, &self.request)?;
        self.events.push_back(Out::Download(download.length()));
        self.step = Step::Download(download);
        self.read_on()
    }

    /// Asks for what may be asked for; closes the file when all has come.
    fn read_on(&mut self) -> Result<()> {
        let (Step::Download(download), Some(handle)) = (&mut self.step, &self.handle) else {
            return Ok(());
        };
        while let Some((offset, length)) = download.wanted(self.next_id) {
            let mut message = start(message::READ, self.next_id);
            message.put_string(handle);
            message.put_u64(offset);
            message.put_u32(length);
            self.next_id = self.next_id.wrapping_add(1);
            self.out.put_string(&message);
        }
        if download.is_over() {
            self.close_handle();
        }
        Ok(())
    }

    fn read_dir(&mut self) {
        if let Some(handle) = self.handle.clone() {
            self.ask_path(message::READDIR, &handle);
            self.step = Step::ReadDir;
        }
    }

    fn names_came(&mut self, reply: Reply<'_>) -> Result<()> {
        match reply {
            Reply::Names(names) => {
                let mut entries = VecDeque::new();
                for name in names {
                    let name = name?;
                    entries.push_back(Entry {
                        name: name.name.to_vec(),
                        long: name.long.to_vec(),
                        is_link: name.attributes.is_link(),
                    });
                }
                self.list(entries);
                Ok(())
            }
            Reply::Status(Status::EOF) => {
                self.close_handle();
                Ok(())
            }
            Reply::Status(status) => Err(status.error("Could not open remote file for reading")),
            _ => Err(odd()),
        }
    }

    /// Tells of names, up to a link that has to be looked at.
    fn list(&mut self, mut entries: VecDeque<Entry>) {
        let mut lines = Vec::new();
        let mut link = None;
        while let Some(entry) = entries.pop_front() {
            if self.request.list_only {
                lines.extend_from_slice(&entry.name);
            } else if entry.is_link {
                link = Some(entry);
                break;
            } else {
                lines.extend_from_slice(&entry.long);
            }
            lines.push(b'\n');
        }
        if !lines.is_empty() {
            self.events.push_back(Out::Body(lines));
        }
        match link {
            Some(entry) => {
                let path = [&self.path[..], &entry.name].concat();
                self.ask_path(message::READLINK, &path);
                self.step = Step::ReadLink(entry.long, entries);
            }
            None => self.read_dir(),
        }
    }

    fn link_came(
        &mut self,
        mut line: Vec<u8>,
        rest: VecDeque<Entry>,
        reply: Reply<'_>,
    ) -> Result<()> {
        if let Reply::Names(mut names) = reply {
            line.extend_from_slice(b" -> ");
            line.extend_from_slice(names.next().ok_or_else(odd)??.name);
        }
        line.push(b'\n');
        self.events.push_back(Out::Body(line));
        self.list(rest);
        Ok(())
    }

    fn close_handle(&mut self) {
        if let Some(handle) = self.handle.clone() {
            self.ask_path(message::CLOSE, &handle);
        }
        self.step = Step::Close;
    }

    fn open(&mut self, flags: u32) {
        let mut message = self.start(message::OPEN);
        message.put_string(&self.path);
        message.put_u32(flags);
        let permissions = Some(self.request.file_perms).filter(|_| flags & message::CREATES != 0);
        Attributes { permissions, ..Attributes::default() }.put(&mut message);
        self.out.put_string(&message);
    }

    fn make_dir(&mut self, path: &[u8]) {
        let permissions = Some(self.request.dir_perms);
        let mut message = self.start(message::MKDIR);
        message.put_string(path);
        Attributes { permissions, ..Attributes::default() }.put(&mut message);
        self.out.put_string(&message);
    }

    fn set_attributes(&mut self, path: &[u8], attributes: Attributes) {
        let mut message = self.start(message::SETSTAT);
        message.put_string(path);
        attributes.put(&mut message);
        self.out.put_string(&message);
    }

    /// A request with a path, or a handle, alone.
    fn ask_path(&mut self, kind: u8, path: &[u8]) {
        let mut message = self.start(kind);
        message.put_string(path);
        self.out.put_string(&message);
    }

    fn ask_paths(&mut self, kind: u8, one: &[u8], other: &[u8]) {
        let mut message = self.start(kind);
        message.put_string(one);
        message.put_string(other);
        self.out.put_string(&message);
    }

    /// The start of a request whose answer is awaited.
    fn start(&mut self, kind: u8) -> Vec<u8> {
        self.awaited = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        start(kind, self.awaited)
    }
}

fn start(kind: u8, id: u32) -> Vec<u8> {
    let mut message = vec![kind];
    message.put_u32(id);
    message
}

fn odd() -> Error {
    ssh_error("SFTP: the server's answer does not fit the request")
}

/// `/~` and what is below it are the user's.
fn working_path(path: &[u8], home: &[u8]) -> Vec<u8> {
    let home = home.strip_suffix(b"/").unwrap_or(home);
    match path {
        b"/~" => [home, b"/"].concat(),
        [b'/', b'~', below @ ..] if below.starts_with(b"/") => [home, below].concat(),
        _ => path.to_vec(),
    }
}

fn described(action: &Action) -> String {
    let text = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
    match action {
        Action::Pwd => "pwd".to_owned(),
        Action::Set(_, path) => format!("Attempt to set SFTP stats for \"{}\"", text(path)),
        Action::Link(target, link) => {
            format!("symlink \"{}\" to \"{}\"", text(target), text(link))
        }
        Action::Rename(from, to) => format!("rename \"{}\" to \"{}\"", text(from), text(to)),
        Action::Mkdir(path) => format!("mkdir \"{}\"", text(path)),
        Action::Rmdir(path) => format!("rmdir \"{}\"", text(path)),
        Action::Remove(path) => format!("rm \"{}\"", text(path)),
        Action::StatVfs(path) => format!("statvfs \"{}\"", text(path)),
    }
}

/// What statvfs@openssh.com answers, in lines.
fn file_system(mut reader: Reader<'_>) -> Result<Vec<u8>> {
    const NAMES: [&str; 11] = [
        "bsize", "frsize", "blocks", "bfree", "bavail", "files", "ffree", "favail", "fsid", "flag",
        "namemax",
    ];
    let mut text = "statvfs:\n".to_owned();
    for name in NAMES {
        text.push_str(&format!("f_{name}: {}\n", reader.u64()?));
    }
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CVE-2023-27534.
    #[test]
    fn a_tilde_is_the_home_directory_only_by_itself() {
        for (path, working) in [
            ("/~", "/home/me/"),
            ("/~/", "/home/me/"),
            ("/~/a/~/b", "/home/me/a/~/b"),
            ("/~2/a", "/~2/a"),
            ("/~other", "/~other"),
            ("/a/~/b", "/a/~/b"),
            ("//~/a", "//~/a"),
        ] {
            let working = working.as_bytes();
            assert_eq!(working_path(path.as_bytes(), b"/home/me"), working, "{path}");
        }
    }
}
