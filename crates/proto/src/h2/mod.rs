//! HTTP/2 (RFC 9113), the client's side, sans-I/O.
//!
//! [`Connection`] takes received bytes with [`Connection::advance`] and gives one
//! [`Event`] at a time; what is to be sent lies in [`Connection::pending_output`].
//! Body bytes are never copied: [`Event::Data`] names a range of the given input.
//! Every frame costs O(1), however many streams there are, and whatever a peer can
//! make grow has a limit with a name in [`Limits`].

mod block;
mod connection;
mod control;
mod error;
mod event;
pub(crate) mod fields;
mod flow;
mod frame;
pub(crate) mod hpack;
pub(crate) mod limits;
pub(crate) mod message;
mod output;
mod receive;
pub mod render;
pub mod request;
mod send;
mod settings;
mod stream;

#[cfg(test)]
mod tests;

pub use connection::{Config, Connection};
pub use error::{ErrorCode, no_head_error, reset_error};
pub use event::{Advance, Event};
pub use fields::{Field, Fields};
pub use hpack::{Decoder, ListLimits};
pub use limits::{Limits, Rate};
pub use send::{Open, Priority};
pub use settings::{PeerSettings, upgrade_value};
pub use stream::{StreamId, StreamRef};
