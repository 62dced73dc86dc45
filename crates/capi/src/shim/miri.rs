//! For Miri, which runs no C: what the C files beside define, as far as tests of this crate need it, and
//! what Miri lacks of the C library. Made with the compiler's unfinished `c_variadic`.
#![allow(non_upper_case_globals)]

use std::ffi::{VaList, c_char, c_double, c_int, c_long, c_uint, c_ulong, c_void};
use std::ptr::{NonNull, null_mut};

use crate::form::HttpPost;

unsafe extern "C" {
    fn tress_formadd(
        first: *mut *mut HttpPost,
        last: *mut *mut HttpPost,
        list: *mut VaList<'_>,
    ) -> c_int;
    fn tress_printf_bounded(
        buffer: *mut c_char,
        size: usize,
        format: *const c_char,
        list: *mut VaList<'_>,
    ) -> c_int;
    fn tress_printf_allocated(format: *const c_char, list: *mut VaList<'_>) -> *mut c_char;
}

macro_rules! next {
    ($($name:ident: $type:ty),*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(from: NonNull<c_void>) -> $type {
            // SAFETY: a list of the functions below; the caller knows the next argument's type.
            unsafe { from.cast::<VaList>().as_mut().next_arg::<$type>() }
        }
    )*};
}

next! {
    tress_next_int: c_int,
    tress_next_unsigned: c_uint,
    tress_next_long: c_long,
    tress_next_unsigned_long: c_ulong,
    tress_next_off: i64,
    tress_next_unsigned_off: u64,
    tress_next_double: c_double,
    tress_next_pointer: *mut c_void
}

#[unsafe(no_mangle)]
unsafe extern "C" fn curl_formadd(
    first: *mut *mut HttpPost,
    last: *mut *mut HttpPost,
    mut list: ...
) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { tress_formadd(first, last, &raw mut list) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn curl_msnprintf(
    buffer: *mut c_char,
    size: usize,
    format: *const c_char,
    mut list: ...
) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { tress_printf_bounded(buffer, size, format, &raw mut list) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn curl_maprintf(format: *const c_char, mut list: ...) -> *mut c_char {
    // SAFETY: the caller's arguments.
    unsafe { tress_printf_allocated(format, &raw mut list) }
}

/// As C has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn strnlen(text: *const c_char, most: usize) -> usize {
    // SAFETY: the caller's text ends, or is longer than that.
    (0..most).find(|at| unsafe { text.add(*at).read() } == 0).unwrap_or(most)
}

/// No library can be opened.
#[unsafe(no_mangle)]
extern "C" fn dlopen(_name: *const c_char, _flags: c_int) -> *mut c_void {
    null_mut()
}

/// The flavour of `libcurl.so.4`.
pub static tress_flavour: c_int = 0;

pub static mut stdin: *mut libc::FILE = null_mut();
pub static mut stdout: *mut libc::FILE = null_mut();
pub static mut stderr: *mut libc::FILE = null_mut();
