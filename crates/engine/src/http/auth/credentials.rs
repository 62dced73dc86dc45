//! Whose requests they are: from the settings, the URL, or a `.netrc` file.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use tress_model::escape::{Refuse, unescape_strict};
use tress_model::netrc::{self, Login};
use tress_model::scheme::SchemeFlags;
use tress_model::url::Url;
use tress_model::{Code, Error, Result};

use crate::destination::push;
use crate::options::{Auth, AuthOptions, NetrcMode, Options};

/// The most that is read of a `.netrc` file, comments included, in bytes.
const MAX_NETRC_READ: u64 = 1024 * 1024;

/// What a request proves itself with; parts that are not known are empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: Vec<u8>,
    pub(crate) password: Vec<u8>,
    /// `CURLOPT_XOAUTH2_BEARER`.
    pub(crate) bearer: Vec<u8>,
}

/// Where credentials come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Options,
    Url,
}

impl Credentials {
    /// The credentials of a request to `url`; none: it goes without. Those of the settings may
    /// be `allowed` to go there; those of the URL and of `.netrc` belong to its host.
    ///
    /// # Errors
    /// `UrlMalformat` for a URL with an encoded zero byte in its user or password, `ReadError`
    /// when `CURLOPT_NETRC` requires a file that is missing or broken.
    pub(crate) fn of(options: &Options, url: &Url, allowed: bool) -> Result<Option<Self>> {
        let auth = options.auth();
        let mut source = Source::Options;
        let mut found = if allowed { Self::of_options(auth) } else { None };
        let control = url.scheme().is_none_or(|it| it.flags.contains(SchemeFlags::USERPWD_CONTROL));
        if !control && found.as_ref().is_some_and(Self::has_control) {
            let text = "control code detected in credentials";
            return Err(Error::new(Code::BadFunctionArgument, text));
        }
        let refuse = if control { Refuse::Zero } else { Refuse::Control };
        if found.as_ref().is_none_or(|found| found.user.is_empty()) {
            source = Source::Url;
            let (user, password) = (decoded(url.user(), refuse)?, decoded(url.password(), refuse)?);
            if found.is_some() || user.is_some() || password.is_some() {
                let into = found.get_or_insert_default();
                into.user = user.unwrap_or_default();
                into.password = password.unwrap_or(std::mem::take(&mut into.password));
            }
        }
        let complete = found
            .as_ref()
            .is_some_and(|found| !found.user.is_empty() && !found.password.is_empty());
        let look = match (auth.netrc, source) {
            (NetrcMode::Ignored, _) => false,
            (_, Source::Options) => false,
            (NetrcMode::Required, Source::Url) => true,
            (NetrcMode::Optional, Source::Url) => !complete,
        };
        if look {
            let user = found.as_ref().map(|found| &found.user[..]);
            if let Some(login) = netrc_login(auth, &url.host_key(), user)? {
                let into = found.get_or_insert_default();
                into.user = login.user.unwrap_or_default();
                into.password = login.password.unwrap_or_default();
                if !control && into.has_control() {
                    let text = "control code detected in .netrc credentials";
                    return Err(Error::new(Code::ReadError, text));
                }
            }
        }
        Ok(found)
    }

    fn of_options(auth: &AuthOptions) -> Option<Self> {
        let text = |text: &Option<Box<[u8]>>| text.as_deref().unwrap_or_default().to_vec();
        let any = auth.username.is_some()
            || auth.password.is_some()
            || [&auth.xoauth2_bearer, &auth.sasl_authzid, &auth.service_name]
                .iter()
                .any(|text| text.as_deref().is_some_and(|text| !text.is_empty()));
        any.then(|| Self {
            user: text(&auth.username),
            password: text(&auth.password),
            bearer: text(&auth.xoauth2_bearer),
        })
    }

    fn has_control(&self) -> bool {
        [&self.user, &self.password].iter().any(|text| text.iter().any(|&byte| byte < 0x20))
    }

    pub(crate) fn has_user_or_password(&self) -> bool {
        !self.user.is_empty() || !self.password.is_empty()
    }

    /// The scheme that needs no challenge, when it is the only one wanted.
    pub(crate) fn preemptive(&self, want: Auth) -> Auth {
        match want {
            Auth::BASIC if self.has_user_or_password() => want,
            Auth::BEARER if !self.bearer.is_empty() => want,
            _ => Auth::empty(),
        }
    }

    /// Bytes that no other credentials have: to keep connections apart.
    pub(crate) fn identity(&self) -> Vec<u8> {
        let mut whole = Vec::new();
        for part in [&self.user, &self.password, &self.bearer] {
            push(&mut whole, part);
        }
        whole
    }
}

fn decoded(text: Option<&[u8]>, refuse: Refuse) -> Result<Option<Vec<u8>>> {
    let Some(text) = text else { return Ok(None) };
    let refused = || Error::new(Code::UrlMalformat, "error extracting credentials from URL");
    unescape_strict(text, refuse).ok_or_else(refused).map(Some)
}

/// The login for `host` in the `.netrc` file.
fn netrc_login(auth: &AuthOptions, host: &[u8], user: Option<&[u8]>) -> Result<Option<Login>> {
    let problem = |what: &str| match auth.netrc {
        NetrcMode::Required => Err(Error::new(Code::ReadError, format!(".netrc error: {what}"))),
        _ => Ok(None),
    };
    let Some(text) = netrc_path(auth).and_then(read) else { return problem("no such file") };
    match netrc::find_login(&text, host, user) {
        Ok(login) => Ok(login),
        Err(netrc::SyntaxError) => problem("syntax error"),
    }
}

/// `CURLOPT_NETRC_FILE`, else `$NETRC`, else `.netrc` in the home directory.
fn netrc_path(auth: &AuthOptions) -> Option<PathBuf> {
    if let Some(file) = auth.netrc_file.as_deref() {
        return Some(OsString::from_vec(file.to_vec()).into());
    }
    let set = |name| std::env::var_os(name).filter(|text| !text.as_bytes().is_empty());
    set("NETRC").map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".netrc")))
}

/// The file is local and small: reading it does not wait for anybody.
fn read(path: PathBuf) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    std::fs::File::open(path).ok()?.take(MAX_NETRC_READ).read_to_end(&mut text).ok()?;
    Some(text)
}

/// The value of `Authorization` of a request whose scheme needs no challenge; none if another
/// scheme is wanted or the application sends the header itself.
pub(crate) fn preemptive(options: &Options, credentials: &Credentials) -> Option<Vec<u8>> {
    use tress_proto::auth::basic;
    if super::is_custom(options, super::Whom::Server) {
        return None;
    }
    match credentials.preemptive(options.auth().httpauth) {
        Auth::BASIC => Some(basic::basic(&credentials.user, &credentials.password)),
        Auth::BEARER => Some(basic::bearer(&credentials.bearer)),
        _ => None,
    }
}

/// Credentials as verbose text names them.
pub(crate) fn shown(credentials: &Credentials) -> Cow<'_, str> {
    String::from_utf8_lossy(&credentials.user)
}
