//! Against rustls' server on the loopback.

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tress_model::{Code, Error};

use super::open::{MAX_EMPTY_RECORDS, MAX_POST_HANDSHAKE};
use super::record::{self, APPLICATION_DATA, Gather, HANDSHAKE, Keys};
use super::*;
use crate::connect::{Connect, ConnectStep, ConnectTargets};
use crate::resolve::{Addresses, Family};
use crate::{PollEvents, Poller, Shutdown, Stream, Want};

struct Identity {
    params: CertificateParams,
    certificate: rcgen::Certificate,
    key: KeyPair,
}

fn self_signed(names: &[&str]) -> Identity {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    // As `openssl req -x509` makes them.
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    Identity { certificate: params.self_signed(&key).unwrap(), params, key }
}

fn settings(identity: &Identity) -> TlsSettings {
    TlsSettings {
        ca_file: None,
        ca_blob: Some(Blob::new(identity.certificate.pem().into_bytes())),
        ..TlsSettings::default()
    }
}

fn server_config(identity: &Identity) -> ServerConfig {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate.der().clone()], key)
        .unwrap()
}

type Served = StreamOwned<ServerConnection, TcpStream>;

/// Serves so many connections, each by `serve`.
fn listen(
    config: ServerConfig,
    connections: usize,
    serve: impl Fn(Served) + Send + 'static,
) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = Arc::new(config);
    let serving = std::thread::spawn(move || {
        for _ in 0..connections {
            let (socket, _) = listener.accept().unwrap();
            let connection = ServerConnection::new(config.clone()).unwrap();
            serve(StreamOwned::new(connection, socket));
        }
    });
    (port, serving)
}

fn tcp(port: u16) -> Stream {
    let addresses = Arc::new(Addresses::literal("127.0.0.1", Family::Any).unwrap());
    let now = Instant::now();
    let mut connect = Connect::new(ConnectTargets::Ip { addresses, port }, Arc::default(), now);
    let ConnectStep::Connected(stream, _) = connect.poll(None, now) else { panic!() };
    stream
}

fn wait(stream: &Stream, want: Want) {
    let mut poller = Poller::default();
    let events = if want == Want::Read { PollEvents::IN } else { PollEvents::OUT };
    poller.push(stream.fd(), events);
    assert_eq!(poller.wait(Some(Duration::from_secs(10))).unwrap(), 1, "no event");
}

fn shake(mut stream: Stream) -> Result<Stream, (Error, i64)> {
    loop {
        match stream.handshake() {
            Ok(Handshake::Done) => return Ok(stream),
            Ok(Handshake::Wait(want)) => wait(&stream, want),
            Err(e) => return Err((e, stream.tls_verify_result())),
        }
    }
}

fn connect(
    context: &TlsContext,
    settings: TlsSettings,
    host: &str,
    port: u16,
) -> Result<Stream, (Error, i64)> {
    let settings = Arc::new(settings);
    let opening = context
        .prepare(&settings)
        .and_then(|prepared| Opening::new(prepared, &settings, host, port, &[b"http/1.1"]));
    shake(tcp(port).start_tls(opening.map_err(|e| (e, 0))?))
}

fn send_all(stream: &mut Stream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match stream.send(bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                wait(stream, stream.blocked_on(Want::Write));
            }
            Err(e) => panic!("{e}"),
        }
    }
}

fn recv_some(stream: &mut Stream, buf: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match stream.recv(buf) {
            Err(e) if e.kind() == ErrorKind::WouldBlock => wait(stream, Want::Read),
            done => return done,
        }
    }
}

fn echo(mut served: Served) {
    let mut buf = [0; 10_000];
    while let Ok(n @ 1..) = served.read(&mut buf) {
        served.write_all(&buf[..n]).unwrap();
        served.flush().unwrap();
    }
    served.conn.send_close_notify();
    let _ = served.flush();
}

