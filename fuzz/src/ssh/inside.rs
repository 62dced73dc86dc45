//! A whole session from the login on, with keys that seal nothing. The input is a list of what the server
//! says, and of what the owner does; what the session says is read by rules:
//!
//! - packets are well-formed; no data beyond the server's window, nor larger than it takes;
//! - no login before it is asked for, no password where passwords are not allowed, nobody is in before
//!   the server says so, no file is read or written before it is open;
//! - no more events or bytes of a body than there was input for; each request is done once;
//! - what waits for a server that does not read is bounded.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};

use tress_proto::pingpong::Event;
use tress_proto::ssh::{Ask, Config, Credentials, Methods, PrivateKey, Request, Ssh};

const PASSWORD: &[u8] = b"pass-word";
/// Output that is not read: the limit of the library, and what one message may add.
const MAX_UNREAD: usize = (4 << 20) + (1 << 20);
/// Authentications that are tried at most: methods, and answers to questions.
const MAX_TRIES: usize = 4 + 20;

/// Decides what the session is set up with, and what is asked of it.
#[derive(Clone, Copy)]
struct Flags(u8);

impl Flags {
    fn has(self, bit: u8) -> bool {
        self.0 & 1 << bit != 0
    }
}

pub fn run(bytes: &[u8], wishes: u8, setting: u8) {
    let setting = Flags(setting);
    let mut session = Session::new(setting);
    let mut rest = bytes;
    while let Some((&[op, high, low], after)) = rest.split_first_chunk::<3>() {
        let length = usize::from(u16::from_be_bytes([high, low])).min(after.len());
        let (payload, after) = after.split_at(length);
        rest = after;
        let goes_on = match op & 7 {
            0 => session.say(payload),
            1 => session.say_data(payload),
            2 => session.say_sftp(payload, true),
            3 => session.say_sftp(payload, false),
            4 => session.upload(length),
            5 => session.end_upload(),
            6 => session.perform(Flags(payload.first().copied().unwrap_or(wishes)), payload),
            _ => {
                session.server.unsure = true;
                session.feed(payload)
            }
        };
        if goes_on.is_none() || !setting.has(0) && session.server.hear(&mut session.ssh).is_none() {
            return;
        }
    }
}

/// The session, and its owner.
struct Session {
    ssh: Ssh,
    server: Server,
    sftp: bool,
    fed: usize,
    events: usize,
    delivered: usize,
    /// A request is under way; the user is in.
    busy: bool,
    ready: bool,
    request: Request,
    uploads: bool,
}

impl Session {
    fn new(setting: Flags) -> Self {
        static KEY: LazyLock<Arc<PrivateKey>> = LazyLock::new(|| {
            let file = include_bytes!("../../seeds/ssh/key");
            Arc::new(PrivateKey::parse(&file[2..], b"").expect("a key"))
        });
        let passwords = setting.has(1);
        let key = if setting.has(2) { Ok(KEY.clone()) } else { Err("none".to_owned()) };
        let methods = Methods(if passwords { u32::MAX } else { 1 });
        let (user, password) = (b"me".to_vec(), PASSWORD.to_vec());
        let sftp = setting.has(3);
        let credentials = Credentials { user, password, key, methods };
        let config = Config { credentials, sftp, known_keys: Vec::new() };
        Self {
            ssh: Ssh::unsealed(config).expect("random numbers"),
            server: Server { sftp, passwords, ..Server::default() },
            sftp,
            fed: 0,
            events: 0,
            delivered: 0,
            busy: false,
            ready: false,
            request: Request::default(),
            uploads: false,
        }
    }

    fn say(&mut self, message: &[u8]) -> Option<()> {
        self.server.says(message);
        self.feed(&packet(message))
    }

    fn say_data(&mut self, bytes: &[u8]) -> Option<()> {
        let mut message = vec![94];
        message.extend_from_slice(&self.server.channel.to_be_bytes());
        put_string(&mut message, bytes);
        self.say(&message)
    }

