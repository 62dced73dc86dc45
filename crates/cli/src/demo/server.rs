//! The demo's server: one thread, one epoll, and answers that never wait.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write, stdin};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

/// The body of every answer.
const BODY: &str = "Hello, Tress!";

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// More of a request than this is none of the demo's.
const MAX_HEAD: usize = 8192;

/// The parent's end of the standard input is the server's life; tells its port first.
pub fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    rustix::net::listen(&listener, BACKLOG)?;
    listener.set_nonblocking(true)?;
    println!("{}", listener.local_addr()?.port());

    let poll = epoll::create(CreateFlags::CLOEXEC)?;
    let (lifeline, door) = (stdin(), listener.as_raw_fd() as u64);
    let token = |fd: u64| EventData::new_u64(fd);
    epoll::add(&poll, &lifeline, token(0), EventFlags::IN)?;
    epoll::add(&poll, &listener, token(door), EventFlags::IN)?;
    let mut connections = HashMap::new();
    let mut events = Vec::with_capacity(256);
    loop {
        match epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), None) {
            Err(rustix::io::Errno::INTR) => continue,
            result => result?,
        };
        for Event { data, .. } in events.drain(..) {
            let token = data.u64();
            if token == 0 {
                return Ok(());
            }
            if token == door {
                while let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(true)?;
                    stream.set_nodelay(true)?;
                    let token = stream.as_raw_fd() as u64;
                    epoll::add(&poll, &stream, EventData::new_u64(token), EventFlags::IN)?;
                    connections.insert(token, Connection { stream, head: Vec::new() });
                }
            } else if connections.get_mut(&token).is_some_and(|found| found.answer().is_err()) {
                connections.remove(&token);
            }
        }
    }
}

struct Connection {
    stream: TcpStream,
    /// What has come of the next request.
    head: Vec<u8>,
}

impl Connection {
    /// Reads what there is and answers it; an error: the connection is over.
    fn answer(&mut self) -> io::Result<()> {
        let mut room = [0; 4096];
        let count = match self.stream.read(&mut room) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            count => count?,
        };
        self.head.extend_from_slice(room.get(..count).unwrap_or_default());
        while let Some(end) = self.head.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let hangs = self.head.starts_with(b"GET /hang");
            self.head.drain(..end + 4);
            self.stream.write_all(response(hangs).as_bytes())?;
        }
        if self.head.len() > MAX_HEAD { Err(ErrorKind::InvalidData.into()) } else { Ok(()) }
    }
}

/// A whole answer; or the head and the first byte of one that never ends.
fn response(hangs: bool) -> String {
    if hangs {
        return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n.\r\n".to_owned();
    }
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{BODY}", BODY.len())
}
