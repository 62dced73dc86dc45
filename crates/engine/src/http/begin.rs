//! The beginning of an exchange: the head is made, the body and the response are set up.

use tress_model::Result;
use tress_proto::h1::{Response, ResponseConfig};
use tress_proto::http::Kind;

use super::Exchange;
use super::auth::{Bound, Whom};
use super::head::{self, Head, Varying};
use crate::TransferId;
use crate::body_out::BodyOut;
use crate::http2::Stream;
use crate::multi::{Core, Flow, Multi};
use crate::options::{Auth, Options};
use crate::plan::Service;
use crate::transfer::Transfer;
use crate::workers::Then;

impl Multi {
    /// Puts the request on its way.
    pub(crate) fn begin_exchange(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return Ok(Flow::Wait) };
        let service = transfer.plan()?.service;
        if service == Service::Rtsp {
            return self.begin_rtsp(id);
        }
        let forwarded = conn.destination.forwarder().is_some();
        let negotiates = transfer.options.auth().httpauth.contains(Auth::NEGOTIATE);
        if (negotiates && self.await_token(id, Then::Request(Whom::Server)))
            || (forwarded && self.await_token(id, Then::Request(Whom::Proxy)))
        {
            return Ok(Flow::Wait);
        }
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let now = core.now;
        conn.uses += 1;
        let http2 = conn.h2.is_some() || conn.quic.is_some();
        conn.last_user = Some(id);
        let options = transfer.options.clone();
        transfer.infos.times.pretransfer = transfer.since_start(now);
        transfer.infos.times.posttransfer = std::time::Duration::ZERO;
        if conn.uses == 1
            && let Some(auth) = &mut transfer.auth
        {
            auth.new_connection();
        }
        let mut varying = transfer.varying(core, &mut conn.bound)?;
        varying.http10 = conn.http10 || transfer.exchange.follow.http10;
        let plan = transfer.plan()?;
        // Where nothing varies the plan's head is sent as it is, without a copy.
        let mut own = match varying.is_plain() {
            true if service != Service::WebSocket => None,
            _ => {
                let follow = &transfer.exchange.follow;
                let (login, proxy) = (plan.credentials.as_deref(), plan.destination.forwarder());
                Some(head::build(&options, &plan.url, follow, &varying, login, proxy)?)
            }
        };
        let negotiating = varying.negotiating;
        if let Some(own) = own.as_mut().filter(|own| negotiating && own.sent.chunked) {
            own.bytes.extend_from_slice(b"0\r\n\r\n");
        }
        let via_proxy = plan.destination.forwarder().is_some();
        let Head { bytes, sent, kind, body_length: length } = own.as_ref().unwrap_or(&plan.head);
        let (head_len, sent, kind, length) = (bytes.len(), *sent, *kind, *length);
        transfer.infos.upload_length = if kind.has_body() { length } else { Some(0) };
        transfer.infos.download_length = None;
        let infos = &mut transfer.infos;
        (infos.downloaded, infos.delivered, infos.uploaded) = (0, 0, 0);
        let exchange = &mut transfer.exchange;
        exchange.reset(head_len, own.map(|own| own.bytes));
        if kind.has_body() && !negotiating {
            exchange.body = BodyOut::begin(&options, length, sent.chunked && !http2);
        }
        if sent.expect_100 && !http2 {
            exchange.body.wait_for_answer(now + options.http().expect_100_timeout);
        }
        exchange.response = Some(Response::new(ResponseConfig {
            http2,
            reused: conn.uses > 1,
            via_proxy,
            ..response_config(&options, kind)
        }));
        if http2 {
            return self.open_stream(id);
        }
        if matches!(service, Service::Dict | Service::Gopher) {
            exchange.response = None;
            exchange.foreign = true;
        }
        Ok(match transfer.resumes_upload(kind) {
            Some(offset) => core.ask(id, crate::Effect::Seek { transfer: id, offset }),
            None => Flow::Again,
        })
    }
}

impl Transfer {
    /// Where the source of an upload must be put before it is read, in a first request.
    fn resumes_upload(&mut self, kind: Kind) -> Option<u64> {
        let offset = u64::try_from(self.options.resume_from).ok().filter(|from| *from > 0)?;
        let body = &mut self.exchange.body;
        let first = self.exchange.follow.count == 0 && kind == Kind::Put;
        if !first || !body.asks_application() {
            return None;
        }
        body.resume_at(offset);
        Some(offset)
    }

