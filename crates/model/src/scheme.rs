//! URL schemes that libcurl knows: names, bits, ports, habits.

use bitflags::bitflags;

/// Everything about one URL scheme.
#[derive(Debug, PartialEq, Eq)]
pub struct Scheme {
    /// In lower case.
    pub name: &'static str,
    /// Its own bit (`CURLPROTO_*`; beyond bit 29 internal to libcurl).
    pub protocol: u64,
    /// The bit of the scheme without TLS that speaks the same protocol.
    pub family: u64,
    /// Default port; 0: none.
    pub port: u16,
    /// What is peculiar to it.
    pub flags: SchemeFlags,
}

bitflags! {
    /// What is peculiar to a scheme.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SchemeFlags: u32 {
        /// TLS from the first byte.
        const TLS = 1 << 0;
        /// Needs a second connection for data.
        const DUAL = 1 << 1;
        /// Says goodbye before it closes.
        const CLOSE_ACTION = 1 << 2;
        /// Both directions run, whatever the socket signals.
        const DIRLOCK = 1 << 3;
        /// No network at all.
        const NO_NETWORK = 1 << 4;
        /// A login is always needed: there is a default one.
        const NEEDS_PASSWORD = 1 << 5;
        /// A `?` belongs to the path.
        const NO_URL_QUERY = 1 << 6;
        /// Credentials belong to the request, not to the connection.
        const CREDENTIALS_PER_REQUEST = 1 << 7;
        /// ALPN is offered.
        const ALPN = 1 << 8;
        /// The user info may carry `;options`.
        const URL_OPTIONS = 1 << 10;
        /// An HTTP proxy without tunnel may serve it.
        const PROXY_AS_HTTP = 1 << 11;
        /// Wildcard matching of file names.
        const WILDCARD = 1 << 12;
        /// Control bytes are fine in user and password.
        const USERPWD_CONTROL = 1 << 13;
        /// Cannot go through a TCP proxy.
        const NO_TCP_PROXY = 1 << 14;
        /// May reuse a TLS connection of the same family.
        const TLS_REUSE = 1 << 15;
        /// Connections may be reused.
        const CONN_REUSE = 1 << 16;
        /// For proxies only, never a transfer.
        const NO_TRANSFER = 1 << 17;
        /// Always tunnels through an HTTP proxy.
        const HTTP_PROXY_TUNNEL = 1 << 18;
    }
}

impl Scheme {
    /// The scheme of a name in any case.
    pub fn find(name: &[u8]) -> Option<&'static Self> {
        SCHEMES.iter().find(|scheme| scheme.name.as_bytes().eq_ignore_ascii_case(name))
    }

    /// Whether transfers can have it (the SOCKS schemes name proxies only).
    pub fn is_for_transfers(&self) -> bool {
        !self.flags.contains(SchemeFlags::NO_TRANSFER)
    }

    /// Whether TLS starts with the connection.
    pub fn is_tls(&self) -> bool {
        self.flags.contains(SchemeFlags::TLS)
    }
}

const fn scheme(
    name: &'static str,
    bit: u32,
    family: u32,
    port: u16,
    flags: SchemeFlags,
) -> Scheme {
    Scheme { name, protocol: 1 << bit, family: 1 << family, port, flags }
}

macro_rules! flags {
    ($($name:ident)*) => {
        SchemeFlags::empty()$(.union(SchemeFlags::$name))*
    };
}

