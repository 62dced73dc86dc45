//! `cargo xtask bench`: the performance gate, and a short soak.
//!
//! The gate counts, per request, what does not depend on the machine or its load: the library's own
//! instructions, clock readings, allocations and system calls. A figure that has grown by more than
//! 3 % against the committed baseline of its profile fails.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::{Result, dist, root, run};

/// The workloads that the gate looks at; `bench/README.md` explains them.
const SCENARIOS: &str = "small-c50,fresh-c50,conn-c50,idle-k1000,idlesame-k1000,pending-n500,h2c,\
                         tlskeep-c5,tls-full,tls-resume";

/// What to do with the library that was built.
pub enum Task {
    /// Compare what a request takes with the committed baseline.
    Check,
    /// Make the baseline anew.
    Write,
    /// Work for about a minute and fail if memory or descriptors grow.
    Soak,
}

/// Builds with `profile`, starts the servers and does `task`.
pub fn bench(profile: &str, task: Task) -> Result<()> {
    let place = root().join("target/bench");
    let library = dist::library(profile, &place)?;
    let bench = root().join("bench");
    let bin = place.join("bin");
    let headers = format!("LIBCURL_CFLAGS=-I{}", root().join("product/include").display());
    run(Command::new("make").arg("-sC").arg(&bench).arg(headers).arg(assign("B", &bin)))?;
    let base = free_ports()?.to_string();
    let with = |program: &str, script: &str| {
        let mut command = Command::new(program);
        command.arg(bench.join(script));
        command.env("DIR", place.join("run")).env("BIN", &bin).env("BASE", &base);
        command.env("LARGE", "1048576");
        command
    };
    run(with("bash", "serve.sh").arg("start"))?;
    let mut work = match task {
        Task::Soak => with("python3", "soak.py"),
        Task::Check | Task::Write => with("python3", "profile.py"),
    };
    match task {
        Task::Soak => work.args(["run", "--quick", "--lib"]).arg(&library),
        Task::Check | Task::Write => {
            let what = if matches!(task, Task::Write) { "--write" } else { "--check" };
            work.args(["--only", SCENARIOS, "--lib"]).arg(assign("tress", &library));
            work.arg(what).arg(bench.join(format!("baseline.{profile}.json")))
        }
    };
    let done = run(&mut work);
    run(with("bash", "serve.sh").arg("stop"))?;
    done
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
