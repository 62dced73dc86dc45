use tress_model::{Code, Error, Result};

use super::request::leading_number;
use super::{Config, Request};
use crate::pingpong::{Dialogue, Event, Tx, UseSsl, message, words};
use crate::sasl::{self, Action, Flavour, Reply, Sasl};

const FLAVOUR: Flavour = Flavour { service: "imap", max_initial: 0 };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Greeting,
    Capability,
    StartTls,
    Upgrading,
    Authenticate,
    Login,
    Idle,
    List,
    Select,
    Fetch,
    Search,
    /// So many bytes of a literal are left.
    Literal(u64),
    FetchFinal,
    Append,
    Uploading,
    AppendFinal,
    Logout,
}

/// What a line is to the command under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Untagged,
    Continue,
    Ok,
    Preauth,
    NotOk,
}

#[derive(Debug)]
pub(super) struct Core {
    state: State,
    use_ssl: UseSsl,
    tls: bool,
    sasl: Sasl,
    plain_login: bool,
    letter: char,
    command_number: u8,
    tag: String,
    preauth: bool,
    starttls_offered: bool,
    login_disabled: bool,
    initial_offered: bool,
    /// The mailbox that is open, and its validity.
    open_mailbox: Option<Vec<u8>>,
    open_validity: Option<u32>,
    request: Request,
}

impl Core {
    pub fn new(config: Config) -> Self {
        Self {
            state: State::Greeting,
            use_ssl: config.use_ssl,
            tls: config.tls,
            sasl: Sasl::new(config.login, FLAVOUR),
            plain_login: config.plain_login,
            letter: char::from(b'A' + (config.connection % 26) as u8),
            command_number: 0,
            // The greeting is untagged.
            tag: "*".to_owned(),
            preauth: false,
            starttls_offered: false,
            login_disabled: false,
            initial_offered: false,
            open_mailbox: None,
            open_validity: None,
            request: Request::default(),
        }
    }

    pub fn awaits_reply(&self) -> bool {
        use State::{Idle, Literal, Upgrading, Uploading};
        !matches!(self.state, Idle | Upgrading | Uploading | Literal(_))
    }

    pub fn tls_started(&mut self, tx: &mut Tx) {
        self.tls = true;
        self.capability(tx);
    }

    pub fn uploaded(&mut self, tx: &mut Tx) {
        tx.command(&[]);
        self.state = State::AppendFinal;
    }

    pub fn quit(&mut self, tx: &mut Tx) {
        self.command(tx, &[b"LOGOUT"], State::Logout);
    }

    pub fn perform(&mut self, request: Request, tx: &mut Tx) -> Result<()> {
        self.request = request;
        let request = &self.request;
        let selected = match (&request.mailbox, &self.open_mailbox) {
            (Some(wanted), Some(open)) => {
                wanted.eq_ignore_ascii_case(open)
                    && (request.uid_validity.is_none()
                        || self.open_validity.is_none()
                        || request.uid_validity == self.open_validity)
            }
            _ => false,
        };
        let message = request.uid.is_some() || request.index.is_some();
        let custom = request.custom.is_some();
        if request.append.is_some() {
            return self.append(tx);
        }
        if request.mailbox.is_some() && !selected && (custom || message || request.query.is_some())
        {
            self.select(tx);
        } else if !custom && selected && (message || request.query.is_some()) {
            self.search_or_fetch(tx)?;
        } else {
            self.list(tx);
        }
        Ok(())
    }

    fn command(&mut self, tx: &mut Tx, parts: &[&[u8]], state: State) {
        self.command_number = self.command_number.wrapping_add(1);
        self.tag = format!("{}{:03}", self.letter, self.command_number);
        tx.command(&[self.tag.as_bytes(), b" ", &parts.concat()]);
        self.state = state;
    }

    fn capability(&mut self, tx: &mut Tx) {
        self.sasl.reset();
        self.starttls_offered = false;
        self.command(tx, &[b"CAPABILITY"], State::Capability);
    }

    fn list(&mut self, tx: &mut Tx) {
        let command = match &self.request.custom {
            Some(custom) => [custom.as_slice(), &self.request.custom_parameters].concat(),
            None => {
                let mailbox = self.request.mailbox.as_deref().unwrap_or_default();
                [b"LIST \"", &atom(mailbox, true)[..], b"\" *"].concat()
            }
        };
        self.command(tx, &[&command], State::List);
    }

