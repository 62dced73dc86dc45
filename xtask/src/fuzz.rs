//! `cargo xtask fuzz seeds` runs every committed input of `fuzz/` once, without a fuzzer, as the
//! ordinary tests do. `cargo xtask fuzz coverage` says how many lines of what a target feeds its
//! inputs reach: the committed ones, and those of `fuzz/corpus` where there are any; it needs
//! `rustup component add llvm-tools`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, root, run};

/// A target, and which sources it feeds: folders and files; those after `!` are another's.
const FED: [(&str, &[&str]); 20] = [
    ("auth", &["proto/src/auth/challenge", "proto/src/auth/digest", "proto/src/auth/ntlm"]),
    ("connect", &["proto/src/connect/", "proto/src/socks/"]),
    ("cookies", &["model/src/cookie/"]),
    ("decode", &["proto/src/decode/"]),
    ("dns", &["proto/src/doh/answer", "proto/src/doh/https", "proto/src/doh/mod"]),
    ("engine", &["engine/src/", "capi/src/"]),
    (
        "files",
        &[
            "model/src/altsvc",
            "model/src/hsts",
            "model/src/netrc",
            "model/src/noproxy",
            "model/src/range",
            "model/src/date",
        ],
    ),
    ("ftp", &["proto/src/ftp/listing", "proto/src/ftp/fnmatch"]),
    ("h1", &["proto/src/h1/", "!proto/src/h1/chunked_out"]),
    ("h2", &["proto/src/h2/"]),
    ("h3", &["proto/src/h3/"]),
    (
        "lines",
        &[
            "proto/src/ftp/",
            "proto/src/imap/",
            "proto/src/pingpong/",
            "proto/src/pop3/",
            "proto/src/sasl/",
            "proto/src/smtp/",
            "!proto/src/ftp/listing",
            "!proto/src/ftp/fnmatch",
        ],
    ),
    ("mime", &["model/src/mime/"]),
    (
        "requests",
        &[
            "model/src/escape",
            "model/src/headers",
            "proto/src/auth/aws_sigv4",
            "proto/src/auth/httpsig",
            "proto/src/dict",
            "proto/src/gopher",
            "proto/src/http/custom",
            "proto/src/smtp/dot",
        ],
    ),
    ("rtsp", &["proto/src/rtsp/checks", "proto/src/rtsp/interleaved"]),
    ("ssh", &["proto/src/ssh/", "!proto/src/ssh/cipher", "!proto/src/ssh/tests"]),
    ("tftp_telnet", &["proto/src/tftp/", "proto/src/telnet/", "proto/src/mqtt/"]),
    (
        "tls",
        &[
            "net/src/tls/certinfo",
            "net/src/tls/ciphers",
            "net/src/tls/encrypted",
            "net/src/tls/identity",
            "net/src/tls/names",
            "net/src/tls/ocsp",
            "net/src/tls/pin",
            "net/src/tls/trust",
            "net/src/tls/verify",
        ],
    ),
    ("url", &["model/src/url/"]),
    ("ws", &["proto/src/ws/"]),
];

/// Does what the arguments say: `seeds [TARGET [PATH...]]`, or `coverage [--lines] [TARGET...]`.
///
/// # Errors
/// A task that is none; what goes wrong with building or running.
pub fn fuzz(args: &[String]) -> Result<()> {
    match args.first().map(String::as_str) {
        Some("seeds") => run(cargo("run", &root().join("target")).arg("--").args(&args[1..])),
        Some("coverage") => coverage(&args[1..]),
        _ => Err("fuzz: one of seeds and coverage is missing".into()),
    }
}

/// The program that runs inputs once, built in `target`.
fn cargo(task: &str, target: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root()).args([task, "-q", "--manifest-path", "fuzz/Cargo.toml"]);
    cargo.args(["--no-default-features", "--example", "seeds", "--target-dir"]).arg(target);
    cargo
}

