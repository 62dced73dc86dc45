//! The application's callbacks: each takes a decision from the input, and may call the library.

use std::ffi::{c_char, c_double, c_int, c_long, c_uint, c_void};
use std::os::fd::IntoRawFd;
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

use tress_capi::tables::{info, mopt, opt};

use super::abi::*;
use super::clock;
use super::network;
use super::world::{EASIES, MOST_CALLBACKS, MULTIS, WORLD, World, lines};

pub type Data = unsafe extern "C" fn(*mut c_char, usize, usize, Ptr) -> usize;
pub type Seek = unsafe extern "C" fn(Ptr, i64, c_int) -> c_int;
pub type Free = unsafe extern "C" fn(Ptr);

/// `CURL_WRITEFUNC_PAUSE`, `CURL_READFUNC_PAUSE`
const PAUSE: usize = 0x1000_0001;
/// `CURL_READFUNC_ABORT`
const ABORT: usize = 0x1000_0000;
/// `CURL_WRITEFUNC_ERROR`
const ERROR: usize = 0xffff_ffff;

/// A function as `curl_easy_setopt` gets it.
#[derive(Clone, Copy)]
pub struct Function(pub c_int, pub *const ());

// SAFETY: the address of a function.
unsafe impl Sync for Function {}

/// Options that are never without a function: the data's, and the function's.
pub static ALWAYS: [(c_int, Function); 6] = [
    (opt::WRITEDATA, Function(opt::WRITEFUNCTION, write as *const ())),
    (opt::HEADERDATA, Function(opt::HEADERFUNCTION, write as *const ())),
    (opt::READDATA, Function(opt::READFUNCTION, read as *const ())),
    (opt::INTERLEAVEDATA, Function(opt::INTERLEAVEFUNCTION, write as *const ())),
    (opt::SEEKDATA, Function(opt::SEEKFUNCTION, seek as *const ())),
    (opt::DEBUGDATA, Function(opt::DEBUGFUNCTION, debug as *const ())),
];

/// Those that come and go, with the option of their data.
pub static SOMETIMES: [(c_int, Function); 14] = [
    (opt::XFERINFODATA, Function(opt::XFERINFOFUNCTION, xferinfo as *const ())),
    (opt::XFERINFODATA, Function(opt::PROGRESSFUNCTION, progress as *const ())),
    (opt::OPENSOCKETDATA, Function(opt::OPENSOCKETFUNCTION, open_socket as *const ())),
    (opt::CLOSESOCKETDATA, Function(opt::CLOSESOCKETFUNCTION, close_socket as *const ())),
    (opt::SOCKOPTDATA, Function(opt::SOCKOPTFUNCTION, sockopt as *const ())),
    (opt::IOCTLDATA, Function(opt::IOCTLFUNCTION, ioctl as *const ())),
    (opt::TRAILERDATA, Function(opt::TRAILERFUNCTION, trailer as *const ())),
    (opt::PREREQDATA, Function(opt::PREREQFUNCTION, prereq as *const ())),
    (opt::RESOLVER_START_DATA, Function(opt::RESOLVER_START_FUNCTION, resolver_start as *const ())),
    (opt::CHUNK_DATA, Function(opt::CHUNK_BGN_FUNCTION, chunk_begin as *const ())),
    (opt::CHUNK_DATA, Function(opt::CHUNK_END_FUNCTION, chunk_end as *const ())),
    (opt::FNMATCH_DATA, Function(opt::FNMATCH_FUNCTION, fnmatch as *const ())),
    (opt::HSTSREADDATA, Function(opt::HSTSREADFUNCTION, hsts_read as *const ())),
    (opt::HSTSWRITEDATA, Function(opt::HSTSWRITEFUNCTION, hsts_write as *const ())),
];

/// The pointer that a slot's callbacks are given.
pub fn user(slot: usize) -> Ptr {
    std::ptr::without_provenance_mut(slot + 1)
}

fn slot(user: Ptr, count: usize) -> usize {
    let slot = user.addr().wrapping_sub(1);
    assert!(slot < count, "a pointer that was never given: {user:?}");
    slot
}

/// A stream into nothing.
pub fn stderr() -> Ptr {
    struct File(Ptr);
    // SAFETY: used by one thread.
    unsafe impl Send for File {}
    // SAFETY: as above.
    unsafe impl Sync for File {}
    static FILE: OnceLock<File> = OnceLock::new();
    // SAFETY: C strings.
    FILE.get_or_init(|| File(unsafe { libc::fopen(c"/dev/null".as_ptr(), c"w".as_ptr()) }.cast())).0
}

/// A callback of an easy handle: its decision, after the calls that it makes.
fn called(user: Ptr) -> u8 {
    called_for(user, |_| true)
}

