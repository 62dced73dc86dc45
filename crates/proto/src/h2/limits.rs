//! Limits on everything that the peer can make grow.

use std::time::Instant;

/// How much a peer may ask of us. Each has libcurl's or nghttp2's value where there is one.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A head's fields: names, values and 32 bytes each. More resets the stream; more than
    /// `Limits::BOMB` times as much ends the connection.
    pub header_list_bytes: usize,
    /// A head's fields. More resets the stream.
    pub header_count: usize,
    /// A field's name or value. More ends the connection.
    pub field_bytes: usize,
    /// A head's compressed bytes over all its frames. More ends the connection.
    pub header_block_bytes: usize,
    /// CONTINUATION frames of one head. More ends the connection.
    pub continuations: u32,
    /// 1xx responses of one stream. More resets the stream.
    pub informational: u8,
    /// Streams that the peer has promised or pushes, at once. More are refused.
    pub promised: u32,
    /// SETTINGS, PING, PRIORITY and unknown frames. More ends the connection.
    pub control_frames: Rate,
    /// RST_STREAM and PUSH_PROMISE frames. More ends the connection.
    pub resets: Rate,
    /// WINDOW_UPDATE frames; each DATA frame of ours allows for some more.
    /// More ends the connection.
    pub window_updates: Rate,
    /// Frames that carry nothing, and frames for closed streams. More ends the connection.
    pub empty_frames: Rate,
    /// Output not sent yet, in bytes, on top of which frames are still answered.
    pub pending_output: usize,
}

impl Limits {
    /// A head that comes to so many times the limit was made to keep us busy: few bytes of it
    /// name fields of the dynamic table, each of which may be thousands of bytes long.
    pub(crate) const BOMB: usize = 4;
}

impl Default for Limits {
    fn default() -> Self {
        let usual = Rate { burst: 1000, per_second: 33 };
        Self {
            header_list_bytes: 300 * 1024,
            header_count: 5000,
            field_bytes: 64 * 1024,
            header_block_bytes: 300 * 1024,
            continuations: 8,
            informational: 100,
            promised: 100,
            control_frames: usual,
            resets: usual,
            window_updates: Rate { burst: 10_000, per_second: 1000 },
            empty_frames: usual,
            pending_output: 256 * 1024,
        }
    }
}

/// How often something may happen: so many at once, and so many each second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// How many come back each second.
    pub per_second: u32,
}

/// Counts against a [`Rate`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    rate: Rate,
    left: u32,
    since: Option<Instant>,
}

impl Budget {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, left: rate.burst, since: None }
    }

    /// Takes `cost` away; false if that is too much.
    #[must_use]
    pub(crate) fn spend(&mut self, cost: u32, now: Instant) -> bool {
        if self.left < cost {
            self.refill(now);
        }
        self.since.get_or_insert(now);
        match self.left.checked_sub(cost) {
            Some(left) => self.left = left,
            None => return false,
        }
        true
    }

    /// Allows for `more`.
    pub(super) fn allow(&mut self, more: u32) {
        self.left = self.left.saturating_add(more).min(self.rate.burst);
    }

    fn refill(&mut self, now: Instant) {
        let Some(since) = self.since else { return };
        let seconds = now.saturating_duration_since(since).as_secs();
        if seconds > 0 {
            let back = seconds.saturating_mul(u64::from(self.rate.per_second));
            self.allow(u32::try_from(back).unwrap_or(u32::MAX));
            self.since = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Budget, Rate};

    #[test]
    fn burst_and_refill() {
        let now = Instant::now();
        let mut budget = Budget::new(Rate { burst: 10, per_second: 2 });
        assert!((0..10).all(|_| budget.spend(1, now)));
        assert!(!budget.spend(1, now));
        let later = now + Duration::from_secs(3);
        assert!((0..6).all(|_| budget.spend(1, later)));
        assert!(!budget.spend(1, later));
        budget.allow(50);
        assert!(budget.spend(10, later));
        assert!(!budget.spend(1, later));
    }
}
