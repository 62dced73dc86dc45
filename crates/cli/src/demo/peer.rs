//! The program that drives the system's libcurl, which stands beside this one.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const NAME: &str = "tress-demo-peer";

/// Where it is: beside `tress`, or where an installation has it. Under `cargo run` it is built,
/// since cargo builds just the program that it runs.
pub fn program(tress: &Path) -> Result<PathBuf, String> {
    let beside = tress.with_file_name(NAME);
    let installed = tress.parent().and_then(Path::parent).map(|prefix| prefix.join("libexec"));
    let installed = installed.map(|dir| dir.join("tress").join(NAME));
    if let Some(cargo) =
        env::var_os("CARGO").filter(|_| env::var_os("CARGO_MANIFEST_DIR").is_some())
    {
        build(Command::new(cargo), tress);
    }
    let found = [Some(beside), installed].into_iter().flatten().find(|path| path.is_file());
    found.ok_or_else(|| format!("{NAME} is not there (cargo build --release -p {NAME})"))
}

/// With the profile that `tress` itself was built with: its directory's name.
fn build(mut cargo: Command, tress: &Path) {
    let dir = tress.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let profile = dir.map_or("dev", |dir| if dir == "debug" { "dev" } else { dir });
    cargo.args(["build", "--quiet", "--package", NAME, "--profile", profile]);
    // Whether that went well is seen by the program being there.
    let _ = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).status();
}
