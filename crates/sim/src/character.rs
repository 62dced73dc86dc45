//! What kind of network, servers and application a seed stands for.

use std::time::Duration;

use tress_engine::MultiSettings;

use crate::plan::Protocol;
use crate::random::Random;

/// Which protocols a seed is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// HTTP/1.1 and HTTP/2.
    Web,
    /// Commands and replies: FTP, SMTP, IMAP, POP3.
    Conversations,
    /// One of these with several multi handles.
    Several,
    /// Mail with servers that begin with TLS in the course of a conversation, or should.
    StartTls,
}

/// Chances are in a thousand, times in microseconds.
#[derive(Debug)]
pub struct Character {
    /// What is spoken: of the web, or in conversations.
    pub world: World,
    /// The application's loops, each with a multi handle.
    pub loops: u64,
    /// A handle is linked to the share.
    pub shares: u64,
    /// A multi handle ends while others go on.
    pub renews: u64,
    /// Connections are shared: those that it leaves idle are for the others.
    pub parks: bool,
    /// Nothing fails and nobody stalls: every transfer must succeed.
    pub clean: bool,
    /// Transfers in all.
    pub transfers: u64,
    /// Transfers that the application wants to run at once.
    pub at_once: u64,
    /// Hosts; each with 1 to 3 addresses.
    pub hosts: u64,
    /// Hosts of these that speak HTTP/2 only.
    http2_hosts: u64,
    /// Hosts are looked up by name, not given as addresses.
    pub names: bool,
    /// What was looked up is forgotten at once.
    pub forgets_names: bool,
    /// Transfers go through the first host as a proxy.
    pub proxied: u64,
    /// The application's loop is edge-triggered.
    pub edge_triggered: bool,
    /// The application lets time go by although there is something to do.
    pub dawdles: u64,
    /// The application fires the timer late by so much at most.
    pub late: u64,
    /// Time on the way.
    pub latency: (u64, u64),
    /// Most bytes that arrive at once.
    pub segment: u64,
    /// Room of a socket for bytes that the peer has not taken.
    pub send_room: (u64, u64),
    /// Connecting ends at once.
    pub connects_at_once: u64,
    /// Connecting fails.
    pub refused: u64,
    /// Connecting never ends.
    pub black_hole: u64,
    /// There are no descriptors.
    pub no_files: u64,
    /// A look-up fails.
    pub no_name: u64,
    /// A look-up never ends.
    pub name_hangs: u64,
    /// A response or a request breaks off.
    pub fault: u64,
    /// Conversations: a log-in breaks off.
    pub bad_login: u64,
    /// A handshake of TLS, or with a proxy, breaks off.
    pub bad_hello: u64,
    /// Mail: a transfer wants TLS where the conversation begins without.
    pub upgrades: u64,
    /// Which hosts speak TLS, a bit for each.
    secure_hosts: u64,
    /// Version 1.2 of it.
    pub tls12: bool,
    /// What HTTP/2 is agreed on by, where all that speak it do so over TLS: ALPN.
    alpn: bool,
    /// Bytes that are received at once.
    pub buffer: u32,
    /// Transfers that have a limit of speed.
    pub slow: u64,
    /// A server closes a connection that is idle.
    pub idle_close: u64,
    /// The application calls for nothing.
    pub spurious: u64,
    /// The application pauses a transfer.
    pub pause: u64,
    /// A callback aborts its transfer.
    pub abort: u64,
    /// A transfer is taken out before its end.
    pub remove: u64,
    /// A transfer has a limit of time.
    pub timeout: u64,
    /// The multi handle's settings.
    pub limits: (Option<u32>, u32, u32, u32, bool),
}

impl Character {
    /// The character of a seed.
    pub fn new(world: World, random: &mut Random) -> Self {
        if world == World::Several {
            return Self::of_several(random);
        }
        if world == World::StartTls {
            return Self {
                upgrades: random.pick(&[500, 900, 1_000]),
                secure_hosts: random.pick(&[0, 0, 0, 2]),
                ..Self::new(World::Conversations, random)
            };
        }
        let web = Self::of_web(random);
        if world == World::Web {
            return web;
        }
        let clean = web.clean;
        Self {
            world,
            http2_hosts: 0,
            // Only HTTP may try again what was lost for that.
            idle_close: if clean { 0 } else { web.idle_close },
            bad_login: if clean { 0 } else { random.pick(&[0, 0, 50, 300]) },
            ..web
        }
    }

    fn of_several(random: &mut Random) -> Self {
        let world = random.pick(&[World::Web, World::Web, World::Conversations]);
        Self {
            loops: random.between(2, 4),
            shares: random.pick(&[0, 500, 1_000, 1_000]),
            renews: random.pick(&[0, 500, 950, 950]),
            parks: random.chance(800),
            ..Self::new(world, random)
        }
    }

