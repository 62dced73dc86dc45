//! Transfers as futures, on an executor of a page and on Tokio.
#![cfg(feature = "future")]

#[path = "support/echo.rs"]
mod echo;
mod support;

use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::pin::pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use support::{Answer, ok, response, serve};
use tress::future::{Client, Reactor, Speaker, with};
use tress::{Code, Easy, Message, Multi};
use tress_net::{PollEvents, Poller};

/// An executor of two tasks: the driver's, and whoever waits for transfers.
#[derive(Default)]
struct Executor {
    /// What the driver waits for.
    wanted: Arc<Mutex<Option<Wanted>>>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

struct Waits(Arc<Mutex<Option<Wanted>>>);

/// A descriptor, and a time.
type Wanted = (i32, Option<Instant>);

impl Reactor for Waits {
    fn poll_ready(
        &mut self,
        _: &mut Context<'_>,
        descriptor: BorrowedFd<'_>,
        until: Option<Instant>,
    ) -> Poll<std::io::Result<()>> {
        *self.0.lock().unwrap() = Some((descriptor.as_raw_fd(), until));
        Poll::Pending
    }
}

impl Executor {
    /// Runs both until the task is over.
    fn run<T>(&self, task: impl AsyncFnOnce(Client) -> T) -> T {
        let (client, driver) = with(Multi::new(), Waits(self.wanted.clone()));
        let (mut driver, mut task) = (Some(Box::pin(driver)), pin!(task(client)));
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = woken.clone().into();
        let mut context = Context::from_waker(&waker);
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            assert!(Instant::now() < until, "it hangs");
            if let Poll::Ready(value) = task.as_mut().poll(&mut context) {
                return value;
            }
            if let Some(running) = &mut driver
                && let Poll::Ready(result) = running.as_mut().poll(&mut context)
            {
                result.unwrap();
                driver = None;
            }
            if !woken.0.swap(false, Ordering::SeqCst) {
                self.wait();
            }
        }
    }

    fn wait(&self) {
        let Some((descriptor, until)) = *self.wanted.lock().unwrap() else { return };
        let mut poller = Poller::default();
        poller.push(descriptor, PollEvents::IN);
        let left = until.map(|at| at.saturating_duration_since(Instant::now()));
        poller.wait(Some(left.unwrap_or(Duration::from_secs(5)))).unwrap();
    }
}

#[test]
fn responses_come_on_any_executor() {
    let server = serve(|request| ok(&request.path));
    let url = |path: &str| format!("http://{server}{path}");
    Executor::default().run(async |client| {
        let (a, b) = (client.send(Easy::get(url("/a"))), client.clone().send(Easy::get(url("/b"))));
        assert_eq!(b.await.unwrap().body(), b"/b");
        assert_eq!(a.await.unwrap().body(), b"/a");
        let refused = client.send(Easy::get("http://127.0.0.1:1/")).await.unwrap_err();
        assert_eq!(refused.code(), Code::CouldntConnect);
        let slow = Easy::get(url("/c")).header("bad name", "");
        assert_eq!(client.send(slow).await.unwrap_err().code(), Code::BadFunctionArgument);
    });
}

#[test]
fn time_limits_hold() {
    let server = serve(|_| Answer::Hang);
    let easy = Easy::get(format!("http://{server}/")).timeout(Duration::from_millis(100));
    let error = Executor::default().run(async |client| client.send(easy).await.unwrap_err());
    assert_eq!(error.code(), Code::OperationTimedout);
}

/// A server that counts what it could send of an endless body.
fn endless() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1000]);
        stream.write_all(b"HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n").unwrap();
        while let Ok(count) = stream.write(&[b'x'; 10_000]) {
            counted.fetch_add(count, Ordering::SeqCst);
        }
        counted.store(usize::MAX, Ordering::SeqCst);
    });
    (address, sent)
}

