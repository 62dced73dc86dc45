//! TELNET (RFC 854), with the options of `CURLOPT_TELNETOPTIONS`.
//!
//! ```text
//! Data -> IAC -> WILL | WONT | DO | DONT -> option -> Data
//!             -> SB ... IAC SE -> Data
//! an option, on either side:  No <-> WantYes -> Yes
//! ```
//!
//! Everything else goes through: to the application, and from it.

mod options;
#[cfg(test)]
mod tests;

use std::ops::Range;

use tress_model::{Code, Error, Result};

pub use options::Options;

/// The longest suboption that is kept; the rest of a longer one is dropped.
pub const MAX_SUBOPTION: usize = 512;

/// What the server's bytes came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// All input is used up.
    More,
    /// Bytes for the application, as a range of the input.
    Body(Range<usize>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Data,
    /// After CR: a NUL is dropped.
    Cr,
    Iac,
    /// The option of WILL, WONT, DO or DONT comes.
    Verb(u8),
    Suboption,
    SuboptionIac,
}

/// How far an option of one side is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Side {
    #[default]
    No,
    WantYes,
    Yes,
}

/// A conversation.
#[derive(Debug)]
pub struct Telnet {
    options: Options,
    state: State,
    us: [Side; 256],
    him: [Side; 256],
    suboption: Vec<u8>,
    out: Vec<u8>,
    sent: usize,
    /// Our own wishes were told.
    negotiated: bool,
}

const SE: u8 = 240;
const SB: u8 = 250;
const WILL: u8 = 251;
const WONT: u8 = 252;
const DO: u8 = 253;
const DONT: u8 = 254;
const IAC: u8 = 255;

const BINARY: u8 = 0;
const ECHO: u8 = 1;
const SUPPRESS_GO_AHEAD: u8 = 3;
const TERMINAL_TYPE: u8 = 24;
const WINDOW_SIZE: u8 = 31;
const X_DISPLAY: u8 = 35;
const NEW_ENVIRON: u8 = 39;

impl Telnet {
    /// A fresh connection; the server speaks first.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            state: State::Data,
            us: [Side::No; 256],
            him: [Side::No; 256],
            suboption: Vec::new(),
            out: Vec::new(),
            sent: 0,
            negotiated: false,
        }
    }

    /// The bytes to send now.
    pub fn output(&self) -> &[u8] {
        self.out.get(self.sent..).unwrap_or_default()
    }

    /// `n` bytes of the output went out.
    pub fn sent(&mut self, n: usize) {
        self.sent += n;
        if self.sent >= self.out.len() {
            self.out.clear();
            self.sent = 0;
        }
    }

    /// Puts what the application sends in the output.
    pub fn send(&mut self, data: &[u8]) {
        for part in data.split_inclusive(|&byte| byte == IAC) {
            self.out.extend_from_slice(part);
            if part.last() == Some(&IAC) {
                self.out.push(IAC);
            }
        }
    }

    /// Takes bytes from the server: how many were used up, and what they said.
    ///
    /// # Errors
    /// `RecvError` for a broken suboption, `SendError` and `BadFunctionArgument`
    /// for an option's value that cannot be sent.
    pub fn receive(&mut self, input: &[u8]) -> Result<(usize, Event)> {
        for (at, &byte) in input.iter().enumerate() {
            match self.state {
                State::Cr if byte == 0 => self.state = State::Data,
                State::Data | State::Cr if byte == IAC => self.state = State::Iac,
                State::Data | State::Cr => return Ok(self.data(input, at)),
                State::Iac => match byte {
                    IAC => {
                        self.state = State::Data;
                        return Ok((at + 1, Event::Body(at..at + 1)));
                    }
                    WILL..=DONT => self.state = State::Verb(byte),
                    SB => {
                        self.suboption.clear();
                        self.state = State::Suboption;
                    }
                    _ => self.state = State::Data,
                },
                State::Verb(verb) => {
                    self.state = State::Data;
                    self.verb(verb, byte);
                }
                State::Suboption if byte == IAC => self.state = State::SuboptionIac,
                State::Suboption => self.collect(byte),
                State::SuboptionIac => match byte {
                    IAC => {
                        self.collect(byte);
                        self.state = State::Suboption;
                    }
                    SE => {
                        self.state = State::Data;
                        if let Some(&option) = self.suboption.first() {
                            self.options.answer(option, &mut self.out)?;
                        }
                    }
                    _ => return Err(Error::new(Code::RecvError, "telnet: suboption error")),
                },
            }
        }
        Ok((input.len(), Event::More))
    }

    /// The run of plain bytes from `at` on, up to a CR.
    fn data(&mut self, input: &[u8], at: usize) -> (usize, Event) {
        let rest = input.get(at..).unwrap_or_default();
        let special = memchr::memchr2(IAC, b'\r', rest);
        let len = match special {
            Some(0) => 1,
            Some(next) => next,
            None => rest.len(),
        };
        // The run begins with its CR or has none.
        self.state = if special == Some(0) { State::Cr } else { State::Data };
        (at + len, Event::Body(at..at + len))
    }

    fn collect(&mut self, byte: u8) {
        if self.suboption.len() < MAX_SUBOPTION {
            self.suboption.push(byte);
        }
    }

    fn verb(&mut self, verb: u8, option: u8) {
        let ours = matches!(verb, DO | DONT);
        let wished = if ours { self.options.we_want(option) } else { self.options.he_may(option) };
        let sides = if ours { &mut self.us } else { &mut self.him };
        let Some(side) = sides.get_mut(usize::from(option)) else { return };
        let (yes, no) = if ours { (WILL, WONT) } else { (DO, DONT) };
        let before = *side;
        match (verb, before) {
            (WILL | DO, Side::No) if wished => {
                *side = Side::Yes;
                self.tell(yes, option);
            }
            (WILL | DO, Side::No) => self.tell(no, option),
            (WILL | DO, Side::WantYes) => *side = Side::Yes,
            (WONT | DONT, Side::Yes) => {
                *side = Side::No;
                self.tell(no, option);
            }
            (WONT | DONT, Side::WantYes) => *side = Side::No,
            _ => {}
        }
        if verb == DO && option == WINDOW_SIZE && before != Side::Yes {
            self.options.tell_window_size(&mut self.out);
        }
        if !std::mem::replace(&mut self.negotiated, true) {
            self.negotiate();
        }
    }

    /// Tells our own wishes, once the server has shown that it negotiates.
    fn negotiate(&mut self) {
        for option in 0..=NEW_ENVIRON {
            // The server may echo, but is not asked to.
            if option == ECHO {
                continue;
            }
            if self.options.we_prefer(option) {
                self.ask(WILL, option);
            }
            if self.options.he_may(option) {
                self.ask(DO, option);
            }
        }
    }

    fn ask(&mut self, verb: u8, option: u8) {
        let sides = if verb == WILL { &mut self.us } else { &mut self.him };
        if let Some(side @ Side::No) = sides.get_mut(usize::from(option)) {
            *side = Side::WantYes;
            self.tell(verb, option);
        }
    }

    fn tell(&mut self, verb: u8, option: u8) {
        self.out.extend_from_slice(&[IAC, verb, option]);
    }
}
