use tress_model::{Code, Error, Result};

use super::{Config, Mail, Mailbox, Request};
use crate::pingpong::{Dialogue, Event, Tx, UseSsl, has_prefix, message, reply_code, words};
use crate::sasl::{self, Action, Flavour, Reply, Sasl};

const FLAVOUR: Flavour = Flavour { service: "smtp", max_initial: 512 - 8 };

/// Where the conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    Upgrading,
    Auth,
    Idle,
    Command,
    Mail,
    Rcpt,
    Data,
    Uploading,
    PostData,
    Quit,
}

#[derive(Debug)]
pub(super) struct Core {
    state: State,
    domain: Vec<u8>,
    use_ssl: UseSsl,
    tls: bool,
    sasl: Sasl,
    starttls_offered: bool,
    auth_offered: bool,
    size_offered: bool,
    utf8_offered: bool,
    code: u16,
    request: Option<Request>,
    /// The recipient whose turn it is.
    recipient: usize,
    accepted: bool,
    last_refusal: u16,
}

impl Core {
    pub fn new(config: Config) -> Self {
        Self {
            state: State::Greeting,
            domain: config.domain,
            use_ssl: config.use_ssl,
            tls: config.tls,
            sasl: Sasl::new(config.login, FLAVOUR),
            starttls_offered: false,
            auth_offered: false,
            size_offered: false,
            utf8_offered: false,
            code: 0,
            request: None,
            recipient: 0,
            accepted: false,
            last_refusal: 0,
        }
    }

    pub fn awaits_reply(&self) -> bool {
        !matches!(self.state, State::Idle | State::Upgrading | State::Uploading)
    }

    pub fn response_code(&self) -> u16 {
        self.code
    }

    pub fn tls_started(&mut self, tx: &mut Tx) {
        self.tls = true;
        self.ehlo(tx);
    }

    pub fn uploaded(&mut self) {
        self.state = State::PostData;
    }

    pub fn quit(&mut self, tx: &mut Tx) {
        tx.command(&[b"QUIT"]);
        self.state = State::Quit;
    }

    pub fn perform(&mut self, request: Request, tx: &mut Tx) {
        (self.recipient, self.accepted, self.last_refusal) = (0, false, 0);
        match &request {
            Request::Mail(mail) => {
                self.mail(mail, tx);
                self.state = State::Mail;
            }
            Request::Command { .. } => self.state = State::Command,
        }
        self.request = Some(request);
        if self.state == State::Command {
            self.command(tx);
        }
    }

    fn ehlo(&mut self, tx: &mut Tx) {
        self.sasl.reset();
        (self.starttls_offered, self.auth_offered) = (false, false);
        tx.command(&[b"EHLO ", &self.domain]);
        self.state = State::Ehlo;
    }

    fn capability(&mut self, text: &[u8]) {
        if has_prefix(text, "STARTTLS") {
            self.starttls_offered = true;
        } else if has_prefix(text, "SIZE") {
            self.size_offered = true;
        } else if has_prefix(text, "SMTPUTF8") {
            self.utf8_offered = true;
        } else if has_prefix(text, "AUTH ") {
            self.auth_offered = true;
            words(text).skip(1).for_each(|word| self.sasl.offer(word));
        }
    }

    fn ehlo_reply(&mut self, line: &[u8], last: bool, tx: &mut Tx) -> Result<()> {
        if last && !self.positive() {
            if self.use_ssl <= UseSsl::Try || self.tls {
                tx.command(&[b"HELO ", &self.domain]);
                self.state = State::Helo;
                return Ok(());
            }
            return Err(self.denied());
        }
        self.capability(line.get(4..).unwrap_or_default());
        if !last {
            return Ok(());
        }
        if self.use_ssl == UseSsl::None || self.tls {
            return self.authenticate(tx);
        }
        if self.starttls_offered {
            tx.command(&[b"STARTTLS"]);
            self.state = State::StartTls;
            return Ok(());
        }
        if self.use_ssl == UseSsl::Try {
            return self.authenticate(tx);
        }
        Err(Error::new(Code::UseSslFailed, "STARTTLS not supported."))
    }

