//! Messages and frames that break the rules: a stream's fault stays the stream's.

use super::*;

/// What a stream comes to whose peer sends `script`; a sibling must live on.
fn reset_by(script: impl FnOnce(&mut Peer)) -> String {
    let (mut connection, mut peer, _) = getting();
    get(&mut connection);
    script(&mut peer);
    let told = peer.tell(&mut connection);
    let at = told.find("1 reset").unwrap_or_else(|| panic!("no reset: {told}"));
    let rst = sent(&mut connection).into_iter().filter(|(head, _)| head.kind == frame::RST_STREAM);
    assert_eq!(rst.map(|(head, _)| head.stream).collect::<Vec<_>>(), [1], "one RST_STREAM");
    peer.headers(3, ":status=200", true);
    assert_eq!(peer.tell(&mut connection), "3 head 200 HTTP/2 200 || end;");
    told[at + "1 reset ".len()..].trim_end_matches(';').to_string()
}

/// What the connection says when its peer sends `script`.
fn killed_by(script: impl FnOnce(&mut Peer)) -> String {
    let (mut connection, mut peer, _) = getting();
    script(&mut peer);
    let message = peer.offend(&mut connection);
    message.strip_prefix("HTTP/2 connection shut down: ").unwrap().to_string()
}

#[test]
fn heads() {
    for (head, why) in [
        ("x=y", "no :status in front of a response head"),
        (":status=2x0", "bad :status"),
        (":status=101", "1xx response that is not allowed"),
        (":status=200|:path=/", "unexpected pseudo field"),
        (":status=200|x=y|:status=200", "unexpected pseudo field"),
        (":status=200|connection=close", "connection-specific field"),
        (":status=200|keep-alive=1", "connection-specific field"),
        (":status=200|Server=x", "forbidden byte in a field"),
        (":status=200|x y=x", "forbidden byte in a field"),
        (":status=200|x=a\nb", "forbidden byte in a field"),
        (":status=200|x=a\0b", "forbidden byte in a field"),
        (":status=200|content-length=x", "bad content-length"),
    ] {
        let told = reset_by(|peer| {
            peer.headers(1, head, false);
        });
        assert_eq!(told, format!("PROTOCOL_ERROR by {why}"), "{head}");
    }
    let told = reset_by(|peer| {
        peer.headers(1, ":status=100", true);
    });
    assert_eq!(told, "PROTOCOL_ERROR by 1xx response that is not allowed");
}

#[test]
fn bodies() {
    let ok = ":status=200|content-length=3";
    let short = "PROTOCOL_ERROR by less body than content-length says";
    assert_eq!(
        reset_by(|peer| {
            peer.headers(1, ok, false).data(1, b"ab", true);
        }),
        short
    );
    assert_eq!(
        reset_by(|peer| {
            peer.headers(1, ok, true);
        }),
        short
    );
    let trailers = |peer: &mut Peer| {
        peer.headers(1, ok, false).headers(1, "x=y", true);
    };
    assert_eq!(reset_by(trailers), short);
    let told = reset_by(|peer| {
        peer.headers(1, ok, false).data(1, b"abcd", true);
    });
    assert_eq!(told, "PROTOCOL_ERROR by more body than content-length says");
    let told = reset_by(|peer| {
        peer.headers(1, ":status=304", false).data(1, b"a", true);
    });
    assert_eq!(told, "PROTOCOL_ERROR by more body than content-length says");
    let told = reset_by(|peer| {
        peer.data(1, b"ab", true);
    });
    assert_eq!(told, "PROTOCOL_ERROR by DATA before the response head");
}

#[test]
fn trailers() {
    let after = |fields: &'static str, end| {
        move |peer: &mut Peer| {
            peer.headers(1, ":status=200", false).headers(1, fields, end);
        }
    };
    let told = reset_by(after("x=y", false));
    assert_eq!(told, "PROTOCOL_ERROR by trailers that do not end the stream");
    let told = reset_by(after(":status=200", true));
    assert_eq!(told, "PROTOCOL_ERROR by unexpected pseudo field");
}

#[test]
fn after_the_end() {
    let (mut connection, mut peer) = connected(config());
    open(&mut connection, "POST", false);
    open(&mut connection, "POST", false);
    peer.headers(1, ":status=200", true).data(1, b"x", false);
    assert!(
        peer.tell(&mut connection).ends_with("STREAM_CLOSED by DATA after the end of the body;")
    );
    peer.headers(3, ":status=200", true).headers(3, "x=y", true);
    assert!(
        peer.tell(&mut connection).ends_with("STREAM_CLOSED by head after the end of the body;")
    );
}

