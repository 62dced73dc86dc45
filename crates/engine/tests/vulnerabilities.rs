//! Faulty behaviours that curl's published vulnerabilities were: none of them is ours.
//! `docs/vulnerabilities.md` lists them all; the names of those shown here stand at the tests.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::{Driver, get, read_head, serve, write};
use tress_engine::options::{Auth, FollowLocation, NetrcMode, Options, ProxyType, UseSsl};
use tress_engine::stores::{Stores, lock};
use tress_engine::{Transfer, TransferId};
use tress_model::Code;
use tress_model::cookie::{CookieJar, Response};
use tress_model::hsts::HstsCache;
use tress_model::url::{Url, UrlFlags};

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

/// CVE-2024-11053, CVE-2025-0167, CVE-2026-3783, CVE-2026-6429.
#[test]
fn a_password_of_netrc_stays_with_its_machine() {
    let (other, other_log) = http(|_| OK.to_owned());
    let (first, log) = http(move |_| redirect(&format!("http://b.example:{}/", other.port())));
    for (number, rest) in
        ["", "machine b.example login bob", "machine b.example", "default", "default login d"]
            .iter()
            .enumerate()
    {
        let text = format!("machine a.example login alice password secret\n{rest}\n");
        let options = netrc(named("a.example", first, "/"), &number.to_string(), &text);
        assert_eq!(run(&mut Driver::new(), options), Code::Ok, "{rest}");
        assert!(log.all()[number].contains("Authorization: Basic YWxpY2U6c2VjcmV0"), "{rest}");
        let told = &other_log.all()[number];
        assert!(!told.contains("YWxpY2U6") && !told.contains("c2VjcmV0"), "{rest}: {told}");
        assert!(!told.contains("OnNlY3JldA") && !told.contains("pzZWNyZXQ"), "{rest}: {told}");
    }
}

/// CVE-2026-8926.
#[test]
fn a_password_of_netrc_is_for_the_user_that_the_url_names() {
    let (server, log) = http(|_| OK.to_owned());
    let options = netrc(
        named("carol@a.example", server, "/"),
        "user",
        "machine a.example login alice password secret\n",
    );
    run(&mut Driver::new(), options);
    assert!(!log.all()[0].contains("c2VjcmV0") && !log.all()[0].contains("pzZWNyZXQ"));
}

/// CVE-2015-3236, CVE-2025-14524, CVE-2018-1000007, CVE-2022-27774, CVE-2022-27776.
#[test]
fn tokens_cookies_and_fields_of_login_stay_with_their_origin() {
    let (other, other_log) = http(|_| OK.to_owned());
    let (first, log) = http(move |_| redirect(&format!("http://127.0.0.1:{}/", other.port())));
    let mut options = Options { followlocation: FollowLocation::All, ..get(first, "/") };
    options.auth_mut().httpauth = Auth::BEARER;
    options.auth_mut().xoauth2_bearer = Some(b"token"[..].into());
    options.http_mut().cookie = Some(b"c=1"[..].into());
    let mut driver = Driver::new();
    assert_eq!(run(&mut driver, options), Code::Ok);
    // The next transfer on the connection, which has no login.
    assert_eq!(run(&mut driver, get(first, "/")), Code::Ok);
    assert_eq!((log.all().len(), log.having("Authorization")), (2, 1));
    assert_eq!((log.having("Bearer token"), log.having("Cookie: c=1")), (1, 1));
    let mut fields = Options { followlocation: FollowLocation::All, ..get(first, "/") };
    fields.httpheader =
        Some([Box::from(&b"Authorization: token"[..]), Box::from(&b"Cookie: c=1"[..])].into());
    assert_eq!(run(&mut Driver::new(), fields), Code::Ok);
    assert_eq!((log.having("ion: token"), log.having("Cookie: c=1")), (1, 2));
    assert_eq!(other_log.all().len(), 2);
    for word in ["Authorization", "token", "Cookie"] {
        assert_eq!(other_log.having(word), 0, "{word}");
    }
}

