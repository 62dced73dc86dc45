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

/// The most codings of one body, transfer and content codings each on their own
/// (`MAX_ENCODE_STACK`).
pub const MAX_STACK: usize = 5;

impl Coding {
    /// The coding called `name`, whatever its case.
    pub fn named(name: &[u8]) -> Self {
        let is = |text: &str| name.eq_ignore_ascii_case(text.as_bytes());
        if is("gzip") || is("x-gzip") {
            Self::Gzip
        } else if is("br") {
            Self::Brotli
        } else if is("zstd") {
            Self::Zstd
        } else if is("deflate") {
            Self::Deflate
        } else if is("identity") || is("none") {
            Self::Identity
        } else {
            Self::Unknown
        }
    }
}

/// The names in a comma-separated list, blanks around them and empty items left out.
pub fn names(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|&b| b == b',').map(<[u8]>::trim_ascii).filter(|name| !name.is_empty())
}
