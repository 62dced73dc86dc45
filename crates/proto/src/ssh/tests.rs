//! Sessions with a server that these tests speak for: before there are keys, and, with keys that seal
//! nothing, what comes inside.

use tress_model::{Code, Result};

use super::session::MAX_UNREAD;
use super::sftp::{CHUNK, MAX_PATH};
use super::transport::MAX_DELAYED;
use super::wire::{Put, Reader};
use super::{Config, Credentials, Methods, Request, Ssh};
use crate::pingpong::Event;

const IGNORE: u8 = 2;
const SERVICE_ACCEPT: u8 = 6;
const KEXINIT: u8 = 20;
const NEWKEYS: u8 = 21;
const LOGGED_IN: u8 = 52;
const GLOBAL_REQUEST: u8 = 80;
const OPENED: u8 = 91;
const DATA: u8 = 94;
const CLOSE: u8 = 97;
const GRANTED: u8 = 99;

/// The other end of a session.
struct Server {
    ssh: Ssh,
    /// What the session has said, message by message.
    heard: Vec<Vec<u8>>,
}

fn config(sftp: bool) -> Config {
    let (user, password) = (b"me".to_vec(), b"secret".to_vec());
    let key = Err("none".to_owned());
    let credentials = Credentials { user, password, key, methods: Methods(u32::MAX) };
    Config { credentials, sftp, known_keys: Vec::new() }
}

/// A packet that nothing seals.
fn packet(message: &[u8]) -> Vec<u8> {
    let padding = 4 + (8 - (message.len() + 9) % 8) % 8;
    let mut packet = Vec::new();
    packet.put_u32((1 + message.len() + padding) as u32);
    packet.push(padding as u8);
    packet.extend_from_slice(message);
    packet.resize(packet.len() + padding, 0);
    packet
}

fn with_text(number: u8, text: &[u8]) -> Vec<u8> {
    let mut message = vec![number];
    message.put_string(text);
    message
}

fn with_numbers(number: u8, numbers: &[u32]) -> Vec<u8> {
    let mut message = vec![number];
    numbers.iter().for_each(|number| message.put_u32(*number));
    message
}

fn opened() -> Vec<u8> {
    with_numbers(OPENED, &[0, 7, 1 << 20, 1 << 15])
}

fn data(bytes: &[u8]) -> Vec<u8> {
    let mut message = with_numbers(DATA, &[0]);
    message.put_string(bytes);
    message
}

fn string(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.put_string(text);
    bytes
}

/// A message of SFTP, in the channel.
fn sftp(kind: u8, id: u32, rest: &[u8]) -> Vec<u8> {
    let head = with_numbers(kind, &[id]);
    data(&string(&[&head, rest].concat()))
}

/// A reply with one name.
fn name(text: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 1][..], &string(text), &string(text), &[0; 4]].concat()
}

impl Server {
    fn new(sftp: bool) -> Self {
        Self { ssh: Ssh::unsealed(config(sftp)).unwrap(), heard: Vec::new() }
    }

    /// One whose user is in, with SFTP's channel open.
    fn with_sftp() -> Self {
        Self::at_home(b"/home/me")
    }

    /// One that says that this is the user's directory.
    fn at_home(directory: &[u8]) -> Self {
        let mut server = Self::new(true);
        let said = [
            with_text(SERVICE_ACCEPT, b"ssh-userauth"),
            vec![LOGGED_IN],
            opened(),
            with_numbers(GRANTED, &[0]),
            data(&[0, 0, 0, 5, 2, 0, 0, 0, 3]),
            sftp(104, 0, &name(directory)),
        ];
        let events: Vec<String> = said.iter().flat_map(|said| server.say(said).unwrap()).collect();
        assert_eq!(events.last().map(String::as_str), Some("Ready"), "{events:?}");
        server
    }

    /// One whose user is in, with SCP's command running.
    fn with_scp(request: Request) -> Self {
        let mut server = Self::new(false);
        server.say(&with_text(SERVICE_ACCEPT, b"ssh-userauth")).unwrap();
        assert!(server.say(&[LOGGED_IN]).unwrap().contains(&"Ready".to_owned()));
        server.ssh.perform(request).unwrap();
        server.say(&opened()).unwrap();
        server.say(&with_numbers(GRANTED, &[0])).unwrap();
        server
    }

    /// Says a message; what comes of it.
    fn say(&mut self, message: &[u8]) -> Result<Vec<String>> {
        let events = self.say_bytes(&packet(message))?;
        self.hear();
        Ok(events)
    }

