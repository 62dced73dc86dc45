//! `curl_url_*`: the URL API.

use std::ffi::{c_char, c_int, c_uint};
use std::ptr::null_mut;

use tress_model::url::{Url, UrlCode, UrlFlags, UrlPart};

use crate::entry::entry;
use crate::memory;
use crate::tables::codes::curlue;

/// `CURLU`
pub struct CurlU(Url);

impl CurlU {
    /// The URL within, for `CURLOPT_CURLU`.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

entry! {
    /// `curl_url(3)`
    fn curl_url() -> *mut CurlU [null_mut()] {
        Box::into_raw(Box::new(CurlU(Url::new())))
    }

    /// `curl_url_cleanup(3)`
    fn curl_url_cleanup(url: *mut CurlU) {
        if !url.is_null() {
            // SAFETY: a handle of `curl_url` or `curl_url_dup`, given back once.
            drop(unsafe { Box::from_raw(url) });
        }
    }

    /// `curl_url_dup(3)`
    fn curl_url_dup(url: *const CurlU) -> *mut CurlU [null_mut()] {
        // SAFETY: NULL or a living handle.
        match unsafe { url.as_ref() } {
            Some(url) => Box::into_raw(Box::new(CurlU(url.0.clone()))),
            None => null_mut(),
        }
    }

    /// `curl_url_get(3)`
    fn curl_url_get(url: *const CurlU, what: c_int, part: *mut *mut c_char, flags: c_uint)
    -> c_int [curlue::OUT_OF_MEMORY] {
        // SAFETY: NULL or a living handle.
        let Some(url) = (unsafe { url.as_ref() }) else { return curlue::BAD_HANDLE };
        if part.is_null() {
            return curlue::BAD_PARTPOINTER;
        }
        // SAFETY: the caller gives a place for the pointer.
        unsafe { part.write(null_mut()) };
        let Some(what) = UrlPart::from_number(what) else { return curlue::UNKNOWN_PART };
        match url.0.get(what, UrlFlags::from_bits_retain(flags)) {
            Ok(text) => {
                let text = memory::c_string(&text);
                // SAFETY: as above.
                unsafe { part.write(text) };
                if text.is_null() { curlue::OUT_OF_MEMORY } else { curlue::OK }
            }
            Err(code) => code as c_int,
        }
    }

    /// `curl_url_set(3)`; NULL for a part removes it.
    fn curl_url_set(url: *mut CurlU, what: c_int, part: *const c_char, flags: c_uint)
    -> c_int [curlue::OUT_OF_MEMORY] {
        // SAFETY: NULL or a living handle that no other call uses.
        let Some(url) = (unsafe { url.as_mut() }) else { return curlue::BAD_HANDLE };
        let Some(what) = UrlPart::from_number(what) else { return curlue::UNKNOWN_PART };
        // SAFETY: NULL or a C string.
        let part = unsafe { memory::bytes(part) };
        let result = url.0.set(what, part, UrlFlags::from_bits_retain(flags));
        result.map_or_else(|code: UrlCode| code as c_int, |()| curlue::OK)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    #[test]
    fn set_get_and_free() {
        // SAFETY: the handle is alive between its calls; the string is freed once.
        unsafe {
            let url = curl_url();
            assert_eq!(curl_url_set(url, 0, c"http://u@h:81/p?q#f".as_ptr(), 0), 0);
            let mut part = null_mut();
            assert_eq!(curl_url_get(url, 5, &raw mut part, 0), 0);
            assert_eq!(CStr::from_ptr(part), c"h");
            memory::release(part.cast());
            assert_eq!(curl_url_set(url, 9, std::ptr::null(), 0), 0);
            assert_eq!(curl_url_get(url, 9, &raw mut part, 0), curlue::NO_FRAGMENT);
            curl_url_cleanup(url);
        }
    }

    #[test]
    fn null_arguments() {
        let mut part = null_mut();
        // SAFETY: NULL is what is tested.
        unsafe {
            assert_eq!(curl_url_get(null_mut(), 0, &raw mut part, 0), curlue::BAD_HANDLE);
            assert_eq!(curl_url_set(null_mut(), 0, null_mut(), 0), curlue::BAD_HANDLE);
            let url = curl_url();
            assert_eq!(curl_url_get(url, 0, null_mut(), 0), curlue::BAD_PARTPOINTER);
            assert_eq!(curl_url_get(url, 99, &raw mut part, 0), curlue::UNKNOWN_PART);
            curl_url_cleanup(url);
            curl_url_cleanup(null_mut());
            assert!(curl_url_dup(null_mut()).is_null());
        }
    }
}
