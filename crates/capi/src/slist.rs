//! `curl_slist`: the linked lists of strings that applications build and libcurl hands out.

use std::ffi::{c_char, c_void};

use crate::entry::entry;
use crate::memory;

/// `struct curl_slist`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Slist {
    pub data: *mut c_char,
    pub next: *mut Slist,
}

entry! {
    /// `curl_slist_append(3)`
    fn curl_slist_append(list: *mut Slist, data: *const c_char) -> *mut Slist
    [std::ptr::null_mut()] {
        // SAFETY: the caller gives NULL or a C string.
        let Some(data) = (unsafe { memory::bytes(data) }) else { return std::ptr::null_mut() };
        // SAFETY: the caller gives NULL or a list of ours.
        unsafe { append(list, data) }
    }

    /// `curl_slist_free_all(3)`
    fn curl_slist_free_all(list: *mut Slist) {
        let mut next = list;
        while !next.is_null() {
            // SAFETY: the nodes of a list are alive until freed here, each once.
            unsafe {
                let node = *next;
                memory::release(node.data.cast::<c_void>());
                memory::release(next.cast::<c_void>());
                next = node.next;
            }
        }
    }
}

/// `list` with a copy of `data` at its end; NULL when memory is out, and the list is as it was.
///
/// # Safety
/// `list` is NULL or a list whose nodes are alive.
pub unsafe fn append(list: *mut Slist, data: &[u8]) -> *mut Slist {
    let data = memory::c_string(data);
    if data.is_null() {
        return data.cast();
    }
    let node = memory::boxed(Slist { data, next: std::ptr::null_mut() });
    if node.is_null() {
        // SAFETY: allocated above, not handed out.
        unsafe { memory::release(data.cast()) };
        return node;
    }
    if list.is_null() {
        return node;
    }
    // SAFETY: the caller vouches for the nodes.
    unsafe {
        let mut last = list;
        while !(*last).next.is_null() {
            last = (*last).next;
        }
        (*last).next = node;
    }
    list
}

/// A new list with copies of `lines`; none when memory is out, and nothing is left of it.
pub fn of_lines<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Option<*mut Slist> {
    let mut list = std::ptr::null_mut();
    for line in lines {
        // SAFETY: the list is made here.
        let longer = unsafe { append(list, line) };
        if longer.is_null() {
            // SAFETY: made above, not handed out.
            unsafe { curl_slist_free_all(list) };
            return None;
        }
        list = longer;
    }
    Some(list)
}

/// The strings of a list, in order.
///
/// # Safety
/// `list` is NULL or a list whose nodes and strings stay as they are while iterating.
pub unsafe fn iter<'a>(list: *const Slist) -> impl Iterator<Item = &'a [u8]> {
    let mut next = list;
    std::iter::from_fn(move || {
        // SAFETY: as the caller promises.
        unsafe {
            let node = next.as_ref()?;
            next = node.next;
            Some(memory::bytes(node.data).unwrap_or_default())
        }
    })
}
