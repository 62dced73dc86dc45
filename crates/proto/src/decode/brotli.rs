//! Brotli.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use tress_model::{Code, Error, Result};

use super::{step, trailing, with_room};

pub(super) struct Brotli {
    /// None at the end of the stream.
    state: Option<Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>>,
}

impl Brotli {
    pub(super) fn new() -> Self {
        let alloc = StandardAlloc::default;
        Self { state: Some(Box::new(BrotliState::new_strict(alloc(), alloc(), alloc()))) }
    }

    pub(super) fn feed(&mut self, input: &mut &[u8], out: &mut Vec<u8>, room: usize) -> Result<()> {
        let full = out.len() + room;
        loop {
            let Some(state) = &mut self.state else {
                return if input.is_empty() { Ok(()) } else { Err(trailing()) };
            };
            let (mut available_in, mut used) = (input.len(), 0);
            let slots = step(input, full - out.len());
            let result = with_room(out, slots, |slots| {
                let (mut available_out, mut written, mut total) = (slots.len(), 0, 0);
                let result = BrotliDecompressStream(
                    &mut available_in,
                    &mut used,
                    input,
                    &mut available_out,
                    &mut written,
                    slots,
                    &mut total,
                    state,
                );
                (written, result)
            });
            *input = input.get(used..).unwrap_or_default();
            match result {
                BrotliResult::NeedsMoreInput => return Ok(()),
                BrotliResult::NeedsMoreOutput if out.len() == full => return Ok(()),
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::ResultSuccess => self.state = None,
                BrotliResult::ResultFailure => {
                    let message = "Invalid brotli content encoding";
                    return Err(Error::new(Code::BadContentEncoding, message));
                }
            }
        }
    }
}
