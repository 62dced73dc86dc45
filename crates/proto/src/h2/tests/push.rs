//! Server push.

use super::*;
use crate::h2::ErrorCode;

const REQUEST: &str = ":method=GET|:scheme=http|:authority=a|:path=/p";

fn pushing() -> (Connection, Peer) {
    let (mut connection, peer) = connected(Config { push: true, ..config() });
    get(&mut connection);
    sent(&mut connection);
    (connection, peer)
}

#[test]
fn accepted() {
    let (mut connection, mut peer) = pushing();
    peer.promise(1, 2, REQUEST).headers(2, ":status=200", false).data(2, b"pushed", true);
    let advance = connection.advance(&peer.out, Instant::now()).unwrap();
    let told = text(&connection, &advance.event, &peer.out);
    assert_eq!(told, "1 promise 2 :method: GET|:scheme: http|:authority: a|:path: /p|;");
    connection.accept_push(StreamId(2), 200).unwrap();
    assert!(connection.accept_push(StreamId(2), 200).is_err());
    let rest = peer.out.split_off(advance.consumed);
    assert_eq!(
        receive(&mut connection, &rest).unwrap(),
        "2 head 200 HTTP/2 200 ||;2 data pushed end;"
    );
    assert_eq!(connection.open_streams(), 1);
    assert!(connection.pending_output().is_empty());
}

#[test]
fn not_accepted_is_refused() {
    let (mut connection, mut peer) = pushing();
    peer.promise(1, 2, REQUEST).headers(2, ":status=200", true);
    assert!(peer.tell(&mut connection).starts_with("1 promise 2 "));
    peer.promise(1, 4, REQUEST);
    let input = std::mem::take(&mut peer.out);
    connection.advance(&input, Instant::now()).unwrap();
    connection.reset(StreamId(4), ErrorCode::CANCEL);
    receive(&mut connection, b"").unwrap();
    assert_eq!(said(&mut connection, &mut Decoder::new()), "2 RST 8;4 RST 8;");
}

#[test]
fn malformed_or_too_many() {
    let (mut connection, mut peer) = pushing();
    peer.promise(1, 2, ":method=POST|:scheme=http|:authority=a|:path=/p");
    assert_eq!(peer.tell(&mut connection), "");
    assert_eq!(said(&mut connection, &mut Decoder::new()), "2 RST 1;");
    for id in (4..=206).step_by(2) {
        peer.promise(1, id, REQUEST);
        let input = std::mem::take(&mut peer.out);
        let advance = connection.advance(&input, Instant::now()).unwrap();
        if advance.event != Event::More {
            connection.accept_push(StreamId(id), u64::from(id) * 100).unwrap();
        }
    }
    assert_eq!(connection.open_streams(), 101);
    assert_eq!(said(&mut connection, &mut Decoder::new()), "204 RST 7;206 RST 7;");
    peer.promise(1, 100, REQUEST);
    assert!(peer.offend(&mut connection).contains("PUSH_PROMISE of a wrong stream"));
}

#[test]
fn with_a_parent_that_is_gone() {
    let (mut connection, mut peer) = pushing();
    connection.reset(StreamId(1), ErrorCode::CANCEL);
    peer.promise(1, 2, REQUEST);
    assert_eq!(peer.tell(&mut connection), "");
    assert_eq!(said(&mut connection, &mut Decoder::new()), "1 RST 8;2 RST 8;");
    peer.promise(3, 4, REQUEST);
    assert!(peer.offend(&mut connection).contains("never opened"));
}
