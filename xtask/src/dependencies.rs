//! What the lock file names may be named: the licences of `deny.toml`, one registry, one version of
//! each package but for a listed few. What `cargo deny` asks of advisories needs the network, and is
//! a task for whoever releases.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::{Result, root};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Packages that come in two versions, as others want them so.
const TWICE: [&str; 10] = [
    "base64",
    "chacha20",
    "cpufeatures",
    "getrandom",
    "rand_core",
    "syn",
    "synstructure",
    "thiserror",
    "thiserror-impl",
    "windows-sys",
];

/// Checks the packages of the workspace's lock file.
pub fn check(broken: &mut Vec<String>) -> Result<()> {
    let rules = std::fs::read_to_string(root().join("deny.toml"))?;
    let allowed = list(&rules, "allow = [");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--format-version", "1", "--locked"];
    let out = Command::new(cargo).args(arguments).current_dir(root()).output()?;
    if !out.status.success() {
        return Err(String::from_utf8_lossy(&out.stderr).into());
    }
    let all: Value = serde_json::from_slice(&out.stdout)?;
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    for package in all["packages"].as_array().into_iter().flatten() {
        let text = |key: &str| package[key].as_str().unwrap_or_default();
        let (name, licence, source) = (text("name"), text("license"), text("source"));
        *versions.entry(name).or_default() += 1;
        if !is_allowed(licence, &allowed) {
            broken.push(format!("{name}: no licence of deny.toml in '{licence}'"));
        }
        if !source.is_empty() && source != REGISTRY {
            broken.push(format!("{name} comes from {source}"));
        }
    }
    let twice = versions.iter().filter(|(name, count)| **count > 1 && !TWICE.contains(*name));
    broken.extend(twice.map(|(name, count)| format!("{name} is there in {count} versions")));
    Ok(())
}

/// The strings in the brackets that `begin` opens.
fn list(rules: &str, begin: &str) -> Vec<String> {
    let inside = rules.lines().find_map(|line| line.strip_prefix(begin)).unwrap_or_default();
    inside.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Can an SPDX expression be met with licences of the list? `AND` binds closer than `OR`; old
/// manifests have a slash for `OR`.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ");
    let mut rest = expression.as_str();
    any(&mut rest, allowed) && rest.trim().is_empty()
}

fn any(rest: &mut &str, allowed: &[String]) -> bool {
    let mut met = every(rest, allowed);
    while let Some(more) = rest.trim_start().strip_prefix("OR ") {
        *rest = more;
        met |= every(rest, allowed);
    }
    met
}

fn every(rest: &mut &str, allowed: &[String]) -> bool {
    let mut met = one(rest, allowed);
    while let Some(more) = rest.trim_start().strip_prefix("AND ") {
        *rest = more;
        met &= one(rest, allowed);
    }
    met
}

fn one(rest: &mut &str, allowed: &[String]) -> bool {
    *rest = rest.trim_start();
    if let Some(inside) = rest.strip_prefix('(') {
        *rest = inside;
        let met = any(rest, allowed);
        *rest = rest.trim_start().strip_prefix(')').unwrap_or(rest);
        return met;
    }
    let end = [" OR ", " AND ", ")"].iter().filter_map(|stop| rest.find(stop)).min();
    let (name, more) = rest.split_at(end.unwrap_or(rest.len()));
    *rest = more;
    allowed.iter().any(|allowed| allowed == name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_of_licences() {
        let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        for good in [
            "MIT",
            "GPL-2.0 OR MIT",
            "MIT/Apache-2.0",
            "(GPL-2.0 OR MIT) AND ISC",
            "GPL-2.0 AND ISC OR MIT",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
        ] {
            assert!(is_allowed(good, &allowed), "{good}");
        }
        for bad in ["", "GPL-2.0", "MIT AND GPL-2.0", "(MIT OR ISC) AND GPL-2.0", "Apache-2.0"] {
            assert!(!is_allowed(bad, &allowed), "{bad}");
        }
    }
}
