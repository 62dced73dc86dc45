//! One loop of the application with its multi handle: it is told what the multi handle announces, and tells
//! it what happens.

use std::collections::{HashMap, HashSet};
use std::os::fd::RawFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tress_engine::{Multi, Parked, Ready, Transfer, TransferId, Watch};
use tress_net::{PollEvents, Poller};

use crate::Stats;
use crate::application::{PAUSE, REMOVE, UNPAUSE};
use crate::network::{Event, Virtual};

/// An event loop with its multi handle.
pub struct Loop {
    /// Which one of all.
    pub number: usize,
    pub multi: Multi,
    pub net: Rc<Virtual>,
    pub live: HashMap<TransferId, Live>,
    /// By transfer number.
    ids: HashMap<u32, TransferId>,
    /// All that ever were.
    pub used_ids: HashSet<TransferId>,
    /// Handles that were used and may be used again.
    #[expect(clippy::vec_box, reason = "they are lent to the engine as they are")]
    pub spare: Vec<Box<Transfer>>,
    pub stats: Stats,
    /// When the timer goes off.
    pub timer: Option<u64>,
    start: Instant,
    /// Actions without any effect since the last that had one.
    pub fruitless: u32,
    /// How often in a row each socket was ready and nothing came of it.
    pub useless: HashMap<RawFd, u32>,
    /// What had been done when the engine was entered last.
    pub worked: u64,
    /// Of the timer's: since when they are counted, and how many.
    pub alarms: (u64, u32),
}

/// A transfer that was added and not yet taken out.
#[derive(Debug)]
pub struct Live {
    pub number: u32,
    pub since: u64,
    pub limit: Duration,
    pub connect_limit: Duration,
    pub received: usize,
    pub sent: usize,
    pub seeks: u32,
    /// No bytes may be delivered.
    pub receive_paused: bool,
    /// No bytes of the upload may be asked for.
    pub send_paused: bool,
    /// Was it ever paused, which costs time?
    pub was_paused: bool,
    /// A callback has refused to go on.
    pub aborted: bool,
    /// A callback has refused one of its sockets.
    pub refused_socket: bool,
    pub done: bool,
}

impl Loop {
    /// The loop of this number, its time counted from `start`.
    pub fn new(number: usize, net: Rc<Virtual>, start: Instant) -> Self {
        let settings = net.0.borrow().character.settings();
        Self {
            number,
            multi: Multi::new(settings),
            net,
            live: HashMap::new(),
            ids: HashMap::new(),
            used_ids: HashSet::new(),
            spare: Vec::new(),
            stats: Stats::default(),
            timer: None,
            start,
            fruitless: 0,
            useless: HashMap::new(),
            worked: 0,
            alarms: (0, 0),
        }
    }

    /// Is its timer to go off?
    pub fn is_due(&self) -> bool {
        self.timer.is_some_and(|at| at <= self.net.0.borrow().now)
    }

    /// Does this transfer run here?
    pub fn has(&self, number: u32) -> bool {
        self.ids.contains_key(&number)
    }

    /// How many transfers are not done.
    pub fn running(&self) -> usize {
        self.live.values().filter(|live| !live.done).count()
    }

    /// What of a socket that it watches it would find ready, as its kind of loop does.
    pub fn ready(&self, fd: RawFd, watch: Watch) -> Option<Ready> {
        let net = self.net.0.borrow();
        let (reads, writes) =
            (matches!(watch, Watch::In | Watch::InOut), matches!(watch, Watch::Out | Watch::InOut));
        let Some(link) = net.links.get(&fd) else {
            let is_readable = net.name_answered && is_readable(fd);
            return is_readable.then_some(Ready { readable: true, ..Ready::default() });
        };
        let edge = link.edge_in && reads || link.edge_out && writes;
        if net.character.edge_triggered && !edge {
            return None;
        }
        let found = link.ready();
        let found = Ready {
            readable: found.readable && reads,
            writable: found.writable && writes,
            error: found.error,
        };
        (found != Ready::default()).then_some(found)
    }

