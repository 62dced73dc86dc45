//! Repository tasks: `cargo xtask` lists them.
#![forbid(unsafe_code)]

mod bench;
mod bindings;
mod consumers;
mod deb;
mod dependencies;
mod dist;
mod exports;
mod fuzz;
mod headers;
mod limits;
mod matrix;
mod miri;
mod planted;
mod release;
mod sanitize;
#[path = "../../crates/capi/src/tables/mod.rs"]
#[allow(dead_code, unused_imports)]
mod tables;
mod test;
mod tidy;
mod typecheck;
mod vulnerabilities;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// A task's end: nothing, or what went wrong.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

const HELP: &str = "\
cargo xtask dist [--profile P] [--test-hooks]   the libraries, headers and tools, in target/dist;
                                              for curl's own suite, in target/dist-test-hooks
cargo xtask install --prefix DIR [--profile P]  the same, put under DIR
cargo xtask deb [--profile P] [--built]        Debian packages in target/deb; with --built, of
                                              what target/dist has
cargo xtask bench --check|--write [--profile P]  compare instructions, allocations and calls a request
                                              with the committed baseline, or write that anew
cargo xtask bench --soak [--profile P]        fail if memory or descriptors grow over a minute's work
cargo xtask consumers [NAME...] [--prefix DIR]  the own suites of programs that stand on libcurl,
                                              on target/dist or on the libcurl under DIR, compared
                                              with tests/consumers/expected.txt
cargo xtask fuzz seeds [TARGET [PATH...]]     every committed input of fuzz/, once, without a fuzzer
cargo xtask fuzz coverage [--lines] [TARGET...]
                                              how many lines of what they feed the inputs reach;
                                              with --lines, which ones they do not
cargo xtask headers                           render product/include/curl, and the bindings of
                                              product/curl-sys, from the tables
cargo xtask matrix                            render MATRIX.md: the API, piece by piece
cargo xtask miri                              the tests inside of the crates with unsafe under Miri,
                                              where a nightly compiler has it
cargo xtask sanitize address                  the tests of the C boundary on a library that
                                              AddressSanitizer watches
cargo xtask sanitize thread [--url U]         C programs under ThreadSanitizer; U: a server's path
                                              with a cookie, for many threads
cargo xtask tidy                              check the repository's rules
cargo xtask simulate [--world web|conversations|several|starttls] [--seeds N] [--from S] [--trace]
                                              the engine under a virtual network, seed by seed
cargo xtask simulate --planted [--seeds N] [--only NAME]
                                              how many seeds find the faults of crates/sim/planted
cargo xtask vulnerabilities [--only WORD] [--together]
                                              put the faults of tests/planted in, one by one or those
                                              that lie apart at once, and see that their tests fail
cargo xtask test [ARGS]                       build the library quickly, run every test, and
                                              render the documentation without a fault";

fn main() -> ExitCode {
    match task(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn task(args: &[String]) -> Result<()> {
    let value = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1).map(String::as_str)
    };
    let profile = value("--profile").unwrap_or("release");
    match args.first().map(String::as_str) {
        Some("dist") => {
            let hooks = args.iter().any(|arg| arg == "--test-hooks");
            println!("{}", dist::dist(profile, hooks)?.display());
        }
        Some("install") => {
            let prefix = value("--prefix").ok_or("install: --prefix DIR is missing")?;
            dist::install(profile, Path::new(prefix))?;
        }
        Some("bench") => {
            let asked = |name: &str| args.iter().any(|arg| arg == name);
            let task = match (asked("--check"), asked("--write"), asked("--soak")) {
                (true, false, false) => bench::Task::Check,
                (false, true, false) => bench::Task::Write,
                (false, false, true) => bench::Task::Soak,
                _ => return Err("bench: one of --check, --write and --soak is missing".into()),
            };
            bench::bench(profile, task)?;
        }
        Some("deb") => {
            let built = args.iter().any(|arg| arg == "--built");
            println!("{}", deb::deb(profile, built)?.display());
        }
        Some("consumers") => {
            let prefix = value("--prefix");
            let names = args[1..].iter().map(String::as_str);
            let names = names.filter(|name| *name != "--prefix" && Some(*name) != prefix);
            consumers::consumers(&names.collect::<Vec<_>>(), prefix)?;
        }
        Some("fuzz") => fuzz::fuzz(&args[1..])?,
        Some("headers") => {
            headers::write()?;
            bindings::write()?;
        }
        Some("matrix") => matrix::write()?,
        Some("miri") => miri::miri()?,
        Some("sanitize") => {
            let kind = args.get(1).ok_or("sanitize: address or thread is missing")?;
            sanitize::sanitize(kind, value("--url"))?;
        }
        Some("tidy") => tidy::tidy()?,
        Some("simulate") if args.iter().any(|arg| arg == "--planted") => {
            planted::planted(value("--seeds").unwrap_or("500"), value("--only"))?;
        }
        Some("simulate") => simulate(&args[1..])?,
        Some("vulnerabilities") => {
            let together = args.iter().any(|arg| arg == "--together");
            vulnerabilities::vulnerabilities(value("--only"), together)?;
        }
        Some("test") => test::test(&args[1..])?,
        None | Some("--help" | "-h" | "help") => println!("{HELP}"),
        Some(unknown) => return Err(format!("no task named {unknown}\n{HELP}").into()),
    }
    Ok(())
}

/// Runs seeds of the simulator; those that fail are printed.
fn simulate(args: &[String]) -> Result<()> {
    let mut cargo = Command::new("cargo");
    run(cargo.args(["run", "-q", "--profile", "quick", "-p", "tress-sim", "--"]).args(args))
}

/// The repository.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// Runs a command to its end; a failure names it.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}
