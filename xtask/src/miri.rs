//! `cargo xtask miri`: the tests of the crates with `unsafe` under Miri, which sees what the compiler may
//! make of a pointer that outlives its borrow, and memory that nobody frees. Miri runs no C: tests that
//! need what it lacks say so by `ignore`.

use std::process::{Command, Stdio};

use crate::{Result, root, run};

/// What runs nightly's Cargo, where there is one.
const CARGO: [&str; 3] = ["run", "nightly", "cargo"];

/// The tests: those inside of the two crates that have `unsafe` and code of their own.
const TESTS: [&str; 6] = ["-p", "tress-capi", "-p", "tress-demo-peer", "--lib", "--bins"];

/// Runs them; without a nightly compiler that has Miri it says so, and that is no failure.
pub fn miri() -> Result<()> {
    let mut asked = Command::new("rustup");
    asked.args(CARGO).args(["miri", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if !asked.status().is_ok_and(|status| status.success()) {
        println!("miri: NOT RUN, for there is no nightly compiler with it");
        println!(
            "miri: rustup toolchain install nightly --profile minimal --component miri,rust-src"
        );
        return Ok(());
    }
    let mut test = Command::new("rustup");
    test.current_dir(root()).args(CARGO).args(["miri", "test", "-q"]).args(TESTS);
    test.arg("--target-dir").arg(root().join("target/miri"));
    // Files are read, and the clock.
    run(test.env("MIRIFLAGS", "-Zmiri-disable-isolation"))
}
