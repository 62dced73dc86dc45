//! DICT, Gopher and RTSP end to end.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

use support::{Driver, read_head, serve};
use tress_engine::options::{Options, RtspRequest};
use tress_model::Code;

fn options(scheme: &str, server: SocketAddr, path: &str) -> Options {
    let url = format!("{scheme}://{server}{path}").into_bytes();
    Options { url: Some(url.into()), verbose: true, ..Options::default() }
}

/// Echoes lines until `last`, then closes.
fn echo_lines(mut stream: TcpStream, last: &str) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    while !line.ends_with(last) && reader.read_line(&mut line).unwrap() > 0 {}
    stream.write_all(line.as_bytes()).unwrap();
}

#[test]
fn dict_and_gopher_ask_and_read_to_the_end() {
    let server = serve(|stream| echo_lines(stream, "QUIT\r\n"));
    let mut driver = Driver::new();
    let id = driver.add(options("dict", server, "/d:basic"));
    driver.run();
    let expected = b"CLIENT libcurl 8.22.0\r\nDEFINE ! basic\r\nQUIT\r\n";
    assert_eq!(driver.got[&id].body, expected, "{}", driver.debug);
    let server = serve(|stream| echo_lines(stream, "\r\n"));
    let id = driver.add(options("gopher", server, "/1/a%20b?c"));
    driver.run();
    assert_eq!(driver.got[&id].body, b"/a b?c\r\n", "{}", driver.debug);
    let id = driver.add(options("gopher", server, "/1a%0db"));
    driver.run();
    let result = driver.multi.transfer(id).unwrap().result().unwrap().clone();
    assert_eq!(result.unwrap_err().code(), Code::UrlMalformat);
    assert_eq!(driver.multi.connections(), 0);
}

/// Found by fuzzing: what came after the reply was read again.
#[test]
fn a_second_reply_of_rtsp_is_dropped_with_all_that_follows() {
    let server = serve(|mut stream| {
        read_head(&mut stream).unwrap();
        let reply = "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\n";
        stream.write_all(format!("{reply}hello{reply}again").as_bytes()).unwrap();
        let _ = read_head(&mut stream);
    });
    let mut driver = Driver::new();
    let mut request = options("rtsp", server, "/1");
    request.other_mut().rtsp_request = RtspRequest::Describe;
    let id = driver.add(request);
    driver.run();
    assert_eq!(driver.multi.transfer(id).unwrap().result(), Some(&Ok(())), "{}", driver.debug);
    assert_eq!(driver.got[&id].body, b"hello");
}

#[test]
fn rtsp_sessions_and_packets() {
    let server = serve(|mut stream| {
        let head = read_head(&mut stream).unwrap();
        assert!(
            head.starts_with("SETUP rtsp://x/1 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP"),
            "{head}"
        );
        let reply = "RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: abc\r\n\
                     Transport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n";
        stream.write_all(reply.as_bytes()).unwrap();
        let head = read_head(&mut stream).unwrap();
        assert!(head.contains("CSeq: 2\r\nSession: abc\r\n"), "{head}");
        let reply = b"$\x00\x00\x03abcRTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\nhe$\x01\x00\x01xllo";
        stream.write_all(reply).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(100));
        stream.write_all(b"$\x01\x00\x02yz").unwrap();
        let _ = read_head(&mut stream);
    });
    let mut driver = Driver::new();
    let mut request = options("rtsp", server, "/1");
    request.other_mut().rtsp_request = RtspRequest::Setup;
    request.other_mut().rtsp_stream_uri = Some(b"rtsp://x/1"[..].into());
    request.other_mut().rtsp_transport = Some(b"RTP"[..].into());
    let id = driver.add(request.clone());
    driver.run();
    let mut transfer = driver.multi.remove(id).unwrap();
    assert_eq!(transfer.result(), Some(&Ok(())), "{}", driver.debug);
    let facts = transfer.rtsp().unwrap();
    assert_eq!((facts.session, facts.client_cseq, facts.received_cseq), (Some(&b"abc"[..]), 2, 1));
    request.other_mut().rtsp_request = RtspRequest::Describe;
    transfer.set_options(std::sync::Arc::new(request.clone()));
    let id = driver.add_transfer(*transfer);
    driver.run();
    let mut transfer = driver.multi.remove(id).unwrap();
    assert_eq!(transfer.result(), Some(&Ok(())), "{}", driver.debug);
    assert_eq!(driver.got[&id].body, b"hello");
    assert_eq!(driver.got[&id].packets, b"$\x00\x00\x03abc$\x01\x00\x01x");
    request.other_mut().rtsp_request = RtspRequest::Receive;
    transfer.set_options(std::sync::Arc::new(request));
    let id = driver.add_transfer(*transfer);
    driver.run();
    let transfer = driver.multi.remove(id).unwrap();
    assert_eq!(transfer.result(), Some(&Ok(())), "{}", driver.debug);
    assert_eq!(driver.got[&id].packets, b"$\x01\x00\x02yz");
    assert_eq!(transfer.infos().num_connects, 0);
}
