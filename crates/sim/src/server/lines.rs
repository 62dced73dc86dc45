//! What servers of commands and replies have in common: lines, faults, how a session ends.

use tress_engine::options::UseSsl;

use super::{Desk, Out, ftp, imap, pop3, smtp};
use crate::plan::{Attempt, Fault, Place, Protocol};

/// The name by which those log in that must not do so in the clear.
pub const SECRET: &str = "secret";

/// A session of FTP, SMTP, IMAP or POP3.
#[derive(Debug)]
pub struct Server {
    protocol: Protocol,
    input: Vec<u8>,
    /// Something else than lines comes: a mail.
    pub taking: Option<Taking>,
    /// It says nothing more.
    pub mute: bool,
    /// A command is being carried out.
    pub busy: bool,
    /// Commands to go until the fault of the log-in, and which it is.
    bad_login: Option<(u64, Fault)>,
    /// What comes of STARTTLS.
    pub offer: Offer,
    /// The client has been told to begin with TLS.
    upgrades: bool,
    /// TLS is on.
    pub is_secure: bool,
    pub state: State,
}

/// What a session remembers between commands.
#[derive(Debug, Default)]
pub struct State {
    /// FTP: the port that the last EPSV or PASV has named.
    pub port: u16,
    /// FTP: EPSV is not known here.
    pub pasv_only: bool,
    /// FTP: where it is. IMAP: the mailbox.
    pub place: String,
    /// The transfer that is under way.
    pub number: Option<u32>,
}

/// What comes of it when the client wants TLS in the middle of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Nothing is said of it.
    Nothing,
    Accepts,
    Refuses,
    /// It breaks off.
    Breaks(Fault),
    /// Somebody on the way puts replies behind the answer, in the clear, for what is asked next.
    Injected,
}

/// A mail on its way in.
#[derive(Debug)]
pub enum Taking {
    /// Up to a line with a full stop alone.
    UntilDot,
    /// So many bytes; then the reply to the command of this tag.
    Literal(usize, String),
}

