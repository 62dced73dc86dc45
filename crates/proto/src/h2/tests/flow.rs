//! Windows in both directions.

use super::*;
use crate::h2::ErrorCode;

/// Pain 16: credit follows consumption; one that is paused stalls alone.
#[test]
fn pain_16_a_paused_stream_stalls_alone() {
    let small = Config {
        initial_window: 65_535,
        stream_window: 65_535,
        connection_window: 131_070,
        ..config()
    };
    let (mut connection, mut peer) = connected(small);
    get(&mut connection);
    get(&mut connection);
    sent(&mut connection);
    peer.headers(1, ":status=200", false).headers(3, ":status=200", false);
    let chunk = [b'x'; 13_107];
    (0..5).for_each(|_| {
        peer.data(1, &chunk, false);
    });
    peer.tell(&mut connection);
    // Nothing of 1 is consumed: no credit for it, but its siblings have room.
    for _ in 0..50 {
        peer.data(3, &chunk, false);
        peer.tell(&mut connection);
        connection.consumed(StreamId(3), chunk.len());
    }
    let frames = sent(&mut connection);
    let updates = |id| frames.iter().filter(|(head, _)| head.stream == id).count();
    assert_eq!(updates(1), 0);
    assert!((10..=25).contains(&updates(3)), "{} updates, half a window each", updates(3));
    connection.consumed(StreamId(1), 65_535);
    assert_eq!(said(&mut connection, &mut Decoder::new()), "1 WINDOW 65535;");
}

#[test]
fn windows_grow_when_the_body_flows() {
    let (mut connection, mut peer, stream) = getting();
    peer.headers(1, ":status=200", false).data(1, &[0; 16_384], false).data(1, &[0; 16_384], false);
    peer.tell(&mut connection);
    connection.consumed(stream, 32_767);
    assert!(connection.pending_output().is_empty());
    connection.consumed(stream, 1);
    let grown = 10 * 1024 * 1024 - 32_768;
    assert_eq!(said(&mut connection, &mut Decoder::new()), format!("1 WINDOW {grown};"));
}

#[test]
fn window_of_a_stream_can_be_set() {
    let (mut connection, mut peer, stream) = getting();
    connection.set_stream_window(stream, 0);
    peer.headers(1, ":status=200", false);
    (0..4).for_each(|_| {
        peer.data(1, &[0; 16_384], false);
    });
    peer.tell(&mut connection);
    connection.consumed(stream, 65_536);
    assert!(connection.pending_output().is_empty());
    connection.set_stream_window(stream, 100_000);
    assert_eq!(said(&mut connection, &mut Decoder::new()), "1 WINDOW 100000;");
    peer.data(1, b"x", true).tell(&mut connection);
    connection.consumed(stream, 1);
    assert!(connection.pending_output().is_empty(), "no credit for a body that ended");
}

#[test]
fn window_overflow() {
    let (mut connection, mut peer, _) = getting();
    peer.headers(1, ":status=200", false);
    (0..4).for_each(|_| {
        peer.data(1, &[0; 16_384], false);
    });
    peer.tell(&mut connection);
    peer.data(1, b"x", false);
    let told = peer.tell(&mut connection);
    assert_eq!(told, "1 reset FLOW_CONTROL_ERROR by DATA beyond the stream's window;");
    let wide = Config { connection_window: 0, initial_window: 1 << 20, ..config() };
    let (mut connection, mut peer) = connected(wide);
    get(&mut connection);
    peer.headers(1, ":status=200", false).tell(&mut connection);
    // The connection's credit comes back by halves: a whole window at once is allowed.
    (0..100).for_each(|_| {
        peer.data(1, &[0; 8192], false).tell(&mut connection);
    });
    assert_eq!(sent(&mut connection).iter().filter(|(head, _)| head.stream == 0).count(), 25);
}

/// The peer may use 65,535 bytes until it has seen that our window is smaller.
#[test]
fn small_initial_window() {
    let (mut connection, mut peer) = connected(Config { initial_window: 8192, ..config() });
    get(&mut connection);
    peer.headers(1, ":status=200", false);
    (0..3).for_each(|_| {
        peer.data(1, &[0; 16_384], false);
    });
    let told = peer.tell(&mut connection);
    assert!(!told.contains("reset"), "{told}");
}

