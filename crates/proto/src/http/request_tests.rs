use super::*;

fn list(lines: &[&str]) -> Vec<Box<[u8]>> {
    lines.iter().map(|line| line.as_bytes().into()).collect()
}

fn spec<'a>(kind: Kind, headers: &'a [Box<[u8]>]) -> RequestSpec<'a> {
    RequestSpec {
        method: kind.method(),
        kind,
        target: b"/x",
        host: b"h",
        first_origin: true,
        credentials_allowed: true,
        headers,
        body_length: Some(0),
        ..Default::default()
    }
}

fn text(spec: &RequestSpec<'_>) -> (String, Sent) {
    let mut out = b"kept".to_vec();
    let sent = write_head(spec, &mut out).unwrap();
    assert!(out.starts_with(b"kept") && out.ends_with(b"\r\n\r\n"));
    (String::from_utf8(out[4..].to_vec()).unwrap().replace("\r\n", "\n"), sent)
}

/// The header lines alone.
fn lines(spec: &RequestSpec<'_>) -> Vec<String> {
    text(spec).0.lines().skip(1).filter(|line| !line.is_empty()).map(String::from).collect()
}

#[test]
fn the_plain_get() {
    let (head, sent) = text(&spec(Kind::Get, &[]));
    assert_eq!(head, "GET /x HTTP/1.1\nHost: h\nAccept: */*\n\n");
    assert_eq!(sent, Sent::default());
}

#[test]
fn everything_in_order() {
    let headers = list(&["X: y", "Connection: close"]);
    let proxy_headers = list(&["P: q"]);
    let full = RequestSpec {
        via_proxy: true,
        proxy_headers: &proxy_headers,
        proxy_authorization: Some(b"pa"),
        authorization: Some(b"a"),
        range: Some(b"0-1"),
        user_agent: Some(b"ua"),
        transfer_encoding: true,
        accept_encoding: Some(b"gzip"),
        referer: Some(b"r"),
        alt_used: Some(b"au"),
        upgrade: b"Upgrade: z\r\n",
        jar_cookies: b"a=b",
        cookie: Some(b"c=d"),
        time_condition: Some((TimeCondition::IfModifiedSince, 0)),
        ..spec(Kind::Get, &headers)
    };
    let expected = [
        "Host: h",
        "Proxy-Authorization: pa",
        "Authorization: a",
        "Range: bytes=0-1",
        "User-Agent: ua",
        "Accept: */*",
        "TE: gzip",
        "Accept-Encoding: gzip",
        "Referer: r",
        "Proxy-Connection: Keep-Alive",
        "Alt-Used: au",
        "Upgrade: z",
        "Cookie: a=b; c=d",
        "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT",
        "X: y",
        "P: q",
        "Connection: close, TE, Upgrade",
    ];
    assert_eq!(lines(&full), expected);
}

#[test]
fn headers_replaced_removed_and_emptied() {
    let headers = list(&["Accept:", "User-Agent;", "referer: mine", "Junk", "Host: other:1"]);
    let spec =
        RequestSpec { user_agent: Some(b"ua"), referer: Some(b"r"), ..spec(Kind::Get, &headers) };
    assert_eq!(lines(&spec), ["Host: other:1", "User-Agent:", "referer: mine"]);
    let elsewhere = RequestSpec { first_origin: false, ..spec };
    assert_eq!(lines(&elsewhere)[0], "Host: h");
    let hostless = list(&["Host:"]);
    assert_eq!(lines(&RequestSpec { headers: &hostless, ..spec })[0], "User-Agent: ua");
}

#[test]
fn secrets_stay_with_the_first_origin() {
    let headers = list(&["Authorization : s", "Cookie: c", "X-Mine: m"]);
    let mut spec = RequestSpec {
        cookie: Some(b"a=b"),
        credentials_allowed: false,
        ..spec(Kind::Get, &headers)
    };
    assert_eq!(lines(&spec), ["Host: h", "Accept: */*", "X-Mine: m"]);
    spec.credentials_allowed = true;
    assert_eq!(lines(&spec)[2..], ["Authorization : s", "Cookie: c", "X-Mine: m"]);
}