    /// What the head of the next request says beyond settings and URL.
    fn varying(&mut self, core: &mut Core, bound: &mut Option<Box<Bound>>) -> Result<Varying> {
        if let Some(auth) = &mut self.auth {
            auth.begin_request();
        }
        let plan = self.plan()?;
        let mut varying = plan.varying();
        self.add_cookies(core, plan, &mut varying);
        if plan.service == Service::WebSocket {
            varying.upgrade = crate::ws::request_lines(&self.options);
        }
        match &plan.credentials {
            Some(login) if !plan.auth_used.is_empty() => {
                let (login, used) = (login.clone(), plan.auth_used);
                self.used(core, Whom::Server, used, &login);
            }
            _ => self.authorize(&mut varying, core, bound)?,
        }
        self.authorize_to_proxy(&mut varying, core, bound)?;
        Ok(varying)
    }
}

impl Transfer {
    /// Does its URL ask for WebSocket?
    pub(crate) fn is_websocket(&self) -> bool {
        self.plan.as_deref().is_some_and(|plan| plan.service == Service::WebSocket)
    }
}

/// What settings and request mean for the response.
fn response_config(options: &Options, kind: Kind) -> ResponseConfig {
    ResponseConfig {
        head_request: options.nobody || kind == Kind::Head,
        http09_allowed: options.http().http09_allowed,
        ignore_content_length: options.http().ignore_content_length,
        max_filesize: options.limits().maxfilesize > 0,
        raw_transfer: !options.http().http_transfer_decoding,
        transfer_encoding_offered: options.http().transfer_encoding,
        aliases: options.http().http200aliases.clone(),
        ..ResponseConfig::default()
    }
}

impl Exchange {
    /// The response proper comes over the HTTP/2 stream that the request was upgraded to.
    pub(crate) fn await_upgraded(&mut self, options: &Options, kind: Kind, stream: Box<Stream>) {
        self.stream = Some(stream);
        let config = ResponseConfig { http2: true, ..response_config(options, kind) };
        self.response = Some(Response::new(config));
        self.forget_head();
        self.head_ended = None;
        self.answered = false;
        self.response_done = false;
        self.parsing = false;
        self.flushing = false;
        self.close = false;
    }

    /// The head was sent some other way: what is in `out` from now on is body.
    pub(crate) fn forget_head(&mut self) {
        self.out_is_plan = false;
        self.out.clear();
        (self.sent, self.head_len) = (0, 0);
    }

    /// A request of RTSP, or none, and its reply.
    pub(crate) fn begin_rtsp(&mut self, head: Vec<u8>, body: BodyOut, reply: Option<Response>) {
        self.reset(head.len(), Some(head));
        self.body = body;
        self.response = reply;
        self.foreign = true;
    }

    /// A message that goes out behind a head of its own, over something else than HTTP.
    pub(crate) fn begin_message(&mut self, head: Vec<u8>, message: BodyOut) {
        self.reset(head.len(), Some(head));
        self.body = message;
        self.close = true;
    }

    /// All input was looked at.
    pub(crate) fn all_parsed(&mut self) {
        self.parsing = false;
    }

    /// The reply is complete.
    pub(crate) fn reply_complete(&mut self) {
        self.response_done = true;
    }

    /// The connection is of no use after this reply.
    pub(crate) fn useless_after(&mut self) {
        self.close = true;
    }

    pub(crate) fn reset(&mut self, head_len: usize, own: Option<Vec<u8>>) {
        self.out_is_plan = own.is_none();
        match own {
            Some(bytes) => self.out = bytes,
            None => self.out.clear(),
        }
        self.body = BodyOut::default();
        self.sent = 0;
        self.head_len = head_len;
        self.head_start = 0;
        self.head_has_body = false;
        self.head_ended = None;
        self.trailers_due = false;
        self.reset_by = None;
        self.answered = false;
        self.response_done = false;
        self.foreign = false;
        self.parsing = false;
        self.ignore_body = false;
        self.decoder = None;
        self.flushing = false;
        self.encoded = 0..0;
        self.oversize = false;
        self.close = false;
        self.next = None;
        self.location = None;
        self.codings.clear();
        self.document_time = None;
        self.set_cookies = 0;
    }
}