    /// Calls that nothing has asked for: early, twice, for sockets that are not ready, or gone.
    pub fn act_for_nothing(&mut self) {
        let fruitless = self.fruitless;
        let what = self.net.0.borrow_mut().random.below(4);
        match what {
            0 => {
                self.enter();
                self.multi.timeout();
                self.timer = None;
                self.after_action();
            }
            1 => {
                self.enter();
                let known =
                    self.multi.socket_ready(299, Ready { readable: true, ..<_>::default() });
                if known {
                    self.net.0.borrow_mut().breaks(|| "socket 299 is taken for its own".into());
                }
                self.after_call();
            }
            _ => {
                let (socket, found) = {
                    let mut net = self.net.0.borrow_mut();
                    let own = net.announced.iter().filter(|(_, (owner, _))| *owner == self.number);
                    let sockets: Vec<_> = own.map(|(fd, _)| *fd).collect();
                    if sockets.is_empty() {
                        return;
                    }
                    let socket = net.random.pick(&sockets);
                    let (readable, writable) = (net.random.chance(500), net.random.chance(500));
                    (socket, Ready { readable, writable, error: net.random.chance(100) })
                };
                self.enter();
                self.multi.socket_ready(socket, found);
                self.after_action();
            }
        }
        self.fruitless = fruitless;
    }

    pub fn socket_action(&mut self, socket: RawFd, found: Ready) {
        {
            let mut net = self.net.0.borrow_mut();
            net.note(|| format!("{} socket_action({socket}, {found:?})", self.number));
            if let Some(link) = net.links.get_mut(&socket) {
                (link.edge_in, link.edge_out) = (false, false);
            }
        }
        self.enter();
        if !self.multi.socket_ready(socket, found) {
            self.net.0.borrow_mut().breaks(|| format!("{socket} was announced, but is not known"));
        }
        self.after_action();
        self.stats.actions += 1;
        self.count_report(socket);
    }

    pub fn timeout(&mut self) {
        self.net.0.borrow_mut().note(|| format!("{} timeout()", self.number));
        self.timer = None;
        self.enter();
        self.multi.timeout();
        self.after_action();
        self.stats.actions += 1;
        if self.fruitless > 0 {
            self.count_alarm();
        }
    }

    pub fn enter(&mut self) {
        {
            let mut net = self.net.0.borrow_mut();
            net.entered = self.number;
            self.worked = net.work;
        }
        self.multi.enter(self.instant());
    }

    pub fn instant(&self) -> Instant {
        self.start + Duration::from_micros(self.net.0.borrow().now)
    }

    /// Adds a transfer by a handle that is new, or was used here or elsewhere.
    pub fn add(&mut self, number: u32, mut transfer: Box<Transfer>) {
        self.stats.transfers += 1;
        let (options, limit, connect_limit) = self.net.0.borrow_mut().options_of_new(number);
        transfer.set_options(Arc::new(options));
        self.enter();
        let id = self.multi.add(transfer);
        let since = self.net.0.borrow().now;
        self.live.insert(
            id,
            Live {
                number,
                since,
                limit,
                connect_limit,
                received: 0,
                sent: 0,
                seeks: 0,
                receive_paused: false,
                send_paused: false,
                was_paused: false,
                aborted: false,
                refused_socket: false,
                done: false,
            },
        );
        self.ids.insert(number, id);
        if !self.used_ids.insert(id) {
            self.net.0.borrow_mut().breaks(|| format!("{id:?} is used a second time"));
        }
        self.net.0.borrow_mut().note(|| format!("add {number} as {id:?} to {}", self.number));
        self.after_call();
        self.think_of(number);
    }

    /// What the application will do to a transfer later.
    fn think_of(&mut self, number: u32) {
        let mut net = self.net.0.borrow_mut();
        let now = net.now;
        // Whatever never ends by itself is taken out in the end.
        let gives_up = now + if net.character.hangs() { 400_000_000 } else { 20_000_000_000 };
        net.schedule(gives_up, Event::Wish(REMOVE, number.into()));
        if net.chance(|character| character.remove) {
            let at = now + net.random.pick(&[0, 50, 2_000, 100_000, 4_000_000]);
            net.schedule(at, Event::Wish(REMOVE, number.into()));
        }
        if net.chance(|character| character.pause) {
            let at = now + net.random.below(50_000);
            let long = net.random.pick(&[0, 300, 20_000, 5_000_000]);
            net.schedule(at, Event::Wish(PAUSE, number.into()));
            net.schedule(at + long, Event::Wish(UNPAUSE, number.into()));
        }
    }

