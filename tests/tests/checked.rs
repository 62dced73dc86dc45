//! C programs that between them call the whole API, under valgrind or, in `cargo xtask sanitize address`,
//! AddressSanitizer: no bad access, no memory lost.
use std::time::Duration;
use tress_tests::library::is_sanitized;
use tress_tests::{Library, Program, Server, cc, here, scratch};

#[test]
fn options_and_handles() {
    checked("options", &[]);
}

#[test]
fn calls_that_need_no_network_and_misuse() {
    let server = Server::start();
    checked("surface", &[&server.url("/stall")]);
}

#[test]
fn memory_that_runs_out() {
    checked("memory", &[]);
}

#[test]
fn threads_with_one_share() {
    let server = Server::start();
    checked("threads", &[&server.url("/cookie"), "4", "20", "locks"]);
}

#[test]
fn transfers() {
    let server = Server::start();
    let base = server.base();
    let url = |path: &str| format!("URL={base}{path}");
    let get = url("/bytes/100000");
    checked("trace", &[&get, "next", "reset", &get, "dup"]);
    checked("trace", &[&url("/gzip"), "ACCEPT_ENCODING=gzip", "COOKIEFILE="]);
    let redirect = url("/redirect/2/307");
    checked("trace", &[&redirect, "FOLLOWLOCATION=1", "POST=1", "POSTFIELDSIZE=50", "body=50"]);
    checked("trace", &[&url("/chunked/5000"), "also", &url("/delay/20"), "also", &url("/reset/9")]);
    checked("trace", &[&url("/bytes/1000000"), "pause=100000"]);
    checked("trace", &[&url("/never"), "TIMEOUT_MS=100", "next", "URL=http://127.0.0.1:1/"]);
}

#[test]
fn formatted_text() {
    checked("printf", &[]);
}

#[test]
fn the_programs_call_every_function() {
    let dir = here().join("c");
    let sources = std::fs::read_dir(dir).expect("the programs").filter_map(|entry| entry.ok());
    let text: String =
        sources.filter_map(|entry| std::fs::read_to_string(entry.path()).ok()).collect();
    let library = Library::under_test().path_of("libcurl.so.4");
    let out = std::process::Command::new("nm").args(["-D", "--defined-only"]).arg(library).output();
    let names = String::from_utf8_lossy(&out.expect("nm").stdout).into_owned();
    let functions = names.lines().filter_map(|line| line.split_once(" T ")?.1.split('@').next());
    let missing: Vec<_> = functions.filter(|name| !text.contains(&format!("{name}("))).collect();
    assert_eq!(missing, [] as [&str; 0], "functions that no program calls");
}

/// Runs a program under the checker, which says nothing.
fn checked(name: &str, args: &[&str]) {
    let program = cc::program(name, &["-lpthread"]);
    let run = if is_sanitized() {
        let options = "detect_leaks=1:allocator_may_return_null=1:detect_stack_use_after_return=1";
        Program::new(Library::under_test(), program).env("ASAN_OPTIONS", options)
    } else {
        Program::new(Library::under_test(), "valgrind")
            .args([
                "-q",
                "--error-exitcode=99",
                "--leak-check=full",
                "--child-silent-after-fork=yes",
            ])
            .args([
                "--show-leak-kinds=definite,indirect",
                "--errors-for-leak-kinds=definite,indirect",
            ])
            .args([&program])
    };
    let out = run.args(args).dir(&scratch(name)).limit(Duration::from_secs(240)).run();
    let complaints: Vec<_> = out.stderr.lines().filter(|line| line.starts_with("==")).collect();
    assert!(complaints.is_empty() && out.code == 0, "{name}: {}\n{}", out.code, out.stderr);
}
