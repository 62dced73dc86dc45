//! Deadlines: one binary heap with a place for each owner, O(log n) to set, move or clear.

use std::collections::HashMap;
use std::time::Instant;

use crate::TransferId;
use crate::conn::ConnId;

/// Who is to be woken at a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    Transfer(TransferId),
    Conn(ConnId),
}

/// The deadlines of a multi handle; an owner has one at most.
#[derive(Default)]
pub(crate) struct Timers {
    heap: Vec<(Instant, Owner)>,
    /// Where each owner stands in the heap.
    places: HashMap<Owner, usize, crate::hash::BuildFast>,
}

impl Timers {
    /// Sets, moves or (with none) clears the deadline of `owner`.
    pub(crate) fn set(&mut self, owner: Owner, deadline: Option<Instant>) {
        let place = if self.heap.is_empty() { None } else { self.places.get(&owner).copied() };
        match (place, deadline) {
            (None, None) => {}
            (None, Some(at)) => {
                self.heap.push((at, owner));
                self.places.insert(owner, self.heap.len() - 1);
                self.rise(self.heap.len() - 1);
            }
            (Some(place), Some(at)) => {
                let before = std::mem::replace(&mut self.heap[place].0, at);
                if at < before {
                    self.rise(place);
                } else if at > before {
                    self.sink(place);
                }
            }
            (Some(place), None) => self.clear(place),
        }
    }

    /// The earliest deadline.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.heap.first().map(|entry| entry.0)
    }

    /// Takes out one owner whose deadline is not after `now`.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Owner> {
        let &(at, owner) = self.heap.first()?;
        if at > now {
            return None;
        }
        self.clear(0);
        Some(owner)
    }

    /// Has this owner a deadline?
    pub(crate) fn has(&self, owner: Owner) -> bool {
        self.places.contains_key(&owner)
    }

    /// Everybody who has a deadline.
    #[cfg(feature = "sim")]
    pub(crate) fn owners(&self) -> impl Iterator<Item = Owner> + '_ {
        self.heap.iter().map(|entry| entry.1)
    }

    /// The deadline of `owner`.
    #[cfg(feature = "sim")]
    pub(crate) fn deadline(&self, owner: Owner) -> Option<Instant> {
        Some(self.heap[*self.places.get(&owner)?].0)
    }

    fn clear(&mut self, place: usize) {
        self.places.remove(&self.heap[place].1);
        let last = self.heap.len() - 1;
        self.heap.swap_remove(place);
        if place < last {
            self.places.insert(self.heap[place].1, place);
            self.rise(place);
            self.sink(place);
        }
    }

    fn rise(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.heap[parent].0 <= self.heap[place].0 {
                break;
            }
            self.swap(place, parent);
            place = parent;
        }
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let mut child = 2 * place + 1;
            if child >= self.heap.len() {
                break;
            }
            if child + 1 < self.heap.len() && self.heap[child + 1].0 < self.heap[child].0 {
                child += 1;
            }
            if self.heap[place].0 <= self.heap[child].0 {
                break;
            }
            self.swap(place, child);
            place = child;
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.places.insert(self.heap[a].1, a);
        self.places.insert(self.heap[b].1, b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Id;
    use std::time::Duration;

    #[test]
    fn deadlines_come_out_in_order_after_moves_and_clears() {
        let start = Instant::now();
        let mut timers = Timers::default();
        let mut expected = Vec::new();
        let mut seed = 12345u64;
        let mut random = move || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            seed >> 33
        };
        for index in 0..500 {
            let owner = Owner::Conn(Id::from_index(index));
            timers.set(owner, Some(start + Duration::from_millis(random() % 1000)));
            match random() % 3 {
                0 => timers.set(owner, None),
                1 => {
                    let at = random() % 1000;
                    timers.set(owner, Some(start + Duration::from_millis(at)));
                    expected.push(at);
                }
                _ => {
                    timers.set(owner, Some(start));
                    expected.push(0);
                }
            }
        }
        expected.sort_unstable();
        assert_eq!(timers.heap.len(), expected.len());
        for at in expected {
            let due = timers.earliest().unwrap();
            assert_eq!(due, start + Duration::from_millis(at));
            assert!(timers.pop_due(due - Duration::from_nanos(1)).is_none());
            timers.pop_due(due).unwrap();
        }
    }
}