    /// An answer to the last request, or to the one that has waited longest.
    fn say_sftp(&mut self, payload: &[u8], last: bool) -> Option<()> {
        let Some((kind, rest)) = payload.split_first() else { return Some(()) };
        let asked = &mut self.server.asked;
        let id = if last { asked.pop_back() } else { asked.pop_front() };
        self.server.gave_handle |= *kind == 102;
        let mut message = vec![*kind];
        message.extend_from_slice(&id.unwrap_or(0).to_be_bytes());
        message.extend_from_slice(rest);
        let mut framed = Vec::new();
        put_string(&mut framed, &message);
        self.say_data(&framed)
    }

    fn perform(&mut self, wishes: Flags, payload: &[u8]) -> Option<()> {
        if self.busy || !self.ready {
            return Some(());
        }
        let names = ["/~/file", "/dir/file", "/dir/", "/a/b/c"];
        let path = names[usize::from(wishes.0 >> 6)];
        let quote: Vec<Vec<u8>> =
            payload.split(|byte| *byte == b'\n').skip(1).take(4).map(<[u8]>::to_vec).collect();
        self.request = Request {
            path: path.into(),
            upload: wishes.has(0),
            upload_size: wishes.has(0).then_some(100_000),
            append: wishes.has(1),
            no_body: wishes.has(2) && !wishes.has(0),
            list_only: wishes.has(1),
            file_time: wishes.has(3),
            create_dirs: wishes.has(2),
            resume_from: if wishes.has(4) { -3 } else { 0 },
            range: wishes.has(5).then(|| b"2-700".to_vec()),
            postquote: if wishes.has(3) { quote.clone() } else { Vec::new() },
            quote,
            file_perms: 0o644,
            dir_perms: 0o755,
        };
        self.busy = true;
        self.ssh.perform(self.request.clone()).ok()?;
        self.feed(&[])
    }

    fn upload(&mut self, most: usize) -> Option<()> {
        let room = self.ssh.upload_room();
        assert!(room == 0 || self.uploads, "there is room for what was not asked for");
        if self.uploads && room > 0 {
            self.ssh.upload(&vec![b'u'; most.min(room)]).ok()?;
        }
        self.feed(&[])
    }

    fn end_upload(&mut self) -> Option<()> {
        if std::mem::take(&mut self.uploads) {
            self.ssh.upload_ended().ok()?;
        }
        self.feed(&[])
    }

    /// Shows bytes to the session until it waits; none: it has failed.
    fn feed(&mut self, bytes: &[u8]) -> Option<()> {
        self.fed += bytes.len();
        let mut rest = bytes;
        loop {
            let (taken, event) = self.ssh.step(rest).ok()?;
            rest = &rest[taken..];
            self.events += 1;
            match event {
                Event::Wait if rest.is_empty() => break,
                Event::Wait => assert!(taken > 0, "nothing is taken, and nothing comes of it"),
                Event::Ready => {
                    assert!(self.server.is_in(), "nobody was let in");
                    assert!(!std::mem::replace(&mut self.ready, true));
                }
                Event::Body(body) => {
                    assert!(self.busy && !self.request.upload && !self.request.no_body);
                    self.delivered += body.len();
                }
                Event::Download(_) => assert!(self.busy && !self.request.upload),
                Event::Upload => {
                    assert!(self.busy && self.request.upload && !self.uploads);
                    self.uploads = true;
                }
                Event::Done => assert!(std::mem::take(&mut self.busy), "done twice"),
                Event::Line { body, .. } => assert!(self.busy && self.sftp && !body),
                Event::Ssh(Ask::HostKey(_)) => panic!("keys were exchanged before"),
                Event::Ssh(_) => {}
                Event::StartTls | Event::Ftp(_) => panic!("{event:?}"),
            }
        }
        self.uploads &= self.busy;
        // A line of a listing has an arrow and an end more than its names; requests have few events
        // of their own, and there is one Wait for each piece.
        assert!(self.events <= 64 + 2 * self.fed + 16 * self.server.requests());
        assert!(self.delivered <= 8 * self.events + self.fed, "a body that never came");
        assert!(self.ssh.output().len() <= MAX_UNREAD, "too much waits");
        Some(())
    }
}

