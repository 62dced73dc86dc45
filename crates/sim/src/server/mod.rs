//! The other ends: servers that do what the plans say.

mod ftp;
mod h1;
mod h2;
mod imap;
mod lines;
mod pop3;
pub mod proxy;
pub mod secure;
mod smtp;

use std::collections::BTreeMap;
use std::rc::Rc;

pub use lines::SECRET;

use crate::plan::{Plan, Protocol};
use crate::random::Random;

/// The server's end of one connection.
#[derive(Debug)]
pub enum Server {
    Http1(h1::Server),
    Http2(Box<h2::Server>),
    Lines(Box<lines::Server>),
    Secure(Box<secure::Secure>),
    Proxy(Box<proxy::Proxy>),
    /// The far end of FTP's second connection: the session does everything.
    Data,
}

/// What the hosts speak, and where.
#[derive(Debug)]
pub struct Places {
    pub protocols: Vec<Protocol>,
    tls: secure::Configs,
}

/// Ports from here on are those of FTP's second connections.
pub const FIRST_PORT: u16 = 20_000;

impl Places {
    pub fn new(protocols: Vec<Protocol>) -> Self {
        Self { protocols, tls: secure::Configs::new() }
    }

    /// Whoever listens there.
    pub fn server(self: &Rc<Self>, host: usize, port: u16) -> Server {
        const SECURE: [u16; 4] = [443, 465, 993, 995];
        let protocol = self.protocols.get(host).copied().unwrap_or_default();
        match port {
            FIRST_PORT.. => Server::Data,
            proxy::HTTP_PORT | proxy::SOCKS_PORT => {
                let is_socks = port == proxy::SOCKS_PORT;
                Server::Proxy(Box::new(proxy::Proxy::new(self.clone(), is_socks)))
            }
            port if SECURE.contains(&port) => {
                Server::Secure(Box::new(secure::Secure::new(&self.tls, protocol)))
            }
            _ => Server::new(protocol),
        }
    }
}

/// What a server wants done on its connection, in order.
#[derive(Debug)]
pub enum Out {
    Bytes(Vec<u8>),
    /// It closes; what comes then is answered by a reset.
    Close,
    /// The same without a goodbye of TLS.
    Cut,
    /// It says nothing more, but still takes what comes.
    HalfClose,
    Reset,
    /// It serves no more requests here, and says so (GOAWAY).
    Leaves,
    /// It takes no more bytes.
    Deaf,
    /// It is idle; it may want to close for that.
    Idle,
    /// It will never say anything more.
    Hangs,
    /// It does not offer TLS, or refuses it.
    Unsecured,
    /// Something about FTP's second connection, by its port.
    Data(u16, Data),
}

/// What FTP's second connection is for.
#[derive(Debug)]
pub enum Data {
    Listen,
    /// This is done on it, once it is up.
    Send(Vec<Out>),
    /// The client sends a file.
    Take,
    /// The same, but nobody takes it.
    Deaf,
}

/// What a server sees of the world.
pub struct Desk<'a> {
    pub plans: &'a mut BTreeMap<u32, Plan>,
    pub random: &'a mut Random,
    pub out: Vec<Out>,
    /// Which one of all.
    pub connection: u64,
    pub is_ipv6: bool,
    /// How often a log-in fails, in a thousand.
    pub bad_login: u64,
    /// How often a handshake of TLS, or with a proxy, fails.
    pub bad_hello: u64,
    /// Mail servers offer STARTTLS, most of the time.
    pub upgrades: bool,
    /// Nothing goes wrong.
    pub clean: bool,
    pub places: &'a Places,
    /// The next port of FTP's second connections.
    pub next_port: &'a mut u16,
    /// What the client has done wrong.
    pub complaint: Option<String>,
}

