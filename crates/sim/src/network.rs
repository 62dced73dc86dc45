//! The virtual network: sockets that hold what has arrived, and a calendar of what is to happen.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io::IoSlice;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::rc::Rc;

use rustix::event::epoll;
use rustix::io::{Errno, Result};
use tress_engine::{Target, Watch};
use tress_net::resolve::{Family, Unresolved};
use tress_net::sim::{Network, Question, addresses};

use crate::character::{Character, World};
use crate::link::{End, Link, State};
use crate::plan::{Plan, Protocol};
use crate::random::Random;
use crate::second::Second;
use crate::server::{Desk, FIRST_PORT, Out, Places, Server};

/// Virtual descriptors have numbers from here on, so that no other descriptor of the process
/// changes what a seed does.
const FIRST_DESCRIPTOR: RawFd = 300;

/// Pieces that one answer is cut into at most.
const MOST_SEGMENTS: usize = 100;

/// The network as the engine meets it.
pub struct Virtual(pub RefCell<Net>);

/// Everything outside the engine and the application.
pub struct Net {
    /// Microseconds since the start.
    pub now: u64,
    pub random: Random,
    pub character: Character,
    pub plans: BTreeMap<u32, Plan>,
    pub hosts: Vec<Host>,
    /// What the application was told to watch.
    /// And by which of its loops.
    pub announced: BTreeMap<RawFd, (usize, Watch)>,
    /// The loop whose multi handle was entered last.
    pub entered: usize,
    pub links: BTreeMap<RawFd, Link>,
    /// Successful operations: what tells work from spinning.
    pub work: u64,
    /// The first thing that was seen to be wrong.
    pub broken: Option<String>,
    /// A look-up was answered, so that the resolver's descriptor is readable.
    pub name_answered: bool,
    places: Rc<Places>,
    /// FTP's second connections, by their ports.
    pub seconds: BTreeMap<u16, Second>,
    pub next_port: u16,
    /// What has happened, when somebody wants to read it.
    pub trace: Option<Vec<String>>,
    calendar: BinaryHeap<Reverse<(u64, u64, Event)>>,
    events: u64,
    next_serial: u64,
    questions: BTreeMap<u64, Question>,
    closings: OwnedFd,
    room_for_closings: Vec<epoll::Event>,
}

/// A host, and when what went wrong with it last.
#[derive(Debug, Default)]
pub struct Host {
    pub protocol: Protocol,
    pub addresses: Vec<SocketAddr>,
    pub not_reached: Option<u64>,
    pub no_files: Option<u64>,
    pub no_name: Option<u64>,
    /// A connection that many transfers share broke.
    pub broken: Option<u64>,
    /// Bytes came for a connection that the server had closed: it was reset.
    pub reset_late: Option<u64>,
    /// It did not offer TLS, or refused it.
    pub unsecured: Option<u64>,
    /// Connecting or a look-up hangs.
    pub hangs: Option<u64>,
}

/// Something on the calendar.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    Connected(RawFd, u64),
    Refused(RawFd, u64),
    ToClient(RawFd, u64, Vec<u8>),
    EndToClient(RawFd, u64, End),
    ToServer(RawFd, u64, Vec<u8>),
    IdleCheck(RawFd, u64),
    Name(u64),
    /// A file has come over FTP's second connection, which was closed then.
    Uploaded(u16),
    /// For the application: see there.
    Wish(u32, u64),
}

