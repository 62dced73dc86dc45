use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixListener;

use super::*;

fn targets(addrs: &[&str], port: u16) -> ConnectTargets {
    let mut addresses = Addresses::default();
    for a in addrs {
        addresses.push(SocketAddr::new(a.parse().unwrap(), 0));
    }
    ConnectTargets::Ip { addresses: Arc::new(addresses), port }
}

fn verbose() -> ConnectSettings {
    ConnectSettings { verbose: true, ..ConnectSettings::default() }
}

#[test]
fn loopback_connects_without_waiting() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let now = Instant::now();
    let mut connect = Connect::new(targets(&["127.0.0.1"], port), Arc::new(verbose()), now);
    let ConnectStep::Connected(mut stream, _) = connect.poll(None, now) else {
        panic!("not connected at once")
    };
    assert_eq!(connect.take_notes()[0].to_string(), format!("  Trying 127.0.0.1:{port}..."));
    assert_eq!(stream.peer_addr().unwrap().port(), port);
    assert!(stream.is_alive());
    let (mut peer, _) = listener.accept().unwrap();
    assert_eq!(stream.recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(stream.send_vectored(&[std::io::IoSlice::new(b"ab")]).unwrap(), 2);
    std::io::Write::write_all(&mut peer, b"x").unwrap();
    assert!(!stream.is_alive());
    assert_eq!(stream.recv(&mut [0; 8]).unwrap(), 1);
    drop(peer);
    assert!(!stream.is_alive());
}

#[test]
fn refused_names_each_attempt() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let now = Instant::now();
    let mut connect = Connect::new(targets(&["127.0.0.1"], port), Arc::new(verbose()), now);
    let ConnectStep::Failed(failure) = connect.poll(None, now) else { panic!("no failure") };
    let notes: Vec<_> = connect.take_notes().iter().map(ToString::to_string).collect();
    assert!(
        notes[1].starts_with(&format!("connect to 127.0.0.1 port {port} from 127.0.0.1 port ")),
        "{notes:?}"
    );
    assert!(notes[1].ends_with("failed: Connection refused"), "{notes:?}");
    let error = failure.into_error("example.com:80", Duration::from_millis(3));
    assert_eq!(error.code(), Code::CouldntConnect);
    assert_eq!(
        error.message(),
        "Failed to connect to example.com:80 after 3 ms: Could not connect to server"
    );
}

#[test]
fn next_address_after_a_refusal() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let now = Instant::now();
    let targets = targets(&["127.0.0.2", "127.0.0.1"], port);
    let mut connect = Connect::new(targets, Arc::default(), now);
    assert!(matches!(connect.poll(None, now), ConnectStep::Connected(..)));
}

/// A listener whose queue is full: connecting to it neither succeeds nor fails.
/// The streams must live on.
fn silent(ip: &str, port: u16) -> Option<(OwnedFd, Vec<Stream>)> {
    use rustix::net::{AddressFamily, SocketType, bind, listen, socket};
    let fd = socket(AddressFamily::INET, SocketType::STREAM, None).ok()?;
    bind(&fd, &SocketAddr::new(ip.parse().unwrap(), port)).ok()?;
    listen(&fd, 0).ok()?;
    let mut held = Vec::new();
    for _ in 0..4 {
        let now = Instant::now();
        let mut connect = Connect::new(targets(&[ip], port), Arc::default(), now);
        match connect.poll(None, now) {
            ConnectStep::Connected(stream, _) => held.push(stream),
            _ => return Some((fd, held)),
        }
    }
    None
}

#[test]
fn a_silent_address_gets_company() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let Some(_silent) = silent("127.0.0.2", port) else { return };
    let now = Instant::now();
    let targets = targets(&["127.0.0.2", "127.0.0.1"], port);
    let mut connect = Connect::new(targets, Arc::default(), now);
    assert!(matches!(connect.poll(None, now), ConnectStep::Wait));
    assert_eq!(connect.interests().count(), 1);
    let later = now + Duration::from_millis(200);
    assert_eq!(connect.deadline(), Some(later));
    assert!(matches!(connect.poll(None, later - Duration::from_millis(1)), ConnectStep::Wait));
    let ConnectStep::Connected(_, target) = connect.poll(None, later) else { panic!() };
    assert_eq!(target, Target::Ip((Ipv4Addr::LOCALHOST, port).into()));
    assert_eq!((connect.interests().count(), connect.deadline()), (0, None));
    assert!(matches!(connect.poll(None, later), ConnectStep::Wait));
}

#[test]
fn families_take_turns_starting_with_ipv6() {
    let mut connect = Connect::new(
        targets(&["10.0.0.1", "10.0.0.2", "::1", "::2"], 1),
        Arc::default(),
        Instant::now(),
    );
    let mut order = Vec::new();
    while let Some(target) = connect.next_target() {
        connect.last_was_v6 = matches!(target, Target::Ip(SocketAddr::V6(_)));
        let Target::Ip(addr) = target else { panic!() };
        order.push(addr.ip().to_string());
    }
    assert_eq!(order, ["::1", "10.0.0.1", "::2", "10.0.0.2"]);
}

