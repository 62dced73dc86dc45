//! WebSocket end to end: handshake, frames both ways, connections left to the application.

mod support;

use std::io::Read;
use std::net::TcpStream;

use support::{Driver, read_head, serve, write};
use tress_engine::Held;
use tress_engine::options::{BodySource, ConnectOnly, Method, Options};
use tress_model::Code;

const SWITCH: &str =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

fn options(server: std::net::SocketAddr) -> Options {
    let url = format!("ws://{server}/chat").into_bytes();
    Options { url: Some(url.into()), verbose: true, ..Options::default() }
}

/// A client's frame: first byte and payload without its mask.
fn read_frame(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 2];
    stream.read_exact(&mut head).ok()?;
    assert_eq!(head[1] & 0x80, 0x80, "not masked");
    let mut len = usize::from(head[1] & 0x7f);
    if len == 126 {
        let mut wide = [0; 2];
        stream.read_exact(&mut wide).ok()?;
        len = usize::from(u16::from_be_bytes(wide));
    } else if len == 127 {
        let mut wide = [0; 8];
        stream.read_exact(&mut wide).ok()?;
        len = u64::from_be_bytes(wide) as usize;
    }
    let mut mask = [0; 4];
    stream.read_exact(&mut mask).ok()?;
    let mut payload = vec![0; len];
    stream.read_exact(&mut payload).ok()?;
    payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    Some((head[0], payload))
}

#[test]
fn frames_come_as_a_body_and_pings_are_answered() {
    let server = serve(|mut stream| {
        let head = read_head(&mut stream).unwrap();
        for line in ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Connection: Upgrade"] {
            assert!(head.contains(line), "{head}");
        }
        // The first frame comes with the head of the answer.
        write(&mut stream, &format!("{SWITCH}\u{1}\u{3}abc"));
        std::io::Write::write_all(&mut stream, b"\x89\x02hi\x80\x03def").unwrap();
        assert_eq!(read_frame(&mut stream), Some((0x8a, b"hi".to_vec())));
        std::io::Write::write_all(&mut stream, b"\x88\x02\x03\xe8").unwrap();
    });
    let mut driver = Driver::new();
    let id = driver.add(options(server));
    driver.run();
    let transfer = driver.multi.remove(id).unwrap();
    assert_eq!(transfer.result(), Some(&Ok(())), "{}", driver.debug);
    assert_eq!(transfer.infos().response_code, 101);
    assert_eq!(driver.got[&id].body, b"abcdef\x03\xe8");
    assert_eq!(driver.multi.connections(), 0);
}

#[test]
fn an_upload_goes_in_binary_frames() {
    let server = serve(|mut stream| {
        read_head(&mut stream).unwrap();
        write(&mut stream, SWITCH);
        let mut body = Vec::new();
        while body.len() < 200_000 {
            let (first, payload) = read_frame(&mut stream).unwrap();
            assert_eq!(first, 0x82);
            body.extend_from_slice(&payload);
        }
        assert!(body.iter().all(|&byte| byte == b'w'));
        std::io::Write::write_all(&mut stream, b"\x82\x02ok").unwrap();
    });
    let mut driver = Driver::new();
    driver.upload = vec![b'w'; 200_000];
    let mut options = options(server);
    options.method = Method::Put;
    options.body = BodySource::Application { len: None, fields: false };
    let id = driver.add(options);
    driver.run();
    assert_eq!(driver.got[&id].body, b"ok", "{}", driver.debug);
}

