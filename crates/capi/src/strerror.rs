//! `curl_*_strerror`: the text of a result code.

use std::ffi::{CStr, c_char, c_int};

use crate::entry::entry;
use crate::tables::codes::{EASY_CODES, MULTI_CODES, SHARE_CODES, URL_CODES};
use crate::tables::row::CodeRow;

entry! {
    /// `curl_easy_strerror(3)`
    fn curl_easy_strerror(code: c_int) -> *const c_char [c"Unknown error".as_ptr()] {
        text(EASY_CODES, code, c"Unknown error").as_ptr()
    }

    /// `curl_multi_strerror(3)`
    fn curl_multi_strerror(code: c_int) -> *const c_char [c"Unknown error".as_ptr()] {
        text(MULTI_CODES, code, c"Unknown error").as_ptr()
    }

    /// `curl_share_strerror(3)`
    fn curl_share_strerror(code: c_int) -> *const c_char [c"CURLSHcode unknown".as_ptr()] {
        text(SHARE_CODES, code, c"CURLSHcode unknown").as_ptr()
    }

    /// `curl_url_strerror(3)`
    fn curl_url_strerror(code: c_int) -> *const c_char [c"CURLUcode unknown".as_ptr()] {
        text(URL_CODES, code, c"CURLUcode unknown").as_ptr()
    }
}

/// The text of an easy handle's code, as `curl_easy_strerror` gives it.
pub fn easy_text(code: c_int) -> &'static CStr {
    text(EASY_CODES, code, c"Unknown error")
}

fn text(rows: &[CodeRow], code: c_int, unknown: &'static CStr) -> &'static CStr {
    rows.iter().find(|row| row.value == code).and_then(|row| row.text).unwrap_or(unknown)
}
