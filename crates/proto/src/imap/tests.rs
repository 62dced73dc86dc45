use tress_model::Code;

use super::*;
use crate::pingpong::Event;
use crate::testing::{Play, Prng};

fn config(use_ssl: UseSsl, options: &str) -> Config {
    let credentials = sasl::Credentials {
        user: b"user".to_vec(),
        password: b"sec\"ret".to_vec(),
        ..Default::default()
    };
    let login = sasl::Config {
        credentials: Some(credentials),
        allowed: sasl::DEFAULT,
        ..Default::default()
    };
    Config::new(use_ssl, false, login, options, 26).unwrap()
}

fn get(path: &str) -> Request {
    Request::parse(path.as_bytes(), None, None).unwrap()
}

fn play(config: Config, request: &Request, script: &[&str], piece: usize) -> Play {
    let now = Instant::now();
    let mut imap = Imap::new(config, now);
    let mut play = Play::default();
    for reply in script {
        let mut input: &[u8] = reply.as_bytes();
        let mut shown = piece.min(input.len());
        loop {
            let out = imap.output().to_vec();
            imap.sent(out.len(), now);
            play.sent(&out);
            let (used, event) = match imap.step(&input[..shown]) {
                Ok(step) => step,
                Err(error) => return play.failed(error),
            };
            play.event(&event);
            let waits = event == Event::Wait;
            match event {
                Event::StartTls => imap.tls_started(),
                Event::Ready => {
                    if let Err(error) = imap.perform(request.clone()) {
                        return play.failed(error);
                    }
                }
                Event::Upload => imap.uploaded(now),
                _ => {}
            }
            input = &input[used..];
            shown = (shown - used).max(usize::from(waits) * piece).min(input.len());
            if waits && input.is_empty() {
                break;
            }
        }
    }
    let out = imap.output().to_vec();
    play.sent(&out);
    play
}

#[test]
fn login_select_and_fetch() {
    let script = [
        "* OK hi\r\n",
        "* CAPABILITY IMAP4\r\nA001 OK\r\n",
        "A002 OK\r\n",
        "* 3 EXISTS\r\n* OK [UIDVALIDITY 38]\r\nA003 OK\r\n",
        "* 1 FETCH (BODY[1] {7}\r\nFrom: m)\r\nA004 OK\r\n",
    ];
    for piece in 1..40 {
        let request = get("/in%20box;UIDVALIDITY=38/;MAILINDEX=1/;SECTION=1");
        let play = play(config(UseSsl::None, ""), &request, &script, piece);
        assert_eq!(
            play.sent,
            "A001 CAPABILITY\r\nA002 LOGIN user \"sec\\\"ret\"\r\nA003 SELECT \"in box\"\r\n\
             A004 FETCH 1 BODY[1]\r\n"
        );
        assert_eq!((play.body.as_str(), play.error), ("From: m", None));
        assert_eq!(play.events, ["Ready", "Download(Some(7))", "Done"]);
    }
}

const LOGIN: [&str; 3] = ["* PREAUTH hi\r\n", "A001 OK\r\n", ""];

#[test]
fn lists_and_custom() {
    let script = [&LOGIN[..2], &["* LIST () \"/\" a\r\n* 1 X\r\nA002 OK\r\n"]].concat();
    let list = play(config(UseSsl::None, ""), &get("/m"), &script, 5);
    assert_eq!(list.sent, "A001 CAPABILITY\r\nA002 LIST \"m\" *\r\n");
    assert_eq!(list.body, "* LIST () \"/\" a\r\n");
    let custom = Request::parse(b"/", None, Some(b"FETCH 1 BODY[]")).unwrap();
    let script = [&LOGIN[..2], &["* 1 FETCH (BODY[] {2}\r\nhi)\r\nA002 OK\r\n"]].concat();
    let fetched = play(config(UseSsl::None, ""), &custom, &script, 9);
    assert_eq!(fetched.body, "* 1 FETCH (BODY[] {2}\r\nhi");
    let listing = Request::parse(b"/", None, Some(b"FETCH 1:* FLAGS")).unwrap();
    assert!(listing.is_custom_listing() && !custom.is_custom_listing());
}

#[test]
fn append() {
    let append = Some(Append { size: Some(3), flags: Flags(1 | 16) });
    let request = Request { append, ..get("/box") };
    let script = [&LOGIN[..2], &["+ go\r\n", "A002 OK\r\n"]].concat();
    let good = play(config(UseSsl::None, ""), &request, &script, 99);
    assert_eq!(good.sent, "A001 CAPABILITY\r\nA002 APPEND box (\\Answered \\Seen) {3}\r\n\r\n");
    assert_eq!(good.events, ["Ready", "Upload", "Done"]);
    let unsized_ = Request { append: Some(Append::default()), ..get("/box") };
    let failed = play(config(UseSsl::None, ""), &unsized_, &script, 99).error.unwrap();
    assert_eq!(failed.message(), "Cannot APPEND with unknown input file size");
}

