//! A body that is taken piece by piece.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::client::{Waiting, gone};
use super::slot::Order;
use crate::pieces::Pieces;
use crate::response::Head;
use crate::{Response, Result};

/// A download that begins; it comes to a [`Download`] when the head of the response is known.
#[must_use = "a future does nothing unless it is polled, and dropping this one cancels a transfer"]
pub struct Opening(Option<Waiting>);

/// A response whose body comes piece by piece: by [`Download::next`], as a `Stream`, or with the
/// feature `tokio` as an `AsyncRead`. Dropping it cancels the transfer.
pub struct Download {
    waiting: Waiting,
    head: Head,
    response: Option<Response>,
}

impl Opening {
    pub(super) fn new(waiting: Waiting) -> Self {
        Self(Some(waiting))
    }
}

impl Future for Opening {
    type Output = Result<Download>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(waiting) = &self.0 else { return Poll::Ready(Err(gone())) };
        let mut state = waiting.slot.lock();
        if state.pieces.is_empty()
            && let Some(Err(error)) = &state.result
        {
            return Poll::Ready(Err(error.clone()));
        }
        let Some(head) = state.head.take() else {
            state.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        drop(state);
        let download = self.0.take().map(|waiting| Download { waiting, head, response: None });
        Poll::Ready(download.ok_or_else(gone))
    }
}

impl Download {
    /// The response code; 0 where there is none.
    pub fn status(&self) -> u32 {
        self.head.status()
    }

    /// The URL that answers: after redirects another than the one asked for.
    pub fn url(&self) -> &str {
        self.head.url()
    }

    /// Name and value of each header, in their order.
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.head.headers()
    }

    /// The last header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.head.header(name)
    }

    /// The next piece of the body; none: it is complete. An error is the last thing that comes.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Vec<u8>>>> {
        self.poll(context, Pieces::pop)
    }

    /// What `take` takes of the pieces.
    pub(super) fn poll<T>(
        &mut self,
        context: &mut Context<'_>,
        take: impl FnOnce(&mut Pieces) -> Option<(T, bool)>,
    ) -> Poll<Option<Result<T>>> {
        let mut state = self.waiting.slot.lock();
        if let Some((taken, goes_on)) = take(&mut state.pieces) {
            drop(state);
            if goes_on {
                self.waiting.orders.give(Order::Unpause(self.waiting.slot.clone()));
            }
            return Poll::Ready(Some(Ok(taken)));
        }
        match state.result.take() {
            Some(Ok(response)) => {
                drop(state);
                self.response = Some(response);
                Poll::Ready(None)
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None if state.ended => Poll::Ready(None),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// What is known of the transfer, once [`Download::next`] has given none.
    pub fn response(&self) -> Option<&Response> {
        self.response.as_ref()
    }
}

impl Stream for Download {
    type Item = Result<Vec<u8>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Self::poll_next(self.get_mut(), context)
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").finish_non_exhaustive()
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("status", &self.status())
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}