impl Net {
    pub fn new(character: Character, random: Random, traced: bool) -> Result<Self> {
        let mut random = random;
        let hosts = (0..character.hosts).map(|number| {
            let protocol = character.protocol(number, &mut random);
            Host { protocol, ..Host::default() }
        });
        let hosts: Vec<Host> = hosts.collect();
        let protocols = hosts.iter().map(|host| host.protocol).collect();
        let mut net = Self {
            now: 0,
            random,
            hosts,
            character,
            plans: BTreeMap::new(),
            announced: BTreeMap::new(),
            entered: 0,
            links: BTreeMap::new(),
            work: 0,
            broken: None,
            name_answered: false,
            places: Rc::new(Places::new(protocols)),
            seconds: BTreeMap::new(),
            next_port: FIRST_PORT,
            trace: traced.then(Vec::new),
            calendar: BinaryHeap::new(),
            events: 0,
            next_serial: 0,
            questions: BTreeMap::new(),
            closings: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            room_for_closings: Vec::with_capacity(64),
        };
        for number in 0..net.hosts.len() {
            let (v4, v6) = (net.random.between(1, 2), net.random.pick(&[0, 0, 1]));
            let place = number as u8;
            let v4 = (0..v4).map(|last| Ipv4Addr::new(10, 0, place, 1 + last as u8).into());
            let v6 =
                (0..v6).map(|_| Ipv6Addr::from([0xfd00, 0, 0, 0, 0, 0, 0, place.into()]).into());
            let all = v6.chain(v4).map(|ip: std::net::IpAddr| SocketAddr::new(ip, 0));
            net.hosts[number].addresses = all.collect();
        }
        Ok(net)
    }

