//! `cargo xtask sanitize address|thread`: the C programs of the tests on a library that the compiler's
//! sanitizer watches. Takes minutes, so it is no part of the tests. ThreadSanitizer needs the standard
//! library built anew (`rustup component add rust-src`).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Result, root, run};

/// The only target that it is tried on.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Programs that need no server; the others get its URL.
const ALONE: [&str; 3] = ["options", "memory", "printf"];

/// Builds the library and runs the programs; `url` is one of a server that answers `/cookie`, and
/// without it only those run that need none.
pub fn sanitize(kind: &str, url: Option<&str>) -> Result<()> {
    let (runtime, rebuilt, further) = match kind {
        "address" => ("asan", &[][..], ""),
        "thread" => ("tsan", &["-Zbuild-std"][..], " -Cunsafe-allow-abi-mismatch=sanitizer"),
        other => return Err(format!("sanitize: no sanitizer named {other}").into()),
    };
    let target = root().join("target").join(runtime);
    let mut build = Command::new("cargo");
    build.current_dir(root()).args(["build", "-p", "tress-libcurl", "--profile", "quick"]);
    build.args(["--target", TARGET, "--target-dir"]).arg(&target).args(rebuilt);
    build.env("RUSTC_BOOTSTRAP", "1").env("CFLAGS", format!("-fsanitize={kind}"));
    run(build.env("RUSTFLAGS", format!("-Zsanitizer={kind}{further}")))?;
    let library = target.join(TARGET).join("quick/libtress_libcurl.a");
    for name in ALONE {
        let mut command = Command::new(program(name, kind, &library, &target)?);
        // Some options name files that are written.
        run(command.current_dir(&target).stdout(Stdio::null()).stderr(Stdio::inherit()))?;
    }
    if let Some(url) = url {
        let threads = program("threads", kind, &library, &target)?;
        for locks in [&[][..], &["locks"]] {
            run(Command::new(&threads).args([url, "12", "300"]).args(locks))?;
        }
    }
    Ok(())
}

/// A program of `tests/c`, linked with the library and the sanitizer's runtime of the Rust compiler.
fn program(name: &str, kind: &str, library: &Path, dir: &Path) -> Result<PathBuf> {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output()?.stdout;
    let sysroot = PathBuf::from(String::from_utf8(sysroot)?.trim());
    let short = if kind == "address" { "asan" } else { "tsan" };
    let runtimes = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    let runtime = runtimes.join(format!("librustc-stable_rt.{short}.a"));
    let (object, out) = (dir.join(format!("{name}.o")), dir.join(name));
    let source = root().join("tests/c").join(format!("{name}.c"));
    let mut compile = Command::new("clang");
    compile.args(["-O1", "-g", "-w", &format!("-fsanitize={kind}"), "-c", "-I"]);
    run(compile.arg(root().join("product/include")).arg("-o").args([&object, &source]))?;
    let mut link = Command::new("clang");
    link.arg("-o").args([&out, &object]).arg("-Wl,--whole-archive").arg(runtime);
    link.arg("-Wl,--no-whole-archive").arg(library).arg("-Wl,--export-dynamic");
    run(link.args(["-lpthread", "-lm", "-ldl", "-lrt", "-lresolv", "-lgcc_s"]))?;
    Ok(out)
}
