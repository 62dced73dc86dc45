//! What is known of a transfer during and after it (`CURLINFO_*`).

use std::net::SocketAddr;
use std::time::Duration;

use smallvec::SmallVec;
use tress_net::tls::{TlsInfo, certificate_info};

/// Facts of the last or current transfer of a handle; times count from its start.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Infos {
    /// The last response code; 0 before there is one.
    pub response_code: u32,
    /// The last response code of a proxy to CONNECT.
    pub connect_code: u32,
    /// The version of the last response, `CURL_HTTP_VERSION_*`; 0 when unknown.
    pub http_version: u32,
    /// Bytes of all response heads.
    pub header_size: u64,
    /// Bytes of all requests sent.
    pub request_size: u64,
    /// New connections made for this transfer.
    pub num_connects: u32,
    /// Redirects followed.
    pub redirect_count: u32,
    /// Where a redirect that was not followed would lead to.
    pub redirect_url: Option<Box<[u8]>>,
    /// The URL that the transfer failed for before a request to it was made.
    pub(crate) refused_url: Option<Box<[u8]>>,
    /// Content-Type of the last response; its memory serves the next one.
    pub(crate) content_type: SmallVec<[u8; 40]>,
    /// The peer of the connection used last.
    pub primary: Option<SocketAddr>,
    /// Our end of it.
    pub local: Option<SocketAddr>,
    /// The socket used last, open or not.
    pub socket: Option<std::os::fd::RawFd>,
    /// Number of the connection used last, counted in its pool; -1 when there is none.
    pub connection_number: i64,
    /// Number of this transfer, counted in its multi handle.
    pub transfer_number: i64,
    /// Remote time of the document, Unix seconds (`FILETIME`).
    pub filetime: Option<i64>,
    /// Retry-After, in seconds.
    pub retry_after: u64,
    /// Body bytes received.
    pub downloaded: u64,
    /// Bytes that the application has taken as body, after decoding; with `CURLOPT_HEADER` heads
    /// count too.
    pub delivered: u64,
    /// Body bytes sent.
    pub uploaded: u64,
    /// Content-Length of the response.
    pub download_length: Option<u64>,
    /// Length of the request's body.
    pub upload_length: Option<u64>,
    /// Where the login to an FTP server led.
    pub ftp_entry_path: Option<Box<[u8]>>,
    /// Bytes sent as TLS's early data; negative where the server did not take them.
    pub early_data_sent: i64,
    /// `errno` of the last failed connect.
    pub os_errno: i32,
    /// `CURLPX_*` of a failed proxy handshake.
    pub proxy_error: i32,
    /// Schemes the server offered, `CURLAUTH_*`.
    pub auth_available: u32,
    /// Schemes the proxy offered.
    pub proxy_auth_available: u32,
    /// The scheme used with the server, `CURLAUTH_*`.
    pub auth_used: u32,
    /// The scheme used with the proxy.
    pub proxy_auth_used: u32,
    /// A proxy was used.
    pub used_proxy: bool,
    /// The time condition was not met.
    pub condition_unmet: bool,
    /// Result of certificate checks, X509_V_*; 0 is good.
    pub verify_result: i64,
    /// The same for the proxy's certificate.
    pub proxy_verify_result: i64,
    /// Certificate chain with `CERTINFO`: for each certificate its `name:value` lines.
    pub certificates: Vec<Vec<Box<[u8]>>>,
    /// Times since the start.
    pub times: Times,
}

/// When which step was reached, counted from the start of the transfer.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Times {
    /// It had a place among the connections.
    pub queue: Duration,
    /// The name had an address.
    pub namelookup: Duration,
    /// The host or the proxy had taken the connection.
    pub connect: Duration,
    /// TLS was agreed upon.
    pub appconnect: Duration,
    /// The request was about to be sent.
    pub pretransfer: Duration,
    /// The request had been sent.
    pub posttransfer: Duration,
    /// The first byte had come.
    pub starttransfer: Duration,
    /// How long the requests took that led to redirects.
    pub redirect: Duration,
    /// All was over.
    pub total: Duration,
}

impl Infos {
    /// A new transfer begins.
    pub(crate) fn reset(&mut self, number: i64) {
        let certificates = std::mem::take(&mut self.certificates);
        let content_type = std::mem::take(&mut self.content_type);
        let ftp_entry_path = self.ftp_entry_path.take();
        *self = Self {
            transfer_number: number,
            connection_number: -1,
            certificates,
            content_type,
            ftp_entry_path,
            ..Self::default()
        };
        self.certificates.clear();
        self.content_type.clear();
    }

    /// What the peer's certificates say (`CURLINFO_CERTINFO`), if they were kept.
    pub(crate) fn keep_certificates(&mut self, info: &TlsInfo) {
        if !info.certificates.is_empty() {
            let lines = info.certificates.iter().map(|der| certificate_info(der));
            let lines = lines.map(|it| it.into_iter().map(|line| line.into_bytes().into()));
            self.certificates = lines.map(Iterator::collect).collect();
        }
    }

    /// `Content-Type` of the last response; none: it had none, or an empty one.
    pub fn content_type(&self) -> Option<&[u8]> {
        (!self.content_type.is_empty()).then_some(&*self.content_type)
    }
}
