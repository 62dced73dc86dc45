//! Command and reply by lines: what FTP, SMTP, POP3 and IMAP share.
//!
//! ```text
//! bytes in -> [`Lines`] -> a protocol's `line` -> output and events in [`Tx`] -> [`Event`]s
//! ```
//!
//! The owner drains the output, shows what it received to the protocol's `step`,
//! drops the consumed bytes and acts on the event. [`Event::Wait`] ends a round.

mod lines;
mod tx;

pub use lines::{Lines, MAX_LINE};
pub(crate) use tx::{Dialogue, Wire, conversation};
pub use tx::{Event, Tx, UseSsl};

use tress_model::{Code, Error};

/// The peer closed the connection while a reply was awaited.
pub fn closed() -> Error {
    Error::new(Code::RecvError, "response reading failed (errno: 0)")
}

/// No reply came in time (`CURLOPT_SERVER_RESPONSE_TIMEOUT`).
pub fn timed_out() -> Error {
    Error::new(Code::OperationTimedout, "server response timeout")
}

/// The digits at the start of a reply, as far as libcurl takes them: three, or
/// the whole line where it has nothing else. `None` for other lines.
pub(crate) fn reply_code(line: &[u8]) -> Option<u16> {
    let &[a, b, c, ..] = line else { return None };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
    Some(digit(a)? * 100 + digit(b)? * 10 + digit(c)?)
}

/// What follows the first `skip` bytes of a line, without blanks around it.
pub(crate) fn message(line: &[u8], skip: usize) -> &[u8] {
    line.get(skip..).unwrap_or_default().trim_ascii()
}

/// The words of a capability line.
pub(crate) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).filter(|word| !word.is_empty())
}

/// Whether `line` begins with `prefix`, in any case.
pub(crate) fn has_prefix(line: &[u8], prefix: &str) -> bool {
    line.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
}
