//! The settings of a transfer: data only, one field for each `CURLOPT_*` that is not a callback
//! (`curl_easy_setopt(3)`).
//!
//! What nearly every transfer sets stands in [`Options`] itself; the rest in groups that cost
//! nothing until one of their fields is set. Fields carry libcurl's names in lower case and its
//! defaults. A driver holds them as `Arc<Options>` and changes them by `Arc::make_mut`, so that
//! a running transfer keeps what it was started with and a prepared plan stays good as long as
//! it is the same allocation.

#[macro_use]
mod macros;
mod auth;
mod connect;
mod dns;
mod ftp;
mod hooks;
mod http;
mod limits;
mod mail;
mod other;
#[allow(missing_docs)]
mod protocols;
mod proxy;
mod ssh;
mod state;
mod tls;

use std::sync::Arc;
use std::time::Duration;

/// Redirects that are followed where `CURLOPT_MAXREDIRS` says nothing.
pub const DEFAULT_MAXREDIRS: i16 = 30;

pub use auth::{Auth, AuthOptions, NetrcMode};
pub use connect::{ConnectOnly, ConnectOptions, IpResolve};
pub use dns::DnsOptions;
pub use ftp::{CreateMissingDirs, FtpCcc, FtpFileMethod, FtpOptions, FtpSslAuth};
pub use hooks::Hooks;
pub use http::{
    FollowLocation, HttpOptions, HttpSigAlgorithm, HttpVersion, PostRedir, TimeCondition,
};
pub use limits::LimitOptions;
pub use mail::{MailOptions, UploadFlags};
pub use other::{OtherOptions, RtspRequest};
pub use protocols::Protocols;
pub use proxy::{ProxyOptions, ProxyType};
pub use ssh::SshOptions;
pub use state::{AltSvcCtrl, HstsCtrl, StateOptions};
pub use tls::{Ech, SslOptions, TlsOptions, TlsVersion, UseSsl};

/// A string option: bytes, since a C string need not be UTF-8; never holds a NUL.
pub type Text = Box<[u8]>;

/// A list option, such as `CURLOPT_HTTPHEADER`.
pub type List = Arc<[Text]>;

/// The content of a blob option, such as `CURLOPT_CAINFO_BLOB`.
pub type Blob = Arc<[u8]>;

options! {
    /// Everything that an application can set for a transfer, callbacks apart.
    pub struct Options {
        /// `CURLOPT_URL`, or the whole URL of `CURLOPT_CURLU`.
        url: Option<Text> = None,
        /// Which callbacks are set: the engine makes their effects only then.
        hooks: Hooks = Hooks::empty(),
        /// What kind of request (`CURLOPT_HTTPGET`, `POST`, `UPLOAD`, `NOBODY`, `MIMEPOST`...).
        method: Method = Method::Get,
        /// `CURLOPT_NOBODY`: no body of the response (HTTP: HEAD unless `customrequest`).
        nobody: bool = false,
        /// The body of the request.
        body: BodySource = BodySource::None,
        /// `CURLOPT_CUSTOMREQUEST`: the word sent in place of the method's own.
        customrequest: Option<Text> = None,
        /// `CURLOPT_HTTPHEADER`: `Name: value` adds or replaces, `Name:` removes, `Name;` sends
        /// it empty.
        httpheader: Option<List> = None,
        /// `CURLOPT_USERAGENT`.
        useragent: Option<Text> = None,
        /// `CURLOPT_ACCEPT_ENCODING`; an empty text asks for all that is built in.
        accept_encoding: Option<Text> = None,
        /// `CURLOPT_TIMEOUT(_MS)` of the whole transfer; zero: none.
        timeout: Duration = Duration::ZERO,
        /// `CURLOPT_CONNECTTIMEOUT(_MS)`; zero: the default of 300 s.
        connecttimeout: Duration = Duration::ZERO,
        /// `CURLOPT_BUFFERSIZE`: bytes, the most that one write callback gets is the greater of
        /// this and 16,384.
        buffersize: u32 = 16_384,
        /// `CURLOPT_UPLOAD_BUFFERSIZE`: bytes.
        upload_buffersize: u32 = 65_536,
        /// `CURLOPT_PROTOCOLS(_STR)`.
        protocols: Protocols = Protocols::all(),
        /// `CURLOPT_REDIR_PROTOCOLS(_STR)`.
        redir_protocols: Protocols = Protocols::REDIR,
        /// `CURLOPT_HTTP_VERSION`.
        http_version: HttpVersion = HttpVersion::None,
        /// `CURLOPT_FOLLOWLOCATION`.
        followlocation: FollowLocation = FollowLocation::No,
        /// `CURLOPT_MAXREDIRS`; -1: no limit.
        maxredirs: i16 = DEFAULT_MAXREDIRS,
        /// `CURLOPT_PORT`; 0: the URL's or the scheme's own.
        port: u16 = 0,
        /// `CURLOPT_VERBOSE`.
        verbose: bool = false,
        /// `CURLOPT_HEADER`: response heads go to the body's callback too.
        header: bool = false,
        /// `CURLOPT_NOPROGRESS`.
        noprogress: bool = true,
        /// `CURLOPT_FAILONERROR`.
        failonerror: bool = false,
        /// `CURLOPT_FRESH_CONNECT`.
        fresh_connect: bool = false,
        /// `CURLOPT_FORBID_REUSE`.
        forbid_reuse: bool = false,
        /// `CURLOPT_PIPEWAIT`.
        pipewait: bool = false,
        /// `CURLOPT_TCP_NODELAY`.
        tcp_nodelay: bool = true,
        /// `CURLOPT_NOSIGNAL`; Tress never touches signals.
        nosignal: bool = false,
        /// `CURLOPT_PATH_AS_IS`.
        path_as_is: bool = false,
        /// `CURLOPT_FILETIME`.
        filetime: bool = false,
        /// `CURLOPT_DISALLOW_USERNAME_IN_URL`.
        disallow_username_in_url: bool = false,
        /// `CURLOPT_TRANSFERTEXT`: text, not binary (FTP).
        transfertext: bool = false,
        /// `CURLOPT_CRLF`: line feeds of an upload become CRLF.
        crlf: bool = false,
        /// `CURLOPT_APPEND`: append to the remote file.
        append: bool = false,
        /// `CURLOPT_DIRLISTONLY`.
        dirlistonly: bool = false,
        /// `CURLOPT_WILDCARDMATCH`.
        wildcardmatch: bool = false,
        /// `CURLOPT_QUICK_EXIT`.
        quick_exit: bool = false,
        /// `CURLOPT_RESUME_FROM(_LARGE)`: bytes; -1 asks for the size first (upload).
        resume_from: i64 = 0,
        http: Option<Box<HttpOptions>> = None,
        auth: Option<Box<AuthOptions>> = None,
        tls: Option<Box<TlsOptions>> = None,
        proxy: Option<Box<ProxyOptions>> = None,
        /// TLS to the proxy (`CURLOPT_PROXY_SSL*`, `CURLOPT_PROXY_CAINFO`...).
        proxy_tls: Option<Box<TlsOptions>> = None,
        connect: Option<Box<ConnectOptions>> = None,
        dns: Option<Box<DnsOptions>> = None,
        limits: Option<Box<LimitOptions>> = None,
        state: Option<Box<StateOptions>> = None,
        ftp: Option<Box<FtpOptions>> = None,
        mail: Option<Box<MailOptions>> = None,
        ssh: Option<Box<SshOptions>> = None,
        other: Option<Box<OtherOptions>> = None,
    }
}

