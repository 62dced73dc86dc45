//! Connections and sessions that are used again, or must not be, with nginx as the server.
//! `TRESS_LIB` with the directory of a libcurl that has OpenSSL shows that it does the same.
use curl_sys::*;
use std::time::Duration;
use tress_tests::api::api;
use tress_tests::tls::option::*;
use tress_tests::tls::{Authority, Subject, free_port};
use tress_tests::{Loop, Nginx, Server, Transfer};

const LIMIT: Duration = Duration::from_secs(20);
const NUM_CONNECTS: i32 = 0x20_0000 + 26;
const SSL_VERIFYRESULT: i32 = 0x20_0000 + 13;
const EARLYDATA_SENT_T: i32 = 0x60_0000 + 68;
const EARLYDATA: i64 = 1 << 6;

fn is_tress() -> bool {
    tress_tests::event::version(api()).contains("Tress")
}

/// An authority with a server's and a client's certificate.
fn certificates() -> Authority {
    let root = Authority::new("Root");
    root.issue("server", Subject::default());
    root.issue("client", Subject { common_name: "a client", ..Subject::default() });
    root.openssl(&["pkey", "-in", "client.key", "-aes256", "-passout", "pass:x", "-out", "locked"]);
    root
}

/// A server on this port that tells about the connection.
fn server(root: &Authority, port: u16, more: &str) -> Nginx {
    let (certificate, key) = (root.path("server.pem"), root.path("server.key"));
    Nginx::start(&format!(
        "ssl_certificate {certificate}; ssl_certificate_key {key}; \
         ssl_protocols TLSv1.2 TLSv1.3; {more} \
         server {{ listen 127.0.0.1:{port} ssl; ssl_verify_client optional_no_ca; \
         location / {{ return 200 \"$ssl_session_reused $ssl_early_data $request_length \
         $ssl_client_s_dn $ssl_protocol\\n\"; }} }}"
    ))
}

fn get(root: &Authority, port: u16) -> Transfer {
    Transfer::new(&format!("https://localhost:{port}/")).str(CAINFO, &root.path("ca.pem"))
}

fn run(lp: &mut Loop, transfer: &Transfer) -> String {
    transfer.clear();
    let code = lp.run(&[transfer], LIMIT)[0];
    let early = transfer.offset(EARLYDATA_SENT_T);
    assert_eq!(code, 0, "{}, {early} {}", transfer.error(), transfer.text());
    transfer.text()
}

