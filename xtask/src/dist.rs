//! `cargo xtask dist`: the libraries, headers and helpers of a libcurl installation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::exports::{self, function_names};
use crate::{Result, headers, release, root, run};

/// A shared library as some distribution names it.
pub struct Flavour {
    /// File name and SONAME.
    pub file: &'static str,
    /// The version node of its symbols.
    pub node: &'static str,
    /// What `tress_flavour` is in it; 0 is the library's own default.
    number: u8,
}

/// Every flavour.
pub const FLAVOURS: [Flavour; 2] = [
    Flavour { file: "libcurl.so.4", node: "CURL_OPENSSL_4", number: 0 },
    Flavour { file: "libcurl-gnutls.so.4", node: "CURL_GNUTLS_3", number: 1 },
];

/// What the Rust standard library and the resolver's threads need of the system.
pub const SYSTEM_LIBRARIES: [&str; 4] = ["-lgcc_s", "-lpthread", "-lm", "-lc"];

/// For the linker: without symbols that only a debugger wants.
const STRIPPED: &str = "-Wl,-s";

/// Builds everything with `profile` and puts it under `target/dist`; with `test_hooks` the library
/// does what curl's own suite asks for by environment variables, and stands apart.
pub fn dist(profile: &str, test_hooks: bool) -> Result<PathBuf> {
    let built = build(profile, &["tress-libcurl", "tress-cli", "tress-demo-peer"], test_hooks)?;
    let name = if test_hooks { "dist-test-hooks" } else { "dist" };
    let dist = root().join("target").join(name);
    for dir in ["lib/pkgconfig", "bin", "libexec/tress", "include/curl", "scratch"] {
        fs::create_dir_all(dist.join(dir))?;
    }
    let archive = built.join("libtress_libcurl.a");
    for flavour in &FLAVOURS {
        shared_library(flavour, &archive, &dist, STRIPPED)?;
    }
    let link = dist.join("lib/libcurl.so");
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink("libcurl.so.4", link)?;
    static_library(&archive, &dist)?;
    fs::remove_dir_all(dist.join("scratch"))?;
    for (name, text) in headers::all()? {
        fs::write(dist.join("include/curl").join(name), text)?;
    }
    for (program, dir) in [("tress", "bin"), ("tress-demo-peer", "libexec/tress")] {
        // A program that runs keeps its file; the new one takes the name.
        let file = dist.join(dir).join(program);
        let _ = fs::remove_file(&file);
        fs::copy(built.join(program), file)?;
    }
    documents(&dist)?;
    release::write(&dist, &dist)?;
    Ok(dist)
}

/// What the command tells of itself, and where that is looked for.
pub const DOCUMENTS: [(&str, &str); 4] = [
    ("man", "share/man/man1/tress.1"),
    ("bash", "share/bash-completion/completions/tress"),
    ("zsh", "share/zsh/site-functions/_tress"),
    ("fish", "share/fish/vendor_completions.d/tress.fish"),
];

/// The manual page and the completions of the command.
fn documents(dist: &Path) -> Result<()> {
    for (what, place) in DOCUMENTS {
        let made = Command::new(dist.join("bin/tress")).args(["generate", what]).output()?;
        if !made.status.success() {
            return Err(format!("tress generate {what}: {}", made.status).into());
        }
        let file = dist.join(place);
        fs::create_dir_all(file.parent().unwrap_or(dist))?;
        fs::write(file, made.stdout)?;
    }
    Ok(())
}

/// Builds with `profile` the shared library alone, under its usual name, in `dir/lib`.
pub fn library(profile: &str, dir: &Path) -> Result<PathBuf> {
    let built = build(profile, &["tress-libcurl"], false)?;
    link(&built.join("libtress_libcurl.a"), dir, STRIPPED)
}

/// Links the shared library alone, under its usual name, of this archive; `last` is for the linker.
pub fn link(archive: &Path, dir: &Path, last: &str) -> Result<PathBuf> {
    for place in ["lib", "scratch"] {
        fs::create_dir_all(dir.join(place))?;
    }
    shared_library(&FLAVOURS[0], archive, dir, last)
}

