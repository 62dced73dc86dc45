//! The application: one loop or several, what their handles share, and what it wants of them, with
//! good and with bad manners.

use std::os::fd::RawFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use tress_engine::stores::{DnsCache, Shared, Stores, TlsContext};
use tress_engine::{Parked, Ready, Transfer};

use crate::Stats;
use crate::event_loop::Loop;
use crate::network::{Event, Virtual};

/// What the application wants to do at some time (`Event::Wish`).
const ADD: u32 = 0;
pub const REMOVE: u32 = 1;
pub const UNPAUSE: u32 = 2;
pub const PAUSE: u32 = 3;
const TIMER: u32 = 4;
const RENEW: u32 = 5;

/// The application with its loops.
pub struct Application {
    net: Rc<Virtual>,
    loops: Vec<Loop>,
    /// What handles that are linked to the share have together.
    stores: Arc<Stores>,
    /// Idle connections that multi handles have left to the next.
    parked: Vec<Parked>,
    started: u32,
}

impl Application {
    pub fn new(net: Rc<Virtual>) -> Self {
        let start = Instant::now();
        let count = net.0.borrow().character.loops as usize;
        let loops = (0..count).map(|number| Loop::new(number, net.clone(), start)).collect();
        net.0.borrow_mut().schedule(0, Event::Wish(ADD, 0));
        let dns = Shared::<DnsCache>::default();
        let tls = TlsContext::default();
        let stores = Stores { dns: Some(dns), tls: Some(tls), ..Stores::default() };
        let stores = Arc::new(stores);
        let mut application = Self { net, loops, stores, parked: Vec::new(), started: 0 };
        (0..count as u64).for_each(|number| application.think_of_end(number));
        application
    }

    /// Does the multi handle of this loop end at some time?
    fn think_of_end(&mut self, number: u64) {
        let mut net = self.net.0.borrow_mut();
        let goes_on = u64::from(self.started) < net.character.transfers;
        if goes_on && net.chance(|character| character.renews) {
            let wait = net.random.pick(&[500, 20_000, 300_000, 2_000_000, 9_000_000]);
            let at = net.now + wait;
            net.schedule(at, Event::Wish(RENEW, number));
        }
    }

    /// How much was done, by all loops.
    pub fn stats(&self) -> Stats {
        let mut all = Stats::default();
        self.loops.iter().for_each(|one| all.add(one.stats));
        all
    }

    /// One turn: something happens in the world, or an engine is told of something.
    /// False: there is nothing left to do.
    pub fn turn(&mut self) -> bool {
        let (spurious, dawdles) = {
            let mut net = self.net.0.borrow_mut();
            let spurious = net.character.spurious;
            // A busy application lets some time go by although there is something to do.
            let soon = net.next_at().is_some_and(|at| at <= net.now + 100_000);
            let dawdles = net.character.dawdles;
            (net.random.chance(spurious), net.random.chance(dawdles) && soon)
        };
        if spurious {
            let which = self.any_loop();
            self.loops[which].act_for_nothing();
            return true;
        }
        self.follow_a_whim();
        let ready = self.ready();
        let due: Vec<usize> = (0..self.loops.len()).filter(|at| self.loops[*at].is_due()).collect();
        let all = (ready.len() + due.len()) as u64;
        if all > 0 && !dawdles {
            let which = self.net.0.borrow_mut().random.below(all) as usize;
            match ready.get(which) {
                Some(&(at, socket, found)) => self.loops[at].socket_action(socket, found),
                None => self.loops[due[which - ready.len()]].timeout(),
            }
            return true;
        }
        let next = self.net.0.borrow().next_at();
        match (next, self.loops.iter().filter_map(|one| one.timer).min()) {
            (None, None) => return !ready.is_empty(),
            (Some(next), Some(timer)) if timer <= next => self.wait_for_timer(timer),
            (None, Some(timer)) => self.wait_for_timer(timer),
            (Some(_), _) => self.step(),
        }
        true
    }

    /// What comes to mind at any moment, whatever a transfer is at just then.
    fn follow_a_whim(&mut self) {
        let (pauses, removes) = {
            let mut net = self.net.0.borrow_mut();
            (net.chance(|character| character.pause / 20), net.chance(|it| it.remove / 50))
        };
        if !pauses && !removes {
            return;
        }
        let live = self.loops.iter().flat_map(|one| one.live.values());
        let mut numbers: Vec<u32> = live.map(|live| live.number).collect();
        numbers.sort_unstable();
        if numbers.is_empty() {
            return;
        }
        let number = self.net.0.borrow_mut().random.pick(&numbers);
        let Some(at) = self.loop_of(number) else { return };
        match removes {
            true => at.remove_early(number),
            false => {
                at.pause(number, true);
                self.wish_to_go_on(number);
            }
        }
    }

