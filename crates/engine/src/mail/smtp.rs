//! What settings and URL mean for SMTP.

use tress_model::Result;
use tress_model::url::Url;
use tress_proto::sasl;
use tress_proto::smtp::{Config, Mail, Mailbox, Request};

use super::settings::{custom, decode, login, login_options, path, sends_mail, use_ssl};
use crate::conn::Conn;
use crate::transfer::Transfer;

/// What a connection is set up with.
///
/// # Errors
/// `UrlMalformat` for a path or login options that make no sense.
pub(crate) fn config(transfer: &Transfer, conn: &Conn) -> Result<Config> {
    let mut login = login(transfer, conn)?;
    (login.allowed, _) = sasl::preference(&login_options(transfer)?, login.allowed, "")?;
    let domain = match path(transfer)? {
        [] => own_name(),
        path => decode("the domain", path)?,
    };
    Ok(Config {
        domain,
        use_ssl: use_ssl(&transfer.options),
        tls: conn.destination.tls_from_start,
        login,
    })
}

/// The name of this host, for EHLO.
fn own_name() -> Vec<u8> {
    let name = rustix::system::uname().nodename().to_bytes().to_vec();
    if name.is_empty() { b"localhost".to_vec() } else { name }
}

/// What to do on a connection that is ready.
///
/// # Errors
/// `BadFunctionArgument` for an address with a line end.
pub(crate) fn request(transfer: &Transfer) -> Result<Request> {
    let options = &transfer.options;
    let mail = options.mail();
    let recipients = mail.mail_rcpt.iter().flat_map(|list| list.iter());
    let recipients = recipients.map(|address| mailbox(address)).collect::<Result<Vec<_>>>()?;
    if !sends_mail(options) || recipients.is_empty() {
        return Ok(Request::Command {
            custom: custom(options)?.unwrap_or_default(),
            recipients,
            no_body: options.nobody,
        });
    }
    let address = |text: &Option<Box<[u8]>>| text.as_deref().map(mailbox).transpose();
    Ok(Request::Mail(Box::new(Mail {
        from: address(&mail.mail_from)?,
        auth: address(&mail.mail_auth)?,
        recipients,
        size: options.body.length(),
        allow_failures: mail.mail_rcpt_allowfails,
    })))
}

/// An address, its host in ASCII where it has such a form.
fn mailbox(address: &[u8]) -> Result<Mailbox> {
    let mut mailbox = Mailbox::parse(address)?;
    let ascii = mailbox.host.as_deref().filter(|host| !host.is_ascii()).and_then(ascii_host);
    if let Some(ascii) = ascii {
        mailbox.set_ascii_host(&ascii);
    }
    Ok(mailbox)
}

fn ascii_host(host: &[u8]) -> Option<String> {
    let url = Url::parse(&[b"smtp://", host].concat(), Default::default()).ok()?;
    String::from_utf8(url.host_ascii().ok()?.into_owned()).ok()
}
