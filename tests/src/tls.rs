//! Certificates, revocation lists and status responses made by `openssl` at test time, and its
//! `s_server`.
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A certificate authority with its files: `ca.pem`, `ca.key`, and what it issues.
#[derive(Debug)]
pub struct Authority {
    /// Where the files are.
    pub dir: PathBuf,
    /// Certificates of the authorities above it.
    above: String,
}

/// What a certificate shall say.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The common name.
    pub common_name: &'a str,
    /// Lines of extensions, in the language of `x509v3_config(5)`.
    pub extensions: &'a str,
    /// From when to when it is good, as `YYYYMMDDhhmmssZ`.
    pub dates: (&'a str, &'a str),
    /// Arguments of `openssl genpkey`.
    pub key: &'a [&'a str],
}

/// A key on the curve P-256.
pub const EC: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
/// An RSA key.
pub const RSA: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];

const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign";

impl Default for Subject<'_> {
    /// A server called `localhost`, good for long.
    fn default() -> Self {
        let extensions = "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\n\
                          subjectAltName=DNS:localhost,IP:127.0.0.1";
        let dates = ("20200101000000Z", "20450101000000Z");
        Self { common_name: "localhost", extensions, dates, key: EC }
    }
}

impl Authority {
    /// An authority that has signed itself.
    pub fn new(name: &str) -> Authority {
        let authority = Authority { dir: crate::scratch("ca"), above: String::new() };
        authority.set_up();
        authority.sign_request("ca", name, EC);
        let dates = Subject::default().dates;
        authority.sign("ca", AUTHORITY, dates, &["-selfsign"]);
        authority
    }

    /// One that this authority has signed.
    pub fn intermediate(&self, name: &str) -> Authority {
        let above = self.read("ca.pem") + &self.above;
        let authority = Authority { dir: crate::scratch("ca"), above };
        authority.set_up();
        let subject = Subject { common_name: name, extensions: AUTHORITY, ..Subject::default() };
        self.issue(name, subject);
        for (from, to) in [("pem", "ca.pem"), ("key", "ca.key")] {
            std::fs::copy(self.path(&format!("{name}.{from}")), authority.path(to)).expect("copy");
        }
        authority
    }

    /// Makes `NAME.pem`, `NAME.key`, `NAME-above.pem` with the intermediate authorities, and
    /// `NAME-chain.pem` with all that a peer must be sent.
    pub fn issue(&self, name: &str, subject: Subject<'_>) {
        self.sign_request(name, subject.common_name, subject.key);
        self.sign(name, subject.extensions, subject.dates, &[]);
        let mut chain = self.read(&format!("{name}.pem"));
        if !self.above.is_empty() {
            self.write(&format!("{name}-above.pem"), &self.read("ca.pem"));
            chain += &self.read("ca.pem");
        }
        self.write(&format!("{name}-chain.pem"), &chain);
    }

    /// Makes a `NAME.pem` that is its own issuer.
    pub fn self_signed(&self, name: &str, subject: Subject<'_>) {
        self.sign_request(name, subject.common_name, subject.key);
        let key = self.path(&format!("{name}.key"));
        let dates = subject.dates;
        self.sign(name, subject.extensions, dates, &["-selfsign", "-keyfile", &key]);
    }

    /// Takes a certificate back.
    pub fn revoke(&self, name: &str) {
        let certificate = self.path(&format!("{name}.pem"));
        let reason = ["-crl_reason", "keyCompromise"];
        self.openssl(&[&["ca", "-config", "conf", "-revoke", &certificate][..], &reason].concat());
    }

    /// The list of what was taken back, as a file; good for so many days.
    pub fn revocation_list(&self, days: &str) -> String {
        self.openssl(&["ca", "-config", "conf", "-gencrl", "-crldays", days, "-out", "crl.pem"]);
        self.path("crl.pem")
    }

