//! What each path answers. Numbers in a path are arguments.
//!
//! | path | answer |
//! | --- | --- |
//! | `/bytes/N` | N bytes with a length; ranges honoured |
//! | `/chunked/N` | N bytes in chunks of 1000; `/trailers` the same with a trailer |
//! | `/status/N` | that status with a short body |
//! | `/redirect/N/CODE` | CODE, N times, then `/method`; `/to/CODE?URL` once to that URL |
//! | `/delay/MS` | a small answer after that time |
//! | `/slow/N/MS` | N pieces of 100 bytes with that time between them |
//! | `/stall` | a head and one byte, then nothing; `/never` nothing at all |
//! | `/drop/N` | a length of 1000, N bytes, end; `/reset` a reset instead |
//! | `/echo` | the request as the body; `/method` its method |
//! | `/auth/USER/PASSWORD` | 401 until Basic matches |
//! | `/1xx` | 103, 102, then 200; `/early` 200 before the body is read |
//! | `/expect-reject` | 417 to a request with `Expect` |
//! | `/count` | which connection and which request on it this is |
//! | `/sink` | the length and sum of the request body; `/silent` the same without `100 Continue` |
//! | `/chunks` | the sizes of the chunks that the request body came in |
//! | `/early-error` | 403 before the body is read |
//! | `/lines/N/SIZE` | N header lines of that size; `/encodings/N` so many content encodings |
//! | `/http10`, `/close`, `/http09`, `/empty`, `/nolength`, `/204`, `/304` | the framing of that name |
//! | `/gzip`, `/headers`, `/cookie`, `/fold`, `/garbage`, `/huge-header`, `/lf` | odd heads |
//! | `/git/...`, `/dumb/...` | repositories |
use super::{After, Request, State, cgi};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Longest time that a stalled answer holds its connection.
const STALL: Duration = Duration::from_secs(60);

pub(crate) fn answer(
    stream: &mut TcpStream,
    request: &Request,
    state: &State,
    connection: usize,
    count: usize,
) -> io::Result<After> {
    let path = request.path().to_string();
    let words: Vec<&str> = path.trim_matches('/').split('/').collect();
    let number = |i: usize| words.get(i).and_then(|w| w.parse::<usize>().ok()).unwrap_or(0);
    let head_only = request.method == "HEAD";
    match words.first().copied().unwrap_or_default() {
        "bytes" => bytes(stream, request, number(1)),
        "chunked" => chunked(stream, number(1), ""),
        "trailers" => chunked(stream, 2500, "X-Sum: 2500\r\nX-Last: yes\r\n"),
        "status" => {
            let body = format!("status {}\n", number(1));
            plain(stream, &format!("{} Status", number(1)), "", body.as_bytes(), head_only)
        }
        "redirect" => redirect(stream, number(1), number(2)),
        "to" => {
            let location = format!("Location: {}\r\n", request.query());
            plain(stream, &format!("{} Moved", number(1)), &location, b"moved\n", head_only)
        }
        "delay" => {
            std::thread::sleep(Duration::from_millis(number(1) as u64));
            plain(stream, "200 OK", "", b"late\n", head_only)
        }
        "slow" => slow(stream, number(1), number(2)),
        "stall" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")?;
            until_closed(stream)
        }
        "never" => until_closed(stream),
        "drop" | "reset" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")?;
            stream.write_all(&pattern(0, number(1)))?;
            std::thread::sleep(Duration::from_millis(30));
            Ok(if words[0] == "drop" { After::Close } else { After::Reset })
        }
        "echo" => plain(stream, "200 OK", "", request.transcript().as_bytes(), head_only),
        "method" => plain(stream, "200 OK", "", request.method.as_bytes(), head_only),
        "auth" => auth(stream, request, &words),
        "early-error" => {
            plain(stream, "403 No", "", b"no\n", head_only)?;
            until_closed(stream)
        }
        "lines" => {
            let line = format!("X-Line: {}\r\n", "v".repeat(number(2).saturating_sub(10)));
            plain(stream, "200 OK", &line.repeat(number(1)), b"ok\n", head_only)
        }
        "cookies" => {
            let cookie = |i: usize| format!("Set-Cookie: c{i}={}\r\n", "v".repeat(number(2)));
            let lines: String = (0..number(1)).map(cookie).collect();
            plain(stream, "200 OK", &lines, b"ok\n", head_only)
        }
        "encodings" => {
            let line = format!("Content-Encoding: {}\r\n", vec!["gzip"; number(1)].join(", "));
            plain(stream, "200 OK", &line, b"", head_only)
        }
        "chunks" => {
            let body = format!("{:?}\n", request.chunks);
            plain(stream, "200 OK", "", body.as_bytes(), head_only)
        }
        "early" => {
            plain(stream, "200 OK", "Connection: close\r\n", b"early\n", head_only)?;
            stream.shutdown(std::net::Shutdown::Write)?;
            until_closed(stream)
        }
        "expect-reject" => match request.header("Expect") {
            Some(_) => plain(stream, "417 No", "Connection: close\r\n", b"no\n", head_only)
                .map(|_| After::Close),
            None => plain(stream, "200 OK", "Connection: close\r\n", b"fine\n", head_only)
                .map(|_| After::Close),
        },
        "count" => {
            let body = format!("connection {connection} request {count}\n");
            plain(stream, "200 OK", "", body.as_bytes(), head_only)
        }
        "sink" | "silent" => {
            let sum = request.body.iter().fold(0u32, |a, b| a.rotate_left(5) ^ u32::from(*b));
            let body = format!("{} bytes, sum {sum:08x}\n", request.body.len());
            plain(stream, "200 OK", "", body.as_bytes(), head_only)
        }
        "git" => cgi::git_backend(stream, request, state),
        "dumb" => cgi::file(stream, request, state),
        name => match odd(name) {
            Some((raw, after)) => stream.write_all(&raw).map(|()| after),
            None => plain(stream, "404 Not Found", "", b"no such path\n", head_only),
        },
    }
}

