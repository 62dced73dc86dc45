//! The application: it drives the engine by what it announces, with good and with bad manners.

use std::collections::{HashMap, HashSet};
use std::os::fd::RawFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tress_engine::options::{
    BodySource, FollowLocation, Hooks, HttpVersion, Method as Kind, Options, TlsVersion,
};
use tress_engine::{Multi, Ready, Transfer, TransferId, Watch};
use tress_net::{PollEvents, Poller};

use crate::character::World;
use crate::network::{Event, Virtual};
use crate::plan::{Expect, Method, Plan, Protocol};
use crate::server::{host_name, secure};
use crate::{Stats, conversations};

/// What the application wants to do at some time (`Event::Wish`).
const ADD: u32 = 0;
const REMOVE: u32 = 1;
pub const UNPAUSE: u32 = 2;
const PAUSE: u32 = 3;
const TIMER: u32 = 4;

/// What may be on the way.
const PROXIES: [&str; 5] = [
    "http://h0.test:3128",
    "socks4://h0.test:1080",
    "socks4a://h0.test:1080",
    "socks5://h0.test:1080",
    "socks5h://h0.test:1080",
];

/// The application with its multi handle.
pub struct Application {
    pub multi: Multi,
    pub net: Rc<Virtual>,
    pub live: HashMap<TransferId, Live>,
    /// By transfer number.
    ids: HashMap<u32, TransferId>,
    /// All that ever were.
    used_ids: HashSet<TransferId>,
    /// Handles that were used and may be used again.
    #[expect(clippy::vec_box, reason = "they are lent to the engine as they are")]
    spare: Vec<Box<Transfer>>,
    pub stats: Stats,
    /// When the timer goes off.
    pub timer: Option<u64>,
    start: Instant,
    started: u32,
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

impl Application {
    pub fn new(net: Rc<Virtual>) -> Self {
        let settings = net.0.borrow().character.settings();
        net.0.borrow_mut().schedule(0, Event::Wish(ADD, 0));
        Self {
            multi: Multi::new(settings),
            net,
            live: HashMap::new(),
            ids: HashMap::new(),
            used_ids: HashSet::new(),
            spare: Vec::new(),
            stats: Stats::default(),
            timer: None,
            start: Instant::now(),
            started: 0,
            fruitless: 0,
            useless: HashMap::new(),
            worked: 0,
            alarms: (0, 0),
        }
    }

