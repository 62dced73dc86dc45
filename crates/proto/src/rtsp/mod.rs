//! RTSP (RFC 2326): requests, what must hold for a reply's headers, and the RTP
//! packets that come interleaved with replies.
//!
//! ```text
//! request: head ([`head`]) -> reply headers ([`Checks::header`]) -> body -> [`Checks::done`]
//! input:   [`Interleaved`] Skip -> '$' Channel -> Length(2) -> Data -> Skip
//! ```
//!
//! A reply's status line and headers look like HTTP/1's; `h1` parses them.

mod checks;
mod interleaved;
mod request;
#[cfg(test)]
mod tests;

pub use checks::{Channels, Checks};
pub use interleaved::{Interleaved, Piece};
pub use request::{Method, Request, head};
