//! An OpenSSH server of one's own, for the user who runs the tests.
use crate::scratch;
use crate::tls::free_port;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
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
        Self::start_with(more, None)
    }

    /// Starts one that knows the user's password, too, by a PAM of its own.
    pub fn with_password(password: &str, more: &str) -> Sshd {
        Self::start_with(more, Some(password))
    }

    fn start_with(more: &str, password: Option<&str>) -> Sshd {
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
        let pam = if password.is_some() { "yes" } else { "no" };
        let text = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/host\nHostKey {0}/host_rsa\n\
             AuthorizedKeysFile {0}/authorized\nStrictModes no\nUsePAM {pam}\nPidFile none\n\
             PermitRootLogin yes\nSubsystem sftp internal-sftp\nMaxStartups 1000\n\
             MaxSessions 1000\n{more}\n",
            dir.display()
        );
        std::fs::write(dir.join("conf"), text).expect("its configuration");
        let id = Command::new("id").arg("-un").output().expect("id");
        let user = String::from_utf8_lossy(&id.stdout).trim().to_owned();
        let mut command = Command::new("/usr/sbin/sshd");
        if let Some(password) = password {
            let services = password_service(&dir, &user, password);
            let wrapper = [("LD_PRELOAD", "libpam_wrapper.so"), ("PAM_WRAPPER", "1")];
            command.envs(wrapper).env("PAM_WRAPPER_SERVICE_DIR", services);
        }
        let child = command
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

/// A directory of services for pam_wrapper(1): sshd's, which knows one password.
fn password_service(dir: &Path, user: &str, password: &str) -> PathBuf {
    let (services, passwords) = (dir.join("pam"), dir.join("passwords"));
    std::fs::create_dir(&services).expect("a directory of services");
    std::fs::write(&passwords, format!("{user}:{password}:sshd\n")).expect("passwords");
    let lines = ["auth", "account"].map(|kind| {
        let passwords = passwords.display();
        format!("{kind} required ../pam_wrapper/pam_matrix.so passdb={passwords}\n")
    });
    let text = lines.concat() + "session required pam_permit.so\n";
    std::fs::write(services.join("sshd"), text).expect("a service");
    services
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
