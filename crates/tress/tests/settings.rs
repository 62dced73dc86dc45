//! What settings come to on the wire, and which are refused.

mod support;

use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixListener;

use support::{ok, response, serve};
use tress::{Auth, Code, DebugKind, Easy, Form, HttpVersion, Part, Protocols, Share};

#[test]
fn what_would_break_a_request_is_refused_by_name() {
    let refused = |easy: Easy| {
        let error = easy.perform().unwrap_err();
        assert_eq!(error.code(), Code::BadFunctionArgument);
        error.message().to_owned()
    };
    let easy = || Easy::get("http://127.0.0.1:1/");
    let line_end = "it has a line end or a zero byte";
    assert_eq!(
        refused(easy().header("X-A", "b\r\nX-C: d").header("X:", "")),
        format!("The header \"X-A: b\\r\\nX-C: d\" cannot be: {line_end}")
    );
    assert!(refused(easy().header("X A", "b")).contains("no header's name"));
    assert!(refused(easy().without_header("")).contains("no header's name"));
    assert!(refused(easy().user_agent("a\nb")).contains("user agent"));
    assert!(refused(easy().cookie("a=\r1")).contains("cookie"));
    assert!(refused(easy().method("GET /\r\nX:")).contains("method"));
    assert!(refused(easy().credentials("u\0", "")).contains("user"));
    assert!(refused(easy().mail("a@b", &["c@d\r\nDATA"])).contains("c@d"));
    assert!(refused(easy().resolve("a,b", 1, Ipv4Addr::LOCALHOST.into())).contains("a,b"));
    assert!(refused(easy().ca_file("a\0b")).contains("zero byte"));
    assert!(refused(Easy::get("http://a\0b/")).contains("URL"));
}

#[test]
fn methods_and_fields() {
    let server = serve(|request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        ok(&format!("{} {body}", request.method))
    });
    let url = format!("http://{server}/");
    let body = |easy: Easy| easy.perform().unwrap().text().unwrap().to_owned();
    assert_eq!(body(Easy::delete(&url)), "DELETE ");
    assert_eq!(body(Easy::patch(&url, "some")), "PATCH some");
    let fields = [("a b", "1&2"), ("å", "")];
    assert_eq!(body(Easy::post_fields(&url, fields)), "POST a%20b=1%262&%C3%A5=");
}

#[test]
fn a_form_has_its_parts_and_starts_again_after_a_redirect() {
    let path = std::env::temp_dir().join(format!("tress-form-{}.txt", std::process::id()));
    std::fs::write(&path, "from a file").unwrap();
    let server = serve(|request| match request.path.as_str() {
        "/first" => response("307 Go", "Location: /second\r\n", ""),
        _ => {
            let kind = request.header("Content-Type").unwrap();
            let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
            ok(&String::from_utf8_lossy(&request.body).replace(boundary, "B"))
        }
    });
    let form = Form::new()
        .text("name", "value")
        .file("file", &path)
        .part(Part::bytes("data", *b"{}").file_name("d.json").content_type("application/json"));
    let name = path.file_name().unwrap().to_str().unwrap();
    let expected = format!(
        "--B\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nvalue\r\n\
         --B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: text/plain\r\n\r\nfrom a file\r\n\
         --B\r\nContent-Disposition: form-data; name=\"data\"; filename=\"d.json\"\r\n\
         Content-Type: application/json\r\n\r\n{{}}\r\n--B--\r\n"
    );
    let first = format!("http://{server}/first");
    let answer = Easy::post_form(&first, form).redirects(2).perform().unwrap();
    assert_eq!(answer.text().unwrap(), expected);
    let again = answer.again().perform().unwrap();
    assert_eq!(again.text().unwrap(), expected);
    std::fs::remove_file(&path).unwrap();
    let gone = Easy::post_form(&first, Form::new().file("file", &path));
    let error = gone.perform().unwrap_err();
    assert_eq!(error.code(), Code::ReadError);
    let named = format!("{}: No such file", path.display());
    assert!(error.message().contains(&named), "{error}");
}

