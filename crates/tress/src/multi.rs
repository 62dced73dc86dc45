//! Many transfers on one thread.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use tress_engine::{MultiSettings, Ready, TransferId, Watch};

use crate::easy::Easy;
use crate::event_loop::{EVENTS, EventLoop};
use crate::response::Head;
use crate::websocket::MAX_UNSENT;
use crate::{Code, Done, Error, Message, Reader, Response, Result};

/// A transfer in a [`Multi`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle(TransferId);

/// How often what was done since the multi was made; the differences between two times tell
/// what work costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Times that another thing was wanted of a socket.
    pub socket_changes: u64,
    /// Times that the timer was set or stopped.
    pub timer_changes: u64,
    /// Waits of [`Multi::turn`]: each is one call of epoll_wait.
    pub waits: u64,
    /// Sockets that [`Multi::turn`]'s epoll was told of: each is one call of epoll_ctl.
    pub registrations: u64,
}

type OnSocket = Box<dyn FnMut(RawFd, Watch) + Send>;
type OnTimer = Box<dyn FnMut(Option<Duration>) + Send>;

/// Many transfers on one thread, driven by its own [`Multi::turn`] or by any event loop.
///
/// Connections are kept and used again, HTTP/2 connections by many transfers at once, TLS
/// sessions are resumed, names are looked up once. The closures of transfers run on the thread
/// that drives, and have nothing of the multi at hand: what they want of it they tell by what
/// they return. A multi may be sent to another thread; several on several threads may have a
/// [`Share`](crate::Share).
///
/// In a loop of another kind one descriptor stands for all sockets:
///
/// ```no_run
/// # fn wait(_: std::os::fd::BorrowedFd<'_>, _: Option<std::time::Instant>) {}
/// use std::time::Duration;
/// let mut multi = tress::Multi::new();
/// multi.add(tress::Easy::get("https://example.com/"));
/// while multi.running() > 0 {
///     let deadline = multi.deadline();
///     wait(multi.descriptor()?, deadline); // poll(2), together with the program's own
///     multi.turn(Duration::ZERO)?;
///     while let Some(done) = multi.next_done() {
///         println!("{:?}", done.result());
///     }
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Multi {
    pub(crate) engine: tress_engine::Multi,
    pub(crate) easies: HashMap<TransferId, Easy>,
    done: VecDeque<Done>,
    on_socket: Option<OnSocket>,
    on_timer: Option<OnTimer>,
    /// The built-in loop; it has nothing to do where hooks take it over.
    event_loop: EventLoop,
    ready: Vec<(RawFd, Ready)>,
    counts: Counts,
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
            easies: HashMap::new(),
            done: VecDeque::new(),
            on_socket: None,
            on_timer: None,
            event_loop: EventLoop::default(),
            ready: Vec::new(),
            counts: Counts::default(),
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

    /// Connections kept when idle at most; by default four times the transfers, 16 at least.
    pub fn max_idle_connections(&mut self, most: u32) -> &mut Self {
        self.engine.settings_mut().max_connects = Some(most);
        self
    }

    /// Streams on one HTTP/2 connection at most; 100 otherwise.
    pub fn max_streams(&mut self, most: u32) -> &mut Self {
        self.engine.settings_mut().max_concurrent_streams = most;
        self
    }

    /// Whether transfers share HTTP/2 connections; they do otherwise.
    pub fn multiplex(&mut self, yes: bool) -> &mut Self {
        self.engine.settings_mut().multiplex = yes;
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
        let transfer = easy.transfer();
        self.engine.enter(Instant::now());
        let id = self.engine.add(transfer);
        if let (Some(refusal), Some(transfer)) = (easy.refusal(), self.engine.transfer_mut(id)) {
            transfer.fail_with(refusal);
        }
        self.easies.insert(id, easy);
        self.effects();
        Handle(id)
    }

    /// Takes a transfer out before its end; it is cancelled. One that has ended, or is not of
    /// this multi, is left alone.
    pub fn remove(&mut self, handle: Handle) {
        self.engine.enter(Instant::now());
        self.easies.remove(&handle.0);
        self.engine.remove(handle.0);
        self.effects();
    }

    /// Stops receiving, sending or both until [`Multi::unpause`].
    ///
    /// # Errors
    /// `BadFunctionArgument` when there is no such transfer.
    pub fn pause(&mut self, handle: Handle, receive: bool, send: bool) -> Result<()> {
        self.engine.enter(Instant::now());
        self.engine.pause(handle.0, receive, send)?;
        self.effects();
        Ok(())
    }

    /// Goes on with a transfer that was paused, by a closure or by [`Multi::pause`].
    ///
    /// # Errors
    /// `BadFunctionArgument` when there is no such transfer.
    pub fn unpause(&mut self, handle: Handle) -> Result<()> {
        self.pause(handle, false, false)
    }

    /// Says something on a transfer's WebSocket: it is sent as soon as the server takes it. Read
    /// [`Easy::on_message`](crate::Easy::on_message) for what the server says.
    ///
    /// # Errors
    /// `Again` while 256 KiB wait to be sent: the message was not taken, so say it once more
    /// after a turn. `SendError` when there is no open WebSocket or it is broken,
    /// `BadFunctionArgument` and `TooLarge` for a message that cannot be a frame (more than 125
    /// bytes in other messages than text and bytes).
    pub fn send_message(&mut self, handle: Handle, message: &Message) -> Result<()> {
        match self.unsent(handle) {
            Some(unsent) if unsent >= MAX_UNSENT => {
                let text = format!("{unsent} bytes wait to be sent on the WebSocket");
                Err(Error::new(Code::Again, text))
            }
            _ => self.say(handle, message),
        }
    }

    /// Bytes that wait to be sent on a transfer's WebSocket; none when it has no open one.
    pub(crate) fn unsent(&self, handle: Handle) -> Option<usize> {
        self.engine.ws_waiting(self.engine.connection_of(handle.0)?)
    }

    /// Says something, whatever waits.
    pub(crate) fn say(&mut self, handle: Handle, message: &Message) -> Result<()> {
        self.engine.enter(Instant::now());
        let no_socket = || Error::new(Code::SendError, "There is no open WebSocket");
        let held = self.engine.connection_of(handle.0).ok_or_else(no_socket)?;
        self.engine.ws_frame(held).ok_or_else(no_socket)?;
        let (flags, payload) = message.frame();
        let sent = self.engine.ws_send(held, &payload, 0, flags);
        self.effects();
        sent.map(|_| ())
    }

    /// How many transfers are not done.
    pub fn running(&self) -> usize {
        self.engine.running()
    }

    /// How many connections are open, idle ones included.
    pub fn connections(&self) -> usize {
        self.engine.connections()
    }

    /// How often what was done.
    pub fn counts(&self) -> Counts {
        self.counts
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
    /// without one. It has no part in what the hooks take over.
    ///
    /// # Errors
    /// Those of epoll(7).
    pub fn turn(&mut self, most: Duration) -> io::Result<()> {
        while self.wait_once(most)? == EVENTS {
            // There may be more, which another loop would not hear of again.
            if !most.is_zero() {
                break;
            }
        }
        Ok(())
    }

    /// One descriptor for any other loop or executor: when it is readable, or
    /// [`Multi::deadline`] has come, call [`Multi::turn`] with no time to wait. It stays the same,
    /// and open until the multi is dropped. An alternative to the hooks.
    ///
    /// # Errors
    /// Those of epoll_create(2).
    pub fn descriptor(&mut self) -> io::Result<BorrowedFd<'_>> {
        self.event_loop.descriptor()
    }

    /// When [`Multi::turn`] has something to do although no socket is ready.
    pub fn deadline(&self) -> Option<Instant> {
        self.event_loop.timer
    }

    /// Gives how many sockets were ready.
    fn wait_once(&mut self, most: Duration) -> io::Result<usize> {
        let mut ready = std::mem::take(&mut self.ready);
        self.counts.waits += 1;
        let waited = self.event_loop.wait(most, &mut ready);
        let count = ready.len();
        for (socket, found) in ready.drain(..) {
            // One action may have closed the socket of the next event.
            if self.event_loop.watches(socket) {
                self.socket_action(socket, found);
            }
        }
        self.ready = ready;
        waited?;
        if self.event_loop.timer.is_some_and(|at| at <= Instant::now()) {
            self.event_loop.timer = None;
            self.timeout();
        }
        Ok(count)
    }

    /// Performs one transfer and waits for its end, on connections that earlier ones have left;
    /// the others go on meanwhile.
    ///
    /// ```no_run
    /// let mut multi = tress::Multi::new();
    /// for page in 1..10 {
    ///     let easy = tress::Easy::get(format!("https://example.com/{page}"));
    ///     println!("{}", multi.perform(easy)?.status());
    /// }
    /// # Ok::<(), tress::Error>(())
    /// ```
    ///
    /// # Errors
    /// What libcurl would say of it, as code and words.
    pub fn perform(&mut self, easy: Easy) -> Result<Response> {
        let handle = self.add(easy);
        loop {
            if let Some(done) = self.take_done(handle) {
                return done.into_result();
            }
            self.turn(Duration::from_secs(60)).map_err(no_waiting)?;
        }
    }

    /// Performs one transfer whose body is read as it comes, on connections that earlier ones
    /// have left; the others go on while it is read.
    ///
    /// # Errors
    /// What libcurl would say of it, as code and words, if it fails before its body comes.
    pub fn open(&mut self, easy: Easy) -> Result<Reader<&mut Self>> {
        Reader::open(self, easy)
    }

    /// The end of that transfer, if it has ended.
    pub(crate) fn take_done(&mut self, handle: Handle) -> Option<Done> {
        let at = self.done.iter().position(|done| done.handle() == handle)?;
        self.done.remove(at)
    }

    /// Tells idle connections' peers that we are still there, where the protocol has a way to
    /// (`curl_easy_upkeep(3)`): those that were silent for `interval`.
    pub fn upkeep(&mut self, interval: Duration) {
        self.engine.enter(Instant::now());
        self.engine.upkeep(interval);
        self.effects();
    }

    /// Closes the connections that no transfer uses.
    pub fn close_idle(&mut self) {
        self.engine.enter(Instant::now());
        self.engine.close_idle();
        self.effects();
    }

    /// The next transfer that has ended.
    pub fn next_done(&mut self) -> Option<Done> {
        self.done.pop_front()
    }

    /// What is known of the response of a transfer under way.
    pub(crate) fn head(&self, handle: Handle) -> Option<Head> {
        self.engine.transfer(handle.0).map(Head::of)
    }

    pub(crate) fn watch(&mut self, socket: RawFd, what: Watch) {
        self.counts.socket_changes += 1;
        match &mut self.on_socket {
            Some(hook) => hook(socket, what),
            None => self.counts.registrations += self.event_loop.watch(socket, what),
        }
    }

    pub(crate) fn timer(&mut self, after: Option<Duration>) {
        self.counts.timer_changes += 1;
        match &mut self.on_timer {
            Some(hook) => hook(after),
            None => self.event_loop.timer = after.map(|after| Instant::now() + after),
        }
    }

    pub(crate) fn end(&mut self, id: TransferId) {
        let (transfer, easy) = (self.engine.remove(id), self.easies.remove(&id));
        // Its message is not read by this way, and must not pile up.
        while self.engine.next_message().is_some() {}
        if let (Some(transfer), Some(easy)) = (transfer, easy) {
            self.done.push_back(Done::new(Handle(id), easy, transfer));
        }
    }
}

/// The sockets cannot be waited for.
pub(crate) fn no_waiting(error: io::Error) -> Error {
    Error::new(Code::UnrecoverablePoll, error.to_string()).with_source(error)
}

impl fmt::Debug for Multi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multi")
            .field("running", &self.running())
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}
