//! Bytes that wait to be sent.

use super::frame::{self, Head};

/// A buffer that is filled at its end and sent from its front.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    sent: usize,
}

impl Output {
    pub(super) fn pending(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    pub(super) fn sent(&mut self, count: usize) {
        self.sent = (self.sent + count).min(self.bytes.len());
        if self.sent == self.bytes.len() {
            self.bytes.clear();
            self.sent = 0;
        } else if self.sent > self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }

    pub(super) fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        Head::new(kind, flags, stream, payload.len()).write(payload, &mut self.bytes);
    }

    pub(super) fn window_update(&mut self, stream: u32, increment: u32) {
        if increment > 0 {
            self.frame(frame::WINDOW_UPDATE, 0, stream, &increment.to_be_bytes());
        }
    }

    pub(super) fn rst_stream(&mut self, stream: u32, code: u32) {
        self.frame(frame::RST_STREAM, 0, stream, &code.to_be_bytes());
    }

    pub(super) fn goaway(&mut self, last: u32, code: u32, debug: &[u8]) {
        Head::new(frame::GOAWAY, 0, 0, 8 + debug.len()).write(&last.to_be_bytes(), &mut self.bytes);
        self.bytes.extend_from_slice(&code.to_be_bytes());
        self.bytes.extend_from_slice(debug);
    }
}
