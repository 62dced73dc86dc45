//! Faulty behaviours that curl's published vulnerabilities were: none of them is ours.
//! `docs/vulnerabilities.md` lists them all; the names of those shown here stand at the tests. Where
//! plain values decide, the tests are in `crates/model/tests/vulnerabilities.rs`.

mod connections;
mod credentials;
mod injection;
mod limits;
mod stores;
#[path = "../support/mod.rs"]
mod support;
mod websocket;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::{Driver, get, read_head, serve, write};
use tress_engine::options::{
    Auth, FollowLocation, NetrcMode, Options, Protocols, ProxyType, UseSsl,
};
use tress_engine::stores::{Stores, lock};
use tress_engine::{Transfer, TransferId};
use tress_model::Code;
use tress_model::hsts::HstsCache;

/// What servers have read, in its order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn push(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn having(&self, word: &str) -> usize {
        self.all().iter().filter(|text| text.contains(word)).count()
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn redirect(to: &str) -> String {
    format!("HTTP/1.1 302 Go\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
}

/// A server of HTTP that answers each head by `answer`.
fn http(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> (SocketAddr, Log) {
    let log = Log::default();
    let kept = log.clone();
    let address = serve(move |mut stream| {
        while let Some(head) = read_head(&mut stream) {
            kept.push(head.clone());
            write(&mut stream, &answer(&head));
        }
    });
    (address, log)
}

/// A server that greets and answers each line; its log has what it was told.
fn lines(
    greeting: &'static str,
    answer: impl Fn(&str) -> String + Send + Sync + 'static,
) -> (SocketAddr, Log) {
    let log = Log::default();
    let kept = log.clone();
    let address = serve(move |mut stream: TcpStream| {
        write(&mut stream, greeting);
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        for line in lines.map_while(Result::ok) {
            let reply = answer(&line);
            kept.push(line);
            write(&mut stream, &reply);
        }
    });
    (address, log)
}

/// A server of POP3 without TLS.
fn pop3() -> (SocketAddr, Log) {
    lines("+OK\r\n", |line| {
        let rest = match line.split(' ').next().unwrap_or_default() {
            "CAPA" => "USER\r\n.\r\n",
            "RETR" => "hi\r\n.\r\n",
            _ => "",
        };
        format!("+OK\r\n{rest}")
    })
}

fn url(text: &str) -> Options {
    Options {
        url: Some(text.as_bytes().into()),
        timeout: Duration::from_secs(5),
        verbose: true,
        ..Options::default()
    }
}

/// The same URL, with `name` for its server's address.
fn named(name: &str, server: SocketAddr, path: &str) -> Options {
    let mut options = url(&format!("http://{name}:{}{path}", server.port()));
    let anywhere = Box::from(&b"::127.0.0.1:"[..]);
    options.connect_mut().connect_to = Some([anywhere].into());
    options.followlocation = FollowLocation::All;
    options
}

fn netrc(mut options: Options, test: &str, text: &str) -> Options {
    let file =
        std::env::temp_dir().join(format!("tress-vulnerabilities-{test}-{}", std::process::id()));
    std::fs::write(&file, text).unwrap();
    let auth = options.auth_mut();
    auth.netrc = NetrcMode::Optional;
    auth.netrc_file = Some(file.to_str().unwrap().as_bytes().into());
    options
}

fn login(mut options: Options, auth: Auth) -> Options {
    let group = options.auth_mut();
    group.httpauth = auth;
    group.username = Some(b"user"[..].into());
    group.password = Some(b"secret"[..].into());
    options
}

fn end(driver: &mut Driver, id: TransferId) -> (Transfer, Code) {
    driver.run();
    let transfer = *driver.multi.remove(id).unwrap();
    let code = transfer.result().unwrap().as_ref().map_or_else(|error| error.code(), |()| Code::Ok);
    (transfer, code)
}

fn run(driver: &mut Driver, options: Options) -> Code {
    let id = driver.add(options);
    end(driver, id).1
}

/// One handle, its transfers one after the other.
fn run_on_one_handle(driver: &mut Driver, list: impl IntoIterator<Item = Options>) {
    let mut transfer = Transfer::new(Arc::new(Options::default()));
    for options in list {
        transfer.set_options(Arc::new(options));
        let id = driver.add_transfer(transfer);
        let code;
        (transfer, code) = end(driver, id);
        assert_eq!(code, Code::Ok);
    }
}
