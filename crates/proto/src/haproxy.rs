//! HAProxy's PROXY protocol, version 1: the one line that comes before
//! everything else on a connection (`CURLOPT_HAPROXYPROTOCOL`).

use std::net::{Ipv4Addr, SocketAddr};

/// The line for a TCP connection from `local` to `remote`.
///
/// `client_ip` (`CURLOPT_HAPROXY_CLIENT_IP`) takes the place of both addresses,
/// as given by the application; the ports stay those of the connection.
pub fn line(local: SocketAddr, remote: SocketAddr, client_ip: Option<&str>) -> String {
    let (source, destination, v6) = match client_ip {
        Some(ip) => (ip.to_owned(), ip.to_owned(), ip.parse::<Ipv4Addr>().is_err()),
        None => (local.ip().to_string(), remote.ip().to_string(), remote.is_ipv6()),
    };
    let family = if v6 { "TCP6" } else { "TCP4" };
    format!("PROXY {family} {source} {destination} {} {}\r\n", local.port(), remote.port())
}

/// The line for a connection without addresses, such as a Unix domain socket.
pub const UNKNOWN: &str = "PROXY UNKNOWN\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let local = "127.0.0.1:4711".parse().unwrap();
        let remote = "127.0.0.2:80".parse().unwrap();
        assert_eq!(line(local, remote, None), "PROXY TCP4 127.0.0.1 127.0.0.2 4711 80\r\n");
        assert_eq!(
            line(local, remote, Some("192.168.1.1")),
            "PROXY TCP4 192.168.1.1 192.168.1.1 4711 80\r\n"
        );
        assert_eq!(
            line(local, remote, Some("2001:db8::1")),
            "PROXY TCP6 2001:db8::1 2001:db8::1 4711 80\r\n"
        );
        let v6 = "[::1]:80".parse().unwrap();
        assert_eq!(line("[::1]:9".parse().unwrap(), v6, None), "PROXY TCP6 ::1 ::1 9 80\r\n");
    }
}
