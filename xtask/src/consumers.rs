//! `cargo xtask consumers`: the own suites of programs that stand on libcurl, run on Tress.
//!
//! `tests/consumers/NAME.sh PREFIX WORK OUTCOMES` runs a suite on the installation in PREFIX, in the
//! directory WORK, and writes a line `passed|failed|skipped TEST` for each test into OUTCOMES.
//! `tests/consumers/expected.txt` says what must come out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{Result, dist, root, run};

/// What came out of a suite, or must.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcomes {
    /// How many tests passed.
    passed: usize,
    /// `failed TEST` and `skipped TEST`.
    others: BTreeSet<String>,
}

/// Runs the suites of these names, or all, and compares what comes out with what must. They run on
/// the libcurl under `prefix`, or on `target/dist`, which is built quickly.
pub fn consumers(names: &[&str], prefix: Option<&str>) -> Result<()> {
    let expected = expected(&fs::read_to_string(root().join("tests/consumers/expected.txt"))?)?;
    if let Some(unknown) = names.iter().find(|name| !expected.contains_key(**name)) {
        return Err(format!("consumers: no suite named {unknown}").into());
    }
    let prefix = match prefix {
        Some(prefix) => Path::new(prefix).canonicalize()?,
        None => dist::dist("quick", false)?,
    };
    let mut differences = Vec::new();
    for (name, wanted) in &expected {
        if names.is_empty() || names.contains(&name.as_str()) {
            differences.extend(differences_of(name, wanted, &suite(name, &prefix)?));
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n").into()) }
}

fn suite(name: &str, prefix: &Path) -> Result<Outcomes> {
    println!("== {name}");
    let target = root().join("target/consumers");
    fs::create_dir_all(&target)?;
    let file = target.join(format!("{name}.outcomes"));
    let _ = fs::remove_file(&file);
    let script = root().join(format!("tests/consumers/{name}.sh"));
    // Its end tells of failed tests, expected ones too: the outcomes alone are judged.
    let ended = run(Command::new(script).arg(prefix).arg(target.join(name)).arg(&file));
    let text = fs::read_to_string(&file)
        .map_err(|_| format!("{name}: no test ran: {}", ended.err().unwrap_or("".into())))?;
    let mut outcomes = Outcomes::default();
    for line in text.lines() {
        match line.split_once(' ') {
            Some(("passed", _)) => outcomes.passed += 1,
            _ => _ = outcomes.others.insert(line.to_owned()),
        }
    }
    let count = |outcome| outcomes.others.iter().filter(|line| line.starts_with(outcome)).count();
    let (failed, skipped) = (count("failed "), count("skipped "));
    println!("{name}: {} passed, {failed} failed, {skipped} skipped", outcomes.passed);
    Ok(outcomes)
}

/// The file's sections: `[SUITE]`, `passed COUNT`, and below `failed: REASON` or
/// `skipped: REASON` an indented line for each test of which that is true.
fn expected(text: &str) -> Result<BTreeMap<String, Outcomes>> {
    let mut suites = BTreeMap::new();
    let (mut suite, mut outcome) = (String::new(), "");
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let section: &mut Outcomes = suites.entry(suite.clone()).or_default();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            suite = name.to_owned();
        } else if let Some(count) = line.strip_prefix("passed ") {
            section.passed = count.parse().map_err(|error| format!("{line}: {error}"))?;
        } else if let Some(test) = line.strip_prefix("    ") {
            section.others.insert(format!("{outcome} {test}"));
        } else {
            outcome = line.split_once(": ").ok_or_else(|| format!("no reason: {line}"))?.0;
        }
    }
    suites.remove("");
    Ok(suites)
}

fn differences_of(name: &str, wanted: &Outcomes, got: &Outcomes) -> Vec<String> {
    let mut lines = Vec::new();
    if got.passed != wanted.passed {
        lines.push(format!("{name}: {} passed, {} are expected", got.passed, wanted.passed));
    }
    let new = got.others.difference(&wanted.others);
    lines.extend(new.map(|line| format!("{name}: unexpectedly {line}")));
    let gone = wanted.others.difference(&got.others);
    lines.extend(gone.map(|line| format!("{name}: no longer {line}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# About it.\n[one]\npassed 3\n\nfailed: no such thing here\n    a::b\n    \
                        a::c[x y]\nskipped: not asked for\n    a::d\n[two]\npassed 1\n";

    #[test]
    fn the_file_names_each_test_that_does_not_pass() {
        let suites = expected(TEXT).unwrap();
        let lines = ["failed a::b", "failed a::c[x y]", "skipped a::d"];
        let others = lines.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(suites["one"], Outcomes { passed: 3, others });
        assert_eq!(suites["two"], Outcomes { passed: 1, others: BTreeSet::new() });
        assert!(expected("[one]\nfailed\n    a\n").is_err());
    }

    #[test]
    fn every_difference_is_told() {
        let suites = expected(TEXT).unwrap();
        assert!(differences_of("one", &suites["one"], &suites["one"]).is_empty());
        let told = differences_of("one", &suites["one"], &suites["two"]);
        assert_eq!(told.len(), 4, "{told:?}");
        assert_eq!(told[0], "one: 1 passed, 3 are expected");
        assert_eq!(told[1], "one: no longer failed a::b");
    }
}
