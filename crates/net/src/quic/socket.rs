//! The UDP socket of a connection: datagrams in and out, several in a system call where the
//! kernel can do that (UDP GRO and GSO).

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;

use super::is_blocked;
use crate::system;

/// The kernel puts together no more than this.
const RECEIVE_BUFFER: usize = 64 * 1024;

/// A UDP socket that is connected to its one peer.
pub(super) struct Socket {
    fd: OwnedFd,
    pub(super) readable: bool,
    pub(super) writable: bool,
    never_fragments: bool,
    /// Several datagrams may go in one system call.
    in_segments: bool,
    /// Datagrams that the socket has not taken yet, from `out_at` on; each but the last is
    /// `segment` bytes long.
    out: Vec<u8>,
    out_at: usize,
    segment: usize,
}

impl Socket {
    pub(super) fn new(fd: OwnedFd) -> Self {
        let options = system::quic_options(fd.as_fd());
        Self {
            fd,
            readable: true,
            writable: true,
            never_fragments: options.never_fragments,
            in_segments: options.in_segments,
            out: Vec::new(),
            out_at: 0,
            segment: 0,
        }
    }

    pub(super) fn never_fragments(&self) -> bool {
        self.never_fragments
    }

    /// How many datagrams may go at once.
    pub(super) fn segments(&self, most: usize) -> usize {
        if self.in_segments { most } else { 1 }
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.out_at < self.out.len() && !self.writable
    }

    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        system::local_addr(self.fd.as_fd())
    }

    pub(super) fn into_fd(self) -> OwnedFd {
        self.fd
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Receives once; each datagram is shown to `take`.
    pub(super) fn receive(&mut self, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        // Received bytes are looked at at once: all connections of a thread share the buffer.
        thread_local!(static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) });
        BUFFER.with_borrow_mut(|buffer| {
            buffer.resize(RECEIVE_BUFFER, 0);
            match system::recv_segments(self.fd.as_fd(), buffer) {
                Ok((count, segment)) => {
                    let bytes = buffer.get(..count).unwrap_or_default();
                    bytes.chunks(segment.max(1)).for_each(&mut take);
                    Ok(())
                }
                Err(error) if is_blocked(&error) => {
                    self.readable = false;
                    Ok(())
                }
                Err(error) => Err(error),
            }
        })
    }

    /// The empty buffer for further datagrams.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        self.out.clear();
        self.out_at = 0;
        &mut self.out
    }

    /// The buffer was filled with datagrams of this length, the last one perhaps shorter.
    pub(super) fn fill(&mut self, segment: usize) {
        self.segment = segment.max(1);
    }

    /// Sends what waits; true: all of it is gone.
    pub(super) fn flush(&mut self) -> io::Result<bool> {
        while let Some(rest) = self.out.get(self.out_at..).filter(|rest| !rest.is_empty()) {
            let several = self.in_segments && rest.len() > self.segment;
            let length = if several { rest.len() } else { rest.len().min(self.segment) };
            let piece = rest.get(..length).unwrap_or_default();
            let segment = several.then_some(self.segment);
            match system::send_segments(self.fd.as_fd(), piece, segment) {
                Ok(()) => self.out_at += length,
                Err(error) if is_blocked(&error) => {
                    self.writable = false;
                    return Ok(false);
                }
                // The device cannot do it: one by one then.
                Err(_) if several => self.in_segments = false,
                // It was larger than the way allows, to find out: lost like any other.
                Err(error) if error.raw_os_error() == Some(Errno::MSGSIZE.raw_os_error()) => {
                    self.out_at += length;
                }
                Err(error) => return Err(error),
            }
        }
        if self.out.is_empty() {
            self.out = Vec::new();
        }
        Ok(true)
    }
}
