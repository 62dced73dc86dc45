//! Names resolved over HTTPS (RFC 8484), with a resolver of our own on the loopback.

mod support;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::tls::{Served, serve_tls};
use support::{Driver, get, read_head, serve, write};
use tress_engine::options::{IpResolve, Options};
use tress_model::Code;

/// A resolver, and what it was asked: name and type.
struct Resolver {
    address: SocketAddr,
    certificate: Vec<u8>,
    asked: Arc<Mutex<Vec<(String, u16)>>>,
}

const A: u16 = 1;
const AAAA: u16 = 28;

impl Resolver {
    /// `answer` gives the body for a name and type; none: the connection stays silent.
    fn new(answer: impl Fn(&str, u16) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let asked = Arc::<Mutex<Vec<_>>>::default();
        let log = asked.clone();
        let (address, certificate) = serve_tls(move |mut stream| {
            while let Some((name, kind)) = read_question(&mut stream) {
                log.lock().unwrap().push((name.clone(), kind));
                let Some(body) = answer(&name, kind) else {
                    std::thread::sleep(Duration::from_secs(5));
                    return;
                };
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = stream.write_all(&[head.as_bytes(), &body].concat());
            }
        });
        Self { address, certificate, asked }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// A transfer of `url` with names from here.
    fn get(&self, url: &str) -> Options {
        let mut options = Options { url: Some(url.as_bytes().into()), ..get(self.address, "/") };
        let url = format!("https://{}/dns-query", self.address);
        options.dns_mut().doh_url = Some(url.into_bytes().into());
        options.tls_mut().cainfo_blob = Some(self.certificate.clone().into());
        options
    }
}

fn read_question(stream: &mut Served) -> Option<(String, u16)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("POST /dns-query HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nContent-Type: application/dns-message\r\n"), "{head}");
    assert!(!head.contains("Authorization") && !head.contains("Cookie"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).ok()?;
    let mut labels = Vec::new();
    let mut at = 12;
    while body[at] != 0 {
        let end = at + 1 + usize::from(body[at]);
        labels.push(String::from_utf8(body[at + 1..end].to_vec()).unwrap());
        at = end;
    }
    Some((labels.join("."), u16::from_be_bytes([body[at + 1], body[at + 2]])))
}

/// An answer with this result code and these records of `kind`.
fn message(rcode: u8, kind: u16, records: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0, 0, 0x81, 0x80 | rcode, 0, 0, 0, records.len() as u8, 0, 0, 0, 0];
    for data in records {
        out.push(0);
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&[0, 1, 0, 0, 0, 60, 0, data.len() as u8]);
        out.extend_from_slice(data);
    }
    out
}

