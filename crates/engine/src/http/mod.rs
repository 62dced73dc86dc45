//! One request and its response over HTTP/1, as a state of a transfer.

pub(crate) mod auth;
mod begin;
mod complete;
mod fields;
pub(crate) mod head;
pub(crate) mod receive;
mod remember;
mod send;

use std::ops::Range;
use std::time::Instant;

pub(crate) use receive::Received;
use tress_model::{Error, Result};
use tress_proto::decode::{Coding, Decoder};
use tress_proto::h1::{BodyFraming, Response};
use tress_proto::http::Kind;

use crate::TransferId;
use crate::body_out::{BodyOut, BodyState};
use crate::http::head::FirstOrigin;
use crate::http2::Stream;
use crate::interest::{SocketOwner, Want};
use crate::multi::{Flow, Multi};
use crate::transfer::Transfer;
use crate::ws::Socket;

/// A request with its response; buffers are kept from one to the next.
#[derive(Default)]
pub(crate) struct Exchange {
    pub(crate) response: Option<Response>,
    /// Bytes to send: the head, then pieces of the body.
    pub(crate) out: Vec<u8>,
    pub(crate) sent: usize,
    /// How much of `out` is head, for the debug callback and the sizes.
    pub(crate) head_len: usize,
    /// Where in `out` the head begins.
    pub(crate) head_start: usize,
    /// The first piece of the body was asked for, to go with the head.
    pub(crate) head_has_body: bool,
    /// The bytes to send are the plan's, not `out`'s.
    pub(crate) out_is_plan: bool,
    pub(crate) body: BodyOut,
    /// The head of the response ended: what to do next is decided when it was delivered.
    pub(crate) head_ended: Option<(BodyFraming, bool)>,
    /// The last chunk waits for the application's trailers.
    pub(crate) trailers_due: bool,
    /// Sending has failed by a reset: an end that comes now is none that the peer has said.
    reset_by: Option<Error>,
    /// Some bytes of a response came.
    pub(crate) answered: bool,
    pub(crate) response_done: bool,
    /// What comes is not HTTP, or not only: RTSP with its packets, or nothing but a body.
    foreign: bool,
    /// The machine may find more without further bytes.
    pub(crate) parsing: bool,
    /// The body is read and dropped: it is not what the application asked for.
    pub(crate) ignore_body: bool,
    pub(crate) decoder: Option<Box<Decoder>>,
    pub(crate) decoded: Vec<u8>,
    /// The body is over; the decoder may hold its last bytes.
    pub(crate) flushing: bool,
    /// Body bytes in the input that wait to be decoded.
    pub(crate) encoded: Range<usize>,
    /// More of the body came than is allowed: the transfer fails when the rest is delivered.
    pub(crate) oversize: bool,
    /// The connection is of no use after this response.
    pub(crate) close: bool,
    /// What to do after this response, if not be done.
    pub(crate) next: Option<Next>,
    pub(crate) location: Option<Box<[u8]>>,
    /// The body begins where the download is to go on.
    content_range: bool,
    /// Content codings of the body, as announced.
    pub(crate) codings: Vec<Coding>,
    /// `Last-Modified`, Unix seconds.
    pub(crate) document_time: Option<i64>,
    /// Cookies that the response has set so far.
    pub(crate) set_cookies: u8,
    /// Its stream of an HTTP/2 connection.
    pub(crate) stream: Option<Box<Stream>>,
    /// What carries over from one request to the next of the same transfer.
    pub(crate) follow: Follow,
}

/// Another request of the same transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// After a redirect.
    Redirect,
    /// With credentials.
    Authenticate,
    /// Once more on a new connection: the used one was dead.
    Retry,
    /// Once more: the server has not acted on it.
    Refused {
        /// There is a limit to such ones.
        counts: bool,
    },
    /// Once more over HTTP/1.1, which the server wants.
    OnlyHttp1,
    /// Once more without `Expect`, which the server refused (417).
    WithoutExpect,
}

/// What earlier requests of the same transfer mean for the next one.
#[derive(Default)]
pub(crate) struct Follow {
    /// Redirects so far.
    pub(crate) count: u32,
    /// Where the first request went: credentials go nowhere else.
    pub(crate) origin: Option<FirstOrigin>,
    /// The kind of request that a redirect has made of the first one.
    pub(crate) kind: Option<Kind>,
    /// `CURLOPT_CUSTOMREQUEST` no longer holds.
    pub(crate) drop_custom_method: bool,
    /// The URL that redirected (`CURLOPT_AUTOREFERER`).
    pub(crate) referer: Option<Box<[u8]>>,
    /// The server does not take `Expect` (417).
    pub(crate) expect_disabled: bool,
    /// The server does not want HTTP/2 for it.
    pub(crate) only_http1: bool,
    /// How often a server would not act on it, or left before it could.
    pub(crate) refused: u8,
    /// A server has answered in HTTP/1.0: further requests are made in it.
    pub(crate) http10: bool,
}

impl Follow {
    /// Was there an earlier request of this transfer that changed the next one?
    pub(crate) fn is_going_on(&self) -> bool {
        self.count > 0 || self.expect_disabled || self.only_http1
    }
}

