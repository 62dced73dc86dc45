use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::io::Errno;
use rustix::net::sockopt;
use tress_model::{Code, Error};

use super::note::errno_text;
use super::{AttemptId, ConnectFailure, ConnectNote, ConnectSettings, ConnectStep, KeepAlive};
use super::{SockOptAnswer, Target};
use crate::Stream;
use crate::system::{connect, local_addr, socket};

/// One socket on its way to one address.
pub(super) struct Attempt {
    pub(super) id: AttemptId,
    pub(super) target: Target,
    state: State,
}

enum State {
    New,
    AskedOpen,
    OpenRefused,
    Opened(OwnedFd),
    AskedSockOpt(OwnedFd),
    SockOptDone(OwnedFd, SockOptAnswer),
    Connecting(OwnedFd),
    Gone,
}

/// How far [`Attempt::drive`] came.
pub(super) enum Progress {
    Wait,
    Ask(ConnectStep),
    Connected(Stream),
    Failed(ConnectFailure),
}

type Notes = Vec<ConnectNote>;

impl Attempt {
    pub(super) fn new(id: AttemptId, target: Target) -> Self {
        Self { id, target, state: State::New }
    }

    /// The socket to watch until it can be written.
    pub(super) fn waits_on(&self) -> Option<RawFd> {
        match &self.state {
            State::Connecting(fd) => Some(fd.as_raw_fd()),
            _ => None,
        }
    }

    /// Is it sure that nothing happened here, as another socket was reported?
    pub(super) fn is_idle(&self, ready: Option<RawFd>) -> bool {
        match (self.waits_on(), ready) {
            (Some(fd), Some(ready)) => fd != ready,
            _ => false,
        }
    }

    pub(super) fn into_fd(self) -> Option<OwnedFd> {
        match self.state {
            State::Opened(fd)
            | State::AskedSockOpt(fd)
            | State::SockOptDone(fd, _)
            | State::Connecting(fd) => Some(fd),
            State::New | State::AskedOpen | State::OpenRefused | State::Gone => None,
        }
    }

    pub(super) fn opened(&mut self, socket: Option<OwnedFd>, target: Target) {
        self.target = target;
        self.state = socket.map_or(State::OpenRefused, State::Opened);
    }

    pub(super) fn sockopt_done(&mut self, answer: SockOptAnswer) {
        self.state = match std::mem::replace(&mut self.state, State::Gone) {
            State::AskedSockOpt(fd) => State::SockOptDone(fd, answer),
            other => other,
        };
    }

    /// Moves on as far as it goes without waiting.
    pub(super) fn drive(&mut self, settings: &ConnectSettings, notes: &mut Notes) -> Progress {
        loop {
            match std::mem::replace(&mut self.state, State::Gone) {
                State::New if settings.ask_open => {
                    self.state = State::AskedOpen;
                    let (attempt, target) = (self.id, self.target.clone());
                    return Progress::Ask(ConnectStep::OpenSocket { attempt, target });
                }
                State::New => match socket(&self.target) {
                    Ok(fd) => self.state = State::Opened(fd),
                    Err(errno) => return open_failed(errno.raw_os_error()),
                },
                State::OpenRefused => return open_failed(0),
                State::Opened(fd) => {
                    if settings.verbose {
                        notes.push(ConnectNote::Trying(self.target.clone()));
                    }
                    set_options(fd.as_fd(), &self.target, settings);
                    if settings.ask_sockopt {
                        let (attempt, raw) = (self.id, fd.as_raw_fd());
                        self.state = State::AskedSockOpt(fd);
                        return Progress::Ask(ConnectStep::SockOpt { attempt, fd: raw });
                    }
                    self.state = State::SockOptDone(fd, SockOptAnswer::Ok);
                }
                State::SockOptDone(fd, answer) => match answer {
                    SockOptAnswer::Ok => return self.start(fd, settings, notes),
                    // A blocking socket would hold up every other transfer.
                    SockOptAnswer::AlreadyConnected => {
                        return match stop_blocking(&fd, settings) {
                            Ok(()) => self.connected(fd),
                            Err(errno) => self.failed(fd, errno, None, notes),
                        };
                    }
                    SockOptAnswer::Error => {
                        self.state = State::Connecting(fd);
                        let error = Code::AbortedByCallback.into();
                        return Progress::Failed(ConnectFailure { error, errno: 0 });
                    }
                },
                State::Connecting(fd) => return self.resume(fd, settings, notes),
                waiting => {
                    self.state = waiting;
                    return Progress::Wait;
                }
            }
        }
    }

