//! Content and transfer codings taken off a body (RFC 9110 section 8.4).

/// A coding by its name in `Content-Encoding` or `Transfer-Encoding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// No change at all.
    Identity,
    /// `gzip` and `x-gzip` (RFC 1952).
    Gzip,
    /// `deflate`: the zlib format (RFC 1950), or raw deflate as some servers send it.
    Deflate,
    /// `br` (RFC 7932).
    Brotli,
    /// `zstd` (RFC 8878).
    Zstd,
    /// A name that nobody here knows; an error once a body comes.
    Unknown,
}