fn echoes(stream: &mut Stream, amount: usize, buf: &mut [u8]) {
    let sent: Vec<u8> = (0..amount).map(|i| (i * 7 % 251) as u8).collect();
    let mut got = Vec::new();
    for chunk in sent.chunks(100_000) {
        send_all(stream, chunk);
        while got.len() < chunk.len() {
            let n = recv_some(stream, buf).unwrap();
            assert_ne!(n, 0);
            got.extend_from_slice(&buf[..n]);
        }
        assert!(got == chunk);
        got.clear();
    }
}

fn end(mut stream: Stream) {
    stream.start_shutdown();
    assert_eq!(stream.shutdown().unwrap(), Shutdown::Done);
}

#[test]
fn echoes_with_each_version_and_cipher() {
    let identity = self_signed(&["localhost"]);
    let ciphers12 = [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
    ];
    let ciphers13 =
        ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
    let (port, serving) = listen(server_config(&identity), 6, echo);
    for name in ciphers12.into_iter().chain(ciphers13) {
        let mut settings = settings(&identity);
        let is_12 = ciphers12.contains(&name);
        if is_12 {
            settings.max_version = TlsVersion::V1_2;
            settings.ciphers = Some(name.into());
        } else {
            settings.ciphers13 = Some(name.into());
        }
        let mut stream = connect(&TlsContext::default(), settings, "localhost", port).unwrap();
        let info = stream.tls_info().unwrap();
        assert_eq!(info.cipher, name);
        assert_eq!(info.version == TlsVersion::V1_2, is_12);
        assert_eq!(info.group, "X25519");
        echoes(&mut stream, 300_000, &mut [0; 65_536]);
        echoes(&mut stream, 30_000, &mut [0; 100]);
        assert!(stream.is_alive());
        end(stream);
    }
    serving.join().unwrap();
}

#[test]
fn resumes_and_negotiates_alpn() {
    let identity = self_signed(&["localhost"]);
    let mut config = server_config(&identity);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (port, serving) = listen(config, 3, echo);
    let context = TlsContext::default();
    for (resumed, cache) in [(false, true), (true, true), (false, false)] {
        let settings = TlsSettings { session_cache: cache, ..settings(&identity) };
        let mut stream = connect(&context, settings, "localhost", port).unwrap();
        let info = stream.tls_info().unwrap();
        assert_eq!(info.resumed, resumed);
        assert_eq!(info.alpn.as_deref(), Some(&b"http/1.1"[..]));
        echoes(&mut stream, 10, &mut [0; 65_536]);
        end(stream);
    }
    serving.join().unwrap();
}

fn failure(settings: TlsSettings, host: &str, config: ServerConfig) -> (Code, String, i64) {
    let (port, serving) = listen(config, 1, echo);
    let (error, verify_result) = match connect(&TlsContext::default(), settings, host, port) {
        Ok(_) => panic!("connected to {host}"),
        Err(e) => e,
    };
    drop(serving);
    (error.code(), error.message().into(), verify_result)
}

#[test]
fn refuses_an_unknown_certificate() {
    let (identity, other) = (self_signed(&["localhost"]), self_signed(&["other"]));
    let got = failure(settings(&other), "localhost", server_config(&identity));
    let message = "SSL certificate problem: self-signed certificate";
    assert_eq!(got, (Code::PeerFailedVerification, message.into(), 18));
}

/// The second of its connections is CVE-2013-4545: no check of the chain, one of the name.
#[test]
fn refuses_another_name_unless_told_not_to() {
    let identity = self_signed(&["example.com"]);
    let got = failure(settings(&identity), "localhost", server_config(&identity));
    let message =
        "SSL: no alternative certificate subject name matches target hostname 'localhost'";
    assert_eq!(got, (Code::PeerFailedVerification, message.into(), UNVERIFIED));
    let unverified = TlsSettings { verify_peer: false, ..settings(&identity) };
    let got = failure(unverified.clone(), "127.0.0.1", server_config(&identity));
    let message =
        "SSL: no alternative certificate subject name matches target IPv4 address '127.0.0.1'";
    assert_eq!(got.1, message);
    let (port, serving) = listen(server_config(&identity), 2, echo);
    for verify_peer in [true, false] {
        let lax = TlsSettings { verify_peer, verify_host: false, ..settings(&identity) };
        end(connect(&TlsContext::default(), lax, "localhost", port).unwrap());
    }
    serving.join().unwrap();
}

