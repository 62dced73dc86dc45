//! What users suffer from over TLS (pains, line 14).
use std::time::Duration;
use tress_tests::tls::option::*;
use tress_tests::tls::{Authority, SServer, Subject};
use tress_tests::{Library, Loop, Transfer};

/// Bytes that the process has read from files so far.
fn bytes_read() -> usize {
    let io = std::fs::read_to_string("/proc/self/io").expect("/proc/self/io");
    let line = io.lines().find_map(|line| line.strip_prefix("rchar: ")).expect("rchar");
    line.parse().expect("a number")
}

fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("/proc/self/statm");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("pages") * 4096
}

#[test]
fn pain_14_one_parsed_trust_store_a_process() {
    if Library::under_test().is_libcurl() {
        return; // each of its multi handles parses the bundle anew
    }
    let authority = Authority::new("Root");
    authority.issue("server", Subject::default());
    let server = SServer::start(&authority, "server", &["-www"]);
    let mut bundle = authority.read("ca.pem");
    for number in 0..150 {
        let name = format!("anchor{}", number % 5);
        if number < 5 {
            authority.self_signed(&name, Subject { common_name: &name, ..Subject::default() });
        }
        // Words between the certificates make the file as large as the system's.
        bundle += &"#".repeat(1000);
        bundle += "\n";
        bundle += &authority.read(&format!("{name}.pem"));
    }
    authority.write("bundle.pem", &bundle);
    let get = |lp: &mut Loop| {
        let transfer = Transfer::new(&server.url("/")).str(CAINFO, &authority.path("bundle.pem"));
        assert_eq!(lp.run(&[&transfer], Duration::from_secs(20)), [0], "{}", transfer.error());
        transfer
    };
    let mut loops: Vec<Loop> = (0..50).map(|_| Loop::new()).collect();
    let mut first = Loop::new();
    get(&mut first);
    let (read, held) = (bytes_read(), resident());
    let kept: Vec<Transfer> = loops.iter_mut().map(get).collect();
    assert!(bytes_read() - read < bundle.len(), "the bundle is not read again");
    let more = resident().saturating_sub(held);
    assert!(more < 50 * bundle.len() / 2, "{more} bytes for {} multi handles", kept.len());
    // Without the cache it is read each time; a changed file is noticed.
    let read = bytes_read();
    let fresh = Transfer::new(&server.url("/")).str(CAINFO, &authority.path("bundle.pem"));
    let fresh = fresh.long(CA_CACHE_TIMEOUT, 0);
    assert_eq!(first.run(&[&fresh], Duration::from_secs(20)), [0], "{}", fresh.error());
    assert!(bytes_read() - read >= bundle.len(), "read again");
    authority.write("bundle.pem", &Authority::new("Other").read("ca.pem"));
    let changed = Transfer::new(&server.url("/")).str(CAINFO, &authority.path("bundle.pem"));
    assert_eq!(first.run(&[&changed], Duration::from_secs(20)), [60]);
}
