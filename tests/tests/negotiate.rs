//! Negotiate with a real KDC and apache2: Debian's curl on the library under test, by
//! `curl_easy_perform` and by the event interface, beside the same on Debian's libcurl.
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};
use tress_tests::kerberos::Realm;
use tress_tests::peers::Apache;
use tress_tests::proxies::Proxy;
use tress_tests::{Library, Outcome, Program, Server, cc};

struct Setting {
    realm: Realm,
    apache: Apache,
}

fn setting() -> Setting {
    let realm = Realm::start();
    let apache = Apache::start_with(
        &format!(
            "LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so\n\
             LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so\n\
             LoadModule auth_gssapi_module /usr/lib/apache2/modules/mod_auth_gssapi.so\n\
             <Location /secret>\nAuthType GSSAPI\nAuthName secret\n\
             GssapiCredStore keytab:{}\nRequire user alice@TRESS.TEST\n</Location>",
            realm.keytab().display()
        ),
        &[("KRB5_CONFIG", &realm.config())],
    );
    std::fs::create_dir(apache.root.join("secret")).expect("a directory");
    let all = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(apache.root.join("secret"), all).expect("its mode");
    apache.file("secret/file", 30_000);
    Setting { realm, apache }
}

impl Setting {
    fn curl(&self, library: &Library, events: bool, tickets: &Path, line: &str) -> Outcome {
        let plain = self.apache.plain_url("/secret");
        let secure = self.apache.url("/secret");
        let line = line.replace("{h}", &plain).replace("{s}", &secure);
        let program = Program::new(library, "curl")
            .args(["-sS", "--cacert", &self.apache.authority.path("ca.pem")])
            .args(line.split(' '))
            .env("KRB5_CONFIG", self.realm.config())
            .env("KRB5CCNAME", tickets);
        match events {
            true => program.preload(cc::evshim()).run(),
            false => program.run(),
        }
    }
}

#[test]
fn a_ticket_opens_what_a_real_server_guards() {
    let setting = setting();
    let (tickets, none) = (setting.realm.ticket(), Path::new("/nonexistent/tickets"));
    let figures = "%{http_code}-%{num_connects}-%{size_download}-%{size_upload}.";
    let lines = [
        ("-o /dev/null -o /dev/null --negotiate -u : -w F {h}/file {h}/file", "200-1", "200-0"),
        ("-o /dev/null --anyauth -u : -w F {h}/file", "200-1", ""),
        ("-o /dev/null --negotiate -u : -w F -T /etc/passwd {h}/put", "20", "201-1"),
        ("-o /dev/null --negotiate -u : --http1.1 -w F {s}/file", "200-1", ""),
        ("-o /dev/null --negotiate -u : --http2 -w F {s}/file", "200-1", ""),
        ("-o /dev/null -w F {h}/file", "401-1", ""),
    ];
    for (line, first, second) in lines {
        let line = line.replace('F', figures);
        for events in [false, true] {
            let ours = setting.curl(Library::under_test(), events, &tickets, &line);
            assert_eq!((ours.code, ours.stderr.as_str()), (0, ""), "{line}");
            assert!(ours.stdout.starts_with(first), "{line}: {}", ours.stdout);
            assert!(ours.stdout.contains(second) || line.contains("-T"), "{line}: {}", ours.stdout);
            if !line.contains("-T") {
                assert_eq!(ours, setting.curl(&Library::system(), events, &tickets, &line));
            }
        }
    }
    // Without a ticket the server's refusal is what the application gets.
    let line = format!("-o /dev/null --negotiate -u : -w {figures} {{h}}/file");
    let ours = setting.curl(Library::under_test(), false, none, &line);
    assert!(ours.stdout.starts_with("401-1-"), "{}", ours.stdout);
    assert_eq!(ours, setting.curl(&Library::system(), false, none, &line));
}

#[test]
fn a_kdc_that_says_nothing_holds_up_nobody() {
    let setting = setting();
    let tickets = setting.realm.ticket();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("its address").port();
    let plain = setting.apache.plain_url("");
    setting.apache.file("open", 100);
    let start = Instant::now();
    let outcome = Program::new(Library::under_test(), "curl")
        .args(["-sS", "-Z", "-w", "%{http_code}.", "-m", "1.5", "--negotiate", "-u", ":"])
        .args(["-o", "/dev/null", &format!("{plain}/secret/file")])
        .args(["--next", "-sS", "-w", "%{http_code}.", "-m", "1.5"])
        .args(["-o", "/dev/null", &format!("{plain}/open")])
        .env("KRB5_CONFIG", setting.realm.config_with_kdc_at(port))
        .env("KRB5CCNAME", &tickets)
        .run();
    assert_eq!(outcome.code, 28, "{outcome:?}");
    assert!(outcome.stdout.starts_with("200."), "{outcome:?}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

/// GSS-API inside SOCKS5 (RFC 1961): MIT's library on both sides. Debian's libcurl 7.88.1 fails here with
/// "per-message authentication is not supported"; 8.22 gives what is expected.
#[test]
fn a_ticket_opens_a_socks_proxy() {
    let (realm, server) = (Realm::start(), Server::start());
    let (tickets, none) = (realm.ticket(), Path::new("/nonexistent/tickets").to_owned());
    let curl = |events: bool, tickets: &Path, proxy: &Proxy, args: &[&str]| {
        let url = server.url("/bytes/3000");
        let program = Program::new(Library::under_test(), "curl")
            .args(["-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}"])
            .args(["-x", &format!("socks5h://localhost:{}", proxy.port), &url])
            .args(args)
            .env("KRB5_CONFIG", realm.config())
            .env("KRB5CCNAME", tickets);
        if events { program.preload(cc::evshim()).run() } else { program.run() }
    };
    let wrapped = Proxy::socks_with_kerberos(&realm, 0, false);
    let nec = Proxy::socks_with_kerberos(&realm, 0, true);
    let guarded = Proxy::socks_with_kerberos(&realm, 1, false);
    let lines: [(&Proxy, &Path, &[&str], i32, &str); 6] = [
        (&wrapped, &tickets, &[], 0, ""),
        (&nec, &tickets, &["--socks5-gssapi-nec"], 0, ""),
        (&wrapped, &tickets, &["--socks5-gssapi-service", "rcmd/localhost"], 0, ""),
        (&wrapped, &none, &[], 97, "gss_init_sec_context"),
        (&guarded, &tickets, &[], 97, "SOCKS5 GSS-API protection not yet implemented."),
        (&wrapped, &tickets, &["--socks5-basic"], 97, "No authentication method was acceptable."),
    ];
    for (proxy, tickets, args, code, words) in lines {
        for events in [false, true] {
            let ours = curl(events, tickets, proxy, args);
            let figures = if code == 0 { "200 3000" } else { "000 0" };
            assert_eq!((ours.code, ours.stdout.as_str()), (code, figures), "{args:?}: {ours:?}");
            assert!(ours.stderr.contains(words), "{args:?}: {}", ours.stderr);
        }
    }
    // The best that Kerberos has: confidentiality, as libcurl does.
    let asked = "alice@TRESS.TEST asks for 2\n".repeat(2);
    assert_eq!(nec.output(), asked);
    assert_eq!(guarded.output(), asked);
}
