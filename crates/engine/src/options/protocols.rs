//! Sets of protocols, by URL scheme.

use bitflags::bitflags;

bitflags! {
    /// `CURLOPT_PROTOCOLS(_STR)`: `CURLPROTO_*`, and beyond them the ones that only have a name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Protocols: u64 {
        const HTTP = 1 << 0;
        const HTTPS = 1 << 1;
        const FTP = 1 << 2;
        const FTPS = 1 << 3;
        const SCP = 1 << 4;
        const SFTP = 1 << 5;
        const TELNET = 1 << 6;
        const LDAP = 1 << 7;
        const LDAPS = 1 << 8;
        const DICT = 1 << 9;
        const FILE = 1 << 10;
        const TFTP = 1 << 11;
        const IMAP = 1 << 12;
        const IMAPS = 1 << 13;
        const POP3 = 1 << 14;
        const POP3S = 1 << 15;
        const SMTP = 1 << 16;
        const SMTPS = 1 << 17;
        const RTSP = 1 << 18;
        const RTMP = 1 << 19;
        const RTMPT = 1 << 20;
        const RTMPE = 1 << 21;
        const RTMPTE = 1 << 22;
        const RTMPS = 1 << 23;
        const RTMPTS = 1 << 24;
        const GOPHER = 1 << 25;
        const SMB = 1 << 26;
        const SMBS = 1 << 27;
        const MQTT = 1 << 28;
        const GOPHERS = 1 << 29;
        const WS = 1 << 30;
        const WSS = 1 << 31;
        const MQTTS = 1 << 32;
        /// Where a redirect may lead by default: HTTP, HTTPS, FTP, FTPS.
        const REDIR = 0b1111;
        /// Whatever else a program asks for.
        const _ = !0;
    }
}

impl Protocols {
    /// The protocol of a URL scheme, in any case.
    pub fn from_scheme(scheme: &[u8]) -> Option<Self> {
        let found = SCHEMES.iter().position(|known| known.eq_ignore_ascii_case(scheme))?;
        Some(Self::from_bits_retain(1 << found))
    }
}

/// Schemes in the order of their bits.
const SCHEMES: [&[u8]; 33] = [
    b"http", b"https", b"ftp", b"ftps", b"scp", b"sftp", b"telnet", b"ldap", b"ldaps", b"dict",
    b"file", b"tftp", b"imap", b"imaps", b"pop3", b"pop3s", b"smtp", b"smtps", b"rtsp", b"rtmp",
    b"rtmpt", b"rtmpe", b"rtmpte", b"rtmps", b"rtmpts", b"gopher", b"smb", b"smbs", b"mqtt",
    b"gophers", b"ws", b"wss", b"mqtts",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_has_the_bit_of_its_name() {
        assert_eq!(Protocols::from_scheme(b"Gophers"), Some(Protocols::GOPHERS));
        assert_eq!(Protocols::from_scheme(b"mqtts"), Some(Protocols::MQTTS));
        assert_eq!(Protocols::from_scheme(b"htt"), None);
    }
}
