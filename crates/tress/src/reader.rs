//! A response as a source of bytes: `std::io::Read`.

use std::borrow::BorrowMut;
use std::fmt;
use std::io::{self, BufRead, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::multi::no_waiting;
use crate::pieces::Pieces;
use crate::response::Head;
use crate::{Easy, Flow, Handle, Multi, Result};

/// The longest wait for a multi without a deadline.
const TURN: Duration = Duration::from_secs(60);

/// A response whose body is read as it comes ([`Easy::open`], [`Multi::open`]); while nobody
/// reads, the server is held back. Dropping it cancels the transfer.
pub struct Reader<M: BorrowMut<Multi>> {
    multi: M,
    handle: Handle,
    pieces: Arc<Mutex<Pieces>>,
    /// The piece that is being read.
    piece: Vec<u8>,
    at: usize,
    end: Option<Result<()>>,
    head: Head,
}

impl<M: BorrowMut<Multi>> Reader<M> {
    pub(crate) fn open(mut multi: M, easy: Easy) -> Result<Self> {
        let pieces = Arc::new(Mutex::new(Pieces::default()));
        let filled = pieces.clone();
        let easy = easy.on_body(move |bytes| match lock(&filled).push(bytes) {
            true => Flow::Continue,
            false => Flow::Pause,
        });
        let handle = multi.borrow_mut().add(easy);
        let mut reader = Self {
            multi,
            handle,
            pieces,
            piece: Vec::new(),
            at: 0,
            end: None,
            head: Head::default(),
        };
        reader.next_piece()?;
        let multi: &Multi = reader.multi.borrow();
        if let Some(head) = multi.head(handle) {
            reader.head = head;
        }
        Ok(reader)
    }

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

    /// Waits for a piece, or for the end: then there is none.
    fn next_piece(&mut self) -> Result<()> {
        loop {
            let popped = lock(&self.pieces).pop();
            if let Some((piece, goes_on)) = popped {
                (self.piece, self.at) = (piece, 0);
                if goes_on && self.end.is_none() {
                    self.multi.borrow_mut().unpause(self.handle)?;
                    self.ended();
                }
                return Ok(());
            }
            (self.piece, self.at) = (Vec::new(), 0);
            match &self.end {
                Some(Ok(())) => return Ok(()),
                Some(Err(error)) => return Err(error.clone()),
                None => {}
            }
            self.multi.borrow_mut().turn(TURN).map_err(no_waiting)?;
            self.ended();
        }
    }

    /// Is it over?
    fn ended(&mut self) {
        let Some(done) = self.multi.borrow_mut().take_done(self.handle) else { return };
        if self.head.url().is_empty() {
            self.head = done.partial().head();
        }
        self.end = Some(done.result().map(|_| ()).map_err(Clone::clone));
    }
}

impl<M: BorrowMut<Multi>> Read for Reader<M> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let count = bytes.len().min(room.len());
        room[..count].copy_from_slice(&bytes[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<M: BorrowMut<Multi>> BufRead for Reader<M> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.piece.len() {
            self.next_piece()?;
        }
        Ok(&self.piece[self.at..])
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
    }
}

impl<M: BorrowMut<Multi>> Drop for Reader<M> {
    fn drop(&mut self) {
        if self.end.is_none() {
            self.multi.borrow_mut().remove(self.handle);
        }
    }
}

impl<M: BorrowMut<Multi>> fmt::Debug for Reader<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("status", &self.status())
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

fn lock(pieces: &Mutex<Pieces>) -> MutexGuard<'_, Pieces> {
    pieces.lock().unwrap_or_else(PoisonError::into_inner)
}
