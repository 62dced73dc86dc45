//! A vsftpd of one's own, for anonymous users, with TLS for those who ask for it.
use crate::scratch;
use crate::tls::{Authority, RSA, Subject, free_port};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The server; it ends with its value.
#[derive(Debug)]
pub struct Vsftpd {
    child: Child,
    /// What it serves, and takes uploads into.
    pub root: PathBuf,
    /// Its certificate's issuer.
    pub authority: Authority,
    /// Where it listens, at 127.0.0.1.
    pub port: u16,
}

impl Vsftpd {
    /// Starts one. TLS on a data connection must resume the session of the control connection.
    pub fn start() -> Vsftpd {
        let dir = scratch("vsftpd");
        let authority = Authority::new("Root");
        authority.issue("server", Subject { key: RSA, ..Subject::default() });
        let (root, empty) = (dir.join("root"), dir.join("empty"));
        std::fs::create_dir(&root).expect("root");
        std::fs::create_dir(&empty).expect("empty");
        let port = free_port();
        let conf = dir.join("conf");
        let text = format!(
            "listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\n\
             run_as_launching_user=YES\nlocal_enable=NO\nanonymous_enable=YES\n\
             no_anon_password=YES\nanon_root={}\nsecure_chroot_dir={}\nwrite_enable=YES\n\
             anon_upload_enable=YES\nanon_other_write_enable=YES\nanon_mkdir_write_enable=YES\n\
             allow_writeable_chroot=YES\nconnect_from_port_20=NO\nseccomp_sandbox=NO\n\
             xferlog_enable=NO\nssl_enable=YES\nallow_anon_ssl=YES\nforce_anon_logins_ssl=NO\n\
             force_anon_data_ssl=NO\nrequire_ssl_reuse=YES\nssl_ciphers=HIGH\n\
             rsa_cert_file={}\nrsa_private_key_file={}\n",
            root.display(),
            empty.display(),
            authority.path("server.pem"),
            authority.path("server.key"),
        );
        std::fs::write(&conf, text).expect("its configuration");
        let child = Command::new("vsftpd")
            .arg(&conf)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("vsftpd");
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "vsftpd does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Vsftpd { child, root, authority, port }
    }
}

impl Drop for Vsftpd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
