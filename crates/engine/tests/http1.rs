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
    assert!(error.message().starts_with("Failed to connect to 127.0.0.1 port "), "{error}");
    let mut options = get(closed, "/");
    options.url = Some(b"http://no.such.host.invalid/".to_vec().into());
    let id = driver.add(options);
    driver.run();
    let error = driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap_err();
    assert_eq!(error.code(), tress_model::Code::CouldntResolveHost);
}