/// An answer with a length.
pub(super) fn plain(
    stream: &mut TcpStream,
    status: &str,
    headers: &str,
    body: &[u8],
    head_only: bool,
) -> io::Result<After> {
    let mut out = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    if !head_only {
        out.extend_from_slice(body);
    }
    stream.write_all(&out)?;
    Ok(After::Keep)
}

/// The byte at each position of a body, so that a shifted one is noticed.
pub(crate) fn pattern(from: usize, to: usize) -> Vec<u8> {
    (from..to).map(|i| b"abcdefghijklmnopqrstuvwxyz0123456789\n"[i % 37]).collect()
}

fn bytes(stream: &mut TcpStream, request: &Request, total: usize) -> io::Result<After> {
    let head_only = request.method == "HEAD";
    let Some((from, to)) = request.header("Range").and_then(|r| range(r, total)) else {
        let headers = "Accept-Ranges: bytes\r\nLast-Modified: Tue, 13 Jun 2000 12:10:00 GMT\r\n";
        return plain(stream, "200 OK", headers, &pattern(0, total), head_only);
    };
    if from >= total {
        let headers = format!("Content-Range: bytes */{total}\r\n");
        return plain(stream, "416 Range", &headers, b"", head_only);
    }
    let headers = format!("Content-Range: bytes {from}-{}/{total}\r\n", to - 1);
    plain(stream, "206 Partial", &headers, &pattern(from, to), head_only)
}

fn range(value: &str, total: usize) -> Option<(usize, usize)> {
    let (from, to) = value.strip_prefix("bytes=")?.split_once('-')?;
    if from.is_empty() {
        return Some((total.saturating_sub(to.parse().ok()?), total));
    }
    let to = if to.is_empty() { total } else { to.parse::<usize>().ok()? + 1 };
    Some((from.parse().ok()?, to.min(total)))
}

fn chunked(stream: &mut TcpStream, total: usize, trailers: &str) -> io::Result<After> {
    let names = if trailers.is_empty() { "" } else { "Trailer: X-Sum, X-Last\r\n" };
    let mut out =
        format!("HTTP/1.1 200 OK\r\n{names}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for from in (0..total).step_by(1000) {
        let to = (from + 1000).min(total);
        out.extend_from_slice(format!("{:x};part=1\r\n", to - from).as_bytes());
        out.extend_from_slice(&pattern(from, to));
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("0\r\n{trailers}\r\n").as_bytes());
    stream.write_all(&out)?;
    Ok(After::Keep)
}

fn redirect(stream: &mut TcpStream, left: usize, code: usize) -> io::Result<After> {
    let next = if left > 1 { format!("/redirect/{}/{code}", left - 1) } else { "/method".into() };
    plain(stream, &format!("{code} Moved"), &format!("Location: {next}\r\n"), b"moved\n", false)
}

