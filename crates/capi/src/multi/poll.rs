//! Waiting and acting without the application's loop: `curl_multi_poll`, `_wait`, `_perform`,
//! `_fdset`, `_waitfds`, `_wakeup`.

use std::ffi::{c_int, c_short};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::NonNull;
use std::time::Duration;

use tress_engine::{Ready, Watch};
use tress_model::MultiCode;

use super::{Multi, act, drive};

/// `struct curl_waitfd`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WaitFd {
    fd: c_int,
    events: c_short,
    revents: c_short,
}

/// `CURL_WAIT_POLLIN`, `_POLLPRI`, `_POLLOUT`, and poll(2)'s own.
const WAIT_BITS: [(c_short, c_short); 3] =
    [(1, libc::POLLIN), (2, libc::POLLPRI), (4, libc::POLLOUT)];

/// `CURL_WAIT_POLLIN`
const WAIT_IN: c_short = 1;

/// What polling needs, kept from one time to the next.
#[derive(Default)]
pub struct Poller {
    list: Vec<libc::pollfd>,
    /// How many of the list are the engine's sockets; the rest is the caller's.
    own: usize,
    /// The list holds answers that no action has used yet.
    fresh: bool,
    /// Signalled by `curl_multi_wakeup`; polled here, and by those who ask what to wait for.
    wakeup: Option<OwnedFd>,
    /// The application polls it too: an action takes the signal away.
    wakeup_is_told: bool,
}

impl Poller {
    /// Makes the descriptor that wakes up a wait. Done once, before other threads can ask.
    pub fn with_wakeup() -> Self {
        // SAFETY: plain system call; a good descriptor is ours.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        // SAFETY: as above.
        let wakeup = (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd) });
        Self { wakeup, ..Self::default() }
    }

    /// The descriptor to signal.
    pub fn wakeup(&self) -> Option<RawFd> {
        self.wakeup.as_ref().map(AsRawFd::as_raw_fd)
    }

    fn collect(&mut self, engine: &tress_engine::Multi) {
        self.list.clear();
        self.list.extend(engine.interests().map(|(fd, what)| pollfd(fd, what)));
        self.own = self.list.len();
        self.fresh = false;
    }

    /// poll(2), again after signals; the number of descriptors with events.
    fn poll(&mut self, timeout: Duration) -> Result<usize, MultiCode> {
        let millis = timeout.as_nanos().div_ceil(1_000_000).try_into().unwrap_or(c_int::MAX);
        let count = self.list.len() as libc::nfds_t;
        // SAFETY: the list is good for its length.
        let ready = unsafe { libc::poll(self.list.as_mut_ptr(), count, millis) };
        self.fresh = true;
        match usize::try_from(ready) {
            Ok(ready) => Ok(ready),
            Err(_) => {
                self.list.iter_mut().for_each(|entry| entry.revents = 0);
                match std::io::Error::last_os_error().kind() {
                    std::io::ErrorKind::Interrupted => Ok(0),
                    _ => Err(MultiCode::UnrecoverablePoll),
                }
            }
        }
    }
}

/// Waits for the engine's sockets and deadline, `longest` at most.
///
/// # Safety
/// `multi` is good and not borrowed.
pub unsafe fn wait(multi: NonNull<Multi>, longest: Duration) -> Result<(), MultiCode> {
    // SAFETY: by contract; no callback runs here.
    let this = unsafe { &mut *multi.as_ptr() };
    this.poller.collect(&this.engine);
    this.enter();
    let timeout = this.engine.deadline().map_or(longest, |deadline| deadline.min(longest));
    this.poller.poll(timeout)?;
    Ok(())
}

