//! The bindings of the crate `curl-sys` 0.4, with Tress in place of libcurl: programs that use
//! `curl` or `isahc` run on Tress with one line in their `Cargo.toml`:
//!
//! ```toml
//! [patch.crates-io]
//! curl-sys = { path = "tress/product/curl-sys" }
//! ```
//!
//! Names, types and values are libcurl's (`curl/curl.h`, `curl/multi.h`); types are spelt as that
//! crate spells them.
#![allow(non_camel_case_types, non_upper_case_globals)]

mod constants;
mod functions;
mod tables;
mod types;

pub use constants::*;
pub use functions::*;
pub use libc::fd_set;
pub use tables::*;
pub use types::*;

// The functions are defined there.
use tress_capi as _;

/// This package's version.
pub fn rust_crate_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// The library is part of the program, not the system's.
#[doc(hidden)]
pub fn vendored() -> bool {
    true
}
