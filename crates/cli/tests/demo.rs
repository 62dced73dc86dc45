//! The demo, with small numbers.

use std::process::Command;

use serde_json::Value;

#[test]
fn the_demo_makes_its_requests_beside_those_that_hang() {
    let run = demo(&["--json", "--requests", "300", "--connections", "10", "--idle", "20"]);
    let figures: Value = serde_json::from_str(&run).unwrap();
    let ours = &figures[0];
    assert_eq!(ours["requests"], 300);
    assert_eq!(ours["errors"], 0);
    assert_eq!(ours["hanging"], 20);
    assert!(ours["cpu_s"].as_f64().unwrap() > 0.0);
    assert_eq!(figures.as_array().unwrap().len(), 1);
}

#[test]
fn the_demo_ends_with_a_table() {
    let table = demo(&["--requests", "50", "--connections", "5", "--idle", "0"]);
    for row in ["requests a second", "CPU a request", "memory a hanging transfer"] {
        assert!(table.contains(row), "{row} is not in:\n{table}");
    }
}

fn demo(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tress"));
    let run = command.args(["demo", "--alone"]).args(args).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}
