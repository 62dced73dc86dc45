//! A WebSocket in `async` code.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::client::{Waiting, gone};
use super::slot::Order;
use crate::{Code, Error, Message, Result};

/// Messages that wait for whoever takes them: with more the server is held back.
const MAX_MESSAGES: usize = 64;
/// The longest payload of other messages than text and bytes (RFC 6455 section 5.5).
const MAX_CONTROL: usize = 125;

/// A WebSocket that opens; it comes to a [`WebSocket`] when the server has agreed.
#[must_use = "a future does nothing unless it is polled, and dropping this one cancels a transfer"]
pub struct Connecting(Option<Waiting>);

/// An open WebSocket. Dropping it closes the connection.
pub struct WebSocket(Waiting);

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
    /// Says something: it goes out as soon as the server takes it.
    ///
    /// # Errors
    /// `SendError` when the connection is over, `TooLarge` for more than 125 bytes in another
    /// message than text or bytes.
    pub fn send(&self, message: Message) -> Result<()> {
        let (_, payload) = message.frame();
        let is_data = matches!(message, Message::Text(_) | Message::Binary(_));
        if !is_data && payload.len() > MAX_CONTROL {
            let text = format!("A control message has {MAX_CONTROL} bytes, not {}", payload.len());
            return Err(Error::new(Code::TooLarge, text));
        }
        let ended = self.0.slot.lock().ended;
        if ended || !self.0.orders.give(Order::Say(self.0.slot.clone(), message)) {
            return Err(Error::new(Code::SendError, "The WebSocket is closed"));
        }
        Ok(())
    }

    /// The next message; none: the connection is over. An error is the last thing that comes.
    pub async fn next(&mut self) -> Option<Result<Message>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// The same, for streams of other crates.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Message>>> {
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
