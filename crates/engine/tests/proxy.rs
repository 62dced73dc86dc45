//! Ways through proxies: engine, sockets, scripted proxies.

mod support;

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

use support::{Driver, get, read_head, serve, write};
use tress_engine::Transfer;
use tress_engine::options::{Auth, Options, ProxyOptions, ProxyType};
use tress_model::Code;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
/// An origin that only a proxy could know.
const ORIGIN: &str = "http://origin.test:81/x?y#z";

#[test]
fn requests_for_any_host_go_over_one_connection_to_a_plain_proxy() {
    let proxy = serve(|mut stream| {
        while let Some(head) = read_head(&mut stream) {
            let line = head.lines().next().unwrap();
            assert!(line == "GET http://origin.test:81/x?y HTTP/1.1" || line.contains("other"));
            assert!(head.contains("\r\nProxy-Authorization: Basic dTpwOg==\r\n"), "{head}");
            assert!(head.contains("\r\nProxy-Connection: Keep-Alive\r\n"), "{head}");
            write(&mut stream, HELLO);
        }
    });
    let mut driver = Driver::new();
    for (round, url) in [ORIGIN, "http://other.test/"].into_iter().enumerate() {
        let name = format!("http://u:p%3a@{proxy}");
        let (transfer, body) = run(&mut driver, via(url, &name));
        assert!(transfer.result().unwrap().is_ok(), "{:?}", transfer.result());
        assert_eq!(body, b"hello");
        let infos = transfer.infos();
        assert_eq!((infos.num_connects, infos.used_proxy), (u32::from(round == 0), true));
    }
}

#[test]
fn a_tunnel_carries_requests_of_one_origin() {
    let proxy = serve(|mut stream| {
        let head = read_head(&mut stream).unwrap();
        let want = "CONNECT origin.test:81 HTTP/1.1\r\nHost: origin.test:81\r\n\
                    Proxy-Connection: Keep-Alive\r\nX: y\r\n\r\n";
        assert_eq!(head, want);
        write(&mut stream, "HTTP/1.1 200 Go\r\nContent-Length: 3\r\nA: b\r\n\r\n");
        while let Some(head) = read_head(&mut stream) {
            assert!(head.starts_with("GET /x?y HTTP/1.1\r\nHost: origin.test:81\r\n"), "{head}");
            assert!(!head.contains("Proxy"), "{head}");
            write(&mut stream, HELLO);
        }
    });
    let mut driver = Driver::new();
    for round in 0..2 {
        let options = changed(via(ORIGIN, &proxy.to_string()), |proxy| {
            proxy.httpproxytunnel = true;
            proxy.proxyheader = Some([Box::from(&b"X: y"[..])].into());
        });
        let (transfer, body) = run(&mut driver, options);
        assert!(transfer.result().unwrap().is_ok(), "{:?}", transfer.result());
        assert_eq!(body, b"hello");
        let code = if round == 0 { 200 } else { 0 };
        assert_eq!((transfer.infos().connect_code, transfer.infos().response_code), (code, 200));
    }
}

#[test]
fn a_tunnel_that_wants_credentials() {
    for close in [false, true] {
        let rounds = AtomicUsize::new(0);
        let proxy = serve(move |mut stream| {
            while let Some(head) = read_head(&mut stream) {
                let round = rounds.fetch_add(1, Ordering::Relaxed);
                let credentials = head.contains("\r\nProxy-Authorization: Basic dTpw\r\n");
                assert_eq!(credentials, round == 1, "{head}");
                let text = match (round, close) {
                    (0, true) => "Connection: close\r\nContent-Length: 0\r\n\r\n",
                    (0, false) => "Content-Length: 3\r\n\r\nno!",
                    (1, _) => "HTTP/1.1 200 OK\r\n\r\n",
                    _ => HELLO,
                };
                if round == 0 {
                    let head = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\n";
                    write(&mut stream, &format!("{head}{text}"));
                    if close {
                        return;
                    }
                } else {
                    write(&mut stream, text);
                }
            }
        });
        let options = changed(via(ORIGIN, &format!("u:p@{proxy}")), |options| {
            options.httpproxytunnel = true;
            options.proxyauth = Auth::all();
        });
        let mut driver = Driver::new();
        let (transfer, body) = run(&mut driver, options);
        assert!(transfer.result().unwrap().is_ok(), "{:?}", transfer.result());
        assert_eq!(body, b"hello");
        assert_eq!(transfer.infos().num_connects, 1 + u32::from(close));
        assert_eq!((transfer.infos().connect_code, transfer.infos().response_code), (200, 200));
    }
}