/// CVE-2026-11856.
#[test]
fn what_digest_learned_of_one_origin_is_not_told_to_another() {
    let answer = |head: &str| match head.contains("Authorization: Digest") {
        true => OK.to_owned(),
        false => "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n\
            Content-Length: 0\r\n\r\n"
            .to_owned(),
    };
    let ((first, log), (other, other_log)) = (http(answer), http(|_| OK.to_owned()));
    let list = [first, other].map(|server| login(get(server, "/"), Auth::DIGEST));
    run_on_one_handle(&mut Driver::new(), list);
    assert_eq!(log.having("Authorization: Digest"), 1);
    assert_eq!((other_log.all().len(), other_log.having("nonce=")), (1, 0));
}

/// CVE-2026-7168, CVE-2026-8927, CVE-2026-9079.
#[test]
fn what_was_told_to_one_proxy_is_not_told_to_another() {
    let answer = |head: &str| match head.contains("Proxy-Authorization: Digest") {
        true => OK.to_owned(),
        false => "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n\
            Content-Length: 0\r\n\r\n"
            .to_owned(),
    };
    let ((first, log), (other, other_log)) = (http(answer), http(|_| OK.to_owned()));
    let via = |proxy: SocketAddr, with_login: bool| {
        let mut options = url("http://far.example/");
        let group = options.proxy_mut();
        group.proxy = Some(proxy.to_string().into_bytes().into());
        group.proxytype = ProxyType::Http;
        if with_login {
            group.proxyauth = Auth::DIGEST;
            group.proxyusername = Some(b"user"[..].into());
            group.proxypassword = Some(b"secret"[..].into());
        }
        options
    };
    let list = [via(first, true), via(other, true), via(other, false)];
    run_on_one_handle(&mut Driver::new(), list);
    assert_eq!(log.having("Proxy-Authorization: Digest"), 1);
    assert_eq!((other_log.all().len(), other_log.having("nonce=")), (2, 0));
    assert!(!other_log.all()[1].contains("Proxy-Authorization"));
}

/// CVE-2003-1605, CVE-2015-3153.
#[test]
fn a_proxy_that_tunnels_and_its_server_hear_only_what_is_for_them() {
    let (proxy, log) = http(|_| OK.replace("Content-Length: 0\r\n", "").to_owned());
    let mut options = login(url("http://far.example/"), Auth::BASIC);
    options.httpheader = Some([Box::from(&b"X-Secret: 1"[..])].into());
    options.http_mut().cookie = Some(b"c=1"[..].into());
    let group = options.proxy_mut();
    group.proxy = Some(proxy.to_string().into_bytes().into());
    group.proxyusername = Some(b"p"[..].into());
    group.proxypassword = Some(b"q"[..].into());
    group.proxyheader = Some([Box::from(&b"X-Proxy: 1"[..])].into());
    group.httpproxytunnel = true;
    options.timeout = Duration::from_millis(500);
    run(&mut Driver::new(), options);
    let heads = log.all();
    assert!(heads[0].starts_with("CONNECT far.example:80 "), "{}", heads[0]);
    assert!(heads[0].contains("Proxy-Authorization: ") && heads[0].contains("X-Proxy: 1"));
    for word in ["X-Secret", "Cookie", "\r\nAuthorization"] {
        assert!(!heads[0].contains(word) && heads[1].contains(word), "{word}");
    }
    assert!(!heads[1].contains("Proxy-Authorization") && !heads[1].contains("X-Proxy"));
}

/// CVE-2021-22876, CVE-2026-9546.
#[test]
fn a_referer_has_no_password_and_ends_with_its_request() {
    let (server, log) = http(|head| match head.starts_with("GET /go") {
        true => redirect("/there"),
        false => OK.to_owned(),
    });
    let mut first = url(&format!("http://user:secret@{server}/go#part"));
    first.followlocation = FollowLocation::All;
    first.http_mut().autoreferer = true;
    let mut own = get(server, "/own");
    own.http_mut().referer = Some(b"http://own.example/"[..].into());
    run_on_one_handle(&mut Driver::new(), [first, get(server, "/"), own, get(server, "/")]);
    let heads = log.all();
    assert!(heads[1].contains(&format!("\r\nReferer: http://{server}/go\r\n")), "{}", heads[1]);
    assert!(heads[3].contains("Referer: http://own.example/"));
    assert!(!heads[2].contains("Referer") && !heads[4].contains("Referer"));
}

