//! MIME bodies of requests: parts that the application made, read as one stream.

use std::ptr::NonNull;

use tress_engine::options::BodySource;
use tress_engine::{Sought, Supplied};

use super::Multi;
use crate::easy::Easy;

/// The body that `CURLOPT_MIMEPOST` or `CURLOPT_HTTPPOST` makes.
pub fn body(_easy: &Easy) -> BodySource {
    BodySource::None
}

/// The next bytes of the encoded parts.
///
/// # Safety
/// `multi` and `easy` are good and not borrowed.
pub unsafe fn supply(
    _multi: NonNull<Multi>,
    _easy: NonNull<Easy>,
    _room: usize,
    _buffer: &mut Vec<u8>,
) -> Supplied {
    Supplied::End
}

/// Back to an offset of the encoded parts.
///
/// # Safety
/// As for [`supply`].
pub unsafe fn rewind(_multi: NonNull<Multi>, _easy: NonNull<Easy>, _offset: u64) -> Sought {
    Sought::CantSeek
}
