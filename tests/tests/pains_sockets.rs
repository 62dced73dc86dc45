//! What users of the event interface suffer from: sockets, timers and their announcements.
//! Each test is named after its line in the project's list.
use curl_sys::{CURLOPT_FORBID_REUSE, CURLOPT_MAX_RECV_SPEED_LARGE, CURLOPT_TIMEOUT_MS};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tress_tests::api::api;
use tress_tests::{Library, Loop, Server, Transfer};

const MAXCONNECTS: u32 = 6;
const MAX_TOTAL_CONNECTIONS: u32 = 13;
const SHARE: u32 = 10100;
const SHOPT_SHARE: i32 = 1;
const LOCK_DATA_CONNECT: i32 = 5;
const LIMIT: Duration = Duration::from_secs(20);
const NUM_CONNECTS: i32 = 0x20_0000 + 26;

/// These tests count things of the whole process, so they run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(|e| e.into_inner())
}

#[test]
fn pain_01_wakeup_descriptor_never_spins() {
    let _alone = alone();
    let server = Server::start();
    let mut lp = Loop::new();
    let stalled = Transfer::new(&format!("http://localhost:{}/stall", server.port));
    lp.add(&stalled);
    while stalled.body().is_empty() {
        lp.turn(Duration::from_millis(50));
    }
    let begin = Instant::now();
    let mut events = 0;
    while begin.elapsed() < Duration::from_millis(400) {
        events += lp.turn(Duration::from_millis(50));
    }
    assert!(events <= 3, "{events} events while nothing happened");
    // A wake-up is for curl_multi_poll; it must not make an announced socket readable for ever.
    // SAFETY: the handle is live.
    unsafe { (api().multi_wakeup)(lp.multi) };
    let mut events = 0;
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(300) {
        events += lp.turn(Duration::from_millis(50));
    }
    assert!(events <= 3, "{events} events after one wake-up");
    lp.remove(&stalled);
    lp.check();
}

#[test]
fn pain_02_evicted_connections_are_closed() {
    let _alone = alone();
    let servers: Vec<Server> = (0..12).map(|_| Server::start()).collect();
    let mut lp = Loop::new();
    lp.set(MAXCONNECTS, 3);
    let before = descriptors();
    for _ in 0..4 {
        for server in &servers {
            let transfer = Transfer::new(&server.url("/count"));
            assert_eq!(lp.run(&[&transfer], LIMIT), [0]);
        }
    }
    settle(&mut lp, || servers.iter().map(Server::open).sum::<usize>() <= 3);
    let open: usize = servers.iter().map(Server::open).sum();
    assert!(open <= 3, "{open} connections open with a cache of 3");
    assert!(descriptors() <= before + 6 + 2 * open, "{} then {}", before, descriptors());
    assert_eq!(in_close_wait(), 0, "sockets in CLOSE_WAIT");
    lp.check();
}

#[test]
fn pain_03_timers_are_never_lost() {
    let _alone = alone();
    let server = Server::start();
    let mut lp = Loop::new();
    let timed = |path: &str, ms| Transfer::new(&server.url(path)).long(CURLOPT_TIMEOUT_MS, ms);
    let transfers: Vec<Transfer> = (0..10)
        .flat_map(|i| {
            [
                (timed("/never", 150 + 20 * i), 28),
                (timed("/stall", 150 + 20 * i), 28),
                (timed("/slow/4/10", 5000), 0),
                (timed("/delay/30", 5000), 0),
            ]
        })
        .map(|(t, _)| t)
        .collect();
    let all: Vec<&Transfer> = transfers.iter().collect();
    let begin = Instant::now();
    let results = lp.run(&all, LIMIT);
    let wanted: Vec<i32> = (0..10).flat_map(|_| [28, 28, 0, 0]).collect();
    assert_eq!(results, wanted);
    assert!(begin.elapsed() < Duration::from_millis(1500), "{:?}", begin.elapsed());
    lp.check();
}

