//! SFTP and SCP in an event loop, with OpenSSH's server and with peers that misbehave: nothing blocks,
//! other transfers go on, time-outs count.
use curl_sys::*;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tress_tests::sshd::Sshd;
use tress_tests::{Library, Loop, Server, Transfer, scratch};

const LIMIT: Duration = Duration::from_secs(20);
const OPERATION_TIMEDOUT: i32 = 28;

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

/// A pipe that nobody writes to.
fn fifo() -> PathBuf {
    let pipe = scratch("pipe").join("fifo");
    let name = std::ffi::CString::new(pipe.as_os_str().as_bytes()).expect("a path");
    // SAFETY: the path is a C string.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    pipe
}

/// A transfer that logs in with the user's key.
fn login(server: &Sshd, url: &str) -> Transfer {
    Transfer::new(url)
        .str(CURLOPT_USERNAME, &server.user)
        .str(CURLOPT_SSH_PRIVATE_KEYFILE, &server.path("user"))
}
