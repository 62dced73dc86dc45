//! What a connection has to say.

use std::ops::Range;

use super::{ErrorCode, StreamId, StreamRef};

/// The outcome of [`super::Connection::advance`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// How many bytes of the input are done with.
    pub consumed: usize,
    /// What happened.
    pub event: Event,
}

/// What happened on a connection.
///
/// After an event with `end`, or a `Reset`, the peer sends no more on the stream;
/// it is gone as soon as our side has ended too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing more: all input is consumed, and more is needed.
    More,
    /// A response head, 1xx included; its fields are [`super::Connection::fields`].
    Head {
        /// Whose.
        stream: StreamRef,
        /// `:status`, 100 to 999.
        status: u16,
        /// No body follows.
        end: bool,
    },
    /// Bytes of a body.
    Data {
        /// Whose.
        stream: StreamRef,
        /// Where they are in the given input; may be empty when `end` is set.
        range: Range<usize>,
        /// The body ends here, complete.
        end: bool,
    },
    /// Trailers, which end the body; they are [`super::Connection::fields`].
    Trailers {
        /// Whose.
        stream: StreamRef,
    },
    /// A stream broke off: it is gone.
    Reset {
        /// Which.
        stream: StreamRef,
        /// The code that the peer gave, or that it was given.
        code: ErrorCode,
        /// The peer did it, by RST_STREAM or GOAWAY; else it broke the protocol.
        by_peer: bool,
        /// The peer has not acted on the request: it can be sent again on a new connection.
        retry: bool,
        /// What was wrong.
        why: &'static str,
    },
    /// The peer wants to push; the request is [`super::Connection::fields`].
    /// Unless it is accepted before the next `advance`, it is refused.
    PushPromise {
        /// The stream that it comes with.
        parent: StreamRef,
        /// The stream that it will come on.
        promised: StreamId,
    },
    /// The connection takes no new streams. Those of ours above `last` are
    /// reported as `Reset` next, to be tried again.
    GoAway {
        /// The last stream of ours that is still answered.
        last: StreamId,
        /// Why.
        code: ErrorCode,
    },
    /// The peer's settings are new: [`super::Connection::peer_settings`].
    Settings,
    /// The answer to a ping of ours.
    PingAck {
        /// What the ping held.
        payload: [u8; 8],
    },
    /// A stream that could not send may send again.
    WindowOpened {
        /// Which.
        stream: StreamRef,
    },
}
