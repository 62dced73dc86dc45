//! The functions; their man pages say what each does.
#![allow(missing_docs)]

use std::ffi::{c_char, c_int, c_long, c_uint, c_void};

use libc::{fd_set, size_t, time_t};

use crate::types::*;

unsafe extern "C" {
    pub fn curl_version() -> *mut c_char;
    pub fn curl_version_info(age: CURLversion) -> *mut curl_version_info_data;
    pub fn curl_free(memory: *mut c_void);
    pub fn curl_getdate(date: *const c_char, unused: *const time_t) -> time_t;
    pub fn curl_global_init(flags: c_long) -> CURLcode;
    pub fn curl_global_init_mem(
        flags: c_long,
        malloc: curl_malloc_callback,
        free: curl_free_callback,
        realloc: curl_realloc_callback,
        strdup: curl_strdup_callback,
        calloc: curl_calloc_callback,
    ) -> CURLcode;
    pub fn curl_global_cleanup();
    pub fn curl_slist_append(list: *mut curl_slist, data: *const c_char) -> *mut curl_slist;
    pub fn curl_slist_free_all(list: *mut curl_slist);

    pub fn curl_formadd(
        first: *mut *mut curl_httppost,
        last: *mut *mut curl_httppost,
        ...
    ) -> CURLFORMcode;
    pub fn curl_formget(
        form: *mut curl_httppost,
        user: *mut c_void,
        append: curl_formget_callback,
    ) -> c_int;
    pub fn curl_formfree(form: *mut curl_httppost);

    pub fn curl_easy_init() -> *mut CURL;
    pub fn curl_easy_setopt(easy: *mut CURL, option: CURLoption, ...) -> CURLcode;
    pub fn curl_easy_getinfo(easy: *mut CURL, info: CURLINFO, ...) -> CURLcode;
    pub fn curl_easy_perform(easy: *mut CURL) -> CURLcode;
    pub fn curl_easy_pause(easy: *mut CURL, action: c_int) -> CURLcode;
    pub fn curl_easy_upkeep(easy: *mut CURL) -> CURLcode;
    pub fn curl_easy_duphandle(easy: *mut CURL) -> *mut CURL;
    pub fn curl_easy_reset(easy: *mut CURL);
    pub fn curl_easy_cleanup(easy: *mut CURL);
    pub fn curl_easy_recv(
        easy: *mut CURL,
        buffer: *mut c_void,
        len: size_t,
        received: *mut size_t,
    ) -> CURLcode;
    pub fn curl_easy_send(
        easy: *mut CURL,
        buffer: *const c_void,
        len: size_t,
        sent: *mut size_t,
    ) -> CURLcode;
    pub fn curl_easy_escape(easy: *mut CURL, text: *const c_char, len: c_int) -> *mut c_char;
    pub fn curl_easy_unescape(
        easy: *mut CURL,
        text: *const c_char,
        len: c_int,
        out: *mut c_int,
    ) -> *mut c_char;
    pub fn curl_easy_strerror(code: CURLcode) -> *const c_char;

    pub fn curl_share_init() -> *mut CURLSH;
    pub fn curl_share_setopt(share: *mut CURLSH, option: CURLSHoption, ...) -> CURLSHcode;
    pub fn curl_share_cleanup(share: *mut CURLSH) -> CURLSHcode;
    pub fn curl_share_strerror(code: CURLSHcode) -> *const c_char;

    pub fn curl_multi_init() -> *mut CURLM;
    pub fn curl_multi_setopt(multi: *mut CURLM, option: CURLMoption, ...) -> CURLMcode;
    pub fn curl_multi_add_handle(multi: *mut CURLM, easy: *mut CURL) -> CURLMcode;
    pub fn curl_multi_remove_handle(multi: *mut CURLM, easy: *mut CURL) -> CURLMcode;
    pub fn curl_multi_perform(multi: *mut CURLM, running: *mut c_int) -> CURLMcode;
    pub fn curl_multi_socket(
        multi: *mut CURLM,
        socket: curl_socket_t,
        running: *mut c_int,
    ) -> CURLMcode;
    pub fn curl_multi_socket_action(
        multi: *mut CURLM,
        socket: curl_socket_t,
        events: c_int,
        running: *mut c_int,
    ) -> CURLMcode;
    pub fn curl_multi_socket_all(multi: *mut CURLM, running: *mut c_int) -> CURLMcode;
    pub fn curl_multi_timeout(multi: *mut CURLM, millis: *mut c_long) -> CURLMcode;
    pub fn curl_multi_assign(
        multi: *mut CURLM,
        socket: curl_socket_t,
        data: *mut c_void,
    ) -> CURLMcode;
    pub fn curl_multi_fdset(
        multi: *mut CURLM,
        read: *mut fd_set,
        write: *mut fd_set,
        error: *mut fd_set,
        max: *mut c_int,
    ) -> CURLMcode;
    pub fn curl_multi_wait(
        multi: *mut CURLM,
        extra: *mut curl_waitfd,
        count: c_uint,
        millis: c_int,
        ready: *mut c_int,
    ) -> CURLMcode;
    pub fn curl_multi_poll(
        multi: *mut CURLM,
        extra: *mut curl_waitfd,
        count: c_uint,
        millis: c_int,
        ready: *mut c_int,
    ) -> CURLMcode;
    pub fn curl_multi_wakeup(multi: *mut CURLM) -> CURLMcode;
    pub fn curl_multi_info_read(multi: *mut CURLM, left: *mut c_int) -> *mut CURLMsg;
    pub fn curl_multi_cleanup(multi: *mut CURLM) -> CURLMcode;
    pub fn curl_multi_strerror(code: CURLMcode) -> *const c_char;
}
