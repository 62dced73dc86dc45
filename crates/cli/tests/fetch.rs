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
fn forms_cookies_and_the_standard_input_are_sent() {
    let server = serve(|request| {
        let cookie = request.header("Cookie").unwrap_or("-");
        let kind = request.header("Content-Type").unwrap_or("-");
        let kind = kind.split(';').next().unwrap();
        let body = String::from_utf8_lossy(&request.body);
        ok(&format!("{} {cookie} {kind} {body}", request.method))
    });
    let url = format!("http://{server}/");
    let dir = scratch("form");
    fs::write(dir.join("f.txt"), "from a file").unwrap();
    let at = format!("file=@{}", dir.join("f.txt").display());
    let form = text(&tress(&["-o", "-", "-F", "a=1", "-F", &at, &url]).stdout);
    assert!(form.starts_with("POST - multipart/form-data "), "{form}");
    assert!(form.contains("name=\"a\"\r\n\r\n1\r\n"), "{form}");
    assert!(form.contains("filename=\"f.txt\"") && form.contains("from a file"), "{form}");
    let cookies = tress(&["-o", "-", "-b", "a=1", "-b", "b=2", &url]);
    assert_eq!(cookies.stdout, b"GET a=1; b=2 - ");
    let piped = tress_with(&["-o", "-", "-d", "@-", &url], "from a pipe");
    assert!(text(&piped.stdout).ends_with(" from a pipe"));
}

#[test]
fn a_file_of_cookies_is_read_and_written() {
    let server = serve(|request| match request.path.as_str() {
        "/login" => response("200 OK", "Set-Cookie: id=7; Max-Age=1000\r\n", ""),
        _ => ok(request.header("Cookie").unwrap_or("-")),
    });
    let dir = scratch("cookies");
    let jar = dir.join("jar");
    let with = |path: &str| {
        let url = format!("http://{server}{path}");
        let run = tress(&["-o", "-", "--cookie-file", jar.to_str().unwrap(), &url]);
        assert_eq!(code(&run), 0, "{}", text(&run.stderr));
        text(&run.stdout)
    };
    assert_eq!(with("/page"), "-");
    with("/login");
    assert!(fs::read_to_string(&jar).unwrap().contains("id\t7"));
    assert_eq!(with("/page"), "id=7");
    let unreadable = tress(&["--cookie-file", "/", &format!("http://{server}/")]);
    assert_eq!(code(&unreadable), 2);
    assert!(text(&unreadable.stderr).starts_with("tress: /: "));
}

#[test]
fn heads_are_shown_whole_and_a_conversation_on_demand() {
    let server = serve(|request| match request.path.as_str() {
        "/gone" => Answer::Raw("HTTP/1.1 404 Gone\r\nContent-Length: 3\r\n\r\n".into()),
        _ => Answer::Raw("HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 3\r\n\r\n".into()),
    });
    let url = |path: &str| format!("http://{server}{path}");
    let run = tress(&["-I", "-j", "1", &url("/"), &url("/gone")]);
    assert_eq!(code(&run), 1);
    let heads = "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 3\r\n\r\n\
                 HTTP/1.1 404 Gone\r\nContent-Length: 3\r\n\r\n";
    assert_eq!(text(&run.stdout), heads);
    let told = tress(&["-v", "--discard", "-I", &url("/")]);
    let told = text(&told.stderr);
    assert!(told.contains("> HEAD / HTTP/1.1\n") && told.contains("< X-A: 1\n"), "{told}");
}

#[test]
fn a_body_must_have_its_sum() {
    const HELLO: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let server = serve(move |request| match request.path.as_str() {
        "/second" if counter.fetch_add(1, Ordering::SeqCst) == 0 => ok("jello"),
        "/wrong" => ok("jello"),
        _ if request.header("Range") == Some("bytes=3-") => {
            response("206 Partial Content", "Content-Range: bytes 3-4/5\r\n", "lo")
        }
        _ => ok("hello"),
    });
    let dir = scratch("sums");
    fs::write(dir.join("resumed.part"), "hel").unwrap();
    let list: String = ["good", "resumed", "second", "wrong"]
        .iter()
        .map(|name| format!("http://{server}/{name} {name} {HELLO}\n"))
        .collect();
    let args = ["-c", "-P", dir.to_str().unwrap(), "-i", "-", "-r", "1", "--retry-delay", "0"];
    let run = tress_with(&args, &list);
    assert_eq!(code(&run), 1);
    let told = text(&run.stderr);
    assert!(told.contains("/wrong: the sum is sha256:"), "{told}");
    assert!(told.contains("3 fetched, 1 failed"), "{told}");
    let mut names = files(&dir);
    names.sort();
    assert_eq!(names, ["good", "resumed", "second"]);
    let url = format!("http://{server}/good");
    assert_eq!(code(&tress(&["--discard", "--checksum", HELLO, &url])), 0);
    assert_eq!(code(&tress(&["--discard", "--checksum", HELLO, &url, &url])), 2);
    assert_eq!(code(&tress(&["--discard", "--checksum", "sha256:12", &url])), 2);
    let list = dir.join("list");
    fs::write(&list, "# one\nhttp://a/ sha512:xy\n").unwrap();
    let bad = tress(&["--discard", "-i", list.to_str().unwrap()]);
    let told = format!("tress: {}: line 2: \"xy\" is not 128 digits\n", list.display());
    assert_eq!((code(&bad), text(&bad.stderr)), (2, told));
}

