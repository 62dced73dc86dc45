//! What to wait for on each socket, told as a difference to what was told before.
//!
//! A wish is set at any time; [`Interest::next_change`] gives what the application must be
//! told, once for each socket whose wish differs from the announced one (invariant 3).

use std::os::fd::RawFd;

use crate::conn::ConnId;
use crate::effect::Watch;
use crate::{Ready, TransferId};

/// Which directions to wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Want(u8);

impl Want {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const IN: Self = Self(1);
    pub(crate) const OUT: Self = Self(2);

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn watch(self) -> Watch {
        match self.0 {
            0 => Watch::None,
            1 => Watch::In,
            2 => Watch::Out,
            _ => Watch::InOut,
        }
    }
}

impl From<tress_net::Want> for Want {
    fn from(want: tress_net::Want) -> Self {
        match want {
            tress_net::Want::Read => Self::IN,
            tress_net::Want::Write => Self::OUT,
        }
    }
}

/// Whom a socket belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SocketOwner {
    Conn(ConnId),
    /// One that QUIC goes over, of a connection.
    Quic(ConnId),
    /// The wake-up descriptor of the resolver.
    Resolver,
    /// The wake-up descriptor of other work in threads.
    Workers,
    /// A pipe or device that a transfer reads or writes as a file.
    File(TransferId),
}

/// Every socket that the application was or will be told of.
#[derive(Default)]
pub(crate) struct Interest {
    /// By descriptor: these are small, dense numbers.
    entries: Vec<Option<Entry>>,
    changed: Vec<RawFd>,
}

#[derive(Clone, Copy)]
struct Entry {
    owner: SocketOwner,
    transfer: Option<TransferId>,
    want: Want,
    /// None: the application does not know of this socket.
    announced: Option<Want>,
    queued: bool,
}

/// Something to tell the application.
pub(crate) struct Change {
    pub(crate) socket: RawFd,
    pub(crate) transfer: Option<TransferId>,
    pub(crate) what: Watch,
}

impl Interest {
    /// From now on `want` is waited for on `socket`, for `transfer`.
    pub(crate) fn set(
        &mut self,
        socket: RawFd,
        owner: SocketOwner,
        transfer: Option<TransferId>,
        want: Want,
    ) {
        let index = socket as usize;
        if index >= self.entries.len() {
            self.entries.resize(index + 1, None);
        }
        let entry = self.entries[index].get_or_insert(Entry {
            owner,
            transfer,
            want: Want::NONE,
            announced: None,
            queued: false,
        });
        entry.owner = owner;
        entry.transfer = transfer;
        entry.want = want;
        if !entry.queued && entry.announced.unwrap_or(Want::NONE) != want {
            entry.queued = true;
            self.changed.push(socket);
        }
    }

    /// Forgets a socket; the change to tell, if the application knows of it. To be told before
    /// the descriptor is closed.
    pub(crate) fn remove(&mut self, socket: RawFd) -> Option<Change> {
        let entry = self.entries.get_mut(socket as usize)?.take()?;
        entry.announced?;
        Some(Change { socket, transfer: entry.transfer, what: Watch::Remove })
    }

    /// The next socket whose wish differs from what the application was told. A socket of
    /// which nothing is wanted is taken out of the application's loop.
    pub(crate) fn next_change(&mut self) -> Option<Change> {
        while let Some(socket) = self.changed.pop() {
            let Some(Some(entry)) = self.entries.get_mut(socket as usize) else { continue };
            entry.queued = false;
            if entry.announced.unwrap_or(Want::NONE) == entry.want {
                continue;
            }
            let what = match entry.want {
                Want::NONE => Watch::Remove,
                want => want.watch(),
            };
            entry.announced = (what != Watch::Remove).then_some(entry.want);
            return Some(Change { socket, transfer: entry.transfer, what });
        }
        None
    }

    /// Whose socket this is.
    pub(crate) fn owner(&self, socket: RawFd) -> Option<SocketOwner> {
        let index = usize::try_from(socket).ok()?;
        Some(self.entries.get(index)?.as_ref()?.owner)
    }

    /// What is wanted of a socket, as readiness that would matter.
    pub(crate) fn wanted(&self, socket: RawFd) -> Ready {
        let want = usize::try_from(socket)
            .ok()
            .and_then(|index| self.entries.get(index)?.as_ref())
            .map_or(Want::NONE, |entry| entry.want);
        Ready { readable: want.0 & 1 != 0, writable: want.0 & 2 != 0, error: false }
    }

    /// Does the application watch this socket for reading?
    pub(crate) fn is_announced(&self, socket: RawFd) -> bool {
        let entry =
            usize::try_from(socket).ok().and_then(|index| self.entries.get(index)?.as_ref());
        entry.and_then(|entry| entry.announced).is_some_and(|want| want.0 & 1 != 0)
    }

    /// Every socket of which something is wanted.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (RawFd, Watch)> + '_ {
        self.entries.iter().enumerate().filter_map(|(socket, entry)| {
            let entry = entry.as_ref()?;
            (entry.want != Want::NONE).then(|| (socket as RawFd, entry.want.watch()))
        })
    }

    /// Whose every socket is that the application knows, or is to be told of.
    #[cfg(feature = "sim")]
    pub(crate) fn owners(&self) -> impl Iterator<Item = (RawFd, SocketOwner)> + '_ {
        self.entries.iter().enumerate().filter_map(|(socket, entry)| {
            let entry = entry.as_ref()?;
            let counts = entry.want != Want::NONE || entry.announced.is_some();
            counts.then_some((socket as RawFd, entry.owner))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(interest: &mut Interest) -> Vec<(RawFd, Watch)> {
        std::iter::from_fn(|| interest.next_change()).map(|c| (c.socket, c.what)).collect()
    }

    #[test]
    fn only_real_changes_are_told() {
        let mut interest = Interest::default();
        interest.set(5, SocketOwner::Resolver, None, Want::OUT);
        interest.set(5, SocketOwner::Resolver, None, Want::IN);
        assert_eq!(changes(&mut interest), [(5, Watch::In)]);
        interest.set(5, SocketOwner::Resolver, None, Want::NONE);
        interest.set(5, SocketOwner::Resolver, None, Want::IN);
        assert_eq!(changes(&mut interest), []);
        interest.set(5, SocketOwner::Resolver, None, Want::IN.and(Want::OUT));
        assert_eq!(changes(&mut interest), [(5, Watch::InOut)]);
    }

    #[test]
    fn remove_is_told_exactly_once_and_only_for_announced_sockets() {
        let mut interest = Interest::default();
        interest.set(5, SocketOwner::Resolver, None, Want::IN);
        assert!(interest.remove(5).is_none());
        assert_eq!(changes(&mut interest), []);
        interest.set(5, SocketOwner::Resolver, None, Want::IN);
        assert_eq!(changes(&mut interest), [(5, Watch::In)]);
        interest.set(5, SocketOwner::Resolver, None, Want::NONE);
        assert_eq!(changes(&mut interest), [(5, Watch::Remove)]);
        assert!(interest.remove(5).is_none());
        assert!(!interest.is_announced(5));
    }
}
