mod aborts;
mod reentry;
mod stores;
mod vulnerabilities;

use std::ffi::{CStr, CString, c_int, c_long, c_void};
use std::ptr::null_mut;

use super::api::{
    curl_easy_cleanup, curl_easy_duphandle, curl_easy_init, curl_easy_perform, curl_easy_reset,
};
use super::getinfo::getinfo;
use super::setopt::{MAX_INPUT_LENGTH, Value, setopt};
use super::*;
use crate::tables::{info, opt};

/// A handle that is cleaned up at the end.
struct Handle(*mut c_void);

impl Handle {
    fn new() -> Self {
        // SAFETY: no arguments.
        Self(unsafe { curl_easy_init() })
    }

    fn long(&self, option: i32, value: c_long) -> c_int {
        // SAFETY: a good handle.
        unsafe { setopt(self.0, option, Value::Long(value)) }
    }

    fn text(&self, option: i32, value: &str) -> c_int {
        let value = CString::new(value).unwrap();
        // SAFETY: a good handle and C string; strings are copied.
        unsafe { setopt(self.0, option, Value::Pointer(value.as_ptr().cast_mut().cast())) }
    }

    fn options(&self) -> &Options {
        // SAFETY: a good handle.
        unsafe { &(*self.0.cast::<Easy>()).options }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: a good handle, given up.
        unsafe { curl_easy_cleanup(self.0) };
    }
}

const BAD_ARGUMENT: c_int = Code::BadFunctionArgument as c_int;
const UNKNOWN: c_int = Code::UnknownOption as c_int;

#[test]
fn null_handles_are_refused() {
    // SAFETY: NULL is allowed everywhere.
    unsafe {
        assert_eq!(setopt(null_mut(), opt::URL, Value::Long(1)), BAD_ARGUMENT);
        assert_eq!(getinfo(null_mut(), info::RESPONSE_CODE, null_mut()), BAD_ARGUMENT);
        assert!(curl_easy_duphandle(null_mut()).is_null());
        curl_easy_reset(null_mut());
        curl_easy_cleanup(null_mut());
    }
}

#[test]
fn numbers_out_of_range_are_refused() {
    let easy = Handle::new();
    for (option, value) in [
        (opt::TIMEOUT, -1),
        (opt::PORT, 65_536),
        (opt::PORT, -1),
        (opt::NETRC, 3),
        (opt::SSLVERSION, 2),
        (opt::FOLLOWLOCATION, 4),
        (opt::MAXREDIRS, -2),
        (opt::POSTFIELDSIZE, -2),
        (opt::NEW_FILE_PERMS, 0o1000),
    ] {
        assert_eq!(easy.long(option, value), BAD_ARGUMENT, "{option} {value}");
    }
    assert_eq!(easy.long(opt::HTTP_VERSION, 77), Code::UnsupportedProtocol as c_int);
    assert_eq!(easy.long(9999, 1), UNKNOWN);
    assert_eq!(easy.long(opt::BUFFERSIZE, 1), 0);
    assert_eq!(easy.options().buffersize, 1024);
}

#[test]
fn texts_are_copied_split_and_limited() {
    let easy = Handle::new();
    assert_eq!(easy.text(opt::USERPWD, "user:pass:word"), 0);
    assert_eq!(easy.options().auth().username.as_deref(), Some(&b"user"[..]));
    assert_eq!(easy.options().auth().password.as_deref(), Some(&b"pass:word"[..]));
    assert_eq!(easy.text(opt::PROXYUSERPWD, "a%40b:c%zz"), 0);
    assert_eq!(easy.options().proxy().proxyusername.as_deref(), Some(&b"a@b"[..]));
    assert_eq!(easy.options().proxy().proxypassword.as_deref(), Some(&b"c%zz"[..]));
    assert_eq!(easy.text(opt::INTERFACE, "ifhost!eth0!10.0.0.1"), 0);
    assert_eq!(easy.options().connect().interface_device.as_deref(), Some(&b"eth0"[..]));
    assert_eq!(easy.text(opt::INTERFACE, "if!"), BAD_ARGUMENT);
    assert_eq!(easy.text(opt::PROTOCOLS_STR, "http,nonsense"), Code::UnsupportedProtocol as c_int);
    assert_eq!(easy.text(opt::URL, &"x".repeat(MAX_INPUT_LENGTH)), 0);
    assert_eq!(easy.text(opt::URL, &"x".repeat(MAX_INPUT_LENGTH + 1)), BAD_ARGUMENT);
}

#[test]
fn a_method_follows_from_the_last_option_that_chose_one() {
    let easy = Handle::new();
    easy.long(opt::NOBODY, 1);
    assert_eq!(easy.options().method, tress_engine::options::Method::Head);
    easy.long(opt::POST, 1);
    assert!(!easy.options().nobody);
    easy.long(opt::HTTPGET, 1);
    assert_eq!(easy.options().method, tress_engine::options::Method::Get);
}

#[test]
fn infos_before_any_transfer_are_empty() {
    let easy = Handle::new();
    let (mut code, mut number, mut text) = (7 as c_long, 7i64, null_mut::<std::ffi::c_char>());
    // SAFETY: a good handle and places of the right types.
    unsafe {
        assert_eq!(getinfo(easy.0, info::RESPONSE_CODE, (&raw mut code).cast()), 0);
        assert_eq!(getinfo(easy.0, info::XFER_ID, (&raw mut number).cast()), 0);
        assert_eq!(getinfo(easy.0, info::EFFECTIVE_URL, (&raw mut text).cast()), 0);
        assert_eq!((code, number, CStr::from_ptr(text)), (0, -1, c""));
        assert_eq!(getinfo(easy.0, 0x20_00ff, (&raw mut code).cast()), UNKNOWN);
    }
}

#[test]
fn a_copy_has_the_settings_and_a_life_of_its_own() {
    let easy = Handle::new();
    easy.text(opt::URL, "http://a.test/");
    // SAFETY: a good handle.
    let copy = Handle(unsafe { curl_easy_duphandle(easy.0) });
    easy.text(opt::URL, "http://b.test/");
    assert_eq!(copy.options().url.as_deref(), Some(&b"http://a.test/"[..]));
    // SAFETY: a good handle.
    unsafe { curl_easy_reset(copy.0) };
    assert!(copy.options().url.is_none());
}

#[test]
#[cfg_attr(miri, ignore = "poll of the C library")]
fn a_copy_tells_the_effective_url_of_the_original_until_it_has_its_own() {
    let easy = Handle::new();
    easy.text(opt::URL, "127.0.0.1:1/x");
    // SAFETY: good handles; the text is read while its handle lives.
    unsafe {
        let effective = |easy: &Handle| {
            let mut text = null_mut::<std::ffi::c_char>();
            assert_eq!(getinfo(easy.0, info::EFFECTIVE_URL, (&raw mut text).cast()), 0);
            CStr::from_ptr(text).to_owned()
        };
        assert_eq!(curl_easy_perform(easy.0), Code::CouldntConnect as c_int);
        assert_eq!(effective(&easy).as_c_str(), c"http://127.0.0.1:1/x");
        let copy = Handle(curl_easy_duphandle(easy.0));
        let second = Handle(curl_easy_duphandle(copy.0));
        for copy in [&copy, &second] {
            assert_eq!(effective(copy).as_c_str(), c"http://127.0.0.1:1/x");
        }
        copy.text(opt::URL, "a.test");
        assert_eq!(effective(&copy).as_c_str(), c"a.test");
        curl_easy_reset(second.0);
        assert_eq!(effective(&second).as_c_str(), c"");
    }
}
