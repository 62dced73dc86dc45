use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use crate::system;

/// A UDP socket that belongs to one conversation (TFTP).
pub struct Datagram(OwnedFd);

impl Datagram {
    /// Opens a socket of the family of `peer`; nothing is sent.
    pub fn open(peer: SocketAddr) -> io::Result<Self> {
        Ok(Self(system::datagram(peer)?))
    }

    /// Sends one datagram.
    pub fn send(&self, bytes: &[u8], to: SocketAddr) -> io::Result<()> {
        system::send_to(self.0.as_fd(), bytes, to)?;
        Ok(())
    }

    /// Receives one datagram, cut to the buffer: its length and where it comes from.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, Option<SocketAddr>)> {
        Ok(system::recv_from(self.0.as_fd(), buffer)?)
    }

    /// The near address.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        system::local_addr(self.0.as_fd())
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
