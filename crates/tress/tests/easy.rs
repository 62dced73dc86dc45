//! One transfer at a time.

mod support;

use std::io::{BufRead, Error, ErrorKind, Read};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use support::{Answer, ok, response, serve};
use tress::{Code, Easy, Flow, Multi};

#[test]
fn get_collects_the_body() {
    let server = serve(|request| {
        assert_eq!(request.method, "GET");
        assert_eq!(request.header("X-Mine"), Some("7"));
        assert_eq!(request.header("Accept"), None);
        response("200 OK", "X-A: 1\r\nx-a: 2\r\n", "hello")
    });
    let url = format!("http://{server}/there");
    let easy = Easy::get(&url).header("X-Mine", "7").without_header("Accept");
    let response = easy.perform().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.header("X-A"), Some(&b"2"[..]));
    assert_eq!(response.header("X-B"), None);
    assert_eq!(response.headers().count(), 3);
    assert_eq!(response.url(), url);
    assert_eq!(response.infos().num_connects, 1);
    assert_eq!(response.into_body(), b"hello");
}

#[test]
fn head_has_no_body() {
    let server = serve(|request| {
        assert_eq!(request.method, "HEAD");
        Answer::Raw("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n".into())
    });
    let response = Easy::head(format!("http://{server}/")).perform().unwrap();
    assert_eq!((response.status(), response.body().len()), (200, 0));
    assert_eq!(response.infos().download_length, Some(12));
}

#[test]
fn post_and_put_send_the_body() {
    let server = serve(|request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        ok(&format!("{} {} {body}", request.method, request.header("Content-Type").unwrap_or("-")))
    });
    let url = format!("http://{server}/");
    let posted = Easy::post(&url, "a=1").perform().unwrap();
    assert_eq!(posted.body(), b"POST application/x-www-form-urlencoded a=1");
    let put = Easy::put(&url, "text").method("PATCH").perform().unwrap();
    assert_eq!(put.body(), b"PATCH - text");
}

#[test]
fn upload_takes_what_the_closure_gives() {
    let server = serve(|request| {
        let sum: u64 = request.body.iter().map(|byte| u64::from(*byte)).sum();
        let coding = request.header("Transfer-Encoding").unwrap_or("-");
        ok(&format!("{} {coding} {sum}", request.body.len()))
    });
    let url = format!("http://{server}/");
    for (length, coding) in [(Some(300_000), "-"), (None, "chunked")] {
        let mut left = 300_000;
        let easy = Easy::upload(&url, length, move |room| {
            let count = room.len().min(left);
            room[..count].fill(1);
            left -= count;
            Ok(count)
        });
        let response = easy.without_header("Expect").perform().unwrap();
        assert_eq!(response.body(), format!("300000 {coding} 300000").as_bytes());
    }
}

