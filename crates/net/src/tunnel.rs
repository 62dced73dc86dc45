//! A tunnel through an HTTP/2 proxy as a layer: the bytes of one stream of a connection.

use std::io::{self, ErrorKind};
use std::time::Instant;

use tress_proto::h2::{Connection, Event, StreamId, reset_error};

use crate::{Shutdown, Stream, Want};

/// How often a call may ask the stream below for more, before others have their turn.
const READS_A_CALL: u32 = 32;
/// Read from the stream below at once.
const READ: usize = 64 * 1024;

/// The stream of a connection that a proxy has answered CONNECT on with success.
///
/// Frames for the connection itself (pings, settings, windows) are answered on the way. The
/// machine wants to know the time to tell floods; it is asked for only when bytes came.
pub(crate) struct Tunnel {
    below: Stream,
    machine: Connection,
    stream: StreamId,
    /// Received bytes, taken apart up to `input_at`.
    input: Vec<u8>,
    input_at: usize,
    /// The tunnel's own bytes that did not fit into the caller's buffer.
    plain: Vec<u8>,
    plain_at: usize,
    /// So much of the caller's next bytes is taken already.
    owed: usize,
    /// Sending waits for the proxy to open a window.
    starved: bool,
    end: Option<End>,
}

/// How the proxy's side ended.
enum End {
    Closed,
    Broken(String),
}

impl Tunnel {
    /// `input`: bytes that followed the proxy's answer.
    pub(crate) fn new(
        below: Stream,
        machine: Connection,
        stream: StreamId,
        input: Vec<u8>,
    ) -> Self {
        Self {
            below,
            machine,
            stream,
            input,
            input_at: 0,
            plain: Vec::new(),
            plain_at: 0,
            owed: 0,
            starved: false,
            end: None,
        }
    }

    pub(crate) fn below(&self) -> &Stream {
        &self.below
    }

    pub(crate) fn into_below(self) -> Stream {
        self.below
    }

    pub(crate) fn pending(&self) -> bool {
        self.plain_at < self.plain.len() || self.input_at < self.input.len() || self.below.pending()
    }

    pub(crate) fn blocked_on(&self, calling: Want) -> Want {
        match calling {
            // Answers and credit must get out before the proxy says more.
            Want::Read if self.owed == 0 && !self.machine.pending_output().is_empty() => {
                self.below.blocked_on(Want::Write)
            }
            Want::Write if self.starved => self.below.blocked_on(Want::Read),
            calling => self.below.blocked_on(calling),
        }
    }

    pub(crate) fn recv(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        for _ in 0..READS_A_CALL {
            if self.plain_at < self.plain.len() {
                return Ok(self.take_plain(buf));
            }
            match &self.end {
                Some(End::Closed) => return Ok(0),
                Some(End::Broken(why)) => {
                    return Err(io::Error::new(ErrorKind::ConnectionReset, why.clone()));
                }
                None => self.pump()?,
            }
        }
        Err(ErrorKind::WouldBlock.into())
    }

    pub(crate) fn send(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.owed > 0 {
            self.flush()?;
            return Ok(std::mem::take(&mut self.owed));
        }
        loop {
            let broken = |error: tress_model::Error| {
                io::Error::new(ErrorKind::BrokenPipe, error.message().to_owned())
            };
            let taken = self.machine.send_data(self.stream, buf, false).map_err(broken)?;
            self.starved = false;
            match self.flush() {
                Ok(()) if taken > 0 || buf.is_empty() => return Ok(taken),
                Ok(()) => {}
                Err(error) => {
                    if error.kind() == ErrorKind::WouldBlock {
                        self.owed = taken;
                    }
                    return Err(error);
                }
            }
            if self.end.is_some() {
                return Err(ErrorKind::BrokenPipe.into());
            }
            self.starved = true;
            self.pump()?;
        }
    }

    pub(crate) fn start_shutdown(&mut self) {
        let _ = self.machine.send_data(self.stream, b"", true);
        self.machine.shutdown();
    }

    pub(crate) fn shutdown(&mut self) -> io::Result<Shutdown> {
        match self.flush() {
            Ok(()) => {
                self.below.start_shutdown();
                self.below.shutdown()
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                Ok(Shutdown::Wait(self.below.blocked_on(Want::Write)))
            }
            Err(error) => Err(error),
        }
    }

    /// Bytes wait in the socket of an idle connection: are they only the connection's own?
    pub(crate) fn is_quiet(&mut self) -> bool {
        if self.pending() {
            return false;
        }
        match self.pump() {
            Ok(()) => self.plain_at >= self.plain.len() && self.end.is_none(),
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }

    fn take_plain(&mut self, buf: &mut [u8]) -> usize {
        let left = self.plain.get(self.plain_at..).unwrap_or_default();
        let count = left.len().min(buf.len());
        buf[..count].copy_from_slice(&left[..count]);
        self.plain_at += count;
        if self.plain_at == self.plain.len() {
            (self.plain, self.plain_at) = (Vec::new(), 0);
        }
        self.machine.consumed(self.stream, count);
        // What does not go now goes with the next call, which finds nothing to take.
        let _ = self.flush();
        count
    }

    /// Takes on what has come, if need be after asking the stream below for more. An error of
    /// kind `WouldBlock`: nothing has.
    fn pump(&mut self) -> io::Result<()> {
        if self.input_at >= self.input.len() {
            self.input.resize(READ, 0);
            let received = self.below.recv(&mut self.input);
            self.input.truncate(*received.as_ref().unwrap_or(&0));
            self.input_at = 0;
            match received {
                Ok(0) => self.end = Some(End::Closed),
                Ok(_) => {}
                Err(error) => {
                    self.input = Vec::new();
                    let _ = self.flush();
                    return Err(error);
                }
            }
        }
        self.take_apart();
        // A failure shows when the caller sends; what the proxy said before it comes first.
        let _ = self.flush();
        Ok(())
    }

    /// Moves the tunnel's bytes of the input to `plain`.
    fn take_apart(&mut self) {
        let now = Instant::now();
        while self.end.is_none() {
            let rest = self.input.get(self.input_at..).unwrap_or_default();
            let event = match self.machine.advance(rest, now) {
                Ok(advance) => {
                    let start = self.input_at;
                    self.input_at += advance.consumed;
                    match advance.event {
                        Event::More => break,
                        Event::Data { stream, range, end } if stream.id == self.stream => {
                            let data = start + range.start..start + range.end;
                            self.plain.extend_from_slice(&self.input[data]);
                            end.then_some(End::Closed)
                        }
                        Event::Trailers { stream } if stream.id == self.stream => Some(End::Closed),
                        Event::Reset { stream, code, by_peer, .. } if stream.id == self.stream => {
                            let error = reset_error(stream.id, code, by_peer, true);
                            Some(End::Broken(error.message().to_owned()))
                        }
                        _ => None,
                    }
                }
                Err(error) => Some(End::Broken(error.message().to_owned())),
            };
            self.end = event;
        }
        if self.input_at >= self.input.len() {
            self.input = Vec::new();
            self.input_at = 0;
        }
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        while !self.machine.pending_output().is_empty() {
            let count = self.below.send(self.machine.pending_output())?;
            self.machine.sent(count);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "tunnel_tests.rs"]
mod tests;
