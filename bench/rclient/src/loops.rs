//! The same requests with the crates that bring a loop of their own, or leave it to the application.
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use curl::easy::{Easy2, Handler, WriteError};
use curl::multi::{Easy2Handle, Events, Multi, Socket, SocketEvents};

use crate::Shared;

pub fn tress(url: &str, c: usize, sh: &Shared) {
    let mut multi = tress::Multi::new();
    multi.max_idle_connections(c as u32);
    let mut begun = HashMap::new();
    let add = |multi: &mut tress::Multi, begun: &mut HashMap<_, _>| {
        if sh.take() {
            begun.insert(multi.add(tress::Easy::get(url)), Instant::now());
        }
    };
    (0..c).for_each(|_| add(&mut multi, &mut begun));
    while multi.running() > 0 {
        multi.turn(Duration::from_secs(1)).unwrap();
        while let Some(done) = multi.next_done() {
            let since = begun.remove(&done.handle()).unwrap();
            let response = done.result().unwrap();
            sh.answer(response.status(), response.body().len());
            sh.done(since);
            add(&mut multi, &mut begun);
        }
    }
}

struct Sink {
    got: usize,
    since: Instant,
}

impl Handler for Sink {
    fn write(&mut self, data: &[u8]) -> Result<usize, WriteError> {
        self.got += data.len();
        Ok(data.len())
    }
}

/// What the crate's hooks told.
#[derive(Default)]
struct Told {
    sockets: Vec<(Socket, u32)>,
    due: Option<Instant>,
}

pub fn curl(url: &str, c: usize, sh: &Shared) {
    let mut multi = Multi::new();
    multi.set_max_connects(c).unwrap();
    let told = Rc::new(RefCell::new(Told::default()));
    watch(&mut multi, &told);
    let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
    let mut known: HashMap<Socket, u32> = HashMap::new();
    let mut handles: Vec<Option<Easy2Handle<Sink>>> = Vec::new();
    let add = |multi: &Multi, mut easy: Easy2<Sink>, token: usize| {
        easy.get_mut().since = Instant::now();
        easy.get_mut().got = 0;
        let mut handle = multi.add2(easy).unwrap();
        handle.set_token(token).unwrap();
        handle
    };
    for token in 0..c {
        if sh.take() {
            let mut easy = Easy2::new(Sink { got: 0, since: Instant::now() });
            easy.url(url).unwrap();
            handles.push(Some(add(&multi, easy, token)));
        }
    }
    let mut running = handles.len();
    while running > 0 {
        wait(&multi, epoll, &mut known, &told);
        let mut over = Vec::new();
        multi.messages(|message| {
            over.push((message.token().unwrap(), message.result().unwrap().is_ok()));
        });
        for (token, good) in over {
            let easy = multi.remove2(handles[token].take().unwrap()).unwrap();
            let status = if good { easy.response_code().unwrap() } else { 0 };
            sh.answer(status, easy.get_ref().got);
            sh.done(easy.get_ref().since);
            match sh.take() {
                true => handles[token] = Some(add(&multi, easy, token)),
                false => running -= 1,
            }
        }
    }
}

fn watch(multi: &mut Multi, told: &Rc<RefCell<Told>>) {
    // The hooks are called by this thread alone.
    struct Here(Rc<RefCell<Told>>);
    unsafe impl Send for Here {}
    impl Here {
        fn socket(&self, socket: Socket, events: SocketEvents) {
            let wanted = (u32::from(events.input()) * libc::EPOLLIN as u32)
                | (u32::from(events.output()) * libc::EPOLLOUT as u32);
            let wanted = if events.remove() { 0 } else { wanted };
            self.0.borrow_mut().sockets.push((socket, wanted));
        }
        fn timer(&self, after: Option<Duration>) {
            self.0.borrow_mut().due = after.map(|after| Instant::now() + after);
        }
    }
    let here = Here(told.clone());
    multi.socket_function(move |socket, events, _| here.socket(socket, events)).unwrap();
    let here = Here(told.clone());
    multi
        .timer_function(move |after| {
            here.timer(after);
            true
        })
        .unwrap();
}

/// One turn of the application's loop.
fn wait(multi: &Multi, epoll: i32, known: &mut HashMap<Socket, u32>, told: &Rc<RefCell<Told>>) {
    for (socket, wanted) in std::mem::take(&mut told.borrow_mut().sockets) {
        let before = known.insert(socket, wanted).unwrap_or(0);
        let mut event = libc::epoll_event { events: wanted, u64: socket as u64 };
        let what = match (before, wanted) {
            (before, wanted) if before == wanted => continue,
            (_, 0) => libc::EPOLL_CTL_DEL,
            (0, _) => libc::EPOLL_CTL_ADD,
            _ => libc::EPOLL_CTL_MOD,
        };
        unsafe { libc::epoll_ctl(epoll, what, socket, &mut event) };
    }
    let due = told.borrow().due;
    let left = due.map_or(1000, |due| {
        due.saturating_duration_since(Instant::now()).as_micros().div_ceil(1000) as i32
    });
    let mut events = [libc::epoll_event { events: 0, u64: 0 }; 512];
    let count = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), 512, left.min(1000)) };
    for event in &events[..count.max(0) as usize] {
        let mut ready = Events::new();
        ready.input(event.events & !(libc::EPOLLOUT as u32) != 0);
        ready.output(event.events & !(libc::EPOLLIN as u32) != 0);
        multi.action(event.u64 as Socket, &ready).unwrap();
    }
    if due.is_some_and(|due| due <= Instant::now()) {
        told.borrow_mut().due = None;
        multi.timeout().unwrap();
    }
}
