//! Running a program on a chosen library, with a time limit, and checking what was loaded.
use crate::Library;
use crate::library::{is_sanitized, sanitizer};
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A command that runs on one library.
#[derive(Debug)]
pub struct Program {
    command: Command,
    preload: Vec<PathBuf>,
    limit: Duration,
}

/// What a program left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The exit code; -1 when a signal or the time limit ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Program {
    /// `path` run on `library`. Proxy variables and the home directory do not reach it.
    pub fn new(library: &Library, path: impl AsRef<OsStr>) -> Program {
        let mut command = Command::new(path);
        for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "NO_PROXY"]
        {
            command.env_remove(name);
        }
        command.env_remove("HTTPS_PROXY").env_remove("ALL_PROXY").env_remove("LD_LIBRARY_PATH");
        command.env("HOME", "/nonexistent").env("LC_ALL", "C").stdin(Stdio::null());
        if let Some(dir) = &library.dir {
            command.env("LD_LIBRARY_PATH", dir);
        }
        // Leaks are a matter of `checked.rs`; not all programs free what is theirs.
        command.env(
            "ASAN_OPTIONS",
            "detect_leaks=0:allocator_may_return_null=1:handle_segv=0:abort_on_error=1",
        );
        let preload = if is_sanitized() { vec![sanitizer()] } else { Vec::new() };
        Program { command, preload, limit: Duration::from_secs(60) }
    }

    /// Adds arguments.
    pub fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, args: I) -> Program {
        self.command.args(args);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Program {
        self.command.env(name, value);
        self
    }

    /// Sets the working directory.
    pub fn dir(mut self, dir: &Path) -> Program {
        self.command.current_dir(dir);
        self
    }

    /// Adds an object to `LD_PRELOAD`.
    pub fn preload(mut self, object: PathBuf) -> Program {
        self.preload.push(object);
        self
    }

    /// Sets the time limit, 60 seconds otherwise.
    pub fn limit(mut self, limit: Duration) -> Program {
        self.limit = limit;
        self
    }

    /// Runs it to its end or its time limit.
    pub fn run(mut self) -> Outcome {
        if !self.preload.is_empty() {
            let list: Vec<OsString> = self.preload.iter().map(|p| p.clone().into()).collect();
            self.command.env("LD_PRELOAD", list.join(OsStr::new(":")));
        }
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap_or_else(|e| panic!("{:?}: {e}", self.command));
        let stdout = reader(child.stdout.take());
        let stderr = reader(child.stderr.take());
        let code = wait(&mut child, self.limit);
        let text = |t: std::thread::JoinHandle<Vec<u8>>| {
            String::from_utf8_lossy(&t.join().unwrap_or_default()).into_owned()
        };
        Outcome { code, stdout: text(stdout), stderr: text(stderr) }
    }
}

/// Fails unless the loader takes this library's file for `soname` when the program starts.
pub fn assert_loads(library: &Library, program: &str, soname: &str) {
    let real = |p: &Path| std::fs::canonicalize(p).unwrap_or_else(|_| p.to_path_buf());
    let (got, wanted) = (loaded(library, program, soname), library.path_of(soname));
    assert_eq!(real(&got), real(&wanted), "what {program} loads");
}

fn loaded(library: &Library, program: &str, soname: &str) -> PathBuf {
    let out = Program::new(library, program).args(["--version"]).env("LD_DEBUG", "files").run();
    let generating = out.stderr.lines().filter(|l| l.contains("calling init:"));
    let path =
        generating.filter_map(|l| l.split("calling init: ").nth(1)).find(|p| p.ends_with(soname));
    PathBuf::from(
        path.unwrap_or_else(|| panic!("{program} loads no {soname}:\n{}", out.stderr)).trim(),
    )
}

fn reader(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut all = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut all);
        }
        all
    })
}

fn wait(child: &mut Child, limit: Duration) -> i32 {
    let end = Instant::now() + limit;
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return status.code().unwrap_or(-1);
        }
        if Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            return -1;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The boundary of a form is random: dashes, then letters and digits.
pub fn mask_boundary(text: &str) -> String {
    let dashes = "-".repeat(24);
    let mut parts = text.split(&dashes);
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        out.push_str("BOUNDARY");
        let rest = part.trim_start_matches('-');
        out.push_str(rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric()));
    }
    out
}
