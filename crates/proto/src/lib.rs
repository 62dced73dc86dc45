//! Sans-I/O protocol machines.
#![forbid(unsafe_code)]

pub mod haproxy;
pub mod socks;
#[cfg(test)]
mod testing;
