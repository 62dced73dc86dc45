//! The system calls that streams, listeners and datagrams are made of. In a build for the simulator a virtual network of
//! this thread may answer them instead; see [`crate::sim`].

use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags};
use rustix::io::Errno;
use rustix::net::sockopt::{self, Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery};
use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendFlags, SocketAddrUnix, SocketFlags,
    SocketType,
};

use crate::connect::Target;

#[cfg(feature = "sim")]
use crate::sim::network;

/// A new socket, non-blocking, of the family that the target needs.
pub(crate) fn socket(target: &Target) -> rustix::io::Result<OwnedFd> {
    #[cfg(feature = "sim")]
    if let Some(network) = network() {
        return network.socket(target);
    }
    let family = match target {
        Target::Ip(SocketAddr::V4(_)) => AddressFamily::INET,
        Target::Ip(SocketAddr::V6(_)) => AddressFamily::INET6,
        Target::Unix(_) | Target::UnixAbstract(_) => AddressFamily::UNIX,
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    rustix::net::socket_with(family, SocketType::STREAM, flags, None)
}

pub(crate) fn connect(fd: BorrowedFd<'_>, target: &Target) -> rustix::io::Result<()> {
    #[cfg(feature = "sim")]
    if let Some(network) = network() {
        return network.connect(fd, target);
    }
    match target {
        Target::Ip(addr) => rustix::net::connect(fd, addr),
        Target::Unix(path) => rustix::net::connect(fd, &SocketAddrUnix::new(&**path)?),
        Target::UnixAbstract(name) => {
            rustix::net::connect(fd, &SocketAddrUnix::new_abstract_name(name)?)
        }
    }
}

/// A new socket for datagrams, non-blocking.
pub(crate) fn datagram(peer: SocketAddr) -> rustix::io::Result<OwnedFd> {
    #[cfg(feature = "sim")]
    if let Some(network) = network() {
        return network.socket(&Target::Ip(peer));
    }
    ip_socket(peer.ip(), SocketType::DGRAM)
}

/// A new socket that is to listen, non-blocking.
pub(crate) fn listener(address: IpAddr) -> rustix::io::Result<OwnedFd> {
    #[cfg(feature = "sim")]
    if let Some(network) = network() {
        return network.socket(&Target::Ip(SocketAddr::new(address, 0)));
    }
    ip_socket(address, SocketType::STREAM)
}

fn ip_socket(address: IpAddr, kind: SocketType) -> rustix::io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    rustix::net::socket_with(family, kind, flags, None)
}

pub(crate) fn bind(fd: BorrowedFd<'_>, address: &SocketAddr) -> rustix::io::Result<()> {
    #[cfg(feature = "sim")]
    if network().is_some() {
        return Ok(());
    }
    rustix::net::bind(fd, address)
}

pub(crate) fn listen(fd: BorrowedFd<'_>) -> rustix::io::Result<()> {
    #[cfg(feature = "sim")]
    if network().is_some() {
        return Ok(());
    }
    rustix::net::listen(fd, 1)
}

pub(crate) fn accept(fd: BorrowedFd<'_>) -> rustix::io::Result<OwnedFd> {
    #[cfg(feature = "sim")]
    if let Some(network) = network() {
        return network.accept(fd);
    }
    rustix::net::accept_with(fd, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)
}

pub(crate) fn send_to(
    fd: BorrowedFd<'_>,
    bytes: &[u8],
    to: SocketAddr,
) -> rustix::io::Result<usize> {
    #[cfg(feature = "sim")]
    if let Some(network) = network() {
        return network.send(fd, &[IoSlice::new(bytes)]);
    }
    rustix::net::sendto(fd, bytes, SendFlags::NOSIGNAL, &to)
}

pub(crate) fn recv_from(
    fd: BorrowedFd<'_>,
    buf: &mut [u8],
) -> rustix::io::Result<(usize, Option<SocketAddr>)> {
    #[cfg(feature = "sim")]
    if let Some(network) = network() {
        let count = network.recv(fd, buf, false)?;
        // The end of what is said is the end of a stream; datagrams have none.
        if count == 0 {
            return Err(Errno::AGAIN);
        }
        return Ok((count, network.addresses(fd).map(|(_, far)| far)));
    }
    let (count, _, from) = rustix::net::recvfrom(fd, buf, RecvFlags::empty())?;
    Ok((count, from.and_then(|from| from.try_into().ok())))
}

