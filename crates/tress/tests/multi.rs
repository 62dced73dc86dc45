//! Many transfers at once: by the built-in loop, and by loops of the application's own.

mod support;

use std::collections::HashMap;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use support::{Answer, ok, serve};
use tress::{Code, Easy, Flow, Multi, Ready, Watch};

/// Nothing in these tests takes so long.
const HANGS: Duration = Duration::from_secs(20);

#[test]
fn many_share_few_connections() {
    let server = serve(|request| ok(&request.path));
    let mut multi = Multi::new();
    multi.max_host_connections(4);
    let mut wanted = HashMap::new();
    for number in 0..200 {
        let handle = multi.add(Easy::get(format!("http://{server}/{number}")));
        wanted.insert(handle, format!("/{number}"));
    }
    assert_eq!(multi.running(), 200);
    finish(&mut multi, |done| {
        let path = wanted.remove(&done.handle()).unwrap();
        assert_eq!(done.into_result().unwrap().body(), path.as_bytes());
    });
    assert!(wanted.is_empty());
    assert!((1..=4).contains(&multi.connections()), "{}", multi.connections());
}

#[test]
fn a_transfer_can_be_made_again() {
    let server = serve(|request| ok(request.header("X-Round").unwrap_or("-")));
    let mut multi = Multi::new();
    multi.add(Easy::get(format!("http://{server}/")));
    let mut bodies = Vec::new();
    for round in 0..3 {
        let mut again = None;
        finish(&mut multi, |done| {
            bodies.push(done.result().unwrap().body().to_vec());
            again = Some(done.again());
        });
        let easy = again.take().unwrap();
        multi.add(if round == 1 { easy.header("X-Round", "1") } else { easy });
    }
    assert_eq!(bodies, [&b"-"[..], b"-", b"1"]);
    finish(&mut multi, |done| assert_eq!(done.partial().infos().num_connects, 0));
}

#[test]
fn a_failure_tells_what_was_known() {
    let server = serve(|_| support::response("503 Busy", "Retry-After: 7\r\n", ""));
    let mut multi = Multi::new();
    multi.add(Easy::get(format!("http://{server}/")).fail_on_error());
    finish(&mut multi, |done| {
        assert_eq!(done.result().err().unwrap().code(), Code::HttpReturnedError);
        assert_eq!(done.partial().status(), 503);
        assert_eq!(done.partial().header("retry-after"), Some(&b"7"[..]));
        assert_eq!(done.partial().infos().retry_after, 7);
    });
}

#[test]
fn a_paused_body_goes_on_where_it_stopped() {
    let text: String = (0..20_000).map(|number| format!("{number} ")).collect();
    let body = text.clone();
    let server = serve(move |_| ok(&body));
    let got = Arc::new(Mutex::new(Vec::new()));
    let taken = got.clone();
    let mut calls = 0;
    let mut multi = Multi::new();
    let handle = multi.add(Easy::get(format!("http://{server}/")).on_body(move |bytes| {
        calls += 1;
        if calls % 2 == 1 {
            return Flow::Pause;
        }
        taken.lock().unwrap().extend_from_slice(bytes);
        Flow::Continue
    }));
    let until = Instant::now() + HANGS;
    while multi.next_done().is_none() {
        assert!(Instant::now() < until, "it hangs");
        multi.turn(Duration::from_millis(5)).unwrap();
        if multi.running() > 0 {
            multi.unpause(handle).unwrap();
        }
    }
    assert_eq!(*got.lock().unwrap(), text.as_bytes());
    assert!(multi.unpause(handle).is_err());
}

#[test]
fn a_removed_transfer_is_cancelled() {
    let server = serve(|_| Answer::Hang);
    let mut multi = Multi::new();
    let handle = multi.add(Easy::get(format!("http://{server}/")));
    for _ in 0..5 {
        multi.turn(Duration::from_millis(5)).unwrap();
    }
    assert_eq!((multi.running(), multi.connections()), (1, 1));
    multi.remove(handle);
    multi.remove(handle);
    assert_eq!((multi.running(), multi.connections()), (0, 0));
    assert!(multi.next_done().is_none());
}

