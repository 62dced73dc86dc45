//! An event loop on epoll that obeys the callbacks, counts them and checks their rules: no wish is
//! announced twice, REMOVE comes once and before the descriptor is closed, and a live transfer
//! always has a socket or a timer to wait for.
use crate::api::{Api, api, set_long, set_str};
use curl_sys::{CURL, CURLM};
use libc::{c_char, c_int, c_long, c_void, size_t};
use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

const SOCKETFUNCTION: u32 = 20001;
const SOCKETDATA: u32 = 10002;
const TIMERFUNCTION: u32 = 20004;
const TIMERDATA: u32 = 10005;
const REMOVE: c_int = 4;

/// What the callbacks saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// Each socket callback: descriptor and `CURL_POLL_*`.
    pub sockets: Vec<(c_int, c_int)>,
    /// Each timer callback's milliseconds.
    pub timers: Vec<c_long>,
    /// Breaches of the rules above.
    pub breaches: Vec<String>,
    wanted: HashMap<c_int, c_int>,
    deadline: Option<Instant>,
    epoll: c_int,
    edge: bool,
}

/// A multi handle with its loop.
#[derive(Debug)]
pub struct Loop {
    /// The handle.
    pub multi: *mut CURLM,
    seen: Box<RefCell<Seen>>,
    /// Calls of `curl_multi_socket_action` so far.
    pub actions: usize,
    /// The longest of these calls.
    pub longest: Duration,
    finished: Vec<(*mut CURL, c_int)>,
    running: c_int,
}

/// One transfer and what it delivered.
#[derive(Debug)]
pub struct Transfer {
    /// The handle.
    pub easy: *mut CURL,
    body: Box<RefCell<Vec<u8>>>,
    /// What `CURLOPT_ERRORBUFFER` points to.
    error: Box<RefCell<[u8; 256]>>,
}

impl Transfer {
    /// A GET of this URL.
    pub fn new(url: &str) -> Transfer {
        // SAFETY: the library is initialised.
        let easy = unsafe { (api().easy_init)() };
        let body = Box::new(RefCell::new(Vec::new()));
        let error = Box::new(RefCell::new([0; 256]));
        set_str(easy, curl_sys::CURLOPT_URL, url);
        set_str(easy, curl_sys::CURLOPT_NOPROXY, "*");
        set_long(easy, curl_sys::CURLOPT_NOSIGNAL, 1);
        // SAFETY: the callback has the documented type; the body lives as long as the handle.
        unsafe {
            (api().easy_setopt)(easy, curl_sys::CURLOPT_WRITEFUNCTION, on_body as *const c_void);
            (api().easy_setopt)(easy, curl_sys::CURLOPT_WRITEDATA, &raw const *body);
            (api().easy_setopt)(easy, curl_sys::CURLOPT_ERRORBUFFER, error.as_ptr());
        }
        Transfer { easy, body, error }
    }

    /// Sets a long option.
    pub fn long(self, option: curl_sys::CURLoption, value: c_long) -> Transfer {
        set_long(self.easy, option, value);
        self
    }

    /// Sets a string option.
    pub fn str(self, option: curl_sys::CURLoption, value: &str) -> Transfer {
        set_str(self.easy, option, value);
        self
    }

    /// Sets an option that is a block of memory, which is copied.
    pub fn blob(self, option: curl_sys::CURLoption, bytes: &[u8]) -> Transfer {
        let (data, len) = (bytes.as_ptr().cast_mut().cast(), bytes.len());
        let blob = curl_sys::curl_blob { data, len, flags: 1 };
        // SAFETY: the option takes a blob, which is copied.
        let code = unsafe { (api().easy_setopt)(self.easy, option, &raw const blob) };
        assert_eq!(code, 0, "option {option}");
        self
    }

    /// The text of the error buffer.
    pub fn error(&self) -> String {
        let bytes = self.error.borrow();
        let text = bytes.split(|b| *b == 0).next().unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    }

