//! Socket and timer callbacks that return -1.

use std::net::TcpListener;

use super::*;
use crate::multi::api::{
    curl_multi_add_handle, curl_multi_cleanup, curl_multi_init, curl_multi_remove_handle,
    curl_multi_socket_action, tress_multi_setopt_ptr,
};
use crate::tables::mopt;

const ABORTED: c_int = tress_model::MultiCode::AbortedByCallback as c_int;

extern "C" fn socket_fails(
    _easy: *mut c_void,
    _socket: c_int,
    _what: c_int,
    _user: *mut c_void,
    _data: *mut c_void,
) -> c_int {
    -1
}

extern "C" fn timer_fails(_multi: *mut c_void, _millis: c_long, _user: *mut c_void) -> c_int {
    -1
}

#[test]
fn a_failing_socket_callback_ends_the_transfers() {
    // Accepted by the kernel, never answered.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let easy = Handle::new();
    easy.text(opt::URL, &url);
    let mut running = -1;
    // SAFETY: good handles and places; the callback has the documented signature.
    unsafe {
        let multi = curl_multi_init();
        tress_multi_setopt_ptr(multi, mopt::SOCKETFUNCTION, socket_fails as *mut c_void);
        assert_eq!(curl_multi_add_handle(multi, easy.0), 0);
        assert_eq!(curl_multi_socket_action(multi, -1, 0, &raw mut running), ABORTED);
        assert_eq!(curl_multi_socket_action(multi, -1, 0, &raw mut running), ABORTED);
        assert_eq!(running, 0);
        assert_eq!(curl_multi_remove_handle(multi, easy.0), 0);
        assert_eq!(curl_multi_cleanup(multi), 0);
    }
}

#[test]
fn a_failing_timer_callback_refuses_the_handle() {
    let easy = Handle::new();
    easy.text(opt::URL, "http://127.0.0.1:1/");
    // SAFETY: as above.
    unsafe {
        let multi = curl_multi_init();
        tress_multi_setopt_ptr(multi, mopt::TIMERFUNCTION, timer_fails as *mut c_void);
        assert_eq!(curl_multi_add_handle(multi, easy.0), ABORTED);
        assert_eq!(curl_multi_cleanup(multi), 0);
    }
}
