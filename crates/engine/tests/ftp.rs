//! FTP end to end: a small server, both directions, both ways to the data connection.

mod support;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::{Driver, serve};
use tress_engine::TransferId;
use tress_engine::options::{BodySource, Method, Options};
use tress_model::Code;

/// A server with files, which tells every command that it gets.
struct Server {
    address: SocketAddr,
    commands: Receiver<String>,
}

/// What is peculiar to a server: replies in place of the usual ones.
type Replies = HashMap<&'static str, &'static str>;

fn server(replies: Replies) -> Server {
    let (sender, commands) = channel();
    let sender = Mutex::new(sender);
    let files = Arc::new(Mutex::new(HashMap::from([("file".to_owned(), b"some data".to_vec())])));
    let address = serve(move |stream| {
        let sender = sender.lock().unwrap().clone();
        talk(stream, &replies, &files, &sender);
    });
    Server { address, commands }
}

fn talk(
    mut stream: TcpStream,
    replies: &Replies,
    files: &Mutex<HashMap<String, Vec<u8>>>,
    sender: &Sender<String>,
) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut say = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).is_ok();
    say("220-hello\r\n220 there");
    let mut listener = None;
    while let Some(Ok(line)) = lines.next() {
        let _ = sender.send(line.clone());
        let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
        if let Some(reply) = replies.get(verb) {
            say(reply);
            continue;
        }
        let accept =
            |listener: &mut Option<TcpListener>| listener.take().unwrap().accept().unwrap().0;
        match verb {
            "USER" => say("331 password"),
            "PASS" => say("230 in"),
            "PWD" => say("257 \"/home\" is where"),
            "EPSV" | "PASV" => {
                let waits = TcpListener::bind("127.0.0.1:0").unwrap();
                let port = waits.local_addr().unwrap().port();
                listener = Some(waits);
                match verb {
                    "EPSV" => say(&format!("229 (|||{port}|)")),
                    _ => say(&format!("227 (127,0,0,1,{},{})", port / 256, port % 256)),
                }
            }
            "SIZE" => match files.lock().unwrap().get(argument) {
                Some(content) => say(&format!("213 {}", content.len())),
                None => say("550 no such file"),
            },
            "RETR" => {
                say("150 here it is");
                let content = files.lock().unwrap()[argument].clone();
                accept(&mut listener).write_all(&content).unwrap();
                say("226 done")
            }
            "STOR" => {
                say("150 give it");
                let mut content = Vec::new();
                accept(&mut listener).read_to_end(&mut content).unwrap();
                files.lock().unwrap().insert(argument.to_owned(), content);
                say("226 done")
            }
            "QUIT" => say("221 bye"),
            _ => say("200 fine"),
        };
    }
}

impl Server {
    fn options(&self, path: &str) -> Options {
        let url = format!("ftp://{}/{path}", self.address).into_bytes();
        Options { url: Some(url.into()), verbose: true, ..Options::default() }
    }

    /// The commands so far; `count` of them are waited for.
    fn commands(&self, count: usize) -> Vec<String> {
        let next = || self.commands.recv_timeout(Duration::from_secs(5)).expect("a command");
        (0..count).map(|_| next()).collect()
    }
}

fn failure(driver: &Driver, id: TransferId) -> Code {
    driver.multi.transfer(id).unwrap().result().unwrap().clone().unwrap_err().code()
}

const LOGIN: [&str; 3] = ["USER anonymous", "PASS ftp@example.com", "PWD"];

#[test]
fn a_file_comes_and_the_connection_serves_the_next_transfer() {
    let server = server(Replies::new());
    let mut driver = Driver::new();
    for round in 0..2 {
        let id = driver.add(server.options("file"));
        driver.run();
        assert_eq!(driver.got[&id].body, b"some data", "{}", driver.debug);
        let infos = driver.multi.transfer(id).unwrap().infos();
        assert_eq!((infos.response_code, infos.num_connects), (226, 1 - round));
    }
    let expected = [&LOGIN[..], &["EPSV", "TYPE I", "SIZE file", "RETR file"]].concat();
    assert_eq!(server.commands(7), expected);
    assert_eq!(server.commands(3), ["EPSV", "SIZE file", "RETR file"]);
    assert_eq!(driver.multi.connections(), 1);
    driver.close_idle();
    assert_eq!(server.commands(1), ["QUIT"]);
}

#[test]
fn an_upload_arrives_after_epsv_was_refused() {
    let server = server(Replies::from([("EPSV", "500 what?")]));
    let mut driver = Driver::new();
    driver.upload = vec![b'x'; 300_000];
    let body = BodySource::Application { len: Some(300_000), fields: false };
    let options = Options { method: Method::Put, body, ..server.options("up") };
    driver.add(options);
    driver.run();
    let expected = [&LOGIN[..], &["EPSV", "PASV", "TYPE I", "STOR up"]].concat();
    assert_eq!(server.commands(7), expected);
    let id = driver.add(server.options("up"));
    driver.run();
    assert_eq!(driver.got[&id].body.len(), 300_000, "{}", driver.debug);
}

#[test]
fn a_failure_that_leaves_the_conversation_in_order_keeps_the_connection() {
    let server = server(Replies::new());
    let mut driver = Driver::new();
    let id = driver.add(server.options("nothing"));
    driver.run();
    assert_eq!(failure(&driver, id), Code::RemoteFileNotFound);
    assert_eq!(driver.multi.connections(), 1);
}

#[test]
fn a_server_that_does_not_answer_is_given_up() {
    let server = server(Replies::from([("PASS", "331-never complete")]));
    let mut driver = Driver::new();
    let mut options = server.options("file");
    options.limits_mut().server_response_timeout = Duration::from_millis(50);
    let id = driver.add(options);
    driver.run();
    assert_eq!(failure(&driver, id), Code::OperationTimedout);
    assert_eq!(driver.multi.connections(), 0);
}

#[test]
fn other_users_do_not_get_a_connection_that_is_logged_in() {
    let server = server(Replies::new());
    let mut driver = Driver::new();
    driver.add(server.options("file"));
    driver.run();
    let mut other = server.options("file");
    other.auth_mut().username = Some(b"me".as_slice().into());
    driver.add(other);
    driver.run();
    assert_eq!(server.commands(7).len(), 7);
    assert_eq!(server.commands(2), ["USER me", "PASS "]);
}
