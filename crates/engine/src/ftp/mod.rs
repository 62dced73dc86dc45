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
mod wildcard;

pub(crate) use data::{Data, Direction};
pub(crate) use settings::{config, is_text, push_identity};
pub(crate) use wildcard::Wildcard;

use settings::request;
use tress_model::Result;
use tress_proto::ftp::Request;

use crate::transfer::Transfer;

/// The first request of a transfer.
///
/// # Errors
/// Those of settings that do not fit.
pub(crate) fn first_request(transfer: &mut Transfer) -> Result<Request> {
    let mut request = request(transfer)?;
    transfer.wildcard = match transfer.options.wildcardmatch {
        true => Wildcard::of(&mut request),
        false => None,
    };
    Ok(request)
}
