//! URL handles, as far as transfers need them.

use std::ffi::c_void;

use tress_engine::options::Text;

/// The URL that a `CURLU *` holds.
///
/// # Safety
/// `url` is a good URL handle.
pub unsafe fn text(_url: *mut c_void) -> Option<Text> {
    None
}
