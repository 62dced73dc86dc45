//! The machines that converse, behind one face.

use std::time::{Duration, Instant};

use tress_model::{Code, Error, Result};
use tress_proto::ftp::{self, Ftp};
use tress_proto::imap::Imap;
use tress_proto::pingpong::Event;
use tress_proto::pop3::Pop3;
use tress_proto::smtp::Smtp;
use tress_proto::ssh::Ssh;

use super::Dialect;
use crate::conn::Conn;
use crate::mail;
use crate::transfer::Transfer;

/// A machine of `tress_proto`.
pub(crate) enum Machine {
    Ftp(Ftp),
    Smtp(Smtp),
    Imap(Imap),
    Pop3(Pop3),
    Ssh(Box<Ssh>),
}

/// The same call for whichever machine it is.
macro_rules! each {
    ($self:ident, $machine:ident => $call:expr) => {
        each!($self, $machine => $call, $machine => $call)
    };
    // SSH knows of no replies to lines.
    ($self:ident, $machine:ident => $call:expr, $ssh:pat => $other:expr) => {
        match $self {
            Self::Ftp($machine) => $call,
            Self::Smtp($machine) => $call,
            Self::Imap($machine) => $call,
            Self::Pop3($machine) => $call,
            Self::Ssh($ssh) => $other,
        }
    };
}

impl Machine {
    /// The machine for a fresh connection, whose greeting is awaited.
    ///
    /// # Errors
    /// Those of settings that do not fit the protocol.
    pub(super) fn new(transfer: &Transfer, conn: &Conn, now: Instant) -> Result<Self> {
        match conn.destination.dialect {
            Some(Dialect::Ftp) => Ok(Self::Ftp(Ftp::new(crate::ftp::config(transfer, conn)?, now))),
            Some(Dialect::Smtp) => {
                Ok(Self::Smtp(Smtp::new(mail::smtp_config(transfer, conn)?, now)))
            }
            Some(Dialect::Imap) => {
                Ok(Self::Imap(Imap::new(mail::imap_config(transfer, conn)?, now)))
            }
            Some(Dialect::Pop3) => {
                Ok(Self::Pop3(Pop3::new(mail::pop3_config(transfer, conn)?, now)))
            }
            // SSH's begins with what a worker has read.
            Some(Dialect::Ssh) | None => Err(Error::from(Code::FailedInit)),
        }
    }

    /// Begins the request that the transfer's settings ask for.
    ///
    /// # Errors
    /// Those of settings that do not fit the protocol.
    pub(super) fn perform(&mut self, transfer: &mut Transfer) -> Result<()> {
        match self {
            Self::Ftp(ftp) => ftp.perform(crate::ftp::first_request(transfer)?),
            Self::Smtp(smtp) => {
                smtp.perform(mail::smtp_request(transfer)?);
                Ok(())
            }
            Self::Imap(imap) => imap.perform(mail::imap_request(transfer)?),
            Self::Ssh(ssh) => ssh.perform(crate::ssh::request(transfer)?),
            Self::Pop3(pop3) => {
                pop3.perform(&mail::pop3_request(transfer)?);
                Ok(())
            }
        }
    }

    /// The mail is sent.
    pub(crate) fn uploaded(&mut self, now: Instant) {
        match self {
            Self::Smtp(smtp) => smtp.uploaded(now),
            Self::Imap(imap) => imap.uploaded(now),
            Self::Ftp(_) | Self::Pop3(_) | Self::Ssh(_) => {}
        }
    }

    pub(super) fn step<'a>(&'a mut self, input: &'a [u8]) -> Result<(usize, Event<'a>)> {
        each!(self, machine => machine.step(input))
    }

    pub(super) fn output(&self) -> &[u8] {
        each!(self, machine => machine.output())
    }

    pub(super) fn sent(&mut self, count: usize, now: Instant) {
        each!(self, machine => machine.sent(count, now), ssh => ssh.sent(count));
    }

    pub(super) fn deadline(&self, timeout: Duration) -> Option<Instant> {
        each!(self, machine => machine.deadline(timeout), _ => None)
    }

    /// A reply that is awaited is late from this time on: what it follows has happened now.
    pub(super) fn await_reply_from(&mut self, now: Instant) {
        each!(self, machine => machine.await_reply_from(now), _ => ());
    }

    pub(super) fn tls_started(&mut self) {
        each!(self, machine => machine.tls_started(), _ => ());
    }

    /// The peer has closed its side, and owes no reply. True: a body of no known length ended
    /// with that.
    ///
    /// # Errors
    /// `PartialFile` for a body of known length.
    pub(super) fn closed(&mut self) -> Result<bool> {
        each!(self, machine => machine.closed(), ssh => Err(ssh.closed()))
    }

    pub(super) fn quit(&mut self) {
        each!(self, machine => machine.quit());
    }

    /// The last reply's code (`CURLINFO_RESPONSE_CODE`); 0 where the protocol has none.
    pub(super) fn response_code(&self) -> u16 {
        match self {
            Self::Ftp(ftp) => ftp.response_code(),
            Self::Smtp(smtp) => smtp.response_code(),
            Self::Imap(_) | Self::Pop3(_) | Self::Ssh(_) => 0,
        }
    }

    /// Is a connection good for further requests after a failure of this kind?
    pub(super) fn survives(&self, code: Code) -> bool {
        match self {
            Self::Ftp(_) => ftp::keeps_connection(code),
            Self::Ssh(ssh) => ssh.is_idle(),
            Self::Smtp(_) | Self::Imap(_) | Self::Pop3(_) => false,
        }
    }

    pub(super) fn is_mail(&self) -> bool {
        matches!(self, Self::Smtp(_) | Self::Imap(_) | Self::Pop3(_))
    }

    /// Is what goes over the connection text for people?
    pub(super) fn speaks_lines(&self) -> bool {
        !matches!(self, Self::Ssh(_))
    }

    pub(crate) fn ssh(&mut self) -> Option<&mut Ssh> {
        match self {
            Self::Ssh(ssh) => Some(ssh),
            _ => None,
        }
    }

    pub(crate) fn ftp(&mut self) -> Option<&mut Ftp> {
        match self {
            Self::Ftp(ftp) => Some(ftp),
            _ => None,
        }
    }
}
