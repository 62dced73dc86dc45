//! The exported functions on easy handles; what they do is in the modules beside.
//!
//! Those with variable arguments are called from the C shim with the argument already read.

use std::ffi::{c_int, c_long, c_void};
use std::ptr::null_mut;

use tress_model::Code;

use super::setopt::Value;
use super::{Easy, getinfo, perform, setopt};
use crate::entry::entry;

/// What a caught panic returns: the handle is spoilt.
fn spoilt(easy: *mut c_void) -> c_int {
    // SAFETY: the application gave the handle, and gives only good ones or NULL.
    if let Some(easy) = unsafe { Easy::from_c(easy) } {
        // SAFETY: a good handle.
        unsafe { (*easy.as_ptr()).poisoned = true };
    }
    Code::FailedInit as c_int
}

entry! {
    /// `curl_easy_init(3)`
    fn curl_easy_init() -> *mut c_void [null_mut()] {
        super::init()
    }

    /// `curl_easy_cleanup(3)`
    fn curl_easy_cleanup(easy: *mut c_void) {
        // SAFETY: the caller gives NULL or a handle.
        unsafe { super::cleanup(easy) }
    }

    /// `curl_easy_duphandle(3)`
    fn curl_easy_duphandle(easy: *mut c_void) -> *mut c_void [null_mut()] {
        // SAFETY: the caller gives NULL or a handle.
        unsafe { super::duphandle(easy) }
    }

    /// `curl_easy_reset(3)`
    fn curl_easy_reset(easy: *mut c_void) {
        // SAFETY: the caller gives NULL or a handle.
        unsafe { super::reset(easy) }
    }

    /// `curl_easy_perform(3)`
    fn curl_easy_perform(easy: *mut c_void) -> c_int [spoilt(easy)] {
        // SAFETY: the caller gives NULL or a handle, with valid lists.
        unsafe { perform::perform(easy) }
    }

    /// `curl_easy_pause(3)`
    fn curl_easy_pause(easy: *mut c_void, action: c_int) -> c_int [spoilt(easy)] {
        // SAFETY: the caller gives NULL or a handle.
        unsafe { perform::pause(easy, action) }
    }

    /// `curl_easy_upkeep(3)`
    fn curl_easy_upkeep(easy: *mut c_void) -> c_int [spoilt(easy)] {
        // SAFETY: the caller gives NULL or a handle.
        unsafe { perform::upkeep(easy) }
    }

    /// `curl_easy_setopt(3)` with an option that takes a long.
    fn tress_easy_setopt_long(easy: *mut c_void, option: c_int, value: c_long) -> c_int
    [spoilt(easy)] {
        // SAFETY: the caller gives NULL or a handle.
        unsafe { setopt::setopt(easy, option, Value::Long(value)) }
    }

    /// `curl_easy_setopt(3)` with an option that takes a pointer of any kind.
    fn tress_easy_setopt_ptr(easy: *mut c_void, option: c_int, value: *mut c_void) -> c_int
    [spoilt(easy)] {
        // SAFETY: the caller gives NULL or a handle, and what the option asks for.
        unsafe { setopt::setopt(easy, option, Value::Pointer(value)) }
    }

    /// `curl_easy_setopt(3)` with an option that takes a `curl_off_t`.
    fn tress_easy_setopt_off(easy: *mut c_void, option: c_int, value: i64) -> c_int
    [spoilt(easy)] {
        // SAFETY: the caller gives NULL or a handle.
        unsafe { setopt::setopt(easy, option, Value::Offset(value)) }
    }

    /// `curl_easy_getinfo(3)`
    fn tress_easy_getinfo(easy: *mut c_void, info: c_int, place: *mut c_void) -> c_int
    [spoilt(easy)] {
        // SAFETY: the caller gives NULL or a handle, and a place of the info's type.
        unsafe { getinfo::getinfo(easy, info, place) }
    }
}
