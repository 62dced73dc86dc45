//! Requests and responses as they should be.

use super::*;
use crate::h2::{ErrorCode, Priority, upgrade_value};

#[test]
fn opening_is_libcurls() {
    let mut connection = Connection::new(config());
    let output = connection.pending_output().to_vec();
    let settings = b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\x01\0\0\0\x02\0\0\0\0";
    let window = b"\0\0\x04\x08\0\0\0\0\0\x3e\x7f\0\x01";
    assert_eq!(output, [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &settings[..], window].concat());
    connection.sent(30);
    assert_eq!(connection.pending_output(), &output[30..]);
    connection.sent(output.len() - 30);
    assert!(connection.pending_output().is_empty());
}

#[test]
fn get_with_body_and_trailers() {
    let (mut connection, mut peer, _) = getting();
    peer.headers(1, ":status=103|link=x", false);
    peer.headers(1, ":status=200|content-length=5|set-cookie=a=1|set-cookie=b=2", false);
    peer.data(1, b"he", false).data(1, b"llo", false).headers(1, "x-sum=7", true);
    assert_eq!(
        peer.tell(&mut connection),
        "1 head 103 HTTP/2 103 |link: x||;\
         1 head 200 HTTP/2 200 |content-length: 5|set-cookie: a=1|set-cookie: b=2||;\
         1 data he;1 data llo;1 trailers x-sum: 7| end;"
    );
    assert_eq!(connection.open_streams(), 0);
    assert!(connection.pending_output().is_empty(), "a small response costs no frame");
}

#[test]
fn responses_without_a_body() {
    let (mut connection, mut peer) = connected(config());
    for (method, status) in [("HEAD", 200), ("GET", 304), ("GET", 204)] {
        let stream = open(&mut connection, method, true);
        peer.headers(stream.0, &format!(":status={status}|content-length=5"), true);
        assert!(peer.tell(&mut connection).ends_with("|| end;"));
    }
    let stream = get(&mut connection);
    peer.headers(stream.0, ":status=200", false).data(stream.0, b"", true);
    assert!(peer.tell(&mut connection).ends_with("data  end;"));
    assert_eq!(connection.open_streams(), 0);
}

#[test]
fn requests_on_the_wire() {
    let (mut connection, _) = connected(config());
    let mut decoder = Decoder::new();
    get(&mut connection);
    let stream = open(&mut connection, "POST", false);
    assert_eq!(connection.send_data(stream, b"12345", false).unwrap(), 5);
    connection.send_trailers(stream, &fields("x=y")).unwrap();
    assert!(connection.send_data(stream, b"1", false).is_err());
    let usual = ":scheme: http|:authority: a|:path: /|";
    assert_eq!(
        said(&mut connection, &mut decoder),
        format!(
            "1 HEADERS :method: GET|{usual} 5;3 HEADERS :method: POST|{usual} 4;\
             3 DATA 5 0;3 HEADERS x: y| 5;"
        )
    );
}

#[test]
fn priority_is_sent_when_asked_for() {
    let (mut connection, _) = connected(config());
    let priority = Priority { weight: 256, depends_on: 7, exclusive: true };
    let how = Open { end: true, token: 0, priority: Some(priority) };
    let stream = connection.open(&fields(":method=GET"), how).unwrap();
    connection.set_priority(stream, Priority { weight: 1, depends_on: 0, exclusive: false });
    let frames = sent(&mut connection);
    assert_eq!(frames[0].0.flags, 0x25);
    assert_eq!(frames[0].1, [0x80, 0, 0, 7, 255, 0x82]);
    assert_eq!((frames[1].0.kind, &frames[1].1[..]), (frame::PRIORITY, &[0, 0, 0, 0, 0][..]));
}

#[test]
fn large_head_is_parted() {
    let (mut connection, _) = connected(config());
    let large = fields(&format!(":method=GET|x={}", "\u{7f}".repeat(40_000)));
    connection.open(&large, Open { end: true, ..Open::default() }).unwrap();
    let frames = sent(&mut connection);
    let shape: Vec<_> = frames.iter().map(|(head, _)| (head.kind, head.flags, head.len)).collect();
    assert_eq!(shape[..2], [(1, 1, 16_384), (9, 0, 16_384)]);
    assert_eq!((shape.len(), shape[2].1), (3, frame::FLAG_END_HEADERS));
    let block: Vec<u8> = frames.into_iter().flat_map(|(_, payload)| payload).collect();
    let mut list = Fields::default();
    let limits = ListLimits { bytes: 100_000, count: 10, string: 100_000, bomb: 400_000 };
    Decoder::new().decode(&block, limits, &mut list).unwrap();
    assert_eq!(list.raw(), large.raw());
}

/// Stream numbers are used once: when they have run out the connection takes no more.
#[test]
fn the_last_stream_number() {
    let (mut connection, mut peer) = connected(config());
    connection.next_id = 0x7fff_ffff;
    let stream = get(&mut connection);
    assert_eq!((stream.0, connection.available(), connection.is_closing()), (0x7fff_ffff, 0, true));
    assert!(connection.open(&fields(":method=GET"), Open::default()).is_err());
    peer.headers(stream.0, ":status=200", true);
    assert!(peer.tell(&mut connection).contains("200"));
}

