//! From the settings to the head of a request.

use std::borrow::Cow;

use tress_model::Result;
use tress_model::url::{Url, UrlFlags, UrlPart};
use tress_proto::http::conditional;
use tress_proto::http::redirect::{self, Origin};
use tress_proto::http::request::HttpVersion as Claimed;
use tress_proto::http::{Kind, RequestSpec, Sent, write_head};

use super::Follow;
use super::auth::Credentials;
use crate::options::{BodySource, HttpVersion, Method, Options, TimeCondition};
use crate::proxy::Proxy;

/// A head, and how the body follows it.
#[derive(Default)]
pub(crate) struct Head {
    pub(crate) bytes: Vec<u8>,
    pub(crate) sent: Sent,
    pub(crate) kind: Kind,
    /// Bytes of the body; none: not known before its end.
    pub(crate) body_length: Option<u64>,
}

/// What a head says beyond the settings and the URL: different each time.
#[derive(Default)]
pub(crate) struct Varying {
    /// The value of `Authorization`, where it is not the one that needs no challenge.
    pub(crate) authorization: Option<Vec<u8>>,
    /// Header lines that go with it (AWS).
    pub(crate) authorization_extra: Vec<u8>,
    pub(crate) proxy_authorization: Option<Vec<u8>>,
    /// Cookies of the jar: `a=b; c=d`.
    pub(crate) jar_cookies: Vec<u8>,
    /// Some did not fit: `CURLOPT_COOKIE` stays out too.
    pub(crate) jar_is_cut: bool,
    /// Host and port of the alternative service in use.
    pub(crate) alt_used: Option<Box<[u8]>>,
    /// Header lines that ask for another protocol.
    pub(crate) upgrade: Vec<u8>,
    /// The request only carries on a negotiation: without its body.
    pub(crate) negotiating: bool,
    /// The server speaks HTTP/1.0 alone.
    pub(crate) http10: bool,
}

impl Varying {
    /// Does it say what the plan's own head says, and nothing else?
    pub(crate) fn is_plain(&self) -> bool {
        self.authorization.is_none()
            && self.authorization_extra.is_empty()
            && self.proxy_authorization.is_none()
            && self.jar_cookies.is_empty()
            && !(self.jar_is_cut || self.negotiating || self.http10)
    }
}

