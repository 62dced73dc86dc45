//! `curl_pushheader_*`: there is no server push, so no headers of one.

use std::ffi::{c_char, c_void};
use std::ptr::null_mut;

use crate::entry::entry;

entry! {
    /// `curl_pushheader_bynum(3)`
    fn curl_pushheader_bynum(_headers: *mut c_void, _number: usize) -> *mut c_char [null_mut()] {
        null_mut()
    }

    /// `curl_pushheader_byname(3)`
    fn curl_pushheader_byname(_headers: *mut c_void, _name: *const c_char) -> *mut c_char [null_mut()] {
        null_mut()
    }
}