#[test]
fn authentication_of_every_kind() {
    let server = serve(|request| match request.header("Authorization") {
        Some(value) => ok(value.split(',').next().unwrap()),
        None => response(
            "401 No",
            "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\r\n",
            "",
        ),
    });
    let url = format!("http://{server}/");
    let said = |easy: Easy| easy.perform().unwrap().text().unwrap().to_owned();
    assert_eq!(said(Easy::get(&url).credentials("u", "p")), "Basic dTpw");
    assert_eq!(said(Easy::get(&url).bearer("token")), "Bearer token");
    let digest = Easy::get(&url).credentials("u", "p").auth(Auth::DIGEST);
    assert_eq!(said(digest), "Digest username=\"u\"");
}

#[test]
fn the_way_to_the_server_can_be_chosen() {
    let server = serve(|request| ok(request.header("Host").unwrap()));
    let port = server.port();
    let url = format!("http://some.invalid:{port}/");
    let there = Easy::get(&url).resolve("some.invalid", port, server.ip()).perform().unwrap();
    assert_eq!(there.text().unwrap(), format!("some.invalid:{port}"));
    let there = Easy::get("http://other.invalid/").connect_to("127.0.0.1", port).perform().unwrap();
    assert_eq!(there.text().unwrap(), "other.invalid");
    assert_eq!(there.http_version(), Some(HttpVersion::V1_1));
    let proxied = Easy::get("http://far.invalid/")
        .proxy(&format!("http://{server}"))
        .proxy_credentials("u", "p");
    assert_eq!(proxied.perform().unwrap().text().unwrap(), "far.invalid");
}

#[test]
fn a_unix_socket_can_be_the_server() {
    let path = std::env::temp_dir().join(format!("tress-unix-{}", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1000]);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nunix").unwrap();
    });
    let response = Easy::get("http://localhost/").unix_socket(&path).perform().unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(response.body(), b"unix");
}

#[test]
fn cookies_are_shared_and_can_be_kept() {
    let server = serve(|request| match request.path.as_str() {
        "/login" => response("200 OK", "Set-Cookie: id=7; Max-Age=1000\r\n", ""),
        _ => ok(request.header("Cookie").unwrap_or("-")),
    });
    let share = Share::new().with_cookies();
    let url = |path| format!("http://{server}{path}");
    Easy::get(url("/login")).share(&share).perform().unwrap();
    let page = |share: &Share| {
        let response = Easy::get(url("/page")).share(share).perform().unwrap();
        response.text().unwrap().to_owned()
    };
    assert_eq!(page(&share), "id=7");
    assert_eq!(page(&Share::new()), "-");
    let other = Share::new().with_cookies();
    other.load_cookies(&share.cookies());
    assert_eq!(page(&other), "id=7");
    let plain = Easy::get(url("/page")).cookie("a=1").perform().unwrap();
    assert_eq!(plain.body(), b"a=1");
}

