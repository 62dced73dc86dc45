//! SFTP and SCP in an event loop, with OpenSSH's server and with peers that misbehave: nothing blocks,
//! other transfers go on, time-outs count.
use curl_sys::*;
use std::ffi::CString;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};
use tress_tests::api::api;
use tress_tests::proxies::Proxy;
use tress_tests::sshd::Sshd;
use tress_tests::{Library, Loop, Server, Transfer, fifo};

const LIMIT: Duration = Duration::from_secs(20);
const OPERATION_TIMEDOUT: i32 = 28;
const LOGIN_DENIED: i32 = 67;
const NUM_CONNECTS: i32 = 0x20_0000 + 26;
/// `CURLPAUSE_RECV`, `CURLPAUSE_SEND`.
const PAUSES: [i32; 2] = [1, 4];
/// `CURLSSH_AUTH_PASSWORD`, `CURLSSH_AUTH_KEYBOARD`.
const BY_PASSWORD: i64 = 2;
const BY_KEYBOARD: i64 = 8;

#[test]
fn files_that_block_hold_nothing_up() {
    if Library::under_test().is_libcurl() {
        return; // libcurl opens them in the action and never comes back.
    }
    let (sshd, server) = (Sshd::start(""), Server::start());
    let pipe = fifo();
    let url = format!("{}/file", sshd.base("sftp"));
    let name = pipe.display().to_string();
    let blocked = [
        login(&sshd, &url).str(CURLOPT_SSH_KNOWNHOSTS, &name),
        login(&sshd, &url).str(CURLOPT_SSH_PRIVATE_KEYFILE, &name),
    ];
    let blocked = blocked.map(|it| it.long(CURLOPT_CONNECTTIMEOUT_MS, 1500));
    let mut lp = Loop::new();
    blocked.iter().for_each(|it| lp.add(it));
    let others: Vec<Transfer> = (0..5).map(|_| Transfer::new(&server.url("/delay/20"))).collect();
    others.iter().for_each(|it| lp.add(it));
    let begin = Instant::now();
    assert!(lp.run_until(5, LIMIT), "the others finish");
    assert!(begin.elapsed() < Duration::from_millis(1400));
    assert!(lp.take_finished().iter().all(|(_, code)| *code == 0));
    assert!(lp.run_until(2, LIMIT), "those that wait for files finish too");
    assert!(lp.take_finished().iter().all(|(_, code)| *code == OPERATION_TIMEDOUT));
    assert!(begin.elapsed() >= Duration::from_millis(1400));
    others.iter().chain(&blocked).for_each(|it| lp.remove(it));
    // One that is taken out while it waits takes nothing along.
    lp.add(&blocked[0]);
    for _ in 0..20 {
        lp.turn(Duration::from_millis(10));
    }
    lp.remove(&blocked[0]);
    assert!(lp.longest < Duration::from_millis(200), "a call took {:?}", lp.longest);
    lp.check();
}

#[test]
fn a_server_that_says_nothing_is_given_up_in_time() {
    let preface: &[u8] = b"welcome\r\n";
    for said in [b"", preface, b"SSH-2.0-silent\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let silent = std::thread::spawn(move || {
            let (mut client, _) = listener.accept().expect("a connection");
            client.write_all(said).expect("a client that listens");
            // Until it is gone.
            std::io::copy(&mut client, &mut std::io::sink()).expect("its words")
        });
        let get = Transfer::new(&format!("sftp://127.0.0.1:{port}/file"));
        let get = get.str(CURLOPT_USERNAME, "me").long(CURLOPT_CONNECTTIMEOUT_MS, 400);
        let (mut lp, begin) = (Loop::new(), Instant::now());
        assert_eq!(lp.run(&[&get], LIMIT), [OPERATION_TIMEDOUT], "{}", get.error());
        let took = begin.elapsed();
        assert!(took >= Duration::from_millis(390) && took < Duration::from_secs(3), "{took:?}");
        lp.check();
        drop(lp);
        silent.join().expect("the connection is closed");
    }
}

