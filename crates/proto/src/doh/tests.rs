use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::testing::Prng;

/// An answer to one question for `a.b` with the given records.
fn message(records: &[(u16, u32, &[u8])]) -> Vec<u8> {
    let mut out = vec![0, 0, 0x81, 0x80, 0, 1, 0, records.len() as u8, 0, 0, 0, 0];
    out.extend_from_slice(b"\x01a\x01b\0\0\x01\0\x01");
    for (kind, ttl, data) in records {
        out.extend_from_slice(&[0xc0, 12]);
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&[0, 1]);
        out.extend_from_slice(&ttl.to_be_bytes());
        out.extend_from_slice(&(data.len() as u16).to_be_bytes());
        out.extend_from_slice(data);
    }
    out
}

#[test]
fn questions() {
    let q = encode("a.bc.", RecordType::Aaaa).unwrap();
    assert_eq!(q, b"\0\0\x01\0\0\x01\0\0\0\0\0\0\x01a\x02bc\0\0\x1c\0\x01");
    assert_eq!(encode("a.bc", RecordType::Aaaa).unwrap(), q);
    assert_eq!(encode("a..b", RecordType::A), Err(DohError::BadLabel));
    assert_eq!(encode("", RecordType::A), Err(DohError::BadLabel));
    assert_eq!(encode(&"x".repeat(64), RecordType::A), Err(DohError::BadLabel));
    assert_eq!(encode(&"x.".repeat(130), RecordType::A), Err(DohError::NameTooLong));
    assert_eq!(https_name("h", 8443), "_8443._https.h");
}

#[test]
fn addresses() {
    let input = message(&[(5, 30, b"\x01c\0"), (1, 90_000, &[1, 2, 3, 4]), (1, 60, &[5, 6, 7, 8])]);
    let answer = decode(&input, RecordType::A).unwrap();
    let ip = |a, b, c, d| IpAddr::V4(Ipv4Addr::new(a, b, c, d));
    assert_eq!(answer.addresses, [ip(1, 2, 3, 4), ip(5, 6, 7, 8)]);
    assert_eq!(answer.ttl, 30);
    let many: Vec<(u16, u32, &[u8])> = (0..30).map(|_| (1, 1, &[1, 1, 1, 1][..])).collect();
    assert_eq!(decode(&message(&many), RecordType::A).unwrap().addresses.len(), MAX_ADDRESSES);
}

#[test]
fn failures() {
    let good = message(&[(1, 60, &[1, 2, 3, 4])]);
    for len in 0..good.len() {
        assert!(decode(&good[..len], RecordType::A).is_err());
    }
    assert_eq!(decode(&good, RecordType::Aaaa), Err(DohError::UnexpectedType));
    let with = |at: usize, byte: u8| {
        let mut bad = good.clone();
        bad[at] = byte;
        decode(&bad, RecordType::A)
    };
    assert_eq!(with(0, 1), Err(DohError::BadId));
    assert_eq!(with(3, 3), Err(DohError::NoSuchName));
    assert_eq!(with(3, 2), Err(DohError::BadRcode));
    assert_eq!(with(12, 0x40), Err(DohError::BadLabel));
    assert_eq!(decode(&message(&[(1, 1, &[1])]), RecordType::A), Err(DohError::RdataLength));
    assert_eq!(decode(&[&good[..], &[0]].concat(), RecordType::A), Err(DohError::Malformed));
}

#[test]
fn https_records() {
    let data = b"\0\x01\0\0\x01\0\x06\x02h2\x02h3\0\x03\0\x02\x20\xfb\0\x04\0\x04\x01\x02\x03\x04";
    let answer = decode(&message(&[(65, 60, data)]), RecordType::Https).unwrap();
    let record = answer.https.unwrap();
    assert_eq!((record.priority, record.target.as_str()), (1, "."));
    assert_eq!(record.alpn, [Alpn::Http2, Alpn::Http3]);
    assert_eq!(record.ipv4_hints, [Ipv4Addr::new(1, 2, 3, 4)]);
    assert!(record.applies_to(8443) && !record.applies_to(443));
    for bad in [&b"\0\x01\0\0\x03\0\x01\x50"[..], b"\0\x01\0\0\x02\0\0\0\x01\0\0", b"\0\x01\xc0\0"]
    {
        let answer = decode(&message(&[(65, 60, bad)]), RecordType::Https);
        assert_eq!(answer, Err(DohError::BadHttpsRecord));
    }
}

#[test]
fn hostile_bytes_never_panic() {
    let mut prng = Prng::new(3);
    for _ in 0..3000 {
        let kinds = [RecordType::A, RecordType::Aaaa, RecordType::Https];
        let kind = kinds[prng.below(3)];
        let len = prng.below(60);
        let tail = prng.bytes(len, &[0, 1, 0xc0, 12, 65, 28, 4, 16]);
        let _ = decode(&[&message(&[])[..6], &[0, 2, 0, 1, 0, 1], &tail].concat(), kind);
        let data = message(&[(65, 1, &tail)]);
        let _ = decode(&data, RecordType::Https);
    }
}