/// CVE-2014-0139, CVE-2009-2417.
#[test]
fn takes_no_wildcard_for_an_address_and_no_name_that_a_nul_cuts_short() {
    for (name, host) in [("*.0.0.1", "127.0.0.1"), ("localhost\0.example.com", "localhost")] {
        let identity = self_signed(&[name]);
        let got = failure(settings(&identity), host, server_config(&identity));
        assert_eq!(got.0, Code::PeerFailedVerification, "{name:?}: {}", got.1);
        assert!(got.1.contains(host), "{name:?}: {}", got.1);
    }
}

/// CVE-2022-27781.
#[test]
fn certificates_that_sign_each_other_in_a_ring_are_gone_through_once() {
    let authority = |name: &str| {
        let mut identity = self_signed(&[]);
        identity.params.distinguished_name.push(rcgen::DnType::CommonName, name);
        identity
    };
    let sign = |params: &CertificateParams, key: &KeyPair, by: &Identity| {
        params.signed_by(key, &rcgen::Issuer::from_params(&by.params, &by.key)).unwrap()
    };
    let (a, b) = (authority("a"), authority("b"));
    let params = CertificateParams::new(vec!["localhost".into()]).unwrap();
    let key = KeyPair::generate().unwrap();
    let ring = [sign(&params, &key, &a), sign(&a.params, &a.key, &b), sign(&b.params, &b.key, &a)];
    let chain: Vec<_> = ring.iter().map(|certificate| certificate.der().clone()).collect();
    let config = || {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap();
        builder.with_no_client_auth().with_single_cert(chain.clone(), key).unwrap()
    };
    let got = failure(settings(&self_signed(&["other"])), "localhost", config());
    assert_eq!(got.0, Code::PeerFailedVerification, "{}", got.1);
    let (port, serving) = listen(config(), 1, echo);
    let keeps = TlsSettings { keep_certificates: Alike(true), ..unverified() };
    let stream = connect(&TlsContext::default(), keeps, "localhost", port).unwrap();
    assert_eq!(stream.tls_info().unwrap().certificates.len(), 3);
    end(stream);
    serving.join().unwrap();
}

#[test]
fn refuses_an_expired_certificate() {
    let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
    params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    let key = KeyPair::generate().unwrap();
    let identity = Identity { certificate: params.self_signed(&key).unwrap(), params, key };
    let got = failure(settings(&identity), "localhost", server_config(&identity));
    let message = "SSL certificate problem: certificate has expired";
    assert_eq!(got, (Code::PeerFailedVerification, message.into(), 10));
}

#[test]
fn checks_the_pinned_key() {
    let identity = self_signed(&["localhost"]);
    let der = identity.certificate.der().to_vec();
    let right = pin::pin_of(&der);
    let (port, serving) = listen(server_config(&identity), 1, echo);
    let pins = format!("sha256//AAAA;{right}");
    let pinned = TlsSettings { pinned_key: Some(pins.into()), ..settings(&identity) };
    end(connect(&TlsContext::default(), pinned.clone(), "localhost", port).unwrap());
    serving.join().unwrap();
    let wrong = TlsSettings { pinned_key: Some("sha256//AAAA".into()), ..pinned };
    let got = failure(wrong, "localhost", server_config(&identity));
    let message = "SSL: public key does not match pinned public key";
    assert_eq!(got, (Code::SslPinnedpubkeynotmatch, message.into(), 0));
}

#[test]
fn refuses_bad_settings() {
    let identity = self_signed(&["localhost"]);
    let base = settings(&identity);
    let missing = || Some(Arc::from(Path::new("/nonexistent")));
    let cases = [
        (
            TlsSettings { ca_file: missing(), ..base.clone() },
            Code::SslCacertBadfile,
            "error adding trust anchors from file: /nonexistent",
        ),
        (
            TlsSettings { crl_file: missing(), ..base.clone() },
            Code::SslCrlBadfile,
            "error loading CRL file: /nonexistent",
        ),
        (
            TlsSettings { ciphers: Some("RC4-MD5".into()), ..base.clone() },
            Code::SslCipher,
            "failed setting cipher list: RC4-MD5",
        ),
        (
            TlsSettings { max_version: TlsVersion::V1_1, ..base.clone() },
            Code::SslConnectError,
            "TLS connect error: no supported version up to TLSv1.1",
        ),
        (
            TlsSettings { certificate: missing().map(Source::File), ..base.clone() },
            Code::SslCertproblem,
            "could not load PEM client certificate from /nonexistent, \
             (no key found, wrong passphrase, or wrong file format?)",
        ),
    ];
    for (settings, code, message) in cases {
        let got = failure(settings, "localhost", server_config(&identity));
        assert_eq!((got.0, &*got.1), (code, message));
    }
}

