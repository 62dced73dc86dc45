//! The C interface, opened at run time, for tests that count what a library does.
use crate::Library;
use curl_sys::{CURL, CURLM, CURLMcode, CURLMoption, CURLMsg, CURLcode, CURLoption};
use libc::{c_char, c_int, c_long, c_uint};
use std::ffi::{CString, c_void};
use std::sync::OnceLock;

macro_rules! functions {
    ($($field:ident = $symbol:literal : $type:ty,)*) => {
        /// The functions that the tests call.
        #[allow(missing_docs)]
        #[derive(Debug)]
        pub struct Api { $(pub $field: $type,)* }

        impl Api {
            /// Opens the library at this path.
            pub fn open(path: &std::path::Path) -> Api {
                let name = CString::new(path.to_string_lossy().as_bytes()).expect("a path");
                // SAFETY: the name is a C string; the library stays open for ever.
                let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
                assert!(!handle.is_null(), "cannot open {}", path.display());
                // SAFETY: each symbol is a function of the stated type by libcurl's interface.
                unsafe { Api { $($field: std::mem::transmute::<*mut c_void, $type>(symbol(handle, $symbol)),)* } }
            }
        }
    };
}

type Easy = *mut CURL;
type Multi = *mut CURLM;

functions! {
    global_init = "curl_global_init": unsafe extern "C" fn(c_long) -> CURLcode,
    easy_init = "curl_easy_init": unsafe extern "C" fn() -> Easy,
    easy_cleanup = "curl_easy_cleanup": unsafe extern "C" fn(Easy),
    easy_setopt = "curl_easy_setopt": unsafe extern "C" fn(Easy, CURLoption, ...) -> CURLcode,
    easy_getinfo = "curl_easy_getinfo": unsafe extern "C" fn(Easy, c_int, ...) -> CURLcode,
    easy_pause = "curl_easy_pause": unsafe extern "C" fn(Easy, c_int) -> CURLcode,
    multi_init = "curl_multi_init": unsafe extern "C" fn() -> Multi,
    multi_cleanup = "curl_multi_cleanup": unsafe extern "C" fn(Multi) -> CURLMcode,
    multi_setopt = "curl_multi_setopt": unsafe extern "C" fn(Multi, CURLMoption, ...) -> CURLMcode,
    multi_add = "curl_multi_add_handle": unsafe extern "C" fn(Multi, Easy) -> CURLMcode,
    multi_remove = "curl_multi_remove_handle": unsafe extern "C" fn(Multi, Easy) -> CURLMcode,
    multi_action = "curl_multi_socket_action": unsafe extern "C" fn(Multi, c_int, c_int, *mut c_int) -> CURLMcode,
    multi_info_read = "curl_multi_info_read": unsafe extern "C" fn(Multi, *mut c_int) -> *mut CURLMsg,
    multi_wakeup = "curl_multi_wakeup": unsafe extern "C" fn(Multi) -> CURLMcode,
    multi_timeout = "curl_multi_timeout": unsafe extern "C" fn(Multi, *mut c_long) -> CURLMcode,
    multi_perform = "curl_multi_perform": unsafe extern "C" fn(Multi, *mut c_int) -> CURLMcode,
    multi_poll = "curl_multi_poll": unsafe extern "C" fn(Multi, *mut c_void, c_uint, c_int, *mut c_int) -> CURLMcode,
    pushheader_byname = "curl_pushheader_byname": unsafe extern "C" fn(*mut c_void, *const c_char) -> *mut c_char,
    pushheader_bynum = "curl_pushheader_bynum": unsafe extern "C" fn(*mut c_void, usize) -> *mut c_char,
    share_init = "curl_share_init": unsafe extern "C" fn() -> *mut c_void,
    share_setopt = "curl_share_setopt": unsafe extern "C" fn(*mut c_void, c_int, ...) -> c_int,
    share_cleanup = "curl_share_cleanup": unsafe extern "C" fn(*mut c_void) -> c_int,
    ssls_export = "curl_easy_ssls_export": unsafe extern "C" fn(Easy, *const c_void, *const c_void) -> CURLcode,
    ssls_import = "curl_easy_ssls_import": unsafe extern "C" fn(Easy, *const c_char, *const c_void, usize, *const c_void, usize) -> CURLcode,
    version = "curl_version": unsafe extern "C" fn() -> *const c_char,
}

unsafe fn symbol(handle: *mut c_void, name: &str) -> *mut c_void {
    let text = CString::new(name).expect("a name");
    // SAFETY: the handle is open and the name is a C string.
    let address = unsafe { libc::dlsym(handle, text.as_ptr()) };
    assert!(!address.is_null(), "the library has no {name}");
    address
}

/// The library under test, opened and initialised once.
pub fn api() -> &'static Api {
    static API: OnceLock<Api> = OnceLock::new();
    API.get_or_init(|| {
        let api = Api::open(&Library::under_test().path_of("libcurl.so.4"));
        // SAFETY: called once, before any other function.
        unsafe { (api.global_init)(3) };
        api
    })
}

/// Sets a string option.
pub(crate) fn set_str(easy: Easy, option: CURLoption, value: &str) {
    let text = CString::new(value).expect("no zero byte");
    // SAFETY: the handle is live and the option takes a string, which is copied.
    let code = unsafe { (api().easy_setopt)(easy, option, text.as_ptr()) };
    assert_eq!(code, 0, "option {option} = {value}");
}

/// Sets a long option.
pub(crate) fn set_long(easy: Easy, option: CURLoption, value: c_long) {
    // SAFETY: the handle is live and the option takes a long.
    let code = unsafe { (api().easy_setopt)(easy, option, value) };
    assert_eq!(code, 0, "option {option} = {value}");
}
