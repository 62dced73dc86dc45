//! What is asked of the server's certificate and of the connection, on `openssl s_server`.
//! `TRESS_LIB` with the directory of a libcurl that has OpenSSL shows that codes and texts are its
//! own.
use curl_sys::CURLOPT_URL;
use std::time::Duration;
use tress_tests::api::api;
use tress_tests::tls::option::*;
use tress_tests::tls::{Authority, RSA, SServer, Subject};
use tress_tests::{Library, Loop, Program, Transfer, scratch};

const LIMIT: Duration = Duration::from_secs(20);

fn get(server: &SServer, authority: &Authority) -> Transfer {
    Transfer::new(&server.url("/")).str(CAINFO, &authority.path("ca.pem"))
}

fn code(transfer: &Transfer) -> i32 {
    Loop::new().run(&[transfer], LIMIT)[0]
}

fn works(transfer: &Transfer) {
    assert_eq!(code(transfer), 0, "{}", transfer.error());
}

fn fails(transfer: &Transfer, wanted: i32, text: &str) {
    assert_eq!((code(transfer), transfer.error()), (wanted, text.to_owned()));
}

/// Where the library says less, or more, than libcurl with OpenSSL.
fn is_tress() -> bool {
    tress_tests::event::version(api()).contains("Tress")
}

#[test]
fn the_issuer() {
    let root = Authority::new("Root");
    let below = root.intermediate("Below");
    below.issue("server", Subject::default());
    let server = SServer::start(&below, "server", &["-www"]);
    let (right, wrong) = (below.path("ca.pem"), root.path("ca.pem"));
    works(&get(&server, &root).str(ISSUERCERT, &right));
    works(&get(&server, &root).blob(ISSUERCERT_BLOB, below.read("ca.pem").as_bytes()));
    let text = format!("SSL: Certificate issuer check failed ({wrong})");
    fails(&get(&server, &root).str(ISSUERCERT, &wrong), 83, &text);
    let text = "SSL: Unable to open issuer cert (/nonexistent)";
    fails(&get(&server, &root).str(ISSUERCERT, "/nonexistent"), 83, text);
    below.write("garbage", "garbage");
    let garbage = below.path("garbage");
    let text = format!("SSL: Unable to read issuer cert ({garbage})");
    fails(&get(&server, &root).str(ISSUERCERT, &garbage), 83, &text);
}

#[test]
fn the_stapled_status() {
    let root = Authority::new("Root");
    let below = root.intermediate("Below");
    for name in ["server", "revoked"] {
        below.issue(name, Subject::default());
    }
    let extensions = "extendedKeyUsage=OCSPSigning";
    below.issue("responder", Subject { common_name: "R", extensions, ..Subject::default() });
    below.issue("stranger", Subject { common_name: "S", extensions: "", ..Subject::default() });
    below.revoke("revoked");
    let response = |name: &str, signer: &str, days: &str| {
        let file = below.status_response(name, signer, &["-ndays", days]);
        let kept = format!("{file}-{signer}-{days}");
        std::fs::rename(file, &kept).expect("rename");
        kept
    };
    let ask = |name: &str, response: Option<&str>| {
        let staples = response.map_or(vec![], |file| vec!["-status_file", file]);
        let server = SServer::start(&below, name, &[&["-www"], &staples[..]].concat());
        let transfer = get(&server, &root).long(SSL_VERIFYSTATUS, 1);
        let code = code(&transfer);
        // Who does not ask is not told.
        works(&get(&server, &root));
        (code, transfer.error())
    };
    let good = (0, String::new());
    let bad = |text: &str| (91, text.to_owned());
    assert_eq!(ask("server", Some(&response("server", "ca", "5"))), good);
    assert_eq!(ask("server", Some(&response("server", "responder", "5"))), good);
    let of_stranger = response("server", "stranger", "5");
    assert_eq!(ask("server", Some(&of_stranger)), bad("OCSP response verification failed"));
    let of_other = response("revoked", "ca", "5");
    let text = "Could not find certificate ID in OCSP response";
    assert_eq!(ask("server", Some(&of_other)), bad(text));
    let text = "SSL certificate revocation reason: keyCompromise (1)";
    assert_eq!(ask("revoked", Some(&of_other)), bad(text));
    assert_eq!(ask("server", None), bad("No OCSP response received"));
}

