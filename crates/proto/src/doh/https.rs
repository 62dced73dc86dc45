//! The data of an HTTPS record (RFC 9460).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{DohError, Reader};

/// The protocols that an HTTPS record may offer, as far as they are known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Alpn {
    Http1,
    Http2,
    Http3,
}

/// How to reach an HTTPS service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpsRecord {
    /// 0 for an alias, else the order of preference.
    pub priority: u16,
    /// The host with a final dot; `.` stands for the name asked for.
    pub target: String,
    /// The known protocols, in the record's order.
    pub alpn: Vec<Alpn>,
    /// HTTP/1.1 is not meant unless listed.
    pub no_default_alpn: bool,
    /// Another port than asked for.
    pub port: Option<u16>,
    /// Addresses to go on with until the real ones are known.
    pub ipv4_hints: Vec<Ipv4Addr>,
    /// The same for IPv6.
    pub ipv6_hints: Vec<Ipv6Addr>,
    /// The encrypted client hello's configuration, as it came.
    pub ech_config_list: Vec<u8>,
}

impl HttpsRecord {
    /// Whether the record speaks of the very host and `port` that was asked for.
    pub fn applies_to(&self, port: u16) -> bool {
        matches!(self.target.as_str(), "" | ".") && self.port.is_none_or(|p| p == port)
    }
}

pub(super) fn decode(data: &[u8]) -> Result<HttpsRecord, DohError> {
    let mut reader = Reader(data);
    let priority = reader.u16()?;
    let target = read_name(&mut reader)?;
    let mut record = HttpsRecord { priority, target, ..HttpsRecord::default() };
    let mut least_key = 0;
    while reader.0.len() >= 4 {
        let (key, len) = (reader.u16()?, reader.u16()?);
        if u32::from(key) < least_key {
            return Err(DohError::BadHttpsRecord);
        }
        let value = reader.take(usize::from(len)).map_err(|_| DohError::BadHttpsRecord)?;
        set(&mut record, key, value).ok_or(DohError::BadHttpsRecord)?;
        least_key = u32::from(key) + 1;
    }
    if reader.0.is_empty() { Ok(record) } else { Err(DohError::BadHttpsRecord) }
}

/// An uncompressed name; a character that no host name has is refused.
fn read_name(reader: &mut Reader<'_>) -> Result<String, DohError> {
    let mut name = String::new();
    loop {
        let [len] = reader.array()?;
        match len {
            0 if name.is_empty() => return Ok(".".to_owned()),
            0 => return Ok(name),
            1..=63 => {}
            _ => return Err(DohError::BadHttpsRecord),
        }
        let label = reader.take(usize::from(len))?;
        match std::str::from_utf8(label) {
            Ok(label) if label.bytes().all(|b| b > b' ' && b != 0x7f) => name.push_str(label),
            _ => return Err(DohError::BadHttpsRecord),
        }
        name.push('.');
    }
}

fn set(record: &mut HttpsRecord, key: u16, value: &[u8]) -> Option<()> {
    match key {
        1 => record.alpn = read_alpn(value)?,
        2 if !value.is_empty() => return None,
        2 => record.no_default_alpn = true,
        3 => record.port = Some(u16::from_be_bytes(value.try_into().ok()?)),
        4 => record.ipv4_hints = all::<4>(value)?.iter().copied().map(Ipv4Addr::from).collect(),
        5 if value.is_empty() => return None,
        5 => record.ech_config_list = value.to_vec(),
        6 => record.ipv6_hints = all::<16>(value)?.iter().copied().map(Ipv6Addr::from).collect(),
        // 0 lists the keys that must be understood; libcurl goes on without.
        _ => {}
    }
    Some(())
}

fn all<const N: usize>(value: &[u8]) -> Option<&[[u8; N]]> {
    let (chunks, rest) = value.as_chunks::<N>();
    (rest.is_empty() && !chunks.is_empty()).then_some(chunks)
}

fn read_alpn(mut value: &[u8]) -> Option<Vec<Alpn>> {
    let mut list = Vec::new();
    while let Some((&len, rest)) = value.split_first() {
        let (id, rest) = rest.split_at_checked(usize::from(len))?;
        let known = match id {
            b"http/1.1" => Some(Alpn::Http1),
            b"h2" => Some(Alpn::Http2),
            b"h3" => Some(Alpn::Http3),
            _ => None,
        };
        if let Some(alpn) = known.filter(|alpn| !list.contains(alpn)) {
            list.push(alpn);
        }
        value = rest;
    }
    Some(list)
}
