use std::ffi::{c_char, c_void};
use std::ptr::null_mut;

use tress_engine::Supplied;
use tress_model::mime::Prepare;

use super::api::*;
use super::upload::{Caller, Upload};

struct Plain;

impl Caller for Plain {
    fn call<T>(&self, callback: impl FnOnce() -> T) -> T {
        callback()
    }
}

/// Gives `abc` once: the pointer counts the calls.
unsafe extern "C" fn three_letters(
    into: *mut c_char,
    _: usize,
    _: usize,
    calls: *mut c_void,
) -> usize {
    // SAFETY: the test gives a counter and room for more than three bytes.
    unsafe {
        let calls = calls.cast::<u32>();
        *calls += 1;
        if *calls > 1 {
            return 0;
        }
        std::ptr::copy_nonoverlapping(c"abc".as_ptr(), into, 3);
        3
    }
}

#[test]
fn parts_become_a_body() {
    let mut calls = 0u32;
    // SAFETY: living handles, C strings, and callbacks that fit.
    unsafe {
        let mime = curl_mime_init(null_mut());
        let part = curl_mime_addpart(mime);
        assert_eq!(curl_mime_name(part, c"field".as_ptr()), 0);
        assert_eq!(curl_mime_data(part, c"value".as_ptr(), usize::MAX), 0);
        let part = curl_mime_addpart(mime);
        assert_eq!(curl_mime_name(part, c"called".as_ptr()), 0);
        let user = std::ptr::from_mut(&mut calls).cast();
        assert_eq!(curl_mime_data_cb(part, -1, Some(three_letters), None, None, user), 0);
        let how = Prepare {
            content_type: Some(b"multipart/form-data"),
            body_only: true,
            ..Prepare::default()
        };
        let mut upload = Upload::new(mime, None, &[], &how).unwrap();
        let mut text = Vec::new();
        loop {
            match upload.read(&Plain, 40, &mut text) {
                Supplied::Data => {}
                Supplied::End => break,
                other => panic!("{other:?}"),
            }
        }
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.contains("Content-Disposition: form-data; name=\"field\"\r\n\r\nvalue\r\n--"),
            "{text}"
        );
        assert!(text.contains("name=\"called\"\r\n\r\nabc\r\n--"), "{text}");
        drop(upload);
        curl_mime_free(mime);
    }
}

#[test]
fn a_mime_hangs_in_one_part_and_never_in_itself() {
    // SAFETY: living handles.
    unsafe {
        let outer = curl_mime_init(null_mut());
        let (one, two) = (curl_mime_addpart(outer), curl_mime_addpart(outer));
        let inner = curl_mime_init(null_mut());
        assert_eq!(curl_mime_subparts(one, inner), 0);
        assert_eq!(curl_mime_subparts(one, inner), 0, "again is fine");
        assert_eq!(curl_mime_subparts(two, inner), 43);
        let deep = curl_mime_addpart(inner);
        assert_eq!(curl_mime_subparts(deep, outer), 43);
        // The part forgets a mime that is freed before it.
        curl_mime_free(inner);
        curl_mime_free(outer);
    }
}

#[test]
fn null_and_unknown_arguments() {
    // SAFETY: NULL is what is tested.
    unsafe {
        assert!(curl_mime_addpart(null_mut()).is_null());
        assert_eq!(curl_mime_name(null_mut(), c"x".as_ptr()), 43);
        let mime = curl_mime_init(null_mut());
        let part = curl_mime_addpart(mime);
        assert_eq!(curl_mime_encoder(part, c"rot13".as_ptr()), 43);
        assert_eq!(curl_mime_encoder(part, c"BASE64".as_ptr()), 0);
        assert_eq!(curl_mime_encoder(part, null_mut()), 0);
        assert_eq!(curl_mime_filedata(part, c"/nowhere/at/all".as_ptr()), 26);
        curl_mime_free(mime);
        curl_mime_free(null_mut());
    }
}
