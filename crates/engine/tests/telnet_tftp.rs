//! TELNET and TFTP end to end.

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use support::{Driver, serve};
use tress_engine::options::{BodySource, Hooks, Method, Options};
use tress_model::Code;

fn options(scheme: &str, server: SocketAddr, path: &str) -> Options {
    let url = format!("{scheme}://{server}{path}").into_bytes();
    Options { url: Some(url.into()), verbose: true, ..Options::default() }
}

#[test]
fn telnet_goes_both_ways_and_negotiates() {
    let server = serve(|mut stream| {
        stream.write_all(b"login: \xff\xfd\x18\xff\xffend").unwrap();
        let mut said: Vec<u8> = Vec::new();
        let has = |said: &[u8], text: &[u8]| said.windows(text.len()).any(|part| part == text);
        // The terminal type is not told, and what the application reads goes out.
        while !(has(&said, b"me\n") && has(&said, b"\xff\xfc\x18")) {
            let mut byte = [0];
            assert_eq!(stream.read(&mut byte).unwrap(), 1);
            said.push(byte[0]);
        }
        stream.write_all(b" bye").unwrap();
    });
    let mut driver = Driver::new();
    driver.upload = b"me\n".to_vec();
    let id = driver.add(Options { hooks: Hooks::READ, ..options("telnet", server, "") });
    driver.run();
    assert_eq!(driver.got[&id].body, b"login: \xffend bye", "{}", driver.debug);
}

/// Found by fuzzing: the time to ask for more input came again and again, in one action.
#[test]
fn a_telnet_server_that_does_not_read_holds_up_nobody() {
    let server = serve(|_stream| std::thread::sleep(Duration::from_secs(3)));
    let mut driver = Driver::new();
    driver.upload = vec![b'u'; 20_000_000];
    let mut options = options("telnet", server, "");
    (options.hooks, options.timeout) = (Hooks::READ, Duration::from_secs(1));
    let id = driver.add(options);
    driver.run();
    let result = driver.multi.transfer(id).unwrap().result().unwrap().clone();
    assert_eq!(result.unwrap_err().code(), Code::OperationTimedout);
    assert!(driver.uploaded < 20_000_000);
}

#[test]
fn telnet_stops_at_the_largest_size() {
    let server = serve(|mut stream| stream.write_all(&[b'x'; 1000]).unwrap());
    let mut driver = Driver::new();
    let mut options = options("telnet", server, "");
    options.limits_mut().maxfilesize = 700;
    let id = driver.add(options);
    driver.run();
    assert_eq!(driver.got[&id].body.len(), 700);
    let result = driver.multi.transfer(id).unwrap().result().unwrap().clone();
    assert_eq!(result.unwrap_err().code(), Code::FilesizeExceeded);
}

/// A server whose answers come from another port than it is asked at, as they should.
fn tftp(talk: impl Fn(&UdpSocket, &[u8]) + Send + 'static) -> SocketAddr {
    let asked = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = asked.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 2000];
        let (count, from) = asked.recv_from(&mut buffer).unwrap();
        let own = UdpSocket::bind("127.0.0.1:0").unwrap();
        own.connect(from).unwrap();
        own.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        talk(&own, &buffer[..count]);
    });
    address
}

#[test]
fn tftp_fetches_a_file_in_blocks() {
    let server = tftp(|socket, request| {
        assert!(request.starts_with(b"\0\x01dir/file\0octet\0"), "{request:?}");
        let mut buffer = [0; 100];
        for (block, length) in [(1, 512), (2, 512), (3, 7)] {
            let datagram = [&[0, 3, 0, block][..], &vec![b'a' + block; length]].concat();
            socket.send(&datagram).unwrap();
            let count = socket.recv(&mut buffer).unwrap();
            assert_eq!(buffer[..count], [0, 4, 0, block]);
        }
    });
    let mut driver = Driver::new();
    let id = driver.add(options("tftp", server, "/dir/file"));
    driver.run();
    assert_eq!(driver.got[&id].body.len(), 1031, "{}", driver.debug);
    assert!(driver.multi.transfer(id).unwrap().result().unwrap().is_ok());
    assert_eq!(driver.multi.connections(), 0);
}

#[test]
fn tftp_sends_a_file_in_blocks() {
    let server = tftp(|socket, request| {
        assert!(request.starts_with(b"\0\x02up\0octet\0"), "{request:?}");
        let mut buffer = [0; 2000];
        socket.send(&[0, 4, 0, 0]).unwrap();
        for (block, length) in [(1, 512), (2, 88)] {
            let count = socket.recv(&mut buffer).unwrap();
            assert_eq!((&buffer[..4], count), (&[0, 3, 0, block][..], 4 + length));
            socket.send(&[0, 4, 0, block]).unwrap();
        }
    });
    let mut driver = Driver::new();
    driver.upload = vec![b'u'; 600];
    let body = BodySource::Application { len: Some(600), fields: false };
    let options = Options { method: Method::Put, body, ..options("tftp", server, "/up") };
    let id = driver.add(options);
    driver.run();
    let result = driver.multi.transfer(id).unwrap().result().unwrap().clone();
    assert!(result.is_ok(), "{result:?}");
}

#[test]
fn tftp_errors_have_their_codes() {
    let server = tftp(|socket, _| {
        socket.send(b"\0\x05\0\x01no such file\0").unwrap();
    });
    let mut driver = Driver::new();
    let id = driver.add(options("tftp", server, "/nothing"));
    driver.run();
    let result = driver.multi.transfer(id).unwrap().result().unwrap().clone();
    assert_eq!(result.unwrap_err().code(), Code::TftpNotfound);
}
