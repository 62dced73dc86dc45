//! HTTP/3 with a server of another make (aioquic): Debian's curl on the library, and event loops
//! that obey its callbacks. The reference that is built for the tests has no HTTP/3.
use std::net::{TcpListener, UdpSocket};
use std::time::{Duration, Instant};
use tress_tests::api::api;
use tress_tests::tls::option::{CAINFO, PINNEDPUBLICKEY, SSL_OPTIONS};
use tress_tests::{Http3Server, Library, Loop, Nginx, Program, Transfer, scratch};

const LIMIT: Duration = Duration::from_secs(60);
const HTTP_VERSION: u32 = 84;
const CONNECTTIMEOUT_MS: u32 = 156;
const POSTFIELDSIZE: u32 = 60;
const COPYPOSTFIELDS: u32 = 10_165;
const PIPEWAIT: u32 = 237;
const ALTSVC_CTRL: u32 = 286;
const ALTSVC: u32 = 10_287;
const CERTINFO: u32 = 172;
const FRESH_CONNECT: u32 = 74;
/// `CURLSSLOPT_EARLYDATA`.
const EARLYDATA: i64 = 1 << 6;
const INFO_EARLYDATA_SENT: i32 = 0x60_0000 + 68;
const SHARED_STREAMS: u32 = 16;
const MAX_HOST_CONNECTIONS: u32 = 7;
const INFO_CODE: i32 = 0x20_0000 + 2;
const INFO_CONNECTS: i32 = 0x20_0000 + 26;
const INFO_HTTP_VERSION: i32 = 0x20_0000 + 46;
/// `CURL_HTTP_VERSION_3` and `CURL_HTTP_VERSION_3ONLY`.
const HTTP_3: i64 = 30;
const HTTP_3_ONLY: i64 = 31;
/// `CURLALTSVC_H3`.
const ALTSVC_H3: i64 = 1 << 5;
const COULDNT_CONNECT: i32 = 7;
const PARTIAL_FILE: i32 = 18;
const TIMED_OUT: i32 = 28;
const RECV_ERROR: i32 = 56;
const UNTRUSTED: i32 = 60;
const NOT_PINNED: i32 = 90;
const HTTP3: i32 = 95;

/// A server; none: the reference and Debian's library have no HTTP/3.
fn server() -> Option<Http3Server> {
    (!Library::under_test().is_libcurl()).then(Http3Server::start)
}

fn get(server: &Http3Server, path: &str) -> Transfer {
    only(&server.url(path), &server.ca())
}

fn post(server: &Http3Server, path: &str, body: &[u8]) -> Transfer {
    let up = get(server, path).long(POSTFIELDSIZE, body.len() as i64);
    // SAFETY: the body is as long as was said, and copied.
    let code = unsafe { (api().easy_setopt)(up.easy, COPYPOSTFIELDS, body.as_ptr()) };
    assert_eq!(code, 0);
    up
}

fn only(url: &str, ca: &str) -> Transfer {
    Transfer::new(url).long(HTTP_VERSION, HTTP_3_ONLY).long(PIPEWAIT, 1).str(CAINFO, ca)
}

