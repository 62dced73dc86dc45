//! Negotiate end to end, with security contexts of our own.

mod support;

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use support::tls::serve_tls;
use support::{Driver, get, read_head, serve, write};
use tress_engine::Watch;
use tress_engine::options::{Auth, BodySource, Method, Options};
use tress_engine::{Security, SecurityContext, SecurityPeer, SecurityStep};

/// Contexts whose tokens are `SERVICE@HOST` and a number; `c` continues, `d` ends them.
struct Library {
    takes: Duration,
    fails: bool,
}

struct Context {
    peer: String,
    steps: usize,
    takes: Duration,
    fails: bool,
}

impl Security for Library {
    fn is_available(&self) -> bool {
        true
    }

    fn context(&self, peer: SecurityPeer) -> Box<dyn SecurityContext> {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let delegates = if peer.delegation == 0 { "" } else { " delegated" };
        let bound = if peer.channel_binding.is_empty() { "" } else { " bound" };
        let peer = format!("{}@{}{delegates}{bound}", text(peer.service), text(peer.host));
        Box::new(Context { peer, steps: 0, takes: self.takes, fails: self.fails })
    }
}

impl SecurityContext for Context {
    fn step(&mut self, token: &[u8]) -> Result<SecurityStep, String> {
        std::thread::sleep(self.takes);
        if self.fails || (self.steps > 0) != matches!(token, b"c" | b"d") {
            return Err("gss_init_sec_context() failed: no ticket. ".to_owned());
        }
        self.steps += 1;
        let complete = token == b"d";
        let token = format!("{} {}", self.peer, self.steps).into_bytes();
        Ok(SecurityStep { token, complete, protection: 0 })
    }

    fn wrap(&mut self, message: &[u8]) -> Result<Vec<u8>, String> {
        Ok(message.to_vec())
    }

    fn unwrap(&mut self, message: &[u8]) -> Result<Vec<u8>, String> {
        Ok(message.to_vec())
    }
}

fn driver(takes: Duration, fails: bool) -> Driver {
    let mut driver = Driver::new();
    driver.multi.set_security(Box::leak(Box::new(Library { takes, fails })));
    driver
}

/// Heads with the number of their connection.
type Log = Arc<Mutex<Vec<(usize, String)>>>;

