//! Debian's curl, unmodified, on the library under test: output, headers, exit code, figures of
//! `-w`, files written and requests sent are those of libcurl 8.22, also when every transfer is
//! driven by the event interface. `differences.txt` lists the exceptions with their reasons.
use std::collections::BTreeMap;
use std::time::Duration;
use tress_tests::program::{assert_loads, mask_boundary};
use tress_tests::{Library, Outcome, Program, Server, cc, differences, scratch};

/// Name and command line; `{b}` is the server's base URL, `{p}` its port, `{o}` another server's
/// base. Files are written to and read from a fresh directory that holds `data`, `form`, `netrc`
/// and `cookies`.
const LINES: &[(&str, &str)] = &[
    ("get", "{b}/bytes/100"),
    ("get-big", "-o out {b}/bytes/5000000"),
    ("include", "-i {b}/headers"),
    ("head", "-I {b}/bytes/100"),
    ("dump-header", "-D heads {b}/chunked/3000"),
    ("chunked", "{b}/chunked/30000"),
    ("trailers", "-i {b}/trailers"),
    ("raw-chunked", "--raw -i {b}/trailers"),
    ("status-404", "-w %{http_code} {b}/status/404"),
    ("fail-404", "-f {b}/status/404"),
    ("fail-with-body", "--fail-with-body {b}/status/500"),
    ("redirects", "-L -w %{num_redirects}:%{url_effective}:%{size_header} {b}/redirect/4/302"),
    ("redirects-shown", "-L -i {b}/redirect/2/301"),
    ("too-many-redirects", "-L --max-redirs 2 {b}/redirect/5/302"),
    ("post-301", "-L -d a=b {b}/redirect/1/301"),
    ("post-301-kept", "-L --post301 -d a=b {b}/redirect/1/301"),
    ("post-303", "-L -d a=b {b}/redirect/1/303"),
    ("post-307", "-L -d a=b {b}/redirect/2/307"),
    ("custom-redirect", "-L -X PATCH -d a=b {b}/redirect/1/308"),
    ("other-host", "-L -u user:secret {b}/to/302?{o}/echo"),
    ("other-host-trusted", "--location-trusted -u user:secret {b}/to/302?{o}/echo"),
    ("post", "-d name=value -d other=1 {b}/echo"),
    ("post-file", "--data-binary @data {b}/echo"),
    ("post-urlencode", "--data-urlencode text=a\u{20ac}+b {b}/echo"),
    ("get-data", "-G -d q=1 -d r=2 {b}/echo"),
    ("post-json", "--json {\"a\":1} {b}/echo"),
    ("post-chunked", "-H Transfer-Encoding:chunked -d hello {b}/echo"),
    ("post-large-expects", "-H Expect:100-continue --data-binary @big {b}/sink"),
    ("post-expect-refused", "-H Expect:100-continue --data-binary @big {b}/expect-reject"),
    ("put", "-T data {b}/echo"),
    ("put-big", "-T big {b}/sink"),
    ("put-dir", "-T data {b}/"),
    ("delete", "-X DELETE {b}/echo"),
    ("options-target", "-X OPTIONS --request-target * {b}/"),
    ("header-added", "-H X-A:1 -H X-B;  -H Accept: {b}/echo"),
    ("agent-referer", "-A me/1 -e http://from/ {b}/echo"),
    ("basic-auth", "-u user:secret {b}/auth/user/secret"),
    ("basic-auth-wrong", "-u user:wrong -w %{http_code} {b}/auth/user/secret"),
    ("any-auth", "--anyauth -u user:secret -v {b}/auth/user/secret"),
    ("netrc", "--netrc-file netrc {b}/auth/user/secret"),
    ("range", "-r 5-20 -i {b}/bytes/100"),
    ("range-end", "-r -7 {b}/bytes/100"),
    ("resume", "-C 40 -o out {b}/bytes/100"),
    ("resume-file", "-C - -o data {b}/bytes/100"),
    ("resume-beyond", "-C 200 -i {b}/bytes/100"),
    ("compressed", "--compressed {b}/gzip"),
    ("not-decoded", "-H Accept-Encoding:gzip -o out {b}/gzip"),
    ("http10", "-0 -i {b}/echo"),
    ("http10-answer", "-i {b}/http10"),
    ("http09-refused", "{b}/http09"),
    ("http09", "--http0.9 {b}/http09"),
    ("until-close", "-i {b}/nolength"),
    ("connection-close", "-i {b}/close {b}/count"),
    ("keep-alive", "-w %{num_connects} {b}/count {b}/count {b}/count"),
    ("interim", "-i {b}/1xx"),
    ("no-content", "-i {b}/204 {b}/304"),
    ("folded", "-i {b}/fold"),
    ("bare-newlines", "-i {b}/lf"),
    ("garbage-header", "-i {b}/garbage"),
    ("huge-header", "-o out {b}/huge-header"),
    ("bad-length", "{b}/badlength"),
    ("bad-chunk", "{b}/badchunk"),
    ("dropped", "{b}/drop/100"),
    ("reset", "{b}/reset/100"),
    ("empty-reply", "{b}/empty"),
    ("refused", "http://127.0.0.1:1/"),
    ("no-such-host", "http://no.such.host.invalid/"),
    ("bad-scheme", "nosuch://127.0.0.1/"),
    ("bad-url", "http://:80:80/"),
    ("time-limit", "-m 0.3 {b}/never"),
    ("time-limit-body", "-m 0.3 {b}/stall"),
    ("speed-limit", "-Y 1000 -y 1 {b}/stall"),
    ("rate", "--limit-rate 100k -o out {b}/bytes/30000"),
    ("max-filesize", "--max-filesize 50 {b}/bytes/100"),
    ("resolve", "--resolve some.host:{p}:127.0.0.1 http://some.host:{p}/echo"),
    ("connect-to", "--connect-to some.host:80:127.0.0.1:{p} http://some.host/echo"),
    ("local-host", "-4 http://localhost:{p}/echo"),
    ("cookies", "-b cookies -c jar {b}/cookie"),
    ("cookie-sent", "-b a=1 {b}/echo"),
    ("form", "-F name=value {b}/echo"),
    ("proxy", "-x {b} http://far.host/echo"),
    ("proxy-auth", "-x {b} -U me:too http://far.host/echo"),
    ("time-condition", "-z 2000-06-13 -i {b}/bytes/10"),
    ("path-as-is", "--path-as-is {b}/a/../echo"),
    ("dots-removed", "{b}/a/./../echo"),
    ("parallel", "-Z -o one {b}/bytes/1000 -o two {b}/bytes/2000 -o three {b}/delay/20"),
    ("next", "-d x=1 {b}/echo --next -I {b}/bytes/3"),
    ("file", "file://{d}/data"),
    ("file-missing", "file://{d}/absent"),
    ("verbose", "-v {b}/headers"),
    ("write-out", "-o out -w @format {b}/redirect/2/302 -L"),
    ("retry", "--retry 1 --retry-delay 1 -f {b}/status/503"),
    ("remote-name", "-O {b}/bytes/33"),
    ("config", "-K config"),
    ("early-answer", "--data-binary @big {b}/early"),
];

