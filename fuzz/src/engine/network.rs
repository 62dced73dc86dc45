//! The network that the engine meets: its servers say what the input makes them say.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::io::IoSlice;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::{Errno, Result};
use tress_net::connect::Target;
use tress_net::resolve::Unresolved;
use tress_net::sim::{Network, Question, addresses};

/// Descriptors of sockets have numbers from here on, which nothing else of the process uses.
pub const FIRST: RawFd = 300;
/// How many servers there are; connections go to them in turn.
pub const SERVERS: usize = 8;
/// A server that was asked so often in vain closes the connection.
const PATIENCE: u32 = 50;

/// What a server does next.
pub enum Deed {
    Say(Vec<u8>),
    Close,
    Reset,
}

#[derive(Default)]
pub struct Net {
    /// What each server has still to do.
    scripts: RefCell<[VecDeque<Deed>; SERVERS]>,
    connections: RefCell<HashMap<RawFd, Connection>>,
    opened: Cell<usize>,
    /// How the next connections come about.
    pub connects: RefCell<VecDeque<u8>>,
    /// Bytes that may still be sent; none: any number.
    pub room: Cell<Option<usize>>,
    questions: RefCell<Vec<Question>>,
    /// Look-ups are answered at once.
    pub answers_at_once: Cell<bool>,
    /// All servers that have nothing to say close.
    pub ending: Cell<bool>,
}

struct Connection {
    server: usize,
    how: u8,
    asked: bool,
    /// What was said last is read; the next piece comes a moment later.
    pause: bool,
    over: Option<Result<usize>>,
    vain: u32,
}

impl Net {
    /// As it was at first.
    pub fn reset(&self) {
        self.scripts.take();
        self.connections.take();
        self.connects.take();
        self.questions.take();
        self.opened.set(0);
        self.room.set(None);
        self.answers_at_once.set(false);
        self.ending.set(false);
    }

    /// A server has one thing more to do; `goes_on`: it belongs to the last it says.
    pub fn script(&self, server: usize, deed: Deed, goes_on: bool) {
        let mut scripts = self.scripts.borrow_mut();
        let script = &mut scripts[server % SERVERS];
        match (script.back_mut(), deed) {
            (Some(Deed::Say(last)), Deed::Say(more)) if goes_on => last.extend(more),
            (_, deed) => script.push_back(deed),
        }
    }

    /// A socket as the application opens it.
    pub fn open(&self) -> Result<OwnedFd> {
        let flags = rustix::event::EventfdFlags::NONBLOCK | rustix::event::EventfdFlags::CLOEXEC;
        // Always readable and writable to the system: who polls it looks.
        let socket = rustix::event::eventfd(1, flags)?;
        let socket = rustix::io::fcntl_dupfd_cloexec(&socket, FIRST)?;
        let (server, how) = (self.opened.get(), self.connects.borrow_mut().pop_front());
        self.opened.set(server + 1);
        let connection = Connection {
            server: server % SERVERS,
            how: how.unwrap_or(0),
            asked: false,
            pause: false,
            over: None,
            vain: 0,
        };
        self.connections.borrow_mut().insert(socket.as_raw_fd(), connection);
        Ok(socket)
    }

    /// Is it a socket of this network, open or not?
    pub fn knows(&self, fd: RawFd) -> bool {
        self.connections.borrow().contains_key(&fd)
    }

    /// The sockets that were opened and not closed.
    pub fn open_sockets(&self) -> Vec<RawFd> {
        let connections = self.connections.borrow();
        connections.keys().copied().filter(|fd| is_open(*fd)).collect()
    }

    pub fn is_readable(&self, fd: RawFd) -> bool {
        let connections = self.connections.borrow();
        let Some(connection) = connections.get(&fd) else { return false };
        let says = !self.scripts.borrow()[connection.server].is_empty();
        says || self.ending.get() || connection.over.is_some() || connection.vain > PATIENCE
    }

    pub fn is_writable(&self) -> bool {
        self.room.get() != Some(0)
    }

    /// Answers the look-ups that are open. True: there was one.
    pub fn answer(&self) -> bool {
        let questions = self.questions.take();
        let any = !questions.is_empty();
        questions.into_iter().for_each(answer);
        any
    }
}

/// Is the descriptor open?
pub fn is_open(fd: RawFd) -> bool {
    // SAFETY: a plain system call.
    unsafe { libc::fcntl(fd, libc::F_GETFD) >= 0 }
}

/// Closes a socket that the application has.
pub fn close(fd: RawFd) {
    // SAFETY: the library has given it up.
    drop(unsafe { OwnedFd::from_raw_fd(fd) });
}

