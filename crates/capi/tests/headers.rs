//! The headers of `product/include`, as C and C++ compilers see them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const C_STANDARDS: [&str; 5] = ["c89", "c99", "c11", "c17", "c2x"];
const CPP_STANDARDS: [&str; 3] = ["c++98", "c++11", "c++17"];

#[test]
fn a_right_program_compiles_without_a_warning() {
    for (compilers, language, standards) in
        [(["gcc", "clang"], "c", &C_STANDARDS[..]), (["g++", "clang++"], "c++", &CPP_STANDARDS[..])]
    {
        for compiler in compilers.into_iter().filter(|compiler| is_there(compiler)) {
            for standard in standards {
                let strict =
                    [&format!("-std={standard}"), "-pedantic", "-Wall", "-Wextra", "-Werror"];
                let output = compiled(compiler, language, "every_kind.c", &strict);
                let errors = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{compiler} {standard}: {errors}");
            }
        }
    }
}

#[test]
fn wrong_types_and_deprecated_names_are_warned_of() {
    let source = std::fs::read_to_string(program("wrong_types.c")).unwrap();
    let statements = source.lines().filter(|line| line.starts_with("  curl_")).count();
    for compiler in ["gcc", "clang"].into_iter().filter(|compiler| is_there(compiler)) {
        let output = compiled(compiler, "c", "wrong_types.c", &["-O1"]);
        let warnings = String::from_utf8_lossy(&output.stderr).matches(" expects a").count();
        // The last statement's warning is of the deprecation, and names no type.
        assert_eq!(warnings, statements - 1, "{compiler}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("CURLOPT_UPLOAD"), "{compiler}");
    }
}

fn compiled(compiler: &str, language: &str, source: &str, flags: &[&str]) -> Output {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../product/include");
    let mut command = Command::new(compiler);
    command.args(["-x", language]).args(flags).arg("-I").arg(include);
    command.args(["-c", "-o", "/dev/null"]).arg(program(source)).output().unwrap()
}

fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c").join(name)
}

fn is_there(compiler: &str) -> bool {
    Command::new(compiler).arg("--version").output().is_ok_and(|output| output.status.success())
}
