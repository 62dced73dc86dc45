//! TFTP, TELNET and RTSP.

use super::{List, Text};

options! {
    /// Settings of protocols with few of them.
    pub struct OtherOptions {
        /// `CURLOPT_TFTP_BLKSIZE`; 0: 512.
        tftp_blksize: u16 = 0,
        /// `CURLOPT_TFTP_NO_OPTIONS`.
        tftp_no_options: bool = false,
        /// `CURLOPT_TELNETOPTIONS`.
        telnetoptions: Option<List> = None,
        /// `CURLOPT_RTSP_REQUEST`.
        rtsp_request: RtspRequest = RtspRequest::Options,
        /// `CURLOPT_RTSP_SESSION_ID`.
        rtsp_session_id: Option<Text> = None,
        /// `CURLOPT_RTSP_STREAM_URI`.
        rtsp_stream_uri: Option<Text> = None,
        /// `CURLOPT_RTSP_TRANSPORT`.
        rtsp_transport: Option<Text> = None,
        /// `CURLOPT_RTSP_CLIENT_CSEQ`.
        rtsp_client_cseq: u32 = 0,
        /// `CURLOPT_RTSP_SERVER_CSEQ`.
        rtsp_server_cseq: u32 = 0,
    }
}

values! {
    /// `CURLOPT_RTSP_REQUEST`, `CURL_RTSPREQ_*`.
    pub enum RtspRequest {
        Options = 1,
        Describe = 2,
        Announce = 3,
        Setup = 4,
        Play = 5,
        Pause = 6,
        Teardown = 7,
        GetParameter = 8,
        SetParameter = 9,
        Record = 10,
        Receive = 11,
    }
}
