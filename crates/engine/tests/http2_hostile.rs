//! Servers that break or overdo HTTP/2: whoever asked them fails with libcurl's code and words that
//! name what was wrong, transfers elsewhere go on, and the next one gets a new connection.

mod support;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use support::h2::{DATA, GOAWAY, HEADERS, PING, Peer, RST_STREAM, SETTINGS, WINDOW_UPDATE};
use support::{Driver, get, serve};
use tress_engine::options::{HttpVersion, Options};
use tress_model::Code;

const PRIORITY: u8 = 2;
const PUSH_PROMISE: u8 = 5;
const CONTINUATION: u8 = 9;
/// How often a flood repeats itself: more than any limit allows.
const FLOOD: usize = 20_000;

fn get2(server: SocketAddr, path: &str) -> Options {
    Options { http_version: HttpVersion::V2PriorKnowledge, ..get(server, path) }
}

/// What the server does to a request, and what becomes of it.
struct Case {
    name: &'static str,
    script: fn(&mut Peer, u32),
    code: Code,
    words: &'static str,
}

fn case(name: &'static str, script: fn(&mut Peer, u32), code: Code, words: &'static str) -> Case {
    Case { name, script, code, words }
}

/// These end the connection.
fn connection_cases() -> Vec<Case> {
    let flood = |name, script, words| case(name, script, Code::Http2, words);
    vec![
        flood(
            "settings",
            |peer, _| (0..FLOOD).for_each(|_| peer.write(SETTINGS, 0, 0, &[])),
            "too many SETTINGS frames",
        ),
        flood(
            "pings",
            |peer, _| (0..FLOOD).for_each(|_| peer.write(PING, 0, 0, b"12345678")),
            "too many PING frames",
        ),
        flood(
            "priorities",
            |peer, stream| (0..FLOOD).for_each(|_| peer.write(PRIORITY, 0, stream, &[0; 5])),
            "too many PRIORITY frames",
        ),
        flood(
            "unknown frames",
            |peer, stream| (0..FLOOD).for_each(|_| peer.write(0x55, 0, stream, b"x")),
            "too many unknown frames",
        ),
        flood(
            "window updates",
            |peer, _| {
                let one = 1_u32.to_be_bytes();
                (0..FLOOD).for_each(|_| peer.write(WINDOW_UPDATE, 0, 0, &one));
            },
            "too many WINDOW_UPDATE frames",
        ),
        flood(
            "empty data",
            |peer, stream| {
                peer.head(stream, 200, &[], false);
                (0..FLOOD).for_each(|_| peer.data(stream, b"", false));
            },
            "too many empty DATA frames",
        ),
        flood(
            "continuations",
            |peer, stream| {
                peer.write(HEADERS, 0, stream, &[0x88]);
                (0..FLOOD).for_each(|_| peer.write(CONTINUATION, 0, stream, &[0x88]));
            },
            "too many CONTINUATION frames",
        ),
        flood(
            "a header list without end",
            |peer, stream| {
                // A field of 4,000 bytes goes to the table and is named again by one byte each.
                let mut block = vec![0x88, 0x40, 1, b'x', 0x7f, 0xa1, 0x1e];
                block.extend([b'v'; 4000]);
                block.extend([0xbe; 5000]);
                peer.write(HEADERS, 4, stream, &block);
            },
            "head far over the limit",
        ),
        flood(
            "a window that overflows",
            |peer, _| peer.write(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes()),
            "window made too large",
        ),
        flood(
            "a setting out of range",
            |peer, _| peer.write(SETTINGS, 0, 0, &[0, 4, 0x80, 0, 0, 0]),
            "INITIAL_WINDOW_SIZE over the maximum",
        ),
        flood(
            "padding",
            |peer, stream| peer.write(HEADERS, 4 | 8, stream, &[200, 0x88]),
            "padding over the frame's size",
        ),
        flood(
            "a head on a stream that nobody opened",
            |peer, stream| peer.head(stream + 20, 200, &[], true),
            "never opened",
        ),
        flood("data on stream 0", |peer, _| peer.write(DATA, 0, 0, b"x"), "DATA on stream 0"),
        flood(
            "a frame that is too large",
            |peer, stream| peer.write(DATA, 0, stream, &[0; 16_385]),
            "frame over the maximum size",
        ),
        flood(
            "a push that was not allowed",
            |peer, stream| peer.write(PUSH_PROMISE, 4, stream, &[0, 0, 0, 2, 0x82]),
            "PUSH_PROMISE that is not allowed",
        ),
        flood(
            "a head that is interrupted",
            |peer, stream| {
                peer.write(HEADERS, 0, stream, &[0x88]);
                peer.write(PING, 0, 0, b"12345678");
            },
            "header block without its CONTINUATION",
        ),
        flood(
            "broken compression",
            |peer, stream| peer.write(HEADERS, 4, stream, &[0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
            "COMPRESSION_ERROR",
        ),
    ]
}

/// These end the stream; the connection goes on.
fn stream_cases() -> Vec<Case> {
    let broken = |name, script, words| case(name, script, Code::Http2Stream, words);
    vec![
        broken(
            "a head without a status",
            |peer, stream| peer.trailers(stream, &[("x", "y")]),
            "no :status",
        ),
        broken(
            "a pseudo field that does not belong there",
            |peer, stream| peer.head(stream, 200, &[(":path", "/")], true),
            "unexpected pseudo field",
        ),
        broken(
            "a field of HTTP/1's connection",
            |peer, stream| peer.head(stream, 200, &[("transfer-encoding", "chunked")], true),
            "connection-specific field",
        ),
        broken(
            "a name in capitals",
            |peer, stream| peer.head(stream, 200, &[("Server", "x")], true),
            "forbidden byte in a field",
        ),
        broken(
            "a line end in a value",
            |peer, stream| peer.head(stream, 200, &[("a", "b\r\nc: d")], true),
            "forbidden byte in a field",
        ),
        broken(
            "less body than announced",
            |peer, stream| {
                peer.head(stream, 200, &[("content-length", "10")], false);
                peer.data(stream, b"short", true);
            },
            "less body than content-length says",
        ),
        broken(
            "more body than announced",
            |peer, stream| {
                peer.head(stream, 200, &[("content-length", "2")], false);
                peer.data(stream, b"long", true);
            },
            "more body than content-length says",
        ),
        broken(
            "data before the head",
            |peer, stream| peer.data(stream, b"x", false),
            "DATA before the response head",
        ),
        broken(
            "a window of the stream that overflows",
            |peer, stream| {
                peer.write(WINDOW_UPDATE, 0, stream, &0x7fff_ffff_u32.to_be_bytes());
            },
            "window made too large",
        ),
        broken(
            "interim heads without end",
            |peer, stream| (0..200).for_each(|_| peer.head(stream, 103, &[], false)),
            "too many 1xx responses",
        ),
        broken(
            "too large a head",
            |peer, stream| {
                let mut block = vec![0x88, 0x40, 1, b'x', 0x7f, 0xa1, 0x1e];
                block.extend([b'v'; 4000]);
                block.extend([0xbe; 100]);
                peer.write(HEADERS, 4, stream, &block);
            },
            "head over the limit",
        ),
    ]
}

/// A server that does `script` to the first request and answers all others.
fn hostile(script: fn(&mut Peer, u32)) -> (SocketAddr, Arc<AtomicUsize>, mpsc::Receiver<u32>) {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    let (told, goodbyes) = mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let server = serve(move |stream| {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        let Some(mut peer) = Peer::greet(stream, &[]) else { return };
        let mut first = number == 0;
        while let Some(frame) = peer.read() {
            if frame.kind == GOAWAY {
                let code = u32::from_be_bytes(frame.payload[4..8].try_into().unwrap());
                let _ = told.lock().unwrap().send(code);
            } else if frame.ends() && std::mem::take(&mut first) {
                script(&mut peer, frame.stream);
            } else if frame.ends() {
                peer.answer(frame.stream, "fine");
            }
        }
    });
    (server, connections, goodbyes)
}

/// Plays a case beside a transfer to another server; the number of connections that it took.
fn play(case: &Case) -> (usize, mpsc::Receiver<u32>) {
    let (server, connections, goodbyes) = hostile(case.script);
    let (elsewhere, ..) = hostile(|peer, stream| peer.answer(stream, "fine"));
    let mut driver = Driver::new();
    let victim = driver.add(get2(server, "/"));
    let other = driver.add(get2(elsewhere, "/"));
    driver.run();
    let result = |driver: &Driver, id| driver.multi.transfer(id).unwrap().result().unwrap().clone();
    let error = result(&driver, victim).unwrap_err();
    assert_eq!(error.code(), case.code, "{}: {}", case.name, error.message());
    assert!(
        error.message().contains(case.words) || driver.debug.contains(case.words),
        "{}: {}\n{}",
        case.name,
        error.message(),
        driver.debug
    );
    result(&driver, other).unwrap();
    assert_eq!(driver.got[&other].body, b"fine", "{}", case.name);
    let next = driver.add(get2(server, "/"));
    driver.run();
    result(&driver, next).unwrap();
    assert_eq!(driver.got[&next].body, b"fine", "{}", case.name);
    (connections.load(Ordering::SeqCst), goodbyes)
}

#[test]
fn what_ends_the_connection() {
    for case in connection_cases() {
        let (connections, _) = play(&case);
        assert_eq!(connections, 2, "{}", case.name);
    }
}

#[test]
fn what_ends_the_stream_only() {
    for case in stream_cases() {
        let (connections, _) = play(&case);
        assert_eq!(connections, 1, "{}", case.name);
    }
}

#[test]
fn the_server_is_told_why() {
    let calm = case(
        "settings",
        |peer, _| (0..1010).for_each(|_| peer.write(SETTINGS, 0, 0, &[])),
        Code::Http2,
        "too many SETTINGS frames",
    );
    let (_, goodbyes) = play(&calm);
    assert_eq!(goodbyes.recv().unwrap(), 0xb, "ENHANCE_YOUR_CALM");
}

/// Rapid reset from the server's side: each request is refused as soon as it is made. The
/// connection is given up after a thousand; who was on it is sent again elsewhere.
#[test]
fn requests_that_are_reset_over_and_over() {
    let (told, goodbyes) = mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let server = serve(move |stream| {
        let Some(mut peer) = Peer::greet(stream, &[]) else { return };
        while let Some(frame) = peer.read() {
            if frame.kind == HEADERS {
                peer.reset(frame.stream, 8);
            } else if frame.kind == GOAWAY {
                told.lock().unwrap().send(frame.payload[4..8].to_vec()).unwrap();
            }
        }
    });
    let mut driver = Driver::new();
    driver.multi.settings_mut().max_host_connections = 1;
    for _ in 0..30 {
        let ids: Vec<_> = (0..50).map(|_| driver.add(get2(server, "/"))).collect();
        driver.run();
        for id in ids {
            let transfer = driver.multi.transfer(id).unwrap();
            let error = transfer.result().unwrap().clone().unwrap_err();
            assert_eq!(error.code(), Code::Http2Stream, "{}", error.message());
            driver.remove(id);
        }
    }
    assert_eq!(goodbyes.recv().unwrap(), 0xb_u32.to_be_bytes(), "ENHANCE_YOUR_CALM");
}

/// Credit beyond what was received is not given, however a server plays with frames.
#[test]
fn data_beyond_the_window() {
    let over = case(
        "data beyond the window",
        |peer, stream| {
            peer.head(stream, 200, &[], false);
            // More than the tolerated first window, while nothing is taken.
            (0..100).for_each(|_| peer.data(stream, &[0; 16_384], false));
        },
        Code::Http2Stream,
        "",
    );
    let (server, ..) = hostile(over.script);
    let mut driver = Driver::new();
    let id = driver.add(get2(server, "/"));
    driver.pause_at_first_byte(id);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !driver.debug.contains("DATA beyond the stream's window") {
        assert!(std::time::Instant::now() < until, "{}", driver.debug);
        driver.turn();
    }
    driver.unpause(id);
    driver.run();
    let error = driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap_err();
    assert_eq!(error.code(), Code::Http2Stream, "{}", error.message());
    assert!(driver.got[&id].body.len() <= 65_536);
}

/// Told to calm down before anything was done: once more, on a new connection.
#[test]
fn pains_18_enhance_your_calm_is_retried_within_a_bound() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    let server = serve(move |stream| {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        let Some(mut peer) = Peer::greet(stream, &[]) else { return };
        while let Some(frame) = peer.read() {
            if frame.ends() && number < 2 {
                peer.goaway(0, 0xb);
                return;
            }
            if frame.ends() {
                peer.answer(frame.stream, "calm");
            }
        }
    });
    let mut driver = Driver::new();
    let id = driver.add(get2(server, "/"));
    driver.run();
    driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap();
    assert_eq!(driver.got[&id].body, b"calm");
    assert_eq!(connections.load(Ordering::SeqCst), 3);

    let never = serve(|stream| {
        let Some(mut peer) = Peer::greet(stream, &[]) else { return };
        while peer.read().is_some_and(|frame| frame.kind != RST_STREAM) {
            peer.goaway(0, 0xb);
        }
    });
    let mut driver = Driver::new();
    let id = driver.add(get2(never, "/"));
    driver.run();
    let error = driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap_err();
    assert_eq!(error.message(), "Connection died, tried 5 times before giving up");
}

/// Found by fuzzing: the end of a response, and in the same packet what ends the connection. The
/// transfer was not told any more, and waited for ever.
#[test]
fn a_response_that_is_whole_before_the_connection_breaks_is_whole() {
    let server = serve(|stream| {
        let Some(mut peer) = Peer::greet(stream, &[]) else { return };
        let Some(request) = peer.read_kind(HEADERS) else { return };
        let frame = |kind: u8, flags: u8, stream: u32, payload: &[u8]| {
            let size = payload.len() as u8;
            [&[0, 0, size, kind, flags][..], &stream.to_be_bytes(), payload].concat()
        };
        // A head that is all of the response, and a body for no stream at all.
        let all = [frame(HEADERS, 5, request.stream, &[0x89]), frame(DATA, 0, 0, b"broken")];
        let _ = std::io::Write::write_all(&mut peer.stream, &all.concat());
        while peer.read().is_some() {}
    });
    let mut driver = Driver::new();
    let id = driver.add(get2(server, "/"));
    driver.run();
    assert_eq!(driver.multi.transfer(id).unwrap().result(), Some(&Ok(())), "{}", driver.debug);
    assert_eq!(driver.multi.connections(), 0);
}
