//! Handshakes that fail: each with the code of libcurl 8.22, and words that say what was wrong.
//! `TRESS_LIB` with the directory of a libcurl that has OpenSSL shows that the codes are its own.
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::time::Duration;
use tress_tests::tls::option::*;
use tress_tests::tls::{Authority, SServer, Subject};
use tress_tests::{Loop, Transfer};

const SSL_VERIFYRESULT: i32 = 0x20_0000 + 13;
/// `CURLINFO_SSL_VERIFYRESULT` of a handshake that did not get as far as to a verdict.
const UNVERIFIED: i64 = 1;
const LIMIT: Duration = Duration::from_secs(20);

/// Code, text, and `CURLINFO_SSL_VERIFYRESULT` of a transfer that cannot succeed.
#[derive(Debug, PartialEq, Eq)]
struct Failure(i32, String, i64);

fn failure(transfer: &Transfer) -> Failure {
    let code = Loop::new().run(&[transfer], LIMIT)[0];
    Failure(code, transfer.error(), transfer.info(SSL_VERIFYRESULT))
}

fn expect(transfer: &Transfer, code: i32, text: &str, verify_result: i64) {
    let got = failure(transfer);
    assert_eq!((got.0, got.2), (code, verify_result), "{text}: {got:?}");
    assert_eq!(got.1, wording(text, verify_result));
}

/// 8.22 words some texts in its own way, and OpenSSL 3.0 some alerts.
fn wording(text: &str, verify_result: i64) -> String {
    if is_tress() {
        return text.to_owned();
    }
    match text.strip_prefix("SSL certificate problem: ") {
        Some(problem) => {
            format!("SSL certificate OpenSSL verify result: {problem} ({verify_result})")
        }
        None => text.replace("ssl/tls alert", "sslv3 alert"),
    }
}

fn is_tress() -> bool {
    tress_tests::event::version(tress_tests::api::api()).contains("Tress")
}

fn get(server: &SServer, authority: &Authority) -> Transfer {
    Transfer::new(&server.url("/")).str(CAINFO, &authority.path("ca.pem"))
}

#[test]
fn certificates_that_are_not_trusted() {
    let authority = Authority::new("Root");
    let other = Authority::new("Other");
    authority.issue("good", Subject::default());
    let server = SServer::start(&authority, "good", &["-www"]);
    assert_eq!(Loop::new().run(&[&get(&server, &authority)], LIMIT), [0]);
    let unknown = "SSL certificate problem: unable to get local issuer certificate";
    expect(&get(&server, &other), 60, unknown, 20);
    let missing = get(&server, &authority).str(CAINFO, "/nonexistent/ca.pem");
    let text = "error adding trust anchors from file: /nonexistent/ca.pem";
    expect(&missing, 77, text, UNVERIFIED);
    authority.self_signed("own", Subject::default());
    let server = SServer::start(&authority, "own", &["-www"]);
    expect(&get(&server, &other), 60, "SSL certificate problem: self-signed certificate", 18);
    let below = authority.intermediate("Below");
    below.issue("leaf", Subject::default());
    let chain = format!("{}{}", below.read("leaf-above.pem"), authority.read("ca.pem"));
    below.write("leaf-above.pem", &chain);
    let server = SServer::start(&below, "leaf", &["-www"]);
    let text = "SSL certificate problem: self-signed certificate in certificate chain";
    expect(&get(&server, &other), 60, text, 19);
}

#[test]
fn results_of_chains_that_do_not_matter() {
    let root = Authority::new("Root");
    root.issue("leaf", Subject::default());
    root.self_signed("own", Subject::default());
    let below = root.intermediate("Below");
    below.issue("long", Subject::default());
    below.write("long-above.pem", &(below.read("long-above.pem") + &root.read("ca.pem")));
    for (authority, name, wanted) in [(&root, "leaf", 20), (&root, "own", 18), (&below, "long", 19)]
    {
        let server = SServer::start(authority, name, &["-www"]);
        let lax = get(&server, &root).long(SSL_VERIFYPEER, 0).long(SSL_VERIFYHOST, 0);
        assert_eq!(Loop::new().run(&[&lax], LIMIT), [0], "{}", lax.error());
        assert_eq!(lax.info(SSL_VERIFYRESULT), wanted, "{name}");
    }
}

