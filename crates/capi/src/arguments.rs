//! Arguments of the C-variadic functions, fetched through the C shim.

use std::ffi::{c_double, c_int, c_long, c_uint, c_ulong, c_void};
use std::ptr::NonNull;

/// Leads to a `struct tress_arguments` of the shim: a `va_list` that C alone may look into.
#[repr(transparent)]
pub struct Arguments(NonNull<c_void>);

unsafe extern "C" {
    fn tress_next_int(from: NonNull<c_void>) -> c_int;
    fn tress_next_unsigned(from: NonNull<c_void>) -> c_uint;
    fn tress_next_long(from: NonNull<c_void>) -> c_long;
    fn tress_next_unsigned_long(from: NonNull<c_void>) -> c_ulong;
    fn tress_next_off(from: NonNull<c_void>) -> i64;
    fn tress_next_unsigned_off(from: NonNull<c_void>) -> u64;
    fn tress_next_double(from: NonNull<c_void>) -> c_double;
    fn tress_next_pointer(from: NonNull<c_void>) -> *mut c_void;
}

/// Fetches the arguments in order; which types they have is the caller's promise.
///
/// # Safety (of every method)
/// The next argument must have been passed with the type that is asked for.
#[allow(clippy::missing_safety_doc)]
impl Arguments {
    /// An `int`.
    pub unsafe fn int(&mut self) -> c_int {
        // SAFETY: as the caller promises.
        unsafe { tress_next_int(self.0) }
    }

    /// An `unsigned int`.
    pub unsafe fn unsigned(&mut self) -> c_uint {
        // SAFETY: as the caller promises.
        unsafe { tress_next_unsigned(self.0) }
    }

    /// A `long`.
    pub unsafe fn long(&mut self) -> c_long {
        // SAFETY: as the caller promises.
        unsafe { tress_next_long(self.0) }
    }

    /// An `unsigned long`.
    pub unsafe fn unsigned_long(&mut self) -> c_ulong {
        // SAFETY: as the caller promises.
        unsafe { tress_next_unsigned_long(self.0) }
    }

    /// A `curl_off_t`.
    pub unsafe fn off(&mut self) -> i64 {
        // SAFETY: as the caller promises.
        unsafe { tress_next_off(self.0) }
    }

    /// A `curl_off_t` without a sign.
    pub unsafe fn unsigned_off(&mut self) -> u64 {
        // SAFETY: as the caller promises.
        unsafe { tress_next_unsigned_off(self.0) }
    }

    /// A `double`.
    pub unsafe fn double(&mut self) -> c_double {
        // SAFETY: as the caller promises.
        unsafe { tress_next_double(self.0) }
    }

    /// A pointer to anything.
    pub unsafe fn pointer<T>(&mut self) -> *mut T {
        // SAFETY: as the caller promises.
        unsafe { tress_next_pointer(self.0) }.cast()
    }
}