/// CVE-2026-6276.
#[test]
fn cookies_of_a_host_that_was_set_by_hand_stay_with_it() {
    let (server, log) = http(|_| OK.replace("\r\n\r\n", "\r\nSet-Cookie: a=1\r\n\r\n").to_owned());
    let stores = Stores { cookies: Some(Arc::default()), cookie_engine: true, ..Stores::default() };
    let mut by_hand = get(server, "/");
    by_hand.httpheader = Some([Box::from(&b"Host: a.example"[..])].into());
    let mut transfer = Transfer::new(Arc::new(Options::default()));
    transfer.set_stores(Some(Arc::new(stores)));
    let mut driver = Driver::new();
    for options in [by_hand.clone(), by_hand, get(server, "/")] {
        transfer.set_options(Arc::new(options));
        let id = driver.add_transfer(transfer);
        (transfer, _) = end(&mut driver, id);
    }
    let heads = log.all();
    assert!(heads[1].contains("Cookie: a=1") && !heads[2].contains("Cookie"), "{heads:?}");
}

/// CVE-2009-0037, CVE-2024-2004.
#[test]
fn a_redirect_leads_to_no_file_and_no_scheme_that_is_not_allowed() {
    for to in ["file:///etc/passwd", "dict://127.0.0.1/d:x", "smtp://127.0.0.1/", "nope://h/"] {
        let (server, _) = http(move |_| redirect(to));
        let options = Options { followlocation: FollowLocation::All, ..get(server, "/") };
        assert_eq!(run(&mut Driver::new(), options), Code::UnsupportedProtocol, "{to}");
    }
}

/// CVE-2016-8616, CVE-2014-0138, CVE-2015-3143, CVE-2026-4873, CVE-2026-8286.
#[test]
fn a_connection_that_is_logged_in_is_for_that_login_and_that_security() {
    let (server, log) = pop3();
    let mut driver = Driver::new();
    let fetch = |login: &str| url(&format!("pop3://{login}@{server}/1"));
    for login in ["u:secret", "u:secret", "u:SECRET", "U:secret"] {
        assert_eq!(run(&mut driver, fetch(login)), Code::Ok, "{login}");
    }
    // The second of them went on where the first one was.
    assert_eq!((log.having("USER"), log.having("RETR")), (3, 4));
    let mut secure = fetch("u:secret");
    secure.tls_mut().use_ssl = UseSsl::All;
    assert_eq!(run(&mut driver, secure), Code::UseSslFailed);
    assert_eq!((log.having("USER"), log.having("RETR")), (3, 4));
    // Bearer tokens are logins too (CVE-2022-22576).
    let mut bearer = fetch("u:secret");
    bearer.auth_mut().xoauth2_bearer = Some(b"token"[..].into());
    assert_eq!(run(&mut driver, bearer), Code::Ok);
    assert_eq!((log.having("USER"), log.having("RETR")), (4, 5));
}

