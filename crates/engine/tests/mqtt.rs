//! MQTT end to end, with brokers that behave and brokers that do not.

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use support::{Driver, serve};
use tress_engine::options::{BodySource, Method, Options};
use tress_model::{Code, Result};

const GREETED: &[u8] = b"\x20\x02\0\0";
const SUBSCRIBED: &[u8] = b"\x90\x03\0\x01\0";
const BYE: &[u8] = b"\xe0\0";

fn options(server: SocketAddr, path: &str) -> Options {
    let url = format!("mqtt://user:secret@{server}{path}").into_bytes();
    Options { url: Some(url.into()), verbose: true, ..Options::default() }
}

fn publication(server: SocketAddr, text: &[u8]) -> Options {
    let body = BodySource::Bytes(text.into());
    Options { method: Method::Post, body, ..options(server, "/a%2fb") }
}

/// A broker that greets, takes the subscription and then says this, until nobody listens.
fn broker(said: &'static [u8]) -> SocketAddr {
    serve(move |mut stream| {
        packet(&mut stream);
        stream.write_all(GREETED).unwrap();
        packet(&mut stream);
        let _ = stream.write_all(SUBSCRIBED).and_then(|()| stream.write_all(said));
        let _ = stream.read(&mut [0]);
    })
}

/// Reads a short packet: its first byte, and what follows the length.
fn packet(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    stream.read_exact(&mut head).unwrap();
    let mut rest = vec![0; head[1].into()];
    stream.read_exact(&mut rest).unwrap();
    (head[0], rest)
}

fn result(driver: &Driver, id: tress_engine::TransferId) -> Result<()> {
    driver.multi.transfer(id).unwrap().result().unwrap().clone()
}

/// How a subscription ends that this is said to.
fn end(said: &'static [u8]) -> (Vec<u8>, Result<()>) {
    let mut driver = Driver::new();
    let id = driver.add(options(broker(said), "/t"));
    driver.run();
    assert_eq!(driver.multi.connections(), 0);
    let body = driver.got.remove(&id).map(|got| got.body).unwrap_or_default();
    (body, result(&driver, id))
}

#[test]
fn a_message_is_published() {
    let server = serve(|mut stream| {
        let (first, connect) = packet(&mut stream);
        assert_eq!((first, &connect[..10]), (0x10, &b"\0\x04MQTT\x04\xc2\0\x3c"[..]));
        assert!(connect.ends_with(b"\0\x04user\0\x06secret"));
        stream.write_all(GREETED).unwrap();
        assert_eq!(packet(&mut stream), (0x30, b"\0\x03a/bhello".to_vec()));
        assert_eq!(packet(&mut stream), (0xe0, Vec::new()));
    });
    let mut driver = Driver::new();
    let id = driver.add(publication(server, b"hello"));
    driver.run();
    assert_eq!(result(&driver, id), Ok(()), "{}", driver.debug);
    assert_eq!(driver.multi.connections(), 0);
}

#[test]
fn what_is_large_goes_out_as_the_broker_takes_it() {
    const SIZE: usize = 3_000_000;
    let server = serve(|mut stream| {
        packet(&mut stream);
        stream.write_all(GREETED).unwrap();
        std::thread::sleep(Duration::from_millis(50));
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), 5 + 5 + SIZE + BYE.len());
    });
    let mut driver = Driver::new();
    let id = driver.add(publication(server, &vec![b'x'; SIZE]));
    driver.run();
    assert_eq!(result(&driver, id), Ok(()));
}

#[test]
fn messages_come_until_the_broker_leaves() {
    let (body, result) = end(b"\x30\x05\0\x01thi\x30\x04\0\x01t!\xe0\0");
    assert_eq!((&body[..], result), (&b"\0\x01thi\0\x01t!"[..], Ok(())));
}

#[test]
fn a_paused_subscription_waits() {
    let mut driver = Driver::new();
    let id = driver.add(options(broker(b"\x30\x05\0\x01thi\xe0\0"), "/t"));
    driver.pause_at_first_byte(id);
    driver.turn();
    // Once it is paused there is nothing to wait for.
    while !driver.watched.is_empty() {
        driver.turn();
    }
    assert_eq!(driver.multi.running(), 1);
    driver.unpause(id);
    driver.run();
    assert_eq!(driver.got[&id].body, b"\0\x01thi");
}

