//! What is remembered of hosts.

use super::*;

/// CVE-2026-6276.
#[test]
fn cookies_of_a_host_that_was_set_by_hand_stay_with_it() {
    let (server, log) = http(|_| OK.replace("\r\n\r\n", "\r\nSet-Cookie: a=1\r\n\r\n").to_owned());
    let stores = Stores { cookies: Some(Arc::default()), cookie_engine: true, ..Stores::default() };
    let mut by_hand = get(server, "/");
    by_hand.httpheader = Some([Box::from(&b"Host: a.example"[..])].into());
    let mut transfer = Transfer::new(Arc::new(Options::default()));
    transfer.set_stores(Some(Arc::new(stores)));
    let mut driver = Driver::new();
    for options in [by_hand.clone(), by_hand, get(server, "/")] {
        transfer.set_options(Arc::new(options));
        let id = driver.add_transfer(transfer);
        (transfer, _) = end(&mut driver, id);
    }
    let heads = log.all();
    assert!(heads[1].contains("Cookie: a=1") && !heads[2].contains("Cookie"), "{heads:?}");
}

/// CVE-2022-42916, CVE-2022-43551, CVE-2022-30115, CVE-2023-23914, CVE-2024-9681.
#[test]
fn no_spelling_of_a_host_evades_hsts() {
    let server = serve(|mut stream| drop(read_head(&mut stream)));
    let stores = Stores { hsts: Some(Arc::default()), ..Stores::default() };
    lock(stores.hsts.as_ref().unwrap()).add(b"known.example", b"", false, 0).unwrap();
    for host in [
        "known.example",
        "KNOWN.example",
        "known.example.",
        "known\u{3002}example",
        "known%2eexample",
    ] {
        let mut driver = Driver::new();
        let mut transfer = Transfer::new(Arc::new(Options {
            timeout: Duration::from_millis(300),
            ..named(host, server, "/")
        }));
        transfer.set_stores(Some(Arc::new(stores.clone())));
        let id = driver.add_transfer(transfer);
        assert_ne!(end(&mut driver, id).1, Code::Ok);
        assert!(driver.debug.contains("Switched from HTTP to HTTPS"), "{host}: {}", driver.debug);
    }
    // What a host below says of itself leaves the one above alone.
    let mut cache = HstsCache::new();
    cache.heed_header(b"h.example", b"max-age=1000; includeSubDomains", 0).unwrap();
    cache.heed_header(b"below.h.example", b"max-age=10", 0).unwrap();
    cache.heed_header(b"below.h.example", b"max-age=0", 0).unwrap();
    assert!(cache.applies(b"h.example", 100) && cache.applies(b"below.h.example", 100));
}

/// CVE-2023-46218, CVE-2026-8924, CVE-2022-27779, CVE-2014-3620, CVE-2014-3613, CVE-2013-1944,
/// CVE-2016-8615, CVE-2022-35252.
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

/// CVE-2016-8615.
#[test]
fn the_end_of_a_long_line_of_a_cookie_file_is_no_line() {
    let cookie = "h.example\tFALSE\t/\tFALSE\t9999999999\ta\tb\n";
    let mut jar = CookieJar::new();
    for length in (0..20_000).step_by(100).flat_map(|length| length..length + 2) {
        jar.load(format!("#{}{cookie}", "x".repeat(length)).as_bytes(), false, 0);
        let name =
            format!("far.example\tFALSE\t/\tFALSE\t9999999999\ta\t{}{cookie}", "x".repeat(length));
        jar.load(name.as_bytes(), false, 0);
    }
    assert!(jar.cookies().all(|cookie| !cookie.to_line().starts_with(b"h.example")));
    jar.load(cookie.as_bytes(), false, 0);
    assert!(jar.cookies().any(|cookie| cookie.to_line().starts_with(b"h.example")));
}

/// CVE-2023-23915: transfers that share their stores, at the same time, with one file.
#[test]
fn hsts_files_of_parallel_transfers_keep_the_hosts_of_all() {
    let file = std::env::temp_dir().join(format!("tress-hsts-{}", std::process::id()));
    let path: Box<[u8]> = file.to_str().unwrap().as_bytes().into();
    let shared = Stores { hsts: Some(Arc::default()), ..Stores::default() };
    let now = tress_engine::stores::unix_now();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (stores, path) = (shared.clone(), path.clone());
            scope.spawn(move || {
                let mut options = Options::default();
                options.state_mut().hsts = Some([path].into());
                for at in 0..20 {
                    let host = format!("h{at}.n{number}.example");
                    let hosts = stores.hsts.as_ref().unwrap();
                    lock(hosts).heed_header(host.as_bytes(), b"max-age=1000", now).unwrap();
                    stores.save_hsts(options.state());
                }
            });
        }
    });
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), 160, "{text}");
}