/// CVE-2012-0036, CVE-2014-8150.
#[test]
fn no_part_of_a_url_adds_a_command() {
    let tagged = |line: &str| format!("{} OK\r\n", line.split(' ').next().unwrap_or_default());
    let servers = [
        ("pop3", pop3()),
        ("imap", lines("* OK\r\n", tagged)),
        ("smtp", lines("220 x\r\n", |_| "250 x\r\n".to_owned())),
        ("ftp", lines("220 x\r\n", |_| "230 x\r\n".to_owned())),
        ("dict", lines("", |_| "250 x\r\n".to_owned())),
        ("http", lines("", |_| OK.to_owned())),
    ];
    for (scheme, (server, log)) in &servers {
        for text in [
            format!("{scheme}://u%0d%0aDELE%201:p@{server}/1"),
            format!("{scheme}://u:p%0aDELE%201@{server}/1"),
            format!("{scheme}://u%00v:p@{server}/1"),
            format!("{scheme}://{server}/d:1%0d%0aDELE%201"),
            format!("{scheme}://{server}/d:1%00DELE%201"),
            format!("{scheme}://{server}/\r\nDELE%201"),
            format!("{scheme}://{server}\n/1"),
        ] {
            // Basic's credentials go in base64, and a path of HTTP stays encoded.
            let may_pass = *scheme == "http";
            let code = run(&mut Driver::new(), url(&text));
            assert!(may_pass || code == Code::UrlMalformat, "{text:?}: {code:?}");
        }
        let commands = log.all();
        assert!(!commands.iter().any(|line| line.starts_with("DELE")), "{scheme}: {commands:?}");
    }
}

/// CVE-2016-8624, CVE-2016-8625, CVE-2022-27780, CVE-2020-8169.
#[test]
fn the_host_is_where_the_authority_says() {
    let parse = |text: &str| Url::parse(text.as_bytes(), UrlFlags::empty());
    for (text, host) in [
        ("http://example.com#@evil.example/x.txt", "example.com"),
        ("http://example.com?@evil.example/", "example.com"),
        ("http://u:pa@ss@example.com/", ""),
        ("http://u:pa%40ss@example.com/", "example.com"),
        ("http://example.com%2F127.0.0.1/", ""),
        ("http://example.com%23@evil.example/", "evil.example"),
        // A letter that IDNA makes "a/c" of.
        ("http://good.example\u{2100}.evil.example/", ""),
        ("http://stra\u{df}e.example/", "xn--strae-oqa.example"),
    ] {
        let got =
            parse(text).and_then(|url| Ok(url.host_ascii()?.into_owned())).unwrap_or_default();
        assert_eq!(String::from_utf8(got).unwrap(), host, "{text}");
    }
}

/// CVE-2022-42916, CVE-2022-43551, CVE-2022-30115, CVE-2023-23914, CVE-2024-9681.
#[test]
fn no_spelling_of_a_host_evades_hsts() {
    let server = serve(|mut stream| drop(read_head(&mut stream)));
    let stores = Stores { hsts: Some(Arc::default()), ..Stores::default() };
    lock(stores.hsts.as_ref().unwrap()).add(b"known.example", b"", false, 0).unwrap();
    for host in [
        "known.example",
        "KNOWN.example",
        "known.example.",
        "known\u{3002}example",
        "known%2eexample",
    ] {
        let mut driver = Driver::new();
        let mut transfer = Transfer::new(Arc::new(Options {
            timeout: Duration::from_millis(300),
            ..named(host, server, "/")
        }));
        transfer.set_stores(Some(Arc::new(stores.clone())));
        let id = driver.add_transfer(transfer);
        assert_ne!(end(&mut driver, id).1, Code::Ok);
        assert!(driver.debug.contains("Switched from HTTP to HTTPS"), "{host}: {}", driver.debug);
    }
    // What a host below says of itself leaves the one above alone.
    let mut cache = HstsCache::new();
    cache.heed_header(b"h.example", b"max-age=1000; includeSubDomains", 0).unwrap();
    cache.heed_header(b"below.h.example", b"max-age=10", 0).unwrap();
    cache.heed_header(b"below.h.example", b"max-age=0", 0).unwrap();
    assert!(cache.applies(b"h.example", 100) && cache.applies(b"below.h.example", 100));
}

