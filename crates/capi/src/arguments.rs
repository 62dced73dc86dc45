//! Arguments of the C-variadic functions, fetched through the C shim.

use std::ffi::{c_double, c_int, c_long, c_void};

/// `struct tress_arguments` of the shim: a `va_list` that C alone may look into.
#[repr(C)]
pub struct Arguments {
    opaque: [u8; 0],
}

unsafe extern "C" {
    fn tress_next_int(from: *mut Arguments) -> c_int;
    fn tress_next_long(from: *mut Arguments) -> c_long;
    fn tress_next_off(from: *mut Arguments) -> i64;
    fn tress_next_double(from: *mut Arguments) -> c_double;
    fn tress_next_pointer(from: *mut Arguments) -> *mut c_void;
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
        unsafe { tress_next_int(self) }
    }

    /// A `long`.
    pub unsafe fn long(&mut self) -> c_long {
        // SAFETY: as the caller promises.
        unsafe { tress_next_long(self) }
    }

    /// A `curl_off_t`.
    pub unsafe fn off(&mut self) -> i64 {
        // SAFETY: as the caller promises.
        unsafe { tress_next_off(self) }
    }

    /// A `double`.
    pub unsafe fn double(&mut self) -> c_double {
        // SAFETY: as the caller promises.
        unsafe { tress_next_double(self) }
    }

    /// A pointer to anything.
    pub unsafe fn pointer<T>(&mut self) -> *mut T {
        // SAFETY: as the caller promises.
        unsafe { tress_next_pointer(self) }.cast()
    }
}
