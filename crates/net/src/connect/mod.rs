//! Connecting a socket by happy eyeballs (RFC 8305), without a clock of its own.

mod attempt;
mod bind;
mod note;

use std::net::SocketAddr;
use std::os::fd::{OwnedFd, RawFd};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smallvec::SmallVec;
use tress_model::{Code, Error};

use crate::resolve::Addresses;
use crate::{Stream, Want};
use attempt::{Attempt, Progress};

pub use bind::{Bind, interface_index};
pub use note::ConnectNote;
pub(crate) use note::errno_text;

/// At most so many sockets connect at once; starting another gives up the oldest.
pub const MAX_CONCURRENT_ATTEMPTS: usize = 6;

/// Where to connect to.
#[derive(Clone, Debug)]
pub enum ConnectTargets {
    /// Addresses of a host and the port.
    Ip {
        /// What the host's name resolved to.
        addresses: Arc<Addresses>,
        /// The port.
        port: u16,
    },
    /// A Unix domain socket in the file system.
    Unix(Arc<Path>),
    /// A Unix domain socket in Linux' abstract name space, without the leading NUL.
    UnixAbstract(Arc<[u8]>),
}

/// One address to connect a socket to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// TCP over IPv4 or IPv6.
    Ip(SocketAddr),
    /// A Unix domain socket in the file system.
    Unix(Arc<Path>),
    /// A Unix domain socket in Linux' abstract name space, without the leading NUL.
    UnixAbstract(Arc<[u8]>),
}

/// TCP keep-alive probes (`CURLOPT_TCP_KEEPALIVE`, `_KEEPIDLE`, `_KEEPINTVL`, `_KEEPCNT`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// Idle time before the first probe.
    pub idle: Duration,
    /// Time between probes.
    pub interval: Duration,
    /// Unanswered probes until the connection counts as dead.
    pub count: u32,
}

/// How to connect.
#[derive(Clone, Debug)]
pub struct ConnectSettings {
    /// Head start of an attempt before the next one joins it
    /// (`CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS`).
    pub happy_eyeballs: Duration,
    /// `CURLOPT_TCP_NODELAY`.
    pub nodelay: bool,
    /// `CURLOPT_TCP_KEEPALIVE` and its companions.
    pub keepalive: Option<KeepAlive>,
    /// The near end (`CURLOPT_INTERFACE`, `CURLOPT_LOCALPORT`, `CURLOPT_LOCALPORTRANGE`).
    pub bind: Option<Box<Bind>>,
    /// `CURLOPT_ADDRESS_SCOPE`: zone of IPv6 link-local addresses, 0 for none.
    pub address_scope: u32,
    /// The application opens sockets (`CURLOPT_OPENSOCKETFUNCTION`).
    pub ask_open: bool,
    /// The application sets socket options (`CURLOPT_SOCKOPTFUNCTION`).
    pub ask_sockopt: bool,
    /// The application closes sockets (`CURLOPT_CLOSESOCKETFUNCTION`).
    pub ask_close: bool,
    /// Collect notes for the debug callback.
    pub verbose: bool,
}

impl Default for ConnectSettings {
    /// libcurl's defaults.
    fn default() -> Self {
        Self {
            happy_eyeballs: Duration::from_millis(200),
            nodelay: true,
            keepalive: None,
            bind: None,
            address_scope: 0,
            ask_open: false,
            ask_sockopt: false,
            ask_close: false,
            verbose: false,
        }
    }
}

/// Names one attempt in the questions of [`ConnectStep`] and in their answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptId(u16);

/// The application's answer to [`ConnectStep::SockOpt`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SockOptAnswer {
    /// `CURL_SOCKOPT_OK`
    Ok,
    /// `CURL_SOCKOPT_ERROR`
    Error,
    /// `CURL_SOCKOPT_ALREADY_CONNECTED`
    AlreadyConnected,
}

/// What [`Connect::poll`] came to.
pub enum ConnectStep {
    /// Wait for one of [`Connect::interests`] or for [`Connect::deadline`].
    Wait,
    /// Only with `ask_open`: open a socket, answer by [`Connect::opened`], poll again.
    OpenSocket {
        /// Which attempt asks.
        attempt: AttemptId,
        /// Where it will connect to.
        target: Target,
    },
    /// Only with `ask_sockopt`: set options, answer by [`Connect::sockopt_done`], poll again.
    SockOpt {
        /// Which attempt asks.
        attempt: AttemptId,
        /// The new socket.
        fd: RawFd,
    },
    /// Only with `ask_close`: close this, then poll again.
    CloseSocket(OwnedFd),
    /// Done: the connected stream and the address that it is connected to.
    /// Descriptors of other attempts are given back by polling on until `Wait`.
    Connected(Stream, Target),
    /// No attempt is left.
    Failed(ConnectFailure),
}

