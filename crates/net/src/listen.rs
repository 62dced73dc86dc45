use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use rustix::io::Errno;

use crate::{Stream, system};

/// A socket that waits for one connection of a peer: FTP's active mode.
pub struct Listener(OwnedFd);

impl Listener {
    /// Listens at `address`, at the first free port of `first..=last` (0: any port).
    pub fn bind(address: IpAddr, first: u16, last: u16) -> io::Result<Self> {
        Self::on(system::listener(address)?, address, first, last)
    }

    /// The same with a socket that somebody else has opened.
    pub fn on(fd: OwnedFd, address: IpAddr, first: u16, last: u16) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&fd, true)?;
        let mut port = first;
        loop {
            match system::bind(fd.as_fd(), &SocketAddr::new(address, port)) {
                Ok(()) => break,
                Err(Errno::ADDRINUSE | Errno::ACCESS) if port < last => port += 1,
                Err(e) => return Err(e.into()),
            }
        }
        system::listen(fd.as_fd())?;
        Ok(Self(fd))
    }

    /// Takes the connection; fails with `WouldBlock` if it has not come.
    pub fn accept(&self) -> io::Result<Stream> {
        Ok(Stream::tcp(system::accept(self.0.as_fd())?))
    }

    /// Where it listens.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        system::local_addr(self.0.as_fd())
    }

    /// The descriptor to watch for reading.
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
    fn accepts_what_comes() {
        let listener = Listener::bind([127, 0, 0, 1].into(), 0, 0).unwrap();
        assert_eq!(listener.accept().err().unwrap().kind(), io::ErrorKind::WouldBlock);
        let at = listener.local_addr().unwrap();
        let peer = std::net::TcpStream::connect(at).unwrap();
        let stream = listener.accept().unwrap();
        assert_eq!(stream.peer_addr(), peer.local_addr().ok());
        let next = Listener::bind(at.ip(), at.port(), at.port().saturating_add(50)).unwrap();
        assert_ne!(next.local_addr(), Some(at));
    }
}
