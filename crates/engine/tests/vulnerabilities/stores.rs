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
    for known in [&b"known.example"[..], b"xn--strae-oqa.example"] {
        lock(stores.hsts.as_ref().unwrap()).add(known, b"", false, 0).unwrap();
    }
    for host in [
        "known.example",
        "KNOWN.example",
        "known.example.",
        "known\u{3002}example",
        "known%2eexample",
        "stra\u{df}e.example",
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

/// CVE-2023-23915: transfers that share their stores, at the same time, with one file. By chance it may
/// pass with the fault; a test beside `save` does not.
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