fn server(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> (SocketAddr, Log) {
    let log = Log::default();
    let (kept, count) = (log.clone(), Mutex::new(0));
    let address = serve(move |mut stream: TcpStream| {
        let number = {
            let mut count = count.lock().unwrap();
            *count += 1;
            *count
        };
        while let Some(head) = read_head(&mut stream) {
            kept.lock().unwrap().push((number, head.clone()));
            let length = field(&head, "Content-Length").map_or(0, |text| text.parse().unwrap());
            if stream.read_exact(&mut vec![0; length]).is_err() {
                return;
            }
            write(&mut stream, &answer(&head));
        }
    });
    (address, log)
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn connections(log: &Log) -> Vec<usize> {
    log.lock().unwrap().iter().map(|(number, _)| *number).collect()
}

/// The tokens that came, without their base64; none: a request without one.
fn tokens(log: &Log, name: &str) -> Vec<Option<String>> {
    let log = log.lock().unwrap();
    let token = |head| Some(decode(field(head, name)?.strip_prefix("Negotiate ")?));
    log.iter().map(|(_, head)| token(head)).collect()
}

fn decode(text: &str) -> String {
    let digits = text.bytes().filter(|b| *b != b'=').map(|b| match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        _ => 63,
    });
    let (mut out, mut bits, mut have) = (String::new(), 0u32, 0);
    for digit in digits {
        bits = bits << 6 | u32::from(digit);
        have += 6;
        if have >= 8 {
            have -= 8;
            out.push(char::from((bits >> have) as u8));
        }
    }
    out
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn unauthorized(challenge: &str) -> String {
    format!("HTTP/1.1 401 No\r\nWWW-Authenticate: {challenge}\r\nContent-Length: 4\r\n\r\nnope")
}

fn login(mut options: Options, auth: Auth, user: &str) -> Options {
    options.auth_mut().httpauth = auth;
    options.auth_mut().username = Some(user.as_bytes().into());
    options
}

/// Runs one transfer: its body and status.
fn run(driver: &mut Driver, options: Options) -> (String, u32) {
    let id = driver.add(options);
    driver.run();
    let transfer = driver.multi.remove(id).unwrap();
    assert!(transfer.result().unwrap().is_ok(), "{:?}", transfer.result());
    let body = driver.got.remove(&id).map(|got| got.body).unwrap_or_default();
    (String::from_utf8(body).unwrap(), transfer.infos().response_code)
}

/// Two tokens prove a connection; then it needs no more.
fn two_rounds() -> (SocketAddr, Log) {
    server(|head| match field(head, "Authorization") {
        Some(value) if decode(&value["Negotiate ".len()..]).ends_with(" 1") => {
            unauthorized("Negotiate Yw==")
        }
        _ => OK.to_owned(),
    })
}

#[test]
fn several_rounds_prove_a_connection_for_one_user() {
    let (address, log) = two_rounds();
    let mut driver = driver(Duration::ZERO, false);
    let post = |user| {
        let body = BodySource::Bytes(b"body"[..].into());
        login(Options { method: Method::Post, body, ..get(address, "/") }, Auth::NEGOTIATE, user)
    };
    for user in ["a", "a", "b"] {
        assert_eq!(run(&mut driver, post(user)), ("ok".to_owned(), 200));
    }
    assert_eq!(run(&mut driver, get(address, "/")), ("ok".to_owned(), 200));
    assert_eq!(connections(&log), [1, 1, 1, 2, 2, 3]);
    let (first, second) = (Some("HTTP@127.0.0.1 1".into()), Some("HTTP@127.0.0.1 2".into()));
    let expected = [first.clone(), second.clone(), None, first, second, None];
    assert_eq!(tokens(&log, "Authorization"), expected);
    assert!(driver.debug.contains("Server auth using Negotiate with user 'a'"));
}

/// CVE-2026-19931: who has no login is whoever the system says.
#[test]
fn a_connection_of_the_systems_user_is_not_for_a_named_one() {
    let (address, log) = two_rounds();
    let mut driver = driver(Duration::ZERO, false);
    let ask = |user| match user {
        "" => {
            let mut options = get(address, "/");
            options.auth_mut().httpauth = Auth::NEGOTIATE;
            options
        }
        user => login(get(address, "/"), Auth::NEGOTIATE, user),
    };
    for user in ["", "b", "", "b"] {
        assert_eq!(run(&mut driver, ask(user)), ("ok".to_owned(), 200), "{user}");
    }
    assert_eq!(connections(&log), [1, 1, 2, 2, 1, 2]);
}

/// CVE-2026-8458, CVE-2023-27536.
#[test]
fn a_connection_is_proved_for_one_service_and_one_delegation() {
    let (address, log) = two_rounds();
    let mut driver = driver(Duration::ZERO, false);
    for (service, delegation) in [("a", 0), ("a", 0), ("b", 0), ("b", 1), ("a", 0)] {
        let mut options = login(get(address, "/"), Auth::NEGOTIATE, "u");
        options.auth_mut().service_name = Some(service.as_bytes().into());
        options.auth_mut().gssapi_delegation = delegation;
        assert_eq!(run(&mut driver, options), ("ok".to_owned(), 200));
    }
    assert_eq!(connections(&log), [1, 1, 1, 2, 2, 3, 3, 1]);
}

#[test]
fn whoever_is_proved_over_tls_is_bound_to_the_certificate() {
    let log = Log::default();
    let kept = log.clone();
    let (address, _) = serve_tls(move |mut served| {
        let mut head = Vec::new();
        let mut byte = [0];
        while served.read_exact(&mut byte).is_ok() {
            head.push(byte[0]);
            if head.ends_with(b"\r\n\r\n") {
                let text = String::from_utf8(std::mem::take(&mut head)).unwrap();
                kept.lock().unwrap().push((0, text));
                let _ = std::io::Write::write_all(&mut served, OK.as_bytes());
            }
        }
    });
    let mut driver = driver(Duration::ZERO, false);
    let secure = || {
        let url = format!("https://{address}/").into_bytes();
        let mut options = Options { url: Some(url.into()), ..get(address, "/") };
        (options.tls_mut().ssl_verifypeer, options.tls_mut().ssl_verifyhost) = (false, false);
        options
    };
    assert_eq!(run(&mut driver, secure()).1, 200);
    // It is not for the connection that was made for one who is not proved.
    assert_eq!(run(&mut driver, login(secure(), Auth::NEGOTIATE, "u")).1, 200);
    assert_eq!(tokens(&log, "Authorization"), [None, Some("HTTP@127.0.0.1 bound 1".into())]);
}

/// The same for proxies.
#[test]
fn a_connection_to_a_proxy_is_proved_for_one_service_and_one_delegation() {
    let (http, http_log) = server(|head| {
        let said = field(head, "Proxy-Authorization").map(|value| decode(&value[10..]));
        match said.as_deref() {
            Some(token) if token.ends_with(" 1") => unauthorized("Negotiate Yw==")
                .replace("401", "407")
                .replace("WWW-Authenticate", "Proxy-Authenticate"),
            _ if head.starts_with("CONNECT ") => "HTTP/1.1 200 OK\r\n\r\n".to_owned(),
            _ => OK.to_owned(),
        }
    });
    let (socks, socks_log) = socks();
    for (proxy, tunnel, log) in [
        (format!("http://u@{http}"), false, &http_log),
        (format!("http://u@{http}"), true, &http_log),
        (format!("socks5h://{socks}"), false, &socks_log),
    ] {
        let mut driver = driver(Duration::ZERO, false);
        log.lock().unwrap().clear();
        for (service, delegation) in [("a", 0), ("a", 0), ("b", 0), ("b", 1), ("a", 0)] {
            let mut options =
                Options { url: Some(b"http://far.example/"[..].into()), ..get(http, "/") };
            options.auth_mut().gssapi_delegation = delegation;
            let group = options.proxy_mut();
            group.proxy = Some(proxy.as_bytes().into());
            group.noproxy = Some(b""[..].into());
            group.proxyauth = Auth::NEGOTIATE;
            group.httpproxytunnel = tunnel;
            group.proxy_service_name = Some(service.as_bytes().into());
            assert_eq!(run(&mut driver, options), ("ok".to_owned(), 200), "{}", driver.debug);
        }
        let first = connections(log)[0];
        let is_first_round = |head: &str| {
            field(head, "Proxy-Authorization")
                .is_some_and(|value| decode(&value[10..]).ends_with('1'))
        };
        let served = |(number, head): &(usize, String)| {
            let answered = head.starts_with("GET ") && !is_first_round(head);
            answered.then_some(*number - first)
        };
        let served: Vec<usize> = log.lock().unwrap().iter().filter_map(served).collect();
        assert_eq!(served, [0, 0, 1, 2, 0], "{proxy} {tunnel}");
    }
    let log = socks_log.lock().unwrap();
    let tokens = log.iter().filter_map(|(_, text)| text.strip_suffix(" 1"));
    assert!(tokens.eq(["a@127.0.0.1", "b@127.0.0.1", "b@127.0.0.1 delegated"]), "{log:?}");
}

/// Making a token for a proxy is a part of connecting.
#[test]
fn a_token_for_a_proxy_takes_no_longer_than_connecting_may() {
    let (socks, _) = socks();
    let mut driver = driver(Duration::from_secs(3), false);
    let mut options = get(socks, "/");
    options.connecttimeout = Duration::from_millis(300);
    let group = options.proxy_mut();
    group.proxy = Some(format!("socks5h://{socks}").as_bytes().into());
    group.noproxy = Some(b""[..].into());
    let begun = Instant::now();
    let id = driver.add(options);
    driver.run();
    let error = driver.multi.remove(id).unwrap().result().unwrap().clone().unwrap_err();
    assert_eq!(error.code(), tress_model::Code::OperationTimedout);
    assert!(error.message().starts_with("Connection timed out after "), "{}", error.message());
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn nothing_is_watched_for_a_token_that_nobody_waits_for() {
    let (address, _) = two_rounds();
    let mut driver = driver(Duration::from_secs(1), false);
    let id = driver.add(login(get(address, "/"), Auth::NEGOTIATE, "u"));
    // Until a thread makes a token, and only its end is waited for.
    while driver.watched.is_empty() || driver.watched.values().any(|what| *what != Watch::In) {
        driver.turn();
    }
    assert_eq!(driver.watched.len(), 1);
    driver.remove(id);
    driver.close_idle();
    assert!(driver.watched.is_empty(), "{:?}", driver.watched);
}

/// A SOCKS proxy that wants GSS-API, and the servers behind it; its log has tokens too.
fn socks() -> (SocketAddr, Log) {
    let log = Log::default();
    let (kept, count) = (log.clone(), Mutex::new(0));
    let address = serve(move |mut stream: TcpStream| {
        let number = {
            let mut count = count.lock().unwrap();
            *count += 1;
            *count
        };
        let mut exactly = |count: usize, reply: &[u8]| {
            let mut bytes = vec![0; count];
            stream.read_exact(&mut bytes).unwrap();
            std::io::Write::write_all(&mut stream, reply).unwrap();
            bytes
        };
        let methods = exactly(2, b"")[1];
        assert!(exactly(usize::from(methods), &[5, 1]).contains(&1));
        for reply in [&[1, 1, 0, 1, b'd'][..], b""] {
            let length = exactly(4, b"")[3];
            let token = exactly(usize::from(length), reply);
            kept.lock().unwrap().push((number, String::from_utf8(token).unwrap()));
        }
        assert_eq!(exactly(5, &[1, 2, 0, 1, 0]), [1, 2, 0, 1, 0]);
        let name = exactly(5, b"")[4];
        exactly(usize::from(name) + 2, &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        while let Some(head) = read_head(&mut stream) {
            kept.lock().unwrap().push((number, head));
            write(&mut stream, OK);
        }
    });
    (address, log)
}

/// CVE-2011-2192.
#[test]
fn nothing_is_delegated_unasked() {
    let (address, log) = two_rounds();
    let mut driver = driver(Duration::ZERO, false);
    for delegation in [None, Some(1)] {
        let mut options = login(get(address, "/"), Auth::NEGOTIATE, "u");
        if let Some(delegation) = delegation {
            options.auth_mut().gssapi_delegation = delegation;
        }
        assert_eq!(run(&mut driver, options), ("ok".to_owned(), 200));
    }
    let tokens: Vec<_> = tokens(&log, "Authorization").into_iter().flatten().collect();
    let delegated: Vec<bool> = tokens.iter().map(|token| token.contains("delegated")).collect();
    assert_eq!(delegated, [false, false, true, true], "{tokens:?}");
}

#[test]
fn whoever_needs_one_round_proves_each_request_unless_told_otherwise() {
    let (address, log) = server(|head| match head {
        head if field(head, "Authorization").is_none() && !head.contains("/free") => {
            unauthorized("Basic realm=\"r\", Negotiate")
        }
        head if head.contains("/told") => {
            OK.replace("\r\n\r\n", "\r\nPersistent-Auth: true\r\n\r\n")
        }
        _ => OK.to_owned(),
    });
    let mut driver = driver(Duration::ZERO, false);
    let mut options = login(get(address, "/"), Auth::BASIC | Auth::NEGOTIATE, "a");
    options.auth_mut().service_name = Some(b"web"[..].into());
    let mut transfer = tress_engine::Transfer::new(Arc::new(options.clone()));
    for path in ["/", "/", "/told", "/free"] {
        let url = format!("http://{address}{path}").into_bytes();
        let options = Options { url: Some(url.into()), ..options.clone() };
        transfer.set_options(Arc::new(options));
        let id = driver.add_transfer(transfer);
        driver.run();
        transfer = *driver.multi.remove(id).unwrap();
        assert_eq!(transfer.infos().response_code, 200, "{path}");
        assert_eq!(transfer.infos().auth_used, Auth::NEGOTIATE.bits());
    }
    let token = || Some("web@127.0.0.1 1".to_owned());
    let expected = [None, token(), token(), token(), None];
    assert_eq!(tokens(&log, "Authorization"), expected);
    assert_eq!(connections(&log), [1; 5]);
}

#[test]
fn without_a_token_and_with_a_refused_one_the_answer_is_the_applications() {
    let (address, log) = server(|_| unauthorized("Negotiate"));
    let options = login(get(address, "/"), Auth::NEGOTIATE, "");
    let mut poor = driver(Duration::ZERO, true);
    assert_eq!(run(&mut poor, options.clone()), ("nope".to_owned(), 401));
    assert_eq!(tokens(&log, "Authorization"), [None]);
    assert!(poor.debug.contains("gss_init_sec_context() failed: no ticket. "), "{}", poor.debug);
    let mut rich = driver(Duration::ZERO, false);
    assert_eq!(run(&mut rich, options.clone()), ("nope".to_owned(), 401));
    assert_eq!(log.lock().unwrap().len(), 2);
    assert!(tokens(&log, "Authorization")[1].is_some());
    // No library at all.
    let mut bare = Driver::new();
    assert_eq!(run(&mut bare, options), ("nope".to_owned(), 401));
    assert_eq!(log.lock().unwrap().len(), 3);
}

#[test]
fn a_slow_library_holds_up_nobody() {
    let (address, log) = two_rounds();
    let mut driver = driver(Duration::from_millis(300), false);
    let start = Instant::now();
    let slow = driver.add(login(get(address, "/"), Auth::NEGOTIATE, "a"));
    let gone = driver.add(login(get(address, "/"), Auth::NEGOTIATE, "b"));
    let other = driver.add(get(address, "/"));
    while driver.multi.running() > 2 {
        driver.turn();
    }
    assert_eq!(driver.got[&other].body, b"ok");
    driver.remove(gone);
    assert!(start.elapsed() < Duration::from_millis(250), "{:?}", start.elapsed());
    driver.run();
    assert_eq!(driver.got[&slow].body, b"ok");
    assert!(start.elapsed() > Duration::from_millis(550), "{:?}", start.elapsed());
    assert_eq!(connections(&log).len(), 3);
    assert_eq!(driver.multi.running(), 0);
    driver.multi.close_idle();
    driver.upkeep(Duration::from_secs(60));
    assert!(driver.watched.is_empty(), "{:?}", driver.watched);
}

#[test]
fn a_time_limit_counts_while_a_token_is_made() {
    let (address, _) = two_rounds();
    let mut driver = driver(Duration::from_millis(500), false);
    let limited = Options { timeout: Duration::from_millis(100), ..get(address, "/") };
    let id = driver.add(login(limited, Auth::NEGOTIATE, "a"));
    let start = Instant::now();
    driver.run();
    assert!(start.elapsed() < Duration::from_millis(400));
    let transfer = driver.multi.remove(id).unwrap();
    let error = transfer.result().unwrap().as_ref().unwrap_err();
    assert_eq!(error.code(), tress_model::Code::OperationTimedout);
}

#[test]
fn proxies_that_forward_and_that_tunnel() {
    let (address, log) = server(|head| {
        let said = field(head, "Proxy-Authorization").map(|value| decode(&value[10..]));
        match said.as_deref() {
            Some("proxy@127.0.0.1 1") => unauthorized("Negotiate Yw==")
                .replace("401", "407")
                .replace("WWW-Authenticate", "Proxy-Authenticate"),
            Some("proxy@127.0.0.1 2") if head.starts_with("CONNECT ") => {
                "HTTP/1.1 200 OK\r\n\r\n".to_owned()
            }
            Some("proxy@127.0.0.1 2") => OK.to_owned(),
            _ if head.starts_with("GET / ") => OK.to_owned(),
            _ => unauthorized("Negotiate").replace("401", "407"),
        }
    });
    let mut driver = driver(Duration::ZERO, false);
    for tunnel in [false, true] {
        log.lock().unwrap().clear();
        let mut options =
            Options { url: Some(b"http://far.example/"[..].into()), ..get(address, "/") };
        let proxy = options.proxy_mut();
        proxy.proxy = Some(format!("http://{address}").into_bytes().into());
        proxy.proxyusername = Some(b"u"[..].into());
        proxy.proxyauth = Auth::NEGOTIATE;
        proxy.httpproxytunnel = tunnel;
        proxy.proxy_service_name = Some(b"proxy"[..].into());
        assert_eq!(run(&mut driver, options), ("ok".to_owned(), 200), "{}", driver.debug);
        let rounds = [Some("proxy@127.0.0.1 1".to_owned()), Some("proxy@127.0.0.1 2".to_owned())];
        assert_eq!(tokens(&log, "Proxy-Authorization")[..2], rounds);
        let first = connections(&log)[0];
        assert!(connections(&log).iter().all(|number| *number == first));
    }
}
