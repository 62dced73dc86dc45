//! Cargo wants a build script of a package that says what it links; the library is a crate here.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
}
