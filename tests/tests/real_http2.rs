//! HTTP/2 with real peers: apache2's mod_http2, nghttpx as a server and as a proxy, Debian's curl
//! and git on the library. `TRESS_LIB` with the directory of a libcurl that has nghttp2 shows that
//! the tests ask for what libcurl does.
use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::time::Duration;
use tress_tests::api::api;
use tress_tests::peers::{Apache, Nghttpx};
use tress_tests::tls::option::{CAINFO, PROXY_CAINFO};
use tress_tests::{Library, Loop, Program, Transfer, scratch};

const LIMIT: Duration = Duration::from_secs(30);
const PROXY: u32 = 10_004;
const CUSTOMREQUEST: u32 = 10_036;
const HTTPPROXYTUNNEL: u32 = 61;
const HTTP_VERSION: u32 = 84;
const PROXYTYPE: u32 = 101;
const COPYPOSTFIELDS: u32 = 10_165;
const NOPROXY: u32 = 10_177;
const PIPEWAIT: u32 = 237;
const PUSHFUNCTION: u32 = 20_014;
const PUSHDATA: u32 = 10_015;
const INFO_CODE: c_int = 0x20_0000 + 2;
const INFO_CONNECTS: c_int = 0x20_0000 + 26;
const INFO_HTTP_VERSION: c_int = 0x20_0000 + 46;
/// `CURL_HTTP_VERSION_2TLS`.
const OVER_TLS: i64 = 4;
/// `CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE`.
const PRIOR_KNOWLEDGE: i64 = 5;
/// `CURLPROXY_HTTPS2`.
const HTTPS2: i64 = 3;
/// `CURLINFO_HTTP_VERSION` of HTTP/2.
const VERSION_2: i64 = 3;

fn get(apache: &Apache, url: &str) -> Transfer {
    let ca = apache.authority.path("ca.pem");
    Transfer::new(url).long(HTTP_VERSION, OVER_TLS).long(PIPEWAIT, 1).str(CAINFO, &ca)
}

fn connects<'a>(transfers: impl IntoIterator<Item = &'a Transfer>) -> i64 {
    transfers.into_iter().map(|transfer| transfer.info(INFO_CONNECTS)).sum()
}

/// The reference that is built for the tests has no TLS and no HTTP/2.
fn has_http2() -> bool {
    Library::under_test().name != "reference"
}

#[test]
fn apache_serves_many_at_once_and_one_after_the_other_over_one_connection() {
    if !has_http2() {
        return;
    }
    let apache = Apache::start("");
    let large = apache.file("large", 3_000_000);
    let small = apache.file("small", 10);
    let mut lp = Loop::new();
    let url = |name: &str| apache.url(&format!("/{name}"));
    let many: Vec<Transfer> = (0..30).map(|_| get(&apache, &url("small"))).collect();
    let big: Vec<Transfer> = (0..3).map(|_| get(&apache, &url("large"))).collect();
    let all: Vec<&Transfer> = many.iter().chain(&big).collect();
    assert!(lp.run(&all, LIMIT).iter().all(|code| *code == 0));
    assert!(many.iter().all(|transfer| transfer.body() == small));
    assert!(big.iter().all(|transfer| transfer.body() == large));
    assert!(all.iter().all(|transfer| transfer.info(INFO_HTTP_VERSION) == VERSION_2));
    assert_eq!(connects(all), 1);
    for _ in 0..5 {
        let next = get(&apache, &url("small"));
        assert_eq!(lp.run(&[&next], LIMIT), [0]);
        assert_eq!((next.body(), connects([&next])), (small.clone(), 0));
    }
    lp.check();
}