#[test]
fn certificates_out_of_their_time() {
    let authority = Authority::new("Root");
    let dates = [("20200101000000Z", "20210101000000Z"), ("20400101000000Z", "20410101000000Z")];
    let texts = ["certificate has expired", "certificate is not yet valid"];
    for ((dates, text), number) in dates.into_iter().zip(texts).zip([10, 9]) {
        authority.issue("cert", Subject { dates, ..Subject::default() });
        let server = SServer::start(&authority, "cert", &["-www"]);
        let text = format!("SSL certificate problem: {text}");
        expect(&get(&server, &authority), 60, &text, number);
    }
}

#[test]
fn certificates_for_another_name() {
    let authority = Authority::new("Root");
    let extensions = "subjectAltName=DNS:example.com,IP:10.0.0.1";
    authority.issue("named", Subject { extensions, ..Subject::default() });
    let server = SServer::start(&authority, "named", &["-www"]);
    let text = "SSL: no alternative certificate subject name matches target hostname 'localhost'";
    expect(&get(&server, &authority), 60, text, UNVERIFIED);
    let by_address = Transfer::new(&format!("https://127.0.0.1:{}/", server.port))
        .str(CAINFO, &authority.path("ca.pem"));
    let text =
        "SSL: no alternative certificate subject name matches target IPv4 address '127.0.0.1'";
    expect(&by_address, 60, text, UNVERIFIED);
    let unnamed = Subject { common_name: "other.example", extensions: "", ..Subject::default() };
    authority.issue("unnamed", unnamed);
    let server = SServer::start(&authority, "unnamed", &["-www"]);
    let text = "SSL: certificate subject name 'other.example' does not match target hostname \
                'localhost'";
    expect(&get(&server, &authority), 60, text, UNVERIFIED);
    let lax = get(&server, &authority).long(SSL_VERIFYHOST, 0);
    assert_eq!(Loop::new().run(&[&lax], LIMIT), [0], "{}", lax.error());
}

#[test]
fn certificates_that_were_revoked() {
    let authority = Authority::new("Root");
    authority.issue("good", Subject::default());
    authority.issue("bad", Subject::default());
    authority.revoke("bad");
    let list = authority.revocation_list("30");
    let good = SServer::start(&authority, "good", &["-www"]);
    let bad = SServer::start(&authority, "bad", &["-www"]);
    let with = |server, list: &str| get(server, &authority).str(CRLFILE, list);
    assert_eq!(Loop::new().run(&[&with(&good, &list)], LIMIT), [0]);
    assert_eq!(Loop::new().run(&[&get(&bad, &authority)], LIMIT), [0]);
    expect(&with(&bad, &list), 60, "SSL certificate problem: certificate revoked", 23);
    let text = "error loading CRL file: /nonexistent.crl";
    expect(&with(&good, "/nonexistent.crl"), 82, text, UNVERIFIED);
    // The list of somebody else says nothing.
    let other = Authority::new("Other").revocation_list("30");
    let text = "SSL certificate problem: unable to get certificate CRL";
    expect(&with(&good, &other), 60, text, 3);
}