#[test]
fn says_what_is_no_tls_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let (socket, _) = listener.accept().unwrap();
        let _ = (&socket).read(&mut [0; 1000]);
    });
    let mut messages = Vec::new();
    for _ in 0..2 {
        let Err((error, _)) = connect(&TlsContext::default(), unverified(), "localhost", port)
        else {
            panic!("connected")
        };
        assert_eq!(error.code(), Code::SslConnectError);
        messages.push(error.message().to_owned());
    }
    serving.join().unwrap();
    assert_eq!(messages[0], "TLS connect error: error:0A00010B:SSL routines::wrong version number");
    assert_eq!(
        messages[1],
        "TLS connect error: error:0A000126:SSL routines::unexpected eof while reading"
    );
}

fn unverified() -> TlsSettings {
    TlsSettings { verify_peer: false, verify_host: false, ..TlsSettings::default() }
}

#[test]
fn presents_a_client_certificate() {
    let (identity, client) = (self_signed(&["localhost"]), self_signed(&["client"]));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(client.certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots),
        provider.clone(),
    );
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.key.serialize_der()));
    let config = || {
        ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.clone().build().unwrap())
            .with_single_cert(vec![identity.certificate.der().clone()], key.clone_key())
            .unwrap()
    };
    let mut end_entity = CertificateParams::new(vec!["client".into()]).unwrap();
    end_entity.distinguished_name.push(rcgen::DnType::CommonName, "a client");
    let own_key = KeyPair::generate().unwrap();
    let issuer = rcgen::Issuer::from_params(&client.params, &client.key);
    let own = end_entity.signed_by(&own_key, &issuer).unwrap();
    let pem = own.pem() + &own_key.serialize_pem();
    let settings = TlsSettings {
        certificate: Some(Source::Blob(Blob::new(pem.into_bytes()))),
        ..settings(&identity)
    };
    let (port, serving) = listen(config(), 1, echo);
    let mut stream = connect(&TlsContext::default(), settings.clone(), "localhost", port).unwrap();
    echoes(&mut stream, 10, &mut [0; 65_536]);
    end(stream);
    serving.join().unwrap();
    // Without it TLS 1.2 fails in the handshake.
    let without =
        TlsSettings { certificate: None, max_version: TlsVersion::V1_2, ..settings.clone() };
    let got = failure(without, "localhost", config());
    assert_eq!(got.0, Code::SslClientcert);
    assert!(got.1.starts_with("TLS cert problem: "), "{}", got.1);
    // With another key it is not even tried.
    let strange = TlsSettings {
        key: Some(Source::Blob(Blob::new(identity.key.serialize_pem().into_bytes()))),
        ..settings
    };
    let got = failure(strange, "localhost", config());
    assert_eq!(got.1, "Private key does not match the certificate public key");
}

#[test]
fn tells_closing_from_cutting_off() {
    let identity = self_signed(&["localhost"]);
    let (port, serving) = listen(server_config(&identity), 2, |mut served| {
        let mut first = [0; 1];
        served.read_exact(&mut first).unwrap();
        served.write_all(b"bye").unwrap();
        if first == *b"c" {
            served.conn.send_close_notify();
        }
        served.flush().unwrap();
    });
    for (byte, clean) in [(b"c", true), (b"x", false)] {
        let mut stream =
            connect(&TlsContext::default(), settings(&identity), "localhost", port).unwrap();
        send_all(&mut stream, byte);
        let mut buf = [0; 65_536];
        assert_eq!(recv_some(&mut stream, &mut buf).unwrap(), 3);
        let last = recv_some(&mut stream, &mut buf);
        if clean {
            assert_eq!(last.unwrap(), 0);
        } else {
            assert_eq!(last.unwrap_err().kind(), ErrorKind::UnexpectedEof);
        }
    }
    serving.join().unwrap();
}

