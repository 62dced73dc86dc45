//! Ctrl-C while files are fetched: real processes, real signals.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::tcgetattr;

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn an_interrupted_run_keeps_what_it_has_and_tells_of_it() {
    let (server, closed) = serve();
    let dir = scratch("interrupt");
    let list: String =
        ["whole", "half", "later"].map(|it| format!("http://{server}/{it}\n")).concat();
    let mut child = tress(&["-P", dir.to_str().unwrap(), "-j", "2", "--json", "-i", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The list does not end.
    let mut input = child.stdin.take().unwrap();
    input.write_all(list.as_bytes()).unwrap();
    wait_for("the half", || fs::read(dir.join("half.part")).is_ok_and(|half| half == b"half"));
    wait_for("the whole", || dir.join("whole").exists());
    wait_for("the third", || dir.join("later.part").exists());
    signal(&child, Signal::INT);
    let run = output(child);
    assert_eq!(run.status.code(), Some(130), "{run:?}");
    let told = text(&run.stderr);
    assert!(told.contains("interrupted; 1 fetched, 0 failed, 2 left out; 9 B in "), "{told}");
    let summary: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(summary["interrupted"], true);
    assert_eq!((&summary["fetched"], &summary["left_out"]), (&1.into(), &2.into()));
    assert_eq!(fs::read(dir.join("whole")).unwrap(), b"the whole");
    assert_eq!(fs::read(dir.join("half.part")).unwrap(), b"half");
    assert!(!dir.join("half").exists());
    // The servers were told.
    for _ in 0..2 {
        closed.recv_timeout(PATIENCE).unwrap();
    }
    let url = format!("http://{server}/half");
    let again = tress(&["-c", "-P", dir.to_str().unwrap(), &url]).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    assert_eq!(fs::read(dir.join("half")).unwrap(), b"half and half");
}

#[test]
fn the_other_signal_has_another_status_and_cookies_are_saved() {
    let (server, _closed) = serve();
    let dir = scratch("terminate");
    let jar = dir.join("jar");
    let url = format!("http://{server}/half");
    let child =
        tress(&["-q", "-P", dir.to_str().unwrap(), "--cookie-file", jar.to_str().unwrap(), &url])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
    wait_for("the half", || dir.join("half.part").exists());
    signal(&child, Signal::TERM);
    let run = output(child);
    assert_eq!((run.status.code(), text(&run.stderr)), (Some(143), String::new()));
    assert!(fs::read_to_string(&jar).unwrap().contains("id\t7"));
}

#[test]
fn the_second_one_kills_what_cannot_end() {
    let (server, _closed) = serve();
    // Nobody reads the body: writing it waits.
    let child = tress(&["-o", "-", &format!("http://{server}/endless")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for("a full pipe", || {
        let wait = fs::read_to_string(format!("/proc/{}/wchan", child.id())).unwrap_or_default();
        let state = fs::read_to_string(format!("/proc/{}/syscall", child.id())).unwrap_or_default();
        wait.contains("pipe") || state.starts_with("1 0x1 ")
    });
    signal(&child, Signal::INT);
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, Signal::INT);
    let mut child = child;
    wait_for("its end", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().signal(), Some(Signal::INT.as_raw()));
}

#[test]
fn the_terminal_is_left_as_it_was() {
    let (server, _closed) = serve();
    let dir = scratch("terminal");
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs = open(&name, OFlags::RDWR | OFlags::NOCTTY, rustix::fs::Mode::empty()).unwrap();
    let before = tcgetattr(&theirs).unwrap();
    let child = tress(&["-P", dir.to_str().unwrap(), &format!("http://{server}/half")])
        .stderr(theirs.try_clone().unwrap())
        .spawn()
        .unwrap();
    wait_for("the half", || dir.join("half.part").exists());
    // Bars are drawn ten times a second.
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, Signal::INT);
    assert_eq!(output(child).status.code(), Some(130));
    let after = tcgetattr(&theirs).unwrap();
    assert_eq!(before.local_modes, after.local_modes);
    drop(theirs);
    // Reading ends with an error when nobody has the terminal any more.
    let mut shown = Vec::new();
    let _ = fs::File::from(ours).read_to_end(&mut shown);
    let shown = text(&shown);
    assert!(shown.contains("/half"), "no bar: {shown:?}");
    assert_eq!(shown.matches("\x1b[?25l").count(), shown.matches("\x1b[?25h").count(), "{shown:?}");
    let last = shown.trim_end().rsplit(['\n', '\r']).next().unwrap();
    assert!(last.contains("interrupted; 0 fetched, 0 failed, 1 left out"), "{shown:?}");
}

/// A server of bodies that are whole, that stay halves until a client goes on with them, and that
/// do not end; it tells of each connection that a client closes meanwhile.
fn serve() -> (SocketAddr, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, closed) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tell = tell.clone();
            std::thread::spawn(move || {
                if answer(stream).is_none() {
                    let _ = tell.send(());
                }
            });
        }
    });
    (address, closed)
}

/// None: the client has gone.
fn answer(mut stream: TcpStream) -> Option<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let head = text(&head);
        let path = head.split(' ').nth(1).unwrap();
        let answer = match path {
            "/whole" => "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nthe whole",
            _ if head.contains("Range: bytes=4-") => {
                "HTTP/1.1 206 Part\r\nContent-Range: bytes 4-12/13\r\nContent-Length: 9\r\n\r\n and half"
            }
            "/endless" => "HTTP/1.1 200 OK\r\n\r\n",
            _ => {
                "HTTP/1.1 200 OK\r\nSet-Cookie: id=7; Max-Age=1000\r\nContent-Length: 13\r\n\r\nhalf"
            }
        };
        stream.write_all(answer.as_bytes()).ok()?;
        if path == "/endless" {
            loop {
                stream.write_all(&[b'x'; 10_000]).ok()?;
            }
        }
    }
}

fn tress(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tress"));
    command.args(args).stdin(Stdio::null()).env_remove("http_proxy").env_remove("all_proxy");
    command
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(child.id() as i32).unwrap();
    kill_process(pid, signal).unwrap();
}

/// What it says until its end, which comes soon.
fn output(mut child: Child) -> Output {
    wait_for("its end", || child.try_wait().unwrap().is_some());
    child.wait_with_output().unwrap()
}

fn wait_for(what: &str, mut come: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !come() {
        assert!(Instant::now() < until, "waited for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn scratch(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}
