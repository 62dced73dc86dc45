//! Real proxies: squid, with Basic authentication, and dante, a SOCKS server; and one of our own for
//! GSS-API inside SOCKS5, which Debian's dante has not.
use crate::kerberos::Realm;
use crate::peers::{end, spawn};
use crate::scratch;
use crate::tls::free_port;
use std::io::{BufRead, Read};
use std::process::{Child, Command, Stdio};

/// `user` with the password `secret`, as htpasswd writes it.
const USERS: &str = "user:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/\n";

/// A proxy of one's own.
#[derive(Debug)]
pub struct Proxy {
    child: Child,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
}

impl Proxy {
    /// A squid that wants a name and a password.
    pub fn squid() -> Proxy {
        let dir = scratch("squid");
        let (port, d) = (free_port(), dir.display());
        // Started by root, it serves as somebody else, who is to read there.
        let all = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(&dir, all).expect("its mode");
        std::fs::write(dir.join("users"), USERS).expect("users");
        let conf = format!(
            "http_port 127.0.0.1:{port}\n\
             auth_param basic program /usr/lib/squid/basic_ncsa_auth {d}/users\n\
             auth_param basic realm squid\nauth_param basic children 1\n\
             acl known proxy_auth REQUIRED\nhttp_access deny !known\nhttp_access allow known\n\
             cache deny all\npid_filename none\naccess_log none\ncache_log /dev/null\n\
             cache_store_log none\npinger_enable off\ncoredump_dir none\n\
             shutdown_lifetime 0 seconds\nvisible_hostname squid.test\n"
        );
        std::fs::write(dir.join("conf"), conf).expect("conf");
        let mut command = Command::new("/usr/sbin/squid");
        command.arg("-N").arg("-f").arg(dir.join("conf"));
        Proxy { child: spawn(command, &[port]), port }
    }

    /// A dante that lets everybody in, or only those whom the system knows by their password.
    pub fn dante(open: bool) -> Proxy {
        let dir = scratch("dante");
        let port = free_port();
        let method = if open { "none" } else { "username" };
        let conf = format!(
            "logoutput: /dev/null\ninternal: 127.0.0.1 port = {port}\nexternal: 127.0.0.1\n\
             clientmethod: none\nsocksmethod: {method}\nuser.privileged: root\n\
             user.unprivileged: nobody\n\
             client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\n\
             socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\n"
        );
        std::fs::write(dir.join("conf"), conf).expect("conf");
        let mut command = Command::new("/usr/sbin/danted");
        command.args(["-N", "1", "-f"]).arg(dir.join("conf"));
        Proxy { child: spawn(command, &[port]), port }
    }

    /// A SOCKS5 proxy of `tests/scripts` that wants a ticket for `rcmd/localhost`, grants this level
    /// of protection for what goes through it, and does so in clear if `nec` is set.
    pub fn socks_with_kerberos(realm: &Realm, level: u8, nec: bool) -> Proxy {
        let mut command = Command::new("/usr/bin/python3");
        command.arg(crate::here().join("scripts/socks_gssapi.py"));
        command.arg(level.to_string()).arg(if nec { "nec" } else { "wrapped" });
        command.env("KRB5_CONFIG", realm.config()).env("KRB5_KTNAME", realm.keytab());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("python3");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("its output");
        std::io::BufReader::with_capacity(1, out).read_line(&mut line).expect("its port");
        Proxy { child, port: line.trim().parse().expect("a port") }
    }

    /// What it has written since it was started, and then its end.
    pub fn output(mut self) -> String {
        end(&mut self.child);
        let mut text = String::new();
        let out = self.child.stdout.as_mut().expect("its output");
        out.read_to_string(&mut text).expect("text");
        text
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}
