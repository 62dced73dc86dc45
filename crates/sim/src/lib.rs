//! The engine under a virtual network and a virtual clock (ARCHITECTURE.md, "The simulator").
//!
//! A seed decides everything: what servers answer and when it arrives, what fails, and how well
//! the application behaves. After each of its calls the engine's invariants are checked, and
//! every transfer must end once, with a result that fits what happened to it.
#![forbid(unsafe_code)]

mod application;
mod character;
mod conversations;
mod effects;
mod event_loop;
mod judge;
mod link;
mod network;
mod options;
mod plan;
mod random;
mod second;
mod server;

use std::cell::RefCell;
use std::rc::Rc;

use application::Application;
use character::Character;
pub use character::World;
use network::{Net, Virtual};
use random::Random;
use tress_net::sim::Installed;

/// Turns that one seed takes at most: bytes that go one by one take some hundred thousand.
const MOST_TURNS: u64 = 1_500_000;

/// How much was done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    /// Transfers added.
    pub transfers: u64,
    /// Of these, ended.
    pub done: u64,
    /// Of these, with an error.
    pub failed: u64,
    /// Transfers taken out before their end.
    pub removed: u64,
    /// Calls for sockets that were ready and for the timer.
    pub actions: u64,
}

impl Stats {
    /// Adds those of another seed.
    pub fn add(&mut self, other: Self) {
        self.transfers += other.transfers;
        self.done += other.done;
        self.failed += other.failed;
        self.removed += other.removed;
        self.actions += other.actions;
    }
}

/// What was wrong, and how it came to that.
#[derive(Debug)]
pub struct Failure {
    /// The seed that shows it.
    pub seed: u64,
    /// What did not hold.
    pub what: String,
    /// Everything that happened, when it was asked for.
    pub trace: Vec<String>,
}

/// Runs one seed in one of the worlds; `traced` keeps what happens.
///
/// # Errors
/// What did not hold.
pub fn run(world: World, seed: u64, traced: bool) -> Result<Stats, Failure> {
    let mut random = Random::new(seed);
    let character = Character::new(world, &mut random);
    let described = format!("{character:?}");
    let failure = |what: String, trace| Failure { seed, what, trace };
    let net = Net::new(character, random, traced);
    let net = net.map_err(|error| failure(format!("no virtual network: {error}"), Vec::new()))?;
    let net = Rc::new(Virtual(RefCell::new(net)));
    net.0.borrow_mut().note(|| described);
    let installed = Installed::new(net.clone());
    let mut application = Application::new(net.clone());
    let mut turns = 0;
    while net.0.borrow().broken.is_none() && application.turn() {
        turns += 1;
        if turns == MOST_TURNS {
            net.0.borrow_mut().breaks(|| "it goes on for ever".into());
        }
    }
    if net.0.borrow().broken.is_none() {
        application.end();
    }
    let stats = application.stats();
    drop(application);
    drop(installed);
    let mut net = net.0.borrow_mut();
    net.notice_closings();
    if !net.links.is_empty() || !net.announced.is_empty() {
        let (open, announced) = (net.links.len(), net.announced.len());
        net.breaks(|| format!("at the end {open} sockets are open, {announced} announced"));
    }
    match net.broken.take() {
        Some(what) => Err(failure(what, net.trace.take().unwrap_or_default())),
        None => Ok(stats),
    }
}
