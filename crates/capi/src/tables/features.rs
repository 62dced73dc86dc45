//! What this build can do, as `curl_version_info` and `curl-config` tell it.
//!
//! A row is added when the thing works, not before.

use std::ffi::CStr;

/// The API's version.
pub const VERSION: &str = "8.22.0";
/// The same as `LIBCURL_VERSION_NUM`.
pub const VERSION_NUMBER: u32 = 0x08_16_00;

/// Schemes, in order.
pub const PROTOCOLS: &[&CStr] = &[
    c"dict", c"file", c"ftp", c"ftps", c"gopher", c"gophers", c"http", c"https", c"imap", c"imaps",
    c"mqtt", c"mqtts", c"pop3", c"pop3s", c"rtsp", c"scp", c"sftp", c"smtp", c"smtps", c"telnet",
    c"tftp", c"ws", c"wss",
];

/// A feature.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Feature {
    pub name: &'static CStr,
    /// Its `CURL_VERSION_*` bit.
    pub bit: u32,
}

/// Features of a machine where the GSS-API library of MIT Kerberos is installed.
pub const GSS_FEATURES: &[Feature] = &[
    Feature { name: c"GSS-API", bit: 1 << 17 },
    Feature { name: c"Kerberos", bit: 1 << 18 },
    Feature { name: c"SPNEGO", bit: 1 << 8 },
];

/// Features, in order of their names without regard to case.
pub const FEATURES: &[Feature] = &[
    Feature { name: c"alt-svc", bit: 1 << 24 },
    Feature { name: c"AsynchDNS", bit: 1 << 7 },
    Feature { name: c"brotli", bit: 1 << 23 },
    Feature { name: c"HSTS", bit: 1 << 28 },
    Feature { name: c"HTTP2", bit: 1 << 16 },
    Feature { name: c"HTTP3", bit: 1 << 25 },
    Feature { name: c"HTTPS-proxy", bit: 1 << 21 },
    Feature { name: c"HTTPSIG", bit: 0 },
    Feature { name: c"IDN", bit: 1 << 10 },
    Feature { name: c"IPv6", bit: 1 << 0 },
    Feature { name: c"Largefile", bit: 1 << 9 },
    Feature { name: c"libz", bit: 1 << 3 },
    Feature { name: c"NTLM", bit: 1 << 4 },
    Feature { name: c"PSL", bit: 1 << 20 },
    Feature { name: c"SSL", bit: 1 << 2 },
    Feature { name: c"threadsafe", bit: 1 << 30 },
    Feature { name: c"UnixSockets", bit: 1 << 19 },
    Feature { name: c"zstd", bit: 1 << 26 },
];
