//! `curl_easy_header`, `curl_easy_nextheader`: response headers by name.

use std::ffi::{CString, c_char, c_int, c_uint, c_void};
use std::ptr::{NonNull, null_mut};

use tress_model::headers::{Header, HeaderCode, HeaderStore, Origin};

use super::Easy;
use crate::entry::entry;
use crate::guard::{EasyCall, enter_easy};
use crate::memory;

/// `struct curl_header`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CHeader {
    name: *mut c_char,
    value: *mut c_char,
    amount: usize,
    index: usize,
    origin: c_uint,
    /// The header's place in the store, plus one.
    anchor: usize,
}

/// The header that a call gave out last: each of the two functions has its own.
#[derive(Default)]
pub struct Kept {
    by_name: Option<Box<Given>>,
    next: Option<Box<Given>>,
}

struct Given {
    c: CHeader,
    _name: CString,
    _value: CString,
}

/// Set in every origin, so that programs do not compare for equality.
const ORIGIN_RESERVED: c_uint = 1 << 27;

entry! {
    /// `curl_easy_header(3)`
    fn curl_easy_header(
        easy: *mut c_void,
        name: *const c_char,
        index: usize,
        origin: c_uint,
        request: c_int,
        place: *mut *mut CHeader,
    ) -> c_int [HeaderCode::OutOfMemory as c_int] {
        // SAFETY: the caller gives NULL or good ones.
        let (easy, name) = unsafe { (Easy::from_c(easy), memory::bytes(name)) };
        let (Some(easy), Some(name), false) = (easy, name, place.is_null()) else {
            return HeaderCode::BadArgument as c_int;
        };
        let origins = u8::try_from(origin).ok().and_then(Origin::from_bits);
        let Some(origins) = origins.filter(|origins| !origins.is_empty() && request >= -1) else {
            return HeaderCode::BadArgument as c_int;
        };
        // SAFETY: a good handle, not borrowed; a good place.
        unsafe {
            let Ok(_guard) = enter_easy(easy, EasyCall::Header) else {
                return HeaderCode::BadArgument as c_int;
            };
            let found = match store(easy) {
                Some(store) => store.header(name, index, origins, request).map(Given::new),
                None => Err(HeaderCode::NoHeaders),
            };
            match found {
                Ok(given) => {
                    let kept = &mut (*easy.as_ptr()).kept_mut().header.by_name;
                    place.write(keep(kept, given));
                    0
                }
                Err(code) => code as c_int,
            }
        }
    }

    /// `curl_easy_nextheader(3)`
    fn curl_easy_nextheader(
        easy: *mut c_void,
        origin: c_uint,
        request: c_int,
        previous: *mut CHeader,
    ) -> *mut CHeader [null_mut()] {
        // SAFETY: the caller gives NULL or good ones.
        let (Some(easy), previous) = (unsafe { (Easy::from_c(easy), previous.as_ref()) }) else {
            return null_mut();
        };
        let origins = Origin::from_bits_truncate(origin as u8);
        let previous = previous.map(|header| header.anchor.wrapping_sub(1));
        // SAFETY: a good handle, not borrowed.
        unsafe {
            let Ok(_guard) = enter_easy(easy, EasyCall::Header) else { return null_mut() };
            let found = store(easy).and_then(|store| store.next(origins, request, previous));
            let Some(given) = found.map(Given::new) else { return null_mut() };
            keep(&mut (*easy.as_ptr()).kept_mut().header.next, given)
        }
    }
}

/// The headers of the handle's transfer.
unsafe fn store<'a>(easy: NonNull<Easy>) -> Option<&'a HeaderStore> {
    // SAFETY: by the caller's contract.
    unsafe { (*easy.as_ptr()).transfer() }.map(|transfer| transfer.headers())
}

fn keep(kept: &mut Option<Box<Given>>, given: Given) -> *mut CHeader {
    &raw mut kept.insert(Box::new(given)).c
}

impl Given {
    fn new(header: Header<'_>) -> Self {
        let text = |bytes: &[u8]| CString::new(bytes).unwrap_or_default();
        let (name, value) = (text(header.name), text(header.value));
        let c = CHeader {
            name: name.as_ptr().cast_mut(),
            value: value.as_ptr().cast_mut(),
            amount: header.amount,
            index: header.index,
            origin: c_uint::from(header.origin.bits()) | ORIGIN_RESERVED,
            anchor: header.anchor + 1,
        };
        Self { c, _name: name, _value: value }
    }
}
