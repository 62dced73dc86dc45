use md5::{Digest, Md5};
use tress_model::{Code, Error, Result};

use super::dot::{Piece, Unstuffer};
use super::{Config, Request};
use crate::pingpong::{Dialogue, Event, Tx, UseSsl, has_prefix, message, words};
use crate::sasl::{self, Action, Flavour, Reply, Sasl, hex};

const FLAVOUR: Flavour = Flavour { service: "pop", max_initial: 255 - 8 };

/// USER and PASS.
pub(super) const CLEARTEXT: u8 = 1 << 0;
/// APOP.
pub(super) const APOP: u8 = 1 << 1;
/// AUTH.
pub(super) const SASL: u8 = 1 << 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Greeting,
    Capa,
    StartTls,
    Upgrading,
    Auth,
    Apop,
    User,
    Pass,
    Idle,
    Command,
    Body,
    Quit,
}

#[derive(Debug)]
pub(super) struct Core {
    state: State,
    use_ssl: UseSsl,
    tls: bool,
    sasl: Sasl,
    preferred: u8,
    offered: u8,
    stls_offered: bool,
    /// The greeting's timestamp, for APOP.
    timestamp: Vec<u8>,
    multiline: bool,
    dots: Unstuffer,
}

impl Core {
    pub fn new(config: Config) -> Self {
        Self {
            state: State::Greeting,
            use_ssl: config.use_ssl,
            tls: config.tls,
            sasl: Sasl::new(config.login, FLAVOUR),
            preferred: config.preferred,
            offered: 0,
            stls_offered: false,
            timestamp: Vec::new(),
            multiline: false,
            dots: Unstuffer::new(),
        }
    }

    pub fn awaits_reply(&self) -> bool {
        !matches!(self.state, State::Idle | State::Upgrading | State::Body)
    }

    pub fn tls_started(&mut self, tx: &mut Tx) {
        self.tls = true;
        self.capa(tx);
    }

    pub fn quit(&mut self, tx: &mut Tx) {
        tx.command(&[b"QUIT"]);
        self.state = State::Quit;
    }

    pub fn perform(&mut self, request: &Request, tx: &mut Tx) {
        let listing = request.id.is_empty() || request.list_only;
        let command: &[u8] = match request.custom.as_slice() {
            b"" if listing => b"LIST",
            b"" => b"RETR",
            custom => custom,
        };
        // LIST of one message answers by its status line alone, whatever the command.
        let one_listed = request.list_only && !request.id.is_empty();
        self.multiline = is_multiline(command) && !one_listed;
        match request.id.as_slice() {
            b"" => tx.command(&[command]),
            id => tx.command(&[command, b" ", id]),
        }
        self.state = State::Command;
    }

    fn capa(&mut self, tx: &mut Tx) {
        self.sasl.reset();
        self.stls_offered = false;
        tx.command(&[b"CAPA"]);
        self.state = State::Capa;
    }

    fn greeting(&mut self, line: &[u8], tx: &mut Tx) {
        let start = memchr::memchr(b'<', line);
        let stamp = start.and_then(|at| line.get(at..)).unwrap_or_default();
        if let Some(end) = memchr::memchr(b'>', stamp) {
            let stamp = stamp.get(..=end).unwrap_or_default();
            // A message id has an `@` (RFC 1939 section 7).
            if stamp.contains(&b'@') {
                self.timestamp = stamp.to_vec();
                self.offered |= APOP;
            }
        }
        self.capa(tx);
    }

    fn capability(&mut self, line: &[u8]) {
        if has_prefix(line, "STLS") {
            self.stls_offered = true;
        } else if has_prefix(line, "USER") {
            self.offered |= CLEARTEXT;
        } else if has_prefix(line, "SASL ") {
            self.offered |= SASL;
            words(line).skip(1).for_each(|word| self.sasl.offer(word));
        }
    }

    fn capa_end(&mut self, understood: bool, tx: &mut Tx) -> Result<()> {
        if !understood {
            self.offered |= CLEARTEXT;
        }
        if self.use_ssl == UseSsl::None || self.tls {
            return self.authenticate(tx);
        }
        if understood && self.stls_offered {
            tx.command(&[b"STLS"]);
            self.state = State::StartTls;
            return Ok(());
        }
        if self.use_ssl == UseSsl::Try {
            return self.authenticate(tx);
        }
        Err(Error::new(Code::UseSslFailed, "STLS not supported."))
    }

    fn starttls_reply(&mut self, ok: bool, more: bool, tx: &mut Tx) -> Result<()> {
        if more {
            // Nothing may come before TLS does: it would not be authentic.
            return Err(Error::from(Code::WeirdServerReply));
        }
        if ok {
            self.state = State::Upgrading;
            tx.start_tls();
            return Ok(());
        }
        if self.use_ssl == UseSsl::Try {
            return self.authenticate(tx);
        }
        Err(Error::new(Code::UseSslFailed, "STARTTLS denied"))
    }

    fn authenticate(&mut self, tx: &mut Tx) -> Result<()> {
        if !self.sasl.can_authenticate() {
            self.ready(tx);
            return Ok(());
        }
        if self.offered & self.preferred & SASL != 0 {
            let action = self.sasl.start(false);
            if action != Action::Nothing {
                self.state = State::Auth;
                return self.act(action, tx);
            }
        }
        if self.authenticate_plainly(tx) { Ok(()) } else { Err(sasl::blocked()) }
    }

