//! Work that may block, done by the process's worker threads: nobody waits for it.

use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex};

use crate::Wake;
use crate::resolve::{Pool, lock};

/// Names one piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkId(u64);

/// What was given to the workers, and what came of it. Dropping it waits for nothing: results
/// that nobody takes are dropped by the worker.
pub struct Work<T> {
    inbox: Option<Arc<Inbox<T>>>,
    outstanding: usize,
    next: u64,
}

struct Inbox<T> {
    wake: Wake,
    results: Mutex<Vec<(WorkId, Option<T>)>>,
}

impl<T> Default for Work<T> {
    fn default() -> Self {
        Self { inbox: None, outstanding: 0, next: 0 }
    }
}

impl<T: Send + 'static> Work<T> {
    /// Gives `job` to a worker; its result comes by [`Work::take_results`].
    ///
    /// # Errors
    /// Those of eventfd(2) and of starting a thread when there is none.
    pub fn submit(&mut self, job: impl FnOnce() -> T + Send + 'static) -> io::Result<WorkId> {
        let inbox = match &self.inbox {
            Some(inbox) => inbox,
            None => {
                let (wake, results) = (Wake::new()?, Mutex::default());
                self.inbox.insert(Arc::new(Inbox { wake, results }))
            }
        };
        let (id, inbox) = (WorkId(self.next), Arc::downgrade(inbox));
        Pool::of_process().run(Box::new(move || {
            // A worker outlives what goes wrong in its work.
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).ok();
            if let Some(inbox) = inbox.upgrade() {
                lock(&inbox.results).push((id, result));
                inbox.wake.wake();
            }
        }))?;
        self.next += 1;
        self.outstanding += 1;
        Ok(id)
    }

    /// The descriptor that becomes readable when results wait; only while work is outstanding.
    pub fn wake_fd(&self) -> Option<RawFd> {
        self.inbox.as_ref().filter(|_| self.outstanding > 0).map(|inbox| inbox.wake.fd())
    }

    /// Takes the results that are there and makes the descriptor unreadable. No result: the work
    /// has panicked.
    pub fn take_results(&mut self) -> Vec<(WorkId, Option<T>)> {
        let Some(inbox) = self.inbox.as_ref().filter(|inbox| inbox.wake.drain()) else {
            return Vec::new();
        };
        let results = std::mem::take(&mut *lock(&inbox.results));
        self.outstanding -= results.len();
        results
    }

    /// The process has forked and this is the child, which has none of its parent's threads: what
    /// was outstanding will never come.
    pub fn forked(&mut self) {
        // A thread of the parent may have held its lock: leave it alone.
        std::mem::forget(self.inbox.take());
        self.outstanding = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{PollEvents, Poller};

    #[test]
    fn results_come_through_the_descriptor_and_failures_take_nothing_along() {
        let mut work = Work::default();
        assert_eq!(work.wake_fd(), None);
        let bad = work.submit(|| panic!("a bug in somebody's code")).unwrap();
        let ids: Vec<_> = (0..50).map(|n| work.submit(move || n * 2).unwrap()).collect();
        let mut results = Vec::new();
        while results.len() <= ids.len() {
            let mut poller = Poller::default();
            poller.push(work.wake_fd().unwrap(), PollEvents::IN);
            poller.wait(Some(Duration::from_secs(10))).unwrap();
            results.extend(work.take_results());
        }
        results.sort_by_key(|(_, result)| *result);
        let expected = ids.into_iter().zip((0..50).map(|n| Some(n * 2)));
        let expected: Vec<_> = [(bad, None)].into_iter().chain(expected).collect();
        assert_eq!(results, expected);
        assert_eq!(work.wake_fd(), None);
    }

    #[test]
    fn blocked_work_leaves_workers_for_look_ups() {
        let (release, blocked) = std::sync::mpsc::channel::<()>();
        let blocked = Arc::new(Mutex::new(blocked));
        let mut work = Work::default();
        for _ in 0..30 {
            let blocked = blocked.clone();
            work.submit(move || lock(&blocked).recv().is_err()).unwrap();
        }
        let mut resolver = crate::resolve::Resolver::default();
        resolver.lookup("no.such.host.invalid", crate::resolve::Family::Any);
        let mut poller = Poller::default();
        poller.push(resolver.wake_fd().unwrap(), PollEvents::IN);
        assert_eq!(poller.wait(Some(Duration::from_secs(30))).unwrap(), 1);
        drop(release);
    }
}
