//! Connecting by QUIC: handshakes with the addresses of a host race each other (RFC 8305).

use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::Instant;

use smallvec::SmallVec;
use tress_model::{Code, Error, Result};

use super::{Event, Lost, Quic, Wish, failed};
use crate::connect::{ConnectSettings, Target};
use crate::resolve::Addresses;
use crate::system;

/// At most so many handshakes at once; with that many under way none is begun.
const MAX_ATTEMPTS: usize = 4;

/// What [`QuicConnect::poll`] came to.
pub enum QuicStep {
    /// Wait for one of the sockets, or for the deadline.
    Wait,
    /// A handshake is complete; the others are given up.
    Connected(Box<Quic>),
    /// No attempt is left; with `CURLINFO_SSL_VERIFYRESULT`.
    Failed(Error, i64),
}

/// A connection in the making.
pub struct QuicConnect {
    wish: Wish,
    settings: Arc<ConnectSettings>,
    targets: std::vec::IntoIter<SocketAddr>,
    attempts: SmallVec<[Box<Quic>; 1]>,
    last_start: Instant,
    to_close: Vec<OwnedFd>,
    failure: Option<(Error, i64)>,
}

impl QuicConnect {
    /// Prepares to connect; the first [`QuicConnect::poll`] starts it.
    pub fn new(
        addresses: &Addresses,
        port: u16,
        settings: Arc<ConnectSettings>,
        wish: Wish,
        now: Instant,
    ) -> Self {
        let mut targets: Vec<_> = addresses.iter(port).collect();
        for target in &mut targets {
            if let SocketAddr::V6(address) = target
                && settings.address_scope != 0
            {
                address.set_scope_id(settings.address_scope);
            }
        }
        // The families in turn, IPv6 first; within each the order of the list.
        let (v6, v4): (Vec<_>, Vec<_>) = targets.into_iter().partition(SocketAddr::is_ipv6);
        let turns = v6.len().max(v4.len());
        let turn = |at: usize| v6.get(at).into_iter().chain(v4.get(at)).copied();
        let targets = (0..turns).flat_map(turn).collect::<Vec<_>>().into_iter();
        Self {
            wish,
            settings,
            targets,
            attempts: SmallVec::new(),
            last_start: now,
            to_close: Vec::new(),
            failure: None,
        }
    }

    /// The sockets, and whether each is to be watched for writing too.
    pub fn sockets(&self) -> impl Iterator<Item = (RawFd, bool)> + '_ {
        self.attempts.iter().map(|attempt| (attempt.fd(), attempt.is_blocked()))
    }

    /// What the event loop has found about a socket.
    pub fn ready(&mut self, socket: RawFd, readable: bool, writable: bool) {
        if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.fd() == socket) {
            attempt.ready(readable, writable);
        }
    }

    /// When to poll again even if no socket is ready.
    pub fn deadline(&self) -> Option<Instant> {
        let more = self.targets.len() > 0 && self.attempts.len() < MAX_ATTEMPTS;
        let next = more.then(|| self.last_start + self.settings.happy_eyeballs);
        self.attempts.iter().filter_map(|attempt| attempt.deadline()).chain(next).min()
    }

    /// Sockets of attempts that are over, to be closed.
    pub fn take_closed(&mut self) -> Vec<OwnedFd> {
        std::mem::take(&mut self.to_close)
    }

    /// Gives up: all sockets, to be closed.
    pub fn into_fds(self) -> impl Iterator<Item = OwnedFd> {
        self.to_close.into_iter().chain(self.attempts.into_iter().map(|attempt| attempt.into_fd()))
    }

    /// Moves on as far as it goes without waiting.
    pub fn poll(&mut self, now: Instant) -> QuicStep {
        let mut at = 0;
        while let Some(attempt) = self.attempts.get_mut(at) {
            match drive(attempt, now) {
                Ok(false) => at += 1,
                Ok(true) => {
                    let winner = self.attempts.remove(at);
                    let losers = std::mem::take(&mut self.attempts).into_iter();
                    self.to_close.extend(losers.map(|loser| loser.into_fd()));
                    self.targets = Vec::new().into_iter();
                    return QuicStep::Connected(winner);
                }
                Err(error) => {
                    let attempt = self.attempts.remove(at);
                    self.failure = Some((error, attempt.verify_result()));
                    self.to_close.push(attempt.into_fd());
                }
            }
        }
        while self.attempts.is_empty()
            || (now >= self.last_start + self.settings.happy_eyeballs
                && self.attempts.len() < MAX_ATTEMPTS)
        {
            let Some(target) = self.targets.next() else { break };
            self.last_start = now;
            match self.start(target, now) {
                Ok(attempt) => self.attempts.push(attempt),
                Err(error) => self.failure = Some((error, crate::tls::UNVERIFIED)),
            }
        }
        match self.attempts.is_empty() {
            false => QuicStep::Wait,
            true => {
                let none = || (failed("no address to connect to"), crate::tls::UNVERIFIED);
                let (error, result) = self.failure.take().unwrap_or_else(none);
                QuicStep::Failed(error, result)
            }
        }
    }

    fn start(&mut self, target: SocketAddr, now: Instant) -> Result<Box<Quic>> {
        let socket = system::datagram(target).map_err(|errno| refused(&errno.into()))?;
        if let Some(bind) = &self.settings.bind {
            let bound = bind.apply(socket.as_fd(), &target, false, &mut Vec::new());
            bound.map_err(|failure| failure.error)?;
        }
        system::connect(socket.as_fd(), &Target::Ip(target))
            .map_err(|errno| refused(&errno.into()))?;
        let mut attempt = Box::new(Quic::new(socket, target, &self.wish, now)?);
        drive(&mut attempt, now)?;
        Ok(attempt)
    }
}

/// Moves a handshake on; true: it is complete.
fn drive(attempt: &mut Quic, now: Instant) -> Result<bool> {
    attempt.take_in(now).map_err(|error| refused(&error))?;
    while let Some(event) = attempt.poll() {
        match event {
            Event::Connected => return Ok(true),
            Event::Lost(Lost::Failed(error)) => {
                // What is to be said about it: an alert, most of the time.
                let _ = attempt.send_out(now);
                return Err(error);
            }
            Event::Lost(Lost::TimedOut) => return Err(failed("the server does not answer")),
            Event::Lost(Lost::Closed(code)) => {
                return Err(failed(&format!("closed by the server with code 0x{code:x}")));
            }
            _ => {}
        }
    }
    attempt.send_out(now).map_err(|error| refused(&error))?;
    Ok(false)
}

fn refused(error: &std::io::Error) -> Error {
    let reason = match error.raw_os_error() {
        Some(errno) => crate::connect::errno_text(errno),
        None => error.to_string(),
    };
    Error::new(Code::CouldntConnect, format!("QUIC connect: {reason}"))
}