    /// APOP or USER; false when neither will do.
    fn authenticate_plainly(&mut self, tx: &mut Tx) -> bool {
        let usable = self.offered & self.preferred;
        if usable & (APOP | CLEARTEXT) == 0 {
            return false;
        }
        let Some(who) = self.sasl.credentials() else {
            self.ready(tx);
            return true;
        };
        if usable & APOP != 0 {
            let digest = Md5::digest([&self.timestamp[..], &who.password].concat());
            tx.command(&[b"APOP ", &who.user, b" ", hex(&digest).as_bytes()]);
            self.state = State::Apop;
        } else {
            tx.command(&[b"USER ", &who.user]);
            self.state = State::User;
        }
        true
    }

    fn auth_reply(&mut self, reply: Reply, line: &[u8], tx: &mut Tx) -> Result<()> {
        match self.sasl.resume(reply, message(line, 2))? {
            Action::Nothing if self.authenticate_plainly(tx) => Ok(()),
            action => self.act(action, tx),
        }
    }

    fn act(&mut self, action: Action, tx: &mut Tx) -> Result<()> {
        match action {
            Action::Start(name, None) => tx.command(&[b"AUTH ", name.as_bytes()]),
            Action::Start(name, Some(initial)) => {
                tx.command(&[b"AUTH ", name.as_bytes(), b" ", initial.as_bytes()]);
            }
            Action::Respond(text) => tx.command(&[text.as_bytes()]),
            Action::Cancel => tx.command(&[b"*"]),
            Action::Done => self.ready(tx),
            Action::Nothing => return Err(sasl::cancelled()),
        }
        Ok(())
    }

    fn ready(&mut self, tx: &mut Tx) {
        self.state = State::Idle;
        tx.ready();
    }

    fn finish(&mut self, tx: &mut Tx) {
        self.state = State::Idle;
        tx.done();
    }

    fn reply(&mut self, reply: Reply, line: &[u8], more: bool, tx: &mut Tx) -> Result<()> {
        let ok = reply == Reply::Success;
        match self.state {
            State::Greeting if ok => self.greeting(line, tx),
            State::Greeting => {
                let message = "Got unexpected pop3-server response";
                return Err(Error::new(Code::WeirdServerReply, message));
            }
            State::Capa if reply == Reply::Continue => self.capability(line),
            State::Capa => return self.capa_end(ok, tx),
            State::StartTls => return self.starttls_reply(ok, more, tx),
            State::Auth => return self.auth_reply(reply, line, tx),
            State::Apop if !ok => {
                let message = format!("Authentication failed: {}", code(reply));
                return Err(Error::new(Code::LoginDenied, message));
            }
            State::User if ok => {
                let password = self.sasl.credentials().map_or(&[][..], |who| &who.password);
                tx.command(&[b"PASS ", password]);
                self.state = State::Pass;
            }
            State::User | State::Pass if !ok => {
                let message = format!("Access denied. {}", char::from(code(reply)));
                return Err(Error::new(Code::LoginDenied, message));
            }
            State::Apop | State::User | State::Pass => self.ready(tx),
            State::Command if !ok => return Err(Error::from(Code::WeirdServerReply)),
            State::Command if self.multiline => {
                self.state = State::Body;
                self.dots = Unstuffer::new();
                tx.download(None);
            }
            State::Command | State::Quit => self.finish(tx),
            State::Idle | State::Upgrading | State::Body => {}
        }
        Ok(())
    }
}

impl Dialogue for Core {
    fn line(&mut self, line: &[u8], more: bool, tx: &mut Tx) -> Result<bool> {
        let reply = match line {
            [b'-', b'E', b'R', b'R', ..] => Reply::Failure,
            [b'.', b'\r' | b'\n'] | [b'.', b'\r', _] if self.state == State::Capa => Reply::Success,
            _ if self.state == State::Capa => Reply::Continue,
            [b'+', b'O', b'K', ..] => Reply::Success,
            [b'+', ..] => Reply::Continue,
            _ => return Ok(false),
        };
        self.reply(reply, line, more, tx)?;
        Ok(false)
    }

    fn body<'a>(&mut self, input: &'a [u8], tx: &mut Tx) -> Option<(usize, Event<'a>)> {
        if self.state != State::Body {
            return None;
        }
        Some(match self.dots.next(input) {
            (used, Piece::Body(bytes)) => (used, Event::Body(bytes)),
            (used, Piece::More) => (used, Event::Wait),
            (used, Piece::End) => {
                let last = self.dots.last();
                self.finish(tx);
                (used, Event::Body(last))
            }
        })
    }

    fn closed(&mut self, tx: &mut Tx) -> Result<bool> {
        let in_body = self.state == State::Body;
        if in_body {
            self.finish(tx);
        }
        Ok(in_body)
    }
}

/// libcurl's number for a reply in its messages.
fn code(reply: Reply) -> u8 {
    match reply {
        Reply::Success => b'+',
        Reply::Continue => b'*',
        Reply::Failure => b'-',
    }
}

/// Whether a command's reply goes on after its first line (RFC 1939, RFC 2449);
/// unknown commands' do.
fn is_multiline(command: &[u8]) -> bool {
    let (name, arguments) = match command.iter().position(|&byte| byte == b' ') {
        Some(at) => (command.split_at(at).0, true),
        None => (command, false),
    };
    match name.to_ascii_uppercase().as_slice() {
        b"LIST" | b"UIDL" => !arguments,
        b"APOP" | b"AUTH" | b"DELE" | b"NOOP" | b"PASS" | b"QUIT" | b"RSET" | b"STAT" | b"STLS"
        | b"USER" | b"UTF8" => false,
        _ => true,
    }
}
