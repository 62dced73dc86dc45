//! The head of a request, in libcurl's order.

use tress_model::{Code, Error, Result};

use super::conditional::{TimeCondition, push_date};
use super::custom::{self, Custom};
use super::{MAX_REQUEST_HEAD, push_decimal, push_header};

/// Bodies longer than this ask with `Expect: 100-continue` first (`EXPECT_100_THRESHOLD`).
pub const EXPECT_THRESHOLD: u64 = 1024 * 1024;

/// What kind of request, whatever its method is called (`Curl_HttpReq`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// No body is sent.
    #[default]
    Get,
    /// No body is sent or received.
    Head,
    /// `CURLOPT_UPLOAD`.
    Put,
    /// `CURLOPT_POST`: form data unless a header says otherwise.
    Post,
    /// `CURLOPT_MIMEPOST` or `CURLOPT_HTTPPOST`: the body brings headers.
    PostForm,
}

impl Kind {
    /// The method, if `CURLOPT_CUSTOMREQUEST` names none.
    pub fn method(self) -> &'static [u8] {
        match self {
            Self::Get => b"GET",
            Self::Head => b"HEAD",
            Self::Put => b"PUT",
            Self::Post | Self::PostForm => b"POST",
        }
    }

    /// Whether a body goes with it.
    pub fn has_body(self) -> bool {
        matches!(self, Self::Put | Self::Post | Self::PostForm)
    }
}

/// The version that the request line claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum HttpVersion {
    Http10,
    #[default]
    Http11,
    /// The head is rewritten as a header block; chunks and Expect are left out.
    Http2,
    Http3,
}

/// Everything that the head of a request says.
#[derive(Clone, Debug, Default)]
pub struct RequestSpec<'a> {
    /// The method's name.
    pub method: &'a [u8],
    /// What kind of request.
    pub kind: Kind,
    /// Path and query, or the whole URL when a proxy is asked.
    pub target: &'a [u8],
    /// The version to claim.
    pub version: HttpVersion,
    /// Host, and port unless the scheme's own.
    pub host: &'a [u8],
    /// The request goes where the application's URL pointed: a custom `Host` holds.
    pub first_origin: bool,
    /// Custom `Authorization` and `Cookie` headers and `cookie` may be sent there
    /// ([`credentials_allowed`](super::redirect::credentials_allowed)).
    pub credentials_allowed: bool,
    /// `CURLOPT_HTTPHEADER`.
    pub headers: &'a [Box<[u8]>],
    /// The request goes to a proxy that is not tunnelled through.
    pub via_proxy: bool,
    /// `CURLOPT_PROXYHEADER` with `CURLHEADER_SEPARATE`: sent if `via_proxy`.
    pub proxy_headers: &'a [Box<[u8]>],
    /// The value of `Proxy-Authorization`.
    pub proxy_authorization: Option<&'a [u8]>,
    /// The value of `Authorization`.
    pub authorization: Option<&'a [u8]>,
    /// Other header lines with line ends that come with the authorization, as for AWS.
    pub authorization_extra: &'a [u8],
    /// `CURLOPT_RANGE`, or `N-` to resume at N.
    pub range: Option<&'a [u8]>,
    /// Where an upload goes on; negative: where the remote file ends, so all of it.
    pub resume_from: i64,
    /// `CURLOPT_USERAGENT`.
    pub user_agent: Option<&'a [u8]>,
    /// `CURLOPT_TRANSFER_ENCODING`.
    pub transfer_encoding: bool,
    /// `CURLOPT_ACCEPT_ENCODING`.
    pub accept_encoding: Option<&'a [u8]>,
    /// `CURLOPT_REFERER`, or the URL that redirected.
    pub referer: Option<&'a [u8]>,
    /// Host and port of the alternative service in use.
    pub alt_used: Option<&'a [u8]>,
    /// Header lines with line ends that ask for another protocol; `Connection: Upgrade` goes
    /// with them.
    pub upgrade: &'a [u8],
    /// They ask for HTTP/2: `HTTP2-Settings` is named in `Connection` too.
    pub upgrade_http2: bool,
    /// Cookies of the jar: `a=b; c=d`.
    pub jar_cookies: &'a [u8],
    /// `CURLOPT_COOKIE`.
    pub cookie: Option<&'a [u8]>,
    /// `CURLOPT_TIMECONDITION` and `CURLOPT_TIMEVALUE_LARGE`.
    pub time_condition: Option<(TimeCondition, i64)>,
    /// The length of the body; none: not known.
    pub body_length: Option<u64>,
    /// Headers that a form brings.
    pub content_headers: &'a [Box<[u8]>],
    /// The size of the whole upload, which a resumed one tells while it is negotiating.
    pub upload_size: u64,
    /// The request only carries on a negotiation: its body is empty and its length not custom.
    pub negotiating: bool,
    /// The server refused `Expect` before (417).
    pub expect_disabled: bool,
}