/// `curl_multi_poll`, and with `always` unset `curl_multi_wait`: waits for the engine's and the
/// caller's descriptors; the number of them with events.
///
/// # Safety
/// As for [`wait`]; `extra` is good.
pub unsafe fn wait_with(
    multi: NonNull<Multi>,
    extra: &mut [WaitFd],
    longest: Duration,
    always: bool,
) -> Result<usize, MultiCode> {
    // SAFETY: by contract; no callback runs here.
    let this = unsafe { &mut *multi.as_ptr() };
    this.poller.collect(&this.engine);
    if !always && this.poller.own == 0 && extra.is_empty() {
        return Ok(0);
    }
    this.poller.list.extend(extra.iter().map(|extra| libc::pollfd {
        fd: extra.fd,
        events: bits(extra.events, |(wait, poll)| (wait, poll)),
        revents: 0,
    }));
    let wakeup = this.poller.wakeup();
    if let Some(fd) = wakeup {
        this.poller.list.push(libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
    }
    this.enter();
    let timeout = this.engine.deadline().map_or(longest, |deadline| deadline.min(longest));
    let mut ready = this.poller.poll(timeout)?;
    let others = this.poller.list.get(this.poller.own..).unwrap_or_default();
    for (extra, entry) in extra.iter_mut().zip(others) {
        extra.revents = bits(entry.revents, |(wait, poll)| (poll, wait));
    }
    if let (Some(fd), Some(last)) = (wakeup, others.last())
        && last.revents != 0
    {
        drain(fd);
        ready -= 1;
    }
    Ok(ready)
}

/// Translates event bits one way or the other.
fn bits(events: c_short, pair: impl Fn((c_short, c_short)) -> (c_short, c_short)) -> c_short {
    WAIT_BITS.into_iter().map(pair).filter(|(from, _)| events & from != 0).map(|(_, to)| to).sum()
}

fn drain(fd: RawFd) {
    let mut count = 0u64;
    // SAFETY: eight writable bytes.
    unsafe { libc::read(fd, (&raw mut count).cast(), size_of::<u64>()) };
}

/// Signals the descriptor of a wait; from any thread.
pub fn signal(fd: RawFd) -> Result<(), MultiCode> {
    let one = 1u64;
    // SAFETY: eight readable bytes.
    let written = unsafe { libc::write(fd, (&raw const one).cast(), size_of::<u64>()) };
    let full = || std::io::Error::last_os_error().kind() == std::io::ErrorKind::WouldBlock;
    if written >= 0 || full() { Ok(()) } else { Err(MultiCode::WakeupFailure) }
}

/// `curl_multi_perform`: acts on every socket that is ready, and on what is due. Sockets that a
/// wait before this one has polled are not polled again.
///
/// # Safety
/// `multi` is good and not borrowed.
pub unsafe fn act_on_polled(multi: NonNull<Multi>) -> Result<(), MultiCode> {
    // SAFETY: by contract.
    unsafe {
        let this = &mut *multi.as_ptr();
        this.enter();
        super::read_changed(multi);
        let this = &mut *multi.as_ptr();
        if let (true, Some(fd)) = (this.poller.wakeup_is_told, this.poller.wakeup()) {
            drain(fd);
        }
        if !this.poller.fresh {
            this.poller.collect(&this.engine);
            if this.poller.own > 0 {
                this.poller.poll(Duration::ZERO)?;
            }
        }
        this.poller.fresh = false;
        let (own, mut list) = (this.poller.own, std::mem::take(&mut this.poller.list));
        let mut result = Ok(());
        for entry in list.iter().take(own).filter(|entry| entry.revents != 0) {
            if (*multi.as_ptr()).engine.socket_ready(entry.fd, ready(entry.revents)) {
                result = result.and(drive(multi));
            }
        }
        result = result.and(act(multi));
        list.clear();
        (*multi.as_ptr()).poller.list = list;
        result
    }
}

/// What poll(2) says of a socket.
pub fn ready(revents: c_short) -> Ready {
    Ready {
        readable: revents & (libc::POLLIN | libc::POLLHUP) != 0,
        writable: revents & libc::POLLOUT != 0,
        error: revents & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0,
    }
}

/// Finds out what happened on one socket.
pub fn look(fd: RawFd, wanted: Ready) -> Ready {
    let mut events = 0;
    if wanted.readable {
        events |= libc::POLLIN;
    }
    if wanted.writable {
        events |= libc::POLLOUT;
    }
    let mut entry = libc::pollfd { fd, events, revents: 0 };
    // SAFETY: one good entry.
    unsafe { libc::poll(&raw mut entry, 1, 0) };
    ready(entry.revents)
}

fn pollfd(fd: RawFd, what: Watch) -> libc::pollfd {
    let events = match what {
        Watch::None | Watch::Remove => 0,
        Watch::In => libc::POLLIN,
        Watch::Out => libc::POLLOUT,
        Watch::InOut => libc::POLLIN | libc::POLLOUT,
    };
    libc::pollfd { fd, events, revents: 0 }
}

/// The engine's sockets as `struct curl_waitfd`s.
pub fn wait_fds(engine: &tress_engine::Multi) -> impl Iterator<Item = WaitFd> + '_ {
    engine.interests().map(|(fd, what)| {
        let events = bits(pollfd(fd, what).events, |(wait, poll)| (poll, wait));
        WaitFd { fd, events, revents: 0 }
    })
}

impl Multi {
    /// What `curl_multi_wakeup` signals, to be waited for while transfers run.
    pub(super) fn wakeup_fd(&mut self) -> Option<WaitFd> {
        let fd = self.poller.wakeup().filter(|_| self.engine.running() > 0)?;
        self.poller.wakeup_is_told = true;
        Some(WaitFd { fd, events: WAIT_IN, revents: 0 })
    }
}

impl WaitFd {
    pub(super) fn fd(&self) -> RawFd {
        self.fd
    }

    pub(super) fn wants_read(&self) -> bool {
        self.events & 1 != 0
    }

    pub(super) fn wants_write(&self) -> bool {
        self.events & 4 != 0
    }
}
