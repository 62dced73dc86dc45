//! Memory that the application frees (`curl_free`) or hands over: it comes from the functions
//! given to `curl_global_init_mem`, or else from the C library.

use std::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

/// `curl_malloc_callback`.
pub type Malloc = unsafe extern "C" fn(usize) -> *mut c_void;
/// `curl_free_callback`.
pub type Free = unsafe extern "C" fn(*mut c_void);

static MALLOC: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
static FREE: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

/// Takes the application's functions; none: the C library's.
pub fn set_functions(functions: Option<(Malloc, Free)>) {
    let (malloc, free) = match functions {
        Some((malloc, free)) => (malloc as *mut c_void, free as *mut c_void),
        None => (std::ptr::null_mut(), std::ptr::null_mut()),
    };
    MALLOC.store(malloc, Ordering::Release);
    FREE.store(free, Ordering::Release);
}

/// `size` bytes, uninitialised; NULL when memory is out.
pub fn allocate(size: usize) -> *mut c_void {
    let function = MALLOC.load(Ordering::Acquire);
    if function.is_null() {
        // SAFETY: malloc takes any size.
        return unsafe { libc::malloc(size) };
    }
    // SAFETY: `set_functions` stored a `Malloc` there.
    unsafe { std::mem::transmute::<*mut c_void, Malloc>(function)(size) }
}

/// Gives memory of `allocate` back; NULL is nothing.
///
/// # Safety
/// `memory` is NULL or came from `allocate` and was not given back yet.
pub unsafe fn release(memory: *mut c_void) {
    if memory.is_null() {
        return;
    }
    let function = FREE.load(Ordering::Acquire);
    if function.is_null() {
        // SAFETY: the memory came from malloc, as the caller promises.
        return unsafe { libc::free(memory) };
    }
    // SAFETY: `set_functions` stored a `Free` there; the memory came from its `Malloc`.
    unsafe { std::mem::transmute::<*mut c_void, Free>(function)(memory) }
}

/// A copy of `bytes` with a NUL behind them, for the application to free; NULL when memory is out.
pub fn c_string(bytes: &[u8]) -> *mut c_char {
    let copy = allocate(bytes.len() + 1).cast::<u8>();
    if !copy.is_null() {
        // SAFETY: `copy` has room for the bytes and the NUL, and is new.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), copy, bytes.len());
            copy.add(bytes.len()).write(0);
        }
    }
    copy.cast()
}

/// A value moved into memory that the application may free; NULL when memory is out.
pub fn boxed<T: Copy>(value: T) -> *mut T {
    let place = allocate(size_of::<T>()).cast::<T>();
    if !place.is_null() {
        // SAFETY: `place` is new, large enough, and aligned as malloc aligns.
        unsafe { place.write(value) };
    }
    place
}

/// The bytes of a C string without its NUL; none for NULL.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string that outlives the slice unchanged.
pub unsafe fn bytes<'a>(text: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: as the caller promises.
    (!text.is_null()).then(|| unsafe { std::ffi::CStr::from_ptr(text) }.to_bytes())
}
