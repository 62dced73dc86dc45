//! An HTTP/3 server that stands on aioquic, which shares nothing with the library under test.
use crate::tls::{Authority, Subject};
use crate::{here, library};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The server, killed with the value.
#[derive(Debug)]
pub struct Http3Server {
    child: Child,
    /// Its certificate's issuer; the certificate is `server`, or `other` for another host.
    pub authority: Authority,
    /// Where it listens, at 127.0.0.1, by UDP alone.
    pub port: u16,
}

impl Http3Server {
    /// Starts one; what its paths do is told in `scripts/h3_server.py`.
    pub fn start() -> Http3Server {
        Self::start_as("server", 0)
    }

    /// Starts one with this certificate, at this port or, with 0, any.
    pub fn start_as(certificate: &str, port: u16) -> Http3Server {
        let authority = Authority::new("Root");
        authority.issue("server", Subject::default());
        let extensions = "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:elsewhere.example";
        authority.issue("other", Subject { extensions, ..Subject::default() });
        let file = |kind: &str| authority.path(&format!("{certificate}.{kind}"));
        let mut child = Command::new(python())
            .arg(here().join("scripts/h3_server.py"))
            .args([file("pem"), file("key"), port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("its port");
        let port = line.trim().parse().expect("a port");
        Http3Server { child, authority, port }
    }

    /// The URL of a path, by the name that the certificate has.
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// The file of its certificate's issuer.
    pub fn ca(&self) -> String {
        self.authority.path("ca.pem")
    }

    /// Ends it without a word.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Http3Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A Python that has aioquic: a virtual environment below the build directory, made once.
fn python() -> &'static PathBuf {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let dir = library::target().join("aioquic");
        let python = dir.join("bin/python");
        let has = |python: &PathBuf| {
            let test = Command::new(python).args(["-c", "import aioquic"]).status();
            test.is_ok_and(|status| status.success())
        };
        if !has(&python) {
            let run = |command: &mut Command| {
                assert!(command.status().is_ok_and(|it| it.success()), "{command:?} failed");
            };
            run(Command::new("python3").args(["-m", "venv"]).arg(&dir));
            run(Command::new(&python).args(["-m", "pip", "install", "-q", "aioquic"]));
        }
        python
    })
}