/// Builds the head of a request to `url`, which goes to `proxy` if there is one that gets the
/// requests themselves.
///
/// # Errors
/// Those of [`write_head`].
pub(crate) fn build(
    options: &Options,
    url: &Url,
    follow: &Follow,
    varying: &Varying,
    login: Option<&Credentials>,
    proxy: Option<&Proxy>,
) -> Result<Head> {
    let via_proxy = proxy.is_some();
    let websocket = matches!(url.scheme_name(), Some(b"ws" | b"wss"));
    let kind = match follow.kind {
        _ if websocket => Kind::Get,
        Some(kind) => kind,
        None => kind(options),
    };
    let http = options.http();
    let body_length = if varying.negotiating { Some(0) } else { body_length(options, kind) };
    let target = match http.request_target.as_deref() {
        Some(target) => target.into(),
        None if via_proxy => absolute(url, options, login),
        None => url.request_target(),
    };
    let first_origin = follow.is_first_origin(url);
    let credentials = follow.allows_credentials(options, url);
    let host = host(url);
    let range = range(options);
    let basic = match (&varying.authorization, login) {
        (None, Some(login)) => super::auth::preemptive(options, login),
        _ => None,
    };
    let proxy_basic = match &varying.proxy_authorization {
        None => proxy.and_then(|proxy| proxy.preemptive(options)),
        Some(_) => None,
    };
    let spec = RequestSpec {
        method: method(options, kind, follow),
        kind,
        target: &target,
        version: match options.http_version {
            _ if varying.http10 => Claimed::Http10,
            HttpVersion::V1_0 => Claimed::Http10,
            _ => Claimed::Http11,
        },
        host: &host,
        first_origin,
        credentials_allowed: credentials,
        headers: options.httpheader.as_deref().unwrap_or_default(),
        via_proxy,
        proxy_headers: match options.proxy().header_separate {
            true => options.proxy().proxyheader.as_deref().unwrap_or_default(),
            false => &[],
        },
        proxy_authorization: varying.proxy_authorization.as_deref().or(proxy_basic.as_deref()),
        authorization: varying.authorization.as_deref().or(basic.as_deref()),
        authorization_extra: &varying.authorization_extra,
        range: range.as_deref(),
        resume_from: options.resume_from,
        user_agent: options.useragent.as_deref(),
        transfer_encoding: http.transfer_encoding,
        accept_encoding: accept_encoding(options),
        referer: follow.referer.as_deref().or(http.referer.as_deref()),
        upgrade: &varying.upgrade,
        upgrade_http2: varying.upgrade.starts_with(b"Upgrade: h2c"),
        jar_cookies: &varying.jar_cookies,
        cookie: http.cookie.as_deref().filter(|_| !varying.jar_is_cut),
        alt_used: varying.alt_used.as_deref(),
        time_condition: time_condition(options),
        body_length,
        content_headers: match &options.body {
            BodySource::Mime { headers, .. } if !varying.negotiating => headers,
            _ => &[],
        },
        upload_size: source_length(&options.body).unwrap_or(0),
        negotiating: varying.negotiating,
        expect_disabled: follow.expect_disabled,
    };
    let mut bytes = Vec::with_capacity(256);
    let sent = write_head(&spec, &mut bytes)?;
    bytes.shrink_to_fit();
    Ok(Head { bytes, sent, kind, body_length })
}

/// What kind of request the settings ask for.
pub(crate) fn kind(options: &Options) -> Kind {
    match options.method {
        Method::Get if options.nobody => Kind::Head,
        Method::Get => Kind::Get,
        Method::Head => Kind::Head,
        Method::Post => Kind::Post,
        Method::PostForm | Method::PostMime => Kind::PostForm,
        Method::Put => Kind::Put,
    }
}

/// The word of the request line.
pub(crate) fn method<'a>(options: &'a Options, kind: Kind, follow: &Follow) -> &'a [u8] {
    match options.customrequest.as_deref() {
        Some(custom) if !follow.drop_custom_method => custom,
        _ => kind.method(),
    }
}

fn body_length(options: &Options, kind: Kind) -> Option<u64> {
    if !kind.has_body() {
        return Some(0);
    }
    let length = source_length(&options.body);
    match (kind, u64::try_from(options.resume_from)) {
        (Kind::Put, Ok(from)) => length.map(|length| length.saturating_sub(from)),
        _ => length,
    }
}

pub(crate) fn source_length(source: &BodySource) -> Option<u64> {
    match source {
        BodySource::None => Some(0),
        BodySource::Bytes(bytes) => Some(bytes.len() as u64),
        BodySource::Application { len, .. } | BodySource::Mime { len, .. } => *len,
    }
}

/// The host as `Host` shows it: with its port unless that is the scheme's own.
pub(crate) fn host(url: &Url) -> Vec<u8> {
    let mut host = match url.host_ascii() {
        Ok(ascii) => ascii.into_owned(),
        Err(_) => url.host().to_vec(),
    };
    if let Some(zone) = host.iter().position(|&b| b == b'%')
        && host.first() == Some(&b'[')
    {
        host.truncate(zone);
        host.push(b']');
    }
    // What a proxy fetches by FTP is no HTTP: there is no port of its own.
    let scheme = url.scheme().filter(|scheme| scheme.name != "ftp");
    let own = scheme.map_or(0, |scheme| scheme.port);
    if url.port() != own {
        host.extend_from_slice(format!(":{}", url.port()).as_bytes());
    }
    host
}