/// What the server has said, and what it has heard.
#[derive(Default)]
struct Server {
    sftp: bool,
    passwords: bool,
    /// Bytes were said that are no messages.
    unsure: bool,
    accepted: bool,
    let_in: bool,
    gave_handle: bool,
    heard: usize,
    tries: usize,
    channel: u32,
    /// Window and largest piece of the channel, once it is open.
    open: Option<(u64, usize)>,
    stream: Vec<u8>,
    /// Requests of SFTP without an answer.
    asked: VecDeque<u32>,
}

impl Server {
    fn says(&mut self, message: &[u8]) {
        let number = |at: usize| {
            let bytes = message.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_be_bytes(bytes))
        };
        match (message.first(), number(1)) {
            (Some(6), _) => self.accepted = true,
            (Some(52), _) => self.let_in = true,
            (Some(91), Some(id)) if id == self.channel && self.open.is_none() => {
                if let (Some(window), Some(most)) = (number(9), number(13)) {
                    self.open = Some((window.into(), most as usize));
                }
            }
            (Some(93), Some(id)) if id == self.channel => {
                if let (Some((window, _)), Some(more)) = (&mut self.open, number(5)) {
                    *window += u64::from(more);
                }
            }
            // An answer that is written by hand.
            (Some(94), _) => self.gave_handle |= !self.sftp || message.contains(&102),
            _ => {}
        }
    }

    fn is_in(&self) -> bool {
        self.let_in || self.unsure
    }

    fn requests(&self) -> usize {
        self.heard
    }

    /// Takes what the session has said.
    fn hear(&mut self, ssh: &mut Ssh) -> Option<()> {
        let output = ssh.output().to_vec();
        ssh.sent(output.len());
        let mut rest = &output[..];
        while let Some((head, after)) = rest.split_first_chunk::<4>() {
            let (packet, after) = after.split_at(u32::from_be_bytes(*head) as usize);
            let padding = usize::from(packet[0]);
            assert!(padding >= 4 && (packet.len() + 4).is_multiple_of(8), "a malformed packet");
            self.hear_message(&packet[1..packet.len() - padding]);
            rest = after;
        }
        assert!(rest.is_empty(), "half a packet");
        Some(())
    }

    fn hear_message(&mut self, message: &[u8]) {
        self.heard += 1;
        let shows_password = message.windows(PASSWORD.len()).any(|it| it == PASSWORD);
        assert!(!shows_password || self.passwords, "a password where none is allowed");
        match message[0] {
            50 | 61 => {
                self.tries += 1;
                assert!(self.accepted || self.unsure, "a login that nobody has asked for");
                assert!(self.tries <= MAX_TRIES, "a login without end");
            }
            90 => {
                assert!(self.is_in());
                let id = message[12..16].try_into().expect("its number");
                (self.channel, self.open) = (u32::from_be_bytes(id), None);
            }
            94 => {
                let data = &message[9..];
                if !self.unsure {
                    let (window, most) = self.open.as_mut().expect("an open channel");
                    assert!(data.len() <= *most, "a piece that is too large");
                    *window = window.checked_sub(data.len() as u64).expect("room for it");
                }
                if self.sftp {
                    self.hear_sftp(data);
                }
            }
            _ => {}
        }
    }

    fn hear_sftp(&mut self, data: &[u8]) {
        self.stream.extend_from_slice(data);
        loop {
            let Some((head, rest)) = self.stream.split_first_chunk::<4>() else { return };
            let length = u32::from_be_bytes(*head) as usize;
            let Some(message) = rest.get(..length) else { return };
            let kind = message[0];
            assert!(![4, 5, 6, 8, 12].contains(&kind) || self.gave_handle, "no file is open");
            if kind != 1 {
                let id = message[1..5].try_into().expect("its number");
                self.asked.push_back(u32::from_be_bytes(id));
            }
            self.stream.drain(..4 + length);
        }
    }
}

/// A packet that nothing seals.
fn packet(message: &[u8]) -> Vec<u8> {
    let padding = 4 + (8 - (message.len() + 9) % 8) % 8;
    let mut packet = Vec::new();
    packet.extend_from_slice(&((1 + message.len() + padding) as u32).to_be_bytes());
    packet.push(padding as u8);
    packet.extend_from_slice(message);
    packet.resize(packet.len() + padding, 0);
    packet
}

fn put_string(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    to.extend_from_slice(bytes);
}
