//! What the three protocols have in common.

use std::borrow::Cow;

use tress_model::escape::{Refuse, unescape_strict};
use tress_model::{Code, Error, Result};
use tress_proto::pingpong;
use tress_proto::sasl;

use crate::conn::Conn;
use crate::destination::push;
use crate::options::{Method, Options, UseSsl};
use crate::transfer::Transfer;

/// Appends what a login depends on to the key of its connection.
pub(crate) fn push_identity(options: &Options, key: &mut Vec<u8>) {
    let auth = options.auth();
    for text in [&auth.login_options, &auth.sasl_authzid, &auth.service_name] {
        push(key, text.as_deref().unwrap_or_default());
    }
    key.extend_from_slice(&auth.httpauth.bits().to_be_bytes());
}

/// Who logs in, by which mechanisms.
///
/// # Errors
/// `UrlMalformat` for login options that are not text.
pub(super) fn login(transfer: &Transfer, conn: &Conn) -> Result<sasl::Config> {
    let auth = transfer.options.auth();
    let owned = |text: &Option<Box<[u8]>>| text.as_deref().map(<[u8]>::to_vec);
    let credentials = transfer.plan()?.credentials.clone();
    let credentials = credentials.as_deref().filter(|login| login.has_user_or_password());
    let mut nonce = [0; 16];
    crate::random::fill(&mut nonce);
    Ok(sasl::Config {
        credentials: credentials.map(|login| sasl::Credentials {
            user: login.user.clone(),
            password: login.password.clone(),
            authzid: owned(&auth.sasl_authzid).unwrap_or_default(),
            service: owned(&auth.service_name),
            bearer: Some(login.bearer.clone()).filter(|bearer| !bearer.is_empty()),
        }),
        host: String::from_utf8_lossy(&conn.destination.host).into_owned(),
        port: conn.destination.port,
        initial_response: auth.sasl_ir,
        allowed: sasl::from_http_auth(auth.httpauth.bits().into()),
        nonce,
        unix_time: crate::stores::unix_now(),
    })
}

/// `CURLOPT_LOGIN_OPTIONS`, else what follows the user in the URL.
///
/// # Errors
/// `UrlMalformat` for bytes that are not UTF-8.
pub(super) fn login_options(transfer: &Transfer) -> Result<Cow<'_, str>> {
    let url = &transfer.plan()?.url;
    let set = transfer.options.auth().login_options.as_deref();
    let options = set.or(url.options()).unwrap_or_default();
    let malformed = || Error::new(Code::UrlMalformat, "login options are not UTF-8");
    std::str::from_utf8(options).map(Cow::Borrowed).map_err(|_| malformed())
}

pub(super) fn use_ssl(options: &Options) -> pingpong::UseSsl {
    match options.tls().use_ssl {
        UseSsl::None => pingpong::UseSsl::None,
        UseSsl::Try => pingpong::UseSsl::Try,
        UseSsl::Control => pingpong::UseSsl::Control,
        UseSsl::All => pingpong::UseSsl::All,
    }
}

/// The URL's path without its first slash.
pub(super) fn path(transfer: &Transfer) -> Result<&[u8]> {
    let path = transfer.plan()?.url.path();
    Ok(path.strip_prefix(b"/").unwrap_or(path))
}

/// Percent codes decoded; no control bytes, which could be commands of their own.
///
/// # Errors
/// `UrlMalformat` for such bytes.
pub(super) fn decode(what: &str, text: &[u8]) -> Result<Vec<u8>> {
    unescape_strict(text, Refuse::Control).ok_or_else(|| {
        let text = String::from_utf8_lossy(text);
        Error::new(Code::UrlMalformat, format!("control characters in {what} \"{text}\""))
    })
}

/// `CURLOPT_CUSTOMREQUEST`, decoded.
pub(super) fn custom(options: &Options) -> Result<Option<Vec<u8>>> {
    let custom = options.customrequest.as_deref();
    custom.map(|custom| decode("the custom request", custom)).transpose()
}

/// Does a message go out?
pub(super) fn sends_mail(options: &Options) -> bool {
    matches!(options.method, Method::Put | Method::PostMime | Method::PostForm)
}
