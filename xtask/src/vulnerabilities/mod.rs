//! `cargo xtask vulnerabilities`: do the tests that stand for curl's vulnerabilities fail on the
//! faulty behaviour? Each fault of `tests/planted` is put into a copy of the tree, and the test that
//! it names must pass without it and fail with it. Takes hours, so it is no part of the tests; that
//! the faults still fit the tree, and that the table of docs/vulnerabilities.md is right, is (`tidy`).

mod table;

pub use table::{check, exists};

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::planted::{apply, copy, git};
use crate::{Result, root, run};

/// The packages of the tests, those first that take the fewest others with them.
const PACKAGES: [&str; 6] =
    ["tress-model", "tress-proto", "tress-net", "tress-engine", "tress-capi", "tress-tests"];

/// A test that takes longer has failed: some of the faults are endless loops.
const SECONDS: &str = "120";

/// A fault. The first line of its file says which vulnerabilities it is and what is wrong, the second
/// one names the test: package, `lib` or the name of the file under `tests`, and path.
struct Fault {
    patch: PathBuf,
    what: String,
    test: Test,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Test {
    /// Its place in [`PACKAGES`].
    package: usize,
    target: String,
    path: String,
}

/// Runs all of them, or those of a package or whose first line or test has the word `only`, and prints
/// a table. `together`: those that lie apart and are for different tests go into one build; much
/// quicker, but a test may then fail by the fault of another. What each test said is kept in
/// `target/planted`.
///
/// # Errors
/// A fault that no test notices, or a test that fails without any.
pub fn vulnerabilities(only: Option<&str>, together: bool) -> Result<()> {
    let tree = root().join("target/planted/tree");
    copy(&tree)?;
    let mut faults: Vec<Fault> = fs::read_dir(root().join("tests/planted"))?
        .flatten()
        .map(|file| Fault::read(file.path()))
        .collect::<Result<_>>()?;
    faults.retain(|fault| only.is_none_or(|only| fault.is_meant(only)));
    faults.sort_by(|one, other| (&one.test, &one.patch).cmp(&(&other.test, &other.patch)));
    let mut unnoticed = Vec::new();
    println!("| fault | test | with it |\n| --- | --- | --- |");
    while let Some(package) = faults.first().map(|fault| fault.test.package) {
        let others = faults.iter().position(|fault| fault.test.package != package);
        let rest = faults.split_off(others.unwrap_or(faults.len()));
        sound(&faults, &tree)?;
        while !faults.is_empty() {
            let planted = plant(&mut faults, &tree, together)?;
            let outcomes: Result<Vec<_>> =
                planted.iter().map(|fault| fault.outcome(&tree)).collect();
            run(&mut git(&tree, &["checkout", "-q", "--", "."]))?;
            for (fault, outcome) in planted.into_iter().zip(outcomes?) {
                println!("| {} | `{}` | {} |", fault.what, fault.test.path, outcome.word());
                if outcome == Outcome::Passes {
                    unnoticed.push(fault.what);
                }
            }
        }
        faults = rest;
    }
    match unnoticed.len() {
        0 => Ok(()),
        count => Err(format!("{count} faults unnoticed:\n{}", unnoticed.join("\n")).into()),
    }
}

/// Without a fault the tests pass.
fn sound(faults: &[Fault], tree: &Path) -> Result<()> {
    let mut tests: Vec<_> = faults.iter().map(|fault| &fault.test).collect();
    tests.dedup();
    for test in tests {
        test.build(tree)?;
        let (outcome, said) = test.outcome(tree)?;
        if outcome != Outcome::Passes {
            return Err(format!("{}: {outcome:?} without a fault\n{said}", test.path).into());
        }
    }
    Ok(())
}

/// Puts the first fault in, and if `together` all that can be put in with it; they are taken out of the
/// list.
fn plant(faults: &mut Vec<Fault>, tree: &Path, together: bool) -> Result<Vec<Fault>> {
    let (mut planted, mut left): (Vec<Fault>, Vec<Fault>) = (Vec::new(), Vec::new());
    for fault in faults.drain(..) {
        let mut apply = apply(tree, &fault.patch);
        if planted.is_empty() {
            run(&mut apply)?;
            planted.push(fault);
            continue;
        }
        let is_apart = together && planted.iter().all(|other| other.test != fault.test);
        match is_apart && apply.output()?.status.success() {
            true => planted.push(fault),
            false => left.push(fault),
        }
    }
    *faults = left;
    Ok(planted)
}

impl Fault {
    fn read(patch: PathBuf) -> Result<Self> {
        let text = fs::read_to_string(&patch)?;
        let malformed = || format!("{}: no package, target and test", patch.display());
        let mut lines = text.lines();
        let what = lines.next().unwrap_or_default().to_owned();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (Some(package), Some(target), Some(path), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(malformed().into());
        };
        let package = PACKAGES.iter().position(|it| *it == package).ok_or_else(malformed)?;
        let test = Test { package, target: target.to_owned(), path: path.to_owned() };
        Ok(Self { patch, what, test })
    }

