//! TELNET: what comes is the body, what the application reads goes out, until the server closes.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use tress_model::{Code, Result};
use tress_proto::telnet::{self, Event, Options};

use crate::TransferId;
use crate::body_out::BodyOut;
use crate::effect::Effect;
use crate::multi::{Flow, Multi};
use crate::options::Hooks;
use crate::plain::Heard;
use crate::transfer::State;

/// The application is asked for input this often: its source may have nothing just now.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// Bytes asked of the application at once.
const INPUT_ROOM: usize = 4096;

/// A conversation with a server.
pub(crate) struct Telnet {
    machine: telnet::Telnet,
    /// When the application is asked for input next; none: it has no way to give any.
    ask_at: Option<Instant>,
}

impl Telnet {
    /// When the application is asked again: not before what it gave is sent.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.ask_at.filter(|_| self.machine.output().is_empty())
    }
}

impl Multi {
    /// The connection is up.
    pub(crate) fn begin_telnet(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        conn.uses += 1;
        conn.last_user = Some(id);
        transfer.infos.times.pretransfer = transfer.since_start(core.now);
        let login = transfer.plan()?.credentials.clone();
        let user = login.as_deref().map(|login| &login.user[..]).filter(|user| !user.is_empty());
        let list = transfer.options.other().telnetoptions.clone();
        let list = list.iter().flat_map(|list| list.iter()).map(|option| &option[..]);
        let machine = telnet::Telnet::new(Options::parse(user, list)?);
        let reads = transfer.options.hooks.contains(Hooks::READ);
        let ask_at = reads.then_some(core.now);
        transfer.telnet = Some(Box::new(Telnet { machine, ask_at }));
        transfer.exchange.begin_frames(BodyOut::of_application());
        transfer.state = State::Telnet;
        Ok(Flow::Again)
    }

    /// Moves bytes in both directions.
    pub(crate) fn telnet(&mut self, id: TransferId) -> Result<Flow> {
        loop {
            if let Some(flow) = self.deliver_held(id) {
                return Ok(flow);
            }
            match self.telnet_sends(id)? {
                Flow::Wait => {}
                flow => return Ok(flow),
            }
            match self.telnet_receives(id)? {
                Flow::Again => {}
                Flow::Wait => break,
                Flow::Asked => return Ok(Flow::Asked),
            }
        }
        let telnet = self.transfer(id).and_then(|transfer| transfer.telnet.as_deref());
        let has_output = telnet.is_some_and(|telnet| !telnet.machine.output().is_empty());
        self.watch_plain(id, has_output);
        Ok(Flow::Wait)
    }

    fn telnet_sends(&mut self, id: TransferId) -> Result<Flow> {
        let Some((transfer, Some(conn), core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(telnet) = transfer.telnet.as_deref_mut() else { return Ok(Flow::Wait) };
        let piece = transfer.exchange.piece();
        if !piece.is_empty() {
            telnet.machine.send(piece);
            let count = piece.len();
            transfer.exchange.piece_sent(count);
        }
        while conn.writable && !telnet.machine.output().is_empty() {
            let crate::conn::Stage::Open(stream) = &mut conn.stage else { return Ok(Flow::Wait) };
            match stream.send(telnet.machine.output()) {
                Ok(count) => {
                    telnet.machine.sent(count);
                    transfer.progress.sent(count, &transfer.options, core.now);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => conn.write_blocked(),
                Err(error) => return Err(transfer.stream_failed(&error, Code::SendError)),
            }
        }
        let due = telnet.ask_at.is_some_and(|at| at <= core.now);
        if !due || transfer.paused.send || !telnet.machine.output().is_empty() {
            return Ok(Flow::Wait);
        }
        telnet.ask_at = Some(core.now + ASK_AGAIN);
        // An end that was said is none: there was nothing just then.
        transfer.exchange.reopen_upload();
        let buffer = transfer.exchange.take_piece_buffer();
        Ok(core.ask(id, Effect::Read { transfer: id, room: INPUT_ROOM, buffer }))
    }

    fn telnet_receives(&mut self, id: TransferId) -> Result<Flow> {
        if let Some(transfer) = self.transfer(id)
            && transfer.exchange.oversize
        {
            return Err(transfer.oversize());
        }
        match self.hear_plain(id)? {
            Heard::Bytes => {}
            Heard::Nothing => return Ok(Flow::Wait),
            Heard::End => {
                self.finish(id, Ok(()));
                return Ok(Flow::Wait);
            }
        }
        let Some((transfer, _, core)) = self.parts(id) else { return Ok(Flow::Wait) };
        let Some(conn_id) = transfer.conn else { return Ok(Flow::Wait) };
        let Some(telnet) = transfer.telnet.as_deref_mut() else { return Ok(Flow::Wait) };
        let (used, event) = telnet.machine.receive(core.input.of(conn_id))?;
        let start = core.input.start();
        core.input.consume(used);
        let Event::Body(range) = event else { return Ok(Flow::Again) };
        let count = transfer.take_within_size(range.len());
        if count == 0 {
            return Err(transfer.oversize());
        }
        let start = start + range.start;
        Ok(self.deliver_plain(id, start..start + count))
    }
}