/// Why connecting failed.
#[derive(Clone, Debug)]
pub struct ConnectFailure {
    /// libcurl's code; the message is empty unless something other than the
    /// peer is to blame (a near address that cannot be bound, ...).
    pub error: Error,
    /// The system's error number (`CURLINFO_OS_ERRNO`), 0 if none.
    pub errno: i32,
}

impl ConnectFailure {
    /// The error with libcurl's words for the error buffer: which host (with
    /// "via", "over proxy" and such in `towards`, e.g. `example.com:80`) after
    /// how long since the transfer's start.
    pub fn into_error(self, towards: &str, elapsed: Duration) -> Error {
        if !self.error.message().is_empty() {
            return self.error;
        }
        let reason = match self.error.code() {
            Code::AbortedByCallback => "Operation was aborted by an application callback",
            Code::InterfaceFailed => "Failed binding local connection end",
            _ => "Could not connect to server",
        };
        let ms = elapsed.as_millis();
        let message = format!("Failed to connect to {towards} after {ms} ms: {reason}");
        let timed_out = self.errno == rustix::io::Errno::TIMEDOUT.raw_os_error();
        let code = if timed_out { Code::OperationTimedout } else { self.error.code() };
        Error::new(code, message)
    }
}

/// A connection in the making: some sockets that race each other.
pub struct Connect {
    targets: ConnectTargets,
    settings: Arc<ConnectSettings>,
    attempts: SmallVec<[Attempt; 1]>,
    to_close: SmallVec<[OwnedFd; 1]>,
    notes: Vec<ConnectNote>,
    next_v6: u16,
    next_v4: u16,
    last_was_v6: bool,
    last_start: Instant,
    failure: Option<ConnectFailure>,
    finished: bool,
}

impl Connect {
    /// Prepares to connect; the first [`Connect::poll`] starts it.
    pub fn new(targets: ConnectTargets, settings: Arc<ConnectSettings>, now: Instant) -> Self {
        Self {
            targets,
            settings,
            attempts: SmallVec::new(),
            to_close: SmallVec::new(),
            notes: Vec::new(),
            next_v6: 0,
            next_v4: 0,
            last_was_v6: false,
            last_start: now,
            failure: None,
            finished: false,
        }
    }

    /// Moves on as far as it goes without waiting. `ready` is the descriptor
    /// that the event loop reported; without one all sockets are looked at.
    pub fn poll(&mut self, ready: Option<RawFd>, now: Instant) -> ConnectStep {
        loop {
            if let Some(fd) = self.to_close.pop() {
                return ConnectStep::CloseSocket(fd);
            }
            if self.finished {
                return ConnectStep::Wait;
            }
            if let Some(step) = self.check_attempts(ready) {
                return step;
            }
            if !self.to_close.is_empty() {
                continue;
            }
            let ongoing = !self.attempts.is_empty();
            if ongoing && now < self.next_start() {
                return ConnectStep::Wait;
            }
            match self.next_target() {
                Some(target) => self.start(target, now),
                None if ongoing => return ConnectStep::Wait,
                None => return self.give_up(),
            }
        }
    }

