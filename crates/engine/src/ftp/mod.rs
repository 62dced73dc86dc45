//! FTP (RFC 959): what its conversation asks for besides, and its second connection.
//!
//! ```text
//!   Ask::OpenData -> data: the transfer lends itself to a second connection until that is up,
//!                    over the same proxies, then comes back to the conversation
//!   Ask::Listen   -> active: a socket listens; the server's connection is taken in when it comes
//!   Download | Upload -> TLS on it, if wanted -> moving -> closed -> Ftp::transferred
//! ```

mod active;
mod ask;
mod clear;
mod data;
mod moving;
mod settings;
mod text;

pub(crate) use data::{Data, Direction};
pub(crate) use settings::{config, is_text, push_identity, request};
