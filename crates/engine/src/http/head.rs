//! From the settings to the head of a request.

use tress_model::Result;
use tress_model::url::Url;

use crate::options::{BodySource, HttpVersion, Method, Options};

/// The head of the request, if it will be the same each time this plan is used.
pub(crate) fn fixed(options: &Options, url: &Url) -> Result<Option<Vec<u8>>> {
    Ok(Some(build(options, url)))
}

/// The word of the request line.
pub(crate) fn method(options: &Options) -> &[u8] {
    if let Some(custom) = options.customrequest.as_deref() {
        return custom;
    }
    if options.nobody {
        return b"HEAD";
    }
    match options.method {
        Method::Get => b"GET",
        Method::Head => b"HEAD",
        Method::Put => b"PUT",
        Method::Post | Method::PostForm | Method::PostMime => b"POST",
    }
}

/// How long the body is; none: not known before its end.
pub(crate) fn body_length(options: &Options) -> Option<u64> {
    match &options.body {
        BodySource::None => Some(0),
        BodySource::Bytes(bytes) => Some(bytes.len() as u64),
        BodySource::Application { len, .. } | BodySource::Mime { len, .. } => *len,
    }
}

fn build(options: &Options, url: &Url) -> Vec<u8> {
    let mut head = Vec::with_capacity(256);
    let mut put = |bytes: &[u8]| head.extend_from_slice(bytes);
    put(method(options));
    put(b" ");
    put(&url.request_target());
    put(match options.http_version {
        HttpVersion::V1_0 => b" HTTP/1.0\r\nHost: ",
        _ => b" HTTP/1.1\r\nHost: ",
    });
    put(url.host());
    if let Some(port) = url.explicit_port().filter(|port| *port != 80) {
        put(format!(":{port}").as_bytes());
    }
    put(b"\r\n");
    if let Some(agent) = options.useragent.as_deref().filter(|agent| !agent.is_empty()) {
        put(b"User-Agent: ");
        put(agent);
        put(b"\r\n");
    }
    put(b"Accept: */*\r\n");
    for line in options.httpheader.as_deref().unwrap_or_default() {
        if line.contains(&b':') {
            put(line);
            put(b"\r\n");
        }
    }
    if !matches!(options.body, BodySource::None) {
        match body_length(options) {
            Some(length) => put(format!("Content-Length: {length}\r\n").as_bytes()),
            None => put(b"Transfer-Encoding: chunked\r\n"),
        }
    }
    put(b"\r\n");
    head
}