/// The name decides: `no...` is unknown, `many...` has several addresses.
fn answer(question: Question) {
    let (v4, v6) = (SocketAddr::from(([127, 0, 0, 1], 0)), SocketAddr::from(([0; 8], 0)));
    let host = question.host();
    let found = match () {
        () if host.starts_with("no") => Err(Unresolved::NoSuchName),
        () if host.starts_with("later") => Err(Unresolved::Transient),
        () if host.starts_with("many") => Ok(addresses(&[v6, v4, v4, v6])),
        () if host.starts_with("six") => Ok(addresses(&[v6])),
        () => Ok(addresses(&[v4])),
    };
    question.answer(found);
}

impl Network for Net {
    fn socket(&self, _: &Target) -> Result<OwnedFd> {
        self.open()
    }

    fn connect(&self, fd: BorrowedFd<'_>, _: &Target) -> Result<()> {
        let mut connections = self.connections.borrow_mut();
        let Some(connection) = connections.get_mut(&fd.as_raw_fd()) else {
            return Err(Errno::BADF);
        };
        match (connection.how % 6, std::mem::replace(&mut connection.asked, true)) {
            (1 | 3, false) => Err(Errno::INPROGRESS),
            (2 | 3, _) => Err(Errno::CONNREFUSED),
            (4, _) => Err(Errno::INPROGRESS),
            _ => Ok(()),
        }
    }

    /// Who has something to say has come; the connection goes on with it.
    fn accept(&self, fd: BorrowedFd<'_>) -> Result<OwnedFd> {
        let server = self.connections.borrow().get(&fd.as_raw_fd()).map(|it| it.server);
        let Some(server) = server.filter(|_| self.is_readable(fd.as_raw_fd())) else {
            return Err(Errno::AGAIN);
        };
        let socket = self.open()?;
        if let Some(connection) = self.connections.borrow_mut().get_mut(&socket.as_raw_fd()) {
            connection.server = server;
        }
        Ok(socket)
    }

    fn recv(&self, fd: BorrowedFd<'_>, buf: &mut [u8], peek: bool) -> Result<usize> {
        let mut connections = self.connections.borrow_mut();
        let Some(connection) = connections.get_mut(&fd.as_raw_fd()) else {
            return Err(Errno::BADF);
        };
        if let Some(over) = connection.over {
            return over;
        }
        if !peek && std::mem::take(&mut connection.pause) {
            return Err(Errno::AGAIN);
        }
        let mut scripts = self.scripts.borrow_mut();
        let script = &mut scripts[connection.server];
        let over = match script.front_mut() {
            Some(Deed::Say(bytes)) => {
                let count = bytes.len().min(buf.len());
                buf[..count].copy_from_slice(&bytes[..count]);
                if peek {
                    return Ok(count);
                }
                bytes.drain(..count);
                if bytes.is_empty() {
                    script.pop_front();
                    connection.pause = true;
                }
                // Nothing to say at all would be the end.
                return if count == 0 && !buf.is_empty() { Err(Errno::AGAIN) } else { Ok(count) };
            }
            Some(Deed::Close) => Ok(0),
            Some(Deed::Reset) => Err(Errno::CONNRESET),
            None if self.ending.get() || connection.vain > PATIENCE => Ok(0),
            None => {
                connection.vain += u32::from(!peek);
                return Err(Errno::AGAIN);
            }
        };
        if !peek {
            script.pop_front();
            connection.over = Some(over);
        }
        over
    }

    fn send(&self, fd: BorrowedFd<'_>, bufs: &[IoSlice<'_>]) -> Result<usize> {
        if !self.knows(fd.as_raw_fd()) {
            return Err(Errno::PIPE);
        }
        let all = bufs.iter().map(|buf| buf.len()).sum();
        let Some(room) = self.room.get() else { return Ok(all) };
        let sent = room.min(all);
        self.room.set(Some(room - sent));
        if sent == 0 && all > 0 { Err(Errno::AGAIN) } else { Ok(sent) }
    }

    fn addresses(&self, fd: BorrowedFd<'_>) -> Option<(SocketAddr, SocketAddr)> {
        let near = SocketAddr::from(([127, 0, 0, 1], 40_000));
        self.knows(fd.as_raw_fd()).then_some((near, SocketAddr::from(([127, 0, 0, 1], 80))))
    }

    fn resolve(&self, question: Question) {
        match self.answers_at_once.get() {
            true => answer(question),
            false => self.questions.borrow_mut().push(question),
        }
    }
}