    fn select(&mut self, tx: &mut Tx) {
        (self.open_mailbox, self.open_validity) = (None, None);
        let mailbox = atom(self.request.mailbox.as_deref().unwrap_or_default(), false);
        self.command(tx, &[b"SELECT ", &mailbox], State::Select);
    }

    fn search_or_fetch(&mut self, tx: &mut Tx) -> Result<()> {
        let request = &self.request;
        if let Some(query) = request.query.clone() {
            self.command(tx, &[b"SEARCH ", &query], State::Search);
            return Ok(());
        }
        let (verb, message): (&[u8], _) = match (&request.uid, &request.index) {
            (Some(uid), _) => (b"UID FETCH ", uid),
            (None, Some(index)) => (b"FETCH ", index),
            (None, None) => {
                return Err(Error::new(Code::UrlMalformat, "Cannot FETCH without a UID."));
            }
        };
        let partial = request.partial.as_ref();
        let partial = partial.map_or_else(Vec::new, |range| [b"<", &range[..], b">"].concat());
        let command =
            [verb, &message[..], b" BODY[", &request.section, b"]", &partial[..]].concat();
        self.command(tx, &[&command], State::Fetch);
        Ok(())
    }

    fn append(&mut self, tx: &mut Tx) -> Result<()> {
        let append = self.request.append.unwrap_or_default();
        let Some(mailbox) = &self.request.mailbox else {
            return Err(Error::new(Code::UrlMalformat, "Cannot APPEND without a mailbox."));
        };
        let Some(size) = append.size else {
            let message = "Cannot APPEND with unknown input file size";
            return Err(Error::new(Code::UploadFailed, message));
        };
        let mailbox = atom(mailbox, false);
        let tail = format!("{} {{{size}}}", append.flags.list());
        self.command(tx, &[b"APPEND ", &mailbox, tail.as_bytes()], State::Append);
        Ok(())
    }

    /// What the line is, or `None` for one of no concern.
    fn classify(&self, line: &[u8]) -> Result<Option<Answer>> {
        let tagged =
            line.strip_prefix(self.tag.as_bytes()).and_then(|rest| rest.strip_prefix(b" "));
        if let Some(rest) = tagged {
            return Ok(Some(if rest.starts_with(b"OK") {
                Answer::Ok
            } else if rest.starts_with(b"PREAUTH") {
                Answer::Preauth
            } else {
                Answer::NotOk
            }));
        }
        if line.starts_with(b"* ") {
            return Ok(self.wants_untagged(line).then_some(Answer::Untagged));
        }
        let continuation = line.starts_with(b"+ ") || (line.len() == 3 && line.starts_with(b"+"));
        if self.request.custom.is_none() && continuation {
            if matches!(self.state, State::Authenticate | State::Append) {
                return Ok(Some(Answer::Continue));
            }
            let message = "Unexpected continuation response";
            return Err(Error::new(Code::WeirdServerReply, message));
        }
        Ok(None)
    }

    fn wants_untagged(&self, line: &[u8]) -> bool {
        const ANY: [&[u8]; 8] = [
            b"SELECT",
            b"EXAMINE",
            b"SEARCH",
            b"EXPUNGE",
            b"LSUB",
            b"UID",
            b"GETQUOTAROOT",
            b"NOOP",
        ];
        match (self.state, &self.request.custom) {
            (State::Capability, _) => matches(line, b"CAPABILITY"),
            (State::Select, _) => true,
            (State::Fetch, _) => matches(line, b"FETCH"),
            (State::Search, _) => matches(line, b"SEARCH"),
            (State::List, None) => matches(line, b"LIST"),
            (State::List, Some(custom)) => {
                matches(line, custom)
                    || (custom.eq_ignore_ascii_case(b"STORE") && matches(line, b"FETCH"))
                    || ANY.iter().any(|name| custom.eq_ignore_ascii_case(name))
            }
            _ => false,
        }
    }

    fn capabilities(&mut self, line: &[u8]) {
        for word in words(line).skip(1) {
            if word.eq_ignore_ascii_case(b"STARTTLS") {
                self.starttls_offered = true;
            } else if word.eq_ignore_ascii_case(b"LOGINDISABLED") {
                self.login_disabled = true;
            } else if word.eq_ignore_ascii_case(b"SASL-IR") {
                self.initial_offered = true;
            } else if crate::pingpong::has_prefix(word, "AUTH=") {
                self.sasl.offer(word.get(5..).unwrap_or_default());
            }
        }
    }

