//! The command as a person or a script runs it.

#[path = "../../tress/tests/support/mod.rs"]
mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{Answer, ok, response, serve};

#[test]
fn one_url_goes_to_the_standard_output() {
    let server = serve(|_| ok("hello\n"));
    let run = tress(&["-o", "-", &format!("http://{server}/x")]);
    assert_eq!(code(&run), 0);
    assert_eq!(run.stdout, b"hello\n");
    assert!(text(&run.stderr).starts_with("200 "), "{}", text(&run.stderr));
}

#[test]
fn a_list_goes_into_a_directory() {
    let server = serve(|request| ok(&request.path));
    let dir = scratch("list");
    let list = format!(
        "# names\nhttp://{server}/a.txt\n\nhttp://{server}/deep/a.txt\n\
         http://{server}/%2e%2e%2fup  \nhttp://{server}/b given name\n"
    );
    let run = tress_with(&["-P", dir.to_str().unwrap(), "-i", "-"], &list);
    assert_eq!(code(&run), 0, "{}", text(&run.stderr));
    let mut names: Vec<_> = files(&dir);
    names.sort();
    assert_eq!(names, ["__up", "a.txt", "a.txt.1", "given name"]);
    assert_eq!(fs::read_to_string(dir.join("given name")).unwrap(), "/b");
    assert!(text(&run.stderr).contains("4 fetched, 0 failed"), "{}", text(&run.stderr));
}

#[test]
fn files_are_not_overwritten_unless_asked() {
    let server = serve(|_| ok("new"));
    let dir = scratch("clobber");
    let file = dir.join("f");
    fs::write(&file, "old").unwrap();
    let url = format!("http://{server}/f");
    let run = tress(&["-o", file.to_str().unwrap(), &url]);
    assert_eq!(code(&run), 1);
    assert!(text(&run.stderr).contains("exists"), "{}", text(&run.stderr));
    assert_eq!(fs::read(&file).unwrap(), b"old");
    assert_eq!(code(&tress(&["-c", "-o", file.to_str().unwrap(), &url])), 0);
    assert_eq!(fs::read(&file).unwrap(), b"old");
    assert_eq!(code(&tress(&["-f", "-o", file.to_str().unwrap(), &url])), 0);
    assert_eq!(fs::read(&file).unwrap(), b"new");
    assert_eq!(files(&dir), ["f"]);
}

#[test]
fn what_may_pass_is_tried_again() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let server = serve(move |_| match counter.fetch_add(1, Ordering::SeqCst) {
        0 => response("503 Busy", "", "busy"),
        1 => Answer::Close,
        _ => ok("done"),
    });
    let url = format!("http://{server}/x");
    let begun = Instant::now();
    let run = tress(&["-o", "-", "--retry-delay", "0.05", "--json", "-q", &url]);
    assert_eq!(code(&run), 0, "{}", text(&run.stderr));
    assert!(begun.elapsed() >= Duration::from_millis(150), "0.05 s, then twice as long");
    let output = text(&run.stdout);
    let summary = json(output.strip_prefix("done").unwrap());
    assert_eq!(summary["transfers"][0]["tries"], 3);
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[test]
fn other_failures_and_posts_are_not() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let server = serve(move |request| {
        counter.fetch_add(1, Ordering::SeqCst);
        if request.method == "POST" { Answer::Close } else { response("404 No", "", "no") }
    });
    let url = format!("http://{server}/x");
    let run = tress(&["--discard", "--retry-delay", "0", &url]);
    assert_eq!(code(&run), 1);
    assert!(text(&run.stderr).contains("error: 404"), "{}", text(&run.stderr));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(code(&tress(&["--discard", "--retry-delay", "0", "-d", "a=1", &url])), 1);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[test]
fn a_run_goes_on_with_what_an_earlier_one_began() {
    let server = serve(|request| match request.header("Range") {
        Some("bytes=6-") => {
            response("206 Partial Content", "Content-Range: bytes 6-10/11\r\n", "world")
        }
        Some("bytes=11-") => response("416 No", "Content-Range: bytes */11\r\n", ""),
        Some(_) => ok("a whole other text"),
        None => ok("hello world"),
    });
    let url = format!("http://{server}/x");
    for (begun, whole) in [
        ("HELLO ", "HELLO world"),
        ("HELLO WORLD", "HELLO WORLD"),
        ("ab", "hello world"),
        ("", "hello world"),
    ] {
        let dir = scratch("resume");
        fs::write(dir.join("f.part"), begun).unwrap();
        let run = tress(&["-c", "-o", dir.join("f").to_str().unwrap(), &url]);
        assert_eq!(code(&run), 0, "{begun}: {}", text(&run.stderr));
        assert_eq!(fs::read_to_string(dir.join("f")).unwrap(), whole);
        assert_eq!(files(&dir), ["f"], "{begun}");
    }
}

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let server = serve(|request| match request.header("Range") {
        Some("bytes=6-") => {
            assert_eq!(request.header("If-Range"), Some("\"v1\""));
            let range = "Content-Range: bytes 6-10/11\r\nConnection: close\r\n";
            response("206 Partial Content", range, "world")
        }
        // Too short, and then closed.
        None => Answer::Last(
            "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 11\r\n\r\nhello ".into(),
        ),
        other => panic!("{other:?}"),
    });
    let dir = scratch("broken");
    let file = dir.join("f");
    let url = format!("http://{server}/f");
    let run = tress(&["-o", file.to_str().unwrap(), "--retry-delay", "0", &url]);
    assert_eq!(code(&run), 0, "{}", text(&run.stderr));
    assert_eq!(fs::read_to_string(&file).unwrap(), "hello world");
}

