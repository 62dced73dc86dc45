//! The Rust crate with real peers over TLS: apache2 for HTTP/2, `openssl s_server` for certificates.
use std::time::Duration;
use tress::{Code, Easy, HttpVersion, Multi, TlsVersion};
use tress_tests::peers::Apache;
use tress_tests::tls::{Authority, SServer, Subject};

#[test]
fn many_transfers_share_one_http_2_connection() {
    let apache = Apache::start("");
    let bytes = apache.file("file", 30_000);
    let mut multi = Multi::new();
    let easy = || Easy::get(apache.url("/file")).ca_file(apache.authority.path("ca.pem"));
    assert_eq!(multi.perform(easy()).unwrap().http_version(), Some(HttpVersion::V2));
    for _ in 0..60 {
        multi.add(easy().timeout(Duration::from_secs(20)));
    }
    let mut ended = 0;
    while multi.running() > 0 {
        multi.turn(Duration::from_secs(1)).unwrap();
        while let Some(done) = multi.next_done() {
            let response = done.into_result().unwrap();
            assert_eq!((response.status(), response.body()), (200, &bytes[..]));
            ended += 1;
        }
    }
    assert_eq!((ended, multi.connections()), (60, 1));
    let old = multi.perform(easy().http_version(HttpVersion::V1_1)).unwrap();
    assert_eq!(old.http_version(), Some(HttpVersion::V1_1));
}

#[test]
fn certificates_decide_whom_to_trust_and_who_we_are() {
    let authority = Authority::new("Root");
    authority.issue("server", Subject::default());
    authority.issue("client", Subject { common_name: "a client", ..Subject::default() });
    let ca = authority.path("ca.pem");
    let code = |easy: Easy| easy.perform().map_err(|error| error.code()).map(|_| ());

    let server = SServer::start(&authority, "server", &["-www"]);
    let get = || Easy::get(server.url("/"));
    assert_eq!(code(get()), Err(Code::PeerFailedVerification));
    assert!(get().perform().unwrap_err().is_connect());
    assert_eq!(code(get().insecure()), Ok(()));
    assert_eq!(code(get().ca_file(&ca)), Ok(()));
    assert_eq!(code(get().ca_pem(authority.read("ca.pem"))), Ok(()));
    let pinned =
        get().ca_file(&ca).pinned_key("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_eq!(code(pinned), Err(Code::SslPinnedpubkeynotmatch));

    let old = SServer::start(&authority, "server", &["-www", "-tls1_2"]);
    let get = || Easy::get(old.url("/")).ca_file(&ca);
    assert_eq!(code(get()), Ok(()));
    assert_eq!(code(get().min_tls(TlsVersion::V1_3)), Err(Code::SslConnectError));

    let asks = ["-www", "-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"];
    let asking = SServer::start(&authority, "server", &asks);
    let get = || Easy::get(asking.url("/")).ca_file(&ca);
    assert!(code(get()).is_err());
    let key = authority.path("client.key");
    let files = get().client_certificate(authority.path("client.pem"), &key).perform().unwrap();
    assert!(files.text().unwrap().contains("Client certificate"));
    let (certificate, key) = (authority.read("client.pem"), authority.read("client.key"));
    assert_eq!(code(get().client_certificate_pem(certificate, key)), Ok(()));
}
