//! Whose turn it is: a host that is busy does not keep the others waiting.

use std::collections::{HashMap, HashSet, VecDeque};

use tress::HttpVersion;

use crate::job::Job;

/// Jobs that are looked at to find one whose host is free.
const LOOK_AHEAD: usize = 1000;

/// The transfers under way, by host.
pub struct Hosts {
    /// Connections to one at a time; 0: no limit.
    most: u32,
    active: HashMap<String, u32>,
    /// Those that take many transfers on one connection.
    multiplexing: HashSet<String>,
}

impl Hosts {
    /// For so many connections to each.
    pub fn new(most: u32) -> Self {
        Self { most, active: HashMap::new(), multiplexing: HashSet::new() }
    }

    /// Takes the first job out whose host is not busy.
    pub fn next(&self, waiting: &mut VecDeque<Job>) -> Option<Job> {
        let at = waiting.iter().take(LOOK_AHEAD).position(|job| self.is_free(&job.url))?;
        waiting.remove(at)
    }

    fn is_free(&self, url: &str) -> bool {
        let host = host(url);
        self.most == 0
            || self.active.get(host).is_none_or(|active| *active < self.most)
            || self.multiplexing.contains(host)
    }

    /// A transfer has begun.
    pub fn begun(&mut self, url: &str) {
        *self.active.entry(host(url).to_owned()).or_default() += 1;
    }

    /// A transfer has ended, in this version of HTTP.
    pub fn ended(&mut self, url: &str, version: Option<HttpVersion>) {
        let host = host(url);
        if version == Some(HttpVersion::V2) && !self.multiplexing.contains(host) {
            self.multiplexing.insert(host.to_owned());
        }
        if let Some(active) = self.active.get_mut(host) {
            *active -= 1;
            if *active == 0 {
                self.active.remove(host);
            }
        }
    }
}

/// What tells hosts apart: the URL as far as its path.
fn host(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let rest = &url[start..];
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    &url[..start + end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::Wanted;
    use crate::sink::Place;

    fn waiting(urls: &[&str]) -> VecDeque<Job> {
        let job = |url: &&str| {
            let wanted = Wanted { url: (*url).to_owned(), name: None, checksum: None };
            Job::new(wanted, Place::Nowhere)
        };
        urls.iter().map(job).collect()
    }

    #[test]
    fn a_busy_host_is_passed_over_until_it_is_free_or_multiplexes() {
        let mut hosts = Hosts::new(1);
        let mut jobs = waiting(&["http://a/1", "http://a/2", "http://b:1/1", "http://a/3"]);
        let mut next = |hosts: &mut Hosts| {
            let job = hosts.next(&mut jobs)?;
            hosts.begun(&job.url);
            Some(job.url)
        };
        assert_eq!(next(&mut hosts).as_deref(), Some("http://a/1"));
        assert_eq!(next(&mut hosts).as_deref(), Some("http://b:1/1"));
        assert_eq!(next(&mut hosts), None);
        hosts.ended("http://a/1", Some(HttpVersion::V1_1));
        assert_eq!(next(&mut hosts).as_deref(), Some("http://a/2"));
        hosts.ended("http://a/2", Some(HttpVersion::V2));
        hosts.begun("http://a/other");
        assert_eq!(next(&mut hosts).as_deref(), Some("http://a/3"));
    }

    #[test]
    fn hosts_are_told_apart() {
        for (url, same) in [("http://a:1/x?y", "http://a:1"), ("a/b", "a"), ("a?b", "a"), ("", "")]
        {
            assert_eq!(host(url), same);
        }
    }
}
