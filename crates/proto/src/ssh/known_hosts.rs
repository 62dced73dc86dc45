//! What a known_hosts file says of a host key (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use super::host_key::key_type;

/// How a key compares to the file (`enum curl_khmatch`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// The host is known by this key.
    Ok,
    /// The host is known by another key of this kind: its blob.
    Mismatch(Vec<u8>),
    /// The host is not known, or not by a key of this kind.
    Missing,
}

/// Compares the key of a host with a file's content. Where the host's port is not named, the
/// host alone is looked for, as by libssh2.
pub fn check(file: &[u8], host: &[u8], port: u16, key: &[u8]) -> Match {
    match check_name(file, host, port, key) {
        Match::Missing if port != 22 => check_name(file, host, 22, key),
        found => found,
    }
}

fn check_name(file: &[u8], host: &[u8], port: u16, key: &[u8]) -> Match {
    let mut found = Match::Missing;
    for entry in entries(file).filter(|entry| entry.names(host, port)) {
        match entry.marker {
            Some(b"revoked") if entry.key == key => return Match::Mismatch(entry.key),
            Some(_) => {}
            None if entry.key == key => found = Match::Ok,
            None if key_type(&entry.key) == key_type(key) && found == Match::Missing => {
                found = Match::Mismatch(entry.key);
            }
            None => {}
        }
    }
    found
}

/// The kinds of keys that a host is known by.
pub fn key_types(file: &[u8], host: &[u8], port: u16) -> Vec<Vec<u8>> {
    let named = |entry: &Entry<'_>| entry.names(host, port) || entry.names(host, 22);
    let known = entries(file).filter(|entry| entry.marker.is_none() && named(entry));
    known.map(|entry| key_type(&entry.key).to_vec()).collect()
}

/// The lines of a file that name a host: as good as the whole file, for this one.
pub fn of_host(file: &[u8], host: &[u8], port: u16) -> Vec<u8> {
    let names =
        |line: &&[u8]| parse(line).is_some_and(|it| it.names(host, port) || it.names(host, 22));
    let lines = file.split(|byte| *byte == b'\n').filter(names);
    lines.flat_map(|line| [line, b"\n"].concat()).collect()
}

/// The file's line for a key.
pub fn line(host: &[u8], port: u16, key: &[u8]) -> Vec<u8> {
    let kind = String::from_utf8_lossy(key_type(key));
    let name = host_and_port(host, port);
    [&name[..], b" ", kind.as_bytes(), b" ", STANDARD.encode(key).as_bytes(), b"\n"].concat()
}

/// The file's content without what names the host with a key of this kind.
pub fn without(file: &[u8], host: &[u8], port: u16, key: &[u8]) -> Vec<u8> {
    let keeps = |line: &&[u8]| {
        parse(line).is_none_or(|entry| {
            entry.marker.is_some()
                || key_type(&entry.key) != key_type(key)
                || !entry.names(host, port)
        })
    };
    file.split_inclusive(|byte| *byte == b'\n').filter(keeps).collect::<Vec<_>>().concat()
}

struct Entry<'a> {
    marker: Option<&'a [u8]>,
    hosts: &'a [u8],
    key: Vec<u8>,
}

impl Entry<'_> {
    fn names(&self, host: &[u8], port: u16) -> bool {
        let name = host_and_port(host, port);
        let mut named = false;
        for pattern in self.hosts.split(|byte| *byte == b',') {
            match pattern.strip_prefix(b"!") {
                Some(pattern) if pattern.eq_ignore_ascii_case(&name) => return false,
                Some(_) => {}
                None if pattern.starts_with(b"|1|") => named |= is_hash_of(pattern, &name),
                None => named |= pattern.eq_ignore_ascii_case(&name),
            }
        }
        named
    }
}

fn entries(file: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    file.split(|byte| *byte == b'\n').filter_map(parse)
}