#[test]
fn versions_ciphers_curves_and_schemes() {
    let root = Authority::new("Root");
    root.issue("rsa", Subject { key: RSA, ..Subject::default() });
    let server = SServer::start(&root, "rsa", &["-www"]);
    let has = |transfer: Transfer, text: &str| {
        works(&transfer);
        assert!(transfer.text().contains(text), "{text} in {}", transfer.text());
    };
    let get = || get(&server, &root);
    let most_12 = 6 << 16;
    has(get(), "New, TLSv1.3, Cipher is TLS_");
    has(get().long(SSLVERSION, most_12), "New, TLSv1.2, Cipher is ECDHE-RSA-");
    has(get().long(SSLVERSION, 7), "New, TLSv1.3");
    // An old lowest version leaves the newest one open.
    has(get().long(SSLVERSION, 4), "New, TLSv1.3");
    let cipher = "ECDHE-RSA-CHACHA20-POLY1305";
    let list = "ECDHE-RSA-CHACHA20-POLY1305:!AES";
    has(get().long(SSLVERSION, most_12).str(SSL_CIPHER_LIST, list), &format!("is {cipher}"));
    let list = "ECDHE+AESGCM:!AES256:!aECDSA:@STRENGTH";
    let named = "is ECDHE-RSA-AES128-GCM-SHA256";
    has(get().long(SSLVERSION, most_12).str(SSL_CIPHER_LIST, list), named);
    has(get().str(TLS13_CIPHERS, "TLS_CHACHA20_POLY1305_SHA256"), "is TLS_CHACHA20_POLY1305");
    // Each list is for its own versions.
    has(get().str(SSL_CIPHER_LIST, cipher), "New, TLSv1.3, Cipher is TLS_AES");
    has(get().long(SSLVERSION, 7).str(SSL_CIPHER_LIST, "nonsense"), "New, TLSv1.3");
    has(get().str(SSL_EC_CURVES, "P-384:X25519"), "Supported groups: secp384r1:x25519\n");
    let list = "RSA-PSS+SHA384:rsa_pss_rsae_sha256:RSA+SHA256";
    let asked = "\nSignature Algorithms: RSA-PSS+SHA384:RSA-PSS+SHA256:RSA+SHA256\n";
    has(get().str(SSL_SIGNATURE_ALGORITHMS, list), asked);
}