    fn capability_end(&mut self, ok: bool, tx: &mut Tx) -> Result<()> {
        if self.use_ssl == UseSsl::None || self.tls {
            return self.authenticate(tx);
        }
        // After PREAUTH it is too late for TLS.
        if ok && self.starttls_offered && !self.preauth {
            self.command(tx, &[b"STARTTLS"], State::StartTls);
            return Ok(());
        }
        if self.use_ssl == UseSsl::Try {
            return self.authenticate(tx);
        }
        Err(Error::new(Code::UseSslFailed, "STARTTLS not available."))
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
        if self.preauth || !self.sasl.can_authenticate() {
            self.ready(tx);
            return Ok(());
        }
        match self.sasl.start(self.initial_offered) {
            Action::Nothing if self.login(tx) => Ok(()),
            Action::Nothing => Err(sasl::blocked()),
            action => self.act(action, tx),
        }
    }

    /// LOGIN; false when it will not do.
    fn login(&mut self, tx: &mut Tx) -> bool {
        if self.login_disabled || !self.plain_login {
            return false;
        }
        let Some(who) = self.sasl.credentials() else {
            self.ready(tx);
            return true;
        };
        let (user, password) = (atom(&who.user, false), atom(&who.password, false));
        self.command(tx, &[b"LOGIN ", &user, b" ", &password], State::Login);
        true
    }

    fn act(&mut self, action: Action, tx: &mut Tx) -> Result<()> {
        match action {
            Action::Start(name, initial) => {
                let initial = initial.map_or_else(String::new, |text| format!(" {text}"));
                let parts = [b"AUTHENTICATE ", name.as_bytes(), initial.as_bytes()];
                self.command(tx, &parts, State::Authenticate);
            }
            Action::Respond(text) => tx.command(&[text.as_bytes()]),
            Action::Cancel => tx.command(&[b"*"]),
            Action::Done => self.ready(tx),
            Action::Nothing => return Err(sasl::cancelled()),
        }
        Ok(())
    }

    fn auth_reply(&mut self, answer: Answer, line: &[u8], tx: &mut Tx) -> Result<()> {
        let reply = match answer {
            Answer::Continue => Reply::Continue,
            Answer::Ok => Reply::Success,
            _ => Reply::Failure,
        };
        match self.sasl.resume(reply, message(line, 2))? {
            Action::Nothing if self.login(tx) => Ok(()),
            action => self.act(action, tx),
        }
    }

    fn select_reply(&mut self, answer: Answer, line: &[u8], tx: &mut Tx) -> Result<()> {
        match answer {
            Answer::Untagged => {
                if crate::pingpong::has_prefix(line, "* OK [UIDVALIDITY ") {
                    let number = line.get("* OK [UIDVALIDITY ".len()..).and_then(leading_number);
                    let number = number.and_then(|number| u32::try_from(number).ok());
                    self.open_validity = number.or(self.open_validity);
                }
                Ok(())
            }
            Answer::Ok => {
                let wanted = self.request.uid_validity;
                if wanted.is_some() && self.open_validity.is_some() && wanted != self.open_validity
                {
                    let message = "Mailbox UIDVALIDITY has changed";
                    return Err(Error::new(Code::RemoteFileNotFound, message));
                }
                self.open_mailbox = self.request.mailbox.clone();
                if self.request.custom.is_some() {
                    self.list(tx);
                    return Ok(());
                }
                self.search_or_fetch(tx)
            }
            _ => Err(Error::new(Code::LoginDenied, "Select failed")),
        }
    }

    fn list_reply(&mut self, answer: Answer, line: &[u8], tx: &mut Tx) -> Result<bool> {
        match answer {
            Answer::Untagged if self.request.is_custom_listing() => Ok(false),
            Answer::Untagged => {
                if let Some(size) = literal(line) {
                    self.state = State::Literal(size);
                    tx.download(Some(size.saturating_add(line.len() as u64)));
                }
                Ok(true)
            }
            Answer::Ok => {
                self.finish(tx);
                Ok(false)
            }
            _ => Err(Error::from(Code::QuoteError)),
        }
    }

