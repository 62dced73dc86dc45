//! What a server can make grow ends: whoever asked it fails with libcurl's code and words that say why, and
//! a transfer beside it on the same multi handle goes on. SECURITY.md names the test of each limit.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Mutex, mpsc};

use support::h2::{HEADERS, Peer, RST_STREAM};
use support::{Driver, get, read_head, serve, write};
use tress_engine::options::{Auth, HttpVersion, NetrcMode, Options, ProxyType};
use tress_model::Code;

const OK: &str = "HTTP/1.1 200 OK\r\n";

/// Runs a transfer that must fail, begun while another is in the middle of its body, which then ends well.
#[track_caller]
fn fails(options: Options, code: Code, words: &str) {
    let (go_on, told) = mpsc::channel();
    let told = Mutex::new(told);
    let beside = serve(move |mut stream| {
        read_head(&mut stream);
        write(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
        let _ = told.lock().unwrap().recv();
        write(&mut stream, "half");
    });
    let mut driver = Driver::new();
    let other = driver.add(get(beside, "/"));
    driver.run_while(|driver| driver.got.get(&other).is_none_or(|got| got.body.len() < 4));
    let victim = driver.add(options);
    driver.run_while(|driver| driver.multi.transfer(victim).unwrap().result().is_none());
    let error = driver.multi.transfer(victim).unwrap().result().unwrap().clone().unwrap_err();
    assert!(driver.multi.transfer(other).unwrap().result().is_none());
    go_on.send(()).unwrap();
    driver.run();
    assert_eq!(driver.multi.transfer(other).unwrap().result(), Some(&Ok(())));
    assert_eq!(driver.got[&other].body, b"halfhalf");
    assert_eq!(error.code(), code, "{}\n{}", error.message(), driver.debug);
    let found = error.message().contains(words) || driver.debug.contains(words);
    assert!(found, "{}\n{}", error.message(), driver.debug);
}

/// A server that answers any head with these bytes.
fn answers(bytes: impl Into<Vec<u8>>) -> SocketAddr {
    let bytes = bytes.into();
    serve(move |mut stream| {
        while read_head(&mut stream).is_some() {
            let _ = stream.write_all(&bytes);
        }
    })
}

/// One that says this first, then reads.
fn greets(bytes: impl Into<Vec<u8>>) -> SocketAddr {
    let bytes = bytes.into();
    serve(move |mut stream: TcpStream| {
        let _ = stream.write_all(&bytes);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    })
}

fn url(text: String) -> Options {
    Options { url: Some(text.into_bytes().into()), verbose: true, ..Options::default() }
}

fn decoded(coding: &str, body: &[u8]) -> Options {
    let head = format!("{OK}Content-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", body.len());
    let server = answers([head.as_bytes(), body].concat());
    Options { accept_encoding: Some(b""[..].into()), ..get(server, "/") }
}

#[test]
fn response_heads() {
    let line = answers(format!("{OK}A: {}\r\n\r\n", "a".repeat(102_400)));
    fails(get(line, "/"), Code::TooLarge, "");
    let long = format!("A: {}\r\n", "a".repeat(97_000));
    let bytes = answers(format!("{OK}{}\r\n", long.repeat(4)));
    fails(get(bytes, "/"), Code::RecvError, "Too large response headers: ");
    // Each head is short enough, but all of them are not.
    let head = format!("Location: /\r\nContent-Length: 0\r\n{}\r\n", long.repeat(3));
    let server = answers(format!("HTTP/1.1 302 Go\r\n{head}"));
    let mut options = get(server, "/");
    options.followlocation = tress_engine::options::FollowLocation::All;
    fails(options, Code::RecvError, " > 6144000");
    let count = answers(format!("{OK}{}\r\n", "A:b\r\n".repeat(5001)));
    fails(get(count, "/"), Code::TooLarge, "");
}

#[test]
fn trailers() {
    let head = "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n";
    let server = answers(format!("{OK}{head}A: {}\r\n\r\n", "a".repeat(4096)));
    fails(get(server, "/"), Code::TooLarge, "");
}

#[test]
fn request_heads() {
    let with = |server, bytes: usize| {
        let field = format!("A: {}", "a".repeat(bytes)).into_bytes().into_boxed_slice();
        let mut options = get(server, "/");
        options.httpheader = Some([field].into());
        options
    };
    let server = answers(format!("{OK}Content-Length: 0\r\n\r\n"));
    fails(with(server, 1 << 20), Code::TooLarge, "");
    let server = serve(|stream| {
        let Some(mut peer) = Peer::greet(stream, &[]) else { return };
        while peer.read().is_some() {}
    });
    let mut options = with(server, 64 << 10);
    options.http_version = HttpVersion::V2PriorKnowledge;
    fails(options, Code::SendError, "is over the limit of 65536");
}

#[test]
fn codings() {
    let six = ["gzip"; 6].join(", ");
    fails(decoded(&six, b"x"), Code::BadContentEncoding, "");
    // A frame with a window of 256 MiB.
    let window = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x90, 1, 0, 0];
    fails(decoded("zstd", &window), Code::BadContentEncoding, "Too large zstd window");
}

