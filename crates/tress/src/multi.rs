//! Many transfers on one thread.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

use tress_engine::{
    Delivered, Delivery, Effect, MultiSettings, Ready, SockOptAnswer, Sought, Supplied, Transfer,
    TransferId, Watch,
};
use tress_net::{PollEvents, Poller};

use crate::easy::{Easy, Flow};
use crate::{Code, Response, Result};

/// A transfer in a [`Multi`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle(TransferId);

/// A transfer that has ended.
pub struct Done {
    /// What [`Multi::add`] gave for it.
    pub handle: Handle,
    /// The response, or why there is none.
    pub result: Result<Response>,
}

type OnSocket = Box<dyn FnMut(RawFd, Watch) + Send>;
type OnTimer = Box<dyn FnMut(Option<Duration>) + Send>;

/// Many transfers on one thread, driven by its own [`Multi::turn`] or by any event loop.
pub struct Multi {
    engine: tress_engine::Multi,
    entries: HashMap<TransferId, Entry>,
    done: VecDeque<Done>,
    on_socket: Option<OnSocket>,
    on_timer: Option<OnTimer>,
    /// What the built-in loop watches, when no hook takes it over.
    watched: HashMap<RawFd, Watch>,
    timer: Option<Instant>,
    poller: Poller,
}

struct Entry {
    easy: Easy,
    body: Vec<u8>,
}

impl Default for Multi {
    fn default() -> Self {
        Self::new()
    }
}

impl Multi {
    /// No transfers yet.
    pub fn new() -> Self {
        Self {
            engine: tress_engine::Multi::new(MultiSettings::default()),
            entries: HashMap::new(),
            done: VecDeque::new(),
            on_socket: None,
            on_timer: None,
            watched: HashMap::new(),
            timer: None,
            poller: Poller::default(),
        }
    }

    /// Connections to one host at most; further transfers wait their turn. 0: no limit.
    pub fn max_host_connections(&mut self, most: u32) -> &mut Self {
        self.engine.settings_mut().max_host_connections = most;
        self
    }

    /// Connections in all at most. 0: no limit.
    pub fn max_total_connections(&mut self, most: u32) -> &mut Self {
        self.engine.settings_mut().max_total_connections = most;
        self
    }

    /// Tells another event loop which sockets to watch. With this hook set, call
    /// [`Multi::socket_action`] when one is ready.
    pub fn on_socket(&mut self, hook: impl FnMut(RawFd, Watch) + Send + 'static) -> &mut Self {
        self.on_socket = Some(Box::new(hook));
        self
    }

    /// Tells another event loop when to call [`Multi::timeout`]; none: no timer.
    pub fn on_timer(&mut self, hook: impl FnMut(Option<Duration>) + Send + 'static) -> &mut Self {
        self.on_timer = Some(Box::new(hook));
        self
    }

    /// Takes a transfer in. It starts with the next turn or time-out.
    pub fn add(&mut self, mut easy: Easy) -> Handle {
        let options = easy.take_options();
        self.engine.enter(Instant::now());
        let id = self.engine.add(Box::new(Transfer::new(options)));
        self.entries.insert(id, Entry { easy, body: Vec::new() });
        self.effects();
        Handle(id)
    }

    /// Takes a transfer out before its end; it is cancelled.
    pub fn remove(&mut self, handle: Handle) {
        self.engine.enter(Instant::now());
        self.entries.remove(&handle.0);
        self.engine.remove(handle.0);
        self.effects();
    }

    /// Goes on with a transfer that a closure has paused.
    ///
    /// # Errors
    /// `BadFunctionArgument` when there is no such transfer.
    pub fn unpause(&mut self, handle: Handle) -> Result<()> {
        self.engine.enter(Instant::now());
        self.engine.pause(handle.0, false, false)?;
        self.effects();
        Ok(())
    }

    /// How many transfers are not done.
    pub fn running(&self) -> usize {
        self.engine.running()
    }

    /// How many connections are open, idle ones included.
    pub fn connections(&self) -> usize {
        self.engine.connections()
    }

    /// A socket is ready. False: it is none of this multi's.
    pub fn socket_action(&mut self, socket: RawFd, ready: Ready) -> bool {
        self.engine.enter(Instant::now());
        let ours = self.engine.socket_ready(socket, ready);
        self.effects();
        ours
    }

    /// The timer went off.
    pub fn timeout(&mut self) {
        self.engine.enter(Instant::now());
        self.engine.timeout();
        self.effects();
    }

    /// Waits for `most` at the longest, then does what is due: the built-in loop, for programs
    /// without one.
    ///
    /// # Errors
    /// Those of poll(2).
    pub fn turn(&mut self, most: Duration) -> io::Result<()> {
        self.poller.truncate(0);
        for (fd, watch) in &self.watched {
            self.poller.push(*fd, events(*watch));
        }
        let until = self.timer.map(|at| at.saturating_duration_since(Instant::now()));
        self.poller.wait(Some(until.map_or(most, |until| until.min(most))))?;
        let ready: Vec<_> = self.poller.ready().map(|(_, fd, events)| (fd, events)).collect();
        for (fd, events) in ready {
            if self.watched.contains_key(&fd) {
                self.socket_action(fd, found(events));
            }
        }
        if self.timer.is_some_and(|at| at <= Instant::now()) {
            self.timer = None;
            self.timeout();
        }
        Ok(())
    }

