use super::*;
use crate::testing::Random;

const NOW: i64 = 1_700_000_000;

fn at<'a>(host: &'a str, path: &'a str) -> Response<'a> {
    Response { host: host.as_bytes(), path: path.as_bytes(), secure: false }
}

fn secure<'a>(host: &'a str, path: &'a str) -> Response<'a> {
    Response { secure: true, ..at(host, path) }
}

fn set(jar: &mut CookieJar, value: &str, response: Response<'_>) -> bool {
    jar.set_from_response(value.as_bytes(), &response, NOW).is_ok()
}

fn sent(jar: &mut CookieJar, request: Response<'_>) -> String {
    let mut out = Vec::new();
    jar.write_header(&mut out, &request, NOW);
    String::from_utf8(out).unwrap()
}

fn line(value: &str) -> String {
    let mut jar = CookieJar::new();
    match jar.set_from_response(value.as_bytes(), &secure("www.example.com", "/a/b"), NOW) {
        Ok(kept) => String::from_utf8(kept.cookie.to_line()).unwrap(),
        Err(refused) => refused.0.into_owned(),
    }
}

#[test]
fn attributes_are_read() {
    for (value, want) in [
        ("a=b", "www.example.com\tFALSE\t/a\tFALSE\t0\ta\tb"),
        (" a = b c ; Path=/x/; Domain=.Example.com", ".Example.com\tTRUE\t/x\tFALSE\t0\ta\tb c"),
        ("a=; secure; HttpOnly; path=\"/q\"", "#HttpOnly_www.example.com\tFALSE\t/q\tTRUE\t0\ta\t"),
        ("a=b; path=x", "www.example.com\tFALSE\t/\tFALSE\t0\ta\tb"),
        ("a=b; max-age=60", "www.example.com\tFALSE\t/a\tFALSE\t1700000060\ta\tb"),
        ("a=b; max-age=0", "www.example.com\tFALSE\t/a\tFALSE\t1\ta\tb"),
        ("a=b; max-age=-1", "www.example.com\tFALSE\t/a\tFALSE\t1\ta\tb"),
        (
            "a=b; max-age=99999999999999999999",
            "www.example.com\tFALSE\t/a\tFALSE\t1734559980\ta\tb",
        ),
        (
            "a=b; expires=Wed, 15 Nov 2023 00:00:00 GMT",
            "www.example.com\tFALSE\t/a\tFALSE\t1700006400\ta\tb",
        ),
        ("a=b; expires=nonsense", "www.example.com\tFALSE\t/a\tFALSE\t0\ta\tb"),
        (
            "a=b; max-age=60; expires=Wed, 15 Nov 2023 00:00:00 GMT",
            "www.example.com\tFALSE\t/a\tFALSE\t1700000060\ta\tb",
        ),
        ("; a=b", "www.example.com\tFALSE\t/a\tFALSE\t0\ta\tb"),
        ("a", "invalid cookie, dropped"),
        ("=b", ""),
        ("", ""),
        ("a=b\x01", "invalid octets in value, cookie dropped"),
        ("a\x7f=b", "invalid octets in name, cookie dropped"),
        ("a=b; domain=other.com", "skipped cookie with bad tailmatch domain: other.com"),
        (
            "a=b; domain=com",
            "cookie 'a' dropped, domain 'www.example.com' must not set cookies for 'com'",
        ),
        ("__Secure-a=b", ""),
        ("__Secure-a=b; secure", "www.example.com\tFALSE\t/a\tTRUE\t0\t__Secure-a\tb"),
        ("__Host-a=b; secure", ""),
        ("__Host-a=b; secure; path=/; domain=example.com", ""),
        ("__Host-a=b; secure; path=/", "www.example.com\tFALSE\t/\tTRUE\t0\t__Host-a\tb"),
    ] {
        assert_eq!(line(value), want, "from {value:?}");
    }
}

