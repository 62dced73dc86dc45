//! MQTT: Debian's curl with a mosquitto, and a C program with brokers that follow a script, on the
//! library under test and on libcurl.
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use tress_tests::mosquitto::Mosquitto;
use tress_tests::{Library, Outcome, Program, cc, differences};

#[test]
fn curl_and_mosquitto() {
    let broker = Mosquitto::start();
    broker.retain("kept/one", "something kept");
    broker.retain("kept/large", &"large ".repeat(20_000));
    let plain = format!("mqtt://user:secret@127.0.0.1:{}", broker.port);
    let tls = format!("mqtts://user:secret@127.0.0.1:{}", broker.tls_port);
    let issuer = broker.authority.path("ca.pem");
    let ours = Library::under_test();
    for events in [false, true] {
        for topic in ["kept/one", "kept%2flarge", "kept/%23"] {
            let url = format!("{plain}/{topic}");
            // The broker stays: only the time limit ends a subscription.
            let got = curl(ours, &["-m", "0.6", &url], events);
            let wanted = curl(&Library::system(), &["-m", "0.6", &url], false);
            assert_eq!((got.code, &got.stdout), (28, &wanted.stdout), "{topic}: {}", got.stderr);
            let args = ["-m", "0.6", "--cacert", &issuer, &url.replace(&plain, &tls)];
            let over_tls = curl(ours, &args, events);
            assert_eq!(over_tls.stdout, wanted.stdout, "{}", over_tls.stderr);
        }
        for base in [&plain, &tls] {
            let listener = broker.listen("new/one");
            let url = format!("{base}/new/one");
            let got = curl(ours, &["--cacert", &issuer, "-d", "some news", &url], events);
            assert_eq!((got.code, got.stdout.as_str()), (0, ""), "{}", got.stderr);
            assert_eq!(listener.wait_with_output().unwrap().stdout, b"some news\n");
        }
        let refused = curl(ours, &[&plain.replace("secret", "wrong"), "-d", "x"], events);
        assert_eq!(refused.code, 8, "{}", refused.stderr);
    }
}

fn curl(library: &Library, args: &[&str], events: bool) -> Outcome {
    let mut program = Program::new(library, "curl").args(["-sS"]).args(args);
    if events {
        program = program.preload(cc::evshim());
    }
    program.run()
}

const GREETED: &[u8] = b"\x20\x02\0\0";
const SUBSCRIBED: &[u8] = b"\x20\x02\0\0\x90\x03\0\x01\0";