/// The same, where not all of its calls come from its multi handle.
fn called_for(user: Ptr, from_multi: impl FnOnce(&World) -> bool) -> u8 {
    let slot = slot(user, EASIES);
    WORLD.with(|world| {
        let easy = world.easies[slot].get();
        let multi = easy.filter(|_| from_multi(world)).and_then(|easy| easy.multi);
        if let Some(multi) = multi {
            world.inside[multi].set(world.inside[multi].get() + 1);
        }
        let decision = world.decide();
        if decision >= 16 && world.may_nest() {
            nest(world, slot, decision);
        }
        if let Some(multi) = multi {
            world.inside[multi].set(world.inside[multi].get() - 1);
        }
        match world.callbacks.get() > MOST_CALLBACKS {
            true => 2,
            false => decision,
        }
    })
}

/// A call from within a callback.
fn nest(world: &World, slot: usize, decision: u8) {
    let Some(easy) = world.easies[slot].get() else { return };
    let other = usize::from(decision >> 5);
    let (handle, multi) = (easy.handle, world.multis[other % MULTIS].get().unwrap_or(null_mut()));
    let mut number = 0;
    let mut count = 0;
    let mut place = null_mut::<c_void>();
    // SAFETY: good handles, and what each function asks for.
    unsafe {
        match decision % 16 {
            0 => _ = curl_easy_pause(handle, if world.performing.get() { 0 } else { 5 }),
            1 => _ = curl_easy_pause(handle, 0),
            2 => _ = curl_easy_setopt(handle, opt::URL, c"http://elsewhere/".as_ptr()),
            3 => {
                curl_easy_getinfo(handle, info::EFFECTIVE_URL, &raw mut place);
                curl_easy_header(handle, c"a".as_ptr(), 0, 1, -1, &raw mut place);
            }
            4 => world.remove(other % EASIES),
            5 => _ = curl_multi_perform(multi, &raw mut number),
            6 => world.duplicate(handle, free_slot(world)),
            7 => _ = curl_multi_socket_action(multi, -1, 0, &raw mut number),
            8 => _ = curl_ws_send(handle, b"hello".as_ptr(), 5, &raw mut count, 0, 1),
            9 => {
                curl_ws_meta(handle);
                curl_easy_recv(handle, [0; 8].as_mut_ptr(), 8, &raw mut count);
            }
            10 => {
                curl_multi_wakeup(multi);
                curl_multi_assign(multi, network::FIRST + number, user(slot));
                curl_free(curl_multi_get_handles(multi).cast());
            }
            11 => {
                // Nobody else would end it.
                curl_easy_setopt(handle, opt::TIMEOUT_MS, 1500 as c_long);
                let before = world.performing.replace(true);
                world.update(slot, |easy| easy.busy = true);
                curl_easy_perform(handle);
                world.update(slot, |after| after.busy = easy.busy);
                world.performing.set(before);
            }
            12 => add(world, other % EASIES, slot % MULTIS),
            13 => {
                // It is refused while something goes on with it.
                let idle = |easy: &super::world::Easy| {
                    easy.multi.is_none_or(|multi| !world.is_inside(multi)) && !easy.busy
                };
                let at = other % EASIES;
                if at != slot && world.easies[at].get().is_some_and(|easy| idle(&easy)) {
                    world.cleanup_easy(at);
                } else if let Some(easy) = world.easies[at].get().filter(|easy| !idle(easy)) {
                    if easy.multi.is_some() && easy.multi != world.ending.get() && !easy.busy {
                        curl_easy_cleanup(easy.handle);
                    }
                }
            }
            14 => {
                curl_easy_setopt(handle, opt::TIMEOUT_MS, c_long::from(decision));
                curl_multi_setopt(multi, mopt::MAXCONNECTS, 1 as c_long);
            }
            _ => {
                world.list(b"x");
                curl_easy_setopt(handle, opt::SHARE, world.share(other));
            }
        }
    }
}

/// Adds a handle as an application does.
pub fn add(world: &World, slot: usize, multi: usize) {
    let slot = slot % EASIES;
    let easy = world.easy(slot);
    if easy.multi.is_some() && easy.multi == world.ending.get() {
        return;
    }
    let handle = world.multi(multi);
    if easy.multi.is_none() && !easy.busy && !world.in_callback() {
        world.forbid_files(slot);
    }
    // Callbacks can come at once; they know where they belong.
    let before = easy.multi;
    if before.is_none() {
        world.update(slot, |easy| (easy.multi, easy.done) = (Some(multi), false));
    }
    // Nor can it be cleaned up meanwhile.
    world.update(slot, |easy| easy.busy = true);
    // SAFETY: good handles.
    let code = unsafe { curl_multi_add_handle(handle, easy.handle) };
    world.update(slot, |after| after.busy = easy.busy);
    assert!(before.is_none() || code != 0, "added twice");
    if before.is_none() && code != 0 {
        world.update(slot, |easy| easy.multi = None);
    }
}