#[test]
fn a_download_that_nobody_takes_holds_its_server_back() {
    let (server, sent) = endless();
    let other = serve(|_| ok("other"));
    Executor::default().run(async |client| {
        let url = format!("http://{server}/");
        let mut download = client.open(Easy::get(&url)).await.unwrap();
        assert_eq!((download.status(), download.url()), (200, &url[..]));
        assert_eq!(download.header("x-a"), Some(&b"b"[..]));
        // Other transfers go on, and the server comes to a halt.
        let before = loop {
            let before = sent.load(Ordering::SeqCst);
            for _ in 0..20 {
                let easy = Easy::get(format!("http://{other}/"));
                assert_eq!(client.send(easy).await.unwrap().body(), b"other");
            }
            std::thread::sleep(Duration::from_millis(100));
            if sent.load(Ordering::SeqCst) == before {
                break before;
            }
        };
        assert!(before < 50_000_000, "{before}");
        // Taking what has come lets it go on, well beyond what had been sent.
        let mut taken = 0;
        while taken < before + 10_000_000 {
            taken += download.next().await.unwrap().unwrap().len();
        }
        drop(download);
        // Its transfer is cancelled as soon as the driver hears of that.
        while sent.load(Ordering::SeqCst) != usize::MAX {
            client.send(Easy::get(format!("http://{other}/"))).await.unwrap();
        }
    });
}

#[test]
fn a_download_ends_with_its_response_or_an_error() {
    let server = serve(|request| match request.path.as_str() {
        "/short" => Answer::Last("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort".into()),
        "/empty" => response("404 No", "X-A: 1\r\n", ""),
        _ => ok("whole"),
    });
    let url = |path: &str| format!("http://{server}{path}");
    Executor::default().run(async |client| {
        let mut whole = client.open(Easy::get(url("/"))).await.unwrap();
        assert_eq!(whole.next().await.unwrap().unwrap(), b"whole");
        assert!(whole.response().is_none() && whole.next().await.is_none());
        assert_eq!(whole.response().unwrap().infos().downloaded, 5);
        let mut empty = client.open(Easy::get(url("/empty"))).await.unwrap();
        assert_eq!((empty.status(), empty.headers().count()), (404, 2));
        assert!(empty.next().await.is_none());
        let mut short = client.open(Easy::get(url("/short"))).await.unwrap();
        assert_eq!(short.next().await.unwrap().unwrap(), b"short");
        assert_eq!(short.next().await.unwrap().unwrap_err().code(), Code::PartialFile);
        assert!(short.next().await.is_none());
        let refused = client.open(Easy::get("http://127.0.0.1:1/")).await.unwrap_err();
        assert_eq!(refused.code(), Code::CouldntConnect);
    });
}

#[test]
fn a_body_is_written_meanwhile_and_waits_for_its_server() {
    let server = serve(|request| {
        std::thread::sleep(Duration::from_millis(50));
        ok(&request.body.iter().map(|byte| u64::from(*byte)).sum::<u64>().to_string())
    });
    let url = format!("http://{server}/");
    Executor::default().run(async |client| {
        for length in [None, Some(3_000_000)] {
            let (mut writer, body) = tress::future::body();
            let response = client.send(Easy::upload_body(&url, length, body));
            for _ in 0..300 {
                writer.write(vec![1; 10_000]).await.unwrap();
            }
            writer.finish();
            assert_eq!(response.await.unwrap().body(), b"3000000");
        }
        let (mut writer, body) = tress::future::body();
        let response = client.send(Easy::upload_body(&url, None, body));
        writer.write("some").await.unwrap();
        drop(writer);
        assert_eq!(response.await.unwrap_err().code(), Code::ReadError);
    });
}

