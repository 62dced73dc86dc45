//! SOCKS 4, 4a, 5 and 5 with the proxy resolving names (RFC 1928, RFC 1929, RFC 1961).
//!
//! ```text
//! v4, v4a:  [Resolving] -> Receiving(Reply4) -> Done
//! v5, v5h:  Receiving(Method) -> [Receiving(Auth)] -> [Resolving] -> Receiving(Reply5) -> Done
//!                             -> [Securing <-> Receiving(Token) -> Securing
//!                                 -> Receiving(Protection) -> Securing]
//! ```
//!
//! The owner drains [`Socks::output`] before it reads, gives what it read to
//! [`Socks::receive`], answers [`Status::Resolving`] by [`Socks::resolved`] and
//! [`Status::Securing`] by what [`Ask`] names.
//! No byte after the proxy's last reply is consumed: it is the tunnel's.

mod code;
mod gssapi;
mod reply;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use code::{Failure, ProxyCode};
pub use gssapi::{Ask, Gssapi};

/// The longest host name that a handshake can carry (RFC 1928 section 5).
pub const MAX_HOSTNAME: usize = 255;
/// The longest user name, and the longest password (RFC 1929 section 2).
pub const MAX_CREDENTIAL: usize = 255;

/// The dialect, as `CURLOPT_PROXYTYPE` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `CURLPROXY_SOCKS4`: IPv4 addresses, resolved here.
    V4,
    /// `CURLPROXY_SOCKS4A`: the proxy resolves.
    V4a,
    /// `CURLPROXY_SOCKS5`: addresses, resolved here.
    V5,
    /// `CURLPROXY_SOCKS5_HOSTNAME`: the proxy resolves.
    V5h,
}

/// What the handshake asks for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The dialect.
    pub version: Version,
    /// Where the tunnel goes: a name, or an address without brackets.
    pub host: String,
    /// The port there.
    pub port: u16,
    /// User name and password for the proxy.
    pub credentials: Option<(Vec<u8>, Vec<u8>)>,
    /// `CURLOPT_SOCKS5_AUTH` has `CURLAUTH_BASIC` (it does by default).
    pub allow_basic: bool,
    /// `CURLOPT_SOCKS5_AUTH` has `CURLAUTH_GSSAPI` (it does by default), and what it comes to.
    pub gssapi: Gssapi,
}

/// What the machine waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Bytes from the proxy, once the output is drained.
    Receiving,
    /// An address of the host (IPv4 alone for SOCKS4).
    Resolving,
    /// The answer of a security context to [`Socks::take_ask`].
    Securing,
    /// Nothing: the tunnel stands.
    Done,
}

/// A handshake under way.
pub struct Socks {
    request: Request,
    state: State,
    out: Vec<u8>,
    sent: usize,
    tail: Vec<u8>,
    ask: Option<Ask>,
    /// What the proxy has granted for the bytes of the tunnel (RFC 1961 section 4.3).
    protection: u8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Resolve4,
    Reply4,
    Method,
    Auth,
    Securing,
    Token,
    Protection,
    Resolve5,
    Reply5,
    Done,
}

impl Socks {
    /// Starts a handshake; its first bytes wait in [`Socks::output`] unless it
    /// must resolve first.
    ///
    /// # Errors
    /// `LongHostname` and `LongUser` for what the protocol has no room for.
    pub fn new(mut request: Request) -> Result<Self, Failure> {
        if !request.allow_basic && matches!(request.version, Version::V5 | Version::V5h) {
            request.credentials = None;
        }
        let (state, protection) = (State::Method, 0);
        let (out, tail) = (Vec::new(), Vec::new());
        let mut socks = Self { request, state, out, sent: 0, tail, ask: None, protection };
        match socks.request.version {
            Version::V4 => socks.state = State::Resolve4,
            Version::V4a => socks.request_by_name4()?,
            Version::V5 | Version::V5h => socks.offer_methods()?,
        }
        Ok(socks)
    }

