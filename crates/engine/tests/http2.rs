//! HTTP/2 over real sockets, against a scripted server.

mod support;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use support::h2::{DATA, HEADERS, PING, Peer, RST_STREAM, WINDOW_UPDATE};
use support::{Driver, get, read_head, serve};
use tress_engine::TransferId;
use tress_engine::options::{BodySource, Hooks, HttpVersion, Method, Options};
use tress_model::Code;

fn get2(server: SocketAddr, path: &str) -> Options {
    Options { http_version: HttpVersion::V2PriorKnowledge, pipewait: true, ..get(server, path) }
}

/// Serves each connection with its number and its peer.
fn serve2(
    settings: &'static [(u16, u32)],
    script: impl Fn(usize, Peer) + Send + Sync + 'static,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let server = serve(move |stream| {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        if let Some(peer) = Peer::greet(stream, settings) {
            script(number, peer);
        }
    });
    (server, count)
}

/// Answers every request when it is complete.
fn answer_all(_: usize, mut peer: Peer) {
    while let Some(frame) = peer.read() {
        if frame.ends() {
            peer.answer(frame.stream, &format!("body {}", frame.stream));
        }
    }
}

fn result(driver: &Driver, id: TransferId) -> Result<(), tress_model::Error> {
    driver.multi.transfer(id).unwrap().result().unwrap().clone()
}

fn body(driver: &Driver, id: TransferId) -> String {
    String::from_utf8(driver.got[&id].body.clone()).unwrap()
}

#[test]
fn one_request_looks_as_it_does_in_libcurl() {
    let (server, _) = serve2(&[], answer_all);
    let mut driver = Driver::new();
    let mut options = get2(server, "/a");
    options.header = true;
    let id = driver.add(options);
    driver.run();
    result(&driver, id).unwrap();
    assert_eq!(body(&driver, id), "body 1");
    let head = String::from_utf8_lossy(&driver.got[&id].head);
    assert_eq!(head, "HTTP/2 200 \r\ncontent-type: text/plain\r\n\r\n");
    let infos = driver.multi.transfer(id).unwrap().infos();
    assert_eq!((infos.response_code, infos.http_version), (200, 3));
    assert_eq!(infos.content_type(), Some(&b"text/plain"[..]));
    assert!(driver.debug.contains("GET /a HTTP/2\r\n"), "{}", driver.debug);
    assert!(driver.debug.contains("[HTTP/2] [1] OPENED stream for"), "{}", driver.debug);
}

