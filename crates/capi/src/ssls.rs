//! `curl_easy_ssls_*`: TLS sessions are not handed out or taken in yet, and the calls say so.

use std::ffi::{c_char, c_int, c_uchar, c_void};

use crate::entry::entry;
use crate::tables::codes::curle;

/// `curl_ssls_export_cb`
type Export = unsafe extern "C" fn(
    *mut c_void,
    *mut c_void,
    *const c_char,
    *const c_uchar,
    usize,
    *const c_uchar,
    usize,
    i64,
    c_int,
    *const c_char,
    usize,
) -> c_int;

entry! {
    /// `curl_easy_ssls_import(3)`
    fn curl_easy_ssls_import(
        _easy: *mut c_void, _key: *const c_char, _mac: *const c_uchar, _mac_size: usize,
        _session: *const c_uchar, _session_size: usize,
    ) -> c_int [curle::NOT_BUILT_IN] {
        curle::NOT_BUILT_IN
    }

    /// `curl_easy_ssls_export(3)`
    fn curl_easy_ssls_export(_easy: *mut c_void, _export: Option<Export>, _user: *mut c_void)
    -> c_int [curle::NOT_BUILT_IN] {
        curle::NOT_BUILT_IN
    }
}
