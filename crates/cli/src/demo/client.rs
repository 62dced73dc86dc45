//! The demo's client: the workload on Tress, through the crate's public API alone.

use std::io::{self, Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use tress::{Counts, Done, Easy, Flow, Multi};

use super::ClientArgs;

/// Transfers that may be on their way to hanging at a time.
const OPENING: u32 = 200;

/// Nothing here takes so long.
const STUCK: Duration = Duration::from_secs(30);

/// How often progress is told.
const TICK: Duration = Duration::from_millis(50);

/// Runs the workload; tells `progress HANGING DONE` lines, then one of JSON.
pub fn run(args: &ClientArgs) -> io::Result<()> {
    let mut run = Run { args, multi: Multi::new(), done: 0, errors: 0, told: Instant::now() };
    run.multi.max_idle_connections(args.connections + args.idle);
    // What is made once, by the first transfer, is not a connection's memory.
    run.requests(1, 1)?;
    let before = resident();
    let hanging = run.hang()?;
    let memory = resident().saturating_sub(before);

    let (counts, cpu, begun) = (run.multi.counts(), cpu_time(), Instant::now());
    run.done = 0;
    run.requests(args.requests, args.connections)?;
    let (wall, cpu) = (begun.elapsed(), cpu_time() - cpu);
    let Counts { socket_changes, timer_changes, waits, registrations, .. } = run.multi.counts();
    let result = json!({
        "library": concat!("Tress ", env!("CARGO_PKG_VERSION")),
        "requests": run.done,
        "errors": run.errors,
        "hanging": hanging,
        "wall_s": wall.as_secs_f64(),
        "cpu_s": cpu.as_secs_f64(),
        "socket_callbacks": socket_changes - counts.socket_changes,
        "timer_callbacks": timer_changes - counts.timer_changes,
        "epoll_waits": waits - counts.waits,
        "epoll_ctls": registrations - counts.registrations,
        "idle_bytes": memory,
    });
    println!("{result}");
    stdout().flush()?;
    // The figures are taken: what hangs need not be ended in good order.
    std::process::exit(0)
}

struct Run<'a> {
    args: &'a ClientArgs,
    multi: Multi,
    done: u32,
    errors: u32,
    told: Instant,
}

impl Run<'_> {
    /// Opens the transfers that hang, until each has its first byte.
    fn hang(&mut self) -> io::Result<u32> {
        let hanging = Arc::new(AtomicU32::new(0));
        let until = Instant::now() + STUCK;
        let mut added = 0;
        loop {
            let now = hanging.load(Ordering::Relaxed);
            if now >= self.args.idle || Instant::now() > until {
                return Ok(now);
            }
            while added < self.args.idle && added < now + OPENING {
                let counter = hanging.clone();
                self.multi.add(self.easy("/hang").on_body(move |_| {
                    counter.fetch_add(1, Ordering::Relaxed);
                    Flow::Continue
                }));
                added += 1;
            }
            self.turn(now)?;
            while self.multi.next_done().is_some() {
                self.errors += 1;
            }
        }
    }

    /// Makes so many requests, so many at a time.
    fn requests(&mut self, count: u32, at_a_time: u32) -> io::Result<()> {
        let until = Instant::now() + STUCK.saturating_mul(1 + count / 10_000);
        let mut begun = count.min(at_a_time);
        for _ in 0..begun {
            self.multi.add(self.easy("/small"));
        }
        let mut ended = 0;
        while ended < count && Instant::now() < until {
            self.turn(self.args.idle)?;
            while let Some(done) = self.multi.next_done() {
                ended += 1;
                self.count(&done);
                if begun < count {
                    begun += 1;
                    self.multi.add(done.again());
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, done: &Done) {
        match done.result() {
            Ok(response) if response.status() == 200 && !response.body().is_empty() => {
                self.done += 1;
            }
            _ => self.errors += 1,
        }
    }

    fn turn(&mut self, hanging: u32) -> io::Result<()> {
        self.multi.turn(TICK)?;
        if self.told.elapsed() >= TICK {
            self.told = Instant::now();
            println!("progress {hanging} {}", self.done);
        }
        Ok(())
    }

    fn easy(&self, path: &str) -> Easy {
        Easy::get(format!("{}{path}", self.args.base)).proxy("")
    }
}

/// User and system time of this process.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Bytes of memory that this process has in use.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * rustix::param::page_size() as u64
}
