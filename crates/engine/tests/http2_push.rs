//! Server push (RFC 9113, 8.4).

mod support;

use std::net::SocketAddr;
use std::sync::{Mutex, mpsc};

use support::h2::{HEADERS, Peer, RST_STREAM};
use support::{Driver, PushAnswer, get, serve};
use tress_engine::TransferId;
use tress_engine::options::{HttpVersion, Options};
use tress_model::Code;

fn driver() -> Driver {
    let mut driver = Driver::new();
    driver.multi.settings_mut().push = true;
    driver
}

fn get2(server: SocketAddr, path: &str) -> Options {
    Options { http_version: HttpVersion::V2PriorKnowledge, ..get(server, path) }
}

fn body(driver: &Driver, id: TransferId) -> &str {
    driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap();
    std::str::from_utf8(&driver.got[&id].body).unwrap()
}

/// A server that promises `/pushed` at `authority` (none: its own) with the first request,
/// answers that, then reports the code of each reset and answers what is still asked for.
fn pushing(authority: Option<&'static str>, resets: mpsc::Sender<(u32, u32)>) -> SocketAddr {
    let resets = Mutex::new(resets);
    serve(move |stream| {
        let own = stream.local_addr().unwrap().to_string();
        let mut peer = Peer::greet(stream, &[]).unwrap();
        let parent = peer.read_kind(HEADERS).unwrap().stream;
        peer.promise(parent, 2, authority.unwrap_or(&own), "/pushed");
        peer.answer(2, "pushed");
        peer.answer(parent, "parent");
        while let Some(frame) = peer.read() {
            if frame.kind == RST_STREAM {
                let code = u32::from_be_bytes(frame.payload.try_into().unwrap());
                resets.lock().unwrap().send((frame.stream, code)).unwrap();
            } else if frame.ends() {
                peer.answer(frame.stream, "later");
            }
        }
    })
}

#[test]
fn an_accepted_push_is_a_transfer_of_its_own() {
    let (told, resets) = mpsc::channel();
    let server = pushing(None, told);
    let mut driver = driver();
    let parent = driver.add(get2(server, "/"));
    driver.run();
    assert_eq!(body(&driver, parent), "parent");
    let (url, head, pushed) = driver.pushes.pop().unwrap();
    assert_eq!(url, format!("http://{server}/pushed"));
    let authority = format!(":authority:{server}");
    assert_eq!(head, [":method:GET", ":scheme:http", &authority, ":path:/pushed"]);
    let pushed = pushed.unwrap();
    assert_eq!(body(&driver, pushed), "pushed");
    let infos = driver.multi.transfer(pushed).unwrap().infos();
    assert_eq!((infos.response_code, infos.num_connects), (200, 0));
    // The connection serves others, and everything of the pushed transfer is given back.
    driver.remove(pushed);
    let later = driver.add(get2(server, "/"));
    driver.run();
    assert_eq!(body(&driver, later), "later");
    assert_eq!(driver.multi.connections(), 1);
    assert!(resets.try_recv().is_err());
}

#[test]
fn removing_a_pushed_transfer_cancels_its_stream() {
    let (told, resets) = mpsc::channel();
    let told = Mutex::new(told);
    let server = serve(move |stream| {
        let own = stream.local_addr().unwrap().to_string();
        let mut peer = Peer::greet(stream, &[]).unwrap();
        let parent = peer.read_kind(HEADERS).unwrap().stream;
        peer.promise(parent, 2, &own, "/pushed");
        peer.head(2, 200, &[], false);
        let reset = peer.read_kind(RST_STREAM).unwrap();
        told.lock().unwrap().send((reset.stream, reset.payload)).unwrap();
        peer.answer(parent, "parent");
        while peer.read().is_some() {}
    });
    let mut driver = driver();
    let parent = driver.add(get2(server, "/"));
    while driver.pushes.is_empty() {
        driver.turn();
    }
    assert_eq!(driver.multi.running(), 2);
    let pushed = driver.pushes[0].2.unwrap();
    driver.remove(pushed);
    driver.run();
    assert_eq!(body(&driver, parent), "parent");
    assert_eq!(resets.recv().unwrap(), (2, 8_u32.to_be_bytes().to_vec()), "CANCEL");
}

#[test]
fn a_denied_push_is_cancelled() {
    let (told, resets) = mpsc::channel();
    let server = pushing(None, told);
    let mut driver = driver();
    driver.push_answer = |_| PushAnswer::Deny;
    let parent = driver.add(get2(server, "/"));
    driver.run();
    assert_eq!(body(&driver, parent), "parent");
    assert_eq!(resets.recv().unwrap(), (2, 8), "CANCEL");
    assert!(driver.pushes[0].2.is_none());
}

#[test]
fn a_rejected_push_fails_the_transfer_that_it_came_with() {
    let (told, resets) = mpsc::channel();
    let server = pushing(None, told);
    let mut driver = driver();
    driver.push_answer = |_| PushAnswer::Fail;
    let parent = driver.add(get2(server, "/"));
    driver.run();
    let result = driver.multi.transfer(parent).unwrap().result().unwrap().clone();
    assert_eq!(result.unwrap_err().code(), Code::RecvError);
    assert_eq!(resets.recv().unwrap(), (2, 8), "CANCEL");
    let later = driver.add(get2(server, "/"));
    driver.run();
    assert_eq!(body(&driver, later), "later");
}

#[test]
fn a_server_pushes_for_its_own_origin_only() {
    let (told, resets) = mpsc::channel();
    let server = pushing(Some("elsewhere.example"), told);
    let mut driver = driver();
    let parent = driver.add(get2(server, "/"));
    driver.run();
    assert_eq!(body(&driver, parent), "parent");
    assert_eq!(resets.recv().unwrap(), (2, 1), "PROTOCOL_ERROR");
    assert!(driver.pushes.is_empty(), "the application is not asked");
}

#[test]
fn without_a_callback_pushes_break_the_protocol() {
    let (told, _resets) = mpsc::channel();
    let server = pushing(None, told);
    let mut driver = Driver::new();
    let parent = driver.add(get2(server, "/"));
    driver.run();
    let result = driver.multi.transfer(parent).unwrap().result().unwrap().clone();
    assert_eq!(result.unwrap_err().code(), Code::Http2);
}