#[test]
fn a_body_that_nobody_takes_any_more_cannot_be_written() {
    Executor::default().run(async |client| {
        let (mut writer, body) = tress::future::body();
        let response = client.send(Easy::upload_body("http://127.0.0.1:1/", None, body));
        assert_eq!(response.await.unwrap_err().code(), Code::CouldntConnect);
        let error = writer.write("some").await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_websocket_talks() {
    let url = format!("ws://{}/", echo::serve());
    let plain = serve(|_| ok("no socket"));
    Executor::default().run(async |client| {
        let mut socket = client.websocket(Easy::get(&url)).await.unwrap();
        for number in 0..200 {
            socket.send(Message::Text(format!("message {number}"))).await.unwrap();
        }
        for number in 0..200 {
            let message = socket.next().await.unwrap().unwrap();
            assert_eq!(message, Message::Text(format!("message {number}")));
        }
        let long = socket.send(Message::Ping(vec![0; 126])).await.unwrap_err();
        assert_eq!(long.code(), Code::TooLarge);
        let bye = Message::Close { code: 1000, reason: String::new() };
        socket.send(bye.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), bye);
        assert!(socket.next().await.is_none());
        assert_eq!(socket.send(bye).await.unwrap_err().code(), Code::SendError);
        let refused = client.websocket(Easy::get(format!("ws://{plain}/"))).await.unwrap_err();
        assert_eq!(refused.code(), Code::HttpReturnedError);
    });
}

/// Says the same until saying it has to wait; gives how often that was.
async fn say_until_it_waits(speaker: &Speaker, piece: &[u8]) -> usize {
    let mut said = 0;
    loop {
        let mut sending = pin!(speaker.send(Message::Binary(piece.to_vec())));
        let mut polls = 0;
        let waits = poll_fn(|context| {
            // The driver has had its turns.
            match sending.as_mut().poll(context) {
                Poll::Pending if polls > 50 => Poll::Ready(true),
                Poll::Pending => {
                    polls += 1;
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                Poll::Ready(sent) => Poll::Ready(sent.is_err()),
            }
        });
        if waits.await {
            return said;
        }
        said += 1;
        assert!(said * piece.len() < 64 << 20, "all of it waits");
    }
}

#[test]
fn whoever_speaks_waits_for_a_server_that_does_not_listen() {
    let (server, listen, told) = echo::slow_to_listen();
    let other = serve(|_| ok("other"));
    Executor::default().run(async |client| {
        let url = format!("ws://{server}/");
        let socket = client.websocket(Easy::get(&url)).await.unwrap();
        let speaker = socket.speaker();
        let said = say_until_it_waits(&speaker, &[7; 60_000]).await;
        // Nobody else waits.
        client.send(Easy::get(format!("http://{other}/"))).await.unwrap();
        listen.send(()).unwrap();
        for _ in 0..200 {
            speaker.send(Message::Binary(vec![8; 60_000])).await.unwrap();
        }
        let bye = Message::Close { code: 1000, reason: String::new() };
        speaker.send(bye).await.unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        let mut heard = Vec::new();
        while heard.len() < said + 201 {
            assert!(Instant::now() < until, "{} of {}", heard.len(), said + 201);
            heard.extend(told.try_recv().map(|payload| payload[0]));
            client.send(Easy::get(format!("http://{other}/"))).await.unwrap();
        }
        assert_eq!(heard[..said], vec![7; said]);
        assert_eq!(heard[said..said + 200], [8; 200]);
    });
}

#[test]
fn whoever_waits_to_speak_hears_of_the_end() {
    let (server, _listen, _told) = echo::slow_to_listen();
    Executor::default().run(async |client| {
        let socket = client.websocket(Easy::get(format!("ws://{server}/"))).await.unwrap();
        let speaker = socket.speaker();
        say_until_it_waits(&speaker, &[7; 60_000]).await;
        let mut waiting = pin!(speaker.send(Message::Text("more".into())));
        assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(socket);
        assert_eq!(waiting.await.unwrap_err().code(), Code::SendError);
    });
}

#[test]
fn a_driver_that_is_gone_fails_its_transfers() {
    let (client, driver) = with(Multi::new(), Waits(Arc::default()));
    let before = client.send(Easy::get("http://127.0.0.1:1/"));
    drop(driver);
    let after = client.send(Easy::get("http://127.0.0.1:1/"));
    let waker = Waker::noop();
    for pending in [before, after] {
        match pin!(pending).poll(&mut Context::from_waker(waker)) {
            Poll::Ready(Err(error)) => assert_eq!(error.code(), Code::AbortedByCallback),
            other => panic!("{other:?}"),
        }
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use futures_core::Stream;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot::{Receiver, channel};

    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn many_at_once() {
        let server = serve(|request| {
            std::thread::sleep(Duration::from_millis(20));
            ok(&request.path)
        });
        let (client, driver) = tress::future::tokio(Multi::new());
        let driver = tokio::spawn(driver);
        let tasks: Vec<_> = (0..200)
            .map(|number| {
                let easy = Easy::get(format!("http://{server}/{number}"));
                tokio::spawn(client.send(easy))
            })
            .collect();
        for (number, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await.unwrap().unwrap().body(), format!("/{number}").as_bytes());
        }
        // Without clients it is over.
        drop(client);
        driver.await.unwrap().unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 3)]
    async fn clients_on_many_threads_are_heard() {
        let server = serve(|request| ok(&request.path));
        let (client, driver) = tress::future::tokio(Multi::new());
        tokio::spawn(driver);
        let tasks = (0..8).map(|task| {
            let client = client.clone();
            tokio::spawn(async move {
                for number in 0..100 {
                    let path = format!("/{task}/{number}");
                    let easy = Easy::get(format!("http://{server}{path}"));
                    // Half of them are read in pieces.
                    let body = if number % 2 == 0 {
                        client.send(easy).await.unwrap().into_body()
                    } else {
                        client.open(easy).await.unwrap().next().await.unwrap().unwrap()
                    };
                    assert_eq!(body, path.as_bytes());
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            let limit = Duration::from_secs(20);
            tokio::time::timeout(limit, task).await.expect("it hangs").unwrap();
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn bodies_are_readers_and_writers_of_tokio() {
        let server = serve(|request| match request.method.as_str() {
            "PUT" => ok(&request.body.len().to_string()),
            _ => ok(&"0123456789".repeat(200_000)),
        });
        let url = format!("http://{server}/");
        let (client, driver) = tress::future::tokio(Multi::new());
        tokio::spawn(driver);
        let mut download = client.open(Easy::get(&url)).await.unwrap();
        let mut first = [0; 15];
        download.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"012345678901234");
        // The rest of the piece that was begun comes next.
        let piece = download.next().await.unwrap().unwrap();
        assert!(piece.starts_with(b"567890"));
        let mut rest = Vec::new();
        let copied = tokio::io::copy(&mut download, &mut rest).await.unwrap() as usize;
        assert_eq!(15 + piece.len() + copied, 2_000_000);
        assert!(rest.ends_with(b"789"));

        let (mut writer, body) = tress::future::body();
        let response = client.send(Easy::upload_body(&url, None, body));
        let copied = tokio::io::copy(&mut &rest[..], &mut writer).await.unwrap();
        writer.shutdown().await.unwrap();
        drop(writer);
        assert_eq!(response.await.unwrap().text().unwrap(), copied.to_string());

        let short =
            serve(|_| Answer::Last("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".into()));
        let mut short = client.open(Easy::get(format!("http://{short}/"))).await.unwrap();
        let error = short.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    }

    /// Answers one request by these bytes; tells when it has, and when the client has closed.
    fn answer_once(listener: &TcpListener, answer: &'static str) -> [Receiver<()>; 2] {
        let listener = listener.try_clone().unwrap();
        let ((tell, told), (close, closed)) = (channel(), channel());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1000]);
            stream.write_all(answer.as_bytes()).unwrap();
            tell.send(()).unwrap();
            let left = stream.read(&mut [0; 10]);
            assert!(matches!(left, Ok(0) | Err(_)), "{left:?}");
            close.send(()).unwrap();
        });
        [told, closed]
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_is_dropped_closes_its_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (client, driver) = tress::future::tokio(Multi::new());
        tokio::spawn(driver);
        let soon = async |event: Receiver<()>| {
            let limit = Duration::from_secs(10);
            tokio::time::timeout(limit, event).await.expect("it stays open").unwrap();
        };
        let [told, closed] = answer_once(&listener, "");
        let pending = client.send(Easy::get(&url));
        soon(told).await;
        drop(pending);
        soon(closed).await;
        let half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
        let [told, closed] = answer_once(&listener, half);
        let mut download = client.open(Easy::get(&url)).await.unwrap();
        soon(told).await;
        let mut stream = pin!(&mut download);
        let piece = poll_fn(|context| Stream::poll_next(stream.as_mut(), context)).await;
        assert_eq!(piece.unwrap().unwrap(), b"half");
        drop(download);
        soon(closed).await;
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_future_that_is_dropped_cancels() {
        let hanging = serve(|_| Answer::Hang);
        let (client, driver) = tress::future::tokio(Multi::new());
        let driver = tokio::spawn(driver);
        let pending = client.send(Easy::get(format!("http://{hanging}/")));
        let limit = Duration::from_millis(100);
        assert!(tokio::time::timeout(limit, pending).await.is_err());
        drop(client);
        // Nothing is left to wait for.
        driver.await.unwrap().unwrap();
    }

    #[tokio::test(flavor = "current_thread")]
    async fn timers_wake_the_driver() {
        let hanging = serve(|_| Answer::Hang);
        let (client, driver) = tress::future::tokio(Multi::new());
        tokio::spawn(driver);
        let easy = Easy::get(format!("http://{hanging}/")).timeout(Duration::from_millis(100));
        let error = client.send(easy).await.unwrap_err();
        assert_eq!(error.code(), Code::OperationTimedout);
    }
}