#[test]
fn a_head_that_is_too_large_is_not_sent() {
    let (mut connection, _) = connected(config());
    let large = fields(&format!(":method=GET|x={}", "y".repeat(65_536)));
    let error = connection.open(&large, Open { end: true, ..Open::default() }).unwrap_err();
    assert_eq!(error.code(), tress_model::Code::SendError);
    assert!(error.message().contains("over the limit of 65536"), "{}", error.message());
    assert_eq!(get(&mut connection).0, 1, "the connection is as good as before");
}

#[test]
fn padding_and_priority_of_the_peer_are_skipped() {
    let (mut connection, mut peer, stream) = getting();
    let block = peer.block(":status=200");
    let payload = [&[3, 0x80, 0, 0, 0, 9][..], &block, &[0; 3]].concat();
    peer.frame(frame::HEADERS, 0x2c, 1, &payload);
    peer.frame(frame::DATA, 8, 1, b"\x02ab\0\0");
    peer.frame(frame::DATA, 9, 1, b"\x04\0\0\0\0");
    assert_eq!(peer.tell(&mut connection), "1 head 200 HTTP/2 200 ||;1 data ab;1 data  end;");
    assert!(!connection.is_open(stream));
}

#[test]
fn upgrade_from_http_1() {
    assert_eq!(upgrade_value(&config()), "AAMAAABkAAQAAQAAAAIAAAAA");
    let (mut connection, stream) = Connection::upgraded(config(), 100, false);
    let mut peer = Peer::greeting();
    peer.headers(1, ":status=200", false).data(1, b"x", true);
    assert_eq!(peer.tell(&mut connection), "1 head 200 HTTP/2 200 ||;1 data x end;");
    assert!(!connection.is_open(stream));
    assert_eq!(get(&mut connection), StreamId(3));
}

#[test]
fn connect_tunnel() {
    let (mut connection, mut peer) = connected(config());
    let head = fields(":method=CONNECT|:authority=a:443");
    let how = Open { end: false, token: 100, priority: None };
    let stream = connection.open(&head, how).unwrap();
    peer.headers(1, ":status=200|content-length=0", false).data(1, b"abc", false);
    assert!(peer.tell(&mut connection).ends_with("1 data abc;"));
    connection.send_data(stream, b"up", false).unwrap();
    peer.data(1, b"d", true);
    assert_eq!(peer.tell(&mut connection), "1 data d end;");
    assert!(connection.is_open(stream), "our side is open still");
    connection.send_data(stream, b"", true).unwrap();
    assert_eq!(connection.open_streams(), 0);
}

/// Pain 19: a ping of the server's does not spoil the connection.
#[test]
fn pain_19_pings_are_answered_and_sent() {
    let (mut connection, mut peer) = connected(config());
    peer.frame(frame::PING, 0, 0, b"12345678");
    assert_eq!(peer.tell(&mut connection), "");
    connection.ping(*b"upkeep..");
    let frames = sent(&mut connection);
    assert_eq!((frames[0].0.flags, &frames[0].1[..]), (frame::FLAG_ACK, &b"12345678"[..]));
    assert_eq!((frames[1].0.flags, &frames[1].1[..]), (0, &b"upkeep.."[..]));
    peer.frame(frame::PING, frame::FLAG_ACK, 0, b"upkeep..");
    assert_eq!(peer.tell(&mut connection), "ping upkeep..;");
}

#[test]
fn as_many_streams_as_both_allow() {
    let (mut connection, mut peer) = connected(Config { max_concurrent: 5, ..config() });
    assert_eq!(connection.available(), 5);
    peer.settings(&[(3, 2)]).tell(&mut connection);
    assert_eq!(sent(&mut connection)[0].0, Head::new(frame::SETTINGS, frame::FLAG_ACK, 0, 0));
    get(&mut connection);
    get(&mut connection);
    assert_eq!(connection.available(), 0);
    assert!(connection.open(&fields(":method=GET"), Open::default()).is_err());
    peer.headers(1, ":status=200", true).settings(&[(3, 4)]).tell(&mut connection);
    assert_eq!(connection.available(), 3);
}

/// Pain 18: what the server has not acted on is tried again, the rest goes on.
#[test]
fn pain_18_goaway_and_retry_by_last_stream_id() {
    let (mut connection, mut peer) = connected(config());
    (0..4).for_each(|_| {
        get(&mut connection);
    });
    peer.goaway(3, 0, b"bye");
    let refused = |id| format!("{id} reset REFUSED_STREAM by peer retry;");
    assert_eq!(
        peer.tell(&mut connection),
        format!("goaway 3 NO_ERROR;{}{}", refused(5), refused(7))
    );
    assert_eq!(connection.goaway_debug(), b"bye");
    assert!(connection.is_closing());
    assert_eq!(connection.available(), 0);
    peer.headers(3, ":status=200", true).goaway(1, 11, b"").headers(1, ":status=200", true);
    let told = peer.tell(&mut connection);
    assert_eq!(
        told,
        "3 head 200 HTTP/2 200 || end;goaway 1 ENHANCE_YOUR_CALM;1 head 200 HTTP/2 200 || end;"
    );
    peer.goaway(5, 0, b"");
    assert_eq!(
        peer.offend(&mut connection),
        "HTTP/2 connection shut down: GOAWAY with a higher last stream (error 0x1 PROTOCOL_ERROR)"
    );
}

