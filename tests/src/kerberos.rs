//! A Kerberos realm of one's own on the loopback: a KDC, users with tickets, keys of services.
use crate::scratch;
use crate::tls::free_port;
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The KDC of `TRESS.TEST`.
#[derive(Debug)]
pub struct Realm {
    child: Child,
    dir: PathBuf,
}

const PASSWORD: &str = "secret";

impl Realm {
    /// Makes one with the user `alice` and the services `HTTP/localhost` and `rcmd/localhost`.
    pub fn start() -> Realm {
        let dir = scratch("kerberos");
        let (d, port) = (dir.display(), free_port());
        let client = client_conf(port);
        std::fs::write(dir.join("krb5.conf"), client).expect("krb5.conf");
        let server = format!(
            "[kdcdefaults]\nkdc_listen = 127.0.0.1:{port}\nkdc_tcp_listen = 127.0.0.1:{port}\n\
             [realms]\nTRESS.TEST = {{\ndatabase_name = {d}/principal\n\
             key_stash_file = {d}/stash\nacl_file = {d}/acl\n}}\n"
        );
        std::fs::write(dir.join("kdc.conf"), server).expect("kdc.conf");
        let keytab = dir.join("keytab");
        let run = |program: &str, args: &[&str]| {
            let mut command = Command::new(program);
            let status = env(&mut command, &dir).args(args).output().expect(program);
            assert!(status.status.success(), "{program} {args:?}: {status:?}");
        };
        run("/usr/sbin/kdb5_util", &["create", "-s", "-P", PASSWORD, "-r", "TRESS.TEST"]);
        let ask = |query: &str| run("/usr/sbin/kadmin.local", &["-q", query]);
        ask(&format!("addprinc -pw {PASSWORD} alice"));
        for service in ["HTTP/localhost", "rcmd/localhost"] {
            ask(&format!("addprinc -randkey {service}"));
            ask(&format!("ktadd -k {} {service}", keytab.display()));
        }
        // The server that reads it may be somebody else.
        let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(&keytab, readable).expect("its mode");
        let mut command = Command::new("/usr/sbin/krb5kdc");
        let quiet = env(&mut command, &dir).arg("-n").stdout(Stdio::null()).stderr(Stdio::null());
        let child = quiet.spawn().expect("krb5kdc");
        let limit = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < limit, "the KDC does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Realm { child, dir }
    }

    /// The keys of the services.
    pub fn keytab(&self) -> PathBuf {
        self.dir.join("keytab")
    }

    /// What `KRB5_CONFIG` is set to.
    pub fn config(&self) -> PathBuf {
        self.dir.join("krb5.conf")
    }

    /// The same where the KDC is at another port.
    pub fn config_with_kdc_at(&self, port: u16) -> PathBuf {
        let path = self.dir.join(format!("krb5-{port}.conf"));
        std::fs::write(&path, client_conf(port)).expect("krb5.conf");
        path
    }

    /// A file with a ticket of `alice`, for `KRB5CCNAME`.
    pub fn ticket(&self) -> PathBuf {
        let path = self.dir.join("tickets");
        let mut command = Command::new("kinit");
        let command = env(&mut command, &self.dir).arg("-c").arg(&path).arg("alice");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("kinit");
        let mut input = child.stdin.take().expect("its input");
        writeln!(input, "{PASSWORD}").expect("a password");
        drop(input);
        assert!(child.wait().is_ok_and(|status| status.success()), "kinit");
        path
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client_conf(port: u16) -> String {
    format!(
        "[libdefaults]\ndefault_realm = TRESS.TEST\ndns_lookup_kdc = false\n\
         dns_lookup_realm = false\ndns_canonicalize_hostname = false\nrdns = false\n\
         [realms]\nTRESS.TEST = {{\nkdc = 127.0.0.1:{port}\n}}\n\
         [domain_realm]\nlocalhost = TRESS.TEST\n"
    )
}

fn env<'a>(command: &'a mut Command, dir: &Path) -> &'a mut Command {
    command.env("KRB5_CONFIG", dir.join("krb5.conf")).env("KRB5_KDC_PROFILE", dir.join("kdc.conf"))
}
