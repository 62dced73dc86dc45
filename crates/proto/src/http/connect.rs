//! The head of a CONNECT request (RFC 9110 section 9.3.6).

use super::custom::{self, Custom};
use super::push_header;

/// What a CONNECT request says.
#[derive(Clone, Debug, Default)]
pub struct ConnectSpec<'a> {
    /// Host (an IPv6 address in brackets) and port of the tunnel's far end.
    pub authority: &'a [u8],
    /// `CURLPROXY_HTTP_1_0`.
    pub http10: bool,
    /// The value of `Proxy-Authorization`.
    pub proxy_authorization: Option<&'a [u8]>,
    /// `CURLOPT_USERAGENT`.
    pub user_agent: Option<&'a [u8]>,
    /// `CURLOPT_PROXYHEADER` with `CURLHEADER_SEPARATE`, else `CURLOPT_HTTPHEADER`.
    pub headers: &'a [Box<[u8]>],
    /// `headers` may carry `Authorization` and `Cookie`.
    pub credentials_allowed: bool,
}

/// Appends the head that `spec` describes.
pub fn write_connect(spec: &ConnectSpec<'_>, out: &mut Vec<u8>) {
    let own = |out: &mut Vec<u8>, name: &str, value: &[u8]| {
        if custom::find(spec.headers, name).is_none() {
            push_header(out, name, value);
        }
    };
    out.extend_from_slice(b"CONNECT ");
    out.extend_from_slice(spec.authority);
    out.extend_from_slice(if spec.http10 { b" HTTP/1.0\r\n" } else { b" HTTP/1.1\r\n" });
    own(out, "Host", spec.authority);
    if let Some(value) = spec.proxy_authorization {
        push_header(out, "Proxy-Authorization", value);
    }
    if let Some(agent) = spec.user_agent.filter(|agent| !agent.is_empty()) {
        own(out, "User-Agent", agent);
    }
    own(out, "Proxy-Connection", b"Keep-Alive");
    for header in spec.headers.iter().filter_map(|line| Custom::parse(line)) {
        let secret = header.is("Authorization") || header.is("Cookie");
        if spec.credentials_allowed || !secret {
            out.extend_from_slice(header.name);
            out.extend_from_slice(b": ");
            out.extend_from_slice(header.value);
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tunnel() {
        let headers: Vec<Box<[u8]>> =
            [&b"User-Agent:"[..], b"X: y", b"Cookie: c"].map(Box::from).into();
        let mut spec = ConnectSpec {
            authority: b"[::1]:443",
            user_agent: Some(b"me"),
            proxy_authorization: Some(b"Basic eA=="),
            ..Default::default()
        };
        let text = |spec: &ConnectSpec<'_>| {
            let mut out = Vec::new();
            write_connect(spec, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            text(&spec),
            "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\nProxy-Authorization: Basic eA==\r\n\
             User-Agent: me\r\nProxy-Connection: Keep-Alive\r\n\r\n"
        );
        spec = ConnectSpec { headers: &headers, proxy_authorization: None, http10: true, ..spec };
        assert_eq!(
            text(&spec),
            "CONNECT [::1]:443 HTTP/1.0\r\nHost: [::1]:443\r\nProxy-Connection: Keep-Alive\r\n\
             X: y\r\n\r\n"
        );
    }
}