#[test]
fn a_body_that_is_paused_waits_and_nothing_spins() {
    let sshd = Sshd::start("");
    let content = large(&sshd.root.join("large"));
    for scheme in ["sftp", "scp"] {
        for (mut lp, which) in [(Loop::new(), "level"), (Loop::edge_triggered(), "edge")] {
            let get = slowed(login(&sshd, &format!("{}/large", sshd.base(scheme))));
            lp.add(&get);
            turn_until(&mut lp, || get.body().len() > 10_000);
            pause(&mut lp, &get, PAUSES[0]);
            assert!(get.body().len() < content.len(), "{scheme} {which}");
            assert_eq!(get.pause(0), 0);
            assert!(lp.run_until(1, LIMIT), "{scheme} {which}");
            assert_eq!(lp.take_finished()[0].1, 0, "{}", get.error());
            assert!(get.body() == content, "{scheme} {which}: {}", get.body().len());
            lp.remove(&get);
            lp.check();
        }
    }
}

#[test]
fn an_upload_that_is_paused_waits_and_nothing_spins() {
    let sshd = Sshd::start("");
    let source = sshd.dir.join("source");
    let content = large(&source);
    for scheme in ["sftp", "scp"] {
        let to = sshd.root.join("uploaded");
        let size = || std::fs::metadata(&to).map_or(0, |about| about.len());
        let put = slowed(login(&sshd, &format!("{}/uploaded", sshd.base(scheme))));
        let put = put.long(CURLOPT_UPLOAD, 1).long(CURLOPT_INFILESIZE, content.len() as i64);
        let file = read_from(&put, &source);
        let mut lp = Loop::new();
        lp.add(&put);
        turn_until(&mut lp, || size() > 10_000);
        pause(&mut lp, &put, PAUSES[1]);
        let paused_at = size();
        assert!(paused_at < content.len() as u64, "{scheme}");
        assert_eq!(put.pause(0), 0);
        assert!(lp.run_until(1, LIMIT), "{scheme}");
        assert_eq!(lp.take_finished()[0].1, 0, "{scheme}: {}", put.error());
        assert!(std::fs::read(&to).expect("the file") == content, "{scheme}");
        lp.remove(&put);
        lp.check();
        // SAFETY: opened by `read_from`, and used no more.
        assert_eq!(unsafe { libc::fclose(file) }, 0);
        std::fs::remove_file(&to).expect("the file");
    }
}

#[test]
fn over_proxies() {
    let sshd = Sshd::start("");
    let content = large(&sshd.root.join("large"));
    let (dante, squid) = (Proxy::dante(true), Proxy::squid());
    for proxy in [
        format!("socks5://127.0.0.1:{}", dante.port),
        format!("socks5h://127.0.0.1:{}", dante.port),
        format!("http://user:secret@127.0.0.1:{}", squid.port),
    ] {
        let mut lp = Loop::new();
        for (scheme, connects) in [("sftp", 1), ("sftp", 0), ("scp", 1)] {
            let get = login(&sshd, &format!("{}/large", sshd.base(scheme)));
            let get = get.str(CURLOPT_PROXY, &proxy).str(CURLOPT_NOPROXY, "");
            assert_eq!(lp.run(&[&get], LIMIT), [0], "{proxy}: {}", get.error());
            assert!(get.body() == content, "{proxy}, {scheme}");
            assert_eq!(get.info(NUM_CONNECTS), connects, "{proxy}, {scheme}");
        }
        lp.check();
    }
}

