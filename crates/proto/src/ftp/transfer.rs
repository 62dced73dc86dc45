//! From a request to its end, on a connection that is ready.

use std::net::IpAddr;

use tress_model::{Code, Error, Result};

use super::login::{Core, State as Phase};
use super::path::{FileMethod, Path};
use super::{Ask, MissingDirs, Request, TimeCondition, reply};
use crate::pingpong::Tx;

/// Where a request is; each state waits for the reply to its command, if not
/// said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Quote,
    Cwd,
    Mkd,
    Mdtm,
    /// TYPE, before what it was set for.
    Type(Next),
    /// SIZE of a file that is only told of.
    InfoSize,
    InfoRest,
    /// PREQUOTE, before what comes then.
    Prequote(Next),
    Pret,
    Epsv,
    Pasv,
    Eprt,
    Port,
    /// Waits for the owner's socket: to listen, or to be connected.
    Socket,
    RetrSize,
    RetrRest,
    Retr,
    List,
    StorSize,
    Stor,
    /// The data connection is at work; `accepting`: the server has yet to make it.
    Data {
        accepting: bool,
        /// The final reply came already.
        replied: bool,
    },
    /// The reply after the data.
    Final,
    Postquote,
}

impl State {
    pub fn awaits_reply(self) -> bool {
        !matches!(self, Self::Socket | Self::Data { .. })
    }
}

/// What is on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Telling of the file alone.
    Info,
    Retr,
    List,
    Stor,
}

/// What a request has come to.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The command of a list, or the directory, whose turn it is.
    pub at: usize,
    pub may_fail: bool,
    /// A directory was made, or tried to, for this CWD.
    made: bool,
    /// MKD may fail once.
    mkd_may_fail: bool,
    /// CWD to the entry path goes first.
    to_entry: bool,
    /// No data will move.
    pub no_transfer: bool,
    /// The data connection is by EPSV: PASV may follow.
    by_epsv: bool,
    listening: Option<(IpAddr, u16)>,
    pub resume_from: i64,
    /// What the download is to be, after resuming.
    pub download_size: Option<u64>,
    /// What the data connection is to deliver.
    pub expected: Option<u64>,
    pub upload_size: Option<u64>,
    pub moved: u64,
    /// ABOR was sent.
    pub aborted: bool,
}

impl Core {
    pub fn perform(&mut self, request: Request, tx: &mut Tx) -> Result<()> {
        self.path = Path::parse(&request.path, request.method)?;
        if request.upload && self.path.file.is_none() && !request.no_body {
            let message = "Uploading to a URL without a filename";
            return Err(Error::new(Code::UrlMalformat, message));
        }
        self.progress = Progress {
            no_transfer: request.no_body,
            resume_from: request.resume_from,
            upload_size: request.upload_size,
            ..Progress::default()
        };
        self.request = request;
        self.go(State::Quote);
        self.next_command(State::Quote, tx)
    }

    pub(super) fn go(&mut self, state: State) {
        self.state = Phase::Transfer(state);
    }

    pub(super) fn send(&mut self, parts: &[&[u8]], state: State, tx: &mut Tx) {
        tx.command(parts);
        self.go(state);
    }

    pub(super) fn send_file(&mut self, command: &[u8], state: State, tx: &mut Tx) {
        let file = self.path.file.clone().unwrap_or_default();
        self.send(&[command, b" ", &file], state, tx);
    }

    /// The list's command at `progress.at`, or what follows the list.
    pub(super) fn next_command(&mut self, state: State, tx: &mut Tx) -> Result<()> {
        let list = match state {
            State::Prequote(_) => &self.request.prequote,
            State::Postquote => &self.request.postquote,
            _ => &self.request.quote,
        };
        if let Some(command) = list.get(self.progress.at).cloned() {
            self.progress.at += 1;
            // An asterisk says that the command may fail.
            let bare = command.strip_prefix(b"*");
            self.progress.may_fail = bare.is_some();
            self.send(&[bare.unwrap_or(&command)], state, tx);
            return Ok(());
        }
        self.progress.at = 0;
        match state {
            State::Prequote(next) => self.after_prequote(next, tx),
            State::Postquote => {
                self.state = Phase::Idle;
                tx.done();
                Ok(())
            }
            _ => {
                self.change_directory(tx);
                Ok(())
            }
        }
    }

