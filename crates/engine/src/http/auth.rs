//! Credentials: which ones, and the headers that carry them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tress_model::url::Url;

use crate::options::{Auth, Options};

/// User and password for `url`, from the settings where they may go there, else from the URL.
pub(crate) fn credentials(
    options: &Options,
    url: &Url,
    allowed: bool,
) -> Option<(Vec<u8>, Vec<u8>)> {
    let auth = options.auth();
    if allowed && (auth.username.is_some() || auth.password.is_some()) {
        let text = |text: &Option<Box<[u8]>>| text.as_deref().unwrap_or_default().to_vec();
        return Some((text(&auth.username), text(&auth.password)));
    }
    let decode = |text: Option<&[u8]>| tress_model::escape::unescape(text.unwrap_or_default());
    (url.user().is_some() || url.password().is_some())
        .then(|| (decode(url.user()), decode(url.password())))
}

/// The value of `Authorization` where the scheme needs no challenge: Basic or Bearer, picked
/// alone.
pub(crate) fn preemptive(options: &Options, url: &Url, allowed: bool) -> Option<Vec<u8>> {
    let auth = options.auth();
    if let Some(token) = auth.xoauth2_bearer.as_deref()
        && auth.httpauth.contains(Auth::BEARER)
        && allowed
    {
        return Some([b"Bearer ", token].concat());
    }
    if auth.httpauth.intersection(Auth::ONLY.complement()) != Auth::BASIC {
        return None;
    }
    let (user, password) = credentials(options, url, allowed)?;
    Some(basic(&user, &password))
}

/// `Basic` credentials (RFC 7617).
pub(crate) fn basic(user: &[u8], password: &[u8]) -> Vec<u8> {
    let joined = [user, b":", password].concat();
    format!("Basic {}", STANDARD.encode(joined)).into_bytes()
}
