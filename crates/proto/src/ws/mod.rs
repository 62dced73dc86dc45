//! WebSocket, the client's side (RFC 6455).
//!
//! ```text
//! handshake ([`handshake`]) -> 101 -> frames both ways, until the connection ends
//! receiving:  [`Decoder`]  Head(0..10 bytes) -> Payload(left) -> Head ...
//! sending:    [`Encoder`]  Idle -> Payload(left) -> Idle ...
//! ```
//!
//! [`WebSocket`] ties both together: it answers PINGs and keeps what
//! `curl_ws_send` must remember between calls.

mod decode;
mod encode;
pub mod handshake;
mod session;
#[cfg(test)]
mod tests;

pub use decode::{Chunk, Decoder};
pub use encode::Encoder;
pub use session::WebSocket;

/// The longest payload of a control frame (RFC 6455 section 5.5).
pub const MAX_CONTROL_LEN: usize = 125;
/// How much may wait to be sent before [`WebSocket::offer`] takes no more, and pings wait for
/// their answer.
pub const MAX_BUFFERED: usize = 2 * 65_535;

/// `CURLWS_TEXT`: a text message or a fragment of one.
pub const TEXT: u32 = 1 << 0;
/// `CURLWS_BINARY`: a binary message or a fragment of one.
pub const BINARY: u32 = 1 << 1;
/// `CURLWS_CONT`: more fragments of this message follow.
pub const CONT: u32 = 1 << 2;
/// `CURLWS_CLOSE`: the peer closes.
pub const CLOSE: u32 = 1 << 3;
/// `CURLWS_PING`: a ping.
pub const PING: u32 = 1 << 4;
/// `CURLWS_OFFSET`: the frame is sent in several calls.
pub const OFFSET: u32 = 1 << 5;
/// `CURLWS_PONG`: a pong.
pub const PONG: u32 = 1 << 6;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OP_CONT: u8 = 0x0;
const OP_TEXT: u8 = 0x1;
const OP_BINARY: u8 = 0x2;
const OP_CLOSE: u8 = 0x8;
const OP_PING: u8 = 0x9;
const OP_PONG: u8 = 0xa;
/// The second byte's bit for a masked payload.
const MASKED: u8 = 0x80;
