//! One transfer: its settings, how far it is, and what is known of it.
//!
//! ```text
//!   add -> Start -> (Queued ->) Resolving -> Connecting -> Exchange -> Done
//!            ^         a slot                                  |
//!            +---- redirect, authentication, retry ------------+
//! ```
//!
//! An application's handle owns its `Transfer` and lends it to a multi handle for as long as it
//! is added; caches, buffers and stores in it outlive the single transfer.

mod connect;
mod finish;
mod limits;
mod resolve;
mod secure;
mod start;

pub(crate) use resolve::wanted;
pub(crate) use secure::Reading;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tress_model::headers::HeaderStore;
use tress_model::url::{Url, UrlFlags};
use tress_model::{Code, Error, Result};

use crate::conn::{Conn, ConnId, Stage};
use crate::effect::Delivery;
use crate::file::Local;
use crate::ftp::{Data, Wildcard};
use crate::http::Exchange;
use crate::http::auth::Authentication;
use crate::infos::Infos;
use crate::mqtt::Mqtt;
use crate::multi::Held;
use crate::options::Options;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::rtsp::Rtsp;
use crate::stores::Stores;
use crate::telnet::Telnet;
use crate::tftp::Tftp;
use crate::{Id, TransferId};

/// A handle's transfer, past, present or to come.
pub struct Transfer {
    pub(crate) options: Arc<Options>,
    pub(crate) state: State,
    id: Option<TransferId>,
    /// What the settings come to; kept as long as they are the same allocation.
    pub(crate) plan: Option<Arc<Plan>>,
    /// The settings that the plan was made or found for.
    pub(crate) planned_for: Option<Arc<Options>>,
    pub(crate) conn: Option<ConnId>,
    pub(crate) held_conn: Option<Held>,
    pub(crate) lookup: Option<tress_net::resolve::LookupId>,
    /// Its look-up over HTTPS.
    pub(crate) doh: Option<Box<crate::doh::Lookup>>,
    /// A token that it waits for.
    pub(crate) awaited: Option<Box<crate::workers::Awaited>>,
    pub(crate) exchange: Exchange,
    /// The file of a `file://` transfer.
    pub(crate) local: Option<Box<Local>>,
    /// The second connection of an FTP transfer.
    pub(crate) data: Option<Box<Data>>,
    pub(crate) telnet: Option<Box<Telnet>>,
    pub(crate) mqtt: Option<Box<Mqtt>>,
    pub(crate) tftp: Option<Box<Tftp>>,
    /// The files of a pattern that FTP fetches.
    pub(crate) wildcard: Option<Box<Wildcard>>,
    /// What RTSP remembers from one request to the next.
    pub(crate) rtsp: Option<Box<Rtsp>>,
    pub(crate) infos: Infos,
    pub(crate) headers: HeaderStore,
    /// Cookies, HSTS, Alt-Svc, where one is in use.
    pub(crate) stores: Option<Arc<Stores>>,
    /// What is known of its authentication, where that is not in the plan's head.
    pub(crate) auth: Option<Box<Authentication>>,
    result: Option<Result<()>>,
    /// An error of the application's answer, to fail with when the transfer is run next.
    pub(crate) refusal: Option<Error>,
    pub(crate) paused: Paused,
    /// Bytes that the application has not taken when it paused.
    pub(crate) held: Option<(Delivery, Vec<u8>)>,
    pub(crate) progress: Progress,
    /// It is in the dirty queue.
    pub(crate) dirty: bool,
    /// The deadline that the heap has for it.
    pub(crate) timer: Option<Instant>,
    pub(crate) started: Option<Instant>,
    /// When connecting began (a slot was granted); none while there is no connecting.
    pub(crate) connecting_since: Option<Instant>,
    /// The application has allowed the look-up (`CURLOPT_RESOLVER_START_FUNCTION`).
    pub(crate) allowed_to_resolve: bool,
    /// The application has allowed the request (`CURLOPT_PREREQFUNCTION`).
    pub(crate) allowed_to_send: bool,
    /// A request on a used connection died before any answer: take a new one.
    pub(crate) need_fresh: bool,
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// In no multi handle.
    Idle,
    /// It needs a connection.
    Start,
    /// It waits in a pool's queue for a connection slot.
    Queued,
    Resolving,
    Connecting,
    /// A worker makes something that it needs.
    Awaiting,
    /// Request and response.
    Exchange,
    /// Frames both ways, after a handshake by HTTP.
    WebSocket,
    /// A local file is read or written.
    File,
    /// Commands and replies.
    Conversation,
    Telnet,
    Mqtt,
    Tftp,
    Done,
}

