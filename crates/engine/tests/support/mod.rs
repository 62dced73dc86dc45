//! A driver with a loop of its own, and a scripted server, for tests over real sockets.
#![allow(dead_code)]

pub mod h2;
pub mod tls;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tress_engine::options::Options;
use tress_engine::{
    Delivered, Delivery, Effect, Multi, MultiSettings, Pushed, Ready, Sought, Supplied, Transfer,
    TransferId, Watch,
};
use tress_net::{PollEvents, Poller};

/// What one transfer delivered.
#[derive(Default)]
pub struct Got {
    pub head: Vec<u8>,
    pub body: Vec<u8>,
    pub packets: Vec<u8>,
}

/// An answer to a push.
pub enum PushAnswer {
    Accept,
    Deny,
    Fail,
}

/// Drives a multi handle by what it announces, and checks that what it announces is true.
pub struct Driver {
    pub multi: Multi,
    pub watched: HashMap<RawFd, Watch>,
    pub watch_calls: usize,
    pub timer_calls: usize,
    pub progress_calls: usize,
    timer: Option<Instant>,
    pub got: HashMap<TransferId, Got>,
    pub upload: Vec<u8>,
    pub uploaded: usize,
    /// The upload pauses once when so much of it was read.
    pub pause_upload_at: Option<usize>,
    pub debug: String,
    /// What was offered by servers, and whose transfer it became.
    pub pushes: Vec<(String, Vec<String>, Option<TransferId>)>,
    /// What a push of this URL is answered.
    pub push_answer: fn(&str) -> PushAnswer,
    /// Who pauses at the first byte of its body.
    pausing: Option<TransferId>,
}

impl Driver {
    pub fn new() -> Self {
        Self {
            multi: Multi::new(MultiSettings::default()),
            watched: HashMap::new(),
            watch_calls: 0,
            timer_calls: 0,
            progress_calls: 0,
            timer: None,
            got: HashMap::new(),
            upload: Vec::new(),
            uploaded: 0,
            pause_upload_at: None,
            debug: String::new(),
            pushes: Vec::new(),
            push_answer: |_| PushAnswer::Accept,
            pausing: None,
        }
    }

    pub fn add(&mut self, options: Options) -> TransferId {
        self.add_transfer(Transfer::new(Arc::new(options)))
    }

    pub fn add_transfer(&mut self, transfer: Transfer) -> TransferId {
        self.multi.enter(Instant::now());
        let id = self.multi.add(Box::new(transfer));
        self.effects();
        id
    }

    pub fn pause_at_first_byte(&mut self, id: TransferId) {
        self.pausing = Some(id);
    }

    pub fn unpause(&mut self, id: TransferId) {
        self.pausing = None;
        self.multi.enter(Instant::now());
        self.multi.pause(id, false, false).unwrap();
        self.effects();
    }

    pub fn remove(&mut self, id: TransferId) {
        self.multi.enter(Instant::now());
        self.multi.remove(id).unwrap();
        self.effects();
    }

    pub fn close_idle(&mut self) {
        self.multi.enter(Instant::now());
        self.multi.close_idle();
        self.effects();
    }

    pub fn change(&mut self, id: TransferId, options: Options) {
        self.multi.enter(Instant::now());
        self.multi.options_changed(id, Arc::new(options));
        self.effects();
    }

    pub fn upkeep(&mut self, interval: Duration) {
        self.multi.enter(Instant::now());
        self.multi.upkeep(interval);
        self.effects();
    }

    /// Runs until nothing does any more.
    pub fn run(&mut self) {
        self.run_while(|driver| driver.multi.running() > 0);
    }

    /// Runs as long as something holds, which must not be for long.
    pub fn run_while(&mut self, holds: impl Fn(&Self) -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        while holds(self) {
            assert!(Instant::now() < until, "it hangs:\n{}", self.debug);
            self.turn();
        }
    }

    pub fn turn(&mut self) {
        let mut poller = Poller::default();
        for (fd, watch) in &self.watched {
            let events = match watch {
                Watch::In => PollEvents::IN,
                Watch::Out => PollEvents::OUT,
                _ => PollEvents(PollEvents::IN.0 | PollEvents::OUT.0),
            };
            poller.push(*fd, events);
        }
        let now = Instant::now();
        let longest = Duration::from_secs(5);
        let wait = self.timer.map_or(longest, |at| at.saturating_duration_since(now).min(longest));
        poller.wait(Some(wait)).unwrap();
        let ready: Vec<_> = poller.ready().map(|(_, fd, events)| (fd, events)).collect();
        for (fd, events) in ready {
            if !self.watched.contains_key(&fd) {
                continue;
            }
            self.multi.enter(Instant::now());
            let ready = Ready {
                readable: events.0 & !PollEvents::OUT.0 != 0,
                writable: events.intersects(PollEvents::OUT),
                error: false,
            };
            assert!(self.multi.socket_ready(fd, ready), "announced, but not known");
            self.effects();
        }
        if self.timer.is_some_and(|at| at <= Instant::now()) {
            self.timer = None;
            self.multi.enter(Instant::now());
            self.multi.timeout();
            self.effects();
        }
    }