    fn say_bytes(&mut self, bytes: &[u8]) -> Result<Vec<String>> {
        let (mut events, mut rest) = (Vec::new(), bytes);
        loop {
            let (taken, event) = self.ssh.step(rest)?;
            rest = &rest[taken..];
            match event {
                Event::Wait if rest.is_empty() => return Ok(events),
                Event::Wait => {}
                Event::Body(body) => events.push(String::from_utf8_lossy(body).into_owned()),
                event => events.push(format!("{event:?}")),
            }
        }
    }

    /// Takes what the session has said.
    fn hear(&mut self) {
        let mut output = self.ssh.output();
        let count = output.len();
        while let Some(head) = output.first_chunk::<4>() {
            let (packet, rest) = output[4..].split_at(u32::from_be_bytes(*head) as usize);
            let padding = usize::from(packet[0]);
            self.heard.push(packet[1..packet.len() - padding].to_vec());
            output = rest;
        }
        self.ssh.sent(count);
    }

    /// The kinds of SFTP's messages since the last time.
    fn kinds(&mut self) -> Vec<u8> {
        self.hear();
        let heard = std::mem::take(&mut self.heard);
        let mut kinds = Vec::new();
        for message in heard.iter().filter(|message| message[0] == DATA) {
            let mut messages = Reader(Reader(&message[5..]).string().unwrap());
            while let Ok(message) = messages.string() {
                kinds.push(message[0]);
            }
        }
        kinds
    }
}

fn download(path: &str) -> Request {
    Request { path: path.into(), ..Request::default() }
}

#[test]
fn a_file_comes_by_sftp() {
    let mut server = Server::with_sftp();
    server.kinds();
    server.ssh.perform(download("/~/file")).unwrap();
    assert_eq!(server.say(&sftp(102, 1, &string(b"handle"))).unwrap(), [""; 0]);
    let size_5 = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5];
    assert_eq!(server.say(&sftp(105, 2, &size_5)).unwrap(), ["Download(Some(5))"]);
    assert_eq!(server.say(&sftp(103, 3, &string(b"hello"))).unwrap(), ["hello"]);
    assert_eq!(server.say(&sftp(101, 4, &[0; 4])).unwrap(), ["Done"]);
    assert_eq!(server.kinds(), [3, 8, 5, 4]);
    assert!(server.ssh.is_idle());
}

#[test]
fn a_handle_is_not_longer_than_it_may_be() {
    let mut server = Server::with_sftp();
    server.ssh.perform(download("/file")).unwrap();
    let error = server.say(&sftp(102, 1, &string(&[b'h'; 257]))).unwrap_err();
    assert!(error.message().contains("a handle of 257 bytes"), "{}", error.message());
}

#[test]
fn nobody_is_in_before_the_server_says_so() {
    for early in
        [vec![LOGGED_IN], opened(), data(b"x"), with_text(GLOBAL_REQUEST, b"x"), vec![NEWKEYS]]
    {
        let mut server = Server::new(true);
        assert_eq!(server.say(&early).unwrap_err().code(), Code::Ssh, "{early:?}");
    }
    let mut server = Server::new(true);
    server.say(&with_text(SERVICE_ACCEPT, b"ssh-userauth")).unwrap();
    assert!(server.say(&with_numbers(GRANTED, &[0])).is_err());
}

#[test]
fn who_asks_on_and_on_and_does_not_read_is_given_up() {
    let mut question = with_text(GLOBAL_REQUEST, b"are you there");
    question.push(1);
    let questions = packet(&question).repeat(1000);
    let mut server = Server::with_sftp();
    let error = (0..400).find_map(|_| {
        assert!(server.ssh.output().len() <= MAX_UNREAD);
        server.say_bytes(&questions).err()
    });
    let error = error.expect("an end");
    assert!(error.message().contains("does not read"), "{}", error.message());
    // Who reads may ask.
    let mut server = Server::with_sftp();
    for _ in 0..400 {
        server.say_bytes(&questions).unwrap();
        server.hear();
    }
}

#[test]
fn no_more_comes_than_the_window_lets_in() {
    let body = data(&[b'x'; 200_000]);
    let mut server = Server::with_scp(download("/file"));
    server.say(&data(b"C0644 20000000 file\n")).unwrap();
    // More room is told of as it is used.
    (0..100).for_each(|_| drop(server.say(&body).unwrap()));
    assert!(server.heard.iter().any(|message| message[0] == 93));
    // After the end it is not.
    server.say(&data(&[0])).unwrap();
    let error = (0..25).find_map(|_| server.say(&body).err()).expect("an end");
    assert_eq!(
        (error.code(), error.message()),
        (Code::Ssh, "SSH: more data than the window lets in")
    );
}

