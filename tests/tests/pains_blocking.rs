//! What users of the event interface suffer from: calls that block, look-ups and forks.
//! Each test is named after its line in the project's list.
use curl_sys::CURLOPT_CONNECTTIMEOUT_MS;
use std::time::{Duration, Instant};
use tress_tests::tls::option::*;
use tress_tests::{Library, Loop, Outcome, Program, Server, Transfer, cc, fifo, here, scratch};

const OPERATION_TIMEDOUT: i32 = 28;

#[test]
fn pain_07_removing_never_waits_for_the_resolver() {
    let server = Server::start();
    let url = format!("http://a.slow.test:{}/count", server.port);
    let out = with_slow_names("3000", &["remove"], &[&url]).0;
    let ms: Vec<u32> = out.stdout.split_whitespace().filter_map(|w| w.parse().ok()).collect();
    assert_eq!(ms.len(), 3, "{out:?}");
    assert!(ms.iter().all(|t| *t < 300), "remove, cleanup, multi cleanup took {ms:?} ms");
}

#[test]
fn pain_08_one_look_up_for_a_name_that_many_want() {
    let server = Server::start();
    let url = format!("http://b.slow.test:{}/count", server.port);
    let (out, names) = with_slow_names("200", &["remove"], &["herd", "40", &url]);
    assert!(out.stdout.contains("40 good"), "{out:?}");
    assert_eq!(names, 1, "look-ups of one name");
}

#[test]
fn pain_09_parent_and_child_go_on_after_a_fork() {
    let server = Server::start();
    let url = format!("http://localhost:{}/count", server.port);
    let program = cc::program("fork", &[]);
    let out = Program::new(Library::under_test(), &program).args([&url]).run();
    let lines: Vec<&str> = out.stdout.lines().collect();
    assert_eq!(out.code, 0, "{out:?}");
    assert!(lines.contains(&"child status 0"), "{lines:?}");
    for who in ["before", "child", "parent"] {
        assert!(lines.iter().any(|l| l.starts_with(&format!("{who} result 0"))), "{lines:?}");
    }
    // The child left the parent's connection alone, and the parent still has it.
    assert!(lines.iter().any(|l| l.starts_with("child") && l.ends_with("connects 1")), "{lines:?}");
    assert!(
        lines.iter().any(|l| l.starts_with("parent") && l.ends_with("connects 0")),
        "{lines:?}"
    );
}

#[test]
fn pain_09_a_child_leaves_the_transfers_of_its_parent_alone() {
    let program = cc::program("fork_busy", &[]);
    for what in ["remove", "cleanup", "continue", "nothing"] {
        let server = Server::start();
        let url = |n: usize| server.url(&format!("/slow/20/{}", 20 + n));
        let urls: Vec<String> = (0..4).map(url).collect();
        let mut args = vec![what];
        args.extend(urls.iter().map(String::as_str));
        let out = Program::new(Library::under_test(), &program).args(&args).run();
        let lines: Vec<&str> = out.stdout.lines().collect();
        assert_eq!(out.code, 0, "{what}: {out:?}");
        assert_eq!(lines.first(), Some(&format!("child {what} 0").as_str()), "{out:?}");
        let good =
            lines.iter().filter(|l| l.contains("done 1 result 0 status 200 size 2000")).count();
        assert_eq!(good, 4, "{what}: {lines:?}");
        assert_eq!(server.take_log().len(), 4, "{what}: requests");
    }
}

#[test]
fn pain_24_a_file_that_blocks_holds_nothing_up() {
    if Library::under_test().is_libcurl() {
        return; // libcurl opens the pipe in the action and never comes back: this is the pain.
    }
    let server = Server::start();
    let pipe = fifo();
    let mut lp = Loop::new();
    let blocked = Transfer::new(&format!("file://{}", pipe.display()));
    lp.add(&blocked);
    let others: Vec<Transfer> = (0..5).map(|_| Transfer::new(&server.url("/delay/20"))).collect();
    others.iter().for_each(|t| lp.add(t));
    let begin = Instant::now();
    assert!(lp.run_until(5, Duration::from_secs(5)), "the others finish");
    assert!(begin.elapsed() < Duration::from_secs(2));
    others.iter().for_each(|t| lp.remove(t));
    lp.remove(&blocked);
    assert!(lp.longest < Duration::from_millis(200), "a call took {:?}", lp.longest);
    lp.check();
}

/// Files that settings of TLS name are read once for all that wait for them, and by a thread.
#[test]
fn pain_24_files_of_tls_settings_hold_nothing_up() {
    if Library::under_test().is_libcurl() {
        return; // libcurl opens them in the action and never comes back.
    }
    let server = Server::start();
    // That nobody shakes hands there does not come into it.
    let url = format!("https://127.0.0.1:{}/", server.port);
    let pipe = fifo().display().to_string();
    let mut blocked: Vec<Transfer> = [CAINFO, CRLFILE, SSLCERT, PINNEDPUBLICKEY]
        .into_iter()
        .map(|option| Transfer::new(&url).str(option, &pipe))
        .collect();
    blocked.extend((0..30).map(|_| Transfer::new(&url).str(CAINFO, &pipe)));
    let blocked: Vec<Transfer> =
        blocked.into_iter().map(|it| it.long(CURLOPT_CONNECTTIMEOUT_MS, 1500)).collect();
    let mut lp = Loop::new();
    blocked.iter().for_each(|it| lp.add(it));
    let others: Vec<Transfer> = (0..5).map(|_| Transfer::new(&server.url("/delay/20"))).collect();
    others.iter().for_each(|it| lp.add(it));
    let (before, begin) = (workers(), Instant::now());
    assert!(lp.run_until(5, Duration::from_secs(5)), "the others finish");
    assert!(begin.elapsed() < Duration::from_millis(1400));
    assert!(lp.take_finished().iter().all(|(_, code)| *code == 0));
    assert!(workers() <= before + 4, "{} threads read four files", workers() - before);
    // One that is taken out while it waits takes nothing along.
    lp.remove(&blocked[5]);
    assert!(lp.run_until(blocked.len() - 1, Duration::from_secs(5)), "in time");
    assert!(lp.take_finished().iter().all(|(_, code)| *code == OPERATION_TIMEDOUT));
    others.iter().for_each(|it| lp.remove(it));
    blocked.iter().enumerate().filter(|(at, _)| *at != 5).for_each(|(_, it)| lp.remove(it));
    assert!(lp.longest < Duration::from_millis(200), "a call took {:?}", lp.longest);
    lp.check();
}

/// Threads of the library.
fn workers() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("tasks").flatten();
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm"));
    tasks.filter_map(|task| name(task).ok()).filter(|it| it == "resolver\n").count()
}

/// Runs a C program with a preloaded resolver that is slow and counts.
fn with_slow_names(ms: &str, program: &[&str], args: &[&str]) -> (Outcome, usize) {
    let log = scratch("lookups").join("log");
    let path = cc::program(program[0], &[]);
    let shim = cc::preload(&here().join("c/lookups.c"));
    let out = Program::new(Library::under_test(), &path)
        .env("LOOKUP_MS", ms)
        .env("LOOKUP_LOG", &log)
        .preload(shim)
        .args(args)
        .run();
    let names = std::fs::read_to_string(&log).map_or(0, |t| t.lines().count());
    (out, names)
}