    fn quote_reply(&mut self, state: State, tx: &mut Tx) -> Result<()> {
        if self.code >= 400 && !self.progress.may_fail {
            let message = if state == State::Postquote {
                let list = &self.request.postquote;
                let command =
                    list.get(self.progress.at.wrapping_sub(1)).cloned().unwrap_or_default();
                format!("QUOT string not accepted: {}", String::from_utf8_lossy(&command))
            } else {
                format!("QUOT command failed with {:03}", self.code)
            };
            return Err(Error::new(Code::QuoteError, message));
        }
        self.next_command(state, tx)
    }

    fn change_directory(&mut self, tx: &mut Tx) {
        let reused = std::mem::replace(&mut self.reused, true);
        let absolute = self.request.path.first() == Some(&b'/');
        let there = if self.request.method == FileMethod::NoCwd && absolute {
            true
        } else {
            self.directory.as_ref() == Some(&self.path.directory)
        };
        if there {
            return self.mdtm(tx);
        }
        self.directory = None;
        // Back to where the login led, unless the path says where to go.
        let absolute = absolute && !self.path.directories.is_empty();
        self.progress.to_entry = reused && !absolute && !self.entry_path.is_empty();
        self.progress.at = 0;
        self.cwd(tx);
    }

    /// CWD to the directory whose turn it is.
    fn cwd(&mut self, tx: &mut Tx) {
        if self.progress.to_entry {
            let entry = self.entry_path.clone();
            return self.send(&[b"CWD ", &entry], State::Cwd, tx);
        }
        match self.path.directories.get(self.progress.at).cloned() {
            Some(name) => self.send(&[b"CWD ", &name], State::Cwd, tx),
            None => {
                self.directory = Some(self.path.directory.clone());
                self.mdtm(tx);
            }
        }
    }

    fn cwd_reply(&mut self, tx: &mut Tx) -> Result<()> {
        if self.code / 100 == 2 {
            self.progress.made = false;
            if !std::mem::take(&mut self.progress.to_entry) {
                self.progress.at += 1;
            }
            self.cwd(tx);
            return Ok(());
        }
        let missing = self.request.missing_dirs;
        if missing == MissingDirs::Fail || self.progress.to_entry || self.progress.made {
            let message = "Server denied you to change to the given directory";
            return Err(Error::new(Code::RemoteAccessDenied, message));
        }
        self.progress.made = true;
        self.progress.mkd_may_fail = missing == MissingDirs::Retry;
        let name = self.path.directories.get(self.progress.at).cloned().unwrap_or_default();
        self.send(&[b"MKD ", &name], State::Mkd, tx);
        Ok(())
    }

    fn mkd_reply(&mut self, tx: &mut Tx) -> Result<()> {
        if self.code / 100 != 2 && !std::mem::take(&mut self.progress.mkd_may_fail) {
            let message = format!("Failed to MKD dir: {:03}", self.code);
            return Err(Error::new(Code::RemoteAccessDenied, message));
        }
        self.cwd(tx);
        Ok(())
    }

    fn mdtm(&mut self, tx: &mut Tx) {
        let wanted = self.request.file_time || self.request.time_condition.is_some();
        if wanted && self.path.file.is_some() {
            self.send_file(b"MDTM", State::Mdtm, tx);
        } else {
            self.info_type(tx);
        }
    }

    fn mdtm_reply(&mut self, text: &[u8], tx: &mut Tx) -> Result<()> {
        let time = if self.code == 213 { reply::file_time(text) } else { None };
        if let Some(time) = time {
            tx.ask(Ask::FileTime(time));
            if self.request.no_body && self.request.file_time {
                tx.ask(Ask::Header(reply::last_modified(time)));
            }
        }
        let (Some(time), Some((condition, value))) = (time, self.request.time_condition) else {
            self.info_type(tx);
            return Ok(());
        };
        let met = match condition {
            TimeCondition::IfModifiedSince => time > value,
            TimeCondition::IfUnmodifiedSince => time <= value,
        };
        if met || time <= 0 || value <= 0 {
            self.info_type(tx);
            return Ok(());
        }
        tx.ask(Ask::ConditionUnmet);
        self.progress.no_transfer = true;
        self.finish(tx)
    }

