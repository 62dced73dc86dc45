//! Sockets, TLS, name resolving: the only owner of file descriptors.
#![forbid(unsafe_code)]

pub mod connect;
pub mod resolve;
mod stream;

pub use stream::{Shutdown, Stream, Want};