#[test]
fn threads_share_what_they_remember() {
    let server = serve(|request| match request.path.as_str() {
        "/login" => response("200 OK", "Set-Cookie: id=7\r\n", ""),
        _ => ok(request.header("Cookie").unwrap_or("-")),
    });
    let port = server.port();
    let url = move |path: &str| format!("http://shared.invalid:{port}{path}");
    let share = Share::new().with_cookies().with_hsts().with_addresses().with_tls_sessions();
    let login = Easy::get(url("/login")).resolve("shared.invalid", port, server.ip());
    login.share(&share).perform().unwrap();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let share = share.clone();
            std::thread::spawn(move || {
                let mut multi = tress::Multi::new();
                for _ in 0..20 {
                    // The address, too, is known from another thread.
                    let page = multi.perform(Easy::get(url("/page")).share(&share)).unwrap();
                    assert_eq!(page.body(), b"id=7");
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn settings_can_be_taken_over() {
    let server = serve(|request| {
        let of = |name| request.header(name).unwrap_or("-").to_owned();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        ok(&[request.method.clone(), of("X-A"), of("X-B"), of("Authorization"), of("Cookie"), body]
            .join(" "))
    });
    let url = format!("http://{server}/");
    let share = Share::new().with_cookies();
    let address = server.ip();
    share.load_cookies(format!("{address}\tFALSE\t/\tFALSE\t0\tid\t7\n").as_bytes());
    let heard = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let hears = heard.clone();
    let common = Easy::post("http://127.0.0.1:1/", "other")
        .header("X-A", "a")
        .bearer("token")
        .share(&share)
        .on_header(move |_| {
            hears.store(true, std::sync::atomic::Ordering::SeqCst);
            tress::Flow::Continue
        });
    let said = |easy: Easy| easy.perform().unwrap().text().unwrap().to_owned();
    assert_eq!(said(Easy::get(&url).like(&common)), "GET a - Bearer token id=7 ");
    let put = Easy::put(&url, "body").like(&common).header("X-B", "b");
    assert_eq!(said(put), "PUT a b Bearer token id=7 body");
    assert_eq!(said(Easy::delete(&url).like(&common)), "DELETE a - Bearer token id=7 ");
    assert!(!heard.load(std::sync::atomic::Ordering::SeqCst), "a closure of another transfer");
    let refused = Easy::get(&url).like(&common.user_agent("a\nb")).perform().unwrap_err();
    assert!(refused.message().contains("user agent"));
}

#[test]
fn where_a_url_leads_can_be_refused() {
    let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let asks = asked.clone();
    let inner = serve(move |request| {
        asks.lock().unwrap().push(request.path.clone());
        ok("secret")
    });
    let inside = format!("Location: http://{inner}/inside\r\n");
    let outer = serve(move |_| response("302 Go", &inside, ""));
    let easy = |refused: Option<std::net::SocketAddr>| {
        Easy::get(format!("http://{outer}/")).redirects(5).on_request(move |to| {
            if Some(to) == refused { tress::Flow::Abort } else { tress::Flow::Continue }
        })
    };
    assert_eq!(easy(None).perform().unwrap().body(), b"secret");
    let error = easy(Some(inner)).perform().unwrap_err();
    assert_eq!(error.code(), Code::AbortedByCallback);
    assert_eq!(asked.lock().unwrap().len(), 1, "the second request was not sent");
    // By scheme, also after a redirect.
    let http = Easy::get(format!("http://{outer}/")).redirects(5).protocols(Protocols::HTTPS);
    assert_eq!(http.perform().unwrap_err().code(), Code::UnsupportedProtocol);
    let elsewhere = serve(|_| response("302 Go", "Location: ftp://127.0.0.1:1/\r\n", ""));
    let url = format!("http://{elsewhere}/");
    let only_http = Easy::get(&url).redirects(5).protocols(Protocols::HTTP);
    assert_eq!(only_http.perform().unwrap_err().code(), Code::UnsupportedProtocol);
    let any = Easy::get(&url).redirects(5).perform().unwrap_err();
    assert_eq!(any.code(), Code::CouldntConnect);
}

#[test]
fn a_log_hears_of_both_ways() {
    let server = serve(|_| ok("body"));
    let (sender, told) = std::sync::mpsc::channel();
    let log = move |kind, bytes: &[u8]| {
        let _ = sender.send((kind, String::from_utf8_lossy(bytes).into_owned()));
    };
    Easy::get(format!("http://{server}/")).on_debug(log).perform().unwrap();
    let told: Vec<_> = told.iter().collect();
    let has = |kind, part: &str| told.iter().any(|(it, text)| *it == kind && text.contains(part));
    assert!(has(DebugKind::HeaderOut, "GET / HTTP/1.1\r\n"));
    assert!(has(DebugKind::HeaderIn, "HTTP/1.1 200 OK\r\n"));
    assert!(has(DebugKind::DataIn, "body"));
}

#[cfg(feature = "json")]
#[test]
fn json_goes_both_ways() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Thing {
        number: u32,
    }
    let server = serve(|request| {
        assert_eq!(request.header("Content-Type"), Some("application/json"));
        ok(&String::from_utf8_lossy(&request.body))
    });
    let thing = Thing { number: 7 };
    let response = Easy::post_json(format!("http://{server}/"), &thing).perform().unwrap();
    assert_eq!(response.json::<Thing>().unwrap(), thing);
    assert!(response.json::<Vec<u8>>().is_err());
}

#[cfg(feature = "http")]
#[test]
fn requests_and_responses_of_the_crate_http() {
    let server = serve(|request| {
        let headers = [request.header("X-A"), request.header("X-Empty")];
        let body = String::from_utf8_lossy(&request.body);
        let said = format!("{} {} {headers:?} {body}", request.method, request.path);
        response("201 Made", "X-B: 1\r\nX-B: 2\r\n", &said)
    });
    let url = format!("http://{server}/a?b");
    for (method, body, expected) in [
        ("GET", "", "GET /a?b [Some(\"1\"), Some(\"\")] "),
        ("HEAD", "", ""),
        ("POST", "p", "POST /a?b [Some(\"1\"), Some(\"\")] p"),
        ("PUT", "", "PUT /a?b [Some(\"1\"), Some(\"\")] "),
        ("DELETE", "", "DELETE /a?b [Some(\"1\"), Some(\"\")] "),
        ("PROPFIND", "x", "PROPFIND /a?b [Some(\"1\"), Some(\"\")] x"),
    ] {
        let request = http::Request::builder().method(method).uri(&url);
        let request = request.header("X-A", "1").header("X-Empty", "").body(body).unwrap();
        let response = Easy::from(request).perform().unwrap();
        let response: http::Response<Vec<u8>> = response.try_into().unwrap();
        assert_eq!(response.status(), http::StatusCode::CREATED);
        assert_eq!(response.version(), http::Version::HTTP_11);
        let both: Vec<_> = response.headers().get_all("x-b").iter().collect();
        assert_eq!(both, ["1", "2"]);
        assert_eq!(String::from_utf8_lossy(response.body()), expected);
    }
    let file = Easy::get("file:///dev/null").perform().unwrap();
    assert!(http::Response::try_from(file).is_err(), "it has no response code");
}

#[cfg(feature = "charset")]
#[test]
fn text_of_any_encoding() {
    let server = serve(|request| {
        let kind = match request.path.as_str() {
            "/quoted" => "Content-Type: text/html; x=y; Charset=\"UTF-16LE\"\r\n",
            "/utf8" => "",
            "/unknown" => "Content-Type: text/html; charset=none\r\n",
            "/latin" => "Content-Type: text/html;charset=iso-8859-1\r\n",
            _ => "Content-Type: text/plain; charset=us-ascii\r\n",
        };
        let body = match request.path.as_str() {
            "/quoted" => "a\0b\0",
            "/mark" => "\u{feff}\u{e5}",
            _ => "\u{e5}",
        };
        response("200 OK", kind, body)
    });
    for (path, text) in [
        ("quoted", "ab"),
        ("utf8", "\u{e5}"),
        ("unknown", "\u{e5}"),
        ("latin", "\u{c3}\u{a5}"),
        ("mark", "\u{e5}"),
    ] {
        let page = Easy::get(format!("http://{server}/{path}")).perform().unwrap();
        assert_eq!(page.decoded_text(), text, "{path}");
    }
}

#[test]
fn what_is_handed_to_other_threads_may_be() {
    fn sent<T: Send>() {}
    fn shared<T: Send + Sync>() {}
    sent::<tress::Multi>();
    sent::<tress::Reader<tress::Multi>>();
    shared::<Easy>();
    shared::<tress::Done>();
    shared::<tress::Response>();
    shared::<Share>();
    shared::<tress::Error>();
    shared::<tress::Handle>();
    shared::<Form>();
    shared::<tress::Message>();
}

#[cfg(feature = "future")]
#[test]
fn futures_may_be_spawned_on_any_thread() {
    use tress::future::{Body, Client, Connecting, Download, Opening, Pending, Speaker};
    use tress::future::{WebSocket, Writer};
    fn spawned<T: Send + 'static>(_: impl Fn(T)) {}
    fn shared<T: Send + Sync + Unpin>() {}
    shared::<Client>();
    shared::<Speaker>();
    shared::<Writer>();
    shared::<Body>();
    shared::<Pending>();
    shared::<Opening>();
    shared::<Connecting>();
    shared::<Download>();
    shared::<WebSocket>();
    #[cfg(feature = "tokio")]
    spawned::<tress::future::Driver<tress::future::Tokio>>(|_| {});
}
