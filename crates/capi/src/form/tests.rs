use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use super::{HttpPost, curl_formfree, curl_formget, flag};

unsafe extern "C" {
    fn curl_formadd(first: *mut *mut HttpPost, last: *mut *mut HttpPost, ...) -> c_int;
}

const COPYNAME: c_int = 1;
const PTRNAME: c_int = 2;
const COPYCONTENTS: c_int = 4;
const BUFFER: c_int = 11;
const BUFFERPTR: c_int = 12;
const BUFFERLENGTH: c_int = 13;
const FILE: c_int = 10;
const END: c_int = 17;

unsafe extern "C" fn collect(user: *mut c_void, text: *const c_char, length: usize) -> usize {
    // SAFETY: the test gives a vector; the library gives that many bytes.
    unsafe {
        (*user.cast::<Vec<u8>>()).extend_from_slice(std::slice::from_raw_parts(text.cast(), length))
    };
    length
}

#[test]
fn a_form_is_built_read_and_freed() {
    let (mut first, mut last) = (null_mut(), null_mut());
    let (f, l) = (&raw mut first, &raw mut last);
    // SAFETY: options with what they take, ended by END.
    unsafe {
        assert_eq!(
            curl_formadd(f, l, COPYNAME, c"n".as_ptr(), COPYCONTENTS, c"v".as_ptr(), END),
            0
        );
        let code = curl_formadd(
            f,
            l,
            PTRNAME,
            c"file".as_ptr(),
            BUFFER,
            c"a.txt".as_ptr(),
            BUFFERPTR,
            c"bytes".as_ptr(),
            BUFFERLENGTH,
            3i64,
            END,
        );
        assert_eq!(code, 0);
        assert_eq!((*last).flags, flag::PTRNAME | flag::BUFFER | flag::PTRBUFFER);
        let mut text: Vec<u8> = Vec::new();
        assert_eq!(curl_formget(first, (&raw mut text).cast(), Some(collect)), 0);
        let text = String::from_utf8(text).unwrap();
        assert!(text.starts_with("Content-Type: multipart/form-data; boundary=-----"), "{text}");
        assert!(text.contains("name=\"n\"\r\n\r\nv\r\n"), "{text}");
        assert!(
            text.contains("filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nbyt\r\n"),
            "{text}"
        );
        curl_formfree(first);
    }
}

#[test]
fn mistakes_are_told() {
    let (mut first, mut last) = (null_mut(), null_mut());
    let (f, l) = (&raw mut first, &raw mut last);
    let name = c"n".as_ptr();
    // SAFETY: options with what they take, ended by END.
    unsafe {
        assert_eq!(curl_formadd(f, l, COPYNAME, name, COPYNAME, name, END), 2);
        assert_eq!(curl_formadd(f, l, COPYNAME, null_mut::<c_char>(), END), 3);
        assert_eq!(curl_formadd(f, l, 99 as c_int), 4);
        assert_eq!(curl_formadd(f, l, COPYNAME, name, END), 5);
        assert_eq!(curl_formadd(f, l, COPYNAME, name, COPYCONTENTS, name, FILE, name, END), 2);
    }
    assert!(first.is_null() && last.is_null());
}
