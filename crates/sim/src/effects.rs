//! The application's callbacks, and what is checked after each of its calls.

use std::os::fd::{AsRawFd, RawFd};

use tress_engine::{
    Delivered, Delivery, Effect, Lent, SockOptAnswer, Sought, Supplied, TransferId, Watch,
};
use tress_net::sim::Network;

use crate::application::UNPAUSE;
use crate::character::World;
use crate::event_loop::{Live, Loop};
use crate::judge::judge;
use crate::link::Link;
use crate::network::Event;
use crate::server::FIRST_PORT;

/// How often a socket may be ready in vain.
const MOST_USELESS: u32 = 12;

impl Loop {
    /// The engine was told of something: what is due is done then, too.
    pub fn after_action(&mut self) {
        self.after_call();
        let net = self.net.clone();
        self.check_time(&mut net.0.borrow_mut());
        self.check_edges(&mut net.0.borrow_mut());
    }

    /// In an edge-triggered loop nobody is told a second time of what is there to be read. (The timer's
    /// time is rounded up.)
    fn check_edges(&self, net: &mut crate::network::Net) {
        if !net.character.edge_triggered || self.timer.is_some_and(|at| at <= net.now + 1_000) {
            return;
        }
        let forgotten = |(fd, (_, watch)): (&RawFd, &(usize, Watch))| {
            net.links.get(fd).filter(|link| link.has_unread() && !link.edge_in)?;
            let reads = matches!(watch, Watch::In | Watch::InOut) && self.multi.is_in_use(*fd);
            reads.then_some(*fd)
        };
        if let Some(fd) = net.announced.iter().find_map(forgotten) {
            net.breaks(|| format!("nobody will read what has come on socket {fd}"));
        }
    }

    /// Does what the engine asks for, then looks at everything.
    pub fn after_call(&mut self) {
        let mut effects = false;
        while let Some(effect) = self.multi.next_effect() {
            effects |= !matches!(effect, Effect::Timer { .. });
            self.take(effect);
        }
        match effects || self.net.0.borrow().work != self.worked {
            true => self.fruitless = 0,
            false => self.fruitless += 1,
        }
        self.check();
    }

    fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Deliver { transfer, kind, bytes } => self.deliver(transfer, kind, bytes),
            Effect::Read { transfer, room, buffer } => self.read(transfer, room, buffer),
            Effect::Seek { transfer, offset } => {
                if let Some(live) = self.live.get_mut(&transfer) {
                    live.sent = offset as usize;
                    live.seeks += 1;
                }
                self.multi.sought(Sought::Ok);
            }
            Effect::Progress { transfer, .. }
            | Effect::Prereq { transfer, .. }
            | Effect::ResolverStart { transfer } => {
                let aborts = self.aborts(transfer, 3);
                self.multi.allowed(!aborts);
            }
            Effect::Trailers { .. } => self.multi.trailers(Some(Vec::new())),
            Effect::OpenSocket { target, .. } => {
                let socket = Network::socket(&*self.net, &target).ok();
                self.multi.socket_opened(socket, None);
            }
            Effect::SockOpt { transfer, .. } => {
                // Another address may still do.
                let aborted = self.live.get(&transfer).is_some_and(|live| live.aborted);
                let refuses = self.aborts(transfer, 3);
                if let Some(live) = self.live.get_mut(&transfer) {
                    live.aborted = aborted;
                    live.refused_socket |= refuses;
                }
                let answer = if refuses { SockOptAnswer::Error } else { SockOptAnswer::Ok };
                self.multi.socket_options_set(answer);
            }
            Effect::CloseSocket { socket, transfer } => {
                self.check_user(transfer);
                self.check_closer(socket.as_raw_fd());
                drop(socket);
            }
            Effect::Debug { .. } => {}
            Effect::Watch { socket, what, transfer } => {
                self.check_user(transfer);
                self.watch(socket, what);
            }
            Effect::Timer { after } => {
                let now = self.net.0.borrow().now;
                self.net.0.borrow_mut().note(|| format!("timer {after:?}"));
                self.timer = after.map(|after| now + after.as_micros() as u64);
            }
            Effect::Done { transfer } => self.done(transfer),
            other => self.net.0.borrow_mut().breaks(|| format!("unexpected {other:?}")),
        }
    }

    /// What is said of a transfer is of one that is, or was, in this multi handle.
    fn check_user(&self, user: Option<TransferId>) {
        if let Some(id) = user.filter(|id| !self.used_ids.contains(id)) {
            let number = self.number;
            self.net.0.borrow_mut().breaks(|| format!("{id:?} was never in {number}"));
        }
    }

    /// Callbacks of transfers elsewhere are none of this loop's.
    fn check_closer(&self, socket: RawFd) {
        let mut net = self.net.0.borrow_mut();
        if net.links.get(&socket).is_some_and(|link| link.has_moved) {
            net.breaks(|| format!("{socket} is closed by who opened it in another multi handle"));
        }
    }

    fn watch(&mut self, socket: i32, what: Watch) {
        let mut net = self.net.0.borrow_mut();
        net.notice_closings();
        net.note(|| format!("{} watch {socket}: {what:?}", self.number));
        self.useless.remove(&socket);
        let before = match what {
            Watch::Remove => net.announced.remove(&socket),
            what => net.announced.insert(socket, (self.number, what)),
        };
        if before.is_some_and(|(owner, _)| owner != self.number) {
            net.breaks(|| format!("socket {socket} of {before:?} is announced by {}", self.number));
        }
        let before = before.map(|(_, what)| what);
        if before == Some(what) || (what == Watch::Remove && before.is_none()) {
            net.breaks(|| format!("socket {socket}: {what:?} after {before:?}"));
        }
        if let Some(link) = net.links.get_mut(&socket) {
            // As epoll_ctl(2) does: what is ready is told once more.
            (link.edge_in, link.edge_out) = (true, true);
        }
    }

    fn deliver(&mut self, id: TransferId, kind: Delivery, bytes: Lent) {
        let aborts = self.aborts(id, 1);
        let Some(live) = self.live.get_mut(&id) else {
            self.net.0.borrow_mut().breaks(|| format!("bytes for {id:?}, which is gone"));
            return self.multi.delivered(kind, bytes, Delivered::Taken);
        };
        let mut net = self.net.0.borrow_mut();
        net.note(|| {
            let text = if kind == Delivery::Body { &[] } else { &bytes[..] };
            let text = String::from_utf8_lossy(text).into_owned();
            format!("{} bytes ({kind:?}) for {} {text:?}", bytes.len(), live.number)
        });
        if live.receive_paused {
            net.breaks(|| format!("bytes for {}, which is paused", live.number));
        }
        if aborts {
            drop(net);
            let answer = Delivered::Failed { passed: bytes.len(), returned: 0 };
            return self.multi.delivered(kind, bytes, answer);
        }
        let pauses = net.chance(|character| character.pause / 4);
        let mut taken = bytes.len();
        if pauses {
            taken = 0;
            live.receive_paused = true;
            live.was_paused = true;
            let at = net.now + net.random.pick(&[0, 10, 4_000, 3_000_000]);
            net.schedule(at, Event::Wish(UNPAUSE, live.number.into()));
        }
        if kind == Delivery::Body {
            let number = live.number;
            let from = live.received;
            live.received += taken;
            let plan = net.plans.get(&number);
            let is_wrong =
                |at: &usize| plan.is_some_and(|plan| bytes[*at] != plan.byte(number, from + at));
            if let Some(at) = (0..taken).find(is_wrong) {
                net.breaks(|| format!("body of {number}: byte {} is wrong", from + at));
            }
        }
        drop(net);
        let answer = if pauses { Delivered::Pause { taken } } else { Delivered::Taken };
        self.multi.delivered(kind, bytes, answer);
    }

    fn read(&mut self, id: TransferId, room: usize, mut buffer: Vec<u8>) {
        let aborts = self.aborts(id, 1);
        let Some(live) = self.live.get_mut(&id) else {
            self.net.0.borrow_mut().breaks(|| format!("{id:?} uploads, but is gone"));
            return self.multi.supplied(buffer, Supplied::Abort);
        };
        let mut net = self.net.0.borrow_mut();
        if aborts {
            drop(net);
            return self.multi.supplied(buffer, Supplied::Abort);
        }
        if live.send_paused {
            net.breaks(|| format!("{} is asked for its upload, but is paused", live.number));
        }
        let upload = net.plans.get(&live.number).and_then(|plan| plan.upload);
        let left = upload.map_or(0, |upload| upload.size - live.sent);
        if left > 0 && net.chance(|character| character.pause / 4) {
            live.send_paused = true;
            live.was_paused = true;
            let at = net.now + net.random.pick(&[0, 10, 4_000, 3_000_000]);
            net.schedule(at, Event::Wish(UNPAUSE, live.number.into()));
            drop(net);
            return self.multi.supplied(buffer, Supplied::Pause);
        }
        let most = left.min(room);
        let count = if most > 1 { net.random.between(1, most as u64) as usize } else { most };
        let number = live.number;
        if let Some(plan) = net.plans.get(&number) {
            buffer.extend((0..count).map(|at| plan.byte(number, live.sent + at)));
        }
        live.sent += count;
        drop(net);
        let answer = if count == 0 { Supplied::End } else { Supplied::Data };
        self.multi.supplied(buffer, answer);
    }

    /// Does a callback of this transfer refuse to go on?
    fn aborts(&mut self, id: TransferId, more: u64) -> bool {
        let Some(live) = self.live.get_mut(&id) else { return false };
        let mut net = self.net.0.borrow_mut();
        let aborts = net.chance(|character| character.abort * more / 4);
        live.aborted |= aborts;
        aborts
    }

    fn done(&mut self, id: TransferId) {
        self.stats.done += 1;
        let Some(live) = self.live.get_mut(&id) else {
            return self.net.0.borrow_mut().breaks(|| format!("{id:?} is done, but gone"));
        };
        let twice = std::mem::replace(&mut live.done, true);
        let result = self.multi.transfer(id).and_then(|transfer| transfer.result().cloned());
        let code = self.multi.transfer(id).map_or(0, |transfer| transfer.infos().response_code);
        let mut net = self.net.0.borrow_mut();
        net.note(|| format!("done {}: {result:?}", live.number));
        let complaint = match result {
            _ if twice => Some("ends twice".to_owned()),
            None => Some("is done without a result".to_owned()),
            Some(result) => {
                self.stats.failed += u64::from(result.is_err());
                judge(live, &result, code, &net)
            }
        };
        if let Some(complaint) = complaint {
            let (number, plan) = (live.number, net.plans.get(&live.number));
            let text = format!("transfer {number} {complaint} ({live:?}, {plan:?})");
            net.breaks(|| text);
        }
        let at_once = net.random.chance(300);
        drop(net);
        if at_once {
            self.take_out(id);
        }
    }

    /// Between two calls everything must hold.
    fn check(&mut self) {
        while let Some((id, _)) = self.multi.next_message() {
            if self.live.get(&id).is_none_or(|live| !live.done) {
                self.net.0.borrow_mut().breaks(|| format!("a message of {id:?}"));
            }
            self.take_out(id);
            while let Some(effect) = self.multi.next_effect() {
                self.take(effect);
            }
        }
        if let Some(live) = self.live.values().find(|live| live.done) {
            let number = live.number;
            self.net.0.borrow_mut().breaks(|| format!("no message says that {number} is done"));
        }
        for (id, live) in self.live.iter().filter(|(_, live)| !live.done) {
            let (paused, number) = (self.multi.paused(*id), live.number);
            if paused != Some((live.receive_paused, live.send_paused)) {
                let mut net = self.net.0.borrow_mut();
                net.breaks(|| format!("the engine says of pauses of {number}: {paused:?}"));
            }
        }
        let audit = self.multi.audit();
        let places = self.multi.places_in_queues();
        let connections = self.multi.connections();
        let deadline = self.multi.deadline();
        let running = self.live.values().filter(|live| !live.done).count();
        let counted = self.multi.running();
        let mut net = self.net.0.borrow_mut();
        net.notice_closings();
        if let Some(broken) = audit {
            net.breaks(|| broken);
        }
        self.check_owners(&mut net);
        if running != counted {
            net.breaks(|| format!("{running} transfers run, the engine says {counted}"));
        }
        // Those that wait no more go when they are as many as those that do, and as there are hosts.
        let (most, hosts) = (net.character.at_once as usize + 4, net.hosts.len());
        if places > 2 * most + connections + 4 * hosts {
            net.breaks(|| format!("{places} places in queues, for {counted} transfers"));
        }
        let now = net.now;
        let timer = self.timer;
        let fits = match (deadline, timer) {
            (None, None) => true,
            (Some(after), Some(at)) => {
                let due = now + after.as_micros() as u64;
                (due..due + 1_001).contains(&at) || (at <= now && due <= now)
            }
            _ => false,
        };
        if !fits {
            net.breaks(|| format!("the timer is {timer:?}, the deadline {deadline:?} from {now}"));
        }
        let most = 100 + 4 * (counted + self.multi.connections()) as u32;
        if self.fruitless > most {
            net.breaks(|| format!("{most} actions without any effect"));
        }
        self.check_limits(&mut net);
    }

    /// With several loops: each has the sockets that were opened for it, or taken in, and no others.
    fn check_owners(&self, net: &mut crate::network::Net) {
        if net.character.loops == 1 {
            return;
        }
        let number = self.number;
        let is_wrong = |(fd, link): &(&RawFd, &Link)| {
            (link.owner == Some(number)) != self.multi.has_socket(**fd)
        };
        if let Some((fd, link)) = net.links.iter().find(is_wrong) {
            let (fd, owner) = (*fd, link.owner);
            net.breaks(|| format!("socket {fd} is of {owner:?}; {number} thinks otherwise"));
        }
    }

    /// Once more, a socket was ready: that the engine does something about it, or waits for
    /// something else from then on.
    pub fn count_report(&mut self, socket: RawFd) {
        if self.fruitless == 0 {
            self.useless.remove(&socket);
            return;
        }
        let count = self.useless.entry(socket).or_default();
        *count += 1;
        if *count == MOST_USELESS {
            let mut net = self.net.0.borrow_mut();
            net.breaks(|| format!("socket {socket} is ready again and again for nothing"));
        }
    }

    /// The timer went off and nothing came of it: that may happen now and then.
    pub fn count_alarm(&mut self) {
        let mut net = self.net.0.borrow_mut();
        if net.now >= self.alarms.0 + 1_000_000 {
            self.alarms = (net.now, 0);
        }
        self.alarms.1 += 1;
        let most = 20 + 10 * (self.live.len() + self.multi.connections()) as u32;
        if self.alarms.1 > most {
            net.breaks(|| format!("{most} alarms in a second without any effect"));
        }
    }

    /// What has a limit of time is over when that is, whatever is going on.
    fn check_time(&self, net: &mut crate::network::Net) {
        let late = |live: &&Live| {
            let over = u128::from(net.now - live.since) >= live.limit.as_micros();
            !live.done && !live.limit.is_zero() && over
        };
        if let Some(live) = self.live.values().find(late) {
            let (number, limit, since) = (live.number, live.limit, live.since);
            net.breaks(|| format!("transfer {number} goes on after {limit:?} (since {since})"));
        }
    }

    /// Sockets are counted, not the engine's own figures.
    fn check_limits(&self, net: &mut crate::network::Net) {
        let (cache, host, total, ..) = net.character.limits;
        let several = net.hosts.iter().any(|host| host.addresses.len() > 1);
        // FTP's second connections do not count.
        let counts =
            |link: &&Link| link.address.port() < FIRST_PORT && link.owner == Some(self.number);
        let open = net.links.values().filter(counts).count();
        if total > 0 && !several && open > total as usize {
            net.breaks(|| format!("{open} sockets, allowed are {total}"));
        }
        if host > 0 && !several && net.character.proxied == 0 {
            for place in 0..net.hosts.len() {
                let here = |link: &&Link| link.host == place;
                let open = net.links.values().filter(counts).filter(here).count();
                // A host may be asked for by its name and by its address: redirects name it.
                let alike = net.character.names || net.character.world == World::Conversations;
                let allowed = if alike { host as usize } else { 2 * host as usize };
                if open > allowed {
                    net.breaks(|| format!("{open} sockets to host {place}, allowed are {allowed}"));
                }
            }
        }
        let idle = self.multi.idle_connections();
        if let Some(most) = cache
            && self.multi.running() == 0
            && idle > most as usize
        {
            net.breaks(|| format!("{idle} connections are kept, allowed are {most}"));
        }
    }
}