fn loopback(_: &str, kind: u16) -> Option<Vec<u8>> {
    Some(match kind {
        A => message(0, kind, &[&[127, 0, 0, 1]]),
        _ => message(0, kind, &[]),
    })
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn web() -> SocketAddr {
    serve(|mut stream| {
        while read_head(&mut stream).is_some() {
            write(&mut stream, OK);
        }
    })
}

/// Runs one transfer: its body, or its code and message.
fn run(driver: &mut Driver, options: Options) -> Result<String, (Code, String)> {
    let id = driver.add(options);
    driver.run();
    let transfer = driver.multi.remove(id).unwrap();
    let body = driver.got.remove(&id).map(|got| got.body).unwrap_or_default();
    match transfer.result().unwrap() {
        Ok(()) => Ok(String::from_utf8(body).unwrap()),
        Err(error) => Err((error.code(), error.message().to_owned())),
    }
}

#[test]
fn a_name_is_asked_for_once_in_both_families_and_remembered() {
    let resolver = Resolver::new(loopback);
    let port = web().port();
    let mut driver = Driver::new();
    let options = resolver.get(&format!("http://web.example:{port}/"));
    let id = driver.add(options.clone());
    assert_eq!(driver.multi.running(), 1);
    while driver.multi.running() > 0 {
        assert_eq!(driver.multi.running(), 1, "transfers of our own are nobody's business");
        driver.turn();
    }
    assert_eq!(driver.got.len(), 1);
    assert_eq!(driver.got[&id].body, b"ok");
    assert_eq!(driver.multi.next_message(), Some((id, 0)));
    let mut asked = resolver.asked.lock().unwrap().clone();
    asked.sort();
    let name = || "web.example".to_owned();
    assert_eq!(asked, [(name(), A), (name(), AAAA)]);
    driver.multi.close_idle();
    assert_eq!(run(&mut driver, options), Ok("ok".to_owned()));
    assert_eq!(resolver.asked(), 2);
    // One family alone is one question; addresses and localhost are none.
    let mut only4 = resolver.get(&format!("http://other.example:{port}/"));
    only4.connect_mut().ipresolve = IpResolve::V4;
    assert_eq!(run(&mut driver, only4), Ok("ok".to_owned()));
    assert_eq!(resolver.asked(), 3);
    for host in ["127.0.0.1", "a.localhost"] {
        let options = resolver.get(&format!("http://{host}:{port}/"));
        assert_eq!(run(&mut driver, options), Ok("ok".to_owned()));
    }
    assert_eq!(resolver.asked(), 3);
}

#[test]
fn a_resolver_that_is_not_trusted_is_not_believed() {
    let resolver = Resolver::new(loopback);
    let port = web().port();
    let mut options = resolver.get(&format!("http://web.example:{port}/"));
    options.tls_mut().cainfo_blob = None;
    let mut driver = Driver::new();
    let failed = (Code::CouldntResolveHost, "Could not resolve host: web.example".to_owned());
    assert_eq!(run(&mut driver, options.clone()), Err(failed));
    assert!(driver.debug.contains("[DoH] [A] error: "), "{}", driver.debug);
    assert_eq!(resolver.asked(), 0);
    options.dns_mut().doh_ssl_verifypeer = false;
    options.dns_mut().doh_ssl_verifyhost = false;
    assert_eq!(run(&mut driver, options), Ok("ok".to_owned()));
}

#[test]
fn only_the_answer_that_there_is_no_such_name_is_remembered() {
    let resolver = Resolver::new(|name, kind| {
        Some(match name {
            "gone.example" => message(3, kind, &[]),
            "ill.example" => message(2, kind, &[]),
            "odd.example" => b"no DNS".to_vec(),
            _ => vec![0; 5000],
        })
    });
    let mut driver = Driver::new();
    for (host, questions) in [("gone", 2), ("ill", 4), ("odd", 4), ("long", 4)] {
        let before = resolver.asked();
        let options = resolver.get(&format!("http://{host}.example/"));
        for _ in 0..2 {
            let text = format!("Could not resolve host: {host}.example");
            assert_eq!(run(&mut driver, options.clone()), Err((Code::CouldntResolveHost, text)));
        }
        assert_eq!(resolver.asked() - before, questions, "{host}");
    }
    let label = format!("http://{}.example/", "a".repeat(64));
    let text = "Failed to encode DoH packet [1]".to_owned();
    assert_eq!(run(&mut driver, resolver.get(&label)), Err((Code::OutOfMemory, text)));
}

#[test]
fn an_answer_is_not_longer_than_it_may_be() {
    // A head of 12 bytes, and records of 15.
    let resolver = Resolver::new(|name, kind| {
        let count = if name == "over.example" { 200 } else { 199 };
        Some(message(0, kind, &vec![&[127, 0, 0, 1][..]; count]))
    });
    let port = web().port();
    let mut driver = Driver::new();
    let with = |host: &str| {
        let mut options = resolver.get(&format!("http://{host}:{port}/"));
        options.connect_mut().ipresolve = IpResolve::V4;
        options
    };
    let over = driver.add(with("over.example"));
    let within = driver.add(with("within.example"));
    driver.run();
    let error = driver.multi.transfer(over).unwrap().result().unwrap().clone().unwrap_err();
    assert_eq!(error.code(), Code::CouldntResolveHost);
    assert!(
        driver.debug.contains("[DoH] [A] error: Failure writing output to destination"),
        "{}",
        driver.debug
    );
    assert_eq!(driver.got[&within].body, b"ok");
}

#[test]
fn plain_http_and_nonsense_are_no_resolvers() {
    let mut driver = Driver::new();
    let resolver = Resolver::new(loopback);
    for url in [format!("http://{}/", resolver.address), "ht tp://x".to_owned()] {
        let mut options = resolver.get("http://web.example/");
        options.dns_mut().doh_url = Some(url.into_bytes().into());
        let (code, _) = run(&mut driver, options).unwrap_err();
        assert_eq!(code, Code::CouldntResolveHost);
    }
    assert_eq!(resolver.asked(), 0);
}

#[test]
fn a_silent_resolver_holds_up_nobody_else() {
    let resolver = Resolver::new(|_, _| None);
    let web = web();
    let mut driver = Driver::new();
    let waiting = driver.add(resolver.get("http://web.example/"));
    let late = driver.add(Options {
        timeout: Duration::from_millis(150),
        ..resolver.get("http://late.example/")
    });
    let other = driver.add(get(web, "/"));
    while driver.multi.running() > 1 {
        driver.turn();
    }
    assert_eq!(driver.got[&other].body, b"ok");
    let result = driver.multi.transfer(late).unwrap().result().unwrap().clone();
    assert_eq!(result.unwrap_err().code(), Code::OperationTimedout);
    // Taken out at once, with its questions; nothing of it is watched any more.
    driver.remove(waiting);
    assert_eq!(driver.multi.running(), 0);
    driver.multi.close_idle();
    driver.upkeep(Duration::from_secs(60));
    assert_eq!(driver.multi.connections(), 0);
    assert!(driver.watched.is_empty(), "{:?}", driver.watched);
}