impl Server {
    pub fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            input: Vec::new(),
            taking: None,
            mute: false,
            busy: false,
            bad_login: None,
            offer: Offer::Nothing,
            upgrades: false,
            is_secure: false,
            state: State::default(),
        }
    }

    /// Somebody has connected.
    pub fn greet(&mut self, desk: &mut Desk<'_>) {
        if desk.random.chance(desk.bad_login) {
            let faults = [Fault::Close, Fault::Reset, Fault::Stall, Fault::Error];
            self.bad_login = Some((desk.random.below(5), desk.random.pick(&faults)));
        }
        if desk.upgrades && !self.is_secure {
            self.offer = Offer::any(desk);
        }
        self.state.pasv_only = !desk.is_ipv6 && desk.random.chance(300);
        if !self.fails_login(desk) {
            desk.say(match self.protocol {
                Protocol::Ftp => "220-Welcome\r\n220 to this place",
                Protocol::Smtp => "220 h.test",
                Protocol::Imap => "* OK",
                _ => "+OK",
            });
        }
    }

    pub fn is_idle(&self) -> bool {
        self.input.is_empty() && !self.mute && !self.busy && self.taking.is_none()
    }

    pub fn receive(&mut self, bytes: &[u8], desk: &mut Desk<'_>) {
        self.input.extend_from_slice(bytes);
        while !self.mute && !self.upgrades && self.step(desk) {}
    }

    /// Does TLS begin here? What has come of it.
    pub fn upgrade(&mut self) -> Option<Vec<u8>> {
        if !std::mem::take(&mut self.upgrades) {
            return None;
        }
        self.is_secure = true;
        Some(std::mem::take(&mut self.input))
    }

    /// The line by which TLS is offered among what there is.
    pub fn offered<'a>(&self, line: &'a str) -> &'a str {
        if self.is_secure || self.offer == Offer::Nothing { "" } else { line }
    }

    /// The client wants TLS: the replies that say yes and no, and what somebody may put behind them.
    pub fn start_tls(&mut self, yes: &str, no: &str, more: &str, desk: &mut Desk<'_>) {
        match self.offer {
            _ if self.is_secure => desk.complain(|| "TLS is wanted within TLS".to_owned()),
            Offer::Nothing => desk.complain(|| "TLS is wanted that was not offered".to_owned()),
            Offer::Refuses => {
                desk.out.push(Out::Unsecured);
                desk.say(no);
            }
            Offer::Breaks(fault) => {
                desk.out.push(Out::Leaves);
                match fault {
                    Fault::Reset => self.leave(Out::Reset, desk),
                    Fault::Stall => {
                        self.mute = true;
                        desk.out.push(Out::Hangs);
                    }
                    _ => self.leave(Out::Close, desk),
                }
            }
            Offer::Accepts => desk.say(yes),
            Offer::Injected => {
                desk.out.push(Out::Leaves);
                desk.say(&format!("{yes}\r\n{more}"));
            }
        }
        self.upgrades = matches!(self.offer, Offer::Accepts | Offer::Injected);
    }

    /// Somebody logs in: not in the clear who must not.
    pub fn check_login(&self, name: &str, desk: &mut Desk<'_>) {
        if name == SECRET && !self.is_secure {
            desk.complain(|| "a log-in in the clear".to_owned());
        }
    }

    fn step(&mut self, desk: &mut Desk<'_>) -> bool {
        if let Some(taking) = &self.taking {
            let end = match taking {
                Taking::UntilDot if self.input.starts_with(b".\r\n") => Some((0, 3)),
                Taking::UntilDot => {
                    let found = self.input.windows(5).position(|five| five == b"\r\n.\r\n");
                    found.map(|at| (at + 2, at + 5))
                }
                Taking::Literal(size, _) => {
                    (self.input.len() >= size + 2).then_some((*size, size + 2))
                }
            };
            let Some((mail, end)) = end else { return false };
            let mut bytes: Vec<u8> = self.input.drain(..end).collect();
            bytes.truncate(mail);
            match self.taking.take() {
                Some(Taking::Literal(_, tag)) => imap::appended(self, &bytes, &tag, desk),
                _ => smtp::mailed(self, &bytes, desk),
            }
            return true;
        }
        let Some(end) = self.input.windows(2).position(|two| two == b"\r\n") else {
            return false;
        };
        let line: Vec<u8> = self.input.drain(..end + 2).collect();
        let line = String::from_utf8_lossy(&line[..end]).into_owned();
        if self.fails_login(desk) {
            return false;
        }
        if self.is_secure && self.offer == Offer::Injected {
            desk.complain(|| format!("{line} after what came before TLS"));
        }
        match self.protocol {
            Protocol::Ftp => ftp::command(self, &line, desk),
            Protocol::Smtp => smtp::command(self, &line, desk),
            Protocol::Imap => imap::command(self, &line, desk),
            _ => pop3::command(self, &line, desk),
        }
        !self.mute
    }

    /// Does the log-in break off here?
    fn fails_login(&mut self, desk: &mut Desk<'_>) -> bool {
        let Some((to_go, fault)) = self.bad_login else { return false };
        if to_go > 0 {
            self.bad_login = Some((to_go - 1, fault));
            return false;
        }
        self.bad_login = None;
        desk.out.push(Out::Leaves);
        match fault {
            Fault::Close => self.leave(Out::Close, desk),
            Fault::Reset => self.leave(Out::Reset, desk),
            Fault::Stall => {
                self.mute = true;
                desk.out.push(Out::Hangs);
            }
            _ => {
                desk.say(match self.protocol {
                    Protocol::Ftp | Protocol::Smtp => "421 not today",
                    Protocol::Imap => "* BYE not today",
                    _ => "-ERR not today",
                });
                self.leave(Out::Close, desk);
            }
        }
        true
    }

    /// A transfer begins with this command. What was wrong with it, if anything; `Error` is the
    /// caller's to tell, everything else is done.
    pub fn begin(&mut self, number: u32, desk: &mut Desk<'_>) -> Option<Fault> {
        self.state.number = Some(number);
        let Some(plan) = desk.plans.get_mut(&number) else {
            desk.complain(|| format!("a transfer {number} that nobody made"));
            return Some(Fault::Stall);
        };
        (plan.last, plan.uploaded) = (Attempt::None, 0);
        let wants = match self.offer {
            Offer::Accepts | Offer::Injected => plan.use_ssl != UseSsl::None,
            _ => plan.needs_tls(),
        };
        if wants && !self.is_secure {
            desk.complain(|| format!("transfer {number} in the clear"));
        }
        self.strike(Place::Command, desk)
    }

    /// The fault that is to happen here.
    pub fn strike(&mut self, place: Place, desk: &mut Desk<'_>) -> Option<Fault> {
        let number = self.state.number?;
        let plan = desk.plans.get_mut(&number).filter(|plan| plan.place == place)?;
        let fault = plan.fire();
        if fault != Fault::None {
            plan.last = Attempt::Broken;
        }
        match fault {
            Fault::None => return None,
            Fault::Close => self.leave(Out::Close, desk),
            Fault::Reset => self.leave(Out::Reset, desk),
            Fault::Stall | Fault::Deaf => self.mute = true,
            _ => {}
        }
        Some(fault)
    }

    /// The transfer has gone as it should.
    pub fn whole(&mut self, desk: &mut Desk<'_>) {
        self.busy = false;
        let plan = self.state.number.take().and_then(|number| desk.plans.get_mut(&number));
        plan.into_iter().for_each(|plan| plan.last = Attempt::Whole);
        desk.out.push(Out::Idle);
    }

    /// The whole mail has come: is it the right one?
    pub fn check_mail(&self, mail: &[u8], desk: &mut Desk<'_>) {
        let Some(number) = self.state.number else { return };
        desk.take_upload(number, mail);
        desk.check_upload(number);
    }

    pub fn leave(&mut self, how: Out, desk: &mut Desk<'_>) {
        self.mute = true;
        desk.out.push(how);
    }
}

