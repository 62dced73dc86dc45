//! TFTP: one datagram out, one in, over a UDP socket of its own.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tress_model::escape::{Refuse, unescape_strict};
use tress_model::{Code, Error, Result};
use tress_net::Datagram;
use tress_net::connect::ConnectTargets;
use tress_proto::tftp::{self, DEFAULT_BLOCK, Event, Request};

use crate::TransferId;
use crate::conn::Stage;
use crate::effect::{DebugKind, Delivery};
use crate::failure::words;
use crate::interest::{SocketOwner, Want};
use crate::multi::{Flow, Multi};
use crate::transfer::{DEFAULT_CONNECT_TIMEOUT, State, Transfer};

/// A conversation with a server.
pub(crate) struct Tftp {
    machine: tftp::Tftp,
    /// Where the request goes.
    server: SocketAddr,
    /// Where the answer came from: the server's end of this transfer (RFC 1350 section 4).
    peer: Option<SocketAddr>,
    /// The block that is being filled, and how long it is to be.
    block: Vec<u8>,
    wanted: Option<usize>,
    /// Over, once the last datagram is out.
    done: bool,
}

impl Tftp {
    /// When the last datagram goes out again.
    pub(crate) fn deadline(&self) -> Instant {
        self.machine.deadline()
    }
}

impl Multi {
    /// The server's address is known: asks for the file.
    pub(crate) fn begin_tftp(&mut self, id: TransferId, targets: &ConnectTargets) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let server = match targets {
            ConnectTargets::Ip { addresses, port } => addresses.iter(*port).next(),
            _ => None,
        };
        let refused = |text: &str| Error::new(Code::CouldntConnect, text.to_owned());
        let Some(server) = server else { return Err(refused("no address to ask")) };
        let socket = Datagram::open(server).map_err(|error| refused(&words(&error)))?;
        let request = transfer.tftp_request(core.now)?;
        let options = transfer.options.clone();
        transfer.exchange.begin_upload(&options, request.upload_size.or(Some(0)));
        if request.upload {
            transfer.exchange.begin_upload(&options, request.upload_size);
        }
        transfer.tftp = Some(Box::new(Tftp {
            machine: tftp::Tftp::new(request, core.now)?,
            server,
            peer: None,
            block: Vec::new(),
            wanted: None,
            done: false,
        }));
        let since = transfer.since_start(core.now);
        let infos = &mut transfer.infos;
        (infos.times.connect, infos.times.pretransfer) = (since, since);
        (infos.primary, infos.socket) = (Some(server), Some(socket.fd()));
        infos.connection_number = conn.number;
        infos.num_connects += 1;
        transfer.connecting_since = None;
        conn.last_user = Some(id);
        conn.stage = Stage::Datagrams(socket);
        transfer.state = State::Tftp;
        Ok(Flow::Again)
    }

    /// Sends what is to be sent, takes what has come.
    pub(crate) fn tftp(&mut self, id: TransferId) -> Result<Flow> {
        while !self.core.turn.is_over() {
            self.core.turn.spend(0);
            if let Some(flow) = self.deliver_held(id) {
                return Ok(flow);
            }
            self.send_datagram(id)?;
            let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
            let Some(tftp) = transfer.tftp.as_deref_mut() else { return Ok(Flow::Wait) };
            let flow = if tftp.done {
                self.finish(id, Ok(()));
                return Ok(Flow::Wait);
            } else if tftp.wanted.is_some() {
                self.fill_block(id)?
            } else if tftp.machine.deadline() <= core.now {
                tftp.machine.timeout(core.now)?;
                Flow::Again
            } else if conn.readable && !transfer.paused.receive {
                self.receive_datagram(id)?
            } else {
                Flow::Wait
            };
            match flow {
                Flow::Again => {}
                Flow::Wait => {
                    self.watch_datagrams(id);
                    return Ok(Flow::Wait);
                }
                Flow::Asked => return Ok(Flow::Asked),
            }
        }
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
        core.mark_dirty(id, transfer);
        Ok(Flow::Wait)
    }

    fn send_datagram(&mut self, id: TransferId) -> Result<()> {
        let Some((transfer, Some(conn), _)) = self.parts(id) else { return Ok(()) };
        let Some(tftp) = transfer.tftp.as_deref_mut() else { return Ok(()) };
        let Stage::Datagrams(socket) = &conn.stage else { return Ok(()) };
        let Some(datagram) = tftp.machine.output() else { return Ok(()) };
        match socket.send(datagram, tftp.peer.unwrap_or(tftp.server)) {
            Ok(()) => {
                transfer.infos.local = socket.local_addr();
            }
            // It is lost like any other on the way, and goes out again.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(Error::new(Code::SendError, words(&error))),
        }
        tftp.machine.sent();
        Ok(())
    }

    fn receive_datagram(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(tftp) = transfer.tftp.as_deref_mut() else { return Ok(Flow::Wait) };
        let Stage::Datagrams(socket) = &conn.stage else { return Ok(Flow::Wait) };
        let (count, from) = match socket.receive(core.input.room(tftp.machine.max_datagram())) {
            Ok(got) => got,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                conn.readable = false;
                return Ok(Flow::Wait);
            }
            Err(error) => return Err(Error::new(Code::RecvError, words(&error))),
        };
        match (tftp.peer, from) {
            (Some(peer), from) if from != Some(peer) => return Err(tftp::foreign()),
            (None, from) => tftp.peer = from,
            _ => {}
        }
        let event = tftp.machine.receive(core.input.bytes(0..count), core.now)?;
        if transfer.infos.times.starttransfer.is_zero() {
            transfer.infos.times.starttransfer = transfer.since_start(core.now);
        }
        let Some(tftp) = transfer.tftp.as_deref_mut() else { return Ok(Flow::Wait) };
        let body = match event {
            Event::None => return Ok(Flow::Again),
            Event::Size(size) => {
                transfer.infos.download_length = Some(size);
                return Ok(Flow::Again);
            }
            Event::WantBlock(length) => {
                tftp.wanted = Some(length);
                return Ok(Flow::Again);
            }
            Event::Body(body) => body,
            Event::Done(body) => {
                tftp.done = true;
                body
            }
        };
        if body.is_empty() {
            return Ok(Flow::Again);
        }
        transfer.progress.received(body.len(), &transfer.options, core.now);
        if transfer.take_within_size(body.len()) < body.len() {
            return Err(transfer.oversize());
        }
        if transfer.options.verbose {
            let bytes = core.input.bytes(body.clone()).to_vec();
            core.debug(transfer, DebugKind::DataIn, &bytes);
        }
        let bytes = core.input.lend(body);
        Ok(core.deliver(id, Delivery::Body, bytes))
    }

    /// Fills the block that is wanted with what the application supplies.
    fn fill_block(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(tftp) = transfer.tftp.as_deref_mut() else { return Ok(Flow::Wait) };
        let Some(wanted) = tftp.wanted else { return Ok(Flow::Wait) };
        let piece = transfer.exchange.piece();
        let count = piece.len().min(wanted - tftp.block.len().min(wanted));
        tftp.block.extend_from_slice(piece.get(..count).unwrap_or_default());
        transfer.exchange.piece_sent(count);
        transfer.progress.sent(count, &transfer.options, core.now);
        let ended = transfer.exchange.upload_ended() && transfer.exchange.piece().is_empty();
        if tftp.block.len() >= wanted || ended {
            tftp.machine.block(&tftp.block);
            tftp.block.clear();
            tftp.wanted = None;
            return Ok(Flow::Again);
        }
        if self.refill(id)? {
            return Ok(Flow::Again);
        }
        Ok(if self.core.asked.is_some() { Flow::Asked } else { Flow::Wait })
    }

    fn watch_datagrams(&mut self, id: TransferId) {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return };
        let Some(owner) = transfer.conn.map(SocketOwner::Conn) else { return };
        let want = if transfer.paused.receive { Want::NONE } else { Want::IN };
        if let Stage::Datagrams(socket) = &conn.stage {
            core.interest.set(socket.fd(), owner, Some(id), want);
        }
    }
}