#[test]
fn a_plain_proxy_that_wants_credentials() {
    let proxy = serve(|mut stream| {
        let head = read_head(&mut stream).unwrap();
        assert!(!head.contains("Authorization"), "{head}");
        let text = "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=\"x\", nonce=\"n\"\r\n\
                    Content-Length: 0\r\n\r\n";
        write(&mut stream, text);
        let head = read_head(&mut stream).unwrap();
        assert!(head.contains("\r\nProxy-Authorization: Digest username=\"u\""), "{head}");
        write(&mut stream, HELLO);
    });
    let options = changed(via(ORIGIN, &format!("u:p@{proxy}")), |options| {
        options.proxyauth = Auth::DIGEST;
    });
    let (transfer, body) = run(&mut Driver::new(), options);
    assert!(transfer.result().unwrap().is_ok(), "{:?}", transfer.result());
    assert_eq!(body, b"hello");
    assert_eq!(transfer.infos().proxy_auth_available, Auth::DIGEST.bits());
}

#[test]
fn a_tunnel_that_is_refused() {
    let proxy = serve(|mut stream| {
        read_head(&mut stream);
        write(&mut stream, "HTTP/1.1 405 No\r\nContent-Length: 2\r\n\r\nno");
    });
    let options = via("https://origin.test/", &proxy.to_string());
    let (transfer, body) = run(&mut Driver::new(), options);
    let error = transfer.result().unwrap().as_ref().unwrap_err();
    assert_eq!(error.code(), Code::CouldntConnect);
    assert_eq!(error.message(), "CONNECT tunnel failed, response 405");
    assert_eq!((transfer.infos().connect_code, transfer.infos().response_code), (405, 0));
    assert!(body.is_empty());
}

#[test]
fn a_proxy_that_hangs_up() {
    let proxy = serve(|mut stream| {
        read_head(&mut stream);
        write(&mut stream, "HTTP/1.1 200");
    });
    let (transfer, _) = run(&mut Driver::new(), via("https://origin.test/", &proxy.to_string()));
    let error = transfer.result().unwrap().as_ref().unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::RecvError, "Proxy CONNECT aborted"));
}

#[test]
fn socks_in_all_dialects() {
    for (scheme, kind) in [("socks4", 4), ("socks4a", 0x4a), ("socks5", 5), ("socks5h", 0x5a)] {
        let proxy = serve(move |mut stream| {
            socks(&mut stream, kind);
            while let Some(head) = read_head(&mut stream) {
                assert!(head.starts_with("GET / HTTP/1.1\r\nHost: localhost:81\r\n"), "{head}");
                write(&mut stream, HELLO);
            }
        });
        let options = via("http://localhost:81/", &format!("{scheme}://u:p@{proxy}"));
        let mut driver = Driver::new();
        let (transfer, body) = run(&mut driver, options);
        assert!(transfer.result().unwrap().is_ok(), "{scheme}: {:?}", transfer.result());
        assert_eq!(body, b"hello");
        assert!(transfer.infos().used_proxy);
    }
}

#[test]
fn socks_that_refuses() {
    let proxy = serve(|mut stream| {
        exactly(&mut stream, 3);
        raw(&mut stream, &[5, 0]);
        exactly(&mut stream, 10);
        raw(&mut stream, &[5, 4, 0, 1, 0, 0, 0, 0, 0, 0]);
    });
    let options = via("http://127.0.0.1:81/", &format!("socks5h://{proxy}"));
    let (transfer, _) = run(&mut Driver::new(), options);
    assert_eq!(transfer.result().unwrap().as_ref().unwrap_err().code(), Code::Proxy);
    assert_eq!(transfer.infos().proxy_error, 21);
}

