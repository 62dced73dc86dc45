//! `cargo xtask simulate --planted`: does the simulator find faults? Each of `crates/sim/planted` is
//! put into a copy of the tree, and counted is how many seeds show it. And for `cargo xtask tidy`: do the
//! faults still fit the tree?

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{Result, root, run};

/// The simulator's worlds.
const WORLDS: [&str; 4] = ["web", "conversations", "several", "starttls"];

/// Puts every fault in by itself and runs `seeds` seeds of each world.
pub fn planted(seeds: &str, only: Option<&str>) -> Result<()> {
    let tree = root().join("target/planted/tree");
    copy(&tree)?;
    println!("| fault | {} | first found |", WORLDS.join(" | "));
    println!("| --- |{} --- |", " --- |".repeat(WORLDS.len()));
    let mut patches: Vec<_> = fs::read_dir(root().join("crates/sim/planted"))?
        .flatten()
        .map(|file| file.path())
        .collect();
    patches.sort();
    for patch in patches {
        let name = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if only.is_some_and(|only| only != name) {
            continue;
        }
        run(&mut git(&tree, &["checkout", "-q", "--", "."]))?;
        run(&mut apply(&tree, &patch))?;
        let text = fs::read_to_string(&patch)?;
        let what = text.lines().next().unwrap_or_default();
        let counted = WORLDS.map(|world| count(&tree, world, seeds));
        let counted = counted.into_iter().collect::<Result<Vec<_>>>()?;
        let told = counted.iter().map(|(_, told)| &**told).find(|told| !told.is_empty());
        let counts: Vec<_> = counted.iter().map(|(count, _)| &**count).collect();
        println!("| `{name}`: {what} | {} | {} |", counts.join(" | "), told.unwrap_or_default());
    }
    Ok(())
}

/// Each fault, of the simulator and of `tests/planted`, can be put into the tree as it is.
pub fn check(broken: &mut Vec<String>) -> Result<()> {
    for dir in ["crates/sim/planted", "tests/planted"] {
        for file in fs::read_dir(root().join(dir))? {
            let patch = file?.path();
            let fits = apply(&root(), &patch).arg("--check").output()?;
            if !fits.status.success() {
                let why = String::from_utf8_lossy(&fits.stderr).into_owned();
                broken.push(format!("{}: {}", patch.display(), why.trim_end()));
            }
        }
    }
    Ok(())
}

/// A copy of what is committed, with a repository of its own so that patches can be undone. One from
/// before is brought up to date: little is built anew then.
pub fn copy(tree: &Path) -> Result<()> {
    if !tree.join(".git").exists() {
        fs::create_dir_all(tree)?;
        run(Command::new("git").args(["clone", "-q", "--shared"]).arg(root()).arg(tree))?;
    }
    run(git(tree, &["fetch", "-q"]).arg(root()).arg("HEAD"))?;
    run(&mut git(tree, &["checkout", "-q", "--force", "--detach", "FETCH_HEAD"]))
}

/// Puts a fault in. Two lines around a change must be as they were: code further off may move.
pub fn apply(tree: &Path, patch: &Path) -> Command {
    let mut apply = git(tree, &["apply", "-C2"]);
    apply.arg(patch);
    apply
}

pub fn git(tree: &Path, args: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(tree).args(args);
    git
}

/// How many seeds fail, and how the first of them puts it.
fn count(tree: &Path, world: &str, seeds: &str) -> Result<(String, String)> {
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "-q", "--profile", "quick", "-p", "tress-sim", "--target-dir"]);
    cargo.arg(root().join("target/planted/target")).args(["--", "--all", "--world", world]);
    let told = cargo.args(["--seeds", seeds]).current_dir(tree).output()?;
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    let Some(end) = text.lines().rfind(|line| line.starts_with(world) && line.contains("failed"))
    else {
        let how = text.lines().last().unwrap_or_default().to_owned();
        return match told.stderr.is_empty() || how.contains("never ends") {
            true => Ok(("an action never ends".to_owned(), String::new())),
            false => {
                let why = String::from_utf8_lossy(&told.stderr).into_owned();
                let why = why.lines().find(|line| line.contains("error")).unwrap_or("?");
                Ok(("does not run".to_owned(), why.to_owned()))
            }
        };
    };
    let failed = end.split(", ").nth(1).and_then(|part| part.split(' ').next()).unwrap_or("?");
    let first = text.lines().find(|line| line.contains("seed ") && line.contains(": "));
    let first = first.filter(|_| failed != "0").and_then(|line| line.split_once(": "));
    let first = first.map_or("", |(_, how)| how.split(" (Live").next().unwrap_or(how));
    Ok((failed.to_owned(), first.replace('|', "/")))
}
