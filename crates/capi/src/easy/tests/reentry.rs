//! What the application was given stays good, and what its functions call meanwhile ends nothing
//! that is still in use.

use std::ffi::c_char;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};

use tress_engine::Supplied;

use super::*;
use crate::mime::api::{curl_mime_addpart, curl_mime_data_cb, curl_mime_free, curl_mime_init};
use crate::mime::upload::Caller;
use crate::multi::api::{
    curl_multi_add_handle, curl_multi_cleanup, curl_multi_init, curl_multi_notify_enable,
    curl_multi_perform, curl_multi_remove_handle, tress_multi_setopt_ptr,
};
use crate::share::{curl_share_cleanup, curl_share_init, tress_share_setopt_ptr};
use crate::tables::{mopt, shopt};

#[test]
fn a_text_stays_where_it_is_as_long_as_it_is_true() {
    let easy = Handle::new();
    easy.text(opt::URL, "http://a.test/");
    let url = || {
        let mut text = null_mut::<c_char>();
        // SAFETY: a good handle and place.
        assert_eq!(unsafe { getinfo(easy.0, info::EFFECTIVE_URL, (&raw mut text).cast()) }, 0);
        text
    };
    let (first, second) = (url(), url());
    // SAFETY: the handle lives, its URL is the same.
    unsafe { assert_eq!((first, CStr::from_ptr(first)), (second, c"http://a.test/")) };
    easy.text(opt::URL, "http://b.test/");
    // SAFETY: as above.
    unsafe { assert_eq!(CStr::from_ptr(url()), c"http://b.test/") };
}

/// Counts, and lets go of the copy's parts once more.
struct Parts {
    copy: *mut c_void,
    freed: usize,
}

unsafe extern "C" fn free_parts(user: *mut c_void) {
    // SAFETY: the test's own value; the handle is good, or NULL.
    unsafe {
        let parts = user.cast::<Parts>();
        (*parts).freed += 1;
        if !(*parts).copy.is_null() {
            setopt((*parts).copy, opt::MIMEPOST, Value::Pointer(null_mut()));
        }
    }
}

unsafe extern "C" fn letters(into: *mut c_char, _: usize, room: usize, _: *mut c_void) -> usize {
    // SAFETY: there is so much room.
    unsafe { into.write_bytes(b'a', room.min(10)) };
    room.min(10)
}

/// A handle with a part that is read by a callback, and a copy of it with a part of its own.
fn with_parts(parts: *mut Parts) -> (*mut c_void, Handle, Handle) {
    let easy = Handle::new();
    // SAFETY: good handles; the value outlives the parts.
    unsafe {
        let mime = curl_mime_init(easy.0);
        let part = curl_mime_addpart(mime);
        let user = parts.cast();
        assert_eq!(curl_mime_data_cb(part, 10, Some(letters), None, Some(free_parts), user), 0);
        assert_eq!(setopt(easy.0, opt::MIMEPOST, Value::Pointer(mime.cast())), 0);
        let copy = Handle(curl_easy_duphandle(easy.0));
        (mime.cast(), easy, copy)
    }
}

#[test]
fn the_parts_of_a_copy_are_freed_once() {
    let mut parts = Parts { copy: null_mut(), freed: 0 };
    let parts = &raw mut parts;
    let (mime, easy, copy) = with_parts(parts);
    // SAFETY: good handles.
    unsafe {
        (*parts).copy = copy.0;
        assert_eq!(setopt(copy.0, opt::MIMEPOST, Value::Pointer(null_mut())), 0);
        assert_eq!((*parts).freed, 1);
        (*parts).copy = null_mut();
        drop((easy, copy));
        curl_mime_free(mime.cast());
        assert_eq!((*parts).freed, 2, "the original's");
    }
}

struct Plain;

impl Caller for Plain {
    fn call<T>(&self, callback: impl FnOnce() -> T) -> T {
        callback()
    }
}

#[test]
fn parts_that_are_being_sent_outlive_the_setting() {
    let mut parts = Parts { copy: null_mut(), freed: 0 };
    let parts = &raw mut parts;
    let (mime, easy, copy) = with_parts(parts);
    // SAFETY: good handles; what reads the parts is taken out as in a transfer's callback.
    unsafe {
        let handle = Easy::from_c(copy.0).unwrap();
        Easy::materialise(handle);
        let mut upload = (*handle.as_ptr()).upload.take().unwrap();
        assert_eq!(setopt(copy.0, opt::MIMEPOST, Value::Pointer(null_mut())), 0);
        assert_eq!((*parts).freed, 0);
        let mut text = Vec::new();
        while matches!(upload.read(&Plain, 100, &mut text), Supplied::Data) {}
        assert!(text.windows(10).any(|ten| ten == b"aaaaaaaaaa"));
        drop(upload);
        assert_eq!((*parts).freed, 1);
        drop((easy, copy));
        curl_mime_free(mime.cast());
    }
}

