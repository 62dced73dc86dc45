//! A file that goes out: many writes in flight.

use tress_model::{Error, Result};

use super::message::{Reply, Status};
use super::{CHUNK, MAX_IN_FLIGHT, odd};

/// An upload.
pub(super) struct Upload {
    offset: u64,
    in_flight: Vec<u32>,
    ended: bool,
}

impl Upload {
    pub(super) fn new(offset: u64) -> Self {
        Self { offset, in_flight: Vec::new(), ended: false }
    }

    /// Bytes that may be written next.
    pub(super) fn room(&self) -> usize {
        if self.ended || self.in_flight.len() >= MAX_IN_FLIGHT { 0 } else { CHUNK }
    }

    /// So many bytes are written by this request: where to.
    pub(super) fn write(&mut self, id: u32, count: usize) -> u64 {
        let offset = self.offset;
        self.offset += count as u64;
        self.in_flight.push(id);
        offset
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// All is written.
    pub(super) fn is_over(&self) -> bool {
        self.ended && self.in_flight.is_empty()
    }

    /// # Errors
    /// What the server fails with.
    pub(super) fn answer(&mut self, id: u32, reply: Reply<'_>) -> Result<()> {
        let at = self.in_flight.iter().position(|it| *it == id).ok_or_else(odd)?;
        self.in_flight.swap_remove(at);
        match reply {
            Reply::Status(Status::OK) => Ok(()),
            Reply::Status(status) => {
                let text = format!("Upload failed: {} ({})", status.words(), status.0);
                Err(Error::new(status.code(), text))
            }
            _ => Err(odd()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tress_model::Code;

    use super::*;

    #[test]
    fn writes_in_flight_are_limited_and_answered_in_any_order() {
        let mut upload = Upload::new(5);
        let mut id = 0;
        while upload.room() > 0 {
            assert_eq!(upload.write(id, 2), 5 + 2 * u64::from(id));
            id += 1;
        }
        assert_eq!(id as usize, MAX_IN_FLIGHT);
        upload.answer(7, Reply::Status(Status::OK)).unwrap();
        assert!(upload.answer(7, Reply::Status(Status::OK)).is_err());
        assert_eq!(upload.room(), CHUNK);
        let full = upload.answer(8, Reply::Status(Status(14))).unwrap_err();
        assert_eq!(full.code(), Code::RemoteDiskFull);
        upload.end();
        assert!(!upload.is_over());
    }
}
