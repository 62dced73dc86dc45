//! `cargo xtask bench --check`: the performance gate.
//!
//! Counts, per request, what does not depend on the machine or its load: the library's own
//! instructions, clock readings, allocations and system calls. A figure that has grown by more than
//! 3 % against the committed baseline of its profile fails.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::{Result, dist, root, run};

/// The workloads that the gate looks at; `bench/README.md` explains them.
const SCENARIOS: &str = "small-c50,fresh-c50,conn-c50,idle-k1000,pending-n500,h2c";

/// Builds with `profile`, measures, and compares with the baseline or writes it.
pub fn bench(profile: &str, write: bool) -> Result<()> {
    let place = root().join("target/bench");
    let library = dist::library(profile, &place)?;
    let bench = root().join("bench");
    let bin = place.join("bin");
    let headers = format!("LIBCURL_CFLAGS=-I{}", root().join("product/include").display());
    run(Command::new("make").arg("-sC").arg(&bench).arg(headers).arg(assign("B", &bin)))?;
    let base = free_ports()?.to_string();
    let with = |mut command: Command| {
        command.env("DIR", place.join("run")).env("BIN", &bin).env("BASE", &base);
        command.env("LARGE", "1048576");
        command
    };
    let servers = |what: &str| {
        let mut serve = with(Command::new("bash"));
        run(serve.arg(bench.join("serve.sh")).arg(what))
    };
    servers("start")?;
    let mut measure = with(Command::new("python3"));
    measure.arg(bench.join("profile.py")).args(["--only", SCENARIOS]);
    measure.arg("--lib").arg(format!("tress={}", library.display()));
    measure.arg(if write { "--write" } else { "--check" });
    let measured = run(measure.arg(bench.join(format!("baseline.{profile}.json"))));
    servers("stop")?;
    measured
}

fn assign(variable: &str, path: &Path) -> String {
    format!("{variable}={}", path.display())
}

/// The first of four ports in a row that nobody uses.
fn free_ports() -> Result<u16> {
    let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
    (20_000..30_000)
        .step_by(4)
        .find(|&base| (base..base + 4).all(free))
        .ok_or_else(|| "no four free ports in a row between 20000 and 30000".into())
}
