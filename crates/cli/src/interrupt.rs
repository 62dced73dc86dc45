//! Ctrl-C: the first one asks for the end, the second one kills.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Hears of SIGINT and SIGTERM.
pub struct Interrupt {
    /// The signal that came last; 0: none did.
    signal: Arc<AtomicUsize>,
}

impl Interrupt {
    /// From now on.
    pub fn new() -> io::Result<Self> {
        let (signal, asked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        for number in [SIGINT, SIGTERM] {
            // In this order: only the second signal finds the flag set.
            flag::register_conditional_default(number, asked.clone())?;
            flag::register(number, asked.clone())?;
            flag::register_usize(number, signal.clone(), number as usize)?;
        }
        Ok(Self { signal })
    }

    /// Was the end asked for? Gives the exit status that says so to shells: 130 for Ctrl-C.
    pub fn status(&self) -> Option<u8> {
        match self.signal.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(128 + signal as u8),
        }
    }
}
