//! What users of the event interface suffer from: one transfer that keeps an action going while others
//! have to wait. Each test is named after its line in the project's list.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;
use std::time::Duration;

use curl_sys::{CURL, CURLOPT_WRITEDATA, CURLOPT_WRITEFUNCTION};
use libc::{c_char, c_void};
use tress_tests::api::api;
use tress_tests::{Loop, Server, Transfer, scratch};

const BODY: usize = 100_000_000;

/// Most bytes that one turn of the loop may bring.
const MOST: usize = 8_000_000;

#[test]
fn pain_23_a_fast_peer_leaves_others_their_turn() {
    for mut lp in [Loop::new(), Loop::edge_triggered()] {
        let (port, server) = fast_server();
        takes_turns(&mut lp, &format!("http://127.0.0.1:{port}/"));
        drop(lp);
        server.join().expect("the server");
    }
}

/// A file is read as fast as the application takes it, and may have no end.
#[test]
fn a_large_file_leaves_others_their_turn() {
    let path = scratch("turns").join("large");
    std::fs::File::create(&path).and_then(|file| file.set_len(BODY as u64)).expect("a file");
    takes_turns(&mut Loop::new(), &format!("file://{}", path.display()));
    std::fs::remove_file(path).expect("it is there");
}

fn takes_turns(lp: &mut Loop, url: &str) {
    let get = Transfer::new(url);
    lp.add(&get);
    let (mut largest, mut before) = (0, 0);
    while lp.running() > 0 {
        lp.turn(Duration::from_secs(10));
        let now = get.body().len();
        largest = largest.max(now - before);
        before = now;
    }
    lp.remove(&get);
    lp.check();
    assert_eq!(before, BODY, "{}", get.error());
    assert!(largest < MOST, "{largest} bytes at once, {} actions", lp.actions);
}

/// A callback that pauses its own transfer is not called with what had come by then.
#[test]
fn a_pause_from_the_callback_holds_at_once() {
    let server = Server::start();
    for (path, size) in [("/bytes/100000", 100_000), ("/chunked/50000", 50_000)] {
        let get = Transfer::new(&server.url(path));
        let mut calls = Calls { easy: get.easy, sizes: Vec::new() };
        // SAFETY: the callback has the documented type, and the value outlives the transfer.
        unsafe {
            (api().easy_setopt)(get.easy, CURLOPT_WRITEFUNCTION, pauses_first as *const c_void);
            (api().easy_setopt)(get.easy, CURLOPT_WRITEDATA, &raw mut calls);
        }
        let mut lp = Loop::new();
        lp.add(&get);
        for _ in 0..20 {
            lp.turn(Duration::from_millis(10));
        }
        assert_eq!(calls.sizes.len(), 1, "{path}: {:?}", calls.sizes);
        assert_eq!(get.pause(0), 0);
        while lp.running() > 0 {
            lp.turn(Duration::from_secs(10));
        }
        assert_eq!(calls.sizes.iter().sum::<usize>(), size, "{path}: {}", get.error());
        lp.remove(&get);
    }
}

struct Calls {
    easy: *mut CURL,
    sizes: Vec<usize>,
}

unsafe extern "C" fn pauses_first(
    _: *mut c_char,
    _: usize,
    size: usize,
    calls: *mut Calls,
) -> usize {
    // SAFETY: the test's value, and a handle that lives.
    unsafe {
        (*calls).sizes.push(size);
        if (*calls).sizes.len() == 1 {
            assert_eq!((api().easy_pause)((*calls).easy, 1), 0);
        }
    }
    size
}

/// A server of one response, sent as fast as it goes.
fn fast_server() -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let server = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a connection");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {BODY}\r\n\r\n");
        let mut request = [0; 4096];
        assert!(client.read(&mut request).expect("a request") > 0);
        client.write_all(head.as_bytes()).expect("a head");
        let piece = vec![b'x'; 1_000_000];
        (0..BODY / piece.len()).for_each(|_| client.write_all(&piece).expect("a piece"));
        // Until it is gone.
        let _ = client.read(&mut request);
    });
    (port, server)
}
