//! More than HTTP: the same API sends a mail, moves files, publishes a message.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use tress::{Code, Easy};

/// A server of one connection in a thread; gives what `talk` came to.
fn serve<T: Send + 'static>(
    talk: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (SocketAddr, Receiver<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let _ = sender.send(talk(stream));
    });
    (address, receiver)
}

/// Reads commands and answers each by the reply that its first word has.
fn converse(
    stream: &TcpStream,
    greeting: &str,
    reply: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let mut out = stream;
    let mut said = Vec::new();
    out.write_all(greeting.as_bytes()).unwrap();
    for line in BufReader::new(stream).lines() {
        let Ok(line) = line else { break };
        if let Some(reply) = reply(&line) {
            out.write_all(reply.as_bytes()).unwrap();
        }
        said.push(line);
    }
    said
}

#[test]
fn a_mail_is_sent() {
    let (server, said) = serve(|stream| {
        converse(&stream, "220 here\r\n", |line| {
            let reply = match line.split(' ').next().unwrap() {
                "EHLO" | "MAIL" | "RCPT" | "." => "250 fine\r\n",
                "DATA" => "354 go on\r\n",
                "QUIT" => "221 bye\r\n",
                _ => return None,
            };
            Some(reply.to_owned())
        })
    });
    let mail = "Subject: Hello\r\n\r\n.hidden\r\n";
    let easy = Easy::put(format!("smtp://{server}/me"), mail);
    easy.mail("<a@x>", &["<b@y>", "<c@z>"]).perform().unwrap();
    let said = said.recv().unwrap();
    assert_eq!(said[1..5], ["MAIL FROM:<a@x>", "RCPT TO:<b@y>", "RCPT TO:<c@z>", "DATA"]);
    assert_eq!(said[5..9], ["Subject: Hello", "", "..hidden", "."]);
}

#[test]
fn a_file_is_fetched_and_stored_by_ftp() {
    for upload in [false, true] {
        let data = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = data.local_addr().unwrap().port();
        let (server, said) = serve(move |stream| {
            let stored = std::sync::Mutex::new(String::new());
            let said = converse(&stream, "220 here\r\n", |line| {
                Some(match line.split(' ').next().unwrap() {
                    "USER" => "331 and you are?\r\n".to_owned(),
                    "PASS" => "230 fine\r\n".to_owned(),
                    "PWD" => "257 \"/\"\r\n".to_owned(),
                    "EPSV" => format!("229 (|||{port}|)\r\n"),
                    "TYPE" => "200 fine\r\n".to_owned(),
                    "SIZE" => "213 5\r\n".to_owned(),
                    "RETR" => {
                        data.accept().unwrap().0.write_all(b"hello").unwrap();
                        "150 here\r\n226 done\r\n".to_owned()
                    }
                    "STOR" => {
                        (&stream).write_all(b"150 go on\r\n").unwrap();
                        let mut all = stored.lock().unwrap();
                        data.accept().unwrap().0.read_to_string(&mut all).unwrap();
                        "226 done\r\n".to_owned()
                    }
                    "QUIT" => "221 bye\r\n".to_owned(),
                    _ => "500 what?\r\n".to_owned(),
                })
            });
            (said, stored.into_inner().unwrap())
        });
        let url = format!("ftp://{server}/file");
        let easy = if upload { Easy::put(&url, "sent") } else { Easy::get(&url) };
        let response = easy.credentials("me", "secret").perform().unwrap();
        assert_eq!(response.body(), if upload { &b""[..] } else { b"hello" });
        let (said, stored) = said.recv().unwrap();
        assert_eq!(said[..2], ["USER me", "PASS secret"]);
        assert_eq!(stored, if upload { "sent" } else { "" });
    }
}

#[test]
fn a_message_is_published() {
    let (server, said) = serve(|mut stream| {
        let mut packet = vec![0; 100];
        let count = stream.read(&mut packet).unwrap();
        stream.write_all(b"\x20\x02\0\0").unwrap();
        packet.truncate(count);
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        rest
    });
    let easy = Easy::post(format!("mqtt://{server}/a/topic"), "news");
    easy.credentials("me", "secret").perform().unwrap();
    assert_eq!(said.recv().unwrap(), b"\x30\x0d\0\x07a/topicnews\xe0\0");
}

#[test]
fn local_files_are_read_and_written() {
    let path = std::env::temp_dir().join(format!("tress-file-{}", std::process::id()));
    let url = format!("file://{}", path.display());
    Easy::put(&url, "some text").perform().unwrap();
    assert_eq!(Easy::get(&url).range("5-").perform().unwrap().body(), b"text");
    std::fs::remove_file(&path).unwrap();
    let error = Easy::get(&url).perform().unwrap_err();
    assert_eq!(error.code(), Code::FileCouldntReadFile);
}