impl Transfer {
    fn tftp_request(&self, now: Instant) -> Result<Request> {
        let options = &self.options;
        let path = self.plan()?.url.path();
        let (path, mode) = path_and_mode(path.strip_prefix(b"/").unwrap_or(path));
        let Some(file) = unescape_strict(path, Refuse::Zero) else {
            return Err(Code::UrlMalformat.into());
        };
        let left = |at: Option<Instant>| at.map(|at| at.saturating_duration_since(now));
        let connecting = match options.connecttimeout {
            Duration::ZERO => DEFAULT_CONNECT_TIMEOUT,
            timeout => timeout,
        };
        let upload = self.uploads();
        let other = options.other();
        Ok(Request {
            file,
            upload,
            upload_size: upload.then(|| options.body.length()).flatten(),
            ascii: match mode {
                Some(b'A' | b'N') => true,
                Some(b'O' | b'I') => false,
                _ => options.transfertext,
            },
            block_size: if other.tftp_blksize == 0 { DEFAULT_BLOCK } else { other.tftp_blksize },
            no_options: other.tftp_no_options,
            time_left: left(self.total_deadline()).or(Some(connecting)),
        })
    }
}

/// The path, and the letter of `;mode=` at its end, in upper case (RFC 3617).
fn path_and_mode(path: &[u8]) -> (&[u8], Option<u8>) {
    let Some(at) = path.windows(6).position(|six| six == b";mode=") else { return (path, None) };
    let letter = path.get(at + 6).map(u8::to_ascii_uppercase);
    (path.get(..at).unwrap_or_default(), letter)
}