/// How the body is to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// In chunks.
    pub chunked: bool,
    /// After a `100 Continue`, or a wait for it.
    pub expect_100: bool,
}

/// Appends the head that `spec` describes.
///
/// # Errors
/// `UploadFailed` for a body of unknown length over HTTP/1.0, `TooLarge` for a head over
/// [`MAX_REQUEST_HEAD`].
pub fn write_head(spec: &RequestSpec<'_>, out: &mut Vec<u8>) -> Result<Sent> {
    let start = out.len();
    let mut sent = Sent::default();
    request_line(spec, out);
    let custom_host = host(spec, out);
    optional(out, "Proxy-Authorization", spec.proxy_authorization);
    optional(out, "Authorization", spec.authorization);
    out.extend_from_slice(spec.authorization_extra);
    range(spec, out);
    own(spec, out, "User-Agent", spec.user_agent.filter(|agent| !agent.is_empty()));
    own(spec, out, "Accept", Some(b"*/*"));
    let te = spec.transfer_encoding && custom::find(spec.headers, "TE").is_none();
    optional(out, "TE", te.then_some(b"gzip"));
    own(spec, out, "Accept-Encoding", spec.accept_encoding);
    own(spec, out, "Referer", spec.referer);
    if spec.via_proxy && custom::find(spec.proxy_headers, "Proxy-Connection").is_none() {
        own(spec, out, "Proxy-Connection", Some(b"Keep-Alive"));
    }
    sent.chunked = transfer_encoding(spec, out)?;
    own(spec, out, "Alt-Used", spec.alt_used);
    out.extend_from_slice(spec.upgrade);
    cookies(spec, out);
    if let Some((condition, time)) = spec.time_condition
        && custom::find(spec.headers, condition.header()).is_none()
    {
        out.extend_from_slice(condition.header().as_bytes());
        out.extend_from_slice(b": ");
        push_date(out, time);
        out.extend_from_slice(b"\r\n");
    }
    custom_headers(spec, custom_host, spec.headers, out);
    if spec.via_proxy {
        custom_headers(spec, custom_host, spec.proxy_headers, out);
    }
    if spec.kind.has_body() {
        sent.expect_100 = content(spec, sent.chunked, out);
    }
    connection(spec, te, out);
    out.extend_from_slice(b"\r\n");
    if out.len() - start > MAX_REQUEST_HEAD {
        return Err(Error::new(Code::TooLarge, "HTTP request too large"));
    }
    Ok(sent)
}

fn request_line(spec: &RequestSpec<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(spec.method);
    out.push(b' ');
    out.extend_from_slice(spec.target);
    out.extend_from_slice(match spec.version {
        HttpVersion::Http10 => b" HTTP/1.0\r\n",
        HttpVersion::Http11 => b" HTTP/1.1\r\n",
        HttpVersion::Http2 => b" HTTP/2\r\n",
        HttpVersion::Http3 => b" HTTP/3\r\n",
    });
}

/// Writes the Host header; false if `Host:` asks for none, so that none is left out later.
fn host(spec: &RequestSpec<'_>, out: &mut Vec<u8>) -> bool {
    match custom::find(spec.headers, "Host").filter(|_| spec.first_origin) {
        Some(line) if line.len() == "Host:".len() && line.ends_with(b":") => return false,
        Some(line) => {
            out.extend_from_slice(b"Host:");
            out.extend_from_slice(line.get("Host:".len()..).unwrap_or_default());
            out.extend_from_slice(b"\r\n");
        }
        None => push_header(out, "Host", spec.host),
    }
    true
}

/// One of the library's own headers, unless the application has its say about it.
fn own(spec: &RequestSpec<'_>, out: &mut Vec<u8>, name: &str, value: Option<&[u8]>) {
    if value.is_some() && custom::find(spec.headers, name).is_none() {
        optional(out, name, value);
    }
}

fn optional(out: &mut Vec<u8>, name: &str, value: Option<&[u8]>) {
    if let Some(value) = value {
        push_header(out, name, value);
    }
}

fn range(spec: &RequestSpec<'_>, out: &mut Vec<u8>) {
    let Some(range) = spec.range else { return };
    if !spec.kind.has_body() {
        if custom::find(spec.headers, "Range").is_none() {
            out.extend_from_slice(b"Range: bytes=");
            out.extend_from_slice(range);
            out.extend_from_slice(b"\r\n");
        }
        return;
    }
    if spec.kind == Kind::PostForm || custom::find(spec.headers, "Content-Range").is_some() {
        return;
    }
    let length = spec.body_length.unwrap_or(0);
    out.extend_from_slice(b"Content-Range: bytes ");
    let total = match u64::try_from(spec.resume_from) {
        Ok(0) => {
            out.extend_from_slice(range);
            length
        }
        Ok(begin) => {
            let total = match spec.negotiating {
                true => spec.upload_size,
                false => begin.saturating_add(length),
            };
            out.extend_from_slice(range);
            push_decimal(out, total.saturating_sub(1));
            total
        }
        Err(_) => {
            out.extend_from_slice(b"0-");
            push_decimal(out, length.saturating_sub(1));
            length
        }
    };
    out.push(b'/');
    push_decimal(out, total);
    out.extend_from_slice(b"\r\n");
}