    pub fn note(&mut self, what: impl FnOnce() -> String) {
        let now = self.now;
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{now:>9} {}", what()));
        }
    }

    pub fn breaks(&mut self, what: impl FnOnce() -> String) {
        if self.broken.is_none() {
            self.broken = Some(what());
        }
    }

    /// Does it happen, of which the character says how often?
    pub fn chance(&mut self, of: impl Fn(&Character) -> u64) -> bool {
        let per_mille = of(&self.character);
        self.random.chance(per_mille)
    }

    /// Puts something on the calendar.
    pub fn schedule(&mut self, at: u64, event: Event) {
        self.events += 1;
        self.calendar.push(Reverse((at, self.events, event)));
    }

    /// When the next thing happens.
    pub fn next_at(&self) -> Option<u64> {
        self.calendar.peek().map(|Reverse((at, _, _))| *at)
    }

    /// Lets the next thing happen; a wish of the application is its own to fulfil.
    pub fn step(&mut self) -> Option<(u32, u64)> {
        let Reverse((at, _, event)) = self.calendar.pop()?;
        self.now = self.now.max(at);
        match event {
            Event::Wish(what, of) => return Some((what, of)),
            Event::Name(number) => self.answer(number),
            Event::Uploaded(port) => self.uploaded(port),
            Event::Connected(fd, serial) => {
                if let Some(link) = self.link(fd, serial) {
                    link.connected();
                    self.note(|| format!("{fd} connected"));
                    self.accept(fd, serial);
                }
            }
            Event::Refused(fd, serial) => {
                if let Some(link) = self.link(fd, serial) {
                    link.refused();
                    self.note(|| format!("{fd} refused"));
                }
            }
            Event::ToClient(fd, serial, bytes) => {
                if let Some(link) = self.link(fd, serial) {
                    link.arrived(&bytes);
                    self.note(|| format!("{fd} has {} bytes more", bytes.len()));
                }
            }
            Event::EndToClient(fd, serial, end) => self.end(fd, serial, end),
            Event::ToServer(fd, serial, bytes) => self.serve(fd, serial, &bytes),
            Event::IdleCheck(fd, serial) => {
                if self.link(fd, serial).is_some_and(|link| link.server.is_idle()) {
                    let breaks = self.character.world == World::Conversations;
                    let first = breaks.then_some(Out::Leaves);
                    // Told together with the end of a response, and never followed by anything, an
                    // end is not seen by those whose loop is edge-triggered.
                    let half = self.random.chance(300) && !self.character.edge_triggered;
                    let last = if half { Out::HalfClose } else { Out::Close };
                    self.at_desk(fd, serial, |server, desk| {
                        first.into_iter().chain([last]).for_each(|out| server.say(out, desk));
                    });
                }
            }
        }
        None
    }

    pub fn link(&mut self, fd: RawFd, serial: u64) -> Option<&mut Link> {
        self.links.get_mut(&fd).filter(|link| link.serial == serial)
    }

    fn end(&mut self, fd: RawFd, serial: u64, end: End) {
        let now = self.now;
        let Some(link) = self.link(fd, serial) else { return };
        link.ended(end);
        let host = link.host;
        let bad = end == End::Reset || !link.server.is_leaving();
        if link.server.is_shared() && bad {
            self.hosts[host].broken = Some(now);
        }
        if end == End::Reset {
            forget_promises(&mut self.plans, serial);
        }
        self.note(|| format!("{fd} ends: {end:?}"));
    }

    fn serve(&mut self, fd: RawFd, serial: u64, bytes: &[u8]) {
        let latency = self.latency();
        let now = self.now;
        let Some(link) = self.links.get_mut(&fd).filter(|link| link.serial == serial) else {
            return;
        };
        if link.is_deaf {
            return;
        }
        link.taken(bytes.len());
        if link.server_closed {
            // Nobody is there to take it.
            let at = link.busy_until.max(now + latency);
            self.hosts[link.host].reset_late = Some(now);
            return self.schedule(at, Event::EndToClient(fd, serial, End::Reset));
        }
        if !link.is_over {
            self.at_desk(fd, serial, |server, desk| server.receive(bytes, desk));
        }
    }

    /// A server works; what it wants done goes on the calendar.
    pub fn at_desk(
        &mut self,
        fd: RawFd,
        serial: u64,
        work: impl FnOnce(&mut Server, &mut Desk<'_>),
    ) {
        let (bad_login, bad_hello) = (self.character.bad_login, self.character.bad_hello);
        let link = self.links.get_mut(&fd).filter(|link| link.serial == serial);
        let Some(link) = link.filter(|link| !link.server_closed) else { return };
        let mut desk = Desk {
            plans: &mut self.plans,
            random: &mut self.random,
            out: Vec::new(),
            connection: serial,
            is_ipv6: link.address.is_ipv6(),
            bad_login,
            bad_hello,
            upgrades: self.character.upgrades > 0,
            clean: self.character.clean,
            places: &self.places,
            next_port: &mut self.next_port,
            complaint: None,
        };
        work(&mut link.server, &mut desk);
        let (out, complaint) = (desk.out, desk.complaint);
        if let Some(complaint) = complaint {
            self.breaks(|| complaint);
        }
        self.carry_out(fd, serial, out);
    }

    /// What a server wants done goes on the calendar, in its order.
    pub fn carry_out(&mut self, fd: RawFd, serial: u64, out: Vec<Out>) {
        let (mut latency, segment) = (self.latency(), self.character.segment as usize);
        let now = self.now;
        let Some(link) = self.link(fd, serial) else { return };
        let mut at = link.busy_until.max(now + latency);
        let (host, mut leaves) = (link.host, false);
        for out in out {
            match out {
                Out::Bytes(bytes) => {
                    let most = segment.max(bytes.len() / MOST_SEGMENTS);
                    let mut rest = &bytes[..];
                    while !rest.is_empty() {
                        let count = self.random.between(1, most as u64) as usize;
                        let (piece, more) = rest.split_at(count.min(rest.len()));
                        self.schedule(at, Event::ToClient(fd, serial, piece.to_vec()));
                        rest = more;
                        at += self.random.below(latency / 4 + 1);
                    }
                }
                Out::HalfClose => {
                    self.schedule(at, Event::EndToClient(fd, serial, End::Fin));
                    self.link(fd, serial).into_iter().for_each(|link| link.is_over = true);
                }
                Out::Close | Out::Cut => {
                    self.schedule(at, Event::EndToClient(fd, serial, End::Fin));
                    self.link(fd, serial).into_iter().for_each(|link| link.server_closed = true);
                }
                Out::Reset => {
                    self.schedule(at, Event::EndToClient(fd, serial, End::Reset));
                    self.link(fd, serial).into_iter().for_each(|link| link.server_closed = true);
                }
                Out::Leaves => leaves = true,
                Out::Hangs => {
                    let host = self.link(fd, serial).map_or(0, |link| link.host);
                    self.hosts[host].hangs = Some(now);
                }
                Out::Unsecured => self.hosts[host].unsecured = Some(now),
                Out::Data(port, data) => self.second(port, (fd, serial), data),
                Out::Deaf => self.link(fd, serial).into_iter().for_each(|link| link.is_deaf = true),
                Out::Idle => {
                    if self.random.chance(self.character.idle_close) {
                        latency = self.random.pick(&[0, 0, 100, 20_000, 3_000_000]);
                        self.schedule(at + latency, Event::IdleCheck(fd, serial));
                    }
                }
            }
        }
        if leaves {
            let broken = &mut self.hosts[host].broken;
            *broken = (*broken).max(Some(at));
        }
        if let Some(link) = self.link(fd, serial) {
            link.busy_until = at;
        }
    }

    pub fn latency(&mut self) -> u64 {
        let (least, most) = self.character.latency;
        self.random.between(least, most)
    }

    fn answer(&mut self, number: u64) {
        let Some(question) = self.questions.remove(&number) else { return };
        let host = host_of(question.host());
        self.name_answered = true;
        if self.random.chance(self.character.no_name) {
            self.hosts[host].no_name = Some(self.now);
            self.note(|| format!("no addresses for h{host}"));
            let unresolved = [Unresolved::NoSuchName, Unresolved::Transient];
            return question.answer(Err(self.random.pick(&unresolved)));
        }
        let wanted = |address: &&SocketAddr| match question.family() {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        };
        let found: Vec<_> = self.hosts[host].addresses.iter().filter(wanted).copied().collect();
        self.note(|| format!("addresses for h{host}: {found:?}"));
        question.answer(Ok(addresses(&found)));
    }

    /// Learns which sockets the engine has closed.
    pub fn notice_closings(&mut self) {
        loop {
            self.room_for_closings.clear();
            let room = rustix::buffer::spare_capacity(&mut self.room_for_closings);
            let found = epoll::wait(&self.closings, room, Some(&Default::default()));
            if !matches!(found, Ok(1..)) {
                return;
            }
            for event in std::mem::take(&mut self.room_for_closings) {
                let fd = event.data.u64() as RawFd;
                if let Some(link) = self.links.remove(&fd) {
                    self.second_closed(&link);
                }
                self.note(|| format!("{fd} closed"));
                if self.announced.contains_key(&fd) {
                    self.breaks(|| {
                        format!("socket {fd} was closed while the application watches it")
                    });
                }
            }
            self.room_for_closings = Vec::with_capacity(64);
        }
    }

    fn socket(&mut self, target: &Target) -> Result<OwnedFd> {
        let Target::Ip(address) = target else { return Err(Errno::AFNOSUPPORT) };
        let host = place_of(*address);
        if self.random.chance(self.character.no_files) {
            self.hosts[host].no_files = Some(self.now);
            return Err(Errno::MFILE);
        }
        self.notice_closings();
        let (near, far) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let socket = rustix::io::fcntl_dupfd_cloexec(&far, FIRST_DESCRIPTOR)?;
        let fd = socket.as_raw_fd();
        let what = epoll::EventData::new_u64(fd as u64);
        epoll::add(&self.closings, &near, what, epoll::EventFlags::empty())?;
        self.next_serial += 1;
        let (least, most) = self.character.send_room;
        let room = self.random.between(least, most) as usize;
        let server = self.places.server(host, address.port());
        let mut link = Link::new(self.next_serial, near, host, room, server, *address);
        link.owner = Some(self.entered);
        self.links.insert(fd, link);
        self.note(|| format!("{fd} opened for {address}"));
        Ok(socket)
    }

    fn connect(&mut self, fd: RawFd) -> Result<()> {
        let latency = self.latency();
        let now = self.now;
        self.check_owner(fd);
        let Some(link) = self.links.get_mut(&fd) else { return Err(Errno::BADF) };
        let (serial, host) = (link.serial, link.host);
        if link.state != State::New {
            return link.how_far();
        }
        let chances = &self.character;
        if self.random.chance(chances.refused) {
            self.hosts[host].not_reached = Some(now + latency);
            if self.random.chance(300) {
                return Err(self.random.pick(&[Errno::NETUNREACH, Errno::CONNREFUSED]));
            }
            link.state = State::Connecting;
            self.schedule(now + latency, Event::Refused(fd, serial));
        } else if self.random.chance(chances.black_hole) {
            link.state = State::Connecting;
            self.hosts[host].hangs = Some(now);
        } else if self.random.chance(chances.connects_at_once) {
            link.connected();
            self.accept(fd, serial);
            return Ok(());
        } else {
            link.state = State::Connecting;
            self.schedule(now + latency, Event::Connected(fd, serial));
        }
        Err(Errno::INPROGRESS)
    }

    /// No multi handle touches what another one has.
    fn check_owner(&mut self, fd: RawFd) {
        let entered = self.entered;
        let owner = self.links.get(&fd).and_then(|link| link.owner);
        if owner.is_some_and(|owner| owner != entered) {
            self.breaks(|| format!("socket {fd} of {owner:?} is used by {entered}"));
        }
    }

    fn recv(&mut self, fd: RawFd, buf: &mut [u8], peek: bool) -> Result<usize> {
        self.check_owner(fd);
        let Some(link) = self.links.get_mut(&fd) else { return Err(Errno::BADF) };
        let got = link.recv(buf, peek);
        self.work += u64::from(got.is_ok() && !peek);
        self.note(|| format!("{fd} recv{}: {got:?}", if peek { " (peek)" } else { "" }));
        got
    }

    fn send(&mut self, fd: RawFd, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let latency = self.latency();
        let now = self.now;
        self.check_owner(fd);
        let Some(link) = self.links.get_mut(&fd) else { return Err(Errno::BADF) };
        let (serial, sent) = (link.serial, link.send(bufs));
        let mut text = String::new();
        let sent = match sent {
            Ok(bytes) => {
                let at = link.sending_until.max(now + latency);
                link.sending_until = at;
                let (count, port) = (bytes.len(), link.address.port());
                text = String::from_utf8_lossy(&bytes[..count.min(60)]).into_owned();
                self.work += 1;
                if let Some(second) = self.seconds.get_mut(&port) {
                    second.file.extend_from_slice(&bytes);
                }
                self.schedule(at, Event::ToServer(fd, serial, bytes));
                Ok(count)
            }
            Err(error) => Err(error),
        };
        self.note(|| format!("{fd} send: {sent:?} {text:?}"));
        sent
    }

    fn resolve(&mut self, question: Question) {
        let host = host_of(question.host());
        self.next_serial += 1;
        let number = self.next_serial;
        self.questions.insert(number, question);
        if self.random.chance(self.character.name_hangs) {
            self.hosts[host].hangs = Some(self.now);
            return;
        }
        let wait = self.random.pick(&[0, 0, 300, 30_000, 1_000_000]);
        self.schedule(self.now + wait, Event::Name(number));
    }
}