#[test]
fn by_password_and_by_keyboard() {
    let password = "open sesame";
    let sshd = Sshd::with_password(password, "PubkeyAuthentication no");
    std::fs::write(sshd.root.join("file"), "inside").expect("a file");
    let url = format!("{}/file", sshd.base("sftp"));
    for (methods, word, code) in [
        (BY_PASSWORD, password, 0),
        (BY_PASSWORD, "wrong", LOGIN_DENIED),
        (BY_KEYBOARD, password, 0),
        (BY_KEYBOARD, "wrong", LOGIN_DENIED),
        (BY_PASSWORD | BY_KEYBOARD | 1, password, 0),
        (1, password, LOGIN_DENIED),
    ] {
        let get = login(&sshd, &url).str(CURLOPT_PASSWORD, word);
        let get = get.long(CURLOPT_SSH_AUTH_TYPES, methods).long(CURLOPT_FORBID_REUSE, 1);
        let mut lp = Loop::new();
        assert_eq!(lp.run(&[&get], LIMIT), [code], "{methods} {word}: {}", get.error());
        assert_eq!(get.text(), if code == 0 { "inside" } else { "" });
        lp.check();
    }
    // Where the server has no password of its own, its questions have.
    let more = "PubkeyAuthentication no\nPasswordAuthentication no";
    let asking = Sshd::with_password(password, more);
    std::fs::write(asking.root.join("file"), "inside").expect("a file");
    let get = login(&asking, &format!("{}/file", asking.base("scp")));
    let get = get.str(CURLOPT_PASSWORD, password);
    assert_eq!(Loop::new().run(&[&get], LIMIT), [0], "{}", get.error());
    assert_eq!(get.text(), "inside");
}

/// Pauses a transfer, and sees that it falls silent, and so does the loop.
fn pause(lp: &mut Loop, transfer: &Transfer, what: i32) {
    assert_eq!(transfer.pause(what), 0);
    // What is under way arrives first.
    let (mut turns, mut quiet) = (0, 0);
    while quiet < 10 {
        let events = lp.turn(Duration::from_millis(20));
        quiet = if events == 0 { quiet + 1 } else { 0 };
        turns += 1;
        assert!(turns < 500, "the loop spins while nothing moves");
    }
    // Who is paused need not wait for anything.
    lp.seen().breaches.retain(|breach| !breach.contains("no socket and no timer"));
}

/// At most so many bytes a second, so that there is a middle of a body to pause in.
fn slowed(transfer: Transfer) -> Transfer {
    for option in [CURLOPT_MAX_RECV_SPEED_LARGE, CURLOPT_MAX_SEND_SPEED_LARGE] {
        // SAFETY: the options take a `curl_off_t`.
        assert_eq!(unsafe { (api().easy_setopt)(transfer.easy, option, 2_000_000_i64) }, 0);
    }
    transfer
}

fn turn_until(lp: &mut Loop, holds: impl Fn() -> bool) {
    let until = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < until && lp.running() > 0, "it does not get there");
        lp.turn(Duration::from_millis(20));
    }
}

/// Makes a file that takes more than a few packets.
fn large(path: &Path) -> Vec<u8> {
    let content: Vec<u8> = (0..3_000_000_u32).map(|i| (i / 7) as u8).collect();
    std::fs::write(path, &content).expect("a file");
    content
}

/// The body of an upload comes from a file; it is to be closed at the end.
fn read_from(transfer: &Transfer, path: &Path) -> *mut libc::FILE {
    let name = CString::new(path.as_os_str().as_bytes()).expect("a path");
    // SAFETY: both are C strings; the option takes a FILE.
    unsafe {
        let file = libc::fopen(name.as_ptr(), c"rb".as_ptr());
        assert!(!file.is_null());
        assert_eq!((api().easy_setopt)(transfer.easy, CURLOPT_READDATA, file), 0);
        file
    }
}

/// A transfer that logs in with the user's key.
fn login(server: &Sshd, url: &str) -> Transfer {
    Transfer::new(url)
        .str(CURLOPT_USERNAME, &server.user)
        .str(CURLOPT_SSH_PRIVATE_KEYFILE, &server.path("user"))
}
