//! Plain values of a transfer: URL, headers, cookies, dates, error codes.
#![forbid(unsafe_code)]

mod code;
mod error;

pub use code::{Code, MultiCode};
pub use error::{Error, Result};
