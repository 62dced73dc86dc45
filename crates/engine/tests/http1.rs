//! HTTP/1.1 end to end: engine, sockets, a scripted server.

mod support;

use std::io::Read;
use support::{Driver, get, read_head, serve, write};
use tress_engine::options::{BodySource, Method};

fn hello(mut stream: std::net::TcpStream) {
    while read_head(&mut stream).is_some() {
        write(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    }
}

#[test]
fn a_body_is_delivered_and_the_connection_reused() {
    let server = serve(hello);
    let mut driver = Driver::new();
    for round in 0..3 {
        let id = driver.add(get(server, "/"));
        driver.run();
        let transfer = driver.multi.remove(id).unwrap();
        assert!(transfer.result().unwrap().is_ok(), "{:?}", transfer.result());
        assert_eq!(driver.got[&id].body, b"hello");
        assert_eq!(transfer.infos().response_code, 200);
        assert_eq!(transfer.infos().num_connects, u32::from(round == 0));
    }
    assert!(driver.watched.is_empty());
}

#[test]
fn many_at_once_over_one_connection_each() {
    let server = serve(hello);
    let mut driver = Driver::new();
    let ids: Vec<_> = (0..50).map(|_| driver.add(get(server, "/"))).collect();
    driver.run();
    for id in ids {
        assert_eq!(driver.got[&id].body, b"hello");
    }
    assert!(driver.watched.is_empty());
}

#[test]
fn limits_queue_transfers_and_slots_wake_them() {
    let server = serve(hello);
    let mut driver = Driver::new();
    driver.multi.settings_mut().max_host_connections = 2;
    let ids: Vec<_> = (0..40).map(|_| driver.add(get(server, "/"))).collect();
    driver.run();
    assert_eq!(driver.multi.connections(), 2);
    for id in ids {
        assert_eq!(driver.got[&id].body, b"hello");
    }
}

#[test]
fn an_upload_of_unknown_length_goes_in_chunks() {
    let server = serve(|mut stream| {
        let head = read_head(&mut stream).unwrap();
        assert!(head.contains("Transfer-Encoding: chunked"), "{head}");
        let mut body = Vec::new();
        while !body.ends_with(b"0\r\n\r\n") {
            let mut piece = [0; 65536];
            let count = stream.read(&mut piece).unwrap();
            body.extend_from_slice(&piece[..count]);
        }
        let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", 5, "taken");
        write(&mut stream, &text);
    });
    let mut driver = Driver::new();
    driver.upload = vec![b'x'; 300_000];
    let mut options = get(server, "/");
    options.method = Method::Put;
    options.body = BodySource::Application { len: None, fields: false };
    let id = driver.add(options);
    driver.run();
    assert_eq!(driver.got[&id].body, b"taken", "{}", driver.debug);
}

#[test]
fn a_dead_idle_connection_is_replaced() {
    let server = serve(|mut stream| {
        read_head(&mut stream);
        write(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    });
    let mut driver = Driver::new();
    for _ in 0..3 {
        let id = driver.add(get(server, "/"));
        driver.run();
        assert_eq!(driver.got[&id].body, b"hello", "{}", driver.debug);
    }
}

#[test]
fn refused_and_unresolvable_fail_with_their_codes() {
    let mut driver = Driver::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let id = driver.add(get(closed, "/"));
    driver.run();
    let error = driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap_err();
    assert_eq!(error.code(), tress_model::Code::CouldntConnect);
    assert!(error.message().starts_with("Failed to connect to 127.0.0.1:"), "{error}");
    let mut options = get(closed, "/");
    options.url = Some(b"http://no.such.host.invalid/".to_vec().into());
    let id = driver.add(options);
    driver.run();
    let error = driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap_err();
    assert_eq!(error.code(), tress_model::Code::CouldntResolveHost);
}

/// Answers by path, the request head in the body.
fn paths(mut stream: std::net::TcpStream) {
    while let Some(head) = read_head(&mut stream) {
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let answer = match path.as_str() {
            "/302" => "HTTP/1.1 302 Found\r\nLocation: /there?x\r\nContent-Length: 3\r\n\r\nabc".into(),
            "/loop" => "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n".into(),
            "/close" => "HTTP/1.0 200 OK\r\n\r\nto the end".to_owned(),
            "/404" => "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno".into(),
            "/chunks" => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n".into(),
            "/100" => "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".into(),
            "/short" => "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\ncut".into(),
            "/nothing" => return,
            _ => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{head}", head.len()),
        };
        write(&mut stream, &answer);
        if path == "/close" || path == "/short" {
            return;
        }
    }
}

fn fetch(
    driver: &mut Driver,
    options: tress_engine::options::Options,
) -> (Result<(), tress_model::Error>, String) {
    let id = driver.add(options);
    driver.run();
    let result = driver.multi.transfer(id).unwrap().result().unwrap().clone();
    let body = driver.got.get(&id).map(|got| String::from_utf8_lossy(&got.body).into_owned());
    (result, body.unwrap_or_default())
}

#[test]
fn responses_of_every_framing() {
    let server = serve(paths);
    let mut driver = Driver::new();
    for (path, body) in
        [("/close", "to the end"), ("/404", "no"), ("/chunks", "abcde"), ("/100", "ok")]
    {
        assert_eq!(fetch(&mut driver, get(server, path)), (Ok(()), body.to_owned()));
    }
    let (result, body) = fetch(&mut driver, get(server, "/short"));
    assert_eq!(result.unwrap_err().code(), tress_model::Code::PartialFile);
    assert_eq!(body, "cut");
    let (result, _) = fetch(&mut driver, get(server, "/nothing"));
    assert_eq!(result.unwrap_err().code(), tress_model::Code::GotNothing);
}

#[test]
fn redirects_are_followed_and_limited() {
    use tress_engine::options::FollowLocation;
    let server = serve(paths);
    let mut driver = Driver::new();
    let mut options = get(server, "/302");
    assert_eq!(fetch(&mut driver, options.clone()).1, "abc");
    options.followlocation = FollowLocation::All;
    let (_, body) = fetch(&mut driver, options.clone());
    assert!(body.starts_with("GET /there?x HTTP/1.1\r\n"), "{body}");
    options.url = Some(format!("http://{server}/loop").into_bytes().into());
    let error = fetch(&mut driver, options).0.unwrap_err();
    assert_eq!(error.message(), "Maximum (30) redirects followed");
}

#[test]
fn credentials_and_headers_go_out() {
    let server = serve(paths);
    let mut driver = Driver::new();
    let mut options = get(server, "/echo");
    options.url = Some(format!("http://u%41:p@{server}/echo").into_bytes().into());
    options.useragent = Some(b"me/1".to_vec().into());
    options.httpheader = Some(vec![b"Accept:".to_vec().into(), b"X-A: b".to_vec().into()].into());
    let (_, body) = fetch(&mut driver, options);
    assert_eq!(
        body,
        format!(
            "GET /echo HTTP/1.1\r\nHost: {server}\r\nAuthorization: Basic dUE6cA==\r\nUser-Agent: me/1\r\nX-A: b\r\n\r\n"
        )
    );
}

/// An answer without a length, to an upload that the server resets: whether all of it has come
/// nobody knows.
#[test]
fn a_reset_during_an_upload_is_no_end_of_the_answer() {
    let server = serve(|mut stream| {
        read_head(&mut stream);
        write(&mut stream, "HTTP/1.0 200 OK\r\n\r\nsome of it");
        // Closed with bytes unread, a connection is reset.
        std::thread::sleep(std::time::Duration::from_millis(100));
    });
    let mut driver = Driver::new();
    driver.upload = vec![b'x'; 20_000_000];
    let mut options = get(server, "/");
    options.method = Method::Put;
    options.body = BodySource::Application { len: Some(20_000_000), fields: false };
    options.httpheader = Some(std::sync::Arc::from([Box::from(&b"Expect:"[..])]));
    let id = driver.add(options);
    driver.run();
    let result = driver.multi.transfer(id).unwrap().result().unwrap().clone();
    let code = result.expect_err("an answer that was cut off").code();
    assert!(
        matches!(code, tress_model::Code::SendError | tress_model::Code::RecvError),
        "{code:?}"
    );
}
