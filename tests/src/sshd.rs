//! An OpenSSH server of one's own, for the user who runs the tests.
use crate::scratch;
use crate::tls::free_port;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The server; it ends with its value.
#[derive(Debug)]
pub struct Sshd {
    child: Child,
    /// Its keys and those of the user: `host`, `user`, `rsa`, `ecdsa`, `pem`, and `locked`, whose
    /// passphrase is `open sesame`.
    pub dir: PathBuf,
    /// What tests may read and write.
    pub root: PathBuf,
    /// Where it listens, at 127.0.0.1.
    pub port: u16,
    /// Who may log in.
    pub user: String,
}

impl Sshd {
    /// Starts one; `more`: lines of its configuration.
    pub fn start(more: &str) -> Sshd {
        let dir = scratch("sshd");
        let root = dir.join("root");
        std::fs::create_dir(&root).expect("root");
        for (name, options) in [
            ("host", &["-t", "ed25519", "-N", ""][..]),
            ("host_rsa", &["-t", "rsa", "-N", ""]),
            ("user", &["-t", "ed25519", "-N", ""]),
            ("rsa", &["-t", "rsa", "-N", ""]),
            ("ecdsa", &["-t", "ecdsa", "-N", ""]),
            ("pem", &["-t", "rsa", "-m", "PEM", "-N", ""]),
            ("locked", &["-t", "ed25519", "-N", "open sesame"]),
            ("stranger", &["-t", "ed25519", "-N", ""]),
        ] {
            let mut keygen = Command::new("ssh-keygen");
            keygen.arg("-q").args(options).arg("-f").arg(dir.join(name));
            assert!(keygen.status().expect("ssh-keygen").success());
        }
        let public = |name: &str| {
            std::fs::read_to_string(dir.join(format!("{name}.pub"))).expect("a public key")
        };
        let keys: String = ["user", "rsa", "ecdsa", "pem", "locked"].map(public).concat();
        std::fs::write(dir.join("authorized"), keys).expect("authorized keys");
        // Where it runs as root, it wants this to be there.
        let _ = std::fs::create_dir_all("/run/sshd");
        let port = free_port();
        let text = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/host\nHostKey {0}/host_rsa\n\
             AuthorizedKeysFile {0}/authorized\nStrictModes no\nUsePAM no\nPidFile none\n\
             Subsystem sftp internal-sftp\nMaxStartups 1000\nMaxSessions 1000\n{more}\n",
            dir.display()
        );
        std::fs::write(dir.join("conf"), text).expect("its configuration");
        let child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(dir.join("conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sshd");
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "sshd does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        let id = Command::new("id").arg("-un").output().expect("id");
        let user = String::from_utf8_lossy(&id.stdout).trim().to_owned();
        Sshd { child, dir, root, port, user }
    }

    /// A file of its directory.
    pub fn path(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    /// The URL of what tests may read and write.
    pub fn base(&self, scheme: &str) -> String {
        format!("{scheme}://127.0.0.1:{}{}", self.port, self.root.display())
    }

    /// The line of a known_hosts file, with the key of this name.
    pub fn known(&self, key: &str) -> String {
        let public = std::fs::read_to_string(self.dir.join(format!("{key}.pub"))).expect("a key");
        format!("[127.0.0.1]:{} {public}", self.port)
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
