//! A connection or session serves those alone that ask for the same.

use std::io::Read;

use super::*;

/// CVE-2016-8616, CVE-2014-0138, CVE-2015-3143, CVE-2026-4873, CVE-2026-8286.
#[test]
fn a_connection_that_is_logged_in_is_for_that_login_and_that_security() {
    let (server, log) = pop3();
    let mut driver = Driver::new();
    let fetch = |login: &str| url(&format!("pop3://{login}@{server}/1"));
    for login in ["u:secret", "u:secret", "u:SECRET", "U:secret"] {
        assert_eq!(run(&mut driver, fetch(login)), Code::Ok, "{login}");
    }
    // The second of them went on where the first one was.
    assert_eq!((log.having("USER"), log.having("RETR")), (3, 4));
    let mut secure = fetch("u:secret");
    secure.tls_mut().use_ssl = UseSsl::All;
    assert_eq!(run(&mut driver, secure), Code::UseSslFailed);
    assert_eq!((log.having("USER"), log.having("RETR")), (3, 4));
    // Bearer tokens are logins too (CVE-2022-22576).
    let mut bearer = fetch("u:secret");
    bearer.auth_mut().xoauth2_bearer = Some(b"token"[..].into());
    assert_eq!(run(&mut driver, bearer), Code::Ok);
    assert_eq!((log.having("USER"), log.having("RETR")), (4, 5));
}

/// CVE-2023-27535.
#[test]
fn a_connection_of_ftp_is_for_one_account_and_one_security() {
    let (server, log) = lines("220 x\r\n", |line| match line.split(' ').next() {
        Some("PWD") => "257 \"/\" x\r\n".to_owned(),
        Some("USER") => "331 x\r\n".to_owned(),
        Some("PASS") => "230 x\r\n".to_owned(),
        Some("AUTH") => "500 no\r\n".to_owned(),
        _ => "200 x\r\n".to_owned(),
    });
    let plain = || Options { nobody: true, ..url(&format!("ftp://{server}/")) };
    let mut driver = Driver::new();
    assert_eq!(run(&mut driver, plain()), Code::Ok);
    assert_eq!(run(&mut driver, plain()), Code::Ok);
    assert_eq!(log.having("USER"), 1);
    let (mut account, mut other, mut secure) = (plain(), plain(), plain());
    account.ftp_mut().ftp_account = Some(b"a"[..].into());
    other.ftp_mut().ftp_alternative_to_user = Some(b"b"[..].into());
    secure.tls_mut().use_ssl = UseSsl::All;
    assert_eq!(run(&mut driver, account), Code::Ok);
    assert_eq!(run(&mut driver, other), Code::Ok);
    assert_eq!(log.having("USER"), 3);
    assert_eq!(run(&mut driver, secure), Code::UseSslFailed);
}

/// CVE-2022-27775.
#[test]
fn a_connection_in_one_zone_is_not_for_another() {
    let listener = TcpListener::bind("[::1]:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut stream = stream;
                while read_head(&mut stream).is_some() {
                    write(&mut stream, OK);
                }
            });
        }
    });
    let mut driver = Driver::new();
    let zones = [("", 1), ("%251", 1), ("%25lo", 0), ("%252", 1), ("", 0), ("%252", 0)];
    for (zone, connects) in zones {
        let id = driver.add(url(&format!("http://[::1{zone}]:{port}/")));
        let (transfer, code) = end(&mut driver, id);
        assert_eq!((code, transfer.infos().num_connects), (Code::Ok, connects), "{zone}");
    }
}

/// Whom a proxy has connected to is not told by its own address.
#[test]
fn a_connection_through_a_proxy_is_for_one_far_end() {
    let (http, http_log) = http(|head| match head.starts_with("CONNECT ") {
        true => "HTTP/1.1 200 OK\r\n\r\n".to_owned(),
        false => OK.to_owned(),
    });
    let (socks, socks_log) = socks();
    for (proxy, log, asked) in [
        (format!("http://{http}"), http_log, "CONNECT "),
        (format!("socks5h://{socks}"), socks_log, "asked for "),
    ] {
        let mut driver = Driver::new();
        let far = |to: &str| {
            let mut options = url("http://far.example/");
            let group = options.proxy_mut();
            group.proxy = Some(proxy.as_bytes().into());
            group.noproxy = Some(b""[..].into());
            group.httpproxytunnel = true;
            options.connect_mut().connect_to =
                (!to.is_empty()).then(|| [Box::from(to.as_bytes())].into());
            options
        };
        for to in ["", "::near.example:80", "::far.example:81", "", "::near.example:80"] {
            assert_eq!(run(&mut driver, far(to)), Code::Ok, "{proxy} {to}");
        }
        let all = log.all();
        let asked = all.iter().filter_map(|text| text.strip_prefix(asked)?.split(' ').next());
        assert!(asked.eq(["far.example:80", "near.example:80", "far.example:81"]), "{all:?}");
    }
}