#[test]
fn the_last_words_of_a_handshake_go_out_by_themselves() {
    let identity = self_signed(&["localhost"]);
    let (heard, hears) = std::sync::mpsc::channel();
    let (port, serving) = listen(server_config(&identity), 1, move |mut served| {
        while served.conn.is_handshaking() {
            served.conn.complete_io(&mut served.sock).unwrap();
        }
        heard.send(()).unwrap();
    });
    let mut stream =
        connect(&TlsContext::default(), settings(&identity), "localhost", port).unwrap();
    stream.flush().unwrap();
    hears.recv_timeout(Duration::from_secs(10)).unwrap();
    serving.join().unwrap();
}

#[test]
fn follows_key_updates() {
    let identity = self_signed(&["localhost"]);
    let (port, serving) = listen(server_config(&identity), 1, |mut served| {
        let mut first = [0; 1];
        served.read_exact(&mut first).unwrap();
        served.conn.refresh_traffic_keys().unwrap();
        echo(served);
    });
    let mut stream =
        connect(&TlsContext::default(), settings(&identity), "localhost", port).unwrap();
    send_all(&mut stream, b"x");
    echoes(&mut stream, 300_000, &mut [0; 65_536]);
    echoes(&mut stream, 300_000, &mut [0; 65_536]);
    end(stream);
    serving.join().unwrap();
}

/// What comes of records that a server seals after the handshake, type by type.
fn sealed(version: TlsVersion, records: Vec<(u8, Vec<u8>)>) -> Result<Vec<u8>, Error> {
    let identity = self_signed(&["localhost"]);
    let mut config = server_config(&identity);
    config.enable_secret_extraction = true;
    let (port, serving) = listen(config, 1, move |mut served| {
        served.read_exact(&mut [0; 1]).unwrap();
        served.flush().unwrap();
        let (connection, mut socket) = served.into_parts();
        let secrets = connection.dangerous_extract_secrets().unwrap();
        let mut keys = Keys::new(secrets.tx, version == TlsVersion::V1_3).unwrap();
        let mut out = Vec::new();
        for (content_type, payload) in &records {
            let bufs = [IoSlice::new(payload)];
            keys.seal(*content_type, &mut Gather::new(&bufs), &mut out).unwrap();
        }
        let _ = socket.write_all(&out);
    });
    let settings = TlsSettings { max_version: version, ..settings(&identity) };
    let mut stream = connect(&TlsContext::default(), settings, "localhost", port).unwrap();
    send_all(&mut stream, b"x");
    let (mut got, mut buf) = (Vec::new(), [0; 65_536]);
    let error = loop {
        match recv_some(&mut stream, &mut buf) {
            Ok(count) => got.extend_from_slice(&buf[..count]),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => break None,
            Err(error) => break error.into_inner(),
        }
    };
    serving.join().unwrap();
    error.map_or(Ok(got), |error| Err(*error.downcast().unwrap()))
}

#[track_caller]
fn is_refused(got: Result<Vec<u8>, Error>) {
    let error = got.unwrap_err();
    let text = "SSL_read: error:0A0000F4:SSL routines::unexpected message";
    assert_eq!((error.code(), error.message()), (Code::RecvError, text));
}

#[test]
fn empty_records_come_to_an_end() {
    let data = |text: &[u8]| (APPLICATION_DATA, text.to_vec());
    for version in [TlsVersion::V1_2, TlsVersion::V1_3] {
        let with = |count: u32| {
            let empty = (0..count).map(|_| data(b""));
            sealed(version, [data(b"a")].into_iter().chain(empty).chain([data(b"b")]).collect())
        };
        assert_eq!(with(MAX_EMPTY_RECORDS).unwrap(), b"ab");
        is_refused(with(MAX_EMPTY_RECORDS + 1));
    }
}