static LOCKS: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn ends_the_share(_: *mut c_void, _: c_int, _: c_int, share: *mut c_void) {
    LOCKS.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the handle was given as the pointer.
    assert_eq!(unsafe { curl_share_cleanup(share) }, 3, "CURLSHE_INVALID");
}

unsafe extern "C" fn unlocks(_: *mut c_void, _: c_int, _: *mut c_void) {}

#[test]
fn a_share_ends_once() {
    let easy = Handle::new();
    // SAFETY: good handles, functions of the right types.
    unsafe {
        let share = curl_share_init();
        assert_eq!(setopt(easy.0, opt::SHARE, Value::Pointer(share)), 0);
        assert_eq!(setopt(easy.0, opt::SHARE, Value::Pointer(null_mut())), 0);
        let lock = ends_the_share as *mut c_void;
        assert_eq!(tress_share_setopt_ptr(share, shopt::LOCKFUNC, lock), 0);
        assert_eq!(tress_share_setopt_ptr(share, shopt::UNLOCKFUNC, unlocks as *mut c_void), 0);
        assert_eq!(tress_share_setopt_ptr(share, shopt::USERDATA, share), 0);
        assert_eq!(curl_share_cleanup(share), 0);
        assert_eq!(LOCKS.load(Ordering::Relaxed), 1);
    }
}

unsafe extern "C" fn closes_and_cleans_up(easy: *mut c_void, socket: c_int) -> c_int {
    // SAFETY: the handle was given as the pointer; the socket is the callback's to close.
    unsafe {
        curl_easy_cleanup(easy);
        libc::close(socket)
    }
}

#[test]
#[cfg_attr(miri, ignore = "poll of the C library")]
fn a_handle_that_is_being_added_is_busy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1000]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        let _ = stream.read(&mut [0; 1000]);
    });
    let easy = Handle::new();
    easy.text(opt::URL, &url);
    easy.text(opt::NOPROXY, "*");
    // SAFETY: good handles, a function of the right type.
    unsafe {
        let close = closes_and_cleans_up as *mut c_void;
        setopt(easy.0, opt::CLOSESOCKETFUNCTION, Value::Pointer(close));
        setopt(easy.0, opt::CLOSESOCKETDATA, Value::Pointer(easy.0));
        assert_eq!(curl_easy_perform(easy.0), 0);
        // Its own multi handle ends here, and with that the connection.
        let multi = curl_multi_init();
        assert_eq!(curl_multi_add_handle(multi, easy.0), 0);
        assert!(Easy::from_c(easy.0).is_some());
        assert_eq!(curl_multi_remove_handle(multi, easy.0), 0);
        assert_eq!(curl_multi_cleanup(multi), 0);
    }
}

static NOTED: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn ends_what_it_sees(_: *mut c_void, _: u32, easy: *mut c_void, _: *mut c_void) {
    NOTED.fetch_add(1, Ordering::Relaxed);
    // SAFETY: a handle of the library's own.
    unsafe { curl_easy_cleanup(easy) };
}

#[test]
#[cfg_attr(miri, ignore = "poll of the C library")]
fn the_librarys_own_handle_is_not_the_applications_to_end() {
    let easy = Handle::new();
    easy.text(opt::URL, "http://127.0.0.1:1/");
    easy.text(opt::NOPROXY, "*");
    // SAFETY: good handles and places, a function of the right type.
    unsafe {
        let multi = curl_multi_init();
        tress_multi_setopt_ptr(multi, mopt::NOTIFYFUNCTION, ends_what_it_sees as *mut c_void);
        assert_eq!(curl_multi_notify_enable(multi, 0), 0);
        assert_eq!(curl_multi_add_handle(multi, easy.0), 0);
        let mut running = 1;
        while running > 0 {
            assert_eq!(curl_multi_perform(multi, &raw mut running), 0);
        }
        assert_eq!(NOTED.load(Ordering::Relaxed), 1);
        assert_eq!(curl_multi_remove_handle(multi, easy.0), 0);
        assert_eq!(curl_multi_cleanup(multi), 0);
    }
}
