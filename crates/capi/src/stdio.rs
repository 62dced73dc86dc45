//! The C library's streams: where bodies go and come from when no callback is set.

use std::ffi::{c_char, c_int, c_long, c_void};

#[cfg(miri)]
use crate::shim::{stderr, stdin, stdout};

#[cfg(not(miri))]
unsafe extern "C" {
    static stdin: *mut libc::FILE;
    static stdout: *mut libc::FILE;
    static stderr: *mut libc::FILE;
}

/// Standard input.
pub fn stdin_stream() -> *mut libc::FILE {
    // SAFETY: set by the C library before any program code.
    unsafe { stdin }
}

/// Standard output.
pub fn stdout_stream() -> *mut libc::FILE {
    // SAFETY: as above.
    unsafe { stdout }
}

/// Standard error.
pub fn stderr_stream() -> *mut libc::FILE {
    // SAFETY: as above.
    unsafe { stderr }
}

/// `fwrite` as a write callback.
///
/// # Safety
/// `stream` is an open `FILE *`; `size * count` bytes are readable.
pub unsafe extern "C" fn write(
    bytes: *mut c_char,
    size: usize,
    count: usize,
    stream: *mut c_void,
) -> usize {
    // SAFETY: by contract.
    unsafe { libc::fwrite(bytes.cast(), size, count, stream.cast()) }
}

/// `fread` as a read callback.
///
/// # Safety
/// `stream` is an open `FILE *`; `size * count` bytes are writable.
pub unsafe extern "C" fn read(
    bytes: *mut c_char,
    size: usize,
    count: usize,
    stream: *mut c_void,
) -> usize {
    // SAFETY: by contract.
    unsafe { libc::fread(bytes.cast(), size, count, stream.cast()) }
}

/// Sets a stream to an offset from its start; false when it cannot.
///
/// # Safety
/// `stream` is an open `FILE *`.
pub unsafe fn seek(stream: *mut libc::FILE, offset: u64) -> bool {
    let Ok(offset) = c_long::try_from(offset) else { return false };
    // SAFETY: by contract.
    unsafe { libc::fseek(stream, offset, libc::SEEK_SET) == 0 }
}

/// `fseek` as a seek callback: `CURL_SEEKFUNC_OK` or `CURL_SEEKFUNC_CANTSEEK`.
///
/// # Safety
/// `stream` is an open `FILE *`.
pub unsafe extern "C" fn seek_callback(stream: *mut c_void, offset: i64, origin: c_int) -> c_int {
    // SAFETY: by contract.
    let failed = unsafe { libc::fseek(stream.cast(), offset, origin) } != 0;
    if failed { 2 } else { 0 }
}

/// Writes all bytes to a stream, as far as it takes them.
///
/// # Safety
/// `stream` is an open `FILE *`.
pub unsafe fn put(stream: *mut libc::FILE, bytes: &[u8]) {
    // SAFETY: by contract.
    unsafe { libc::fwrite(bytes.as_ptr().cast(), bytes.len(), 1, stream) };
}
