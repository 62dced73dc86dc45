//! Dates in text: reading any of the forms that curl_getdate(3) knows, writing HTTP's
//! (RFC 9110 section 5.6.7).

/// Month names as in dates.
pub const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Names of the days, Monday first.
pub const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const LONG_WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Most words and numbers that are read of a date.
const MAX_FIELDS: usize = 6;

/// No name in a date has as many letters.
const MAX_NAME: usize = 12;

const DAY: i64 = 24 * 3600;

/// Reads a date in any form; Unix seconds. None: not a date that exists after 1582.
pub fn parse_date(text: &[u8]) -> Option<i64> {
    let mut fields = Fields::default();
    let mut at = 0;
    for _ in 0..MAX_FIELDS {
        let rest = text.get(at..).unwrap_or_default();
        let Some(skip) = rest.iter().position(u8::is_ascii_alphanumeric) else { break };
        let from = at + skip;
        let rest = text.get(from..)?;
        at = from
            + if rest.first().is_some_and(u8::is_ascii_alphabetic) {
                fields.take_name(rest)?
            } else {
                fields.take_number(rest, from.checked_sub(1).and_then(|before| text.get(before)))?
            };
    }
    fields.seconds()
}

/// Parts of a date in the civil calendar, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year of our era.
    pub year: i64,
    /// 0 to 11.
    pub month: usize,
    /// 1 to 31.
    pub day: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59.
    pub second: i64,
    /// 0 is Monday.
    pub weekday: usize,
}

impl Civil {
    /// The parts of a time in Unix seconds.
    pub fn from_unix(seconds: i64) -> Self {
        let days = seconds.div_euclid(DAY);
        let second = seconds.rem_euclid(DAY);
        // Years run from March here, so that the leap day ends one.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 2 } else { from_march - 10 };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 1),
            month: usize::try_from(month).unwrap_or(0),
            day: day_of_year - (153 * from_march + 2) / 5 + 1,
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
            weekday: usize::try_from((days + 3).rem_euclid(7)).unwrap_or(0),
        }
    }

    /// `Mon`, `Tue` ...
    pub fn weekday_name(&self) -> &'static str {
        WEEKDAYS.get(self.weekday).unwrap_or(&"")
    }

    /// `Jan`, `Feb` ...
    pub fn month_name(&self) -> &'static str {
        MONTHS.get(self.month).unwrap_or(&"")
    }
}

/// A date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn http_date(seconds: i64) -> String {
    let date = Civil::from_unix(seconds);
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        date.weekday_name(),
        date.day,
        date.month_name(),
        date.year,
        date.hour,
        date.minute,
        date.second
    )
}

/// What has been read of a date so far.
#[derive(Default)]
struct Fields {
    weekday: Option<usize>,
    month: Option<usize>,
    day: Option<i64>,
    year: Option<i64>,
    /// Hour, minute, second.
    time: Option<(i64, i64, i64)>,
    /// Seconds to add for UTC.
    zone: Option<i64>,
    /// The next number cannot be the day any more.
    year_next: bool,
}

impl Fields {
    /// Reads a name at the start of the text: weekday, month or zone; returns its length.
    fn take_name(&mut self, text: &[u8]) -> Option<usize> {
        let len = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let name = text.get(..len).filter(|_| len < MAX_NAME)?;
        if self.weekday.is_none() {
            let names = if len > 3 { LONG_WEEKDAYS } else { WEEKDAYS };
            self.weekday = names.iter().position(|day| day.as_bytes().eq_ignore_ascii_case(name));
            if self.weekday.is_some() {
                return Some(len);
            }
        }
        if self.month.is_none() {
            self.month =
                MONTHS.iter().position(|month| month.as_bytes().eq_ignore_ascii_case(name));
            if self.month.is_some() {
                return Some(len);
            }
        }
        if self.zone.is_none() {
            self.zone = Some(zone(name)?);
            return Some(len);
        }
        None
    }