#[test]
fn pain_10_remove_comes_once_and_before_close() {
    let _alone = alone();
    let server = Server::start();
    let other = Server::start();
    let mut lp = Loop::new();
    lp.set(MAXCONNECTS, 2);
    for round in 0..5 {
        let cross = format!("/to/302?{}", other.url("/echo"));
        let mut transfers: Vec<Transfer> = [
            "/bytes/100000",
            "/drop/10",
            "/reset/10",
            "/empty",
            "/close",
            "/http10",
            "/count",
            "/badlength",
            "/badchunk",
            "/chunked/5000",
            &cross,
        ]
        .iter()
        .map(|p| Transfer::new(&server.url(p)).long(curl_sys::CURLOPT_FOLLOWLOCATION, 1))
        .collect();
        transfers.push(Transfer::new("http://127.0.0.1:1/refused"));
        transfers.push(Transfer::new(&server.url("/never")).long(CURLOPT_TIMEOUT_MS, 100));
        // One is removed in the middle of its answer.
        let cut = Transfer::new(&server.url("/stall"));
        lp.add(&cut);
        for _ in 0..round + 1 {
            lp.turn(Duration::from_millis(5));
        }
        lp.remove(&cut);
        let all: Vec<&Transfer> = transfers.iter().collect();
        let results = lp.run(&all, LIMIT);
        assert!(results.iter().all(|r| *r >= 0), "{results:?}");
        lp.check();
    }
    lp.check();
}

#[test]
fn pain_11_warm_connections_survive_a_batch() {
    let _alone = alone();
    let server = Server::start();
    let mut lp = Loop::new();
    let mut connects = 0;
    // The messages are read in batches, so that most of the time few transfers run.
    for _ in 0..10 {
        let batch: Vec<Transfer> =
            (0..50).map(|_| Transfer::new(&server.url("/delay/5"))).collect();
        let all: Vec<&Transfer> = batch.iter().collect();
        assert!(lp.run(&all, LIMIT).iter().all(|r| *r == 0));
        connects += batch.iter().map(|t| t.info(NUM_CONNECTS)).sum::<i64>();
    }
    assert!(connects <= 50, "{connects} connections for 50 at a time");
    lp.check();
}

#[test]
fn pain_21_limits_count_every_descriptor() {
    let _alone = alone();
    let server = Server::start();
    let mut lp = Loop::new();
    lp.set(MAX_TOTAL_CONNECTIONS, 3);
    let before = sockets_to(server.port);
    let transfers: Vec<Transfer> = (0..40)
        .map(|i| Transfer::new(&server.url("/delay/3")).long(CURLOPT_FORBID_REUSE, i % 2))
        .collect();
    transfers.iter().for_each(|t| lp.add(t));
    let mut most = 0;
    let end = Instant::now() + LIMIT;
    let mut done = 0;
    while done < transfers.len() && Instant::now() < end {
        lp.turn(Duration::from_millis(100));
        done += lp.take_finished().len();
        most = most.max(sockets_to(server.port) - before);
    }
    assert_eq!(done, transfers.len());
    assert!(most <= 3, "{most} descriptors with a limit of 3");
    transfers.iter().for_each(|t| lp.remove(t));
    lp.check();
}

#[test]
fn pain_22_socket_callbacks_on_a_kept_connection() {
    let _alone = alone();
    let server = Server::start();
    let mut lp = Loop::new();
    let transfer = Transfer::new(&server.url("/delay/2"));
    lp.run(&[&transfer], LIMIT);
    lp.seen().sockets.clear();
    for _ in 0..50 {
        assert_eq!(lp.run(&[&transfer], LIMIT), [0]);
    }
    let calls = lp.seen().sockets.len();
    println!("{calls} socket callbacks for 50 requests");
    assert!(calls <= 100, "{calls} socket callbacks for 50 requests");
    assert_eq!(server.connections(), 1);
    // A spurious action changes nothing and announces nothing.
    let stalled = Transfer::new(&server.url("/stall"));
    lp.add(&stalled);
    while stalled.body().is_empty() {
        lp.turn(Duration::from_millis(50));
    }
    let fd = lp.seen().sockets.last().map_or(-1, |s| s.0);
    let before = lp.calls();
    for _ in 0..100 {
        lp.act(fd, 1);
    }
    assert_eq!(lp.calls(), before, "callbacks by spurious actions");
    lp.remove(&stalled);
    lp.check();
}

#[test]
fn pain_23_edge_triggered_epoll_works() {
    let _alone = alone();
    if Library::under_test().is_libcurl() {
        return; // libcurl leaves data in the socket without a timer for it: this is the pain.
    }
    let server = Server::start();
    let mut lp = Loop::edge_triggered();
    let mut transfers: Vec<Transfer> =
        (0..20).map(|_| Transfer::new(&server.url("/bytes/3000000"))).collect();
    transfers.extend((0..20).map(|_| Transfer::new(&server.url("/slow/5/3"))));
    let slow = Transfer::new(&server.url("/bytes/300000"));
    // SAFETY: the option takes a curl_off_t.
    unsafe { (api().easy_setopt)(slow.easy, CURLOPT_MAX_RECV_SPEED_LARGE, 600_000i64) };
    transfers.push(slow);
    let all: Vec<&Transfer> = transfers.iter().collect();
    let results = lp.run(&all, LIMIT);
    assert!(results.iter().all(|r| *r == 0), "{results:?}");
    assert!(transfers[..20].iter().all(|t| t.body().len() == 3_000_000));
    lp.check();
}

