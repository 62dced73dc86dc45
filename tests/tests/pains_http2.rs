//! What users of the event interface suffer from over HTTP/2, with nginx as the server.
use curl_sys::{CURLOPT_HTTP_VERSION, CURLOPT_PIPEWAIT};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use tress_tests::{Library, Loop, Transfer, scratch};

const MAX_HOST_CONNECTIONS: u32 = 7;
const PRIOR_KNOWLEDGE: i64 = 5;
const NUM_CONNECTS: i32 = 0x20_0000 + 26;

#[test]
fn pain_20_cancelling_one_stream_leaves_its_siblings() {
    if Library::under_test().is_libcurl() {
        return; // the reference has no HTTP/2, and 7.88.1 cannot use such a connection again
    }
    let nginx = Nginx::start();
    let mut lp = Loop::new();
    lp.set(MAX_HOST_CONNECTIONS, 1);
    let get = |path: &str| nginx.get(path);
    let cancelled: Vec<Transfer> = (0..5).map(|_| get("/slow")).collect();
    let kept: Vec<Transfer> = (0..5).map(|_| get("/slow")).collect();
    cancelled.iter().chain(&kept).for_each(|t| lp.add(t));
    let end = Instant::now() + Duration::from_secs(10);
    while cancelled.iter().any(|t| t.body().is_empty()) && Instant::now() < end {
        lp.turn(Duration::from_millis(20));
    }
    cancelled.iter().for_each(|t| lp.remove(t));
    assert!(lp.run_until(5, Duration::from_secs(20)), "the siblings finish");
    assert!(lp.take_finished().iter().all(|(_, result)| *result == 0));
    assert!(kept.iter().all(|t| t.body().len() == SIZE), "whole bodies");
    kept.iter().for_each(|t| lp.remove(t));
    let last = get("/small");
    assert_eq!(lp.run(&[&last], Duration::from_secs(5)), [0]);
    let all = cancelled.iter().chain(&kept).chain([&last]);
    assert_eq!(all.map(|t| t.info(NUM_CONNECTS)).sum::<i64>(), 1, "one connection for all");
    lp.check();
}

#[test]
fn pain_06_pipewait_neither_parks_for_ever_nor_serialises() {
    if Library::under_test().is_libcurl() {
        return; // the reference has no HTTP/2
    }
    let nginx = Nginx::start();
    let mut lp = Loop::new();
    let many: Vec<Transfer> = (0..40).map(|_| nginx.get("/slow")).collect();
    let begin = Instant::now();
    let results = lp.run(&many.iter().collect::<Vec<_>>(), Duration::from_secs(20));
    assert!(results.iter().all(|code| *code == 0), "{results:?}");
    assert_eq!(many.iter().map(|t| t.info(NUM_CONNECTS)).sum::<i64>(), 1, "one connection for all");
    // One takes a second at its rate; one after the other would take forty.
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    // Whoever hopes for a connection that is not made fails with it.
    let dead = format!("http://127.0.0.1:{}/", tress_tests::tls::free_port());
    let hoping: Vec<Transfer> = (0..10)
        .map(|_| {
            let transfer = Transfer::new(&dead).long(CURLOPT_HTTP_VERSION, PRIOR_KNOWLEDGE);
            transfer.long(CURLOPT_PIPEWAIT, 1)
        })
        .collect();
    let results = lp.run(&hoping.iter().collect::<Vec<_>>(), Duration::from_secs(5));
    assert!(results.iter().all(|code| *code == 7), "{results:?}");
    lp.check();
}

