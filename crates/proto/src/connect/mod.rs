//! A tunnel through an HTTP/1 proxy: CONNECT and its replies (RFC 9110 section
//! 9.3.6).
//!
//! ```text
//! Sending -> Head -> 2xx: Established
//!              |---> 407: skip the body -> Refused -> again | reconnect and anew
//!              '---> other: Refused, the body unread
//! ```
//!
//! The caller makes the request's bytes, shows the reply's lines to the
//! application (unless `CURLOPT_SUPPRESS_CONNECT_HEADERS`) and to the proxy
//! authentication, and decides what a refusal leads to.

pub mod http2;
#[cfg(test)]
mod tests;

use tress_model::{Code, Error, Result};

use crate::h1::{BodyFraming, Event, Response, ResponseConfig};

/// The longest line of a proxy's reply.
pub const MAX_LINE: usize = 16 * 1024;

/// What a reply came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// All input is used up; more is awaited.
    More,
    /// A status line, a header or the end of a head; lines are found by
    /// [`Tunnel::held`].
    Head(Event),
    /// The tunnel stands. What follows in the input is the tunnel's.
    Established,
    /// The proxy refuses: [`Tunnel::again`] or [`failure`].
    Refused {
        /// The status code.
        status: u16,
        /// The connection is of no further use.
        close: bool,
    },
}

/// A handshake under way.
pub struct Tunnel {
    out: Vec<u8>,
    sent: usize,
    response: Response,
    /// The final reply's body is being skipped.
    skipping: bool,
    over: bool,
}

impl Tunnel {
    /// Starts with the bytes of a CONNECT request.
    pub fn new(request: Vec<u8>) -> Self {
        Self { out: request, sent: 0, response: response(), skipping: false, over: false }
    }

    /// Asks again on the same connection, after a refusal that leaves it open.
    pub fn again(&mut self, request: Vec<u8>) {
        *self = Self::new(request);
    }

    /// The bytes to send now.
    pub fn output(&self) -> &[u8] {
        self.out.get(self.sent..).unwrap_or_default()
    }

    /// `n` bytes of the output went out.
    pub fn sent(&mut self, n: usize) {
        self.sent += n;
    }

    /// A line that was not in one piece in the input, for the last step.
    pub fn held(&self) -> &[u8] {
        self.response.held()
    }

    /// The last reply's status code (`CURLINFO_HTTP_CONNECTCODE`).
    pub fn status(&self) -> u16 {
        self.response.head().status
    }

    /// Takes bytes from the proxy: how many were used up, and what they said.
    ///
    /// # Errors
    /// What breaks HTTP; `RecvError` for a line over [`MAX_LINE`].
    pub fn receive(&mut self, input: &[u8]) -> Result<(usize, Step)> {
        let mut used = 0;
        loop {
            if self.over {
                return Ok((used, self.verdict()));
            }
            let rest = input.get(used..).unwrap_or_default();
            if rest.is_empty() && !self.skipping {
                return Ok((used, Step::More));
            }
            let advance = self.response.advance(rest)?;
            match advance.event {
                Event::More => return Ok((used + advance.consumed, Step::More)),
                Event::Body(_) | Event::Trailer { .. } => used += advance.consumed,
                Event::End { .. } => {
                    used += advance.consumed;
                    self.over = true;
                }
                event if used == 0 => {
                    self.line(&event, rest)?;
                    return Ok((advance.consumed, Step::Head(event)));
                }
                // Lines are told apart from what came before: `used` is 0 for each.
                _ => return Ok((used, Step::More)),
            }
        }
    }

    /// The proxy closed the connection. With `authenticated` (credentials were
    /// sent with the request, and others may be left) it only wants another one.
    ///
    /// # Errors
    /// `RecvError`, else.
    pub fn closed(&mut self, authenticated: bool) -> Result<Step> {
        let status = self.status();
        if authenticated || self.skipping {
            return Ok(Step::Refused { status, close: true });
        }
        Err(Error::new(Code::RecvError, "Proxy CONNECT aborted"))
    }

    fn line(&mut self, event: &Event, input: &[u8]) -> Result<()> {
        let (Event::Status { line } | Event::Header { line, .. } | Event::EndOfHead { line, .. }) =
            event
        else {
            return Ok(());
        };
        if line.of(input, self.response.held()).len() > MAX_LINE {
            return Err(Error::new(Code::RecvError, "CONNECT response too large"));
        }
        if let Event::EndOfHead { body, informational: false, .. } = event {
            // The body of a 407 stands between here and the next request; that of
            // other refusals is left unread, and so is one without an end.
            let skip = self.status() == 407
                && matches!(body, BodyFraming::Length(_) | BodyFraming::Chunked);
            self.skipping = skip;
            self.over = !skip;
        }
        Ok(())
    }

    fn verdict(&self) -> Step {
        let head = self.response.head();
        match head.status {
            200..=299 => Step::Established,
            status => {
                let complete = self.skipping || head.content_length == Some(0);
                Step::Refused { status, close: head.close || !complete }
            }
        }
    }
}

/// The error for a refusal with this status that nothing can be done about.
pub fn failure(status: u16) -> Error {
    Error::new(Code::CouldntConnect, format!("CONNECT tunnel failed, response {status}"))
}

fn response() -> Response {
    Response::new(ResponseConfig { connect: true, via_proxy: true, ..ResponseConfig::default() })
}