#[test]
fn limits_hold() {
    let name_and_value = |len: usize| format!("a={}", "v".repeat(len - 1));
    assert!(line(&name_and_value(MAX_NAME_AND_VALUE)).contains("vvv"));
    assert_eq!(
        line(&name_and_value(MAX_NAME_AND_VALUE + 1)),
        "oversized cookie dropped, name/val 1 + 4096 bytes"
    );
    assert_eq!(line(&format!("a=b;{}", " ".repeat(MAX_COOKIE_LINE))), "");
    let mut jar = CookieJar::new();
    for number in 0..MAX_COOKIES_SENT + 10 {
        set(&mut jar, &format!("c{number}=v"), at("h.com", "/"));
    }
    assert_eq!(jar.matching(&at("h.com", "/"), NOW).len(), MAX_COOKIES_SENT);
    let mut jar = CookieJar::new();
    for number in 0..5 {
        set(&mut jar, &format!("c{number}={}", "v".repeat(2000)), at("h.com", "/"));
    }
    let written = jar.write_header(&mut Vec::new(), &at("h.com", "/"), NOW);
    assert_eq!(written, Written { count: 4, full: true });
    // As if so many were there already.
    let mut jar = CookieJar::new();
    assert!(set(&mut jar, "a=1", at("h.com", "/")));
    jar.count = MAX_COOKIES - 1;
    assert!(set(&mut jar, "b=1", at("h.com", "/")) && !set(&mut jar, "c=1", at("h.com", "/")));
    // Those that are there may still change.
    assert!(set(&mut jar, "a=2", at("h.com", "/")));
    assert_eq!(sent(&mut jar, at("h.com", "/")), "b=1; a=2");
}

#[test]
fn the_right_hosts_and_paths_get_them() {
    let mut jar = CookieJar::new();
    assert_eq!(sent(&mut jar, at("h.com", "/")), "");
    set(&mut jar, "host=1", at("www.h.com", "/"));
    set(&mut jar, "all=1; domain=h.com", at("www.h.com", "/"));
    set(&mut jar, "deep=1; path=/x", at("www.h.com", "/"));
    set(&mut jar, "ip=1; domain=127.0.0.1", at("127.0.0.1", "/"));
    assert_eq!(sent(&mut jar, at("www.h.com", "/")), "host=1; all=1");
    assert_eq!(sent(&mut jar, at("WWW.h.com", "/x/y")), "deep=1; host=1; all=1");
    assert_eq!(sent(&mut jar, at("www.h.com", "/xy")), "host=1; all=1");
    assert_eq!(sent(&mut jar, at("ftp.h.com", "/")), "all=1");
    assert_eq!(sent(&mut jar, at("ah.com", "/")), "");
    assert_eq!(sent(&mut jar, at("127.0.0.1", "/")), "ip=1");
    assert_eq!(sent(&mut jar, at("1.127.0.0.1", "/")), "");
}

#[test]
fn order_is_path_domain_name_then_latest() {
    let mut jar = CookieJar::new();
    for value in ["a=1", "b=2", "cc=3", "d=4; path=/x/y", "e=5; domain=h.com"] {
        set(&mut jar, value, at("w.h.com", "/"));
    }
    set(&mut jar, "a=6", at("w.h.com", "/"));
    assert_eq!(sent(&mut jar, at("w.h.com", "/x/y/z")), "d=4; cc=3; b=2; a=6; e=5");
    assert_eq!(jar.len(), 5);
}

#[test]
fn secure_cookies_stay_on_secure_ground() {
    let mut jar = CookieJar::new();
    assert!(!set(&mut jar, "a=1; secure", at("h.com", "/")));
    assert!(set(&mut jar, "a=1; secure; path=/login", secure("h.com", "/")));
    assert_eq!(sent(&mut jar, at("h.com", "/login")), "");
    assert_eq!(sent(&mut jar, secure("h.com", "/login")), "a=1");
    assert!(!set(&mut jar, "a=2; path=/login/en", at("h.com", "/")));
    assert!(set(&mut jar, "a=2; path=/other", at("h.com", "/")));
    assert!(set(&mut jar, "a=3; path=/login", secure("h.com", "/")));
    assert!(is_secure_context(false, b"LOCALHOST") && !is_secure_context(false, b"h.com"));
}

