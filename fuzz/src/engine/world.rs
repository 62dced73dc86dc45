//! What the application has: its handles, and what it must keep while they live.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::{CString, c_int};
use std::os::fd::RawFd;
use std::ptr::null_mut;
use std::rc::Rc;

use tress_capi::tables::{mopt, opt, shopt};

use super::abi::*;
use super::callbacks;
use super::clock;
use super::network::{FIRST, Net, is_open};

/// Easy handles at most, pushed ones included.
pub const EASIES: usize = 6;
/// Multi handles at most.
pub const MULTIS: usize = 2;
/// What `CURLOPT_PROTOCOLS_STR` is set to before a handle is used: never to `file`.
const PROTOCOLS: &str = "http,https,ws,wss,ftp,ftps,smtp,smtps,imap,imaps,pop3,pop3s,rtsp,telnet,\
                         tftp,gopher,gophers,dict,mqtt";
/// Bytes behind every body that is given by pointer: no size option says more.
pub const BODY: usize = 2000;
/// Calls that callbacks make for one input at most.
const MOST_NESTED: u32 = 300;
/// Callbacks for one input at most, after which transfers are aborted.
pub const MOST_CALLBACKS: u32 = 20_000;

thread_local! {
    pub static WORLD: World = World::default();
}

/// An easy handle.
#[derive(Clone, Copy)]
pub struct Easy {
    pub handle: Ptr,
    /// The multi handle that it is in.
    pub multi: Option<usize>,
    /// Its transfer was said to be over.
    pub done: bool,
    /// A call that lasts, `curl_easy_perform` or a removal, works on it.
    pub busy: bool,
}

#[derive(Default)]
pub struct World {
    pub net: Rc<Net>,
    pub easies: [Cell<Option<Easy>>; EASIES],
    pub multis: [Cell<Option<Ptr>>; MULTIS],
    pub shares: [Cell<Option<Ptr>>; 2],
    pub urls: [Cell<Option<Ptr>>; 2],
    pub mimes: RefCell<Vec<Ptr>>,
    pub lists: RefCell<Vec<Ptr>>,
    pub forms: RefCell<Vec<Ptr>>,
    texts: RefCell<Vec<CString>>,
    bytes: RefCell<Vec<Vec<u8>>>,
    /// What callbacks do, one byte each; none left: as they should.
    pub decisions: RefCell<VecDeque<u8>>,
    /// What each multi handle wants to be told of.
    pub announced: RefCell<BTreeMap<(usize, RawFd), c_int>>,
    /// When each wants to be called, in milliseconds of the clock.
    pub timers: [Cell<Option<u64>>; MULTIS],
    /// Multi handles whose callback or lasting call is going on.
    pub inside: [Cell<u32>; MULTIS],
    pub nested: Cell<u32>,
    pub callbacks: Cell<u32>,
    /// The multi handle that is being cleaned up: which handles are still in it nobody knows.
    pub ending: Cell<Option<usize>>,
    /// Nobody is there to end a pause.
    pub performing: Cell<bool>,
    pub locked: [Cell<i32>; 2],
    /// `TRESS_FUZZ_TRACE` is set: what is done is told.
    pub trace: Cell<bool>,
}

impl World {
    /// Forgets what the last input has left, which is memory alone.
    pub fn reset(&self) {
        self.net.reset();
        self.trace.set(std::env::var_os("TRESS_FUZZ_TRACE").is_some());
        self.texts.take();
        self.bytes.take();
        self.decisions.take();
        self.nested.set(0);
        self.callbacks.set(0);
        self.timers.iter().for_each(|timer| timer.set(None));
        for number in 0..4 {
            let _ = std::fs::remove_file(super::options::file(number));
        }
    }

    /// The next decision of a callback.
    pub fn decide(&self) -> u8 {
        self.callbacks.set(self.callbacks.get() + 1);
        self.decisions.borrow_mut().pop_front().unwrap_or(0)
    }

    /// May a callback make one call more?
    pub fn may_nest(&self) -> bool {
        self.nested.set(self.nested.get() + 1);
        self.nested.get() < MOST_NESTED
    }

    /// A C string that lives as long as the world.
    pub fn text(&self, bytes: &[u8]) -> *mut std::ffi::c_char {
        let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
        let text = CString::new(&bytes[..end]).unwrap_or_default();
        let place = text.as_ptr().cast_mut();
        self.texts.borrow_mut().push(text);
        place
    }