fn free_slot(world: &World) -> Option<usize> {
    (0..EASIES).find(|&at| world.easies[at].get().is_none())
}

/// May it pause here?
fn may_pause() -> bool {
    WORLD.with(|world| !world.performing.get())
}

pub unsafe extern "C" fn write(bytes: *mut c_char, size: usize, count: usize, user: Ptr) -> usize {
    let all = size * count;
    if all > 0 {
        // SAFETY: so many bytes are to be read.
        let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), all) };
        std::hint::black_box(bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)));
    }
    match called(user) {
        1 if may_pause() => PAUSE,
        2 => all / 2,
        3 => ERROR,
        _ => all,
    }
}

pub unsafe extern "C" fn read(place: *mut c_char, size: usize, count: usize, user: Ptr) -> usize {
    let room = size * count;
    let decision = called(user);
    let count = match decision {
        1 if may_pause() => return PAUSE,
        2 => return ABORT,
        3 => 0,
        4 => return room + 1,
        _ => room.min(usize::from(decision) * 7 + 1),
    };
    // Bodies end: one byte of four of what is asked for is the last.
    let ends = WORLD.with(|world| world.callbacks.get() % 4 == 3);
    if ends {
        return 0;
    }
    // SAFETY: so many bytes may be written.
    unsafe { place.write_bytes(b'u', count) };
    count
}

pub unsafe extern "C" fn seek(user: Ptr, _: i64, _: c_int) -> c_int {
    c_int::from(called(user) % 4)
}

pub unsafe extern "C" fn mime_read(p: *mut c_char, size: usize, count: usize, u: Ptr) -> usize {
    // SAFETY: as for `read`.
    unsafe { read(p, size, count, u) }
}

pub unsafe extern "C" fn mime_free(_: Ptr) {}

unsafe extern "C" fn debug(
    _: Ptr,
    kind: c_int,
    bytes: *mut c_char,
    len: usize,
    user: Ptr,
) -> c_int {
    assert!((0..=6).contains(&kind));
    if len > 0 {
        // SAFETY: so many bytes are to be read.
        let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), len) };
        std::hint::black_box(bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)));
        if WORLD.with(|world| world.trace.get()) {
            eprintln!("    {kind} {}", bytes.escape_ascii());
        }
    }
    slot(user, EASIES);
    0
}

unsafe extern "C" fn xferinfo(user: Ptr, _: i64, _: i64, _: i64, _: i64) -> c_int {
    match called(user) {
        2 => 1,
        3 => PAUSE as c_int,
        _ => 0,
    }
}

unsafe extern "C" fn progress(u: Ptr, _: c_double, _: c_double, _: c_double, _: c_double) -> c_int {
    c_int::from(called(u) == 2)
}

unsafe extern "C" fn open_socket(user: Ptr, _: c_int, address: Ptr) -> c_int {
    assert!(!address.is_null());
    match called(user) {
        2 => -1,
        _ => WORLD.with(|world| world.net.open().map_or(-1, IntoRawFd::into_raw_fd)),
    }
}

unsafe extern "C" fn close_socket(user: Ptr, fd: c_int) -> c_int {
    let decision = called(user);
    assert!(network::is_open(fd), "a socket to close that is closed");
    network::close(fd);
    c_int::from(decision == 2)
}

unsafe extern "C" fn sockopt(user: Ptr, fd: c_int, _: c_int) -> c_int {
    assert!(network::is_open(fd));
    match called(user) {
        2 => 1,
        3 => 2,
        _ => 0,
    }
}

unsafe extern "C" fn ioctl(_: Ptr, _: c_int, user: Ptr) -> c_int {
    c_int::from(called(user) % 4)
}

unsafe extern "C" fn trailer(list: *mut Ptr, user: Ptr) -> c_int {
    let decision = called(user);
    // SAFETY: a good place; the library frees the list.
    unsafe { *list = lines(if decision == 4 { b"bad\na:b" } else { b"Trailer: yes" }) };
    c_int::from(decision == 2)
}

unsafe extern "C" fn prereq(u: Ptr, _: *mut c_char, _: *mut c_char, _: c_int, _: c_int) -> c_int {
    c_int::from(called(u) == 2)
}

unsafe extern "C" fn resolver_start(_: Ptr, _: Ptr, user: Ptr) -> c_int {
    c_int::from(called(user) == 2)
}

unsafe extern "C" fn chunk_begin(info: *const c_void, user: Ptr, _: c_int) -> c_long {
    assert!(!info.is_null());
    c_long::from(called(user) % 3)
}