#[test]
fn logins() {
    let capability = "* CAPABILITY SASL-IR AUTH=PLAIN STARTTLS\r\nA001 OK\r\n";
    let script = ["* OK\r\n", capability, "A002 OK\r\n"];
    let plain = play(config(UseSsl::None, ""), &get("/"), &script, 99);
    assert_eq!(
        plain.sent,
        "A001 CAPABILITY\r\nA002 AUTHENTICATE PLAIN AHVzZXIAc2VjInJldA==\r\nA003 LIST \"\" *\r\n"
    );
    let forced = play(config(UseSsl::None, "AUTH=+LOGIN"), &get("/"), &script[..2], 99);
    assert!(forced.sent.ends_with("A002 LOGIN user \"sec\\\"ret\"\r\n"));
    let tls = play(config(UseSsl::All, ""), &get("/"), &script, 99);
    assert_eq!(tls.sent, "A001 CAPABILITY\r\nA002 STARTTLS\r\nA003 CAPABILITY\r\n");
    let fail = |use_ssl, script: &[&str]| {
        let error = play(config(use_ssl, ""), &get("/a;UID=1"), script, 99).error.unwrap();
        (error.code(), error.message().to_owned())
    };
    assert_eq!(
        fail(UseSsl::All, &["* PREAUTH\r\n", "A001 OK\r\n"]),
        (Code::UseSslFailed, "STARTTLS not available.".into())
    );
    let injected = ["* OK\r\n", capability, "A002 OK\r\nA003 OK\r\n"];
    assert_eq!(fail(UseSsl::All, &injected).0, Code::WeirdServerReply);
    let script = [&LOGIN[..2], &["A002 NO\r\n"]].concat();
    assert_eq!(fail(UseSsl::None, &script), (Code::LoginDenied, "Select failed".into()));
    let script = [&LOGIN[..2], &["A002 OK\r\n", "* 1 FETCH \"{7}\"\r\n"]].concat();
    assert_eq!(fail(UseSsl::None, &script).1, "Failed to parse FETCH response.");
    let script = [&LOGIN[..2], &["+ \r\n"]].concat();
    assert_eq!(fail(UseSsl::None, &script).1, "Unexpected continuation response");
}

#[test]
fn urls() {
    let request = get("/box/;uid=3/;PARTIAL=0.10");
    assert_eq!(request.mailbox.as_deref(), Some(&b"box"[..]));
    assert_eq!(request.uid.as_deref(), Some(&b"3"[..]));
    assert_eq!(request.partial.as_deref(), Some(&b"0.10"[..]));
    for bad in ["/a;", "/a;X=1", "/a;UID=1;UID=2", "/a|", "/a%0a"] {
        assert!(Request::parse(bad.as_bytes(), None, None).is_err(), "{bad}");
    }
}

#[test]
fn hostile_bytes_never_panic() {
    let mut prng = Prng::new(33);
    for _ in 0..500 {
        let len = prng.below(300);
        let script =
            String::from_utf8_lossy(&prng.bytes(len, b"* A02OK{1}\r\n+FETCH")).into_owned();
        let script = [&LOGIN[..2], &["A002 OK\r\n", &script]].concat();
        play(config(UseSsl::None, ""), &get("/a;UID=1"), &script, 1 + prng.below(30));
    }
}

#[test]
fn a_long_upload_does_not_make_the_reply_late() {
    let start = Instant::now();
    let mut imap = Imap::new(config(UseSsl::None, ""), start);
    let append = Some(Append { size: Some(3), flags: Flags::default() });
    let request = Request { append, ..get("/box") };
    let hear = |imap: &mut Imap, reply: &str| {
        imap.sent(imap.output().len(), start);
        let mut input = reply.as_bytes();
        loop {
            let (used, event) = imap.step(input).unwrap();
            let over = matches!(event, Event::Wait | Event::Ready | Event::Upload);
            input = &input[used..];
            if over {
                break;
            }
        }
    };
    hear(&mut imap, "* OK hi\r\n");
    hear(&mut imap, "* CAPABILITY IMAP4\r\nA001 OK\r\n");
    hear(&mut imap, "A002 OK\r\n");
    hear(&mut imap, "");
    imap.perform(request).unwrap();
    hear(&mut imap, "+ go\r\n");
    let timeout = std::time::Duration::from_secs(120);
    assert_eq!(imap.deadline(timeout), None);
    let later = start + 2 * timeout;
    imap.uploaded(later);
    assert_eq!(imap.deadline(timeout), Some(later + timeout));
}