impl Network for Virtual {
    fn socket(&self, target: &Target) -> Result<OwnedFd> {
        self.0.borrow_mut().socket(target)
    }

    fn connect(&self, fd: BorrowedFd<'_>, _: &Target) -> Result<()> {
        let mut net = self.0.borrow_mut();
        let result = net.connect(fd.as_raw_fd());
        net.note(|| format!("{} connect: {result:?}", fd.as_raw_fd()));
        result
    }

    fn recv(&self, fd: BorrowedFd<'_>, buf: &mut [u8], peek: bool) -> Result<usize> {
        self.0.borrow_mut().recv(fd.as_raw_fd(), buf, peek)
    }

    fn send(&self, fd: BorrowedFd<'_>, bufs: &[IoSlice<'_>]) -> Result<usize> {
        self.0.borrow_mut().send(fd.as_raw_fd(), bufs)
    }

    fn addresses(&self, fd: BorrowedFd<'_>) -> Option<(SocketAddr, SocketAddr)> {
        let net = self.0.borrow();
        let link = net.links.get(&fd.as_raw_fd())?;
        Some((SocketAddr::from(([10, 9, 9, 9], 40_000)), link.address))
    }

    fn resolve(&self, question: Question) {
        self.0.borrow_mut().resolve(question);
    }
}

/// A connection is lost, whatever was promised on it.
pub fn forget_promises(plans: &mut BTreeMap<u32, Plan>, connection: u64) {
    for plan in plans.values_mut() {
        plan.promised.take_if(|(_, on)| *on == connection);
    }
}

/// The host of a name.
pub fn host_of(name: &str) -> usize {
    name.trim_start_matches('h').trim_end_matches(".test").parse().unwrap_or(0)
}

/// The host of an address.
pub fn place_of(address: SocketAddr) -> usize {
    match address {
        SocketAddr::V4(v4) => v4.ip().octets()[2].into(),
        SocketAddr::V6(v6) => v6.ip().segments()[7].into(),
    }
}
