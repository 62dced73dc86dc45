//! Bytes a second for all transfers together.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Of a second's bytes so many may come at once, after a while without any.
const BURST: u64 = 4;

/// What may be received, which grows with time. Clones are the same.
#[derive(Clone)]
pub struct Bandwidth {
    /// Bytes a second; 0: no limit.
    rate: u64,
    state: Arc<Mutex<State>>,
}

struct State {
    /// Bytes that may come; what was too much is owed.
    left: f64,
    at: Instant,
}

impl Bandwidth {
    /// For so many bytes a second; 0: no limit.
    pub fn new(rate: u64) -> Self {
        Self { rate, state: Arc::new(Mutex::new(State { left: 0.0, at: Instant::now() })) }
    }

    /// Takes so many bytes. False: not now.
    pub fn take(&self, bytes: usize) -> bool {
        self.take_at(bytes, Instant::now())
    }

    fn take_at(&self, bytes: usize, now: Instant) -> bool {
        if self.rate == 0 {
            return true;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = self.rate as f64;
        let grown = now.saturating_duration_since(state.at).as_secs_f64() * rate;
        state.left = (state.left + grown).min(rate / BURST as f64);
        state.at = now;
        if state.left <= 0.0 {
            return false;
        }
        state.left -= bytes as f64;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn as_much_as_the_time_allows() {
        let bandwidth = Bandwidth::new(1000);
        let begun = Instant::now();
        let mut taken = 0;
        for millisecond in 0..10_000 {
            while bandwidth.take_at(7, begun + Duration::from_millis(millisecond)) {
                taken += 7;
            }
        }
        assert!((9_900..10_100).contains(&taken), "{taken}");
        // A pause is not made up for.
        let later = begun + Duration::from_secs(100);
        let at_once = (0..).take_while(|_| bandwidth.take_at(1, later)).count();
        assert_eq!(at_once, 250);
        assert!(Bandwidth::new(0).take(usize::MAX));
    }
}