    fn outcome(&self, tree: &Path) -> Result<Outcome> {
        self.test.build(tree).map_err(|error| format!("{}: {error}", self.patch.display()))?;
        let (outcome, said) = self.test.outcome(tree)?;
        let name = self.patch.with_extension("txt");
        fs::write(root().join("target/planted").join(name.file_name().unwrap_or_default()), said)?;
        Ok(outcome)
    }

    fn is_meant(&self, only: &str) -> bool {
        self.what.contains(only) || self.test.path.contains(only) || self.test.package() == only
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Passes,
    Fails,
    NeverEnds,
}

impl Outcome {
    fn word(&self) -> &'static str {
        match self {
            Self::Passes => "PASSES",
            Self::Fails => "fails",
            Self::NeverEnds => "never ends",
        }
    }
}

impl Test {
    /// What it needs, as the tree is now.
    fn build(&self, tree: &Path) -> Result<()> {
        if self.is_integration() {
            let mut dist = Command::new("cargo");
            dist.args(["run", "-q", "-j1", "-p", "xtask", "--", "dist", "--profile", "quick"]);
            quietly(in_copy(&mut dist, tree).env("CARGO_BUILD_JOBS", "1"))?;
        }
        quietly(in_copy(&mut self.cargo(), tree).arg("--no-run")).map(|_| ())
    }

    /// How it ends, and what it says.
    fn outcome(&self, tree: &Path) -> Result<(Outcome, String)> {
        let cargo = self.cargo();
        let mut timed = Command::new("timeout");
        timed.arg(SECONDS).arg(cargo.get_program()).args(cargo.get_args());
        if self.is_integration() {
            timed.env("TRESS_LIB", tree.join("target/dist/lib"));
        }
        let output = in_copy(&mut timed, tree).args(["--", "--exact", &self.path]).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let outcome = match output.status.code() {
            Some(0) if text.contains("ok. 1 passed") => Outcome::Passes,
            Some(0) => return Err(format!("no test named {}", self.path).into()),
            Some(124) => Outcome::NeverEnds,
            _ => Outcome::Fails,
        };
        Ok((outcome, text))
    }

    fn cargo(&self) -> Command {
        let mut cargo = Command::new("cargo");
        cargo.args(["test", "-q", "-j1", "-p", self.package()]);
        match self.target.as_str() {
            "lib" => cargo.arg("--lib"),
            name => cargo.args(["--test", name]),
        };
        cargo
    }

    fn package(&self) -> &'static str {
        PACKAGES.get(self.package).copied().unwrap_or_default()
    }

    /// Its programs run on a whole library.
    fn is_integration(&self) -> bool {
        self.package() == "tress-tests"
    }
}

fn in_copy<'a>(command: &'a mut Command, tree: &Path) -> &'a mut Command {
    command.current_dir(tree).env("CARGO_TARGET_DIR", root().join("target/planted/target"))
}

/// Runs a command whose output is of interest only if it fails.
fn quietly(command: &mut Command) -> Result<Output> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(output);
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {}\n{text}", output.status).into())
}
