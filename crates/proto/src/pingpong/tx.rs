use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tress_model::{Error, Result};

use super::Lines;

/// How much TLS is wanted on a connection that starts without
/// (`CURLOPT_USE_SSL`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum UseSsl {
    /// `CURLUSESSL_NONE`.
    #[default]
    None,
    /// `CURLUSESSL_TRY`: go on without when the server has none.
    Try,
    /// `CURLUSESSL_CONTROL`: for the control connection.
    Control,
    /// `CURLUSESSL_ALL`.
    All,
}

/// What a conversation tells its owner.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Nothing more until output is sent or input comes.
    Wait,
    /// A line of a reply, for the header callback; with `body` for the write
    /// callback as well.
    Line {
        /// The line, its end included.
        line: &'a [u8],
        /// It is also part of the body.
        body: bool,
    },
    /// Bytes of the body.
    Body(&'a [u8]),
    /// Start TLS on this connection, then call `tls_started`.
    StartTls,
    /// The login is over: requests may come.
    Ready,
    /// Send the upload, then call `uploaded`.
    Upload,
    /// A body of this size begins.
    Download(Option<u64>),
    /// What FTP asks for besides.
    Ftp(crate::ftp::Ask),
    /// What SSH asks for besides.
    Ssh(crate::ssh::Ask),
    /// The request is over.
    Done,
}

/// Commands on their way out and events that wait.
#[derive(Debug, Default)]
pub struct Tx {
    out: Vec<u8>,
    sent: usize,
    pending: VecDeque<Pending>,
}

#[derive(Debug)]
enum Pending {
    StartTls,
    Ready,
    Upload,
    Download(Option<u64>),
    Ftp(crate::ftp::Ask),
    Done,
    Fail(Error),
}

impl Tx {
    /// Puts a command in the output, with its line end.
    pub(crate) fn command(&mut self, parts: &[&[u8]]) {
        parts.iter().for_each(|part| self.out.extend_from_slice(part));
        self.out.extend_from_slice(b"\r\n");
    }

    pub(crate) fn start_tls(&mut self) {
        self.pending.push_back(Pending::StartTls);
    }

    pub(crate) fn ready(&mut self) {
        self.pending.push_back(Pending::Ready);
    }

    pub(crate) fn upload(&mut self) {
        self.pending.push_back(Pending::Upload);
    }

    pub(crate) fn download(&mut self, size: Option<u64>) {
        self.pending.push_back(Pending::Download(size));
    }

    pub(crate) fn ask(&mut self, ask: crate::ftp::Ask) {
        self.pending.push_back(Pending::Ftp(ask));
    }

    pub(crate) fn fail(&mut self, error: Error) {
        self.pending.push_back(Pending::Fail(error));
    }

    pub(crate) fn done(&mut self) {
        self.pending.push_back(Pending::Done);
    }
}

/// A protocol's answer to lines and to body bytes.
pub(crate) trait Dialogue {
    /// Acts on a line; whether it is part of the body. `more` tells that input
    /// follows it already.
    fn line(&mut self, line: &[u8], more: bool, tx: &mut Tx) -> Result<bool>;

    /// Takes `input` as body, if that is what comes now.
    fn body<'a>(&mut self, input: &'a [u8], tx: &mut Tx) -> Option<(usize, Event<'a>)>;

    /// The peer has closed its side. True: a body of no known length ended with that.
    fn closed(&mut self, _tx: &mut Tx) -> Result<bool> {
        Ok(false)
    }
}

/// Both directions of a conversation.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    lines: Lines,
    pub(crate) tx: Tx,
    asked: Option<Instant>,
}

impl Wire {
    /// A fresh connection, whose greeting is awaited from `now` on.
    pub(crate) fn new(now: Instant) -> Self {
        Self { asked: Some(now), ..Self::default() }
    }

    pub(crate) fn step<'a>(
        &'a mut self,
        dialogue: &mut impl Dialogue,
        input: &'a [u8],
    ) -> Result<(usize, Event<'a>)> {
        match self.tx.pending.pop_front() {
            Some(Pending::Fail(error)) => return Err(error),
            Some(Pending::StartTls) => return Ok((0, Event::StartTls)),
            Some(Pending::Ready) => return Ok((0, Event::Ready)),
            Some(Pending::Upload) => return Ok((0, Event::Upload)),
            Some(Pending::Download(size)) => return Ok((0, Event::Download(size))),
            Some(Pending::Ftp(ask)) => return Ok((0, Event::Ftp(ask))),
            Some(Pending::Done) => return Ok((0, Event::Done)),
            None if input.is_empty() => return Ok((0, Event::Wait)),
            None => {}
        }
        if let Some(step) = dialogue.body(input, &mut self.tx) {
            return Ok(step);
        }
        let (used, line) = self.lines.next(input)?;
        let Some(line) = line else { return Ok((used, Event::Wait)) };
        // The line is shown even when it ends the conversation.
        let body = dialogue.line(line, used < input.len(), &mut self.tx).unwrap_or_else(|error| {
            self.tx.pending.push_back(Pending::Fail(error));
            false
        });
        Ok((used, Event::Line { line, body }))
    }

    pub(crate) fn output(&self) -> &[u8] {
        self.tx.out.get(self.tx.sent..).unwrap_or_default()
    }

    /// The reply's clock runs from now.
    pub(crate) fn await_reply_from(&mut self, now: Instant) {
        self.asked = Some(now);
    }

    /// `n` bytes of the output went out; the reply's clock runs from the last.
    pub(crate) fn sent(&mut self, n: usize, now: Instant) {
        self.await_reply_from(now);
        self.tx.sent += n;
        if self.tx.sent >= self.tx.out.len() {
            self.tx.out.clear();
            self.tx.sent = 0;
        }
    }

    /// When the awaited reply is overdue.
    pub(crate) fn deadline(&self, timeout: Duration) -> Option<Instant> {
        self.asked.map(|asked| asked + timeout)
    }
}

/// The methods that every conversation has.
macro_rules! conversation {
    ($name:ident) => {
        impl $name {
            /// Takes `input`, what was received and not consumed yet, and gives at most
            /// one event, with how much of `input` is used up.
            ///
            /// # Errors
            /// What ends the conversation, with libcurl's code and wording.
            pub fn step<'a>(
                &'a mut self,
                input: &'a [u8],
            ) -> tress_model::Result<(usize, crate::pingpong::Event<'a>)> {
                self.wire.step(&mut self.core, input)
            }

            /// The bytes to send now.
            pub fn output(&self) -> &[u8] {
                self.wire.output()
            }

            /// What the awaited reply follows has happened now: a request begins, a piece of its
            /// body has come, or the application lets nothing be read.
            pub fn await_reply_from(&mut self, now: std::time::Instant) {
                self.wire.await_reply_from(now);
            }

            /// `n` bytes of the output went out.
            pub fn sent(&mut self, n: usize, now: std::time::Instant) {
                self.wire.sent(n, now);
            }

            /// The peer has closed its side, and owes no reply. True: a body of no known length
            /// ended with that, and its request.
            ///
            /// # Errors
            /// `PartialFile` for a body of known length.
            pub fn closed(&mut self) -> tress_model::Result<bool> {
                use crate::pingpong::Dialogue;
                self.core.closed(&mut self.wire.tx)
            }

            /// When the awaited reply is overdue, [`crate::pingpong::timed_out`].
            pub fn deadline(&self, timeout: std::time::Duration) -> Option<std::time::Instant> {
                self.wire.deadline(timeout).filter(|_| self.core.awaits_reply())
            }
        }
    };
}
pub(crate) use conversation;
