use tress_model::{Code, Error};

use super::*;
use crate::testing::Prng;

/// What a response came to, one line an event, bodies joined.
fn run(config: &ResponseConfig, pieces: &[&[u8]]) -> Result<Vec<String>, Error> {
    let mut response = Response::new(config.clone());
    let mut log: Vec<String> = Vec::new();
    let mut input: Vec<u8> = Vec::new();
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            // What may be taken along must be what would come next.
            while let Some((consumed, content)) = response.next_chunk(&input, 5) {
                let body = String::from_utf8_lossy(&input[content]).escape_debug().to_string();
                log.last_mut().expect("a chunk was before it").push_str(&body);
                input.drain(..consumed);
            }
            let Advance { consumed, event } = response.advance(&input)?;
            assert!(consumed <= input.len());
            let text = |span: &Span| {
                String::from_utf8_lossy(span.of(&input, response.held())).escape_debug().to_string()
            };
            match &event {
                Event::More => assert_eq!(consumed, input.len()),
                Event::Status { line } => {
                    let head = response.head();
                    log.push(format!("status {:?} {} {}", head.version, head.status, text(line)));
                }
                Event::Header { line, name_len, value, .. } => {
                    let bytes = line.of(&input, response.held());
                    let name = String::from_utf8_lossy(&bytes[..*name_len]);
                    let value = String::from_utf8_lossy(&bytes[value.clone()]);
                    log.push(format!("header {name}|{value}|{}", text(line)));
                }
                Event::EndOfHead { line, body, informational } => {
                    log.push(format!("head {body:?} {informational} {}", text(line)));
                }
                Event::Body(span) => match log.last_mut() {
                    Some(last) if last.starts_with("body ") => last.push_str(&text(span)),
                    _ => log.push(format!("body {}", text(span))),
                },
                Event::Trailer { line } => log.push(format!("trailer {}", text(line))),
                Event::End { .. } => log.push("end".into()),
            }
            input.drain(..consumed);
            match event {
                Event::More => break,
                Event::End { .. } => return Ok(log),
                _ => {}
            }
        }
    }
    let closed = response.close()?;
    let held = String::from_utf8_lossy(response.held()).escape_debug().to_string();
    log.push(format!("{closed:?} {held}").trim_end().into());
    Ok(log)
}