#[test]
fn a_message_after_the_handshake_is_not_longer_than_it_may_be() {
    // A ticket of sixteen megabytes begins; then come data, up to which it must not get.
    let mut ticket = vec![4, 0xff, 0xff, 0xff];
    ticket.resize(MAX_POST_HANDSHAKE + 1, 0);
    let pieces = ticket.chunks(record::MAX_PLAINTEXT).map(|piece| (HANDSHAKE, piece.to_vec()));
    let data = (APPLICATION_DATA, b"x".to_vec());
    is_refused(sealed(TlsVersion::V1_3, pieces.chain([data]).collect()));
}

#[test]
fn tls_in_tls() {
    let identity = self_signed(&["localhost"]);
    let inner = Arc::new(server_config(&identity));
    let (port, serving) = listen(server_config(&identity), 1, move |outer| {
        let connection = ServerConnection::new(inner.clone()).unwrap();
        let mut inside = StreamOwned::new(connection, outer);
        let mut buf = [0; 10_000];
        while let Ok(n @ 1..) = inside.read(&mut buf) {
            inside.write_all(&buf[..n]).unwrap();
            inside.flush().unwrap();
            inside.sock.flush().unwrap();
        }
    });
    let context = TlsContext::default();
    let outer = connect(&context, settings(&identity), "localhost", port).unwrap();
    let settings = Arc::new(settings(&identity));
    let prepared = context.prepare(&settings).unwrap();
    let opening = Opening::new(prepared, &settings, "localhost", port, &[]);
    let mut inside = shake(outer.start_tls(opening.unwrap())).unwrap();
    echoes(&mut inside, 200_000, &mut [0; 65_536]);
    echoes(&mut inside, 2000, &mut [0; 100]);
    end(inside);
    serving.join().unwrap();
}

#[test]
fn an_early_answer_gets_through_a_blocked_upload() {
    let identity = self_signed(&["localhost"]);
    let (port, serving) = listen(server_config(&identity), 1, |mut served| {
        let mut first = [0; 1];
        served.read_exact(&mut first).unwrap();
        served.write_all(b"enough").unwrap();
        served.flush().unwrap();
        // Read on only after the client has had the answer.
        std::thread::sleep(Duration::from_millis(50));
        let mut total = 1;
        let mut buf = [0; 100_000];
        while let Ok(n @ 1..) = served.read(&mut buf) {
            total += n;
        }
        assert_eq!(total, 40_000_000);
    });
    let mut stream =
        connect(&TlsContext::default(), settings(&identity), "localhost", port).unwrap();
    let upload = vec![b'u'; 40_000_000];
    let mut sent = 0;
    let blocked = loop {
        match stream.send(&upload[sent..]) {
            Ok(n) => sent += n,
            Err(e) => break e,
        }
    };
    assert_eq!(blocked.kind(), ErrorKind::WouldBlock);
    let mut buf = [0; 65_536];
    let got = loop {
        match stream.recv(&mut buf) {
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                assert_eq!(stream.blocked_on(Want::Read), Want::Read);
                wait(&stream, Want::Read);
            }
            done => break done.unwrap(),
        }
    };
    assert_eq!(&buf[..got], b"enough");
    send_all(&mut stream, &upload[sent..]);
    end(stream);
    serving.join().unwrap();
}

#[test]
fn takes_an_authority_as_a_server_only_if_signed_by_an_anchor() {
    let authority = self_signed(&["the authority"]);
    let signed_by = |authority: &Identity| {
        let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "below");
        let key = KeyPair::generate().unwrap();
        let issuer = rcgen::Issuer::from_params(&authority.params, &authority.key);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        Identity { certificate, params, key }
    };
    let (port, serving) = listen(server_config(&signed_by(&authority)), 1, echo);
    end(connect(&TlsContext::default(), settings(&authority), "localhost", port).unwrap());
    serving.join().unwrap();
    // The same name, another key.
    let impostor = signed_by(&self_signed(&["the authority"]));
    let got = failure(settings(&authority), "localhost", server_config(&impostor));
    assert_eq!(got.0, Code::PeerFailedVerification, "{}", got.1);
}
