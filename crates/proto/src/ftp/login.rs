//! From the greeting to a connection that is ready.

use tress_model::{Code, Error, Result};

use super::path::Path;
use super::{Ask, Config, Request, reply};
use crate::pingpong::{Dialogue, Event, Tx, UseSsl, reply_code};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Greeting,
    /// AUTH; the second try.
    AuthTls {
        again: bool,
    },
    Upgrading,
    User,
    Pass,
    Acct,
    Pbsz,
    Prot,
    Ccc,
    Downgrading,
    Pwd,
    Syst,
    NameFmt,
    Idle,
    Transfer(super::transfer::State),
    Quit,
}

#[derive(Debug)]
pub(super) struct Core {
    pub config: Config,
    pub state: State,
    pub code: u16,
    /// Data connections have TLS.
    pub data_tls: bool,
    tried_alternative: bool,
    server_os_known: bool,
    /// Where the login led.
    pub entry_path: Vec<u8>,
    /// TYPE as last set: `A`, `I`, or 0.
    pub transfer_type: u8,
    /// The directory we are in, relative to the entry path; unknown after a
    /// failure.
    pub directory: Option<Vec<u8>>,
    pub reused: bool,
    pub request: Request,
    pub path: Path,
    pub progress: super::transfer::Progress,
}

impl Core {
    pub fn new(config: Config) -> Self {
        Self {
            config,
            state: State::Greeting,
            code: 0,
            data_tls: false,
            tried_alternative: false,
            server_os_known: false,
            entry_path: Vec::new(),
            transfer_type: 0,
            directory: Some(Vec::new()),
            reused: false,
            request: Request::default(),
            path: Path::default(),
            progress: super::transfer::Progress::default(),
        }
    }

    pub fn awaits_reply(&self) -> bool {
        match self.state {
            State::Idle | State::Upgrading | State::Downgrading => false,
            State::Transfer(state) => state.awaits_reply(),
            _ => true,
        }
    }

    pub fn tls_started(&mut self, tx: &mut Tx) {
        self.config.tls = true;
        self.user(tx);
    }

    pub fn tls_stopped(&mut self, tx: &mut Tx) {
        self.pwd(tx);
    }

    pub fn quit(&mut self, tx: &mut Tx) {
        tx.command(&[b"QUIT"]);
        self.state = State::Quit;
    }

    fn greeting(&mut self, tx: &mut Tx) -> Result<()> {
        match self.code {
            // Logged in already; with TLS wanted it is as good as 220.
            230 if self.config.use_ssl <= UseSsl::Try || self.config.tls => {
                self.logged_in(tx);
                return Ok(());
            }
            220 | 230 => {}
            code => {
                let message = format!("Got a {code:03} ftp-server response when 220 was expected");
                return Err(Error::new(Code::WeirdServerReply, message));
            }
        }
        if self.config.use_ssl != UseSsl::None && !self.config.tls {
            self.auth(false, tx);
        } else {
            self.user(tx);
        }
        Ok(())
    }

    fn auth(&mut self, again: bool, tx: &mut Tx) {
        let tls = self.config.auth_tls_first != again;
        tx.command(&[b"AUTH ", if tls { b"TLS" } else { b"SSL" }]);
        self.state = State::AuthTls { again };
    }

    fn auth_reply(&mut self, again: bool, more: bool, tx: &mut Tx) -> Result<()> {
        if more {
            // Nothing may come before TLS does: it would not be authentic.
            return Err(Error::from(Code::WeirdServerReply));
        }
        match self.code {
            234 | 334 => {
                self.state = State::Upgrading;
                tx.start_tls();
            }
            _ if !again => self.auth(true, tx),
            _ if self.config.use_ssl > UseSsl::Try => {
                return Err(Error::from(Code::UseSslFailed));
            }
            _ => self.user(tx),
        }
        Ok(())
    }

    fn user(&mut self, tx: &mut Tx) {
        tx.command(&[b"USER ", &self.config.user]);
        self.tried_alternative = false;
        self.state = State::User;
    }

    fn user_reply(&mut self, tx: &mut Tx) -> Result<()> {
        match self.code {
            331 if self.state == State::User => {
                tx.command(&[b"PASS ", &self.config.password]);
                self.state = State::Pass;
            }
            200..=299 => self.logged_in(tx),
            332 => return self.acct(tx),
            code => {
                let alternative = self.config.alternative_to_user.as_ref();
                let Some(command) = alternative.filter(|_| !self.tried_alternative) else {
                    let message = format!("Access denied: {code:03}");
                    return Err(Error::new(Code::LoginDenied, message));
                };
                if has_control(command) {
                    let message = "Control byte in FTP alternative-to-user command";
                    return Err(Error::new(Code::BadFunctionArgument, message));
                }
                tx.command(&[command]);
                self.tried_alternative = true;
                self.state = State::User;
            }
        }
        Ok(())
    }

