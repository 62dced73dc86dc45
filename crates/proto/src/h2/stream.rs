//! The streams of a connection (RFC 9113, 5.1), found by number in O(1).

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

use super::flow::{ReceiveWindow, SendWindow};

/// The number of a stream on its connection; ours are odd, promised ones even.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u32);

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A stream as events name it: its number and the token that its opener gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamRef {
    /// The number on the wire.
    pub id: StreamId,
    /// The opener's own name for it.
    pub token: u64,
}

/// How far a response has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its final head is not there yet.
    Head,
    /// DATA may come, or trailers.
    Body,
}

/// A stream that is not closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    pub(super) id: u32,
    pub(super) token: u64,
    pub(super) receive: ReceiveWindow,
    pub(super) send: SendWindow,
    pub(super) phase: Phase,
    /// We have ended our side.
    pub(super) local_ended: bool,
    /// The peer has ended its side.
    pub(super) remote_ended: bool,
    /// It wants to send and has no window.
    pub(super) blocked: bool,
    /// It is in the connection's list of such streams, maybe no longer rightly.
    pub(super) listed: bool,
    /// The request is HEAD: `content-length` says nothing of the body.
    pub(super) is_head: bool,
    /// The request is CONNECT: what follows is a tunnel.
    pub(super) is_connect: bool,
    /// 1xx responses so far.
    pub(super) informational: u8,
    /// The bytes of body still to come, if `content-length` says so.
    pub(super) expected: Option<u64>,
}

impl Stream {
    pub(super) fn new(id: u32, token: u64, receive: ReceiveWindow) -> Self {
        Self {
            id,
            token,
            receive,
            send: SendWindow::default(),
            phase: Phase::Head,
            local_ended: false,
            remote_ended: false,
            blocked: false,
            listed: false,
            is_head: false,
            is_connect: false,
            informational: 0,
            expected: None,
        }
    }

    pub(super) fn reference(&self) -> StreamRef {
        StreamRef { id: StreamId(self.id), token: self.token }
    }

    pub(super) fn is_ours(&self) -> bool {
        self.id % 2 == 1
    }
}

/// The open streams. Slots and the index are reused.
#[derive(Debug, Default)]
pub(super) struct Streams {
    slots: Vec<Stream>,
    index: HashMap<u32, u32, BuildHasherDefault<IdHasher>>,
    ours: u32,
    promised: u32,
}

impl Streams {
    pub(super) fn get(&self, id: u32) -> Option<&Stream> {
        self.slots.get(*self.index.get(&id)? as usize)
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut Stream> {
        self.slots.get_mut(*self.index.get(&id)? as usize)
    }

    pub(super) fn insert(&mut self, stream: Stream) {
        self.ours += u32::from(stream.is_ours());
        self.promised += u32::from(!stream.is_ours());
        self.index.insert(stream.id, self.slots.len() as u32);
        self.slots.push(stream);
    }

    /// Takes a stream out; the last slot fills its place.
    pub(super) fn remove(&mut self, id: u32) -> Option<Stream> {
        let slot = self.index.remove(&id)?;
        let stream = self.slots.swap_remove(slot as usize);
        if let Some(moved) = self.slots.get(slot as usize) {
            self.index.insert(moved.id, slot);
        }
        self.ours -= u32::from(stream.is_ours());
        self.promised -= u32::from(!stream.is_ours());
        Some(stream)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Stream> {
        self.slots.iter()
    }

    /// How many are open.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// How many of ours are open.
    pub(super) fn ours(&self) -> u32 {
        self.ours
    }

    /// How many of the peer's are open or promised.
    pub(super) fn promised(&self) -> u32 {
        self.promised
    }

    pub(super) fn shrink(&mut self) {
        if self.slots.is_empty() {
            self.slots = Vec::new();
            self.index = HashMap::default();
        }
    }
}

/// Spreads stream numbers, which the peer hardly chooses, over the index.
#[derive(Clone, Copy, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u32(self.0 as u32 ^ u32::from(byte)));
    }

    fn write_u32(&mut self, id: u32) {
        self.0 = u64::from(id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{ReceiveWindow, Stream, Streams};

    #[test]
    fn slots_are_found_after_others_went() {
        let mut streams = Streams::default();
        let window = ReceiveWindow::new(1, 1);
        (1..100).for_each(|id| streams.insert(Stream::new(id, u64::from(id) * 10, window)));
        assert_eq!((streams.ours(), streams.promised()), (50, 49));
        (1..100).filter(|id| id % 3 == 0).for_each(|id| assert!(streams.remove(id).is_some()));
        for id in 1..100 {
            let token = streams.get(id).map(|stream| stream.token);
            assert_eq!(token, (id % 3 != 0).then_some(u64::from(id) * 10));
        }
        assert!(streams.remove(3).is_none());
    }
}