#[test]
fn servers_that_want_another_client() {
    let authority = Authority::new("Root");
    let strangers = Authority::new("Strangers");
    authority.issue("server", Subject::default());
    strangers.issue("client", Subject::default());
    let asks = ["-www", "-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"];
    let stranger = |server: &SServer| {
        get(server, &authority)
            .str(SSLCERT, &strangers.path("client.pem"))
            .str(SSLKEY, &strangers.path("client.key"))
    };
    for (version, max) in [("-tls1_2", 6), ("-tls1_3", 7)] {
        let server = SServer::start(&authority, "server", &[&asks[..], &[version]].concat());
        let max = max << 16;
        let without = get(&server, &authority).long(SSLVERSION, max);
        let got = failure(&without);
        let stranger = failure(&stranger(&server).long(SSLVERSION, max));
        if version == "-tls1_2" {
            // The server says no in the handshake.
            let alert = "TLS connect error: error:0A000410:SSL routines::ssl/tls alert handshake \
                         failure";
            assert_eq!(got, Failure(35, wording(alert, 0), UNVERIFIED));
            let alert = "TLS connect error: error:0A000418:SSL routines::tlsv1 alert unknown ca";
            assert_eq!(stranger, Failure(35, alert.into(), UNVERIFIED));
        } else {
            // The client's part of the handshake is over by then.
            assert_eq!((got.0, got.2, stranger.0, stranger.2), (56, 0, 56, 0));
            assert!(got.1.contains("0A00045C:SSL routines::tlsv13 alert certificate required"));
            assert!(stranger.1.contains("0A000418:SSL routines::tlsv1 alert unknown ca"));
        }
    }
}

#[test]
fn versions_and_ciphers_without_a_match() {
    let authority = Authority::new("Root");
    authority.issue("server", Subject::default());
    let server = SServer::start(&authority, "server", &["-www", "-tls1_2"]);
    let newer = get(&server, &authority).long(SSLVERSION, 7);
    let text = "TLS connect error: error:0A00042E:SSL routines::tlsv1 alert protocol version";
    expect(&newer, 35, text, UNVERIFIED);
    let cipher = get(&server, &authority)
        .long(SSLVERSION, 6 << 16)
        .str(SSL_CIPHER_LIST, "ECDHE-RSA-AES128-GCM-SHA256");
    let text = "TLS connect error: error:0A000410:SSL routines::ssl/tls alert handshake failure";
    expect(&cipher, 35, text, UNVERIFIED);
    let server = SServer::start(&authority, "server", &["-www", "-tls1_3", "-groups", "P-384"]);
    let curves = get(&server, &authority).str(SSL_EC_CURVES, "X25519");
    expect(&curves, 35, text, UNVERIFIED);
    let server = SServer::start(&authority, "server", &["-www"]);
    let scheme = get(&server, &authority).str(SSL_SIGNATURE_ALGORITHMS, "rsa_pss_rsae_sha256");
    expect(&scheme, 35, text, UNVERIFIED);
}

#[test]
fn lists_that_mean_nothing() {
    let authority = Authority::new("Root");
    authority.issue("server", Subject::default());
    let server = SServer::start(&authority, "server", &["-www"]);
    for (option, list, text) in [
        (SSL_CIPHER_LIST, "nonsense", "failed setting cipher list: nonsense"),
        (TLS13_CIPHERS, "nonsense", "failed setting TLS 1.3 cipher suite: nonsense"),
        (SSL_EC_CURVES, "nonsense", "failed setting curves list: 'nonsense'"),
        (SSL_SIGNATURE_ALGORITHMS, "nonsense", "failed setting signature algorithms: 'nonsense'"),
    ] {
        expect(&get(&server, &authority).str(option, list), 59, text, UNVERIFIED);
    }
}

#[test]
fn servers_that_speak_no_tls_or_leave() {
    let authority = Authority::new("Root");
    let ca = authority.path("ca.pem");
    let cases: [(&[u8], &str); 3] = [
        (
            b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
            "TLS connect error: error:0A00010B:SSL routines::wrong version number",
        ),
        (b"", "TLS connect error: error:0A000126:SSL routines::unexpected eof while reading"),
        (
            b"\x15\x03\x03\x00\x02\x02\x46",
            "TLS connect error: error:0A00042E:SSL routines::tlsv1 alert protocol version",
        ),
    ];
    for (answer, text) in cases {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let serving = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().expect("a connection");
            let _ = socket.read(&mut [0; 4096]);
            let _ = socket.write_all(answer);
            let _ = socket.shutdown(Shutdown::Write);
            let _ = socket.read_to_end(&mut Vec::new());
        });
        let transfer = Transfer::new(&format!("https://localhost:{port}/")).str(CAINFO, &ca);
        expect(&transfer, 35, text, UNVERIFIED);
        serving.join().expect("the server ends");
    }
}
