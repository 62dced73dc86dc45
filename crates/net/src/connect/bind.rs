use std::net::{IpAddr, SocketAddr};
use std::os::fd::BorrowedFd;

use nix::sys::socket::sockopt::IpBindAddressNoPort;
use tress_model::{Code, Error};

use super::note::errno_text;
use super::{ConnectFailure, ConnectNote};

/// The near end of a connection, before it is connected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bind {
    /// Network interface (`if!`, `ifhost!` or a bare word of `CURLOPT_INTERFACE`).
    pub interface: Option<Box<str>>,
    /// Near addresses: the literal or what the host name resolved to.
    pub addresses: Vec<IpAddr>,
    /// A host that was to be bound to and of which no address is known: nothing is connected.
    pub unknown_host: Option<Box<str>>,
    /// First port to try, 0 for any.
    pub port: u16,
    /// How many ports to try, from `port` upwards.
    pub port_range: u16,
}

impl Bind {
    /// Binds `fd`, which will be connected to `peer`.
    pub(crate) fn apply(
        &self,
        fd: BorrowedFd<'_>,
        peer: &SocketAddr,
        verbose: bool,
        notes: &mut Vec<ConnectNote>,
    ) -> Result<(), ConnectFailure> {
        if let Some(host) = &self.unknown_host {
            let message = format!("Could not bind to '{host}': it is no IP address");
            return Err(interface_failed(message, 0));
        }
        if let Some(name) = &self.interface {
            let done = socket2::SockRef::from(&fd).bind_device(Some(name.as_bytes()));
            match done {
                Ok(()) if verbose => notes.push(ConnectNote::BoundToInterface(name.clone())),
                Ok(()) => {}
                Err(e) if self.addresses.is_empty() => return Err(not_bound(name, &e)),
                Err(_) => {}
            }
            if self.addresses.is_empty() {
                return Ok(());
            }
        }
        let Some(address) = self.address_for(peer) else {
            // The other address family may do.
            return Err(ConnectFailure { error: Code::CouldntConnect.into(), errno: 0 });
        };
        self.bind_port(fd, address, verbose, notes)
    }

    fn address_for(&self, peer: &SocketAddr) -> Option<IpAddr> {
        if self.addresses.is_empty() {
            let any_v4 = IpAddr::from([0; 4]);
            return Some(if peer.is_ipv4() { any_v4 } else { [0_u16; 8].into() });
        }
        self.addresses.iter().find(|a| a.is_ipv4() == peer.is_ipv4()).copied()
    }

    fn bind_port(
        &self,
        fd: BorrowedFd<'_>,
        address: IpAddr,
        verbose: bool,
        notes: &mut Vec<ConnectNote>,
    ) -> Result<(), ConnectFailure> {
        if self.port == 0 {
            // Else the port would be taken from all destinations at once, and an address be used up
            // after some 28,000 connections; where the kernel does not know the option, it is.
            let _ = nix::sys::socket::setsockopt(&fd, IpBindAddressNoPort, &true);
        }
        let last = self.port.saturating_add(self.port_range.saturating_sub(1));
        let mut port = self.port;
        loop {
            match rustix::net::bind(fd, &SocketAddr::new(address, port)) {
                Ok(()) => {
                    if verbose {
                        notes.push(ConnectNote::LocalPort(port));
                    }
                    return Ok(());
                }
                Err(_) if port < last => {
                    if verbose {
                        notes.push(ConnectNote::LocalPortTaken(port));
                    }
                    port += 1;
                }
                Err(e) => {
                    let errno = e.raw_os_error();
                    let why = errno_text(errno);
                    let message = format!("bind failed with errno {errno}: {why}");
                    return Err(interface_failed(message, errno));
                }
            }
        }
    }
}

fn not_bound(interface: &str, e: &std::io::Error) -> ConnectFailure {
    let errno = e.raw_os_error().unwrap_or(0);
    let why = errno_text(errno);
    let message = format!("Could not bind to interface '{interface}' with errno {errno}: {why}");
    interface_failed(message, errno)
}

fn interface_failed(message: String, errno: i32) -> ConnectFailure {
    ConnectFailure { error: Error::new(Code::InterfaceFailed, message), errno }
}

/// The number of a network interface of this name, if there is one.
pub fn interface_index(name: &str) -> Option<u32> {
    let flags = rustix::net::SocketFlags::CLOEXEC;
    let (family, kind) = (rustix::net::AddressFamily::INET6, rustix::net::SocketType::DGRAM);
    let socket = rustix::net::socket_with(family, kind, flags, None).ok()?;
    rustix::net::netdevice::name_to_index(&socket, name).ok()
}
