//! Links the static libcurl 8.22 of `curl-sys` into a shared library, so that any program can
//! run on it as the reference: `OUT_DIR/reference/libcurl.so.4`.
use std::path::{Path, PathBuf};
use std::process::Command;

/// Programs of Debian ask for symbols of this node.
const NODE: &str = "CURL_OPENSSL_4 { global: curl_*; local: *; };\n";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let root = PathBuf::from(std::env::var("DEP_CURL_ROOT").expect("curl-sys tells its root"));
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("OUT_DIR")).join("reference");
    std::fs::create_dir_all(&out).expect("directory for the reference library");
    export(&root.join("build/libcurl.a"), &out);
    println!("cargo:rustc-env=TRESS_REFERENCE_DIR={}", out.display());
    println!("cargo:rustc-env=TRESS_REFERENCE_INCLUDE={}", root.join("include").display());
}

/// The archive's functions have hidden visibility: each gets another name there, and a jump to it
/// has its public name.
fn export(archive: &Path, out: &Path) {
    let names = public_names(archive);
    let file = |name: &str, text: String| {
        let path = out.join(name);
        std::fs::write(&path, text).expect("a file in OUT_DIR");
        path
    };
    let redefine = file("renames", names.iter().map(|n| format!("{n} hidden_{n}\n")).collect());
    let jump = |n: &String| format!(".globl {n}\n.type {n},@function\n{n}: jmp hidden_{n}\n");
    let jumps = names.iter().map(jump).collect::<String>();
    let jumps = file("jumps.s", format!(".section .note.GNU-stack,\"\",@progbits\n.text\n{jumps}"));
    let nodes = file("nodes", NODE.into());
    let renamed = out.join("renamed.a");
    run(Command::new("objcopy").arg("--redefine-syms").args([&redefine, archive, &renamed]));
    run(Command::new("cc")
        .args(["-shared", "-Wl,-soname,libcurl.so.4", "-o"])
        .arg(out.join("libcurl.so.4"))
        .arg(format!("-Wl,--version-script={}", nodes.display()))
        .arg(jumps)
        .arg(renamed)
        .args(["-lz", "-lpthread"]));
}

fn public_names(archive: &Path) -> Vec<String> {
    let out = Command::new("nm").args(["-g", "--defined-only"]).arg(archive).output();
    let out = out.expect("nm runs");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let name = |l: &str| Some(l.split_once(" T ")?.1.to_string());
    text.lines().filter_map(name).filter(|n| n.starts_with("curl_")).collect()
}

fn run(command: &mut Command) {
    let status = command.status();
    assert!(status.is_ok_and(|s| s.success()), "{command:?} failed");
}