    fn starttls_reply(&mut self, more: bool, tx: &mut Tx) -> Result<()> {
        if more {
            // Nothing may come before TLS does: it would not be authentic.
            return Err(Error::from(Code::WeirdServerReply));
        }
        if self.code == 220 {
            self.state = State::Upgrading;
            tx.start_tls();
            return Ok(());
        }
        if self.use_ssl == UseSsl::Try {
            return self.authenticate(tx);
        }
        let message = format!("STARTTLS denied, code {}", self.code);
        Err(Error::new(Code::UseSslFailed, message))
    }

    fn authenticate(&mut self, tx: &mut Tx) -> Result<()> {
        if !self.auth_offered || !self.sasl.can_authenticate() {
            self.ready(tx);
            return Ok(());
        }
        match self.sasl.start(false) {
            Action::Nothing => Err(sasl::blocked()),
            action => {
                self.state = State::Auth;
                self.act(action, tx)
            }
        }
    }

    fn auth_reply(&mut self, line: &[u8], tx: &mut Tx) -> Result<()> {
        let reply = match self.code {
            334 => Reply::Continue,
            235 => Reply::Success,
            _ => Reply::Failure,
        };
        let action = self.sasl.resume(reply, message(line, 4))?;
        self.act(action, tx)
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
        self.request = None;
        tx.done();
    }

    fn mail(&self, mail: &Mail, tx: &mut Tx) {
        let from = mail.from.as_ref().map_or_else(|| b"<>".to_vec(), Mailbox::path);
        let mut parameters = Vec::new();
        let auth = mail.auth.as_ref().filter(|_| self.sasl.authenticated());
        if let Some(auth) = auth {
            parameters.extend_from_slice(b" AUTH=");
            parameters.extend_from_slice(&auth.path());
        }
        if let Some(size) = mail.size.filter(|&size| size > 0 && self.size_offered) {
            parameters.extend_from_slice(format!(" SIZE={size}").as_bytes());
        }
        let envelope = mail.from.iter().chain(auth).any(Mailbox::needs_utf8)
            || mail.recipients.iter().any(|recipient| !recipient.raw.is_ascii());
        let utf8: &[u8] = if self.utf8_offered && envelope { b" SMTPUTF8" } else { b"" };
        tx.command(&[b"MAIL FROM:", &from, &parameters, utf8]);
    }

    fn recipients(&self) -> &[Mailbox] {
        match &self.request {
            Some(Request::Mail(mail)) => &mail.recipients,
            Some(Request::Command { recipients, .. }) => recipients,
            None => &[],
        }
    }

    /// RCPT for the next recipient; false when there is none.
    fn rcpt(&mut self, tx: &mut Tx) -> bool {
        let Some(mailbox) = self.recipients().get(self.recipient) else { return false };
        tx.command(&[b"RCPT TO:", &mailbox.path()]);
        self.state = State::Rcpt;
        true
    }

    fn rcpt_reply(&mut self, tx: &mut Tx) -> Result<()> {
        if self.positive() {
            self.accepted = true;
        } else {
            self.last_refusal = self.code;
            let tolerated = matches!(&self.request, Some(Request::Mail(m)) if m.allow_failures);
            if !tolerated {
                return Err(Error::new(Code::SendError, format!("RCPT failed: {}", self.code)));
            }
        }
        self.recipient += 1;
        if self.rcpt(tx) {
            return Ok(());
        }
        if !self.accepted {
            let message = format!("RCPT failed: {} (last error)", self.last_refusal);
            return Err(Error::new(Code::SendError, message));
        }
        tx.command(&[b"DATA"]);
        self.state = State::Data;
        Ok(())
    }

