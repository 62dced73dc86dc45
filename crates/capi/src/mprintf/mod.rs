//! `curl_m*printf(3)`: printf with libcurl's own conversions on every platform.

mod parse;
mod render;
#[cfg(test)]
mod tests;

use std::ffi::{c_char, c_int, c_void};

use crate::arguments::Arguments;
use crate::entry::entry;
use crate::memory;
use parse::{Format, Kind};
use render::Value;

/// No output grows beyond this; `curl_maprintf` then answers NULL.
const MAX_OUTPUT: usize = 8_000_000;

entry! {
    /// `curl_mprintf`, `curl_mfprintf` and their `v` forms.
    fn tress_printf_file(file: *mut libc::FILE, format: *const c_char, args: Option<Arguments>) -> c_int [0] {
        // SAFETY: the shim passes a format and arguments that fit it, as its caller promised.
        let text = unsafe { formatted(format, args, MAX_OUTPUT) };
        // SAFETY: the caller's stream; the text is that long.
        let written = unsafe { libc::fwrite(text.as_ptr().cast::<c_void>(), 1, text.len(), file) };
        written as c_int
    }

    /// `curl_msprintf` and its `v` form.
    fn tress_printf_unbounded(buffer: *mut c_char, format: *const c_char, args: Option<Arguments>) -> c_int [0] {
        // SAFETY: see `tress_printf_file`.
        let text = unsafe { formatted(format, args, MAX_OUTPUT) };
        // SAFETY: the caller says that the buffer holds whatever comes out.
        unsafe { store(buffer, &text) };
        text.len() as c_int
    }

    /// `curl_msnprintf` and its `v` form; the count is of what was stored.
    fn tress_printf_bounded(buffer: *mut c_char, size: usize, format: *const c_char, args: Option<Arguments>) -> c_int [0] {
        // SAFETY: see `tress_printf_file`.
        let text = unsafe { formatted(format, args, size.min(MAX_OUTPUT)) };
        let stored = text.len().min(size.saturating_sub(1));
        if size > 0 {
            // SAFETY: the buffer has `size` bytes, more than are stored.
            unsafe { store(buffer, &text[..stored]) };
        }
        stored as c_int
    }

    /// `curl_maprintf` and its `v` form.
    fn tress_printf_allocated(format: *const c_char, args: Option<Arguments>) -> *mut c_char [std::ptr::null_mut()] {
        // SAFETY: see `tress_printf_file`.
        let text = unsafe { formatted(format, args, MAX_OUTPUT) };
        if text.len() == MAX_OUTPUT {
            return std::ptr::null_mut();
        }
        memory::c_string(&text)
    }
}

/// # Safety
/// `buffer` holds the text and a NUL.
unsafe fn store(buffer: *mut c_char, text: &[u8]) {
    // SAFETY: as the caller promises.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr(), buffer.cast(), text.len());
        buffer.add(text.len()).write(0);
    }
}

/// The text, cut at `limit` bytes; nothing for a format that libcurl refuses.
///
/// # Safety
/// The format is a C string and the arguments are what it asks for.
unsafe fn formatted(format: *const c_char, args: Option<Arguments>, limit: usize) -> Vec<u8> {
    // SAFETY: as the caller promises.
    let (Some(format), Some(mut args)) = (unsafe { memory::bytes(format) }, args) else {
        return Vec::new();
    };
    let Some(format) = Format::parse(format) else { return Vec::new() };
    // SAFETY: the kinds are those of the caller's format.
    let values: Vec<Value> =
        format.inputs.iter().map(|kind| unsafe { fetch(*kind, &mut args) }).collect();
    // SAFETY: string values are C strings, or as long as their precision says.
    unsafe { render::render(&format, &values, limit) }
}

/// # Safety
/// The next argument is of that kind.
unsafe fn fetch(kind: Kind, args: &mut Arguments) -> Value {
    // SAFETY: as the caller promises.
    unsafe {
        match kind {
            Kind::Int => Value::Signed(args.int().into()),
            Kind::Long => Value::Signed(args.long()),
            Kind::LongLong => Value::Signed(args.off()),
            Kind::UnsignedInt => Value::Unsigned(args.unsigned().into()),
            Kind::UnsignedLong => Value::Unsigned(args.unsigned_long()),
            Kind::UnsignedLongLong => Value::Unsigned(args.unsigned_off()),
            Kind::Double => Value::Double(args.double()),
            Kind::String => Value::String(args.pointer()),
            Kind::Pointer => Value::Pointer(args.pointer()),
            Kind::Count => Value::Count(args.pointer()),
        }
    }
}
