//! `tress-sim [--world web|conversations|several|starttls] [--seeds N] [--from S] [--trace]`: runs seeds of one world,
//! or of all, and prints those that fail, with `--trace` all that happened in them.
#![forbid(unsafe_code)]

use std::ops::Range;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tress_sim::World;

/// A seed that takes longer is in an action that never ends.
const LONGEST: Duration = Duration::from_secs(60);

/// Failing seeds are many when one thing is wrong: no more than so many are shown, unless `--all`
/// are asked for.
const MOST_FAILURES: u64 = 20;

static SEED: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let word = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1).map(String::as_str)
    };
    let value = |name: &str| word(name)?.parse::<u64>().ok();
    let (from, seeds) = (value("--from").unwrap_or(0), value("--seeds").unwrap_or(1_000));
    let asked = |name: &str| args.iter().any(|arg| arg == name);
    let (traced, most) = (asked("--trace"), if asked("--all") { u64::MAX } else { MOST_FAILURES });
    std::thread::spawn(watch);
    let mut failed = 0;
    let worlds = [
        ("web", World::Web),
        ("conversations", World::Conversations),
        ("several", World::Several),
        ("starttls", World::StartTls),
    ];
    for (name, world) in worlds {
        if word("--world").is_none_or(|wanted| wanted == name) {
            failed += run(name, world, from..from + seeds, traced, most);
        }
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs seeds of one world; how many failed.
fn run(name: &str, world: World, seeds: Range<u64>, traced: bool, most: u64) -> u64 {
    let start = Instant::now();
    let (mut all, mut done, mut failed) = (tress_sim::Stats::default(), 0, 0);
    for seed in seeds.clone() {
        SEED.store(seed, Ordering::Relaxed);
        done += 1;
        match tress_sim::run(world, seed, traced) {
            Ok(stats) => all.add(stats),
            Err(failure) => {
                failure.trace.iter().for_each(|line| println!("{line}"));
                println!("{name} seed {seed}: {}", failure.what);
                failed += 1;
                if failed == most {
                    break;
                }
            }
        }
    }
    let (from, seconds) = (seeds.start, start.elapsed().as_secs_f64());
    println!("{name}: {done} seeds from {from}, {failed} failed, {seconds:.1} s: {all:?}");
    failed
}

/// Time of the processor that this process has had.
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Ends the process when a seed does not end by itself.
fn watch() {
    loop {
        let (seed, begun) = (SEED.load(Ordering::Relaxed), worked());
        while worked() < begun + LONGEST && SEED.load(Ordering::Relaxed) == seed {
            std::thread::sleep(Duration::from_secs(1));
        }
        if SEED.load(Ordering::Relaxed) == seed {
            println!("seed {seed}: an action never ends");
            std::process::exit(1);
        }
    }
}