/// The whole URL, as a proxy wants it.
fn absolute<'a>(url: &Url, options: &Options, login: Option<&Credentials>) -> Cow<'a, [u8]> {
    let mut bare = url.clone();
    let _ = bare.set(UrlPart::Fragment, None, UrlFlags::empty());
    let is_ftp = url.scheme_name() == Some(b"ftp");
    let login = login.filter(|login| is_ftp && login.has_user_or_password());
    let parts = [
        (UrlPart::User, login.map(|login| &login.user[..])),
        (UrlPart::Password, login.map(|login| &login.password[..])),
    ];
    for (part, text) in parts {
        // With HTTP they go in a header; for FTP the proxy logs in.
        let _ = bare.set(part, text, UrlFlags::URLENCODE);
    }
    let flags = UrlFlags::NO_DEFAULT_PORT | UrlFlags::PUNYCODE;
    let mut target = bare.to_bytes(flags).unwrap_or_default();
    if is_ftp && options.proxy().proxy_transfer_mode && !has_type(url.path()) {
        let kind: &[u8] = if options.transfertext { b";type=a" } else { b";type=i" };
        target.extend_from_slice(kind);
    }
    target.into()
}

/// Does a path of FTP say how its file is transferred?
fn has_type(path: &[u8]) -> bool {
    match path.last_chunk::<7>() {
        Some([mark @ .., letter]) => {
            mark == b";type=" && matches!(letter.to_ascii_uppercase(), b'A' | b'D' | b'I')
        }
        None => false,
    }
}

/// The value of `Range`, or of its like.
pub(crate) fn range(options: &Options) -> Option<Vec<u8>> {
    if options.resume_from > 0 {
        return Some(format!("{}-", options.resume_from).into_bytes());
    }
    options.http().range.as_deref().map(<[u8]>::to_vec)
}

fn accept_encoding(options: &Options) -> Option<&[u8]> {
    options
        .accept_encoding
        .as_deref()
        .map(|list| if list.is_empty() { tress_proto::decode::ACCEPT_ALL } else { list })
}

/// `CURLOPT_TIMECONDITION` with its value.
pub(crate) fn time_condition(options: &Options) -> Option<(conditional::TimeCondition, i64)> {
    use conditional::TimeCondition as Header;
    let http = options.http();
    let condition = match http.timecondition {
        TimeCondition::None => return None,
        TimeCondition::IfModifiedSince => Header::IfModifiedSince,
        TimeCondition::IfUnmodifiedSince => Header::IfUnmodifiedSince,
        TimeCondition::LastModified => Header::LastModified,
    };
    Some((condition, http.timevalue))
}

/// Scheme, host and port of the first request: where credentials may go.
#[derive(Clone, Debug)]
pub(crate) struct FirstOrigin {
    scheme: Box<[u8]>,
    host: Box<[u8]>,
    port: u16,
}

impl Follow {
    /// May the settings' credentials go to `url`?
    pub(crate) fn allows_credentials(&self, options: &Options, url: &Url) -> bool {
        self.is_first_origin(url) || options.auth().unrestricted_auth
    }

    /// Is `url` of the origin that the application asked for?
    pub(crate) fn is_first_origin(&self, url: &Url) -> bool {
        self.origin.as_ref().is_none_or(|first| first.is(url))
    }
}

impl FirstOrigin {
    pub(crate) fn of(url: &Url) -> Self {
        Self {
            scheme: url.scheme_name().unwrap_or_default().into(),
            host: url.host().into(),
            port: url.port(),
        }
    }

    pub(crate) fn is(&self, url: &Url) -> bool {
        let first = Origin { scheme: &self.scheme, host: &self.host, port: self.port };
        let scheme = url.scheme_name().unwrap_or_default();
        let now = Origin { scheme, host: url.host(), port: url.port() };
        redirect::credentials_allowed(&first, &now, false)
    }
}