fn parse(line: &[u8]) -> Option<Entry<'_>> {
    let mut words = line
        .split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
        .filter(|word| !word.is_empty());
    let first = words.next().filter(|word| !word.starts_with(b"#"))?;
    let (marker, hosts) = match first.strip_prefix(b"@") {
        Some(marker) => (Some(marker), words.next()?),
        None => (None, first),
    };
    let kind = words.next()?;
    let key = STANDARD.decode(words.next()?).ok()?;
    (key_type(&key) == kind).then_some(Entry { marker, hosts, key })
}

fn host_and_port(host: &[u8], port: u16) -> Vec<u8> {
    match port {
        22 => host.to_vec(),
        port => [b"[", host, b"]:", port.to_string().as_bytes()].concat(),
    }
}

/// `|1|salt|hash`, both in base64: HMAC-SHA1 of the name.
fn is_hash_of(pattern: &[u8], name: &[u8]) -> bool {
    let mut parts = pattern.split(|byte| *byte == b'|').skip(2);
    let decode = |part: Option<&[u8]>| part.and_then(|part| STANDARD.decode(part).ok());
    let (Some(salt), Some(hash)) = (decode(parts.next()), decode(parts.next())) else {
        return false;
    };
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salt);
    hmac::verify(&key, &name.to_ascii_lowercase(), &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::wire::Put;
    use super::*;

    fn key(seed: u8) -> Vec<u8> {
        let mut blob = Vec::new();
        blob.put_string(b"ssh-ed25519");
        blob.put_string(&[seed; 32]);
        blob
    }

    #[test]
    fn known_unknown_and_changed() {
        let file = [&b"# comment\nother,"[..], &line(b"Example.org", 22, &key(1))].concat();
        assert_eq!(check(&file, b"example.org", 22, &key(1)), Match::Ok);
        assert_eq!(check(&file, b"example.org", 22, &key(2)), Match::Mismatch(key(1)));
        assert_eq!(check(&file, b"example.org", 2222, &key(1)), Match::Ok);
        assert_eq!(check(&file, b"example.com", 22, &key(1)), Match::Missing);
        assert_eq!(key_types(&file, b"other", 22), [b"ssh-ed25519"]);
        let of_other = of_host(&file, b"other", 2222);
        assert_eq!(of_other, file[10..]);
        assert_eq!(of_host(&file, b"another", 22), b"");
        let replaced = without(&file, b"example.org", 22, &key(2));
        assert_eq!(replaced, b"# comment\n");
    }

    /// CVE-2026-9547.
    #[test]
    fn a_key_of_another_kind_is_not_the_one_that_is_known() {
        let file = line(b"h", 22, &key(1));
        let mut other = Vec::new();
        other.put_string(b"ssh-rsa");
        other.put_string(&[1; 32]);
        assert_eq!(check(&file, b"h", 22, &other), Match::Missing);
    }

    #[test]
    fn ports_and_markers() {
        let file =
            [line(b"h", 2222, &key(1)), [&b"@revoked "[..], &line(b"h", 2222, &key(1))].concat()];
        assert_eq!(check(&file[0], b"h", 2222, &key(1)), Match::Ok);
        assert_ne!(check(&file.concat(), b"h", 2222, &key(1)), Match::Ok);
        let negated = [&b"!"[..], &line(b"h", 22, &key(1))].concat();
        assert_eq!(check(&negated, b"h", 22, &key(1)), Match::Missing);
    }

    #[test]
    fn hashed_names() {
        let salt = [7; 20];
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salt), b"h");
        let hashed = format!("|1|{}|{}", STANDARD.encode(salt), STANDARD.encode(mac));
        let rest = line(b"", 22, &key(3));
        let file = [hashed.as_bytes(), &rest].concat();
        assert_eq!(check(&file, b"H", 22, &key(3)), Match::Ok);
        assert_eq!(check(&file, b"g", 22, &key(3)), Match::Missing);
    }
}
