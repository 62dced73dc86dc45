//! HTTP/3 (RFC 9114), the client's side, sans-I/O.
//!
//! QUIC's streams carry it, so there are two machines: [`Connection`] for what the peer says on
//! its control stream and beside it, and one [`Response`] for each request's stream. Both are
//! given received bytes and say what they come to; body bytes are never copied here:
//! [`Event::Data`] names a range of the given input. Whatever a peer can make grow has a limit
//! with a name in [`Limits`].
//!
//! Fields are compressed by QPACK (RFC 9204) with its static table alone: a dynamic one of size 0
//! is announced, so nothing is kept from one head to the next and no head waits for another.

mod connection;
mod error;
mod frame;
mod limits;
mod qpack;
mod response;
mod varint;

#[cfg(test)]
mod tests;

pub use connection::{Connection, Incoming, Told};
pub use error::{ErrorCode, Failure, no_head_error, reset_error};
pub use frame::{data_header, headers_frame};
pub use limits::Limits;
pub use qpack::decode_section;
pub use response::{Advance, Event, Fault, Response};