    /// A status response about `NAME.pem`, signed by `SIGNER.pem`, as a file; `more` are arguments
    /// of `openssl ocsp`.
    pub fn status_response(&self, name: &str, signer: &str, more: &[&str]) -> String {
        let file = |kind: &str| format!("{name}.{kind}");
        let (request, response) = (file("ocspreq"), file("ocsp"));
        let pem = file("pem");
        self.openssl(&["ocsp", "-issuer", "ca.pem", "-cert", &pem, "-reqout", &request]);
        let (cert, key) = (format!("{signer}.pem"), format!("{signer}.key"));
        let signer = ["-index", "index.txt", "-CA", "ca.pem", "-rsigner", &cert, "-rkey", &key];
        let files = ["-reqin", &request, "-respout", &response];
        self.openssl(&[&["ocsp"][..], &signer, &files, more].concat());
        self.path(&response)
    }

    /// Runs `openssl` in the directory.
    pub fn openssl(&self, args: &[&str]) {
        let out = Command::new("openssl").args(args).current_dir(&self.dir).output();
        let out = out.expect("openssl runs");
        let text = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "openssl {}: {text}", args.join(" "));
    }

    /// The path of one of its files.
    pub fn path(&self, name: &str) -> String {
        self.dir.join(name).to_string_lossy().into_owned()
    }

    /// The content of a file.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.join(name)).expect(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, content: &str) {
        std::fs::write(self.dir.join(name), content).expect(name);
    }

    fn set_up(&self) {
        self.write("index.txt", "");
        self.write("index.txt.attr", "unique_subject = no\n");
        self.write("serial", "1001\n");
        self.write("crlnumber", "01\n");
        let mut conf = String::from("[ca]\ndefault_ca = own\n[own]\n");
        for (name, value) in [
            ("dir", "."),
            ("database", "index.txt"),
            ("serial", "serial"),
            ("crlnumber", "crlnumber"),
            ("new_certs_dir", "."),
            ("certificate", "ca.pem"),
            ("private_key", "ca.key"),
            ("default_md", "sha256"),
            ("policy", "any"),
        ] {
            let _ = writeln!(conf, "{name} = {value}");
        }
        self.write("conf", &(conf + "[any]\ncommonName = supplied\n"));
    }

    fn sign_request(&self, name: &str, common_name: &str, key: &[&str]) {
        let (key_file, request) = (format!("{name}.key"), format!("{name}.csr"));
        self.openssl(&[&["genpkey", "-out", &key_file], key].concat());
        let subject = format!("/CN={common_name}");
        let names = ["-subj", &subject, "-out", &request];
        self.openssl(&[&["req", "-new", "-key", &key_file][..], &names].concat());
    }

    fn sign(&self, name: &str, extensions: &str, dates: (&str, &str), more: &[&str]) {
        self.write("extensions", extensions);
        let (request, certificate) = (format!("{name}.csr"), format!("{name}.pem"));
        let mut args = vec!["ca", "-batch", "-notext", "-config", "conf", "-in", &request];
        args.extend(["-out", &certificate, "-extfile", "extensions"]);
        args.extend(["-startdate", dates.0, "-enddate", dates.1]);
        self.openssl(&[&args, more].concat());
    }
}

/// `openssl s_server`, killed at the end. With `-www` it tells about the connection.
#[derive(Debug)]
pub struct SServer {
    child: Child,
    /// Where it listens.
    pub port: u16,
    output: Arc<Mutex<String>>,
}

impl SServer {
    /// Serves with `NAME.pem`, `NAME-above.pem` if there is one, and `NAME.key` of this directory, and these arguments.
    pub fn start(authority: &Authority, name: &str, args: &[&str]) -> SServer {
        let port = free_port();
        // Its output into a pipe would come much later without `stdbuf`.
        let mut command = Command::new("stdbuf");
        command.args(["-oL", "openssl", "s_server", "-accept", &format!("127.0.0.1:{port}")]);
        let (certificate, key) = (format!("{name}.pem"), format!("{name}.key"));
        command.args(["-cert", &certificate, "-key", &key]);
        let above = format!("{name}-above.pem");
        if authority.dir.join(&above).exists() {
            command.args(["-cert_chain", &above]);
        }
        command.args(args).current_dir(&authority.dir);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("openssl s_server starts");
        let output = Arc::new(Mutex::new(String::new()));
        let errors = child.stderr.take().expect("its errors");
        gather(BufReader::new(errors), &output);
        let mut lines = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        while !line.starts_with("ACCEPT") {
            line.clear();
            let read = lines.read_line(&mut line).expect("a line");
            assert!(read > 0, "s_server {args:?} ended: {}", lock(&output));
        }
        gather(lines, &output);
        SServer { child, port, output }
    }

