use std::time::Duration;

use tress_model::Code;

use super::*;
use crate::pingpong::Event;
use crate::testing::{Play, Prng};

fn config() -> Config {
    let credentials = sasl::Credentials {
        user: b"user".to_vec(),
        password: b"secret".to_vec(),
        ..Default::default()
    };
    Config {
        domain: b"me".to_vec(),
        login: sasl::Config {
            credentials: Some(credentials),
            allowed: sasl::DEFAULT,
            ..Default::default()
        },
        ..Default::default()
    }
}

fn mail() -> Request {
    Request::Mail(Box::new(Mail {
        from: Some(Mailbox::parse(b"a@b.c").unwrap()),
        recipients: vec![Mailbox::parse(b"<x@y>").unwrap(), Mailbox::parse(b"z").unwrap()],
        size: Some(7),
        ..Mail::default()
    }))
}

/// Plays a server's script in pieces; what was sent, and the events by name.
fn play(config: Config, request: &Request, script: &[&str], piece: usize) -> Play {
    let now = Instant::now();
    let mut smtp = Smtp::new(config, now);
    let mut play = Play::default();
    for reply in script {
        let mut input: &[u8] = reply.as_bytes();
        let mut shown = piece.min(input.len());
        loop {
            let out = smtp.output().to_vec();
            smtp.sent(out.len(), now);
            play.sent(&out);
            let (used, event) = match smtp.step(&input[..shown]) {
                Ok(step) => step,
                Err(error) => return play.failed(error),
            };
            play.event(&event);
            let waits = event == Event::Wait;
            match event {
                Event::StartTls => smtp.tls_started(),
                Event::Ready => smtp.perform(request.clone()),
                Event::Upload => smtp.uploaded(now),
                _ => {}
            }
            input = &input[used..];
            shown = (shown - used).max(usize::from(waits) * piece).min(input.len());
            if waits && input.is_empty() {
                break;
            }
        }
    }
    play
}

#[test]
fn a_mail_with_login() {
    let script = [
        "220 hi\r\n",
        "250-me\r\n250-SIZE\r\n250 AUTH PLAIN X\r\n",
        "334 \r\n",
        "235 ok\r\n",
        "250 ok\r\n",
        "250 ok\r\n",
        "250 ok\r\n",
        "354 go\r\n",
        "250 done\r\n",
    ];
    for piece in 1..12 {
        let play = play(config(), &mail(), &script, piece);
        assert_eq!(
            play.sent,
            "EHLO me\r\nAUTH PLAIN\r\nAHVzZXIAc2VjcmV0\r\nMAIL FROM:<a@b.c> SIZE=7\r\n\
             RCPT TO:<x@y>\r\nRCPT TO:<z>\r\nDATA\r\n"
        );
        assert_eq!(play.events, ["Ready", "Upload", "Done"]);
    }
}

#[test]
fn starttls() {
    let tls = |use_ssl| Config { use_ssl, ..config() };
    let script = ["220 hi\r\n", "250 STARTTLS\r\n", "220 go\r\n", "250 me\r\n", "250 a\r\n"];
    let good = play(tls(UseSsl::All), &mail(), &script, 99);
    assert_eq!(
        good.sent,
        "EHLO me\r\nSTARTTLS\r\nEHLO me\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<x@y>\r\n"
    );
    assert_eq!(good.events, ["StartTls", "Ready"]);
    let code = |use_ssl, script: &[&str]| {
        play(tls(use_ssl), &mail(), script, 99).error.map(|error| error.code())
    };
    assert_eq!(code(UseSsl::All, &["220 hi\r\n", "250 me\r\n"]), Some(Code::UseSslFailed));
    assert_eq!(code(UseSsl::Try, &["220 hi\r\n", "250 me\r\n"]), None);
    assert_eq!(
        code(UseSsl::Control, &["220 hi\r\n", "500 no\r\n"]),
        Some(Code::RemoteAccessDenied)
    );
    let injected = ["220 hi\r\n", "250 STARTTLS\r\n", "220 go\r\n250 injected\r\n"];
    assert_eq!(code(UseSsl::All, &injected), Some(Code::WeirdServerReply));
}

#[test]
fn refusals() {
    let fail = |script: &[&str], request: &Request| {
        let config = Config { login: sasl::Config::default(), ..config() };
        play(config, request, script, 99).error.map(|e| (e.code(), e.message().to_owned()))
    };
    let hello = |rest: &[&'static str]| [&["220 hi\r\n", "250 me\r\n"], rest].concat();
    let send = |text: &str| Some((Code::SendError, text.to_owned()));
    assert_eq!(
        fail(&["554 no\r\n"], &mail()),
        Some((Code::WeirdServerReply, "Got unexpected smtp-server response: 554".into()))
    );
    assert_eq!(fail(&hello(&["500 x\r\n"]), &mail()), send("MAIL failed: 500"));
    assert_eq!(fail(&hello(&["250 \r\n", "550 x\r\n"]), &mail()), send("RCPT failed: 550"));
    let Request::Mail(mut tolerant) = mail() else { unreachable!() };
    tolerant.allow_failures = true;
    let all = hello(&["250 \r\n", "550 x\r\n", "551 x\r\n"]);
    assert_eq!(fail(&all, &Request::Mail(tolerant)), send("RCPT failed: 551 (last error)"));
}

#[test]
fn commands() {
    let recipients = vec![Mailbox::parse(b"a@b").unwrap(), Mailbox::parse(b"c").unwrap()];
    let verify = Request::Command { custom: Vec::new(), recipients, no_body: false };
    let script = ["220 hi\r\n", "500 no\r\n", "250 me\r\n", "252-a\r\n252 b\r\n", "553 c\r\n"];
    let config = Config { login: sasl::Config::default(), ..config() };
    let verified = play(config.clone(), &verify, &script, 99);
    assert_eq!(verified.sent, "EHLO me\r\nHELO me\r\nVRFY a@b\r\nVRFY c\r\n");
    assert_eq!(verified.body, "252-a\r\n252 b\r\n553 c\r\n");
    assert_eq!(verified.events, ["Ready", "Done"]);
    let help = Request::Command { custom: Vec::new(), recipients: Vec::new(), no_body: true };
    let script = ["220 hi\r\n", "250 me\r\n", "214 use\r\n"];
    let helped = play(config, &help, &script, 3);
    assert_eq!((helped.sent.as_str(), helped.body.as_str()), ("EHLO me\r\nHELP\r\n", ""));
}

#[test]
fn addresses() {
    let parts = |raw: &[u8]| Mailbox::parse(raw).unwrap().path();
    assert_eq!(parts(b"a@b"), b"<a@b>");
    assert_eq!(parts(b"a@b>"), b"<a@b>");
    assert_eq!(parts(b"<a@b> NOTIFY=NEVER"), b"<a@b> NOTIFY=NEVER");
    assert_eq!(Mailbox::parse(b"a\r\nRSET").unwrap_err().code(), Code::BadFunctionArgument);
}

#[test]
fn deadlines_and_hostile_bytes() {
    let now = Instant::now();
    let smtp = Smtp::new(config(), now);
    assert_eq!(smtp.deadline(Duration::from_secs(2)), Some(now + Duration::from_secs(2)));
    let mut prng = Prng::new(9);
    for _ in 0..500 {
        let len = prng.below(400);
        let script = String::from_utf8_lossy(&prng.bytes(len, b"2350 -\r\n4AUTH")).into_owned();
        play(config(), &mail(), &["220 \r\n", "250 AUTH PLAIN\r\n", &script], 1 + prng.below(30));
    }
}