    /// The body so far, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body()).into_owned()
    }

    /// The body so far.
    pub fn body(&self) -> Vec<u8> {
        self.body.borrow().clone()
    }

    /// Pauses directions (`CURLPAUSE_*`), or lets them go on.
    pub fn pause(&self, what: c_int) -> c_int {
        // SAFETY: the handle is live.
        unsafe { (api().easy_pause)(self.easy, what) as c_int }
    }

    /// Forgets the body.
    pub fn clear(&self) {
        self.body.borrow_mut().clear();
    }

    /// An info of type `curl_off_t`.
    pub fn offset(&self, info: c_int) -> i64 {
        let mut value = 0_i64;
        // SAFETY: the info is of type `curl_off_t`.
        unsafe { (api().easy_getinfo)(self.easy, info, &raw mut value) };
        value
    }

    /// `CURLINFO_CERTINFO`: the lines about each certificate.
    pub fn certificates(&self) -> Vec<Vec<String>> {
        #[repr(C)]
        struct CertInfo {
            count: c_int,
            lists: *mut *mut curl_sys::curl_slist,
        }
        let mut info: *mut CertInfo = std::ptr::null_mut();
        // SAFETY: the info is of this type; the lists are the library's, and read at once.
        unsafe {
            (api().easy_getinfo)(self.easy, 0x40_0000 + 34, &raw mut info);
            let of = |at: c_int| {
                let mut list = *(*info).lists.add(at as usize);
                let mut lines = Vec::new();
                while !list.is_null() {
                    let line = std::ffi::CStr::from_ptr((*list).data);
                    lines.push(line.to_string_lossy().into_owned());
                    list = (*list).next;
                }
                lines
            };
            (0..(*info).count).map(of).collect()
        }
    }

    /// An info of type long.
    pub fn info(&self, info: c_int) -> c_long {
        let mut value: c_long = 0;
        // SAFETY: the info is of type long.
        unsafe { (api().easy_getinfo)(self.easy, info, &raw mut value) };
        value
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        // SAFETY: made by `curl_easy_init`, cleaned up once.
        unsafe { (api().easy_cleanup)(self.easy) };
    }
}

impl Default for Loop {
    fn default() -> Self {
        Loop::new()
    }
}

impl Loop {
    /// A multi handle driven by level-triggered epoll.
    pub fn new() -> Loop {
        Loop::with(false)
    }

    /// The same, edge-triggered.
    pub fn edge_triggered() -> Loop {
        Loop::with(true)
    }

    fn with(edge: bool) -> Loop {
        // SAFETY: plain calls; the callbacks have the documented types and their data outlives them.
        unsafe {
            let epoll = libc::epoll_create1(libc::EPOLL_CLOEXEC);
            let multi = (api().multi_init)();
            let seen = Box::new(RefCell::new(Seen { epoll, edge, ..Seen::default() }));
            let data: *const RefCell<Seen> = &raw const *seen;
            (api().multi_setopt)(multi, SOCKETFUNCTION, on_socket as *const c_void);
            (api().multi_setopt)(multi, SOCKETDATA, data);
            (api().multi_setopt)(multi, TIMERFUNCTION, on_timer as *const c_void);
            (api().multi_setopt)(multi, TIMERDATA, data);
            let longest = Duration::ZERO;
            Loop { multi, seen, actions: 0, longest, finished: Vec::new(), running: 0 }
        }
    }

    /// Sets a long option of the multi handle.
    pub fn set(&self, option: u32, value: c_long) {
        // SAFETY: the option takes a long.
        let code = unsafe { (api().multi_setopt)(self.multi, option, value) };
        assert_eq!(code, 0, "option {option}");
    }

    /// Adds a transfer.
    pub fn add(&mut self, transfer: &Transfer) {
        let begin = Instant::now();
        // SAFETY: both handles are live.
        assert_eq!(unsafe { (api().multi_add)(self.multi, transfer.easy) }, 0, "add");
        self.longest = self.longest.max(begin.elapsed());
        self.running += 1;
    }

