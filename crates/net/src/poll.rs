use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use filedescriptor::{POLLIN, POLLOUT, pollfd};

/// Waits on many descriptors with `poll(2)`. The array lives on between waits,
/// so that a wait costs nothing for what did not change.
#[derive(Default)]
pub struct Poller {
    entries: Vec<pollfd>,
}

/// What a descriptor is waited for, or what it is ready for. Any bit of
/// `poll(2)` may be in it; an empty set still reports errors and hang-ups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PollEvents(pub i16);

impl PollEvents {
    /// It can be read.
    pub const IN: Self = Self(POLLIN);
    /// It can be written.
    pub const OUT: Self = Self(POLLOUT);

    /// Is any bit of `other` in this set?
    pub fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl std::ops::BitOr for PollEvents {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Poller {
    /// How many descriptors are in the array.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is there nothing to wait for?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Appends a descriptor; its place is the former [`Poller::len`].
    pub fn push(&mut self, fd: RawFd, events: PollEvents) {
        self.entries.push(pollfd { fd, events: events.0, revents: 0 });
    }

    /// Changes what the descriptor at `place` is waited for.
    pub fn set(&mut self, place: usize, events: PollEvents) {
        if let Some(entry) = self.entries.get_mut(place) {
            entry.events = events.0;
        }
    }

    /// Removes the descriptor at `place`; the last one moves there and is
    /// returned, so that the caller can note its new place.
    pub fn swap_remove(&mut self, place: usize) -> Option<RawFd> {
        if place < self.entries.len() {
            self.entries.swap_remove(place);
        }
        self.entries.get(place).map(|e| e.fd)
    }

    /// Drops the descriptors from `len` on: those of a single call.
    pub fn truncate(&mut self, len: usize) {
        self.entries.truncate(len);
    }

    /// Waits until a descriptor is ready or the time is over (`None`: for
    /// ever; rounded up to milliseconds). Says how many are ready: 0 after the
    /// time or after a signal.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<usize> {
        match filedescriptor::poll(&mut self.entries, timeout.map(whole_millis)) {
            Ok(ready) => Ok(ready),
            Err(filedescriptor::Error::Poll(e)) if e.kind() == io::ErrorKind::Interrupted => {
                self.entries.iter_mut().for_each(|e| e.revents = 0);
                Ok(0)
            }
            Err(filedescriptor::Error::Poll(e)) => Err(e),
            Err(e) => Err(io::Error::other(e)),
        }
    }

    /// The descriptors that the last wait found ready, with their places.
    pub fn ready(&self) -> impl Iterator<Item = (usize, RawFd, PollEvents)> + '_ {
        let ready = self.entries.iter().enumerate().filter(|(_, e)| e.revents != 0);
        ready.map(|(place, e)| (place, e.fd, PollEvents(e.revents)))
    }
}

/// A wait of less than a millisecond must not become none at all: that would spin.
fn whole_millis(timeout: Duration) -> Duration {
    let millis = timeout.as_nanos().div_ceil(1_000_000);
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX).min(i32::MAX as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Wake;

    #[test]
    fn reports_what_is_ready() {
        let (a, b) = (Wake::new().unwrap(), Wake::new().unwrap());
        let mut poller = Poller::default();
        poller.push(a.fd(), PollEvents::IN);
        poller.push(b.fd(), PollEvents::IN);
        assert_eq!(poller.wait(Some(Duration::ZERO)).unwrap(), 0);
        b.wake();
        assert_eq!(poller.wait(Some(Duration::from_secs(5))).unwrap(), 1);
        assert_eq!(poller.ready().collect::<Vec<_>>(), [(1, b.fd(), PollEvents::IN)]);
        assert_eq!(poller.swap_remove(0), Some(b.fd()));
        assert_eq!(poller.swap_remove(0), None);
    }

    #[test]
    fn rounds_up() {
        assert_eq!(whole_millis(Duration::from_micros(1)), Duration::from_millis(1));
        assert_eq!(whole_millis(Duration::from_millis(3)), Duration::from_millis(3));
    }
}
