//! The C functions that are called, as a C program would declare them.

use std::ffi::{c_char, c_int, c_long, c_uint, c_void};

use tress_capi as _;

/// Any handle, or any other pointer.
pub type Ptr = *mut c_void;

/// `curl_formget_callback`
pub type FormAppend = unsafe extern "C" fn(Ptr, *const c_char, usize) -> usize;

unsafe extern "C" {
    pub fn curl_global_init(flags: c_long) -> c_int;
    pub fn curl_free(memory: Ptr);
    pub fn curl_slist_append(list: Ptr, text: *const c_char) -> Ptr;
    pub fn curl_slist_free_all(list: Ptr);

    pub fn curl_easy_init() -> Ptr;
    pub fn curl_easy_setopt(easy: Ptr, option: c_int, ...) -> c_int;
    pub fn curl_easy_getinfo(easy: Ptr, info: c_int, ...) -> c_int;
    pub fn curl_easy_perform(easy: Ptr) -> c_int;
    pub fn curl_easy_pause(easy: Ptr, action: c_int) -> c_int;
    pub fn curl_easy_upkeep(easy: Ptr) -> c_int;
    pub fn curl_easy_duphandle(easy: Ptr) -> Ptr;
    pub fn curl_easy_reset(easy: Ptr);
    pub fn curl_easy_cleanup(easy: Ptr);
    pub fn curl_easy_recv(easy: Ptr, buffer: *mut u8, len: usize, count: *mut usize) -> c_int;
    pub fn curl_easy_send(easy: Ptr, buffer: *const u8, len: usize, count: *mut usize) -> c_int;
    pub fn curl_easy_escape(easy: Ptr, text: *const c_char, len: c_int) -> *mut c_char;
    pub fn curl_easy_unescape(
        easy: Ptr,
        text: *const c_char,
        len: c_int,
        out: *mut c_int,
    ) -> *mut c_char;
    pub fn curl_easy_header(
        easy: Ptr,
        name: *const c_char,
        index: usize,
        origin: c_uint,
        request: c_int,
        header: *mut Ptr,
    ) -> c_int;
    pub fn curl_easy_nextheader(easy: Ptr, origin: c_uint, request: c_int, previous: Ptr) -> Ptr;
    pub fn curl_ws_recv(
        easy: Ptr,
        buffer: *mut u8,
        len: usize,
        count: *mut usize,
        meta: *mut Ptr,
    ) -> c_int;
    pub fn curl_ws_send(
        easy: Ptr,
        buffer: *const u8,
        len: usize,
        count: *mut usize,
        fragment: i64,
        flags: c_uint,
    ) -> c_int;
    pub fn curl_ws_start_frame(easy: Ptr, flags: c_uint, len: i64) -> c_int;
    pub fn curl_ws_meta(easy: Ptr) -> Ptr;

    pub fn curl_multi_init() -> Ptr;
    pub fn curl_multi_setopt(multi: Ptr, option: c_int, ...) -> c_int;
    pub fn curl_multi_add_handle(multi: Ptr, easy: Ptr) -> c_int;
    pub fn curl_multi_remove_handle(multi: Ptr, easy: Ptr) -> c_int;
    pub fn curl_multi_perform(multi: Ptr, running: *mut c_int) -> c_int;
    pub fn curl_multi_socket_action(
        multi: Ptr,
        socket: c_int,
        events: c_int,
        running: *mut c_int,
    ) -> c_int;
    pub fn curl_multi_socket_all(multi: Ptr, running: *mut c_int) -> c_int;
    pub fn curl_multi_timeout(multi: Ptr, millis: *mut c_long) -> c_int;
    pub fn curl_multi_assign(multi: Ptr, socket: c_int, data: Ptr) -> c_int;
    pub fn curl_multi_fdset(
        multi: Ptr,
        read: *mut libc::fd_set,
        write: *mut libc::fd_set,
        error: *mut libc::fd_set,
        max: *mut c_int,
    ) -> c_int;
    pub fn curl_multi_waitfds(multi: Ptr, fds: Ptr, size: c_uint, count: *mut c_uint) -> c_int;
    pub fn curl_multi_wait(
        multi: Ptr,
        extra: Ptr,
        count: c_uint,
        millis: c_int,
        ready: *mut c_int,
    ) -> c_int;
    pub fn curl_multi_poll(
        multi: Ptr,
        extra: Ptr,
        count: c_uint,
        millis: c_int,
        ready: *mut c_int,
    ) -> c_int;
    pub fn curl_multi_wakeup(multi: Ptr) -> c_int;
    pub fn curl_multi_info_read(multi: Ptr, left: *mut c_int) -> *mut Message;
    pub fn curl_multi_get_handles(multi: Ptr) -> *mut Ptr;
    pub fn curl_multi_get_offt(multi: Ptr, info: c_int, value: *mut i64) -> c_int;
    pub fn curl_multi_notify_enable(multi: Ptr, what: c_uint) -> c_int;
    pub fn curl_multi_notify_disable(multi: Ptr, what: c_uint) -> c_int;
    pub fn curl_multi_cleanup(multi: Ptr) -> c_int;
    pub fn curl_pushheader_bynum(headers: Ptr, number: usize) -> *mut c_char;
    pub fn curl_pushheader_byname(headers: Ptr, name: *const c_char) -> *mut c_char;

    pub fn curl_share_init() -> Ptr;
    pub fn curl_share_setopt(share: Ptr, option: c_int, ...) -> c_int;
    pub fn curl_share_cleanup(share: Ptr) -> c_int;

    pub fn curl_url() -> Ptr;
    pub fn curl_url_dup(url: Ptr) -> Ptr;
    pub fn curl_url_get(url: Ptr, part: c_int, text: *mut *mut c_char, flags: c_uint) -> c_int;
    pub fn curl_url_set(url: Ptr, part: c_int, text: *const c_char, flags: c_uint) -> c_int;
    pub fn curl_url_cleanup(url: Ptr);

    pub fn curl_formadd(first: *mut Ptr, last: *mut Ptr, ...) -> c_int;
    pub fn curl_formget(form: Ptr, user: Ptr, append: FormAppend) -> c_int;
    pub fn curl_formfree(form: Ptr);

    pub fn curl_mime_init(easy: Ptr) -> Ptr;
    pub fn curl_mime_free(mime: Ptr);
    pub fn curl_mime_addpart(mime: Ptr) -> Ptr;
    pub fn curl_mime_name(part: Ptr, text: *const c_char) -> c_int;
    pub fn curl_mime_filename(part: Ptr, text: *const c_char) -> c_int;
    pub fn curl_mime_type(part: Ptr, text: *const c_char) -> c_int;
    pub fn curl_mime_encoder(part: Ptr, text: *const c_char) -> c_int;
    pub fn curl_mime_data(part: Ptr, data: *const c_char, len: usize) -> c_int;
    pub fn curl_mime_data_cb(
        part: Ptr,
        len: i64,
        read: Option<super::callbacks::Data>,
        seek: Option<super::callbacks::Seek>,
        free: Option<super::callbacks::Free>,
        user: Ptr,
    ) -> c_int;
    pub fn curl_mime_subparts(part: Ptr, mime: Ptr) -> c_int;
    pub fn curl_mime_headers(part: Ptr, list: Ptr, ownership: c_int) -> c_int;
}

/// `CURLMsg`
#[repr(C)]
pub struct Message {
    pub what: c_int,
    pub easy: Ptr,
    pub result: c_int,
}

/// `struct curl_blob`
#[repr(C)]
pub struct Blob {
    pub data: *const u8,
    pub len: usize,
    pub flags: c_uint,
}