    pub fn pause(&mut self, number: u32, paused: bool) {
        let Some(&id) = self.ids.get(&number) else { return };
        let Some(live) = self.live.get_mut(&id).filter(|live| !live.done) else { return };
        self.net.0.borrow_mut().note(|| format!("pause {number}: {paused}"));
        live.was_paused |= paused;
        // What it brings about at once may come to nothing.
        self.alarms.1 = self.alarms.1.saturating_sub(1);
        self.enter();
        // A pause of a transfer without a connection is not heeded.
        let heeded = self.multi.pause(id, paused, paused).is_ok();
        if let Some(live) = self.live.get_mut(&id).filter(|_| heeded) {
            (live.receive_paused, live.send_paused) = (paused, paused);
        }
        self.after_call();
    }

    pub fn remove_early(&mut self, number: u32) {
        let Some(&id) = self.ids.get(&number) else { return };
        if let Some(since) = self.live.get(&id).filter(|live| !live.done).map(|live| live.since) {
            self.stats.removed += 1;
            let gave_up = self.net.0.borrow().now > since + 10_000_000_000;
            if gave_up {
                self.net.0.borrow_mut().breaks(|| format!("transfer {number} never ends"));
            }
        }
        self.enter();
        self.take_out(id);
        self.after_call();
    }

    /// Takes a transfer out; its handle may be used again.
    pub fn take_out(&mut self, id: TransferId) {
        let Some(live) = self.live.remove(&id) else { return };
        self.net.0.borrow_mut().note(|| format!("remove {}", live.number));
        self.ids.remove(&live.number);
        match self.multi.remove(id) {
            Some(transfer) => self.spare.push(transfer),
            None => self.net.0.borrow_mut().breaks(|| format!("{id:?} is not known any more")),
        }
    }

    /// Its transfers are taken out and what is idle is closed, or left to others.
    pub fn stop(&mut self, parked: Option<&mut Vec<Parked>>) {
        self.enter();
        let mut all: Vec<_> = self.live.iter().map(|(id, live)| (live.number, *id)).collect();
        all.sort_unstable_by_key(|(number, _)| *number);
        for (_, id) in all {
            self.take_out(id);
        }
        self.after_call();
        self.enter();
        match parked {
            None => self.multi.close_idle(),
            Some(parked) => {
                parked.extend(self.multi.park_idle());
                let mut net = self.net.0.borrow_mut();
                let own = net.links.iter_mut().filter(|(_, link)| link.owner == Some(self.number));
                let left = own.filter(|(fd, _)| !self.multi.has_socket(**fd));
                left.for_each(|(_, link)| link.owner = None);
            }
        }
        self.after_call();
    }

    /// Connections that others have left are used here from now on.
    pub fn take_in(&mut self, parked: Vec<Parked>) {
        self.enter();
        self.multi.unpark(parked);
        let mut net = self.net.0.borrow_mut();
        let left = net.links.iter_mut().filter(|(_, link)| link.owner.is_none());
        let own = left.filter(|(fd, _)| self.multi.has_socket(**fd));
        own.for_each(|(_, link)| (link.owner, link.has_moved) = (Some(self.number), true));
        drop(net);
        self.after_call();
    }

    /// Nothing waits any more for what is there still: nothing may be left then.
    pub fn finish(&mut self) {
        self.enter();
        self.multi.close_all();
        self.after_call();
        self.timer = None;
        self.enter();
        self.multi.timeout();
        self.after_action();
        let left = self.multi.remains();
        if !left.is_empty() {
            self.net.0.borrow_mut().breaks(|| format!("at the end are left: {left:?}"));
        }
    }

    /// Its multi handle ends whatever it is at, and another takes its place.
    pub fn renew(&mut self, parked: Option<&mut Vec<Parked>>) {
        self.net.0.borrow_mut().note(|| format!("{} begins anew", self.number));
        self.stats.removed += self.running() as u64;
        self.stop(parked);
        self.finish();
        self.multi = Multi::new(self.multi.settings().clone());
        self.used_ids.clear();
    }
}

fn is_readable(fd: RawFd) -> bool {
    let mut poller = Poller::default();
    poller.push(fd, PollEvents::IN);
    poller.wait(Some(Duration::ZERO)).is_ok() && poller.ready().next().is_some()
}