#[test]
fn refusals_of_http_2() {
    let server = serve(|stream| {
        let Some(mut peer) = Peer::greet(stream, &[]) else { return };
        while let Some(frame) = peer.read() {
            if frame.kind == HEADERS {
                peer.write(RST_STREAM, 0, frame.stream, &7_u32.to_be_bytes());
            }
        }
    });
    let options = Options { http_version: HttpVersion::V2PriorKnowledge, ..get(server, "/") };
    fails(options, Code::SendError, "tried 5 times before giving up");
}

#[test]
fn lines_of_replies() {
    let long = "a".repeat(64 << 10);
    for (scheme, begin) in [("ftp", "220 "), ("smtp", "220 "), ("imap", "* OK "), ("pop3", "+OK ")]
    {
        let server = greets(format!("{begin}{long}\r\n"));
        fails(url(format!("{scheme}://{server}/")), Code::TooLarge, "");
    }
}

#[test]
fn first_lines_of_ssh() {
    for scheme in ["sftp", "scp"] {
        for text in
            ["a\r\n".repeat(6000), "a".repeat(17_000), format!("SSH-2.0-{}\r\n", "a".repeat(250))]
        {
            fails(url(format!("{scheme}://{}/x", greets(text))), Code::FailedInit, "");
        }
    }
}

#[test]
fn directories_of_ftp() {
    let server = serve(|mut stream| {
        write(&mut stream, "220 \r\n");
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        for line in lines.map_while(Result::ok) {
            let reply = if line == "PWD" { "257 \"/\"\r\n" } else { "230 \r\n" };
            write(&mut stream, reply);
        }
    });
    let path = "a/".repeat(1001);
    fails(url(format!("ftp://{server}/{path}x")), Code::UrlMalformat, "");
}

#[test]
fn files_of_wildcards() {
    let server = serve(|mut stream| {
        write(&mut stream, "220 \r\n");
        let mut data = None;
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        for line in lines.map_while(Result::ok) {
            match line.as_str() {
                "PWD" => write(&mut stream, "257 \"/\"\r\n"),
                "EPSV" => {
                    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                    let port = listener.local_addr().unwrap().port();
                    write(&mut stream, &format!("229 (|||{port}|)\r\n"));
                    data = Some(listener);
                }
                "LIST" => {
                    write(&mut stream, "150 \r\n");
                    let (mut data, _) = data.take().unwrap().accept().unwrap();
                    // No name matches.
                    write(&mut data, &"01-01-20 01:00AM 1 b\r\n".repeat(100_001));
                    write(&mut stream, "226 \r\n");
                }
                _ => write(&mut stream, "230 \r\n"),
            }
        }
    });
    let options = Options { wildcardmatch: true, ..url(format!("ftp://{server}/a*")) };
    fails(options, Code::FtpBadFileList, "Too many files in the listing");
}

