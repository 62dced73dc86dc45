//! Time as the library sees it: a count that only the fuzzer moves. It takes the place of the C
//! library's `clock_gettime` and `poll`, so that time-outs of minutes pass at once and an input
//! always does the same.

use std::ffi::{c_int, c_long, c_ulong};
use std::sync::atomic::{AtomicU64, Ordering};

/// The monotonic clock in nanoseconds. Far ahead of the system's: threads of the library that wait
/// by it wait long, and are never woken by it in a circle.
static NOW: AtomicU64 = AtomicU64::new(1 << 50);

const MILLI: u64 = 1_000_000;

/// Milliseconds since the beginning.
pub fn now() -> u64 {
    NOW.load(Ordering::Relaxed) / MILLI
}

/// Lets milliseconds go by.
pub fn advance(millis: u64) {
    NOW.fetch_add(millis.min(1 << 32) * MILLI, Ordering::Relaxed);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> c_int {
    if clock != libc::CLOCK_MONOTONIC {
        // SAFETY: the system call of the same name.
        return unsafe { libc::syscall(libc::SYS_clock_gettime, clock as c_long, time) } as c_int;
    }
    let now = NOW.load(Ordering::Relaxed);
    let (seconds, nanos) = ((now / (1000 * MILLI)) as i64, (now % (1000 * MILLI)) as c_long);
    // SAFETY: the caller gives a good place.
    unsafe { time.write(libc::timespec { tv_sec: seconds, tv_nsec: nanos }) };
    0
}

/// Waiting costs no time: when nothing is ready the clock moves to the end of the wait. It moves
/// on in any case, so that whoever waits in a circle comes to a time-out.
#[unsafe(no_mangle)]
unsafe extern "C" fn poll(list: *mut libc::pollfd, count: c_ulong, timeout: c_int) -> c_int {
    // SAFETY: the system call of the same name.
    let ready = unsafe { libc::syscall(libc::SYS_poll, list, count, 0) } as c_int;
    match (ready, u64::try_from(timeout)) {
        (0, Ok(timeout)) => advance(timeout.max(1)),
        _ => advance(1),
    }
    ready
}

/// Is a descriptor of the system's ready within two real milliseconds?
pub fn is_ready_soon(fd: c_int, events: i16, wait: bool) -> bool {
    let mut entry = libc::pollfd { fd, events, revents: 0 };
    // SAFETY: one good entry.
    let ready = unsafe { libc::syscall(libc::SYS_poll, &raw mut entry, 1, 2 * c_int::from(wait)) };
    ready > 0
}