#[test]
fn connections_with_other_settings_are_other_connections() {
    let root = certificates();
    let port = free_port();
    let _nginx = server(&root, port, "");
    let list = root.revocation_list("30");
    std::fs::copy(root.path("ca.pem"), root.path("copy.pem")).expect("copy");
    std::fs::copy(root.path("ca.pem"), root.path("CA.pem")).expect("copy");
    std::fs::copy(root.path("client.pem"), root.path("CLIENT.pem")).expect("copy");
    let (ca, copy, pem) = (root.path("ca.pem"), root.path("copy.pem"), root.read("ca.pem"));
    // CVE-2021-22924: names of files differ by case too.
    let (upper_ca, upper_cert) = (root.path("CA.pem"), root.path("CLIENT.pem"));
    let (cert, key, locked) =
        (root.path("client.pem"), root.path("client.key"), root.path("locked"));
    root.openssl(&["pkey", "-in", "server.key", "-pubout", "-out", "pin"]);
    let pin = root.path("pin");
    type Change<'a> = (&'a str, Box<dyn Fn(Transfer) -> Transfer + 'a>);
    fn long<'a>(option: u32, value: i64) -> Box<dyn Fn(Transfer) -> Transfer + 'a> {
        Box::new(move |transfer| transfer.long(option, value))
    }
    fn text<'a>(option: u32, value: &'a str) -> Box<dyn Fn(Transfer) -> Transfer + 'a> {
        Box::new(move |transfer| transfer.str(option, value))
    }
    let changes: Vec<Change<'_>> = vec![
        ("SSL_VERIFYPEER", long(SSL_VERIFYPEER, 0)),
        ("SSL_VERIFYHOST", long(SSL_VERIFYHOST, 0)),
        ("SSLVERSION", long(SSLVERSION, 7)),
        ("SSLVERSION, highest", long(SSLVERSION, 6 << 16)),
        ("SSL_OPTIONS", long(SSL_OPTIONS, 4)),
        ("CAINFO", text(CAINFO, &copy)),
        ("CAINFO in capitals", text(CAINFO, &upper_ca)),
        ("CAINFO_BLOB", Box::new(|transfer| transfer.blob(CAINFO_BLOB, pem.as_bytes()))),
        ("CAPATH", text(CAPATH, "/nonexistent")),
        ("CRLFILE", text(CRLFILE, &list)),
        ("ISSUERCERT", text(ISSUERCERT, &ca)),
        ("ISSUERCERT_BLOB", Box::new(|transfer| transfer.blob(ISSUERCERT_BLOB, pem.as_bytes()))),
        ("PINNEDPUBLICKEY", text(PINNEDPUBLICKEY, &pin)),
        ("SSL_CIPHER_LIST", text(SSL_CIPHER_LIST, "HIGH:!CHACHA20")),
        ("TLS13_CIPHERS", text(TLS13_CIPHERS, "TLS_AES_128_GCM_SHA256")),
        ("SSL_EC_CURVES", text(SSL_EC_CURVES, "P-256")),
        ("SSL_SIGNATURE_ALGORITHMS", text(SSL_SIGNATURE_ALGORITHMS, "ECDSA+SHA256")),
        ("SSLCERT", Box::new(|it| it.str(SSLCERT, &cert).str(SSLKEY, &key))),
        ("SSLCERT in capitals", Box::new(|it| it.str(SSLCERT, &upper_cert).str(SSLKEY, &key))),
        (
            "SSLKEY, KEYPASSWD",
            Box::new(|it| it.str(SSLCERT, &cert).str(SSLKEY, &locked).str(KEYPASSWD, "x")),
        ),
        (
            "SSLCERT_BLOB",
            Box::new(|it| {
                let (cert, key) = (root.read("client.pem"), root.read("client.key"));
                it.blob(SSLCERT_BLOB, cert.as_bytes()).blob(SSLKEY_BLOB, key.as_bytes())
            }),
        ),
    ];
    let mut lp = Loop::new();
    let plain = get(&root, port);
    run(&mut lp, &plain);
    for (name, change) in &changes {
        let other = change(get(&root, port));
        run(&mut lp, &other);
        assert_eq!(other.info(NUM_CONNECTS), 1, "{name}: a connection of its own");
        run(&mut lp, &other);
        assert_eq!(other.info(NUM_CONNECTS), 0, "{name}: used again with the same settings");
        run(&mut lp, &plain);
        assert_eq!(plain.info(NUM_CONNECTS), 0, "{name}: the first one is still good");
    }
    // A status must be asked for when a connection is made.
    let status = get(&root, port).long(SSL_VERIFYSTATUS, 1);
    assert_eq!(lp.run(&[&status], LIMIT), [91]);
    // The certificates are told when a connection is made, and not by a session.
    let words = get(&root, port).long(CERTINFO, 1).long(SSL_SESSIONID_CACHE, 0);
    let words = words.long(CURLOPT_FRESH_CONNECT, 1);
    run(&mut lp, &words);
    assert_eq!(words.certificates().len(), 1);
    let words = words.long(CURLOPT_FRESH_CONNECT, 0);
    run(&mut lp, &words);
    assert_eq!((words.info(NUM_CONNECTS), words.certificates().len()), (0, 0));
    // These do not make connections differ.
    for alike in [get(&root, port).long(CERTINFO, 1), get(&root, port).long(CA_CACHE_TIMEOUT, 1)] {
        run(&mut lp, &alike);
        assert_eq!(alike.info(NUM_CONNECTS), 0);
    }
}

