//! HTTP: what the request says, and how answers are followed.

use std::time::Duration;

use bitflags::bitflags;

use super::{List, Text};

options! {
    /// Settings of HTTP requests that few transfers need.
    pub struct HttpOptions {
        /// `CURLOPT_REFERER`.
        referer: Option<Text> = None,
        /// `CURLOPT_AUTOREFERER`.
        autoreferer: bool = false,
        /// `CURLOPT_COOKIE`.
        cookie: Option<Text> = None,
        /// `CURLOPT_RANGE`, without `bytes=` (FTP, FILE and SFTP too).
        range: Option<Text> = None,
        /// `CURLOPT_REQUEST_TARGET`.
        request_target: Option<Text> = None,
        /// `CURLOPT_HTTP200ALIASES`.
        http200aliases: Option<List> = None,
        /// `CURLOPT_POSTREDIR`.
        postredir: PostRedir = PostRedir::empty(),
        /// `CURLOPT_TRANSFER_ENCODING`: ask for a compressed Transfer-Encoding.
        transfer_encoding: bool = false,
        /// `CURLOPT_HTTP_TRANSFER_DECODING`.
        http_transfer_decoding: bool = true,
        /// `CURLOPT_HTTP_CONTENT_DECODING`.
        http_content_decoding: bool = true,
        /// `CURLOPT_HTTP09_ALLOWED`.
        http09_allowed: bool = false,
        /// `CURLOPT_IGNORE_CONTENT_LENGTH`.
        ignore_content_length: bool = false,
        /// `CURLOPT_KEEP_SENDING_ON_ERROR`.
        keep_sending_on_error: bool = false,
        /// `CURLOPT_EXPECT_100_TIMEOUT_MS`.
        expect_100_timeout: Duration = Duration::from_secs(1),
        /// `CURLOPT_TIMECONDITION`.
        timecondition: TimeCondition = TimeCondition::None,
        /// `CURLOPT_TIMEVALUE(_LARGE)`: Unix seconds.
        timevalue: i64 = 0,
        /// `CURLOPT_STREAM_WEIGHT`; 0: not set, else 1 to 256.
        stream_weight: u16 = 0,
        /// `CURLOPT_HTTPSIG_ALGORITHM`.
        httpsig_algorithm: HttpSigAlgorithm = HttpSigAlgorithm::None,
        /// `CURLOPT_HTTPSIG_KEY`.
        httpsig_key: Option<Text> = None,
        /// `CURLOPT_HTTPSIG_KEYID`.
        httpsig_keyid: Option<Text> = None,
        /// `CURLOPT_HTTPSIG_HEADERS`.
        httpsig_headers: Option<Text> = None,
        /// `CURLOPT_WS_OPTIONS`: raw mode.
        ws_raw_mode: bool = false,
        /// `CURLOPT_WS_OPTIONS`: pings are not answered by themselves.
        ws_no_auto_pong: bool = false,
    }
}

values! {
    /// `CURLOPT_HTTP_VERSION`, `CURL_HTTP_VERSION_*`.
    pub enum HttpVersion {
        /// No wish: HTTP/2 over TLS where both can, else 1.1.
        None = 0,
        /// HTTP/1.0.
        V1_0 = 1,
        /// HTTP/1.1.
        V1_1 = 2,
        /// HTTP/2, by ALPN or by Upgrade.
        V2 = 3,
        /// HTTP/2 over TLS only.
        V2Tls = 4,
        /// HTTP/2 without asking first, also in the clear.
        V2PriorKnowledge = 5,
        /// HTTP/3 with fall-back.
        V3 = 30,
        /// HTTP/3 alone.
        V3Only = 31,
    }
}

values! {
    /// `CURLOPT_FOLLOWLOCATION`, `CURLFOLLOW_*`.
    pub enum FollowLocation {
        No = 0,
        /// Follow; a custom method is kept.
        All = 1,
        /// Follow; a custom method is changed as the response code asks.
        ObeyCode = 2,
        /// Follow; a custom method is for the first request only.
        FirstOnly = 3,
    }
}

values! {
    /// `CURLOPT_TIMECONDITION`, `CURL_TIMECOND_*`.
    pub enum TimeCondition {
        None = 0,
        IfModifiedSince = 1,
        IfUnmodifiedSince = 2,
        LastModified = 3,
    }
}

values! {
    /// `CURLOPT_HTTPSIG_ALGORITHM`, `CURLHTTPSIG_*`.
    pub enum HttpSigAlgorithm {
        None = 0,
        Ed25519 = 1,
        HmacSha256 = 2,
    }
}

bitflags! {
    /// `CURLOPT_POSTREDIR`, `CURL_REDIR_*`: after which codes a POST stays a POST.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PostRedir: u8 {
        /// After 301.
        const POST_301 = 1;
        /// After 302.
        const POST_302 = 2;
        /// After 303.
        const POST_303 = 4;
    }
}