    fn effects(&mut self) {
        while let Some(effect) = self.multi.next_effect() {
            match effect {
                Effect::Deliver { transfer, kind, bytes }
                    if kind == Delivery::Body && self.pausing == Some(transfer) =>
                {
                    self.multi.delivered(kind, bytes, Delivered::Pause { taken: 0 });
                }
                Effect::Deliver { transfer, kind, bytes } => {
                    let got = self.got.entry(transfer).or_default();
                    match kind {
                        Delivery::Body => got.body.extend_from_slice(&bytes),
                        Delivery::Rtp => got.packets.extend_from_slice(&bytes),
                        Delivery::Header | Delivery::Reply => got.head.extend_from_slice(&bytes),
                    }
                    self.multi.delivered(kind, bytes, Delivered::Taken);
                }
                Effect::Read { buffer, .. }
                    if self.pause_upload_at.is_some_and(|at| self.uploaded >= at) =>
                {
                    self.pause_upload_at = None;
                    self.multi.supplied(buffer, Supplied::Pause);
                }
                Effect::Read { room, mut buffer, .. } => {
                    let rest = &self.upload[self.uploaded..];
                    let piece = &rest[..room.min(rest.len())];
                    buffer.extend_from_slice(piece);
                    self.uploaded += piece.len();
                    let ended = piece.is_empty();
                    let answer = if ended { Supplied::End } else { Supplied::Data };
                    self.multi.supplied(buffer, answer);
                }
                Effect::Seek { offset, .. } => {
                    self.uploaded = offset as usize;
                    self.multi.sought(Sought::Ok);
                }
                Effect::Watch { socket, what, .. } => {
                    self.watch_calls += 1;
                    let before = match what {
                        Watch::Remove => self.watched.remove(&socket),
                        what => self.watched.insert(socket, what),
                    };
                    assert_ne!(before, Some(what), "told twice");
                    assert!(
                        what != Watch::Remove || before.is_some(),
                        "remove of an unknown socket"
                    );
                    assert!(is_open(socket), "closed before it was told");
                }
                Effect::Timer { after } => {
                    self.timer_calls += 1;
                    self.timer = after.map(|after| Instant::now() + after);
                }
                Effect::Debug { bytes, .. } => {
                    self.debug.push_str(&String::from_utf8_lossy(&bytes))
                }
                Effect::Progress { .. } => {
                    self.progress_calls += 1;
                    assert!(self.progress_calls < 100_000, "it spins");
                    self.multi.allowed(true);
                }
                Effect::Push { parent, url, head } => self.pushed(parent, &url, &head),
                Effect::Done { .. } => {}
                other => panic!("unexpected {other:?}"),
            }
        }
    }
}

impl Driver {
    fn pushed(&mut self, parent: TransferId, url: &[u8], head: &[Box<[u8]>]) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let answer = match (self.push_answer)(&text(url)) {
            PushAnswer::Accept => {
                let options = (**self.multi.transfer(parent).unwrap().options()).clone();
                let options = Options { url: Some(url.into()), ..options };
                Pushed::Accept(Box::new(Transfer::new(Arc::new(options))))
            }
            PushAnswer::Deny => Pushed::Deny,
            PushAnswer::Fail => Pushed::Fail,
        };
        let id = self.multi.pushed(answer);
        self.pushes.push((text(url), head.iter().map(|line| text(line)).collect(), id));
    }
}

/// Options for a GET of `path` at `server`.
pub fn get(server: SocketAddr, path: &str) -> Options {
    let url = format!("http://{server}{path}");
    Options { url: Some(url.into_bytes().into()), verbose: true, ..Options::default() }
}

/// A server that answers each connection by `script`, in a thread that ends with the test.
pub fn serve(script: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let script = Arc::new(script);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let script = script.clone();
            std::thread::spawn(move || script(stream));
        }
    });
    address
}

/// Reads one request head; none when the peer has closed.
pub fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// Writes all of `text`.
pub fn write(stream: &mut TcpStream, text: &str) {
    let _ = stream.write_all(text.as_bytes());
}

/// Another thread of the tests may have got the number since: then this says yes.
fn is_open(socket: RawFd) -> bool {
    std::fs::symlink_metadata(format!("/proc/self/fd/{socket}")).is_ok()
}
