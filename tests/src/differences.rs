//! Comparing many cases with a reference: every difference must be listed, and every listed one
//! must still be there, in `differences.txt`: `GROUP NAME: REASON`.
use std::collections::BTreeMap;
use std::fmt::Debug;

/// The cases of one group, compared so far.
#[derive(Debug)]
pub struct Report {
    group: &'static str,
    listed: BTreeMap<String, String>,
    problems: Vec<String>,
    seen: usize,
}

impl Report {
    /// Begins a group.
    pub fn new(group: &'static str) -> Report {
        let path = crate::here().join("differences.txt");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let entry = |l: &str| {
            let (key, reason) = l.split_once(": ")?;
            let (of, name) = key.split_once(' ')?;
            (of == group).then(|| (name.to_string(), reason.to_string()))
        };
        let listed = text.lines().filter(|l| !l.starts_with('#')).filter_map(entry).collect();
        Report { group, listed, problems: Vec::new(), seen: 0 }
    }

    /// Compares one case by its printed form.
    pub fn compare<T: PartialEq + Debug>(&mut self, name: &str, wanted: &T, got: &T) {
        self.seen += 1;
        match (wanted == got, self.listed.contains_key(name)) {
            (true, true) => {
                self.problems.push(format!("{name}: listed, but there is no difference"))
            }
            (false, false) => self.problems.push(format!("{name}:\n{}", diff(wanted, got))),
            _ => {}
        }
    }

    /// Fails when something was not as listed.
    pub fn finish(self) {
        let (bad, seen) = (self.problems.len(), self.seen);
        let text = self.problems.join("\n");
        assert!(bad == 0, "group {}: {bad} of {seen} not as wanted\n{text}", self.group);
    }
}

/// The lines of the printed forms that are not in both.
fn diff<T: Debug>(wanted: &T, got: &T) -> String {
    let (wanted, got) = (format!("{wanted:#?}"), format!("{got:#?}"));
    let only = |a: &str, b: &str, mark: &str| {
        let there: Vec<&str> = b.lines().collect();
        let missing = a.lines().filter(|l| !there.contains(l));
        missing
            .map(|l| format!("    {mark} {}\n", &l.chars().take(900).collect::<String>()))
            .collect::<String>()
    };
    only(&wanted, &got, "wanted") + &only(&got, &wanted, "got   ")
}
