use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tress_model::Result;

use super::rule::{self, Rule, RuleNote};
use super::{Addresses, Family};

/// The cache is thinned out by age when it would have more entries than this, whatever
/// `CURLOPT_DNS_CACHE_TIMEOUT` says.
pub const MAX_DNS_CACHE_SIZE: usize = 29_999;

/// Longest name that the cache tells apart from another one.
const MAX_NAME: usize = 255;

/// Remembers what names resolved to, each with a port, as `CURLOPT_RESOLVE`
/// gives addresses for a host and port. Share it by `Arc<Mutex<_>>`.
#[derive(Debug, Default)]
pub struct DnsCache {
    entries: HashMap<Box<[u8]>, Entry>,
}

#[derive(Debug)]
struct Entry {
    /// `None`: there is no such name.
    addresses: Option<Arc<Addresses>>,
    /// `None`: it never gets old.
    since: Option<Instant>,
    /// What was asked for.
    family: Family,
}

/// What [`DnsCache::get`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cached {
    /// The addresses of the asked family.
    Found(Arc<Addresses>),
    /// It is known that the name has none.
    Negative,
    /// Something was there, but too old ("Hostname in DNS cache was stale, zapped").
    Stale,
    /// Nothing is known.
    Missing,
}

impl DnsCache {
    /// What is known of `host` and `port`. `timeout` is `CURLOPT_DNS_CACHE_TIMEOUT`
    /// (`None`: entries never get old), `wildcard` lets a rule for `*` match.
    /// A negative entry gets old twice as fast.
    pub fn get(
        &mut self,
        host: &str,
        port: u16,
        family: Family,
        wildcard: bool,
        timeout: Option<Duration>,
        now: Instant,
    ) -> Cached {
        let mut key = Key::new(host, port);
        if wildcard && !self.entries.contains_key(key.bytes()) {
            key = Key::new("*", port);
        }
        let Some(entry) = self.entries.get(key.bytes()) else { return Cached::Missing };
        if entry.is_stale(timeout, now) {
            self.entries.remove(key.bytes());
            return Cached::Stale;
        }
        entry.answer(family)
    }

    /// Remembers what a look-up came to; `None`: there is no such name.
    pub fn add(
        &mut self,
        host: &str,
        port: u16,
        family: Family,
        addresses: Option<Arc<Addresses>>,
        now: Instant,
    ) {
        let entry = Entry { addresses, since: Some(now), family };
        self.entries.insert(Key::new(host, port).bytes().into(), entry);
        self.thin_out(now);
    }

    /// Applies one rule of `CURLOPT_RESOLVE`; says in `notes` what it did.
    pub fn apply_rule(
        &mut self,
        rule: &str,
        now: Instant,
        notes: &mut Vec<RuleNote>,
    ) -> Result<()> {
        match rule::parse(rule)? {
            None => {}
            Some(Rule::Remove { host, port }) => {
                self.entries.remove(Key::new(host, port).bytes());
            }
            Some(Rule::Add { host, port, permanent, addresses, text }) => {
                let addresses = Some(Arc::new(addresses));
                let since = (!permanent).then_some(now);
                let entry = Entry { addresses, since, family: Family::Any };
                if self.entries.insert(Key::new(host, port).bytes().into(), entry).is_some() {
                    notes.push(RuleNote::OldDiscarded(host.into(), port));
                }
                notes.push(RuleNote::Added(host.into(), port, text.into(), permanent));
                if host == "*" {
                    notes.push(RuleNote::Wildcard(port));
                }
            }
        }
        Ok(())
    }

    /// Drops the older half, by age, until there are not too many; rules that never get old stay.
    fn thin_out(&mut self, now: Instant) {
        while self.entries.len() > MAX_DNS_CACHE_SIZE {
            let oldest = self.entries.values().filter_map(|entry| entry.age(now)).max();
            let Some(oldest) = oldest else { return };
            self.entries.retain(|_, entry| !entry.is_stale(Some(oldest / 2), now));
        }
    }

