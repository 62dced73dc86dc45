//! What a handle remembers from one transfer to the next, and what handles share.

mod support;

use std::sync::Arc;
use std::time::Duration;

use support::{Driver, get, read_head, serve, write};
use tress_engine::options::Options;
use tress_engine::stores::{Stores, lock};
use tress_engine::{Transfer, TransferId};

fn with_cookies() -> Stores {
    Stores { cookies: Some(Arc::default()), cookie_engine: true, ..Stores::default() }
}

fn add(driver: &mut Driver, options: Options, stores: &Stores) -> TransferId {
    let mut transfer = Transfer::new(Arc::new(options));
    transfer.set_stores(Some(Arc::new(stores.clone())));
    driver.add_transfer(transfer)
}

/// A server that answers each request with `head`, and tells in the body what it got.
fn echo(head: &'static str) -> std::net::SocketAddr {
    serve(move |mut stream| {
        while let Some(request) = read_head(&mut stream) {
            let length = request.len();
            let answer =
                format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {length}\r\n\r\n{request}");
            write(&mut stream, &answer);
        }
    })
}

fn fetch(driver: &mut Driver, options: Options, stores: &Stores) -> String {
    let id = add(driver, options, stores);
    driver.run();
    String::from_utf8(driver.got.remove(&id).unwrap_or_default().body).unwrap()
}

#[test]
fn cookies_come_back_to_their_paths() {
    let server = echo("Set-Cookie: a=1; path=/\r\nSet-Cookie: b=2; path=/deep\r\n");
    let (mut driver, stores) = (Driver::new(), with_cookies());
    assert!(!fetch(&mut driver, get(server, "/deep"), &stores).contains("Cookie:"));
    assert!(fetch(&mut driver, get(server, "/"), &stores).contains("\r\nCookie: a=1\r\n"));
    let deep = fetch(&mut driver, get(server, "/deep/er"), &stores);
    assert!(deep.contains("\r\nCookie: b=2; a=1\r\n"), "{deep}");
    assert!(driver.debug.contains("Added cookie a=\"1\" for domain 127.0.0.1, path /, expire 0"));
}

#[test]
fn a_custom_host_is_the_cookies_host_and_own_cookies_follow_the_jars() {
    let server = echo("Set-Cookie: a=1; domain=.host.example\r\n");
    let (mut driver, stores) = (Driver::new(), with_cookies());
    let mut options = get(server, "/");
    options.httpheader = Some([Box::from(&b"Host: www.host.example:8080"[..])].into());
    options.http_mut().cookie = Some(Box::from(&b"own=3"[..]));
    fetch(&mut driver, options.clone(), &stores);
    assert!(fetch(&mut driver, options, &stores).contains("\r\nCookie: a=1; own=3\r\n"));
    assert!(!fetch(&mut driver, get(server, "/"), &stores).contains("Cookie:"));
}

#[test]
fn a_redirect_carries_the_cookie_that_it_sets() {
    let server = serve(|mut stream| {
        read_head(&mut stream);
        write(
            &mut stream,
            "HTTP/1.1 302 Found\r\nSet-Cookie: a=1\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n",
        );
        let second = read_head(&mut stream).unwrap_or_default();
        write(&mut stream, &format!("HTTP/1.0 200 OK\r\n\r\n{second}"));
    });
    let mut options = get(server, "/");
    options.followlocation = tress_engine::options::FollowLocation::All;
    let body = fetch(&mut Driver::new(), options, &with_cookies());
    assert!(body.starts_with("GET /next ") && body.contains("Cookie: a=1"), "{body}");
}

#[test]
fn a_response_sets_so_many_cookies_and_no_more() {
    let head: String = (0..60).map(|number| format!("Set-Cookie: c{number}=x\r\n")).collect();
    let server = echo(head.leak());
    let (mut driver, stores) = (Driver::new(), with_cookies());
    fetch(&mut driver, get(server, "/"), &stores);
    assert_eq!(lock(stores.cookies.as_ref().unwrap()).len(), 50);
}

#[test]
fn a_jar_that_is_off_is_left_alone() {
    let server = echo("Set-Cookie: a=1\r\n");
    let stores = Stores { cookie_engine: false, ..with_cookies() };
    fetch(&mut Driver::new(), get(server, "/"), &stores);
    assert!(lock(stores.cookies.as_ref().unwrap()).is_empty());
}

#[test]
fn hsts_turns_http_into_https() {
    let server = serve(|mut stream| {
        // A server that does not speak TLS.
        read_head(&mut stream);
    });
    let stores = Stores { hsts: Some(Arc::default()), ..Stores::default() };
    lock(stores.hsts.as_ref().unwrap()).add(b"known.example", b"", false, 0).unwrap();
    let url = format!("http://known.example:{}/", server.port()).into_bytes();
    let to = format!("::127.0.0.1:{}", server.port()).into_bytes();
    let mut options = Options { url: Some(url.into()), verbose: true, ..Options::default() };
    options.connect_mut().connect_to = Some([to.into_boxed_slice()].into());
    options.timeout = Duration::from_millis(300);
    let mut driver = Driver::new();
    let id = add(&mut driver, options, &stores);
    driver.run();
    assert!(driver.multi.transfer(id).unwrap().result().unwrap().is_err());
    let words = format!(
        "Switched from HTTP to HTTPS due to HSTS => https://known.example:{}/",
        server.port()
    );
    assert!(driver.debug.contains(&words), "{}", driver.debug);
}

#[test]
fn names_are_known_to_all_that_share_them() {
    let server = echo("");
    let stores = Stores { dns: Some(Arc::default()), ..Stores::default() };
    let url = format!("http://shared.example:{}/", server.port()).into_bytes();
    let options = Options { url: Some(url.into()), ..Options::default() };
    let mut told = options.clone();
    let rule = format!("shared.example:{}:127.0.0.1", server.port()).into_bytes();
    told.dns_mut().resolve = Some([rule.into_boxed_slice()].into());
    assert!(fetch(&mut Driver::new(), told, &stores).contains("Host: shared.example"));
    // Another multi handle, which was told nothing.
    assert!(fetch(&mut Driver::new(), options, &stores).contains("Host: shared.example"));
}