#[test]
fn an_upload_that_fails_ends_the_transfer() {
    let server = serve(|_| ok(""));
    let read = |_: &mut [u8]| Err(Error::new(ErrorKind::UnexpectedEof, "the disk is gone"));
    let easy = Easy::upload(format!("http://{server}/"), Some(10), read);
    let error = easy.perform().unwrap_err();
    assert_eq!(error.code(), Code::ReadError);
    assert_eq!(error.message(), "The body of the request cannot be read: the disk is gone");
    let cause = std::error::Error::source(&error).unwrap().downcast_ref::<Error>().unwrap();
    assert_eq!(cause.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn an_upload_starts_again_after_a_redirect() {
    let server = serve(|request| match request.path.as_str() {
        "/first" => response("307 Go", "Location: /second\r\n", ""),
        _ => ok(&String::from_utf8_lossy(&request.body)),
    });
    let position = Arc::new(AtomicUsize::new(0));
    let reading = position.clone();
    let read = move |room: &mut [u8]| {
        let rest = &b"once more"[reading.load(Ordering::Relaxed)..];
        let count = room.len().min(rest.len());
        room[..count].copy_from_slice(&rest[..count]);
        reading.fetch_add(count, Ordering::Relaxed);
        Ok(count)
    };
    let seek = move |to: u64| {
        position.store(to as usize, Ordering::Relaxed);
        Ok(())
    };
    let url = format!("http://{server}/first");
    let easy = Easy::upload(&url, Some(9), read).on_seek(seek).redirects(3);
    assert_eq!(easy.perform().unwrap().body(), b"once more");
}

#[test]
fn redirects_are_followed_when_asked() {
    let server = serve(|request| match request.path.as_str() {
        "/end" => ok("arrived"),
        _ => response("302 Found", "Location: /end\r\n", "moved"),
    });
    let url = format!("http://{server}/start");
    let stays = Easy::get(&url).perform().unwrap();
    assert_eq!((stays.status(), stays.body()), (302, &b"moved"[..]));
    let follows = Easy::get(&url).redirects(5).perform().unwrap();
    assert_eq!((follows.status(), follows.body()), (200, &b"arrived"[..]));
    assert_eq!(follows.url(), format!("http://{server}/end"));
}

#[test]
fn too_many_redirects_are_an_error() {
    let server = serve(|_| response("302 Found", "Location: /again\r\n", ""));
    let error = Easy::get(format!("http://{server}/")).redirects(3).perform().err().unwrap();
    assert_eq!(error.code(), Code::TooManyRedirects);
    assert_eq!(error.message(), "Maximum (3) redirects followed");
}

#[test]
fn closures_get_body_head_and_progress() {
    let server = serve(|_| ok(&"x".repeat(100_000)));
    let (head, body) = (Arc::new(Mutex::new(String::new())), Arc::new(AtomicU64::new(0)));
    let most = Arc::new(AtomicU64::new(0));
    let (lines, count, seen) = (head.clone(), body.clone(), most.clone());
    let easy = Easy::get(format!("http://{server}/"))
        .on_header(move |line| {
            lines.lock().unwrap().push_str(&String::from_utf8_lossy(line));
            Flow::Continue
        })
        .on_body(move |bytes| {
            count.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            Flow::Continue
        })
        .on_progress(move |figures| {
            seen.fetch_max(figures.downloaded, Ordering::Relaxed);
            Flow::Continue
        });
    assert!(easy.perform().unwrap().body().is_empty());
    assert_eq!(*head.lock().unwrap(), "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    assert_eq!(body.load(Ordering::Relaxed), 100_000);
    assert_eq!(most.load(Ordering::Relaxed), 100_000);
}

#[test]
fn a_closure_may_abort() {
    let server = serve(|_| ok("never seen"));
    let url = format!("http://{server}/");
    let by_body = Easy::get(&url).on_body(|_| Flow::Abort).perform();
    assert_eq!(by_body.err().unwrap().code(), Code::WriteError);
    let by_progress = Easy::get(&url).on_progress(|_| Flow::Abort).perform();
    assert_eq!(by_progress.err().unwrap().code(), Code::AbortedByCallback);
}

#[test]
fn limits_end_a_transfer() {
    let server = serve(|request| match request.path.as_str() {
        "/hang" => Answer::Hang,
        _ => ok(&"x".repeat(5000)),
    });
    let begun = Instant::now();
    let slow = Easy::get(format!("http://{server}/hang")).timeout(Duration::from_millis(80));
    assert_eq!(slow.perform().err().unwrap().code(), Code::OperationTimedout);
    assert!(begun.elapsed() < Duration::from_secs(5));
    let big = Easy::get(format!("http://{server}/big")).max_size(4999).perform();
    assert_eq!(big.err().unwrap().code(), Code::FilesizeExceeded);
    assert!(Easy::get(format!("http://{server}/big")).max_size(5000).perform().is_ok());
}

#[test]
fn errors_carry_code_and_words() {
    let error = |easy: Easy| easy.perform().err().unwrap();
    let refused = error(Easy::get("http://127.0.0.1:1/"));
    assert_eq!(refused.code(), Code::CouldntConnect);
    assert!(refused.message().contains("127.0.0.1:1"), "{refused}");
    assert_eq!(error(Easy::get("nothing://x")).code(), Code::UnsupportedProtocol);
    assert_eq!(error(Easy::get("http://a b/")).code(), Code::UrlMalformat);
    let server = serve(|_| response("404 Not Found", "", "no"));
    let failed = error(Easy::get(format!("http://{server}/")).fail_on_error());
    assert_eq!(failed.code(), Code::HttpReturnedError);
    assert_eq!(failed.message(), "The requested URL returned error: 404");
    let gone = serve(|_| Answer::Close);
    assert_eq!(error(Easy::get(format!("http://{gone}/"))).code(), Code::GotNothing);
}

#[test]
fn a_download_resumes() {
    let server = serve(|request| match request.header("Range") {
        Some("bytes=6-") => {
            let range = "Content-Range: bytes 6-10/11\r\n";
            response("206 Partial Content", range, "world")
        }
        _ => ok("hello world"),
    });
    let rest = Easy::get(format!("http://{server}/")).resume_from(6).perform().unwrap();
    assert_eq!((rest.status(), rest.body()), (206, &b"world"[..]));
    let complete = serve(|_| response("416 Range Not Satisfiable", "", "no such range"));
    let easy = Easy::get(format!("http://{complete}/")).resume_from(11).fail_on_error();
    let nothing = easy.perform().unwrap();
    assert_eq!((nothing.status(), nothing.body()), (416, &b""[..]));
    let without = serve(|_| ok("hello world"));
    let error = Easy::get(format!("http://{without}/")).resume_from(6).perform().err().unwrap();
    assert_eq!(error.code(), Code::RangeError);
}

#[test]
fn credentials_are_sent() {
    let server = serve(|request| ok(request.header("Authorization").unwrap_or("none")));
    let easy = Easy::get(format!("http://{server}/")).credentials("user", "secret");
    assert_eq!(easy.perform().unwrap().body(), b"Basic dXNlcjpzZWNyZXQ=");
}

#[test]
fn a_body_is_read_as_it_comes() {
    let server = serve(|request| match request.path.as_str() {
        "/lines" => response("200 OK", "X-A: 1\r\n", "one\ntwo\n"),
        "/large" => ok(&"x".repeat(3_000_000)),
        "/empty" => response("404 No", "X-A: 2\r\n", ""),
        _ => Answer::Last("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort".into()),
    });
    let url = |path: &str| format!("http://{server}{path}");
    let lines = Easy::get(url("/lines")).open().unwrap();
    assert_eq!((lines.status(), lines.url()), (200, &url("/lines")[..]));
    assert_eq!(lines.header("x-a"), Some(&b"1"[..]));
    assert_eq!(lines.lines().map(Result::unwrap).collect::<Vec<_>>(), ["one", "two"]);

    let mut multi = Multi::new();
    for _ in 0..2 {
        let mut large = multi.open(Easy::get(url("/large"))).unwrap();
        let (mut first, mut rest) = ([0; 10], Vec::new());
        large.read_exact(&mut first).unwrap();
        // The server is held back meanwhile.
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(large.read_to_end(&mut rest).unwrap(), 2_999_990);
    }
    assert_eq!(multi.connections(), 1);
    let empty = multi.open(Easy::get(url("/empty"))).unwrap();
    assert_eq!((empty.status(), empty.header("X-A")), (404, Some(&b"2"[..])));
    drop(empty);

    let mut short = multi.open(Easy::get(url("/short"))).unwrap();
    let error = short.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    let error = error.get_ref().and_then(|it| it.downcast_ref::<tress::Error>()).unwrap();
    assert_eq!(error.code(), Code::PartialFile);
    drop(short);
    let cancelled = multi.open(Easy::get(url("/large"))).unwrap();
    drop(cancelled);
    assert_eq!(multi.running(), 0);
    let refused = multi.open(Easy::get("http://127.0.0.1:1/")).unwrap_err();
    assert!(refused.is_connect());
}