const FORMAT: &str = "%{content_type}|%{errormsg}|%{exitcode}|%{http_connect}|%{http_version}|\
    %{local_ip}|%{method}|%{num_connects}|%{num_headers}|%{num_redirects}|%{redirect_url}|\
    %{referer}|%{remote_ip}|%{response_code}|%{scheme}|%{size_download}|%{size_header}|\
    %{size_request}|%{size_upload}|%{url_effective}|%{urlnum}\\n";

/// What a command line left behind, in a form that can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Left {
    outcome: Outcome,
    files: BTreeMap<String, String>,
    requests: Vec<String>,
}

#[test]
fn debians_curl_loads_the_library_under_test() {
    let library = Library::under_test();
    assert_loads(library, "curl", "libcurl.so.4");
}

#[test]
fn debians_curl_behaves_as_on_libcurl() {
    assert!(LINES.len() >= 40);
    let ours = Library::under_test();
    let mut report = differences::Report::new("curl");
    for (name, line) in LINES {
        let wanted = run(name, line, &Library::reference(), false);
        report.compare(name, &wanted, &run(name, line, ours, false));
    }
    report.finish();
}

#[test]
fn debians_curl_behaves_the_same_when_driven_by_events() {
    let ours = Library::under_test();
    let mut report = differences::Report::new("curl-events");
    for (name, line) in LINES {
        if line.starts_with("-Z") {
            continue; // uses the multi interface already
        }
        let wanted = run(name, line, &Library::reference(), false);
        report.compare(name, &wanted, &run(name, line, ours, true));
    }
    report.finish();
}

