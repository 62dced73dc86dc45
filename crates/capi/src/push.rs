//! Server push: the callback that is asked about it, and `curl_pushheader_*`, which tell it what
//! is promised.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{NonNull, null_mut};

use tress_engine::Pushed;

use crate::easy::{self, Easy};
use crate::entry::entry;
use crate::guard::{Callback, hold_easy};
use crate::multi::{self, Multi};

/// `CURL_PUSH_OK`.
const PUSH_OK: i32 = 0;
/// `CURL_PUSH_ERROROUT`.
const PUSH_ERROROUT: i32 = 2;

/// `struct curl_pushheaders`: the promised request, each field as `name:value`. It lives as long
/// as the callback runs.
pub struct PushHeaders(Vec<CString>);

/// Asks the application about a push and tells the engine what it said.
///
/// # Safety
/// `multi` and `parent` are good and not borrowed.
pub(crate) unsafe fn offered(
    multi: NonNull<Multi>,
    parent: Option<NonNull<Easy>>,
    url: &[u8],
    head: &[Box<[u8]>],
) {
    // SAFETY: by contract; each statement borrows a handle for itself only.
    unsafe {
        let new = parent.and_then(|parent| duplicate(parent, url));
        let ((Some((callback, data)), Some(parent)), Some(new)) =
            (((*multi.as_ptr()).push_callback(), parent), new)
        else {
            let _ = (*multi.as_ptr()).engine.pushed(Pushed::Deny);
            return;
        };
        let lines = head.iter().map(|line| CString::new(&**line).unwrap_or_default()).collect();
        let mut headers = PushHeaders(lines);
        let count = headers.0.len();
        let (from, to) = (parent.as_ptr().cast(), new.as_ptr().cast());
        // It is not the application's yet, to be ended.
        let held = hold_easy(new);
        let answer = multi::call(multi, Callback::Transfer, || {
            callback(from, to, count, (&raw mut headers).cast(), data)
        });
        drop(held);
        if answer == PUSH_OK {
            return multi::attach_pushed(multi, new);
        }
        easy::cleanup(to);
        let refused = if answer == PUSH_ERROROUT { Pushed::Fail } else { Pushed::Deny };
        let _ = (*multi.as_ptr()).engine.pushed(refused);
    }
}

/// A handle with the parent's settings, for the pushed URL.
unsafe fn duplicate(parent: NonNull<Easy>, url: &[u8]) -> Option<NonNull<Easy>> {
    // SAFETY: by the caller's contract.
    unsafe {
        let copy = NonNull::new(easy::duphandle(parent.as_ptr().cast()).cast::<Easy>())?;
        let handle = &mut *copy.as_ptr();
        if let Some(lists) = &mut handle.lists {
            lists.curlu = null_mut();
        }
        handle.options_mut().url = Some(url.into());
        Some(copy)
    }
}

impl PushHeaders {
    /// # Safety
    /// `headers` is NULL or what the callback was given.
    unsafe fn from_c<'a>(headers: *mut c_void) -> Option<&'a Self> {
        // SAFETY: by contract.
        unsafe { headers.cast::<Self>().as_ref() }
    }

    fn by_name(&self, name: &[u8]) -> Option<*mut c_char> {
        // A colon may be in a name's front only: pseudo fields have one there.
        if name.is_empty() || name == b":" || name.iter().skip(1).any(|&byte| byte == b':') {
            return None;
        }
        self.0.iter().find_map(|line| {
            let rest = line.to_bytes_with_nul().strip_prefix(name)?.strip_prefix(b":")?;
            Some(rest.as_ptr().cast::<c_char>().cast_mut())
        })
    }
}

entry! {
    /// `curl_pushheader_bynum(3)`
    fn curl_pushheader_bynum(headers: *mut c_void, number: usize) -> *mut c_char [null_mut()] {
        // SAFETY: NULL or the callback's argument, while the callback runs.
        let headers = unsafe { PushHeaders::from_c(headers) };
        let line = headers.and_then(|headers| headers.0.get(number));
        line.map_or(null_mut(), |line| line.as_ptr().cast_mut())
    }

    /// `curl_pushheader_byname(3)`
    fn curl_pushheader_byname(headers: *mut c_void, name: *const c_char) -> *mut c_char [null_mut()] {
        if name.is_null() {
            return null_mut();
        }
        // SAFETY: NULL or the callback's argument, while the callback runs; a C string.
        let (headers, name) = unsafe { (PushHeaders::from_c(headers), CStr::from_ptr(name)) };
        headers.and_then(|headers| headers.by_name(name.to_bytes())).unwrap_or(null_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_by_number_and_name() {
        let lines = ["x:1", ":path:/a:b", "x:2"].map(|line| CString::new(line).unwrap());
        let mut headers = PushHeaders(lines.to_vec());
        let headers = (&raw mut headers).cast::<c_void>();
        let text = |found: *mut c_char| {
            // SAFETY: NULL or a string of `headers`.
            (!found.is_null())
                .then(|| unsafe { CStr::from_ptr(found) }.to_str().unwrap().to_owned())
        };
        // SAFETY: good headers, C strings.
        let by_number = |number| text(unsafe { curl_pushheader_bynum(headers, number) });
        // SAFETY: as above.
        let by_name = |name: &CStr| text(unsafe { curl_pushheader_byname(headers, name.as_ptr()) });
        assert_eq!(by_number(1).as_deref(), Some(":path:/a:b"));
        assert_eq!(by_number(3), None);
        assert_eq!(by_name(c"x").as_deref(), Some("1"), "the first of its name");
        assert_eq!(by_name(c":path").as_deref(), Some("/a:b"));
        for name in [c"X", c"pat", c":", c"", c":path:/a", c"x:1"] {
            assert_eq!(by_name(name), None, "{name:?}");
        }
        // SAFETY: NULL is allowed.
        assert!(unsafe { curl_pushheader_bynum(null_mut(), 0) }.is_null());
    }
}
