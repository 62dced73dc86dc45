//! Building the C programs of `tests/c`.
use crate::library::{is_sanitized, target};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// One compiler at a time, so that two tests never write the same program.
static COMPILER: Mutex<()> = Mutex::new(());

/// Compiles `tests/c/NAME.c` against the public headers and the system's `-lcurl`; `packages` are
/// names for pkg-config, or `-lNAME` as it stands.
pub fn program(name: &str, packages: &[&str]) -> PathBuf {
    let _one = COMPILER.lock().unwrap_or_else(|e| e.into_inner());
    let source = crate::here().join("c").join(format!("{name}.c"));
    let out = directory().join(name);
    let header = |name| crate::here().join("c").join(name);
    let inputs = [source.clone(), header("common.h"), header("random.h")];
    if inputs.iter().all(|i| newer(&out, i)) {
        return out;
    }
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-g", "-Wall", "-Wextra", "-Werror"]);
    // Deprecated options are tested too, and NULL where none belongs.
    cc.args(["-Wno-deprecated-declarations", "-Wno-nonnull", "-o"]).arg(&out).arg(&source);
    if is_sanitized() {
        cc.arg("-fsanitize=address");
    }
    for package in packages {
        if package.starts_with("-l") {
            cc.arg(package);
        } else {
            cc.args(pkg_config(package));
        }
    }
    // Linked with a library that has no version nodes, a program runs on every one.
    cc.arg("-L").arg(env!("TRESS_REFERENCE_DIR"));
    cc.arg("-I").arg(env!("TRESS_REFERENCE_INCLUDE"));
    cc.arg("-l:libcurl.so.4");
    run(&mut cc);
    out
}

/// Compiles `tests/c/NAME.c` into a shared object for `LD_PRELOAD`.
pub fn preload(source: &Path) -> PathBuf {
    let _one = COMPILER.lock().unwrap_or_else(|e| e.into_inner());
    let stem = source.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let out = directory().join(format!("{stem}.so"));
    if newer(&out, source) {
        return out;
    }
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O2", "-w", "-o"]).arg(&out).arg(source);
    cc.arg("-I").arg(env!("TRESS_REFERENCE_INCLUDE")).arg("-ldl");
    run(&mut cc);
    out
}

/// The shim that drives every `curl_easy_perform` through `curl_multi_socket_action`.
pub fn evshim() -> PathBuf {
    preload(&crate::here().join("c/evshim.c"))
}

fn directory() -> PathBuf {
    let dir = target().join(if is_sanitized() { "tests-c-sanitized" } else { "tests-c" });
    std::fs::create_dir_all(&dir).expect("directory for C programs");
    dir
}

fn newer(out: &Path, source: &Path) -> bool {
    let time = |p: &Path| p.metadata().and_then(|m| m.modified()).ok();
    matches!((time(out), time(source)), (Some(o), Some(s)) if o > s)
}

fn pkg_config(package: &str) -> Vec<String> {
    let out = Command::new("pkg-config").args(["--cflags", "--libs", package]).output();
    let out = out.expect("pkg-config runs");
    assert!(out.status.success(), "pkg-config knows no {package}");
    String::from_utf8_lossy(&out.stdout).split_whitespace().map(str::to_string).collect()
}

fn run(cc: &mut Command) {
    let out = cc.output().expect("cc runs");
    assert!(out.status.success(), "{cc:?}\n{}", String::from_utf8_lossy(&out.stderr));
}
