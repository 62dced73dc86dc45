//! TLS with real peers besides `openssl`: GnuTLS as the server, apache2 as an HTTPS proxy; and
//! how connections end. `TRESS_LIB` with the directory of a libcurl that has OpenSSL shows that it
//! does the same.
use curl_sys::*;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tress_tests::api::api;
use tress_tests::tls::option::*;
use tress_tests::tls::{Authority, SServer, Subject, free_port};
use tress_tests::{Loop, Nginx, Transfer, scratch};

const LIMIT: Duration = Duration::from_secs(20);
const SSL_VERIFYRESULT: i32 = 0x20_0000 + 13;
const PROXY_SSL_VERIFYRESULT: i32 = 0x20_0000 + 47;

/// A program that listens at a port, killed at the end.
struct Peer(Child);

impl Peer {
    fn start(command: &mut Command, port: u16) -> Peer {
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut peer = Peer(command.spawn().expect("the program starts"));
        let end = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "{command:?} does not listen");
            assert!(peer.0.try_wait().expect("its state").is_none(), "{command:?} has ended");
            std::thread::sleep(Duration::from_millis(20));
        }
        peer
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn gnutls_serves_every_version_and_cipher_and_client() {
    let root = Authority::new("Root");
    root.issue("server", Subject::default());
    root.issue("client", Subject { common_name: "a client", ..Subject::default() });
    for (priority, wanted) in [
        ("NORMAL:-VERS-ALL:+VERS-TLS1.2", "TLS1.2"),
        ("NORMAL:-VERS-ALL:+VERS-TLS1.3", "TLS1.3"),
        ("NORMAL:-CIPHER-ALL:+CHACHA20-POLY1305", "CHACHA20-POLY1305"),
        ("NORMAL:-CIPHER-ALL:+AES-128-GCM", "AES-128-GCM"),
        ("NORMAL:-GROUP-ALL:+GROUP-SECP384R1", "SECP384R1"),
    ] {
        let port = free_port();
        let mut serve = Command::new("gnutls-serv");
        serve.args(["--http", "-p", &port.to_string(), "--priority", priority]);
        serve.args(["--x509certfile", "server.pem", "--x509keyfile", "server.key"]);
        serve.args(["--x509cafile", "ca.pem", "--require-client-cert", "--verify-client-cert"]);
        let _peer = Peer::start(serve.current_dir(&root.dir), port);
        let get = || {
            let url = format!("https://localhost:{port}/");
            Transfer::new(&url).str(CAINFO, &root.path("ca.pem"))
        };
        let transfer =
            get().str(SSLCERT, &root.path("client.pem")).str(SSLKEY, &root.path("client.key"));
        let code = Loop::new().run(&[&transfer], LIMIT);
        assert_eq!(code, [0], "{priority}: {}", transfer.error());
        let page = transfer.text();
        assert!(page.contains(wanted), "{priority}: {wanted} in {page}");
        let without = get();
        let code = Loop::new().run(&[&without], LIMIT)[0];
        assert!([35, 55, 56].contains(&code), "{priority}: {code} {}", without.error());
    }
}

/// apache2 as a proxy that is spoken to over TLS.
fn https_proxy(root: &Authority, port: u16) -> Peer {
    let dir = scratch("apache-proxy");
    let module =
        |name: &str| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n");
    let modules = ["mpm_event", "authz_core", "proxy", "proxy_connect", "proxy_http", "ssl"];
    let modules: String = modules.into_iter().map(module).collect();
    let (d, certificate, key) = (dir.display(), root.path("server.pem"), root.path("server.key"));
    let conf = format!(
        "ServerRoot {d}\nServerName localhost\nPidFile {d}/pid\nErrorLog {d}/error\n{modules}\
         Listen 127.0.0.1:{port}\nProxyRequests On\nAllowCONNECT 1-65535\nSSLEngine On\n\
         SSLCertificateFile {certificate}\nSSLCertificateKeyFile {key}\n"
    );
    std::fs::write(dir.join("conf"), conf).expect("conf");
    let mut apache = Command::new("/usr/sbin/apache2");
    apache.args(["-X", "-f"]).arg(dir.join("conf"));
    Peer::start(&mut apache, port)
}

