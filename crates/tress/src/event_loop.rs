//! The built-in loop's waiting: an epoll or kqueue that follows what the engine announces.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use tress_engine::{Ready, Watch};

/// Sockets taken from the kernel at once.
pub(crate) const EVENTS: usize = 256;

/// Which sockets are watched, and when the timer goes off.
#[derive(Default)]
pub(crate) struct EventLoop {
    watched: HashMap<RawFd, Watch>,
    pub timer: Option<Instant>,
    /// Opened by the first wait: another loop may do the waiting.
    poll: Option<(Poll, Events)>,
    /// A socket could not be watched: told by the next wait.
    failed: Option<io::Error>,
}

impl EventLoop {
    /// Takes over what the engine wants of a socket; gives how often the kernel was told.
    pub fn watch(&mut self, socket: RawFd, what: Watch) -> u64 {
        let before = match what {
            Watch::Remove => self.watched.remove(&socket),
            what => self.watched.insert(socket, what),
        };
        let Some((poll, _)) = &self.poll else { return 0 };
        if let Err(error) = register(poll, socket, before, what) {
            self.failed = Some(error);
        }
        u64::from(before.and_then(interest).is_some() || interest(what).is_some())
    }

    /// Waits for `most` at the longest, and not past the timer; gives the sockets that are ready.
    pub fn wait(&mut self, most: Duration, ready: &mut Vec<(RawFd, Ready)>) -> io::Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let until = self.timer.map(|at| at.saturating_duration_since(Instant::now()));
        let most = until.map_or(most, |until| until.min(most));
        let (poll, events) = self.poll()?;
        match poll.poll(events, Some(most)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => events.clear(),
            result => result?,
        }
        ready.clear();
        ready.extend(events.iter().map(|event| {
            let found = Ready {
                readable: event.is_readable() || event.is_read_closed(),
                writable: event.is_writable(),
                error: event.is_error(),
            };
            (event.token().0 as RawFd, found)
        }));
        Ok(())
    }

    /// The descriptor of the epoll: readable while a socket is ready.
    pub fn descriptor(&mut self) -> io::Result<BorrowedFd<'_>> {
        Ok(self.poll()?.0.registry().as_fd())
    }

    /// Is the socket still announced?
    pub fn watches(&self, socket: RawFd) -> bool {
        self.watched.contains_key(&socket)
    }

    fn poll(&mut self) -> io::Result<&mut (Poll, Events)> {
        if self.poll.is_none() {
            let poll = Poll::new()?;
            for (socket, what) in &self.watched {
                register(&poll, *socket, None, *what)?;
            }
            self.poll = Some((poll, Events::with_capacity(EVENTS)));
        }
        self.poll.as_mut().ok_or_else(|| io::Error::other("no poll"))
    }
}

/// mio's events are edges. That suits the engine: it reads and writes until the kernel has no
/// more, and a change of what it wants makes ready sockets come up again.
fn register(poll: &Poll, socket: RawFd, before: Option<Watch>, what: Watch) -> io::Result<()> {
    let registry = poll.registry();
    let mut source = SourceFd(&socket);
    let token = Token(socket as usize);
    match (before.and_then(interest), interest(what)) {
        (None, None) => Ok(()),
        (None, Some(wanted)) => registry.register(&mut source, token, wanted),
        (Some(_), Some(wanted)) => registry.reregister(&mut source, token, wanted),
        (Some(_), None) => registry.deregister(&mut source),
    }
}

fn interest(watch: Watch) -> Option<Interest> {
    match watch {
        Watch::In => Some(Interest::READABLE),
        Watch::Out => Some(Interest::WRITABLE),
        Watch::InOut => Some(Interest::READABLE | Interest::WRITABLE),
        Watch::None | Watch::Remove => None,
    }
}
