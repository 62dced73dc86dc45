//! The body of a request, written piece by piece.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
#[cfg(feature = "tokio")]
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::slot::{Order, Orders, Slot, wake};

/// Bytes that wait to be sent: with more, writing waits.
const MAX_WAITING: usize = 256 * 1024;

/// The body of a request to come, and who writes it: give the body to
/// [`Easy::upload_body`](crate::Easy::upload_body) and the transfer to a
/// [`Client`](super::Client), then write.
///
/// ```no_run
/// # async fn upload(client: tress::future::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let (mut writer, body) = tress::future::body();
/// let easy = tress::Easy::upload_body("https://example.com/log", None, body);
/// let response = client.send(easy);
/// for line in 0..1000 {
///     writer.write(format!("line {line}\n")).await?;
/// }
/// writer.finish();
/// println!("{}", response.await?.status());
/// # Ok(()) }
/// ```
pub fn body() -> (Writer, Body) {
    let pipe = Arc::new(Pipe::default());
    (Writer(pipe.clone()), Body(pipe))
}

/// Writes the body of a request: by [`Writer::write`], or with the feature `tokio` as an
/// `AsyncWrite`, whose `shutdown` is [`Writer::finish`], so that any `AsyncRead` can be sent:
///
/// ```no_run
/// # #[cfg(feature = "tokio")]
/// # async fn send(client: tress::future::Client, mut source: impl tokio::io::AsyncRead + Unpin)
/// # -> std::io::Result<()> {
/// let (mut writer, body) = tress::future::body();
/// let response = client.send(tress::Easy::upload_body("https://example.com/log", None, body));
/// tokio::io::copy(&mut source, &mut writer).await?;
/// writer.finish();
/// println!("{}", response.await?.status());
/// # Ok(()) }
/// ```
///
/// Dropped before [`Writer::finish`], it fails the transfer.
pub struct Writer(Arc<Pipe>);

/// A body that a [`Writer`] writes.
pub struct Body(Arc<Pipe>);

/// Between the two.
#[derive(Default)]
pub(crate) struct Pipe(Mutex<State>);

#[derive(Default)]
struct State {
    pieces: VecDeque<Vec<u8>>,
    /// Bytes of the first piece that are gone.
    taken: usize,
    waiting: usize,
    end: Option<End>,
    /// Nobody reads any more.
    unread: bool,
    /// The transfer was paused, since there was nothing.
    starved: bool,
    writer: Option<Waker>,
    transfer: Option<(Arc<Orders>, Arc<Slot>)>,
}

/// How a body ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Complete,
    Dropped,
}

impl Writer {
    /// Writes a piece; waits while the server does not take what is there.
    ///
    /// # Errors
    /// `BrokenPipe` when the transfer has ended: its response, or error, says why.
    pub async fn write(&mut self, piece: impl Into<Vec<u8>>) -> io::Result<()> {
        let mut piece = piece.into();
        poll_fn(|context| self.poll_write(context, || std::mem::take(&mut piece))).await
    }

    /// The body is complete.
    pub fn finish(self) {
        self.0.end(End::Complete);
    }

    /// Takes the piece once there is room for it.
    fn poll_write(
        &self,
        context: &mut Context<'_>,
        piece: impl FnOnce() -> Vec<u8>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        if state.unread {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        if state.waiting >= MAX_WAITING {
            state.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        let piece = piece();
        if !piece.is_empty() {
            state.waiting += piece.len();
            state.pieces.push_back(piece);
            feed(state);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(feature = "tokio")]
impl tokio::io::AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        piece: &[u8],
    ) -> Poll<io::Result<usize>> {
        Self::poll_write(&self, context, || piece.to_vec()).map_ok(|()| piece.len())
    }

    /// What was written is on its way.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The body is complete, as by [`Writer::finish`].
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.end(End::Complete);
        Poll::Ready(Ok(()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.end(End::Dropped);
    }
}

impl Body {
    /// What a read of the transfer gives.
    pub(crate) fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        let Some(first) = state.pieces.front() else {
            return match state.end {
                Some(End::Complete) => Ok(0),
                Some(End::Dropped) => Err(ErrorKind::BrokenPipe.into()),
                None => {
                    state.starved = true;
                    Err(ErrorKind::WouldBlock.into())
                }
            };
        };
        let rest = &first[state.taken..];
        let count = rest.len().min(room.len());
        room[..count].copy_from_slice(&rest[..count]);
        let emptied = count == rest.len();
        state.taken = if emptied { 0 } else { state.taken + count };
        if emptied {
            state.pieces.pop_front();
        }
        state.waiting -= count;
        let writer = if state.waiting < MAX_WAITING { state.writer.take() } else { None };
        drop(state);
        wake(writer);
        Ok(count)
    }

    pub(crate) fn pipe(&self) -> Arc<Pipe> {
        self.0.clone()
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Pipe {
    /// The transfer that reads.
    pub(super) fn belongs_to(&self, orders: Arc<Orders>, slot: Arc<Slot>) {
        self.lock().transfer = Some((orders, slot));
    }

    /// Nobody reads any more.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.unread = true;
        state.transfer = None;
        let writer = state.writer.take();
        drop(state);
        wake(writer);
    }

    fn end(&self, end: End) {
        let mut state = self.lock();
        state.end.get_or_insert(end);
        feed(state);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// There is something to read again.
fn feed(mut state: MutexGuard<'_, State>) {
    let starved = std::mem::take(&mut state.starved);
    let transfer = state.transfer.clone().filter(|_| starved);
    drop(state);
    if let Some((orders, slot)) = transfer {
        orders.give(Order::Unpause(slot));
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sends_is_held_back() {
        let (writer, mut body) = body();
        let mut context = Context::from_waker(Waker::noop());
        let mut write = || {
            matches!(writer.poll_write(&mut context, || vec![0; 16 * 1024]), Poll::Ready(Ok(())))
        };
        let taken = (0..100).take_while(|_| write()).count();
        assert_eq!(taken * 16 * 1024, MAX_WAITING);
        // There is room again once some of it was sent.
        assert_eq!(body.read(&mut [0; 100]).unwrap(), 100);
        assert!(write() && !write());
    }
}
