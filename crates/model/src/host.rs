//! Numerical hosts.

use std::net::{IpAddr, Ipv6Addr};

/// Whether a host is a numerical address, without brackets and in the usual form.
pub fn is_ip(host: &[u8]) -> bool {
    parse_ip(host).is_some()
}

/// Whether a host is a numerical IPv6 address, without brackets.
pub fn is_ipv6(host: &[u8]) -> bool {
    parse_as::<Ipv6Addr>(host).is_some()
}

/// Reads a numerical address.
pub fn parse_ip(host: &[u8]) -> Option<IpAddr> {
    parse_as(host)
}

fn parse_as<T: std::str::FromStr>(host: &[u8]) -> Option<T> {
    // Names nearly always have a letter that no address has.
    let may_be = host.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':'));
    if !may_be {
        return None;
    }
    std::str::from_utf8(host).ok()?.parse().ok()
}
