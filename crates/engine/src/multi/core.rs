//! What every transfer of a multi handle shares, apart from the transfers and connections.

use std::collections::{HashMap, VecDeque};
use std::os::fd::{OwnedFd, RawFd};
use std::time::Instant;

use smallvec::SmallVec;
use tress_net::resolve::{DnsCache, LookupId, Resolver};
use tress_net::tls::TlsContext;
use tress_net::{Stream, Work, WorkId};

use super::MultiSettings;
use crate::TransferId;
use crate::body_in::Input;
use crate::conn::ConnId;
use crate::dirty::Dirty;
use crate::doh::Probes;
use crate::effect::{DebugKind, Delivery, Effect, Home, Lent};
use crate::interest::Interest;
use crate::plan::Plans;
use crate::security::Security;
use crate::served::Served;
use crate::timers::Timers;
use crate::transfer::{Reading, Transfer};
use crate::turn::Turn;
use crate::workers::Made;

/// The shared part of a multi handle.
pub(crate) struct Core {
    pub(crate) now: Instant,
    pub(crate) settings: MultiSettings,
    pub(crate) interest: Interest,
    pub(crate) timers: Timers,
    pub(crate) dirty: Dirty,
    /// Effects to hand out, in the order of their making.
    pub(crate) outbox: VecDeque<Out>,
    /// The question that waits for its answer.
    pub(crate) asked: Option<Asked>,
    /// What is left of the turn of who runs now.
    pub(crate) turn: Turn,
    /// Who was asked last and goes on with the answer.
    pub(crate) resume: Option<TransferId>,
    /// HTTP/2 connections with something to do.
    pub(crate) h2: Served,
    /// The same of HTTP/3.
    pub(crate) h3: Served,
    /// Received bytes of the transfer that is being run.
    pub(crate) input: Input,
    pub(crate) messages: VecDeque<TransferId>,
    /// Plans that further handles may use.
    pub(crate) plans: Plans,
    pub(crate) running: usize,
    /// High-water mark of `running`, for the size of the cache.
    pub(crate) most_running: usize,
    /// An action is on: transfers may run.
    pub(crate) acting: bool,
    /// The deadline that the application's timer is set to.
    pub(crate) timer_told: Option<Instant>,
    pub(crate) resolver: Resolver,
    pub(crate) resolver_ready: bool,
    /// Whose look-up it is.
    pub(crate) lookups: HashMap<LookupId, TransferId>,
    /// The resolver's descriptor while it is watched.
    pub(crate) resolver_fd: Option<RawFd>,
    /// The GSS-API library, if the driver brings one.
    pub(crate) security: Option<&'static dyn Security>,
    /// What worker threads make; for whom.
    pub(crate) work: Work<Made>,
    pub(crate) workers_for: HashMap<WorkId, SmallVec<[TransferId; 1]>>,
    /// What has been made and not been taken; nothing where the work has panicked.
    pub(crate) made: HashMap<TransferId, Option<Made>>,
    /// Files of TLS settings that are being read.
    pub(crate) reading: Vec<Reading>,
    pub(crate) work_done: bool,
    /// Their descriptor while it is watched.
    pub(crate) workers_fd: Option<RawFd>,
    pub(crate) dns: DnsCache,
    /// Transfers of our own that ask for names.
    pub(crate) probes: Probes,
    /// Prepared TLS configurations and sessions.
    pub(crate) tls: TlsContext,
    /// Connections whose sockets the application watches though they were idle, and since when:
    /// soon used again, or taken out at a later time-out. Each is in it once at most.
    pub(crate) lingering: VecDeque<(ConnId, Instant)>,
    transfers_made: i64,
}

/// Something for `next_effect`, in order.
pub(crate) enum Out {
    Effect(Effect),
    /// The application closes this, after it was told to forget it.
    Close(OwnedFd, Option<TransferId>),
    /// We close this, after the application was told to forget it.
    Drop(Stream),
    DropFd(OwnedFd),
}

/// A question to the application, and who goes on when it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) transfer: TransferId,
    /// Bytes of a body that it is shown, counts as received, and has not taken.
    pub(crate) untaken: u64,
    /// What it has taken before its answer.
    pub(crate) taken: usize,
}

/// What a step of a transfer came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The state has changed: run the new one.
    Again,
    /// It waits for a socket, a deadline, a queue or the application.
    Wait,
    /// The application was asked; the answer goes on here.
    Asked,
}

