//! `cargo xtask sanitize address|thread`: tests of the C boundary on a library that the compiler's
//! sanitizer watches. ThreadSanitizer takes minutes more and needs the standard library built anew
//! (`rustup component add rust-src`), so CI runs AddressSanitizer alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Result, dist, root, run};

/// The only target that it is tried on.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Tests whose programs run on a library that AddressSanitizer watches.
const WATCHED: [&str; 3] = ["checked", "surface", "drivers"];

/// Programs for ThreadSanitizer that need no server; the others get its URL.
const ALONE: [&str; 3] = ["options", "memory", "printf"];

/// Builds the library and runs tests on it; `url`, for threads, is one of a server that answers
/// `/cookie`, and without it only those programs run that need none.
pub fn sanitize(kind: &str, url: Option<&str>) -> Result<()> {
    match kind {
        "address" => address(),
        "thread" => thread(url),
        other => Err(format!("sanitize: no sanitizer named {other}").into()),
    }
}

/// The tests of the C boundary, on a shared library with the C compiler's runtime: any program can
/// load it, and one that was built for the sanitizer is watched itself.
fn address() -> Result<()> {
    let dir = root().join("target/asan");
    let archive = archive("address", &dir, &[], "")?;
    dist::link(&archive, &dir, "-lasan")?;
    let mut test = Command::new("cargo");
    test.current_dir(root()).args(["test", "-q", "-p", "tress-tests"]);
    test.args(WATCHED.iter().flat_map(|name| ["--test", name]));
    test.env("TRESS_LIB", dir.join("lib")).env("TRESS_SANITIZED", "1");
    run(&mut test)
}

/// A few programs of many threads, linked with the library as a whole.
fn thread(url: Option<&str>) -> Result<()> {
    let dir = root().join("target/tsan");
    let further = " -Cunsafe-allow-abi-mismatch=sanitizer";
    let library = archive("thread", &dir, &["-Zbuild-std"], further)?;
    for name in ALONE {
        let mut command = Command::new(program(name, &library, &dir)?);
        // Some options name files that are written.
        run(command.current_dir(&dir).stdout(Stdio::null()).stderr(Stdio::inherit()))?;
    }
    if let Some(url) = url {
        let threads = program("threads", &library, &dir)?;
        for locks in [&[][..], &["locks"]] {
            run(Command::new(&threads).args([url, "12", "300"]).args(locks))?;
        }
    }
    Ok(())
}

/// Builds the static library with a sanitizer, in this target directory.
fn archive(kind: &str, target: &Path, rebuilt: &[&str], further: &str) -> Result<PathBuf> {
    let mut build = Command::new("cargo");
    build.current_dir(root()).args(["build", "-p", "tress-libcurl", "--profile", "quick"]);
    build.args(["--target", TARGET, "--target-dir"]).arg(target).args(rebuilt);
    build.env("RUSTC_BOOTSTRAP", "1").env("CFLAGS", format!("-fsanitize={kind}"));
    run(build.env("RUSTFLAGS", format!("-Zsanitizer={kind}{further}")))?;
    Ok(target.join(TARGET).join("quick/libtress_libcurl.a"))
}

/// A program of `tests/c`, linked with the library and the Rust compiler's ThreadSanitizer.
fn program(name: &str, library: &Path, dir: &Path) -> Result<PathBuf> {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output()?.stdout;
    let sysroot = PathBuf::from(String::from_utf8(sysroot)?.trim());
    let runtimes = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    let runtime = runtimes.join("librustc-stable_rt.tsan.a");
    let (object, out) = (dir.join(format!("{name}.o")), dir.join(name));
    let source = root().join("tests/c").join(format!("{name}.c"));
    let mut compile = Command::new("clang");
    compile.args(["-O1", "-g", "-w", "-fsanitize=thread", "-c", "-I"]);
    run(compile.arg(root().join("product/include")).arg("-o").args([&object, &source]))?;
    let mut link = Command::new("clang");
    link.arg("-o").args([&out, &object]).arg("-Wl,--whole-archive").arg(runtime);
    link.arg("-Wl,--no-whole-archive").arg(library).arg("-Wl,--export-dynamic");
    run(link.args(["-lpthread", "-lm", "-ldl", "-lrt", "-lresolv", "-lgcc_s"]))?;
    Ok(out)
}
