//! Those who wait for a connection slot.

mod support;

use support::h2::Peer;
use support::{Driver, get, read_head, serve, write};
use tress_engine::options::{HttpVersion, IpResolve, Options};

/// A slot that nobody takes who was woken for it is the next one's.
#[test]
fn a_slot_is_not_lost_with_who_was_woken_for_it() {
    let server = serve(|mut stream| {
        let head = read_head(&mut stream).unwrap_or_default();
        match head.starts_with("GET /never") {
            true => drop(read_head(&mut stream)),
            false => write(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
        }
    });
    let mut driver = Driver::new();
    driver.multi.settings_mut().max_host_connections = 1;
    let never = driver.add(get(server, "/never"));
    let woken = driver.add(get(server, "/"));
    let next = driver.add(get(server, "/"));
    while driver.multi.connections() == 0 {
        driver.turn();
    }
    driver.remove(never);
    driver.remove(woken);
    driver.run();
    assert_eq!(driver.got[&next].body, b"hello");
}

/// Whoever waits for a slot because the host has all its connections shares one that turns out to
/// speak HTTP/2: all of them at once, not one after the other.
#[test]
fn pains_06_those_in_the_queue_share_a_connection_too() {
    const COUNT: usize = 20;
    // A tunnel takes its time: all are in the queue before the connection is up.
    let server = serve(|mut stream| {
        let head = read_head(&mut stream).unwrap_or_default();
        assert!(head.starts_with("CONNECT"), "{head}");
        write(&mut stream, "HTTP/1.1 200 OK\r\n\r\n");
        let Some(mut peer) = Peer::greet(stream, &[]) else { return };
        let mut streams = Vec::new();
        while let Some(frame) = peer.read() {
            if frame.ends() {
                streams.push(frame.stream);
            }
            if streams.len() == COUNT {
                streams.drain(..).for_each(|stream| peer.answer(stream, "x"));
            }
        }
    });
    let mut driver = Driver::new();
    driver.multi.settings_mut().max_host_connections = 1;
    let mut options = Options { http_version: HttpVersion::V2PriorKnowledge, ..get(server, "/") };
    options.proxy_mut().proxy = Some(format!("http://{server}").into_bytes().into());
    options.proxy_mut().httpproxytunnel = true;
    let ids: Vec<_> = (0..COUNT).map(|_| driver.add(options.clone())).collect();
    driver.run();
    for id in ids {
        assert_eq!(driver.got[&id].body, b"x");
    }
    assert_eq!(driver.multi.connections(), 1);
}

/// A slot that any host may take goes to the next when who was woken for it waits for a connection
/// of its own host instead.
#[test]
fn a_slot_is_not_lost_with_who_hopes_to_share() {
    let server = serve(|mut stream| {
        let head = read_head(&mut stream).unwrap_or_default();
        match head.starts_with("CONNECT") {
            true => drop(read_head(&mut stream)),
            false => write(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
        }
    });
    let mut driver = Driver::new();
    driver.multi.settings_mut().max_host_connections = 1;
    driver.multi.settings_mut().max_total_connections = 2;
    // Other names are other hosts.
    let named = |name: &str| {
        let mut options = get(server, "/");
        options.url =
            Some(format!("http://{name}.localhost:{}/", server.port()).into_bytes().into());
        options
    };
    let mut never = Options { http_version: HttpVersion::V2PriorKnowledge, ..get(server, "/") };
    never.pipewait = true;
    never.proxy_mut().proxy = Some(format!("http://{server}").into_bytes().into());
    never.proxy_mut().httpproxytunnel = true;
    driver.add(named("a"));
    driver.add(named("b"));
    let ones = [driver.add(never.clone()), driver.add(never)];
    let last = driver.add(named("c"));
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while driver.multi.transfer(last).is_some_and(|it| it.result().is_none()) {
        assert!(std::time::Instant::now() < until, "nobody wakes it");
        driver.turn();
    }
    assert_eq!(driver.got[&last].body, b"hello");
    ones.into_iter().for_each(|id| driver.remove(id));
}

/// A place on a shared connection goes to who can share it, although somebody who wants a
/// connection of its own waited for longer.
#[test]
fn a_place_is_not_lost_with_who_cannot_share() {
    let connections = std::sync::atomic::AtomicUsize::new(0);
    let server = serve(move |mut stream| {
        let head = read_head(&mut stream).unwrap_or_default();
        assert!(head.starts_with("CONNECT"), "{head}");
        let first = connections.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        write(&mut stream, "HTTP/1.1 200 OK\r\n\r\n");
        let Some(mut peer) = Peer::greet(stream, &[]) else { return };
        let mut streams = Vec::new();
        while let Some(frame) = peer.read() {
            if frame.ends() {
                streams.push(frame.stream);
            }
            if streams.len() == if first { 2 } else { 1 } {
                streams.drain(..).for_each(|stream| peer.answer(stream, "x"));
            }
        }
    });
    let mut driver = Driver::new();
    driver.multi.settings_mut().max_host_connections = 1;
    let mut options = Options { http_version: HttpVersion::V2PriorKnowledge, ..get(server, "/") };
    options.proxy_mut().proxy = Some(format!("http://{server}").into_bytes().into());
    options.proxy_mut().httpproxytunnel = true;
    let ids = [
        driver.add(options.clone()),
        driver.add(Options { fresh_connect: true, ..options.clone() }),
        driver.add(options),
    ];
    driver.run();
    for id in ids {
        assert_eq!(driver.got[&id].body, b"x");
    }
}

/// Says hello, but not to who asks for `/never`.
fn hello_or_never(mut stream: std::net::TcpStream) {
    while let Some(head) = read_head(&mut stream) {
        match head.starts_with("GET /never") {
            true => drop(read_head(&mut stream)),
            false => write(&mut stream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
        }
    }
}

/// Idle connections of another multi handle do not count beside the limits: found by the simulator, as
/// more sockets to a host than there may be, and as one that nobody was told of who waited for it.
#[test]
fn limits_hold_for_connections_from_elsewhere_too() {
    let server = serve(hello_or_never);
    let left_idle = || {
        let mut other = Driver::new();
        let ids = [other.add(get(server, "/")), other.add(get(server, "/"))];
        other.run();
        ids.iter().for_each(|id| assert_eq!(other.got[id].body, b"hello"));
        other.multi.park_idle()
    };
    let mut driver = Driver::new();
    driver.multi.settings_mut().max_host_connections = 1;
    driver.multi.unpark(left_idle());
    assert_eq!(driver.multi.connections(), 1);
    driver.add(get(server, "/never"));
    driver.add(get(server, "/never"));
    driver.turn();
    driver.multi.unpark(left_idle());
    assert_eq!(driver.multi.connections(), 1);

    let mut driver = Driver::new();
    driver.multi.settings_mut().max_connects = Some(1);
    driver.multi.unpark(left_idle());
    assert_eq!(driver.multi.connections(), 1);
}

/// A host's limit is for all connections to it, also for those that cannot be used for the same transfers; a
/// slot goes to whoever waits for the host, and an idle connection makes room.
#[test]
fn a_hosts_limit_is_for_all_that_leads_there() {
    let server = serve(hello_or_never);
    let mut driver = Driver::new();
    driver.multi.settings_mut().max_host_connections = 1;
    let mut others = get(server, "/");
    others.connect_mut().ipresolve = IpResolve::V4;
    let never = driver.add(get(server, "/never"));
    let waiting = [driver.add(others.clone()), driver.add(get(server, "/")), driver.add(others)];
    while driver.multi.connections() == 0 {
        driver.turn();
    }
    assert_eq!(driver.multi.connections(), 1);
    driver.remove(never);
    driver.run();
    waiting.iter().for_each(|id| assert_eq!(driver.got[id].body, b"hello"));
    assert_eq!(driver.multi.connections(), 1);
}