/// Name, words of `tests/c/trace.c`, and what the broker says, some packets of the client in
/// between; `{b}` is the broker's URL.
const CASES: &[(&str, &str, &[&[u8]])] = &[
    ("subscribe", "URL={b}/topic", &[GREETED, b"\x90\x03\0\x01\0\x30\x08\0\x05topicy\xe0\0"]),
    ("subscribe-early", "URL={b}/t", &[GREETED, b"\x30\x04\0\x01ta\x90\x03\0\x01\0\xe0\0"]),
    ("subscribe-two", "URL={b}/t", &[GREETED, b"\x30\x04\0\x01ta\x30\x05\0\x01tbb\xe0\0"]),
    ("escaped", "URL={b}/a%20b?query#part", &[GREETED, b"\x90\x03\0\x01\0\xe0\0"]),
    ("user", "URL={b}/t USERPWD=me:mine", &[SUBSCRIBED, b"\xe0\0"]),
    ("user-alone", "URL={b}/t USERNAME=me", &[SUBSCRIBED, b"\xe0\0"]),
    ("publish", "URL={b}/t POSTFIELDS=text", &[GREETED]),
    ("publish-copied", "URL={b}/t COPYPOSTFIELDS=text", &[GREETED]),
    ("publish-sized", "URL={b}/t POSTFIELDSIZE=2 POSTFIELDS=text", &[GREETED]),
    ("publish-nothing", "URL={b}/t POSTFIELDS=", &[GREETED]),
    ("publish-again", "URL={b}/t POSTFIELDS=one next POSTFIELDS=two", &[GREETED]),
    ("publish-by-callback", "URL={b}/t POST=1 POSTFIELDSIZE=5 body=5", &[GREETED]),
    ("upload-subscribes", "URL={b}/t UPLOAD=1 body=5", &[SUBSCRIBED, b"\xe0\0"]),
    ("head-subscribes", "URL={b}/t NOBODY=1", &[SUBSCRIBED, b"\xe0\0"]),
    ("no-topic", "URL={b}", &[GREETED]),
    ("bad-topic", "URL={b}/a%01", &[GREETED]),
    ("refused", "URL={b}/t", &[b"\x20\x02\0\x05"]),
    ("greeting-too-long", "URL={b}/t", &[b"\x20\x03\0\0\0"]),
    ("subscription-refused", "URL={b}/t", &[GREETED, b"\x90\x03\0\x01\x80"]),
    ("subscription-of-another", "URL={b}/t", &[GREETED, b"\x90\x03\0\x02\0"]),
    ("wrong-packet", "URL={b}/t", &[GREETED, b"\x50\x02\0\x01"]),
    ("wrong-length", "URL={b}/t", &[GREETED, b"\x30\x80\x80\x80\x80\x01"]),
    ("pong-with-something", "URL={b}/t", &[b"\xd0\x02\0\0"]),
    ("goodbye-with-something", "URL={b}/t", &[GREETED, b"\xe0\x02\0\0"]),
    ("goodbye-at-once", "URL={b}/t", &[b"\xe0\0"]),
    ("closed-at-once", "URL={b}/t", &[b""]),
    ("closed-before-length", "URL={b}/t", &[GREETED, b"\x30"]),
    ("closed-in-message", "URL={b}/t", &[GREETED, b"\x30\x09\0\x01tab"]),
    ("message-too-large", "URL={b}/t MAXFILESIZE=3", &[GREETED, b"\x30\x04\0\x01ta"]),
    (
        "messages-within-size",
        "URL={b}/t MAXFILESIZE=4",
        &[GREETED, b"\x30\x04\0\x01ta\x30\x04\0\x01tb\xe0\0"],
    ),
    (
        "messages-beyond-size",
        "URL={b}/t MAXFILESIZE=6",
        &[GREETED, b"\x30\x04\0\x01ta\x30\x04\0\x01tb\xe0\0"],
    ),
    ("fails-in-write", "URL={b}/t fail=write", &[GREETED, b"\x30\x04\0\x01ta\xe0\0"]),
    ("time-over", "URL={b}/t TIMEOUT_MS=300", &[GREETED, b"", b""]),
    ("not-allowed", "URL={b}/t PROTOCOLS_STR=http", &[]),
];

#[test]
fn traces_equal_those_of_libcurl_8_22() {
    let program = cc::program("trace", &[]);
    let mut report = differences::Report::new("mqtt");
    for (name, words, said) in CASES {
        let run = |library: &Library| {
            let base = broker(said, name.starts_with("closed"));
            let words = words.split(' ').map(|word| word.replace("{b}", &base));
            let run = Program::new(library, &program).args(words).limit(Duration::from_secs(10));
            let port = base.rsplit(':').next().unwrap_or_default();
            sent_together(&without_id(&run.run().stdout.replace(port, "PORT")))
        };
        report.compare(name, &run(&Library::reference()), &run(Library::under_test()));
    }
    report.finish();
}

/// A broker that hears a packet, then says the first of these, and so on; then it closes, or waits
/// for the client to do so.
fn broker(said: &'static [&'static [u8]], closes: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            for part in said {
                if hear(&mut stream).is_none() || stream.write_all(part).is_err() {
                    break;
                }
            }
            // What a client says to the end is read, so that nothing resets the connection.
            if !closes {
                let _ = stream.read_to_end(&mut Vec::new());
            }
        }
    });
    format!("mqtt://127.0.0.1:{port}")
}

/// Reads a short packet.
fn hear(stream: &mut TcpStream) -> Option<()> {
    let mut head = [0; 2];
    stream.read_exact(&mut head).ok()?;
    stream.read_exact(&mut vec![0; head[1].into()]).ok()
}

/// Clients have random names.
fn without_id(text: &str) -> String {
    let mut parts = text.split("\0\u{c}curl");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "NAME" + part.get(8..).unwrap_or_default())
}

/// How many packets are sent at once makes no difference.
fn sent_together(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("1 sent "), lines.last_mut()) {
            (Some(more), Some(last)) if last.starts_with("1 sent ") => last.push_str(more),
            // How many milliseconds it was varies.
            _ => lines.push(line.split(" after 3").next().unwrap_or_default().to_owned()),
        }
    }
    lines
}
