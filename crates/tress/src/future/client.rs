//! Who has transfers to make.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::download::Opening;
use super::slot::{Kind, Order, Orders, Slot};
use super::websocket::Connecting;
use crate::{Code, Easy, Error, Response, Result};

/// Gives transfers to a [`Driver`](super::Driver). Clones give them to the same one; the driver
/// ends when there is no client and no transfer left.
pub struct Client(Arc<Orders>);

impl Client {
    pub(super) fn new() -> Self {
        let orders = Arc::new(Orders::default());
        orders.enter();
        Self(orders)
    }

    pub(super) fn orders(&self) -> Arc<Orders> {
        self.0.clone()
    }

    /// Performs a transfer: the future is its response, with the body. Dropping the future
    /// cancels the transfer; it has begun before the future is first polled.
    pub fn send(&self, easy: Easy) -> Pending {
        Pending { waiting: Waiting::new(&self.0, easy, Kind::Collected) }
    }

    /// Performs a transfer whose body is taken piece by piece: the future is a
    /// [`Download`](super::Download) once the head of the response has come and the first of the
    /// body. While nobody takes what has come, the server is held back.
    ///
    /// A closure of [`Easy::on_body`] is replaced.
    pub fn open(&self, easy: Easy) -> Opening {
        Opening::new(Waiting::new(&self.0, easy, Kind::InPieces))
    }
}

impl Client {
    /// Opens a WebSocket (a URL of scheme `ws` or `wss`): the future is a
    /// [`WebSocket`](super::WebSocket) once the server has agreed.
    ///
    /// Closures of [`Easy::on_message`] and [`Easy::on_header`] are replaced.
    pub fn websocket(&self, easy: Easy) -> Connecting {
        Connecting::new(Waiting::new(&self.0, easy, Kind::WebSocket))
    }
}

impl Clone for Client {
    fn clone(&self) -> Self {
        self.0.enter();
        Self(self.0.clone())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// A transfer under way; it comes to its response.
#[must_use = "a future does nothing unless it is polled, and dropping this one cancels a transfer"]
pub struct Pending {
    waiting: Waiting,
}

impl Future for Pending {
    type Output = Result<Response>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.waiting.slot.lock();
        match state.result.take() {
            Some(result) => Poll::Ready(result),
            // The result was taken before, or the driver has gone.
            None if state.ended => Poll::Ready(Err(gone())),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

/// The waiting side of a transfer: without it, the transfer is cancelled.
pub(super) struct Waiting {
    pub slot: Arc<Slot>,
    pub orders: Arc<Orders>,
}

impl Waiting {
    fn new(orders: &Arc<Orders>, easy: Easy, kind: Kind) -> Self {
        let slot = Arc::new(Slot::default());
        if !orders.give(Order::Add(Box::new(easy), slot.clone(), kind)) {
            let mut state = slot.lock();
            state.ended = true;
            state.result = Some(Err(gone()));
        }
        Self { slot, orders: orders.clone() }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let ended = self.slot.lock().ended;
        if !ended {
            self.orders.give(Order::Remove(self.slot.clone()));
        }
    }
}

pub(super) fn gone() -> Error {
    Error::new(Code::AbortedByCallback, "The driver of the transfers is gone")
}