    /// Removes a transfer.
    pub fn remove(&mut self, transfer: &Transfer) {
        let begin = Instant::now();
        // SAFETY: both handles are live.
        assert_eq!(unsafe { (api().multi_remove)(self.multi, transfer.easy) }, 0, "remove");
        self.longest = self.longest.max(begin.elapsed());
    }

    /// Tells the library about a socket or, with -1, about time.
    pub fn act(&mut self, fd: c_int, events: c_int) {
        self.actions += 1;
        let begin = Instant::now();
        // SAFETY: the multi handle is live, no callback of ours re-enters it.
        let code = unsafe { (api().multi_action)(self.multi, fd, events, &raw mut self.running) };
        assert_eq!(code, 0, "curl_multi_socket_action({fd}, {events})");
        self.longest = self.longest.max(begin.elapsed());
        self.read_messages();
        let seen = self.seen.borrow();
        if self.running > 0 && seen.wanted.is_empty() && seen.deadline.is_none() {
            drop(seen);
            let text = format!("{} running, no socket and no timer to wait for", self.running);
            self.seen.borrow_mut().breaches.push(text);
        }
    }

    /// One turn: waits for sockets or the timer, at most `cap`, then acts. Returns the events seen.
    pub fn turn(&mut self, cap: Duration) -> usize {
        let (epoll, deadline) = (self.seen.borrow().epoll, self.seen.borrow().deadline);
        let until = deadline.map_or(cap, |d| d.saturating_duration_since(Instant::now()).min(cap));
        let ms = until.as_micros().div_ceil(1000) as c_int;
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 64];
        // SAFETY: the array is as long as stated.
        let n = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), 64, ms) }.max(0) as usize;
        for event in events.into_iter().take(n) {
            let (bits, fd) = (event.events, event.u64 as c_int);
            let mut what = 0;
            what |= if bits & libc::EPOLLIN as u32 != 0 { 1 } else { 0 };
            what |= if bits & libc::EPOLLOUT as u32 != 0 { 2 } else { 0 };
            what |= if bits & (libc::EPOLLERR | libc::EPOLLHUP) as u32 != 0 { 4 } else { 0 };
            self.act(fd, what);
        }
        let due = self.seen.borrow().deadline.is_some_and(|d| d <= Instant::now());
        if due {
            self.seen.borrow_mut().deadline = None;
            self.act(-1, 0);
        }
        n + usize::from(due)
    }

    /// Runs until `count` transfers are done or the time is over; true when they are.
    pub fn run_until(&mut self, count: usize, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        while self.finished.len() < count && Instant::now() < end {
            self.turn(Duration::from_millis(100));
        }
        self.finished.len() >= count
    }

    /// Adds these transfers, runs them to their end, and returns their results in order.
    pub fn run(&mut self, transfers: &[&Transfer], limit: Duration) -> Vec<c_int> {
        transfers.iter().for_each(|t| self.add(t));
        self.run_until(transfers.len(), limit);
        let done = std::mem::take(&mut self.finished);
        for transfer in transfers {
            self.remove(transfer);
        }
        let result = |t: &&Transfer| done.iter().find(|d| d.0 == t.easy).map_or(-1, |d| d.1);
        transfers.iter().map(result).collect()
    }

    /// Takes the results so far.
    pub fn take_finished(&mut self) -> Vec<(*mut CURL, c_int)> {
        std::mem::take(&mut self.finished)
    }

    /// Transfers that the last action called running.
    pub fn running(&self) -> c_int {
        self.running
    }

    /// What the callbacks saw.
    pub fn seen(&self) -> std::cell::RefMut<'_, Seen> {
        self.seen.borrow_mut()
    }

    /// Socket callbacks and timer callbacks so far.
    pub fn calls(&self) -> (usize, usize) {
        let seen = self.seen.borrow();
        (seen.sockets.len(), seen.timers.len())
    }

    /// Sockets that are announced now.
    pub fn watched(&self) -> usize {
        self.seen.borrow().wanted.len()
    }

    /// Cleans the multi handle up; how many sockets are announced still.
    pub fn end(mut self) -> usize {
        let multi = std::mem::replace(&mut self.multi, std::ptr::null_mut());
        // SAFETY: made by `curl_multi_init`, cleaned up once; the callbacks' data still lives.
        unsafe { (api().multi_cleanup)(multi) };
        self.watched()
    }

    /// Fails on a breach of the rules.
    pub fn check(&self) {
        let seen = self.seen.borrow();
        assert!(seen.breaches.is_empty(), "{:#?}", seen.breaches);
    }

    fn read_messages(&mut self) {
        let mut left = 0;
        loop {
            // SAFETY: the message is read before the next call into the library.
            unsafe {
                let message = (api().multi_info_read)(self.multi, &raw mut left);
                if message.is_null() {
                    return;
                }
                // The result is the low half of the union, as in C.
                let result = (*message).data as usize as c_int;
                self.finished.push(((*message).easy_handle, result));
            }
        }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        // SAFETY: made by `curl_multi_init`, cleaned up once, or null; the callbacks' data still lives.
        unsafe {
            (api().multi_cleanup)(self.multi);
            libc::close(self.seen.borrow().epoll);
        }
    }
}

