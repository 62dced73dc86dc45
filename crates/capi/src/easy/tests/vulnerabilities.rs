//! Faulty behaviours that curl's published vulnerabilities were, where the boundary decides. The
//! others are in the engine's tests.

use std::ffi::c_char;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use super::*;
use crate::easy::api::curl_easy_perform;

/// A server that answers each connection's first request with a body of so many bytes.
fn serve(size: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n");
            let _ = stream.write_all(&[head.into_bytes(), vec![b'b'; size]].concat());
        }
    });
    address
}

fn perform(easy: &Handle) -> c_int {
    // SAFETY: a good handle.
    unsafe { curl_easy_perform(easy.0) }
}

thread_local! {
    static SIZES: std::cell::RefCell<Vec<usize>> = const { std::cell::RefCell::new(Vec::new()) };
}

unsafe extern "C" fn note(_: *mut c_char, size: usize, count: usize, _: *mut c_void) -> usize {
    SIZES.with_borrow_mut(|sizes| sizes.push(size * count));
    size * count
}

/// CVE-2010-0734.
#[test]
#[cfg_attr(miri, ignore = "poll of the C library")]
fn no_piece_of_a_body_is_larger_than_promised() {
    let easy = Handle::new();
    easy.text(opt::URL, &format!("http://{}/", serve(400_000)));
    easy.text(opt::NOPROXY, "*");
    easy.long(opt::BUFFERSIZE, 10 * 1024 * 1024);
    // SAFETY: a good handle and a function of the option's type.
    unsafe { setopt(easy.0, opt::WRITEFUNCTION, Value::Pointer(note as *mut c_void)) };
    assert_eq!(perform(&easy), 0);
    let sizes = SIZES.take();
    assert_eq!(sizes.iter().sum::<usize>(), 400_000);
    assert!(sizes.iter().all(|&size| size <= 16_384), "{sizes:?}");
    assert!(sizes.contains(&16_384), "{sizes:?}");
}

/// CVE-2024-2004.
#[test]
#[cfg_attr(miri, ignore = "poll of the C library")]
fn without_a_protocol_none_is_spoken() {
    let easy = Handle::new();
    let url = format!("http://{}/", serve(0));
    easy.text(opt::URL, &url);
    easy.text(opt::NOPROXY, "*");
    assert_eq!(perform(&easy), 0);
    assert_eq!(easy.text(opt::PROTOCOLS_STR, ""), BAD_ARGUMENT);
    assert_eq!(easy.text(opt::PROTOCOLS_STR, ","), BAD_ARGUMENT);
    assert_eq!(perform(&easy), 0, "what is refused changes nothing");
    assert_eq!(easy.long(opt::PROTOCOLS, 0), 0);
    assert_eq!(perform(&easy), Code::UnsupportedProtocol as c_int);
    assert_eq!(easy.text(opt::PROTOCOLS_STR, "ftp"), 0);
    assert_eq!(perform(&easy), Code::UnsupportedProtocol as c_int);
    assert_eq!(easy.text(opt::PROTOCOLS_STR, "all"), 0);
    assert_eq!(perform(&easy), 0);
}

/// CVE-2023-38546: the copy of a handle that has cookies but no file reads none, whatever it may be
/// called.
#[test]
fn the_copy_of_a_handle_reads_no_file_of_cookies() {
    let easy = Handle::new();
    assert_eq!(easy.text(opt::COOKIELIST, "Set-Cookie: a=1; domain=host.example; path=/"), 0);
    assert!(easy.options().state().cookiefile.is_none());
    // SAFETY: a good handle.
    let copy = Handle(unsafe { curl_easy_duphandle(easy.0) });
    assert!(copy.options().state().cookiefile.is_none());
}

thread_local! {
    static ASKED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

unsafe extern "C" fn give(_: *mut c_char, _: usize, _: usize, _: *mut c_void) -> usize {
    ASKED.set(ASKED.get() + 1);
    0
}

/// CVE-2022-32221, CVE-2023-28322: a POST is one, with its own fields, though a PUT was before it.
#[test]
#[cfg_attr(miri, ignore = "poll of the C library")]
fn fields_are_sent_whatever_was_before() {
    use tress_engine::options::{BodySource, Method};
    let easy = Handle::new();
    easy.text(opt::URL, &format!("http://{}/", serve(0)));
    easy.text(opt::NOPROXY, "*");
    easy.long(opt::FORBID_REUSE, 1);
    // SAFETY: a good handle and a function of the option's type.
    unsafe { setopt(easy.0, opt::READFUNCTION, Value::Pointer(give as *mut c_void)) };
    for with_post in [false, true] {
        easy.long(opt::UPLOAD, 1);
        assert_eq!(perform(&easy), 0);
        ASKED.set(0);
        easy.text(opt::COPYPOSTFIELDS, "fields");
        if with_post {
            easy.long(opt::POST, 1);
        }
        assert_eq!(perform(&easy), 0);
        assert_eq!((easy.options().method, ASKED.get()), (Method::Post, 0));
        let BodySource::Bytes(sent) = &easy.options().body else { panic!("other fields") };
        assert_eq!(&sent[..], b"fields");
    }
}

/// CVE-2026-9079, CVE-2026-9546.
#[test]
fn what_is_taken_back_is_gone() {
    let easy = Handle::new();
    let options = [
        opt::USERPWD,
        opt::PASSWORD,
        opt::PROXYUSERPWD,
        opt::PROXYPASSWORD,
        opt::XOAUTH2_BEARER,
        opt::REFERER,
        opt::COOKIE,
    ];
    let held = || {
        let (auth, proxy) = (easy.options().auth(), easy.options().proxy());
        let http = easy.options().http();
        [&auth.username, &auth.password, &auth.xoauth2_bearer]
            .into_iter()
            .chain([&proxy.proxyusername, &proxy.proxypassword, &http.referer, &http.cookie])
            .filter(|text| text.is_some())
            .count()
    };
    for option in options {
        easy.text(option, "a:b");
        assert_ne!(held(), 0, "{option}");
        // SAFETY: a good handle; NULL takes a text back.
        assert_eq!(unsafe { setopt(easy.0, option, Value::Pointer(null_mut())) }, 0);
        assert_eq!(held(), 0, "{option}");
    }
}
