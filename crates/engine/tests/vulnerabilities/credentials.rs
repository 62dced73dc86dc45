//! Passwords, tokens and cookies are told to whom they are for.

use super::*;

/// CVE-2024-11053, CVE-2025-0167.
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

/// CVE-2026-6429: both hosts are reached over the same connection.
#[test]
fn a_password_of_netrc_stays_with_its_machine_behind_a_proxy() {
    let (proxy, log) = http(|head| match head.starts_with("GET http://a.example/") {
        true => redirect("http://b.example/"),
        false => OK.to_owned(),
    });
    for (number, rest) in
        ["", "machine b.example login bob", "machine b.example", "default"].iter().enumerate()
    {
        let text = format!("machine a.example login alice password secret\n{rest}\n");
        let mut options = netrc(url("http://a.example/"), &format!("proxy{number}"), &text);
        options.followlocation = FollowLocation::All;
        options.proxy_mut().proxy = Some(proxy.to_string().into_bytes().into());
        options.proxy_mut().proxytype = ProxyType::Http;
        assert_eq!(run(&mut Driver::new(), options), Code::Ok, "{rest}");
        let [.., first, told] = &log.all()[..] else { panic!("two requests") };
        assert!(first.contains("\r\nAuthorization: Basic YWxpY2U6c2VjcmV0"), "{rest}");
        assert!(!told.contains("YWxpY2U6") && !told.contains("c2VjcmV0"), "{rest}: {told}");
        assert!(!told.contains("OnNlY3JldA") && !told.contains("pzZWNyZXQ"), "{rest}: {told}");
    }
}

/// CVE-2026-3783.
#[test]
fn a_token_is_not_told_to_a_machine_that_netrc_knows() {
    let (other, other_log) = http(|_| OK.to_owned());
    let (first, log) = http(move |_| redirect(&format!("http://b.example:{}/", other.port())));
    let text = "machine b.example login bob password own";
    let mut options = netrc(named("a.example", first, "/"), "token", text);
    options.auth_mut().httpauth = Auth::BEARER;
    options.auth_mut().xoauth2_bearer = Some(b"token"[..].into());
    assert_eq!(run(&mut Driver::new(), options), Code::Ok);
    assert_eq!((log.having("Bearer token"), other_log.having("token")), (1, 0));
    assert_eq!(other_log.all().len(), 1);
}

