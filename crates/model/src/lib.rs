//! Plain values of a transfer: URL, headers, cookies, dates, error codes.
#![forbid(unsafe_code)]

pub mod altsvc;
mod code;
pub mod cookie;
pub mod date;
mod error;
pub mod escape;
pub mod headers;
pub mod host;
pub mod hsts;
pub mod mime;
pub mod netrc;
pub mod noproxy;
pub mod range;
mod scan;
pub mod scheme;
#[cfg(test)]
mod testing;
pub mod url;

pub use code::{Code, MultiCode};
pub use error::{Error, Result};