fn slow(stream: &mut TcpStream, pieces: usize, ms: usize) -> io::Result<After> {
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", pieces * 100)?;
    for i in 0..pieces {
        stream.write_all(&pattern(i * 100, (i + 1) * 100))?;
        std::thread::sleep(Duration::from_millis(ms as u64));
    }
    Ok(After::Keep)
}

fn auth(stream: &mut TcpStream, request: &Request, words: &[&str]) -> io::Result<After> {
    let (user, password) = (words.get(1).unwrap_or(&""), words.get(2).unwrap_or(&""));
    let wanted = format!("Basic {}", base64(format!("{user}:{password}").as_bytes()));
    if request.header("Authorization") == Some(&wanted) {
        return plain(stream, "200 OK", "", b"welcome\n", false);
    }
    let headers = "WWW-Authenticate: Basic realm=\"tests\"\r\n";
    plain(stream, "401 Unauthorized", headers, b"who?\n", false)
}

fn base64(bytes: &[u8]) -> String {
    const SET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let mut word = [0; 3];
        word[..group.len()].copy_from_slice(group);
        let bits = u32::from(word[0]) << 16 | u32::from(word[1]) << 8 | u32::from(word[2]);
        for i in 0..4 {
            let sextet = (bits >> (18 - 6 * i)) as usize & 63;
            out.push(if i <= group.len() { SET[sextet] as char } else { '=' });
        }
    }
    out
}

/// Holds the connection until the client closes it.
fn until_closed(stream: &mut TcpStream) -> io::Result<After> {
    stream.set_read_timeout(Some(STALL))?;
    let mut buffer = [0; 65536];
    while stream.read(&mut buffer)? > 0 {}
    Ok(After::Close)
}

/// Answers whose every byte matters.
fn odd(name: &str) -> Option<(Vec<u8>, After)> {
    let (text, after): (&str, After) = match name {
        "http10" => ("HTTP/1.0 200 OK\r\nServer: old\r\n\r\nto the end\n", After::Close),
        "close" => {
            let text = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nbye!\n";
            (text, After::Close)
        }
        "http09" => ("just bytes\n", After::Close),
        "empty" => ("", After::Close),
        "nolength" => ("HTTP/1.1 200 OK\r\nX-Kind: none\r\n\r\nto the end\n", After::Close),
        "204" => ("HTTP/1.1 204 Nothing\r\nX-Kind: none\r\n\r\n", After::Keep),
        "304" => ("HTTP/1.1 304 Same\r\nContent-Length: 100\r\n\r\n", After::Keep),
        "1xx" => {
            let text = "HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Wait\r\n\r\n\
                        HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
            (text, After::Keep)
        }
        "headers" => {
            let text = "HTTP/1.1 200 OK\r\nx-lower: a\r\nX-Twice: 1\r\nX-Twice: 2\r\nX-Empty:\r\n\
                        X-Spaces:   b c  \r\nContent-Length: 3\r\n\r\nok\n";
            (text, After::Keep)
        }
        "cookie" => {
            let text = "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; path=/\r\nSet-Cookie: b=2; HttpOnly\r\n\
                        Content-Length: 3\r\n\r\nok\n";
            (text, After::Keep)
        }
        "fold" => {
            ("HTTP/1.1 200 OK\r\nX-Fold: one\r\n two\r\nContent-Length: 3\r\n\r\nok\n", After::Keep)
        }
        "icy" => ("ICY 200 OK\r\nContent-Length: 3\r\n\r\nok\n", After::Close),
        "retry-after" => {
            let text = "HTTP/1.1 503 Busy\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n";
            (text, After::Keep)
        }
        "lf" => ("HTTP/1.1 200 OK\nContent-Length: 3\n\nok\n", After::Keep),
        "garbage" => {
            ("HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 3\r\n\r\nok\n", After::Close)
        }
        "badlength" => ("HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nok\n", After::Close),
        "badchunk" => {
            let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n";
            (text, After::Close)
        }
        "huge-header" => {
            let value = "v".repeat(400_000);
            let text =
                format!("HTTP/1.1 200 OK\r\nX-Huge: {value}\r\nContent-Length: 3\r\n\r\nok\n");
            return Some((text.into_bytes(), After::Close));
        }
        "gzip" => return Some((gzip(), After::Keep)),
        _ => return None,
    };
    Some((text.as_bytes().to_vec(), after))
}

fn gzip() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let body = encoder.write_all(&pattern(0, 5000)).and_then(|()| encoder.finish());
    let body = body.unwrap_or_default();
    let mut out = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    out.extend_from_slice(&body);
    out
}