#[test]
fn the_application_opens_sets_and_closes() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let settings = ConnectSettings {
        ask_open: true,
        ask_sockopt: true,
        ask_close: true,
        ..ConnectSettings::default()
    };
    let now = Instant::now();
    let targets = targets(&["127.0.0.1", "127.0.0.2", "127.0.0.3"], port);
    let mut connect = Connect::new(targets, Arc::new(settings), now);
    // The first one is refused, the second fails by sockopt, the third comes connected.
    let ConnectStep::OpenSocket { attempt, target } = connect.poll(None, now) else { panic!() };
    assert!(matches!(connect.poll(None, now), ConnectStep::Wait));
    connect.opened(attempt, None, target);
    let ConnectStep::OpenSocket { attempt, target } = connect.poll(None, now) else { panic!() };
    let own = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let own_fd = own.as_raw_fd();
    connect.opened(attempt, Some(own.into()), target);
    let ConnectStep::SockOpt { attempt, fd } = connect.poll(None, now) else { panic!() };
    assert_eq!(fd, own_fd);
    connect.sockopt_done(attempt, SockOptAnswer::Error);
    let ConnectStep::CloseSocket(closed) = connect.poll(None, now) else { panic!() };
    assert_eq!(closed.as_raw_fd(), own_fd);
    let ConnectStep::OpenSocket { attempt, target } = connect.poll(None, now) else { panic!() };
    let own = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    connect.opened(attempt, Some(own.into()), target);
    let ConnectStep::SockOpt { attempt, .. } = connect.poll(None, now) else { panic!() };
    connect.sockopt_done(attempt, SockOptAnswer::AlreadyConnected);
    let ConnectStep::Connected(mut stream, _) = connect.poll(None, now) else { panic!() };
    // Nothing has come: a socket that still blocked would hang here.
    let error = stream.recv(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn unix_sockets() {
    let path = std::env::temp_dir().join(format!("tress-net-unix-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let _listener = UnixListener::bind(&path).unwrap();
    let now = Instant::now();
    let mut connect = Connect::new(ConnectTargets::Unix((*path).into()), Arc::default(), now);
    let ConnectStep::Connected(stream, _) = connect.poll(None, now) else { panic!() };
    assert!(stream.is_unix());
    std::fs::remove_file(&path).unwrap();
    let long: Arc<Path> = Path::new(&"x".repeat(200)).into();
    let mut connect = Connect::new(ConnectTargets::Unix(long), Arc::default(), now);
    let ConnectStep::Failed(failure) = connect.poll(None, now) else { panic!() };
    assert_eq!(failure.error.code(), Code::CouldntResolveHost);
    assert!(failure.error.message().starts_with("Unix socket path too long: 'xxx"));
}

#[test]
fn binds_the_near_end() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let now = Instant::now();
    let connect_from = |bind: Bind| {
        let settings = ConnectSettings { bind: Some(Box::new(bind)), ..verbose() };
        Connect::new(targets(&["127.0.0.1"], port), Arc::new(settings), now).poll(None, now)
    };
    let from = |ip: [u8; 4], port, port_range| Bind {
        addresses: vec![ip.into()],
        port,
        port_range,
        ..Bind::default()
    };
    let ConnectStep::Connected(stream, _) = connect_from(from([127, 0, 0, 3], taken, 20)) else {
        panic!()
    };
    let local = stream.local_addr().unwrap();
    assert_eq!(local.ip(), std::net::IpAddr::from([127, 0, 0, 3]));
    assert!((taken..taken.saturating_add(20)).contains(&local.port()));
    let ConnectStep::Failed(failure) = connect_from(from([192, 0, 2, 1], 0, 0)) else { panic!() };
    let error = failure.into_error("a:80", Duration::ZERO);
    assert_eq!(error.code(), Code::InterfaceFailed);
    assert!(error.message().starts_with("bind failed with errno 99: "), "{error}");
    let unknown = Bind { unknown_host: Some("b.example".into()), ..Bind::default() };
    let ConnectStep::Failed(failure) = connect_from(unknown) else { panic!() };
    let error = failure.into_error("a:80", Duration::ZERO);
    assert_eq!(error.code(), Code::InterfaceFailed);
    assert_eq!(error.message(), "Could not bind to 'b.example': it is no IP address");
}

#[test]
fn a_near_address_is_bound_without_a_port() {
    for (near, far) in [("127.0.0.3", "127.0.0.1:80"), ("::1", "[::1]:80")] {
        let target = Target::Ip(far.parse().unwrap());
        let Ok(fd) = crate::system::socket(&target) else { continue };
        let bind = Bind { addresses: vec![near.parse().unwrap()], ..Bind::default() };
        let peer = far.parse().unwrap();
        if bind.apply(fd.as_fd(), &peer, false, &mut Vec::new()).is_err() && near == "::1" {
            continue;
        }
        let local = SocketAddr::try_from(rustix::net::getsockname(&fd).unwrap()).unwrap();
        assert_eq!((local.ip().to_string().as_str(), local.port()), (near, 0));
    }
}
