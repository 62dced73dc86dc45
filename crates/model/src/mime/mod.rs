//! MIME bodies (RFC 2045 to 2049, RFC 7578) as trees of plain values: curl_mime_init(3) and
//! its kin, curl_formadd(3), `CURLOPT_MIMEPOST`.
//!
//! A [`Part`] becomes a [`Body`]: literal text, data and sources in their order, with the total
//! size where it is known. A [`BodyReader`] gives the bytes out; what comes from a file or
//! callback is asked of the driver.

mod body;
mod encode;
mod headers;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use body::{Body, BodyReader, Wants};
pub use headers::guess_content_type;

use crate::Code;

/// Deepest nesting of multiparts.
pub const MAX_LEVELS: usize = 40;

/// Dashes before a boundary's random part.
const BOUNDARY_DASHES: usize = 24;

/// Random letters and digits of a boundary.
pub const BOUNDARY_RANDOM: usize = 22;

/// Parts with a boundary between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mime {
    /// Text that no part contains.
    pub boundary: Box<[u8]>,
    /// In the order of sending.
    pub parts: Vec<Part>,
}

impl Mime {
    /// No parts; libcurl's form of boundary from random letters and digits.
    pub fn new(random: &[u8; BOUNDARY_RANDOM]) -> Self {
        let boundary = [&[b'-'; BOUNDARY_DASHES][..], random].concat();
        Self { boundary: boundary.into(), parts: Vec::new() }
    }
}

/// One part: what is sent, and what its headers say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The field's name.
    pub name: Option<Box<[u8]>>,
    /// The file name that the other side sees.
    pub filename: Option<Box<[u8]>>,
    /// The content type; else it is guessed.
    pub content_type: Option<Box<[u8]>>,
    /// Further header lines, without line ends.
    pub headers: Vec<Box<[u8]>>,
    /// How the content is encoded.
    pub encoder: Option<Encoder>,
    /// The content.
    pub content: Content,
}

/// Where a part's bytes come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// Nothing was set: no bytes.
    #[default]
    None,
    /// Bytes in memory.
    Data(Arc<[u8]>),
    /// A local file.
    File {
        /// Its path; its name's end tells the content type.
        path: Box<[u8]>,
        /// Who gives the bytes.
        source: SourceId,
        /// In bytes; none: not a plain file.
        size: Option<u64>,
    },
    /// A callback of the application.
    Callback {
        /// Who gives the bytes.
        source: SourceId,
        /// In bytes, as announced.
        size: Option<u64>,
    },
    /// Parts within.
    Multipart(Mime),
}

/// Names a file or callback to the driver, who gave the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceId(pub u32);

/// A content transfer encoding (RFC 2045 section 6, curl_mime_encoder(3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoder {
    /// As it is.
    Binary,
    /// As it is.
    EightBit,
    /// As it is; a byte from 128 up fails.
    SevenBit,
    /// Lines of 76 letters.
    Base64,
    /// Lines of up to 76 bytes.
    QuotedPrintable,
}

impl Encoder {
    /// The encoding of a name in any case.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        const ALL: [Encoder; 5] = [
            Encoder::Binary,
            Encoder::EightBit,
            Encoder::SevenBit,
            Encoder::Base64,
            Encoder::QuotedPrintable,
        ];
        ALL.into_iter().find(|encoder| encoder.name().as_bytes().eq_ignore_ascii_case(name))
    }

    /// The name in `Content-Transfer-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::EightBit => "8bit",
            Self::SevenBit => "7bit",
            Self::Base64 => "base64",
            Self::QuotedPrintable => "quoted-printable",
        }
    }
}

/// How a part is made into a body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prepare<'a> {
    /// For SMTP and IMAP: names are escaped by backslashes and parts say `8bit`.
    pub mail: bool,
    /// `CURLMIMEOPT_FORMESCAPE`: names in forms are escaped by backslashes too.
    pub form_escape: bool,
    /// The type where the part has none of its own: `multipart/form-data` for HTTP.
    pub content_type: Option<&'a [u8]>,
    /// The part's own headers stay out of the body: they are HTTP's ([`Body::headers`]).
    pub body_only: bool,
    /// Header lines that go with the part's generated ones: `Mime-Version: 1.0` for mail.
    pub extra_headers: &'a [&'a [u8]],
}

impl Part {
    /// Lays the part out for sending. Fails with [`Code::BadFunctionArgument`] for a name with
    /// a line end that cannot be escaped, and for a multipart in base64 or quoted-printable
    /// (RFC 2045 section 6.4 forbids it); with [`Code::ReadError`] when nested too deeply.
    pub fn prepare(&self, how: &Prepare<'_>) -> Result<Body, Code> {
        body::lay_out(self, how)
    }
}

/// The last name of a path: curl_mime_filedata(3) takes it for the file name.
pub fn base_name(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|&byte| byte != b'/').map_or(0, |last| last + 1);
    let path = path.get(..end).unwrap_or_default();
    let start = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
    path.get(start..).unwrap_or_default()
}
