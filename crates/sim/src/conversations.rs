//! Options of transfers by commands and replies.

use std::sync::Arc;

use tress_engine::options::{BodySource, Method as Kind, Options};

use crate::plan::{Method, Plan, Protocol};
use crate::server::SECRET;

/// What a transfer is told by its URL and options, apart from what all transfers share.
pub fn fill_in(options: &mut Options, protocol: Protocol, host: &str, number: u32, plan: &Plan) {
    let dir = ["", "a/", "a/b/"][number as usize % 3];
    let s = if plan.secure[0] && protocol != Protocol::Ftp { "s" } else { "" };
    let user = if plan.needs_tls() { SECRET } else { "user" };
    let url = match (protocol, plan.method) {
        (Protocol::Ftp, Method::List) => format!("ftp://{host}/{number}/"),
        (Protocol::Ftp, _) => format!("ftp://{host}/{dir}{number}"),
        (Protocol::Smtp, _) => format!("smtp{s}://{host}/me.test"),
        (Protocol::Imap, Method::Put) => format!("imap{s}://{user}:word@{host}/{number}"),
        (Protocol::Imap, _) => format!("imap{s}://{user}:word@{host}/{number}/;MAILINDEX=1"),
        _ => format!("pop3{s}://{user}:word@{host}/{number}"),
    };
    options.url = Some(url.into_bytes().into());
    options.tls_mut().use_ssl = plan.use_ssl;
    if let Some(upload) = plan.upload {
        options.method = Kind::Put;
        let len = upload.known.then_some(upload.size as u64);
        options.body = BodySource::Application { len, fields: false };
    }
    if protocol == Protocol::Smtp {
        let mail = options.mail_mut();
        mail.mail_from = Some(format!("{number}@h.test").into_bytes().into());
        mail.mail_rcpt = Some(Arc::from([Box::from(&b"you@h.test"[..])]));
    }
}