    /// Reads a number at the start of the text: a time, zone, day, year or all of a date;
    /// returns its length.
    fn take_number(&mut self, text: &[u8], before: Option<&u8>) -> Option<usize> {
        if self.time.is_none()
            && let Some((time, len)) = time_of_day(text)
        {
            self.time = Some(time);
            return Some(len);
        }
        let (number, len) = decimal(text)?;
        if self.zone.is_none() && len == 4 && number <= 1400 && matches!(before, Some(b'+' | b'-'))
        {
            let offset = (number / 100 * 60 + number % 100) * 60;
            self.zone = Some(if before == Some(&b'+') { -offset } else { offset });
            return Some(len);
        }
        if len == 8 && self.year.is_none() && self.month.is_none() && self.day.is_none() {
            self.year = Some(number / 10_000);
            self.month = usize::try_from(number % 10_000 / 100 - 1).ok();
            self.day = Some(number % 100);
            return Some(len);
        }
        self.take_day_or_year(number).then_some(len)
    }

    fn take_day_or_year(&mut self, number: i64) -> bool {
        if !self.year_next && self.day.is_none() {
            self.year_next = true;
            if (1..32).contains(&number) {
                self.day = Some(number);
                return true;
            }
        }
        if self.year_next && self.year.is_none() {
            self.year = Some(match number {
                0..=70 => number + 2000,
                71..100 => number + 1900,
                _ => number,
            });
            self.year_next = self.day.is_some();
            return true;
        }
        false
    }

    fn seconds(&self) -> Option<i64> {
        // The Gregorian calendar began in 1582.
        let year = self.year.filter(|&year| year >= 1583)?;
        let month = self.month.filter(|&month| month < 12)?;
        let day = self.day.filter(|&day| day <= 31)?;
        let (hour, minute, second) = self.time.unwrap_or_default();
        let days = days_before(year, month) + day - 1;
        let seconds = days * DAY + hour * 3600 + minute * 60 + second + self.zone.unwrap_or(0);
        // libcurl's -1 is failure: that one second is moved.
        Some(if seconds == -1 { 0 } else { seconds })
    }
}

/// Days from 1970 to the first of a month.
fn days_before(year: i64, month: usize) -> i64 {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leap_year = year - i64::from(month <= 1);
    let leap_days = leap_year / 4 - leap_year / 100 + leap_year / 400 - 477;
    (year - 1970) * 365 + leap_days + BEFORE.get(month).copied().unwrap_or(0)
}

/// `H:M` or `H:M:S`, each of one or two digits; with its length.
fn time_of_day(text: &[u8]) -> Option<((i64, i64, i64), usize)> {
    let (hour, hour_len) = short_number(text)?;
    let after_hour = text.get(hour_len..)?.strip_prefix(b":")?;
    let (minute, minute_len) = short_number(after_hour)?;
    if hour > 23 || minute > 59 {
        return None;
    }
    let mut len = hour_len + 1 + minute_len;
    let second = text.get(len..)?.strip_prefix(b":").and_then(short_number);
    if let Some((second, second_len)) = second {
        if second > 60 {
            return None;
        }
        len += 1 + second_len;
    }
    Some(((hour, minute, second.map_or(0, |(second, _)| second)), len))
}

fn short_number(text: &[u8]) -> Option<(i64, usize)> {
    let digit = |at: usize| {
        text.get(at).filter(|byte| byte.is_ascii_digit()).map(|byte| i64::from(byte - b'0'))
    };
    let first = digit(0)?;
    Some(digit(1).map_or((first, 1), |second| (first * 10 + second, 2)))
}

/// A number up to 99999999 with the count of its digits.
fn decimal(text: &[u8]) -> Option<(i64, usize)> {
    let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = text.get(..len)?.iter().try_fold(0i64, |number, digit| {
        let number = number * 10 + i64::from(digit - b'0');
        (number <= 99_999_999).then_some(number)
    })?;
    (len > 0).then_some((number, len))
}

