//! Faulty behaviours that curl's published vulnerabilities were, where plain values decide. The others
//! are in the engine's tests.

use tress_model::cookie::{CookieJar, Response};
use tress_model::url::{Url, UrlFlags};

/// CVE-2023-46218, CVE-2026-8924, CVE-2022-27779, CVE-2014-3620, CVE-2014-3613, CVE-2013-1944,
/// CVE-2022-35252.
#[test]
fn cookies_are_for_no_wider_a_domain_than_their_host_may_speak_for() {
    let kept = |host: &str, line: &str| {
        let at = Response { host: host.as_bytes(), path: b"/", secure: true };
        CookieJar::new().set_from_response(line.as_bytes(), &at, 0).is_ok()
    };
    for (host, domain) in [
        ("curl.co.uk", "co.UK"),
        ("CURL.CO.UK", "Co.Uk"),
        ("curl.co.uk.", "co.uk."),
        ("curl.co.uk.", "co.uk"),
        ("curl.co.uk", "co.uk."),
        ("site.com.", "com."),
        ("site.com", ".com"),
        ("site.com", "."),
        ("192.168.0.1", "168.0.1"),
        ("192.168.0.1", "0.1"),
        ("notexample.com", "example.com"),
        ("ample.com", "example.com"),
    ] {
        assert!(!kept(host, &format!("a=b; domain={domain}")), "{host} for {domain}");
    }
    assert!(kept("www.example.co.uk", "a=b; domain=Example.co.UK"));
    for control in (1..32).filter(|&b| !matches!(b, 9 | 10 | 13)).map(char::from) {
        assert!(!kept("h.example", &format!("a=b{control}c")), "{control:?}");
    }
}

/// CVE-2026-80255.
#[test]
fn no_blank_hides_what_a_cookie_is_marked_with() {
    for blanks in ["", " ", "\t", " \t ", "\t\t"] {
        let mut jar = CookieJar::new();
        let at = Response { host: b"h.example", path: b"/", secure: true };
        let line = format!("a=b;{blanks}Path=/p{blanks};{blanks}Secure{blanks};{blanks}HttpOnly");
        let kept = jar.set_from_response(line.as_bytes(), &at, 0).unwrap();
        assert!(kept.cookie.secure && kept.cookie.http_only, "{line:?}");
        assert_eq!(kept.cookie.path.as_deref(), Some(&b"/p"[..]), "{line:?}");
    }
}

/// CVE-2026-82209.
#[test]
fn a_public_suffix_speaks_for_itself_alone() {
    let mut jar = CookieJar::new();
    let at = |host: &'static str| Response { host: host.as_bytes(), path: b"/", secure: true };
    for host in ["co.uk", "Co.Uk", "github.io"] {
        let line = format!("a=b; domain={host}");
        jar.set_from_response(line.as_bytes(), &at(host), 0).unwrap();
        assert_eq!(jar.matching(&at(host), 0).len(), 1, "{host}");
    }
    for below in ["attacker.co.uk", "attacker.github.io"] {
        assert_eq!(jar.matching(&at(below), 0).len(), 0, "{below}");
    }
}

/// CVE-2016-8615: wherever a buffer might end, what follows there is not a line.
#[test]
fn the_end_of_a_long_line_of_a_cookie_file_is_no_line() {
    let cookie = "h.example\tFALSE\t/\tFALSE\t9999999999\ta\tb\n";
    let mut jar = CookieJar::new();
    let ends = [1000, 1024, 2048, 4096, 5000, 8192, 10_000, 16_384];
    for length in ends.into_iter().flat_map(|end| end - 100..end + 2) {
        jar.load(format!("#{}{cookie}", "x".repeat(length)).as_bytes(), false, 0);
        let name =
            format!("far.example\tFALSE\t/\tFALSE\t9999999999\ta\t{}{cookie}", "x".repeat(length));
        jar.load(name.as_bytes(), false, 0);
    }
    assert!(jar.cookies().all(|cookie| !cookie.to_line().starts_with(b"h.example")));
    jar.load(cookie.as_bytes(), false, 0);
    assert!(jar.cookies().any(|cookie| cookie.to_line().starts_with(b"h.example")));
}

/// CVE-2016-8624, CVE-2016-8625, CVE-2022-27780, CVE-2020-8169.
#[test]
fn the_host_is_where_the_authority_says() {
    let parse = |text: &str| Url::parse(text.as_bytes(), UrlFlags::empty());
    for (text, host) in [
        ("http://example.com#@evil.example/x.txt", "example.com"),
        ("http://example.com?@evil.example/", "example.com"),
        ("http://u:pa@ss@example.com/", ""),
        ("http://u:pa%40ss@example.com/", "example.com"),
        ("http://example.com%2F127.0.0.1/", ""),
        ("http://example.com%23@evil.example/", "evil.example"),
        // A letter that IDNA makes "a/c" of.
        ("http://good.example\u{2100}.evil.example/", ""),
        ("http://stra\u{df}e.example/", "xn--strae-oqa.example"),
    ] {
        let got =
            parse(text).and_then(|url| Ok(url.host_ascii()?.into_owned())).unwrap_or_default();
        assert_eq!(String::from_utf8(got).unwrap(), host, "{text}");
    }
}
