//! HTTP authentication end to end: engine, sockets, a scripted server.

mod support;

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use support::{Driver, get, read_head, serve, write};
use tress_engine::options::{
    Auth, BodySource, FollowLocation, HttpSigAlgorithm, Method, NetrcMode, Options,
};
use tress_model::Code;

/// What a server has read: the heads, with the number of their connection.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(usize, String)>>>);

impl Log {
    fn heads(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(_, head)| head.clone()).collect()
    }

    fn connections(&self) -> Vec<usize> {
        self.0.lock().unwrap().iter().map(|(conn, _)| *conn).collect()
    }
}

/// A server that answers each head by `answer`, after reading the body that it announces.
fn server(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> (SocketAddr, Log) {
    let log = Log::default();
    let kept = log.clone();
    let count = Mutex::new(0);
    let address = serve(move |mut stream: TcpStream| {
        let conn = {
            let mut count = count.lock().unwrap();
            *count += 1;
            *count
        };
        while let Some(head) = read_head(&mut stream) {
            kept.0.lock().unwrap().push((conn, head.clone()));
            let length = field(&head, "Content-Length").map_or(0, |text| text.parse().unwrap());
            let mut body = vec![0; length];
            if stream.read_exact(&mut body).is_err() {
                return;
            }
            let reply = answer(&head);
            write(&mut stream, &reply);
            if reply.contains("Connection: close") {
                return;
            }
        }
    });
    (address, log)
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn unauthorized(challenges: &str) -> String {
    format!("HTTP/1.1 401 No\r\n{challenges}Content-Length: 4\r\n\r\nnope")
}

fn login(mut options: Options, auth: Auth, user: &str) -> Options {
    let group = options.auth_mut();
    group.httpauth = auth;
    group.username = Some(user.as_bytes().into());
    group.password = Some(b"secret"[..].into());
    options
}

fn post(options: Options, body: &[u8]) -> Options {
    Options { method: Method::Post, body: BodySource::Bytes(body.into()), ..options }
}

/// Runs one transfer: its body, and its result's code.
fn run(driver: &mut Driver, options: Options) -> (String, std::result::Result<u32, Code>) {
    let id = driver.add(options);
    driver.run();
    let transfer = driver.multi.remove(id).unwrap();
    let body = driver.got.remove(&id).map(|got| got.body).unwrap_or_default();
    let result = match transfer.result().unwrap() {
        Ok(()) => Ok(transfer.infos().response_code),
        Err(error) => Err(error.code()),
    };
    (String::from_utf8(body).unwrap(), result)
}

#[test]
fn basic_goes_at_once_and_once_only() {
    let (address, log) = server(|_| unauthorized("WWW-Authenticate: Basic realm=\"r\"\r\n"));
    let mut driver = Driver::new();
    let (body, result) = run(&mut driver, login(get(address, "/"), Auth::BASIC, "u"));
    assert_eq!((body.as_str(), result), ("nope", Ok(401)));
    assert_eq!(log.heads().len(), 1);
    assert_eq!(field(&log.heads()[0], "Authorization"), Some("Basic dTpzZWNyZXQ="));
}

#[test]
fn any_picks_digest_on_the_same_connection_and_drops_the_first_body() {
    let challenges = "WWW-Authenticate: Basic realm=\"r\"\r\n\
        WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n";
    let (address, log) = server(move |head| match field(head, "Authorization") {
        Some(value) if value.starts_with("Digest ") => OK.to_owned(),
        _ => unauthorized(challenges),
    });
    let mut driver = Driver::new();
    let any = Auth::BASIC | Auth::DIGEST | Auth::NTLM;
    let options = post(login(get(address, "/a?b"), any, "u"), b"body");
    let id = driver.add(options.clone());
    driver.run();
    let mut transfer = driver.multi.remove(id).unwrap();
    assert_eq!(driver.got[&id].body, b"ok");
    assert_eq!(transfer.infos().auth_available, (Auth::BASIC | Auth::DIGEST).bits());
    assert_eq!(transfer.infos().auth_used, Auth::DIGEST.bits());
    assert_eq!(log.connections(), [1, 1]);
    let heads = log.heads();
    assert_eq!(field(&heads[0], "Authorization"), None);
    let value = field(&heads[1], "Authorization").unwrap();
    assert!(value.contains("uri=\"/a?b\"") && value.contains("nc=00000001"), "{value}");
    // The handle remembers the challenge: its next transfer needs one round, and counts.
    transfer.set_options(Arc::new(options));
    driver.add_transfer(*transfer);
    driver.run();
    let heads = log.heads();
    assert_eq!(heads.len(), 3);
    assert!(heads[2].contains("nc=00000002"), "{}", heads[2]);
}

#[test]
fn digest_alone_asks_without_the_body_first_and_stale_nonces_are_renewed() {
    let (address, log) = server(|head| match field(head, "Authorization") {
        None => unauthorized("WWW-Authenticate: Digest realm=\"r\", nonce=\"1\"\r\n"),
        Some(value) if value.contains("nonce=\"1\"") => {
            unauthorized("WWW-Authenticate: Digest realm=\"r\", nonce=\"2\", stale=true\r\n")
        }
        Some(_) => OK.to_owned(),
    });
    let mut driver = Driver::new();
    let options = post(login(get(address, "/"), Auth::DIGEST, "u"), b"body");
    assert_eq!(run(&mut driver, options), ("ok".to_owned(), Ok(200)));
    let lengths: Vec<_> =
        log.heads().iter().map(|head| field(head, "Content-Length").unwrap().to_owned()).collect();
    assert_eq!(lengths, ["0", "4", "4"]);
}

#[test]
fn wrong_credentials_end_the_rounds() {
    let (address, log) =
        server(|_| unauthorized("WWW-Authenticate: Digest realm=\"r\", nonce=\"1\"\r\n"));
    let mut driver = Driver::new();
    let options = login(get(address, "/"), Auth::DIGEST, "u");
    assert_eq!(run(&mut driver, options.clone()), ("nope".to_owned(), Ok(401)));
    assert_eq!(log.heads().len(), 2);
    let failing = Options { failonerror: true, ..options };
    assert_eq!(run(&mut driver, failing).1, Err(Code::HttpReturnedError));
}

/// The second message of an NTLM handshake, the server's.
const TYPE2: &str = "TlRMTVNTUAACAAAAAAAAADgAAAACggAAASNFZ4mrze8AAAAAAAAAAAAAAAAAAAAA";

fn ntlm_server() -> (SocketAddr, Log) {
    server(|head| match field(head, "Authorization") {
        Some(value) if value.starts_with("NTLM TlRMTVNTUAAB") => {
            unauthorized(&format!("WWW-Authenticate: NTLM {TYPE2}\r\n"))
        }
        // A third message, or a connection that has proved itself.
        _ => OK.to_owned(),
    })
}

#[test]
fn ntlm_takes_a_connection_for_one_user() {
    let (address, log) = ntlm_server();
    let mut driver = Driver::new();
    let upload = |user| post(login(get(address, "/"), Auth::NTLM, user), b"body");
    assert_eq!(run(&mut driver, upload("a")), ("ok".to_owned(), Ok(200)));
    let heads = log.heads();
    assert_eq!(field(&heads[0], "Content-Length"), Some("0"));
    assert!(field(&heads[1], "Authorization").unwrap().starts_with("NTLM TlRMTVNTUAAD"));
    // The same user goes on without a header; others get connections of their own.
    assert_eq!(run(&mut driver, upload("a")).1, Ok(200));
    assert_eq!(field(&log.heads()[2], "Authorization"), None);
    assert_eq!(run(&mut driver, upload("b")).1, Ok(200));
    assert_eq!(run(&mut driver, get(address, "/")).1, Ok(200));
    assert_eq!(log.connections(), [1, 1, 1, 2, 2, 3]);
}

#[test]
fn a_connection_that_nobody_is_proved_on_serves_those_who_may_prove_it() {
    let (address, log) = ntlm_server();
    let mut driver = Driver::new();
    let any = Auth::BASIC | Auth::NTLM;
    let transfers = [
        get(address, "/"),
        // Nobody asks for credentials: the connection stays everybody's.
        login(get(address, "/"), any, "a"),
        get(address, "/"),
        // This one is proved, and a's from then on.
        login(get(address, "/"), Auth::NTLM, "a"),
        get(address, "/"),
        login(get(address, "/"), Auth::NTLM, "a"),
        // A scheme that proves requests has no business on it, though it is a's.
        login(get(address, "/"), Auth::DIGEST, "a"),
    ];
    for options in transfers {
        assert_eq!(run(&mut driver, options).1, Ok(200));
    }
    assert_eq!(log.connections(), [1, 1, 1, 1, 1, 2, 1, 2]);
}

#[test]
fn a_refused_scheme_that_went_unasked_leaves_no_challenge_behind() {
    let (address, log) = server(|head| match field(head, "Authorization") {
        Some(value) if value.starts_with("Basic ") => unauthorized(
            "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\"\r\n\
             WWW-Authenticate: Basic realm=\"r\"\r\n",
        ),
        _ => unauthorized("WWW-Authenticate: Digest realm=\"r\", nonce=\"2\"\r\n"),
    });
    let mut driver = Driver::new();
    let mut transfer = tress_engine::Transfer::new(Arc::new(get(address, "/")));
    // Basic is refused, then Digest, which knows its nonce already: one request each.
    for auth in [Auth::BASIC, Auth::DIGEST] {
        transfer.set_options(Arc::new(login(get(address, "/"), auth, "u")));
        let id = driver.add_transfer(transfer);
        driver.run();
        transfer = *driver.multi.remove(id).unwrap();
        assert_eq!(transfer.infos().response_code, 401);
    }
    assert_eq!(log.heads().len(), 2, "{:?}", log.heads());
}

#[test]
fn credentials_stay_with_their_host() {
    let (other, other_log) = server(|_| OK.to_owned());
    let (address, log) = server(move |head| {
        let to = match head.starts_with("GET /out") {
            true => format!("http://{other}/"),
            false => "/out".to_owned(),
        };
        format!("HTTP/1.1 302 Go\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
    });
    let mut driver = Driver::new();
    let mut options = login(get(address, "/"), Auth::BASIC, "u");
    options.followlocation = FollowLocation::All;
    options.httpheader = Some(Arc::new([b"Cookie: c=1"[..].into()]));
    let _ = run(&mut driver, options.clone());
    assert!(log.heads().iter().all(|head| field(head, "Authorization").is_some()));
    assert_eq!(field(&other_log.heads()[0], "Authorization"), None);
    assert_eq!(field(&other_log.heads()[0], "Cookie"), None);
    options.auth_mut().unrestricted_auth = true;
    let _ = run(&mut driver, options);
    assert!(field(&other_log.heads()[1], "Authorization").is_some());
}

#[test]
fn netrc_fills_in_what_the_url_leaves_open() {
    let (address, log) = server(|_| OK.to_owned());
    let file = std::env::temp_dir().join(format!("tress-netrc-{}", std::process::id()));
    let text = "machine 127.0.0.1 login n password p\nmachine 127.0.0.1 login m password q\n";
    std::fs::write(&file, text).unwrap();
    let mut driver = Driver::new();
    let mut fetch = |user: &str, mode, path: &std::path::Path| {
        let mut options = get(address, "/");
        options.url = Some(format!("http://{user}{address}/").into_bytes().into());
        options.auth_mut().netrc = mode;
        options.auth_mut().netrc_file = Some(path.to_str().unwrap().as_bytes().into());
        run(&mut driver, options).1
    };
    assert_eq!(fetch("", NetrcMode::Optional, &file), Ok(200));
    assert_eq!(fetch("m@", NetrcMode::Optional, &file), Ok(200));
    assert_eq!(fetch("m:x@", NetrcMode::Optional, &file), Ok(200));
    assert_eq!(fetch("m:x@", NetrcMode::Required, &file), Ok(200));
    let missing = file.with_extension("missing");
    assert_eq!(fetch("", NetrcMode::Required, &missing), Err(Code::ReadError));
    assert_eq!(fetch("", NetrcMode::Optional, &missing), Ok(200));
    std::fs::remove_file(&file).unwrap();
    let sent: Vec<_> = log
        .heads()
        .iter()
        .map(|head| {
            field(head, "Authorization").unwrap_or("-").trim_start_matches("Basic ").to_owned()
        })
        .collect();
    assert_eq!(sent, ["bjpw", "bTpx", "bTp4", "bTpx", "-"]);
}

#[test]
fn a_long_upload_is_cut_off_when_it_must_be_made_again() {
    let address = serve(|mut stream| {
        // The first connection answers before it has read the body.
        let head = read_head(&mut stream).unwrap();
        if field(&head, "Authorization").is_some() {
            write(&mut stream, "HTTP/1.1 100 Continue\r\n\r\n");
            let mut body = vec![0; 100_000];
            stream.read_exact(&mut body).unwrap();
            write(&mut stream, OK);
        } else {
            write(&mut stream, &unauthorized("WWW-Authenticate: Basic realm=\"r\"\r\n"));
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest);
        }
    });
    let mut driver = Driver::new();
    driver.upload = vec![b'x'; 100_000];
    let any = Auth::BASIC | Auth::DIGEST;
    let options = Options {
        method: Method::Put,
        body: BodySource::Application { len: Some(100_000), fields: false },
        httpheader: Some(Arc::new([b"Expect: 100-continue"[..].into()])),
        ..login(get(address, "/"), any, "u")
    };
    assert_eq!(run(&mut driver, options), ("ok".to_owned(), Ok(200)));
}

#[test]
fn several_places_to_go_to_are_none() {
    let (address, _) = server(|head| {
        let again = if head.starts_with("GET /twice") { "/a" } else { "/b" };
        let locations = format!("Location: /a\r\nLocation: {again}\r\n");
        format!("HTTP/1.1 302 Go\r\n{locations}Content-Length: 0\r\n\r\n")
    });
    let mut driver = Driver::new();
    assert_eq!(run(&mut driver, get(address, "/twice")).1, Ok(302));
    assert_eq!(run(&mut driver, get(address, "/")).1, Err(Code::WeirdServerReply));
}

#[test]
fn a_server_of_http_1_0_is_asked_in_http_1_0() {
    let (address, log) = server(|head| {
        let status = if head.starts_with("GET / ") { "302 Go\r\nLocation: /a" } else { "200 OK" };
        format!("HTTP/1.0 {status}\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n")
    });
    let mut driver = Driver::new();
    let options = Options { followlocation: FollowLocation::All, ..get(address, "/") };
    assert_eq!(run(&mut driver, options).1, Ok(200));
    assert_eq!(run(&mut driver, get(address, "/b")).1, Ok(200));
    let lines: Vec<_> =
        log.heads().iter().map(|head| head.lines().next().unwrap_or_default().to_owned()).collect();
    assert_eq!(lines, ["GET / HTTP/1.1", "GET /a HTTP/1.0", "GET /b HTTP/1.0"]);
}

#[test]
fn signed_requests_need_no_credentials_and_stay_with_their_host() {
    let (other, other_log) = server(|_| OK.to_owned());
    let (address, log) = server(move |_| {
        format!("HTTP/1.1 302 Go\r\nLocation: http://{other}/\r\nContent-Length: 0\r\n\r\n")
    });
    let mut options = Options { followlocation: FollowLocation::All, ..get(address, "/a?b") };
    options.auth_mut().httpauth = Auth::HTTPSIG;
    let http = options.http_mut();
    http.httpsig_algorithm = HttpSigAlgorithm::HmacSha256;
    http.httpsig_key = Some(b"0b0c"[..].into());
    http.httpsig_keyid = Some(b"k"[..].into());
    let mut driver = Driver::new();
    assert_eq!(run(&mut driver, options.clone()), ("ok".to_owned(), Ok(200)));
    let head = &log.heads()[0];
    let input = field(head, "Signature-Input").unwrap();
    let covered = "sig1=(\"@method\" \"@authority\" \"@path\" \"@query\");created=";
    assert!(input.starts_with(covered) && input.ends_with("\"k\";alg=\"hmac-sha256\""), "{head}");
    assert!(field(head, "Signature").unwrap().starts_with("sig1=:"), "{head}");
    assert_eq!(field(&other_log.heads()[0], "Signature"), None);
    options.http_mut().httpsig_key = Some(b"0"[..].into());
    assert_eq!(run(&mut driver, options).1, Err(Code::BadFunctionArgument));
}
