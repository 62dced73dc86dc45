//! SMTP, IMAP and POP3: what settings and URL mean to their machines, and the mail that goes out.
//!
//! ```text
//!   conversation: Event::Upload -> Outgoing: the application's bytes, framed -> uploaded
//!                 Event::Download, Event::Body -> delivered as they come
//! ```

mod imap;
mod outgoing;
mod pop3;
mod settings;
mod smtp;

pub(crate) use imap::{config as imap_config, request as imap_request};
pub(crate) use outgoing::Outgoing;
pub(crate) use pop3::{config as pop3_config, request as pop3_request};
pub(crate) use settings::push_identity;
pub(crate) use smtp::{config as smtp_config, request as smtp_request};
