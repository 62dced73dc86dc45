//! No part of a URL, an option or an answer becomes something else than it says.

use super::*;

/// CVE-2009-0037, CVE-2024-2004.
#[test]
fn a_redirect_leads_to_no_file_and_no_scheme_that_is_not_allowed() {
    for to in ["file:///etc/passwd", "dict://127.0.0.1/d:x", "smtp://127.0.0.1/", "nope://h/"] {
        let (server, _) = http(move |_| redirect(to));
        let options = Options { followlocation: FollowLocation::All, ..get(server, "/") };
        assert_eq!(run(&mut Driver::new(), options), Code::UnsupportedProtocol, "{to}");
    }
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
    // A proxy gets the whole URL.
    let (proxy, log) = http(|_| OK.to_owned());
    for text in ["http://h.example/\r\nDELE%201", "http://h.example/%0d%0aDELE%201"] {
        let mut options = url(text);
        options.timeout = Duration::from_secs(1);
        options.proxy_mut().proxy = Some(proxy.to_string().into_bytes().into());
        run(&mut Driver::new(), options);
    }
    assert_eq!((log.all().len(), log.having("\nDELE")), (1, 0), "{:?}", log.all());
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
