use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};

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
