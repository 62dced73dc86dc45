//! The workload of `tress demo` on some libcurl, opened at run time: epoll and
//! `curl_multi_socket_action`, as its documentation has it.
//!
//! usage: tress-demo-peer LIBRARY BASE-URL REQUESTS CONNECTIONS IDLE
//!
//! Tells `progress HANGING DONE` lines, then one of JSON, like the client in `tress` itself.

mod curl;
mod event_loop;

use std::ffi::CString;
use std::io::{Write, stdout};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use curl::{Curl, Easy};
use event_loop::Driver;

/// Transfers that may be on their way to hanging at a time.
const OPENING: u32 = 200;

/// Nothing here takes so long.
const STUCK: Duration = Duration::from_secs(30);

/// How often progress is told.
const TICK: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    match run(&std::env::args().collect::<Vec<_>>()) {
        // The figures are taken: what hangs need not be ended in good order.
        Ok(()) => std::process::exit(0),
        Err(error) => {
            eprintln!("tress-demo-peer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<(), String> {
    let [_, library, base, requests, connections, idle] = args else {
        return Err("usage: LIBRARY BASE-URL REQUESTS CONNECTIONS IDLE".to_owned());
    };
    let number = |text: &String| text.parse::<u32>().map_err(|_| format!("{text:?} is no number"));
    let (requests, connections, idle) = (number(requests)?, number(connections)?, number(idle)?);
    let curl = Curl::open(library)?;
    let driver = Driver::new(curl, i64::from(connections) + i64::from(idle))?;
    let (small, hang) = (url(base, "/small")?, url(base, "/hang")?);
    let mut run = Run { driver, small, hang, idle, done: 0, errors: 0, told: Instant::now() };

    // What is made once, by the first transfer, is not a connection's memory.
    run.requests(1, 1)?;
    let before = resident();
    let hanging = run.hang()?;
    let memory = resident().saturating_sub(before);

    let (counts, cpu, begun) = (run.driver.counts(), cpu_time(), Instant::now());
    run.done = 0;
    run.requests(requests, connections)?;
    let (wall, cpu) = (begun.elapsed(), cpu_time().saturating_sub(cpu));
    let now = run.driver.counts();
    println!(
        "{{\"library\":\"{}\",\"requests\":{},\"errors\":{},\"hanging\":{hanging},\
         \"wall_s\":{},\"cpu_s\":{},\"socket_callbacks\":{},\"timer_callbacks\":{},\
         \"epoll_waits\":{},\"epoll_ctls\":{},\"idle_bytes\":{memory}}}",
        run.driver.curl.version(),
        run.done,
        run.errors,
        wall.as_secs_f64(),
        cpu.as_secs_f64(),
        now.sockets - counts.sockets,
        now.timers - counts.timers,
        now.waits - counts.waits,
        now.controls - counts.controls,
    );
    stdout().flush().map_err(|error| error.to_string())
}

struct Run {
    driver: Box<Driver>,
    small: CString,
    hang: CString,
    idle: u32,
    done: u32,
    errors: u32,
    told: Instant,
}

impl Run {
    /// Opens the transfers that hang, until each has its first byte.
    fn hang(&mut self) -> Result<u32, String> {
        let until = Instant::now() + STUCK;
        let at_first = self.driver.curl.pieces();
        let mut added = 0;
        loop {
            let now = (self.driver.curl.pieces() - at_first) as u32;
            if now >= self.idle || Instant::now() > until {
                return Ok(now);
            }
            while added < self.idle && added < now + OPENING {
                let easy = self.driver.curl.easy(&self.hang)?;
                self.driver.add(easy)?;
                added += 1;
            }
            self.turn(now)?;
            while self.driver.next_done().is_some() {
                self.errors += 1;
            }
        }
    }

    /// Makes so many requests, so many at a time.
    fn requests(&mut self, count: u32, at_a_time: u32) -> Result<(), String> {
        let until = Instant::now() + STUCK.saturating_mul(1 + count / 10_000);
        let mut begun = count.min(at_a_time);
        for _ in 0..begun {
            let easy = self.driver.curl.easy(&self.small)?;
            self.driver.add(easy)?;
        }
        let mut ended = 0;
        while ended < count && Instant::now() < until {
            self.turn(self.idle)?;
            while let Some((easy, good)) = self.driver.next_done() {
                ended += 1;
                if good {
                    self.done += 1;
                } else {
                    self.errors += 1;
                }
                self.again(easy, &mut begun, count)?;
            }
        }
        Ok(())
    }

    fn again(&mut self, easy: Easy, begun: &mut u32, count: u32) -> Result<(), String> {
        if *begun < count {
            *begun += 1;
            return self.driver.add(easy);
        }
        self.driver.curl.cleanup(easy);
        Ok(())
    }

    fn turn(&mut self, hanging: u32) -> Result<(), String> {
        self.driver.turn(TICK)?;
        if self.told.elapsed() >= TICK {
            self.told = Instant::now();
            println!("progress {hanging} {}", self.done);
        }
        Ok(())
    }
}

fn url(base: &str, path: &str) -> Result<CString, String> {
    CString::new(format!("{base}{path}")).map_err(|error| error.to_string())
}

/// User and system time of this process.
fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live timespec, which the call fills.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Bytes of memory that this process has in use.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    // SAFETY: sysconf has no preconditions.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    pages.unwrap_or(0) * size as u64
}
