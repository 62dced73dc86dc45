//! A WebSocket with a server that echoes.

#[path = "support/echo.rs"]
mod echo;

use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tress::{Code, Easy, Flow, Handle, Message, Multi};

/// More than the kernel and the multi keep of what is said.
const PLENTY: usize = 64 << 20;

struct Talk {
    multi: Multi,
    handle: Handle,
    heard: mpsc::Receiver<Message>,
}

impl Talk {
    fn begin(change: impl FnOnce(Easy) -> Easy, flow: Flow) -> Self {
        Self::with(echo::serve(), change, flow)
    }

    fn with(server: SocketAddr, change: impl FnOnce(Easy) -> Easy, flow: Flow) -> Self {
        let (sender, heard) = mpsc::channel();
        let easy = Easy::get(format!("ws://{server}/")).on_message(move |message| {
            sender.send(message).unwrap();
            flow
        });
        let mut multi = Multi::new();
        let handle = multi.add(change(easy));
        let hello = Message::Text("hello".into());
        let until = Instant::now() + Duration::from_secs(10);
        while multi.send_message(handle, &hello).is_err() {
            assert!(Instant::now() < until && multi.running() > 0, "it does not open");
            multi.turn(Duration::from_millis(20)).unwrap();
        }
        Self { multi, handle, heard }
    }

    fn next(&mut self) -> Option<Message> {
        while self.multi.running() > 0 {
            if let Ok(message) = self.heard.try_recv() {
                return Some(message);
            }
            self.multi.turn(Duration::from_secs(5)).unwrap();
        }
        self.heard.try_recv().ok()
    }
}

#[test]
fn messages_go_both_ways() {
    let mut talk = Talk::begin(|easy| easy, Flow::Continue);
    assert_eq!(talk.next(), Some(Message::Text("hello".into())));
    for message in
        [Message::Binary(vec![0, 255, 7]), Message::Text("åé".into()), Message::Text(String::new())]
    {
        talk.multi.send_message(talk.handle, &message).unwrap();
        assert_eq!(talk.next(), Some(message));
    }
    // The server's answer is a ping too, which is answered by itself, and that is said again.
    talk.multi.send_message(talk.handle, &Message::Ping(b"there?".to_vec())).unwrap();
    assert_eq!(talk.next(), Some(Message::Pong(b"there?".to_vec())));
    let long = Message::Ping(vec![0; 126]);
    assert_eq!(talk.multi.send_message(talk.handle, &long).unwrap_err().code(), Code::TooLarge);
    let bye = Message::Close { code: 1000, reason: "done".into() };
    talk.multi.send_message(talk.handle, &bye).unwrap();
    assert_eq!(talk.next(), Some(bye));
    assert_eq!(talk.next(), None);
    assert!(talk.multi.next_done().unwrap().result().is_ok());
}

#[test]
fn a_message_that_is_too_long_ends_it() {
    let mut talk = Talk::begin(|easy| easy.max_size(4), Flow::Continue);
    assert_eq!(talk.next(), None);
    let done = talk.multi.next_done().unwrap();
    assert_eq!(done.result().unwrap_err().code(), Code::WriteError);
}

#[test]
fn a_pause_tells_the_message_again() {
    let mut talk = Talk::begin(|easy| easy, Flow::Pause);
    assert_eq!(talk.next(), Some(Message::Text("hello".into())));
    assert!(talk.multi.unpause(talk.handle).is_ok());
    assert_eq!(talk.next(), Some(Message::Text("hello".into())));
}

#[test]
fn without_a_socket_nothing_is_said() {
    let mut multi = Multi::new();
    let handle = multi.add(Easy::get("ws://127.0.0.1:1/"));
    let error = multi.send_message(handle, &Message::Text(String::new())).unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::SendError, "There is no open WebSocket"));
}

#[test]
fn a_server_that_does_not_listen_is_not_told_without_end() {
    let (server, listen, told) = echo::slow_to_listen();
    let mut talk = Talk::with(server, |easy| easy, Flow::Continue);
    let number = |number: u32| Message::Binary([&number.to_be_bytes()[..], &[7; 60_000]].concat());
    let mut said = 0;
    let refused = loop {
        match talk.multi.send_message(talk.handle, &number(said)) {
            Ok(()) => said += 1,
            Err(error) => break error,
        }
        talk.multi.turn(Duration::ZERO).unwrap();
        assert!((said as usize) < PLENTY / 60_000, "all of it waits");
    };
    assert_eq!(refused.code(), Code::Again);
    assert!(refused.message().ends_with(" bytes wait to be sent on the WebSocket"), "{refused}");
    // Nobody else is kept waiting.
    let other = Easy::get(format!("ws://{}/", echo::serve())).on_message(|_| Flow::Abort);
    let other = talk.multi.add(other);
    let until = Instant::now() + Duration::from_secs(10);
    while talk.multi.send_message(other, &Message::Text("x".into())).is_err() {
        assert!(Instant::now() < until);
        talk.multi.turn(Duration::from_millis(20)).unwrap();
    }
    listen.send(()).unwrap();
    while said < 500 {
        assert!(Instant::now() < until, "there is no room any more");
        match talk.multi.send_message(talk.handle, &number(said)) {
            Ok(()) => said += 1,
            Err(error) => assert_eq!(error.code(), Code::Again),
        }
        talk.multi.turn(Duration::from_millis(1)).unwrap();
    }
    assert_eq!(told.recv().unwrap(), b"hello");
    for expected in 0..said {
        let payload = loop {
            talk.multi.turn(Duration::from_millis(1)).unwrap();
            match told.try_recv() {
                Ok(payload) => break payload,
                Err(_) => assert!(Instant::now() < until, "{expected} is missing"),
            }
        };
        assert_eq!(payload[..4], expected.to_be_bytes());
        assert_eq!(payload.len(), 60_004);
    }
}
