//! What replies say, as far as FTP wants to know.

use std::net::Ipv4Addr;

use tress_model::{Code, Error, Result};

/// The port of `229 ... (|||port|)` (RFC 2428).
pub(super) fn epsv_port(text: &[u8]) -> Result<u16> {
    let weird = |message: &'static str| Error::new(Code::FtpWeirdPasvReply, message);
    let open = text.iter().position(|&byte| byte == b'(');
    let inner = open.and_then(|at| text.get(at + 1..)).unwrap_or_default();
    let [separator, second, third, digits @ ..] = inner else {
        return Err(weird("Weirdly formatted EPSV reply"));
    };
    if separator != second || separator != third || !digits.first().is_some_and(u8::is_ascii_digit)
    {
        return Err(weird("Weirdly formatted EPSV reply"));
    }
    let (number, rest) = split_number(digits);
    match number.and_then(|number| u16::try_from(number).ok()) {
        Some(port) if rest.first() == Some(separator) => Ok(port),
        _ => Err(weird("Illegal port number in EPSV reply")),
    }
}

/// The six numbers of `227`, wherever they are.
pub(super) fn pasv_address(text: &[u8]) -> Result<(Ipv4Addr, u16)> {
    for start in 0..text.len() {
        if let Some([a, b, c, d, high, low]) = text.get(start..).and_then(six_numbers) {
            return Ok((Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([high, low])));
        }
    }
    Err(Error::new(Code::FtpWeird227Format, "Could not interpret the 227-response"))
}

fn six_numbers(text: &[u8]) -> Option<[u8; 6]> {
    let (mut numbers, mut rest) = ([0; 6], text);
    for (i, slot) in numbers.iter_mut().enumerate() {
        if i > 0 {
            rest = rest.strip_prefix(b",")?;
        }
        let (number, after) = split_number(rest);
        *slot = u8::try_from(number?).ok()?;
        rest = after;
    }
    Some(numbers)
}

/// The path in `257 "path"`; `None` without one.
pub(super) fn pwd_path(text: &[u8]) -> Result<Option<Vec<u8>>> {
    const MAX: usize = 1000;
    let Some(start) = text.iter().position(|&byte| byte == b'"') else { return Ok(None) };
    let mut bytes = text.get(start + 1..).unwrap_or_default().iter().peekable();
    let mut path = Vec::new();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'"' if bytes.peek() == Some(&&b'"') => drop(bytes.next()),
            b'"' => return Ok(Some(path).filter(|path| !path.is_empty())),
            _ if byte.is_ascii_control() => return Err(Error::from(Code::WeirdServerReply)),
            _ => {}
        }
        path.push(byte);
        if path.len() >= MAX {
            return Err(Error::from(Code::TooLarge));
        }
    }
    Ok(None)
}

/// The size of `213`: the digits at the end.
pub(super) fn size(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_end();
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, _) = split_number(text.get(text.len() - digits..)?);
    number.filter(|&size| i64::try_from(size).is_ok())
}

/// `(1234 bytes)` of `150`.
pub(super) fn announced_size(text: &[u8]) -> Option<u64> {
    (0..text.len()).find_map(|start| {
        let (number, rest) = split_number(text.get(start..)?);
        rest.starts_with(b" bytes").then_some(number?)
    })
}

/// The time of `213 YYYYMMDDHHMMSS`, in seconds since 1970 (RFC 3659).
pub(super) fn file_time(text: &[u8]) -> Option<i64> {
    let two = |at: usize| match text.get(at..at + 2)? {
        [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => {
            Some(i64::from(a - b'0') * 10 + i64::from(b - b'0'))
        }
        _ => None,
    };
    let (year, month, day) = (two(0)? * 100 + two(2)?, two(4)?, two(6)?);
    let (hour, minute, second) = (two(8)?, two(10)?, two(12)?);
    let possible = (1..=12).contains(&month) && (1..=31).contains(&day);
    if !possible || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Days since 1970, counting years from March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leaps + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// `Last-Modified` for a time.
pub(super) fn last_modified(time: i64) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (day, clock) = (time.div_euclid(86_400), time.rem_euclid(86_400));
    let weekday = WEEKDAYS.get(day.rem_euclid(7) as usize).copied().unwrap_or_default();
    let mut year = 1970 + day.div_euclid(366);
    while days(year + 1, 1, 1) <= day {
        year += 1;
    }
    let month = (1..=12).rev().find(|&month| days(year, month, 1) <= day).unwrap_or(1);
    let name = MONTHS.get(month as usize - 1).copied().unwrap_or_default();
    format!(
        "Last-Modified: {weekday}, {:02} {name} {year:4} {:02}:{:02}:{:02} GMT\r\n",
        day - days(year, month, 1) + 1,
        clock / 3600,
        clock / 60 % 60,
        clock % 60
    )
}

fn split_number(text: &[u8]) -> (Option<u64>, &[u8]) {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    (std::str::from_utf8(number).ok().and_then(|number| number.parse().ok()), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passive_replies() {
        assert_eq!(epsv_port(b"Entering Extended Passive Mode (|||6446|)").unwrap(), 6446);
        let wording = |text| epsv_port(text).unwrap_err().message().to_owned();
        assert_eq!(wording(b"(|||70000|)"), "Illegal port number in EPSV reply");
        assert_eq!(wording(b"|||1|"), "Weirdly formatted EPSV reply");
        let (ip, port) = pasv_address(b"Passive 127,0,0,1,4,51\r\n").unwrap();
        assert_eq!((ip, port), (Ipv4Addr::LOCALHOST, 1075));
        assert!(pasv_address(b"(1,2,3,4,5,256)").is_err());
        assert!(pasv_address(b"(1,2,3)").is_err());
    }

    #[test]
    fn paths_sizes_and_times() {
        assert_eq!(pwd_path(b"\"/a \"\"b\"\" c\" is\r\n").unwrap(), Some(b"/a \"b\" c".to_vec()));
        assert_eq!(pwd_path(b"\"\"").unwrap(), None);
        assert!(pwd_path(b"\"/a\x01\"").is_err());
        assert_eq!(size(b"rubbish 72\r\n"), Some(72));
        assert_eq!(size(b"none\r\n"), None);
        let text = b"Opening (0.0.0.0,0) for f (545 bytes).\r\n";
        assert_eq!(announced_size(text), Some(545));
        assert_eq!(file_time(b"20030409102659\r\n"), Some(1_049_884_019));
        assert_eq!(file_time(b"20031309102659"), None);
        assert_eq!(
            last_modified(1_049_884_019),
            "Last-Modified: Wed, 09 Apr 2003 10:26:59 GMT\r\n"
        );
        assert_eq!(last_modified(0), "Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
    }
}