    /// What the machine waits for.
    pub fn status(&self) -> Status {
        match self.state {
            State::Resolve4 | State::Resolve5 => Status::Resolving,
            State::Securing => Status::Securing,
            State::Done => Status::Done,
            State::Reply4
            | State::Method
            | State::Auth
            | State::Token
            | State::Protection
            | State::Reply5 => Status::Receiving,
        }
    }

    /// The bytes to send now.
    pub fn output(&self) -> &[u8] {
        self.out.get(self.sent..).unwrap_or_default()
    }

    /// `n` bytes of the output went out.
    pub fn sent(&mut self, n: usize) {
        self.sent += n;
        if self.sent >= self.out.len() {
            self.out.clear();
            self.sent = 0;
        }
    }

    /// Takes bytes from the proxy; returns how many of them were its own.
    ///
    /// # Errors
    /// The proxy's refusal or its breach of the protocol.
    pub fn receive(&mut self, input: &[u8]) -> Result<usize, Failure> {
        let mut rest = input;
        while self.status() == Status::Receiving {
            let need = self.reply_len()?;
            let take = need.saturating_sub(self.tail.len()).min(rest.len());
            let (head, after) = rest.split_at(take);
            self.tail.extend_from_slice(head);
            rest = after;
            if self.tail.len() < need {
                break;
            }
            // A longer reply shows its length only now.
            if self.reply_len()? > need {
                continue;
            }
            self.reply()?;
            self.tail.clear();
        }
        Ok(input.len() - rest.len())
    }

    /// The proxy closed the connection before the handshake was over.
    pub fn closed(&self) -> Failure {
        let (detail, message) = match self.state {
            State::Token => {
                (ProxyCode::Gssapi, "Failed to receive GSS-API authentication response.")
            }
            State::Protection => {
                (ProxyCode::Gssapi, "Failed to receive GSS-API encryption response.")
            }
            _ => (
                ProxyCode::RecvConnect,
                "Failed to receive SOCKS response, proxy closed connection",
            ),
        };
        Failure::new(detail, message)
    }

    /// The host's address, asked for by [`Status::Resolving`].
    ///
    /// # Errors
    /// `LongUser`; `ResolveHost` for an IPv6 address over SOCKS4.
    pub fn resolved(&mut self, address: IpAddr) -> Result<(), Failure> {
        match (self.state, address) {
            (State::Resolve4, IpAddr::V4(ip)) => {
                self.out.extend_from_slice(&[4, 1]);
                self.out.extend_from_slice(&self.request.port.to_be_bytes());
                self.out.extend_from_slice(&ip.octets());
                self.push_user4()?;
                self.state = State::Reply4;
            }
            (State::Resolve4, IpAddr::V6(_)) => return Err(self.unresolved()),
            (State::Resolve5, ip) => self.request5(Some(ip)),
            _ => {}
        }
        Ok(())
    }

    /// The error for a host that has no address of use here.
    pub fn unresolved(&self) -> Failure {
        let host = &self.request.host;
        let message = match self.request.version {
            Version::V4 | Version::V4a => format!("SOCKS4 connection to {host} not supported"),
            Version::V5 | Version::V5h => {
                format!("Failed to resolve \"{host}\" for SOCKS5 connect.")
            }
        };
        Failure::new(ProxyCode::ResolveHost, message)
    }

    fn request_by_name4(&mut self) -> Result<(), Failure> {
        if self.request.host.len() >= MAX_HOSTNAME {
            return Err(Failure::new(ProxyCode::LongHostname, "SOCKS4: too long hostname"));
        }
        self.out.extend_from_slice(&[4, 1]);
        self.out.extend_from_slice(&self.request.port.to_be_bytes());
        // An address that cannot be: the name follows (SOCKS 4a).
        self.out.extend_from_slice(&[0, 0, 0, 1]);
        self.push_user4()?;
        self.out.extend_from_slice(self.request.host.as_bytes());
        self.out.push(0);
        self.state = State::Reply4;
        Ok(())
    }