/// A loop of the application's own, level-triggered: poll(2) on what the hooks told.
#[test]
fn any_loop_drives_it_by_the_hooks() {
    let server = serve(|_| ok(&"x".repeat(300_000)));
    let watched: Arc<Mutex<HashMap<RawFd, Watch>>> = Arc::default();
    let timer: Arc<Mutex<Option<Instant>>> = Arc::default();
    let mut multi = Multi::new();
    let (sockets, deadline) = (watched.clone(), timer.clone());
    multi.on_socket(move |socket, what| {
        let mut sockets = sockets.lock().unwrap();
        let before = match what {
            Watch::Remove => sockets.remove(&socket),
            what => sockets.insert(socket, what),
        };
        assert_ne!(before, Some(what), "told twice");
    });
    multi.on_timer(move |after| {
        *deadline.lock().unwrap() = after.map(|after| Instant::now() + after);
    });
    for _ in 0..20 {
        multi.add(Easy::get(format!("http://{server}/")));
    }
    let until = Instant::now() + HANGS;
    while multi.running() > 0 {
        assert!(Instant::now() < until, "it hangs");
        let mut poller = tress_net::Poller::default();
        for (socket, what) in watched.lock().unwrap().iter() {
            let events = match what {
                Watch::In => tress_net::PollEvents::IN,
                Watch::Out => tress_net::PollEvents::OUT,
                _ => tress_net::PollEvents::IN | tress_net::PollEvents::OUT,
            };
            poller.push(*socket, events);
        }
        let at = *timer.lock().unwrap();
        let wait = at.map_or(HANGS, |at| at.saturating_duration_since(Instant::now()));
        poller.wait(Some(wait)).unwrap();
        let ready: Vec<_> = poller.ready().map(|(_, socket, events)| (socket, events)).collect();
        for (socket, events) in ready {
            let ready = Ready {
                readable: events.intersects(tress_net::PollEvents::IN),
                writable: events.intersects(tress_net::PollEvents::OUT),
                error: false,
            };
            let known = watched.lock().unwrap().contains_key(&socket);
            assert!(!known || multi.socket_action(socket, ready));
        }
        if at.is_some_and(|at| at <= Instant::now()) {
            timer.lock().unwrap().take();
            multi.timeout();
        }
    }
    let mut ended = 0;
    while let Some(done) = multi.next_done() {
        assert_eq!(done.into_result().unwrap().body().len(), 300_000);
        ended += 1;
    }
    assert_eq!(ended, 20);
    assert!(!multi.socket_action(9999, Ready::default()), "not a socket of ours");
}

/// An edge-triggered loop (mio) in an application's hands, with bodies and uploads that fill the
/// kernel's buffers (pain 23).
#[test]
fn an_edge_triggered_loop_drives_it() {
    let server = serve(|request| ok(&"y".repeat(request.body.len().max(10))));
    let poll = Arc::new(Mutex::new(Poll::new().unwrap()));
    let timer: Arc<Mutex<Option<Instant>>> = Arc::default();
    let calls = Arc::new(AtomicU64::new(0));
    let mut multi = Multi::new();
    let (registry, deadline, counter) = (poll.clone(), timer.clone(), calls.clone());
    let mut known: HashMap<RawFd, Interest> = HashMap::new();
    multi.on_socket(move |socket, what| {
        counter.fetch_add(1, Ordering::Relaxed);
        let wanted = match what {
            Watch::In => Some(Interest::READABLE),
            Watch::Out => Some(Interest::WRITABLE),
            Watch::InOut => Some(Interest::READABLE | Interest::WRITABLE),
            Watch::None | Watch::Remove => None,
        };
        let poll = registry.lock().unwrap();
        let mut source = SourceFd(&socket);
        let token = Token(socket as usize);
        let before = match wanted {
            Some(wanted) => known.insert(socket, wanted),
            None => known.remove(&socket),
        };
        match (before, wanted) {
            (None, Some(wanted)) => poll.registry().register(&mut source, token, wanted).unwrap(),
            (Some(_), Some(wanted)) => {
                poll.registry().reregister(&mut source, token, wanted).unwrap();
            }
            (Some(_), None) => poll.registry().deregister(&mut source).unwrap(),
            (None, None) => {}
        }
    });
    multi.on_timer(move |after| {
        *deadline.lock().unwrap() = after.map(|after| Instant::now() + after);
    });
    let url = format!("http://{server}/");
    for _ in 0..5 {
        multi.add(Easy::put(&url, vec![b'x'; 2_000_000]).without_header("Expect"));
        multi.add(Easy::get(&url));
    }
    let mut events = Events::with_capacity(16);
    let until = Instant::now() + HANGS;
    while multi.running() > 0 {
        assert!(Instant::now() < until, "it hangs");
        let at = *timer.lock().unwrap();
        let wait = at.map_or(HANGS, |at| at.saturating_duration_since(Instant::now()));
        poll.lock().unwrap().poll(&mut events, Some(wait)).unwrap();
        for event in &events {
            let ready = Ready {
                readable: event.is_readable(),
                writable: event.is_writable(),
                error: event.is_error(),
            };
            multi.socket_action(event.token().0 as RawFd, ready);
        }
        if at.is_some_and(|at| at <= Instant::now()) {
            timer.lock().unwrap().take();
            multi.timeout();
        }
    }
    let mut lengths = Vec::new();
    while let Some(done) = multi.next_done() {
        lengths.push(done.into_result().unwrap().body().len());
    }
    lengths.sort_unstable();
    assert_eq!(lengths, [[10; 5], [2_000_000; 5]].concat());
    assert!(calls.load(Ordering::Relaxed) > 0);
}