/// Pain 20: CANCEL for the one, and its siblings go on.
#[test]
fn pain_20_cancelling_one_leaves_the_others() {
    let (mut connection, mut peer) = connected(config());
    (0..3).for_each(|_| {
        get(&mut connection);
    });
    peer.headers(3, ":status=200", false).data(3, b"a", false).tell(&mut connection);
    sent(&mut connection);
    connection.reset(StreamId(3), ErrorCode::CANCEL);
    connection.reset(StreamId(3), ErrorCode::CANCEL);
    assert_eq!(said(&mut connection, &mut Decoder::new()), "3 RST 8;");
    // What was under way for it is dropped, and its block still counts for the tables.
    peer.data(3, b"bc", false).headers(3, "x-trailer=1", true);
    peer.window_update(3, 5).rst_stream(3, 0);
    peer.headers(1, ":status=200|x-trailer=1", true).headers(5, ":status=200", true);
    assert_eq!(
        peer.tell(&mut connection),
        "1 head 200 HTTP/2 200 |x-trailer: 1|| end;5 head 200 HTTP/2 200 || end;"
    );
    assert_eq!(connection.available(), 100);
}

/// A stream that is cancelled amid a DATA frame.
#[test]
fn cancelling_within_a_frame() {
    let (mut connection, mut peer, stream) = getting();
    peer.headers(1, ":status=200", false).tell(&mut connection);
    peer.data(1, b"abcdef", false).frame(frame::PING, 0, 0, b"12345678");
    let (front, back) = peer.out.split_at(11);
    assert_eq!(receive(&mut connection, front).unwrap(), "1 data ab;");
    connection.reset(stream, ErrorCode::CANCEL);
    assert_eq!(receive(&mut connection, back).unwrap(), "");
    assert_eq!(sent(&mut connection)[1].0.kind, frame::PING);
}

#[test]
fn reset_by_the_peer() {
    let (mut connection, mut peer) = connected(config());
    (0..2).for_each(|_| {
        get(&mut connection);
    });
    peer.rst_stream(1, 7).rst_stream(3, 2);
    let told = peer.tell(&mut connection);
    assert_eq!(told, "1 reset REFUSED_STREAM by peer retry;3 reset INTERNAL_ERROR by peer;");
    assert_eq!(connection.open_streams(), 0);
}

#[test]
fn early_response_leaves_the_upload_to_the_caller() {
    let (mut connection, mut peer) = connected(config());
    let stream = open(&mut connection, "POST", false);
    peer.headers(1, ":status=413", true).rst_stream(1, 0);
    let told = peer.tell(&mut connection);
    assert_eq!(told, "1 head 413 HTTP/2 413 || end;1 data  end;");
    assert!(connection.send_data(stream, b"x", false).is_err());
}

#[test]
fn goodbye() {
    let (mut connection, mut peer, _) = getting();
    connection.shutdown();
    connection.shutdown();
    let frames = sent(&mut connection);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].1, b"\0\0\0\0\0\0\0\0shutdown");
    assert_eq!(connection.available(), 0);
    peer.headers(1, ":status=200", true);
    assert_eq!(peer.tell(&mut connection), "1 head 200 HTTP/2 200 || end;");
}

/// Stream numbers, slots and buffers over many requests on one connection.
#[test]
fn thousands_of_requests() {
    let (mut connection, mut peer) = connected(config());
    for _ in 0..5000 {
        let stream = get(&mut connection);
        connection.sent(connection.pending_output().len());
        peer.headers(stream.0, ":status=200|server=x|content-length=2", false);
        peer.data(stream.0, b"ok", true);
        assert!(peer.tell(&mut connection).ends_with("data ok end;"));
        connection.consumed(stream, 2);
    }
    assert_eq!(connection.open_streams(), 0);
    assert!(connection.pending_output().is_empty());
    connection.shrink();
    assert!(get(&mut connection).0 > 10_000);
}

#[test]
fn a_reset_without_an_error_ends_a_response_unless_some_of_it_is_missing() {
    let (mut connection, mut peer) = connected(config());
    (0..3).for_each(|_| {
        get(&mut connection);
    });
    peer.headers(1, ":status=200", false).data(1, b"a", false).rst_stream(1, 0);
    peer.headers(3, ":status=200|content-length=2", false).data(3, b"a", false).rst_stream(3, 0);
    peer.rst_stream(5, 0);
    let told = peer.tell(&mut connection);
    assert!(told.contains("1 data a;1 data  end;"), "{told}");
    assert!(
        told.ends_with("3 data a;3 reset NO_ERROR by peer;5 reset NO_ERROR by peer;"),
        "{told}"
    );
}
