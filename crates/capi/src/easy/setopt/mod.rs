//! `curl_easy_setopt`: option numbers and C values become typed settings and callbacks.
//!
//! The kind of a value follows from the option's number; each kind has its file. Whatever is
//! the same as before is left alone, so that a prepared plan stays good.

mod blobs;
mod flags;
mod functions;
mod numbers;

mod pointers;
mod sizes;
mod texts;

use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::ptr::NonNull;
use std::sync::Arc;

use tress_engine::options::Text;
use tress_model::{Code, Error};

use super::{Easy, GivenUp, stores};
use crate::guard::{EasyCall, enter_easy};
pub(super) use crate::tables::opt as option;

/// `CURL_MAX_INPUT_LENGTH`: the longest string that is taken, in bytes.
pub const MAX_INPUT_LENGTH: usize = 8_000_000;

/// The value of an option, as the C call's variable argument has it.
#[derive(Clone, Copy)]
pub enum Value {
    /// Options below 10,000.
    Long(c_long),
    /// Options from 10,000 (objects), 20,000 (functions) and 40,000 (blobs).
    Pointer(*mut c_void),
    /// Options from 30,000.
    Offset(i64),
}

type Outcome = Result<(), Code>;

/// Sets an inline setting, or one of a group, unless it has the value already.
macro_rules! set {
    ($easy:ident, $field:ident = $value:expr) => {{
        let value = $value;
        if $easy.options.$field != value {
            $easy.options_mut().$field = value;
        }
        Ok(())
    }};
    ($easy:ident, $group:ident, $group_mut:ident, $field:ident = $value:expr) => {{
        let value = $value;
        if $easy.options.$group().$field != value {
            $easy.options_mut().$group_mut().$field = value;
        }
        Ok(())
    }};
    ($easy:ident, proxy.tls, $field:ident = $value:expr) => {{
        let value = $value;
        if $easy.options.proxy_tls().$field != value {
            $easy.options_mut().proxy_tls_mut().$field = value;
        }
        Ok(())
    }};
}
use set;

/// Sets an option.
///
/// # Safety
/// `easy` is NULL or points to readable memory; a pointer is what the option's manual page asks
/// for.
pub unsafe fn setopt(easy: *mut c_void, option: i32, value: Value) -> c_int {
    // SAFETY: by contract.
    let Some(easy) = (unsafe { Easy::from_c(easy) }) else {
        return Code::BadFunctionArgument as c_int;
    };
    // SAFETY: a good handle.
    let guard = match unsafe { enter_easy(easy, EasyCall::Setopt) } {
        Ok(guard) => guard,
        Err(code) => return code as c_int,
    };
    // Freed at the end: the application's functions are called, and nothing is borrowed then.
    let given_up = match option {
        // SAFETY: a good handle, not borrowed.
        option::MIMEPOST => unsafe { (*easy.as_ptr()).give_up_parts() },
        _ => GivenUp::default(),
    };
    // SAFETY: a good handle that nothing else borrows: callbacks run without borrows.
    let result = unsafe {
        match (option, value) {
            (option::COOKIELIST, Value::Pointer(value)) => cookielist(easy, value),
            (option::SHARE, Value::Pointer(value)) => stores::set_share(easy, value),
            _ => apply(easy, option, value),
        }
    };
    tell_stores(easy);
    drop(given_up);
    drop(guard);
    super::code(result)
}

/// `CURLOPT_COOKIELIST`; NULL does nothing. Lock functions of the application may run.
unsafe fn cookielist(easy: NonNull<Easy>, value: *mut c_void) -> Outcome {
    // SAFETY: by the caller's contract a C string or NULL.
    unsafe {
        if let Some(text) = text(value)? {
            stores::cookielist(easy, text);
        }
    }
    Ok(())
}

/// A transfer that is under way uses the stores of now.
fn tell_stores(easy: NonNull<Easy>) {
    // SAFETY: a good handle, and so is the multi handle that it is in; neither is borrowed.
    unsafe {
        let handle = easy.as_ref();
        if let (Some(id), Some(multi), Some(stores)) =
            (handle.id, handle.multi.as_mut(), &handle.stores)
            && let Some(transfer) = multi.engine.transfer_mut(id)
        {
            transfer.set_stores(Some(stores.clone()));
        }
    }
}

unsafe fn apply(handle: NonNull<Easy>, option: i32, value: Value) -> Outcome {
    // SAFETY: by the caller's contract.
    let easy = unsafe { &mut *handle.as_ptr() };
    let before = Arc::as_ptr(&easy.options);
    let result = match value {
        Value::Long(value) => set_long(easy, option, value),
        // SAFETY: by the caller's contract.
        Value::Pointer(value) => unsafe { set_pointer(easy, option, value) },
        Value::Offset(value) => sizes::set(easy, option, value),
    };
    // SAFETY: the multi handle of a handle that is in one is good, and not borrowed.
    if let (Some(id), Some(multi)) = (easy.id, unsafe { easy.multi.as_mut() }) {
        multi.settings_changed(handle, id);
        if before != Arc::as_ptr(&easy.options) {
            multi.engine.options_changed(id, easy.options.clone());
        }
    }
    if result == Err(Code::BadFunctionArgument) {
        easy.tell_error(&Error::new(
            Code::BadFunctionArgument,
            format!("setopt 0x{option:x} got bad argument"),
        ));
    }
    result
}

fn set_long(easy: &mut Easy, option: i32, value: c_long) -> Outcome {
    match flags::set(easy, option, value != 0) {
        Err(Code::UnknownOption) => numbers::set(easy, option, value),
        result => result,
    }
}

unsafe fn set_pointer(easy: &mut Easy, option: i32, value: *mut c_void) -> Outcome {
    match option {
        // SAFETY: by the caller's contract the pointer fits the option.
        10_000..20_000 => unsafe {
            match pointers::set(easy, option, value) {
                Err(Code::UnknownOption) => texts::set(easy, option, text(value)?),
                result => result,
            }
        },
        // SAFETY: as above.
        20_000..30_000 => unsafe { functions::set(easy, option, value) },
        // SAFETY: as above.
        40_000..50_000 => unsafe { blobs::set(easy, option, NonNull::new(value.cast())) },
        _ => Err(Code::UnknownOption),
    }
}

/// A C string; none for NULL.
///
/// # Safety
/// `value` is NULL or a C string that outlives the call.
unsafe fn text<'a>(value: *mut c_void) -> Result<Option<&'a [u8]>, Code> {
    if value.is_null() {
        return Ok(None);
    }
    // SAFETY: by contract.
    let bytes = unsafe { CStr::from_ptr(value.cast::<c_char>()) }.to_bytes();
    if bytes.len() > MAX_INPUT_LENGTH {
        return Err(Code::BadFunctionArgument);
    }
    Ok(Some(bytes))
}

/// A copy of a string option's value.
fn copy(value: Option<&[u8]>) -> Option<Text> {
    value.map(Text::from)
}