#[test]
fn a_list_is_fetched_as_it_comes() {
    let (asked, heard) = std::sync::mpsc::channel();
    let asked = std::sync::Mutex::new(asked);
    let server = serve(move |request| {
        asked.lock().unwrap().send(request.path.clone()).unwrap();
        ok("x")
    });
    let mut child = command()
        .args(["--discard", "-i", "-", "--json=lines", "-q"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for number in 0..3 {
        writeln!(input, "http://{server}/{number}").unwrap();
        // The list goes on only when this one was fetched.
        let path = heard.recv_timeout(Duration::from_secs(10)).unwrap();
        assert_eq!(path, format!("/{number}"));
    }
    writeln!(input, "http://{server}/4 sha256:wrong").unwrap();
    drop(input);
    let run = child.wait_with_output().unwrap();
    assert_eq!((code(&run), text(&run.stdout).lines().count()), (1, 4));
    let told = text(&run.stderr);
    assert_eq!(told, "FAILED  the list: -: line 4: \"wrong\" is not 64 digits\n");
    assert_eq!(code(&tress_with(&["-i", "-"], "# nothing\n")), 2);
}

#[test]
fn json_comes_by_the_line_as_well() {
    let server = serve(|_| ok("12345"));
    let (one, two) = (format!("http://{server}/1"), format!("http://{server}/2"));
    let run = tress(&["--discard", "-q", "-j", "1", "--json=lines", &one, &two, "nothing://x"]);
    let output = text(&run.stdout);
    let lines: Vec<_> = output.lines().map(json).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0]["url"], &lines[1]["url"]), (&Value::from(one), &Value::from(two)));
    assert_eq!(lines[2]["error"]["name"], "UnsupportedProtocol");
}

#[test]
fn a_reader_that_has_heard_enough_is_no_error() {
    let server = serve(|_| ok("12345"));
    let url = format!("http://{server}/x");
    let mut child = command()
        .args(["--discard", "-q", "--json=lines", &url, &url])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let run = child.wait_with_output().unwrap();
    assert_eq!((code(&run), text(&run.stderr)), (0, String::new()));
}

#[test]
fn a_run_can_stop_at_its_first_failure() {
    let server = serve(|request| match request.path.as_str() {
        "/bad" => response("404 No", "", ""),
        _ => Answer::Hang,
    });
    let mut list = vec![format!("http://{server}/bad")];
    list.extend((0..10).map(|number| format!("http://{server}/{number}")));
    let mut args = vec!["--discard", "--fail-fast", "-j", "3", "--json"];
    args.extend(list.iter().map(String::as_str));
    let begun = Instant::now();
    let run = tress(&args);
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(code(&run), 1);
    assert!(
        text(&run.stderr).contains("0 fetched, 1 failed, 10 left out"),
        "{}",
        text(&run.stderr)
    );
    assert_eq!(json(&text(&run.stdout))["left_out"], 10);
}

#[test]
fn the_way_to_a_server_can_be_chosen() {
    let server = serve(|request| {
        let host = request.header("Host").unwrap_or("-");
        ok(&format!("{host} {}", request.header("Proxy-Authorization").unwrap_or("-")))
    });
    let port = server.port();
    let said = |args: &[&str]| text(&tress(&[&["-o", "-"], args].concat()).stdout);
    let there = format!("some.invalid:{port}:127.0.0.1");
    let url = format!("http://some.invalid:{port}/");
    assert_eq!(said(&["--resolve", &there, "-4", &url]), format!("some.invalid:{port} -"));
    let proxy = format!("http://{server}");
    let proxied = said(&["-x", &proxy, "--proxy-user", "u:p", "--http", "1.1", "http://far/"]);
    assert_eq!(proxied, "far Basic dTpw");
    let wrong = tress(&["--resolve", "host:80:nowhere", "http://host/"]);
    assert_eq!(code(&wrong), 2);
    assert!(text(&wrong.stderr).contains("\"nowhere\" is no IP address"));
}

#[test]
fn a_file_can_have_the_time_of_its_document() {
    let server =
        serve(|_| response("200 OK", "Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT\r\n", "x"));
    let dir = scratch("time");
    let url = format!("http://{server}/f");
    assert_eq!(code(&tress(&["-R", "-P", dir.to_str().unwrap(), &url])), 0);
    let time = fs::metadata(dir.join("f")).unwrap().modified().unwrap();
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(since.as_secs(), 1_000_000_000);
}

