//! Programs of our own on the usual event loops, and one that follows the classic steps: each
//! gives the same lines on the library under test as on libcurl 8.22.
use std::time::Duration;
use tress_tests::{Library, Program, Server, cc};

/// One transfer of every kind that matters to a loop.
const PATHS: &[&str] = &[
    "/bytes/10",
    "/bytes/3000000",
    "/chunked/50000",
    "/delay/60",
    "/slow/10/10",
    "/redirect/3/302",
    "/close",
    "/http10",
    "/drop/500",
    "/empty",
    "/status/404",
    "/count",
    "/never",
    "/1xx",
];

fn same_on_both(name: &str, packages: &[&str]) {
    let program = cc::program(name, packages);
    let library = Library::under_test();
    let run = |library: &Library| {
        let server = Server::start();
        let mut urls: Vec<String> = PATHS.iter().map(|p| server.url(p)).collect();
        // By name too, so that the resolver has a part; and one that nobody listens on.
        urls.push(format!("http://localhost:{}/bytes/5", server.port));
        urls.push("http://127.0.0.1:1/refused".into());
        Program::new(library, &program).args(&urls).limit(Duration::from_secs(30)).run()
    };
    let (ours, wanted) = (run(library), run(&Library::reference()));
    let real = std::fs::canonicalize(library.path_of("libcurl.so.4")).expect("the library");
    assert!(ours.stderr.contains(&*real.to_string_lossy()), "loaded: {}", ours.stderr);
    assert_eq!(ours.stdout, wanted.stdout, "{}", ours.stderr);
    assert_eq!(ours.code, 0);
    assert_eq!(ours.stdout.lines().count(), PATHS.len() + 2);
}

#[test]
fn epoll_drives_transfers() {
    same_on_both("drive_epoll", &[]);
}

#[test]
fn libevent_drives_transfers() {
    same_on_both("drive_libevent", &["libevent"]);
}

#[test]
fn libev_drives_transfers() {
    same_on_both("drive_libev", &["-lev"]);
}

#[test]
fn libuv_drives_transfers() {
    same_on_both("drive_libuv", &["libuv"]);
}

#[test]
fn glib_drives_transfers() {
    same_on_both("drive_glib", &["glib-2.0"]);
}

#[test]
fn the_classic_steps_drive_transfers() {
    same_on_both("drive_classic", &[]);
}