    /// The sockets to watch and what for; several at once during happy eyeballs.
    pub fn interests(&self) -> impl Iterator<Item = (RawFd, Want)> + '_ {
        self.attempts.iter().filter_map(Attempt::waits_on).map(|fd| (fd, Want::Write))
    }

    /// When to poll again even if no socket is ready: the next attempt's start.
    pub fn deadline(&self) -> Option<Instant> {
        (!self.finished && self.has_more()).then(|| self.next_start())
    }

    /// Answers [`ConnectStep::OpenSocket`]: the socket that the application
    /// opened, if it did, and the address, which it may have changed.
    pub fn opened(&mut self, attempt: AttemptId, socket: Option<OwnedFd>, target: Target) {
        if let Some(a) = self.attempts.iter_mut().find(|a| a.id == attempt) {
            a.opened(socket, target);
        }
    }

    /// Answers [`ConnectStep::SockOpt`].
    pub fn sockopt_done(&mut self, attempt: AttemptId, answer: SockOptAnswer) {
        if let Some(a) = self.attempts.iter_mut().find(|a| a.id == attempt) {
            a.sockopt_done(answer);
        }
    }

    /// What happened since the last call, for the debug callback.
    pub fn take_notes(&mut self) -> Vec<ConnectNote> {
        std::mem::take(&mut self.notes)
    }

    /// Gives up; hands out the open sockets for an application that closes them itself.
    pub fn into_fds(self) -> impl Iterator<Item = OwnedFd> {
        self.to_close.into_iter().chain(self.attempts.into_iter().filter_map(Attempt::into_fd))
    }

    /// Drives each attempt; removes those that ended.
    fn check_attempts(&mut self, ready: Option<RawFd>) -> Option<ConnectStep> {
        let mut i = 0;
        while let Some(attempt) = self.attempts.get_mut(i) {
            if attempt.is_idle(ready) {
                i += 1;
                continue;
            }
            match attempt.drive(&self.settings, &mut self.notes) {
                Progress::Wait => i += 1,
                Progress::Ask(step) => return Some(step),
                Progress::Connected(stream) => {
                    let target = self.attempts.remove(i).target;
                    self.finish();
                    return Some(ConnectStep::Connected(stream, target));
                }
                Progress::Failed(failure) => {
                    self.failure = Some(failure);
                    let attempt = self.attempts.remove(i);
                    self.drop_attempt(attempt);
                }
            }
        }
        None
    }

    fn start(&mut self, target: Target, now: Instant) {
        if self.attempts.len() >= MAX_CONCURRENT_ATTEMPTS {
            let oldest = self.attempts.remove(0);
            self.drop_attempt(oldest);
        }
        self.last_was_v6 = matches!(target, Target::Ip(SocketAddr::V6(_)));
        self.last_start = now;
        let id = AttemptId(self.next_v6.wrapping_add(self.next_v4));
        self.attempts.push(Attempt::new(id, target));
    }

    fn finish(&mut self) {
        self.finished = true;
        for attempt in std::mem::take(&mut self.attempts) {
            self.drop_attempt(attempt);
        }
    }

    fn drop_attempt(&mut self, attempt: Attempt) {
        if self.settings.ask_close {
            self.to_close.extend(attempt.into_fd());
        }
    }

    fn give_up(&mut self) -> ConnectStep {
        self.finished = true;
        let none = || ConnectFailure { error: Code::CouldntConnect.into(), errno: 0 };
        ConnectStep::Failed(self.failure.take().unwrap_or_else(none))
    }

    fn next_start(&self) -> Instant {
        self.last_start + self.settings.happy_eyeballs
    }

    fn has_more(&self) -> bool {
        match &self.targets {
            ConnectTargets::Ip { addresses, .. } => {
                usize::from(self.next_v6) < addresses.v6.len()
                    || usize::from(self.next_v4) < addresses.v4.len()
            }
            ConnectTargets::Unix(_) | ConnectTargets::UnixAbstract(_) => self.next_v4 == 0,
        }
    }

    /// The next address: IPv6 first, then the families in turn while both last.
    fn next_target(&mut self) -> Option<Target> {
        let (addresses, port) = match &self.targets {
            _ if !self.has_more() => return None,
            ConnectTargets::Ip { addresses, port } => (addresses, *port),
            ConnectTargets::Unix(path) => {
                self.next_v4 = 1;
                return Some(Target::Unix(path.clone()));
            }
            ConnectTargets::UnixAbstract(name) => {
                self.next_v4 = 1;
                return Some(Target::UnixAbstract(name.clone()));
            }
        };
        let v4 = addresses.v4.get(usize::from(self.next_v4));
        let v6 = addresses.v6.get(usize::from(self.next_v6));
        match (v6, v4) {
            (Some(v6), v4) if v4.is_none() || !self.last_was_v6 => {
                self.next_v6 += 1;
                let mut addr = *v6;
                addr.set_port(port);
                if self.settings.address_scope != 0 {
                    addr.set_scope_id(self.settings.address_scope);
                }
                Some(Target::Ip(addr.into()))
            }
            (_, Some(v4)) => {
                self.next_v4 += 1;
                Some(Target::Ip((*v4, port).into()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
