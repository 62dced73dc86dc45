//! What users of the event interface suffer from: queues, and the price of each request.
//! Each test is named after its line in the project's list. The counts are taken from the
//! benchmark kit's client, as the slope between two lengths of the same workload.
use curl_sys::CURLOPT_CONNECTTIMEOUT_MS;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tress_tests::{Library, Loop, Outcome, Program, Server, Transfer, library, scratch, workspace};

const MAX_HOST_CONNECTIONS: u32 = 7;
const MAX_TOTAL_CONNECTIONS: u32 = 13;

#[test]
fn pain_04_thundering_herd_of_pending_transfers() {
    let cost = |n: usize| {
        let server = Server::start();
        let mut lp = Loop::new();
        lp.set(MAX_HOST_CONNECTIONS, 4);
        let all: Vec<Transfer> = (0..n).map(|_| Transfer::new(&server.url("/count"))).collect();
        let begin = cpu();
        all.iter().for_each(|t| lp.add(t));
        assert!(lp.run_until(n, Duration::from_secs(60)), "{n} transfers");
        let each = (cpu() - begin) / n as u32;
        all.iter().for_each(|t| lp.remove(t));
        lp.check();
        let timers = lp.seen().timers.len();
        assert!(timers <= 4 * n + 20, "{timers} timer callbacks for {n} transfers");
        each
    };
    cost(200);
    let (few, many) = (cost(400), cost(6400));
    println!("{few:?} a transfer with 400 pending, {many:?} with 6400");
    // The thread's own CPU time: flat but for the caches' misses.
    assert!(many < few * 2 + Duration::from_micros(5), "{few:?} with 400, {many:?} with 6400");
}

#[test]
fn pain_05_waiting_in_the_queue_is_fair_and_takes_no_connect_time() {
    let server = Server::start();
    let mut lp = Loop::new();
    lp.set(MAX_TOTAL_CONNECTIONS, 1);
    let all: Vec<Transfer> = (0..6)
        .map(|i| {
            let url = server.url(&format!("/delay/100?{i}"));
            Transfer::new(&url).long(CURLOPT_CONNECTTIMEOUT_MS, 150)
        })
        .collect();
    let handles: Vec<&Transfer> = all.iter().collect();
    assert_eq!(lp.run(&handles, Duration::from_secs(10)), [0; 6]);
    let order: Vec<String> = server.take_log().iter().map(|r| r[15..16].to_string()).collect();
    assert_eq!(order.concat(), "012345", "first come, first served");
    lp.check();
}

#[test]
fn pain_12_no_signal_handling() {
    let kit = Kit::start();
    let calls = kit.slope(|n| kit.strace(n, "rt_sigaction") + kit.strace(n, "rt_sigprocmask"));
    assert!(calls < 0.01, "{calls} calls of signal handling a request");
}

#[test]
fn pain_13_one_clock_reading_an_entry() {
    let kit = Kit::start();
    let reads = kit.slope(|n| kit.clock_reads(n));
    println!("{reads:.2} clock readings a request");
    assert!(reads <= 4.0, "{reads:.2} clock readings a request");
}

#[test]
fn pain_22_system_calls_a_request() {
    let kit = Kit::start();
    let calls = kit.slope(|n| kit.strace(n, "all"));
    println!("{calls:.2} system calls a request, the client's own included");
    assert!(calls <= 6.0, "{calls:.2} system calls a request");
}

/// CPU time of this thread.
fn cpu() -> Duration {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the structure lives over the call.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut t) };
    Duration::new(t.tv_sec as u64, t.tv_nsec as u32)
}

/// The benchmark kit's client and its small server.
struct Kit {
    build: PathBuf,
    server: std::process::Child,
    port: u16,
}

impl Kit {
    fn start() -> Kit {
        // Tests run at the same time; one of them builds it.
        static BUILT: LazyLock<PathBuf> = LazyLock::new(Kit::build);
        let build = BUILT.clone();
        let port = free_port();
        let mut server = Command::new(build.join("tinyd"));
        let server = server.args(["-p", &port.to_string()]).spawn().expect("tinyd starts");
        let end = Instant::now() + Duration::from_secs(5);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "tinyd listens");
            std::thread::sleep(Duration::from_millis(10));
        }
        Kit { build, server, port }
    }

    fn build() -> PathBuf {
        let build = library::target().join("bench-build");
        let variable = format!("B={}", build.display());
        let made = Command::new("make")
            .arg("-s")
            .arg(variable)
            .current_dir(workspace().join("bench"))
            .status();
        assert!(made.is_ok_and(|s| s.success()), "the benchmark kit builds");
        build
    }

    /// Counts for each request between 1000 and 3000 of them.
    fn slope(&self, count: impl Fn(usize) -> usize) -> f64 {
        let (less, more) = (count(1000), count(3000));
        (more as f64 - less as f64) / 2000.0
    }

    fn arguments(&self, n: usize) -> Vec<String> {
        let path = Library::under_test().path_of("libcurl.so.4");
        let url = format!("http://127.0.0.1:{}/delay/10", self.port);
        let n = n.to_string();
        let words = ["small", "-c", "20", "-n", &n, "--url", &url, "--lib"];
        words.iter().map(|w| w.to_string()).chain([path.to_string_lossy().into_owned()]).collect()
    }

    fn clock_reads(&self, n: usize) -> usize {
        let out = scratch("count").join("json");
        let mbench = self.build.join("mbench");
        let run = Program::new(&Library::system(), mbench)
            .preload(self.build.join("count.so"))
            .env("COUNT_OUT", &out)
            .args(self.arguments(n))
            .run();
        fine(&run);
        let text = std::fs::read_to_string(&out).unwrap_or_default();
        let libraries = text.split("\"libraries\":").nth(1).unwrap_or_default();
        let libraries = libraries.split('}').next().unwrap_or_default();
        ["clock_gettime", "gettimeofday", "time"].iter().map(|k| number(libraries, k)).sum()
    }

    /// Calls of one system call, or of all.
    fn strace(&self, n: usize, call: &str) -> usize {
        let out = scratch("strace").join("table");
        let mut args =
            vec!["-f".to_string(), "-c".into(), "-o".into(), out.to_string_lossy().into()];
        args.push(self.build.join("mbench").to_string_lossy().into_owned());
        args.extend(self.arguments(n));
        fine(&Program::new(&Library::system(), "strace").args(args).run());
        let text = std::fs::read_to_string(&out).unwrap_or_default();
        let row = |l: &str| {
            let w: Vec<&str> = l.split_whitespace().collect();
            let name = *w.last()?;
            let wanted = name != "total" && (call == "all" || name == call);
            wanted.then(|| w.get(3)?.parse::<usize>().ok())?
        };
        text.lines().filter_map(row).sum()
    }
}

impl Drop for Kit {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn fine(out: &Outcome) {
    assert_eq!(out.code, 0, "{}{}", out.stdout, out.stderr);
}

fn number(text: &str, key: &str) -> usize {
    let after = text.split(&format!("\"{key}\":")).nth(1).unwrap_or_default();
    after.split(',').next().unwrap_or_default().parse().unwrap_or_default()
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
