//! `curl_strequal`, `curl_strnequal`, `curl_getenv`, `curl_getdate`.

use std::ffi::{OsStr, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::ptr::null_mut;

use tress_model::date;

use crate::entry::entry;
use crate::memory;

entry! {
    /// `curl_strequal(3)`: ASCII letters are the same in both cases.
    fn curl_strequal(one: *const c_char, other: *const c_char) -> c_int [0] {
        // SAFETY: both are NULL or C strings.
        match unsafe { (memory::bytes(one), memory::bytes(other)) } {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other).into(),
            (one, other) => (one.is_none() && other.is_none()).into(),
        }
    }

    /// `curl_strnequal(3)`: the same, no further than `most` bytes.
    fn curl_strnequal(one: *const c_char, other: *const c_char, most: usize) -> c_int [0] {
        if one.is_null() || other.is_null() {
            return (one.is_null() && other.is_null() && most > 0).into();
        }
        // SAFETY: both are readable up to their NUL or `most`.
        let (one, other) = unsafe { (prefix(one, most), prefix(other, most)) };
        one.eq_ignore_ascii_case(other).into()
    }

    /// `curl_getenv(3)`: NULL also for an empty value.
    fn curl_getenv(name: *const c_char) -> *mut c_char [null_mut()] {
        // SAFETY: NULL or a C string.
        let Some(name) = (unsafe { memory::bytes(name) }) else { return null_mut() };
        let value = std::env::var_os(OsStr::from_bytes(name)).filter(|value| !value.is_empty());
        value.map_or(null_mut(), |value| memory::c_string(value.as_bytes()))
    }

    /// `curl_getdate(3)`; -1: no date.
    fn curl_getdate(text: *const c_char, _unused: *const libc::time_t) -> libc::time_t [-1] {
        // SAFETY: NULL or a C string.
        let seconds = unsafe { memory::bytes(text) }.and_then(date::parse_date);
        match seconds {
            // -1 cannot be told from failure.
            Some(-1) => 0,
            Some(seconds) => seconds,
            None => -1,
        }
    }
}

/// # Safety
/// `text` is readable up to its NUL or `most` bytes.
unsafe fn prefix<'a>(text: *const c_char, most: usize) -> &'a [u8] {
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(text.cast(), libc::strnlen(text, most)) }
}
