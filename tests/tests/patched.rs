//! Rust programs that use the crate `curl`, put on Tress by one line of `[patch]`: `tests/patched`.
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use tress_tests::peers::Apache;
use tress_tests::{Library, Outcome, Program, Server, here, library};

/// Cargo's way: a multi handle that is asked for HTTP/2 over one connection for each host.
#[test]
fn cargos_way_of_use() {
    let apache = Apache::start("");
    let small = line("small", &apache.file("small", 1000));
    let large = line("large", &apache.file("large", 300_000));
    let ca = apache.authority.path("ca.pem");
    let names = ["small", "large", "small", "none", "large", "small"];
    let base = apache.url("");
    let out = run("cargo", &[&[base.as_str(), ca.as_str()], &names[..]].concat());
    let lines: Vec<&str> = out.stdout.split_inclusive('\n').collect();
    assert_eq!(lines.len(), names.len() + 1, "{out:?}");
    for (line, name) in lines.iter().zip(names) {
        match name {
            "small" => assert_eq!(*line, small),
            "large" => assert_eq!(*line, large),
            _ => assert!(line.starts_with("none 404 "), "{line}"),
        }
    }
    assert_eq!(lines[names.len()], "connections 1, progress true\n");
}

/// What the program says of a file.
fn line(name: &str, body: &[u8]) -> String {
    let sum = body.iter().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()));
    format!("{name} 200 {} {sum:08x} headers true\n", body.len())
}

#[test]
fn isahc() {
    let (apache, server) = (Apache::start(""), Server::start());
    apache.file("large", 300_000);
    let ca = apache.authority.path("ca.pem");
    let out = run("isahc", &[&apache.url(""), &ca, &server.base()]);
    let wanted = "true\nmany at once\n200000 bytes\n5 after a dropped one\nuntrusted: true\n";
    assert_eq!((out.code, out.stdout.as_str()), (0, wanted), "{}", out.stderr);
}

fn run(program: &str, arguments: &[&str]) -> Outcome {
    let path = built().join(program);
    // Tress is linked in; no library is chosen.
    Program::new(&Library::system(), path).args(arguments).run()
}

/// Builds the project, which is no part of this workspace, in a directory of its own.
fn built() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target = library::target().join("patched");
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--quiet", "--locked"]).current_dir(here().join("patched"));
        let status = cargo.arg("--target-dir").arg(&target).status().expect("cargo");
        assert!(status.success(), "cargo build in tests/patched");
        target.join("debug")
    })
}
