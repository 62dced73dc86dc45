//! Compiles the C functions with variable arguments, which Rust cannot define.

const FILES: [&str; 4] = ["arguments", "setopt", "formadd", "printf"];

fn main() {
    let mut build = cc::Build::new();
    for file in FILES {
        build.file(format!("src/shim/{file}.c"));
    }
    build.flag("-ffunction-sections").flag("-fvisibility=hidden").warnings(true);
    build.opt_level(2).compile("tress_shim");
    println!("cargo:rerun-if-changed=src/shim");
}
