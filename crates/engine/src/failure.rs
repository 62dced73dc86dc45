//! What it is called when sending on a connection, or receiving, fails.

use std::io;

use tress_model::{Code, Error};

use crate::transfer::Transfer;

impl Transfer {
    /// The error of a transfer whose connection fails; the system's number is kept for
    /// `CURLINFO_OS_ERRNO`.
    pub(crate) fn stream_failed(&mut self, error: &io::Error, code: Code) -> Error {
        self.infos.os_errno = error.raw_os_error().unwrap_or(0);
        stream_error(error, code)
    }
}

/// What sending on a connection (`SendError`), or receiving (`RecvError`), failed of. TLS brings
/// its own code and words.
pub(crate) fn stream_error(error: &io::Error, code: Code) -> Error {
    if let Some(own) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        return Error::new(own.code(), own.message().to_owned());
    }
    let verb = if code == Code::SendError { "Send" } else { "Recv" };
    Error::new(code, format!("{verb} failure: {}", words(error)))
}

/// The system's words for an error, without Rust's additions.
pub(crate) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
