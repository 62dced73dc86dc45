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
    name: Vec<u8>,
    value: Vec<u8>,
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
                Some(store) => store.header(name, index, origins, request).map(Given::boxed),
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
            let Some(given) = found.map(Given::boxed) else { return null_mut() };
            keep(&mut (*easy.as_ptr()).kept_mut().header.next, given)
        }
    }
}

/// The headers of the handle's transfer.
unsafe fn store<'a>(easy: NonNull<Easy>) -> Option<&'a HeaderStore> {
    // SAFETY: by the caller's contract.
    unsafe { (*easy.as_ptr()).transfer() }.map(|transfer| transfer.headers())
}

fn keep(kept: &mut Option<Box<Given>>, given: Box<Given>) -> *mut CHeader {
    let given = kept.insert(given);
    // Only now that everything is where it stays: a pointer that was taken before is not good after a move.
    given.c.name = given.name.as_mut_ptr().cast();
    given.c.value = given.value.as_mut_ptr().cast();
    &raw mut given.c
}

impl Given {
    fn boxed(header: Header<'_>) -> Box<Self> {
        let text = |bytes: &[u8]| CString::new(bytes).unwrap_or_default().into_bytes_with_nul();
        let c = CHeader {
            name: null_mut(),
            value: null_mut(),
            amount: header.amount,
            index: header.index,
            origin: c_uint::from(header.origin.bits()) | ORIGIN_RESERVED,
            anchor: header.anchor + 1,
        };
        Box::new(Self { c, name: text(header.name), value: text(header.value) })
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    #[test]
    fn what_is_given_out_can_be_read_and_written_until_the_next_call() {
        let header = |name, value, anchor| Header {
            name,
            value,
            amount: 2,
            index: anchor,
            origin: Origin::HEADER,
            anchor,
        };
        let mut kept = Kept::default();
        let first = keep(&mut kept.by_name, Given::boxed(header(b"A", b"one", 0)));
        let other = keep(&mut kept.next, Given::boxed(header(b"B", b"", 1)));
        // SAFETY: each is the last of its function.
        unsafe {
            assert_eq!(CStr::from_ptr((*first).name), c"A");
            (*first).value.write(b'O' as c_char);
            assert_eq!(CStr::from_ptr((*first).value), c"One");
            assert_eq!(CStr::from_ptr((*other).value), c"");
            assert_eq!(((*other).amount, (*other).index, (*other).anchor), (2, 1, 2));
        }
        let second = keep(&mut kept.by_name, Given::boxed(header(b"A", b"two", 2)));
        // SAFETY: as above.
        unsafe { assert_eq!(CStr::from_ptr((*second).value), c"two") };
    }
}