#[test]
fn versions_7_88_and_8_22_differ_where_it_is_listed() {
    let mut report = differences::Report::new("versions");
    for (name, line) in LINES {
        let newer = run(name, line, &Library::reference(), false);
        report.compare(name, &newer, &run(name, line, &Library::system(), false));
    }
    report.finish();
}

fn run(name: &str, line: &str, library: &Library, events: bool) -> Left {
    let (server, other) = (Server::start(), Server::start());
    let dir = scratch(&format!("curl-{name}-{}-{events}", library.name));
    let dir_text = dir.to_string_lossy().into_owned();
    let fill = |text: &str| {
        text.replace("{b}", &server.base())
            .replace("{o}", &other.base())
            .replace("{p}", &server.port.to_string())
            .replace("{d}", &dir_text)
    };
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).expect("input file");
    write("data", "line one\nline two\n");
    write("big", &"0123456789abcdef".repeat(100_000));
    write("netrc", "machine 127.0.0.1 login user password secret\n");
    write("cookies", "127.0.0.1\tFALSE\t/\tFALSE\t0\told\tcookie\n");
    write("format", FORMAT);
    write("config", &fill("url = \"{b}/echo\"\nheader = \"X-Config: yes\"\nsilent\n"));
    let mut program = Program::new(library, "curl").dir(&dir).limit(Duration::from_secs(30));
    if events {
        program = program.preload(cc::evshim());
    }
    let outcome = program.args(["-q", "-sS"]).args(line.split_whitespace().map(fill)).run();
    let clean = |text: &str| {
        let text = text.replace(&server.port.to_string(), "PORT");
        mask_boundary(&text.replace(&other.port.to_string(), "OTHER").replace(&dir_text, "DIR"))
    };
    let files = read_files(&dir, &clean);
    let mut requests = server.take_log();
    requests.extend(other.take_log());
    if line.starts_with("-Z") {
        requests.sort();
    }
    let requests = requests.iter().map(|r| clean(r)).collect();
    let _ = std::fs::remove_dir_all(&dir);
    let outcome = Outcome {
        code: outcome.code,
        stdout: clean(&outcome.stdout),
        stderr: if line.starts_with("-Z") {
            String::new()
        } else {
            without_noise(&clean(&outcome.stderr))
        },
    };
    Left { outcome, files, requests }
}

fn read_files(dir: &std::path::Path, clean: &dyn Fn(&str) -> String) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_name() == "config" {
            continue; // holds a port
        }
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        let text = match bytes.len() {
            0..2000 => clean(&String::from_utf8_lossy(&bytes)),
            n => format!("{n} bytes, sum {}", bytes.iter().map(|b| u64::from(*b)).sum::<u64>()),
        };
        files.insert(entry.file_name().to_string_lossy().into_owned(), text);
    }
    files
}

/// Drops the informational lines of `-v`, which have no fixed wording, and times.
fn without_noise(stderr: &str) -> String {
    let noise = |l: &&str| {
        !l.starts_with("* ")
            && !l.contains("no version information")
            && !l.starts_with("{ [")
            && !l.starts_with("} [")
    };
    let text = stderr.lines().filter(noise).collect::<Vec<_>>().join("\n");
    mask_milliseconds(&text)
}

/// "after 301 ms" is "after N ms".
fn mask_milliseconds(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let number = |i: usize| {
        words.get(i + 1).is_some_and(|w| w.starts_with("ms") || w.starts_with("milliseconds"))
            && words.get(i).is_some_and(|w| w.chars().all(|c| c.is_ascii_digit()))
    };
    let mask = |(i, w): (usize, &&str)| if number(i) { "N".to_string() } else { w.to_string() };
    words.iter().enumerate().map(mask).collect::<Vec<_>>().join(" ")
}
