//! The table of docs/vulnerabilities.md: the counts that its text gives, the tests that it names, and
//! a planted fault for each row that is a matter of logic.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::{Result, root};

/// The columns of a row.
struct Row<'a> {
    number: &'a str,
    class: &'a str,
    shown_by: &'a str,
}

/// Checks the text against its own table, the tests and the faults of `tests/planted`.
pub fn check(broken: &mut Vec<String>) -> Result<()> {
    let text = fs::read_to_string(root().join("docs/vulnerabilities.md"))?;
    let rows: Vec<Row<'_>> = text.lines().filter_map(Row::read).collect();
    let (planted, patches) = planted()?;
    let mut tell = |fault: String| broken.push(format!("docs/vulnerabilities.md: {fault}"));
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut numbers = BTreeSet::new();
    for row in &rows {
        *classes.entry(row.class).or_default() += 1;
        if !numbers.insert(row.number) {
            tell(format!("{} is there twice", row.number));
        }
        let has_fault = planted.contains(row.number);
        if (row.class == "logic") != has_fault {
            let fault = if has_fault { "a planted fault" } else { "no planted fault" };
            tell(format!("{}, {}, has {fault}", row.number, row.class));
        }
        for test in row.shown_by.split('`').skip(1).step_by(2) {
            if !exists(test) {
                tell(format!("{}: there is no test {test}", row.number));
            }
        }
    }
    for number in planted.iter().filter(|number| !numbers.contains(number.as_str())) {
        tell(format!("no row for the planted {number}"));
    }
    for class in ["absent", "memory", "logic"] {
        let count = classes.remove(class).unwrap_or_default();
        let said = format!("- **{class}** ({count})");
        if !text.contains(&said) {
            tell(format!("there are {count} rows of '{class}', and the text says something else"));
        }
    }
    if let Some(class) = classes.keys().next() {
        tell(format!("what is '{class}'?"));
    }
    let said = format!("a patch for each of {}, {patches} patches in all", planted.len());
    if !text.contains(&said) {
        tell(format!("the text does not say '{said}'"));
    }
    Ok(())
}

impl<'a> Row<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let line = line.strip_prefix("| CVE-")?.strip_suffix('|')?;
        let mut cells = line.split(" | ").map(str::trim);
        let (number, class) = (cells.next()?, cells.nth(1)?);
        Some(Row { number, class, shown_by: cells.nth(1)? })
    }
}

/// The numbers that faults are planted for, without `CVE-`, and how many faults there are.
fn planted() -> Result<(BTreeSet<String>, usize)> {
    let mut numbers = BTreeSet::new();
    let mut patches = 0;
    for file in fs::read_dir(root().join("tests/planted"))? {
        let text = fs::read_to_string(file?.path())?;
        let names = text.lines().next().unwrap_or_default().split(':').next().unwrap_or_default();
        numbers.extend(names.split(", ").map(|name| name.trim_start_matches("CVE-").to_owned()));
        patches += 1;
    }
    Ok((numbers, patches))
}

/// Does a test `file.rs::name` exist?
pub fn exists(test: &str) -> bool {
    let Some((file, name)) = test.split_once("::") else { return false };
    let name = name.rsplit("::").next().unwrap_or_default();
    fs::read_to_string(root().join(file)).is_ok_and(|text| text.contains(&format!("fn {name}(")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row() {
        let row = Row::read("| CVE-2000-0973 | a reply | memory | B: bounds |  |").unwrap();
        assert_eq!((row.number, row.class, row.shown_by), ("2000-0973", "memory", ""));
        assert!(exists("xtask/src/vulnerabilities/table.rs::a_row"));
        assert!(!exists("xtask/src/vulnerabilities/table.rs::no_row"));
    }
}
