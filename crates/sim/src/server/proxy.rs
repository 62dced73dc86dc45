//! Proxies: HTTP with and without CONNECT, SOCKS4 and SOCKS5.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

use super::{Desk, Out, Places, Server};
use crate::plan::Fault;

/// Ports that proxies listen on.
pub const HTTP_PORT: u16 = 3128;
pub const SOCKS_PORT: u16 = 1080;

/// A proxy, and the server that it leads to.
#[derive(Debug)]
pub struct Proxy {
    places: Rc<Places>,
    is_socks: bool,
    input: Vec<u8>,
    /// SOCKS5: the methods were chosen.
    chosen: bool,
    inner: Option<Server>,
    bad: Option<Fault>,
    mute: bool,
}

/// What a client has said so far.
enum Asked {
    /// Not all of it has come.
    More,
    /// SOCKS5: which methods it knows. So many bytes.
    Methods(usize),
    /// The way to a host and port, asked for in so many bytes.
    Way(usize, String, u16),
    /// A request for the proxy itself to make.
    Request,
}

impl Proxy {
    pub fn new(places: Rc<Places>, is_socks: bool) -> Self {
        let (input, inner) = (Vec::new(), None);
        Self { places, is_socks, input, chosen: false, inner, bad: None, mute: false }
    }

    pub fn inner(&self) -> Option<&Server> {
        self.inner.as_ref()
    }

    pub fn inner_mut(&mut self) -> Option<&mut Server> {
        self.inner.as_mut()
    }

    /// Somebody has connected: will it be led on?
    pub fn greet(&mut self, desk: &mut Desk<'_>) {
        if desk.random.chance(desk.bad_hello) {
            let faults = [Fault::Close, Fault::Reset, Fault::Stall, Fault::Error];
            self.bad = Some(desk.random.pick(&faults));
        }
    }

    pub fn is_idle(&self) -> bool {
        !self.mute && self.inner.as_ref().is_some_and(Server::is_idle)
    }

    pub fn receive(&mut self, bytes: &[u8], desk: &mut Desk<'_>) {
        if let Some(inner) = &mut self.inner {
            return inner.receive(bytes, desk);
        }
        self.input.extend_from_slice(bytes);
        while !self.mute && self.inner.is_none() && self.step(desk) {}
        if let Some(inner) = &mut self.inner {
            let rest = std::mem::take(&mut self.input);
            if !rest.is_empty() {
                inner.receive(&rest, desk);
            }
        }
    }

    fn step(&mut self, desk: &mut Desk<'_>) -> bool {
        let asked = match (self.is_socks, self.input.first()) {
            (_, None) => Some(Asked::More),
            (false, _) => connect(&self.input),
            (true, Some(4)) => socks4(&self.input),
            (true, _) if !self.chosen => methods(&self.input),
            (true, _) => socks5(&self.input),
        };
        match asked {
            None => {
                let input = String::from_utf8_lossy(&self.input).into_owned();
                desk.complain(|| format!("a proxy does not understand {input:?}"));
                self.mute = true;
                false
            }
            Some(Asked::More) => false,
            Some(Asked::Methods(count)) => {
                self.input.drain(..count);
                self.chosen = true;
                desk.send(vec![5, 0]);
                true
            }
            Some(Asked::Request) => {
                self.inner = Some(Server::new(crate::plan::Protocol::Http1));
                true
            }
            Some(Asked::Way(count, host, port)) => {
                let version = self.input.first().copied();
                self.input.drain(..count);
                self.lead(version.filter(|_| self.is_socks), &host, port, desk);
                true
            }
        }
    }

    fn lead(&mut self, socks: Option<u8>, host: &str, port: u16, desk: &mut Desk<'_>) {
        let fault = self.bad.take();
        if fault.is_some() {
            self.mute = true;
            desk.out.push(Out::Leaves);
        }
        let fails = fault == Some(Fault::Error);
        if fault.is_none() || fails {
            desk.send(match (socks, fails) {
                (Some(4), false) => vec![0, 90, 0, 0, 0, 0, 0, 0],
                (Some(4), true) => vec![0, 91, 0, 0, 0, 0, 0, 0],
                (Some(_), _) => vec![5, u8::from(fails), 0, 1, 0, 0, 0, 0, 0, 0],
                (None, false) => b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
                (None, true) => b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n".to_vec(),
            });
        }
        match fault {
            None => {
                let mut server = self.places.server(place(host), port);
                server.greet(desk);
                self.inner = Some(server);
            }
            Some(Fault::Stall) => desk.out.push(Out::Hangs),
            Some(Fault::Reset) => desk.out.push(Out::Reset),
            Some(_) => desk.out.push(Out::Close),
        }
    }
}

fn connect(input: &[u8]) -> Option<Asked> {
    let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Some(Asked::More);
    };
    if !input.starts_with(b"CONNECT ") {
        return Some(Asked::Request);
    }
    let head = String::from_utf8_lossy(&input[8..end]);
    let (host, port) = head.split(' ').next()?.rsplit_once(':')?;
    Some(Asked::Way(end + 4, host.trim_matches(['[', ']']).to_owned(), port.parse().ok()?))
}

fn methods(input: &[u8]) -> Option<Asked> {
    match input {
        [5, count, rest @ ..] if rest.len() >= (*count).into() => {
            Some(Asked::Methods(2 + usize::from(*count)))
        }
        [5, ..] => Some(Asked::More),
        _ => None,
    }
}

fn socks4(input: &[u8]) -> Option<Asked> {
    let [4, 1, high, low, a, b, c, d, rest @ ..] = input else { return Some(Asked::More) };
    let port = u16::from_be_bytes([*high, *low]);
    let mut ends = rest.iter().enumerate().filter(|(_, byte)| **byte == 0).map(|(at, _)| at);
    let Some(user) = ends.next() else { return Some(Asked::More) };
    if [*a, *b, *c] != [0, 0, 0] {
        return Some(Asked::Way(8 + user + 1, Ipv4Addr::new(*a, *b, *c, *d).to_string(), port));
    }
    let Some(end) = ends.next() else { return Some(Asked::More) };
    let host = String::from_utf8_lossy(&rest[user + 1..end]).into_owned();
    Some(Asked::Way(8 + end + 1, host, port))
}

fn socks5(input: &[u8]) -> Option<Asked> {
    let more = Some(Asked::More);
    let [5, 1, 0, kind, rest @ ..] = input else { return more };
    let (size, at) = match (kind, rest.first()) {
        (1, _) => (4, 0),
        (4, _) => (16, 0),
        (3, Some(size)) => (usize::from(*size), 1),
        (3, None) => return more,
        _ => return None,
    };
    let Some(port) = rest.get(at + size..at + size + 2) else { return more };
    let address = &rest[at..at + size];
    let host = match kind {
        1 => Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?).to_string(),
        4 => Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?).to_string(),
        _ => String::from_utf8_lossy(address).into_owned(),
    };
    let port = u16::from_be_bytes([port[0], port[1]]);
    Some(Asked::Way(4 + at + size + 2, host, port))
}

/// The host of a name or an address.
fn place(host: &str) -> usize {
    match host.parse() {
        Ok(ip) => crate::network::place_of(std::net::SocketAddr::new(ip, 0)),
        Err(_) => crate::network::host_of(host),
    }
}
