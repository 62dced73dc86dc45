//! How often this process has been forked off, counted by the C library's fork hooks: an entry
//! into the library then only compares two numbers, where asking for the process id is a system
//! call.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

static FORKS: AtomicU32 = AtomicU32::new(0);

/// Forks between the first call and this process.
pub fn generation() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// Begins to count; later calls do nothing.
pub fn watch() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        // SAFETY: the hook only adds to an atomic number, which is allowed after a fork.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
}

extern "C" fn in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}
