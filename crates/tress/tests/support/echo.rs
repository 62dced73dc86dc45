//! WebSocket servers: one that echoes, one that is slow to listen.
#![allow(dead_code)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

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

/// Takes the handshake, and reads nothing until it is told to; then gives each frame's payload.
pub fn slow_to_listen() -> (SocketAddr, Sender<()>, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let ((listen, may_listen), (tell, told)) = (channel(), channel());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = shake_hands(&mut stream);
        let _ = may_listen.recv();
        while let Some(payload) = frame(&mut stream) {
            if tell.send(payload).is_err() {
                return;
            }
        }
    });
    (address, listen, told)
}

/// A client's frame, of any length.
fn frame(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = [0; 2];
    stream.read_exact(&mut head).ok()?;
    let mut length = [0; 8];
    match head[1] & 0x7f {
        126 => stream.read_exact(&mut length[6..]).ok()?,
        127 => stream.read_exact(&mut length).ok()?,
        short => length[7] = short,
    }
    let mut mask = [0; 4];
    stream.read_exact(&mut mask).ok()?;
    let mut payload = vec![0; u64::from_be_bytes(length) as usize];
    stream.read_exact(&mut payload).ok()?;
    payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    Some(payload)
}

fn shake_hands(stream: &mut TcpStream) -> Option<()> {
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
    stream.write_all(answer.as_bytes()).ok()
}

fn echo(stream: &mut TcpStream) -> Option<()> {
    shake_hands(stream)?;
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
