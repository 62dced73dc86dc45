//! `tress-sim [--seeds N] [--from S] [--trace]`: runs seeds and prints those that fail, with
//! `--trace` all that happened in them.
#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A seed that takes longer is in an action that never ends.
const LONGEST: Duration = Duration::from_secs(60);

/// Failing seeds are many when one thing is wrong: no more than so many are shown.
const MOST_FAILURES: u64 = 20;

static SEED: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1)?.parse::<u64>().ok()
    };
    let (from, seeds) = (value("--from").unwrap_or(0), value("--seeds").unwrap_or(1_000));
    let traced = args.iter().any(|arg| arg == "--trace");
    std::thread::spawn(watch);
    let start = Instant::now();
    let (mut all, mut failed) = (tress_sim::Stats::default(), 0);
    for seed in from..from + seeds {
        SEED.store(seed, Ordering::Relaxed);
        match tress_sim::run(seed, traced) {
            Ok(stats) => all.add(stats),
            Err(failure) => {
                failure.trace.iter().for_each(|line| println!("{line}"));
                println!("seed {seed}: {}", failure.what);
                failed += 1;
                if failed == MOST_FAILURES {
                    break;
                }
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{seeds} seeds from {from}, {failed} failed, {seconds:.1} s: {all:?}");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Ends the process when a seed does not end by itself.
fn watch() {
    loop {
        let seed = SEED.load(Ordering::Relaxed);
        std::thread::sleep(LONGEST);
        if SEED.load(Ordering::Relaxed) == seed {
            println!("seed {seed}: an action never ends");
            std::process::exit(1);
        }
    }
}