unsafe extern "C" fn chunk_end(user: Ptr) -> c_long {
    c_long::from(called(user) == 2)
}

unsafe extern "C" fn fnmatch(user: Ptr, _: *const c_char, _: *const c_char) -> c_int {
    c_int::from(called(user) % 3)
}

/// `struct curl_hstsentry`
#[repr(C)]
struct HstsEntry {
    name: *mut c_char,
    len: usize,
    flags: u8,
    expire: [c_char; 18],
}

unsafe extern "C" fn hsts_read(easy: Ptr, entry: Ptr, user: Ptr) -> c_int {
    // A copy in the making asks by itself.
    let decision = called_for(user, |world| world.slot(easy).is_some());
    // SAFETY: a good entry with room for a name of `len` bytes.
    let entry = unsafe { &mut *entry.cast::<HstsEntry>() };
    let name = if decision == 4 { vec![b'a'; entry.len] } else { b"strict.test".to_vec() };
    if decision != 5 && decision != 0 {
        // SAFETY: as above, and a NUL.
        unsafe {
            entry.name.copy_from_nonoverlapping(name.as_ptr().cast(), name.len());
            entry.name.add(name.len()).write(0);
        }
        return c_int::from(decision == 2) * 2;
    }
    1
}

unsafe extern "C" fn hsts_write(_: Ptr, entry: Ptr, index: Ptr, user: Ptr) -> c_int {
    assert!(!entry.is_null() && !index.is_null());
    c_int::from(called(user) % 3)
}

pub unsafe extern "C" fn lock(_: Ptr, _: c_int, _: c_int, user: Ptr) {
    let slot = slot(user, 2);
    WORLD.with(|world| {
        let held = &world.locked[slot];
        held.set(held.get() + 1);
    });
}

pub unsafe extern "C" fn unlock(_: Ptr, _: c_int, user: Ptr) {
    let slot = slot(user, 2);
    WORLD.with(|world| {
        let held = &world.locked[slot];
        assert!(held.get() > 0, "unlocked what is not locked");
        held.set(held.get() - 1);
    });
}

/// A callback of a multi handle.
fn event(multi: usize) -> u8 {
    WORLD.with(|world| {
        world.inside[multi].set(world.inside[multi].get() + 1);
        let decision = world.decide();
        if decision >= 16 && world.may_nest() {
            nest(world, usize::from(decision >> 4) % EASIES, decision);
        }
        world.inside[multi].set(world.inside[multi].get() - 1);
        decision
    })
}

/// Refusing is rare: it ends all transfers.
const REFUSES: u8 = 15;

pub unsafe extern "C" fn socket(_: Ptr, fd: c_int, what: c_int, user: Ptr, data: Ptr) -> c_int {
    let multi = slot(user, MULTIS);
    assert!(data.is_null() || data.addr() <= EASIES, "not what was assigned: {data:?}");
    assert!(network::is_open(fd), "told of {fd} ({what}), which is closed");
    WORLD.with(|world| {
        let mut announced = world.announced.borrow_mut();
        if what == 4 {
            assert!(announced.remove(&(multi, fd)).is_some(), "{fd} is taken out, but was not in");
        } else {
            assert!((0..=3).contains(&what));
            announced.insert((multi, fd), what);
        }
    });
    -c_int::from(event(multi) == REFUSES)
}

pub unsafe extern "C" fn timer(_: Ptr, millis: c_long, user: Ptr) -> c_int {
    let multi = slot(user, MULTIS);
    assert!(millis >= -1);
    let at = u64::try_from(millis).ok().map(|millis| clock::now() + millis);
    WORLD.with(|world| world.timers[multi].set(at));
    -c_int::from(event(multi) == REFUSES)
}

pub unsafe extern "C" fn notify(_: Ptr, what: c_uint, easy: Ptr, user: Ptr) {
    assert!(what <= 1 && !easy.is_null());
    event(slot(user, MULTIS));
}

pub unsafe extern "C" fn push(_: Ptr, new: Ptr, count: usize, headers: Ptr, user: Ptr) -> c_int {
    let multi = slot(user, MULTIS);
    let decision = event(multi);
    WORLD.with(|world| {
        // SAFETY: the headers are good as long as the callback runs.
        unsafe {
            for at in 0..=count {
                assert_eq!(curl_pushheader_bynum(headers, at).is_null(), at == count);
            }
            curl_pushheader_byname(headers, c":path".as_ptr());
        }
        match free_slot(world) {
            Some(free) if decision % 4 < 2 => {
                world.adopt(free, new);
                world.update(free, |easy| easy.multi = Some(multi));
                0
            }
            _ => 1 + c_int::from(decision == 3),
        }
    })
}

/// Nothing, where a function may be taken away.
pub const NONE: *const () = null();