/// CVE-2023-46218, CVE-2026-8924, CVE-2022-27779, CVE-2014-3620, CVE-2014-3613, CVE-2013-1944,
/// CVE-2016-8615, CVE-2022-35252.
#[test]
fn cookies_are_for_no_wider_a_domain_than_their_host_may_speak_for() {
    let kept = |host: &str, line: &str| {
        let at = Response { host: host.as_bytes(), path: b"/", secure: true };
        CookieJar::new().set_from_response(line.as_bytes(), &at, 0).is_ok()
    };
    for (host, domain) in [
        ("curl.co.uk", "co.UK"),
        ("CURL.CO.UK", "Co.Uk"),
        ("curl.co.uk.", "co.uk."),
        ("curl.co.uk.", "co.uk"),
        ("curl.co.uk", "co.uk."),
        ("site.com.", "com."),
        ("site.com", ".com"),
        ("site.com", "."),
        ("192.168.0.1", "168.0.1"),
        ("192.168.0.1", "0.1"),
        ("notexample.com", "example.com"),
        ("ample.com", "example.com"),
    ] {
        assert!(!kept(host, &format!("a=b; domain={domain}")), "{host} for {domain}");
    }
    assert!(kept("www.example.co.uk", "a=b; domain=Example.co.UK"));
    for control in (1..32).filter(|&b| !matches!(b, 9 | 10 | 13)).map(char::from) {
        assert!(!kept("h.example", &format!("a=b{control}c")), "{control:?}");
    }
}

/// CVE-2022-32206, CVE-2023-23916.
#[test]
fn codings_are_not_piled_up_over_several_fields() {
    for fields in [
        format!("Content-Encoding: {}\r\n", ["gzip"; 6].join(", ")),
        "Content-Encoding: gzip\r\n".repeat(6),
        "Transfer-Encoding: gzip\r\n".repeat(6),
    ] {
        let (server, _) = http(move |_| OK.replace("\r\n\r\n", &format!("\r\n{fields}\r\n")));
        let mut options = get(server, "/");
        options.accept_encoding = Some(b""[..].into());
        options.http_mut().transfer_encoding = true;
        assert_eq!(run(&mut Driver::new(), options), Code::BadContentEncoding);
    }
}

