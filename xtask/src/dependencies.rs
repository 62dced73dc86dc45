//! What the lock file names may be named: the licences of `deny.toml`, one registry, one version of
//! each package but for those listed there, none that is banned there. What `cargo deny` asks of
//! advisories needs their database, and is a task of CI and for whoever releases.

use std::collections::{BTreeMap, HashMap};
use std::process::Command;

use serde_json::Value;

use crate::{Result, root};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks the packages of the workspace's lock file.
pub fn check(broken: &mut Vec<String>) -> Result<()> {
    let rules = std::fs::read_to_string(root().join("deny.toml"))?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--format-version", "1", "--locked", "--all-features"];
    let out = Command::new(cargo).args(arguments).current_dir(root()).output()?;
    if !out.status.success() {
        return Err(String::from_utf8_lossy(&out.stderr).into());
    }
    let all: Value = serde_json::from_slice(&out.stdout)?;
    broken.extend(faults(&rules, &all)?);
    Ok(())
}

/// What the rules do not allow of the packages that `cargo metadata` tells.
fn faults(rules: &str, all: &Value) -> Result<Vec<String>> {
    let allowed = strings(line(rules, "allow = ")?);
    let twice = strings(line(rules, "skip = ")?);
    let mut broken = Vec::new();
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    for package in list(&all["packages"]) {
        let name = text(package, "name");
        let (licence, source) = (text(package, "license"), text(package, "source"));
        *versions.entry(name).or_default() += 1;
        if !is_allowed(licence, &allowed) {
            broken.push(format!("{name}: no licence of deny.toml in '{licence}'"));
        }
        if !source.is_empty() && source != REGISTRY {
            broken.push(format!("{name} comes from {source}"));
        }
    }
    let several = versions.iter().filter(|(name, count)| **count > 1 && !twice.contains(*name));
    broken.extend(several.map(|(name, count)| format!("{name} is there in {count} versions")));
    broken.extend(banned(line(rules, "deny = [{")?, all));
    Ok(broken)
}

/// Who depends on a package that is banned, but for those who are named with it.
fn banned(bans: &str, all: &Value) -> Vec<String> {
    let bans: Vec<_> = bans.split('{').map(strings).collect();
    let packages = list(&all["packages"]);
    let names: HashMap<_, _> = packages.map(|it| (text(it, "id"), text(it, "name"))).collect();
    let name = |id: &Value| id.as_str().and_then(|id| names.get(id)).copied().unwrap_or_default();
    let mut broken = Vec::new();
    for node in list(&all["resolve"]["nodes"]) {
        let who = name(&node["id"]);
        for needed in list(&node["dependencies"]).map(name) {
            let ban = bans.iter().find(|ban| ban[0] == needed);
            if ban.is_some_and(|ban| !ban[1..].contains(&who)) {
                broken.push(format!("{who} depends on {needed}, which deny.toml bans"));
            }
        }
    }
    broken
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// What follows in the line that begins so.
fn line<'a>(rules: &'a str, begin: &str) -> Result<&'a str> {
    let found = rules.lines().find_map(|line| line.strip_prefix(begin));
    found.ok_or_else(|| format!("deny.toml has no line '{begin}'").into())
}

/// The strings of a text in quotes.
fn strings(text: &str) -> Vec<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

/// Can an SPDX expression be met with licences of the list? `AND` binds closer than `OR`; old
/// manifests have a slash for `OR`.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let expression = expression.replace('/', " OR ");
    let mut rest = expression.as_str();
    any(&mut rest, allowed) && rest.trim().is_empty()
}

fn any(rest: &mut &str, allowed: &[&str]) -> bool {
    let mut met = every(rest, allowed);
    while let Some(more) = rest.trim_start().strip_prefix("OR ") {
        *rest = more;
        met |= every(rest, allowed);
    }
    met
}

fn every(rest: &mut &str, allowed: &[&str]) -> bool {
    let mut met = one(rest, allowed);
    while let Some(more) = rest.trim_start().strip_prefix("AND ") {
        *rest = more;
        met &= one(rest, allowed);
    }
    met
}

fn one(rest: &mut &str, allowed: &[&str]) -> bool {
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
    allowed.iter().any(|allowed| *allowed == name.trim())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_of_licences() {
        let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"];
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

    #[test]
    fn packages_that_the_rules_do_not_allow() {
        let rules = "allow = [\"MIT\"]\nskip = [\"twice\"]\n\
                     deny = [{ crate = \"bad\" }, { crate = \"loop\", wrappers = [\"one\"] }]\n";
        let told = |packages: &[(&str, &[&str])]| {
            let package = |(at, it): (usize, &(&str, _))| json!({ "id": at.to_string(), "name": it.0, "license": "MIT", "source": REGISTRY });
            let node = |(at, it): (usize, &(_, &[&str]))| json!({ "id": at.to_string(), "dependencies": it.1 });
            let all = json!({
                "packages": packages.iter().enumerate().map(package).collect::<Vec<_>>(),
                "resolve": { "nodes": packages.iter().enumerate().map(node).collect::<Vec<_>>() },
            });
            faults(rules, &all).unwrap().join("; ")
        };
        assert_eq!(told(&[("one", &["1"]), ("loop", &[]), ("twice", &[]), ("twice", &[])]), "");
        for who in ["other", "bad"] {
            let message = format!("{who} depends on loop, which deny.toml bans");
            assert_eq!(told(&[(who, &["1"]), ("loop", &[])]), message);
        }
        assert_eq!(
            told(&[("one", &["1"]), ("bad", &[])]),
            "one depends on bad, which deny.toml bans"
        );
        assert_eq!(told(&[("a", &[]), ("a", &[])]), "a is there in 2 versions");
        let elsewhere =
            json!({ "name": "a", "license": "GPL-2.0", "source": "git+https://a.test" });
        assert_eq!(
            faults(rules, &json!({ "packages": [elsewhere] })).unwrap().join("; "),
            "a: no licence of deny.toml in 'GPL-2.0'; a comes from git+https://a.test"
        );
    }
}