#[test]
fn tls_within_tls_through_an_https_proxy() {
    let (proxies, servers) = (Authority::new("Proxies"), Authority::new("Servers"));
    proxies.issue("server", Subject::default());
    servers.issue("server", Subject::default());
    let port = free_port();
    let _proxy = https_proxy(&proxies, port);
    let (proxy_ca, ca) = (proxies.path("ca.pem"), servers.path("ca.pem"));
    for version in ["-tls1_2", "-tls1_3"] {
        let server = SServer::start(&servers, "server", &["-www", version]);
        let get = |ca: &str, proxy_ca: &str| {
            Transfer::new(&server.url("/"))
                .str(CURLOPT_NOPROXY, "")
                .str(CURLOPT_PROXY, &format!("https://localhost:{port}"))
                .str(CAINFO, ca)
                .str(PROXY_CAINFO, proxy_ca)
        };
        for outer in [6 << 16, 7] {
            let transfer = get(&ca, &proxy_ca).long(PROXY_SSLVERSION, outer);
            let code = Loop::new().run(&[&transfer], LIMIT);
            assert_eq!(code, [0], "{version}: {}", transfer.error());
            assert!(transfer.text().contains("Cipher is "));
        }
        // Each layer is checked for itself.
        let bad_proxy = get(&ca, &ca);
        assert_eq!(Loop::new().run(&[&bad_proxy], LIMIT), [60]);
        assert_eq!(bad_proxy.info(PROXY_SSL_VERIFYRESULT), 20);
        let bad_server = get(&proxy_ca, &proxy_ca);
        assert_eq!(Loop::new().run(&[&bad_server], LIMIT), [60]);
        let results = [SSL_VERIFYRESULT, PROXY_SSL_VERIFYRESULT].map(|it| bad_server.info(it));
        assert_eq!(results, [20, 0]);
    }
}

/// CVE-2021-22890: each of the two is resumed by its own session.
#[test]
fn sessions_of_a_proxy_and_of_a_server_are_two() {
    let (proxies, servers) = (Authority::new("Proxies"), Authority::new("Servers"));
    proxies.issue("server", Subject::default());
    servers.issue("server", Subject::default());
    let port = free_port();
    let _proxy = https_proxy(&proxies, port);
    let server = SServer::start(&servers, "server", &["-www", "-tls1_3"]);
    let mut lp = Loop::new();
    for word in ["New, TLSv1.3", "Reused, TLSv1.3", "Reused, TLSv1.3"] {
        let transfer = Transfer::new(&server.url("/"))
            .str(CURLOPT_NOPROXY, "")
            .str(CURLOPT_PROXY, &format!("https://localhost:{port}"))
            .str(CAINFO, &servers.path("ca.pem"))
            .str(PROXY_CAINFO, &proxies.path("ca.pem"))
            .long(PROXY_SSLVERSION, 7)
            .long(CURLOPT_FORBID_REUSE, 1);
        assert_eq!(lp.run(&[&transfer], LIMIT), [0], "{}", transfer.error());
        assert!(transfer.text().contains(word), "{word}: {}", transfer.text());
    }
}

/// Between a client and a server: passes one connection on.
struct Relay {
    port: u16,
    /// All that the client has sent.
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Relay {
    /// Of what comes back from `to` the last `cut` bytes are kept.
    fn start(to: u16, cut: usize) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let sent = Arc::new(Mutex::new(Vec::new()));
        let log = sent.clone();
        std::thread::spawn(move || {
            let (client, _) = listener.accept().expect("a connection");
            let server = TcpStream::connect(("127.0.0.1", to)).expect("the server");
            let (mut from, mut back) =
                (client.try_clone().expect("clone"), server.try_clone().expect("clone"));
            let returning = std::thread::spawn(move || {
                let _ = pass(&mut back, &client, |_| (), cut);
                let _ = client.shutdown(Shutdown::Both);
            });
            let _ = pass(&mut from, &server, |bytes| log.lock().expect("log").extend(bytes), 0);
            let _ = server.shutdown(Shutdown::Write);
            let _ = returning.join();
        });
        Relay { port, sent }
    }
}

