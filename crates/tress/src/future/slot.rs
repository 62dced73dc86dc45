//! What a driver and those who wait for its transfers tell each other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::websocket::{Inbox, Outbox};
use crate::pieces::Pieces;
use crate::response::Head;
use crate::{Easy, Handle, Message, Response, Result};

/// One transfer, seen from both sides.
#[derive(Default)]
pub(super) struct Slot(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    /// Who waits.
    pub waker: Option<Waker>,
    /// What it is to the driver's multi, once it was begun.
    pub handle: Option<Handle>,
    /// How it ended, until somebody takes it.
    pub result: Option<Result<Response>>,
    pub ended: bool,
    /// The head of the response, until somebody takes it.
    pub head: Option<Head>,
    /// There was a head.
    pub opened: bool,
    /// The body so far, as far as nobody has taken it.
    pub pieces: Pieces,
    /// Of a WebSocket.
    pub inbox: Inbox,
    pub outbox: Outbox,
}

impl Slot {
    /// Its transfer has ended: whoever waits hears of it.
    pub fn end(&self, result: Result<Response>) {
        let mut state = self.lock();
        state.ended = true;
        state.result = Some(result);
        let (waker, speakers) = (state.waker.take(), state.outbox.speakers());
        drop(state);
        waker.into_iter().chain(speakers).for_each(Waker::wake);
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a driver is to do.
pub(super) enum Order {
    /// Begin this.
    Add(Box<Easy>, Arc<Slot>, Kind),
    /// Say this on a WebSocket.
    Say(Arc<Slot>, Message),
    /// Nobody waits any more.
    Remove(Arc<Slot>),
    /// There is room again.
    Unpause(Arc<Slot>),
}

/// What becomes of the body of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Collected,
    /// It goes to the slot piece by piece.
    InPieces,
    /// It is messages, which go to the slot.
    WebSocket,
}

/// The way from clients to their driver.
#[derive(Default)]
pub(super) struct Orders(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    orders: Vec<Order>,
    /// The driver's task.
    driver: Option<Waker>,
    /// The driver is gone.
    closed: bool,
    clients: usize,
}

impl Orders {
    /// False: there is no driver any more.
    pub fn give(&self, order: Order) -> bool {
        let mut queue = self.lock();
        if queue.closed {
            return false;
        }
        queue.orders.push(order);
        let driver = queue.driver.take();
        drop(queue);
        wake(driver);
        true
    }

    /// All that has been ordered, and whether more may come; `driver` is woken for it.
    pub fn take(&self, driver: &Waker) -> (Vec<Order>, bool) {
        let mut queue = self.lock();
        queue.driver = Some(driver.clone());
        (std::mem::take(&mut queue.orders), queue.clients > 0)
    }

    /// The driver leaves; gives what it has not begun.
    pub fn close(&self) -> Vec<Order> {
        let mut queue = self.lock();
        queue.closed = true;
        std::mem::take(&mut queue.orders)
    }

    /// A client more.
    pub fn enter(&self) {
        self.lock().clients += 1;
    }

    /// A client less; the driver is woken by the last one.
    pub fn leave(&self) {
        let mut queue = self.lock();
        queue.clients -= 1;
        let driver = if queue.clients == 0 { queue.driver.take() } else { None };
        drop(queue);
        wake(driver);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes whoever waits; call it with nothing locked.
pub(super) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
