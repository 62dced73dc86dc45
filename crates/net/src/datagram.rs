use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, socket_with};

/// A UDP socket that belongs to one conversation (TFTP).
pub struct Datagram(OwnedFd);

impl Datagram {
    /// Opens a socket of the family of `peer`; nothing is sent.
    pub fn open(peer: SocketAddr) -> io::Result<Self> {
        let family = if peer.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        Ok(Self(socket_with(family, SocketType::DGRAM, flags, None)?))
    }

    /// Sends one datagram.
    pub fn send(&self, bytes: &[u8], to: SocketAddr) -> io::Result<()> {
        rustix::net::sendto(&self.0, bytes, SendFlags::NOSIGNAL, &to)?;
        Ok(())
    }

    /// Receives one datagram, cut to the buffer: its length and where it comes from.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, Option<SocketAddr>)> {
        let (count, _, from) = rustix::net::recvfrom(&self.0, buffer, RecvFlags::empty())?;
        Ok((count, from.and_then(|from| from.try_into().ok())))
    }

    /// The near address.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        rustix::net::getsockname(&self.0).ok()?.try_into().ok()
    }

    /// The descriptor to watch.
    pub fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Hands out the descriptor, for an application that closes it itself.
    pub fn into_fd(self) -> OwnedFd {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let at = peer.local_addr().unwrap();
        let socket = Datagram::open(at).unwrap();
        let mut buffer = [0; 9];
        assert_eq!(socket.receive(&mut buffer).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        socket.send(b"hello", at).unwrap();
        let (count, from) = peer.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"hello");
        peer.send_to(b"answer", from).unwrap();
        peer.set_nonblocking(true).unwrap();
        let got = std::iter::from_fn(|| Some(socket.receive(&mut buffer))).find_map(Result::ok);
        assert_eq!(got, Some((6, Some(at))));
    }
}
