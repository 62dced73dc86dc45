//! The worker threads of the process: for look-ups, and for other work that may block.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use super::{Addresses, Family, LookupId, Resolved};
use crate::Wake;

/// A worker thread without work ends after this time.
pub const IDLE_TIME: Duration = Duration::from_secs(10);

/// `getaddrinfo` needs little; the default of 8 MB is only address space, but counts.
const STACK_SIZE: usize = 256 * 1024;

/// Why a name has no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// The name does not exist or has no address: worth remembering.
    NoSuchName,
    /// The resolver could not tell: worth another try.
    Transient,
}

type Outcome = Result<Arc<Addresses>, Unresolved>;
type LookupFn = fn(&str, Family) -> Outcome;

/// Workers and what they have to do. One for each process id: a forked child
/// gets a new one and never touches the locks of the old one.
pub(crate) struct Pool {
    pid: i32,
    lookup: LookupFn,
    state: Mutex<State>,
    work: Condvar,
    next: OnceLock<&'static Pool>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    /// Other work, and how much of it is being done.
    tasks: VecDeque<Task>,
    at_tasks: usize,
    waiting: HashMap<Job, Vec<Waiter>>,
    workers: usize,
    idle: usize,
}

type Job = (Arc<str>, Family);
/// Work that may block, and does not panic.
pub(crate) type Task = Box<dyn FnOnce() + Send>;

/// Tasks at work at once: whatever they wait for, there are workers left for look-ups.
const MAX_TASKS: usize = super::DEFAULT_MAX_THREADS / 2;

enum Next {
    Lookup(Job),
    Task(Task),
}

/// Someone who wants the result of a job.
pub(super) struct Waiter {
    inbox: Weak<Inbox>,
    id: LookupId,
    token: Weak<()>,
}

impl Waiter {
    pub(super) fn new(inbox: &Arc<Inbox>, id: LookupId, token: &Arc<()>) -> Self {
        Self { inbox: Arc::downgrade(inbox), id, token: Arc::downgrade(token) }
    }

    fn wants_it(&self) -> bool {
        self.token.strong_count() > 0
    }

    fn tell(&self, outcome: Outcome) {
        if let Some(inbox) = self.inbox.upgrade().filter(|_| self.wants_it()) {
            inbox.put(self.id, outcome);
        }
    }
}

/// A look-up that a virtual network answers.
#[cfg(feature = "sim")]
pub struct Question {
    host: Arc<str>,
    family: Family,
    waiter: Waiter,
}

#[cfg(feature = "sim")]
impl Question {
    /// The name.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Which addresses are wanted.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Answers it, as a worker thread would.
    pub fn answer(self, outcome: Result<Arc<Addresses>, Unresolved>) {
        self.waiter.tell(outcome);
    }
}

/// Where a resolver finds its results.
pub(super) struct Inbox {
    pub(super) wake: Wake,
    results: Mutex<Vec<Resolved>>,
}

impl Inbox {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { wake: Wake::new()?, results: Mutex::default() })
    }

    pub(super) fn take(&self) -> Vec<Resolved> {
        std::mem::take(&mut *lock(&self.results))
    }

    fn put(&self, id: LookupId, outcome: Outcome) {
        lock(&self.results).push((id, outcome));
        self.wake.wake();
    }
}

impl Pool {
    pub(super) fn new(lookup: LookupFn) -> Self {
        Self {
            pid: this_process(),
            lookup,
            state: Mutex::default(),
            work: Condvar::new(),
            next: OnceLock::new(),
        }
    }