#[test]
fn an_unfinished_file_keeps_its_other_name() {
    let server = serve(|_| Answer::Last("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".into()));
    let dir = scratch("part");
    let url = format!("http://{server}/f");
    assert_eq!(code(&tress(&["-P", dir.to_str().unwrap(), "-r", "0", &url])), 1);
    assert_eq!(files(&dir), ["f.part"]);
    assert_eq!(fs::read_to_string(dir.join("f.part")).unwrap(), "half");
}

#[test]
fn json_tells_all() {
    let server = serve(|request| match request.path.as_str() {
        "/bad" => response("404 No", "", ""),
        _ => ok("12345"),
    });
    let (good, bad) = (format!("http://{server}/good"), format!("http://{server}/bad"));
    let run = tress(&["--discard", "--json", "-q", &good, &bad, "nothing://x"]);
    assert_eq!(code(&run), 1);
    let summary = json(&text(&run.stdout));
    assert_eq!(summary["fetched"], 1);
    assert_eq!(summary["failed"], 2);
    assert_eq!(summary["bytes"], 5);
    let of = |url: &str| {
        let transfers = summary["transfers"].as_array().unwrap();
        transfers.iter().find(|transfer| transfer["url"] == url).unwrap().clone()
    };
    assert_eq!(of(&good)["status"], 200);
    assert_eq!(of(&good)["error"], Value::Null);
    assert_eq!(of(&bad)["error"]["code"], 22);
    assert_eq!(of(&bad)["error"]["name"], "HttpReturnedError");
    assert_eq!(of("nothing://x")["error"]["code"], 1);
    assert_eq!(text(&run.stderr).lines().count(), 2, "errors are told, quiet or not");
}

#[test]
fn requests_are_what_the_options_say() {
    let server = serve(|request| {
        let mine = request.header("X-Mine").unwrap_or("-").to_owned();
        let agent = request.header("User-Agent").unwrap_or("-");
        let auth = request.header("Authorization").unwrap_or("-");
        let body = String::from_utf8_lossy(&request.body);
        ok(&format!("{} {mine} {agent} {auth} {body}", request.method))
    });
    let url = format!("http://{server}/");
    let get = ["-o", "-", "-H", "X-Mine: 1", "-H", "User-Agent:", "-u", "user:secret", &url];
    assert_eq!(tress(&get).stdout, b"GET 1 - Basic dXNlcjpzZWNyZXQ= ");
    let post = ["-o", "-", "-A", "me", "-d", "a=1", "-d", "b=2", &url];
    assert_eq!(tress(&post).stdout, b"POST - me - a=1&b=2");
    let dir = scratch("request");
    fs::write(dir.join("up"), "from a file").unwrap();
    let file = dir.join("up");
    let put = ["-o", "-", "-A", "me", "-T", file.to_str().unwrap(), &url];
    assert_eq!(tress(&put).stdout, b"PUT - me - from a file");
    let at = format!("@{}", file.display());
    let patch = ["-o", "-", "-A", "me", "-X", "PATCH", "-d", &at, &url];
    assert_eq!(tress(&patch).stdout, b"PATCH - me - from a file");
}

#[test]
fn limits_hold() {
    let server = serve(|request| match request.path.as_str() {
        "/hang" => Answer::Hang,
        _ => ok(&"x".repeat(5000)),
    });
    let fails = |option: &str, value: &str, path: &str| {
        let url = format!("http://{server}{path}");
        let run = tress(&["--discard", "--json", "-q", "-r", "0", option, value, &url]);
        assert_eq!(code(&run), 1, "{option}");
        json(&text(&run.stdout))["transfers"][0]["error"]["code"].as_u64().unwrap()
    };
    assert_eq!(fails("--max-time", "0.1", "/hang"), 28);
    assert_eq!(fails("--max-size", "4k", "/big"), 63);
    assert_eq!(fails("--stall", "1", "/hang"), 28);
}

#[test]
fn so_many_connections_to_a_host_and_no_more() {
    let now = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (counter, peak) = (now, most.clone());
    let server = serve(move |_| {
        peak.fetch_max(counter.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(10));
        counter.fetch_sub(1, Ordering::SeqCst);
        ok("x")
    });
    let list: String = (0..30).map(|number| format!("http://{server}/{number}\n")).collect();
    let run = tress_with(&["--discard", "-j", "20", "--per-host", "3", "-i", "-"], &list);
    assert_eq!(code(&run), 0, "{}", text(&run.stderr));
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[test]
fn bars_are_drawn_when_asked() {
    let server = serve(|_| ok("x"));
    let url = format!("http://{server}/x");
    let run = tress(&["--discard", "--progress", "always", &url, &url]);
    assert_eq!(code(&run), 0);
    assert!(text(&run.stderr).contains("2 fetched, 0 failed"));
}

#[test]
fn wrong_use_is_told_apart() {
    assert_eq!(code(&tress(&[])), 2);
    assert_eq!(code(&tress(&["--no-such-option"])), 2);
    assert_eq!(code(&tress(&["-o", "x", "http://a/", "http://b/"])), 2);
    assert_eq!(code(&tress(&["-i", "/no/such/list"])), 2);
    assert_eq!(code(&tress(&["-P", "/dev/null/x", "http://a/"])), 2);
    let help = tress(&["--help"]);
    assert_eq!(code(&help), 0);
    for word in ["Examples:", "Exit status:", "Pace:", "--per-host", "demo"] {
        assert!(text(&help.stdout).contains(word), "{word}");
    }
    assert!(!text(&help.stdout).contains("demo-server"));
}

fn tress(args: &[&str]) -> Output {
    command().args(args).stdin(Stdio::null()).output().unwrap()
}

fn tress_with(args: &[&str], input: &str) -> Output {
    let mut child = command()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tress"));
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(name);
    }
    command
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// An empty directory for one test.
fn scratch(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
