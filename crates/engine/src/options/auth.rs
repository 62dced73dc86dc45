//! Who the user is, and how that is proved.

use bitflags::bitflags;

use super::Text;

options! {
    /// Credentials for the server.
    pub struct AuthOptions {
        /// `CURLOPT_HTTPAUTH`.
        httpauth: Auth = Auth::BASIC,
        /// `CURLOPT_USERNAME`, or the user of `CURLOPT_USERPWD`.
        username: Option<Text> = None,
        /// `CURLOPT_PASSWORD`, or the password of `CURLOPT_USERPWD`.
        password: Option<Text> = None,
        /// `CURLOPT_XOAUTH2_BEARER`.
        xoauth2_bearer: Option<Text> = None,
        /// `CURLOPT_AWS_SIGV4`.
        aws_sigv4: Option<Text> = None,
        /// `CURLOPT_UNRESTRICTED_AUTH`: credentials follow a redirect to another host.
        unrestricted_auth: bool = false,
        /// `CURLOPT_LOGIN_OPTIONS`.
        login_options: Option<Text> = None,
        /// `CURLOPT_SASL_AUTHZID`.
        sasl_authzid: Option<Text> = None,
        /// `CURLOPT_SASL_IR`.
        sasl_ir: bool = false,
        /// `CURLOPT_SERVICE_NAME`.
        service_name: Option<Text> = None,
        /// `CURLOPT_GSSAPI_DELEGATION`, `CURLGSSAPI_DELEGATION_*`.
        gssapi_delegation: u8 = 0,
        /// `CURLOPT_NETRC`.
        netrc: NetrcMode = NetrcMode::Ignored,
        /// `CURLOPT_NETRC_FILE`; none: `~/.netrc`.
        netrc_file: Option<Text> = None,
    }
}

values! {
    /// `CURLOPT_NETRC`, `CURL_NETRC_*`.
    pub enum NetrcMode {
        Ignored = 0,
        /// The URL's credentials come first.
        Optional = 1,
        /// The URL's credentials are ignored.
        Required = 2,
    }
}

bitflags! {
    /// `CURLOPT_HTTPAUTH` and `CURLOPT_PROXYAUTH`, `CURLAUTH_*`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Auth: u32 {
        /// User and password as they are (RFC 7617).
        const BASIC = 1;
        /// Sums of them (RFC 7616).
        const DIGEST = 1 << 1;
        /// SPNEGO (`CURLAUTH_GSSAPI` too).
        const NEGOTIATE = 1 << 2;
        /// Microsoft's NTLM.
        const NTLM = 1 << 3;
        /// A token (RFC 6750).
        const BEARER = 1 << 6;
        /// Signatures of AWS, version 4.
        const AWS_SIGV4 = 1 << 7;
        /// RFC 9421.
        const HTTPSIG = 1 << 8;
        /// Use the one scheme named beside this, without a first request to pick.
        const ONLY = 1 << 31;
        /// Whatever else a program asks for.
        const _ = !0;
    }
}