groups! {
    http, http_mut: HttpOptions;
    auth, auth_mut: AuthOptions;
    tls, tls_mut: TlsOptions;
    proxy, proxy_mut: ProxyOptions;
    proxy_tls, proxy_tls_mut: TlsOptions;
    connect, connect_mut: ConnectOptions;
    dns, dns_mut: DnsOptions;
    limits, limits_mut: LimitOptions;
    state, state_mut: StateOptions;
    ftp, ftp_mut: FtpOptions;
    mail, mail_mut: MailOptions;
    ssh, ssh_mut: SshOptions;
    other, other_mut: OtherOptions;
}

/// What kind of request: libcurl's `httpreq`; other protocols read direction from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Fetch.
    #[default]
    Get,
    /// Fetch the head only.
    Head,
    /// Send a body of bytes.
    Post,
    /// Send the deprecated `CURLOPT_HTTPPOST` form; the body is MIME all the same.
    PostForm,
    /// Send `CURLOPT_MIMEPOST`.
    PostMime,
    /// Upload.
    Put,
}

/// Where the body of the request comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum BodySource {
    /// There is none.
    #[default]
    None,
    /// These bytes (`CURLOPT_COPYPOSTFIELDS`): the engine sends them by itself.
    Bytes(Arc<[u8]>),
    /// The application supplies it by `Effect::Read`: read callback, or memory that stays its
    /// own (`CURLOPT_POSTFIELDS`).
    Application {
        /// Bytes (`INFILESIZE`, `POSTFIELDSIZE` or the length of `POSTFIELDS`), if known.
        len: Option<u64>,
        /// Fields in memory (`POSTFIELDS`), not a callback: known to be rewindable and, in
        /// HTTP, to be `application/x-www-form-urlencoded` unless a header says otherwise.
        fields: bool,
    },
    /// MIME parts, encoded by the driver and supplied by `Effect::Read`.
    Mime {
        /// Bytes of the encoded body, if known.
        len: Option<u64>,
        /// The top part's header lines (Content-Type with its boundary first).
        headers: List,
    },
}

impl BodySource {
    /// Bytes of the body, if known.
    pub(crate) fn length(&self) -> Option<u64> {
        match self {
            Self::None => Some(0),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Application { len, .. } | Self::Mime { len, .. } => *len,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_enough_for_a_million_handles() {
        assert!(size_of::<Options>() <= 500, "{}", size_of::<Options>());
    }

    #[test]
    fn an_unset_group_reads_as_the_defaults() {
        let mut options = Options::default();
        assert_eq!(options.limits().low_speed_limit, 0);
        assert!(options.tls().ssl_verifypeer);
        options.limits_mut().low_speed_limit = 7;
        assert_eq!(options.limits().low_speed_limit, 7);
        assert!(options.tls.is_none());
    }
}
