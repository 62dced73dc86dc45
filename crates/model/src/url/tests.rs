use super::*;
use crate::testing::Random;

const GUESS: UrlFlags = UrlFlags::GUESS_SCHEME;
const NONE: UrlFlags = UrlFlags::empty();

fn parse(text: &str, flags: UrlFlags) -> Result<Url, UrlCode> {
    Url::parse(text.as_bytes(), flags)
}

fn whole(text: &str, flags: UrlFlags) -> Result<String, UrlCode> {
    let url = parse(text, flags)?.to_bytes(flags)?;
    Ok(String::from_utf8_lossy(&url).into_owned())
}

#[test]
fn every_part_is_found() {
    let url = parse("imap://u%41:p;AUTH=*@Host.example:99/a/b?q#f", NONE).unwrap();
    assert_eq!(url.scheme_name(), Some(&b"imap"[..]));
    assert_eq!(url.user(), Some(&b"u%41"[..]));
    assert_eq!(url.password(), Some(&b"p"[..]));
    assert_eq!(url.options(), Some(&b"AUTH=*"[..]));
    assert_eq!(url.host(), b"Host.example");
    assert_eq!(url.port(), 99);
    assert_eq!(url.path_and_query(), b"/a/b?q");
    assert_eq!(url.query(), Some(&b"q"[..]));
    assert_eq!(url.fragment(), Some(&b"f"[..]));
    assert_eq!(&*url.get(UrlPart::User, UrlFlags::URLDECODE).unwrap(), b"uA");
}

#[test]
fn what_is_missing_has_a_default_or_a_code() {
    let url = parse("HTTP://h", NONE).unwrap();
    assert_eq!((url.path(), url.path_and_query(), url.port()), (&b"/"[..], &b"/"[..], 80));
    assert_eq!(url.get(UrlPart::Port, NONE), Err(UrlCode::NoPort));
    assert_eq!(&*url.get(UrlPart::Port, UrlFlags::DEFAULT_PORT).unwrap(), b"80");
    assert_eq!(url.get(UrlPart::Query, NONE), Err(UrlCode::NoQuery));
    assert_eq!(url.get(UrlPart::Zoneid, NONE), Err(UrlCode::NoZoneid));
    assert_eq!(url.get(UrlPart::User, NONE), Err(UrlCode::NoUser));
    let query_only = parse("http://h?", NONE).unwrap();
    assert_eq!(query_only.path_and_query(), b"/?");
    assert_eq!(query_only.get(UrlPart::Query, NONE), Err(UrlCode::NoQuery));
    assert_eq!(&*query_only.get(UrlPart::Query, UrlFlags::GET_EMPTY).unwrap(), b"");
}

#[test]
fn whole_urls_are_normalized() {
    for (given, flags, want) in [
        ("HTTPS://h/../x/./y", NONE, "https://h/x/y"),
        ("http://h/../x", UrlFlags::PATH_AS_IS, "http://h/../x"),
        ("ftp.example.com/x", GUESS, "ftp://ftp.example.com/x"),
        ("example.com:8080", GUESS, "http://example.com:8080/"),
        ("example.com", UrlFlags::DEFAULT_SCHEME, "https://example.com/"),
        ("http://0x7f.1/", NONE, "http://127.0.0.1/"),
        ("http://2130706433", NONE, "http://127.0.0.1/"),
        ("http://0177.0.0.01.", NONE, "http://127.0.0.1/"),
        ("http://256.1.1.1/", NONE, "http://256.1.1.1/"),
        ("http://[0:0:0:0:0:0:0:1]:/", NONE, "http://[::1]/"),
        ("http://[fe80::1%25eth0]/", NONE, "http://[fe80::1%25eth0]/"),
        ("http:///h/p", NONE, "http://h/p"),
        ("http:/h/p", NONE, "http://h/p"),
        ("http://%65xample.com/", NONE, "http://example.com/"),
        ("http://h:080/", NONE, "http://h:80/"),
        ("http://h:80/", UrlFlags::NO_DEFAULT_PORT, "http://h/"),
        ("http://h/", UrlFlags::DEFAULT_PORT, "http://h:80/"),
        ("http://h?#", NONE, "http://h/"),
        ("http://h?#", UrlFlags::GET_EMPTY, "http://h/?#"),
        (
            "http://h/a b?c d#e f",
            UrlFlags::URLENCODE.union(UrlFlags::ALLOW_SPACE),
            "http://h/a%20b?c+d#e%20f",
        ),
        ("file:/etc/x", NONE, "file:///etc/x"),
        ("file://localhost/etc/x", NONE, "file:///etc/x"),
        ("x-odd://h/", UrlFlags::NON_SUPPORT_SCHEME, "x-odd://h/"),
        ("http://;u@h/", NONE, "http://;u@h/"),
        ("http://@h/", NONE, "http://@h/"),
        ("http://räksmörgås.se/", UrlFlags::PUNYCODE, "http://xn--rksmrgs-5wao1o.se/"),
        ("http://xn--rksmrgs-5wao1o.se/", UrlFlags::PUNY2IDN, "http://räksmörgås.se/"),
    ] {
        assert_eq!(whole(given, flags).as_deref(), Ok(want), "from {given}");
    }
}