#[test]
fn a_hundred_at_once_share_a_connection_and_it_is_used_again() {
    let (server, connections) = serve2(&[], answer_all);
    let mut driver = Driver::new();
    for _ in 0..2 {
        let ids: Vec<_> = (0..100).map(|_| driver.add(get2(server, "/"))).collect();
        driver.run();
        for id in ids {
            result(&driver, id).unwrap();
            assert!(body(&driver, id).starts_with("body "));
        }
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    assert_eq!(driver.multi.connections(), 1);
}

#[test]
fn the_limits_of_both_sides_hold() {
    const MAX_CONCURRENT: u16 = 3;
    let most = Arc::new(AtomicUsize::new(0));
    let seen = most.clone();
    let (server, _) = serve2(&[(MAX_CONCURRENT, 3)], move |_, mut peer| {
        // Answers are held back until no further request can come.
        let mut open = Vec::new();
        peer.read_kind(HEADERS).into_iter().for_each(|frame| open.push(frame.stream));
        let timeout = std::time::Duration::from_millis(100);
        loop {
            peer.stream.set_read_timeout(Some(timeout)).unwrap();
            match peer.read() {
                Some(frame) if frame.kind == HEADERS => open.push(frame.stream),
                Some(_) => {}
                None if open.is_empty() => return,
                None => {
                    seen.fetch_max(open.len(), Ordering::SeqCst);
                    open.drain(..).for_each(|stream| peer.answer(stream, "x"));
                }
            }
        }
    });
    let mut driver = Driver::new();
    driver.multi.settings_mut().max_host_connections = 1;
    // Until its SETTINGS are there the server is taken to allow a hundred.
    let first = driver.add(get2(server, "/"));
    driver.run();
    let ids: Vec<_> = (0..7).map(|_| driver.add(get2(server, "/"))).collect();
    driver.run();
    ids.into_iter().chain([first]).for_each(|id| result(&driver, id).unwrap());
    assert!(most.load(Ordering::SeqCst) <= 3);
}

#[test]
fn pains_06_pipewait_is_woken_when_the_protocol_is_known() {
    let (server, connections) = serve2(&[], answer_all);
    let mut driver = Driver::new();
    let ids: Vec<_> = (0..20).map(|_| driver.add(get2(server, "/"))).collect();
    driver.run();
    ids.iter().for_each(|id| result(&driver, *id).unwrap());
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    // A connection that fails frees those who hoped for it: none waits for ever.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ids: Vec<_> = (0..5).map(|_| driver.add(get2(closed, "/"))).collect();
    driver.run();
    for id in ids {
        assert_eq!(result(&driver, id).unwrap_err().code(), Code::CouldntConnect);
    }
}

#[test]
fn pains_16_a_paused_stream_stalls_alone_and_its_buffer_is_capped() {
    const BIG: usize = 4 * 1024 * 1024;
    let (sent, progress) = mpsc::channel();
    let sent = Mutex::new(sent);
    let (server, _) = serve2(&[], move |_, mut peer| {
        let first = peer.read_kind(HEADERS).unwrap().stream;
        peer.head(first, 200, &[], false);
        let (mut window, mut left) = (64 * 1024_usize, BIG);
        loop {
            while left > 0 && window > 0 {
                let count = left.min(window).min(16_384);
                peer.data(first, &vec![b'x'; count], count == left);
                (window, left) = (window - count, left - count);
            }
            sent.lock().unwrap().send(BIG - left).unwrap();
            let Some(frame) = peer.read() else { return };
            if frame.kind == WINDOW_UPDATE && frame.stream == first {
                window += u32::from_be_bytes(frame.payload.try_into().unwrap()) as usize;
            } else if frame.ends() {
                peer.answer(frame.stream, "small");
            }
        }
    });
    let mut driver = Driver::new();
    let slow = driver.add(get2(server, "/slow"));
    driver.pause_at_first_byte(slow);
    let others: Vec<_> = (0..10).map(|_| driver.add(get2(server, "/"))).collect();
    while driver.multi.running() > 1 {
        driver.turn();
    }
    others.iter().for_each(|id| assert_eq!(body(&driver, *id), "small"));
    assert_eq!(progress.try_iter().max(), Some(64 * 1024), "no credit without consumption");
    driver.unpause(slow);
    driver.run();
    result(&driver, slow).unwrap();
    assert_eq!(driver.got[&slow].body.len(), BIG);
}

/// What a rate limit holds back stays with the server: the window does not grow to megabytes.
#[test]
fn pains_16_a_rate_limit_bounds_the_window() {
    const SPEED: u64 = 200_000;
    let (sent, progress) = mpsc::channel();
    let sent = Mutex::new(sent);
    let (server, _) = serve2(&[], move |_, mut peer| {
        let stream = peer.read_kind(HEADERS).unwrap().stream;
        peer.head(stream, 200, &[], false);
        let (mut window, mut total) = (64 * 1024_usize, 0);
        loop {
            while window > 0 {
                let count = window.min(16_384);
                peer.data(stream, &vec![b'x'; count], false);
                (window, total) = (window - count, total + count);
            }
            let _ = sent.lock().unwrap().send(total);
            let Some(frame) = peer.read() else { return };
            if frame.kind == WINDOW_UPDATE && frame.stream == stream {
                window += u32::from_be_bytes(frame.payload.try_into().unwrap()) as usize;
            }
        }
    });
    let mut driver = Driver::new();
    let mut options = get2(server, "/");
    options.limits_mut().max_recv_speed = SPEED;
    let id = driver.add(options);
    let until = std::time::Instant::now() + std::time::Duration::from_millis(700);
    while std::time::Instant::now() < until {
        driver.turn();
    }
    driver.remove(id);
    let most = progress.try_iter().max().unwrap();
    let taken = driver.got[&id].body.len();
    assert!(taken > 64 * 1024, "it flows: {taken}");
    assert!(most <= taken + 2 * SPEED as usize, "{most} sent, {taken} taken");
}

#[test]
fn pains_17_frames_for_many_streams_cost_no_scan() {
    // A thousand streams, ten frames each, interleaved: this ends quickly or not at all.
    let (server, _) = serve2(&[], |_, mut peer| {
        let streams: Vec<u32> =
            (0..1000).map(|_| peer.read_kind(HEADERS).unwrap().stream).collect();
        streams.iter().for_each(|stream| peer.head(*stream, 200, &[], false));
        for round in 0..10 {
            streams.iter().for_each(|stream| peer.data(*stream, b"0123456789", round == 9));
        }
        while peer.read().is_some() {}
    });
    let mut driver = Driver::new();
    driver.multi.settings_mut().max_concurrent_streams = 1000;
    let ids: Vec<_> = (0..1000).map(|_| driver.add(get2(server, "/"))).collect();
    driver.run();
    ids.iter().for_each(|id| assert_eq!(driver.got[id].body.len(), 100));
}

#[test]
fn pains_18_goaway_sends_the_unanswered_again() {
    let (server, connections) = serve2(&[], |number, mut peer| {
        if number > 0 {
            return answer_all(number, peer);
        }
        let streams: Vec<u32> = (0..10).map(|_| peer.read_kind(HEADERS).unwrap().stream).collect();
        peer.goaway(streams[4], 0);
        streams[..5].iter().for_each(|stream| peer.answer(*stream, "old"));
        while peer.read().is_some() {}
    });
    let mut driver = Driver::new();
    let ids: Vec<_> = (0..10).map(|_| driver.add(get2(server, "/"))).collect();
    driver.run();
    ids.iter().for_each(|id| result(&driver, *id).unwrap());
    let old = ids.iter().filter(|id| body(&driver, **id) == "old").count();
    assert_eq!(old, 5, "what was sent before the last stream is not sent again");
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[test]
fn pains_18_retries_are_bounded() {
    let (server, connections) = serve2(&[], |_, mut peer| {
        let stream = peer.read_kind(HEADERS).unwrap().stream;
        peer.reset(stream, 7);
        while peer.read().is_some() {}
    });
    let mut driver = Driver::new();
    let id = driver.add(Options { forbid_reuse: true, ..get2(server, "/") });
    driver.run();
    let error = result(&driver, id).unwrap_err();
    assert_eq!(error.code(), Code::SendError);
    assert_eq!(error.message(), "Connection died, tried 5 times before giving up");
    assert!(connections.load(Ordering::SeqCst) <= 6);
}

#[test]
fn pains_18_a_dead_connection_is_replaced() {
    let (server, connections) = serve2(&[], |number, mut peer| {
        if number > 0 {
            return answer_all(number, peer);
        }
        let stream = peer.read_kind(HEADERS).unwrap().stream;
        peer.answer(stream, "first");
        peer.read_kind(HEADERS).unwrap();
    });
    let mut driver = Driver::new();
    let first = driver.add(get2(server, "/"));
    driver.run();
    let ids: Vec<_> = (0..5).map(|_| driver.add(get2(server, "/"))).collect();
    driver.run();
    ids.iter().chain([&first]).for_each(|id| result(&driver, *id).unwrap());
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[test]
fn pains_19_a_ping_does_not_kill_an_idle_connection() {
    let (server, connections) = serve2(&[], |_, mut peer| {
        while let Some(frame) = peer.read() {
            if frame.ends() {
                peer.answer(frame.stream, "x");
                peer.write(PING, 0, 0, b"12345678");
            }
        }
    });
    let mut driver = Driver::new();
    for _ in 0..5 {
        let id = driver.add(get2(server, "/"));
        driver.run();
        result(&driver, id).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn pains_20_removing_one_transfer_cancels_its_stream_only() {
    let (told, resets) = mpsc::channel();
    let told = Mutex::new(told);
    let (server, connections) = serve2(&[], move |_, mut peer| {
        let streams: Vec<u32> = (0..3).map(|_| peer.read_kind(HEADERS).unwrap().stream).collect();
        streams.iter().for_each(|stream| peer.head(*stream, 200, &[], false));
        let reset = peer.read_kind(RST_STREAM).unwrap();
        told.lock().unwrap().send((reset.stream, reset.payload)).unwrap();
        // Data for the cancelled stream may be under way.
        peer.data(reset.stream, b"late", false);
        streams.iter().filter(|s| **s != reset.stream).for_each(|s| peer.data(*s, b"ok", true));
        while peer.read().is_some() {}
    });
    let mut driver = Driver::new();
    let ids: Vec<_> = (0..3).map(|_| driver.add(get2(server, "/"))).collect();
    while driver.multi.transfer(ids[1]).unwrap().infos().response_code == 0 {
        driver.turn();
    }
    driver.remove(ids[1]);
    driver.run();
    assert_eq!(resets.recv().unwrap().1, 8_u32.to_be_bytes(), "CANCEL");
    for id in [ids[0], ids[2]] {
        result(&driver, id).unwrap();
        assert_eq!(body(&driver, id), "ok");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn uploads_share_a_connection_and_obey_windows() {
    const SIZE: usize = 300_000;
    let (server, _) = serve2(&[], |_, mut peer| {
        let mut got: HashMap<u32, usize> = HashMap::new();
        while let Some(frame) = peer.read() {
            if frame.kind == DATA {
                let count = frame.payload.len();
                *got.entry(frame.stream).or_default() += count;
                if count > 0 {
                    let increment = (count as u32).to_be_bytes();
                    peer.write(WINDOW_UPDATE, 0, 0, &increment);
                    peer.write(WINDOW_UPDATE, 0, frame.stream, &increment);
                }
            }
            if frame.ends() {
                peer.answer(frame.stream, &got[&frame.stream].to_string());
            }
        }
    });
    let mut driver = Driver::new();
    let post = |body| Options { method: Method::Post, body, ..get2(server, "/") };
    let bytes: Arc<[u8]> = vec![b'b'; SIZE].into();
    let mut ids: Vec<_> =
        (0..4).map(|_| driver.add(post(BodySource::Bytes(bytes.clone())))).collect();
    driver.upload = vec![b'a'; SIZE];
    ids.push(driver.add(post(BodySource::Application { len: None, fields: false })));
    driver.run();
    for id in ids {
        result(&driver, id).unwrap();
        assert_eq!(body(&driver, id), SIZE.to_string());
    }
    assert!(!driver.debug.to_ascii_lowercase().contains("expect: 100"));
}

#[test]
fn a_paused_upload_stalls_alone_and_goes_on() {
    const SIZE: usize = 200_000;
    let (server, connections) = serve2(&[], |_, mut peer| {
        let mut got: HashMap<u32, usize> = HashMap::new();
        while let Some(frame) = peer.read() {
            if frame.kind == DATA && !frame.payload.is_empty() {
                *got.entry(frame.stream).or_default() += frame.payload.len();
                let increment = (frame.payload.len() as u32).to_be_bytes();
                peer.write(WINDOW_UPDATE, 0, 0, &increment);
                peer.write(WINDOW_UPDATE, 0, frame.stream, &increment);
            }
            if frame.ends() {
                let got = got.get(&frame.stream).copied().unwrap_or_default();
                peer.answer(frame.stream, &got.to_string());
            }
        }
    });
    let mut driver = Driver::new();
    driver.upload = vec![b'a'; SIZE];
    driver.pause_upload_at = Some(100_000);
    let body_source = BodySource::Application { len: Some(SIZE as u64), fields: false };
    let put = Options { method: Method::Put, body: body_source, ..get2(server, "/") };
    let paused = driver.add(put);
    let others: Vec<_> = (0..5).map(|_| driver.add(get2(server, "/"))).collect();
    while driver.multi.running() > 1 || driver.pause_upload_at.is_some() {
        driver.turn();
    }
    others.iter().for_each(|id| assert_eq!(body(&driver, *id), "0"));
    assert!((100_000..SIZE).contains(&driver.uploaded), "{}", driver.uploaded);
    driver.unpause(paused);
    driver.run();
    result(&driver, paused).unwrap();
    assert_eq!(body(&driver, paused), SIZE.to_string());
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

/// `CURLMOPT_MAX_CONCURRENT_STREAMS` bounds what we open, whatever the server allows.
#[test]
fn no_more_streams_than_the_application_allows() {
    let most = Arc::new(AtomicUsize::new(0));
    let seen = most.clone();
    let (server, connections) = serve2(&[(3, 1000)], move |_, mut peer| {
        let mut open = Vec::new();
        peer.stream.set_read_timeout(Some(std::time::Duration::from_millis(50))).unwrap();
        while let Some(frame) = peer.read().map(Some).or((!open.is_empty()).then_some(None)) {
            match frame {
                Some(frame) if frame.kind == HEADERS => open.push(frame.stream),
                Some(_) => {}
                None => {
                    seen.fetch_max(open.len(), Ordering::SeqCst);
                    open.drain(..).for_each(|stream| peer.answer(stream, "x"));
                }
            }
        }
    });
    let mut driver = Driver::new();
    driver.multi.settings_mut().max_host_connections = 1;
    driver.multi.settings_mut().max_concurrent_streams = 4;
    let ids: Vec<_> = (0..12).map(|_| driver.add(get2(server, "/"))).collect();
    driver.run();
    ids.iter().for_each(|id| result(&driver, *id).unwrap());
    assert_eq!((most.load(Ordering::SeqCst), connections.load(Ordering::SeqCst)), (4, 1));
}

/// What waits for a window tells no progress, and does not keep the thread busy.
#[test]
fn an_upload_that_waits_for_a_window_waits() {
    const SIZE: usize = 131_072;
    let (server, _) = serve2(&[], |_, mut peer| {
        let mut got = 0;
        while let Some(frame) = peer.read() {
            if frame.kind == DATA {
                got += frame.payload.len();
                if got == 65_535 {
                    std::thread::sleep(std::time::Duration::from_millis(50));
                    peer.write(WINDOW_UPDATE, 0, 0, &(SIZE as u32).to_be_bytes());
                    peer.write(WINDOW_UPDATE, 0, frame.stream, &(SIZE as u32).to_be_bytes());
                }
            }
            if frame.ends() {
                peer.answer(frame.stream, &got.to_string());
            }
        }
    });
    let mut driver = Driver::new();
    driver.upload = vec![b'a'; SIZE];
    let body_source = BodySource::Application { len: None, fields: false };
    let mut options = Options { method: Method::Put, body: body_source, ..get2(server, "/") };
    options.hooks |= Hooks::PROGRESS;
    let id = driver.add(options);
    driver.run();
    result(&driver, id).unwrap();
    assert_eq!(body(&driver, id), SIZE.to_string());
    assert!(driver.progress_calls < 50, "{}", driver.progress_calls);
}

#[test]
fn interim_heads_and_trailers() {
    let (server, _) = serve2(&[], |_, mut peer| {
        let stream = peer.read_kind(HEADERS).unwrap().stream;
        peer.head(stream, 103, &[("link", "x")], false);
        peer.head(stream, 200, &[], false);
        peer.data(stream, b"body", false);
        peer.trailers(stream, &[("x-sum", "1")]);
        while peer.read().is_some() {}
    });
    let mut driver = Driver::new();
    let id = driver.add(Options { header: true, ..get2(server, "/") });
    driver.run();
    result(&driver, id).unwrap();
    let head = String::from_utf8_lossy(&driver.got[&id].head);
    assert_eq!(head, "HTTP/2 103 \r\nlink: x\r\n\r\nHTTP/2 200 \r\n\r\nx-sum: 1\r\n");
}

#[test]
fn a_broken_stream_fails_alone_with_libcurls_words() {
    let (server, _) = serve2(&[], |_, mut peer| {
        let streams: Vec<u32> = (0..2).map(|_| peer.read_kind(HEADERS).unwrap().stream).collect();
        peer.reset(streams[0], 2);
        peer.answer(streams[1], "ok");
        while peer.read().is_some() {}
    });
    let mut driver = Driver::new();
    let ids: Vec<_> = (0..2).map(|_| driver.add(get2(server, "/"))).collect();
    driver.run();
    let errors: Vec<_> = ids.iter().filter_map(|id| result(&driver, *id).err()).collect();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].code(), Code::Http2Stream);
    assert!(errors[0].message().ends_with("reset by server (error 0x2 INTERNAL_ERROR)"));
}

#[test]
fn who_has_some_of_a_body_has_a_part_of_it_when_the_server_closes() {
    let (server, _) = serve2(&[], |number, mut peer| {
        // The other one is sent again, on a connection of its own, and then fails.
        let first = peer.read_kind(HEADERS).unwrap().stream;
        if number == 0 {
            peer.read_kind(HEADERS).unwrap();
            peer.head(first, 200, &[], false);
            peer.data(first, b"some", false);
        }
        // What was sent is read to the end, so that the end comes without a reset.
        peer.stream.shutdown(std::net::Shutdown::Write).unwrap();
        while peer.read().is_some() {}
    });
    let mut driver = Driver::new();
    let ids: Vec<_> = (0..2).map(|_| driver.add(get2(server, "/"))).collect();
    driver.run();
    let error = |at: usize| result(&driver, ids[at]).unwrap_err();
    let (part, none) = if body(&driver, ids[0]) == "some" { (0, 1) } else { (1, 0) };
    assert_eq!((error(part).code(), error(none).code()), (Code::PartialFile, Code::Http2));
}

#[test]
fn a_reset_without_an_error_is_the_end_of_a_response() {
    let (server, _) = serve2(&[], |_, mut peer| {
        for length in [None, Some("4"), Some("5")] {
            let stream = peer.read_kind(HEADERS).unwrap().stream;
            let fields: Vec<_> =
                length.map(|length| ("content-length", length)).into_iter().collect();
            peer.head(stream, 200, &fields, false);
            peer.data(stream, b"some", false);
            peer.reset(stream, 0);
        }
        let stream = peer.read_kind(HEADERS).unwrap().stream;
        peer.reset(stream, 0);
        while peer.read().is_some() {}
    });
    let mut driver = Driver::new();
    let codes = [None, None, Some(Code::PartialFile), Some(Code::Http2Stream)];
    for code in codes {
        let id = driver.add(get2(server, "/"));
        driver.run();
        assert_eq!(result(&driver, id).err().map(|error| error.code()), code);
    }
}

#[test]
fn a_peer_that_speaks_no_http2_is_an_error() {
    let server = serve(|mut stream| support::write(&mut stream, "HTTP/1.1 200 OK\r\n\r\n"));
    let mut driver = Driver::new();
    let id = driver.add(get2(server, "/"));
    driver.run();
    assert_eq!(result(&driver, id).unwrap_err().code(), Code::Http2);
    assert_eq!(driver.multi.connections(), 0);
}

#[test]
fn a_server_that_wants_http1_gets_it() {
    let server = serve(|mut stream| {
        let mut first = [0];
        stream.peek(&mut first).unwrap();
        if first == *b"G" {
            read_head(&mut stream).unwrap();
            return support::write(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold");
        }
        let mut peer = Peer::greet(stream, &[]).unwrap();
        let stream = peer.read_kind(HEADERS).unwrap().stream;
        peer.reset(stream, 13);
        while peer.read().is_some() {}
    });
    let mut driver = Driver::new();
    let id = driver.add(get2(server, "/"));
    driver.run();
    result(&driver, id).unwrap();
    assert_eq!(body(&driver, id), "old");
}

#[test]
fn a_request_is_upgraded_and_others_follow_over_http2() {
    let server = serve(|mut stream| {
        let head = read_head(&mut stream).unwrap();
        assert!(head.contains("Connection: Upgrade, HTTP2-Settings\r\n"), "{head}");
        assert!(head.contains("Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAQAAAAIAAAAA\r\n"));
        support::write(
            &mut stream,
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        );
        let mut peer = Peer::greet(stream, &[]).unwrap();
        peer.answer(1, "first");
        answer_all(0, peer);
    });
    let mut driver = Driver::new();
    for expected in ["first", "body 3", "body 5"] {
        let options = Options { http_version: HttpVersion::V2, ..get2(server, "/") };
        let id = driver.add(options);
        driver.run();
        result(&driver, id).unwrap();
        assert_eq!(body(&driver, id), expected);
    }
    assert_eq!(driver.multi.connections(), 1);
}

#[test]
fn upkeep_pings_idle_connections() {
    let (told, pings) = mpsc::channel();
    let told = Mutex::new(told);
    let (server, _) = serve2(&[], move |_, mut peer| {
        while let Some(frame) = peer.read() {
            if frame.ends() {
                peer.answer(frame.stream, "x");
            } else if frame.kind == PING {
                told.lock().unwrap().send(frame.payload).unwrap();
            }
        }
    });
    let mut driver = Driver::new();
    driver.add(get2(server, "/"));
    driver.run();
    driver.upkeep(std::time::Duration::from_secs(60));
    driver.upkeep(std::time::Duration::ZERO);
    assert_eq!(pings.recv_timeout(std::time::Duration::from_secs(5)).unwrap(), [0; 8]);
    assert!(pings.try_recv().is_err(), "one ping, not two");
}

#[test]
fn a_weight_is_told_at_first_and_when_it_changes() {
    const PRIORITY: u8 = 2;
    let (told, weights) = mpsc::channel();
    let told = Mutex::new(told);
    let (server, _) = serve2(&[], move |_, mut peer| {
        let head = peer.read_kind(HEADERS).unwrap();
        assert_eq!(head.flags & 0x20, 0x20, "with a priority");
        told.lock().unwrap().send(head.payload[4]).unwrap();
        peer.head(head.stream, 200, &[], false);
        let priority = peer.read_kind(PRIORITY).unwrap();
        assert_eq!(priority.stream, head.stream);
        told.lock().unwrap().send(priority.payload[4]).unwrap();
        peer.data(head.stream, b"x", true);
        while peer.read().is_some() {}
    });
    let mut driver = Driver::new();
    let mut options = get2(server, "/");
    options.http_mut().stream_weight = 100;
    let id = driver.add(options.clone());
    while driver.multi.transfer(id).unwrap().infos().response_code == 0 {
        driver.turn();
    }
    assert_eq!(weights.recv().unwrap(), 99);
    options.http_mut().stream_weight = 7;
    driver.change(id, options);
    driver.run();
    result(&driver, id).unwrap();
    assert_eq!(weights.recv().unwrap(), 6);
}

#[test]
fn without_multiplexing_each_has_its_own() {
    let (server, connections) = serve2(&[], answer_all);
    let mut driver = Driver::new();
    driver.multi.settings_mut().multiplex = false;
    let ids: Vec<_> = (0..4).map(|_| driver.add(get2(server, "/"))).collect();
    driver.run();
    ids.iter().for_each(|id| result(&driver, *id).unwrap());
    assert_eq!(connections.load(Ordering::SeqCst), 4);
}

#[test]
fn an_idle_connection_goes_on_in_another_multi_handle() {
    let (server, connections) = serve2(&[], answer_all);
    let mut parked = Vec::new();
    for expected in ["body 1", "body 3", "body 5"] {
        let mut driver = Driver::new();
        driver.multi.unpark(parked);
        let id = driver.add(get2(server, "/"));
        driver.run();
        result(&driver, id).unwrap();
        assert_eq!(body(&driver, id), expected);
        parked = driver.multi.park_idle();
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
