//! WebSocket frames from a server, in pieces of any size.

use tress_proto::ws::WebSocket;

pub fn run(data: &[u8]) {
    let Some((&[size, room], bytes)) = data.split_first_chunk::<2>() else { return };
    let mut socket = WebSocket::new(size & 128 != 0);
    for piece in bytes.chunks(usize::from(size & 127).max(1)) {
        let mut rest = piece;
        loop {
            let Ok((consumed, chunk)) = socket.receive(rest, usize::from(room).max(1)) else {
                return;
            };
            assert!(consumed <= rest.len());
            rest = &rest[consumed..];
            if socket.pong_due() {
                socket.answer_ping([1, 2, 3, 4]);
                let count = socket.output().len();
                socket.sent(count);
            }
            if chunk.is_none() {
                break;
            }
        }
    }
}