/// The same whatever way the bytes arrive.
fn every_way(config: &ResponseConfig, bytes: &[u8]) -> Result<Vec<String>, Error> {
    let whole = run(config, &[bytes]);
    for at in 0..=bytes.len() {
        let (a, b) = bytes.split_at(at);
        assert_eq!(run(config, &[a, b]), whole, "split at {at}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(run(config, &single), whole, "byte by byte");
    whole
}

fn plain(bytes: &[u8]) -> Vec<String> {
    every_way(&ResponseConfig::default(), bytes).unwrap()
}

fn refused(config: &ResponseConfig, bytes: &[u8]) -> (Code, String) {
    let error = every_way(config, bytes).unwrap_err();
    (error.code(), error.message().into())
}

fn bad(bytes: &[u8]) -> (Code, String) {
    refused(&ResponseConfig::default(), bytes)
}

fn weird(message: &str) -> (Code, String) {
    (Code::WeirdServerReply, message.into())
}

#[test]
fn with_a_length() {
    let log = plain(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX:  y \r\n\r\nhelloHTTP");
    let expected = [
        "status Http11 200 HTTP/1.1 200 OK\\r\\n",
        "header Content-Length|5|Content-Length: 5\\r\\n",
        "header X|y|X:  y \\r\\n",
        "head Length(5) false \\r\\n",
        "body hello",
        "end",
    ];
    assert_eq!(log, expected);
}

#[test]
fn excess_is_told() {
    let mut response = Response::new(ResponseConfig::default());
    let bytes = b"HTTP/1.1 204 \r\n\r\nmore";
    let mut at = 0;
    loop {
        let Advance { consumed, event } = response.advance(&bytes[at..]).unwrap();
        at += consumed;
        if let Event::End { excess } = event {
            assert!(excess);
            break;
        }
    }
    assert_eq!(&bytes[at..], b"more");
}

#[test]
fn lines_in_one_piece_are_not_copied() {
    let mut response = Response::new(ResponseConfig::default());
    let bytes = b"HTTP/1.1 200\nA: b\nC: d\n\n";
    let mut at = 0;
    while at < bytes.len() {
        at += response.advance(&bytes[at..]).unwrap().consumed;
        assert_eq!(response.held(), b"");
    }
}

#[test]
fn no_reason_no_length() {
    let log = plain(b"HTTP/1.1 200\n\nbody");
    assert_eq!(log[0], "status Http11 200 HTTP/1.1 200\\n");
    assert_eq!(log[1..], ["head Close false \\n", "body body", "Complete"]);
}

#[test]
fn folded_headers_become_one_line() {
    let log = plain(b"HTTP/1.1 200 OK\r\nA: b \t\r\n \tc\r\n\td\r\nContent-Length:\r\n 0\r\n\r\n");
    assert_eq!(log[1], "header A|b c d|A: b c d\\r\\n");
    assert_eq!(log[2], "header Content-Length|0|Content-Length: 0\\r\\n");
    assert_eq!(log[3], "head None false \\r\\n");
}

#[test]
fn interim_responses() {
    let log = plain(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nContent-Length: 9\r\n\r\n\
          HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
    );
    assert_eq!(log[1], "head None true \\r\\n");
    assert_eq!(log[4], "head None true \\r\\n");
    assert_eq!(log[7..], ["head Length(1) false \\r\\n", "body x", "end"]);
    assert_eq!(bad(b"HTTP/1.1 100 C\r\n\r\nrubbish\n"), weird("Invalid status line"));
}

#[test]
fn heads_without_bodies() {
    for status in ["204", "304"] {
        let head = format!("HTTP/1.1 {status} x\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert_eq!(plain(head.as_bytes())[2..], ["head None false \\r\\n", "end"]);
    }
    let config = ResponseConfig { head_request: true, ..Default::default() };
    let reply = b"HTTP/1.1 200 x\r\nContent-Length: 7\r\n\r\n";
    assert_eq!(every_way(&config, reply).unwrap()[2..], ["head None false \\r\\n", "end"]);
    let reply = b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nbytes";
    assert_eq!(plain(reply)[2..], ["head Switch false \\r\\n", "end"]);
    let config = ResponseConfig { connect: true, ..Default::default() };
    let reply = b"HTTP/1.1 200 x\r\nContent-Length: 7\r\n\r\n";
    assert_eq!(every_way(&config, reply).unwrap()[2..], ["head Switch false \\r\\n", "end"]);
    let reply = b"HTTP/1.1 407 x\r\nContent-Length: 1\r\n\r\nz";
    assert_eq!(
        every_way(&config, reply).unwrap()[2..],
        ["head Length(1) false \\r\\n", "body z", "end"]
    );
}

#[test]
fn lengths() {
    let reply = |value: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {value}\r\n\r\n12345");
    assert_eq!(
        plain(reply("5, 5").as_bytes())[2..],
        ["head Length(5) false \\r\\n", "body 12345", "end"]
    );
    let twice = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab";
    assert_eq!(plain(twice).last().unwrap(), "end");
    for value in ["-5", "5, 6", "5,", "", "x", "5 x", "0x5"] {
        assert_eq!(bad(reply(value).as_bytes()), weird("Invalid Content-Length: value"), "{value}");
    }
    let overflow = reply("9223372036854775808");
    assert_eq!(plain(overflow.as_bytes())[2], "head Close false \\r\\n");
    let limited = ResponseConfig { max_filesize: true, ..Default::default() };
    assert_eq!(
        refused(&limited, overflow.as_bytes()),
        (Code::FilesizeExceeded, "Maximum file size exceeded".into())
    );
    let ignoring = ResponseConfig { ignore_content_length: true, ..Default::default() };
    assert_eq!(every_way(&ignoring, reply("3").as_bytes()).unwrap()[3], "body 12345");
}

#[test]
fn cut_bodies() {
    let partial = |message: &str| (Code::PartialFile, message.to_string());
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc";
    assert_eq!(bad(cut), partial("end of response with 2 bytes missing"));
    let cut = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    assert_eq!(bad(cut), partial("transfer closed with outstanding read data remaining"));
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX";
    assert_eq!(bad(cut), partial("transfer closed with 5 bytes remaining to read"));
    assert_eq!(plain(b"HTTP/1.1 200 OK\r\nServ")[1..], ["HeadCut Serv"]);
    assert_eq!(plain(b"HTTP/1.1 200 OK\r\nA: b\r\n")[1..], ["HeadCut A: b\\r\\n"]);
    assert_eq!(plain(b"HTT"), ["Nothing HTT"]);
    assert_eq!(plain(b""), ["Nothing"]);
    assert_eq!(plain(b"HTTP/1.1 100 C\r\n\r\nHTT").last().unwrap(), "Nothing HTT");
}

#[test]
fn status_lines() {
    let unsupported = |message: &str| (Code::UnsupportedProtocol, message.to_string());
    let subversion = unsupported("Unsupported HTTP/1 subversion in response");
    assert_eq!(bad(b"HTTP/1.2 200 OK\r\n"), subversion);
    assert_eq!(bad(b"HTTP/1.1 20\r\n"), subversion);
    assert_eq!(bad(b"HTTP/1.1200\r\n"), subversion);
    assert_eq!(bad(b"HTTP/4 200 OK\r\n"), unsupported("Unsupported HTTP version in response"));
    let mismatch = weird("Version mismatch (from HTTP/1 to HTTP/2)");
    assert_eq!(bad(b"HTTP/2 200 OK\r\n"), mismatch);
    assert_eq!(plain(b"http/1.1 404\n\n")[0], "status Http10 200 http/1.1 404\\n");
    assert_eq!(
        bad(b"HTTP/1.1 099 OK\r\n\r\n"),
        unsupported("Unsupported response code in HTTP response")
    );
    assert_eq!(bad(b"HTTP/1.1 200 a\rb\r\n"), weird("Carriage return found in header"));
}

#[test]
fn http_0_9() {
    let refusal = (Code::UnsupportedProtocol, "Received HTTP/0.9 when not allowed".into());
    for reply in [&b"<html>"[..], b"\r\nHTTP/1.1 200 OK\r\n\r\n", b"HTML\nmore"] {
        assert_eq!(bad(reply), refusal);
        let allowed = ResponseConfig { http09_allowed: true, ..Default::default() };
        let text = String::from_utf8_lossy(reply).escape_debug().to_string();
        assert_eq!(
            every_way(&allowed, reply).unwrap(),
            [format!("body {text}"), "Complete".into()]
        );
        let reused = ResponseConfig { reused: true, ..allowed };
        assert_eq!(refused(&reused, reply), weird("Invalid status line"));
    }
}

/// Found by fuzzing: what came after the line was not told to be left.
#[test]
fn one_line_without_a_head_in_reply_to_head() {
    let config = ResponseConfig { http09_allowed: true, head_request: true, ..Default::default() };
    for line in [&b"a line\r\n"[..], b"\n", b"no line end"] {
        assert_eq!(every_way(&config, line).unwrap(), ["Nothing"]);
    }
    for more in [&b"a line\r\nmore"[..], b"\n\n", b"H\r\nHTTP/1.1 200 OK\r\n\r\n"] {
        assert_eq!(refused(&config, more).0, Code::WeirdServerReply);
    }
}

#[test]
fn aliases_and_rtsp() {
    let aliases = Some([b"ICY ".as_slice().into()].into());
    let config = ResponseConfig { aliases, ..Default::default() };
    let log = every_way(&config, b"ICY 400 OK\r\nContent-Length: 1\r\n\r\na").unwrap();
    assert_eq!(log[0], "status Http10 200 ICY 400 OK\\r\\n");
    let rtsp = ResponseConfig { rtsp: true, ..Default::default() };
    let log = every_way(&rtsp, b"RTSP/1.0 401 No\r\nCSeq: 1\r\n\r\n").unwrap();
    assert_eq!(log[0], "status Http11 401 RTSP/1.0 401 No\\r\\n");
    assert_eq!(log[2..], ["head None false \\r\\n", "end"]);
    assert_eq!(refused(&rtsp, b"RTSP/2.0 200 OK\r\n").0, Code::WeirdServerReply);
}

#[test]
fn bad_headers() {
    let head = |line: &[u8]| [b"HTTP/1.1 200 OK\r\n", line, b"\r\nX: y\r\n\r\n"].concat();
    assert_eq!(bad(&head(b"A: \0")), weird("Nul byte in header"));
    assert_eq!(bad(&head(b"A: b\rc")), weird("Carriage return found in header"));
    assert_eq!(bad(&head(b"no colon here")), weird("Header without colon"));
    assert_eq!(bad(&head(b" no colon here")), weird("Header without colon"));
}

#[test]
fn limits() {
    let mut endless = b"HTTP/1.1 200 OK\r\nA: ".to_vec();
    endless.resize(response::MAX_LINE + 100, b'a');
    let error = run(&ResponseConfig::default(), &[&endless]).unwrap_err();
    assert_eq!(error.code(), Code::TooLarge);
    let mut long = b"HTTP/1.1 200 OK\r\n".to_vec();
    while long.len() <= response::MAX_HEAD_BYTES {
        long.extend_from_slice(&[&b"A: "[..], &[b'x'; 1000], b"\r\n"].concat());
    }
    let error = run(&ResponseConfig::default(), &[&long, b"\r\n"]).unwrap_err();
    assert_eq!(error.code(), Code::RecvError);
    assert!(error.message().starts_with("Too large response headers: "), "{error}");
    let many = [b"HTTP/1.1 200 OK\r\n", "A: b\r\n".repeat(5001).as_bytes(), b"\r\n"].concat();
    let error = run(&ResponseConfig::default(), &[&many]).unwrap_err();
    assert_eq!(error.message(), "Too many response headers, 5000 is max");
}

#[test]
fn keeping_the_connection() {
    let close = |config: ResponseConfig, head: &str| {
        let mut response = Response::new(config);
        let bytes = format!("{head}\r\nContent-Length: 0\r\n\r\n");
        let mut at = 0;
        while at < bytes.len() {
            at += response.advance(&bytes.as_bytes()[at..]).unwrap().consumed;
        }
        response.head().close
    };
    let plain = ResponseConfig::default;
    assert!(!close(plain(), "HTTP/1.1 200 OK"));
    assert!(close(plain(), "HTTP/1.1 200 OK\r\nConnection: Upgrade, Close"));
    assert!(!close(plain(), "HTTP/1.1 200 OK\r\nConnection: closed"));
    assert!(close(plain(), "HTTP/1.0 200 OK"));
    assert!(!close(plain(), "HTTP/1.0 200 OK\r\nConnection: keep-alive"));
    assert!(close(plain(), "HTTP/1.0 200 OK\r\nProxy-Connection: keep-alive"));
    let proxy = || ResponseConfig { via_proxy: true, ..Default::default() };
    assert!(!close(proxy(), "HTTP/1.0 200 OK\r\nProxy-Connection: keep-alive"));
    assert!(close(proxy(), "HTTP/1.1 200 OK\r\nProxy-Connection: close"));
    assert!(close(plain(), "HTTP/1.1 103 Early\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK"));
}

const CHUNKED: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";

fn chunked(body: &[u8]) -> Vec<u8> {
    [CHUNKED, body].concat()
}

#[test]
fn chunks() {
    let log = plain(&chunked(b"5;ext=\"x\"\r\nhello\r\n00006\n world\n0\r\n\r\n"));
    assert_eq!(log[3..], ["head Chunked false \\r\\n", "body hello world", "end"]);
    let log = plain(&chunked(b"1\r\nx\r\n0\r\nA: b\r\nC: d\n\tfolded\r\n\r\n"));
    let trailers = ["trailer A: b\\r\\n", "trailer C: d\\r\\n", "trailer \\tfolded\\r\\n"];
    assert_eq!(log[5..8], trailers);
    assert_eq!(log[8..], ["end"]);
    let raw = ResponseConfig { raw_transfer: true, ..Default::default() };
    let log = every_way(&raw, &chunked(b"1\r\nx\r\n0\r\nA: b\r\n\r\nHTTP")).unwrap();
    assert_eq!(log[4..], ["body 1\\r\\nx\\r\\n0\\r\\nA: b\\r\\n\\r\\n", "end"]);
}

/// As libcurl has it: what is whole comes out, though it came together with what is broken.
#[test]
fn small_chunks_are_taken_along() {
    let mut response = Response::new(ResponseConfig::default());
    let input = chunked(b"1\r\nx\r\n2\r\nyz\r\n0A\r\n0123456789\r\n1;e\r\n.\r\n0\r\n\r\n");
    let mut at = 0;
    while !matches!(response.advance(&input[at..]), Ok(Advance { consumed, event })
        if { at += consumed; matches!(event, Event::Body(_)) })
    {}
    assert_eq!(response.next_chunk(&input[at..at + 6], 10), None, "not all of it is there");
    assert_eq!(response.next_chunk(&input[at..], 1), None, "it is too large");
    assert_eq!(response.next_chunk(&input[at..], 10), Some((7, 5..7)));
    at += 7;
    assert_eq!(response.next_chunk(&input[at..], 10), Some((16, 6..16)));
    at += 16;
    assert_eq!(response.next_chunk(&input[at..], 10), None, "one with an extension");
    let next = response.advance(&input[at..]).unwrap();
    assert_eq!(next, Advance { consumed: 8, event: Event::Body(Span::Input(7..8)) });
    assert_eq!(response.next_chunk(&input[at + 8..], 10), None, "the last one");
}

#[test]
fn raw_chunks_before_broken_ones() {
    let mut response = Response::new(ResponseConfig { raw_transfer: true, ..Default::default() });
    let bytes = chunked(b"1\r\nx\r\n?");
    let (mut at, mut bodies) = (0, Vec::new());
    let error = loop {
        match response.advance(&bytes[at..]) {
            Ok(Advance { consumed, event }) => {
                if let Event::Body(span) = event {
                    bodies.extend_from_slice(span.of(&bytes[at..], response.held()));
                }
                at += consumed;
            }
            Err(error) => break error,
        }
    };
    assert_eq!(bodies, b"1\r\nx");
    assert_eq!(error.message(), "chunk hex-length char not a hex digit: 0x3f");
    assert_eq!(response.close().unwrap_err().code(), error.code());
}

#[test]
fn broken_chunks() {
    let receive = |message: &str| (Code::RecvError, message.to_string());
    let malformed = receive("Malformed encoding found in chunked-encoding");
    assert_eq!(bad(&chunked(b"x\r\n")), receive("chunk hex-length char not a hex digit: 0x78"));
    assert_eq!(
        bad(&chunked(b"\xff\r\n")),
        receive("chunk hex-length char not a hex digit: 0xffffffff")
    );
    assert_eq!(bad(&chunked(b"00000000000000001\r\n")), receive("chunk hex-length longer than 16"));
    assert_eq!(
        bad(&chunked(b"8000000000000000\r\n")),
        receive("invalid chunk size: '8000000000000000'")
    );
    assert_eq!(bad(&chunked(b"1\r\nxy\r\n")), malformed);
    assert_eq!(bad(&chunked(b"0\r\nA: b\rc\r\n")), malformed);
    assert_eq!(bad(&chunked(b"0\r\n\rx")), malformed);
    assert_eq!(bad(&chunked(b"0\r\nA\r\n\r\n")), weird("Header without colon"));
    let long = chunked(&[b"0\r\nA: ", &[b'x'; 5000][..], b"\r\n\r\n"].concat());
    assert_eq!(run(&ResponseConfig::default(), &[&long]).unwrap_err().code(), Code::TooLarge);
}

#[test]
fn transfer_codings() {
    let reply =
        |value: &str| format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {value}\r\n\r\n0\r\n\r\n");
    let offered = ResponseConfig { transfer_encoding_offered: true, ..Default::default() };
    let bad_coding = |message: &str| (Code::BadContentEncoding, message.to_string());
    assert_eq!(plain(reply("identity, chunked").as_bytes()).last().unwrap(), "end");
    assert_eq!(
        bad(reply("gzip, chunked").as_bytes()),
        bad_coding("Unsolicited Transfer-Encoding (gzip) found")
    );
    assert_eq!(
        bad(reply("chunked, gzip").as_bytes()),
        bad_coding("A Transfer-Encoding (gzip) was listed after chunked")
    );
    assert_eq!(
        refused(&offered, reply("chunked, gzip").as_bytes()),
        bad_coding("Reject response due to 'chunked' not being the last Transfer-Encoding")
    );
    assert_eq!(
        refused(&offered, reply("gzip,gzip,gzip,gzip,gzip,gzip").as_bytes()),
        bad_coding("Reject response exceeding limit of 5 transfer encodings")
    );
    let mut response = Response::new(offered.clone());
    let bytes = reply("gzip, chunked, chunked");
    let status = response.advance(bytes.as_bytes()).unwrap().consumed;
    response.advance(&bytes.as_bytes()[status..]).unwrap();
    assert!(response.head().chunked);
    assert_eq!(response.head().transfer_codings[..], [crate::decode::Coding::Gzip]);
    let log = every_way(
        &offered,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nabc",
    );
    assert_eq!(log.unwrap()[3..], ["head Close false \\r\\n", "body abc", "Complete"]);
}

#[test]
fn hostile_input_is_refused_or_taken_alike_in_every_split() {
    let mut prng = Prng::new(7);
    let seeds: [&[u8]; 4] = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.0 200\nConnection: keep-alive\n\nx",
        &chunked(b"5;e\r\nhello\r\n0\r\nA: b\r\n\r\n"),
        b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 204 N\r\nA: b\r\n c\r\n\r\n",
    ];
    for round in 0..4000 {
        let mut bytes = seeds[round % seeds.len()].to_vec();
        for _ in 0..1 + prng.below(3) {
            let at = prng.below(bytes.len());
            match prng.below(3) {
                0 => bytes[at] = b"\r\n \t:0,;\0aH/"[prng.below(12)],
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"\r\n \t:05\0"[prng.below(8)]),
            }
        }
        let config = ResponseConfig {
            http09_allowed: prng.below(4) == 0,
            raw_transfer: prng.below(4) == 0,
            ..Default::default()
        };
        let whole = run(&config, &[&bytes]);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(run(&config, &single), whole, "{:?}", String::from_utf8_lossy(&bytes));
        let (a, b) = bytes.split_at(prng.below(bytes.len()));
        assert_eq!(run(&config, &[a, b]), whole, "{:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn noise_does_no_harm() {
    let mut prng = Prng::new(99);
    let config = ResponseConfig { http09_allowed: true, ..Default::default() };
    for _ in 0..2000 {
        let len = prng.below(300);
        let noise = prng.bytes(len, b"HTTP/1.1 200\r\nContent-Length: 5\r\n0a");
        let _ = run(&config, &[&noise]);
        let _ = run(&config, &[&chunked(&noise)]);
    }
}