/// Every scheme, the commonest first.
pub static SCHEMES: [Scheme; 32] = [
    scheme(
        "https",
        1,
        0,
        443,
        flags!(TLS CREDENTIALS_PER_REQUEST ALPN USERPWD_CONTROL CONN_REUSE HTTP_PROXY_TUNNEL),
    ),
    scheme("http", 0, 0, 80, flags!(CREDENTIALS_PER_REQUEST USERPWD_CONTROL CONN_REUSE)),
    scheme("ws", 30, 0, 80, flags!(CREDENTIALS_PER_REQUEST USERPWD_CONTROL HTTP_PROXY_TUNNEL)),
    scheme(
        "wss",
        31,
        0,
        443,
        flags!(TLS CREDENTIALS_PER_REQUEST USERPWD_CONTROL HTTP_PROXY_TUNNEL),
    ),
    scheme(
        "ftp",
        2,
        2,
        21,
        flags!(DUAL CLOSE_ACTION NEEDS_PASSWORD NO_URL_QUERY PROXY_AS_HTTP WILDCARD TLS_REUSE
               CONN_REUSE),
    ),
    scheme(
        "ftps",
        3,
        2,
        990,
        flags!(TLS DUAL CLOSE_ACTION NEEDS_PASSWORD NO_URL_QUERY WILDCARD CONN_REUSE),
    ),
    scheme("sftp", 5, 5, 22, flags!(DIRLOCK CLOSE_ACTION NO_URL_QUERY CONN_REUSE)),
    scheme("scp", 4, 4, 22, flags!(DIRLOCK CLOSE_ACTION NO_URL_QUERY CONN_REUSE)),
    scheme("file", 10, 10, 0, flags!(NO_NETWORK NO_URL_QUERY)),
    scheme("smtp", 16, 16, 25, flags!(CLOSE_ACTION NO_URL_QUERY URL_OPTIONS TLS_REUSE CONN_REUSE)),
    scheme("smtps", 17, 16, 465, flags!(CLOSE_ACTION TLS NO_URL_QUERY URL_OPTIONS CONN_REUSE)),
    scheme("imap", 12, 12, 143, flags!(CLOSE_ACTION URL_OPTIONS TLS_REUSE CONN_REUSE)),
    scheme("imaps", 13, 12, 993, flags!(CLOSE_ACTION TLS URL_OPTIONS CONN_REUSE)),
    scheme("pop3", 14, 14, 110, flags!(CLOSE_ACTION NO_URL_QUERY URL_OPTIONS TLS_REUSE CONN_REUSE)),
    scheme("pop3s", 15, 14, 995, flags!(CLOSE_ACTION TLS NO_URL_QUERY URL_OPTIONS CONN_REUSE)),
    scheme("rtsp", 18, 18, 554, flags!(CONN_REUSE)),
    scheme("mqtt", 28, 28, 1883, flags!()),
    scheme("mqtts", 32, 28, 8883, flags!(TLS)),
    scheme("dict", 9, 9, 2628, flags!(NO_URL_QUERY)),
    scheme("gopher", 25, 25, 70, flags!()),
    scheme("gophers", 29, 25, 70, flags!(TLS)),
    scheme("telnet", 6, 6, 23, flags!(NO_URL_QUERY)),
    scheme("tftp", 11, 11, 69, flags!(NO_TCP_PROXY NO_URL_QUERY)),
    scheme("ldap", 7, 7, 389, flags!(TLS_REUSE)),
    scheme("ldaps", 8, 7, 636, flags!(TLS)),
    scheme("smb", 26, 26, 445, flags!()),
    scheme("smbs", 27, 26, 445, flags!(TLS)),
    scheme("socks", 33, 33, 1080, flags!(NO_TRANSFER)),
    scheme("socks4", 33, 33, 1080, flags!(NO_TRANSFER)),
    scheme("socks4a", 33, 33, 1080, flags!(NO_TRANSFER)),
    scheme("socks5", 33, 33, 1080, flags!(NO_TRANSFER)),
    scheme("socks5h", 33, 33, 1080, flags!(NO_TRANSFER)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_in_any_case_and_whole() {
        assert_eq!(Scheme::find(b"HTTPS").map(|s| s.port), Some(443));
        assert_eq!(Scheme::find(b"http").map(|s| s.protocol), Some(1));
        assert!(Scheme::find(b"htt").is_none());
        assert!(Scheme::find(b"").is_none());
        assert!(!Scheme::find(b"socks5h").unwrap().is_for_transfers());
    }

    #[test]
    fn families_are_those_of_the_scheme_without_tls() {
        assert_eq!(Scheme::find(b"imaps").unwrap().family, Scheme::find(b"imap").unwrap().protocol);
        assert_eq!(Scheme::find(b"wss").unwrap().family, Scheme::find(b"http").unwrap().protocol);
    }
}