    fn acct(&mut self, tx: &mut Tx) -> Result<()> {
        let Some(account) = &self.config.account else {
            return Err(Error::new(Code::LoginDenied, "ACCT requested but none available"));
        };
        if has_control(account) {
            return Err(Error::new(Code::BadFunctionArgument, "Control byte in FTP account"));
        }
        tx.command(&[b"ACCT ", account]);
        self.state = State::Acct;
        Ok(())
    }

    fn logged_in(&mut self, tx: &mut Tx) {
        if self.config.tls {
            // No buffering: TLS does it (RFC 4217 section 8).
            tx.command(&[b"PBSZ 0"]);
            self.state = State::Pbsz;
        } else {
            self.pwd(tx);
        }
    }

    fn prot_reply(&mut self, tx: &mut Tx) -> Result<()> {
        if self.code / 100 == 2 {
            self.data_tls = self.config.use_ssl != UseSsl::Control;
        } else if self.config.use_ssl > UseSsl::Control {
            return Err(Error::from(Code::UseSslFailed));
        }
        if self.config.clear_command_channel {
            tx.command(&[b"CCC"]);
            self.state = State::Ccc;
        } else {
            self.pwd(tx);
        }
        Ok(())
    }

    fn pwd(&mut self, tx: &mut Tx) {
        tx.command(&[b"PWD"]);
        self.state = State::Pwd;
    }

    fn pwd_reply(&mut self, text: &[u8], tx: &mut Tx) -> Result<()> {
        let path = if self.code == 257 { reply::pwd_path(text)? } else { None };
        let Some(path) = path else {
            self.ready(tx);
            return Ok(());
        };
        let odd = !self.server_os_known && path.first() != Some(&b'/');
        tx.ask(Ask::EntryPath(path.clone()));
        self.entry_path = path;
        if odd {
            // Some systems have names of their own kind, until asked for usual ones.
            tx.command(&[b"SYST"]);
            self.state = State::Syst;
        } else {
            self.ready(tx);
        }
        Ok(())
    }

    fn syst_reply(&mut self, text: &[u8], tx: &mut Tx) {
        let os = text.trim_ascii_start().split(|byte| matches!(byte, b' ' | b'\r' | b'\n')).next();
        if self.code == 215 {
            self.server_os_known = true;
            if os.is_some_and(|os| os.eq_ignore_ascii_case(b"OS/400")) {
                tx.command(&[b"SITE NAMEFMT 1"]);
                self.state = State::NameFmt;
                return;
            }
        }
        self.ready(tx);
    }

    fn ready(&mut self, tx: &mut Tx) {
        self.state = State::Idle;
        tx.ready();
    }

    fn reply(&mut self, text: &[u8], more: bool, tx: &mut Tx) -> Result<()> {
        match self.state {
            State::Greeting => self.greeting(tx)?,
            State::AuthTls { again } => self.auth_reply(again, more, tx)?,
            State::User | State::Pass => self.user_reply(tx)?,
            State::Acct if self.code == 230 => self.logged_in(tx),
            State::Acct => {
                let message = format!("ACCT rejected by server: {:03}", self.code);
                return Err(Error::new(Code::FtpWeirdPassReply, message));
            }
            State::Pbsz => {
                let clear = self.config.use_ssl == UseSsl::Control;
                tx.command(&[b"PROT ", if clear { b"C" } else { b"P" }]);
                self.state = State::Prot;
            }
            State::Prot => self.prot_reply(tx)?,
            State::Ccc if self.code < 500 => {
                self.state = State::Downgrading;
                tx.ask(Ask::StopTls);
            }
            State::Ccc => self.pwd(tx),
            State::Pwd => self.pwd_reply(text, tx)?,
            State::Syst => self.syst_reply(text, tx),
            State::NameFmt if self.code == 250 => self.pwd(tx),
            State::NameFmt => self.ready(tx),
            State::Transfer(state) => self.transfer_reply(state, text, tx)?,
            State::Quit => {
                self.state = State::Idle;
                tx.done();
            }
            State::Idle | State::Upgrading | State::Downgrading => {}
        }
        Ok(())
    }
}

impl Dialogue for Core {
    fn line(&mut self, line: &[u8], more: bool, tx: &mut Tx) -> Result<bool> {
        let (Some(code), Some(b' ')) = (reply_code(line), line.get(3)) else { return Ok(false) };
        if self.state != State::Quit {
            self.code = code;
        }
        if code == 421 && !self.is_accepting() {
            // The server had enough: it may say so at any time.
            return Err(Error::from(Code::OperationTimedout));
        }
        self.reply(line.get(4..).unwrap_or_default(), more, tx)?;
        Ok(false)
    }

    fn body<'a>(&mut self, _: &'a [u8], _: &mut Tx) -> Option<(usize, Event<'a>)> {
        None
    }
}

/// A line end would let another command follow.
fn has_control(text: &[u8]) -> bool {
    text.iter().any(|&byte| byte < 0x20)
}