/// Says that chunks follow, if they do.
fn transfer_encoding(spec: &RequestSpec<'_>, out: &mut Vec<u8>) -> Result<bool> {
    if let Some(line) = custom::find(spec.headers, "Transfer-Encoding") {
        return Ok(spec.version < HttpVersion::Http2 && custom::lists(line, "chunked"));
    }
    if !spec.kind.has_body() || spec.body_length.is_some() || spec.version > HttpVersion::Http11 {
        return Ok(false);
    }
    if spec.version < HttpVersion::Http11 {
        let message = "Chunky upload is not supported by HTTP 1.0";
        return Err(Error::new(Code::UploadFailed, message));
    }
    push_header(out, "Transfer-Encoding", b"chunked");
    Ok(true)
}

fn cookies(spec: &RequestSpec<'_>, out: &mut Vec<u8>) {
    let own = spec
        .cookie
        .filter(|_| spec.credentials_allowed && custom::find(spec.headers, "Cookie").is_none());
    if spec.jar_cookies.is_empty() && own.is_none() {
        return;
    }
    out.extend_from_slice(b"Cookie: ");
    out.extend_from_slice(spec.jar_cookies);
    if let Some(own) = own {
        if !spec.jar_cookies.is_empty() {
            out.extend_from_slice(b"; ");
        }
        out.extend_from_slice(own);
    }
    out.extend_from_slice(b"\r\n");
}

fn custom_headers(
    spec: &RequestSpec<'_>,
    host_written: bool,
    list: &[Box<[u8]>],
    out: &mut Vec<u8>,
) {
    for line in list {
        let Some(header) = Custom::parse(line) else { continue };
        let left_out = match header.name.len() {
            4 => host_written && header.is("Host"),
            6 => header.is("Cookie") && !spec.credentials_allowed,
            10 => header.is("Connection"),
            12 => spec.kind == Kind::PostForm && header.is("Content-Type"),
            13 => header.is("Authorization") && !spec.credentials_allowed,
            14 => spec.negotiating && header.is("Content-Length"),
            17 => spec.version > HttpVersion::Http11 && header.is("Transfer-Encoding"),
            _ => false,
        };
        if !left_out {
            header.push(line, out);
        }
    }
}

/// Headers about the body; whether a `100 Continue` is asked for.
fn content(spec: &RequestSpec<'_>, chunked: bool, out: &mut Vec<u8>) -> bool {
    if let Some(length) = spec.body_length.filter(|_| !chunked)
        && (spec.negotiating || custom::find(spec.headers, "Content-Length").is_none())
    {
        out.extend_from_slice(b"Content-Length: ");
        push_decimal(out, length);
        out.extend_from_slice(b"\r\n");
    }
    for line in spec.content_headers.iter().filter(|_| spec.kind == Kind::PostForm) {
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    if spec.kind == Kind::Post {
        own(spec, out, "Content-Type", Some(b"application/x-www-form-urlencoded"));
    }
    if !spec.upgrade.is_empty() {
        return false;
    }
    if let Some(line) = custom::find(spec.headers, "Expect") {
        return custom::lists(line, "100-continue");
    }
    let wanted = spec.version == HttpVersion::Http11
        && !spec.expect_disabled
        && spec.body_length.is_none_or(|length| length > EXPECT_THRESHOLD);
    optional(out, "Expect", wanted.then_some(b"100-continue"));
    wanted
}

/// The first custom `Connection` header with the library's own tokens, then the other ones.
fn connection(spec: &RequestSpec<'_>, te: bool, out: &mut Vec<u8>) {
    let mut customs = spec
        .headers
        .iter()
        .filter(|line| custom::names(line, "Connection") && !custom::value(line).is_empty());
    let first = customs.next().map_or(&[][..], |line| custom::value(line));
    let upgrade = !spec.upgrade.is_empty();
    let tokens = [
        first,
        if te { b"TE" } else { b"" },
        if upgrade { b"Upgrade" } else { b"" },
        if upgrade && spec.upgrade_http2 { b"HTTP2-Settings" } else { b"" },
    ];
    let mut separator: &[u8] = b"Connection: ";
    for token in tokens.into_iter().filter(|token| !token.is_empty()) {
        out.extend_from_slice(separator);
        out.extend_from_slice(token);
        separator = b", ";
    }
    if separator == b", " {
        out.extend_from_slice(b"\r\n");
    }
    for line in customs {
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