#[test]
fn bodies() {
    let post = RequestSpec { body_length: Some(7), ..spec(Kind::Post, &[]) };
    let form = "Content-Type: application/x-www-form-urlencoded";
    assert_eq!(lines(&post)[2..], ["Content-Length: 7", form]);
    let big = RequestSpec { body_length: Some(EXPECT_THRESHOLD + 1), ..post.clone() };
    assert_eq!(lines(&big)[3..], [form, "Expect: 100-continue"]);
    assert!(text(&big).1.expect_100);
    assert!(!text(&RequestSpec { expect_disabled: true, ..big.clone() }).1.expect_100);
    assert!(!text(&RequestSpec { version: HttpVersion::Http10, ..big }).1.expect_100);
    let unknown = RequestSpec { body_length: None, ..spec(Kind::Put, &[]) };
    let (head, sent) = text(&unknown);
    assert!(head.ends_with("Transfer-Encoding: chunked\nExpect: 100-continue\n\n"), "{head}");
    assert_eq!(sent, Sent { chunked: true, expect_100: true });
    let old = RequestSpec { version: HttpVersion::Http10, ..unknown.clone() };
    let error = write_head(&old, &mut Vec::new()).unwrap_err();
    assert_eq!(error.message(), "Chunky upload is not supported by HTTP 1.0");
    let two = RequestSpec { version: HttpVersion::Http2, ..unknown };
    assert_eq!(text(&two).1, Sent::default());
}

#[test]
fn custom_body_headers() {
    let headers = list(&["Transfer-Encoding: chunked", "Expect:", "Content-Type: t/x"]);
    let post = RequestSpec { body_length: Some(1 << 30), ..spec(Kind::Post, &headers) };
    let (_, sent) = text(&post);
    assert_eq!(sent, Sent { chunked: true, expect_100: false });
    assert_eq!(lines(&post)[2..], ["Transfer-Encoding: chunked", "Content-Type: t/x"]);
    let headers = list(&["Content-Length: 9", "Expect: 100-continue"]);
    let post = RequestSpec { body_length: Some(1), ..spec(Kind::Put, &headers) };
    assert_eq!(lines(&post)[2..], ["Content-Length: 9", "Expect: 100-continue"]);
    assert!(text(&post).1.expect_100);
    let negotiating = RequestSpec { negotiating: true, body_length: Some(0), ..post };
    assert_eq!(lines(&negotiating)[2..], ["Expect: 100-continue", "Content-Length: 0"]);
}

#[test]
fn forms_bring_their_headers() {
    let headers = list(&["Content-Type: multipart/mixed"]);
    let brought = list(&["Content-Type: multipart/mixed; boundary=b"]);
    let form = RequestSpec {
        content_headers: &brought,
        body_length: Some(5),
        ..spec(Kind::PostForm, &headers)
    };
    let expected = ["Content-Length: 5", "Content-Type: multipart/mixed; boundary=b"];
    assert_eq!(lines(&form)[2..], expected);
}

#[test]
fn ranges_of_uploads() {
    let put = |range, resume_from| {
        let put = RequestSpec {
            range: Some(range),
            resume_from,
            body_length: Some(90),
            ..spec(Kind::Put, &[])
        };
        lines(&put)[1].clone()
    };
    assert_eq!(put(b"10-", 10), "Content-Range: bytes 10-99/100");
    assert_eq!(put(b"0-5", 0), "Content-Range: bytes 0-5/90");
    assert_eq!(put(b"-", -1), "Content-Range: bytes 0-89/90");
}

#[test]
fn several_connection_headers() {
    let headers = list(&["Connection: a", "connection: b", "Connection:", "Connections: x"]);
    assert_eq!(
        lines(&spec(Kind::Get, &headers))[2..],
        ["Connections: x", "Connection: a", "connection: b"]
    );
}

#[test]
fn a_head_has_a_limit() {
    let long = vec![b'x'; MAX_REQUEST_HEAD];
    let spec = RequestSpec { target: &long, ..spec(Kind::Get, &[]) };
    let error = write_head(&spec, &mut Vec::new()).unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::TooLarge, "HTTP request too large"));
}
