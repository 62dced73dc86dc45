//! FTP's second connections: whose they are and what is done on them.

use std::os::fd::RawFd;

use crate::link::{Link, State};
use crate::network::{Event, Net};
use crate::server::{Data, Out};

/// A port that a session listens on for one connection.
#[derive(Debug)]
pub struct Second {
    /// The session's own connection.
    control: (RawFd, u64),
    /// The connection, once it is up.
    link: Option<(RawFd, u64)>,
    /// What is to be done when it is.
    send: Vec<Out>,
    /// The client sends a file.
    takes: bool,
    /// Nobody takes it.
    is_deaf: bool,
    /// What has come of it.
    pub file: Vec<u8>,
}

impl Net {
    /// A session wants something done on its second connection.
    pub fn second(&mut self, port: u16, control: (RawFd, u64), what: Data) {
        let new = Second {
            control,
            link: None,
            send: Vec::new(),
            takes: false,
            is_deaf: false,
            file: Vec::new(),
        };
        let second = self.seconds.entry(port).or_insert(new);
        match what {
            Data::Listen => return,
            Data::Send(out) => second.send = out,
            Data::Take => second.takes = true,
            Data::Deaf => second.is_deaf = true,
        }
        self.use_second(port);
    }

    /// A connection is up: its server may speak, or it is a second one that was waited for.
    pub fn accept(&mut self, fd: RawFd, serial: u64) {
        let port = self.link(fd, serial).map_or(0, |link| link.address.port());
        if let Some(second) = self.seconds.get_mut(&port) {
            second.link = Some((fd, serial));
            return self.use_second(port);
        }
        self.at_desk(fd, serial, |server, desk| server.greet(desk));
    }

    fn use_second(&mut self, port: u16) {
        let Some(second) = self.seconds.get_mut(&port) else { return };
        let Some((fd, serial)) = second.link else { return };
        let (out, is_deaf) = (std::mem::take(&mut second.send), second.is_deaf);
        if let Some(link) = self.link(fd, serial) {
            link.is_deaf |= is_deaf;
        }
        if !out.is_empty() {
            self.carry_out(fd, serial, out);
        }
    }

    /// The client has closed a connection; the end of a file, if it was such a one.
    pub fn second_closed(&mut self, link: &Link) {
        let port = link.address.port();
        let Some(second) = self.seconds.get(&port) else { return };
        match second.takes && link.state == State::Up {
            true => {
                let latency = self.latency();
                let at = link.sending_until.max(self.now + latency);
                self.schedule(at, Event::Uploaded(port));
            }
            false => {
                self.seconds.remove(&port);
            }
        }
    }

    pub fn uploaded(&mut self, port: u16) {
        let Some(second) = self.seconds.remove(&port) else { return };
        let (fd, serial) = second.control;
        self.at_desk(fd, serial, |server, desk| server.uploaded(&second.file, desk));
    }
}