pub(crate) fn recv(fd: BorrowedFd<'_>, buf: &mut [u8]) -> io::Result<usize> {
    #[cfg(feature = "sim")]
    if let Some(network) = network() {
        return Ok(network.recv(fd, buf, false)?);
    }
    loop {
        match rustix::net::recv(fd, &mut *buf, RecvFlags::empty()) {
            Ok((n, _)) => return Ok(n),
            Err(Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

/// What a read would find, left where it is.
pub(crate) fn peek(fd: BorrowedFd<'_>) -> rustix::io::Result<usize> {
    #[cfg(feature = "sim")]
    if let Some(network) = network() {
        return network.recv(fd, &mut [0_u8; 1], true);
    }
    let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    Ok(rustix::net::recv(fd, &mut [0_u8; 1], flags)?.1)
}

pub(crate) fn send(fd: BorrowedFd<'_>, buf: &[u8]) -> io::Result<usize> {
    #[cfg(feature = "sim")]
    if let Some(network) = network() {
        return Ok(network.send(fd, &[IoSlice::new(buf)])?);
    }
    sent(|| rustix::net::send(fd, buf, SendFlags::NOSIGNAL))
}

pub(crate) fn send_vectored(fd: BorrowedFd<'_>, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    #[cfg(feature = "sim")]
    if let Some(network) = network() {
        return Ok(network.send(fd, bufs)?);
    }
    let mut none = SendAncillaryBuffer::default();
    sent(|| rustix::net::sendmsg(fd, bufs, &mut none, SendFlags::NOSIGNAL))
}

/// What a socket for QUIC can do.
pub(crate) struct QuicOptions {
    /// What it sends is never taken apart on the way, so that sizes can be tried out.
    pub(crate) never_fragments: bool,
    /// It takes several datagrams in one call.
    pub(crate) in_segments: bool,
}

/// Sets what QUIC wants of a socket for datagrams, as far as the kernel knows of it.
pub(crate) fn quic_options(fd: BorrowedFd<'_>) -> QuicOptions {
    #[cfg(feature = "sim")]
    if network().is_some() {
        return QuicOptions { never_fragments: false, in_segments: false };
    }
    use nix::sys::socket::{setsockopt, sockopt::UdpGroSegment};
    let (probe4, probe6) = (Ipv4PathMtuDiscovery::PROBE, Ipv6PathMtuDiscovery::PROBE);
    let never_fragments = sockopt::set_ip_mtu_discover(fd, probe4).is_ok()
        || sockopt::set_ipv6_mtu_discover(fd, probe6).is_ok();
    let in_segments = setsockopt(&fd, UdpGroSegment, &true).is_ok();
    QuicOptions { never_fragments, in_segments }
}

/// Sends datagrams, each `segment` bytes long but the last, or a single one.
pub(crate) fn send_segments(
    fd: BorrowedFd<'_>,
    bytes: &[u8],
    segment: Option<usize>,
) -> io::Result<()> {
    let Some(segment) = segment.and_then(|length| u16::try_from(length).ok()) else {
        return send(fd, bytes).map(drop);
    };
    let (bufs, ancillary) = ([IoSlice::new(bytes)], [ControlMessage::UdpGsoSegments(&segment)]);
    let flags = MsgFlags::MSG_NOSIGNAL;
    nix::sys::socket::sendmsg::<()>(fd.as_raw_fd(), &bufs, &ancillary, flags, None)?;
    Ok(())
}

/// Receives datagrams that the kernel may have put together: their bytes, and how long each is
/// but the last.
pub(crate) fn recv_segments(fd: BorrowedFd<'_>, buf: &mut [u8]) -> io::Result<(usize, usize)> {
    #[cfg(feature = "sim")]
    if network().is_some() {
        return recv(fd, buf).map(|count| (count, count));
    }
    let mut ancillary = [0_u8; 64];
    let mut bufs = [IoSliceMut::new(buf)];
    let (room, flags) = (Some(&mut ancillary[..]), MsgFlags::empty());
    let message = nix::sys::socket::recvmsg::<()>(fd.as_raw_fd(), &mut bufs, room, flags)?;
    let segment = message.cmsgs()?.find_map(|message| match message {
        ControlMessageOwned::UdpGroSegments(length) => usize::try_from(length).ok(),
        _ => None,
    });
    Ok((message.bytes, segment.unwrap_or(message.bytes)))
}

/// The near address of an IP socket.
pub(crate) fn local_addr(fd: BorrowedFd<'_>) -> Option<SocketAddr> {
    #[cfg(feature = "sim")]
    if let Some(network) = network() {
        return network.addresses(fd).map(|(near, _)| near);
    }
    rustix::net::getsockname(fd).ok()?.try_into().ok()
}

/// The far address of an IP socket.
pub(crate) fn peer_addr(fd: BorrowedFd<'_>) -> Option<SocketAddr> {
    #[cfg(feature = "sim")]
    if let Some(network) = network() {
        return network.addresses(fd).map(|(_, far)| far);
    }
    rustix::net::getpeername(fd).ok()??.try_into().ok()
}

/// A socket that is connecting by TCP Fast Open says "in progress" until the
/// handshake is done: to the caller that is blocking like any other.
fn sent(mut send: impl FnMut() -> rustix::io::Result<usize>) -> io::Result<usize> {
    loop {
        match send() {
            Ok(n) => return Ok(n),
            Err(Errno::INTR) => {}
            Err(Errno::INPROGRESS) => return Err(ErrorKind::WouldBlock.into()),
            Err(e) => return Err(e.into()),
        }
    }
}
