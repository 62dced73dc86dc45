//! HTTP/1: responses in, chunks out (RFC 9112).

pub mod chunked;
pub mod chunked_out;
mod head;
mod line;
pub mod response;
#[cfg(test)]
mod tests;

pub use head::{Field, Head, Version};
pub use response::{Advance, BodyFraming, CloseOutcome, Event, Response, ResponseConfig, Span};