#[test]
fn socks_to_an_http_proxy_and_a_proxy_line() {
    let proxy = serve(|mut stream| {
        assert_eq!(exactly(&mut stream, 3), [5, 1, 0]);
        raw(&mut stream, &[5, 0]);
        let asked = exactly(&mut stream, 5 + 9 + 2);
        assert_eq!(&asked[5..14], b"http.test");
        raw(&mut stream, &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert!(read_head(&mut stream).unwrap().starts_with("CONNECT origin.test:81 "));
        write(&mut stream, "HTTP/1.1 200 Go\r\n\r\n");
        let head = read_head(&mut stream).unwrap();
        assert!(head.starts_with("PROXY TCP4 1.2.3.4 1.2.3.4 "), "{head}");
        assert!(head.contains("\r\nGET /x?y HTTP/1.1\r\n"), "{head}");
        write(&mut stream, HELLO);
    });
    let options = changed(via(ORIGIN, "http.test:3128"), |options| {
        options.pre_proxy = Some(format!("socks5h://{proxy}").into_bytes().into());
        options.httpproxytunnel = true;
        options.haproxyprotocol = true;
        options.haproxy_client_ip = Some(b"1.2.3.4"[..].into());
    });
    let (transfer, body) = run(&mut Driver::new(), options);
    assert!(transfer.result().unwrap().is_ok(), "{:?}", transfer.result());
    assert_eq!(body, b"hello");
}

#[test]
fn hosts_without_a_proxy_and_proxies_without_a_host() {
    let server = serve(|mut stream| {
        assert!(read_head(&mut stream).unwrap().starts_with("GET / "));
        write(&mut stream, HELLO);
    });
    let options = changed(get(server, "/"), |options| {
        options.proxy = Some(b"http://127.0.0.1:1"[..].into());
        options.noproxy = Some(b"x, 127.0.0.0/8"[..].into());
    });
    let (transfer, body) = run(&mut Driver::new(), options);
    assert_eq!((body.as_slice(), transfer.infos().used_proxy), (&b"hello"[..], false));

    let (transfer, _) = run(&mut Driver::new(), via(ORIGIN, "no-such-host.invalid"));
    let error = transfer.result().unwrap().as_ref().unwrap_err();
    assert_eq!(error.code(), Code::CouldntResolveProxy);
    assert_eq!(error.message(), "Could not resolve proxy: no-such-host.invalid");
}

#[test]
fn a_connection_is_not_shared_between_users_of_a_proxy() {
    let proxy = serve(|mut stream| {
        while read_head(&mut stream).is_some() {
            write(&mut stream, HELLO);
        }
    });
    let mut driver = Driver::new();
    for user in ["a", "b"] {
        let (transfer, _) = run(&mut driver, via(ORIGIN, &format!("{user}:p@{proxy}")));
        assert_eq!(transfer.infos().num_connects, 1);
    }
}

fn via(url: &str, proxy: &str) -> Options {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    let options = Options { url: Some(url.as_bytes().into()), ..get(nowhere, "/") };
    changed(options, |options| {
        options.proxy = Some(proxy.as_bytes().into());
        options.proxytype = ProxyType::Http;
    })
}

fn changed(mut options: Options, change: impl FnOnce(&mut ProxyOptions)) -> Options {
    change(options.proxy_mut());
    options
}

fn run(driver: &mut Driver, options: Options) -> (Box<Transfer>, Vec<u8>) {
    let id = driver.add(options);
    driver.run();
    let body = driver.got.remove(&id).unwrap_or_default().body;
    (driver.multi.remove(id).unwrap(), body)
}

/// The proxy's side of a handshake for localhost:81 by the user u with the password p.
fn socks(stream: &mut TcpStream, kind: u8) {
    let name = b"localhost";
    match kind {
        4 => {
            let asked = exactly(stream, 4 + 4 + 2);
            assert_eq!(asked, [4, 1, 0, 81, 127, 0, 0, 1, b'u', 0]);
            raw(stream, &[0, 90, 0, 0, 0, 0, 0, 0]);
            return;
        }
        0x4a => {
            let asked = exactly(stream, 4 + 4 + 2 + name.len() + 1);
            assert_eq!(&asked[10..19], name);
            raw(stream, &[0, 90, 0, 0, 0, 0, 0, 0]);
            return;
        }
        _ => {}
    }
    assert_eq!(exactly(stream, 4), [5, 2, 0, 2]);
    raw(stream, &[5, 2]);
    assert_eq!(exactly(stream, 5), [1, 1, b'u', 1, b'p']);
    raw(stream, &[1, 0]);
    let asked = exactly(stream, 4);
    match asked[3] {
        3 => assert_eq!(&exactly(stream, 1 + name.len() + 2)[1..10], name),
        1 => assert_eq!(exactly(stream, 4 + 2), [127, 0, 0, 1, 0, 81]),
        _ => assert_eq!(exactly(stream, 16 + 2)[15..], [1, 0, 81]),
    }
    assert_eq!(asked[3] == 3, kind == 0x5a);
    raw(stream, &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
}

fn exactly(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

fn raw(stream: &mut TcpStream, bytes: &[u8]) {
    std::io::Write::write_all(stream, bytes).unwrap();
}
