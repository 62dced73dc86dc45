//! What a peer can make grow ends.

use super::*;

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
