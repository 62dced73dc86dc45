//! A program's own loop, here one of mio: Tress tells which sockets to watch and when to call it,
//! the loop tells what happened. `cargo run --example own_loop -- https://example.com/`

use std::io;
use std::os::fd::RawFd;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use tress::{Easy, Multi, Ready, Watch};

fn main() -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut timer: Option<Instant> = None;
    let (wishes, wished) = mpsc::channel::<(RawFd, Watch)>();
    let (timers, set) = mpsc::channel::<Option<Duration>>();

    let mut multi = Multi::new();
    multi.on_socket(move |socket, what| wishes.send((socket, what)).unwrap_or(()));
    multi.on_timer(move |after| timers.send(after).unwrap_or(()));
    for url in std::env::args().skip(1) {
        multi.add(Easy::get(&url));
    }

    let mut events = Events::with_capacity(64);
    while multi.running() > 0 {
        // What Tress wants of its sockets and of time has come by the hooks.
        for (socket, what) in wished.try_iter() {
            watch(&poll, socket, what)?;
        }
        if let Some(after) = set.try_iter().last() {
            timer = after.map(|after| Instant::now() + after);
        }
        let wait = timer.map(|at| at.saturating_duration_since(Instant::now()));
        poll.poll(&mut events, wait)?;
        for event in &events {
            let ready = Ready {
                readable: event.is_readable() || event.is_read_closed(),
                writable: event.is_writable(),
                error: event.is_error(),
            };
            multi.socket_action(event.token().0 as RawFd, ready);
        }
        if timer.is_some_and(|at| at <= Instant::now()) {
            timer = None;
            multi.timeout();
        }
        while let Some(done) = multi.next_done() {
            match done.result() {
                Ok(response) => println!("{} {}", response.status(), response.url()),
                Err(error) => println!("{error}"),
            }
        }
    }
    Ok(())
}

fn watch(poll: &Poll, socket: RawFd, what: Watch) -> io::Result<()> {
    let mut source = SourceFd(&socket);
    let wanted = match what {
        Watch::In => Interest::READABLE,
        Watch::Out => Interest::WRITABLE,
        Watch::InOut => Interest::READABLE | Interest::WRITABLE,
        Watch::None | Watch::Remove => {
            // One that was closed meanwhile is gone from the poll by itself.
            let _ = poll.registry().deregister(&mut source);
            return Ok(());
        }
    };
    let token = Token(socket as usize);
    match poll.registry().reregister(&mut source, token, wanted) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            poll.registry().register(&mut source, token, wanted)
        }
        result => result,
    }
}
