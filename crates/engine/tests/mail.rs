//! Mail end to end: SMTP, IMAP and POP3 with small servers that follow a script.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use support::tls::serve_tls;
use support::{Driver, serve};
use tress_engine::options::{BodySource, Method, Options, UseSsl};
use tress_model::Code;

/// The first word of a line (of IMAP: after the tag), and what is answered; `*` is the tag.
type Script = &'static [(&'static str, &'static str)];

/// A server that greets, answers by its script, and tells every line that it gets.
fn server(greeting: &'static str, script: Script) -> (SocketAddr, Receiver<String>) {
    let (sender, lines) = channel();
    let sender = Mutex::new(sender);
    let address = serve(move |stream| {
        let sender = sender.lock().unwrap().clone();
        talk(stream, greeting, script, &sender);
    });
    (address, lines)
}

fn talk(mut stream: TcpStream, greeting: &str, script: Script, sender: &Sender<String>) {
    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut say = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes());
    let _ = say(greeting);
    for line in lines.map_while(Result::ok) {
        let _ = sender.send(line.clone());
        let words: Vec<&str> = line.split(' ').collect();
        let known = |word: &str| script.iter().find(|(name, _)| *name == word);
        let answer = known(words[0]).or_else(|| known(words.get(1).unwrap_or(&"")));
        if let Some((_, reply)) = answer {
            let _ = say(&reply.replace('*', words[0]).replace('@', "*"));
        }
    }
}

fn told(lines: &Receiver<String>, count: usize) -> Vec<String> {
    let next = || lines.recv_timeout(Duration::from_secs(5)).expect("a line");
    (0..count).map(|_| next()).collect()
}

fn options(url: String) -> Options {
    Options { url: Some(url.into_bytes().into()), verbose: true, ..Options::default() }
}

const SMTP: Script = &[
    ("EHLO", "250-me\r\n250 SIZE"),
    ("MAIL", "250 ok"),
    ("RCPT", "250 ok"),
    ("DATA", "354 go on"),
    (".", "250 taken"),
    ("QUIT", "221 bye"),
];

fn mail(server: SocketAddr, body: &[u8]) -> Options {
    let mut options = options(format!("smtp://{server}/me"));
    options.method = Method::Put;
    options.body = BodySource::Bytes(body.into());
    options.mail_mut().mail_from = Some(b"<a@example.com>".as_slice().into());
    options.mail_mut().mail_rcpt = Some([b"b@example.com".as_slice().into()].into());
    options
}

#[test]
fn a_mail_goes_out_with_its_dots_doubled() {
    let (server, lines) = server("220 hello", SMTP);
    let mut driver = Driver::new();
    let id = driver.add(mail(server, b"Subject: x\r\n\r\n.dot\r\nend"));
    driver.run();
    let result = driver.multi.transfer(id).unwrap().result().unwrap().clone();
    assert!(result.is_ok(), "{result:?} {}", driver.debug);
    let expected = [
        "EHLO me",
        "MAIL FROM:<a@example.com> SIZE=23",
        "RCPT TO:<b@example.com>",
        "DATA",
        "Subject: x",
        "",
        "..dot",
        "end",
        ".",
    ];
    assert_eq!(told(&lines, 9), expected);
    driver.add(mail(server, b""));
    driver.run();
    assert_eq!(told(&lines, 1), ["MAIL FROM:<a@example.com>"], "on the same connection");
    assert_eq!(driver.multi.connections(), 1);
}

#[test]
fn a_refused_mail_ends_with_quit() {
    const REFUSES: Script =
        &[("EHLO", "250 me"), ("MAIL", "550 no"), ("QUIT", "221 bye"), ("HELP", "214 help")];
    let (server, lines) = server("220 hello", REFUSES);
    let mut driver = Driver::new();
    let id = driver.add(mail(server, b"x"));
    driver.run();
    let error = driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::SendError, "MAIL failed: 550"));
    assert_eq!(told(&lines, 3)[2], "QUIT");
}

#[test]
fn an_address_with_a_line_end_is_refused_before_it_is_said() {
    let (server, lines) = server("220 hello", SMTP);
    let mut driver = Driver::new();
    let mut injected = mail(server, b"x");
    injected.mail_mut().mail_from = Some(b"a@b>\r\nRCPT TO:<c@d".as_slice().into());
    let id = driver.add(injected);
    driver.run();
    let error = driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap_err();
    assert_eq!(error.code(), Code::BadFunctionArgument);
    assert_eq!(told(&lines, 2)[1], "QUIT");
}

#[test]
fn a_message_comes_by_pop3() {
    const POP3: Script = &[
        ("CAPA", "-ERR what?"),
        ("USER", "+OK"),
        ("PASS", "+OK"),
        ("RETR", "+OK\r\nSubject: x\r\n\r\n..dot\r\n."),
    ];
    let (server, lines) = server("+OK hello", POP3);
    let mut driver = Driver::new();
    let id = driver.add(options(format!("pop3://user:pass@{server}/7")));
    driver.run();
    assert_eq!(driver.got[&id].body, b"Subject: x\r\n\r\n.dot\r\n", "{}", driver.debug);
    assert_eq!(told(&lines, 4), ["CAPA", "USER user", "PASS pass", "RETR 7"]);
}