fn pass(
    from: &mut TcpStream,
    mut to: &TcpStream,
    mut log: impl FnMut(&[u8]),
    cut: usize,
) -> std::io::Result<()> {
    /// The server's part of a handshake is shorter, and goes through whole.
    const HANDSHAKE: usize = 1500;
    if cut > 0 {
        // The server may wait for the client, which does not know that all has come.
        from.set_read_timeout(Some(Duration::from_millis(500)))?;
    }
    let (mut kept, mut chunk, mut total) = (Vec::new(), [0; 4096], 0);
    loop {
        let count = from.read(&mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        log(&chunk[..count]);
        total += count;
        kept.extend_from_slice(&chunk[..count]);
        let cut = if total > HANDSHAKE { cut } else { 0 };
        let passed = kept.len().saturating_sub(cut);
        to.write_all(&kept[..passed])?;
        kept.drain(..passed);
    }
}

#[test]
fn a_body_that_is_cut_off_is_noticed() {
    /// A close_notify of TLS 1.3: header, alert, type and tag.
    const CLOSE_NOTIFY: usize = 24;
    let root = Authority::new("Root");
    root.issue("server", Subject::default());
    let server = SServer::start(&root, "server", &["-www", "-tls1_3"]);
    for (cut, wanted) in [(0, 0), (CLOSE_NOTIFY, 56), (100, 56)] {
        let url = format!("https://localhost:{}/", Relay::start(server.port, cut).port);
        let transfer = Transfer::new(&url).str(CAINFO, &root.path("ca.pem"));
        let code = Loop::new().run(&[&transfer], LIMIT)[0];
        assert_eq!(code, wanted, "{cut}: {} {}", transfer.error(), transfer.body().len());
        if cut > 0 {
            let text = "error:0A000126:SSL routines::unexpected eof while reading";
            assert!(transfer.error().contains(text), "{}", transfer.error());
        }
    }
}

#[test]
fn connections_are_closed_by_close_notify() {
    let root = Authority::new("Root");
    root.issue("server", Subject::default());
    let port = free_port();
    let (certificate, key) = (root.path("server.pem"), root.path("server.key"));
    let _nginx = Nginx::start(&format!(
        "ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {certificate}; \
         ssl_certificate_key {key}; \
         server {{ listen 127.0.0.1:{port} ssl; location / {{ return 200 ok; }} }}"
    ));
    // The header of the last record: sealed in TLS 1.3, with an explicit nonce before that.
    for (version, last) in [(7, [23, 3, 3, 0, 19]), (6 << 16, [21, 3, 3, 0, 26])] {
        let relay = Relay::start(port, 0);
        let mut lp = Loop::new();
        let transfer = Transfer::new(&format!("https://localhost:{}/", relay.port))
            .str(CAINFO, &root.path("ca.pem"))
            .str(SSL_CIPHER_LIST, "AESGCM")
            .long(SSLVERSION, version);
        assert_eq!(lp.run(&[&transfer], LIMIT), [0], "{}", transfer.error());
        let before = relay.sent.lock().expect("log").len();
        drop(transfer);
        drop(lp);
        let end = Instant::now() + Duration::from_secs(5);
        let said = || relay.sent.lock().expect("log").get(before..).unwrap_or_default().to_vec();
        while said().len() < 24 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(said().get(..5), Some(&last[..]), "{:?}", said());
    }
}

#[test]
fn the_programs_are_there() {
    for program in ["/usr/sbin/apache2", "/usr/bin/gnutls-serv"] {
        assert!(Path::new(program).exists(), "{program}: see .ci/run");
    }
    let version = tress_tests::event::version(api());
    assert!(version.starts_with("libcurl/"), "{version}");
}
