//! Flow control (RFC 9113, 5.2 and 6.9): the windows of both directions.

use super::settings::MAX_WINDOW;

/// What the peer may send us on a stream or on the connection.
///
/// The window is the sum of what the peer may still send, what the application
/// has not consumed yet, and what it has consumed but we have not told yet.
/// Credit is told when half a window has gathered; at that time the window
/// grows or shrinks to its target.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReceiveWindow {
    size: u32,
    target: u32,
    left: u32,
    untold: u32,
    tolerated: u32,
}

impl ReceiveWindow {
    /// A window that the peer takes to be `size` and that is to become `target`.
    pub(super) fn new(size: u32, target: u32) -> Self {
        Self { size, target: target.min(MAX_WINDOW), left: size, untold: 0, tolerated: 0 }
    }

    /// Lets the peer send `bytes` more than the window, without credit for them:
    /// it may do so before it has seen SETTINGS with a small window.
    pub(super) fn tolerating(self, bytes: u32) -> Self {
        Self { tolerated: bytes, ..self }
    }

    /// How many bytes the peer may still send.
    pub(super) fn open(&self) -> u32 {
        self.left.saturating_add(self.tolerated)
    }

    /// Takes note of received bytes; false if the peer must not have sent so many.
    #[must_use]
    pub(super) fn receive(&mut self, bytes: u32) -> bool {
        let beyond = bytes.saturating_sub(self.left);
        let Some(tolerated) = self.tolerated.checked_sub(beyond) else { return false };
        self.tolerated = tolerated;
        self.left -= bytes - beyond;
        true
    }

    /// Takes note of consumed bytes; the increment to tell to the peer, or 0.
    pub(super) fn consume(&mut self, bytes: u32) -> u32 {
        let held = self.size - self.left - self.untold;
        self.untold += bytes.min(held);
        if self.size > self.target {
            let cut = (self.size - self.target).min(self.untold);
            self.size -= cut;
            self.untold -= cut;
        }
        if self.untold == 0 || self.untold < self.size / 2 {
            return 0;
        }
        self.tell()
    }

    /// Sets the size that the window is to get; the increment to tell at once, or 0.
    pub(super) fn set_target(&mut self, target: u32) -> u32 {
        self.target = target.min(MAX_WINDOW);
        if self.target <= self.size || self.left > self.target / 2 {
            return 0;
        }
        self.tell()
    }

    fn tell(&mut self) -> u32 {
        let growth = self.target.saturating_sub(self.size);
        let increment = self.untold + growth;
        self.size += growth;
        self.left += increment;
        self.untold = 0;
        increment
    }
}

/// The window of a stream towards the peer: relative to the peer's initial
/// window size, so that a change of that setting touches no stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SendWindow {
    delta: i64,
}

impl SendWindow {
    /// What may be sent.
    pub(super) fn left(self, initial: u32) -> u32 {
        u32::try_from(self.delta + i64::from(initial)).unwrap_or(0)
    }

    pub(super) fn spend(&mut self, bytes: u32) {
        self.delta -= i64::from(bytes);
    }

    /// Takes a WINDOW_UPDATE; false if the window gets too large.
    #[must_use]
    pub(super) fn open(&mut self, increment: u32, initial: u32) -> bool {
        self.delta += i64::from(increment);
        self.fits(initial)
    }

    /// Whether the window is no larger than allowed, with this initial window.
    pub(super) fn fits(self, initial: u32) -> bool {
        self.delta + i64::from(initial) <= i64::from(MAX_WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::{ReceiveWindow, SendWindow};

    #[test]
    fn credit_follows_consumption_in_halves() {
        let mut window = ReceiveWindow::new(1000, 1000);
        assert!(window.receive(900));
        assert_eq!(window.consume(400), 0);
        assert_eq!(window.consume(100), 500);
        assert!(!window.receive(601));
        assert!(window.receive(600));
        assert!(!window.receive(1));
        assert_eq!(window.consume(1000), 1000);
        assert_eq!(window.consume(5000), 0, "never more than was received");
    }

    #[test]
    fn grows_when_half_is_consumed() {
        let mut window = ReceiveWindow::new(1000, 10_000);
        assert!(window.receive(500));
        assert_eq!(window.consume(500), 9500);
        assert!(window.receive(10_000));
        assert!(!window.receive(1));
    }

    #[test]
    fn shrinks_to_nothing_and_comes_back() {
        let mut window = ReceiveWindow::new(1000, 1000);
        assert_eq!(window.set_target(0), 0);
        assert!(window.receive(1000));
        assert_eq!(window.consume(1000), 0);
        assert!(!window.receive(1));
        assert_eq!(window.set_target(800), 800);
        assert!(window.receive(800));
    }

    #[test]
    fn tolerates_what_was_sent_before_our_settings() {
        let mut window = ReceiveWindow::new(1000, 1000).tolerating(500);
        assert!(window.receive(1400));
        assert!(!window.receive(101));
        assert_eq!(window.consume(1400), 1000);
    }

    #[test]
    fn send_window_may_be_negative() {
        let mut window = SendWindow::default();
        window.spend(100);
        assert_eq!(window.left(50), 0);
        assert!(window.open(60, 50));
        assert_eq!(window.left(50), 10);
        assert!(window.open(0x7fff_ffff - 10, 50));
        assert!(!window.open(1, 50));
    }
}