#[test]
fn the_end_of_a_long_path_is_left_out() {
    for (length, kept) in [(MAX_PATH, MAX_PATH), (MAX_PATH + 1, MAX_PATH), (100_000, MAX_PATH)] {
        let mut server = Server::at_home(&vec![b'p'; length]);
        server.kinds();
        server.ssh.perform(download("/~/file")).unwrap();
        server.hear();
        // The file is asked for below what was kept.
        let data = server.heard.iter().map(|message| Reader(&message[5..]).string().unwrap());
        let open = data.collect::<Vec<_>>().concat();
        let path = Reader(&open[9..]).string().unwrap();
        assert_eq!(path.len(), kept + "/file".len(), "{length}");
    }
}

#[test]
fn who_asks_on_and_on_while_keys_are_exchanged_is_given_up() {
    let mut question = with_text(GLOBAL_REQUEST, b"are you there");
    question.push(1);
    let mut server = Server::with_sftp();
    server.say(&kexinit(false)).unwrap();
    server.say_bytes(&packet(&question).repeat(MAX_DELAYED)).unwrap();
    let error = server.say(&question).unwrap_err();
    let text = "SSH: too much waits for an exchange of keys";
    assert_eq!((error.code(), error.message()), (Code::Ssh, text));
}

#[test]
fn a_body_waits_while_keys_are_exchanged() {
    let (path, upload_size) = (b"/file".to_vec(), Some(1 << 30));
    let upload = Request { path, upload: true, upload_size, ..Request::default() };
    let mut scp = Server::with_scp(upload.clone());
    assert_eq!(scp.say(&data(&[0, 0])).unwrap(), ["Upload"]);
    let mut by_sftp = Server::with_sftp();
    by_sftp.ssh.perform(upload).unwrap();
    assert_eq!(by_sftp.say(&sftp(102, 1, &string(b"handle"))).unwrap(), ["Upload"]);
    for mut server in [scp, by_sftp] {
        assert_eq!(server.ssh.upload_room(), CHUNK);
        server.say(&kexinit(false)).unwrap();
        assert_eq!(server.ssh.upload_room(), 0);
    }
}

#[test]
fn scp_hears_of_times_once() {
    let mut server = Server::with_scp(download("/file"));
    let events = server.say(&data(b"T0 0 0 0\nC0644 2 file\nhi\0")).unwrap();
    assert_eq!(events, ["Download(Some(2))", "hi"]);
    assert_eq!(server.say(&with_numbers(CLOSE, &[0])).unwrap(), ["Done"]);
    let mut server = Server::with_scp(download("/file"));
    assert!(server.say(&data(b"T0 0 0 0\nT0 0 0 0\n")).is_err());
}

/// The server's first message of an exchange of keys; `strict`: it knows the answer to Terrapin.
fn kexinit(strict: bool) -> Vec<u8> {
    let methods: &[u8] = match strict {
        true => b"curve25519-sha256,kex-strict-s-v00@openssh.com",
        false => b"curve25519-sha256",
    };
    let mut init = vec![KEXINIT];
    init.extend_from_slice(&[0; 16]);
    let cipher: &[u8] = b"chacha20-poly1305@openssh.com";
    for names in [methods, b"ssh-ed25519", cipher, cipher, b"", b"", b"none", b"none", b"", b""] {
        init.put_string(names);
    }
    init.extend_from_slice(&[0; 5]);
    init
}

/// Terrapin (CVE-2023-48795): a packet that somebody slips in before there are keys ends the
/// connection, wherever it stands; without strict order there is no way to tell.
#[test]
fn strict_order_lets_nothing_in_before_the_keys() {
    let nothing = with_text(IGNORE, b"");
    for strict in [true, false] {
        for said in [[&kexinit(strict), &nothing], [&nothing, &kexinit(strict)]] {
            let mut ssh = Ssh::new(config(true)).unwrap();
            let bytes = [b"SSH-2.0-x\r\n", &packet(said[0])[..], &packet(said[1])].concat();
            match ssh.step(&bytes).map(|(_, event)| format!("{event:?}")) {
                Ok(event) => assert!(!strict && event == "Wait", "{event}"),
                Err(error) => assert!(strict && error.code() == Code::Ssh, "{}", error.message()),
            }
        }
    }
    // Nor do keys come without an exchange.
    let mut ssh = Ssh::new(config(true)).unwrap();
    let bytes = [b"SSH-2.0-x\r\n", &packet(&kexinit(true))[..], &packet(&[NEWKEYS])].concat();
    assert!(ssh.step(&bytes).is_err());
}
