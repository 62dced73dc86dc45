use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::UrlCode;

/// Longest zone id, in bytes (libcurl's).
const MAX_ZONE_ID: usize = 15;

/// A checked host, and the zone id that was taken out of an IPv6 address.
pub(super) type Host<'a> = (Cow<'a, [u8]>, Option<Cow<'a, [u8]>>);

/// Checks a decoded host of a URL; numerical IPv4 of any form becomes a dotted quad.
pub(super) fn normalize(host: Cow<'_, [u8]>) -> Result<Host<'_>, UrlCode> {
    if host.first() == Some(&b'[') {
        return parse_ipv6(&host)
            .map(|(address, zone)| (Cow::Owned(address), zone.map(Cow::Owned)));
    }
    if let Some(address) = parse_ipv4(&host) {
        let as_written = std::str::from_utf8(&host).ok().and_then(|text| text.parse().ok());
        if as_written == Some(address) {
            return Ok((host, None));
        }
        return Ok((Cow::Owned(address.to_string().into_bytes()), None));
    }
    check_name(&host)?;
    Ok((host, None))
}

/// Checks a host name for bytes that no name has.
pub(super) fn check_name(host: &[u8]) -> Result<(), UrlCode> {
    if host.is_empty() {
        return Err(UrlCode::NoHost);
    }
    if host.iter().any(|&byte| is_bad_in_name(byte)) || host == b"." || host.ends_with(b"..") {
        return Err(UrlCode::BadHostname);
    }
    Ok(())
}

/// Reads `[address]` or `[address%25zone]`; returns the address in brackets, normalized.
pub(super) fn parse_ipv6(host: &[u8]) -> Result<(Vec<u8>, Option<Vec<u8>>), UrlCode> {
    let inner = host
        .strip_prefix(b"[")
        .and_then(|rest| rest.strip_suffix(b"]"))
        .filter(|inner| inner.len() >= 2)
        .ok_or(UrlCode::BadIpv6)?;
    let (address, zone) = match memchr::memchr(b'%', inner) {
        Some(at) => {
            let (address, zone) = inner.split_at(at);
            (address, Some(zone_id(zone.get(1..).unwrap_or_default())?))
        }
        None => (inner, None),
    };
    let text = std::str::from_utf8(address).map_err(|_| UrlCode::BadIpv6)?;
    let parsed: Ipv6Addr = text.parse().map_err(|_| UrlCode::BadIpv6)?;
    Ok((format_ipv6(parsed, address), zone.map(<[u8]>::to_vec)))
}

/// Reads an IPv4 address in any of inet_aton(3)'s forms: one to four numbers, each decimal,
/// octal (`0177`) or hexadecimal (`0x7f`), the last one filling the rest; one dot may follow.
pub fn parse_ipv4(host: &[u8]) -> Option<Ipv4Addr> {
    // Names end in a letter nearly always, numbers never in one beyond f.
    if !host.first()?.is_ascii_digit() {
        return None;
    }
    let host = host.strip_suffix(b".").unwrap_or(host);
    let mut numbers = [0u32; 4];
    let mut count = 0;
    for text in host.split(|&byte| byte == b'.') {
        *numbers.get_mut(count)? = parse_number(text)?;
        count += 1;
    }
    let [a, b, c, d] = numbers;
    let small = |limit: u32, number: u32| (number <= limit).then_some(number);
    let whole = match count {
        1 => a,
        2 => small(0xff, a)? << 24 | small(0xff_ffff, b)?,
        3 => small(0xff, a)? << 24 | small(0xff, b)? << 16 | small(0xffff, c)?,
        _ => small(0xff, a)? << 24 | small(0xff, b)? << 16 | small(0xff, c)? << 8 | small(0xff, d)?,
    };
    Some(Ipv4Addr::from(whole))
}

fn parse_number(text: &[u8]) -> Option<u32> {
    let (digits, radix) = match text {
        [b'0', b'x' | b'X', digits @ ..] => (digits, 16),
        [b'0', ..] => (text, 8),
        _ => (text, 10),
    };
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u32, |value, &digit| {
        let digit = char::from(digit).to_digit(radix)?;
        value.checked_mul(radix)?.checked_add(digit)
    })
}

fn zone_id(zone: &[u8]) -> Result<&[u8], UrlCode> {
    // A percent sign is written %25 in a URL.
    let zone = match zone {
        [b'2', b'5', rest @ ..] if !rest.is_empty() => rest,
        _ => zone,
    };
    if zone.is_empty() || zone.len() > MAX_ZONE_ID || zone.contains(&b']') {
        return Err(UrlCode::BadIpv6);
    }
    Ok(zone)
}

/// The address as inet_ntop(3) writes it, unless that is longer than what was given.
fn format_ipv6(address: Ipv6Addr, given: &[u8]) -> Vec<u8> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let text = if [a, b, c, d, e, f] == [0; 6] && high != 0 {
        let [w, x] = high.to_be_bytes();
        let [y, z] = low.to_be_bytes();
        format!("::{}", Ipv4Addr::new(w, x, y, z))
    } else {
        address.to_string()
    };
    let text = if text.len() > given.len() { given } else { text.as_bytes() };
    [b"[", text, b"]"].concat()
}

fn is_bad_in_name(byte: u8) -> bool {
    b" \r\n\t/:#?!@{}[]\\$'\"^`*<>=;,+&()%|\0".contains(&byte)
}