/// CVE-2025-14524.
#[test]
fn a_token_is_not_told_to_another_protocol() {
    let (other, other_log) = lines("+OK\r\n", |line| {
        match line.split(' ').next() {
            Some("CAPA") => "+OK\r\nSASL XOAUTH2 OAUTHBEARER PLAIN\r\nSASL-IR\r\n.\r\n",
            Some("RETR") => "+OK\r\nhi\r\n.\r\n",
            _ => "+OK\r\n",
        }
        .to_owned()
    });
    let (first, log) = http(move |_| redirect(&format!("pop3://user:own@{other}/1")));
    let mut options = Options { followlocation: FollowLocation::All, ..get(first, "/") };
    options.redir_protocols = Protocols::all();
    options.auth_mut().httpauth = Auth::BEARER;
    options.auth_mut().xoauth2_bearer = Some(b"token"[..].into());
    run(&mut Driver::new(), options);
    assert_eq!((log.having("Bearer token"), other_log.having("CAPA")), (1, 1));
    let told = other_log.all();
    // "token" in base64, wherever it begins.
    let encoded = ["dG9rZW4", "Rva2Vu", "0b2tlb"];
    let tells = |line: &String| encoded.iter().any(|text| line.contains(text));
    assert!(!told.iter().any(|line| line.contains("BEARER") || tells(line)), "{told:?}");
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

/// CVE-2015-3236, CVE-2018-1000007, CVE-2022-27774, CVE-2022-27776.
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

/// A server that asks for Digest, with this status and field, until the other field comes.
fn digest(asks: &'static str, answered: &'static str) -> (SocketAddr, Log) {
    http(move |head| match head.contains(&format!("{answered}: Digest")) {
        true => OK.to_owned(),
        false => {
            format!("HTTP/1.1 {asks}: Digest realm=\"r\", nonce=\"n\"\r\nContent-Length: 0\r\n\r\n")
        }
    })
}

/// CVE-2026-11856.
#[test]
fn what_digest_learned_of_one_origin_is_not_told_to_another() {
    let (first, log) = digest("401 No\r\nWWW-Authenticate", "\r\nAuthorization");
    let (other, other_log) = http(|_| OK.to_owned());
    let list = [first, other].map(|server| login(get(server, "/"), Auth::DIGEST));
    run_on_one_handle(&mut Driver::new(), list);
    assert_eq!(log.having("Authorization: Digest"), 1);
    assert_eq!((other_log.all().len(), other_log.having("nonce=")), (1, 0));
}

/// CVE-2026-7168, CVE-2026-9079.
#[test]
fn what_was_told_to_one_proxy_is_not_told_to_another() {
    let (first, log) = digest("407 No\r\nProxy-Authenticate", "\r\nProxy-Authorization");
    let (other, other_log) = http(|_| OK.to_owned());
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

/// CVE-2026-6253: each scheme has a proxy of its own in the environment, which only a process of
/// its own can have.
#[test]
fn the_proxy_of_a_redirect_is_told_no_login_of_the_first() {
    const PROXY: &str = "TRESS_TEST_FIRST_PROXY";
    if let Ok(first) = std::env::var(PROXY) {
        let mut options = url("http://near.example/");
        options.followlocation = FollowLocation::All;
        assert!(std::env::var("http_proxy").is_ok_and(|proxy| proxy.ends_with(&first)));
        assert_eq!(run(&mut Driver::new(), options), Code::CouldntConnect);
        return;
    }
    let (first, log) = http(|_| redirect("https://far.example/"));
    let (other, other_log) = http(|_| "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n".to_owned());
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "credentials::the_proxy_of_a_redirect_is_told_no_login_of_the_first"])
        .env(PROXY, first.to_string())
        .env("http_proxy", format!("http://user:secret@{first}"))
        .env("https_proxy", format!("http://{other}"))
        .env_remove("no_proxy")
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert_eq!(
        (log.all().len(), log.having("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=")),
        (1, 1)
    );
    assert_eq!(other_log.having("CONNECT far.example:443"), 1);
    assert_eq!(other_log.having("Proxy-Authorization"), 0, "{:?}", other_log.all());
}

/// CVE-2026-8927: the same for proxies of the environment, which only a process of its own can have.
#[test]
fn what_was_told_to_a_proxy_of_the_environment_is_not_told_to_another() {
    const PROXY: &str = "TRESS_TEST_DIGEST_PROXY";
    if std::env::var(PROXY).is_ok() {
        let list = ["http://far.example/", "ftp://far.example/"].map(|text| {
            let mut options = url(text);
            options.proxy_mut().proxyauth = Auth::DIGEST;
            options
        });
        return run_on_one_handle(&mut Driver::new(), list);
    }
    let answer = |head: &str| match head.contains("Proxy-Authorization: Digest") {
        true => OK.to_owned(),
        false => "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n\
            Content-Length: 0\r\n\r\n"
            .to_owned(),
    };
    let ((first, log), (other, other_log)) = (http(answer), http(|_| OK.to_owned()));
    let name = "credentials::what_was_told_to_a_proxy_of_the_environment_is_not_told_to_another";
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(PROXY, "")
        .env("http_proxy", format!("http://user:secret@{first}"))
        .env("ftp_proxy", format!("http://user:secret@{other}"))
        .env_remove("no_proxy")
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert_eq!(log.having("Proxy-Authorization: Digest"), 1);
    assert_eq!((other_log.all().len(), other_log.having("nonce=")), (1, 0));
}
