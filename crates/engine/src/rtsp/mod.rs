//! RTSP (RFC 2326): requests and replies that look like HTTP's, with packets of media in between.
//!
//! The exchange is HTTP's; this module makes the head, looks at what is special in a reply's
//! headers, and tells packets and bodies apart.

mod receive;
mod request;

use tress_model::Result;
use tress_proto::rtsp::{Channels, Checks, Interleaved, Method};

use crate::options::{Options, RtspRequest};
use crate::transfer::Transfer;

/// What a handle remembers from one RTSP request to the next.
pub(crate) struct Rtsp {
    next_cseq: u32,
    next_server_cseq: u32,
    cseq_received: u32,
    /// The session that a server has given.
    session: Option<String>,
    /// Channels that servers have announced packets on.
    channels: Channels,
    checks: Checks,
    packets: Interleaved,
    phase: Phase,
}

/// Where in the reply the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Before the reply, or without one (`Receive`): packets may come.
    Before,
    Head,
    /// So many bytes of the body are missing; packets may come in between.
    Body(u64),
}

/// Facts of RTSP (`CURLINFO_RTSP_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RtspFacts<'a> {
    /// The sequence number of the next request.
    pub client_cseq: u32,
    /// The one that is expected of the server next.
    pub server_cseq: u32,
    /// The one of the last reply.
    pub received_cseq: u32,
    /// The session that a server has given.
    pub session: Option<&'a [u8]>,
}

impl Rtsp {
    fn new(options: &Options) -> Self {
        let other = options.other();
        Self {
            next_cseq: other.rtsp_client_cseq,
            next_server_cseq: other.rtsp_server_cseq,
            cseq_received: 0,
            session: None,
            channels: Channels::default(),
            checks: Checks::new(Method::Options, 0, None),
            packets: Interleaved::default(),
            phase: Phase::Before,
        }
    }
}

impl Transfer {
    /// What the handle remembers of RTSP; none before its first request.
    pub fn rtsp(&self) -> Option<RtspFacts<'_>> {
        let rtsp = self.rtsp.as_deref()?;
        Some(RtspFacts {
            client_cseq: rtsp.next_cseq,
            server_cseq: rtsp.next_server_cseq,
            received_cseq: rtsp.cseq_received,
            session: rtsp.session.as_deref().map(str::as_bytes),
        })
    }

    /// The application has set the next sequence numbers or the session: what was remembered
    /// of them no longer holds.
    pub fn rtsp_settings_changed(&mut self, client: Option<u32>, server: Option<u32>) {
        let Some(rtsp) = self.rtsp.as_deref_mut() else { return };
        match (client, server) {
            (None, None) => rtsp.session = None,
            (client, server) => {
                rtsp.next_cseq = client.unwrap_or(rtsp.next_cseq);
                rtsp.next_server_cseq = server.unwrap_or(rtsp.next_server_cseq);
            }
        }
    }

    /// A header line of a reply, with its line end.
    pub(crate) fn on_rtsp_line(&mut self, line: &[u8]) -> Result<()> {
        let Some(rtsp) = self.rtsp.as_deref_mut() else { return Ok(()) };
        let text = String::from_utf8_lossy(line);
        rtsp.checks.header(text.trim_end_matches(['\r', '\n']), &mut rtsp.channels)?;
        rtsp.cseq_received = rtsp.checks.cseq_received();
        if self.options.other().rtsp_session_id.is_none() {
            rtsp.session = rtsp.checks.session().map(str::to_owned);
        }
        Ok(())
    }

    /// Was the reply the one to this request?
    pub(crate) fn check_rtsp_reply(&self) -> Result<()> {
        self.rtsp.as_deref().map_or(Ok(()), |rtsp| rtsp.checks.done())
    }
}

/// The request that `CURLOPT_RTSP_REQUEST` asks for.
fn method(options: &Options) -> Method {
    match options.other().rtsp_request {
        RtspRequest::Options => Method::Options,
        RtspRequest::Describe => Method::Describe,
        RtspRequest::Announce => Method::Announce,
        RtspRequest::Setup => Method::Setup,
        RtspRequest::Play => Method::Play,
        RtspRequest::Pause => Method::Pause,
        RtspRequest::Teardown => Method::Teardown,
        RtspRequest::GetParameter => Method::GetParameter,
        RtspRequest::SetParameter => Method::SetParameter,
        RtspRequest::Record => Method::Record,
        RtspRequest::Receive => Method::Receive,
    }
}