    fn of_web(random: &mut Random) -> Self {
        let clean = random.chance(400);
        let mut bad = |chances: &[u64]| if clean { 0 } else { random.pick(chances) };
        let (refused, black_hole) = (bad(&[0, 0, 30, 200]), bad(&[0, 0, 30, 100]));
        let (no_files, no_name) = (bad(&[0, 0, 20, 200]), bad(&[0, 0, 50, 300]));
        let (name_hangs, fault) = (bad(&[0, 0, 0, 50]), bad(&[0, 50, 300, 800]));
        let (abort, timeout) = (bad(&[0, 0, 50, 200]), bad(&[0, 300, 800]));
        let remove = bad(&[0, 0, 50, 300]);
        let bad_hello = bad(&[0, 0, 30, 200]);
        // Many for few slots.
        let crowded = random.chance(200);
        let hosts = random.pick(if crowded { &[3, 8] } else { &[1, 1, 2, 3, 8] });
        let some = random.next();
        Self {
            world: World::Web,
            loops: 1,
            shares: 0,
            renews: 0,
            parks: false,
            clean,
            bad_login: 0,
            bad_hello,
            upgrades: 0,
            secure_hosts: random.pick(&[0, 0, some, u64::MAX]),
            tls12: random.chance(200),
            alpn: random.chance(500),
            buffer: random.pick(&[16_384, 16_384, 1_024, 500_000]),
            slow: random.pick(&[0, 0, 100, 500]),
            transfers: random.pick(if crowded { &[80] } else { &[3, 10, 20, 40, 80] }),
            at_once: random.pick(if crowded { &[5, 30] } else { &[1, 2, 5, 10, 30] }),
            hosts,
            http2_hosts: random.pick(&[0, 0, hosts / 2, hosts]),
            names: random.chance(600),
            forgets_names: random.chance(300),
            proxied: random.pick(&[0, 0, 0, 300, 1_000]),
            edge_triggered: random.chance(300),
            dawdles: random.pick(&[0, 200, 200, 900]),
            late: random.pick(&[0, 0, 500, 5_000, 100_000]),
            latency: random.pick(&[
                (0, 0),
                (0, 50),
                (10, 2_000),
                (1_000, 60_000),
                (100_000, 400_000),
            ]),
            segment: random.pick(&[1, 7, 100, 1_460, 1_460, 65_536]),
            send_room: random.pick(&[(1, 40), (100, 5_000), (65_536, 65_536)]),
            connects_at_once: random.pick(&[0, 500, 1_000]),
            refused,
            black_hole,
            no_files,
            no_name,
            name_hangs,
            fault,
            idle_close: random.pick(&[0, 0, 200, 900]),
            spurious: random.pick(&[0, 0, 20, 300]),
            pause: random.pick(&[0, 0, 20, 200]),
            abort,
            remove,
            timeout,
            limits: (
                random.pick(&[None, None, Some(1), Some(3)]),
                random.pick(if crowded { &[1] } else { &[0, 0, 1, 2, 6] }),
                random.pick(if crowded { &[2, 3] } else { &[0, 0, 1, 3] }),
                random.pick(&[100, 100, 1, 3]),
                random.chance(800),
            ),
        }
    }

    /// What a host speaks.
    pub fn protocol(&self, host: u64, random: &mut Random) -> Protocol {
        match self.world {
            World::Web if host < self.http2_hosts() => Protocol::Http2,
            World::Web => Protocol::Http1,
            _ if self.upgrades > 0 => {
                random.pick(&[Protocol::Smtp, Protocol::Imap, Protocol::Pop3])
            }
            _ => random.pick(&[Protocol::Ftp, Protocol::Smtp, Protocol::Imap, Protocol::Pop3]),
        }
    }

    /// The first so many hosts speak HTTP/2.
    pub fn http2_hosts(&self) -> u64 {
        self.http2_hosts
    }

    /// Does a host speak TLS?
    pub fn is_secure(&self, host: usize) -> bool {
        self.secure_hosts >> host & 1 == 1
    }

    /// Is HTTP/2 agreed on, not known beforehand?
    pub fn has_alpn(&self) -> bool {
        self.alpn && (0..self.http2_hosts()).all(|host| self.is_secure(host as usize))
    }

    /// May anything hang?
    pub fn hangs(&self) -> bool {
        let stalls = [self.fault, self.bad_login, self.bad_hello, self.black_hole, self.name_hangs];
        stalls.iter().any(|chance| *chance > 0)
    }

    /// Settings of the multi handle.
    pub fn settings(&self) -> MultiSettings {
        let (max_connects, host, total, streams, multiplex) = self.limits;
        MultiSettings {
            max_connects,
            max_host_connections: host,
            max_total_connections: total,
            max_concurrent_streams: streams,
            multiplex,
            watch_idle: self.transfers == 40,
            ..MultiSettings::default()
        }
    }

    /// A limit of time for a transfer, or none.
    pub fn time_limit(&self, random: &mut Random) -> Duration {
        match random.chance(self.timeout) {
            true => Duration::from_millis(random.pick(&[1, 50, 400, 3_000, 20_000])),
            false => Duration::ZERO,
        }
    }
}
