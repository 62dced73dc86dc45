//! The same C program under libcurl 8.22 and the library under test: the trace of its callbacks,
//! infos, error texts and bodies is equal, and so is what the server saw.
use std::collections::BTreeMap;
use std::time::Duration;
use tress_tests::program::mask_boundary;
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
    ("chunks-counted", "URL={b}/chunked/5000 VERBOSE=0 counted=1"),
    ("chunks-paused", "URL={b}/chunked/5000 VERBOSE=0 counted=1 pause=2000"),
    ("chunks-refused", "URL={b}/chunked/5000 VERBOSE=0 counted=1 fail=write failat=2500"),
    ("chunks-limited", "URL={b}/chunked/5000 VERBOSE=0 counted=1 MAXFILESIZE=2500"),
    ("bad-chunk", "URL={b}/badchunk"),
    ("dropped", "URL={b}/drop/100"),
    ("reset-by-peer", "URL={b}/reset/100"),
    ("empty-reply", "URL={b}/empty"),
    ("refused", "URL=http://127.0.0.1:1/"),
    ("refused-typed", "URL=http://LocalHost:1/"),
    ("no-such-host", "URL=http://no.such.host.invalid/"),
    ("no-such-host-typed", "URL=http://No.Such.Host.INVALID/ next"),
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
    ("haproxy-client", "URL={b}/count HAPROXY_CLIENT_IP=192.0.2.1 TIMEOUT_MS=300"),
    // Limits, and the bytes within them.
    ("limit-chunked", "URL={b}/chunked/3000 MAXFILESIZE=1500"),
    ("limit-until-close", "URL={b}/nolength MAXFILESIZE=4"),
    ("limit-decoded", "URL={b}/gzip ACCEPT_ENCODING=gzip MAXFILESIZE=3000"),
    ("limit-encoded", "URL={b}/gzip ACCEPT_ENCODING=gzip MAXFILESIZE=20"),
    ("limit-header-bytes", "URL={b}/lines/4/90000"),
    ("limit-header-line", "URL={b}/lines/1/110000"),
    ("limit-header-line-within", "URL={b}/lines/1/100000"),
    ("limit-headers", "URL={b}/lines/5001/20"),
    ("limit-encodings", "URL={b}/encodings/6 ACCEPT_ENCODING=gzip"),
    ("limit-cookie-size", "URL={b}/cookies/1/5000 COOKIEFILE= next URL={b}/method"),
    ("limit-cookie-size-within", "URL={b}/cookies/1/4000 COOKIEFILE= next URL={b}/method"),
    ("limit-cookies-set", "URL={b}/cookies/60/3 COOKIEFILE= next URL={b}/method"),
    ("limit-cookies-sent", "URL={b}/cookies/5/3000 COOKIEFILE= next URL={b}/method"),
    ("limit-redirects-default", "URL={b}/redirect/40/302 FOLLOWLOCATION=1"),
    ("limit-file", "URL=file:///etc/services MAXFILESIZE=100"),
    // Heads that are none.
    ("alias", "URL={b}/icy HTTP200ALIASES=XY|ICY"),
    ("alias-unknown", "URL={b}/icy"),
    ("head-http09", "URL={b}/http09 NOBODY=1 HTTP09_ALLOWED=1"),
    // Redirects: what is asked next, and what is not told whom.
    ("follow-all", "URL={b}/redirect/2/302 FOLLOWLOCATION=1 CUSTOMREQUEST=PATCH POSTFIELDS=a=b"),
    (
        "follow-obey-302",
        "URL={b}/redirect/2/302 FOLLOWLOCATION=2 CUSTOMREQUEST=PATCH POSTFIELDS=a=b",
    ),
    ("follow-obey-303", "URL={b}/redirect/2/303 FOLLOWLOCATION=2 CUSTOMREQUEST=PUT POSTFIELDS=a=b"),
    ("follow-obey-307", "URL={b}/redirect/2/307 FOLLOWLOCATION=2 CUSTOMREQUEST=PUT POSTFIELDS=a=b"),
    ("follow-first", "URL={b}/redirect/2/307 FOLLOWLOCATION=3 CUSTOMREQUEST=PUT POSTFIELDS=a=b"),
    (
        "follow-upload-303",
        "URL={b}/redirect/1/303 FOLLOWLOCATION=1 UPLOAD=1 INFILESIZE=9 body=9 seek=1",
    ),
    (
        "follow-upload-307",
        "URL={b}/redirect/1/307 FOLLOWLOCATION=1 UPLOAD=1 INFILESIZE=9 body=9 seek=1",
    ),
    (
        "follow-cannot-rewind",
        "URL={b}/redirect/1/307 FOLLOWLOCATION=1 UPLOAD=1 INFILESIZE=9 body=9 seek=2",
    ),
    (
        "follow-fails-to-rewind",
        "URL={b}/redirect/1/307 FOLLOWLOCATION=1 UPLOAD=1 INFILESIZE=9 body=9 seek=0",
    ),
    ("follow-head", "URL={b}/redirect/2/302 FOLLOWLOCATION=1 NOBODY=1"),
    ("postredir-301", "URL={b}/redirect/1/301 FOLLOWLOCATION=1 POSTFIELDS=a=b POSTREDIR=1"),
    ("postredir-302-alone", "URL={b}/redirect/1/302 FOLLOWLOCATION=1 POSTFIELDS=a=b POSTREDIR=1"),
    ("postredir-303", "URL={b}/redirect/1/303 FOLLOWLOCATION=1 POSTFIELDS=a=b POSTREDIR=4"),
    (
        "leak-other-port",
        "URL={b}/to/302?{o}/method FOLLOWLOCATION=1 USERPWD=u:p COOKIE=a=1 \
         HTTPHEADER=Authorization:secret|Cookie:b=2|X-A:1",
    ),
    (
        "leak-other-host",
        "URL={b}/to/302?http://localhost:{p}/method FOLLOWLOCATION=1 USERPWD=u:p COOKIE=a=1 \
         HTTPHEADER=Authorization:secret|Cookie:b=2|X-A:1 IPRESOLVE=1",
    ),
    (
        "leak-and-back",
        "URL={b}/to/302?{o}/to/302?{b}/method FOLLOWLOCATION=1 USERPWD=u:p COOKIE=a=1",
    ),
    (
        "leak-unrestricted",
        "URL={b}/to/302?{o}/method FOLLOWLOCATION=1 USERPWD=u:p UNRESTRICTED_AUTH=1 COOKIE=a=1",
    ),
    ("leak-bearer", "URL={b}/to/302?{o}/method FOLLOWLOCATION=1 XOAUTH2_BEARER=t HTTPAUTH=64"),
    ("leak-in-url", "URL=http://u:p@127.0.0.1:{p}/to/302?{o}/method FOLLOWLOCATION=1"),
    (
        "credentials-of-location",
        "URL={b}/to/302?http://x:y@127.0.0.1:{p}/method FOLLOWLOCATION=1 USERPWD=u:p",
    ),
    (
        "leak-referer",
        "URL=http://u:p@127.0.0.1:{p}/to/302?{o}/method#f FOLLOWLOCATION=1 AUTOREFERER=1",
    ),
    ("no-user-in-url", "URL=http://u:p@127.0.0.1:{p}/method DISALLOW_USERNAME_IN_URL=1"),
    ("redirect-protocols", "URL={b}/redirect/1/302 FOLLOWLOCATION=1 REDIR_PROTOCOLS_STR=file"),
    ("redirect-to-nowhere", "URL={b}/to/302?http://a:b:c/ FOLLOWLOCATION=1"),
    ("redirect-relative", "URL={b}/to/302?../x/./y?q#f FOLLOWLOCATION=1"),
    (
        "redirect-scheme-relative",
        "URL={b}/to/302?//localhost:{p}/method FOLLOWLOCATION=1 IPRESOLVE=1",
    ),
    // Uploads.
    (
        "keep-sending",
        "URL={b}/early-error UPLOAD=1 INFILESIZE=30000 body=30000 KEEP_SENDING_ON_ERROR=1",
    ),
    (
        "expect-time-limit",
        "URL={b}/silent UPLOAD=1 INFILESIZE=50 body=50 HTTPHEADER=Expect:100-continue EXPECT_100_TIMEOUT_MS=50",
    ),
    ("resume-upload", "URL={b}/sink UPLOAD=1 INFILESIZE=5000 body=5000 RESUME_FROM=4000 seek=1"),
    (
        "resume-upload-read",
        "URL={b}/sink UPLOAD=1 INFILESIZE=5000 body=5000 RESUME_FROM=4000 seek=2",
    ),
    (
        "resume-upload-fails",
        "URL={b}/sink UPLOAD=1 INFILESIZE=5000 body=5000 RESUME_FROM=4000 seek=0",
    ),
    ("resume-upload-beyond", "URL={b}/sink UPLOAD=1 INFILESIZE=50 body=50 RESUME_FROM=4000 seek=1"),
    (
        "upload-trailers",
        "URL={b}/sink UPLOAD=1 body=500 trailers=X-Sum:_1|bad-one|X-Bad:1|X-Last:_yes",
    ),
    (
        "upload-trailers-fail",
        "URL={b}/echo UPLOAD=1 body=500 trailers=X-Sum:_1 fail=trailers TIMEOUT_MS=900",
    ),
    ("mime", "URL={b}/chunks mime=/etc/hostname"),
    ("mime-base64", "URL={b}/chunks encoder=base64 mime=/etc/hostname"),
    ("mime-quoted", "URL={b}/chunks encoder=quoted-printable mime=/etc/hostname"),
    ("mime-8bit", "URL={b}/chunks encoder=8bit mime=/etc/hostname"),
    ("mime-7bit", "URL={b}/chunks encoder=7bit mime=/etc/hostname"),
    ("mime-binary", "URL={b}/chunks encoder=binary mime=/etc/hostname"),
    ("mime-no-file", "URL={b}/chunks mime=/no/such/file"),
    // Conditions and errors.
    ("time-condition-met", "URL={b}/bytes/10 TIMECONDITION=1 TIMEVALUE=900000000"),
    ("time-condition-unmodified", "URL={b}/bytes/10 TIMECONDITION=2 TIMEVALUE=900000000"),
    ("time-condition-last-modified", "URL={b}/bytes/10 TIMECONDITION=3 TIMEVALUE=900000000"),
    ("time-condition-without-date", "URL={b}/method TIMECONDITION=1 TIMEVALUE=1000000000"),
    ("fail-on-error-401", "URL={b}/auth/a/b FAILONERROR=1 USERPWD=x:y HTTPAUTH=-17"),
    ("fail-on-error-416", "URL={b}/bytes/10 FAILONERROR=1 RESUME_FROM=20"),
    ("fail-on-error-redirect", "URL={b}/to/302?/status/500 FAILONERROR=1 FOLLOWLOCATION=1"),
    ("retry-after", "URL={b}/retry-after"),
    ("connect-to-bad", "CONNECT_TO=::example.com:example.com URL=http://example.com:{p}/"),
    ("connect-to-bad-address", "CONNECT_TO=::[::1 URL=http://example.com:{p}/"),
    ("connect-to-others", "CONNECT_TO=a::b:c|:1:x:y URL={b}/count"),
    // URLs.
    ("url-empty-query", "URL={b}/method?"),
    ("url-empty-fragment", "URL={b}/method#"),
    ("url-in-parts", "parts={b}/_/with/_/to/302?../method FOLLOWLOCATION=1"),
    ("url-default-protocol", "URL=127.0.0.1:{p}/method DEFAULT_PROTOCOL=http"),
    ("url-default-protocol-unknown", "URL=127.0.0.1:{p}/method DEFAULT_PROTOCOL=foo"),
    // Settings made after the handle was added.
    ("added", "added URL={b}/sink POSTFIELDSIZE=8 POSTFIELDS=12345678 HTTPHEADER=X-A:1"),
    ("added-list", "URL={b}/method added HTTPHEADER=X-A:1 USERAGENT=late"),
    // The headers API.
    ("headers-api", "URL={b}/headers headers=1"),
    ("headers-api-redirects", "URL={b}/redirect/2/302 FOLLOWLOCATION=1 headers=3"),
    ("headers-api-interim", "URL={b}/1xx headers=1"),
    ("headers-api-trailers", "URL={b}/trailers headers=1"),
    ("headers-api-none", "URL={b}/http09 HTTP09_ALLOWED=1 headers=1"),
    ("header-in-body", "URL={b}/headers HEADER=1"),
    // Proxies by plain requests.
    ("proxy-auth", "URL=http://u:p@far.host/method PROXY={b} NOPROXY= PROXYUSERPWD=a:b"),
    (
        "proxy-headers-apart",
        "URL=http://far.host/method PROXY={b} NOPROXY= HTTPHEADER=X-A:1 PROXYHEADER=X-B:1 HEADEROPT=1",
    ),
    (
        "proxy-headers-together",
        "URL=http://far.host/method PROXY={b} NOPROXY= HTTPHEADER=X-A:1 PROXYHEADER=X-B:1 HEADEROPT=0",
    ),
    ("proxy-path", "URL=http://far.host/a?_#f PROXY={b} NOPROXY= PATH_AS_IS=1"),
    ("fast-open", "URL={b}/count TCP_FASTOPEN=1 next"),
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
        let text = text.replace(&server.port.to_string(), "PORT");
        mask_boundary(&text.replace(&other.port.to_string(), "OTHER"))
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