    fn start(&mut self, fd: OwnedFd, settings: &ConnectSettings, notes: &mut Notes) -> Progress {
        if let (Some(bind), Target::Ip(addr)) = (&settings.bind, &self.target)
            && let Err(failure) = bind.apply(fd.as_fd(), addr, settings.verbose, notes)
        {
            self.state = State::Connecting(fd);
            return Progress::Failed(failure);
        }
        if let Err(errno) = stop_blocking(&fd, settings) {
            let local = settings.verbose.then(|| local_addr(fd.as_fd()));
            return self.failed(fd, errno, local, notes);
        }
        match connect(fd.as_fd(), &self.target) {
            Ok(()) => self.connected(fd),
            Err(Errno::NAMETOOLONG) if !matches!(self.target, Target::Ip(_)) => {
                self.state = State::Connecting(fd);
                path_too_long(&self.target)
            }
            // The handshake on the loopback ends while `connect` returns: look again at once.
            Err(Errno::INPROGRESS) if is_loopback(&self.target) => self.resume(fd, settings, notes),
            Err(Errno::INPROGRESS | Errno::AGAIN | Errno::INTR) => {
                self.state = State::Connecting(fd);
                Progress::Wait
            }
            Err(errno) => {
                if settings.verbose {
                    let errno = errno.raw_os_error();
                    notes.push(ConnectNote::ImmediateFail(self.target.clone(), errno));
                }
                let local = settings.verbose.then(|| local_addr(fd.as_fd()));
                self.failed(fd, errno, local, notes)
            }
        }
    }

    /// Asks a connecting socket how it is. A second `connect` tells success,
    /// failure and "not yet" apart in one system call. On failure it also
    /// forgets the near address, so a debug text wants that first.
    fn resume(&mut self, fd: OwnedFd, settings: &ConnectSettings, notes: &mut Notes) -> Progress {
        let local = settings.verbose.then(|| local_addr(fd.as_fd()));
        match connect(fd.as_fd(), &self.target) {
            Ok(()) | Err(Errno::ISCONN) => self.connected(fd),
            Err(Errno::ALREADY | Errno::INPROGRESS | Errno::AGAIN | Errno::INTR) => {
                self.state = State::Connecting(fd);
                Progress::Wait
            }
            Err(errno) => self.failed(fd, errno, local, notes),
        }
    }

    fn connected(&mut self, fd: OwnedFd) -> Progress {
        Progress::Connected(match self.target {
            Target::Ip(_) => Stream::tcp(fd),
            Target::Unix(_) | Target::UnixAbstract(_) => Stream::unix(fd),
        })
    }

    /// `local` is the near address if debug text is wanted.
    fn failed(
        &mut self,
        fd: OwnedFd,
        errno: Errno,
        local: Option<Option<SocketAddr>>,
        notes: &mut Notes,
    ) -> Progress {
        let errno = errno.raw_os_error();
        if let Some(local) = local {
            notes.push(ConnectNote::Failed { target: self.target.clone(), local, errno });
        }
        self.state = State::Connecting(fd);
        Progress::Failed(ConnectFailure { error: Code::CouldntConnect.into(), errno })
    }
}

fn open_failed(errno: i32) -> Progress {
    if errno == 0 {
        // The application opened none: no words of the system's for that.
        return Progress::Failed(ConnectFailure { error: Code::CouldntConnect.into(), errno });
    }
    let message = format!("failed to open socket: {}", errno_text(errno));
    let error = Error::new(Code::CouldntConnect, message);
    Progress::Failed(ConnectFailure { error, errno })
}

fn path_too_long(target: &Target) -> Progress {
    let path = match target {
        Target::Unix(path) => path.display().to_string(),
        Target::UnixAbstract(name) => String::from_utf8_lossy(name).into_owned(),
        Target::Ip(addr) => addr.to_string(),
    };
    let message = format!("Unix socket path too long: '{path}'");
    let error = Error::new(Code::CouldntResolveHost, message);
    Progress::Failed(ConnectFailure { error, errno: 0 })
}

/// A socket that the application has opened may still be a blocking one.
fn stop_blocking(fd: &OwnedFd, settings: &ConnectSettings) -> rustix::io::Result<()> {
    if settings.ask_open { rustix::io::ioctl_fionbio(fd, true) } else { Ok(()) }
}

fn is_loopback(target: &Target) -> bool {
    matches!(target, Target::Ip(addr) if addr.ip().is_loopback())
}

/// Failures are no reason not to connect.
fn set_options(fd: BorrowedFd<'_>, target: &Target, settings: &ConnectSettings) {
    if !matches!(target, Target::Ip(_)) {
        return;
    }
    // Miri has this option for sockets that are connected.
    if settings.nodelay && !cfg!(miri) {
        let _ = sockopt::set_tcp_nodelay(fd, true);
    }
    if let Some(keepalive) = &settings.keepalive {
        let _ = set_keepalive(fd, keepalive);
    }
}

fn set_keepalive(fd: BorrowedFd<'_>, keepalive: &KeepAlive) -> rustix::io::Result<()> {
    sockopt::set_socket_keepalive(fd, true)?;
    let _ = sockopt::set_tcp_keepidle(fd, keepalive.idle);
    let _ = sockopt::set_tcp_keepintvl(fd, keepalive.interval);
    sockopt::set_tcp_keepcnt(fd, keepalive.count)
}