/// CVE-2023-38039.
#[test]
fn heads_that_never_end_are_given_up() {
    let server = serve(|mut stream| {
        read_head(&mut stream);
        write(&mut stream, "HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"A: 0123456789\r\n").is_ok() {}
    });
    assert_eq!(run(&mut Driver::new(), get(server, "/")), Code::TooLarge);
    let interim = serve(|mut stream| {
        read_head(&mut stream);
        while stream.write_all(b"HTTP/1.1 103 Early\r\nA: 0123456789\r\n\r\n").is_ok() {}
    });
    let options = Options { timeout: Duration::from_secs(15), ..get(interim, "/") };
    assert_ne!(run(&mut Driver::new(), options), Code::OperationTimedout);
}

/// CVE-2023-38545.
#[test]
fn a_name_that_is_too_long_for_socks_goes_nowhere() {
    let (proxy, log) = http(|_| OK.to_owned());
    let mut options = url(&format!("http://{}.example/", "a".repeat(256)));
    options.proxy_mut().proxy = Some(format!("socks5h://{proxy}").into_bytes().into());
    let mut driver = Driver::new();
    assert_eq!(run(&mut driver, options), Code::Proxy);
    assert_eq!(log.all().len(), 0);
}

/// CVE-2020-8284.
#[test]
fn data_of_ftp_comes_from_whom_the_commands_go_to() {
    let data = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = data.local_addr().unwrap().port();
    std::thread::spawn(move || data.accept().unwrap().0.write_all(b"data").unwrap());
    let (server, log) = lines("220 x\r\n", move |line| match line.split(' ').next() {
        Some("EPSV") => "500 no\r\n".to_owned(),
        // Another host's address.
        Some("PASV") => format!("227 (127,0,0,9,{},{})\r\n", port / 256, port % 256),
        Some("PWD") => "257 \"/\" x\r\n".to_owned(),
        Some("SIZE") => "213 4\r\n".to_owned(),
        Some("RETR") => "150 x\r\n226 x\r\n".to_owned(),
        Some("PASS") => "230 x\r\n".to_owned(),
        Some("USER") => "331 x\r\n".to_owned(),
        _ => "200 x\r\n".to_owned(),
    });
    let mut driver = Driver::new();
    let id = driver.add(url(&format!("ftp://{server}/file")));
    driver.run();
    assert_eq!(driver.got[&id].body, b"data", "{:?} {}", log.all(), driver.debug);
    assert!(!driver.debug.contains("127.0.0.9 port"), "{}", driver.debug);
}

/// CVE-2023-27535.
#[test]
fn a_connection_of_ftp_is_for_one_account_and_one_security() {
    let (server, log) = lines("220 x\r\n", |line| match line.split(' ').next() {
        Some("PWD") => "257 \"/\" x\r\n".to_owned(),
        Some("USER") => "331 x\r\n".to_owned(),
        Some("PASS") => "230 x\r\n".to_owned(),
        Some("AUTH") => "500 no\r\n".to_owned(),
        _ => "200 x\r\n".to_owned(),
    });
    let plain = || Options { nobody: true, ..url(&format!("ftp://{server}/")) };
    let mut driver = Driver::new();
    assert_eq!(run(&mut driver, plain()), Code::Ok);
    assert_eq!(run(&mut driver, plain()), Code::Ok);
    assert_eq!(log.having("USER"), 1);
    let (mut account, mut other, mut secure) = (plain(), plain(), plain());
    account.ftp_mut().ftp_account = Some(b"a"[..].into());
    other.ftp_mut().ftp_alternative_to_user = Some(b"b"[..].into());
    secure.tls_mut().use_ssl = UseSsl::All;
    assert_eq!(run(&mut driver, account), Code::Ok);
    assert_eq!(run(&mut driver, other), Code::Ok);
    assert_eq!(log.having("USER"), 3);
    assert_eq!(run(&mut driver, secure), Code::UseSslFailed);
}

/// CVE-2023-27533.
#[test]
fn options_of_telnet_add_no_command() {
    let heard = Log::default();
    let kept = heard.clone();
    let server = serve(move |mut stream| {
        // DO TERMINAL-TYPE; SB TERMINAL-TYPE SEND SE.
        let _ = stream.write_all(&[255, 253, 24, 255, 250, 24, 1, 255, 240]);
        let mut buffer = [0; 512];
        let _ = stream.set_read_timeout(Some(Duration::from_millis(300)));
        while let Ok(count @ 1..) = std::io::Read::read(&mut stream, &mut buffer) {
            kept.push(format!("{:?}", &buffer[..count]));
        }
    });
    for (value, is_sent) in [(&b"TTYPE=vt100"[..], true), (b"TTYPE=vt\xff\xf0\xff\xf4", false)] {
        let mut options = url(&format!("telnet://{server}"));
        options.timeout = Duration::from_secs(1);
        options.other_mut().telnetoptions = Some([Box::from(value)].into());
        let before = heard.all().concat().len();
        run(&mut Driver::new(), options);
        let told = heard.all().concat()[before..].to_owned();
        assert_eq!(told.contains("118, 116"), is_sent, "{told}");
        assert!(!told.contains("244"), "{told}");
    }
}

/// CVE-2016-8615.
#[test]
fn the_end_of_a_long_line_of_a_cookie_file_is_no_line() {
    let cookie = "h.example\tFALSE\t/\tFALSE\t9999999999\ta\tb\n";
    let mut jar = CookieJar::new();
    for length in (0..20_000).step_by(100).flat_map(|length| length..length + 2) {
        jar.load(format!("#{}{cookie}", "x".repeat(length)).as_bytes(), false, 0);
        let name =
            format!("far.example\tFALSE\t/\tFALSE\t9999999999\ta\t{}{cookie}", "x".repeat(length));
        jar.load(name.as_bytes(), false, 0);
    }
    assert!(jar.cookies().all(|cookie| !cookie.to_line().starts_with(b"h.example")));
    jar.load(cookie.as_bytes(), false, 0);
    assert!(jar.cookies().any(|cookie| cookie.to_line().starts_with(b"h.example")));
}
