//! Compiles the C functions with variable arguments, which Rust cannot define; tells the version
//! of rustls and the target to the code.

const FILES: [&str; 4] = ["arguments", "setopt", "formadd", "printf"];

fn main() {
    let mut build = cc::Build::new();
    for file in FILES {
        build.file(format!("src/shim/{file}.c"));
    }
    build.flag("-ffunction-sections").flag("-fvisibility=hidden").warnings(true);
    build.opt_level(2).compile("tress_shim");
    println!("cargo:rerun-if-changed=src/shim");
    println!("cargo:rustc-env=TRESS_TARGET={}", std::env::var("TARGET").unwrap_or_default());
    println!("cargo:rustc-env=TRESS_RUSTLS={}", rustls_version().unwrap_or("0.23".into()));
}

/// As the lock file of the workspace has it.
fn rustls_version() -> Option<String> {
    const LOCK: &str = "../../Cargo.lock";
    println!("cargo:rerun-if-changed={LOCK}");
    let lock = std::fs::read_to_string(LOCK).ok()?;
    let (_, rest) = lock.split_once("name = \"rustls\"\nversion = \"")?;
    Some(rest.split_once('"')?.0.to_owned())
}