#[test]
fn frames_of_a_wrong_size() {
    for (kind, stream, len) in [
        (frame::RST_STREAM, 1, 3),
        (frame::SETTINGS, 0, 5),
        (frame::PING, 0, 7),
        (frame::GOAWAY, 0, 7),
        (frame::WINDOW_UPDATE, 1, 5),
    ] {
        let told = killed_by(|peer| {
            peer.frame(kind, 0, stream, &vec![0; len]);
        });
        assert!(told.ends_with("of a wrong size (error 0x6 FRAME_SIZE_ERROR)"), "{told}");
    }
    let told = killed_by(|peer| {
        peer.frame(frame::SETTINGS, 1, 0, &[0; 6]);
    });
    assert!(told.contains("FRAME_SIZE_ERROR"));
    let told = killed_by(|peer| {
        peer.frame(frame::HEADERS, 0x24, 1, &[0; 4]);
    });
    assert!(told.contains("FRAME_SIZE_ERROR"));
    let told = reset_by(|peer| {
        peer.frame(frame::PRIORITY, 0, 1, &[0; 4]);
    });
    assert_eq!(told, "FRAME_SIZE_ERROR by PRIORITY frame of a wrong size");
}

#[test]
fn oversized_frame() {
    let head = Head { len: 16_385, kind: frame::DATA, flags: 0, stream: 1 };
    let told = killed_by(|peer| peer.out.extend(head.bytes()));
    assert_eq!(told, "frame over the maximum size (error 0x6 FRAME_SIZE_ERROR)");
}

#[test]
fn padding_errors() {
    for payload in [&b"\x02a"[..], b"\x01"] {
        let told = killed_by(|peer| {
            peer.headers(1, ":status=200", false).frame(frame::DATA, 8, 1, payload);
        });
        assert_eq!(told, "padding over the frame's size (error 0x1 PROTOCOL_ERROR)");
        let told = killed_by(|peer| {
            peer.frame(frame::HEADERS, 12, 1, payload);
        });
        assert_eq!(told, "padding over the frame's size (error 0x1 PROTOCOL_ERROR)");
    }
    let told = killed_by(|peer| {
        peer.headers(1, ":status=200", false).frame(frame::DATA, 8, 1, b"");
    });
    assert!(told.contains("padded DATA frame without a padding length"));
}

#[test]
fn frames_on_a_wrong_stream() {
    for (kind, stream, payload) in [
        (frame::DATA, 0, &b"x"[..]),
        (frame::DATA, 3, b"x"),
        (frame::DATA, 2, b"x"),
        (frame::HEADERS, 0, b"\x88"),
        (frame::HEADERS, 3, b"\x88"),
        (frame::PRIORITY, 0, b"12345"),
        (frame::RST_STREAM, 0, b"1234"),
        (frame::RST_STREAM, 3, b"1234"),
        (frame::SETTINGS, 1, b""),
        (frame::PING, 1, b"12345678"),
        (frame::GOAWAY, 1, b"12345678"),
        (frame::WINDOW_UPDATE, 3, b"1234"),
        (frame::PUSH_PROMISE, 1, b"\0\0\0\x02\x82"),
        (frame::CONTINUATION, 1, b"\x88"),
    ] {
        let told = killed_by(|peer| {
            peer.frame(kind, frame::FLAG_END_HEADERS, stream, payload);
        });
        assert!(told.ends_with("(error 0x1 PROTOCOL_ERROR)"), "{kind} {stream}: {told}");
    }
}

#[test]
fn broken_header_blocks() {
    let told = killed_by(|peer| {
        peer.frame(frame::HEADERS, 4, 1, b"\xff\x80");
    });
    assert_eq!(told, "bad integer (error 0x9 COMPRESSION_ERROR)");
    let told = killed_by(|peer| {
        peer.frame(frame::HEADERS, 0, 1, b"\x88").frame(frame::PING, 0, 0, b"12345678");
    });
    assert_eq!(told, "header block without its CONTINUATION (error 0x1 PROTOCOL_ERROR)");
}

#[test]
fn no_http_2_at_all() {
    for input in
        [&b"HTTP/1.1 400 Bad Request\r\n"[..], b"\0\0\x08\x06\0\0\0\0\0", b"\0\0\0\x04\x01\0\0\0\0"]
    {
        let mut connection = Connection::new(config());
        let error = receive(&mut connection, input).unwrap_err();
        assert!(error.message().contains("while we expected SETTINGS frame"), "{error}");
    }
}

#[test]
fn unknown_frames_and_settings_are_ignored() {
    let (mut connection, mut peer, _) = getting();
    peer.frame(0xa, 0xff, 0, b"altsvc").frame(0xfe, 0, 77, &[0; 16_384]).settings(&[(0xf00d, 7)]);
    peer.headers(1, ":status=200", true);
    assert_eq!(peer.tell(&mut connection), "1 head 200 HTTP/2 200 || end;");
}
