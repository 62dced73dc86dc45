//! The future that does the transfers of clients.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::body::Pipe;
use super::client::gone;
use super::slot::{Kind, Order, Orders, Slot, wake};
use crate::{Code, Done, Easy, Flow, Handle, Message, Multi};

/// What an executor does for a driver: it wakes its task when a descriptor is readable or a time
/// has come.
pub trait Reactor {
    /// Ready: `descriptor` may be readable, or `until` has come (none: no time to wait for).
    /// Otherwise the task of `context` is woken when that is so. It is the same descriptor each
    /// time.
    ///
    /// # Errors
    /// When it cannot wait: the driver ends with it.
    fn poll_ready(
        &mut self,
        context: &mut Context<'_>,
        descriptor: BorrowedFd<'_>,
        until: Option<Instant>,
    ) -> Poll<io::Result<()>>;
}

/// Does the transfers of its [`Client`](super::Client)s while it is polled; ends when there is no
/// client and no transfer left.
#[must_use = "no transfer moves unless the driver is polled"]
pub struct Driver<R> {
    reactor: R,
    multi: Multi,
    orders: Arc<Orders>,
    slots: HashMap<Handle, (Arc<Slot>, Kind)>,
    /// The bodies of requests that are written meanwhile.
    pipes: HashMap<Handle, Arc<Pipe>>,
    /// Whose transfers have got something in this turn.
    fed: Arc<Fed>,
    /// WebSockets on which something was said in this turn, or on which too much waits.
    speaking: HashSet<Handle>,
}

#[derive(Default)]
struct Fed(Mutex<Vec<Arc<Slot>>>);

impl Fed {
    fn push(&self, slot: Arc<Slot>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(slot);
    }

    fn take(&self) -> Vec<Arc<Slot>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<R: Reactor> Driver<R> {
    pub(super) fn new(multi: Multi, reactor: R, orders: Arc<Orders>) -> Self {
        Self {
            reactor,
            multi,
            orders,
            slots: HashMap::new(),
            pipes: HashMap::new(),
            fed: Arc::default(),
            speaking: HashSet::new(),
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Add(easy, slot, kind) => self.add(*easy, slot, kind),
            Order::Say(slot, message) => self.say(&slot, &message),
            Order::Remove(slot) => {
                let handle = slot.lock().handle;
                if let Some(handle) = handle {
                    self.slots.remove(&handle);
                    // Its end closes the pipe, too.
                    self.pipes.remove(&handle);
                    self.multi.remove(handle);
                }
                slot.end(Err(Code::AbortedByCallback.into()));
            }
            Order::Unpause(slot) => {
                let handle = slot.lock().handle;
                // It may have ended meanwhile.
                let _ = handle.map(|handle| self.multi.unpause(handle));
            }
        }
    }

    fn add(&mut self, mut easy: Easy, slot: Arc<Slot>, kind: Kind) {
        let pipe = easy.pipe();
        let easy = match kind {
            Kind::Collected => easy,
            Kind::InPieces => self.in_pieces(easy, slot.clone()),
            Kind::WebSocket => self.in_messages(easy, &slot),
        };
        let handle = self.multi.add(easy);
        slot.lock().handle = Some(handle);
        if let Some(pipe) = pipe {
            pipe.belongs_to(self.orders.clone(), slot.clone());
            self.pipes.insert(handle, pipe);
        }
        self.slots.insert(handle, (slot, kind));
    }

    fn say(&mut self, slot: &Slot, message: &Message) {
        let Some(handle) = slot.lock().handle else { return };
        // A connection that is broken ends its transfer, which tells of it.
        let _ = self.multi.say(handle, message);
        slot.lock().outbox.said(message);
        self.speaking.insert(handle);
    }

    fn in_pieces(&self, easy: Easy, slot: Arc<Slot>) -> Easy {
        let fed = self.fed.clone();
        easy.on_body(move |piece| {
            if !slot.lock().pieces.push(piece) {
                return Flow::Pause;
            }
            fed.push(slot.clone());
            Flow::Continue
        })
    }

    fn in_messages(&self, easy: Easy, slot: &Arc<Slot>) -> Easy {
        let (fed, slot, opening) = (self.fed.clone(), slot.clone(), slot.clone());
        let heads = fed.clone();
        let easy = easy.on_header(move |line| {
            if line == b"\r\n" {
                heads.push(opening.clone());
            }
            Flow::Continue
        });
        easy.on_message(move |message| {
            if !slot.lock().inbox.push(message) {
                return Flow::Pause;
            }
            fed.push(slot.clone());
            Flow::Continue
        })
    }

    /// Tells those who wait what has come for them.
    fn tell(&mut self) {
        for slot in self.fed.take() {
            let mut state = slot.lock();
            if let Some(handle) = state.handle {
                state.inbox.open |= self.multi.unsent(handle).is_some();
            }
            if !state.opened {
                state.head = state.handle.and_then(|handle| self.multi.head(handle));
                state.opened = state.head.is_some();
            }
            let waker = state.waker.take();
            drop(state);
            wake(waker);
        }
        self.speaking.retain(|handle| {
            let Some((slot, _)) = self.slots.get(handle) else { return false };
            let unsent = self.multi.unsent(*handle).unwrap_or_default();
            let (speakers, is_full) = slot.lock().outbox.look(unsent);
            speakers.into_iter().for_each(Waker::wake);
            is_full
        });
        while let Some(done) = self.multi.next_done() {
            self.ended(done);
        }
    }

    fn ended(&mut self, mut done: Done) {
        let Some((slot, kind)) = self.slots.remove(&done.handle()) else { return };
        if let Some(pipe) = self.pipes.remove(&done.handle()) {
            pipe.close();
        }
        if kind != Kind::Collected {
            // They lead to the slot, which is done with.
            done.forget_closures();
        }
        let mut state = slot.lock();
        if !state.opened && (done.result().is_ok() || !state.pieces.is_empty()) {
            state.opened = true;
            state.head = Some(done.partial().head());
        }
        drop(state);
        slot.end(done.into_result());
    }
}

impl<R: Reactor + Unpin> Future for Driver<R> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            let (orders, more_may_come) = this.orders.take(context.waker());
            for order in orders {
                this.obey(order);
            }
            this.multi.turn(Duration::ZERO)?;
            this.tell();
            if this.multi.running() == 0 && !more_may_come {
                return Poll::Ready(Ok(()));
            }
            let until = this.multi.deadline();
            let descriptor = this.multi.descriptor()?;
            match this.reactor.poll_ready(context, descriptor, until) {
                Poll::Ready(result) => result?,
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<R> Drop for Driver<R> {
    fn drop(&mut self) {
        let unbegun = self.orders.close().into_iter().filter_map(|order| match order {
            Order::Add(_, slot, _) => Some(slot),
            _ => None,
        });
        for slot in unbegun.chain(self.slots.drain().map(|(_, (slot, _))| slot)) {
            slot.end(Err(gone()));
        }
    }
}

impl<R> fmt::Debug for Driver<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("running", &self.multi.running()).finish_non_exhaustive()
    }
}
