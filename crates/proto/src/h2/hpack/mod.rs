//! HPACK (RFC 7541): field lists in HTTP/2's compressed form.
//!
//! Field order is kept, every table is bounded, and nothing is allocated for
//! a field once the buffers have grown to their working size.

mod decoder;
mod encoder;
pub(crate) mod huffman;
pub(crate) mod integer;
mod memo;
mod static_table;
pub(crate) mod string;
mod table;

pub(crate) use decoder::{DecodeError, Faults};
pub use decoder::{Decoder, ListLimits};
pub(crate) use encoder::Encoder;

/// The dynamic table's size before any SETTINGS say otherwise (RFC 9113, 6.5.2).
pub(crate) const DEFAULT_TABLE_SIZE: u32 = 4096;

/// What RFC 7541, 4.1 adds to a field's bytes to get its size.
pub(crate) const FIELD_OVERHEAD: usize = 32;
