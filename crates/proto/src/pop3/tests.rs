use tress_model::Code;

use super::*;
use crate::pingpong::Event;
use crate::testing::{Play, Prng};

fn config(use_ssl: UseSsl, options: &str) -> Config {
    let credentials = sasl::Credentials {
        user: b"mrose".to_vec(),
        password: b"tanstaaf".to_vec(),
        ..Default::default()
    };
    let login = sasl::Config {
        credentials: Some(credentials),
        allowed: sasl::DEFAULT,
        ..Default::default()
    };
    Config::new(use_ssl, false, login, options).unwrap()
}

fn play(config: Config, request: &Request, script: &[&str], piece: usize) -> Play {
    let now = Instant::now();
    let mut pop3 = Pop3::new(config, now);
    let mut play = Play::default();
    for reply in script {
        let mut input: &[u8] = reply.as_bytes();
        let mut shown = piece.min(input.len());
        loop {
            let out = pop3.output().to_vec();
            pop3.sent(out.len(), now);
            play.sent(&out);
            let (used, event) = match pop3.step(&input[..shown]) {
                Ok(step) => step,
                Err(error) => return play.failed(error),
            };
            play.event(&event);
            let waits = event == Event::Wait;
            match event {
                Event::StartTls => pop3.tls_started(),
                Event::Ready => pop3.perform(request),
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

fn retr() -> Request {
    Request { id: b"1".to_vec(), ..Request::default() }
}

#[test]
fn apop_of_rfc_1939() {
    let script = [
        "+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n",
        "-ERR what\r\n",
        "+OK maildrop has 1 message\r\n",
        "+OK 120 octets\r\nHello\r\n..dot\r\n.\r\n",
    ];
    for piece in 1..30 {
        let play = play(config(UseSsl::None, ""), &retr(), &script, piece);
        assert_eq!(play.sent, "CAPA\r\nAPOP mrose c4c9334bac560ecc979e58001b3e22fb\r\nRETR 1\r\n");
        assert_eq!(play.body, "Hello\r\n.dot\r\n");
        assert_eq!(play.events, ["Ready", "Download(None)", "Done"]);
    }
}

#[test]
fn user_and_sasl() {
    let script = ["+OK\r\n", "+OK\r\nUSER\r\n.\r\n", "+OK\r\n", "+OK\r\n", "+OK 1 2\r\n"];
    let stat = Request { custom: b"STAT".to_vec(), ..Request::default() };
    let plain = play(config(UseSsl::None, ""), &stat, &script, 99);
    assert_eq!(plain.sent, "CAPA\r\nUSER mrose\r\nPASS tanstaaf\r\nSTAT\r\n");
    assert_eq!(plain.events, ["Ready", "Done"]);
    let script = ["+OK\r\n", "+OK\r\nSASL LOGIN\r\nUSER\r\n.\r\n", "+ \r\n", "+ \r\n", "+OK\r\n"];
    let login = play(config(UseSsl::None, ""), &retr(), &script, 2);
    assert_eq!(login.sent, "CAPA\r\nAUTH LOGIN\r\nbXJvc2U=\r\ndGFuc3RhYWY=\r\nRETR 1\r\n");
}

#[test]
fn stls_and_refusals() {
    let script = ["+OK\r\n", "+OK\r\nSTLS\r\n.\r\n", "+OK\r\n", "+OK\r\nUSER\r\n.\r\n"];
    let tls = play(config(UseSsl::All, ""), &retr(), &script, 99);
    assert_eq!(tls.sent, "CAPA\r\nSTLS\r\nCAPA\r\nUSER mrose\r\n");
    let fail = |options: &str, use_ssl, script: &[&str]| {
        let error = play(config(use_ssl, options), &retr(), script, 99).error.unwrap();
        (error.code(), error.message().to_owned())
    };
    let capa = "+OK\r\nUSER\r\n.\r\n";
    let none = UseSsl::None;
    assert_eq!(
        fail("", UseSsl::All, &["+OK\r\n", capa]),
        (Code::UseSslFailed, "STLS not supported.".into())
    );
    assert_eq!(
        fail("", none, &["+OK\r\n", capa, "-ERR\r\n"]),
        (Code::LoginDenied, "Access denied. -".into())
    );
    assert_eq!(fail("AUTH=+APOP", none, &["+OK\r\n", capa]).0, Code::LoginDenied);
    assert_eq!(
        fail("", none, &["-ERR\r\n"]),
        (Code::WeirdServerReply, "Got unexpected pop3-server response".into())
    );
    let injected = ["+OK\r\n", "+OK\r\nSTLS\r\n.\r\n", "+OK\r\n+OK\r\n"];
    assert_eq!(fail("", UseSsl::All, &injected).0, Code::WeirdServerReply);
}

#[test]
fn hostile_bytes_never_panic() {
    let mut prng = Prng::new(21);
    for _ in 0..500 {
        let len = prng.below(300);
        let script = String::from_utf8_lossy(&prng.bytes(len, b"+OK-ER .\r\n")).into_owned();
        play(config(UseSsl::Try, ""), &retr(), &["+OK <@>\r\n", &script], 1 + prng.below(30));
    }
}
