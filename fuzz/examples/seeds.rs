//! Runs inputs once, without a fuzzer: `seeds [TARGET [PATH...]]`. Without a target, all of them;
//! without paths, the committed inputs. It ends at the first input that breaks something, and
//! names it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;

use tress_fuzz::{Run, TARGETS};

/// The input that is being run.
static CURRENT: Mutex<String> = Mutex::new(String::new());

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let wanted = arguments.next();
    let given: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    abort_on_panic();
    let is_wanted = |name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
    let mut count = 0;
    for (name, run) in TARGETS.into_iter().filter(|(name, _)| is_wanted(name)) {
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
        let paths = if given.is_empty() { &[committed][..] } else { &given };
        let inputs: Vec<_> = paths.iter().flat_map(|path| inputs(path)).collect();
        inputs.iter().for_each(|input| run_one(run, input));
        println!("{name}: {} inputs", inputs.len());
        count += inputs.len();
    }
    if count == 0 {
        eprintln!("no target of this name, or no inputs");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// A file, or the files of a directory.
fn inputs(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else { return vec![path.to_owned()] };
    let mut inputs: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    inputs.sort();
    inputs
}

fn run_one(run: Run, input: &Path) {
    let bytes = std::fs::read(input).unwrap_or_else(|e| panic!("{}: {e}", input.display()));
    *CURRENT.lock().unwrap() = input.display().to_string();
    run(&bytes);
}

/// The library may catch a panic in a callback; here none may be lost.
fn abort_on_panic() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        usual(info);
        if let Ok(input) = CURRENT.lock() {
            eprintln!("with {input}");
        }
        std::process::abort();
    }));
}