#[test]
fn uploads_to_apache() {
    if !has_http2() {
        return;
    }
    let apache = Apache::start("");
    let text: String = (0..60_000).map(|n| format!("{n:05}\n")).collect();
    let mut lp = Loop::new();
    let plain = |path: &str| {
        Transfer::new(&apache.plain_url(path)).long(HTTP_VERSION, PRIOR_KNOWLEDGE).long(PIPEWAIT, 1)
    };
    let put = |transfer: Transfer| transfer.str(COPYPOSTFIELDS, &text).str(CUSTOMREQUEST, "PUT");
    let one = put(plain("/one"));
    let two = put(get(&apache, &apache.url("/two")));
    assert_eq!(lp.run(&[&one, &two], LIMIT), [0, 0]);
    for (transfer, name) in [(&one, "one"), (&two, "two")] {
        assert_eq!((transfer.info(INFO_CODE), transfer.info(INFO_HTTP_VERSION)), (201, VERSION_2));
        let file = std::fs::read_to_string(apache.root.join(name)).expect("what was put");
        assert!(file == text, "{name}");
    }
    lp.check();
}

#[test]
fn an_alternative_service_speaks_http2() {
    if !has_http2() {
        return;
    }
    const ALTSVC: u32 = 10_287;
    const ALTSVC_CTRL: u32 = 286;
    /// `CURLALTSVC_H1 | CURLALTSVC_H2`.
    const H1_AND_H2: i64 = 1 << 3 | 1 << 4;
    const PRIMARY_PORT: c_int = 0x20_0000 + 40;
    let apache = Apache::start("");
    let small = apache.file("small", 1000);
    let nghttpx = Nghttpx::reverse(&apache.authority, apache.port);
    let (from, to) = (apache.tls_port, nghttpx.port);
    let file = scratch("altsvc").join("cache");
    let line = format!("h1 localhost {from} h2 localhost {to} \"20401231 00:00:00\" 0 0\n");
    std::fs::write(&file, line).expect("the cache");
    let mut lp = Loop::new();
    let other = get(&apache, &apache.url("/small"))
        .long(ALTSVC_CTRL, H1_AND_H2)
        .str(ALTSVC, &file.to_string_lossy());
    assert_eq!(lp.run(&[&other], LIMIT), [0], "{}", other.error());
    assert_eq!(other.body(), small);
    assert_eq!((other.info(PRIMARY_PORT), other.info(INFO_HTTP_VERSION)), (to.into(), VERSION_2));
    lp.check();
}

/// What the push callback saw, and the handles that it has accepted.
#[derive(Default)]
struct Pushes {
    paths: Vec<String>,
    handles: Vec<*mut curl_sys::CURL>,
    #[expect(clippy::vec_box, reason = "handles hold their addresses")]
    bodies: Vec<Box<RefCell<Vec<u8>>>>,
}

unsafe extern "C" fn on_push(
    _parent: *mut curl_sys::CURL,
    easy: *mut curl_sys::CURL,
    _count: usize,
    headers: *mut c_void,
    pushes: *mut c_void,
) -> c_int {
    // SAFETY: as the manual page says; `pushes` is what the option was set to.
    unsafe {
        let pushes = &*pushes.cast::<RefCell<Pushes>>();
        let path = (api().pushheader_byname)(headers, c":path".as_ptr());
        let first = (api().pushheader_bynum)(headers, 0);
        assert!(!path.is_null() && !first.is_null());
        assert!((api().pushheader_byname)(headers, c"absent".as_ptr()).is_null());
        let path = CStr::from_ptr(path).to_str().expect("text").to_owned();
        let deny = path.contains("unwanted");
        pushes.borrow_mut().paths.push(path);
        if deny {
            return 1;
        }
        let body = Box::new(RefCell::new(Vec::new()));
        (api().easy_setopt)(easy, curl_sys::CURLOPT_WRITEFUNCTION, on_body as *const c_void);
        (api().easy_setopt)(easy, curl_sys::CURLOPT_WRITEDATA, &raw const *body);
        pushes.borrow_mut().handles.push(easy);
        pushes.borrow_mut().bodies.push(body);
        0
    }
}

