//! Cookies, HSTS and shares as the application sees them.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{null_mut, without_provenance_mut};

use super::*;
use crate::callbacks::{HstsEntry, HstsIndex};
use crate::multi::api::{
    curl_multi_add_handle, curl_multi_cleanup, curl_multi_init, curl_multi_remove_handle,
};
use crate::share::{
    curl_share_cleanup, curl_share_init, tress_share_setopt_int, tress_share_setopt_ptr,
};
use crate::slist::{self, Slist};
use crate::tables::shopt;
use tress_model::MultiCode;

const LINE: &str = "Set-Cookie: a=1; domain=host.example; path=/";

impl Handle {
    fn cookies(&self) -> Vec<String> {
        let mut list: *mut Slist = null_mut();
        // SAFETY: a good handle, a place for a list; the list is ours to free.
        unsafe {
            assert_eq!(getinfo(self.0, info::COOKIELIST, (&raw mut list).cast()), 0);
            let lines =
                slist::iter(list).map(|line| String::from_utf8_lossy(line).into()).collect();
            slist::curl_slist_free_all(list);
            lines
        }
    }

    fn pointer(&self, option: i32, value: *mut c_void) -> c_int {
        // SAFETY: a good handle, and what the option asks for.
        unsafe { setopt(self.0, option, Value::Pointer(value)) }
    }

    fn copy(&self) -> Self {
        // SAFETY: a good handle.
        Self(unsafe { curl_easy_duphandle(self.0) })
    }
}

#[test]
fn cookies_are_listed_and_cleared() {
    let easy = Handle::new();
    assert!(easy.cookies().is_empty());
    assert_eq!(easy.text(opt::COOKIELIST, LINE), 0);
    let netscape = "other.example\tFALSE\t/\tFALSE\t4000000000\tb\t2";
    assert_eq!(easy.text(opt::COOKIELIST, netscape), 0);
    let mut lines = easy.cookies();
    lines.sort();
    assert_eq!(lines, [".host.example\tTRUE\t/\tFALSE\t0\ta\t1", netscape]);
    assert_eq!(easy.text(opt::COOKIELIST, "SESS"), 0);
    assert_eq!(easy.cookies(), [netscape]);
    assert!(easy.copy().cookies().is_empty());
    assert_eq!(easy.text(opt::COOKIELIST, "ALL"), 0);
    assert!(easy.cookies().is_empty());
    assert_eq!(easy.text(opt::COOKIELIST, LINE), 0);
    assert_eq!(easy.pointer(opt::COOKIEFILE, null_mut()), 0);
    assert!(easy.cookies().is_empty());
}

thread_local! {
    static LOCKED: Cell<i32> = const { Cell::new(0) };
    static LOCKS: Cell<i32> = const { Cell::new(0) };
}

unsafe extern "C" fn lock(_: *mut c_void, _: c_int, _: c_int, _: *mut c_void) {
    LOCKED.set(LOCKED.get() + 1);
    LOCKS.set(LOCKS.get() + 1);
}

unsafe extern "C" fn unlock(_: *mut c_void, _: c_int, _: *mut c_void) {
    LOCKED.set(LOCKED.get() - 1);
}

#[test]
fn shared_cookies_outlive_their_handles() {
    // SAFETY: a share of ours, with functions of the right types.
    let share = unsafe {
        let share = curl_share_init();
        assert_eq!(tress_share_setopt_int(share, shopt::SHARE, 2), 0);
        assert_eq!(tress_share_setopt_ptr(share, shopt::LOCKFUNC, lock as *mut c_void), 0);
        assert_eq!(tress_share_setopt_ptr(share, shopt::UNLOCKFUNC, unlock as *mut c_void), 0);
        share
    };
    let one = Handle::new();
    assert_eq!(one.pointer(opt::SHARE, share), 0);
    assert_eq!(one.text(opt::COOKIELIST, LINE), 0);
    assert!(one.copy().cookies().is_empty());
    drop(one);
    let two = Handle::new();
    assert!(two.cookies().is_empty());
    assert_eq!(two.pointer(opt::SHARE, share), 0);
    assert_eq!(two.cookies().len(), 1);
    // SAFETY: the share is in use, and refuses.
    assert_ne!(unsafe { curl_share_cleanup(share) }, 0);
    assert_eq!(two.pointer(opt::SHARE, null_mut()), 0);
    assert!(two.cookies().is_empty());
    assert_eq!(LOCKED.get(), 0);
    assert!(LOCKS.get() >= 6);
    // SAFETY: nobody uses it any more.
    assert_eq!(unsafe { curl_share_cleanup(share) }, 0);
}

