//! Real servers for HTTP/2: apache2 with mod_http2, and nghttpx, as a server and as a proxy.
use crate::scratch;
use crate::tls::{Authority, Subject, free_port};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// An apache2 of one's own: plain HTTP with prior knowledge of HTTP/2, HTTPS with ALPN, and a
/// forward proxy. Files are served from `root`, and can be put there.
#[derive(Debug)]
pub struct Apache {
    child: Child,
    /// What it serves.
    pub root: PathBuf,
    /// Its certificate's issuer.
    pub authority: Authority,
    /// Where it speaks HTTP.
    pub port: u16,
    /// Where it speaks HTTPS.
    pub tls_port: u16,
    /// Where it is a forward proxy.
    pub proxy_port: u16,
}

const MODULES: &[&str] = &[
    "mpm_event",
    "authz_core",
    "dav",
    "dav_fs",
    "dir",
    "http2",
    "mime",
    "proxy",
    "proxy_connect",
    "proxy_http",
    "ssl",
];

impl Apache {
    /// Starts one, with these lines of configuration for both of its servers.
    pub fn start(extra: &str) -> Apache {
        Self::start_with(extra, &[])
    }

    /// Starts one with these environment variables, too.
    pub fn start_with(extra: &str, env: &[(&str, &Path)]) -> Apache {
        let dir = scratch("apache");
        let authority = Authority::new("Root");
        authority.issue("server", Subject::default());
        let root = dir.join("root");
        std::fs::create_dir(&root).expect("root");
        let (port, tls_port, proxy_port) = (free_port(), free_port(), free_port());
        let (d, r) = (dir.display(), root.display());
        let (certificate, key) = (authority.path("server.pem"), authority.path("server.key"));
        let mut conf: String = MODULES
            .iter()
            .map(|name| {
                format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n")
            })
            .collect();
        // Started by root, it serves as somebody else, who is to read and write there too.
        for dir in [&dir, &root] {
            let all = std::os::unix::fs::PermissionsExt::from_mode(0o777);
            std::fs::set_permissions(dir, all).expect("its mode");
        }
        conf += &format!(
            "ServerRoot {d}\nServerName localhost\nPidFile {d}/pid\nErrorLog {d}/error\n\
             Mutex fcntl:{d}\nDefaultRuntimeDir {d}\n\
             TypesConfig /dev/null\nDAVLockDB {d}/lock\nStartServers 1\nThreadsPerChild 25\n\
             MaxRequestWorkers 25\nServerLimit 1\n\
             Listen 127.0.0.1:{port}\nListen 127.0.0.1:{tls_port}\nListen 127.0.0.1:{proxy_port}\n\
             DocumentRoot {r}\n<Directory {r}>\nDAV on\nRequire all granted\n</Directory>\n{extra}\n\
             <VirtualHost 127.0.0.1:{port}>\nProtocols h2c http/1.1\n</VirtualHost>\n\
             <VirtualHost 127.0.0.1:{tls_port}>\nProtocols h2 http/1.1\nSSLEngine on\n\
             SSLCertificateFile {certificate}\nSSLCertificateKeyFile {key}\n</VirtualHost>\n\
             <VirtualHost 127.0.0.1:{proxy_port}>\nProxyRequests on\nAllowCONNECT 0-65535\n\
             </VirtualHost>\n"
        );
        std::fs::write(dir.join("conf"), conf).expect("conf");
        let mut command = Command::new("/usr/sbin/apache2");
        command.envs(env.iter().copied());
        command.arg("-d").arg(&dir).arg("-f").arg(dir.join("conf")).arg("-DFOREGROUND");
        let child = spawn(command, &[port, tls_port, proxy_port]);
        Apache { child, root, authority, port, tls_port, proxy_port }
    }

    /// `https://localhost:PORT` and the path.
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.tls_port)
    }

    /// `http://localhost:PORT` and the path.
    pub fn plain_url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// Makes a file of so many bytes.
    pub fn file(&self, name: &str, size: usize) -> Vec<u8> {
        let bytes: Vec<u8> = (0..size).map(|at| ((at * 31) >> 3) as u8).collect();
        std::fs::write(self.root.join(name), &bytes).expect("a file");
        bytes
    }
}

impl Drop for Apache {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// An nghttpx in front of something that speaks HTTP/1.
#[derive(Debug)]
pub struct Nghttpx {
    child: Child,
    /// Where it speaks HTTP/2 over TLS.
    pub port: u16,
}

impl Nghttpx {
    /// A server that passes requests on.
    pub fn reverse(authority: &Authority, backend: u16) -> Nghttpx {
        Self::start(authority, backend, &[])
    }

    /// A forward proxy that passes requests on to another one.
    pub fn forward(authority: &Authority, backend: u16) -> Nghttpx {
        Self::start(authority, backend, &["--http2-proxy"])
    }

    fn start(authority: &Authority, backend: u16, args: &[&str]) -> Nghttpx {
        let port = free_port();
        let mut command = Command::new("nghttpx");
        command.arg("--conf=/dev/null").args(args);
        command.arg(format!("--frontend=127.0.0.1,{port}"));
        command.arg(format!("--backend=127.0.0.1,{backend}"));
        command.args([authority.path("server.key"), authority.path("server.pem")]);
        Nghttpx { child: spawn(command, &[port]), port }
    }
}

impl Drop for Nghttpx {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Starts a server and waits until it listens.
pub(crate) fn spawn(mut command: Command, ports: &[u16]) -> Child {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = quiet.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let limit = Instant::now() + Duration::from_secs(10);
    for port in ports {
        while TcpStream::connect(("127.0.0.1", *port)).is_err() {
            assert!(Instant::now() < limit, "{command:?} does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    child
}

/// Both end their children when they are asked to, not when they are killed.
pub(crate) fn end(child: &mut Child) {
    // One that is gone already may have left its number to somebody else.
    if let Ok(None) = child.try_wait() {
        let _ = Command::new("kill").arg(child.id().to_string()).status();
        let _ = child.wait();
    }
}