#[test]
fn uploads_follow_both_windows() {
    let (mut connection, mut peer) = connected(config());
    let (a, b) = (open(&mut connection, "POST", false), open(&mut connection, "POST", false));
    sent(&mut connection);
    let body = vec![b'u'; 100_000];
    assert_eq!(connection.send_data(a, &body[..40_000], false).unwrap(), 40_000);
    assert_eq!(
        said(&mut connection, &mut Decoder::new()),
        "1 DATA 16384 0;1 DATA 16384 0;1 DATA 7232 0;"
    );
    assert_eq!(connection.send_data(b, &body[..40_000], true).unwrap(), 25_535);
    assert_eq!((connection.room(a), connection.room(b)), (0, 0));
    assert!(!said(&mut connection, &mut Decoder::new()).contains(" 1;"), "not ended");
    // The streams' own windows do not help while the connection's is used up.
    peer.window_update(1, 10).window_update(3, 10_000);
    assert_eq!(peer.tell(&mut connection), "");
    peer.window_update(0, 15_000);
    assert_eq!(peer.tell(&mut connection), "3 opened;1 opened;", "the first to wait first");
    assert_eq!(connection.send_data(b, &body[..14_465], true).unwrap(), 14_465);
    assert_eq!(said(&mut connection, &mut Decoder::new()), "3 DATA 14465 1;");
    assert_eq!(connection.room(a), 535);
    assert!(connection.data_head(a, 536, false).is_err());
    assert_eq!(connection.data_head(a, 535, true).unwrap(), *b"\0\x02\x17\0\x01\0\0\0\x01");
    peer.window_update(0, 1);
    assert_eq!(peer.tell(&mut connection), "", "both have ended");
}

#[test]
fn initial_window_of_the_peer_changes() {
    let (mut connection, mut peer) = connected(config());
    let stream = open(&mut connection, "POST", false);
    assert_eq!(connection.send_data(stream, &[0; 1000], false).unwrap(), 1000);
    peer.settings(&[(4, 500)]).tell(&mut connection);
    assert_eq!(connection.room(stream), 0);
    peer.window_update(1, 500);
    assert_eq!(peer.tell(&mut connection), "", "the window was below zero");
    peer.settings(&[(4, 600)]);
    assert_eq!(peer.tell(&mut connection), "1 opened;");
    assert_eq!(connection.room(stream), 100);
}

#[test]
fn windows_of_the_peer_are_bounded() {
    let (mut connection, mut peer) = connected(config());
    open(&mut connection, "POST", false);
    peer.window_update(1, 0x7fff_ffff);
    let told = peer.tell(&mut connection);
    assert_eq!(told, "1 reset FLOW_CONTROL_ERROR by window made too large;");
    open(&mut connection, "POST", false);
    peer.window_update(3, 0);
    assert_eq!(peer.tell(&mut connection), "3 reset PROTOCOL_ERROR by WINDOW_UPDATE of 0;");
    open(&mut connection, "POST", false);
    peer.window_update(5, 0x7fff_ffff - 65_535).settings(&[(4, 65_536)]);
    assert!(peer.offend(&mut connection).contains("INITIAL_WINDOW_SIZE makes a window too large"));
    for increment in [0, 0x7fff_ffff] {
        let (mut connection, mut peer) = connected(config());
        peer.window_update(0, increment).offend(&mut connection);
    }
}

#[test]
fn pending_output_holds_uploads_back() {
    let (mut connection, mut peer) = connected(config());
    let stream = open(&mut connection, "POST", false);
    peer.settings(&[(4, 1 << 20)]).window_update(0, 1 << 20).tell(&mut connection);
    let taken = connection.send_data(stream, &[0; 500_000], false).unwrap();
    assert!((65_536..100_000).contains(&taken), "{taken}");
    connection.sent(connection.pending_output().len());
    assert!(connection.room(stream) > 500_000);
    connection.reset(stream, ErrorCode::CANCEL);
    assert_eq!(connection.room(stream), 0);
}

/// The list of waiting streams stays small when they come and go.
#[test]
fn blocked_streams_that_are_cancelled() {
    let (mut connection, mut peer) = connected(config());
    peer.settings(&[(4, 0)]).tell(&mut connection);
    for _ in 0..1000 {
        let stream = open(&mut connection, "POST", false);
        assert_eq!(connection.room(stream), 0);
        peer.window_update(stream.0, 1);
        assert_eq!(peer.tell(&mut connection), format!("{stream} opened;"));
        assert_eq!(connection.send_data(stream, b"xy", false).unwrap(), 1);
        assert_eq!(connection.room(stream), 0);
        connection.reset(stream, ErrorCode::CANCEL);
    }
    assert!(connection.blocked.len() < 50);
    assert_eq!(connection.open_streams(), 0);
}