fn connects<'a>(transfers: impl IntoIterator<Item = &'a Transfer>) -> i64 {
    transfers.into_iter().map(|transfer| transfer.info(INFO_CONNECTS)).sum()
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

#[test]
fn debians_curl_speaks_http3() {
    let Some(server) = server() else { return };
    let dir = scratch("http3-curl");
    let (file, up) = (dir.join("got"), dir.join("up"));
    std::fs::write(&up, pattern(2_000_000)).unwrap();
    let run = |args: &[&str]| {
        let usual = ["-sS", "--noproxy", "*", "--http3-only", "--cacert"];
        Program::new(Library::under_test(), "curl").args(usual).args([server.ca()]).args(args).run()
    };
    let out = run(&["-w", " %{http_version} %{response_code}", &server.url("/hello")]);
    assert_eq!((out.code, &*out.stdout), (0, "GET /hello 3 200"), "{out:?}");
    let (file_text, up_text) = (file.display().to_string(), up.display().to_string());
    let out = run(&["-T", &up_text, "-o", &file_text, &server.url("/echo")]);
    assert_eq!(out.code, 0, "{out:?}");
    assert_eq!(std::fs::read(&file).unwrap(), pattern(2_000_000));
    let out = run(&["-I", &server.url("/bytes/12")]);
    assert_eq!(out.stdout, "HTTP/3 200 \r\ncontent-length: 12\r\n\r\n");
    let out = run(&["-i", &server.url("/trailers")]);
    assert!(out.stdout.ends_with("\r\n\r\nbodyx-sum: 42\r\n"), "{out:?}");
    let out = run(&["-w", " %{num_connects}", &server.url("/a"), &server.url("/b")]);
    assert_eq!(out.stdout, "GET /a 1GET /b 0");
    let version = Program::new(Library::under_test(), "curl").args(["-V"]).run();
    assert!(version.stdout.contains(" HTTP3 "), "{version:?}");
}

#[test]
fn many_at_once_over_one_connection_and_one_after_the_other() {
    let Some(server) = server() else { return };
    let mut lp = Loop::new();
    lp.set(MAX_HOST_CONNECTIONS, 1);
    for round in 0..3 {
        let many: Vec<Transfer> = (0..150).map(|_| get(&server, "/bytes/4000")).collect();
        let all: Vec<&Transfer> = many.iter().collect();
        assert!(lp.run(&all, LIMIT).iter().all(|code| *code == 0));
        assert!(many.iter().all(|transfer| transfer.body() == pattern(4000)));
        assert!(many.iter().all(|transfer| transfer.info(INFO_HTTP_VERSION) == HTTP_3));
        assert_eq!(connects(&many), i64::from(round == 0));
    }
    lp.check();
    drop(lp);
    // A limit on streams is one on transfers of a connection.
    let mut lp = Loop::new();
    lp.set(SHARED_STREAMS, 10);
    let many: Vec<Transfer> = (0..30).map(|_| get(&server, "/slow/50")).collect();
    let all: Vec<&Transfer> = many.iter().collect();
    assert!(lp.run(&all, LIMIT).iter().all(|code| *code == 0));
    assert_eq!(connects(&many), 3);
    lp.check();
}

#[test]
fn large_bodies_both_ways_in_either_kind_of_loop() {
    let Some(server) = server() else { return };
    for mut lp in [Loop::new(), Loop::edge_triggered()] {
        let down: Vec<Transfer> = (0..3).map(|_| get(&server, "/bytes/6000000")).collect();
        let body = pattern(3_000_000);
        let up = post(&server, "/echo", &body);
        let all: Vec<&Transfer> = down.iter().chain([&up]).collect();
        assert!(lp.run(&all, LIMIT).iter().all(|code| *code == 0));
        assert!(down.iter().all(|transfer| transfer.body() == pattern(6_000_000)));
        assert!(up.body() == body);
        lp.check();
    }
}

/// A transfer that has paused with the first of its body.
fn paused(lp: &mut Loop, server: &Http3Server, path: &str) -> Transfer {
    let paused = get(server, path);
    lp.add(&paused);
    while paused.body().is_empty() {
        lp.turn(Duration::from_millis(100));
    }
    assert_eq!(paused.pause(1), 0);
    paused
}

#[test]
fn a_paused_transfer_stalls_alone_and_what_waits_for_it_is_capped() {
    let Some(server) = server() else { return };
    let mut lp = Loop::new();
    let paused = paused(&mut lp, &server, "/bytes/8000000");
    let others: Vec<Transfer> = (0..5).map(|_| get(&server, "/bytes/500000")).collect();
    let all: Vec<&Transfer> = others.iter().collect();
    assert!(lp.run(&all, LIMIT).iter().all(|code| *code == 0));
    let held = paused.body().len();
    // No more than a window's worth comes, and then nothing spins.
    let mut turn_for_a_second = || {
        let (before, until) = (lp.actions, Instant::now() + Duration::from_secs(1));
        while Instant::now() < until {
            lp.turn(Duration::from_millis(200));
        }
        lp.actions - before
    };
    turn_for_a_second();
    let actions = turn_for_a_second();
    assert!(actions <= 5, "{actions} actions");
    assert_eq!(paused.body().len(), held);
    assert_eq!(paused.pause(0), 0);
    assert!(lp.run_until(1, LIMIT));
    assert_eq!(lp.take_finished()[0].1, 0);
    assert!(paused.body() == pattern(8_000_000));
    lp.remove(&paused);
    lp.check();
}

#[test]
fn a_transfer_that_is_taken_out_leaves_the_others_alone() {
    let Some(server) = server() else { return };
    let mut lp = Loop::new();
    let first = get(&server, "/hello");
    assert_eq!(lp.run(&[&first], LIMIT), [0]);
    let cancelled = get(&server, "/bytes/50000000");
    lp.add(&cancelled);
    while cancelled.body().is_empty() {
        lp.turn(Duration::from_millis(100));
    }
    lp.remove(&cancelled);
    let reset = get(&server, "/reset/258");
    let broken = get(&server, "/raw/");
    let fine = get(&server, "/slow/300");
    assert_eq!(lp.run(&[&reset, &broken, &fine], LIMIT), [PARTIAL_FILE, HTTP3, 0]);
    assert!(reset.error().contains("reset by server (error 0x102 INTERNAL_ERROR)"));
    assert!(broken.error().contains("was closed cleanly, but before getting all"));
    assert_eq!(connects([&cancelled, &reset, &broken, &fine]), 0);
    lp.check();
}

#[test]
fn requests_that_a_server_has_not_acted_on_are_sent_again() {
    let Some(server) = server() else { return };
    let mut lp = Loop::new();
    let refused = get(&server, "/refuse-once/x");
    assert_eq!(lp.run(&[&refused], LIMIT), [0]);
    // The first request makes the server leave; those behind it go elsewhere.
    let mut all = vec![get(&server, "/goaway")];
    all.extend((0..10).map(|_| get(&server, "/slow/20")));
    let transfers: Vec<&Transfer> = all.iter().collect();
    assert!(lp.run(&transfers, LIMIT).iter().all(|code| *code == 0));
    let next = get(&server, "/hello");
    assert_eq!((lp.run(&[&next], LIMIT), next.text()), (vec![0], "GET /hello".to_owned()));
    lp.check();
}

#[test]
fn an_answer_before_the_end_of_the_request_is_taken() {
    let Some(server) = server() else { return };
    let body = pattern(5_000_000);
    let up = post(&server, "/early", &body);
    let mut lp = Loop::new();
    assert_eq!(lp.run(&[&up], LIMIT), [0]);
    assert_eq!((up.info(INFO_CODE), up.text()), (413, "enough".to_owned()));
    lp.check();
}

#[test]
fn a_server_that_dies_or_breaks_the_protocol_fails_its_own_connection_only() {
    let (Some(mut server), Some(other)) = (server(), server()) else { return };
    let mut lp = Loop::new();
    let fine = get(&other, "/slow/1500");
    lp.add(&fine);
    for (path, text) in [
        ("/close", "closed by the server (error 0x102 INTERNAL_ERROR)"),
        ("/raw/0401aa", "FRAME_UNEXPECTED"),
        // A head of 1 MiB is announced.
        ("/raw/0180100000", "EXCESSIVE_LOAD"),
        ("/raw/0103000080", "QPACK_DECOMPRESSION_FAILED"),
        ("/control/0700", "FRAME_ERROR"),
        ("/uni/00", "STREAM_CREATION_ERROR"),
        ("/uni/01", "ID_ERROR"),
    ] {
        let broken = get(&server, path);
        lp.add(&broken);
        assert!(lp.run_until(1, LIMIT), "{path}");
        assert_eq!(lp.take_finished()[0].1, HTTP3, "{path}: {}", broken.error());
        assert!(broken.error().contains(text), "{path}: {}", broken.error());
        lp.remove(&broken);
    }
    let body = pattern(50_000_000);
    let up = post(&server, "/count", &body);
    lp.add(&up);
    for _ in 0..20 {
        lp.turn(Duration::from_millis(50));
    }
    server.kill();
    assert!(lp.run_until(2, LIMIT));
    let mut codes: Vec<i32> = lp.take_finished().iter().map(|done| done.1).collect();
    codes.sort_unstable();
    assert!(codes[0] == 0 && [55, RECV_ERROR].contains(&codes[1]), "{codes:?}");
    assert_eq!(fine.text(), "ok");
    lp.remove(&up);
    lp.remove(&fine);
    lp.check();
}

#[test]
fn a_server_does_not_send_more_than_the_window_lets_in() {
    let (Some(server), Some(other)) = (server(), server()) else { return };
    let mut lp = Loop::new();
    let paused = paused(&mut lp, &server, "/flood/8000000");
    let fine = get(&other, "/bytes/500000");
    assert_eq!(lp.run(&[&fine], LIMIT), [0]);
    // The connection to the other one is left.
    let until = Instant::now() + LIMIT;
    while lp.watched() > 1 {
        assert!(Instant::now() < until, "it is let in");
        lp.turn(Duration::from_millis(100));
    }
    assert_eq!(lp.run(&[&fine], LIMIT), [0]);
    assert_eq!(fine.info(INFO_CONNECTS), 0);
    assert_eq!(paused.pause(0), 0);
    assert!(lp.run_until(1, LIMIT));
    assert_eq!(lp.take_finished()[0].1, RECV_ERROR, "{}", paused.error());
    let text = "received more data than permitted in advertised data limits";
    assert!(paused.error().contains(text), "{}", paused.error());
    lp.remove(&paused);
    lp.check();
}

#[test]
fn a_server_does_not_open_more_streams_than_it_may() {
    let (Some(server), Some(other)) = (server(), server()) else { return };
    let fine = get(&other, "/slow/300");
    // Of sixteen three are taken: HTTP/3's control stream, QPACK's two.
    let within = get(&server, "/streams/13");
    let over = get(&server, "/streams/14").long(FRESH_CONNECT, 1);
    let mut lp = Loop::new();
    assert_eq!(lp.run(&[&fine, &within, &over], LIMIT), [0, 0, RECV_ERROR]);
    assert!(over.error().contains("exceeded advertised the stream limit"), "{}", over.error());
    assert_eq!([fine.text(), within.text()], ["ok", "ok"]);
    lp.check();
}

#[test]
fn pains_26_an_idle_wait_costs_a_handful_of_actions() {
    let Some(server) = server() else { return };
    let mut lp = Loop::new();
    let slow: Vec<Transfer> = (0..20).map(|_| get(&server, "/slow/3000")).collect();
    slow.iter().for_each(|transfer| lp.add(transfer));
    let settled = Instant::now() + Duration::from_millis(1000);
    while Instant::now() < settled {
        lp.turn(Duration::from_millis(100));
    }
    let (actions, sockets) = (lp.actions, lp.seen().sockets.len());
    let until = Instant::now() + Duration::from_millis(1500);
    while Instant::now() < until {
        lp.turn(Duration::from_millis(100));
    }
    assert!(lp.actions - actions <= 5, "{} actions while nothing happens", lp.actions - actions);
    assert_eq!(lp.seen().sockets.len(), sockets);
    assert!(lp.run_until(20, LIMIT));
    // One socket for all of them, never watched for writing without a need.
    assert!(lp.seen().sockets.iter().all(|(_, what)| *what != 2 && *what != 3));
    slow.iter().for_each(|transfer| lp.remove(transfer));
    lp.turn(Duration::from_millis(10));
    assert_eq!(lp.watched(), 0);
    lp.check();
}

#[test]
fn empty_and_forged_datagrams_cost_what_they_are_and_no_more() {
    let Some(server) = server() else { return };
    let mut lp = Loop::new();
    let first = get(&server, "/hello");
    assert_eq!(lp.run(&[&first], LIMIT), [0]);
    let before = lp.actions;
    let flooded = get(&server, "/empty/100");
    assert_eq!(lp.run(&[&flooded], LIMIT), [0]);
    assert_eq!(flooded.text(), "ok");
    assert_eq!(flooded.info(INFO_CONNECTS), 0);
    assert!(lp.actions - before < 250, "{} actions", lp.actions - before);
    lp.check();
}

#[test]
fn where_udp_does_not_lead_anywhere_tcp_does() {
    let Some(server) = server() else { return };
    let (certificate, key) =
        (server.authority.path("server.pem"), server.authority.path("server.key"));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nginx = Nginx::start(&format!(
        "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; \
         ssl_certificate_key {key}; location / {{ \
         add_header Alt-Svc 'h3=\":{}\"; ma=60'; return 200 'by TCP'; }} }}",
        server.port
    ));
    let url = format!("https://localhost:{port}/");
    let racing = || Transfer::new(&url).long(HTTP_VERSION, HTTP_3).str(CAINFO, &server.ca());
    // Nobody is there, then somebody who does not answer.
    let mut lp = Loop::new();
    let closed = racing();
    assert_eq!((lp.run(&[&closed], LIMIT), closed.text()), (vec![0], "by TCP".to_owned()));
    assert_eq!(lp.watched(), 0);
    let silent = UdpSocket::bind(("127.0.0.1", port)).unwrap();
    let mut lp = Loop::new();
    let (begin, waits) = (Instant::now(), racing());
    assert_eq!((lp.run(&[&waits], LIMIT), waits.text()), (vec![0], "by TCP".to_owned()));
    assert!((150..3000).contains(&begin.elapsed().as_millis()), "{:?}", begin.elapsed());
    lp.check();
    let alone = only(&url, &server.ca()).long(CONNECTTIMEOUT_MS, 700);
    assert_eq!(lp.run(&[&alone], LIMIT), [TIMED_OUT]);
    drop(silent);
    let alone = only(&url, &server.ca());
    assert_eq!(lp.run(&[&alone], LIMIT), [COULDNT_CONNECT]);
    lp.check();
    // With somebody there QUIC is first.
    let first =
        Transfer::new(&server.url("/a")).long(HTTP_VERSION, HTTP_3).str(CAINFO, &server.ca());
    assert_eq!(lp.run(&[&first], LIMIT), [0]);
    assert_eq!(first.info(INFO_HTTP_VERSION), HTTP_3);
    // What the server says of another way is followed the next time, if it is allowed.
    for (allowed, version) in [(ALTSVC_H3, HTTP_3), (1 << 4, 2)] {
        let upgraded = Transfer::new(&url)
            .str(CAINFO, &server.ca())
            .long(ALTSVC_CTRL, allowed)
            .str(ALTSVC, "");
        assert_eq!(lp.run(&[&upgraded], LIMIT), [0]);
        assert_eq!((upgraded.text(), upgraded.info(INFO_HTTP_VERSION)), ("by TCP".to_owned(), 2));
        upgraded.clear();
        assert_eq!(lp.run(&[&upgraded], LIMIT), [0]);
        assert_eq!(upgraded.info(INFO_HTTP_VERSION), version, "{}", upgraded.text());
    }
    lp.check();
    drop(nginx);
}

#[test]
fn a_server_must_prove_who_it_is() {
    let Some(server) = server() else { return };
    let other = Http3Server::start_as("other", 0);
    let mut lp = Loop::new();
    let stranger = only(&server.url("/"), &other.ca());
    let wrong_name = get(&other, "/");
    let by_address = only(&format!("https://127.0.0.1:{}/", server.port), &server.ca());
    let wrong_address = only(&format!("https://127.0.0.1:{}/", other.port), &other.ca());
    let codes = lp.run(&[&stranger, &wrong_name, &by_address, &wrong_address], LIMIT);
    assert_eq!(codes, [UNTRUSTED, UNTRUSTED, 0, UNTRUSTED]);
    assert!(stranger.error().contains("SSL certificate problem"), "{}", stranger.error());
    assert!(wrong_name.error().contains("no alternative certificate subject name matches"));
    let pinned = get(&server, "/").str(PINNEDPUBLICKEY, "sha256//AAAA");
    assert_eq!(lp.run(&[&pinned], LIMIT), [NOT_PINNED]);
    // Early data is not sent, even where it is asked for and a session is there.
    for _ in 0..2 {
        let early = get(&server, "/").long(SSL_OPTIONS, EARLYDATA).long(FRESH_CONNECT, 1);
        assert_eq!(lp.run(&[&early], LIMIT), [0]);
        assert_eq!(early.offset(INFO_EARLYDATA_SENT), 0);
    }
    let told = get(&server, "/").long(CERTINFO, 1).long(FRESH_CONNECT, 1);
    assert_eq!(lp.run(&[&told], LIMIT), [0]);
    assert!(
        told.certificates()[0].iter().any(|line| line == "Subject:CN = localhost"),
        "{:?}",
        told.certificates()
    );
    lp.check();
}