#[test]
fn connections_to_a_proxy_with_other_settings_are_other_connections() {
    let root = certificates();
    let port = free_port();
    let _nginx = server(&root, port, "");
    let list = root.revocation_list("30");
    std::fs::copy(root.path("ca.pem"), root.path("copy.pem")).expect("copy");
    let (ca, copy) = (root.path("ca.pem"), root.path("copy.pem"));
    let (cert, key) = (root.path("client.pem"), root.path("client.key"));
    root.openssl(&["pkey", "-in", "server.key", "-pubout", "-out", "pin"]);
    // A request through a proxy is one like others to nginx.
    let get = || {
        Transfer::new("http://far.example/")
            .str(CURLOPT_NOPROXY, "")
            .str(CURLOPT_PROXY, &format!("https://localhost:{port}"))
            .str(PROXY_CAINFO, &ca)
    };
    let pem = root.read("ca.pem");
    let changes = [
        ("VERIFYPEER", get().long(PROXY_SSL_VERIFYPEER, 0)),
        ("VERIFYHOST", get().long(PROXY_SSL_VERIFYHOST, 0)),
        ("SSLVERSION", get().long(PROXY_SSLVERSION, 6 << 16)),
        ("SSL_OPTIONS", get().long(PROXY_SSL_OPTIONS, 4)),
        ("CAINFO", get().str(PROXY_CAINFO, &copy)),
        ("CAINFO_BLOB", get().blob(PROXY_CAINFO_BLOB, pem.as_bytes())),
        ("CAPATH", get().str(PROXY_CAPATH, "/nonexistent")),
        ("CRLFILE", get().str(PROXY_CRLFILE, &list)),
        ("ISSUERCERT", get().str(PROXY_ISSUERCERT, &ca)),
        ("ISSUERCERT_BLOB", get().blob(PROXY_ISSUERCERT_BLOB, pem.as_bytes())),
        ("PINNEDPUBLICKEY", get().str(PROXY_PINNEDPUBLICKEY, &root.path("pin"))),
        ("SSL_CIPHER_LIST", get().str(PROXY_SSL_CIPHER_LIST, "HIGH:!CHACHA20")),
        ("TLS13_CIPHERS", get().str(PROXY_TLS13_CIPHERS, "TLS_AES_128_GCM_SHA256")),
        ("SSLCERT", get().str(PROXY_SSLCERT, &cert).str(PROXY_SSLKEY, &key)),
        (
            "KEYPASSWD",
            get()
                .str(PROXY_SSLCERT, &cert)
                .str(PROXY_SSLKEY, &root.path("locked"))
                .str(PROXY_KEYPASSWD, "x"),
        ),
    ];
    let mut lp = Loop::new();
    let plain = get();
    run(&mut lp, &plain);
    for (name, other) in &changes {
        let text = run(&mut lp, other);
        assert_eq!(other.info(NUM_CONNECTS), 1, "{name}");
        let with_client = ["SSLCERT", "KEYPASSWD"].contains(name);
        assert_eq!(text.contains("CN=a client"), with_client, "{name}: {text}");
        run(&mut lp, &plain);
        // libcurl does not find the first one again.
        assert!(plain.info(NUM_CONNECTS) == 0 || !is_tress(), "{name}");
    }
    // What is said about the server is not about the proxy.
    let own = get().str(SSLCERT, &cert).str(SSLKEY, &key).str(CAINFO, "/nonexistent");
    assert!(!run(&mut lp, &own).contains("a client"));
    for (transfer, wanted) in [
        (get().str(PROXY_CAINFO, &root.path("client.pem")), 60),
        (get().str(PROXY_PINNEDPUBLICKEY, "sha256//x"), 90),
        (get().str(PROXY_ISSUERCERT, &cert), 83),
        (get().str(PROXY_CRLFILE, "/nonexistent"), 82),
        (get().str(PROXY_SSLCERT, "/nonexistent"), 58),
        (get().str(PROXY_SSL_CIPHER_LIST, "nonsense"), 59),
    ] {
        assert_eq!(lp.run(&[&transfer], LIMIT), [wanted], "{}", transfer.error());
    }
}