/// Seconds to add to a zone's local time for UTC. Names are in upper case only.
fn zone(name: &[u8]) -> Option<i64> {
    /// Daylight saving time is an hour ahead.
    const DST: i64 = -60;
    let minutes = match name {
        b"GMT" | b"UT" | b"UTC" | b"WET" | b"Z" => 0,
        b"BST" => DST,
        b"WAT" => 60,
        b"AST" => 240,
        b"ADT" => 240 + DST,
        b"EST" => 300,
        b"EDT" => 300 + DST,
        b"CST" => 360,
        b"CDT" => 360 + DST,
        b"MST" => 420,
        b"MDT" => 420 + DST,
        b"PST" => 480,
        b"PDT" => 480 + DST,
        b"YST" => 540,
        b"YDT" => 540 + DST,
        b"HST" | b"CAT" | b"AHST" => 600,
        b"HDT" => 600 + DST,
        b"NT" => 660,
        b"IDLW" => 720,
        b"CET" | b"MET" | b"MEWT" | b"FWT" => -60,
        b"CEST" | b"MEST" | b"MESZ" | b"FST" => -60 + DST,
        b"EET" => -120,
        b"WAST" => -420,
        b"WADT" => -420 + DST,
        b"CCT" => -480,
        b"JST" => -540,
        b"EAST" | b"GST" => -600,
        b"EADT" => -600 + DST,
        b"NZT" | b"NZST" | b"IDLE" => -720,
        b"NZDT" => -720 + DST,
        [letter] => military_zone(*letter)? * 60,
        _ => return None,
    };
    Some(minutes * 60)
}

/// Hours to add for UTC in a zone of one letter, as RFC 822 had them (there is no J).
fn military_zone(letter: u8) -> Option<i64> {
    match letter {
        b'A'..=b'I' => Some(-i64::from(letter - b'A') - 1),
        b'K'..=b'M' => Some(-i64::from(letter - b'A')),
        b'N'..=b'Y' => Some(i64::from(letter - b'N') + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn every_form_is_read() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "06 Nov 1994 08:49:37",
            "1994 Nov 6 08:49:37",
            "GMT 08:49:37 06-Nov-94 Sunday",
            "94 6 Nov 08:49:37",
            "19941106 08:49:37",
            "Sun, 06 Nov 1994 09:49:37 CET",
            "06 Nov 1994 03:49:37 EST",
            "Sun, 06 Nov 1994 10:19:37 +0130",
            "Sun, 06 Nov 1994 01:49:37 -0700",
            "Sun/Nov/6/94/GMT/08:49:37",
        ] {
            assert_eq!(parse_date(text.as_bytes()), Some(784_111_777), "{text}");
        }
        assert_eq!(parse_date(b"1994.Nov.6"), Some(784_080_000));
        assert_eq!(parse_date(b"01 Jan 1970 00:00:00"), Some(0));
        assert_eq!(parse_date(b"31 Dec 1969 23:59:59"), Some(0));
        assert_eq!(parse_date(b"1 Jan 2038 1:2"), Some(2_145_916_800 + 3720));
        assert_eq!(parse_date(b"Thu, 31-Dec-1969 23:59:58 GMT"), Some(-2));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "x",
            "Nov 1994",
            "06 Nov",
            "06 Foo 1994",
            "1 Jan 1500",
            "40 Jan 2000 99",
            "1 Jan 2000 25:00:00",
            "06 Nov 1994 gmt",
            "123456789",
            "20001301",
            "06 Nov 1994 08:49:37 08:49:37",
        ] {
            assert_eq!(parse_date(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn http_dates_are_written() {
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut random = Random::new(11);
        for _ in 0..5000 {
            let seconds = random.below(250_000_000_000 >> 1) as i64 - 10_000_000_000;
            assert_eq!(parse_date(http_date(seconds).as_bytes()), Some(seconds));
        }
    }

    #[test]
    fn hostile_dates_do_no_harm() {
        let pieces: &[&[u8]] =
            &[b"1", b"23", b":", b" ", b"+", b"-", b"Jan", b"Mon", b"GMT", b"99999999", b"A"];
        let mut random = Random::new(5);
        for _ in 0..20_000 {
            let _ = parse_date(&random.text(pieces, 12));
        }
        let _ = http_date(i64::MIN);
        let _ = http_date(i64::MAX);
    }
}