    /// The pool of this process: the last link of the chain that forks leave behind.
    pub(crate) fn of_process() -> &'static Self {
        static FIRST: OnceLock<Pool> = OnceLock::new();
        let mut pool = FIRST.get_or_init(|| Self::new(getaddrinfo));
        while !pool.is_current() {
            pool = pool.next.get_or_init(|| Box::leak(Box::new(Self::new(getaddrinfo))));
        }
        pool
    }

    pub(super) fn is_current(&self) -> bool {
        self.pid == this_process()
    }

    /// Queues the job unless it is there already, and sees that a worker takes it.
    pub(super) fn submit(
        &'static self,
        host: &Arc<str>,
        family: Family,
        waiter: Waiter,
        max_threads: usize,
    ) -> Result<(), Unresolved> {
        #[cfg(feature = "sim")]
        if let Some(network) = crate::sim::network() {
            network.resolve(Question { host: host.clone(), family, waiter });
            return Ok(());
        }
        let job = (host.clone(), family);
        let mut state = lock(&self.state);
        if let Some(waiters) = state.waiting.get_mut(&job) {
            waiters.push(waiter);
            return Ok(());
        }
        self.need_worker(&mut state, max_threads).map_err(|_| Unresolved::Transient)?;
        state.waiting.insert(job.clone(), vec![waiter]);
        state.queue.push_back(job);
        self.work.notify_one();
        Ok(())
    }

    /// Queues work of another kind.
    pub(crate) fn run(&'static self, task: Task) -> io::Result<()> {
        let mut state = lock(&self.state);
        self.need_worker(&mut state, super::DEFAULT_MAX_THREADS)?;
        state.tasks.push_back(task);
        self.work.notify_one();
        Ok(())
    }

    /// Sees that there is a worker for one more job. An idle one counts for those that are queued
    /// already, too.
    fn need_worker(&'static self, state: &mut State, max_threads: usize) -> io::Result<()> {
        if state.idle > state.queue.len() + state.tasks.len() || state.workers >= max_threads {
            return Ok(());
        }
        match self.start_worker() {
            Ok(()) => state.workers += 1,
            Err(error) if state.workers == 0 => return Err(error),
            Err(_) => {}
        }
        Ok(())
    }

    fn start_worker(&'static self) -> io::Result<()> {
        let builder = std::thread::Builder::new().name("resolver".into()).stack_size(STACK_SIZE);
        builder.spawn(move || self.run_worker()).map(drop)
    }

    fn run_worker(&self) {
        while let Some(next) = self.next_job() {
            let job = match next {
                Next::Lookup(job) => job,
                Next::Task(task) => {
                    task();
                    lock(&self.state).at_tasks -= 1;
                    continue;
                }
            };
            let outcome = (self.lookup)(&job.0, job.1);
            let waiters = lock(&self.state).waiting.remove(&job).unwrap_or_default();
            for waiter in waiters {
                waiter.tell(outcome.clone());
            }
        }
    }

    /// The next job that someone still wants; `None` when the worker shall end.
    fn next_job(&self) -> Option<Next> {
        let mut state = lock(&self.state);
        loop {
            while let Some(job) = state.queue.pop_front() {
                let wanted =
                    state.waiting.get(&job).is_some_and(|w| w.iter().any(Waiter::wants_it));
                if wanted {
                    return Some(Next::Lookup(job));
                }
                state.waiting.remove(&job);
            }
            if state.at_tasks < MAX_TASKS
                && let Some(task) = state.tasks.pop_front()
            {
                state.at_tasks += 1;
                return Some(Next::Task(task));
            }
            state.idle += 1;
            let (guard, waited) =
                self.work.wait_timeout(state, IDLE_TIME).unwrap_or_else(PoisonError::into_inner);
            state = guard;
            state.idle -= 1;
            if waited.timed_out() && state.queue.is_empty() && state.tasks.is_empty() {
                state.workers -= 1;
                return None;
            }
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn this_process() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

fn getaddrinfo(host: &str, family: Family) -> Outcome {
    let family = match family {
        Family::Any if ipv6_works() => 0,
        Family::Any | Family::V4 => i32::from(rustix::net::AddressFamily::INET.as_raw()),
        Family::V6 => i32::from(rustix::net::AddressFamily::INET6.as_raw()),
    };
    let stream = dns_lookup::SockType::Stream.into();
    let hints = dns_lookup::AddrInfoHints { address: family, socktype: stream, ..<_>::default() };
    match dns_lookup::getaddrinfo(Some(host), None, Some(hints)) {
        Ok(found) => {
            let mut addresses = Addresses::default();
            found.flatten().for_each(|a| addresses.push(a.sockaddr));
            if addresses.is_empty() { Err(Unresolved::NoSuchName) } else { Ok(Arc::new(addresses)) }
        }
        Err(e) => Err(match e.kind() {
            dns_lookup::LookupErrorKind::NoName | dns_lookup::LookupErrorKind::NoData => {
                Unresolved::NoSuchName
            }
            _ => Unresolved::Transient,
        }),
    }
}

/// Can this machine open IPv6 sockets at all? Else asking for such addresses is idle.
pub fn ipv6_works() -> bool {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
    static WORKS: OnceLock<bool> = OnceLock::new();
    *WORKS.get_or_init(|| {
        let flags = SocketFlags::CLOEXEC;
        socket_with(AddressFamily::INET6, SocketType::DGRAM, flags, None).is_ok()
    })
}
