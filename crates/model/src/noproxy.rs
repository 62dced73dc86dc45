//! Hosts that need no proxy (`CURLOPT_NOPROXY`).

use std::net::IpAddr;

use crate::host::parse_ip;
use crate::scan::Scan;

/// Longest network in a list, in bytes.
const MAX_NETWORK: usize = 127;

/// Whether a list (`example.com, 10.0.0.0/8, [..]` or `*`) names a host, which is without
/// brackets. A name stands for the hosts below it too; blanks or commas are between.
pub fn is_listed(host: &[u8], list: &[u8]) -> bool {
    if host.is_empty() {
        return false;
    }
    if list == b"*" {
        return true;
    }
    let address = parse_ip(host);
    let name = host.strip_suffix(b".").unwrap_or(host);
    let mut scan = Scan::new(list);
    while !scan.is_at_end() {
        scan.skip_blanks();
        let token = scan.take_while(|byte| !matches!(byte, b' ' | b'\t' | b','));
        let is_match = match address {
            Some(address) => matches_network(token, address),
            None => matches_name(token, name),
        };
        if is_match {
            return true;
        }
        scan.skip_blanks();
        // Without a comma the list ends: names were never separated by blanks alone.
        if scan.take_while(|byte| byte == b',').is_empty() {
            break;
        }
    }
    false
}

fn matches_name(token: &[u8], name: &[u8]) -> bool {
    let token = token.strip_suffix(b".").unwrap_or(token);
    let token = token.strip_prefix(b".").unwrap_or(token);
    let Some(before) = name.len().checked_sub(token.len()) else { return false };
    let (front, tail) = name.split_at(before);
    !token.is_empty()
        && tail.eq_ignore_ascii_case(token)
        && (front.is_empty() || front.ends_with(b"."))
}

fn matches_network(token: &[u8], address: IpAddr) -> bool {
    if token.len() > MAX_NETWORK {
        return false;
    }
    let (network, bits) = match memchr::memchr(b'/', token) {
        Some(slash) => {
            let (network, rest) = token.split_at(slash);
            let mut scan = Scan::new(rest.get(1..).unwrap_or_default());
            match scan.number(128) {
                Some(Some(bits)) if scan.is_at_end() => (network, u32::try_from(bits).unwrap_or(0)),
                _ => return false,
            }
        }
        None => (token, 0),
    };
    // No bits at all mean all of them.
    match (parse_ip(network), address) {
        (Some(IpAddr::V4(network)), IpAddr::V4(address)) => {
            let differing = network.to_bits() ^ address.to_bits();
            bits <= 32
                && differing.checked_shr(32 - if bits == 0 { 32 } else { bits }).unwrap_or(0) == 0
        }
        (Some(IpAddr::V6(network)), IpAddr::V6(address)) => {
            let differing = network.to_bits() ^ address.to_bits();
            differing.checked_shr(128 - if bits == 0 { 128 } else { bits }).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn lists_match() {
        for (host, list, want) in [
            ("www.example.com", "example.com", true),
            ("www.example.com", "localhost, .example.com. ,x", true),
            ("nonexample.com", "example.com", false),
            ("example.com.", "EXAMPLE.com", true),
            ("example.com", "www.example.com", false),
            ("a", "*", true),
            ("a", "*,b", false),
            ("b", "a b", false),
            ("b", "a,,b", true),
            ("", "*", false),
            ("a", "", false),
            ("a", ".", false),
            ("192.168.1.1", "192.168.1.1", true),
            ("192.168.1.1", "192.168.0.0/16", true),
            ("192.168.1.1", "192.168.0.0/24", false),
            ("192.168.1.1", "192.168.1.1/32", true),
            ("192.168.1.1", "192.168.1.1/33", false),
            ("192.168.1.1", "192.168.1.1/0", true),
            ("192.168.1.1", "1.1", false),
            ("192.168.1.1", "192.168.1.1/x", false),
            ("::1", "::1", true),
            ("fe80::1", "fe80::/10", true),
            ("fe80::1", "fe00::/9, fe80::/129", false),
            ("fe80::1", "fe80::1/128", true),
        ] {
            assert_eq!(is_listed(host.as_bytes(), list.as_bytes()), want, "{host} in {list}");
        }
    }

    #[test]
    fn hostile_lists_do_no_harm() {
        let pieces: &[&[u8]] = &[b",", b" ", b".", b"a", b"1.1.1.1", b"/", b"8", b"::", b"*"];
        let mut random = Random::new(23);
        for _ in 0..10_000 {
            let host = random.text(pieces, 4);
            let _ = is_listed(&host, &random.text(pieces, 10));
        }
    }
}