#[test]
fn the_broker_is_pinged_while_nothing_happens() {
    let server = serve(|mut stream| {
        packet(&mut stream);
        stream.write_all(GREETED).unwrap();
        packet(&mut stream);
        stream.write_all(SUBSCRIBED).unwrap();
        for _ in 0..3 {
            assert_eq!(packet(&mut stream), (0xc0, Vec::new()));
            stream.write_all(b"\xd0\0").unwrap();
        }
        stream.write_all(BYE).unwrap();
    });
    let mut driver = Driver::new();
    let mut options = options(server, "/t");
    options.connect_mut().upkeep_interval = Duration::from_millis(30);
    let id = driver.add(options);
    driver.run();
    assert_eq!(result(&driver, id), Ok(()), "{}", driver.debug);
    assert!(driver.timer_calls < 30);
}

#[test]
fn nothing_but_fields_is_published() {
    let mut driver = Driver::new();
    let body = BodySource::Application { len: Some(3), fields: false };
    let server = broker(b"");
    let id = driver.add(Options { method: Method::Post, body, ..options(server, "/t") });
    driver.run();
    assert_eq!(result(&driver, id).unwrap_err().code(), Code::BadFunctionArgument);
}

#[test]
fn hostile_brokers_get_an_error_and_no_memory() {
    let code = |said| end(said).1.map_err(|error| error.code());
    // A length without end, packets that nobody asked for, malformed goodbyes and answers.
    assert_eq!(code(b"\x30\xff\xff\xff\xff\x7f"), Err(Code::WeirdServerReply));
    assert_eq!(code(b"\x10\x02\0\0"), Err(Code::WeirdServerReply));
    assert_eq!(code(b"\x20\x02\0\0"), Err(Code::WeirdServerReply));
    assert_eq!(code(b"\xe0\x02\0\0"), Err(Code::WeirdServerReply));
    assert_eq!(code(b"\xd0\x01\0"), Err(Code::WeirdServerReply));
    assert_eq!(code(b"\x90\xff\xff\xff\x7f"), Err(Code::WeirdServerReply));
    assert_eq!(code(b"\x90\x03\0\x02\0"), Err(Code::WeirdServerReply));
}

#[test]
fn a_broker_that_is_gone_in_the_middle_is_told_apart() {
    let cut = |said: &'static [u8]| {
        let server = serve(move |mut stream| {
            packet(&mut stream);
            stream.write_all(GREETED).unwrap();
            packet(&mut stream);
            stream.write_all(SUBSCRIBED).unwrap();
            stream.write_all(said).unwrap();
        });
        let mut driver = Driver::new();
        let id = driver.add(options(server, "/t"));
        driver.run();
        result(&driver, id).unwrap_err().code()
    };
    assert_eq!(cut(b"\x30\x09\0\x01t"), Code::PartialFile);
    assert_eq!(cut(b"\x30"), Code::WeirdServerReply);
    assert_eq!(cut(b""), Code::RecvError);
}

#[test]
fn an_endless_message_is_passed_on_as_it_comes_and_limited_in_size() {
    let server = serve(|mut stream| {
        packet(&mut stream);
        stream.write_all(GREETED).unwrap();
        packet(&mut stream);
        stream.write_all(SUBSCRIBED).unwrap();
        let _ = stream.write_all(b"\x30\xff\xff\xff\x7f");
        // Nobody takes the 256 MiB that were announced.
        while stream.write_all(&[b'x'; 10_000]).is_ok() {}
    });
    let mut driver = Driver::new();
    let mut limited = options(server, "/t");
    limited.limits_mut().maxfilesize = 1000;
    let (limited, free) = (driver.add(limited), driver.add(options(server, "/t")));
    driver.pause_at_first_byte(free);
    while driver.multi.running() > 1 {
        driver.turn();
    }
    assert_eq!(result(&driver, limited).unwrap_err().code(), Code::FilesizeExceeded);
    // The other one waits, and is not fed.
    assert!(driver.multi.transfer(free).unwrap().result().is_none());
    driver.remove(free);
    assert_eq!(driver.multi.connections(), 0);
}