#[test]
fn a_redirect_elsewhere_takes_no_certificate_along() {
    let root = certificates();
    let (here, there) = (free_port(), free_port());
    let _there = server(&root, there, "");
    let redirect =
        format!("server {{ listen 127.0.0.1:{here} ssl; return 302 https://localhost:{there}/; }}");
    let _here = server(&root, free_port(), &redirect);
    let with = |transfer: Transfer| {
        transfer.str(SSLCERT, &root.path("client.pem")).str(SSLKEY, &root.path("client.key"))
    };
    let mut lp = Loop::new();
    assert!(run(&mut lp, &with(get(&root, there))).contains("CN=a client"));
    let elsewhere = with(get(&root, here)).long(CURLOPT_FOLLOWLOCATION, 1);
    let text = run(&mut lp, &elsewhere);
    assert!(!text.contains("CN=a client"), "{text}");
}

#[test]
fn sessions_are_resumed() {
    let root = certificates();
    let port = free_port();
    let _nginx = server(&root, port, "");
    // libcurl resumes none of TLS 1.2 after this.
    let oldest = if is_tress() { 6 } else { 7 };
    for version in oldest..=7 {
        let mut lp = Loop::new();
        let fresh = |transfer: Transfer| transfer.long(CURLOPT_FORBID_REUSE, 1);
        let get = || fresh(get(&root, port)).long(SSLVERSION, version << 16 | version);
        let mut begins = |transfer: Transfer, word: &str| {
            let text = run(&mut lp, &transfer);
            assert!(text.starts_with(word), "TLS 1.{}: {text}", version - 4);
        };
        begins(get(), ". ");
        begins(get(), "r ");
        begins(get(), "r ");
        // Without the cache, and with settings of its own.
        begins(get().long(SSL_SESSIONID_CACHE, 0), ". ");
        begins(get().long(SSL_VERIFYHOST, 0), ". ");
        begins(get(), "r ");
        // CVE-2016-5419, CVE-2017-7468: nor is one whose client showed another certificate.
        let (cert, key) = (root.path("client.pem"), root.path("client.key"));
        let as_client = || get().str(SSLCERT, &cert).str(SSLKEY, &key);
        begins(as_client(), ". ");
        begins(as_client(), "r ");
        begins(get(), "r ");
    }
}

#[test]
fn sessions_of_a_share_are_resumed_by_other_multi_handles() {
    const SHARE_DATA: i32 = 1;
    const SSL_SESSION: i32 = 4;
    let root = certificates();
    let port = free_port();
    let _nginx = server(&root, port, "");
    // SAFETY: plain calls, with arguments of their types.
    let (share, code) = unsafe {
        let share = (api().share_init)();
        (share, (api().share_setopt)(share, SHARE_DATA, SSL_SESSION))
    };
    assert_eq!(code, 0);
    for (shared, word) in [(true, ". "), (true, "r "), (false, ". "), (true, "r ")] {
        let transfer = get(&root, port).long(SSLVERSION, 7);
        if shared {
            // SAFETY: the option takes a share.
            unsafe { (api().easy_setopt)(transfer.easy, CURLOPT_SHARE, share) };
        }
        let text = run(&mut Loop::new(), &transfer);
        assert!(text.starts_with(word), "{shared}: {text}");
    }
    // SAFETY: the handles that used it are gone.
    assert_eq!(unsafe { (api().share_cleanup)(share) }, 0);
}

