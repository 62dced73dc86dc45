//! Cookies from responses and from files, and the header that they make.

use tress_model::cookie::{CookieJar, Response};

const NOW: i64 = 1_700_000_000;

pub fn run(data: &[u8]) {
    let mut jar = CookieJar::new();
    jar.start();
    let place = |host, secure| Response { host, path: b"/a/b", secure };
    for (number, line) in data.split(|&b| b == b'\n').enumerate() {
        let host: &[u8] = if number % 2 == 0 { b"a.example.com" } else { b"example.com" };
        let _ = jar.set_from_response(line, &place(host, number % 3 == 0), NOW);
        let _ = jar.add_line(line, NOW);
    }
    jar.load(data, false, NOW);
    for (host, secure) in
        [(&b"a.example.com"[..], true), (b"b.com", true), (b"a.example.com", false)]
    {
        let mut header = Vec::new();
        jar.write_header(&mut header, &place(host, secure), NOW + 1);
        assert!(!header.iter().any(|b| matches!(b, 0 | b'\r' | b'\n')), "a header of one line");
        for cookie in jar.matching(&place(host, secure), NOW + 1) {
            assert!(secure || !cookie.secure, "a secure cookie in the clear");
        }
    }
    jar.remove_expired(NOW + 2);
}
