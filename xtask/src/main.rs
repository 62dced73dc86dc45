//! Repository tasks.
use std::process::ExitCode;

mod test;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("test") => test::test(&args[1..]),
        _ => {
            eprintln!("usage: cargo xtask test");
            ExitCode::FAILURE
        }
    }
}