#[test]
fn pain_16_a_paused_stream_stalls_alone() {
    const CONTINUE: i32 = 0;
    const PAUSE_RECEIVING: i32 = 1;
    if Library::under_test().is_libcurl() {
        return; // the reference has no HTTP/2
    }
    let nginx = Nginx::start();
    let mut lp = Loop::new();
    let paused = nginx.get("/large");
    lp.add(&paused);
    let end = Instant::now() + Duration::from_secs(10);
    while paused.body().is_empty() && Instant::now() < end {
        lp.turn(Duration::from_millis(20));
    }
    assert_eq!(paused.pause(PAUSE_RECEIVING), 0);
    let held = paused.body().len();
    let others: Vec<Transfer> = (0..3).map(|_| nginx.get("/large")).collect();
    others.iter().for_each(|other| lp.add(other));
    assert!(lp.run_until(3, Duration::from_secs(20)), "the siblings finish");
    assert!(others.iter().all(|other| other.body().len() == LARGE));
    assert_eq!(paused.body().len(), held, "nothing comes while it is paused");
    assert_eq!(paused.pause(CONTINUE), 0);
    assert!(lp.run_until(4, Duration::from_secs(20)), "it goes on");
    assert!(lp.take_finished().iter().all(|(_, result)| *result == 0));
    assert_eq!(paused.body().len(), LARGE);
    others.iter().chain([&paused]).for_each(|t| lp.remove(t));
    lp.check();
}

#[test]
fn pain_18_a_server_that_says_goodbye_loses_no_request() {
    if Library::under_test().is_libcurl() {
        return; // the reference has no HTTP/2
    }
    // This one closes each connection after ten requests (GOAWAY).
    let nginx = Nginx::with("keepalive_requests 10;");
    let mut lp = Loop::new();
    lp.set(MAX_HOST_CONNECTIONS, 1);
    let many: Vec<Transfer> = (0..100).map(|_| nginx.get("/small")).collect();
    let results = lp.run(&many.iter().collect::<Vec<_>>(), Duration::from_secs(20));
    assert!(results.iter().all(|code| *code == 0), "{results:?}");
    assert!(many.iter().all(|t| t.body() == b"small\n"));
    lp.check();
}

/// Bytes of the large file, many times a first window.
const LARGE: usize = 3_000_000;
/// Bytes of the slow file, more than a flow control window.
const SIZE: usize = 300_000;

/// A private nginx that speaks HTTP/2 without TLS.
struct Nginx {
    dir: PathBuf,
    port: u16,
}

impl Nginx {
    fn start() -> Nginx {
        Nginx::with("")
    }

    /// One with these lines in its server's configuration.
    fn with(extra: &str) -> Nginx {
        let dir = scratch("nginx");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        drop(listener);
        std::fs::write(dir.join("slow"), vec![b'x'; SIZE]).expect("slow");
        std::fs::write(dir.join("large"), vec![b'y'; LARGE]).expect("large");
        std::fs::write(dir.join("small"), "small\n").expect("small");
        let d = dir.display();
        let conf = format!(
            "pid {d}/pid; error_log {d}/error; events {{ }} http {{ access_log off; \
             client_body_temp_path {d}/a; proxy_temp_path {d}/b; fastcgi_temp_path {d}/c; \
             uwsgi_temp_path {d}/d; scgi_temp_path {d}/e; \
             server {{ listen 127.0.0.1:{port} http2; root {d}; {extra} \
             location /slow {{ limit_rate 300k; limit_rate_after 1k; }} }} }}"
        );
        std::fs::write(dir.join("conf"), conf).expect("conf");
        let mut nginx = Command::new("nginx");
        nginx.arg("-c").arg(dir.join("conf")).arg("-p").arg(&dir).arg("-e").arg(dir.join("error"));
        assert!(nginx.status().is_ok_and(|s| s.success()), "nginx starts");
        Nginx { dir, port }
    }

    fn get(&self, path: &str) -> Transfer {
        Transfer::new(&format!("http://127.0.0.1:{}{path}", self.port))
            .long(CURLOPT_HTTP_VERSION, PRIOR_KNOWLEDGE)
            .long(CURLOPT_PIPEWAIT, 1)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(self.dir.join("pid")).unwrap_or_default();
        let _ = Command::new("kill").arg(pid.trim()).status();
    }
}