    fn fetch_reply(&mut self, answer: Answer, line: &[u8], tx: &mut Tx) -> Result<()> {
        if answer != Answer::Untagged {
            return Err(Error::from(Code::RemoteFileNotFound));
        }
        let Some(size) = literal(line) else {
            let message = "Failed to parse FETCH response.";
            return Err(Error::new(Code::WeirdServerReply, message));
        };
        self.state = State::Literal(size);
        tx.download(Some(size));
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
}

impl Dialogue for Core {
    fn line(&mut self, line: &[u8], more: bool, tx: &mut Tx) -> Result<bool> {
        let Some(answer) = self.classify(line)? else { return Ok(false) };
        let ok = answer == Answer::Ok;
        match self.state {
            State::Greeting if ok || answer == Answer::Preauth => {
                self.preauth = !ok;
                self.capability(tx);
            }
            State::Greeting => {
                let message = "Got unexpected imap-server response";
                return Err(Error::new(Code::WeirdServerReply, message));
            }
            State::Capability if answer == Answer::Untagged => self.capabilities(line),
            State::Capability => self.capability_end(ok, tx)?,
            State::StartTls => self.starttls_reply(ok, more, tx)?,
            State::Authenticate => self.auth_reply(answer, line, tx)?,
            State::Login if ok => self.ready(tx),
            State::Login => {
                // libcurl prints its own number of the reply as a character.
                let number = if answer == Answer::Preauth { '\x03' } else { '\x02' };
                return Err(Error::new(Code::LoginDenied, format!("Access denied. {number}")));
            }
            State::List | State::Search => return self.list_reply(answer, line, tx),
            State::Select => self.select_reply(answer, line, tx)?,
            State::Fetch => self.fetch_reply(answer, line, tx)?,
            State::FetchFinal if !ok => return Err(Error::from(Code::WeirdServerReply)),
            State::Append if answer == Answer::Continue => {
                self.state = State::Uploading;
                tx.upload();
            }
            State::Append => return Err(Error::from(Code::UploadFailed)),
            State::AppendFinal if !ok => return Err(Error::from(Code::UploadFailed)),
            State::FetchFinal | State::AppendFinal | State::Logout => self.finish(tx),
            State::Idle | State::Upgrading | State::Uploading | State::Literal(_) => {}
        }
        Ok(false)
    }

    fn body<'a>(&mut self, input: &'a [u8], _: &mut Tx) -> Option<(usize, Event<'a>)> {
        let State::Literal(left) = self.state else { return None };
        let take = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        let left = left - take as u64;
        self.state = if left == 0 { State::FetchFinal } else { State::Literal(left) };
        if take == 0 {
            return None;
        }
        let (body, _) = input.split_at(take);
        Some((take, Event::Body(body)))
    }

    fn closed(&mut self, _tx: &mut Tx) -> Result<bool> {
        let State::Literal(left) = self.state else { return Ok(false) };
        let text = format!("end of response with {left} bytes missing");
        Err(Error::new(Code::PartialFile, text))
    }
}

/// Whether an untagged line, after a number maybe, is of that command.
fn matches(line: &[u8], command: &[u8]) -> bool {
    let mut rest = line.get(2..).unwrap_or_default();
    if rest.first().is_some_and(u8::is_ascii_digit) {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        match rest.get(digits..).and_then(|rest| rest.strip_prefix(b" ")) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    let Some((name, after)) = rest.split_at_checked(command.len()) else { return false };
    name.eq_ignore_ascii_case(command) && (after.first() == Some(&b' ') || after.len() == 2)
}

/// The size in the line's `{}`, outside of quotes.
fn literal(line: &[u8]) -> Option<u64> {
    let (mut bytes, mut quoted) = (line.iter(), false);
    loop {
        match bytes.next()? {
            b'\\' if quoted => drop(bytes.next()),
            b'"' => quoted = !quoted,
            b'{' if !quoted => break,
            _ => {}
        }
    }
    let text = bytes.as_slice();
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let size = leading_number(text).filter(|&size| i64::try_from(size).is_ok())?;
    (text.get(digits) == Some(&b'}')).then_some(size)
}

/// Text as an atom, or quoted; `escape_only` leaves the quotes out.
fn atom(text: &[u8], escape_only: bool) -> Vec<u8> {
    if !text.iter().any(|byte| b"() {%*]\\\"".contains(byte)) {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len() + 2);
    let quote: &[u8] = if escape_only { b"" } else { b"\"" };
    out.extend_from_slice(quote);
    for &byte in text {
        if matches!(byte, b'\\' | b'"') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.extend_from_slice(quote);
    out
}