fn coverage(args: &[String]) -> Result<()> {
    let target = root().join("target/coverage");
    let names: Vec<_> = args.iter().filter(|arg| *arg != "--lines").collect();
    let mut build = cargo("build", &target);
    // Build scripts and macros are instrumented too, and would leave profiles where they run.
    build.env("RUSTFLAGS", "-C instrument-coverage").env("LLVM_PROFILE_FILE", "/dev/null");
    run(&mut build)?;
    for (name, fed) in
        FED.iter().filter(|(name, _)| names.is_empty() || names.contains(&&(*name).into()))
    {
        let lines = lines_of(name, &target)?;
        let is_fed = |file: &str| {
            let within = |path: &&str| file.contains(&format!("/crates/{path}"));
            fed.iter().any(within)
                && !fed.iter().filter_map(|path| path.strip_prefix('!')).any(|path| within(&path))
        };
        let fed: Vec<_> = lines.iter().filter(|(file, _)| is_fed(file)).collect();
        let all = fed.iter().map(|(_, lines)| lines.len()).sum::<usize>();
        let reached =
            fed.iter().flat_map(|(_, lines)| lines.values()).filter(|reached| **reached).count();
        println!("{name}: {:.1} % of {all} lines", 100.0 * reached as f64 / all.max(1) as f64);
        if args.len() > names.len() {
            fed.iter().for_each(|(file, lines)| print_missed(file, lines));
        }
    }
    Ok(())
}

/// Which lines of each source file have code, and whether the inputs of a target reach them.
type Lines = BTreeMap<String, BTreeMap<u32, bool>>;

fn lines_of(name: &str, target: &Path) -> Result<Lines> {
    let program = target.join("debug/examples/seeds");
    let profile = target.join(format!("{name}.profraw"));
    let merged = target.join(format!("{name}.profdata"));
    let folders = ["seeds", "corpus"].map(|kind| root().join("fuzz").join(kind).join(name));
    let mut inputs = Command::new(&program);
    inputs.arg(name).args(folders.iter().filter(|folder| folder.is_dir()));
    run(inputs.env("LLVM_PROFILE_FILE", &profile).stdout(std::process::Stdio::null()))?;
    run(llvm("llvm-profdata")?.args(["merge", "-sparse", "-o"]).args([&merged, &profile]))?;
    let mut export = llvm("llvm-cov")?;
    export.args(["export", "-format=lcov", "-instr-profile"]).args([&merged, &program]);
    let output = export.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    std::fs::remove_file(&profile)?;
    Ok(parse(&String::from_utf8(output.stdout)?))
}

/// Reads lcov's format: `SF:` a file, `DA:` a line and how often it was reached.
fn parse(lcov: &str) -> Lines {
    let (mut lines, mut file) = (Lines::new(), "");
    for line in lcov.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            file = path;
        } else if let Some((number, count)) =
            line.strip_prefix("DA:").and_then(|line| line.split_once(','))
            && let Ok(number) = number.parse()
        {
            let reached = lines.entry(file.into()).or_default().entry(number).or_default();
            *reached |= count != "0";
        }
    }
    lines
}

/// The lines that nothing reached, as ranges.
fn print_missed(file: &str, lines: &BTreeMap<u32, bool>) {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    let mut last_missed = false;
    for (&number, &reached) in lines {
        match ranges.last_mut() {
            Some((_, end)) if !reached && last_missed => *end = number,
            _ if !reached => ranges.push((number, number)),
            _ => {}
        }
        last_missed = !reached;
    }
    let ranges = ranges.iter().map(|(from, to)| match from == to {
        true => from.to_string(),
        false => format!("{from}-{to}"),
    });
    let name = file.split_once("/crates/").map_or(file, |(_, name)| name);
    println!("  {name}: {}", ranges.collect::<Vec<_>>().join(" "));
}

/// A tool of LLVM, of the compiler's own version.
fn llvm(name: &str) -> Result<Command> {
    let output = Command::new("rustc").args(["--print", "target-libdir"]).output()?;
    let libraries = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    Ok(Command::new(libraries.with_file_name("bin").join(name)))
}