    fn wish_to_go_on(&mut self, number: u32) {
        let mut net = self.net.0.borrow_mut();
        let at = net.now + net.random.pick(&[0, 300, 20_000, 5_000_000]);
        net.schedule(at, Event::Wish(UNPAUSE, number.into()));
    }

    /// Sleeps until the timer goes off, or some time longer.
    fn wait_for_timer(&mut self, timer: u64) {
        let mut net = self.net.0.borrow_mut();
        if net.now < timer {
            net.now = timer;
            self.loops.iter_mut().for_each(|one| one.fruitless = 0);
        }
        let late = net.character.late;
        if late > 0 && net.random.chance(300) {
            let until = net.now + net.random.below(late);
            net.schedule(until, Event::Wish(TIMER, 0));
            drop(net);
            self.step();
        }
    }

    fn step(&mut self) {
        let before = self.net.0.borrow().now;
        let wish = self.net.0.borrow_mut().step();
        if self.net.0.borrow().now > before {
            self.loops.iter_mut().for_each(|one| one.fruitless = 0);
        }
        let Some((what, of)) = wish else { return };
        let number = of as u32;
        match what {
            ADD => self.add(),
            RENEW => {
                let parks = self.net.0.borrow().character.parks;
                self.loops[of as usize].renew(parks.then_some(&mut self.parked));
                self.think_of_end(of);
            }
            REMOVE => self.loop_of(number).into_iter().for_each(|it| it.remove_early(number)),
            UNPAUSE => self.loop_of(number).into_iter().for_each(|it| it.pause(number, false)),
            PAUSE => self.loop_of(number).into_iter().for_each(|it| it.pause(number, true)),
            _ => {}
        }
    }

    /// Announced sockets that are ready, and whose they are.
    fn ready(&self) -> Vec<(usize, RawFd, Ready)> {
        let net = self.net.0.borrow();
        let announced = net.announced.iter();
        let ready = announced.filter_map(|(&fd, &(at, watch))| {
            self.loops[at].ready(fd, watch).map(|found| (at, fd, found))
        });
        ready.collect()
    }

    /// Adds some transfers more and thinks of the next.
    fn add(&mut self) {
        let (at_once, most) = {
            let net = self.net.0.borrow();
            (net.character.at_once as usize, net.character.transfers as u32)
        };
        if self.started >= most {
            return;
        }
        let running: usize = self.loops.iter().map(Loop::running).sum();
        let (wait, burst) = {
            let mut net = self.net.0.borrow_mut();
            let wait = net.random.pick(&[0, 100, 5_000, 2_000_000]);
            (wait, net.random.between(1, 4))
        };
        for _ in 0..burst {
            if running < at_once && self.started < most {
                self.add_one();
            }
        }
        let mut net = self.net.0.borrow_mut();
        let full = running + burst as usize > at_once;
        let at = net.now + if full { 3_000_000 } else { wait.max(1) };
        net.schedule(at, Event::Wish(ADD, 0));
    }

    fn add_one(&mut self) {
        let number = self.started;
        self.started += 1;
        let at = self.any_loop();
        let mut handle = self.used().unwrap_or_else(|| Transfer::boxed(Arc::default()));
        let shares = self.net.0.borrow_mut().chance(|character| character.shares);
        handle.set_stores(shares.then(|| self.stores.clone()));
        if shares && self.net.0.borrow().character.parks {
            self.loops[at].take_in(std::mem::take(&mut self.parked));
        }
        self.loops[at].add(number, handle);
    }

    /// A handle that was used, by whichever loop.
    fn used(&mut self) -> Option<Box<Transfer>> {
        let from = self.any_loop();
        self.loops[from].spare.pop()
    }

    /// One of the loops.
    fn any_loop(&self) -> usize {
        match self.loops.len() {
            1 => 0,
            count => self.net.0.borrow_mut().random.below(count as u64) as usize,
        }
    }

    /// The one where this transfer runs.
    fn loop_of(&mut self, number: u32) -> Option<&mut Loop> {
        self.loops.iter_mut().find(|one| one.has(number))
    }

    /// Ends everything, as a program that exits would.
    pub fn end(&mut self) {
        self.parked.clear();
        self.loops.iter_mut().for_each(|one| one.stop(None));
        // Some wait until everything has said goodbye.
        let mut turns = if self.net.0.borrow_mut().random.chance(500) { 100_000 } else { 0 };
        let has_some = |one: &Loop| one.multi.connections() > 0;
        while turns > 0 && self.loops.iter().any(has_some) && self.turn() {
            turns -= 1;
        }
        self.loops.iter_mut().for_each(Loop::finish);
    }
}
