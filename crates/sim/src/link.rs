//! One virtual connection: what a socket knows, with its server at the other end.

use std::io::IoSlice;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use rustix::io::{Errno, Result};
use tress_engine::Ready;

use crate::server::Server;

/// A socket and what is behind it.
#[derive(Debug)]
pub struct Link {
    pub serial: u64,
    /// Whose it is of the application's loops; none: it was left to any of them.
    pub owner: Option<usize>,
    /// It was opened for another of them.
    pub has_moved: bool,
    pub host: usize,
    pub address: SocketAddr,
    pub state: State,
    pub server: Server,
    /// The server has closed, even if that has not arrived yet.
    pub server_closed: bool,
    /// The server has closed its side; it takes what comes and does nothing with it.
    pub is_over: bool,
    /// The server takes nothing any more.
    pub is_deaf: bool,
    /// When the last thing arrives that the server has sent so far, and the client.
    pub busy_until: u64,
    pub sending_until: u64,
    /// Something to read (to write) has come since the application was told.
    pub edge_in: bool,
    pub edge_out: bool,
    arrived: Vec<u8>,
    read: usize,
    end: Option<End>,
    reset_told: bool,
    room: usize,
    on_the_way: usize,
    /// Tells by its hang-up when the socket is closed.
    _closing: OwnedFd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    New,
    Connecting,
    Up,
    Failed,
}

/// How what arrives ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    Fin,
    Reset,
}

impl Link {
    pub fn new(
        serial: u64,
        closing: OwnedFd,
        host: usize,
        room: usize,
        server: Server,
        address: SocketAddr,
    ) -> Self {
        Self {
            serial,
            owner: None,
            has_moved: false,
            host,
            address,
            state: State::New,
            server,
            server_closed: false,
            is_over: false,
            is_deaf: false,
            busy_until: 0,
            sending_until: 0,
            edge_in: false,
            edge_out: false,
            arrived: Vec::new(),
            read: 0,
            end: None,
            reset_told: false,
            room,
            on_the_way: 0,
            _closing: closing,
        }
    }

    pub fn connected(&mut self) {
        self.state = State::Up;
        self.edge_out = true;
    }

    pub fn refused(&mut self) {
        self.state = State::Failed;
        (self.edge_in, self.edge_out) = (true, true);
    }

    pub fn arrived(&mut self, bytes: &[u8]) {
        if self.end.is_none() {
            self.arrived.extend_from_slice(bytes);
            self.edge_in = true;
        }
    }

    pub fn ended(&mut self, end: End) {
        if end == End::Reset {
            self.arrived.clear();
            self.read = 0;
            self.edge_out = true;
        }
        if self.end != Some(End::Reset) {
            self.end = Some(end);
        }
        self.edge_in = true;
    }

    /// The server has taken so many bytes.
    pub fn taken(&mut self, count: usize) {
        let was_writable = self.is_writable();
        self.on_the_way -= count;
        self.edge_out |= !was_writable && self.is_writable();
    }

    /// What connect(2) says when it is called once more.
    pub fn how_far(&mut self) -> Result<()> {
        match self.state {
            State::New | State::Connecting => Err(Errno::ALREADY),
            State::Up => Ok(()),
            State::Failed => Err(Errno::CONNREFUSED),
        }
    }

    pub fn recv(&mut self, buf: &mut [u8], peek: bool) -> Result<usize> {
        if self.state != State::Up {
            return Err(Errno::NOTCONN);
        }
        let waiting = &self.arrived[self.read..];
        if waiting.is_empty() {
            return match self.end {
                None => Err(Errno::AGAIN),
                Some(End::Reset) if !self.reset_told => {
                    self.reset_told |= !peek;
                    Err(Errno::CONNRESET)
                }
                Some(_) => Ok(0),
            };
        }
        let count = waiting.len().min(buf.len());
        buf[..count].copy_from_slice(&waiting[..count]);
        if !peek {
            self.read += count;
            if self.read == self.arrived.len() {
                self.arrived.clear();
                self.read = 0;
            }
        }
        Ok(count)
    }

    /// Takes bytes to send, as many as there is room for.
    pub fn send(&mut self, bufs: &[IoSlice<'_>]) -> Result<Vec<u8>> {
        match (self.state, self.end) {
            (State::Up, Some(End::Reset)) => {
                let told = std::mem::replace(&mut self.reset_told, true);
                return Err(if told { Errno::PIPE } else { Errno::CONNRESET });
            }
            (State::Up, _) => {}
            _ => return Err(Errno::NOTCONN),
        }
        let room = self.room - self.on_the_way;
        if room == 0 {
            return Err(Errno::AGAIN);
        }
        let bytes: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter()).copied().take(room).collect();
        self.on_the_way += bytes.len();
        Ok(bytes)
    }

    /// Have bytes come that were not read?
    pub fn has_unread(&self) -> bool {
        self.read < self.arrived.len()
    }

    /// What a poll of the socket would find.
    pub fn ready(&self) -> Ready {
        let failed = self.state == State::Failed;
        Ready {
            readable: self.state == State::Up
                && (self.read < self.arrived.len() || self.end.is_some())
                || failed,
            writable: self.state == State::Up && self.is_writable() || failed,
            error: failed || self.end == Some(End::Reset),
        }
    }

    fn is_writable(&self) -> bool {
        let free = self.room - self.on_the_way;
        free > 0 && free * 3 >= self.room || self.end == Some(End::Reset)
    }
}