#[test]
fn pain_25_timers_early_late_and_zero() {
    let _alone = alone();
    let server = Server::start();
    let mut lp = Loop::new();
    let transfer = Transfer::new(&server.url("/never")).long(CURLOPT_TIMEOUT_MS, 300);
    lp.add(&transfer);
    let begin = Instant::now();
    // Early calls: much more often than asked for.
    for _ in 0..200 {
        lp.act(-1, 0);
    }
    assert!(lp.take_finished().is_empty(), "finished at once by early calls");
    // Then a late one.
    while begin.elapsed() < Duration::from_millis(500) {
        std::thread::sleep(Duration::from_millis(20));
    }
    while lp.take_finished().is_empty() {
        assert!(begin.elapsed() < LIMIT, "a late call does not end the transfer");
        lp.act(-1, 0);
    }
    lp.remove(&transfer);
    // One timer callback a change: never the same wish for "none" twice in a row.
    let timers = lp.seen().timers.clone();
    let twice = timers.windows(2).filter(|w| w[0] == -1 && w[1] == -1).count();
    assert_eq!(twice, 0, "{timers:?}");
    // The application's timer is spent when it calls, so each early call arms it again, once.
    assert!(timers.len() < 240, "{} timer callbacks for 200 early calls", timers.len());
    lp.check();
}

/// A multi handle that leaves its idle connections to a share ends while another one still says
/// goodbye: that one's socket is taken out of the loop before it is closed.
#[test]
fn a_goodbye_under_way_is_not_forgotten_where_connections_are_shared() {
    let _alone = alone();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        write!(stream, "220 h\r\n").unwrap();
        // Nobody answers QUIT.
        while lines.next().is_some_and(|line| line != "QUIT") {
            write!(stream, "250 h\r\n").unwrap();
        }
        lines.next();
    });
    // SAFETY: plain calls; the share outlives the handle that is linked to it.
    let share = unsafe { (api().share_init)() };
    // SAFETY: the option takes an int.
    assert_eq!(unsafe { (api().share_setopt)(share, SHOPT_SHARE, LOCK_DATA_CONNECT) }, 0);
    let mut lp = Loop::new();
    let transfer =
        Transfer::new(&format!("smtp://127.0.0.1:{port}/me")).long(CURLOPT_FORBID_REUSE, 1);
    // SAFETY: the option takes a share handle.
    assert_eq!(unsafe { (api().easy_setopt)(transfer.easy, SHARE, share) }, 0);
    assert_eq!(lp.run(&[&transfer], LIMIT), [0]);
    assert_eq!(lp.watched(), 1);
    lp.check();
    assert_eq!(lp.end(), 0);
    drop(transfer);
    server.join().unwrap();
    // SAFETY: nobody is linked to it any more.
    assert_eq!(unsafe { (api().share_cleanup)(share) }, 0);
}

fn settle(lp: &mut Loop, done: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(2);
    while !done() && Instant::now() < end {
        lp.turn(Duration::from_millis(20));
    }
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Client side sockets of this process to a port, in any state that holds a descriptor.
fn sockets_to(port: u16) -> usize {
    let remote = format!("0100007F:{port:04X}");
    table().iter().filter(|(r, state, inode)| *r == remote && state != "06" && inode != "0").count()
}

fn in_close_wait() -> usize {
    let mine: Vec<String> = std::fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .filter_map(|e| std::fs::read_link(e.ok()?.path()).ok())
        .map(|l| l.to_string_lossy().into_owned())
        .collect();
    let ours = |inode: &String| mine.iter().any(|l| *l == format!("socket:[{inode}]"));
    table().iter().filter(|(_, state, inode)| state == "08" && ours(inode)).count()
}

/// Remote address, state and inode of each TCP socket.
fn table() -> Vec<(String, String, String)> {
    let text = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let row = |l: &str| {
        let w: Vec<&str> = l.split_whitespace().collect();
        Some((w.get(2)?.to_string(), w.get(3)?.to_string(), w.get(9)?.to_string()))
    };
    text.lines().skip(1).filter_map(row).collect()
}