    /// A file that is only told of: its TYPE, its SIZE, whether REST works.
    fn info_type(&mut self, tx: &mut Tx) {
        if self.request.no_body && self.path.file.is_some() {
            self.set_type(self.request.ascii, Next::Info, tx);
        } else {
            self.prepare(tx);
        }
    }

    /// TYPE, unless it is set already.
    fn set_type(&mut self, ascii: bool, next: Next, tx: &mut Tx) {
        let wanted = if ascii { b'A' } else { b'I' };
        if self.transfer_type == wanted {
            return self.after_type(next, tx);
        }
        self.transfer_type = wanted;
        self.send(&[b"TYPE ", &[wanted]], State::Type(next), tx);
    }

    fn after_type(&mut self, next: Next, tx: &mut Tx) {
        match next {
            Next::Info => self.send_file(b"SIZE", State::InfoSize, tx),
            Next::List if self.request.prequote.is_empty() => self.list(tx),
            _ => self.prequote(next, tx),
        }
    }

    /// The way to the data connection.
    fn prepare(&mut self, tx: &mut Tx) {
        if self.progress.no_transfer {
            return self.prequote(Next::Info, tx);
        }
        if self.request.active {
            self.go(State::Socket);
            return tx.ask(Ask::Listen);
        }
        if self.request.pret {
            return match (&self.path.file, self.request.upload) {
                (None, _) => {
                    let command = self.list_command();
                    self.send(&[b"PRET ", &command], State::Pret, tx);
                }
                (Some(_), true) => self.send_file(b"PRET STOR", State::Pret, tx),
                (Some(_), false) => self.send_file(b"PRET RETR", State::Pret, tx),
            };
        }
        self.passive(tx);
    }

    fn prequote(&mut self, next: Next, tx: &mut Tx) {
        self.progress.at = 0;
        if let Err(error) = self.next_command(State::Prequote(next), tx) {
            tx.fail(error);
        }
    }

    fn passive(&mut self, tx: &mut Tx) {
        if self.config.no_epsv && !self.config.ipv6 {
            self.send(&[b"PASV"], State::Pasv, tx);
        } else {
            self.send(&[b"EPSV"], State::Epsv, tx);
        }
    }

    fn passive_reply(&mut self, extended: bool, text: &[u8], tx: &mut Tx) -> Result<()> {
        let (host, port) = match (extended, self.code) {
            (true, 229) => (None, reply::epsv_port(text)?),
            (false, 227) => {
                let (ip, port) = reply::pasv_address(text)?;
                (Some(ip).filter(|_| !self.request.skip_pasv_ip), port)
            }
            (true, _) => return self.disable_epsv(tx),
            (false, code) => {
                let message = format!("Bad PASV/EPSV response: {code:03}");
                return Err(Error::new(Code::FtpWeirdPasvReply, message));
            }
        };
        self.go(State::Socket);
        self.progress.by_epsv = extended;
        tx.ask(Ask::OpenData { host, port });
        Ok(())
    }

    fn disable_epsv(&mut self, tx: &mut Tx) -> Result<()> {
        if self.config.ipv6 && !self.config.tunneled {
            let message = "Failed EPSV attempt, exiting";
            return Err(Error::new(Code::WeirdServerReply, message));
        }
        self.config.no_epsv = true;
        self.send(&[b"PASV"], State::Pasv, tx);
        Ok(())
    }

    pub fn data_failed(&mut self, error: Error, tx: &mut Tx) -> Result<()> {
        if std::mem::take(&mut self.progress.by_epsv) { self.disable_epsv(tx) } else { Err(error) }
    }

    pub fn listening(&mut self, advertised: IpAddr, port: u16, tx: &mut Tx) {
        self.progress.listening = Some((advertised, port));
        if self.config.no_eprt && advertised.is_ipv4() && !self.config.ipv6 {
            return self.port(tx);
        }
        let family = if advertised.is_ipv4() { 1 } else { 2 };
        let target = format!("|{family}|{advertised}|{port}|");
        self.send(&[b"EPRT ", target.as_bytes()], State::Eprt, tx);
    }

