//! Debian's curl on the library, through squid (plain requests and CONNECT, with and without
//! authentication) and dante (SOCKS4, 4a, 5, 5 with names), and with apache2: what it prints, its
//! exit code and the requests that arrive are those of libcurl 8.22, also driven by events.
use std::time::Duration;
use tress_tests::peers::Apache;
use tress_tests::proxies::Proxy;
use tress_tests::{Library, Outcome, Program, Server, cc, scratch};

/// Name and command line; `{b}` is the server, `{p}` its port, `{s}` squid, `{d}` dante, `{k}` a
/// dante that wants a password, `{a}` apache2.
const LINES: &[(&str, &str)] = &[
    ("plain", "-x {s} -U user:secret {b}/echo"),
    ("plain-in-url", "-x http://user:secret@{s} {b}/echo"),
    ("plain-without", "-x {s} -o out -w %{http_code}:%{num_connects} {b}/echo"),
    ("plain-wrong", "-x {s} -U user:wrong -o out -w %{http_code} {b}/echo"),
    ("plain-any", "-x {s} --proxy-anyauth -U user:secret -w %{num_connects} {b}/echo"),
    ("plain-any-post", "-x {s} --proxy-anyauth -U user:secret -d a=b {b}/echo"),
    ("plain-both", "-x {s} -U user:secret -u me:too {b}/auth/me/too"),
    ("plain-both-any", "-x {s} --proxy-anyauth -U user:secret --anyauth -u me:too {b}/auth/me/too"),
    ("plain-upload", "-x {s} -U user:secret -T big {b}/sink"),
    ("plain-redirect", "-L -x {s} -U user:secret -w %{num_redirects} {b}/redirect/3/302"),
    ("plain-twice", "-x {s} -U user:secret -w %{num_connects} {b}/count {b}/count"),
    ("plain-unreachable", "-x {s} -U user:secret -o out -w %{http_code} http://127.0.0.1:1/"),
    ("tunnel", "-p -x {s} -U user:secret -w %{http_connect}:%{num_connects} {b}/echo {b}/count"),
    ("tunnel-without", "-p -x {s} -w %{http_connect} {b}/echo"),
    ("tunnel-wrong", "-p -x {s} -U user:wrong -w %{http_connect} {b}/echo"),
    ("tunnel-any", "-p -x {s} --proxy-anyauth -U user:secret -w %{http_connect} {b}/echo"),
    ("tunnel-upload", "-p -x {s} -U user:secret -T big {b}/sink"),
    ("tunnel-unreachable", "-p -x {s} -U user:secret -w %{http_connect} http://127.0.0.1:1/"),
    ("socks5", "--socks5 {d} {b}/echo {b}/count"),
    ("socks5h", "--socks5-hostname {d} http://localhost:{p}/echo"),
    ("socks4", "--socks4 {d} {b}/echo"),
    ("socks4a-address", "--socks4a {d} {b}/echo"),
    ("socks4a", "--socks4a {d} http://localhost:{p}/echo"),
    ("socks5-upload", "--socks5 {d} -T big {b}/sink"),
    ("socks5-unreachable", "--socks5 {d} -w %{proxy_used} http://127.0.0.1:1/"),
    ("socks4-unreachable", "--socks4 {d} http://127.0.0.1:1/"),
    ("socks5-no-method", "--socks5 {k} {b}/echo"),
    ("socks5-unknown-user", "--socks5 nobody-here:secret@{k} {b}/echo"),
    ("socks5-then-squid", "--preproxy socks5://{d} -x {s} -U user:secret {b}/echo"),
    ("socks5-then-tunnel", "--preproxy socks5://{d} -p -x {s} -U user:secret {b}/echo"),
    ("apache", "-w %{http_code}:%{content_type} {a}/file {a}/none"),
    ("apache-head", "-I -o out -w %{http_code} {a}/file"),
    ("apache-range", "-r 5-9 -w %{http_code} {a}/file"),
    ("apache-ranges", "-r 0-1,5-6 -o out -w %{http_code} {a}/file"),
    ("apache-resume", "-C 10 -o out -w %{http_code}:%{size_download} {a}/file"),
    ("apache-put", "-T big -o out -w %{size_upload} {a}/put"),
    ("apache-delete", "-X DELETE -o out -w %{http_code} {a}/absent"),
    ("apache-newer", "-z 2037-01-01 -w %{http_code} {a}/file"),
    ("apache-keep-alive", "-w %{num_connects} {a}/file {a}/file {a}/file"),
];

/// The servers behind the placeholders.
struct Peers {
    squid: Proxy,
    dante: Proxy,
    closed: Proxy,
    apache: Apache,
}

impl Peers {
    fn start() -> Self {
        let apache = Apache::start("");
        apache.file("file", 100);
        Self {
            squid: Proxy::squid(),
            dante: Proxy::dante(true),
            closed: Proxy::dante(false),
            apache,
        }
    }

    /// What a command line comes to, and the requests that the server has got by it.
    fn run(
        &self,
        name: &str,
        line: &str,
        library: &Library,
        events: bool,
    ) -> (Outcome, Vec<String>) {
        let server = Server::start();
        let dir = scratch(&format!("proxies-{name}-{}-{events}", library.name));
        std::fs::write(dir.join("big"), "0123456789abcdef".repeat(20_000)).expect("a file");
        let at = |port: u16| format!("127.0.0.1:{port}");
        let places = [
            ("{b}", server.base()),
            ("{p}", server.port.to_string()),
            ("{s}", at(self.squid.port)),
            ("{d}", at(self.dante.port)),
            ("{k}", at(self.closed.port)),
            ("{a}", self.apache.plain_url("").replace("localhost", "127.0.0.1")),
        ];
        let fill = |word: &str| {
            places.iter().fold(word.to_owned(), |word, (place, value)| word.replace(place, value))
        };
        let mut program = Program::new(library, "curl").dir(&dir).limit(Duration::from_secs(60));
        if events {
            program = program.preload(cc::evshim());
        }
        let out =
            program.args(["-q", "-sS", "--noproxy", ""]).args(line.split(' ').map(fill)).run();
        let _ = std::fs::remove_dir_all(&dir);
        let clean = |text: String| {
            let ports =
                [(server.port, "PORT"), (self.squid.port, "SQUID"), (self.dante.port, "DANTE")];
            let text =
                ports.iter().fold(text, |text, (port, name)| text.replace(&port.to_string(), name));
            let noise = |line: &&str| !line.contains("no version information");
            text.lines().filter(noise).collect::<Vec<_>>().join("\n")
        };
        let stderr = without_ports(&clean(out.stderr));
        let outcome = Outcome { code: out.code, stdout: clean(out.stdout), stderr };
        (outcome, server.take_log().into_iter().map(clean).collect())
    }
}

/// The ports after addresses: a SOCKS server names one of its own when it refuses.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("127.0.0.1:");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

#[test]
fn through_squid_and_dante_and_with_apache_as_on_libcurl() {
    let peers = Peers::start();
    let ours = Library::under_test();
    let mut wrong = Vec::new();
    for (name, line) in LINES {
        let wanted = peers.run(name, line, &Library::reference(), false);
        for events in [false, true] {
            let got = peers.run(name, line, ours, events);
            if got != wanted {
                wrong.push(format!("{name}, events {events}:\n{wanted:#?}\n{got:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
