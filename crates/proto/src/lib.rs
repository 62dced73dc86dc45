//! Sans-I/O protocol machines.
#![forbid(unsafe_code)]

pub mod auth;
pub mod connect;
pub mod decode;
pub mod dict;
pub mod doh;
pub mod ftp;
pub mod gopher;
pub mod h1;
pub mod h2;
pub mod h3;
pub mod haproxy;
pub mod http;
pub mod imap;
pub mod mqtt;
pub mod pingpong;
pub mod pop3;
pub mod rtsp;
pub mod sasl;
pub mod smtp;
pub mod socks;
pub mod ssh;
pub mod telnet;
#[cfg(test)]
mod testing;
pub mod tftp;
pub mod ws;
