//! TLS to the server; another instance of it is for an HTTPS proxy.

use std::time::Duration;

use bitflags::bitflags;

use super::{Blob, Text};

options! {
    /// How a TLS connection is made and checked (`CURLOPT_X`, for a proxy `CURLOPT_PROXY_X`).
    pub struct TlsOptions {
        /// `CURLOPT_SSL_VERIFYPEER`.
        ssl_verifypeer: bool = true,
        /// `CURLOPT_SSL_VERIFYHOST`.
        ssl_verifyhost: bool = true,
        /// `CURLOPT_SSL_VERIFYSTATUS`.
        ssl_verifystatus: bool = false,
        /// `CURLOPT_SSL_SESSIONID_CACHE`.
        ssl_sessionid_cache: bool = true,
        /// `CURLOPT_SSL_ENABLE_ALPN`.
        ssl_enable_alpn: bool = true,
        /// `CURLOPT_CERTINFO`.
        certinfo: bool = false,
        /// `CURLOPT_SSLVERSION`: the lowest version.
        sslversion: TlsVersion = TlsVersion::V1_2,
        /// `CURLOPT_SSLVERSION`: the highest version.
        sslversion_max: Option<TlsVersion> = None,
        /// `CURLOPT_SSL_OPTIONS`.
        ssl_options: SslOptions = SslOptions::empty(),
        /// `CURLOPT_USE_SSL`: TLS by a command in FTP, SMTP, IMAP, POP3.
        use_ssl: UseSsl = UseSsl::None,
        /// `CURLOPT_CAINFO`: a file; none: the system's.
        cainfo: Option<Text> = None,
        /// `CURLOPT_CAINFO_BLOB`.
        cainfo_blob: Option<Blob> = None,
        /// `CURLOPT_CAPATH`: a directory.
        capath: Option<Text> = None,
        /// `CURLOPT_CRLFILE`.
        crlfile: Option<Text> = None,
        /// `CURLOPT_ISSUERCERT`.
        issuercert: Option<Text> = None,
        /// `CURLOPT_ISSUERCERT_BLOB`.
        issuercert_blob: Option<Blob> = None,
        /// `CURLOPT_SSLCERT`.
        sslcert: Option<Text> = None,
        /// `CURLOPT_SSLCERT_BLOB`.
        sslcert_blob: Option<Blob> = None,
        /// `CURLOPT_SSLCERTTYPE`: `PEM`, `DER`, `P12`.
        sslcerttype: Option<Text> = None,
        /// `CURLOPT_SSLKEY`.
        sslkey: Option<Text> = None,
        /// `CURLOPT_SSLKEY_BLOB`.
        sslkey_blob: Option<Blob> = None,
        /// `CURLOPT_SSLKEYTYPE`.
        sslkeytype: Option<Text> = None,
        /// `CURLOPT_KEYPASSWD` (SSH's keys too).
        keypasswd: Option<Text> = None,
        /// `CURLOPT_SSL_CIPHER_LIST`.
        ssl_cipher_list: Option<Text> = None,
        /// `CURLOPT_TLS13_CIPHERS`.
        tls13_ciphers: Option<Text> = None,
        /// `CURLOPT_SSL_EC_CURVES`.
        ssl_ec_curves: Option<Text> = None,
        /// `CURLOPT_SSL_SIGNATURE_ALGORITHMS`.
        ssl_signature_algorithms: Option<Text> = None,
        /// `CURLOPT_PINNEDPUBLICKEY`.
        pinnedpublickey: Option<Text> = None,
        /// `CURLOPT_SSLENGINE`.
        sslengine: Option<Text> = None,
        /// `CURLOPT_CA_CACHE_TIMEOUT`; none: for ever.
        ca_cache_timeout: Option<Duration> = Some(Duration::from_secs(86_400)),
        /// `CURLOPT_ECH`.
        ech: Ech = Ech::Disable,
        /// `CURLOPT_ECH` `ecl:`: the configuration list, base64.
        ech_config: Option<Text> = None,
        /// `CURLOPT_ECH` `pn:`: the public name.
        ech_public_name: Option<Text> = None,
    }
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum TlsVersion {
    /// TLS 1.0, which is not spoken: 1.2 is the lowest.
    V1_0,
    /// TLS 1.1, likewise.
    V1_1,
    /// TLS 1.2 (RFC 5246).
    V1_2,
    /// TLS 1.3 (RFC 8446).
    V1_3,
}

values! {
    /// `CURLOPT_USE_SSL`, `CURLUSESSL_*`.
    pub enum UseSsl {
        None = 0,
        Try = 1,
        Control = 2,
        All = 3,
    }
}

values! {
    /// `CURLOPT_ECH`.
    pub enum Ech {
        Disable = 0,
        Grease = 1,
        Enable = 2,
        Hard = 3,
    }
}

bitflags! {
    /// `CURLOPT_SSL_OPTIONS`, `CURLSSLOPT_*`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SslOptions: u8 {
        #[allow(missing_docs)]
        const ALLOW_BEAST = 1;
        #[allow(missing_docs)]
        const NO_REVOKE = 1 << 1;
        #[allow(missing_docs)]
        const NO_PARTIALCHAIN = 1 << 2;
        #[allow(missing_docs)]
        const REVOKE_BEST_EFFORT = 1 << 3;
        #[allow(missing_docs)]
        const NATIVE_CA = 1 << 4;
        #[allow(missing_docs)]
        const AUTO_CLIENT_CERT = 1 << 5;
        #[allow(missing_docs)]
        const EARLYDATA = 1 << 6;
        /// Room for a bit that has no name yet.
        const _ = !0;
    }
}
