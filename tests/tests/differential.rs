//! The same C program under libcurl 8.22 and the library under test: the trace of its callbacks,
//! infos, error texts and bodies is equal, and so is what the server saw.
use std::collections::BTreeMap;
use std::time::Duration;
use tress_tests::{Library, Program, Server, cc, differences};

/// Name and words of `tests/c/trace.c`; `{b}` is the base URL, `{p}` the port, `{o}` another server.
const CASES: &[(&str, &str)] = &[
    ("get", "URL={b}/bytes/1000"),
    ("get-large", "URL={b}/bytes/2000000"),
    ("empty-body", "URL={b}/bytes/0"),
    ("head", "URL={b}/bytes/1000 NOBODY=1"),
    ("reuse", "URL={b}/count next next"),
    ("forbid-reuse", "URL={b}/count FORBID_REUSE=1 next"),
    ("fresh-connect", "URL={b}/count next FRESH_CONNECT=1 next"),
    ("reset-keeps-connections", "URL={b}/count HTTPHEADER=X-A:1 reset URL={b}/count"),
    ("duphandle", "URL={b}/count HTTPHEADER=X-A:1 dup"),
    ("chunked", "URL={b}/chunked/5000"),
    ("trailers", "URL={b}/trailers"),
    ("no-transfer-decoding", "URL={b}/trailers HTTP_TRANSFER_DECODING=0 TIMEOUT_MS=300"),
    ("gzip", "URL={b}/gzip ACCEPT_ENCODING=gzip"),
    ("gzip-undecoded", "URL={b}/gzip"),
    ("http10", "URL={b}/http10"),
    ("http10-request", "URL={b}/method HTTP_VERSION=1"),
    ("http09", "URL={b}/http09 HTTP09_ALLOWED=1"),
    ("http09-refused", "URL={b}/http09"),
    ("until-close", "URL={b}/nolength next"),
    ("interim", "URL={b}/1xx"),
    ("204", "URL={b}/204 next URL={b}/304"),
    ("odd-headers", "URL={b}/headers"),
    ("folded", "URL={b}/fold"),
    ("bare-newlines", "URL={b}/lf"),
    ("garbage-header", "URL={b}/garbage"),
    ("bad-length", "URL={b}/badlength"),
    ("bad-chunk", "URL={b}/badchunk"),
    ("dropped", "URL={b}/drop/100"),
    ("reset-by-peer", "URL={b}/reset/100"),
    ("empty-reply", "URL={b}/empty"),
    ("refused", "URL=http://127.0.0.1:1/"),
    ("no-such-host", "URL=http://no.such.host.invalid/"),
    ("no-url", "USERAGENT=x"),
    ("bad-url", "URL=http://a:b:c/"),
    ("bad-scheme", "URL=foo://127.0.0.1/"),
    ("refused-scheme", "URL={b}/method PROTOCOLS_STR=file"),
    ("redirect", "URL={b}/redirect/3/302 FOLLOWLOCATION=1"),
    ("redirect-not-followed", "URL={b}/redirect/3/302"),
    ("redirect-limit", "URL={b}/redirect/3/302 FOLLOWLOCATION=1 MAXREDIRS=1"),
    ("redirect-autoreferer", "URL={b}/redirect/1/302 FOLLOWLOCATION=1 AUTOREFERER=1"),
    ("redirect-post", "URL={b}/redirect/1/302 FOLLOWLOCATION=1 POSTFIELDS=a=b"),
    ("redirect-post-kept", "URL={b}/redirect/1/302 FOLLOWLOCATION=1 POSTFIELDS=a=b POSTREDIR=7"),
    ("redirect-307", "URL={b}/redirect/1/307 FOLLOWLOCATION=1 POSTFIELDS=a=b"),
    ("redirect-elsewhere", "URL={b}/to/302?{o}/method FOLLOWLOCATION=1 USERPWD=u:p"),
    (
        "redirect-unrestricted",
        "URL={b}/to/302?{o}/method FOLLOWLOCATION=1 USERPWD=u:p UNRESTRICTED_AUTH=1",
    ),
    ("redirect-to-file", "URL={b}/to/302?file:///etc/passwd FOLLOWLOCATION=1"),
    ("post", "URL={b}/method POSTFIELDS=hello"),
    ("post-copied", "URL={b}/method COPYPOSTFIELDS=hello"),
    ("post-empty", "URL={b}/method POST=1 POSTFIELDSIZE=0"),
    ("post-by-callback", "URL={b}/method POST=1 POSTFIELDSIZE=50 body=50"),
    ("post-chunked", "URL={b}/method POST=1 HTTPHEADER=Transfer-Encoding:chunked body=5000"),
    ("post-expect", "URL={b}/sink POST=1 POSTFIELDSIZE=50 body=50 HTTPHEADER=Expect:100-continue"),
    (
        "post-expect-refused",
        "URL={b}/expect-reject POST=1 POSTFIELDSIZE=50 body=50 HTTPHEADER=Expect:100-continue",
    ),
    ("upload", "URL={b}/sink UPLOAD=1 INFILESIZE=100000 body=100000"),
    ("upload-unknown-size", "URL={b}/sink UPLOAD=1 body=5000"),
    ("upload-short", "URL={b}/sink UPLOAD=1 INFILESIZE=100 body=50 TIMEOUT_MS=500"),
    ("upload-aborted", "URL={b}/sink UPLOAD=1 INFILESIZE=100 body=50 fail=read"),
    ("custom-request", "URL={b}/method CUSTOMREQUEST=BREW"),
    ("custom-headers", "URL={b}/method HTTPHEADER=X-One:1|X-Empty;|Accept:|Host:other"),
    ("user-agent", "URL={b}/method USERAGENT=agent/1 REFERER=http://from/ COOKIE=a=1"),
    ("basic", "URL={b}/auth/user/secret USERPWD=user:secret"),
    ("basic-in-url", "URL=http://user:secret@127.0.0.1:{p}/auth/user/secret"),
    ("basic-any", "URL={b}/auth/user/secret USERPWD=user:secret HTTPAUTH=-17"),
    ("basic-wrong", "URL={b}/auth/user/secret USERPWD=user:wrong"),
    ("bearer", "URL={b}/method XOAUTH2_BEARER=token HTTPAUTH=64"),
    ("range", "URL={b}/bytes/1000 RANGE=10-19"),
    ("resume", "URL={b}/bytes/1000 RESUME_FROM=900"),
    ("resume-beyond", "URL={b}/bytes/1000 RESUME_FROM=2000"),
    ("time-condition", "URL={b}/bytes/10 TIMECONDITION=1 TIMEVALUE=1000000000 FILETIME=1"),
    ("filetime", "URL={b}/bytes/10 FILETIME=1"),
    ("fail-on-error", "URL={b}/status/404 FAILONERROR=1"),
    ("max-filesize", "URL={b}/bytes/1000 MAXFILESIZE=100"),
    ("timeout", "URL={b}/never TIMEOUT_MS=200"),
    ("timeout-in-body", "URL={b}/stall TIMEOUT_MS=200"),
    ("low-speed", "URL={b}/stall LOW_SPEED_LIMIT=100 LOW_SPEED_TIME=1"),
    ("pause", "URL={b}/slow/10/5 pause=300"),
    ("pause-large", "URL={b}/bytes/1000000 pause=100000"),
    ("fail-in-header", "URL={b}/bytes/100 fail=header"),
    ("fail-in-write", "URL={b}/bytes/100 fail=write"),
    ("fail-in-open", "URL={b}/bytes/100 fail=open"),
    ("fail-in-prereq", "URL={b}/bytes/100 fail=prereq"),
    ("resolve", "URL=http://some.host:{p}/method RESOLVE=some.host:{p}:127.0.0.1"),
    ("connect-to", "URL=http://some.host/method CONNECT_TO=some.host:80:127.0.0.1:{p}"),
    ("localhost", "URL=http://localhost:{p}/count IPRESOLVE=1"),
    ("port-option", "URL=http://127.0.0.1/method PORT={p}"),
    ("default-scheme", "URL=127.0.0.1:{p}/method"),
    ("request-target", "URL={b}/method REQUEST_TARGET=/other CUSTOMREQUEST=OPTIONS"),
    ("path-as-is", "URL={b}/a/../method PATH_AS_IS=1"),
    ("dots", "URL={b}/a/../method"),
    ("fragment-and-space", "URL={b}/method?a#fragment"),
    ("cookies", "URL={b}/cookie COOKIEFILE= next URL={b}/method"),
    ("proxy", "URL=http://far.host/method PROXY={b} NOPROXY="),
    ("tunnel-refused", "URL=http://far.host/method PROXY={b} NOPROXY= HTTPPROXYTUNNEL=1"),
    (
        "no-body-for-100",
        "URL={b}/early UPLOAD=1 INFILESIZE=3000000 body=3000000 EXPECT_100_TIMEOUT_MS=10000",
    ),
    ("many", "URL={b}/delay/20 also URL={b}/delay/80 also URL={b}/delay/140"),
    ("connect-only", "URL={b}/ CONNECT_ONLY=1"),
    ("interface", "URL={b}/count INTERFACE=127.0.0.1"),
    ("tcp-options", "URL={b}/count TCP_KEEPALIVE=1 TCP_NODELAY=0"),
    ("buffer-size", "URL={b}/bytes/100000 BUFFERSIZE=1024"),
    ("ignore-length", "URL={b}/close IGNORE_CONTENT_LENGTH=1"),
    ("haproxy", "URL={b}/count HAPROXYPROTOCOL=1 TIMEOUT_MS=300"),
];