    /// `https://localhost:PORT` and the path.
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// What it writes next, once it has come to rest.
    pub fn output_after(&self, before: usize) -> String {
        let mut length = before;
        loop {
            std::thread::sleep(Duration::from_millis(100));
            let output = self.output();
            if output.len() == length {
                return output.get(before..).unwrap_or_default().to_owned();
            }
            length = output.len();
        }
    }

    /// What it has written so far.
    pub fn output(&self) -> String {
        lock(&self.output).clone()
    }
}

impl Drop for SServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn gather(mut lines: impl BufRead + Send + 'static, output: &Arc<Mutex<String>>) {
    let output = output.clone();
    std::thread::spawn(move || {
        let mut line = Vec::new();
        while let Ok(1..) = lines.read_until(b'\n', &mut line) {
            lock(&output).push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    });
}

fn lock(output: &Mutex<String>) -> std::sync::MutexGuard<'_, String> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A port of the loopback that nobody listens at.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Numbers of the options about TLS.
#[allow(missing_docs)]
pub mod option {
    pub const SSLVERSION: u32 = 32;
    pub const SSL_VERIFYPEER: u32 = 64;
    pub const SSL_VERIFYHOST: u32 = 81;
    pub const SSL_SESSIONID_CACHE: u32 = 150;
    pub const CERTINFO: u32 = 172;
    pub const SSL_OPTIONS: u32 = 216;
    pub const SSL_ENABLE_ALPN: u32 = 226;
    pub const SSL_VERIFYSTATUS: u32 = 232;
    pub const PROXY_SSL_VERIFYPEER: u32 = 248;
    pub const PROXY_SSL_VERIFYHOST: u32 = 249;
    pub const PROXY_SSLVERSION: u32 = 250;
    pub const PROXY_SSL_OPTIONS: u32 = 261;
    pub const CA_CACHE_TIMEOUT: u32 = 321;
    pub const SSLCERT: u32 = 10025;
    pub const KEYPASSWD: u32 = 10026;
    pub const CAINFO: u32 = 10065;
    pub const SSL_CIPHER_LIST: u32 = 10083;
    pub const SSLCERTTYPE: u32 = 10086;
    pub const SSLKEY: u32 = 10087;
    pub const SSLKEYTYPE: u32 = 10088;
    pub const CAPATH: u32 = 10097;
    pub const CRLFILE: u32 = 10169;
    pub const ISSUERCERT: u32 = 10170;
    pub const PINNEDPUBLICKEY: u32 = 10230;
    pub const PROXY_CAINFO: u32 = 10246;
    pub const PROXY_CAPATH: u32 = 10247;
    pub const PROXY_SSLCERT: u32 = 10254;
    pub const PROXY_SSLCERTTYPE: u32 = 10255;
    pub const PROXY_SSLKEY: u32 = 10256;
    pub const PROXY_SSLKEYTYPE: u32 = 10257;
    pub const PROXY_KEYPASSWD: u32 = 10258;
    pub const PROXY_SSL_CIPHER_LIST: u32 = 10259;
    pub const PROXY_CRLFILE: u32 = 10260;
    pub const PROXY_PINNEDPUBLICKEY: u32 = 10263;
    pub const TLS13_CIPHERS: u32 = 10276;
    pub const PROXY_TLS13_CIPHERS: u32 = 10277;
    pub const PROXY_ISSUERCERT: u32 = 10296;
    pub const SSL_EC_CURVES: u32 = 10298;
    pub const SSL_SIGNATURE_ALGORITHMS: u32 = 10328;
    pub const SSL_CTX_FUNCTION: u32 = 20108;
    pub const SSLCERT_BLOB: u32 = 40291;
    pub const SSLKEY_BLOB: u32 = 40292;
    pub const PROXY_SSLCERT_BLOB: u32 = 40293;
    pub const PROXY_SSLKEY_BLOB: u32 = 40294;
    pub const ISSUERCERT_BLOB: u32 = 40295;
    pub const PROXY_ISSUERCERT_BLOB: u32 = 40297;
    pub const CAINFO_BLOB: u32 = 40309;
    pub const PROXY_CAINFO_BLOB: u32 = 40310;
}
