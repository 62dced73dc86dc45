//! `cargo xtask test`: builds the library quickly, then runs every test on it and renders the
//! documentation.

use std::process::Command;

use crate::{Result, dist, fuzz, run};

/// What the Rust crate can do beyond its default.
const FEATURES: &str = "tress/json,tress/charset,tress/http,tress/tokio";

/// Builds `target/dist` with the quick profile and runs `cargo test --workspace`, with all that the
/// Rust crate can do; further arguments go to `cargo test`, and without any the fuzzer's inputs are run
/// too and the documentation must have no fault. It installs nothing: `.ci/run` lists what the tests need.
pub fn test(args: &[String]) -> Result<()> {
    dist::dist("quick", false)?;
    run(Command::new("cargo").args(["test", "--workspace", "--features", FEATURES]).args(args))?;
    if !args.is_empty() {
        return Ok(());
    }
    fuzz::fuzz(&["seeds".into()])?;
    let doc = ["doc", "--workspace", "--no-deps", "--features", FEATURES];
    run(Command::new("cargo").args(doc).env("RUSTDOCFLAGS", "-D warnings"))
}