    /// Bytes that live as long as the world, with some after them.
    pub fn bytes(&self, bytes: &[u8]) -> *mut u8 {
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len() + BODY, b'.');
        let place = bytes.as_mut_ptr();
        self.bytes.borrow_mut().push(bytes);
        place
    }

    /// Any pointer to that.
    pub fn keep<T>(&self, value: T) -> *mut T {
        let size = size_of::<T>() + align_of::<T>();
        let place = self.bytes(&vec![0; size]);
        // SAFETY: there is room after the alignment.
        unsafe {
            let place = place.add(place.align_offset(align_of::<T>())).cast::<T>();
            place.write(value);
            place
        }
    }

    /// A `curl_slist` of the lines of `bytes`, freed at the end of the world.
    pub fn list(&self, bytes: &[u8]) -> Ptr {
        let list = lines(bytes);
        self.lists.borrow_mut().push(list);
        list
    }

    /// The handle in a slot, made if there is none.
    pub fn easy(&self, slot: usize) -> Easy {
        let slot = slot % EASIES;
        if self.easies[slot].get().is_none() {
            // SAFETY: no arguments.
            self.adopt(slot, unsafe { curl_easy_init() });
        }
        self.easies[slot].get().unwrap()
    }

    /// A copy of a handle goes into a free slot. Copying may call back (for HSTS), and who is
    /// called back may have filled the slot.
    pub fn duplicate(&self, handle: Ptr, to: Option<usize>) {
        let free = |slot: &usize| self.easies[*slot].get().is_none();
        let Some(to) = to.filter(free) else { return };
        // It cannot be cleaned up while it is copied.
        let source = self.slot(handle);
        let before = source.and_then(|at| self.easies[at].get()).is_some_and(|easy| easy.busy);
        source.iter().for_each(|&at| self.update(at, |easy| easy.busy = true));
        // SAFETY: a good handle.
        let copy = unsafe { curl_easy_duphandle(handle) };
        source.iter().for_each(|&at| self.update(at, |easy| easy.busy = before));
        if free(&to) && !copy.is_null() {
            self.adopt(to, copy);
        } else {
            // SAFETY: a handle that nobody else has, or NULL.
            unsafe { curl_easy_cleanup(copy) };
        }
    }

    /// A new handle goes into a slot.
    pub fn adopt(&self, slot: usize, handle: Ptr) {
        assert!(!handle.is_null());
        self.easies[slot].set(Some(Easy { handle, multi: None, done: false, busy: false }));
        self.furnish(slot);
    }

    /// The slot of a handle.
    pub fn slot(&self, handle: Ptr) -> Option<usize> {
        (0..EASIES).find(|&at| self.easies[at].get().is_some_and(|easy| easy.handle == handle))
    }

    pub fn update(&self, slot: usize, change: impl FnOnce(&mut Easy)) {
        let mut easy = self.easies[slot].get();
        if let Some(easy) = &mut easy {
            change(easy);
        }
        self.easies[slot].set(easy);
    }

    /// What a handle needs so as to do no harm: where bytes go and whence they come.
    pub fn furnish(&self, slot: usize) {
        let easy = self.easies[slot].get().unwrap().handle;
        let user = callbacks::user(slot);
        // SAFETY: a good handle; what each option asks for.
        unsafe {
            for (data, function) in callbacks::ALWAYS {
                curl_easy_setopt(easy, data, user);
                curl_easy_setopt(easy, function.0, function.1);
            }
            curl_easy_setopt(easy, opt::STDERR, callbacks::stderr());
            curl_easy_setopt(easy, opt::ERRORBUFFER, self.bytes(&[]));
            curl_easy_setopt(easy, opt::PRIVATE, user);
            curl_easy_setopt(easy, opt::VERBOSE, std::ffi::c_long::from(self.trace.get()));
        }
        self.forbid_files(slot);
    }

    /// Before each use: `file` is not among the protocols, and no wait is for ever.
    pub fn forbid_files(&self, slot: usize) {
        let easy = self.easies[slot].get().unwrap().handle;
        // SAFETY: a good handle; strings are copied.
        unsafe {
            curl_easy_setopt(easy, opt::PROTOCOLS_STR, self.text(PROTOCOLS.as_bytes()));
            curl_easy_setopt(easy, opt::REDIR_PROTOCOLS_STR, self.text(PROTOCOLS.as_bytes()));
        }
    }

    /// The multi handle in a slot, made if there is none.
    pub fn multi(&self, slot: usize) -> Ptr {
        let slot = slot % MULTIS;
        if let Some(multi) = self.multis[slot].get() {
            return multi;
        }
        let user = callbacks::user(slot);
        // SAFETY: a new handle; what each option asks for.
        let multi = unsafe {
            let multi = curl_multi_init();
            curl_multi_setopt(multi, mopt::SOCKETDATA, user);
            curl_multi_setopt(multi, mopt::SOCKETFUNCTION, callbacks::socket as *const ());
            curl_multi_setopt(multi, mopt::TIMERDATA, user);
            curl_multi_setopt(multi, mopt::TIMERFUNCTION, callbacks::timer as *const ());
            curl_multi_setopt(multi, mopt::PUSHDATA, user);
            curl_multi_setopt(multi, mopt::NOTIFYDATA, user);
            multi
        };
        assert!(!multi.is_null());
        self.multis[slot].set(Some(multi));
        multi
    }

    pub fn share(&self, slot: usize) -> Ptr {
        let slot = slot % 2;
        if self.shares[slot].get().is_none() {
            // SAFETY: a new handle; what each option asks for.
            unsafe {
                let share = curl_share_init();
                curl_share_setopt(share, shopt::LOCKFUNC, callbacks::lock as *const ());
                curl_share_setopt(share, shopt::UNLOCKFUNC, callbacks::unlock as *const ());
                curl_share_setopt(share, shopt::USERDATA, callbacks::user(slot));
                self.shares[slot].set(Some(share));
            }
        }
        self.shares[slot].get().unwrap()
    }

    pub fn url(&self, slot: usize) -> Ptr {
        let slot = slot % 2;
        if self.urls[slot].get().is_none() {
            // SAFETY: no arguments.
            self.urls[slot].set(Some(unsafe { curl_url() }));
        }
        self.urls[slot].get().unwrap()
    }

    /// Is a multi handle in the middle of something?
    pub fn is_inside(&self, multi: usize) -> bool {
        self.inside[multi].get() > 0
    }

    /// Is a callback going on?
    pub fn in_callback(&self) -> bool {
        (0..MULTIS).any(|multi| self.is_inside(multi)) || self.performing.get()
    }

    /// What must hold after each call.
    pub fn check(&self) {
        for (multi, fd) in self.announced.borrow().keys() {
            assert!(*fd < FIRST || is_open(*fd), "multi {multi} wants {fd} watched, it is closed");
        }
        for handle in self.multis.iter().filter_map(Cell::get) {
            // SAFETY: a good handle, in no call.
            if let Some(broken) = unsafe { tress_capi::multi::audit(handle) } {
                panic!("{broken}");
            }
        }
        assert!(self.locked.iter().all(|count| count.get() == 0), "a lock is held");
    }

    /// Moves a multi handle on as an application does that behaves.
    pub fn pump(&self, slot: usize, turns: usize) {
        let Some(multi) = self.multis[slot].get() else { return };
        let mut running = 0;
        for _ in 0..turns {
            let mut acted = self.net.answer();
            for ((_, fd), what) in self.of(slot) {
                let events = self.events(fd, what, false);
                if events != 0 && self.announced.borrow().contains_key(&(slot, fd)) {
                    // SAFETY: a good handle.
                    unsafe { curl_multi_socket_action(multi, fd, events, &raw mut running) };
                    self.check();
                    acted = true;
                }
            }
            // Time goes by when there is nothing else to do.
            let due = self.timers[slot].get().filter(|at| !acted || *at <= clock::now());
            if let Some(at) = due {
                clock::advance(at.saturating_sub(clock::now()) + 1);
                self.timers[slot].set(None);
                // SAFETY: a good handle.
                unsafe { curl_multi_socket_action(multi, -1, 0, &raw mut running) };
                self.check();
                acted = true;
            }
            let worker = |((_, fd), what)| self.events(fd, what, true) != 0;
            if !acted && !self.of(slot).into_iter().any(worker) {
                break;
            }
        }
        self.read_messages(slot);
    }

    fn of(&self, slot: usize) -> Vec<((usize, RawFd), c_int)> {
        let announced = self.announced.borrow();
        announced.range((slot, 0)..(slot + 1, 0)).map(|(key, what)| (*key, *what)).collect()
    }

    /// What happened on a socket of what is wanted: `CURL_CSELECT_*`.
    fn events(&self, fd: RawFd, what: c_int, wait: bool) -> c_int {
        if self.net.knows(fd) {
            let readable = what & 1 != 0 && self.net.is_readable(fd);
            let writable = what & 2 != 0 && self.net.is_writable();
            return c_int::from(readable) | c_int::from(writable) << 1;
        }
        let ready = |bit: c_int, events: i16| {
            c_int::from(what & bit != 0 && clock::is_ready_soon(fd, events, wait)) * bit
        };
        ready(1, libc::POLLIN) | ready(2, libc::POLLOUT)
    }

    pub fn read_messages(&self, slot: usize) {
        let Some(multi) = self.multis[slot].get() else { return };
        let mut left = 0;
        // SAFETY: a good handle; a message is good until the next call.
        while let Some(message) = unsafe { curl_multi_info_read(multi, &raw mut left).as_ref() } {
            assert_eq!(message.what, 1);
            let easy = self.slot(message.easy).expect("a message of a handle that is none");
            let state = self.easies[easy].get().unwrap();
            assert_eq!(state.multi, Some(slot), "a message of a handle that is not in it");
            assert!(!state.done, "a transfer ends twice");
            if self.trace.get() {
                eprintln!("easy {easy} of multi {slot} ends with {}", message.result);
            }
            self.update(easy, |easy| easy.done = true);
        }
    }

    pub fn remove(&self, slot: usize) {
        let Some(easy) = self.easies[slot].get() else { return };
        let Some(at) = easy.multi else { return };
        let Some(multi) = self.multis[at].get() else { return };
        self.update(slot, |easy| easy.busy = true);
        // SAFETY: good handles.
        let code = unsafe { curl_multi_remove_handle(multi, easy.handle) };
        self.update(slot, |after| after.busy = easy.busy);
        // CURLM_RECURSIVE_API_CALL: it is still there.
        if code != 8 {
            self.update(slot, |easy| (easy.multi, easy.done) = (None, false));
        }
    }

    pub fn cleanup_easy(&self, slot: usize) {
        if let Some(easy) = self.easies[slot].take() {
            // SAFETY: given up.
            unsafe { curl_easy_cleanup(easy.handle) };
        }
    }

    pub fn cleanup_multi(&self, slot: usize) {
        let Some(multi) = self.multis[slot].get() else { return };
        self.ending.set(Some(slot));
        // SAFETY: given up.
        let code = unsafe { curl_multi_cleanup(multi) };
        self.ending.set(None);
        assert_eq!(code, 0, "curl_multi_cleanup");
        self.multis[slot].set(None);
        self.timers[slot].set(None);
        assert!(self.of(slot).is_empty(), "sockets stay announced");
        for easy in (0..EASIES).filter(|&at| self.easies[at].get().is_some()) {
            self.update(easy, |easy| {
                if easy.multi == Some(slot) {
                    (easy.multi, easy.done) = (None, false);
                }
            });
        }
    }

    /// The end: all is given back, in one order or another, and nothing may be left.
    pub fn end(&self, order: u8) {
        self.net.ending.set(true);
        self.net.room.set(None);
        self.decisions.borrow_mut().clear();
        for slot in 0..MULTIS {
            self.pump(slot, 12);
        }
        if order & 1 != 0 {
            (0..EASIES).for_each(|slot| self.remove(slot));
            self.check();
        }
        if order & 2 != 0 {
            (0..MULTIS).for_each(|slot| self.cleanup_multi(slot));
        }
        for slot in 0..EASIES {
            self.cleanup_easy(slot);
            self.check();
        }
        (0..MULTIS).for_each(|slot| self.cleanup_multi(slot));
        // SAFETY: given up, and of no more use to anything.
        unsafe {
            for mime in self.mimes.take() {
                curl_mime_free(mime);
            }
            for form in self.forms.take() {
                curl_formfree(form);
            }
            for url in self.urls.iter().filter_map(Cell::take) {
                curl_url_cleanup(url);
            }
            for share in self.shares.iter().filter_map(Cell::take) {
                assert_eq!(curl_share_cleanup(share), 0, "a share is in use by nothing");
            }
            for list in self.lists.take() {
                curl_slist_free_all(list);
            }
        }
        let open = self.net.open_sockets();
        assert!(open.is_empty(), "left open: {open:?}");
    }
}

/// A `curl_slist` of lines.
pub fn lines(bytes: &[u8]) -> Ptr {
    bytes.split(|&b| b == b'\n').fold(null_mut(), |list, line| {
        let end = line.iter().position(|&b| b == 0).unwrap_or(line.len());
        let text = CString::new(&line[..end]).unwrap_or_default();
        // SAFETY: a list or NULL, and a C string.
        unsafe { curl_slist_append(list, text.as_ptr()) }
    })
}
