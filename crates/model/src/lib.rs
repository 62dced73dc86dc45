//! Plain values of a transfer: URL, headers, cookies, dates, error codes.
#![forbid(unsafe_code)]

mod code;
pub mod cookie;
pub mod date;
mod error;
pub mod escape;
pub mod headers;
pub mod scheme;
#[cfg(test)]
mod testing;
pub mod url;

pub use code::{Code, MultiCode};
pub use error::{Error, Result};