impl Core {
    pub(crate) fn new(settings: MultiSettings) -> Self {
        Self {
            now: Instant::now(),
            settings,
            interest: Interest::default(),
            timers: Timers::default(),
            dirty: Dirty::default(),
            outbox: VecDeque::new(),
            asked: None,
            turn: Turn::default(),
            resume: None,
            h2: Served::default(),
            h3: Served::default(),
            input: Input::default(),
            messages: VecDeque::new(),
            plans: Plans::default(),
            running: 0,
            most_running: 0,
            acting: false,
            timer_told: None,
            resolver: Resolver::default(),
            resolver_ready: false,
            lookups: HashMap::new(),
            resolver_fd: None,
            security: None,
            work: Work::default(),
            workers_for: HashMap::new(),
            made: HashMap::new(),
            reading: Vec::new(),
            work_done: false,
            workers_fd: None,
            dns: DnsCache::default(),
            probes: Probes::default(),
            tls: TlsContext::default(),
            lingering: VecDeque::new(),
            transfers_made: 0,
        }
    }

    pub(crate) fn next_transfer_number(&mut self) -> i64 {
        self.transfers_made += 1;
        self.transfers_made - 1
    }

    /// Queues a transfer to be run in the next action, once.
    pub(crate) fn mark_dirty(&mut self, id: TransferId, transfer: &mut Transfer) {
        if !std::mem::replace(&mut transfer.dirty, true) {
            self.dirty.push_later(id);
        }
    }

    /// Queues a transfer to be run in this action, if one is on.
    pub(crate) fn wake(&mut self, id: TransferId, transfer: &mut Transfer) {
        if !std::mem::replace(&mut transfer.dirty, true) {
            match self.acting {
                true => self.dirty.push_now(id),
                false => self.dirty.push_later(id),
            }
        }
    }

    /// When the next timeout action is due; now while something is queued to be run.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        match self.dirty.is_empty() && self.h2.is_empty() && self.h3.is_empty() {
            true => self.timers.earliest(),
            false => Some(self.now),
        }
    }

    /// Hands out an effect that wants no answer.
    pub(crate) fn tell(&mut self, effect: Effect) {
        self.outbox.push_back(Out::Effect(effect));
    }

    /// Hands out a question; the transfer goes on with the answer.
    pub(crate) fn ask(&mut self, transfer: TransferId, question: Effect) -> Flow {
        debug_assert!(self.asked.is_none());
        self.asked = Some(Asked { transfer, untaken: 0, taken: 0 });
        self.tell(question);
        Flow::Asked
    }

    /// Hands bytes to the application. What was decoded counts when it is.
    pub(crate) fn deliver(&mut self, id: TransferId, kind: Delivery, bytes: Lent) -> Flow {
        let counts = kind == Delivery::Body && bytes.home != Home::Decoded;
        let untaken = if counts { bytes.len() as u64 } else { 0 };
        let flow = self.ask(id, Effect::Deliver { transfer: id, kind, bytes });
        self.asked = Some(Asked { transfer: id, untaken, taken: 0 });
        flow
    }

    /// The same of bytes that were held while it was paused: they count already.
    pub(crate) fn deliver_held(&mut self, id: TransferId, kind: Delivery, bytes: Vec<u8>) -> Flow {
        self.ask(id, Effect::Deliver { transfer: id, kind, bytes: Lent::spare(bytes) })
    }

    /// Verbose text, without its line feed, when the transfer wants it.
    pub(crate) fn info(&mut self, transfer: &Transfer, text: impl FnOnce() -> String) {
        if transfer.options.verbose {
            let mut bytes = text().into_bytes();
            bytes.push(b'\n');
            self.tell(Effect::Debug { transfer: transfer.id(), kind: DebugKind::Text, bytes });
        }
    }

    /// Bytes for the debug callback, when the transfer wants them.
    pub(crate) fn debug(&mut self, transfer: &Transfer, kind: DebugKind, bytes: &[u8]) {
        if transfer.options.verbose {
            self.tell(Effect::Debug { transfer: transfer.id(), kind, bytes: bytes.to_vec() });
        }
    }

    /// Wall clock seconds since 1970, for cookies and the like.
    pub(crate) fn now_unix(&self) -> i64 {
        if crate::stores::test_hook("CURL_FORCETIME").is_some() {
            return 0;
        }
        crate::stores::unix_now()
    }
}