    /// One turn: something happens in the world, or the engine is told of something.
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
            self.act_for_nothing();
            return true;
        }
        self.follow_a_whim();
        let ready = self.ready();
        let now = self.net.0.borrow().now;
        let due = self.timer.is_some_and(|at| at <= now);
        if (!ready.is_empty() || due) && !dawdles {
            let which = self.net.0.borrow_mut().random.below(ready.len() as u64 + u64::from(due));
            match ready.get(which as usize) {
                Some(&(socket, found)) => self.socket_action(socket, found),
                None => self.timeout(),
            }
            return true;
        }
        let next = self.net.0.borrow().next_at();
        match (next, self.timer) {
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
        let mut numbers: Vec<u32> = self.live.values().map(|live| live.number).collect();
        numbers.sort_unstable();
        if numbers.is_empty() {
            return;
        }
        let number = self.net.0.borrow_mut().random.pick(&numbers);
        match removes {
            true => self.remove_early(number),
            false => {
                self.pause(number, true);
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
            self.fruitless = 0;
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
            self.fruitless = 0;
        }
        match wish {
            Some((ADD, _)) => self.add(),
            Some((REMOVE, number)) => self.remove_early(number as u32),
            Some((UNPAUSE, number)) => self.pause(number as u32, false),
            Some((PAUSE, number)) => self.pause(number as u32, true),
            _ => {}
        }
    }

    /// Announced sockets that are ready, as the application's kind of loop would find them.
    fn ready(&mut self) -> Vec<(RawFd, Ready)> {
        let net = self.net.0.borrow();
        let mut ready = Vec::new();
        for (&fd, watch) in &net.announced {
            let (reads, writes) = (
                matches!(watch, Watch::In | Watch::InOut),
                matches!(watch, Watch::Out | Watch::InOut),
            );
            let Some(link) = net.links.get(&fd) else {
                if net.name_answered && is_readable(fd) {
                    ready.push((fd, Ready { readable: true, ..Ready::default() }));
                }
                continue;
            };
            let edge = link.edge_in && reads || link.edge_out && writes;
            if net.character.edge_triggered && !edge {
                continue;
            }
            let found = link.ready();
            let found = Ready {
                readable: found.readable && reads,
                writable: found.writable && writes,
                error: found.error,
            };
            if found != Ready::default() {
                ready.push((fd, found));
            }
        }
        ready
    }

    /// Calls that nothing has asked for: early, twice, for sockets that are not ready, or gone.
    fn act_for_nothing(&mut self) {
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
                    let sockets: Vec<_> = net.announced.keys().copied().collect();
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

    fn socket_action(&mut self, socket: RawFd, found: Ready) {
        {
            let mut net = self.net.0.borrow_mut();
            net.note(|| format!("socket_action({socket}, {found:?})"));
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

    fn timeout(&mut self) {
        self.net.0.borrow_mut().note(|| "timeout()".into());
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
        self.worked = self.net.0.borrow().work;
        self.multi.enter(self.instant());
    }

    pub fn instant(&self) -> Instant {
        self.start + Duration::from_micros(self.net.0.borrow().now)
    }

    /// Adds one transfer more and thinks of the next.
    fn add(&mut self) {
        let (at_once, most) = {
            let net = self.net.0.borrow();
            (net.character.at_once as usize, net.character.transfers as u32)
        };
        if self.started >= most {
            return;
        }
        let running = self.live.values().filter(|live| !live.done).count();
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
        self.stats.transfers += 1;
        let (options, limit, connect_limit) = self.options_of_new(number);
        let mut transfer = match self.spare.pop() {
            Some(used) => used,
            None => Transfer::boxed(Arc::default()),
        };
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
        self.net.0.borrow_mut().note(|| format!("add {number} as {id:?}"));
        self.after_call();
        self.think_of(number);
    }

    /// Plans a transfer; its options, its limit of time and that of connecting.
    fn options_of_new(&mut self, number: u32) -> (Options, Duration, Duration) {
        let mut net = self.net.0.borrow_mut();
        let net = &mut *net;
        let mut plan = Plan::new(&net.character, &mut net.random);
        let first = plan.hosts[0];
        let (world, protocol) = (net.character.world, net.hosts[first].protocol);
        if world == World::Conversations {
            plan = Plan::of_conversation(first, protocol, &net.character, &mut net.random);
        }
        let host = match net.character.names || plan.hosts.len() > 1 {
            true => host_name(first),
            false => match net.random.pick(&net.hosts[first].addresses) {
                std::net::SocketAddr::V4(v4) => v4.ip().to_string(),
                std::net::SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
            },
        };
        let limit = net.character.time_limit(&mut net.random);
        let connect_limit = net.character.time_limit(&mut net.random);
        let mut options = Options {
            url: Some(plan.url(&host, number, 0).into_bytes().into()),
            followlocation: FollowLocation::All,
            timeout: limit,
            connecttimeout: connect_limit,
            nobody: plan.method == Method::Head,
            pipewait: net.random.chance(500),
            fresh_connect: net.random.chance(50),
            forbid_reuse: net.random.chance(50),
            ..Options::default()
        };
        options.proxy_mut().proxy = Some(Box::default());
        options.buffersize = net.character.buffer;
        options.tls_mut().cainfo_blob = Some(secure::trusted());
        if net.character.tls12 {
            options.tls_mut().sslversion_max = Some(TlsVersion::V1_2);
        }
        if protocol == Protocol::Http2 && !net.character.has_alpn() {
            options.http_version = HttpVersion::V2PriorKnowledge;
        }
        if protocol != Protocol::Ftp && net.random.chance(net.character.proxied) {
            let proxy = net.random.pick(&PROXIES);
            options.proxy_mut().proxy = Some(proxy.as_bytes().into());
            let tunnels = protocol != Protocol::Http1 || net.random.chance(500);
            options.proxy_mut().httpproxytunnel = tunnels;
        }
        if world == World::Conversations {
            conversations::fill_in(&mut options, protocol, &host, number, &plan);
        } else if let Some(upload) = plan.upload {
            options.method = Kind::Put;
            let len = upload.known.then_some(upload.size as u64);
            options.body = BodySource::Application { len, fields: false };
            let expect: &[u8] = match plan.expect {
                Some(_) => b"Expect: 100-continue",
                None => b"Expect:",
            };
            options.httpheader = Some(Arc::from([Box::from(expect)]));
        }
        options.accept_encoding = plan.coded.then(|| Box::from(*b"gzip"));
        options.hooks = Hooks::WRITE | Hooks::READ | Hooks::SEEK;
        for hook in [
            Hooks::HEADER,
            Hooks::PROGRESS,
            Hooks::PREREQ,
            Hooks::RESOLVER_START,
            Hooks::CLOSESOCKET,
            Hooks::OPENSOCKET,
            Hooks::SOCKOPT,
        ] {
            options.hooks.set(hook, net.random.chance(100));
        }
        if net.random.chance(net.character.slow) {
            options.limits_mut().max_recv_speed = net.random.pick(&[500, 16_000, 100_000]);
            let speeds: &[u64] = match world {
                World::Web => &[0, 16_000, 100_000],
                // Mails that take their time.
                World::Conversations => &[0, 100, 16_000, 100_000],
            };
            options.limits_mut().max_send_speed = net.random.pick(speeds);
        }
        if net.character.forgets_names {
            options.dns_mut().dns_cache_timeout = Some(Duration::ZERO);
        }
        if plan.expect == Some(Expect::Silence) {
            options.http_mut().expect_100_timeout = Duration::from_millis(net.random.below(1_500));
        }
        net.plans.insert(number, plan);
        (options, limit, connect_limit)
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

    fn pause(&mut self, number: u32, paused: bool) {
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

    fn remove_early(&mut self, number: u32) {
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

    /// Ends everything, as a program that exits would.
    pub fn end(&mut self) {
        self.enter();
        let mut all: Vec<_> = self.live.iter().map(|(id, live)| (live.number, *id)).collect();
        all.sort_unstable_by_key(|(number, _)| *number);
        for (_, id) in all {
            self.take_out(id);
        }
        self.after_call();
        self.enter();
        self.multi.close_idle();
        self.after_call();
        // Some wait until everything has said goodbye.
        let mut turns = if self.net.0.borrow_mut().random.chance(500) { 100_000 } else { 0 };
        while turns > 0 && self.multi.connections() > 0 && self.turn() {
            turns -= 1;
        }
        self.enter();
        self.multi.close_all();
        self.after_call();
        self.enter();
        self.multi.timeout();
        self.after_action();
        let left = self.multi.remains();
        if !left.is_empty() {
            self.net.0.borrow_mut().breaks(|| format!("at the end are left: {left:?}"));
        }
    }
}

fn is_readable(fd: RawFd) -> bool {
    let mut poller = Poller::default();
    poller.push(fd, PollEvents::IN);
    poller.wait(Some(Duration::ZERO)).is_ok() && poller.ready().next().is_some()
}