/// Which directions the application has paused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paused {
    pub(crate) receive: bool,
    pub(crate) send: bool,
}

impl Paused {
    pub(crate) fn any(self) -> bool {
        self.receive || self.send
    }
}

/// Time allowed for connecting unless `CURLOPT_CONNECTTIMEOUT` says otherwise.
pub(crate) const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(300);

impl Transfer {
    /// The same where it stays: it is large, and nothing is copied.
    #[must_use]
    pub fn boxed(options: Arc<Options>) -> Box<Self> {
        Box::write(Box::new_uninit(), Self::new(options))
    }

    /// A handle that has not transferred anything yet.
    #[inline]
    pub fn new(options: Arc<Options>) -> Self {
        Self {
            options,
            state: State::Idle,
            id: None,
            plan: None,
            planned_for: None,
            conn: None,
            held_conn: None,
            lookup: None,
            doh: None,
            awaited: None,
            exchange: Exchange::default(),
            local: None,
            data: None,
            wildcard: None,
            telnet: None,
            mqtt: None,
            tftp: None,
            rtsp: None,
            infos: Infos::default(),
            headers: HeaderStore::new(),
            stores: None,
            auth: None,
            result: None,
            refusal: None,
            paused: Paused::default(),
            held: None,
            progress: Progress::default(),
            dirty: false,
            timer: None,
            started: None,
            connecting_since: None,
            allowed_to_resolve: false,
            allowed_to_send: false,
            need_fresh: false,
        }
    }

    /// The settings that the next transfer, or request of this one, is made with.
    pub fn set_options(&mut self, options: Arc<Options>) {
        self.options = options;
    }

    /// The stores that the next request uses; none: cookies, HSTS and Alt-Svc are off.
    pub fn set_stores(&mut self, stores: Option<Arc<Stores>>) {
        self.stores = stores;
    }

    /// The transfer fails with this as soon as it is run.
    pub fn fail_with(&mut self, error: Error) {
        self.refusal = Some(error);
    }

    /// Settings in use.
    pub fn options(&self) -> &Arc<Options> {
        &self.options
    }

    /// What is known of the last or current transfer (`curl_easy_getinfo(3)`).
    pub fn infos(&self) -> &Infos {
        &self.infos
    }

    /// The URL used last (`CURLINFO_EFFECTIVE_URL`); the one set, while that was not parsed.
    pub fn effective_url(&self) -> Option<Vec<u8>> {
        if let Some(refused) = &self.infos.refused_url {
            return Some(refused.to_vec());
        }
        let set = || self.options.url.as_deref().map(<[u8]>::to_vec);
        match self.plan.as_deref().filter(|_| self.is_planned()) {
            Some(plan) => plan.effective_url().or_else(set),
            None => set(),
        }
    }

    /// There is no way to go on to this URL.
    pub(crate) fn refuse_url(&mut self, url: &Url, flags: UrlFlags) {
        let infos = &mut self.infos;
        infos.refused_url = url.to_bytes(flags).ok().map(Vec::into_boxed_slice);
        (infos.download_length, infos.upload_length) = (None, None);
    }

    fn is_planned(&self) -> bool {
        self.planned_for.as_ref().is_some_and(|it| Arc::ptr_eq(it, &self.options))
    }