    fn port(&mut self, tx: &mut Tx) {
        let Some((ip, port)) = self.progress.listening else { return };
        let [high, low] = port.to_be_bytes();
        let target = format!("{},{high},{low}", ip.to_string().replace('.', ","));
        self.send(&[b"PORT ", target.as_bytes()], State::Port, tx);
    }

    fn port_reply(&mut self, extended: bool, tx: &mut Tx) -> Result<()> {
        if self.code / 100 == 2 {
            return self.data_connected(tx);
        }
        let ipv4 = self.progress.listening.is_some_and(|(ip, _)| ip.is_ipv4());
        if extended && ipv4 {
            self.config.no_eprt = true;
            self.port(tx);
            return Ok(());
        }
        Err(Error::new(Code::FtpPortFailed, "Failed to do PORT"))
    }

    /// The data connection stands, or listens: TYPE comes next.
    pub fn data_connected(&mut self, tx: &mut Tx) -> Result<()> {
        self.progress.by_epsv = false;
        let ascii = self.request.ascii;
        if self.request.upload {
            self.set_type(ascii, Next::Stor, tx);
        } else if self.path.file.is_none()
            || (self.request.list_only && self.request.prequote.is_empty())
        {
            self.set_type(true, Next::List, tx);
        } else {
            self.set_type(ascii, Next::Retr, tx);
        }
        Ok(())
    }

    fn after_prequote(&mut self, next: Next, tx: &mut Tx) -> Result<()> {
        match next {
            Next::Info => return self.finish(tx),
            Next::List => self.list(tx),
            Next::Stor => return self.stor(false, tx),
            Next::Retr => match self.request.known_size {
                Some(size) => return self.retr(Some(size), tx),
                None if self.request.ignore_size || self.request.ascii => {
                    self.send_file(b"RETR", State::Retr, tx);
                }
                None => self.send_file(b"SIZE", State::RetrSize, tx),
            },
        }
        Ok(())
    }

    pub(super) fn transfer_reply(&mut self, state: State, text: &[u8], tx: &mut Tx) -> Result<()> {
        match state {
            State::Quote | State::Prequote(_) | State::Postquote => self.quote_reply(state, tx),
            State::Cwd => self.cwd_reply(tx),
            State::Mkd => self.mkd_reply(tx),
            State::Mdtm => self.mdtm_reply(text, tx),
            State::Type(_) if self.code / 100 != 2 => {
                Err(Error::new(Code::FtpCouldntSetType, "Could not set desired mode"))
            }
            State::Type(next) => {
                self.after_type(next, tx);
                Ok(())
            }
            State::InfoSize => self.info_size_reply(text, tx),
            State::InfoRest => {
                if self.code == 350 {
                    tx.ask(Ask::Header("Accept-ranges: bytes\r\n".to_owned()));
                }
                self.prepare(tx);
                Ok(())
            }
            State::Pret if self.code != 200 => {
                let message = format!("PRET command not accepted: {:03}", self.code);
                Err(Error::new(Code::FtpPretFailed, message))
            }
            State::Pret => {
                self.passive(tx);
                Ok(())
            }
            State::Epsv => self.passive_reply(true, text, tx),
            State::Pasv => self.passive_reply(false, text, tx),
            State::Eprt => self.port_reply(true, tx),
            State::Port => self.port_reply(false, tx),
            State::RetrSize => {
                let size = self.size_reply(text, false)?;
                self.retr(size, tx)
            }
            State::RetrRest if self.code != 350 => {
                Err(Error::new(Code::FtpCouldntUseRest, "Could not use REST"))
            }
            State::RetrRest => {
                self.send_file(b"RETR", State::Retr, tx);
                Ok(())
            }
            State::Retr => self.get_reply(false, text, tx),
            State::List => self.get_reply(true, text, tx),
            State::StorSize => {
                let size = self.size_reply(text, true)?;
                let size = size.and_then(|size| i64::try_from(size).ok());
                self.progress.resume_from = size.unwrap_or(-1);
                self.stor(true, tx)
            }
            State::Stor => self.stor_reply(tx),
            State::Data { accepting, .. } => self.data_reply(accepting),
            State::Final => self.final_reply(tx),
            State::Socket => Ok(()),
        }
    }
}
