use std::net::Ipv4Addr;

use super::*;
use crate::pingpong::Event;
use crate::testing::{Play, Prng};

fn get(path: &str) -> Request {
    Request { path: path.as_bytes().to_vec(), ..Request::default() }
}

fn config() -> Config {
    Config { user: b"u".to_vec(), password: b"p".to_vec(), ..Config::default() }
}

/// Plays a script; data connections succeed and deliver `moved` bytes.
fn play(config: Config, requests: &[Request], script: &[&str], piece: usize, moved: u64) -> Play {
    let now = Instant::now();
    let mut ftp = Ftp::new(config, now);
    let mut play = Play::default();
    let mut requests = requests.iter();
    for reply in script {
        let mut input: &[u8] = reply.as_bytes();
        let mut shown = piece.min(input.len());
        loop {
            let out = ftp.output().to_vec();
            ftp.sent(out.len(), now);
            play.sent(&out);
            let (used, event) = match ftp.step(&input[..shown]) {
                Ok(step) => step,
                Err(error) => return play.failed(error),
            };
            play.event(&event);
            let waits = event == Event::Wait;
            let done = match event {
                Event::StartTls => {
                    ftp.tls_started();
                    Ok(())
                }
                Event::Ready | Event::Done => match requests.next() {
                    Some(request) => ftp.perform(request.clone()),
                    None => Ok(()),
                },
                Event::Ftp(Ask::OpenData { .. }) => ftp.data_connected(),
                Event::Ftp(Ask::Listen) => {
                    ftp.listening(Ipv4Addr::LOCALHOST.into(), 0x1234);
                    Ok(())
                }
                Event::Ftp(Ask::StopTls) => {
                    ftp.tls_stopped();
                    Ok(())
                }
                Event::Download(_) | Event::Upload => {
                    ftp.accepted();
                    ftp.transferred(moved, now);
                    Ok(())
                }
                _ => Ok(()),
            };
            if let Err(error) = done {
                return play.failed(error);
            }
            input = &input[used..];
            shown = (shown - used).max(usize::from(waits) * piece).min(input.len());
            if waits && input.is_empty() {
                break;
            }
        }
    }
    let out = ftp.output().to_vec();
    play.sent(&out);
    play
}

const LOGIN: [&str; 4] = ["220-hi\r\n220 go\r\n", "331 pw\r\n", "230 in\r\n", "257 \"/\" is\r\n"];
const LOGIN_SENT: &str = "USER u\r\nPASS p\r\nPWD\r\n";

/// What is sent after the login, and how it ended.
fn after_login(request: Request, script: &[&str], moved: u64) -> Play {
    let script = [&LOGIN[..], script].concat();
    let mut play = play(config(), &[request], &script, 99, moved);
    play.sent = play.sent.strip_prefix(LOGIN_SENT).unwrap_or(&play.sent).to_owned();
    play.events.retain(|event| !event.contains("EntryPath") && event != "Ready");
    play
}

#[test]
fn a_file_by_epsv() {
    let script = [
        &LOGIN[..],
        &["250 a\r\n", "250 b\r\n", "229 ok (|||1234|)\r\n", "200 I\r\n", "213 3\r\n"],
        &["150 go (3 bytes)\r\n", "226 done\r\n"],
    ]
    .concat();
    for piece in 1..25 {
        let play = play(config(), &[get("a/b/file")], &script, piece, 3);
        assert_eq!(
            play.sent,
            format!("{LOGIN_SENT}CWD a\r\nCWD b\r\nEPSV\r\nTYPE I\r\nSIZE file\r\nRETR file\r\n")
        );
        assert_eq!(
            play.events,
            [
                "Ftp(EntryPath([47]))",
                "Ready",
                "Ftp(OpenData { host: None, port: 1234 })",
                "Download(Some(3))",
                "Done"
            ]
        );
    }
}

