//! `curl_ws_*`: WebSocket is not built in yet, and says so.

use std::ffi::{c_int, c_uint, c_void};
use std::ptr::null;

use crate::entry::entry;
use crate::tables::codes::curle;

/// `struct curl_ws_frame`
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs)]
pub struct WsFrame {
    pub age: c_int,
    pub flags: c_int,
    pub offset: i64,
    pub bytesleft: i64,
    pub len: usize,
}

entry! {
    /// `curl_ws_recv(3)`
    fn curl_ws_recv(
        _easy: *mut c_void, _buffer: *mut c_void, _size: usize, received: *mut usize,
        meta: *mut *const WsFrame,
    ) -> c_int [curle::NOT_BUILT_IN] {
        // SAFETY: NULL or places of the caller.
        unsafe {
            if let Some(received) = received.as_mut() {
                *received = 0;
            }
            if let Some(meta) = meta.as_mut() {
                *meta = null();
            }
        }
        curle::NOT_BUILT_IN
    }

    /// `curl_ws_send(3)`
    fn curl_ws_send(
        _easy: *mut c_void, _buffer: *const c_void, _size: usize, sent: *mut usize, _fragment: i64,
        _flags: c_uint,
    ) -> c_int [curle::NOT_BUILT_IN] {
        // SAFETY: NULL or a place of the caller.
        if let Some(sent) = unsafe { sent.as_mut() } {
            *sent = 0;
        }
        curle::NOT_BUILT_IN
    }

    /// `curl_ws_start_frame(3)`
    fn curl_ws_start_frame(_easy: *mut c_void, _flags: c_uint, _length: i64) -> c_int [curle::NOT_BUILT_IN] {
        curle::NOT_BUILT_IN
    }

    /// `curl_ws_meta(3)`
    fn curl_ws_meta(_easy: *mut c_void) -> *const WsFrame [null()] {
        null()
    }
}