impl Exchange {
    pub(crate) fn begin_transfer(&mut self) {
        self.follow = Follow::default();
        self.oversize = false;
        self.next = None;
    }

    /// When the wait for `100 Continue` ends; it begins when the head has gone out.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.body.state() {
            BodyState::Waits(until) if self.out_is_sent() => Some(until),
            _ => None,
        }
    }

    /// May the connection serve another transfer?
    pub(crate) fn keeps_connection(&self) -> bool {
        self.response_done && !self.close
    }

    /// Is there something of the body to be seen to before more of the response is?
    fn holds_body(&self) -> bool {
        !self.encoded.is_empty() || self.flushing || self.oversize
    }

    pub(crate) fn take_decoded_back(&mut self, buffer: Vec<u8>) {
        self.decoded = buffer;
    }

    /// Does the rest of the body go out although the response is complete, so that the
    /// connection can be used again?
    fn is_worth_sending(&self) -> bool {
        !self.close && (self.body.state() == BodyState::Flows || !self.out_is_sent())
    }

    /// Bytes of the body that are not sent; none: not known.
    fn body_left(&self) -> Option<u64> {
        let unsent = self.out.len().saturating_sub(self.sent.max(self.head_len)) as u64;
        self.body.left().map(|left| left + unsent)
    }

    /// Was everything sent that is ready to be sent?
    pub(crate) fn out_is_sent(&self) -> bool {
        self.sent >= if self.out_is_plan { self.head_len } else { self.out.len() }
    }

    pub(crate) fn unsent<'a>(&'a self, plan_head: &'a [u8]) -> &'a [u8] {
        let bytes = if self.out_is_plan { plan_head } else { &self.out };
        bytes.get(self.sent..).unwrap_or_default()
    }
}

impl Transfer {
    /// Did all of the request go out, and was that noted?
    fn is_request_sent(&self) -> bool {
        self.exchange.body.state() == BodyState::Ended
            && !self.exchange.trailers_due
            && self.exchange.out_is_sent()
            && !self.infos.times.posttransfer.is_zero()
    }
}

impl Multi {
    /// Moves request and response on.
    pub(crate) fn exchange(&mut self, id: TransferId) -> Result<Flow> {
        let Some(transfer) = self.transfers.get(id) else { return Ok(Flow::Wait) };
        if transfer.exchange.stream.is_some() {
            return self.exchange_stream(id);
        }
        let mut sent = transfer.is_request_sent();
        loop {
            if let Some(flow) = self.deliver_held(id) {
                return Ok(flow);
            }
            if !std::mem::take(&mut sent) {
                match self.send_request(id)? {
                    Flow::Wait => {}
                    flow => return Ok(flow),
                }
            }
            let held_back = self.is_body_held_back(id);
            match self.receive_response(id)? {
                // `100 Continue` has come: what was held back can go.
                Step::Wait if held_back && !self.is_body_held_back(id) => {}
                Step::Wait => break,
                Step::Asked => return Ok(Flow::Asked),
                Step::Done => return self.complete(id),
                Step::Again => {}
            }
        }
        self.watch_exchange(id);
        Ok(Flow::Wait)
    }

    /// Does the body wait for the answer to `Expect: 100-continue`?
    fn is_body_held_back(&self, id: TransferId) -> bool {
        let state = self.transfer(id).map(|transfer| transfer.exchange.body.state());
        matches!(state, Some(crate::body_out::BodyState::Waits(_)))
    }

    /// What the exchange waits for on its socket.
    pub(crate) fn watch_exchange(&mut self, id: TransferId) {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        let Some(owner) = transfer.conn.map(SocketOwner::Conn) else { return };
        let exchange = &transfer.exchange;
        let mut want = Want::NONE;
        let over = exchange.response_done && conn.websocket.is_none();
        let receives = !transfer.paused.receive && !over;
        let receives = receives && transfer.progress.may_receive(core.now);
        if receives {
            want = want.and(Want::IN);
        }
        let plan_head = transfer.plan.as_deref().map_or(&[][..], |plan| &plan.head.bytes);
        let sends = !exchange.unsent(plan_head).is_empty();
        let sends = sends || (receives && conn.reads_by_writing);
        let sends = sends || conn.websocket.as_deref().is_some_and(Socket::has_output);
        if sends && transfer.progress.may_send(core.now) {
            want = want.and(conn.want_to_write());
        }
        if let Some(stream) = conn.stream() {
            core.interest.set(stream.fd(), owner, Some(id), want);
        }
        if core.turn.is_over() {
            core.mark_dirty(id, transfer);
        }
    }

    /// Bytes that the application has not taken when it paused come first.
    pub(crate) fn deliver_held(&mut self, id: TransferId) -> Option<Flow> {
        let transfer = self.transfers.get_mut(id)?;
        if transfer.held.is_none() || transfer.paused.receive {
            return None;
        }
        let (kind, buffer) = transfer.held.take()?;
        Some(self.core.deliver_held(id, kind, buffer))
    }
}

/// What a look at the response came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Wait,
    Asked,
    Again,
    Done,
}