unsafe extern "C" fn on_body(from: *const c_char, size: usize, n: usize, to: *mut c_void) -> usize {
    // SAFETY: the library gives so many bytes; `to` is what the option was set to.
    unsafe {
        let bytes = std::slice::from_raw_parts(from.cast::<u8>(), size * n);
        (*to.cast::<RefCell<Vec<u8>>>()).borrow_mut().extend_from_slice(bytes);
    }
    size * n
}

#[test]
fn apache_pushes() {
    if !has_http2() {
        return;
    }
    // What is refused is never ready: where the refusal meets a response head that apache has
    // queued, apache takes it for an error of its own and closes the connection, whoever refuses.
    let never = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = never.local_addr().expect("its address").port();
    let push = "<Location /page>\nH2PushResource /style\nH2PushResource /unwanted\n</Location>";
    let apache = Apache::start(&format!("{push}\nProxyPass /unwanted http://127.0.0.1:{port}/"));
    apache.file("page", 100);
    let style = apache.file("style", 200_000);
    let pushes = Box::new(RefCell::new(Pushes::default()));
    let mut lp = Loop::new();
    // SAFETY: the callback has the documented type; its data outlives the multi handle.
    unsafe {
        (api().multi_setopt)(lp.multi, PUSHFUNCTION, on_push as *const c_void);
        (api().multi_setopt)(lp.multi, PUSHDATA, &raw const *pushes);
    }
    let page = get(&apache, &apache.url("/page"));
    lp.add(&page);
    assert!(lp.run_until(2, LIMIT), "the page and what is pushed");
    let finished = lp.take_finished();
    let Pushes { mut paths, handles, bodies } = pushes.take();
    assert!(finished.iter().all(|(_, code)| *code == 0), "{finished:?}");
    paths.sort();
    assert_eq!(paths, ["/style", "/unwanted"]);
    assert_eq!(handles.len(), 1);
    assert!(*bodies[0].borrow() == style);
    assert!(finished.iter().any(|(easy, _)| *easy == handles[0]));
    // SAFETY: the handle became ours when the push was accepted.
    unsafe {
        assert_eq!((api().multi_remove)(lp.multi, handles[0]), 0);
        (api().easy_cleanup)(handles[0]);
    }
    lp.remove(&page);
    lp.check();
}

#[test]
fn nghttpx_as_a_server() {
    if !has_http2() {
        return;
    }
    let apache = Apache::start("");
    let large = apache.file("large", 1_000_000);
    let nghttpx = Nghttpx::reverse(&apache.authority, apache.port);
    let url = format!("https://localhost:{}/large", nghttpx.port);
    let mut lp = Loop::new();
    let all: Vec<Transfer> = (0..5).map(|_| get(&apache, &url)).collect();
    assert!(lp.run(&all.iter().collect::<Vec<_>>(), LIMIT).iter().all(|code| *code == 0));
    assert!(all.iter().all(|transfer| transfer.body() == large));
    assert_eq!((connects(&all), all[0].info(INFO_HTTP_VERSION)), (1, VERSION_2));
    lp.check();
}

