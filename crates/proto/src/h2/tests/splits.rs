//! Input cut anywhere says the same.

use super::*;

fn script() -> Vec<u8> {
    let mut peer = Peer::new();
    peer.settings(&[(3, 50), (4, 100_000)]).window_update(0, 5);
    let block = peer.block(":status=200|server=some server|content-length=11");
    let (front, back) = block.split_at(4);
    peer.frame(frame::HEADERS, 0, 1, front).frame(frame::CONTINUATION, 0, 1, b"");
    peer.frame(frame::CONTINUATION, 4, 1, back);
    peer.data(1, b"hello", false).frame(frame::DATA, 8, 1, b"\x03 world\0\0\0");
    peer.frame(0x42, 0, 0, b"unknown").frame(frame::PING, 0, 0, b"12345678");
    peer.data(1, b"", false).headers(1, "x-trailer=1", true);
    peer.headers(3, ":status=404", false).frame(frame::DATA, 9, 3, b"\x01bye\0").rst_stream(5, 8);
    peer.goaway(7, 2, b"debug").headers(7, ":status=204", true);
    peer.out
}

/// The events of the parts, bodies joined, and what was sent.
fn run(parts: &[&[u8]]) -> (String, Vec<u8>) {
    let mut connection = Connection::new(config());
    (0..5).for_each(|_| {
        get(&mut connection);
    });
    let told: String = parts.iter().map(|part| receive(&mut connection, part).unwrap()).collect();
    let told = (0..9).fold(told, |told, id| told.replace(&format!(";{id} data "), ""));
    (told, connection.pending_output().to_vec())
}

#[test]
fn every_split_position() {
    let script = script();
    let whole = run(&[&script]);
    assert!(whole.0.contains("content-length: 11||hello world;1 trailers"), "{}", whole.0);
    assert!(whole.0.contains("9 reset REFUSED_STREAM by peer retry;7 head 204"), "{}", whole.0);
    for at in 0..script.len() {
        let (front, back) = script.split_at(at);
        assert_eq!(run(&[front, back]), whole, "split at {at}");
    }
    for size in 1..20 {
        let parts: Vec<&[u8]> = script.chunks(size).collect();
        let told = run(&parts);
        // An empty part with the end may come by itself.
        assert_eq!(told.0.replace(" end", ""), whole.0.replace(" end", ""), "parts of {size}");
        assert_eq!(told.1, whole.1);
    }
}