#[test]
fn listing_by_pasv_after_a_refused_epsv() {
    let script = ["500 no\r\n", "227 (1,2,3,4,0,80)\r\n", "200 A\r\n", "150 go\r\n", "226 ok\r\n"];
    let list = after_login(get(""), &script, 9);
    assert_eq!(list.sent, "EPSV\r\nPASV\r\nTYPE A\r\nLIST\r\n");
    assert_eq!(
        list.events,
        ["Ftp(OpenData { host: Some(1.2.3.4), port: 80 })", "Download(None)", "Done"]
    );
    let names = Request { list_only: true, method: FileMethod::NoCwd, ..get("/a/b/") };
    let list = after_login(names, &["229 (|||1|)\r\n", "200 A\r\n", "450 none\r\n"], 0);
    assert_eq!(list.sent, "EPSV\r\nTYPE A\r\nNLST /a/b\r\n");
    assert!(list.events.ends_with(&["Done".into()]));
}

#[test]
fn active_uploads() {
    let upload = Request { upload: true, active: true, upload_size: Some(5), ..get("f") };
    let script = ["500 no\r\n", "200 ok\r\n", "200 I\r\n", "150 go\r\n", "226 ok\r\n"];
    let sent = after_login(upload.clone(), &script, 5);
    assert_eq!(
        sent.sent,
        "EPRT |1|127.0.0.1|4660|\r\nPORT 127,0,0,1,18,52\r\nTYPE I\r\nSTOR f\r\n"
    );
    assert_eq!(sent.events, ["Ftp(Listen)", "Upload", "Done"]);
    let short = after_login(upload.clone(), &script, 4).error.unwrap();
    assert_eq!(short.message(), "Uploaded unaligned file size (4 out of 5 bytes)");
    let resumed = Request { resume_from: -1, active: false, ..upload };
    let script = ["229 (|||1|)\r\n", "200 I\r\n", "213 2\r\n", "150 go\r\n", "226 ok\r\n"];
    let resumed = after_login(resumed, &script, 3);
    assert_eq!(resumed.sent, "EPSV\r\nTYPE I\r\nSIZE f\r\nAPPE f\r\n");
    assert_eq!(resumed.events[1..], ["Ftp(SkipUpload(2))", "Upload", "Done"]);
}

#[test]
fn telling_of_a_file() {
    let head = Request { no_body: true, file_time: true, ..get("f") };
    let script = ["213 20030409102659\r\n", "200 I\r\n", "213 42\r\n", "350 ok\r\n"];
    let told = after_login(head, &script, 0);
    assert_eq!(told.sent, "MDTM f\r\nTYPE I\r\nSIZE f\r\nREST 0\r\n");
    assert_eq!(
        told.events,
        [
            "Ftp(FileTime(1049884019))",
            "Ftp(Header(\"Last-Modified: Wed, 09 Apr 2003 10:26:59 GMT\\r\\n\"))",
            "Ftp(Header(\"Content-Length: 42\\r\\n\"))",
            "Ftp(Header(\"Accept-ranges: bytes\\r\\n\"))",
            "Done"
        ]
    );
    let newer = Some((TimeCondition::IfModifiedSince, 1_049_884_019));
    let unmet = after_login(Request { time_condition: newer, ..get("f") }, &script[..1], 0);
    assert_eq!(unmet.events[1..], ["Ftp(ConditionUnmet)", "Done"]);
}

#[test]
fn quotes_and_directories() {
    let request = Request {
        quote: vec![b"*NOPE".to_vec(), b"SITE x".to_vec()],
        prequote: vec![b"PRE".to_vec()],
        postquote: vec![b"POST".to_vec()],
        missing_dirs: MissingDirs::Create,
        resume_from: 2,
        ..get("new/f")
    };
    let script = [
        "500 no\r\n",
        "200 x\r\n",
        "550 cwd\r\n",
        "257 mkd\r\n",
        "250 cwd\r\n",
        "229 (|||1|)\r\n",
        "200 I\r\n",
        "200 pre\r\n",
        "213 5\r\n",
        "350 rest\r\n",
        "150 go\r\n",
        "226 ok\r\n",
        "200 post\r\n",
    ];
    let play = after_login(request.clone(), &script, 3);
    assert_eq!(
        play.sent,
        "NOPE\r\nSITE x\r\nCWD new\r\nMKD new\r\nCWD new\r\nEPSV\r\nTYPE I\r\nPRE\r\nSIZE f\r\n\
         REST 2\r\nRETR f\r\nPOST\r\n"
    );
    assert_eq!(play.events[1..], ["Download(Some(3))", "Done"]);
    let fail = |request: &Request, script: &[&str], moved| {
        let error = after_login(request.clone(), script, moved).error.unwrap();
        (error.code(), error.message().to_owned())
    };
    let denied = "Server denied you to change to the given directory";
    assert_eq!(fail(&get("x/f"), &["550 no\r\n"], 0), (Code::RemoteAccessDenied, denied.into()));
    assert_eq!(
        fail(&request, &["500 no\r\n", "500 no\r\n"], 0),
        (Code::QuoteError, "QUOT command failed with 500".into())
    );
    let to_retr = ["229 (|||1|)\r\n", "200 I\r\n", "213 5\r\n", "150 go\r\n"];
    assert_eq!(
        fail(&get("f"), &[&to_retr[..], &["226 ok\r\n"]].concat(), 4),
        (Code::PartialFile, "Received only partial file: 4 bytes".into())
    );
    assert_eq!(
        fail(&get("f"), &[&to_retr[..], &["426 no\r\n"]].concat(), 5),
        (Code::PartialFile, "server did not report OK, got 426".into())
    );
    assert_eq!(fail(&get("f"), &["421 bye\r\n"], 0).0, Code::OperationTimedout);
    assert_eq!(
        fail(&Request { upload: true, ..get("a/") }, &[], 0),
        (Code::UrlMalformat, "Uploading to a URL without a filename".into())
    );
}