#[test]
fn broken_urls_have_their_code() {
    for (given, flags, want) in [
        ("example.com", NONE, UrlCode::BadScheme),
        ("foo://h/", NONE, UrlCode::UnsupportedScheme),
        ("http:h", NONE, UrlCode::BadSlashes),
        ("http:////h", NONE, UrlCode::BadSlashes),
        ("http://", NONE, UrlCode::NoHost),
        ("http://:80/", NONE, UrlCode::NoHost),
        ("http://h:65536/", NONE, UrlCode::BadPortNumber),
        ("http://h:8x/", NONE, UrlCode::BadPortNumber),
        ("http://h:8\\x", NONE, UrlCode::Backslash),
        ("h:", GUESS, UrlCode::BadPortNumber),
        ("http://a b/", NONE, UrlCode::MalformedInput),
        ("http://h/\u{7f}", NONE, UrlCode::MalformedInput),
        ("http://a\\b/", NONE, UrlCode::BadHostname),
        ("http://a%00b/", NONE, UrlCode::BadHostname),
        ("http://u@a@b/", NONE, UrlCode::BadHostname),
        ("http://u@h/", UrlFlags::DISALLOW_USER, UrlCode::UserNotAllowed),
        ("http://[::1/", NONE, UrlCode::BadIpv6),
        ("http://[zz::1]/", NONE, UrlCode::BadIpv6),
        ("http://[::1]x/", NONE, UrlCode::BadPortNumber),
        ("http://[fe80::1%250123456789012345]/", NONE, UrlCode::BadIpv6),
        ("file://host/x", NONE, UrlCode::BadFileUrl),
        ("file:///c:/x", NONE, UrlCode::BadFileUrl),
        ("file:x", NONE, UrlCode::BadFileUrl),
        ("http://h../", NONE, UrlCode::BadHostname),
        ("", NONE, UrlCode::BadScheme),
    ] {
        assert_eq!(parse(given, flags).err(), Some(want), "from {given}");
    }
}

#[test]
fn references_lead_on_from_a_base() {
    for (base, reference, want) in [
        ("http://h/a/b?q#f", "c", "http://h/a/c"),
        ("http://h/a/b?q#f", "../c", "http://h/c"),
        ("http://h/a/b?q#f", "/c", "http://h/c"),
        ("http://h/a/b?q#f", "?r s", "http://h/a/b?r+s"),
        ("http://h/a/b?q#f", "#g", "http://h/a/b?q#g"),
        ("http://h/a/b?q#f", "", "http://h/a/b?q"),
        ("http://h/a/b", "#g", "http://h/a/b#g"),
        ("http://h/a/b", "//o:9/x y", "http://o:9/x%20y"),
        ("http://h/a/b", "https://o", "https://o/"),
        ("http://h", "x", "http://h/x"),
        ("http://h?q/r", "x", "http://h/x"),
        ("http://u:p@h:8/a", "x?y z", "http://u:p@h:8/x?y+z"),
        ("http://h/a", "x%2fy\u{e5}", "http://h/x%2Fy%C3%A5"),
        ("file:///a/b", "c", "file:///a/c"),
    ] {
        let mut url = parse(base, NONE).unwrap();
        let set = url.set(UrlPart::Url, Some(reference.as_bytes()), UrlFlags::ALLOW_SPACE);
        assert_eq!(set, Ok(()), "{base} {reference}");
        let got = url.to_bytes(NONE).unwrap();
        assert_eq!(String::from_utf8_lossy(&got), want, "{base} {reference}");
    }
}

