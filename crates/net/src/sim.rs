//! The seam for the simulator (cargo feature `sim`; the shipped library has none of this): a
//! virtual network in the place of the system's, for one thread.
//!
//! Its sockets are real descriptors, so that who owns and who closes them is as always; but
//! nothing of the system is asked about them.

use std::cell::RefCell;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::sync::Arc;

use rustix::io::{Errno, Result};

use crate::connect::Target;
pub use crate::resolve::Question;

/// What a thread's sockets and look-ups are answered by.
pub trait Network {
    /// A new socket for `target`; any descriptor will do that nothing else uses.
    ///
    /// # Errors
    /// Those of socket(2).
    fn socket(&self, target: &Target) -> Result<OwnedFd>;

    /// Connects a socket, or tells how far that is, as connect(2) does when called again.
    ///
    /// # Errors
    /// Those of connect(2).
    fn connect(&self, fd: BorrowedFd<'_>, target: &Target) -> Result<()>;

    /// Takes a connection that has come to a socket that listens; `EAGAIN`: none has.
    ///
    /// # Errors
    /// Those of accept(2).
    fn accept(&self, _fd: BorrowedFd<'_>) -> Result<OwnedFd> {
        Err(Errno::AGAIN)
    }

    /// Receives into `buf`; with `peek` the bytes stay. 0: the peer has closed.
    ///
    /// # Errors
    /// Those of recv(2).
    fn recv(&self, fd: BorrowedFd<'_>, buf: &mut [u8], peek: bool) -> Result<usize>;

    /// Sends from the front of all `bufs`; how much went.
    ///
    /// # Errors
    /// Those of send(2).
    fn send(&self, fd: BorrowedFd<'_>, bufs: &[IoSlice<'_>]) -> Result<usize>;

    /// The near and the far address of a connected socket.
    fn addresses(&self, fd: BorrowedFd<'_>) -> Option<(SocketAddr, SocketAddr)>;

    /// A name is to be looked up; to be answered now or at any later time, or never.
    fn resolve(&self, question: Question);
}

/// Puts `network` in the place of the system's for this thread, until this is dropped.
pub struct Installed(());

thread_local! {
    static NETWORK: RefCell<Option<Rc<dyn Network>>> = const { RefCell::new(None) };
}

impl Installed {
    /// From now on this thread's sockets are those of `network`.
    pub fn new(network: Rc<dyn Network>) -> Self {
        NETWORK.with_borrow_mut(|place| *place = Some(network));
        Self(())
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        NETWORK.with_borrow_mut(|place| *place = None);
    }
}

/// The network of this thread, when it is a virtual one.
pub(crate) fn network() -> Option<Rc<dyn Network>> {
    NETWORK.with_borrow(Clone::clone)
}

/// Addresses as a name server would list them.
pub fn addresses(list: &[SocketAddr]) -> Arc<crate::resolve::Addresses> {
    let mut addresses = crate::resolve::Addresses::default();
    list.iter().for_each(|address| addresses.push(*address));
    Arc::new(addresses)
}
