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
    let get = |path: &str| {
        Transfer::new(&format!("http://127.0.0.1:{}{path}", nginx.port))
            .long(CURLOPT_HTTP_VERSION, PRIOR_KNOWLEDGE)
            .long(CURLOPT_PIPEWAIT, 1)
    };
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

/// Bytes of the slow file, more than a flow control window.
const SIZE: usize = 300_000;

/// A private nginx that speaks HTTP/2 without TLS.
struct Nginx {
    dir: PathBuf,
    port: u16,
}

impl Nginx {
    fn start() -> Nginx {
        let dir = scratch("nginx");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        drop(listener);
        std::fs::write(dir.join("slow"), vec![b'x'; SIZE]).expect("slow");
        std::fs::write(dir.join("small"), "small\n").expect("small");
        let d = dir.display();
        let conf = format!(
            "pid {d}/pid; error_log {d}/error; events {{ }} http {{ access_log off; \
             client_body_temp_path {d}/a; proxy_temp_path {d}/b; fastcgi_temp_path {d}/c; \
             uwsgi_temp_path {d}/d; scgi_temp_path {d}/e; \
             server {{ listen 127.0.0.1:{port} http2; root {d}; \
             location /slow {{ limit_rate 300k; limit_rate_after 1k; }} }} }}"
        );
        std::fs::write(dir.join("conf"), conf).expect("conf");
        let mut nginx = Command::new("nginx");
        nginx.arg("-c").arg(dir.join("conf")).arg("-p").arg(&dir).arg("-e").arg(dir.join("error"));
        assert!(nginx.status().is_ok_and(|s| s.success()), "nginx starts");
        Nginx { dir, port }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(self.dir.join("pid")).unwrap_or_default();
        let _ = Command::new("kill").arg(pid.trim()).status();
    }
}