#[test]
fn traces_equal_those_of_libcurl_8_22() {
    let program = cc::program("trace", &[]);
    let ours = Library::under_test();
    let mut report = differences::Report::new("trace");
    for (name, words) in CASES {
        let wanted = trace(&program, words, &Library::reference());
        report.compare(name, &wanted, &trace(&program, words, ours));
    }
    report.finish();
}

#[test]
fn surface_equals_that_of_libcurl_8_22() {
    let program = cc::program("surface", &[]);
    let run = |library: &Library| {
        let server = Server::start();
        let out = Program::new(library, &program).args([server.url("/stall")]).run();
        assert_eq!(out.code, 0, "on {}: {}", library.name, out.stderr);
        let pair = |l: &str| l.rsplit_once(": ").map(|(k, v)| (k.to_string(), v.to_string()));
        out.stdout.lines().filter_map(pair).collect::<BTreeMap<_, _>>()
    };
    let (wanted, ours) = (run(&Library::reference()), run(Library::under_test()));
    let mut report = differences::Report::new("surface");
    for (name, value) in &wanted {
        report.compare(name, &Some(value), &ours.get(name));
    }
    report.finish();
}

fn trace(program: &std::path::Path, words: &str, library: &Library) -> Vec<String> {
    let (server, other) = (Server::start(), Server::start());
    let fill = |word: &str| {
        word.replace("{b}", &server.base())
            .replace("{o}", &other.base())
            .replace("{p}", &server.port.to_string())
    };
    let words: Vec<String> = words.split(' ').map(fill).collect();
    let run = Program::new(library, program).args(&words).limit(Duration::from_secs(30)).run();
    let clean = |text: String| {
        text.replace(&server.port.to_string(), "PORT").replace(&other.port.to_string(), "OTHER")
    };
    let mut lines: Vec<String> = run.stdout.lines().map(|l| mask(&clean(l.to_string()))).collect();
    // Transfers at the same time: each has its own order.
    lines.sort_by_key(|l| l.split(' ').next().and_then(|w| w.parse().ok()).unwrap_or(u32::MAX));
    lines.push(format!("exit {}", run.code));
    for (who, mut log) in [("server", server.take_log()), ("other", other.take_log())] {
        if words.iter().any(|w| w == "also") {
            log.sort();
        }
        for request in log {
            lines.extend(clean(request).lines().map(|l| format!("{who}: {}", mask_port(l))));
        }
    }
    lines
}

/// The client's port in the PROXY protocol's line varies.
fn mask_port(line: &str) -> String {
    let mut words: Vec<&str> = line.split(' ').collect();
    if let ["PROXY", _, _, _, port, ..] = words.as_mut_slice() {
        *port = "CLIENT";
    }
    words.join(" ")
}

/// Milliseconds in error texts vary.
fn mask(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let unit = |w: &&str| w.starts_with("ms") || w.starts_with("milliseconds");
    let is_time = |i: usize| words.get(i + 1).is_some_and(unit);
    let word = |(i, w): (usize, &&str)| if is_time(i) { "N".into() } else { w.to_string() };
    words.iter().enumerate().map(word).collect::<Vec<_>>().join(" ")
}
