//! An epoll loop as a C program has it: level-triggered, led by libcurl's two callbacks.

use std::collections::HashMap;
use std::ffi::{c_int, c_long, c_void};
use std::ptr;
use std::time::{Duration, Instant};

use crate::curl::{Curl, Easy, Multi};

const CURLMOPT_SOCKETFUNCTION: c_int = 20_001;
const CURLMOPT_SOCKETDATA: c_int = 10_002;
const CURLMOPT_TIMERFUNCTION: c_int = 20_004;
const CURLMOPT_TIMERDATA: c_int = 10_005;
const CURLMOPT_MAXCONNECTS: c_int = 6;
const CURL_POLL_IN: c_int = 1;
const CURL_POLL_OUT: c_int = 2;
const CURL_POLL_REMOVE: c_int = 4;
const CURL_CSELECT_IN: c_int = 1;
const CURL_CSELECT_OUT: c_int = 2;
const CURL_CSELECT_ERR: c_int = 4;
const CURL_SOCKET_TIMEOUT: c_int = -1;
const CURLMSG_DONE: c_int = 1;

/// Sockets taken from the kernel at once.
const EVENTS: usize = 256;

/// What was called how often.
#[derive(Clone, Copy, Default)]
pub struct Counts {
    /// Calls of the socket callback.
    pub sockets: u64,
    /// Calls of the timer callback.
    pub timers: u64,
    /// Calls of epoll_wait.
    pub waits: u64,
    /// Calls of epoll_ctl.
    pub controls: u64,
}

/// A multi handle with its loop.
pub struct Driver {
    pub curl: Curl,
    multi: Multi,
    /// What the callbacks change: reached by them through a pointer, so by us too.
    state: *mut State,
}

struct State {
    epoll: c_int,
    watched: HashMap<c_int, c_int>,
    timer: Option<Instant>,
    counts: Counts,
}

impl Driver {
    /// A multi handle that keeps so many connections.
    pub fn new(curl: Curl, connections: i64) -> Result<Box<Self>, String> {
        // SAFETY: the call takes flags only.
        let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if epoll < 0 {
            return Err("epoll_create1 failed".to_owned());
        }
        let state =
            State { epoll, watched: HashMap::new(), timer: None, counts: Counts::default() };
        let state = Box::into_raw(Box::new(state));
        // SAFETY: the handle is checked; each option gets the type that it wants; the state lives as
        // long as the process.
        let multi = unsafe {
            let multi = (curl.multi_init)();
            if multi.is_null() {
                return Err("curl_multi_init failed".to_owned());
            }
            let set = curl.multi_setopt;
            set(multi, CURLMOPT_SOCKETFUNCTION, on_socket as *const c_void);
            set(multi, CURLMOPT_SOCKETDATA, state);
            set(multi, CURLMOPT_TIMERFUNCTION, on_timer as *const c_void);
            set(multi, CURLMOPT_TIMERDATA, state);
            set(multi, CURLMOPT_MAXCONNECTS, connections as c_long);
            multi
        };
        Ok(Box::new(Self { curl, multi, state }))
    }

    /// Takes a transfer in.
    pub fn add(&mut self, easy: Easy) -> Result<(), String> {
        // SAFETY: both handles are live, and nobody else uses them.
        match unsafe { (self.curl.multi_add_handle)(self.multi, easy.into_raw()) } {
            0 => Ok(()),
            code => Err(format!("curl_multi_add_handle: {code}")),
        }
    }

    /// Waits for `most` at the longest, then does what is due.
    pub fn turn(&mut self, most: Duration) -> Result<(), String> {
        let state = self.state();
        let until = state.timer.map(|at| at.saturating_duration_since(Instant::now()));
        let wait = until.map_or(most, |until| until.min(most)).as_nanos().div_ceil(1_000_000);
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; EVENTS];
        state.counts.waits += 1;
        // SAFETY: the array has room for as many events as the call is told.
        let ready = unsafe {
            libc::epoll_wait(state.epoll, events.as_mut_ptr(), EVENTS as c_int, wait as c_int)
        };
        for event in events.iter().take(ready.max(0) as usize) {
            self.act(event.u64 as c_int, found(event.events));
        }
        if self.state().timer.is_some_and(|at| at <= Instant::now()) {
            self.state().timer = None;
            self.act(CURL_SOCKET_TIMEOUT, 0);
        }
        Ok(())
    }

    /// The next transfer that has ended, taken out, and whether it ended well.
    pub fn next_done(&mut self) -> Option<(Easy, bool)> {
        let mut left = 0;
        // SAFETY: the multi handle is live; a message is valid until the next call.
        let message = unsafe { (self.curl.multi_info_read)(self.multi, &mut left).as_ref() }?;
        let (what, easy, good) = (message.what, message.easy, message.result == 0);
        if what != CURLMSG_DONE {
            return None;
        }
        // SAFETY: both handles are live; the transfer has ended and was in this multi handle alone.
        unsafe {
            (self.curl.multi_remove_handle)(self.multi, easy);
            Some((Easy::owned(easy), good))
        }
    }

    /// What was called how often.
    pub fn counts(&mut self) -> Counts {
        self.state().counts
    }

    fn act(&mut self, socket: c_int, found: c_int) {
        let mut running = 0;
        // SAFETY: the multi handle is live, and no reference to the state is, which the
        // callbacks change meanwhile.
        unsafe { (self.curl.multi_socket_action)(self.multi, socket, found, &mut running) };
    }

    fn state(&mut self) -> &mut State {
        // SAFETY: the state is never freed, and only callbacks reach it otherwise: they run
        // within calls into libcurl, during which no such reference is held.
        unsafe { &mut *self.state }
    }
}

