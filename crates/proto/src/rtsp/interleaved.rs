use std::ops::Range;

use super::Channels;

/// `$`, the channel and the length (RFC 2326 section 10.12).
const HEAD_LEN: usize = 4;

/// A piece of what the server sent outside of reply headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Body while a reply has some left, else junk to drop.
    Other(Range<usize>),
    /// The same: one `$` of an earlier input that began no packet.
    Dollar,
    /// A packet with its head, whole in the input.
    Packet(Range<usize>),
    /// A packet with its head, in [`Interleaved::packet`].
    HeldPacket,
    /// A reply begins here; its headers come first.
    Reply,
}

/// Tells packets apart from everything else. A packet is at most 65,539 bytes;
/// an unfinished one is held.
#[derive(Debug, Default)]
pub struct Interleaved {
    held: Vec<u8>,
    complete: bool,
}

impl Interleaved {
    /// The next piece of `input` and how much of it is used up.
    ///
    /// `body_left` is what the current reply's body still lacks; `replies` is
    /// false while only packets are waited for.
    pub fn next(
        &mut self,
        input: &[u8],
        body_left: u64,
        replies: bool,
        channels: &Channels,
    ) -> (usize, Option<Piece>) {
        if self.complete {
            self.held.clear();
            self.complete = false;
        }
        if !self.held.is_empty() {
            return self.go_on(input, channels);
        }
        let Some(&first) = input.first() else { return (0, None) };
        if first == b'$' && input.get(1).is_none_or(|&channel| channels.contains(channel)) {
            return match packet_len(input) {
                Some(len) if len <= input.len() => (len, Some(Piece::Packet(0..len))),
                _ => {
                    self.held.extend_from_slice(input);
                    (input.len(), None)
                }
            };
        }
        let end = other_len(input, body_left, replies, channels);
        if end == 0 { (0, Some(Piece::Reply)) } else { (end, Some(Piece::Other(0..end))) }
    }

    /// The packet of [`Piece::HeldPacket`], until the next call.
    pub fn packet(&self) -> &[u8] {
        &self.held
    }

    /// Whether a packet has begun and is not complete.
    pub fn in_packet(&self) -> bool {
        !self.held.is_empty() && !self.complete
    }

    fn go_on(&mut self, input: &[u8], channels: &Channels) -> (usize, Option<Piece>) {
        let mut used = 0;
        loop {
            let want = packet_len(&self.held).unwrap_or(self.held.len() + 1);
            if self.held.len() >= want && self.held.len() >= HEAD_LEN {
                self.complete = true;
                return (used, Some(Piece::HeldPacket));
            }
            let rest = input.get(used..).unwrap_or_default();
            if let (1, Some(&channel)) = (self.held.len(), rest.first())
                && !channels.contains(channel)
            {
                self.held.clear();
                return (used, Some(Piece::Dollar));
            }
            let take = (want - self.held.len()).min(rest.len());
            if take == 0 {
                return (used, None);
            }
            let (part, _) = rest.split_at(take);
            self.held.extend_from_slice(part);
            used += take;
        }
    }
}

fn packet_len(packet: &[u8]) -> Option<usize> {
    match packet {
        &[_, _, high, low, ..] => Some(HEAD_LEN + usize::from(u16::from_be_bytes([high, low]))),
        _ => None,
    }
}

/// How much of `input` is neither a packet nor the start of a reply.
fn other_len(input: &[u8], body_left: u64, replies: bool, channels: &Channels) -> usize {
    let body = usize::try_from(body_left).unwrap_or(usize::MAX).min(input.len());
    let mut at = 0;
    while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(next) = memchr::memchr2(b'$', b'R', rest).map(|n| at + n) else {
            return input.len();
        };
        let candidate = input.get(next..).unwrap_or_default();
        let stop = match candidate {
            [b'$', channel, ..] => channels.contains(*channel),
            [b'$'] => true,
            _ => replies && next >= body && begins_reply(candidate),
        };
        if stop {
            // Body and junk are not mixed in one piece.
            return if at < body && next > body { body } else { next };
        }
        at = next + 1;
    }
    input.len()
}

fn begins_reply(text: &[u8]) -> bool {
    let len = text.len().min(5);
    text.get(..len) == b"RTSP/".get(..len)
}
