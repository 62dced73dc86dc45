//! A WebSocket server that echoes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// Takes the handshake, then says every frame again in two fragments, until it is closed.
pub fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || echo(&mut stream));
        }
    });
    address
}

fn echo(stream: &mut TcpStream) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))?;
    let accept = tress_proto::ws::handshake::accept(key);
    let answer = format!(
        "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).ok()?;
    loop {
        let mut head = [0; 6];
        stream.read_exact(&mut head).ok()?;
        let mut payload = vec![0; usize::from(head[1] & 0x7f)];
        stream.read_exact(&mut payload).ok()?;
        payload.iter_mut().zip(head[2..].iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        let (opcode, length) = (head[0] & 0xf, payload.len());
        if opcode >= 8 {
            stream.write_all(&[head[0], length as u8]).ok()?;
            stream.write_all(&payload).ok()?;
            if opcode == 8 {
                return Some(());
            }
            continue;
        }
        let (first, second) = payload.split_at(length / 2);
        stream.write_all(&[opcode, first.len() as u8]).ok()?;
        stream.write_all(first).ok()?;
        stream.write_all(&[0x80, second.len() as u8]).ok()?;
        stream.write_all(second).ok()?;
    }
}