    /// Forgets everything (`CURLMNWC_CLEAR_DNS`).
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is nothing remembered?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Entry {
    fn age(&self, now: Instant) -> Option<Duration> {
        let age = now.saturating_duration_since(self.since?);
        Some(if self.addresses.is_none() { age * 2 } else { age })
    }

    fn is_stale(&self, timeout: Option<Duration>, now: Instant) -> bool {
        matches!((timeout, self.age(now)), (Some(timeout), Some(age)) if age >= timeout)
    }

    fn answer(&self, family: Family) -> Cached {
        if self.family != Family::Any && self.family != family {
            return Cached::Missing;
        }
        let Some(addresses) = &self.addresses else { return Cached::Negative };
        let (v4, v6) = (addresses.v4.is_empty(), addresses.v6.is_empty());
        match family {
            Family::Any => Cached::Found(addresses.clone()),
            Family::V4 if v4 => Cached::Negative,
            Family::V6 if v6 => Cached::Negative,
            Family::V4 if v6 => Cached::Found(addresses.clone()),
            Family::V6 if v4 => Cached::Found(addresses.clone()),
            Family::V4 | Family::V6 => Cached::Found(Arc::new(addresses.only(family))),
        }
    }
}

/// Lower-case name and port in one place, without allocating.
struct Key {
    bytes: [u8; MAX_NAME + 2],
    len: usize,
}

impl Key {
    fn new(host: &str, port: u16) -> Self {
        let mut bytes = [0; MAX_NAME + 2];
        let len = host.len().min(MAX_NAME);
        let (port_bytes, name) = bytes.split_at_mut(2);
        port_bytes.copy_from_slice(&port.to_be_bytes());
        for (to, from) in name.iter_mut().zip(host.bytes()) {
            *to = from.to_ascii_lowercase();
        }
        Self { bytes, len: len + 2 }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

    fn one() -> Option<Arc<Addresses>> {
        Addresses::literal("10.0.0.1", Family::Any).map(Arc::new)
    }

    fn get(cache: &mut DnsCache, host: &str, now: Instant) -> Cached {
        cache.get(host, 80, Family::Any, false, MINUTE, now)
    }

    #[test]
    fn entries_get_old() {
        let now = Instant::now();
        let at = |secs| now + Duration::from_secs(secs);
        let mut cache = DnsCache::default();
        cache.add("Example.com", 80, Family::Any, one(), now);
        cache.add("gone", 80, Family::Any, None, now);
        assert!(matches!(get(&mut cache, "example.COM", at(59)), Cached::Found(_)));
        assert_eq!(cache.get("example.com", 81, Family::Any, false, MINUTE, now), Cached::Missing);
        assert_eq!(get(&mut cache, "gone", at(29)), Cached::Negative);
        assert_eq!(get(&mut cache, "gone", at(30)), Cached::Stale);
        assert_eq!(get(&mut cache, "example.com", at(60)), Cached::Stale);
        assert_eq!(get(&mut cache, "example.com", at(60)), Cached::Missing);
        assert!(cache.is_empty());
    }

    #[test]
    fn rules_override_and_stay() {
        let now = Instant::now();
        let mut cache = DnsCache::default();
        let mut notes = Vec::new();
        cache.add("a", 80, Family::Any, None, now);
        cache.apply_rule("a:80:127.0.0.1,[::1]", now, &mut notes).unwrap();
        cache.apply_rule("*:80:127.0.0.2", now, &mut notes).unwrap();
        let notes: Vec<_> = notes.iter().map(ToString::to_string).collect();
        assert_eq!(
            notes,
            [
                "RESOLVE a:80 - old addresses discarded",
                "[DNS] added a:80:127.0.0.1,[::1] to cache",
                "[DNS] added *:80:127.0.0.2 to cache",
                "RESOLVE *:80 using wildcard"
            ]
        );
        let later = now + Duration::from_secs(3600);
        let Cached::Found(both) = get(&mut cache, "a", later) else { panic!() };
        assert_eq!(both.len(), 2);
        let v4 = cache.get("a", 80, Family::V4, false, MINUTE, later);
        assert!(matches!(v4, Cached::Found(a) if a.v6.is_empty() && a.v4.len() == 1));
        assert_eq!(get(&mut cache, "b", later), Cached::Missing);
        assert!(matches!(cache.get("b", 80, Family::Any, true, MINUTE, later), Cached::Found(_)));
        cache.apply_rule("-a:80", now, &mut Vec::new()).unwrap();
        assert_eq!(get(&mut cache, "a", later), Cached::Missing);
    }

    #[test]
    fn the_older_half_makes_room() {
        let now = Instant::now();
        let at = |millis| now + Duration::from_millis(millis);
        let mut cache = DnsCache::default();
        cache.apply_rule("rule:80:127.0.0.1", now, &mut Vec::new()).unwrap();
        let addresses = one();
        for number in 0..40_000 {
            let host = format!("h{number}");
            cache.add(&host, 80, Family::Any, addresses.clone(), at(number));
            assert!(cache.len() <= MAX_DNS_CACHE_SIZE, "{} names", cache.len());
        }
        let known = |cache: &mut DnsCache, host| {
            let found = cache.get(host, 80, Family::Any, false, None, at(40_000));
            matches!(found, Cached::Found(_))
        };
        for (host, stays) in [("rule", true), ("h0", false), ("h14000", false), ("h39999", true)] {
            assert_eq!(known(&mut cache, host), stays, "{host}");
        }
        // All at the same time are of the same age.
        for number in 0..40_000 {
            cache.add(&format!("h{number}"), 80, Family::Any, addresses.clone(), at(50_000));
        }
        assert!((1..=MAX_DNS_CACHE_SIZE).contains(&cache.len()), "{} names", cache.len());
        assert!(known(&mut cache, "rule"));
    }
}
