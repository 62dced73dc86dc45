//! WebSocket: masks, and a peer that does not read.

use std::io::Read;
use std::sync::mpsc::channel;

use super::*;
use tress_engine::options::{BodySource, Method};

const SWITCH: &str =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

/// CVE-2025-10148.
#[test]
fn each_frame_has_a_mask_of_its_own() {
    let (sender, masks) = channel();
    let sender = Mutex::new(sender);
    let server = serve(move |mut stream| {
        read_head(&mut stream).unwrap();
        // Each ping is answered by a frame of two bytes, four of mask and no payload.
        write(&mut stream, SWITCH);
        for _ in 0..20 {
            stream.write_all(&[0x89, 0]).unwrap();
            let mut frame = [0; 6];
            stream.read_exact(&mut frame).unwrap();
            assert_eq!(frame[..2], [0x8a, 0x80]);
            sender.lock().unwrap().send(frame[2..].to_vec()).unwrap();
        }
        stream.write_all(b"\x81\x02hi").unwrap();
    });
    assert_eq!(run(&mut Driver::new(), url(&format!("ws://{server}/"))), Code::Ok);
    let mut all: Vec<_> = masks.try_iter().collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 20, "a mask came twice: {all:?}");
}

/// CVE-2025-5399: the peer does not read what is sent; other transfers go on meanwhile.
#[test]
fn frames_that_cannot_be_sent_hold_up_nobody() {
    let (done, rest) = channel::<()>();
    let rest = Mutex::new(rest);
    let deaf = serve(move |mut stream| {
        read_head(&mut stream).unwrap();
        write(&mut stream, SWITCH);
        let _ = rest.lock().unwrap().recv_timeout(Duration::from_secs(10));
    });
    let (other, _) = http(|_| OK.to_owned());
    let mut driver = Driver::new();
    let mut options = url(&format!("ws://{deaf}/"));
    options.method = Method::Put;
    options.body = BodySource::Application { len: None, fields: false };
    driver.upload = vec![b'w'; 20_000_000];
    let stuck = driver.add(options);
    driver.run_while(|driver| driver.uploaded == 0);
    for _ in 0..20 {
        let id = driver.add(get(other, "/"));
        while driver.multi.transfer(id).unwrap().result().is_none() {
            driver.turn();
        }
        assert_eq!(driver.multi.remove(id).unwrap().result(), Some(&Ok(())));
    }
    assert!(driver.multi.transfer(stuck).unwrap().result().is_none());
    assert!((1..20_000_000).contains(&driver.uploaded), "{}", driver.uploaded);
    driver.remove(stuck);
    drop(done);
}