/// Puts what `dist` made under `prefix`.
pub fn install(profile: &str, prefix: &Path) -> Result<()> {
    let dist = dist(profile, false)?;
    fs::create_dir_all(prefix)?;
    let prefix = prefix.canonicalize()?;
    for dir in ["lib", "bin", "libexec", "include", "share"] {
        run(Command::new("cp").arg("-a").arg(dist.join(dir)).arg(&prefix))?;
    }
    release::write(&prefix, &prefix)
}

/// The directory with what cargo built.
fn build(profile: &str, packages: &[&str], test_hooks: bool) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(root()).arg("build");
    build.args(packages.iter().flat_map(|package| ["-p", package]));
    if test_hooks {
        build.args(["--features", "tress-libcurl/test-hooks"]);
    }
    run(build.args(["--profile", profile]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root().join("target"), PathBuf::from);
    Ok(target.join(if profile == "dev" { "debug" } else { profile }))
}

/// Links a flavour into `dist/lib`.
fn shared_library(flavour: &Flavour, archive: &Path, dist: &Path, last: &str) -> Result<PathBuf> {
    let scratch = dist.join("scratch");
    let script = scratch.join("exports.map");
    fs::write(&script, version_script(flavour.node))?;
    let source = scratch.join("flavour.c");
    fs::write(&source, format!("const int tress_flavour = {};\n", flavour.number))?;
    let mut link = compiler();
    link.args(["-shared", "-fPIC", "-fvisibility=hidden", "-O2", "-o"]);
    // Replaced as a whole: a program may have the old file mapped.
    let file = dist.join("lib").join(flavour.file);
    let _ = fs::remove_file(&file);
    link.arg(&file).arg(format!("-Wl,-soname,{}", flavour.file)).arg(source);
    link.arg("-Wl,--whole-archive").arg(archive).arg("-Wl,--no-whole-archive");
    link.arg(format!("-Wl,--version-script,{}", script.display()));
    link.args(["-Wl,--gc-sections", "-Wl,-Bsymbolic", "-Wl,-O1", "-Wl,--as-needed", last]);
    // Worker threads may outlive a dlclose: the code must stay.
    link.args(["-Wl,-z,relro,-z,now", "-Wl,-z,nodelete", "-Wl,-z,defs"]);
    run(link.args(SYSTEM_LIBRARIES))?;
    exports::check(&file, flavour.file, flavour.node)?;
    Ok(file)
}

/// One object in which only the public functions are visible: two Rust programs linked into one
/// would else have the standard library twice.
fn static_library(archive: &Path, dist: &Path) -> Result<()> {
    let scratch = dist.join("scratch");
    let names = scratch.join("exports");
    fs::write(&names, function_names().map(|name| format!("{name}\n")).collect::<String>())?;
    let object = scratch.join("libcurl.o");
    let mut link = compiler();
    link.args(["-r", "-nostdlib", "-Wl,--gc-sections", "-o"]).arg(&object);
    for name in function_names() {
        link.arg(format!("-Wl,-u,{name}"));
    }
    run(link.arg(archive))?;
    // The compiler's bitcode is of no use to a C linker, and some versions of `ar` die of it.
    let bitcode = ["-R", ".llvmbc", "-R", ".llvmcmd"];
    run(Command::new("objcopy")
        .args(bitcode)
        .arg("--strip-debug")
        .arg("--keep-global-symbols")
        .arg(names)
        .arg(&object))?;
    let library = dist.join("lib/libcurl.a");
    let _ = fs::remove_file(&library);
    run(Command::new("ar").arg("rcs").arg(library).arg(object))
}

fn compiler() -> Command {
    Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
}

fn version_script(node: &str) -> String {
    let names: String = function_names().map(|name| format!("    {name};\n")).collect();
    format!("{node} {{\n  global:\n{names}  local:\n    *;\n}};\n")
}