#[test]
fn any_answer_but_101_is_an_error() {
    let server = serve(|mut stream| {
        read_head(&mut stream).unwrap();
        write(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    let mut driver = Driver::new();
    let id = driver.add(options(server));
    driver.run();
    let error = driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap_err();
    assert_eq!(error.code(), Code::HttpReturnedError);
    assert_eq!(error.message(), "Refused WebSocket upgrade: 200");
}

#[test]
fn a_peer_that_closes_without_a_frame_has_said_nothing() {
    let server = serve(|mut stream| {
        read_head(&mut stream).unwrap();
        write(&mut stream, SWITCH);
    });
    let mut driver = Driver::new();
    let id = driver.add(options(server));
    driver.run();
    let error = driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap_err();
    assert_eq!(error.code(), Code::GotNothing);
}

fn wait<T>(mut attempt: impl FnMut() -> tress_model::Result<T>) -> tress_model::Result<T> {
    loop {
        match attempt() {
            Err(error) if error.code() == Code::Again => {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            other => return other,
        }
    }
}

fn held(driver: &mut Driver, server: std::net::SocketAddr) -> Held {
    let mut options = options(server);
    options.connect_mut().connect_only = ConnectOnly::WebSocket;
    let id = driver.add(options);
    driver.run();
    let transfer = driver.multi.remove(id).unwrap();
    assert_eq!(transfer.result(), Some(&Ok(())), "{}", driver.debug);
    transfer.held().unwrap()
}

#[test]
fn an_application_sends_and_receives_by_itself() {
    let server = serve(|mut stream| {
        read_head(&mut stream).unwrap();
        let both = [SWITCH.as_bytes(), b"\x81\x02hi"].concat();
        std::io::Write::write_all(&mut stream, &both).unwrap();
        while let Some((first, payload)) = read_frame(&mut stream) {
            let mut answer = vec![first];
            match payload.len() {
                len @ 0..126 => answer.push(len as u8),
                len => {
                    answer.push(127);
                    answer.extend_from_slice(&(len as u64).to_be_bytes());
                }
            }
            answer.extend_from_slice(&payload);
            std::io::Write::write_all(&mut stream, &answer).unwrap();
        }
    });
    let mut driver = Driver::new();
    let held = held(&mut driver, server);
    let mut buffer = [0; 65_536];
    // What came with the head.
    let frame = wait(|| driver.multi.ws_receive(held, &mut buffer)).unwrap();
    assert_eq!((frame.flags, &buffer[..frame.len]), (1, &b"hi"[..]));
    assert_eq!(wait(|| driver.multi.ws_send(held, b"", 0, 16)).unwrap(), 0);
    let big = vec![b'b'; 300_000];
    let mut sent = 0;
    let mut received = Vec::new();
    while sent < big.len() || received.len() < big.len() {
        if sent < big.len()
            && let Ok(count) = driver.multi.ws_send(held, &big[sent..], 0, 2)
        {
            sent += count;
        }
        match driver.multi.ws_receive(held, &mut buffer) {
            Ok(frame) if frame.flags == 2 => received.extend_from_slice(&buffer[..frame.len]),
            Ok(_) => {}
            Err(error) => assert_eq!(error.code(), Code::Again, "{error}"),
        }
    }
    assert!(received == big);
    driver.multi.close_raw(held);
}

#[test]
fn an_empty_buffer_learns_of_the_frame_only() {
    let server = serve(|mut stream| {
        read_head(&mut stream).unwrap();
        write(&mut stream, &format!("{SWITCH}\u{2}\u{3}abc"));
        let pinged = b"\x89\x02hi\x80\x00";
        assert_eq!(read_frame(&mut stream), Some((0x81, Vec::new())));
        std::io::Write::write_all(&mut stream, pinged).unwrap();
        assert_eq!(read_frame(&mut stream), Some((0x8a, b"hi".to_vec())));
        let _ = read_frame(&mut stream);
    });
    let mut driver = Driver::new();
    let held = held(&mut driver, server);
    let frame = wait(|| driver.multi.ws_receive(held, &mut [])).unwrap();
    assert_eq!((frame.offset, frame.bytes_left, frame.len), (0, 3, 0));
    let mut two = [0; 2];
    let frame = wait(|| driver.multi.ws_receive(held, &mut two)).unwrap();
    assert_eq!((frame.offset, frame.bytes_left, &two), (0, 1, b"ab"));
    let frame = wait(|| driver.multi.ws_receive(held, &mut two)).unwrap();
    assert_eq!((frame.offset, frame.bytes_left, two[0]), (2, 0, b'c'));
    driver.multi.ws_send(held, b"", 0, 1).unwrap();
    // A ping that is answered on the way needs no room.
    let frame = wait(|| driver.multi.ws_receive(held, &mut [])).unwrap();
    assert_eq!((frame.flags, frame.bytes_left), (1 << 1, 0));
    driver.multi.close_raw(held);
}