fn finish(multi: &mut Multi, mut each: impl FnMut(tress::Done)) {
    let until = Instant::now() + HANGS;
    while multi.running() > 0 {
        assert!(Instant::now() < until, "it hangs");
        multi.turn(Duration::from_secs(1)).unwrap();
        while let Some(done) = multi.next_done() {
            each(done);
        }
    }
}

#[test]
fn one_descriptor_stands_for_all_sockets_in_another_loop() {
    let server = serve(|request| ok(&request.path));
    let hanging = serve(|_| Answer::Hang);
    let mut multi = Multi::new();
    let mut poll = Poll::new().unwrap();
    let descriptor = multi.descriptor().unwrap().as_raw_fd();
    poll.registry().register(&mut SourceFd(&descriptor), Token(0), Interest::READABLE).unwrap();
    for number in 0..300 {
        multi.add(Easy::get(format!("http://{server}/{number}")));
    }
    let limit = Duration::from_millis(200);
    multi.add(Easy::get(format!("http://{hanging}/")).timeout(limit));
    let (mut events, mut ended) = (Events::with_capacity(8), Vec::new());
    let until = Instant::now() + HANGS;
    while multi.running() > 0 {
        assert!(Instant::now() < until, "it hangs");
        let wait = multi.deadline().map(|at| at.saturating_duration_since(Instant::now()));
        poll.poll(&mut events, wait).unwrap();
        multi.turn(Duration::ZERO).unwrap();
        while let Some(done) = multi.next_done() {
            ended.push(done.into_result().map_err(|error| error.code()).err());
        }
    }
    assert_eq!(ended.len(), 301);
    assert_eq!(ended.iter().flatten().collect::<Vec<_>>(), [&Code::OperationTimedout]);
}

#[test]
fn one_after_the_other_uses_the_same_connection() {
    let server = serve(|request| ok(&request.path));
    let mut multi = Multi::new();
    multi.add(Easy::get(format!("http://{server}/other")));
    for number in 0..3 {
        let easy = Easy::get(format!("http://{server}/")).query("n", &number.to_string());
        let response = multi.perform(easy).unwrap();
        assert_eq!(response.body(), format!("/?n={number}").as_bytes());
        assert!(number == 0 || response.infos().num_connects == 0);
    }
    finish(&mut multi, |done| assert_eq!(done.into_result().unwrap().body(), b"/other"));
    multi.close_idle();
    assert_eq!(multi.connections(), 0);
    let refused = multi.perform(Easy::get("http://127.0.0.1:1/")).unwrap_err();
    assert!(refused.is_connect() && !refused.is_timeout());
}
