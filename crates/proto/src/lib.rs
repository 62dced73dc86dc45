//! Sans-I/O protocol machines.
#![forbid(unsafe_code)]

pub mod dict;
pub mod doh;
pub mod gopher;
pub mod haproxy;
pub mod socks;
#[cfg(test)]
mod testing;
pub mod ws;