/// `curl_socket_callback`
///
/// # Safety
/// `state` is a driver's, and no reference to it is alive.
unsafe extern "C" fn on_socket(
    _: *mut c_void,
    socket: c_int,
    what: c_int,
    state: *mut State,
    _: *mut c_void,
) -> c_int {
    // SAFETY: by contract; see `Driver::state`.
    let state = unsafe { &mut *state };
    state.counts.sockets += 1;
    state.counts.controls += 1;
    if what == CURL_POLL_REMOVE {
        state.watched.remove(&socket);
        // SAFETY: the call takes numbers, and no event to remove.
        unsafe { libc::epoll_ctl(state.epoll, libc::EPOLL_CTL_DEL, socket, ptr::null_mut()) };
        return 0;
    }
    let known = state.watched.insert(socket, what).is_some();
    let control = if known { libc::EPOLL_CTL_MOD } else { libc::EPOLL_CTL_ADD };
    let mut event = libc::epoll_event { events: events(what), u64: socket as u64 };
    // SAFETY: the event lives during the call.
    unsafe { libc::epoll_ctl(state.epoll, control, socket, &mut event) };
    0
}

/// `curl_multi_timer_callback`
///
/// # Safety
/// As for [`on_socket`].
unsafe extern "C" fn on_timer(_: Multi, millis: c_long, state: *mut State) -> c_int {
    // SAFETY: by contract; see `Driver::state`.
    let state = unsafe { &mut *state };
    state.counts.timers += 1;
    let after = u64::try_from(millis).ok().map(Duration::from_millis);
    state.timer = after.map(|after| Instant::now() + after);
    0
}

fn events(what: c_int) -> u32 {
    let mut events = 0;
    if what & CURL_POLL_IN != 0 {
        events |= libc::EPOLLIN;
    }
    if what & CURL_POLL_OUT != 0 {
        events |= libc::EPOLLOUT;
    }
    events as u32
}

fn found(events: u32) -> c_int {
    let events = events as c_int;
    let mut found = 0;
    if events & libc::EPOLLIN != 0 {
        found |= CURL_CSELECT_IN;
    }
    if events & libc::EPOLLOUT != 0 {
        found |= CURL_CSELECT_OUT;
    }
    if events & (libc::EPOLLERR | libc::EPOLLHUP) != 0 {
        found |= CURL_CSELECT_ERR;
    }
    found
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn the_timer_callback_tells_when_time_is_up() {
        let mut state =
            State { epoll: -1, watched: HashMap::new(), timer: None, counts: Counts::default() };
        let at = &raw mut state;
        // SAFETY: the state lives, and is reached by this pointer alone.
        unsafe {
            let timer = || (&*at).timer;
            on_timer(ptr::null_mut(), 10, at);
            assert!(timer().is_some());
            on_timer(ptr::null_mut(), -1, at);
            assert!(timer().is_none());
            assert_eq!((*at).counts.timers, 2);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "epoll by levels")]
    fn the_socket_callback_changes_what_is_watched() {
        // SAFETY: the call takes flags only.
        let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        let mut state =
            State { epoll, watched: HashMap::new(), timer: None, counts: Counts::default() };
        let at = &raw mut state;
        let (near, _far) = UnixStream::pair().unwrap();
        let socket = near.as_raw_fd();
        let mut event = [libc::epoll_event { events: 0, u64: 0 }];
        // SAFETY: the state lives, and is reached by this pointer alone.
        unsafe {
            let state = || &*at;
            let told = |what| on_socket(ptr::null_mut(), socket, what, at, ptr::null_mut());
            assert_eq!((told(CURL_POLL_IN), told(CURL_POLL_OUT)), (0, 0));
            assert_eq!(state().watched[&socket], CURL_POLL_OUT);
            assert_eq!(libc::epoll_wait(epoll, event.as_mut_ptr(), 1, 1000), 1);
            assert_eq!({ event[0].u64 }, socket as u64);
            told(CURL_POLL_REMOVE);
            assert_eq!(libc::epoll_wait(epoll, event.as_mut_ptr(), 1, 0), 0);
            assert!(state().watched.is_empty());
            assert_eq!(state().counts.sockets, 3);
            libc::close(epoll);
        }
        assert_eq!(found(events(CURL_POLL_IN | CURL_POLL_OUT)), CURL_CSELECT_IN | CURL_CSELECT_OUT);
    }
}