#[test]
fn a_second_request_goes_from_the_entry_path() {
    let first = ["250 a\r\n", "229 (|||1|)\r\n", "200 I\r\n", "213 1\r\n", "150 \r\n", "226 \r\n"];
    let again = ["229 (|||1|)\r\n", "213 1\r\n", "150 \r\n", "226 \r\n"];
    let script = [&LOGIN[..], &first, &again, &["250 \r\n"]].concat();
    let play = play(config(), &[get("a/f"), get("a/g"), get("b/h")], &script, 99, 1);
    assert_eq!(
        play.sent,
        format!(
            "{LOGIN_SENT}CWD a\r\nEPSV\r\nTYPE I\r\nSIZE f\r\nRETR f\r\nEPSV\r\nSIZE g\r\n\
             RETR g\r\nCWD /\r\nCWD b\r\n"
        )
    );
}

#[test]
fn tls() {
    let config = |use_ssl| Config { use_ssl, ..config() };
    let script = [
        "220 hi\r\n",
        "500 no\r\n",
        "234 ok\r\n",
        "230 in\r\n",
        "200 \r\n",
        "200 \r\n",
        "257 \"/\"\r\n",
    ];
    let all = play(config(UseSsl::All), &[], &script, 5, 0);
    assert_eq!(all.sent, "AUTH SSL\r\nAUTH TLS\r\nUSER u\r\nPBSZ 0\r\nPROT P\r\nPWD\r\n");
    let code = |use_ssl, script: &[&str]| {
        play(config(use_ssl), &[], script, 99, 0).error.map(|error| error.code())
    };
    let none = ["220 hi\r\n", "500 no\r\n", "500 no\r\n"];
    assert_eq!(code(UseSsl::Control, &none), Some(Code::UseSslFailed));
    assert_eq!(code(UseSsl::Try, &none), None);
    let injected = ["220 hi\r\n", "234 ok\r\n230 in\r\n"];
    assert_eq!(code(UseSsl::All, &injected), Some(Code::WeirdServerReply));
    // CVE-2021-22946: nor does a server that says we are logged in spare itself TLS.
    let done = ["230 in\r\n", "500 no\r\n", "500 no\r\n"];
    assert_eq!(code(UseSsl::All, &done), Some(Code::UseSslFailed));
    assert_eq!(code(UseSsl::None, &["500 no\r\n"]), Some(Code::WeirdServerReply));
    assert_eq!(code(UseSsl::None, &["220 \r\n", "530 no\r\n"]), Some(Code::LoginDenied));
}

#[test]
fn hostile_bytes_never_panic() {
    let mut prng = Prng::new(44);
    for _ in 0..500 {
        let len = prng.below(300);
        let bytes = prng.bytes(len, b"2250153 (|1,)\"\r\n");
        let script = String::from_utf8_lossy(&bytes).into_owned();
        let request = Request { file_time: true, upload: prng.below(2) == 0, ..get("a/f") };
        after_login(request, &["250 \r\n", &script, "229 (|||1|)\r\n", &script], 1);
    }
}
