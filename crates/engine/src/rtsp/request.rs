//! Making a request.

use tress_model::Result;
use tress_proto::h1::{Response, ResponseConfig};
use tress_proto::http::conditional;
use tress_proto::http::custom::Custom;
use tress_proto::rtsp::{Checks, Interleaved, Method, Request, head};

use super::{Phase, Rtsp, method};
use crate::TransferId;
use crate::body_out::BodyOut;
use crate::http::auth::{self, Ask, Bound, Whom};
use crate::http::head as http_head;
use crate::multi::{Core, Flow, Multi};
use crate::options::{BodySource, Options};
use crate::transfer::Transfer;

impl Multi {
    /// Puts an RTSP request on its way, or waits for packets.
    pub(crate) fn begin_rtsp(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        conn.uses += 1;
        conn.last_user = Some(id);
        conn.may_talk_unasked = true;
        let options = transfer.options.clone();
        transfer.infos.times.pretransfer = transfer.since_start(core.now);
        let method = method(&options);
        let length = body_length(&options, method);
        let bytes = match method {
            Method::Receive => Vec::new(),
            method => {
                let auth = transfer.rtsp_authorization(core, &mut conn.bound, method)?;
                transfer.rtsp_head(&options, method, length, auth)?
            }
        };
        transfer.infos.upload_length = Some(length);
        let rtsp = transfer.rtsp.get_or_insert_with(|| Box::new(Rtsp::new(&options)));
        let session = match options.other().rtsp_session_id.as_deref() {
            Some(given) => Some(text(given)),
            None => rtsp.session.clone(),
        };
        rtsp.checks = Checks::new(method, rtsp.next_cseq, session);
        rtsp.packets = Interleaved::default();
        rtsp.phase = Phase::Before;
        let receives_only = method == Method::Receive;
        if !receives_only {
            rtsp.next_cseq += 1;
        }
        let body = match length {
            0 => BodyOut::default(),
            length => BodyOut::begin(&options, Some(length), false),
        };
        let response = (!receives_only).then(|| {
            Response::new(ResponseConfig {
                head_request: !method.reply_has_body(length > 0),
                rtsp: true,
                reused: conn.uses > 1,
                ..ResponseConfig::default()
            })
        });
        transfer.exchange.begin_rtsp(bytes, body, response);
        Ok(Flow::Again)
    }
}

impl Transfer {
    /// The value of `Authorization`, as HTTP has it.
    fn rtsp_authorization(
        &mut self,
        core: &mut Core,
        bound: &mut Option<Box<Bound>>,
        method: Method,
    ) -> Result<Option<Vec<u8>>> {
        if let Some(auth) = &mut self.auth {
            auth.begin_request();
        }
        let options = self.options.clone();
        let plan = self.plan()?;
        let Some(credentials) = plan.credentials.clone() else { return Ok(None) };
        if !plan.auth_used.is_empty() {
            return Ok(auth::preemptive(&options, &credentials));
        }
        let peer = http_head::host(&plan.url);
        let ask = Ask {
            credentials: &credentials,
            method: method.name().as_bytes(),
            uri: options.other().rtsp_stream_uri.as_deref().unwrap_or(b"*"),
            peer: &peer,
            custom: auth::is_custom(&options, Whom::Server),
            now: core.now_unix(),
        };
        self.authorization(core, bound, Whom::Server, &ask)
    }

    fn rtsp_head(
        &mut self,
        options: &Options,
        method: Method,
        length: u64,
        auth: Option<Vec<u8>>,
    ) -> Result<Vec<u8>> {
        let rtsp = self.rtsp.get_or_insert_with(|| Box::new(Rtsp::new(options)));
        rtsp.next_cseq = rtsp.next_cseq.max(1);
        rtsp.next_server_cseq = rtsp.next_server_cseq.max(1);
        let other = options.other();
        let own = |value: &Option<Box<[u8]>>| value.as_deref().map(text);
        let (uri, transport) = (own(&other.rtsp_stream_uri), own(&other.rtsp_transport));
        let session = own(&other.rtsp_session_id).or_else(|| rtsp.session.clone());
        let (encoding, agent) = (own(&options.accept_encoding), own(&options.useragent));
        let range = http_head::range(options).map(|range| text(&range));
        let (cseq, referer) = (rtsp.next_cseq, own(&options.http().referer));
        let (names, lines) = custom(options);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let auth = auth.map(|value| format!("Authorization: {}\r\n", text(&value)));
        let head = head(
            method,
            &Request {
                stream_uri: uri.as_deref(),
                cseq,
                session: session.as_deref(),
                transport: transport.as_deref(),
                accept_encoding: encoding.as_deref(),
                range: range.as_deref(),
                referer: referer.as_deref(),
                user_agent: agent.as_deref(),
                auth_lines: auth.as_deref().unwrap_or_default(),
                time_condition_line: &time_condition(options),
                custom_names: &names,
                custom_lines: &lines,
                body_len: length,
            },
        )?;
        Ok(head.into_bytes())
    }
}

/// Bytes of the body; only some methods send one.
fn body_length(options: &Options, method: Method) -> u64 {
    if !method.sends_body() {
        return 0;
    }
    match &options.body {
        BodySource::None => 0,
        BodySource::Bytes(bytes) => bytes.len() as u64,
        BodySource::Application { len, .. } | BodySource::Mime { len, .. } => len.unwrap_or(0),
    }
}

/// The application's own headers: their names, and their lines as they are sent.
fn custom(options: &Options) -> (Vec<String>, String) {
    let (mut names, mut lines) = (Vec::new(), Vec::new());
    for line in options.httpheader.as_deref().unwrap_or_default() {
        let name = line.split(|&b| b == b':' || b == b';').next().unwrap_or_default();
        names.push(text(name.trim_ascii()));
        if let Some(header) = Custom::parse(line) {
            header.push(line, &mut lines);
        }
    }
    (names, text(&lines))
}

fn time_condition(options: &Options) -> String {
    let Some((condition, time)) = http_head::time_condition(options) else {
        return String::new();
    };
    let mut line = format!("{}: ", condition.header()).into_bytes();
    conditional::push_date(&mut line, time);
    line.extend_from_slice(b"\r\n");
    text(&line)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