#[test]
fn expired_cookies_go() {
    let mut jar = CookieJar::new();
    set(&mut jar, "a=1; max-age=10", at("h.com", "/"));
    set(&mut jar, "b=1", at("h.com", "/"));
    assert_eq!(jar.matching(&at("h.com", "/"), NOW + 10).len(), 2);
    assert_eq!(jar.matching(&at("h.com", "/"), NOW + 11).len(), 1);
    set(&mut jar, "b=gone; expires=Thu, 01 Jan 1970 00:00:00 GMT", at("h.com", "/"));
    assert_eq!(sent(&mut jar, at("h.com", "/")), "");
    assert!(jar.is_empty());
}

#[test]
fn files_are_read_and_written() {
    let text = b"# comment\n\
        .h.com\tTRUE\t/\tFALSE\t0\tsession\tv\r\n\
        #HttpOnly_www.h.com\tFALSE\t/p/\tTRUE\t1800000000\tkept\tv w\n\
        h.com\tFALSE\tFALSE\t1800000000\tnopath\tv\n\
        h.com\tFALSE\t/\tFALSE\t1800000000\tempty\n\
        h.com\tFALSE\t/\tFALSE\t1\told\tv\n\
        co.uk\tTRUE\t/\tFALSE\t0\tpublic\tv\n\
        Set-Cookie: header=v; domain=h.com\n\
        rubbish\n";
    let mut jar = CookieJar::new();
    jar.load(text, true, NOW);
    let file = String::from_utf8(jar.file_text(NOW)).unwrap();
    let body = file.strip_prefix(COOKIE_FILE_HEAD).unwrap();
    assert_eq!(
        body,
        ".h.com\tTRUE\t/\tFALSE\t0\theader\tv\n\
        h.com\tFALSE\t/\tFALSE\t1800000000\tempty\t\n\
        h.com\tFALSE\t/\tFALSE\t1800000000\tnopath\tv\n\
        #HttpOnly_www.h.com\tFALSE\t/p\tTRUE\t1800000000\tkept\tv w\n\
        .h.com\tTRUE\t/\tFALSE\t0\tsession\tv\n"
    );
    let mut again = CookieJar::new();
    again.load(file.as_bytes(), false, NOW);
    assert_eq!(again.len(), 3);
    jar.clear_session();
    assert_eq!(jar.lines(NOW).len(), 3);
    jar.clear();
    assert!(jar.is_empty() && jar.lines(NOW).is_empty());
}

#[test]
fn live_cookies_win_over_those_of_files() {
    let mut jar = CookieJar::new();
    set(&mut jar, "a=live", at("h.com", "/"));
    jar.load(b"h.com\tFALSE\t/\tFALSE\t0\ta\tfile\n", true, NOW);
    assert_eq!(sent(&mut jar, at("h.com", "/")), "a=live");
    assert!(jar.add_line(b"h.com\tFALSE\t/\tFALSE\t0\ta\tlist", NOW).unwrap().replaced);
    assert_eq!(sent(&mut jar, at("h.com", "/")), "a=list");
    jar.add_line(b"Set-Cookie: b=everywhere", NOW).unwrap();
    assert_eq!(CookieCommand::parse(b"sess"), CookieCommand::ClearSession);
    assert_eq!(CookieCommand::parse(b"x"), CookieCommand::Add(b"x"));
}

#[test]
fn hostile_cookies_do_no_harm() {
    const PIECES: &[&[u8]] = &[
        b"a",
        b"=",
        b";",
        b" ",
        b"\t",
        b"path",
        b"domain",
        b"max-age",
        b"expires",
        b"secure",
        b"/",
        b"\"",
        b".",
        b"h.com",
        b"com",
        b"9",
        b"__Host-",
        b"TRUE",
        b"Set-Cookie:",
        b"#HttpOnly_",
    ];
    let mut random = Random::new(9);
    let mut jar = CookieJar::new();
    for _ in 0..20_000 {
        let text = random.text(PIECES, 14);
        let response = if random.below(2) == 0 { at("w.h.com", "/a/b") } else { secure("", "") };
        let _ = jar.set_from_response(&text, &response, NOW);
        let _ = jar.add_line(&text, NOW);
    }
    let text = jar.file_text(NOW);
    let before = jar.lines(NOW).len();
    let mut again = CookieJar::new();
    again.load(&text, true, NOW);
    assert!(again.len() <= before);
    let _ = jar.write_header(&mut Vec::new(), &at("w.h.com", "/a/b"), i64::MAX);
}