    /// The next transfer that has ended.
    pub fn next_done(&mut self) -> Option<Done> {
        self.done.pop_front()
    }

    fn effects(&mut self) {
        while let Some(effect) = self.engine.next_effect() {
            self.act(effect);
        }
    }

    fn act(&mut self, effect: Effect) {
        match effect {
            Effect::Deliver { transfer, kind, bytes } => {
                let answer = self.deliver(transfer, kind, &bytes);
                self.engine.delivered(kind, bytes, answer);
            }
            Effect::Read { transfer, room, mut buffer } => {
                let answer = self.read(transfer, room, &mut buffer);
                self.engine.supplied(buffer, answer);
            }
            Effect::Seek { .. } => self.engine.sought(Sought::CantSeek),
            Effect::Progress { transfer, figures } => {
                let closure = self.entries.get_mut(&transfer).map(|e| &mut e.easy.on_progress);
                let flow = closure.and_then(Option::as_mut).map(|closure| closure(figures));
                self.engine.allowed(flow != Some(Flow::Abort));
            }
            Effect::Prereq { .. } | Effect::ResolverStart { .. } => self.engine.allowed(true),
            Effect::Trailers { .. } => self.engine.trailers(Some(Vec::new())),
            Effect::OpenSocket { .. } => self.engine.socket_opened(None, None),
            Effect::SockOpt { .. } => self.engine.socket_options_set(SockOptAnswer::Ok),
            Effect::CloseSocket { socket, .. } => drop(socket),
            Effect::Debug { .. } => {}
            Effect::Watch { socket, what, .. } => self.watch(socket, what),
            Effect::Timer { after } => match &mut self.on_timer {
                Some(hook) => hook(after),
                None => self.timer = after.map(|after| Instant::now() + after),
            },
            Effect::Done { transfer } => self.end(transfer),
        }
    }

    fn deliver(&mut self, id: TransferId, kind: Delivery, bytes: &[u8]) -> Delivered {
        let Some(entry) = self.entries.get_mut(&id) else { return Delivered::Taken };
        let closure = match kind {
            Delivery::Body => &mut entry.easy.on_body,
            Delivery::Header => &mut entry.easy.on_header,
        };
        match (closure, kind) {
            (Some(closure), _) => match closure(bytes) {
                Flow::Continue => Delivered::Taken,
                Flow::Pause => Delivered::Pause { taken: 0 },
                Flow::Abort => Delivered::Failed { returned: 0 },
            },
            (None, Delivery::Body) => {
                entry.body.extend_from_slice(bytes);
                Delivered::Taken
            }
            (None, Delivery::Header) => Delivered::Taken,
        }
    }

    fn read(&mut self, id: TransferId, room: usize, buffer: &mut Vec<u8>) -> Supplied {
        let entry = self.entries.get_mut(&id);
        let Some(upload) = entry.and_then(|entry| entry.easy.upload.as_mut()) else {
            return Supplied::End;
        };
        let start = buffer.len();
        buffer.resize(start + room, 0);
        let count = upload(&mut buffer[start..]);
        buffer.truncate(start + count.as_ref().map_or(0, |count| (*count).min(room)));
        match count {
            Ok(0) => Supplied::End,
            Ok(count) if count <= room => Supplied::Data,
            Ok(_) => Supplied::TooMuch,
            Err(_) => Supplied::Abort,
        }
    }

    fn watch(&mut self, socket: RawFd, what: Watch) {
        if let Some(hook) = &mut self.on_socket {
            hook(socket, what);
        } else if what == Watch::Remove {
            self.watched.remove(&socket);
        } else {
            self.watched.insert(socket, what);
        }
    }

    fn end(&mut self, id: TransferId) {
        let Some(transfer) = self.engine.remove(id) else { return };
        let body = self.entries.remove(&id).map(|entry| entry.body).unwrap_or_default();
        let result = match transfer.result() {
            Some(Err(error)) => Err(error.clone()),
            Some(Ok(())) => Ok(Response::new(transfer, body)),
            None => Err(Code::FailedInit.into()),
        };
        self.done.push_back(Done { handle: Handle(id), result });
    }
}

fn events(watch: Watch) -> PollEvents {
    match watch {
        Watch::In => PollEvents::IN,
        Watch::Out => PollEvents::OUT,
        Watch::InOut => PollEvents::IN | PollEvents::OUT,
        Watch::None | Watch::Remove => PollEvents(0),
    }
}

fn found(events: PollEvents) -> Ready {
    let other = PollEvents(!(PollEvents::IN | PollEvents::OUT).0);
    Ready {
        readable: events.intersects(PollEvents::IN),
        writable: events.intersects(PollEvents::OUT),
        error: events.intersects(other),
    }
}