#[test]
fn servers_may_name_files() {
    let server = serve(|request| match request.path.as_str() {
        "/plain" => ok("plain"),
        path => {
            let header = "Content-Disposition: attachment; filename=\"../named.txt\"\r\n";
            response("200 OK", header, path)
        }
    });
    let dir = scratch("named");
    let place = dir.to_str().unwrap();
    let url = |path: &str| format!("http://{server}/{path}");
    let run = tress(&[
        "-J",
        "-j",
        "1",
        "-P",
        place,
        &url("a"),
        &url("b"),
        &url("plain"),
        &url("named.txt"),
    ]);
    assert_eq!(code(&run), 0, "{}", text(&run.stderr));
    let mut names = files(&dir);
    names.sort();
    // The last one's own name was reserved before.
    assert_eq!(names, ["named.txt", "named.txt.1", "named.txt.2", "plain"]);
    assert!(text(&run.stderr).contains("/a -> "), "{}", text(&run.stderr));
    assert_eq!(fs::read_to_string(dir.join("named.txt")).unwrap(), "/named.txt");
    assert_eq!(fs::read_to_string(dir.join("named.txt.1")).unwrap(), "/a");
    // What is there is not overwritten, whoever names it.
    let dir = scratch("named-before");
    fs::write(dir.join("named.txt"), "mine").unwrap();
    let run = tress(&["-J", "-P", dir.to_str().unwrap(), &url("a")]);
    assert_eq!(code(&run), 1);
    assert_eq!(fs::read_to_string(dir.join("named.txt")).unwrap(), "mine");
    assert!(text(&run.stderr).contains("named.txt: "), "{}", text(&run.stderr));
}

#[test]
fn transfers_begin_at_a_rate() {
    let begun = Arc::new(std::sync::Mutex::new(Vec::new()));
    let begins = begun.clone();
    let server = serve(move |_| {
        begins.lock().unwrap().push(Instant::now());
        ok("x")
    });
    let urls: Vec<_> = (0..5).map(|number| format!("http://{server}/{number}")).collect();
    let mut args = vec!["--discard", "--rate", "10/s"];
    args.extend(urls.iter().map(String::as_str));
    assert_eq!(code(&tress(&args)), 0);
    let begun = begun.lock().unwrap();
    assert_eq!(begun.len(), 5);
    let took = begun[4] - begun[0];
    assert!((Duration::from_millis(360)..Duration::from_secs(2)).contains(&took), "{took:?}");
    let wrong = tress(&["--rate", "often", "http://host/"]);
    assert_eq!(code(&wrong), 2);
}

#[test]
fn all_together_have_a_bandwidth() {
    let server = serve(|_| ok(&"x".repeat(200_000)));
    let urls: Vec<_> = (0..4).map(|number| format!("http://{server}/{number}")).collect();
    let mut args = vec!["--discard", "--json=lines", "-q", "--total-rate", "500k"];
    args.extend(urls.iter().map(String::as_str));
    let begun = Instant::now();
    let run = tress(&args);
    let took = begun.elapsed();
    assert_eq!(code(&run), 0, "{}", text(&run.stderr));
    // 800,000 bytes at 512,000 a second, a quarter of a second's at once.
    assert!((Duration::from_millis(1250)..Duration::from_secs(6)).contains(&took), "{took:?}");
    // They share it, rather than come one after the other.
    let output = text(&run.stdout);
    let ends = output.lines().map(|line| json(line)["seconds"].as_f64().unwrap());
    let first = ends.fold(f64::MAX, f64::min);
    assert!(first > took.as_secs_f64() / 2.0, "{output}");
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
fn a_slow_host_does_not_keep_the_others_waiting() {
    let slow = serve(|_| {
        std::thread::sleep(Duration::from_millis(200));
        ok("x")
    });
    let quick = serve(|_| ok("x"));
    let url = |server, number| format!("http://{server}/{number}\n");
    let list: String = (0..6).map(|n| url(slow, n)).chain((0..6).map(|n| url(quick, n))).collect();
    let args = ["--discard", "-q", "--json=lines", "-j", "4", "--per-host", "1", "-i", "-"];
    let run = tress_with(&args, &list);
    assert_eq!(code(&run), 0, "{}", text(&run.stderr));
    let output = text(&run.stdout);
    let of_quick = |line: &&str| line.contains(&format!("http://{quick}/"));
    let last = output.lines().collect::<Vec<_>>().iter().rposition(of_quick).unwrap();
    // One or two of the slow host's may have come between.
    assert!(last <= 7, "{output}");
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

#[test]
fn the_manual_page_and_completions_know_every_option() {
    for (what, sign) in [
        ("man", ".TH tress 1"),
        ("bash", "complete -F"),
        ("zsh", "#compdef tress"),
        ("fish", "-c tress"),
    ] {
        let run = tress(&["generate", what]);
        assert_eq!(code(&run), 0, "{}", text(&run.stderr));
        let made = text(&run.stdout).replace('\\', "");
        for part in [sign, "per-host", "cookie-file", "fail-fast"] {
            assert!(made.contains(part), "{what}: {part}");
        }
    }
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
