use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::{PollEvents, Poller};

fn leak(lookup: fn(&str, Family) -> Result<Arc<Addresses>, Unresolved>) -> &'static Pool {
    Box::leak(Box::new(Pool::new(lookup)))
}

fn wait(resolver: &mut Resolver) -> Vec<Resolved> {
    let mut results = Vec::new();
    while results.is_empty() {
        let mut poller = Poller::default();
        poller.push(resolver.wake_fd().expect("outstanding"), PollEvents::IN);
        assert_eq!(poller.wait(Some(Duration::from_secs(10))).unwrap(), 1, "no result");
        resolver.take_results(&mut results);
    }
    results
}

#[test]
fn literal_needs_no_thread() {
    let mut resolver = Resolver::default();
    assert!(matches!(resolver.lookup("127.0.0.1", Family::Any), Lookup::Ready(_)));
    assert_eq!(resolver.wake_fd(), None);
}

#[test]
fn same_name_is_looked_up_once() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    static GATE: Mutex<()> = Mutex::new(());
    let gate = GATE.lock().unwrap();
    let pool = leak(|_, _| {
        CALLS.fetch_add(1, Ordering::SeqCst);
        drop(GATE.lock().unwrap());
        Ok(Arc::new(Addresses::literal("10.0.0.1", Family::Any).unwrap()))
    });
    let (mut one, mut two) = (Resolver::with_pool(pool), Resolver::with_pool(pool));
    let Lookup::Pending(first) = one.lookup("name", Family::Any) else { panic!() };
    let Lookup::Pending(second) = one.lookup("name", Family::Any) else { panic!() };
    assert!(matches!(two.lookup("name", Family::Any), Lookup::Pending(_)));
    one.cancel(second);
    drop(gate);
    let results = wait(&mut one);
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].0, first);
    assert_eq!(results[0].1.as_ref().unwrap().v4.len(), 1);
    assert_eq!(one.wake_fd(), None);
    assert_eq!(wait(&mut two).len(), 1);
    assert_eq!(CALLS.load(Ordering::SeqCst), 1);
}

#[test]
fn so_many_threads_look_up_and_the_rest_waits() {
    static AT_WORK: AtomicUsize = AtomicUsize::new(0);
    static GATE: Mutex<()> = Mutex::new(());
    let gate = GATE.lock().unwrap();
    let mut resolver = Resolver::with_pool(leak(|_, _| {
        AT_WORK.fetch_add(1, Ordering::SeqCst);
        drop(GATE.lock().unwrap());
        Err(Unresolved::NoSuchName)
    }));
    let names = 2 * DEFAULT_MAX_THREADS;
    for number in 0..names {
        let found = resolver.lookup(&format!("name{number}"), Family::Any);
        assert!(matches!(found, Lookup::Pending(_)));
    }
    while AT_WORK.load(Ordering::SeqCst) < DEFAULT_MAX_THREADS {
        std::thread::yield_now();
    }
    // One more would be there by now.
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(AT_WORK.load(Ordering::SeqCst), DEFAULT_MAX_THREADS);
    drop(gate);
    let mut done = 0;
    while done < names {
        done += wait(&mut resolver).len();
    }
    assert_eq!(resolver.wake_fd(), None);
}

#[test]
fn failure_is_reported() {
    let mut resolver = Resolver::with_pool(leak(|_, _| Err(Unresolved::NoSuchName)));
    assert!(matches!(resolver.lookup("name", Family::V4), Lookup::Pending(_)));
    assert_eq!(wait(&mut resolver)[0].1, Err(Unresolved::NoSuchName));
}

#[test]
fn system_resolver_answers() {
    // A name with a NUL never gets out to the network.
    let mut resolver = Resolver::default();
    assert!(matches!(resolver.lookup("a\0b", Family::Any), Lookup::Pending(_)));
    assert!(wait(&mut resolver)[0].1.is_err());
}
