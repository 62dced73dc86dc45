use std::ffi::{CString, c_int, c_uint, c_void};
use std::net::TcpListener;
use std::ptr::null_mut;

use super::api::*;
use crate::easy::api::*;
use crate::tables::{mopt, opt};

/// Calls of the notification callback.
#[derive(Default)]
struct Told {
    now: usize,
    deepest: usize,
    info_read: usize,
    easy_done: usize,
    results: Vec<c_int>,
}

/// Reads all messages and takes their handles out, as curl's own command does.
unsafe extern "C" fn on_notify(
    multi: *mut c_void,
    what: c_uint,
    _: *mut c_void,
    told: *mut c_void,
) {
    // SAFETY: `told` is what the option was set to; the handles are good.
    unsafe {
        let told = told.cast::<Told>();
        (*told).now += 1;
        (*told).deepest = (*told).deepest.max((*told).now);
        if what == super::NOTIFY_EASY_DONE {
            (*told).easy_done += 1;
        } else {
            (*told).info_read += 1;
            loop {
                let message = curl_multi_info_read(multi, null_mut());
                let Some(message) = message.as_ref() else { break };
                let results = &mut (*told).results;
                results.push(message.data.result);
                let easy = message.easy;
                assert_eq!(curl_multi_remove_handle(multi, easy), 0);
                curl_easy_cleanup(easy);
            }
        }
        (*told).now -= 1;
    }
}

unsafe extern "C" fn drop_body(_: *mut c_void, size: usize, count: usize, _: *mut c_void) -> usize {
    size * count
}

#[test]
#[cfg_attr(miri, ignore = "openat of the C library")]
fn notifications_follow_one_another() {
    const HANDLES: usize = 40;
    let url = CString::new(format!("file://{}/Cargo.toml", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut told = Told::default();
    // SAFETY: good handles, options with what their manual pages ask for.
    unsafe {
        let multi = curl_multi_init();
        let data = (&raw mut told).cast::<c_void>();
        tress_multi_setopt_ptr(multi, mopt::NOTIFYFUNCTION, on_notify as *mut c_void);
        tress_multi_setopt_ptr(multi, mopt::NOTIFYDATA, data);
        assert_eq!(curl_multi_notify_enable(multi, super::NOTIFY_INFO_READ), 0);
        assert_eq!(curl_multi_notify_enable(multi, super::NOTIFY_EASY_DONE), 0);
        for _ in 0..HANDLES {
            let easy = curl_easy_init();
            tress_easy_setopt_ptr(easy, opt::URL, url.as_ptr().cast_mut().cast());
            tress_easy_setopt_ptr(easy, opt::WRITEFUNCTION, drop_body as *mut c_void);
            assert_eq!(curl_multi_add_handle(multi, easy), 0);
        }
        let mut running = 1;
        while running > 0 {
            assert_eq!(curl_multi_perform(multi, &raw mut running), 0);
        }
        assert_eq!(curl_multi_cleanup(multi), 0);
    }
    assert_eq!(told.results, [0; HANDLES]);
    assert_eq!(told.deepest, 1, "the callback is not called from within itself");
    assert!(told.info_read <= HANDLES && told.easy_done <= HANDLES);
    assert!(told.info_read > 0);
}

/// What is done with a handle while it is taken out.
struct Taking {
    multi: *mut c_void,
    easy: *mut c_void,
    removed: Vec<c_int>,
}

unsafe extern "C" fn takes_it_out(_: *mut c_void, _: c_uint, _: *mut c_void, data: *mut c_void) {
    // SAFETY: `data` is what the option was set to; the handles are good.
    unsafe {
        let taking = data.cast::<Taking>();
        let code = curl_multi_remove_handle((*taking).multi, (*taking).easy);
        (&mut *taking).removed.push(code);
    }
}

unsafe extern "C" fn takes_it_out_too(
    _: *mut c_void,
    _: c_int,
    what: c_int,
    data: *mut c_void,
    _: *mut c_void,
) -> c_int {
    const REMOVE: c_int = 4;
    if what == REMOVE {
        // SAFETY: as above.
        unsafe {
            let taking = data.cast::<Taking>();
            let code = curl_multi_remove_handle((*taking).multi, (*taking).easy);
            (&mut *taking).removed.push(code);
            curl_easy_cleanup((*taking).easy);
        }
    }
    0
}

/// A notification may take a handle out; the socket callback hears of it meanwhile. It cannot take
/// it out again, nor free it under the hands of who does it.
#[test]
#[cfg_attr(miri, ignore = "poll of the C library")]
fn a_handle_that_is_taken_out_is_busy() {
    // Accepted by the kernel, never answered.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let slow = CString::new(format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let quick = CString::new(format!("file://{}/Cargo.toml", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut taking = Taking { multi: null_mut(), easy: null_mut(), removed: Vec::new() };
    let data = &raw mut taking;
    // SAFETY: good handles, options with what their manual pages ask for.
    unsafe {
        let multi = curl_multi_init();
        (*data).multi = multi;
        tress_multi_setopt_ptr(multi, mopt::SOCKETFUNCTION, takes_it_out_too as *mut c_void);
        tress_multi_setopt_ptr(multi, mopt::SOCKETDATA, data.cast());
        tress_multi_setopt_ptr(multi, mopt::NOTIFYFUNCTION, takes_it_out as *mut c_void);
        tress_multi_setopt_ptr(multi, mopt::NOTIFYDATA, data.cast());
        assert_eq!(curl_multi_notify_enable(multi, super::NOTIFY_EASY_DONE), 0);
        let [first, second] = [slow, quick].map(|url| {
            let easy = curl_easy_init();
            tress_easy_setopt_ptr(easy, opt::URL, url.as_ptr().cast_mut().cast());
            tress_easy_setopt_ptr(easy, opt::NOPROXY, c"*".as_ptr().cast_mut().cast());
            tress_easy_setopt_ptr(easy, opt::WRITEFUNCTION, drop_body as *mut c_void);
            easy
        });
        (*data).easy = first;
        let mut running = 0;
        assert_eq!(curl_multi_add_handle(multi, first), 0);
        assert_eq!(curl_multi_perform(multi, &raw mut running), 0);
        assert_eq!(curl_multi_add_handle(multi, second), 0);
        while (&*data).removed.is_empty() {
            assert_eq!(curl_multi_poll(multi, null_mut(), 0, 100, null_mut()), 0);
            assert_eq!(curl_multi_perform(multi, &raw mut running), 0);
        }
        assert_eq!((*data).removed, [8, 0], "within, and all in all");
        assert_eq!(curl_multi_cleanup(multi), 0);
        curl_easy_cleanup(first);
        curl_easy_cleanup(second);
    }
}
