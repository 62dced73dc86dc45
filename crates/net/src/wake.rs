use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::event::{EventfdFlags, eventfd};

/// A descriptor that another thread makes readable: `curl_multi_wakeup`, and
/// results of the resolver.
pub struct Wake(OwnedFd);

impl Wake {
    /// Opens the descriptor.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// Makes the descriptor readable. May be called from any thread.
    pub fn wake(&self) {
        // It fails only if the counter is full, and then it is readable anyway.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Makes the descriptor unreadable again; says whether it was readable.
    pub fn drain(&self) -> bool {
        rustix::io::read(&self.0, &mut [0_u8; 8]).is_ok()
    }

    /// The descriptor to watch for reading.
    pub fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wakes_once_however_often_called() {
        let wake = Wake::new().unwrap();
        assert!(!wake.drain());
        wake.wake();
        wake.wake();
        assert!(wake.drain());
        assert!(!wake.drain());
    }
}
