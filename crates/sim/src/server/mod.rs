//! The other ends: servers that do what the plans say.

mod h1;
mod h2;

use std::collections::BTreeMap;

use crate::plan::Plan;
use crate::random::Random;

/// The server's end of one connection.
#[derive(Debug)]
pub enum Server {
    Http1(h1::Server),
    Http2(Box<h2::Server>),
}

/// What a server wants done on its connection, in order.
#[derive(Debug)]
pub enum Out {
    Bytes(Vec<u8>),
    /// It closes; what comes then is answered by a reset.
    Close,
    Reset,
    /// It serves no more requests here, and says so (GOAWAY).
    Leaves,
    /// It takes no more bytes.
    Deaf,
    /// It is idle; it may want to close for that.
    Idle,
}

/// What a server sees of the world.
pub struct Desk<'a> {
    pub plans: &'a mut BTreeMap<u32, Plan>,
    pub random: &'a mut Random,
    pub out: Vec<Out>,
    /// What the client has done wrong.
    pub complaint: Option<String>,
}

impl Server {
    pub fn new(http2: bool) -> Self {
        match http2 {
            true => Self::Http2(Box::new(h2::Server::new())),
            false => Self::Http1(h1::Server::default()),
        }
    }

    /// Bytes have come.
    pub fn receive(&mut self, bytes: &[u8], desk: &mut Desk<'_>) {
        match self {
            Self::Http1(server) => server.receive(bytes, desk),
            Self::Http2(server) => server.receive(bytes, desk),
        }
    }

    /// Is nothing going on?
    pub fn is_idle(&self) -> bool {
        match self {
            Self::Http1(server) => server.is_idle(),
            Self::Http2(server) => server.is_idle(),
        }
    }
}

impl Desk<'_> {
    fn send(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.out.push(Out::Bytes(bytes));
        }
    }

    fn complain(&mut self, what: impl FnOnce() -> String) {
        self.complaint.get_or_insert_with(what);
    }

    /// Bytes of an upload; true when they are what they should be.
    fn take_upload(&mut self, number: u32, bytes: &[u8]) {
        let Some(plan) = self.plans.get_mut(&number) else { return };
        let from = plan.uploaded;
        plan.uploaded += bytes.len();
        let wrong = bytes
            .iter()
            .enumerate()
            .find(|(at, byte)| **byte != crate::plan::byte(number, from + at));
        if let Some((at, _)) = wrong {
            self.complain(|| format!("upload of transfer {number}: byte {} is wrong", from + at));
        }
    }

    /// The request is over.
    fn check_upload(&mut self, number: u32) {
        let Some(plan) = self.plans.get(&number) else { return };
        let (got, size) = (plan.uploaded, plan.upload.map_or(0, |upload| upload.size));
        if got != size {
            self.complain(|| format!("upload of transfer {number}: {got} bytes of {size}"));
        }
    }
}

/// The name of a host.
pub fn host_name(host: usize) -> String {
    format!("h{host}.test")
}
