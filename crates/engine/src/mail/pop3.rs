//! What settings and URL mean for POP3.

use tress_model::Result;
use tress_proto::pop3::{Config, Request};

use super::settings::{custom, decode, login, login_options, path, use_ssl};
use crate::conn::Conn;
use crate::transfer::Transfer;

/// What a connection is set up with.
///
/// # Errors
/// `UrlMalformat` for login options that make no sense.
pub(crate) fn config(transfer: &Transfer, conn: &Conn) -> Result<Config> {
    let use_ssl = use_ssl(&transfer.options);
    let tls = conn.destination.tls_from_start;
    Config::new(use_ssl, tls, login(transfer, conn)?, &login_options(transfer)?)
}

/// What to do on a connection that is ready.
///
/// # Errors
/// `UrlMalformat` for control bytes in the message's number or the custom request.
pub(crate) fn request(transfer: &Transfer) -> Result<Request> {
    let options = &transfer.options;
    Ok(Request {
        id: decode("the message number", path(transfer)?)?,
        custom: custom(options)?.unwrap_or_default(),
        list_only: options.dirlistonly,
    })
}