    fn push_user4(&mut self) -> Result<(), Failure> {
        let user = self.request.credentials.as_ref().map_or(&[][..], |(user, _)| user);
        if user.len() > MAX_CREDENTIAL {
            return Err(Failure::new(ProxyCode::LongUser, "Too long SOCKS proxy username"));
        }
        self.out.extend_from_slice(user);
        self.out.push(0);
        Ok(())
    }

    fn offer_methods(&mut self) -> Result<(), Failure> {
        if self.request.version == Version::V5h && self.request.host.len() > MAX_HOSTNAME {
            let message = "SOCKS5: the destination hostname is too long to be resolved remotely \
                           by the proxy.";
            return Err(Failure::new(ProxyCode::LongHostname, message));
        }
        let gssapi = matches!(self.request.gssapi, Gssapi::Offered { .. });
        let password = self.request.credentials.is_some();
        let methods = [(METHOD_NONE, true), (METHOD_GSSAPI, gssapi), (METHOD_PASSWORD, password)];
        self.out.extend_from_slice(&[5, 1 + u8::from(gssapi) + u8::from(password)]);
        let offered = methods.iter().filter(|(_, offered)| *offered);
        self.out.extend(offered.map(|(method, _)| method));
        self.state = State::Method;
        Ok(())
    }

    fn authenticate(&mut self) -> Result<(), Failure> {
        let (user, password) = match &self.request.credentials {
            Some((user, password)) => (user.as_slice(), password.as_slice()),
            None => (&[][..], &[][..]),
        };
        let user_len = u8::try_from(user.len()).map_err(|_| {
            Failure::new(ProxyCode::LongUser, "Excessive username length for proxy auth")
        })?;
        let password_len = u8::try_from(password.len()).map_err(|_| {
            Failure::new(ProxyCode::LongPasswd, "Excessive password length for proxy auth")
        })?;
        self.out.extend_from_slice(&[1, user_len]);
        self.out.extend_from_slice(user);
        self.out.push(password_len);
        self.out.extend_from_slice(password);
        self.state = State::Auth;
        Ok(())
    }

    /// The way to the request is free: by address here, or by name.
    fn authenticated(&mut self) -> Result<(), Failure> {
        if self.request.version == Version::V5 {
            self.state = State::Resolve5;
            return Ok(());
        }
        let host = &self.request.host;
        let address = if host.contains(':') {
            let ip = host.parse::<Ipv6Addr>().map_err(|_| {
                Failure::new(ProxyCode::BadAddressType, format!("Bad IPv6 address: {host}"))
            })?;
            Some(IpAddr::V6(ip))
        } else {
            host.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
        };
        self.request5(address);
        Ok(())
    }

    fn request5(&mut self, address: Option<IpAddr>) {
        self.out.extend_from_slice(&[5, 1, 0]);
        match address {
            Some(IpAddr::V4(ip)) => {
                self.out.push(ADDRESS_V4);
                self.out.extend_from_slice(&ip.octets());
            }
            Some(IpAddr::V6(ip)) => {
                self.out.push(ADDRESS_V6);
                self.out.extend_from_slice(&ip.octets());
            }
            None => {
                self.out.push(ADDRESS_NAME);
                // `new` refused longer names.
                self.out.push(self.request.host.len() as u8);
                self.out.extend_from_slice(self.request.host.as_bytes());
            }
        }
        self.out.extend_from_slice(&self.request.port.to_be_bytes());
        self.state = State::Reply5;
    }
}

const METHOD_NONE: u8 = 0;
const METHOD_GSSAPI: u8 = 1;
const METHOD_PASSWORD: u8 = 2;
const METHOD_REFUSED: u8 = 255;

const ADDRESS_V4: u8 = 1;
const ADDRESS_NAME: u8 = 3;
const ADDRESS_V6: u8 = 4;