#[test]
fn versions_that_are_not_spoken() {
    if !is_tress() {
        return; // OpenSSL speaks them, with its security level lowered
    }
    let root = Authority::new("Root");
    root.issue("server", Subject::default());
    let old = ["-www", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"];
    let server = SServer::start(&root, "server", &old);
    let alert = "TLS connect error: error:0A00042E:SSL routines::tlsv1 alert protocol version";
    fails(&get(&server, &root).long(SSLVERSION, 4), 35, alert);
    for (number, name) in [(4, "TLSv1.0"), (5, "TLSv1.1")] {
        let text = format!("TLS connect error: no supported version up to {name}");
        fails(&get(&server, &root).long(SSLVERSION, 4 | number << 16), 35, &text);
    }
}

#[test]
fn ciphers_that_are_not_spoken() {
    if !is_tress() {
        return;
    }
    let root = Authority::new("Root");
    root.issue("rsa", Subject { key: RSA, ..Subject::default() });
    // The key of the certificate itself encrypts the secret: rustls does not do that.
    let old = ["-www", "-tls1_2", "-cipher", "AES256-GCM-SHA384"];
    let server = SServer::start(&root, "rsa", &old);
    let alert = "TLS connect error: error:0A000410:SSL routines::ssl/tls alert handshake failure";
    fails(&get(&server, &root), 35, alert);
    let text = "failed setting cipher list: AES256-GCM-SHA384";
    fails(&get(&server, &root).str(SSL_CIPHER_LIST, "AES256-GCM-SHA384"), 59, text);
}

#[test]
fn behaviours_for_other_systems_change_nothing() {
    const ALLOW_BEAST: i64 = 1;
    const NO_REVOKE: i64 = 2;
    const REVOKE_BEST_EFFORT: i64 = 8;
    const NATIVE_CA: i64 = 16;
    const AUTO_CLIENT_CERT: i64 = 32;
    let root = Authority::new("Root");
    root.issue("server", Subject::default());
    let server = SServer::start(&root, "server", &["-www"]);
    let all = ALLOW_BEAST | NO_REVOKE | REVOKE_BEST_EFFORT | NATIVE_CA | AUTO_CLIENT_CERT;
    works(&get(&server, &root).long(SSL_OPTIONS, all));
    // The system's certificates do not take the place of what is given.
    let other = Authority::new("Other");
    assert_eq!(code(&get(&server, &other).long(SSL_OPTIONS, all)), 60);
}

#[test]
fn pinned_keys() {
    let root = Authority::new("Root");
    root.issue("server", Subject::default());
    root.issue("other", Subject::default());
    let server = SServer::start(&root, "server", &["-www"]);
    let pinned = |pin: &str| get(&server, &root).str(PINNEDPUBLICKEY, pin);
    for name in ["server", "other"] {
        let (key, pem, der) =
            (format!("{name}.key"), format!("{name}.pub"), format!("{name}.pub.der"));
        root.openssl(&["pkey", "-in", &key, "-pubout", "-out", &pem]);
        root.openssl(&["pkey", "-in", &key, "-pubout", "-outform", "DER", "-out", &der]);
    }
    let digest = |name: &str| {
        let file = root.path(&format!("{name}.pub.der"));
        let line = format!("openssl dgst -sha256 -binary {file} | base64");
        let out = std::process::Command::new("sh").args(["-c", &line]).output().expect("sh");
        format!("sha256//{}", String::from_utf8_lossy(&out.stdout).trim())
    };
    let both = format!("{};{}", digest("other"), digest("server"));
    for good in [root.path("server.pub"), root.path("server.pub.der"), digest("server"), both] {
        works(&pinned(&good));
        // A pin holds whether the certificate is verified or not.
        works(&pinned(&good).long(SSL_VERIFYPEER, 0));
    }
    let text = "SSL: public key does not match pinned public key";
    let wrong = [root.path("other.pub"), root.path("other.pub.der"), digest("other")];
    for bad in wrong.iter().map(String::as_str).chain(["/nonexistent", "sha256//"]) {
        fails(&pinned(bad), 90, text);
        fails(&pinned(bad).long(SSL_VERIFYPEER, 0), 90, text);
    }
}

#[test]
fn names_and_protocols_that_the_server_hears() {
    let root = Authority::new("Root");
    let extensions = "subjectAltName=DNS:localhost,DNS:a.example,IP:127.0.0.1";
    root.issue("server", Subject { extensions, ..Subject::default() });
    let args = ["-www", "-servername", "x", "-cert2", "server.pem", "-key2", "server.key"];
    let server = SServer::start(&root, "server", &[&args[..], &["-alpn", "http/1.1"]].concat());
    let heard = |url: &str, transfer: Transfer| {
        let before = server.output().len();
        works(&transfer.str(CURLOPT_URL, &url.replace("PORT", &server.port.to_string())));
        server.output_after(before)
    };
    let get = || get(&server, &root);
    let named = heard("https://localhost:PORT/", get());
    assert!(named.contains("Hostname in TLS extension: \"localhost\""), "{named}");
    assert!(named.contains("ALPN protocols advertised by the client: "), "{named}");
    let silent = heard("https://localhost:PORT/", get().long(SSL_ENABLE_ALPN, 0));
    assert!(!silent.contains("ALPN"), "{silent}");
    let older = heard("https://localhost:PORT/", get().long(curl_sys::CURLOPT_HTTP_VERSION, 2));
    assert!(older.contains("client: http/1.1\n"), "{older}");
    // An address is no name, and a final dot is no part of one.
    let address = heard("https://127.0.0.1:PORT/", get());
    assert!(!address.contains("Hostname in TLS extension"), "{address}");
    let to = get().str(curl_sys::CURLOPT_URL, "x");
    let list = format!("a.example.:{p}:127.0.0.1:{p}", p = server.port);
    let dotted = with_list(to, curl_sys::CURLOPT_CONNECT_TO, &list);
    let dotted = heard("https://a.example.:PORT/", dotted);
    assert!(dotted.contains("Hostname in TLS extension: \"a.example\""), "{dotted}");
}

/// Sets an option that is a list, with one entry; lists are read when the transfer is added, and
/// live for ever.
fn with_list(transfer: Transfer, option: u32, entry: &str) -> Transfer {
    let entry = std::ffi::CString::new(entry).expect("no zero byte");
    let data = entry.into_raw();
    let list = Box::leak(Box::new(curl_sys::curl_slist { data, next: std::ptr::null_mut() }));
    // SAFETY: the option takes a list, which outlives the handle.
    let code = unsafe { (api().easy_setopt)(transfer.easy, option, &raw const *list) };
    assert_eq!(code, 0);
    transfer
}

#[test]
fn the_chain_in_words() {
    let root = Authority::new("Root");
    let below = root.intermediate("Below");
    below.issue("server", Subject { key: RSA, ..Subject::default() });
    let server = SServer::start(&below, "server", &["-www"]);
    let without = get(&server, &root);
    works(&without);
    assert!(without.certificates().is_empty());
    let transfer = get(&server, &root).long(CERTINFO, 1);
    works(&transfer);
    let chain = transfer.certificates();
    assert_eq!(chain.len(), 2, "{chain:?}");
    let has = |at: usize, line: &str| {
        let lines = chain.get(at).expect("a certificate");
        assert!(lines.iter().any(|it| it.starts_with(line)), "{line} in {lines:#?}");
    };
    has(0, "Subject:CN = localhost");
    has(0, "Issuer:CN = Below");
    has(0, "Serial Number:1001");
    has(0, "X509v3 Subject Alternative Name:DNS:localhost, IP Address:127.0.0.1");
    has(0, "Start date:Jan  1 00:00:00 2020 GMT");
    has(0, "RSA Public Key:2048");
    has(1, "Subject:CN = Below");
    has(1, "X509v3 Basic Constraints:CA:TRUE");
    let pem = chain[0].iter().find_map(|line| line.strip_prefix("Cert:")).expect("Cert");
    assert_eq!(pem, below.read("server.pem"));
}

#[test]
fn directories_and_blobs_of_anchors() {
    let root = Authority::new("Root");
    root.issue("server", Subject::default());
    let server = SServer::start(&root, "server", &["-www"]);
    let dir = root.dir.join("anchors");
    std::fs::create_dir(&dir).expect("directory");
    std::fs::copy(root.path("ca.pem"), dir.join("ca.pem")).expect("copy");
    let path = dir.to_string_lossy().into_owned();
    let plain = || Transfer::new(&server.url("/"));
    // Certificates are found by the names that `rehash` gives them.
    assert_eq!(code(&plain().str(CAPATH, &path)), 60);
    root.openssl(&["rehash", &path]);
    works(&plain().str(CAPATH, &path));
    assert_eq!(code(&plain().str(CAPATH, "/nonexistent")), 60);
    let pem = root.read("ca.pem");
    works(&plain().blob(CAINFO_BLOB, pem.as_bytes()));
    // The blob takes the file's place, not the directory's.
    works(&plain().blob(CAINFO_BLOB, pem.as_bytes()).str(CAINFO, "/nonexistent"));
    let other = Authority::new("Other").read("ca.pem");
    works(&plain().blob(CAINFO_BLOB, other.as_bytes()).str(CAPATH, &path));
    let garbage = plain().blob(CAINFO_BLOB, b"garbage");
    assert_eq!(code(&garbage), 77);
    assert!(garbage.error().contains("trust anchors from certificate blob"));
}

#[test]
fn chains_that_end_below_the_root() {
    const NO_PARTIALCHAIN: i64 = 4;
    let root = Authority::new("Root");
    let below = root.intermediate("Below");
    below.issue("server", Subject::default());
    let server = SServer::start(&below, "server", &["-www"]);
    works(&get(&server, &below));
    let strict = get(&server, &below).long(SSL_OPTIONS, NO_PARTIALCHAIN);
    assert_eq!(code(&strict), 60);
    works(&get(&server, &root).long(SSL_OPTIONS, NO_PARTIALCHAIN));
    // What is no anchor then still leads to one.
    std::fs::remove_file(below.path("server-above.pem")).expect("removed");
    let server = SServer::start(&below, "server", &["-www"]);
    let both = root.read("ca.pem") + &below.read("ca.pem");
    let strict = Transfer::new(&server.url("/")).long(SSL_OPTIONS, NO_PARTIALCHAIN);
    works(&strict.blob(CAINFO_BLOB, both.as_bytes()));
}

#[test]
fn certificates_of_old_forms() {
    let root = Authority::new("Root");
    // Without extensions `openssl` makes certificates of X.509's first version.
    root.issue("first", Subject { extensions: "", ..Subject::default() });
    let server = SServer::start(&root, "first", &["-www"]);
    works(&get(&server, &root));
    works(&get(&server, &root).long(SSL_VERIFYPEER, 0));
    works(&get(&server, &root).long(SSLVERSION, 6 << 16));
    let other = Authority::new("Root");
    assert_eq!(code(&get(&server, &other)), 60);
}

#[test]
fn what_is_not_there_says_so() {
    if !is_tress() {
        return;
    }
    let transfer = Transfer::new("https://localhost/");
    const NOT_BUILT_IN: i32 = 4;
    extern "C" fn callback() {}
    // SAFETY: a function pointer, as the option wants one.
    let code = unsafe {
        (api().easy_setopt)(transfer.easy, SSL_CTX_FUNCTION, callback as *const std::ffi::c_void)
    };
    assert_eq!(code as i32, NOT_BUILT_IN);
    #[repr(C)]
    struct SessionInfo {
        backend: i32,
        internals: *const std::ffi::c_void,
    }
    let mut info: *const SessionInfo = std::ptr::null();
    // SAFETY: the info is a pointer to such a structure.
    let (backend, internals) = unsafe {
        (api().easy_getinfo)(transfer.easy, 0x40_0000 + 45, &raw mut info);
        ((*info).backend, (*info).internals)
    };
    const RUSTLS: i32 = 14;
    assert_eq!((backend, internals.is_null()), (RUSTLS, true));
}

#[test]
fn keys_are_logged_where_the_environment_asks() {
    let root = Authority::new("Root");
    root.issue("server", Subject::default());
    let server = SServer::start(&root, "server", &["-www"]);
    let log = scratch("keys").join("log");
    let curl = |log: &std::path::Path| {
        let program = Program::new(Library::under_test(), "curl");
        let args = ["-sS", "-o", "/dev/null", "--cacert", &root.path("ca.pem"), &server.url("/")];
        let out = program.env("SSLKEYLOGFILE", log).args(args).run();
        assert_eq!(out.code, 0, "{}", out.stderr);
    };
    curl(&log);
    let text = std::fs::read_to_string(&log).expect("a log");
    assert!(text.contains("CLIENT_TRAFFIC_SECRET_0 "), "{text}");
    curl(&log);
    let longer = std::fs::read_to_string(&log).expect("a log");
    assert!(longer.starts_with(&text) && longer.len() > text.len());
}