    fn command(&self, tx: &mut Tx) {
        let Some(Request::Command { custom, recipients, .. }) = &self.request else { return };
        let Some(mailbox) = recipients.get(self.recipient) else {
            let command: &[u8] = if custom.is_empty() { b"HELP" } else { custom };
            return tx.command(&[command]);
        };
        let utf8 = |needed: bool| -> &[u8] {
            if needed && self.utf8_offered { b" SMTPUTF8" } else { b"" }
        };
        if custom.is_empty() {
            tx.command(&[b"VRFY ", &mailbox.plain(), utf8(mailbox.needs_utf8())]);
        } else {
            tx.command(&[custom, b" ", &mailbox.raw, utf8(custom == b"EXPN")]);
        }
    }

    fn command_reply(&mut self, last: bool, tx: &mut Tx) -> Result<bool> {
        let Some(Request::Command { no_body, .. }) = &self.request else { return Ok(false) };
        let body = !no_body;
        if !last {
            return Ok(body);
        }
        let has_recipients = !self.recipients().is_empty();
        if !(self.positive() || has_recipients && self.code == 553) {
            let message = format!("Command failed: {}", self.code);
            return Err(Error::new(Code::WeirdServerReply, message));
        }
        self.recipient += 1;
        if self.recipient < self.recipients().len() {
            self.command(tx);
        } else {
            self.finish(tx);
        }
        Ok(body)
    }

    fn positive(&self) -> bool {
        self.code / 100 == 2
    }

    fn denied(&self) -> Error {
        Error::new(Code::RemoteAccessDenied, format!("Remote access denied: {}", self.code))
    }

    fn reply(&mut self, line: &[u8], last: bool, more: bool, tx: &mut Tx) -> Result<bool> {
        match self.state {
            State::Ehlo => self.ehlo_reply(line, last, tx)?,
            State::Command => return self.command_reply(last, tx),
            State::Greeting if self.positive() => self.ehlo(tx),
            State::Greeting => {
                let message = format!("Got unexpected smtp-server response: {}", self.code);
                return Err(Error::new(Code::WeirdServerReply, message));
            }
            State::Helo if self.positive() => self.ready(tx),
            State::Helo => return Err(self.denied()),
            State::StartTls => self.starttls_reply(more, tx)?,
            State::Auth => self.auth_reply(line, tx)?,
            State::Mail if self.positive() => drop(self.rcpt(tx)),
            State::Mail => {
                return Err(Error::new(Code::SendError, format!("MAIL failed: {}", self.code)));
            }
            State::Rcpt => self.rcpt_reply(tx)?,
            State::Data if self.code == 354 => {
                self.state = State::Uploading;
                tx.upload();
            }
            State::Data => {
                return Err(Error::new(Code::SendError, format!("DATA failed: {}", self.code)));
            }
            State::PostData if self.code == 250 => self.finish(tx),
            State::PostData => return Err(Error::from(Code::WeirdServerReply)),
            State::Quit => self.finish(tx),
            State::Idle | State::Upgrading | State::Uploading => {}
        }
        Ok(false)
    }
}

impl Dialogue for Core {
    fn line(&mut self, line: &[u8], more: bool, tx: &mut Tx) -> Result<bool> {
        let Some(code) = reply_code(line) else { return Ok(false) };
        let last = match line {
            [_, _, _, b' ', ..] => true,
            // Some servers send the code alone, with CR LF.
            [_, _, _, _, _] => true,
            [_, _, _, b'-', ..] if matches!(self.state, State::Ehlo | State::Command) => false,
            _ => return Ok(false),
        };
        if last && self.state != State::Quit {
            self.code = code;
        }
        self.reply(line, last, more, tx)
    }

    fn body<'a>(&mut self, _: &'a [u8], _: &mut Tx) -> Option<(usize, Event<'a>)> {
        None
    }
}
