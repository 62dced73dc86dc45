//! Children of `fork(2)`: what their parent has open is not theirs to use.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many forks lie between this process and the one that loaded the library.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// The process in which something was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(u32);

impl Process {
    /// This process; its children will know that they are others.
    pub fn this() -> Self {
        static WATCHED: Once = Once::new();
        WATCHED.call_once(|| {
            // SAFETY: the handler only counts, which is allowed in a child of a process with
            // threads; a failure to register it leaves forks unnoticed.
            unsafe { libc::pthread_atfork(None, None, Some(forked)) };
        });
        Self(FORKS.load(Ordering::Relaxed))
    }

    /// Is this a child of that process? True once, then the child is the process.
    pub fn has_forked(&mut self) -> bool {
        let now = FORKS.load(Ordering::Relaxed);
        std::mem::replace(&mut self.0, now) != now
    }
}

extern "C" fn forked() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}