#[test]
fn early_data_goes_with_the_first_flight() {
    if !is_tress() {
        return; // libcurl resumes these sessions, but sends nothing early
    }
    let root = certificates();
    let (port, other_port) = (free_port(), free_port());
    let sink = Server::start();
    let early = "ssl_early_data on;";
    let with_sink = format!(
        "{early} server {{ listen 127.0.0.1:{other_port} ssl; \
         location / {{ proxy_pass {}; }} }}",
        sink.base()
    );
    let nginx = server(&root, port, &with_sink);
    let mut lp = Loop::new();
    let get = || get(&root, port).long(CURLOPT_FORBID_REUSE, 1).long(SSL_OPTIONS, EARLYDATA);
    let first = get();
    assert!(run(&mut lp, &first).starts_with(".  "), "no session yet");
    assert_eq!(first.offset(EARLYDATA_SENT_T), 0);
    let second = get();
    let text = run(&mut lp, &second);
    // nginx says "1" as long as the handshake is not complete.
    assert!(text.starts_with("r 1 ") || text.starts_with("r  "), "{text}");
    assert_eq!(second.info(SSL_VERIFYRESULT), 0);
    let sent = second.offset(EARLYDATA_SENT_T);
    assert!(sent > 0 && text.contains(&format!(" {sent} ")), "{sent} {text}");
    // Who does not ask for it does not send any.
    let plain = get().long(SSL_OPTIONS, 0);
    let text = run(&mut lp, &plain);
    assert!(text.starts_with("r  ") && plain.offset(EARLYDATA_SENT_T) == 0, "{text}");
    // Only the first record of a large request is early.
    let body = "0123456789".repeat(10_000);
    let large = || {
        let url = format!("https://localhost:{other_port}/sink");
        get().str(CURLOPT_COPYPOSTFIELDS, &body).str(CURLOPT_URL, &url)
    };
    for early in [false, true] {
        let large = large();
        let text = run(&mut lp, &large);
        assert!(text.contains("100000"), "a whole body: {text}");
        assert_eq!(large.offset(EARLYDATA_SENT_T) > 0, early);
    }
    // Another server does not know the session: it is told again what it did not take.
    drop(nginx);
    let nginx = server(&root, port, early);
    let refused = get();
    let text = run(&mut lp, &refused);
    assert!(text.starts_with(".  "), "{text}");
    let sent = refused.offset(EARLYDATA_SENT_T);
    assert!(sent < 0 && text.contains(&format!(" {} ", -sent)), "{sent} {text}");
    // Nor one with another certificate: the check of it fails as ever.
    drop(nginx);
    let other = certificates();
    let _nginx = server(&other, port, early);
    let untrusted = get();
    assert_eq!(lp.run(&[&untrusted], LIMIT), [60], "{}", untrusted.error());
    assert!(untrusted.info(SSL_VERIFYRESULT) > 1, "a verdict");
    lp.check();
}

#[test]
fn early_data_of_http_2() {
    if !is_tress() {
        return;
    }
    let root = certificates();
    let (port, sink) = (free_port(), Server::start());
    let _nginx = server(
        &root,
        free_port(),
        &format!(
            "ssl_early_data on; server {{ listen 127.0.0.1:{port} ssl http2; \
             location / {{ proxy_pass {}; }} }}",
            sink.base()
        ),
    );
    let mut lp = Loop::new();
    let body = "0123456789".repeat(10_000);
    for early in [false, true, true] {
        let get = get(&root, port).long(CURLOPT_FORBID_REUSE, 1).long(SSL_OPTIONS, EARLYDATA);
        let get = get.str(CURLOPT_COPYPOSTFIELDS, &body);
        let get = get.str(CURLOPT_URL, &format!("https://localhost:{port}/sink"));
        assert!(run(&mut lp, &get).contains("100000"), "a whole body");
        const HTTP_VERSION: i32 = 0x20_0000 + 46;
        assert_eq!(get.info(HTTP_VERSION), 3);
        assert_eq!(get.offset(EARLYDATA_SENT_T) > 0, early);
    }
    lp.check();
}

#[test]
fn sessions_stay_with_the_process() {
    if !is_tress() {
        return;
    }
    // rustls hands sessions out without their secrets, and takes none in.
    const NOT_BUILT_IN: i32 = 4;
    let transfer = Transfer::new("https://localhost/");
    // SAFETY: no callback is ever called; nothing is read.
    let (export, import) = unsafe {
        let none = std::ptr::null();
        (
            (api().ssls_export)(transfer.easy, none, none),
            (api().ssls_import)(transfer.easy, c"localhost:443".as_ptr(), none, 0, none, 0),
        )
    };
    assert_eq!((export as i32, import as i32), (NOT_BUILT_IN, NOT_BUILT_IN));
}
