//! The table of limits in SECURITY.md against the code: its third column names constants, and the
//! numbers beside are theirs; the last one names tests that there are.

use std::fs;

use crate::vulnerabilities::exists;
use crate::{Result, root};

/// What the table's lines begin with, and what ends it.
const TABLE: [&str; 2] = ["## Limits", "\n## "];

/// Checks each row.
pub fn check(broken: &mut Vec<String>) -> Result<()> {
    let text = fs::read_to_string(root().join("SECURITY.md"))?;
    let table = text.split_once(TABLE[0]).and_then(|(_, rest)| rest.split_once(TABLE[1]));
    let (table, _) = table.ok_or("SECURITY.md has no table of limits")?;
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [what, limit, constants, tests] = cells[..] else {
            broken.push(format!("SECURITY.md: a row of limits has four cells, not '{row}'"));
            continue;
        };
        if what.starts_with("---") {
            continue;
        }
        let named = constants.split('`').skip(1).step_by(2);
        let mut values = Vec::new();
        for name in named {
            match value_of(name) {
                Some(value) => values.push(value),
                None => broken.push(format!("SECURITY.md, '{what}': no constant {name}")),
            }
        }
        for test in tests.split('`').skip(1).step_by(2).filter(|test| !exists(test)) {
            broken.push(format!("SECURITY.md, '{what}': there is no test {test}"));
        }
        let told = numbers(limit);
        for value in values.iter().filter(|value| !told.contains(value)) {
            broken.push(format!("SECURITY.md, '{what}': {value} of the code is not in '{limit}'"));
        }
        for number in told.iter().filter(|number| !values.contains(number)) {
            broken.push(format!("SECURITY.md, '{what}': no constant named there is {number}"));
        }
    }
    Ok(())
}

/// The constant of a name like `proto/h1/response::MAX_LINE`, in the file of that module.
fn value_of(name: &str) -> Option<u64> {
    let (module, constant) = name.split_once("::")?;
    let (ring, module) = module.split_once('/')?;
    let base = root().join("crates").join(ring).join("src").join(module);
    let places = [base.with_extension("rs"), base.join("mod.rs")];
    let text = places.iter().find_map(|place| fs::read_to_string(place).ok())?;
    let (_, rest) = text.split_once(&format!("const {constant}: "))?;
    let (_, rest) = rest.split_once('=')?;
    evaluated(rest.split_once(';')?.0)
}

/// The value of an expression of numbers, `*`, `<<` and `-`, in the order of Rust's precedence.
fn evaluated(expression: &str) -> Option<u64> {
    for (sign, apply) in OPERATORS {
        if let Some((left, right)) = expression.rsplit_once(sign) {
            return apply(evaluated(left)?, evaluated(right)?);
        }
    }
    let digits = expression.trim().replace('_', "");
    match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    }
}

type Operator = fn(u64, u64) -> Option<u64>;

/// Those that bind least come first.
const OPERATORS: [(&str, Operator); 4] = [
    ("<<", |value, by| value.checked_shl(by.try_into().ok()?)),
    ("+", u64::checked_add),
    ("-", u64::checked_sub),
    ("*", u64::checked_mul),
];

/// The numbers of a text, with commas in them or a unit behind.
fn numbers(text: &str) -> Vec<u64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |(at, word): (usize, &&str)| {
        let digits = word.trim_end_matches([',', ';', ':']).replace(',', "");
        let unit = words.get(at + 1).map(|unit| unit.trim_end_matches([',', ';']));
        let factor = match unit {
            Some("KiB") => 1 << 10,
            Some("MiB") => 1 << 20,
            _ => 1,
        };
        digits.parse::<u64>().ok().map(|number| number * factor)
    };
    words.iter().enumerate().filter_map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_and_texts() {
        assert_eq!(evaluated(" 100 * 1_024 - 1"), Some(102_399));
        assert_eq!(evaluated("64 << 20"), Some(64 << 20));
        assert_eq!(evaluated("0xfff_ffff"), Some(0x0fff_ffff));
        assert_eq!(evaluated("super::OTHER"), None);
        assert_eq!(numbers("64 MiB; 256 KiB, 64"), [64 << 20, 256 << 10, 64]);
        assert_eq!(numbers("100,000 times the encoded"), [100_000]);
    }

    #[test]
    fn constants_by_name() {
        assert_eq!(value_of("proto/decode::MAX_STACK"), Some(5));
        assert_eq!(value_of("proto/decode::NO_SUCH"), None);
        assert_eq!(value_of("proto/nowhere::MAX_STACK"), None);
    }
}
