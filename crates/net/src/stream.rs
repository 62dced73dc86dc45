use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::io::Errno;

use crate::system;
use tress_proto::h2::{Connection, StreamId};

use crate::tls::{Handshake, Opening, Tls, TlsInfo};
use crate::tunnel::Tunnel;

/// What to wait for on a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Until it can be read.
    Read,
    /// Until it can be written.
    Write,
}

/// How far an orderly end of a stream has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Nothing is left to send or to wait for.
    Done,
    /// Call again when the descriptor is ready for this.
    Wait(Want),
}

/// An open, non-blocking stream to a peer with its layers inside.
///
/// A call that would block fails with `ErrorKind::WouldBlock`;
/// [`Stream::blocked_on`] then says what to wait for.
pub struct Stream(Layer);

enum Layer {
    Tcp(OwnedFd),
    Unix(OwnedFd),
    Tls(Box<Tls>),
    Tunnel(Box<Tunnel>),
}

impl Stream {
    /// A stream over a connected, non-blocking TCP socket.
    pub fn tcp(fd: OwnedFd) -> Self {
        Self(Layer::Tcp(fd))
    }

    /// A stream over a connected, non-blocking Unix domain socket.
    pub fn unix(fd: OwnedFd) -> Self {
        Self(Layer::Unix(fd))
    }

    /// Puts TLS on top; the stream is open when [`Stream::handshake`] says so.
    pub fn start_tls(self, opening: Opening) -> Self {
        Self(Layer::Tls(Box::new(Tls::new(self, opening))))
    }

    /// Puts a tunnel on top: `stream` of the HTTP/2 connection that this one carries, `input` bytes
    /// that were received for it already.
    pub fn start_tunnel(self, machine: Connection, stream: StreamId, input: Vec<u8>) -> Self {
        Self(Layer::Tunnel(Box::new(Tunnel::new(self, machine, stream, input))))
    }

    /// Whether what is received and sent are the bytes of the socket: then a read that gave less
    /// than there was room for has left nothing.
    pub fn is_bare(&self) -> bool {
        matches!(self.0, Layer::Tcp(_) | Layer::Unix(_))
    }

    /// Moves the handshake of the outermost TLS layer on without blocking.
    pub fn handshake(&mut self) -> tress_model::Result<Handshake> {
        match &mut self.0 {
            Layer::Tcp(_) | Layer::Unix(_) | Layer::Tunnel(_) => Ok(Handshake::Done),
            Layer::Tls(tls) => tls.handshake(),
        }
    }

    /// What the outermost TLS layer agreed on, once its handshake is done.
    pub fn tls_info(&self) -> Option<&TlsInfo> {
        match &self.0 {
            Layer::Tcp(_) | Layer::Unix(_) | Layer::Tunnel(_) => None,
            Layer::Tls(tls) => tls.info(),
        }
    }

    /// What binds the authentication above to the outermost TLS layer (RFC 5929), if its settings
    /// say to keep certificates.
    pub fn end_point_binding(&self) -> Option<Vec<u8>> {
        crate::tls::end_point(self.tls_info()?.certificates.first()?)
    }

    /// `CURLINFO_SSL_VERIFYRESULT` of the outermost TLS layer, also after it
    /// failed: OpenSSL's number of what is wrong with the chain, 0 for nothing.
    pub fn tls_verify_result(&self) -> i64 {
        match &self.0 {
            Layer::Tcp(_) | Layer::Unix(_) | Layer::Tunnel(_) => 0,
            Layer::Tls(tls) => tls.verify_result(),
        }
    }

    /// The descriptor to watch.
    pub fn fd(&self) -> RawFd {
        self.owned().as_raw_fd()
    }

