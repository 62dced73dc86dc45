use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use smallvec::SmallVec;

use super::{Family, pool::ipv6_works};

/// What a name resolved to, each family in the resolver's order, without a port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// IPv6 addresses with their scope; the port is 0.
    pub v6: SmallVec<[SocketAddrV6; 1]>,
    /// IPv4 addresses.
    pub v4: SmallVec<[Ipv4Addr; 2]>,
}

impl Addresses {
    /// The addresses of a name that needs no look-up: an IP literal (an IPv6
    /// one without its brackets), `localhost` or a name below `.localhost`
    /// (RFC 6761, section 6.3).
    ///
    /// A literal has its own family whatever is asked for; `localhost` has
    /// those of `family` that the machine supports.
    pub fn literal(host: &str, family: Family) -> Option<Self> {
        if let Ok(v4) = host.parse::<Ipv4Addr>() {
            return Some(Self { v4: [v4].into_iter().collect(), ..Self::default() });
        }
        if let Ok(v6) = host.parse() {
            let v6 = SocketAddrV6::new(v6, 0, 0, 0);
            return Some(Self { v6: [v6].into_iter().collect(), ..Self::default() });
        }
        is_localhost(host).then(|| Self::loopback(family))
    }

    /// No address at all?
    pub fn is_empty(&self) -> bool {
        self.v6.is_empty() && self.v4.is_empty()
    }

    /// How many addresses there are.
    pub fn len(&self) -> usize {
        self.v6.len() + self.v4.len()
    }

    /// All addresses with `port`, IPv6 ones first.
    pub fn iter(&self, port: u16) -> impl Iterator<Item = SocketAddr> + '_ {
        let v6 = self.v6.iter().map(move |a| {
            SocketAddr::V6(SocketAddrV6::new(*a.ip(), port, a.flowinfo(), a.scope_id()))
        });
        v6.chain(self.v4.iter().map(move |a| SocketAddr::from((*a, port))))
    }

    /// Adds one address to its family.
    pub fn push(&mut self, addr: SocketAddr) {
        match addr {
            SocketAddr::V4(a) => self.v4.push(*a.ip()),
            SocketAddr::V6(a) => self.v6.push(SocketAddrV6::new(*a.ip(), 0, 0, a.scope_id())),
        }
    }

    /// The addresses of one family alone.
    pub(super) fn only(&self, family: Family) -> Self {
        match family {
            Family::Any => self.clone(),
            Family::V4 => Self { v4: self.v4.clone(), ..Self::default() },
            Family::V6 => Self { v6: self.v6.clone(), ..Self::default() },
        }
    }

    fn loopback(family: Family) -> Self {
        let mut both = Self::default();
        if family != Family::V4 && ipv6_works() {
            both.push((Ipv6Addr::LOCALHOST, 0).into());
        }
        if family != Family::V6 {
            both.push((Ipv4Addr::LOCALHOST, 0).into());
        }
        both
    }
}

fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).as_bytes();
    let Some((before, name)) = host.split_at_checked(host.len().wrapping_sub(9)) else {
        return false;
    };
    name.eq_ignore_ascii_case(b"localhost") && (before.is_empty() || before.ends_with(b"."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(host: &str) -> Option<Addresses> {
        Addresses::literal(host, Family::Any)
    }

    #[test]
    fn literals_and_localhost_need_no_lookup() {
        assert_eq!(literal("10.0.0.1").unwrap().v4.len(), 1);
        assert_eq!(literal("::1").unwrap().v6.len(), 1);
        for name in ["localhost", "LOCALHOST.", "a.localhost", "a.b.localhost."] {
            assert_eq!(literal(name).unwrap().v4.len(), 1, "{name}");
            assert!(Addresses::literal(name, Family::V4).unwrap().v6.is_empty(), "{name}");
        }
        for name in ["", "notlocalhost", "localhost.com", "local", "1.2.3"] {
            assert!(literal(name).is_none(), "{name}");
        }
    }
}
