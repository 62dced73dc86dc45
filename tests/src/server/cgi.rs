//! Repositories: smart ones by `git http-backend`, dumb ones as files.
use super::routes::plain;
use super::{After, Request, State};
use std::io::{self, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn root(state: &State) -> PathBuf {
    let root = state.root.lock().map(|r| r.clone()).unwrap_or_default();
    root.unwrap_or_else(|| PathBuf::from("/nonexistent"))
}

/// Runs `git http-backend` on the request and passes its answer on.
pub(super) fn git_backend(
    stream: &mut TcpStream,
    request: &Request,
    state: &State,
) -> io::Result<After> {
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root(state))
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REMOTE_USER", "tester")
        .env("REQUEST_METHOD", &request.method)
        .env("PATH_INFO", request.path().trim_start_matches("/git"))
        .env("QUERY_STRING", request.query())
        .env("CONTENT_TYPE", request.header("Content-Type").unwrap_or_default())
        .env("CONTENT_LENGTH", request.body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", request.header("Content-Encoding").unwrap_or_default())
        .env("HTTP_GIT_PROTOCOL", request.header("Git-Protocol").unwrap_or_default())
        .env("GIT_PROTOCOL", request.header("Git-Protocol").unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let body = request.body.clone();
    let feeder = std::thread::spawn(move || input.write_all(&body));
    let output = child.wait_with_output()?.stdout;
    let _ = feeder.join();
    let end = output.windows(4).position(|w| w == b"\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let status = head.lines().find_map(|l| l.strip_prefix("Status: ")).unwrap_or("200 OK");
    let mut out = format!("HTTP/1.1 {status}\r\n");
    for line in head.lines().filter(|l| !l.starts_with("Status:")) {
        out.push_str(line.trim_end());
        out.push_str("\r\n");
    }
    out.push_str(&format!("Content-Length: {}\r\n\r\n", output.len() - end - 4));
    stream.write_all(out.as_bytes())?;
    stream.write_all(&output[end + 4..])?;
    Ok(After::Keep)
}

/// One file below the root.
pub(super) fn file(stream: &mut TcpStream, request: &Request, state: &State) -> io::Result<After> {
    let path = request.path().trim_start_matches("/dumb/");
    let head_only = request.method == "HEAD";
    if path.split('/').any(|p| p == "..") {
        return plain(stream, "403 Forbidden", "", b"", head_only);
    }
    match std::fs::read(root(state).join(path)) {
        Ok(body) => plain(stream, "200 OK", "", &body, head_only),
        Err(_) => plain(stream, "404 Not Found", "", b"", head_only),
    }
}