impl Offer {
    fn any(desk: &mut Desk<'_>) -> Self {
        let accepts = desk.random.chance(500);
        let breaks = Self::Breaks(desk.random.pick(&[Fault::Close, Fault::Reset, Fault::Stall]));
        let offer = match desk.clean {
            true => desk.random.pick(&[Self::Nothing, Self::Refuses]),
            false => desk.random.pick(&[Self::Nothing, Self::Refuses, Self::Injected, breaks]),
        };
        if !accepts && offer == Self::Nothing {
            desk.out.push(Out::Unsecured);
        }
        if accepts { Self::Accepts } else { offer }
    }
}

impl Desk<'_> {
    /// A reply of one line.
    pub fn say(&mut self, text: &str) {
        self.send(format!("{text}\r\n").into_bytes());
    }

    /// What a transfer is to get.
    pub fn content(&self, number: u32) -> Vec<u8> {
        let Some(plan) = self.plans.get(&number) else { return Vec::new() };
        (0..plan.size).map(|offset| plan.byte(number, offset)).collect()
    }
}

/// Lines as SMTP and POP3 send them: one more full stop before a full stop.
pub fn stuffed(text: &[u8]) -> Vec<u8> {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let more = |line: &[u8]| if line.starts_with(b".") { &b"."[..] } else { b"" };
    lines.flat_map(|line| [more(line), line].concat()).collect()
}

/// The same undone.
pub fn unstuffed(text: &[u8]) -> Vec<u8> {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines.flat_map(|line| line.strip_prefix(b".").unwrap_or(line)).copied().collect()
}