#[test]
fn replies_of_proxies() {
    let proxy = answers(format!("{OK}A: {}\r\n\r\n", "a".repeat(16 << 10)));
    let mut options = url("http://a.test/".to_owned());
    options.proxy_mut().proxy = Some(format!("http://{proxy}").into_bytes().into());
    options.proxy_mut().httpproxytunnel = true;
    fails(options, Code::RecvError, "");
}

#[test]
fn names_and_credentials_of_socks() {
    let proxy = greets([5, 2]);
    let with = |proxytype, user: usize, host: usize| {
        let mut options = url(format!("http://{}/", "a".repeat(host)));
        let group = options.proxy_mut();
        group.proxy = Some(proxy.to_string().into_bytes().into());
        group.proxytype = proxytype;
        group.proxyusername = Some("u".repeat(user).into_bytes().into());
        group.proxypassword = Some(b"p"[..].into());
        options
    };
    fails(with(ProxyType::Socks5Hostname, 1, 256), Code::Proxy, "destination hostname is too long");
    fails(with(ProxyType::Socks5Hostname, 256, 10), Code::Proxy, "Excessive username length");
    fails(with(ProxyType::Socks4a, 256, 10), Code::Proxy, "Too long SOCKS proxy username");
}

#[test]
fn ntlm() {
    let challenge = "TlRMTVNTUAACAAAA".to_owned() + &"A".repeat(2000);
    let head = format!(
        "HTTP/1.1 401 Who\r\nWWW-Authenticate: NTLM {challenge}\r\nContent-Length: 0\r\n\r\n"
    );
    let mut options = get(answers(head), "/");
    let auth = options.auth_mut();
    auth.httpauth = Auth::NTLM;
    auth.username = Some("u".repeat(2000).into_bytes().into());
    auth.password = Some(b"p"[..].into());
    fails(options, Code::TooLarge, "user + domain + hostname too big");
}

#[test]
fn tls_handshakes() {
    // A message of sixteen megabytes, in full records.
    let record = |payload: Vec<u8>| [&[22, 3, 3, 0x40, 0][..], &payload].concat();
    let mut first = vec![2, 0xff, 0xff, 0xff];
    first.resize(0x4000, 0);
    let mut bytes = record(first);
    (0..20).for_each(|_| bytes.extend(record(vec![0; 0x4000])));
    let server = greets(bytes);
    fails(url(format!("https://{server}/")), Code::SslConnectError, "length mismatch");
}

#[test]
fn redirects() {
    let server = answers("HTTP/1.1 302 Go\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
    let mut options = get(server, "/");
    options.followlocation = tress_engine::options::FollowLocation::All;
    fails(options, Code::TooManyRedirects, "Maximum (30) redirects followed");
}

#[test]
fn netrc() {
    let file = std::env::temp_dir().join(format!("tress-limits-{}", std::process::id()));
    let texts = [
        "x\n".repeat(128 << 10),
        "x".repeat(16 << 10),
        format!("machine h login {}", "u".repeat(4097)),
    ];
    for text in texts {
        std::fs::write(&file, text).unwrap();
        let mut options = url("http://127.0.0.1:1/".to_owned());
        let auth = options.auth_mut();
        auth.netrc = NetrcMode::Required;
        auth.netrc_file = Some(file.to_str().unwrap().as_bytes().into());
        fails(options, Code::ReadError, "");
    }
    let _ = std::fs::remove_file(file);
}

#[test]
fn urls() {
    let long = "a".repeat(8_000_001);
    fails(url(format!("http://127.0.0.1:1/{long}")), Code::UrlMalformat, "");
}

#[test]
fn frames_of_websockets() {
    let server = serve(|mut stream| {
        read_head(&mut stream);
        write(&mut stream, "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
        // A ping with 126 bytes.
        let _ = stream.write_all(&[&[0x89, 126, 0, 126][..], &[0; 126]].concat());
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    fails(url(format!("ws://{server}/")), Code::RecvError, "");
}
