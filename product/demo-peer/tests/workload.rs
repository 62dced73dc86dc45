//! The workload on the system's libcurl, and what is told of it.

#[path = "../../../crates/tress/tests/support/mod.rs"]
mod support;

use std::process::Command;

use support::{Answer, ok, serve};

#[test]
fn the_workload_runs_on_the_systems_libcurl() {
    let server = serve(|request| match request.path.as_str() {
        "/hang" => {
            Answer::Raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n.\r\n".into())
        }
        _ => ok("hello"),
    });
    let run = Command::new(env!("CARGO_BIN_EXE_tress-demo-peer"))
        .args(["libcurl.so.4", &format!("http://{server}"), "50", "5", "3"])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let told = String::from_utf8_lossy(&run.stdout);
    let result = told.lines().last().unwrap();
    for figure in ["\"library\":\"libcurl/", "\"requests\":50,\"errors\":0,\"hanging\":3,"] {
        assert!(result.contains(figure), "{figure} is not in {result}");
    }
}

#[test]
fn a_library_that_is_not_there_is_named() {
    let mut peer = Command::new(env!("CARGO_BIN_EXE_tress-demo-peer"));
    let run = peer.args(["libnothing.so.9", "http://127.0.0.1:1", "1", "1", "1"]).output().unwrap();
    assert!(!run.status.success());
    assert!(String::from_utf8_lossy(&run.stderr).contains("libnothing.so.9 cannot be opened"));
}
