//! A mosquitto of one's own: a broker that one user may use, plainly and over TLS.
use crate::scratch;
use crate::tls::{Authority, Subject, free_port};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Who may use it.
pub const USER: &str = "user";
/// With this password.
pub const PASSWORD: &str = "secret";

/// The broker; it ends with its value.
#[derive(Debug)]
pub struct Mosquitto {
    child: Child,
    /// Its certificate's issuer.
    pub authority: Authority,
    /// Where it listens, at 127.0.0.1.
    pub port: u16,
    /// Where it listens for TLS.
    pub tls_port: u16,
}

impl Mosquitto {
    /// Starts one.
    pub fn start() -> Mosquitto {
        let dir = scratch("mosquitto");
        let authority = Authority::new("Root");
        authority.issue("server", Subject::default());
        let (port, tls_port) = (free_port(), free_port());
        let (conf, passwords) = (dir.join("conf"), dir.join("passwords"));
        let made = Command::new("mosquitto_passwd")
            .args(["-b", "-c"])
            .arg(&passwords)
            .args([USER, PASSWORD])
            .stderr(Stdio::null())
            .status();
        assert!(made.is_ok_and(|status| status.success()), "mosquitto_passwd");
        let text = format!(
            "user root\nallow_anonymous false\npassword_file {}\nlistener {port} 127.0.0.1\n\
             listener {tls_port} 127.0.0.1\ncertfile {}\nkeyfile {}\n",
            passwords.display(),
            authority.path("server.pem"),
            authority.path("server.key"),
        );
        std::fs::write(&conf, text).expect("its configuration");
        let child = Command::new("mosquitto")
            .arg("-c")
            .arg(&conf)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto");
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", tls_port)).is_err() {
            assert!(Instant::now() < until, "mosquitto does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Mosquitto { child, authority, port, tls_port }
    }

    /// Publishes a message that those who subscribe later hear, too.
    pub fn retain(&self, topic: &str, text: &str) {
        let port = self.port.to_string();
        let status = Command::new("mosquitto_pub")
            .args(["-p", &port, "-u", USER, "-P", PASSWORD, "-r", "-t", topic, "-m", text])
            .status();
        assert!(status.is_ok_and(|status| status.success()), "mosquitto_pub");
    }

    /// Begins to wait for one message of a topic; what it says is the child's output.
    pub fn listen(&self, topic: &str) -> Child {
        let port = self.port.to_string();
        let child = Command::new("mosquitto_sub")
            .args(["-p", &port, "-u", USER, "-P", PASSWORD, "-W", "20", "-C", "1", "-t", topic])
            .stdout(Stdio::piped())
            .spawn()
            .expect("mosquitto_sub");
        std::thread::sleep(Duration::from_millis(300));
        child
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
