//! The machine of one connection: transport, login, channel and what is transferred.

use std::collections::VecDeque;

use tress_model::{Code, Error, Result};

use super::channel::{self, Channel, Said};
use super::kex;
use super::scp::Scp;
use super::sftp::{CHUNK, Sftp};
use super::transport::{Incoming, Transport};
use super::userauth::{Credentials, UserAuth, Verdict};
use super::wire::{Put, Reader, ssh_error};
use super::{Ask, Out, Request};
use crate::pingpong::Event;

/// Bytes on their way out beyond which no more of a body is taken.
const MAX_OUTPUT: usize = 256 * 1024;

/// Bytes on their way out beyond which a server is given up that asks on and on and does not read.
pub const MAX_UNREAD: usize = 4 * 1024 * 1024;

const SERVICE_REQUEST: u8 = 5;
const SERVICE_ACCEPT: u8 = 6;
const EXT_INFO: u8 = 7;

/// Most extensions of a server that are looked at.
const MAX_EXTENSIONS: u32 = 64;

/// What a login needs to know.
pub struct Config {
    /// Who logs in.
    pub credentials: Credentials,
    /// SFTP is spoken; otherwise SCP.
    pub sftp: bool,
    /// Kinds of keys that the host is known by: they are asked for first.
    pub known_keys: Vec<Vec<u8>>,
}

/// How far the session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Stage {
    /// Keys are exchanged, the host is verified.
    Keys,
    /// Logging in is asked for.
    Service,
    Login,
    /// SFTP's channel, and its subsystem, are asked for.
    Opening,
    Starting,
    /// Over SFTP's channel.
    Sftp,
    /// Logged in; a channel for each request.
    Idle,
    /// SCP's channel, and its command, are asked for.
    ScpOpening,
    ScpStarting,
    Scp,
}

/// SSH on one connection, as a client.
pub struct Ssh {
    transport: Transport,
    stage: Stage,
    auth: UserAuth,
    sftp: Option<Box<Sftp>>,
    scp: Option<Box<Scp>>,
    command: Vec<u8>,
    channel: Option<Channel>,
    next_channel: u32,
    /// Algorithms of signatures that the server takes (RFC 8308).
    signs: Option<Vec<u8>>,
    events: VecDeque<Out>,
    /// What the event at hand shows.
    shown: Vec<u8>,
}