    /// Receives into `buf`; 0 means that the peer has closed its side.
    pub fn recv(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Layer::Tcp(fd) | Layer::Unix(fd) => system::recv(fd.as_fd(), buf),
            Layer::Tls(tls) => tls.recv(buf),
            Layer::Tunnel(tunnel) => tunnel.recv(buf),
        }
    }

    /// Sends from the front of `buf` and says how much of it went.
    ///
    /// Over a layer a call that would block has taken bytes already: call again
    /// with the same ones (more may follow them).
    pub fn send(&mut self, buf: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Layer::Tcp(fd) | Layer::Unix(fd) => system::send(fd.as_fd(), buf),
            Layer::Tls(tls) => tls.send(&[IoSlice::new(buf)]),
            Layer::Tunnel(tunnel) => tunnel.send(buf),
        }
    }

    /// Sends the concatenation of `bufs` and says how much of it went.
    pub fn send_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        match &mut self.0 {
            Layer::Tcp(fd) | Layer::Unix(fd) => system::send_vectored(fd.as_fd(), bufs),
            Layer::Tls(tls) => tls.send(bufs),
            Layer::Tunnel(tunnel) => {
                tunnel.send(bufs.iter().find(|buf| !buf.is_empty()).map_or(&[], |buf| &**buf))
            }
        }
    }

    /// Sends what a layer has to say for itself, as far as that goes now. The last words of TLS's
    /// handshake go out with the caller's first bytes, if it does not wait for the peer's.
    pub fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Layer::Tcp(_) | Layer::Unix(_) => Ok(()),
            Layer::Tls(tls) => tls.try_flush(),
            Layer::Tunnel(tunnel) => tunnel.flush(),
        }
    }

    /// Received bytes wait inside: read them before waiting for the descriptor.
    pub fn pending(&self) -> bool {
        match &self.0 {
            Layer::Tcp(_) | Layer::Unix(_) => false,
            Layer::Tls(tls) => tls.pending(),
            Layer::Tunnel(tunnel) => tunnel.pending(),
        }
    }

    /// What the last call that would have blocked waits for; `calling` is the
    /// direction of that call (TLS may need the other one).
    pub fn blocked_on(&self, calling: Want) -> Want {
        match &self.0 {
            Layer::Tcp(_) | Layer::Unix(_) => calling,
            Layer::Tls(tls) => tls.blocked_on(calling),
            Layer::Tunnel(tunnel) => tunnel.blocked_on(calling),
        }
    }

    /// Begins an orderly end; carry it on with [`Stream::shutdown`].
    pub fn start_shutdown(&mut self) {
        match &mut self.0 {
            Layer::Tcp(_) | Layer::Unix(_) => {}
            Layer::Tls(tls) => tls.start_shutdown(),
            Layer::Tunnel(tunnel) => tunnel.start_shutdown(),
        }
    }

    /// The orderly end is to wait for the peer's: closing before TLS's peer has said its last word
    /// resets the connection, and what it has not read of ours is lost.
    pub fn await_end(&mut self) {
        if let Layer::Tls(tls) = &mut self.0 {
            tls.await_end();
        }
    }

    /// Moves an orderly end on without blocking. Received bytes are dropped, so
    /// that closing sends no reset while they lie in the socket.
    pub fn shutdown(&mut self) -> io::Result<Shutdown> {
        match &mut self.0 {
            Layer::Tcp(fd) | Layer::Unix(fd) => {
                let _ = system::recv(fd.as_fd(), &mut [0; 1024]);
                Ok(Shutdown::Done)
            }
            Layer::Tls(tls) => tls.shutdown(),
            Layer::Tunnel(tunnel) => tunnel.shutdown(),
        }
    }

    /// May an idle stream be used again: the peer has not closed it, it has no
    /// error and no stray bytes wait? Session tickets are not stray.
    pub fn is_alive(&mut self) -> bool {
        if self.pending() {
            return false;
        }
        match (system::peek(self.owned()), &mut self.0) {
            (Err(e), _) => matches!(e, Errno::AGAIN | Errno::INTR),
            (Ok(1..), Layer::Tls(tls)) => tls.is_quiet(),
            (Ok(1..), Layer::Tunnel(tunnel)) => tunnel.is_quiet(),
            (Ok(_), _) => false,
        }
    }

    /// Has the peer not closed, whatever it has sent? For protocols whose peers may send while
    /// nobody waits for it.
    pub fn is_open(&self) -> bool {
        match system::peek(self.owned()) {
            Err(error) => matches!(error, Errno::AGAIN | Errno::INTR),
            Ok(count) => count > 0,
        }
    }

    /// Is this a Unix domain socket, whose addresses are paths?
    pub fn is_unix(&self) -> bool {
        match &self.0 {
            Layer::Tcp(_) => false,
            Layer::Unix(_) => true,
            Layer::Tls(tls) => tls.below().is_unix(),
            Layer::Tunnel(tunnel) => tunnel.below().is_unix(),
        }
    }

    /// The near address of an IP socket (one system call).
    pub fn local_addr(&self) -> Option<SocketAddr> {
        system::local_addr(self.owned())
    }

    /// The far address of an IP socket (one system call).
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        system::peer_addr(self.owned())
    }

    /// Gives up all layers and hands out the descriptor, for an application
    /// that closes it by its own callback (`CURLOPT_CLOSESOCKETFUNCTION`).
    pub fn into_fd(self) -> OwnedFd {
        match self.0 {
            Layer::Tcp(fd) | Layer::Unix(fd) => fd,
            Layer::Tls(tls) => tls.into_below().into_fd(),
            Layer::Tunnel(tunnel) => tunnel.into_below().into_fd(),
        }
    }

    fn owned(&self) -> BorrowedFd<'_> {
        match &self.0 {
            Layer::Tcp(fd) | Layer::Unix(fd) => fd.as_fd(),
            Layer::Tls(tls) => tls.below().owned(),
            Layer::Tunnel(tunnel) => tunnel.below().owned(),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.owned()
    }
}
