//! Messages of WebSockets (RFC 6455), put together from the pieces that the engine gives.

use std::borrow::Cow;

use tress_engine::{Delivered, WsFrame};

use crate::easy::Flow;

/// A message of a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// Are you there? Those of a server are answered by themselves, and not told unless
    /// `ws_no_auto_pong` is set.
    Ping(Vec<u8>),
    /// The answer to a ping.
    Pong(Vec<u8>),
    /// The end is near, for a reason (RFC 6455 section 7.4; 1005: none given) and with words for
    /// it.
    Close {
        /// Why.
        code: u16,
        /// The same in words.
        reason: String,
    },
}

/// The longest message that is put together, in bytes, unless
/// [`Easy::max_size`](crate::Easy::max_size) says otherwise.
const MAX_MESSAGE: u64 = 64 << 20;
/// Bytes that wait to be sent: with more, no further message is taken.
pub(crate) const MAX_UNSENT: usize = 256 * 1024;
/// There was no reason (RFC 6455 section 7.1.5).
const NO_REASON: u16 = 1005;

/// `CURLWS_*`
const TEXT: u32 = 1;
const BINARY: u32 = 1 << 1;
const CONTINUED: u32 = 1 << 2;
const CLOSE: u32 = 1 << 3;
const PING: u32 = 1 << 4;
const PONG: u32 = 1 << 6;

impl Message {
    /// The frame that says it: flags and payload.
    pub(crate) fn frame(&self) -> (u32, Cow<'_, [u8]>) {
        match self {
            Self::Text(text) => (TEXT, text.as_bytes().into()),
            Self::Binary(bytes) => (BINARY, bytes.into()),
            Self::Ping(bytes) => (PING, bytes.into()),
            Self::Pong(bytes) => (PONG, bytes.into()),
            Self::Close { code: NO_REASON, .. } => (CLOSE, Cow::default()),
            Self::Close { code, reason } => {
                (CLOSE, [&code.to_be_bytes()[..], reason.as_bytes()].concat().into())
            }
        }
    }

    /// None: the text is not UTF-8.
    fn of(flags: u32, payload: Vec<u8>) -> Option<Self> {
        let message = match flags & !CONTINUED {
            TEXT => Self::Text(String::from_utf8(payload).ok()?),
            PING => Self::Ping(payload),
            PONG => Self::Pong(payload),
            CLOSE => match payload.split_first_chunk() {
                Some((code, reason)) => Self::Close {
                    code: u16::from_be_bytes(*code),
                    reason: String::from_utf8(reason.to_vec()).ok()?,
                },
                None => Self::Close { code: NO_REASON, reason: String::new() },
            },
            _ => Self::Binary(payload),
        };
        Some(message)
    }
}

type OnMessage = Box<dyn FnMut(Message) -> Flow + Send>;

/// Puts messages together, for a closure.
pub(crate) struct Messages {
    closure: OnMessage,
    /// A message of text or bytes under way.
    message: Vec<u8>,
    /// A control frame, which may come in the midst of a message.
    control: Vec<u8>,
    /// The closure has paused: what it gets next.
    held: Option<Message>,
}

impl Messages {
    pub fn new(closure: OnMessage) -> Self {
        Self { closure, message: Vec::new(), control: Vec::new(), held: None }
    }

    /// Takes a piece of a frame; `most` bytes of a message are put together, 0: the default.
    pub fn take(&mut self, frame: WsFrame, bytes: &[u8], most: u64) -> Delivered {
        if let Some(held) = self.held.take() {
            return self.tell(held, bytes.len());
        }
        let is_control = frame.flags & (CLOSE | PING | PONG) != 0;
        let under_way = if is_control { &mut self.control } else { &mut self.message };
        let most = if most == 0 { MAX_MESSAGE } else { most };
        if under_way.len() as u64 + bytes.len() as u64 > most {
            return Delivered::Failed { passed: bytes.len(), returned: 0 };
        }
        under_way.extend_from_slice(bytes);
        if frame.bytes_left > 0 || frame.flags & CONTINUED != 0 {
            return Delivered::Taken;
        }
        let payload = std::mem::take(under_way);
        match Message::of(frame.flags, payload) {
            Some(message) => self.tell(message, bytes.len()),
            None => Delivered::Failed { passed: bytes.len(), returned: 0 },
        }
    }

    fn tell(&mut self, message: Message, piece: usize) -> Delivered {
        match (self.closure)(message.clone()) {
            Flow::Continue => Delivered::Taken,
            Flow::Abort => Delivered::Failed { passed: piece, returned: 0 },
            // The last piece comes again, to be told then.
            Flow::Pause if piece > 0 => {
                self.held = Some(message);
                Delivered::Pause { taken: 0 }
            }
            Flow::Pause => Delivered::Taken,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn frame(flags: u32, bytes_left: u64) -> WsFrame {
        WsFrame { flags, bytes_left, ..WsFrame::default() }
    }

    #[test]
    fn fragments_and_pieces_become_messages() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let telling = told.clone();
        let mut messages = Messages::new(Box::new(move |message| {
            telling.lock().unwrap().push(message);
            Flow::Continue
        }));
        messages.take(frame(TEXT | CONTINUED, 2), b"on", 0);
        messages.take(frame(TEXT | CONTINUED, 0), b"e ", 0);
        messages.take(frame(PING, 0), b"?", 0);
        messages.take(frame(TEXT, 0), b"two", 0);
        messages.take(frame(CLOSE, 0), b"\x03\xe8bye", 0);
        messages.take(frame(CLOSE, 0), b"", 0);
        assert_eq!(
            *told.lock().unwrap(),
            [
                Message::Ping(b"?".to_vec()),
                Message::Text("one two".into()),
                Message::Close { code: 1000, reason: "bye".into() },
                Message::Close { code: NO_REASON, reason: String::new() },
            ]
        );
    }

    #[test]
    fn what_is_too_long_or_no_text_fails() {
        let failed = |passed| Delivered::Failed { passed, returned: 0 };
        let mut messages = Messages::new(Box::new(|_| Flow::Continue));
        assert_eq!(messages.take(frame(BINARY | CONTINUED, 0), b"12345", 8), Delivered::Taken);
        assert_eq!(messages.take(frame(BINARY, 0), b"6789", 8), failed(4));
        let mut messages = Messages::new(Box::new(|_| Flow::Continue));
        assert_eq!(messages.take(frame(TEXT, 0), b"\xff", 0), failed(1));
    }

    #[test]
    fn a_message_without_end_is_refused() {
        let mut messages = Messages::new(Box::new(|_| panic!("no message is complete")));
        let piece = vec![0; 8 << 20];
        for number in 0..8 {
            let taken = messages.take(frame(0, 1), &piece, 0);
            assert!(matches!(taken, Delivered::Taken), "{number}");
        }
        let refused = messages.take(frame(0, 1), b"x", 0);
        assert!(matches!(refused, Delivered::Failed { passed: 1, returned: 0 }));
    }
}
