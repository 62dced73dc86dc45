//! `cargo xtask test`: builds the library quickly, then runs every test on it.
use std::process::{Command, ExitCode};

/// Builds `target/dist` with the quick profile and runs `cargo test --workspace`; further
/// arguments go to `cargo test`. It installs nothing: `.ci/run` lists what the tests need.
pub fn test(args: &[String]) -> ExitCode {
    let dist = ["run", "--quiet", "--package", "xtask", "--", "dist", "--profile", "quick"];
    let fine = succeeds(Command::new("cargo").args(dist))
        && succeeds(Command::new("cargo").args(["test", "--workspace"]).args(args));
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|s| s.success())
}
