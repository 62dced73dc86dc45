//! A WebSocket in `async` code.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use super::client::{Waiting, gone};
use super::slot::{Order, Orders, Slot};
use crate::websocket::MAX_UNSENT;
use crate::{Code, Error, Message, Result};

/// Messages that wait for whoever takes them: with more the server is held back.
const MAX_MESSAGES: usize = 64;
/// The longest payload of other messages than text and bytes (RFC 6455 section 5.5).
const MAX_CONTROL: usize = 125;

/// A WebSocket that opens; it comes to a [`WebSocket`] when the server has agreed.
#[must_use = "a future does nothing unless it is polled, and dropping this one cancels a transfer"]
pub struct Connecting(Option<Waiting>);

/// An open WebSocket. Dropping it closes the connection.
///
/// ```no_run
/// # async fn talk(client: tress::future::Client) -> tress::Result<()> {
/// use tress::{Easy, Message};
/// let mut socket = client.websocket(Easy::get("wss://example.com/")).await?;
/// let speaker = socket.speaker();
/// // Another task may do this.
/// speaker.send(Message::Text("hello".into())).await?;
/// while let Some(message) = socket.next().await {
///     println!("{:?}", message?);
/// }
/// # Ok(()) }
/// ```
pub struct WebSocket(Waiting);

/// Says things on a [`WebSocket`] from another task, while this one listens. Clones speak on the
/// same, which they do not keep open.
#[derive(Clone)]
pub struct Speaker {
    slot: Arc<Slot>,
    orders: Arc<Orders>,
}

/// What a slot has of a WebSocket.
#[derive(Default)]
pub(super) struct Inbox {
    pub open: bool,
    messages: VecDeque<Message>,
    paused: bool,
}

impl Inbox {
    /// Takes a message. False: there is no room, and the transfer is to pause.
    pub fn push(&mut self, message: Message) -> bool {
        if self.messages.len() >= MAX_MESSAGES {
            self.paused = true;
            return false;
        }
        self.messages.push_back(message);
        true
    }

    /// The next message, and whether the transfer is to go on.
    fn pop(&mut self) -> Option<(Message, bool)> {
        let message = self.messages.pop_front()?;
        let goes_on = self.paused && self.messages.len() <= MAX_MESSAGES / 2;
        self.paused &= !goes_on;
        Some((message, goes_on))
    }
}

/// What was said and has not gone out.
#[derive(Default)]
pub(super) struct Outbox {
    /// Bytes that the driver has not got, and those that it could not send when it looked.
    ordered: usize,
    unsent: usize,
    speakers: Vec<Waker>,
}

impl Outbox {
    /// The driver has got this.
    pub fn said(&mut self, message: &Message) {
        self.ordered -= message.frame().1.len();
    }

    /// The driver could not send so much: who may speak again, and is it still too much?
    pub fn look(&mut self, unsent: usize) -> (Vec<Waker>, bool) {
        self.unsent = unsent;
        let is_full = self.waiting() > MAX_UNSENT / 2;
        (if is_full { Vec::new() } else { self.speakers() }, is_full)
    }

    /// All who wait to speak.
    pub fn speakers(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.speakers)
    }

    fn waiting(&self) -> usize {
        self.ordered + self.unsent
    }

    fn wait(&mut self, speaker: &Waker) {
        if !self.speakers.iter().any(|waits| waits.will_wake(speaker)) {
            self.speakers.push(speaker.clone());
        }
    }
}

impl Connecting {
    pub(super) fn new(waiting: Waiting) -> Self {
        Self(Some(waiting))
    }
}

impl Future for Connecting {
    type Output = Result<WebSocket>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(waiting) = &self.0 else { return Poll::Ready(Err(gone())) };
        let mut state = waiting.slot.lock();
        if state.inbox.open {
            drop(state);
            return Poll::Ready(self.0.take().map(WebSocket).ok_or_else(gone));
        }
        match state.result.take() {
            Some(Err(error)) => Poll::Ready(Err(error)),
            Some(Ok(_)) => {
                let text = "The transfer has ended without a WebSocket";
                Poll::Ready(Err(Error::new(Code::WeirdServerReply, text)))
            }
            None if state.ended => Poll::Ready(Err(gone())),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl WebSocket {
    /// Says something, which goes out as soon as the server takes it; waits while 256 KiB wait
    /// to go out. Dropping the future before its end leaves the message unsaid.
    ///
    /// Two sides that both speak and do not listen wait for ever: [`WebSocket::speaker`] is for
    /// those that say much.
    ///
    /// # Errors
    /// `SendError` when the connection is over, `TooLarge` for more than 125 bytes in another
    /// message than text or bytes.
    pub async fn send(&self, message: Message) -> Result<()> {
        self.speaker().send(message).await
    }

    /// Who speaks, apart from who listens.
    pub fn speaker(&self) -> Speaker {
        Speaker { slot: self.0.slot.clone(), orders: self.0.orders.clone() }
    }

    /// The next message; none: the connection is over. An error is the last thing that comes.
    pub async fn next(&mut self) -> Option<Result<Message>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Message>>> {
        let mut state = self.0.slot.lock();
        if let Some((message, goes_on)) = state.inbox.pop() {
            drop(state);
            if goes_on {
                self.0.orders.give(Order::Unpause(self.0.slot.clone()));
            }
            return Poll::Ready(Some(Ok(message)));
        }
        match state.result.take() {
            Some(Ok(_)) => Poll::Ready(None),
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None if state.ended => Poll::Ready(None),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Stream for WebSocket {
    type Item = Result<Message>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Self::poll_next(self.get_mut(), context)
    }
}

impl Speaker {
    /// Says something: see [`WebSocket::send`].
    ///
    /// # Errors
    /// Those of [`WebSocket::send`].
    pub async fn send(&self, message: Message) -> Result<()> {
        let length = message.frame().1.len();
        let is_data = matches!(message, Message::Text(_) | Message::Binary(_));
        if !is_data && length > MAX_CONTROL {
            let text = format!("A control message has {MAX_CONTROL} bytes, not {length}");
            return Err(Error::new(Code::TooLarge, text));
        }
        poll_fn(|context| self.poll_room(context, length)).await?;
        match self.orders.give(Order::Say(self.slot.clone(), message)) {
            true => Ok(()),
            false => Err(closed()),
        }
    }

    /// Takes room for that many bytes.
    fn poll_room(&self, context: &mut Context<'_>, length: usize) -> Poll<Result<()>> {
        let mut state = self.slot.lock();
        if state.ended {
            return Poll::Ready(Err(closed()));
        }
        if state.outbox.waiting() >= MAX_UNSENT {
            state.outbox.wait(context.waker());
            return Poll::Pending;
        }
        state.outbox.ordered += length;
        Poll::Ready(Ok(()))
    }
}

fn closed() -> Error {
    Error::new(Code::SendError, "The WebSocket is closed")
}

impl fmt::Debug for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Speaker").finish_non_exhaustive()
    }
}

impl fmt::Debug for Connecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").finish_non_exhaustive()
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_nobody_takes_are_held_back() {
        let mut inbox = Inbox::default();
        let taken = (0..1000).take_while(|_| inbox.push(Message::Ping(Vec::new()))).count();
        assert_eq!(taken, MAX_MESSAGES);
        // They go on once half of them were taken.
        let read = (1..).find(|_| inbox.pop().unwrap().1);
        assert_eq!(read, Some(MAX_MESSAGES / 2));
    }
}