#[test]
fn parts_are_set_and_cleared() {
    let mut url = Url::new();
    assert_eq!(url.to_bytes(NONE), Err(UrlCode::NoHost));
    let steps: [(UrlPart, Option<&[u8]>, UrlFlags); 10] = [
        (UrlPart::Scheme, Some(b"https"), NONE),
        (UrlPart::Host, Some(b"example.com"), NONE),
        (UrlPart::Port, Some(b"0443"), NONE),
        (UrlPart::User, Some(b"u:s"), UrlFlags::URLENCODE),
        (UrlPart::Password, Some(b"p"), NONE),
        (UrlPart::Path, Some(b"a/b c"), UrlFlags::URLENCODE),
        (UrlPart::Query, Some(b"k=a b=c"), UrlFlags::URLENCODE.union(UrlFlags::APPENDQUERY)),
        (UrlPart::Query, Some(b"l=%2f"), UrlFlags::APPENDQUERY),
        (UrlPart::Fragment, Some(b"f"), NONE),
        (UrlPart::Password, None, NONE),
    ];
    for (part, value, flags) in steps {
        assert_eq!(url.set(part, value, flags), Ok(()), "{part:?}");
    }
    assert_eq!(
        String::from_utf8_lossy(&url.to_bytes(NONE).unwrap()),
        "https://u%3As@example.com:443/a/b%20c?k=a+b%3Dc&l=%2F#f"
    );
    url.set(UrlPart::Host, Some(b"[fe80::0001%25e1]"), NONE).unwrap();
    assert_eq!(
        (url.host(), url.host_name(), url.zone_id()),
        (&b"[fe80::1]"[..], &b"fe80::1"[..], Some(&b"e1"[..]))
    );
}

#[test]
fn bad_parts_are_refused_and_change_nothing() {
    let mut url = parse("http://h/", NONE).unwrap();
    for (part, value, want) in [
        (UrlPart::Scheme, "", UrlCode::BadScheme),
        (UrlPart::Scheme, "socks5", UrlCode::UnsupportedScheme),
        (UrlPart::Port, "", UrlCode::BadPortNumber),
        (UrlPart::Port, "8\\", UrlCode::BadPortNumber),
        (UrlPart::Port, "70000", UrlCode::BadPortNumber),
        (UrlPart::Host, "", UrlCode::BadHostname),
        (UrlPart::Host, "a/b", UrlCode::BadHostname),
        (UrlPart::Host, "a%0ab", UrlCode::BadHostname),
        (UrlPart::Url, "http://", UrlCode::NoHost),
    ] {
        assert_eq!(url.set(part, Some(value.as_bytes()), NONE), Err(want), "{part:?} {value}");
    }
    assert_eq!(url.to_bytes(NONE).unwrap(), b"http://h/");
    assert_eq!(
        url.set(UrlPart::Scheme, Some(b"1x"), UrlFlags::NON_SUPPORT_SCHEME),
        Err(UrlCode::BadScheme)
    );
}

#[test]
fn requests_get_an_encoded_path() {
    let url = Url::parse("http://h/å?å".as_bytes(), NONE).unwrap();
    assert_eq!(&*url.request_target(), "/%C3%A5?å".as_bytes());
    assert!(matches!(
        parse("http://h/a?b", NONE).unwrap().request_target(),
        Cow::Borrowed(b"/a?b")
    ));
}

#[test]
fn origins_compare_with_default_ports() {
    let url = |text| parse(text, NONE).unwrap();
    assert!(url("http://h/a").is_same_origin(&url("http://H:80/b")));
    assert!(!url("http://h/a").is_same_origin(&url("https://h/b")));
    assert!(!url("http://h/a").is_same_origin(&url("http://h:81/b")));
}

#[test]
fn hostile_urls_do_no_harm_and_read_back_the_same() {
    const PIECES: &[&[u8]] = &[
        b"http",
        b"://",
        b"file:",
        b"imap://",
        b"@",
        b":",
        b";",
        b"/",
        b"?",
        b"#",
        b"[",
        b"]",
        b"::1",
        b"%25",
        b"%2e",
        b"..",
        b".",
        b"0x7f",
        b"127.1",
        b"%41",
        b"xn--a",
        b"\xc3\xa5",
        b"80",
        b"h",
        b"\\",
    ];
    let mut random = Random::new(7);
    for _ in 0..20_000 {
        let text = random.text(PIECES, 12);
        let flags = UrlFlags::from_bits_truncate(random.below(1 << 16) as u32);
        let Ok(url) = Url::parse(&text, flags) else { continue };
        let _ = url.get(UrlPart::Host, UrlFlags::PUNYCODE);
        let _ = url.get(UrlPart::Host, UrlFlags::PUNY2IDN);
        let _ = url.join(&random.text(PIECES, 6), flags);
        let parts = [UrlPart::Host, UrlPart::Path, UrlPart::Query, UrlPart::User, UrlPart::Zoneid];
        let _ = url.clone().set(parts[random.below(5)], Some(&random.text(PIECES, 3)), flags);
        let lenient = UrlFlags::PATH_AS_IS
            | UrlFlags::NON_SUPPORT_SCHEME
            | UrlFlags::NO_AUTHORITY
            | UrlFlags::ALLOW_SPACE;
        let Ok(written) = url.to_bytes(NONE) else { continue };
        let again = Url::parse(&written, lenient).and_then(|url| url.to_bytes(NONE));
        // Options of a scheme without options are left out; the rest stays.
        assert_eq!(again.as_deref(), Ok(&written[..]), "{}", text.escape_ascii());
    }
}