impl Ssh {
    /// A fresh connection.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn new(config: Config) -> Result<Self> {
        let known = |name: &&str| {
            config.known_keys.iter().any(|kind| match kind.as_slice() {
                b"ssh-rsa" => name.starts_with("rsa-"),
                kind => kind == name.as_bytes(),
            })
        };
        let mut host_keys: Vec<_> = kex::HOST_KEYS.into_iter().filter(known).collect();
        let rest = kex::HOST_KEYS.into_iter().filter(|name| !known(name));
        host_keys.extend(rest);
        Ok(Self {
            transport: Transport::new(host_keys)?,
            stage: Stage::Keys,
            auth: UserAuth::new(config.credentials),
            sftp: config.sftp.then(Box::default),
            scp: None,
            command: Vec::new(),
            channel: None,
            next_channel: 0,
            signs: None,
            events: VecDeque::new(),
            shown: Vec::new(),
        })
    }

    /// A connection whose keys are exchanged, and seal nothing; logging in comes next.
    ///
    /// # Errors
    /// There are no random numbers.
    #[cfg(any(test, feature = "unsealed"))]
    pub fn unsealed(config: Config) -> Result<Self> {
        let mut ssh = Self::new(config)?;
        ssh.transport.unseal();
        ssh.ask_service()?;
        Ok(ssh)
    }

    /// Shows what was received; how much was taken, and what comes of it.
    ///
    /// # Errors
    /// Those of the protocol, and what the request fails with.
    pub fn step<'a>(&'a mut self, input: &[u8]) -> Result<(usize, Event<'a>)> {
        self.advance()?;
        let mut taken = 0;
        if self.events.is_empty() && !input.is_empty() {
            self.transport.feed(input);
            taken = input.len();
            self.advance()?;
        }
        Ok((taken, self.show()))
    }

    /// Bytes to send.
    pub fn output(&self) -> &[u8] {
        self.transport.output()
    }

    /// So many of them were sent.
    pub fn sent(&mut self, count: usize) {
        self.transport.output_sent(count);
    }

    /// The host key that was asked about is the right one.
    ///
    /// # Errors
    /// The keys do not fit the cipher.
    pub fn accept_host_key(&mut self) -> Result<()> {
        self.transport.accept_host_key()
    }

    /// Begins a request, once logged in.
    ///
    /// # Errors
    /// Those of settings that do not fit.
    pub fn perform(&mut self, request: Request) -> Result<()> {
        if let Some(sftp) = &mut self.sftp {
            sftp.perform(request)?;
            return self.pass_on();
        }
        if request.no_body && !request.upload {
            self.events.push_back(Out::Done);
            return Ok(());
        }
        self.command = Scp::command(&request)?;
        self.scp = Some(Box::new(Scp::new(&request)?));
        self.open_channel(Stage::ScpOpening)
    }

    /// Bytes of the body that may be given to [`Ssh::upload`] now.
    pub fn upload_room(&self) -> usize {
        let waiting = self.channel.as_ref().map_or(0, Channel::waiting);
        if self.output().len() + waiting > MAX_OUTPUT || self.transport.is_exchanging() {
            return 0;
        }
        match (&self.sftp, &self.scp) {
            (Some(sftp), _) => sftp.upload_room(),
            (None, Some(scp)) => usize::try_from(scp.upload_room()).unwrap_or(CHUNK).min(CHUNK),
            _ => 0,
        }
    }

    /// A piece of the body that goes out.
    ///
    /// # Errors
    /// It cannot be sealed.
    pub fn upload(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some(sftp) = &mut self.sftp {
            sftp.upload(bytes);
        } else if let Some(scp) = &mut self.scp {
            scp.upload(bytes);
        }
        self.pass_on()
    }

    /// The body has ended.
    ///
    /// # Errors
    /// `PartialFile` when it is shorter than announced.
    pub fn upload_ended(&mut self) -> Result<()> {
        if let Some(sftp) = &mut self.sftp {
            sftp.upload_ended()?;
        } else if let Some(scp) = &mut self.scp {
            scp.upload_ended()?;
        }
        self.pass_on()
    }

    /// Is nothing left of a request, so that another one may follow one that has failed?
    pub fn is_idle(&self) -> bool {
        match &self.sftp {
            Some(sftp) => self.stage == Stage::Sftp && sftp.is_idle(),
            None => self.stage == Stage::Idle,
        }
    }

    /// Takes leave.
    pub fn quit(&mut self) {
        self.transport.disconnect();
    }

    /// The peer has closed the connection.
    pub fn closed(&self) -> Error {
        match self.stage {
            Stage::Keys => Error::new(
                Code::FailedInit,
                "Failure establishing ssh session: the server has closed the connection",
            ),
            _ => Error::new(Code::RecvError, "SSH: the server has closed the connection"),
        }
    }

    fn advance(&mut self) -> Result<()> {
        while self.events.is_empty() {
            match self.transport.next()? {
                Incoming::Nothing => break,
                Incoming::HostKey(key) => self.events.push_back(Out::HostKey(key)),
                Incoming::Secured => self.ask_service()?,
                Incoming::Message(message) => self.receive(&message)?,
            }
            if self.output().len() > MAX_UNREAD {
                return Err(ssh_error("SSH: the server does not read what it has asked for"));
            }
        }
        Ok(())
    }

    fn ask_service(&mut self) -> Result<()> {
        let mut message = vec![SERVICE_REQUEST];
        message.put_string(b"ssh-userauth");
        self.transport.send(&message)?;
        self.stage = Stage::Service;
        Ok(())
    }

    fn receive(&mut self, message: &[u8]) -> Result<()> {
        let number = message.first().copied().unwrap_or(0);
        match number {
            EXT_INFO => self.extensions_came(&message[1..]),
            SERVICE_ACCEPT if self.stage == Stage::Service => {
                self.stage = Stage::Login;
                self.transport.send(&self.auth.begin())
            }
            50..=79 if self.stage == Stage::Login => self.log_in(message),
            channel::GLOBAL_REQUEST if self.stage > Stage::Login => {
                let mut reader = Reader(&message[1..]);
                reader.string()?;
                match reader.u8()? {
                    0 => Ok(()),
                    // SSH_MSG_REQUEST_FAILURE.
                    _ => self.transport.send(&[82]),
                }
            }
            channel::OPEN if self.stage > Stage::Login => self.refuse_channel(&message[1..]),
            81 | 82 if self.stage > Stage::Login => Ok(()),
            91..=100 if self.stage > Stage::Login => self.channel_says(message),
            _ => Err(ssh_error(format!("SSH: message {number} out of order"))),
        }
    }

    fn extensions_came(&mut self, message: &[u8]) -> Result<()> {
        let mut reader = Reader(message);
        for _ in 0..reader.u32()?.min(MAX_EXTENSIONS) {
            let (name, value) = (reader.string()?, reader.string()?);
            if name == b"server-sig-algs" {
                self.signs = Some(value.to_vec());
            }
        }
        Ok(())
    }

    fn log_in(&mut self, message: &[u8]) -> Result<()> {
        let session = self.transport.session();
        let verdict = self.auth.receive(message, session, self.signs.as_deref());
        self.events.extend(self.auth.notes.drain(..).map(Out::Note));
        match verdict? {
            Verdict::Wait => Ok(()),
            Verdict::Say(answer) => self.transport.send(&answer),
            Verdict::In if self.sftp.is_some() => self.open_channel(Stage::Opening),
            Verdict::In => {
                self.stage = Stage::Idle;
                self.events.push_back(Out::Ready);
                Ok(())
            }
        }
    }

    fn open_channel(&mut self, stage: Stage) -> Result<()> {
        self.channel = Some(Channel::open(self.next_channel, &mut self.transport)?);
        self.next_channel = self.next_channel.wrapping_add(1);
        self.stage = stage;
        Ok(())
    }

    /// Servers have nothing to open here.
    fn refuse_channel(&mut self, message: &[u8]) -> Result<()> {
        const ADMINISTRATIVELY_PROHIBITED: u32 = 1;
        let mut reader = Reader(message);
        reader.string()?;
        let mut answer = vec![channel::OPEN_FAILURE];
        answer.put_u32(reader.u32()?);
        answer.put_u32(ADMINISTRATIVELY_PROHIBITED);
        answer.put_string(b"no channels here");
        answer.put_string(b"");
        self.transport.send(&answer)
    }

    fn channel_says(&mut self, message: &[u8]) -> Result<()> {
        let Some(channel) = &mut self.channel else { return Ok(()) };
        let said = channel.receive(message, &mut self.transport)?;
        match (self.stage, said) {
            (_, Said::Nothing) => {}
            (Stage::Opening, Said::Opened) => {
                channel.request("subsystem", b"sftp", &mut self.transport)?;
                self.stage = Stage::Starting;
            }
            (Stage::ScpOpening, Said::Opened) => {
                channel.request("exec", &self.command, &mut self.transport)?;
                self.stage = Stage::ScpStarting;
            }
            (Stage::Opening | Stage::ScpOpening, Said::Refused(why)) => {
                let why = String::from_utf8_lossy(why);
                let text = format!("SSH: the server refuses a channel: {why}");
                return Err(Error::new(Code::FailedInit, text));
            }
            (Stage::Starting, Said::Answer(true)) => {
                self.stage = Stage::Sftp;
                if let Some(sftp) = &mut self.sftp {
                    sftp.begin();
                }
            }
            (Stage::Starting, Said::Answer(false)) => {
                let text = "Failure initializing sftp session: the server has no such subsystem";
                return Err(Error::new(Code::FailedInit, text));
            }
            (Stage::ScpStarting, Said::Answer(true)) => self.stage = Stage::Scp,
            (Stage::ScpStarting, Said::Answer(false)) => {
                return Err(ssh_error("SCP: the server runs no commands"));
            }
            (Stage::Sftp, Said::Data(data)) => {
                if let Some(sftp) = &mut self.sftp {
                    sftp.receive(data)?;
                }
            }
            (Stage::Scp, Said::Data(data)) => {
                if let Some(scp) = &mut self.scp
                    && scp.receive(data)?
                {
                    self.pass_on()?;
                    if let Some(channel) = &mut self.channel {
                        channel.send_eof(&mut self.transport)?;
                        channel.close(&mut self.transport)?;
                    }
                    return Ok(());
                }
            }
            (_, Said::Complaint(text)) => {
                if let Some(scp) = &mut self.scp {
                    scp.complain(text);
                }
            }
            (Stage::Scp, Said::Eof) => {}
            (Stage::Scp, Said::Closed) => {
                self.channel = None;
                self.stage = Stage::Idle;
                if let Some(mut scp) = self.scp.take() {
                    scp.closed()?;
                }
                self.events.push_back(Out::Done);
            }
            (Stage::Starting | Stage::Sftp, Said::Eof | Said::Closed) => {
                return Err(ssh_error("SFTP: the server has ended it"));
            }
            _ => return Err(ssh_error("SSH: the server says something out of order")),
        }
        if let Some(channel) = &mut self.channel {
            channel.consumed(&mut self.transport)?;
        }
        self.pass_on()
    }

    /// What is transferred has something to say, or to tell of.
    fn pass_on(&mut self) -> Result<()> {
        let (out, events) = match (&mut self.sftp, &mut self.scp) {
            (Some(sftp), _) => (&mut sftp.out, &mut sftp.events),
            (None, Some(scp)) => (&mut scp.out, &mut scp.events),
            (None, None) => return Ok(()),
        };
        self.events.append(events);
        let speaks = matches!(self.stage, Stage::Sftp | Stage::Scp);
        if let Some(channel) = self.channel.as_mut().filter(|_| speaks && !out.is_empty()) {
            channel.send(out, &mut self.transport)?;
            out.clear();
        }
        Ok(())
    }

    fn show(&mut self) -> Event<'_> {
        let Some(event) = self.events.pop_front() else { return Event::Wait };
        match event {
            Out::HostKey(key) => Event::Ssh(Ask::HostKey(key)),
            Out::Note(text) => Event::Ssh(Ask::Note(text)),
            Out::EntryPath(path) => Event::Ssh(Ask::EntryPath(path)),
            Out::FileTime(time) => Event::Ssh(Ask::FileTime(time)),
            Out::Resume(offset) => Event::Ssh(Ask::Resume(offset)),
            Out::Ready => Event::Ready,
            Out::Upload => Event::Upload,
            Out::Download(size) => Event::Download(size),
            Out::Done => Event::Done,
            Out::Line(line) => {
                self.shown = line;
                Event::Line { line: &self.shown, body: false }
            }
            Out::Body(body) => {
                self.shown = body;
                Event::Body(&self.shown)
            }
        }
    }
}
