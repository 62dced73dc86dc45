//! Limits on everything that the peer can make grow.

use crate::h2::{ListLimits, Rate, limits::Limits as Http2Limits};

/// Bytes of a SETTINGS frame.
const SETTINGS_BYTES: usize = 4096;
/// Frames of a response that carry nothing, in a row.
const IDLE_FRAMES: u32 = 1000;

/// How much a peer may ask of us; the same as over HTTP/2 where there is the same.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A head's fields: names, values and 32 bytes each. More resets the stream; more than
    /// four times as much ends the connection.
    pub header_list_bytes: usize,
    /// A head's fields. More resets the stream.
    pub header_count: usize,
    /// A field's name or value. More ends the connection.
    pub field_bytes: usize,
    /// A head's compressed bytes. More resets the stream.
    pub header_block_bytes: usize,
    /// 1xx responses of one stream. More resets the stream.
    pub informational: u8,
    /// Bytes of a SETTINGS frame. More ends the connection.
    pub settings_bytes: usize,
    /// Frames of the control stream, instructions of QPACK's streams, and further unidirectional
    /// streams. More ends the connection.
    pub control: Rate,
    /// Frames of a response that nobody knows, and empty ones, in a row. More resets the stream.
    pub idle_frames: u32,
}

impl Default for Limits {
    fn default() -> Self {
        let http2 = Http2Limits::default();
        Self {
            header_list_bytes: http2.header_list_bytes,
            header_count: http2.header_count,
            field_bytes: http2.field_bytes,
            header_block_bytes: http2.header_block_bytes,
            informational: http2.informational,
            settings_bytes: SETTINGS_BYTES,
            control: http2.control_frames,
            idle_frames: IDLE_FRAMES,
        }
    }
}

impl Limits {
    pub(super) fn list(&self) -> ListLimits {
        ListLimits {
            bytes: self.header_list_bytes,
            count: self.header_count,
            string: self.field_bytes,
            bomb: self.header_list_bytes.saturating_mul(Http2Limits::BOMB),
        }
    }
}
