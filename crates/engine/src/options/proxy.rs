//! The way through a proxy.

use super::{Auth, List, Text};

options! {
    /// Which proxy, and how to speak to it.
    pub struct ProxyOptions {
        /// `CURLOPT_PROXY`; none: the environment's, empty: no proxy at all.
        proxy: Option<Text> = None,
        /// `CURLOPT_PRE_PROXY`.
        pre_proxy: Option<Text> = None,
        /// `CURLOPT_PROXYPORT`; 0: the proxy string's own, else 1080 or 443.
        proxyport: u16 = 0,
        /// `CURLOPT_PROXYTYPE`, where the proxy string has no scheme.
        proxytype: ProxyType = ProxyType::Http,
        /// `CURLOPT_NOPROXY`; none: the environment's.
        noproxy: Option<Text> = None,
        /// `CURLOPT_PROXYUSERNAME`, or the decoded user of `CURLOPT_PROXYUSERPWD`.
        proxyusername: Option<Text> = None,
        /// `CURLOPT_PROXYPASSWORD`, or the decoded password of `CURLOPT_PROXYUSERPWD`.
        proxypassword: Option<Text> = None,
        /// `CURLOPT_PROXYAUTH`.
        proxyauth: Auth = Auth::BASIC,
        /// `CURLOPT_SOCKS5_AUTH`.
        socks5_auth: Auth = Auth::BASIC.union(Auth::NEGOTIATE),
        /// `CURLOPT_SOCKS5_GSSAPI_NEC`.
        socks5_gssapi_nec: bool = false,
        /// `CURLOPT_PROXY_SERVICE_NAME` (`SOCKS5_GSSAPI_SERVICE`).
        proxy_service_name: Option<Text> = None,
        /// `CURLOPT_HTTPPROXYTUNNEL`.
        httpproxytunnel: bool = false,
        /// `CURLOPT_PROXYHEADER`.
        proxyheader: Option<List> = None,
        /// `CURLOPT_HEADEROPT`: `CURLHEADER_SEPARATE`; without it `httpheader` goes to the
        /// proxy too.
        header_separate: bool = true,
        /// `CURLOPT_SUPPRESS_CONNECT_HEADERS`.
        suppress_connect_headers: bool = false,
        /// `CURLOPT_PROXY_TRANSFER_MODE`.
        proxy_transfer_mode: bool = false,
        /// `CURLOPT_HAPROXYPROTOCOL`.
        haproxyprotocol: bool = false,
        /// `CURLOPT_HAPROXY_CLIENT_IP`.
        haproxy_client_ip: Option<Text> = None,
    }
}

values! {
    /// `CURLOPT_PROXYTYPE`, `CURLPROXY_*`.
    pub enum ProxyType {
        Http = 0,
        /// HTTP, and CONNECT in version 1.0.
        Http1_0 = 1,
        Https = 2,
        Https2 = 3,
        Socks4 = 4,
        Socks5 = 5,
        Socks4a = 6,
        /// SOCKS5, the proxy resolves the name.
        Socks5Hostname = 7,
        Https3 = 8,
    }
}
