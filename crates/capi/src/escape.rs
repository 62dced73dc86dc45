//! `curl_easy_escape` and its kin: percent-encoding for applications; `curl_free`.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use tress_model::escape;

use crate::entry::entry;
use crate::memory;

entry! {
    /// `curl_easy_escape(3)`
    fn curl_easy_escape(_easy: *mut c_void, text: *const c_char, length: c_int) -> *mut c_char [null_mut()] {
        // SAFETY: the caller's text is that long.
        unsafe { input(text, length) }.map_or(null_mut(), |text| memory::c_string(&escape::escape(text)))
    }

    /// `curl_escape(3)`
    fn curl_escape(text: *const c_char, length: c_int) -> *mut c_char [null_mut()] {
        // SAFETY: the parameters are of the same meaning.
        unsafe { curl_easy_escape(null_mut(), text, length) }
    }

    /// `curl_easy_unescape(3)`
    fn curl_easy_unescape(
        _easy: *mut c_void, text: *const c_char, length: c_int, out_length: *mut c_int,
    ) -> *mut c_char [null_mut()] {
        // SAFETY: the caller's text is that long.
        let Some(text) = (unsafe { input(text, length) }) else { return null_mut() };
        let plain = escape::unescape(text);
        if !out_length.is_null() {
            let Ok(length) = c_int::try_from(plain.len()) else { return null_mut() };
            // SAFETY: the caller gives NULL or a place for the length.
            unsafe { out_length.write(length) };
        }
        memory::c_string(&plain)
    }

    /// `curl_unescape(3)`
    fn curl_unescape(text: *const c_char, length: c_int) -> *mut c_char [null_mut()] {
        // SAFETY: the parameters are of the same meaning.
        unsafe { curl_easy_unescape(null_mut(), text, length, null_mut()) }
    }

    /// `curl_free(3)`
    fn curl_free(memory: *mut c_void) {
        // SAFETY: NULL, or memory that the library handed out and that was not freed yet.
        unsafe { memory::release(memory) }
    }
}

/// The text: `length` bytes, or up to its NUL for 0; none for NULL and negative lengths.
///
/// # Safety
/// `text` is NULL or as long as said.
unsafe fn input<'a>(text: *const c_char, length: c_int) -> Option<&'a [u8]> {
    let length = usize::try_from(length).ok()?;
    if length == 0 {
        // SAFETY: as the caller promises.
        return unsafe { memory::bytes(text) };
    }
    // SAFETY: as the caller promises.
    (!text.is_null()).then(|| unsafe { std::slice::from_raw_parts(text.cast(), length) })
}