const IMAP: Script = &[
    ("CAPABILITY", "@ CAPABILITY IMAP4rev1\r\n* OK"),
    ("LOGIN", "* OK"),
    ("SELECT", "@ OK [UIDVALIDITY 3]\r\n* OK"),
    ("FETCH", "@ 1 FETCH (BODY[TEXT] {5}\r\nhello)\r\n* OK"),
];

#[test]
fn a_message_comes_by_imap() {
    let (server, lines) = server("* OK hello", IMAP);
    let mut driver = Driver::new();
    let id =
        driver.add(options(format!("imap://user:pass@{server}/box/;MAILINDEX=1/;SECTION=TEXT")));
    driver.run();
    assert_eq!(driver.got[&id].body, b"hello", "{}", driver.debug);
    let said = told(&lines, 4);
    assert!(said[2].ends_with(" SELECT box"), "{said:?}");
    assert!(said[3].ends_with(" FETCH 1 BODY[TEXT]"), "{said:?}");
}

/// A server that closes in the middle of a message (found by fuzzing: it was waited for, for ever).
#[test]
fn a_message_that_breaks_off_ends_as_its_protocol_says() {
    let closing = |replies: &'static [&'static str]| {
        serve(move |mut stream| {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            for reply in replies {
                let _ = stream.write_all(reply.as_bytes());
                if !reply.ends_with("abc") {
                    lines.next();
                }
            }
        })
    };
    let pop3 = closing(&["+OK\r\n", "+OK\r\nUSER\r\n.\r\n", "+OK\r\nabc"]);
    let mut driver = Driver::new();
    let id = driver.add(options(format!("pop3://{pop3}/1")));
    driver.run();
    assert_eq!(driver.multi.transfer(id).unwrap().result(), Some(&Ok(())), "{}", driver.debug);
    assert_eq!((&*driver.got[&id].body, driver.multi.connections()), (&b"abc"[..], 0));
    let imap =
        closing(&["* OK\r\n", "A001 OK\r\n", "A002 OK\r\n", "* 1 FETCH (BODY[] {30}\r\nabc"]);
    // The letter of its tags is that of a first connection.
    driver = Driver::new();
    let id = driver.add(options(format!("imap://{imap}/INBOX;UID=1")));
    driver.run();
    let error = driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap_err();
    let text = "end of response with 27 bytes missing";
    assert_eq!((error.code(), error.message()), (Code::PartialFile, text));
}

#[test]
fn a_path_that_is_no_mailbox_is_refused() {
    let (server, _lines) = server("* OK hello", IMAP);
    let mut driver = Driver::new();
    let id = driver.add(options(format!("imap://user:pass@{server}/box;WHAT=1")));
    driver.run();
    let error = driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap_err();
    assert_eq!(error.code(), Code::UrlMalformat);
}

/// A server behind TLS may greet before the client has said its last word of the handshake, and
/// may answer in the turn in which the connection was made.
#[test]
fn a_greeting_after_tls_is_awaited_with_the_handshake_over() {
    let (server, certificate) = serve_tls(|mut stream| {
        let _ = stream.write_all(b"+OK hello\r\n");
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|count| count > 0) {
            let answer = if line.starts_with("CAPA") { "-ERR\r\n" } else { "+OK 0 0\r\n" };
            let _ = lines.get_mut().write_all(answer.as_bytes());
            line.clear();
        }
    });
    let mut driver = Driver::new();
    let ids: Vec<_> = (0..50)
        .map(|_| {
            let mut options = options(format!("pop3s://user:pass@{server}/"));
            options.customrequest = Some(b"STAT".as_slice().into());
            options.nobody = true;
            options.tls_mut().cainfo_blob = Some(certificate.clone().into());
            driver.add(options)
        })
        .collect();
    driver.run();
    for id in ids {
        let result = driver.multi.transfer(id).unwrap().result().unwrap();
        assert!(result.is_ok(), "{result:?} {}", driver.debug);
    }
}

#[test]
fn what_tls_fails_of_is_told_by_its_own_words() {
    let (server, certificate) = serve_tls(|mut stream| {
        let _ = stream.write_all(b"* OK hello\r\n");
        // The end comes without close_notify.
        let _ = stream.sock.shutdown(std::net::Shutdown::Write);
        while stream.sock.read(&mut [0; 1000]).is_ok_and(|count| count > 0) {}
    });
    let mut driver = Driver::new();
    let mut options = options(format!("imaps://user:pass@{server}/"));
    options.tls_mut().cainfo_blob = Some(certificate.into());
    let id = driver.add(options);
    driver.run();
    let error = driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap_err();
    assert_eq!(error.code(), Code::RecvError);
    assert!(error.message().ends_with("unexpected eof while reading"), "{error}");
}

/// A name that TLS cannot ask for is found out when the socket is watched for long (found by fuzzing).
#[test]
fn starttls_with_a_bad_name_takes_the_socket_out_first() {
    let imap: Script = &[("CAPABILITY", "@ CAPABILITY STARTTLS\r\n* OK"), ("STARTTLS", "* OK")];
    let (server, _lines) = server("* OK hi", imap);
    let mut options = options(format!("imap://.h.test:{}/", server.port()));
    options.connect_mut().connect_to = Some([format!("::{server}").into_bytes().into()].into());
    options.tls_mut().use_ssl = UseSsl::All;
    let mut driver = Driver::new();
    let id = driver.add(options);
    driver.run();
    let error = driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap_err();
    assert_eq!(error.code(), Code::SslConnectError, "{error:?} {}", driver.debug);
    assert!(driver.watched.is_empty());
}
