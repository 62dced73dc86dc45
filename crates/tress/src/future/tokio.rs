//! The reactor of Tokio.

use std::future::Future as _;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, Interest, ReadBuf};
use tokio::time::Sleep;

use super::{Client, Download, Driver, Reactor};
use crate::Multi;

/// The reactor of the Tokio runtime that polls the driver.
#[derive(Debug, Default)]
pub struct Tokio {
    descriptor: Option<AsyncFd<OwnedFd>>,
    sleep: Option<Pin<Box<Sleep>>>,
}

/// A client, and its driver for Tokio: `tokio::spawn(driver)`.
pub fn tokio(multi: Multi) -> (Client, Driver<Tokio>) {
    super::with(multi, Tokio::default())
}

impl Reactor for Tokio {
    fn poll_ready(
        &mut self,
        context: &mut Context<'_>,
        descriptor: BorrowedFd<'_>,
        until: Option<Instant>,
    ) -> Poll<io::Result<()>> {
        let watched = match &mut self.descriptor {
            Some(watched) => watched,
            none => none.insert(watch(descriptor)?),
        };
        if let Poll::Ready(ready) = watched.poll_read_ready(context) {
            ready?.clear_ready();
            return Poll::Ready(Ok(()));
        }
        let Some(until) = until.map(Instant::into) else { return Poll::Pending };
        let sleep = match &mut self.sleep {
            Some(sleep) => {
                if sleep.deadline() != until {
                    sleep.as_mut().reset(until);
                }
                sleep
            }
            none => none.insert(Box::pin(tokio::time::sleep_until(until))),
        };
        sleep.as_mut().poll(context).map(Ok)
    }
}

/// The body of the response.
///
/// ```no_run
/// # async fn save(client: tress::future::Client, mut file: impl tokio::io::AsyncWrite + Unpin)
/// # -> std::io::Result<()> {
/// let mut download = client.open(tress::Easy::get("https://example.com/large")).await?;
/// tokio::io::copy(&mut download, &mut file).await?;
/// # Ok(()) }
/// ```
impl AsyncRead for Download {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if room.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let read = self.poll(context, |pieces| pieces.read(room.initialize_unfilled()));
        match ready!(read) {
            Some(Ok(count)) => room.advance(count),
            Some(Err(error)) => return Poll::Ready(Err(error.into())),
            None => {}
        }
        Poll::Ready(Ok(()))
    }
}

/// Deprecated are these since a type may close its descriptor too early; this one cannot.
#[allow(deprecated)]
fn watch(descriptor: BorrowedFd<'_>) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(descriptor.try_clone_to_owned()?, Interest::READABLE)
}