/// The library's version text.
pub fn version(api: &Api) -> String {
    // SAFETY: a static string.
    unsafe { std::ffi::CStr::from_ptr((api.version)()) }.to_string_lossy().into_owned()
}

extern "C" fn on_body(
    bytes: *const c_char,
    size: size_t,
    count: size_t,
    body: *const RefCell<Vec<u8>>,
) -> size_t {
    // SAFETY: the library lends `size * count` bytes; the body lives as long as its handle.
    unsafe {
        let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), size * count);
        (*body).borrow_mut().extend_from_slice(bytes);
    }
    size * count
}

extern "C" fn on_timer(_: *mut CURLM, ms: c_long, seen: *const RefCell<Seen>) -> c_int {
    // SAFETY: the data outlives the multi handle.
    let mut seen = unsafe { (*seen).borrow_mut() };
    seen.timers.push(ms);
    seen.deadline = u64::try_from(ms).ok().map(|ms| Instant::now() + Duration::from_millis(ms));
    0
}

extern "C" fn on_socket(
    _: *mut CURL,
    fd: c_int,
    what: c_int,
    seen: *const RefCell<Seen>,
    _: *mut c_void,
) -> c_int {
    // SAFETY: the data outlives the multi handle.
    let mut seen = unsafe { (*seen).borrow_mut() };
    seen.sockets.push((fd, what));
    let before = seen.wanted.get(&fd).copied();
    // SAFETY: only asks whether the descriptor is open.
    let open = unsafe { libc::fcntl(fd, libc::F_GETFD) } != -1;
    let mut breach = |text: &str| {
        let text = format!("{text}: descriptor {fd}, wish {what}, before {before:?}");
        seen.breaches.push(text);
    };
    match (what, before) {
        (REMOVE, None) => breach("REMOVE of a socket that was not announced"),
        (REMOVE, _) if !open => breach("REMOVE after close"),
        (_, _) if !open => breach("announced a closed descriptor"),
        (w, Some(b)) if w == b => breach("the same wish twice"),
        _ => {}
    }
    let mut event = libc::epoll_event { events: 0, u64: fd as u64 };
    event.events |= if what & 1 != 0 && what != REMOVE { libc::EPOLLIN as u32 } else { 0 };
    event.events |= if what & 2 != 0 && what != REMOVE { libc::EPOLLOUT as u32 } else { 0 };
    event.events |= if seen.edge { libc::EPOLLET as u32 } else { 0 };
    let operation = match (what, before) {
        (REMOVE, _) => libc::EPOLL_CTL_DEL,
        (_, None) => libc::EPOLL_CTL_ADD,
        _ => libc::EPOLL_CTL_MOD,
    };
    // SAFETY: the event lives over the call.
    unsafe { libc::epoll_ctl(seen.epoll, operation, fd, &raw mut event) };
    if what == REMOVE {
        seen.wanted.remove(&fd);
    } else {
        seen.wanted.insert(fd, what);
    }
    0
}
