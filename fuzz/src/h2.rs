//! HTTP/2 frames from a server, while requests are open and answered.

use std::time::Instant;

use tress_proto::h2::{Config, Connection, Event, Fields, Open};

pub fn run(data: &[u8]) {
    let Some((&[size, flags], bytes)) = data.split_first_chunk::<2>() else { return };
    let now = Instant::now();
    let mut connection = Connection::new(Config { push: flags & 1 != 0, ..Config::default() });
    let mut head = Fields::default();
    for (name, value) in
        [(":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", "/")]
    {
        head.push(name.as_bytes(), value.as_bytes());
    }
    let mut open = Vec::new();
    for token in 0..3 {
        let how = Open { end: token != 1, token, priority: None };
        open.extend(connection.open(&head, how));
    }
    for piece in bytes.chunks(usize::from(size).max(1)) {
        let mut at = 0;
        loop {
            let Ok(advance) = connection.advance(&piece[at..], now) else { return };
            let input = &piece[at..];
            at += advance.consumed;
            assert!(at <= piece.len());
            match advance.event {
                Event::More => break,
                Event::Data { stream, range, .. } => {
                    let count = input[range].len();
                    connection.consumed(stream.id, count);
                }
                Event::PushPromise { promised, .. } if flags & 2 != 0 => {
                    let _ = connection.accept_push(promised, 9);
                }
                _ => {}
            }
        }
        for stream in &open {
            let room = connection.room(*stream);
            let _ = connection.send_data(*stream, &[0; 64][..room.min(64)], false);
        }
        let count = connection.pending_output().len();
        connection.sent(count.min(500));
    }
    connection.shutdown();
}
