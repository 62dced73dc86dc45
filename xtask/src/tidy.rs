//! `cargo xtask tidy`: rules of the repository that the compiler does not know.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{
    Result, bindings, dependencies, headers, limits, matrix, planted, root, vulnerabilities,
};

/// Longest source file, in lines; tables may be longer.
const MAX_LINES: usize = 700;

/// Which rings a crate may use.
const RINGS: [(&str, &[&str]); 12] = [
    ("crates/model", &[]),
    ("crates/proto", &["tress-model"]),
    ("crates/net", &["tress-model", "tress-proto"]),
    ("crates/engine", &["tress-model", "tress-proto", "tress-net"]),
    ("crates/sim", &["tress-model", "tress-proto", "tress-net", "tress-engine"]),
    ("crates/tress", &["tress-model", "tress-proto", "tress-net", "tress-engine"]),
    ("crates/capi", &["tress-model", "tress-proto", "tress-net", "tress-engine"]),
    ("crates/cli", &["tress"]),
    ("product/libcurl", &["tress-capi"]),
    ("product/demo-peer", &[]),
    ("product/curl-sys", &["tress-capi"]),
    ("xtask", &[]),
];

/// Where `unsafe` may be.
const UNSAFE_CRATES: [&str; 4] =
    ["crates/capi", "product/libcurl", "product/demo-peer", "product/curl-sys"];

/// A safety comment stands at most so many lines above what it is about.
const COMMENT_REACH: usize = 8;

/// Checks every rule; the error lists all that is broken.
pub fn tidy() -> Result<()> {
    let mut broken = Vec::new();
    for fresh in [headers::check(), bindings::check(), matrix::check()] {
        if let Err(stale) = fresh {
            broken.push(stale.to_string());
        }
    }
    for (dir, allowed) in RINGS {
        check_ring(dir, allowed, &mut broken)?;
        check_unsafe_forbidden(dir, &mut broken)?;
    }
    for file in sources()? {
        let text = fs::read_to_string(root().join(&file))?;
        check_length(&file, &text, &mut broken);
        check_safety_comments(&file, &text, &mut broken);
    }
    dependencies::check(&mut broken)?;
    limits::check(&mut broken)?;
    planted::check(&mut broken)?;
    vulnerabilities::check(&mut broken)?;
    if broken.is_empty() { Ok(()) } else { Err(broken.join("\n").into()) }
}

/// Rings use those within them, never the ones around (ARCHITECTURE.md).
fn check_ring(dir: &str, allowed: &[&str], broken: &mut Vec<String>) -> Result<()> {
    let Ok(manifest) = fs::read_to_string(root().join(dir).join("Cargo.toml")) else {
        return Ok(());
    };
    let mut section = "";
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        }
        let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
        let is_ring = name == "tress" || name.starts_with("tress-");
        if section == "[dependencies]" && is_ring && !allowed.contains(&name) {
            broken.push(format!("{dir}/Cargo.toml: {name} is not a ring within this one"));
        }
    }
    Ok(())
}

/// Every other crate says `forbid(unsafe_code)`.
fn check_unsafe_forbidden(dir: &str, broken: &mut Vec<String>) -> Result<()> {
    if UNSAFE_CRATES.contains(&dir) {
        return Ok(());
    }
    for name in ["src/lib.rs", "src/main.rs"] {
        let Ok(text) = fs::read_to_string(root().join(dir).join(name)) else { continue };
        if !text.contains("#![forbid(unsafe_code)]") {
            broken.push(format!("{dir}/{name}: #![forbid(unsafe_code)] is missing"));
        }
    }
    Ok(())
}

fn check_length(file: &Path, text: &str, broken: &mut Vec<String>) {
    let lines = text.lines().count();
    if lines > MAX_LINES && !file.starts_with("crates/capi/src/tables") {
        broken.push(format!("{}: {lines} lines, more than {MAX_LINES}", file.display()));
    }
}

/// Each unsafe block and each unsafe implementation says why it is sound.
fn check_safety_comments(file: &Path, text: &str, broken: &mut Vec<String>) {
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let is_unsafe =
            code.contains(concat!("unsafe", " {")) || code.contains(concat!("unsafe", " impl"));
        let above = lines.get(at.saturating_sub(COMMENT_REACH)..=at).unwrap_or_default();
        if is_unsafe && !above.iter().any(|line| line.contains("SAFETY")) {
            broken.push(format!("{}:{}: unsafe without a SAFETY comment", file.display(), at + 1));
        }
    }
}

/// Every Rust file of ours, from the repository's root.
fn sources() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut dirs: Vec<PathBuf> = ["crates", "product", "xtask", "tests"].map(PathBuf::from).into();
    while let Some(dir) = dirs.pop() {
        let Ok(entries) = fs::read_dir(root().join(&dir)) else { continue };
        for entry in entries {
            let entry = entry?;
            let path = dir.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                if entry.file_name() != "target" {
                    dirs.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        if let Err(broken) = tidy() {
            panic!("{broken}");
        }
    }

    #[test]
    fn an_unexplained_block_is_seen() {
        let text = concat!("fn a() {\n    unsafe", " { b() }\n}\n");
        let mut broken = Vec::new();
        check_safety_comments(Path::new("a.rs"), text, &mut broken);
        assert_eq!(broken, ["a.rs:2: unsafe without a SAFETY comment"]);
    }
}