thread_local! {
    static GIVEN: Cell<bool> = const { Cell::new(false) };
    static WRITTEN: Cell<usize> = const { Cell::new(0) };
}

unsafe extern "C" fn give(_: *mut c_void, entry: *mut HstsEntry, data: *mut c_void) -> c_int {
    assert_eq!(data.addr(), 7);
    if GIVEN.replace(true) {
        return 1;
    }
    // SAFETY: the library gives a whole entry with room for the name.
    unsafe {
        let entry = &mut *entry;
        let name = c"below.example".to_bytes_with_nul();
        assert!(entry.namelen >= name.len());
        entry.name.cast::<u8>().copy_from_nonoverlapping(name.as_ptr(), name.len());
        entry.set_include_subdomains(true);
    }
    0
}

unsafe extern "C" fn take(
    _: *mut c_void,
    entry: *mut HstsEntry,
    index: *mut HstsIndex,
    data: *mut c_void,
) -> c_int {
    // SAFETY: the library gives a whole entry and index.
    unsafe {
        let (entry, index) = (&*entry, &*index);
        assert_eq!((data.addr(), index.index, index.total), (9, 0, 1));
        assert_eq!(CStr::from_ptr(entry.name), c"below.example");
        assert_eq!(entry.namelen, 13);
        assert!(entry.include_subdomains());
        let expire: *const c_char = entry.expire.as_ptr();
        assert_eq!(CStr::from_ptr(expire), c"unlimited");
    }
    WRITTEN.set(WRITTEN.get() + 1);
    0
}

#[test]
fn hsts_entries_come_from_and_go_to_the_application() {
    assert_eq!((size_of::<HstsEntry>(), std::mem::offset_of!(HstsEntry, expire)), (40, 17));
    let easy = Handle::new();
    assert_eq!(easy.long(opt::HSTS_CTRL, 1), 0);
    assert_eq!(easy.pointer(opt::HSTSREADFUNCTION, give as *mut c_void), 0);
    assert_eq!(easy.pointer(opt::HSTSREADDATA, without_provenance_mut(7)), 0);
    assert_eq!(easy.pointer(opt::HSTSWRITEFUNCTION, take as *mut c_void), 0);
    assert_eq!(easy.pointer(opt::HSTSWRITEDATA, without_provenance_mut(9)), 0);
    let copy = easy.copy();
    assert!(GIVEN.get());
    drop(copy);
    drop(easy);
    assert_eq!(WRITTEN.get(), 1);
}

/// `CURLSTS_DONE`
const DONE: c_int = 1;

/// Puts the handle that is asked for into another multi handle, and tells how that went.
unsafe extern "C" fn add_elsewhere(
    easy: *mut c_void,
    _: *mut HstsEntry,
    answer: *mut c_void,
) -> c_int {
    // SAFETY: the handle is good, and `answer` is what the option was set to.
    unsafe {
        let multi = curl_multi_init();
        *answer.cast::<c_int>() = curl_multi_add_handle(multi, easy);
        curl_multi_cleanup(multi) + DONE
    }
}

#[test]
#[cfg_attr(miri, ignore = "poll of the C library")]
fn a_handle_that_is_being_added_goes_nowhere_else() {
    let easy = Handle::new();
    easy.text(opt::URL, "http://127.0.0.1:1/");
    easy.long(opt::HSTS_CTRL, 1);
    let mut answer: c_int = -1;
    // SAFETY: good handles, options with what their manual pages ask for.
    unsafe {
        setopt(easy.0, opt::HSTSREADFUNCTION, Value::Pointer(add_elsewhere as *mut c_void));
        setopt(easy.0, opt::HSTSREADDATA, Value::Pointer((&raw mut answer).cast()));
        curl_easy_perform(easy.0);
        assert_eq!(answer, MultiCode::AddedAlready as c_int);
        answer = -1;
        let multi = curl_multi_init();
        assert_eq!(curl_multi_add_handle(multi, easy.0), 0);
        assert_eq!(answer, MultiCode::AddedAlready as c_int);
        assert_eq!(curl_multi_remove_handle(multi, easy.0), 0);
        assert_eq!(curl_multi_cleanup(multi), 0);
    }
}
