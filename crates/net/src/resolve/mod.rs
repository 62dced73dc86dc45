//! Names to addresses: a few worker threads, results through a wake-up
//! descriptor, and a cache with libcurl's rules.

mod addresses;
mod cache;
mod pool;
mod rule;

use std::collections::HashMap;
use std::os::fd::RawFd;
use std::sync::Arc;

pub use addresses::Addresses;
pub use cache::{Cached, DnsCache, MAX_DNS_CACHE_SIZE};
#[cfg(feature = "sim")]
pub use pool::Question;
pub use pool::{IDLE_TIME, Unresolved, ipv6_works};
pub use rule::RuleNote;

use pool::{Inbox, Waiter};
pub(crate) use pool::{Pool, lock};

/// Worker threads at most, unless said otherwise (`CURLMOPT_RESOLVE_THREADS_MAX`).
pub const DEFAULT_MAX_THREADS: usize = 20;

/// Which addresses are wanted (`CURLOPT_IPRESOLVE`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Family {
    /// `CURL_IPRESOLVE_WHATEVER`
    #[default]
    Any,
    /// `CURL_IPRESOLVE_V4`
    V4,
    /// `CURL_IPRESOLVE_V6`
    V6,
}

/// Names one look-up of one resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LookupId(u64);

/// What [`Resolver::lookup`] came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The name needed no look-up.
    Ready(Arc<Addresses>),
    /// The result comes by [`Resolver::take_results`].
    Pending(LookupId),
    /// No thread could be started, or the name cannot be looked up at all.
    Failed(Unresolved),
}

/// A finished look-up.
pub type Resolved = (LookupId, Result<Arc<Addresses>, Unresolved>);

/// Look-ups of one multi handle. The threads behind it serve the whole
/// process; they are never joined and end when they have been idle for
/// [`IDLE_TIME`]. Dropping a resolver, or cancelling, waits for nothing.
pub struct Resolver {
    pool: &'static Pool,
    inbox: Option<Arc<Inbox>>,
    pending: HashMap<LookupId, Pending>,
    max_threads: usize,
    next_id: u64,
}

struct Pending {
    host: Arc<str>,
    family: Family,
    /// The pool holds it weakly: gone means cancelled.
    token: Arc<()>,
}

impl Default for Resolver {
    fn default() -> Self {
        Self::with_pool(Pool::of_process())
    }
}

impl Resolver {
    fn with_pool(pool: &'static Pool) -> Self {
        Self {
            pool,
            inbox: None,
            pending: HashMap::new(),
            max_threads: DEFAULT_MAX_THREADS,
            next_id: 0,
        }
    }

    /// Limits the process's worker threads as far as this resolver starts them.
    pub fn set_max_threads(&mut self, max: usize) {
        self.max_threads = max.max(1);
    }

    /// Looks `host` up. The same name asked for again while its look-up runs,
    /// by any resolver of the process, shares that look-up.
    pub fn lookup(&mut self, host: &str, family: Family) -> Lookup {
        if let Some(addresses) = Addresses::literal(host, family) {
            return Lookup::Ready(Arc::new(addresses));
        }
        self.notice_fork();
        let id = LookupId(self.next_id);
        self.next_id += 1;
        let host: Arc<str> = host.into();
        match self.submit(id, Pending { host, family, token: Arc::new(()) }) {
            Ok(()) => Lookup::Pending(id),
            Err(e) => Lookup::Failed(e),
        }
    }

    /// Gives a look-up up; its result will not be reported.
    pub fn cancel(&mut self, id: LookupId) {
        self.pending.remove(&id);
    }

    /// The descriptor that becomes readable when results wait; only while
    /// look-ups are outstanding. It may change after a fork.
    pub fn wake_fd(&self) -> Option<RawFd> {
        let inbox = self.inbox.as_ref().filter(|_| !self.pending.is_empty())?;
        Some(inbox.wake.fd())
    }

    /// Moves the finished look-ups to `out` and makes the descriptor unreadable.
    /// Costs nothing while nothing is outstanding.
    pub fn take_results(&mut self, out: &mut Vec<Resolved>) {
        if self.pending.is_empty() {
            return;
        }
        self.notice_fork();
        let Some(inbox) = &self.inbox else { return };
        if !inbox.wake.drain() {
            return;
        }
        for (id, result) in inbox.take() {
            if self.pending.remove(&id).is_some() {
                out.push((id, result));
            }
        }
    }

    fn submit(&mut self, id: LookupId, pending: Pending) -> Result<(), Unresolved> {
        if self.inbox.is_none() {
            let inbox = Inbox::new().map_err(|_| Unresolved::Transient)?;
            self.inbox = Some(Arc::new(inbox));
        }
        let Some(inbox) = &self.inbox else { return Err(Unresolved::Transient) };
        let waiter = Waiter::new(inbox, id, &pending.token);
        self.pool.submit(&pending.host, pending.family, waiter, self.max_threads)?;
        self.pending.insert(id, pending);
        Ok(())
    }

    /// A forked child has none of its parent's threads, and its copy of the
    /// descriptor is the parent's: start over with what was outstanding.
    fn notice_fork(&mut self) {
        if self.pool.is_current() {
            return;
        }
        self.pool = Pool::of_process();
        // A thread of the parent may have held its lock: leave it alone.
        std::mem::forget(self.inbox.take());
        for (id, pending) in std::mem::take(&mut self.pending) {
            let _ = self.submit(id, pending);
        }
    }
}

#[cfg(test)]
mod tests;
