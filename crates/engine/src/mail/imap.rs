//! What settings and URL mean for IMAP (RFC 5092).

use tress_model::escape::{Refuse, unescape_strict};
use tress_model::{Code, Error, Result};
use tress_proto::imap::{Append, Config, Flags, Request};

use super::settings::{custom, decode, login, login_options, path, sends_mail, use_ssl};
use crate::conn::Conn;
use crate::transfer::Transfer;

/// What a connection is set up with.
///
/// # Errors
/// `UrlMalformat` for login options that make no sense.
pub(crate) fn config(transfer: &Transfer, conn: &Conn) -> Result<Config> {
    let use_ssl = use_ssl(&transfer.options);
    let (tls, number) = (conn.destination.tls_from_start, conn.number.unsigned_abs());
    Config::new(use_ssl, tls, login(transfer, conn)?, &login_options(transfer)?, number)
}

/// What to do on a connection that is ready.
///
/// # Errors
/// `UrlMalformat` for a path that is no mailbox with parameters.
pub(crate) fn request(transfer: &Transfer) -> Result<Request> {
    let options = &transfer.options;
    let mut request = place(path(transfer)?)?;
    if request.mailbox.is_some() && request.uid.is_none() && request.index.is_none() {
        let query = transfer.plan()?.url.query();
        request.query = query.map(|query| decode("the query", query)).transpose()?;
    }
    if let Some(mut custom) = custom(options)? {
        let end = custom.iter().position(|&byte| byte == b' ').unwrap_or(custom.len());
        request.custom_parameters = custom.split_off(end);
        request.custom = Some(custom);
    }
    request.append = sends_mail(options).then(|| Append {
        size: options.body.length(),
        flags: Flags(options.mail().upload_flags.bits()),
    });
    Ok(request)
}

/// Takes the URL's path apart: a mailbox, then `;NAME=value` as often as there are any.
fn place(path: &[u8]) -> Result<Request> {
    let mut request = Request::default();
    let (mailbox, mut rest) = split(path);
    let mailbox = mailbox.strip_suffix(b"/").unwrap_or(mailbox);
    if !mailbox.is_empty() {
        request.mailbox = Some(decode("the mailbox", mailbox)?);
    }
    while let Some(parameter) = rest.strip_prefix(b";") {
        let equals = parameter.iter().position(|&byte| byte == b'=');
        let (name, value) = parameter.split_at(equals.ok_or_else(|| malformed(path))?);
        let (value, after) = split(value.get(1..).unwrap_or_default());
        rest = after;
        let name = decode("a parameter", name)?;
        let value = decode("a parameter", value.strip_suffix(b"/").unwrap_or(value))?;
        set(&mut request, &name, value).ok_or_else(|| malformed(path))?;
    }
    if rest.is_empty() { Ok(request) } else { Err(malformed(path)) }
}

/// Sets a parameter that was not set before; none for one that is not known.
fn set(request: &mut Request, name: &[u8], value: Vec<u8>) -> Option<()> {
    let place = match &name.to_ascii_uppercase()[..] {
        b"UIDVALIDITY" if request.uid_validity.is_none() => {
            request.uid_validity = std::str::from_utf8(&value).ok()?.parse().ok();
            return request.uid_validity.map(drop);
        }
        b"SECTION" if request.section.is_empty() => {
            request.section = value;
            return Some(());
        }
        b"UID" => &mut request.uid,
        b"MAILINDEX" => &mut request.index,
        b"PARTIAL" => &mut request.partial,
        _ => return None,
    };
    if place.is_some() {
        return None;
    }
    *place = Some(value);
    Some(())
}

/// Splits before the first byte that stands for itself in no mailbox (RFC 5092's `bchar`).
fn split(text: &[u8]) -> (&[u8], &[u8]) {
    let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || b":@/&=-._~!$'()*+,%".contains(byte);
    text.split_at(text.iter().take_while(|byte| belongs(byte)).count())
}

fn malformed(path: &[u8]) -> Error {
    let decoded = unescape_strict(path, Refuse::Control).unwrap_or_default();
    let text = String::from_utf8_lossy(&decoded);
    Error::new(Code::UrlMalformat, format!("no mailbox with parameters: \"{text}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_and_its_parameters() {
        let request = place(b"a%20b/;UIDVALIDITY=7/;uid=3/;SECTION=TEXT;PARTIAL=0.9").unwrap();
        assert_eq!(request.mailbox.as_deref(), Some(&b"a b"[..]));
        assert_eq!(request.uid_validity, Some(7));
        assert_eq!(request.uid.as_deref(), Some(&b"3"[..]));
        assert_eq!(request.section, b"TEXT");
        assert_eq!(request.partial.as_deref(), Some(&b"0.9"[..]));
        assert!(place(b"").unwrap().mailbox.is_none());
    }

    #[test]
    fn what_is_no_mailbox() {
        for path in [&b"a;UID"[..], b"a;UID=1;UID=2", b"a;WHAT=1", b"a\"b", b"a%0d;UID=1"] {
            let code = place(path).map(drop).map_err(|error| error.code());
            assert_eq!(code, Err(Code::UrlMalformat), "{}", String::from_utf8_lossy(path));
        }
    }
}
