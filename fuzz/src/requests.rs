//! What requests are made of, from URLs and words of others: none becomes another line than it
//! says. Headers of responses as the header API keeps them.

use tress_model::escape::{Refuse, escape, unescape, unescape_strict};
use tress_model::headers::{HeaderStore, Origin};
use tress_model::url::{Url, UrlFlags, UrlPart};
use tress_proto::auth::{aws_sigv4, httpsig};
use tress_proto::http::custom::{self, Custom};
use tress_proto::http::redirect::referer;
use tress_proto::smtp::{Mailbox, Stuffer};
use tress_proto::telnet::Options;
use tress_proto::{dict, gopher, imap, sasl};

const NOW: i64 = 1_700_000_000;

pub fn run(data: &[u8]) {
    let Some((&size, text)) = data.split_first() else { return };
    let lines: Vec<&[u8]> = text.split(|b| matches!(b, b'\r' | b'\n' | 0)).collect();
    let (first, rest) = lines.split_first().unwrap();
    if let Ok(url) = Url::parse(first, UrlFlags::empty()) {
        of_url(&url, rest);
    }
    headers(text);
    words(text, first, rest);
    mail(text, usize::from(size).max(1));
}

/// A URL becomes commands, signatures and a referer.
fn of_url(url: &Url, lines: &[&[u8]]) {
    let part = |part| url.get(part, UrlFlags::empty()).unwrap_or_default();
    let (host, path, query) = (part(UrlPart::Host), part(UrlPart::Path), part(UrlPart::Query));
    if let Some(word) = unescape_strict(&path, Refuse::Control) {
        if let Ok(Some(request)) = dict::request(&word, "client") {
            assert_eq!(lines_of(&request), 3, "{}", request.escape_ascii());
        }
        if let Ok(request) = gopher::request(&word) {
            assert_eq!(lines_of(&request), 1);
        }
    }
    let query = (!query.is_empty()).then_some(&query[..]);
    let custom = lines.get(3).copied();
    let _ = imap::Request::parse(&path, query.map(<[u8]>::to_vec), custom);
    let written = url.to_bytes(UrlFlags::empty()).unwrap_or_default();
    if let Ok(referer) = Url::parse(&referer(&written), UrlFlags::NON_SUPPORT_SCHEME) {
        assert!(referer.get(UrlPart::User, UrlFlags::empty()).is_err(), "credentials go with it");
        assert!(referer.get(UrlPart::Fragment, UrlFlags::empty()).is_err());
    }
    sign(&host, &path, query, lines);
}

fn sign(host: &[u8], path: &[u8], query: Option<&[u8]>, lines: &[&[u8]]) {
    let line = |at: usize| lines.get(at).copied().unwrap_or_default();
    let list: Vec<Box<[u8]>> = lines.iter().skip(3).map(|&line| line.into()).collect();
    let request = aws_sigv4::Request {
        parameters: line(0),
        user: b"user",
        password: b"secret",
        host,
        host_header: host,
        method: b"GET",
        path,
        query,
        headers: &list,
        body: Some(b"body"),
        now: NOW,
    };
    if let Ok(Some(signed)) = aws_sigv4::sign(&request) {
        assert_eq!(lines_of(&signed.authorization), 0, "a header of one line");
    }
    for algorithm in [httpsig::Algorithm::Ed25519, httpsig::Algorithm::HmacSha256] {
        let request = httpsig::Request {
            algorithm: Some(algorithm),
            key: &[b'a'; 64],
            key_id: line(1),
            components: line(2),
            method: b"GET",
            authority: host,
            path,
            query,
            headers: &list,
            created: NOW,
        };
        if let Ok(Some(signed)) = httpsig::sign(&request) {
            assert_eq!(lines_of(&signed.lines()), 2, "two headers");
        }
    }
}

fn lines_of(text: &[u8]) -> usize {
    text.iter().filter(|&&b| b == b'\n').count()
}

/// The header API: what is found one after the other is found by name too.
fn headers(text: &[u8]) {
    let mut store = HeaderStore::new();
    for (number, line) in text.split_inclusive(|&b| b == b'\n').enumerate() {
        let origin = [Origin::HEADER, Origin::TRAILER, Origin::PSEUDO][number % 3];
        let _ = store.push_line(line, origin);
        if line.len() == 2 {
            store.start_next_request();
        }
    }
    let mut last = None;
    while let Some(header) = store.next(Origin::all(), -1, last) {
        let again = store.header(header.name, header.index, Origin::all(), -1);
        assert_eq!(again.map(|it| (it.anchor, it.value)), Ok((header.anchor, header.value)));
        last = Some(header.anchor);
        if header.anchor > 30 {
            break;
        }
    }
}

/// Words of options and of the application's own headers.
fn words(text: &[u8], first: &[u8], rest: &[&[u8]]) {
    assert_eq!(unescape(&escape(text)), text);
    let list: Vec<Box<[u8]>> = rest.iter().map(|&line| line.into()).collect();
    let _ = (custom::cookie_host(&list), custom::lists(first, "close"), custom::value(first));
    if let Some(custom) = Custom::parse(first) {
        let mut out = Vec::new();
        custom.push(first, &mut out);
        assert_eq!(lines_of(&out), 1);
    }
    let words = String::from_utf8_lossy(first);
    let _ = sasl::preference(&words, sasl::DEFAULT, "+LOGIN");
    let _ = Options::parse(rest.first().copied(), rest.iter().copied().skip(1));
}

/// Addresses, and dots of mails: only the end looks like one, however the mail was cut.
fn mail(text: &[u8], size: usize) {
    let _ = Mailbox::parse(text);
    let stuff = |size: usize| {
        let (mut stuffer, mut out) = (Stuffer::default(), b"\r\n".to_vec());
        text.chunks(size).for_each(|piece| stuffer.encode(piece, &mut out));
        stuffer.finish(&mut out);
        out
    };
    let whole = stuff(text.len().max(1));
    assert_eq!(whole, stuff(size));
    let end = whole.windows(5).position(|window| window == b"\r\n.\r\n");
    assert_eq!(end, Some(whole.len() - 5), "{}", whole.escape_ascii());
}