impl Server {
    pub fn new(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Http1 => Self::Http1(h1::Server::default()),
            Protocol::Http2 => Self::Http2(Box::new(h2::Server::new())),
            lines => Self::Lines(Box::new(lines::Server::new(lines))),
        }
    }

    /// Somebody has connected.
    pub fn greet(&mut self, desk: &mut Desk<'_>) {
        match self {
            Self::Lines(server) => server.greet(desk),
            Self::Secure(server) => server.greet(desk),
            Self::Proxy(server) => server.greet(desk),
            _ => {}
        }
    }

    /// A file has come over FTP's second connection.
    pub fn uploaded(&mut self, bytes: &[u8], desk: &mut Desk<'_>) {
        if let Self::Lines(server) = self {
            ftp::uploaded(server, bytes, desk);
        }
    }

    /// Something is said or done that no bytes have asked for.
    pub fn say(&mut self, out: Out, desk: &mut Desk<'_>) {
        match self {
            Self::Secure(server) => server.say(out, desk),
            Self::Proxy(server) => match server.inner_mut() {
                Some(inner) => inner.say(out, desk),
                None => desk.out.push(out),
            },
            _ => desk.out.push(out),
        }
    }

    /// Do many transfers share this connection?
    pub fn is_shared(&self) -> bool {
        match self {
            Self::Secure(server) => server.inner().is_shared(),
            Self::Proxy(server) => server.inner().is_some_and(Self::is_shared),
            server => matches!(server, Self::Http2(_)),
        }
    }

    /// Does it take leave in order, so that nobody suffers from it?
    pub fn is_leaving(&self) -> bool {
        match self {
            Self::Http2(server) => server.is_leaving(),
            Self::Secure(server) => server.inner().is_leaving(),
            Self::Proxy(server) => server.inner().is_some_and(Self::is_leaving),
            _ => false,
        }
    }

    /// Bytes have come.
    pub fn receive(&mut self, bytes: &[u8], desk: &mut Desk<'_>) {
        match self {
            Self::Http1(server) => server.receive(bytes, desk),
            Self::Http2(server) => server.receive(bytes, desk),
            Self::Lines(server) => {
                server.receive(bytes, desk);
                if let Some(rest) = server.upgrade() {
                    self.upgrade(&rest, desk);
                }
            }
            Self::Secure(server) => server.receive(bytes, desk),
            Self::Proxy(server) => server.receive(bytes, desk),
            Self::Data => {}
        }
    }

    /// TLS begins in the middle of a conversation (STARTTLS), with the first bytes of it.
    fn upgrade(&mut self, first: &[u8], desk: &mut Desk<'_>) {
        let plain = std::mem::replace(self, Self::Data);
        let mut secure = secure::Secure::over(&desk.places.tls, plain);
        secure.greet(desk);
        secure.receive(first, desk);
        *self = Self::Secure(Box::new(secure));
    }

    /// Is nothing going on?
    pub fn is_idle(&self) -> bool {
        match self {
            Self::Http1(server) => server.is_idle(),
            Self::Http2(server) => server.is_idle(),
            Self::Lines(server) => server.is_idle(),
            Self::Secure(server) => server.is_idle(),
            Self::Proxy(server) => server.is_idle(),
            Self::Data => false,
        }
    }
}

impl Desk<'_> {
    fn send(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.out.push(Out::Bytes(bytes));
        }
    }

    fn complain(&mut self, what: impl FnOnce() -> String) {
        self.complaint.get_or_insert_with(what);
    }

    /// Bytes of an upload; true when they are what they should be.
    fn take_upload(&mut self, number: u32, bytes: &[u8]) {
        let Some(plan) = self.plans.get_mut(&number) else { return };
        let from = plan.uploaded;
        plan.uploaded += bytes.len();
        let wrong =
            bytes.iter().enumerate().find(|(at, byte)| **byte != plan.byte(number, from + at));
        if let Some((at, _)) = wrong {
            self.complain(|| format!("upload of transfer {number}: byte {} is wrong", from + at));
        }
    }

    /// The request is over.
    fn check_upload(&mut self, number: u32) {
        let Some(plan) = self.plans.get(&number) else { return };
        let (got, size) = (plan.uploaded, plan.upload.map_or(0, |upload| upload.size));
        if got != size {
            self.complain(|| format!("upload of transfer {number}: {got} bytes of {size}"));
        }
    }
}

/// The name of a host.
pub fn host_name(host: usize) -> String {
    format!("h{host}.test")
}