#[test]
fn nghttpx_as_an_http2_proxy() {
    if !has_http2() {
        return;
    }
    let apache = Apache::start("");
    let large = apache.file("large", 1_000_000);
    let nghttpx = Nghttpx::forward(&apache.authority, apache.proxy_port);
    let via = |transfer: Transfer| {
        transfer
            .str(NOPROXY, "")
            .str(PROXY, &format!("https://localhost:{}", nghttpx.port))
            .long(PROXYTYPE, HTTPS2)
            .str(PROXY_CAINFO, &apache.authority.path("ca.pem"))
    };
    let mut lp = Loop::new();
    // TLS over a tunnel that is a stream; then the same connection again.
    for round in 0..2 {
        let tunnelled = via(get(&apache, &apache.url("/large")));
        assert_eq!(lp.run(&[&tunnelled], LIMIT), [0], "{}", tunnelled.error());
        assert!(tunnelled.body() == large);
        assert_eq!(tunnelled.info(INFO_HTTP_VERSION), VERSION_2);
        assert_eq!(connects([&tunnelled]), 1 - round);
    }
    // Plain HTTP/1 over a tunnel, and an upload larger than any window.
    let text = "0123456789".repeat(40_000);
    let put = via(get(&apache, &apache.plain_url("/put"))).long(HTTPPROXYTUNNEL, 1);
    let put = put.str(COPYPOSTFIELDS, &text).str(CUSTOMREQUEST, "PUT");
    assert_eq!(lp.run(&[&put], LIMIT), [0], "{}", put.error());
    assert_eq!(put.info(INFO_CODE), 201);
    assert!(std::fs::read(apache.root.join("put")).expect("what was put") == text.as_bytes());
    // Without a tunnel requests go to the proxy over HTTP/2, as many as there are.
    let urls = (0..5).map(|_| apache.plain_url("/large"));
    let forwarded: Vec<Transfer> = urls.map(|url| via(get(&apache, &url))).collect();
    let results = lp.run(&forwarded.iter().collect::<Vec<_>>(), LIMIT);
    assert!(results.iter().all(|code| *code == 0), "{results:?} {}", forwarded[0].error());
    assert!(forwarded.iter().all(|transfer| transfer.body() == large));
    assert_eq!(forwarded[0].info(INFO_HTTP_VERSION), VERSION_2);
    if tress_tests::event::version(api()).contains("Tress") {
        // libcurl does not wait to see what such a proxy speaks.
        assert_eq!(connects(&forwarded), 1);
    }
    lp.check();
}

#[test]
fn debians_curl_and_git_over_https() {
    if !has_http2() {
        return;
    }
    let apache = Apache::start("");
    let work = scratch("h2-programs");
    let large = apache.file("large", 2_000_000);
    let ca = apache.authority.path("ca.pem");
    let curl = |args: &[&str]| {
        let curl =
            Program::new(Library::under_test(), "curl").dir(&work).args(["-sS", "--cacert", &ca]);
        let out = curl.args(args).run();
        assert_eq!(out.code, 0, "{args:?}: {}", out.stderr);
        out.stdout
    };
    let each = "%{http_version} %{http_code} %{num_connects}\n";
    let told = curl(&["-Z", "-o", "got_#1", "-w", each, &apache.url("/large?[1-8]")]);
    assert_eq!(told.lines().filter(|line| line.starts_with("2 200 ")).count(), 8, "{told}");
    (1..=8)
        .for_each(|n| assert!(std::fs::read(work.join(format!("got_{n}"))).expect("it") == large));
    let told = curl(&["-o", "seq_#1", "-w", each, &apache.url("/large?[1-4]")]);
    assert_eq!(told, "2 200 1\n2 200 0\n2 200 0\n2 200 0\n", "one connection, one after the other");
    let told = curl(&["-T", "got_1", "-w", each, &apache.url("/put")]);
    assert!(told.ends_with("2 201 1\n"), "{told}");
    assert!(std::fs::read(apache.root.join("put")).expect("it") == large);

    let git = |dir: &std::path::Path, args: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "http.version=HTTP/2"];
        let git = Program::new(Library::under_test(), "git").dir(dir).args(identity);
        let out = git.env("GIT_SSL_CAINFO", &ca).env("GIT_CONFIG_NOSYSTEM", "1").args(args).run();
        assert_eq!(out.code, 0, "git {args:?}: {}", out.stderr);
    };
    let repository = apache.root.join("repo");
    git(&apache.root, &["init", "-q", "repo"]);
    for n in 0..5 {
        std::fs::write(repository.join(format!("file{n}")), format!("{n}\n").repeat(2000))
            .expect("it");
        git(&repository, &["add", "."]);
        git(&repository, &["commit", "-q", "-m", "one more"]);
    }
    git(&repository, &["update-server-info"]);
    git(&work, &["clone", "-q", &apache.url("/repo/.git"), "clone"]);
    let text = std::fs::read_to_string(work.join("clone/file4")).expect("file4");
    assert_eq!(text, "4\n".repeat(2000));
}