    /// The scheme used last, in lower case (`CURLINFO_SCHEME`).
    pub fn scheme(&self) -> Option<&'static str> {
        self.plan.as_deref().map(|plan| plan.destination.scheme)
    }

    /// The method used last (`CURLINFO_EFFECTIVE_METHOD`).
    pub fn effective_method(&self) -> &[u8] {
        let kind = match self.plan.as_deref() {
            Some(plan) => plan.head.kind,
            None => crate::http::head::kind(&self.options),
        };
        self.options.customrequest.as_deref().unwrap_or(kind.method())
    }

    /// The `Referer` sent last (`CURLINFO_REFERER`).
    pub fn referer(&self) -> Option<&[u8]> {
        self.exchange.follow.referer.as_deref().or(self.options.http().referer.as_deref())
    }

    /// Response headers (`curl_easy_header(3)`).
    pub fn headers(&self) -> &HeaderStore {
        &self.headers
    }

    /// How the transfer ended; none while it has not.
    pub fn result(&self) -> Option<&Result<()>> {
        self.result.as_ref()
    }

    /// Is it in a multi handle and not done?
    pub fn is_running(&self) -> bool {
        !matches!(self.state, State::Idle | State::Done)
    }

    /// Its id in the multi handle that it was last added to.
    pub(crate) fn id(&self) -> TransferId {
        self.id.unwrap_or(Id::NONE)
    }

    pub(crate) fn begin(&mut self, id: TransferId, now: Instant, number: i64) {
        self.id = Some(id);
        self.state = State::Start;
        self.started = Some(now);
        self.result = None;
        self.refusal = None;
        self.paused = Paused::default();
        self.held = None;
        self.held_conn = None;
        self.need_fresh = false;
        self.allowed_to_resolve = false;
        self.allowed_to_send = false;
        self.connecting_since = None;
        self.infos.reset(number);
        // A time that was reached is never nothing; whoever has to queue sets it anew.
        self.infos.times.queue = Duration::from_micros(1);
        self.headers.clear();
        self.progress.begin(now);
        self.exchange.begin_transfer();
        if let Some(auth) = &mut self.auth {
            auth.begin(&self.options);
        }
    }

    pub(crate) fn left_multi(&mut self) {
        self.state = State::Idle;
        self.dirty = false;
        self.timer = None;
        self.conn = None;
        self.lookup = None;
    }

    pub(crate) fn end(&mut self, result: Result<()>, now: Instant) {
        self.state = State::Done;
        self.infos.times.total = self.since_start(now);
        self.result = Some(result);
    }

    /// Time since the start of the transfer: never nothing, which would mean "not yet".
    pub(crate) fn since_start(&self, now: Instant) -> Duration {
        let since = self.started.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        since.max(Duration::from_micros(1))
    }

    /// The earliest time at which it must be looked at again.
    pub(crate) fn deadline(&self, conn: Option<&Conn>, now: Instant) -> Option<Instant> {
        if !self.is_running() {
            return None;
        }
        let mut earliest = self.total_deadline();
        let mut consider = |at: Option<Instant>| {
            earliest = match (earliest, at) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        };
        match self.state {
            _ if self.is_connecting() => {
                consider(self.connect_deadline());
                if let Some(Conn { stage: Stage::Connecting(connect), .. }) = conn {
                    consider(connect.deadline());
                }
                let link = conn.and_then(|conn| conn.quic.as_deref());
                consider(link.and_then(crate::http3::Link::race_deadline));
            }
            State::Telnet if !self.paused.send => {
                consider(self.telnet.as_deref().and_then(Telnet::deadline));
            }
            State::Mqtt => {
                consider(self.mqtt.as_deref().and_then(|mqtt| mqtt.deadline(&self.options)));
                consider(self.progress.speed_deadline(now));
            }
            State::Tftp if !self.paused.any() => {
                consider(self.tftp.as_deref().map(Tftp::deadline));
            }
            State::Exchange | State::WebSocket | State::File | State::Conversation => {
                consider(self.exchange.deadline());
                consider(self.progress.speed_deadline(now));
            }
            _ => {}
        }
        if let Some(conversation) = conn.and_then(|conn| conn.conversation.as_deref()) {
            consider(conversation.deadline(&self.options));
            consider(self.data.as_deref().and_then(Data::deadline));
        }
        consider(self.progress.tick(&self.options));
        earliest
    }

    /// Is no connection of any use that is there already?
    pub(crate) fn needs_new(&self) -> bool {
        self.need_fresh || self.options.fresh_connect
    }

    pub(crate) fn total_deadline(&self) -> Option<Instant> {
        let timeout = self.options.timeout;
        self.started.filter(|_| !timeout.is_zero()).map(|at| at + timeout)
    }

    /// Is its connection in the making? What a worker makes for that is a part of it.
    pub(crate) fn is_connecting(&self) -> bool {
        let connects = self.awaited.as_deref().is_some_and(crate::workers::Awaited::connects);
        match self.state {
            State::Resolving | State::Connecting => true,
            State::Awaiting => connects,
            _ => false,
        }
    }

    pub(crate) fn connect_deadline(&self) -> Option<Instant> {
        let timeout = match self.options.connecttimeout {
            Duration::ZERO => DEFAULT_CONNECT_TIMEOUT,
            timeout => timeout,
        };
        self.connecting_since.map(|since| since + timeout)
    }

    /// The plan, which `start` has made.
    pub(crate) fn plan(&self) -> Result<&Plan> {
        self.plan.as_deref().ok_or_else(|| Error::from(Code::FailedInit))
    }
}