/// A SOCKS5 proxy, and all servers behind it.
fn socks() -> (SocketAddr, Log) {
    let log = Log::default();
    let kept = log.clone();
    let address = serve(move |mut stream| {
        let exactly = |stream: &mut TcpStream, count: usize| {
            let mut bytes = vec![0; count];
            stream.read_exact(&mut bytes).unwrap();
            bytes
        };
        let methods = exactly(&mut stream, 2)[1];
        exactly(&mut stream, methods.into());
        stream.write_all(&[5, 0]).unwrap();
        let length = exactly(&mut stream, 5)[4];
        let name = String::from_utf8(exactly(&mut stream, length.into())).unwrap();
        let port = exactly(&mut stream, 2);
        kept.push(format!("asked for {name}:{} ", u16::from_be_bytes([port[0], port[1]])));
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
        while let Some(head) = read_head(&mut stream) {
            kept.push(head);
            write(&mut stream, OK);
        }
    });
    (address, log)
}

/// Both names are written alike.
#[test]
fn a_connection_to_a_socket_in_a_directory_is_not_for_an_abstract_one() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixListener};
    let name =
        std::env::temp_dir().join(format!("tress-vulnerabilities-socket-{}", std::process::id()));
    let _ = std::fs::remove_file(&name);
    let path = name.to_str().unwrap();
    let serve = |listener: UnixListener, who: &'static str| {
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut byte = [0];
                let mut head = Vec::new();
                while stream.read_exact(&mut byte).is_ok() {
                    head.push(byte[0]);
                    if head.ends_with(b"\r\n\r\n") {
                        let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{who}");
                        let _ = stream.write_all(reply.as_bytes());
                    }
                }
            }
        });
    };
    serve(UnixListener::bind(&name).unwrap(), "d");
    let hidden = SocketAddr::from_abstract_name(path).unwrap();
    serve(UnixListener::bind_addr(&hidden).unwrap(), "a");
    let mut driver = Driver::new();
    for (is_abstract, who) in [(false, "d"), (true, "a"), (false, "d"), (true, "a")] {
        let mut options = url("http://a.example/");
        options.connect_mut().unix_socket_path = Some(path.as_bytes().into());
        options.connect_mut().abstract_unix_socket = is_abstract;
        let id = driver.add(options);
        assert_eq!(end(&mut driver, id).1, Code::Ok);
        assert_eq!(driver.got[&id].body, who.as_bytes());
    }
    let _ = std::fs::remove_file(&name);
}

/// CVE-2026-8286: the upgrade changes nothing of whose connection it is.
#[test]
fn a_connection_upgraded_by_starttls_is_for_those_tls_settings() {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".into()])
        .and_then(|params| params.self_signed(&key))
        .unwrap();
    let (server, log) = stls(certificate.der().clone(), key.serialize_der());
    let mut driver = Driver::new();
    let fetch = |verify_host: bool, versions: &str| {
        let mut options = url(&format!("pop3://u:p@localhost:{}/1", server.port()));
        let tls = options.tls_mut();
        tls.use_ssl = UseSsl::All;
        (tls.ssl_verifypeer, tls.ssl_verifyhost) = (false, verify_host);
        tls.tls13_ciphers = (!versions.is_empty()).then(|| versions.as_bytes().into());
        options
    };
    for (options, logins) in [
        (fetch(false, ""), 1),
        (fetch(false, ""), 1),
        (fetch(true, ""), 2),
        (fetch(true, "TLS_AES_128_GCM_SHA256"), 3),
        (fetch(false, ""), 3),
        (fetch(true, ""), 3),
    ] {
        assert_eq!(run(&mut driver, options), Code::Ok, "{}", driver.debug);
        assert_eq!(log.having("USER"), logins);
    }
}

/// A server of POP3 that wants STLS first.
fn stls(
    certificate: rustls::pki_types::CertificateDer<'static>,
    key: Vec<u8>,
) -> (SocketAddr, Log) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(key);
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())
        .unwrap();
    let (config, log) = (Arc::new(config), Log::default());
    let kept = log.clone();
    let address = serve(move |mut stream| {
        write(&mut stream, "+OK\r\n");
        for reply in ["+OK\r\nSTLS\r\n.\r\n", "+OK\r\n"] {
            kept.push(line(&mut stream).unwrap_or_default());
            write(&mut stream, reply);
        }
        let connection = rustls::ServerConnection::new(config.clone()).unwrap();
        let mut secure = rustls::StreamOwned::new(connection, stream);
        while let Some(said) = line(&mut secure) {
            let rest = match said.split(' ').next().unwrap_or_default() {
                "CAPA" => "USER\r\n.\r\n",
                "RETR" => "hi\r\n.\r\n",
                _ => "",
            };
            kept.push(said);
            let _ = secure.write_all(format!("+OK\r\n{rest}").as_bytes());
        }
    });
    (address, log)
}

/// A line, byte by byte: what follows it is somebody else's to read.
fn line(stream: &mut impl Read) -> Option<String> {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while !text.ends_with(b"\r\n") {
        stream.read_exact(&mut byte).ok()?;
        text.push(byte[0]);
    }
    Some(String::from_utf8(text).ok()?.trim_end().to_owned())
}
