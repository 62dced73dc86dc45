//! `CURLOPT_TIMECONDITION` (RFC 9110 section 13) and dates as HTTP writes them.

/// What a document's time must be (`CURL_TIMECOND_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeCondition {
    /// `If-Modified-Since`.
    IfModifiedSince,
    /// `If-Unmodified-Since`.
    IfUnmodifiedSince,
    /// `Last-Modified`.
    LastModified,
}

impl TimeCondition {
    /// The name of the header that asks for it.
    pub fn header(self) -> &'static str {
        match self {
            Self::IfModifiedSince => "If-Modified-Since",
            Self::IfUnmodifiedSince => "If-Unmodified-Since",
            Self::LastModified => "Last-Modified",
        }
    }

    /// Whether a document of the time `document` meets the condition on the time `value`, both
    /// Unix seconds and 0 where not known; if not, the response counts as a 304.
    pub fn is_met(self, value: i64, document: i64) -> bool {
        if value == 0 || document == 0 {
            return true;
        }
        match self {
            Self::IfUnmodifiedSince => document < value,
            Self::IfModifiedSince | Self::LastModified => document > value,
        }
    }
}

/// Appends a date such as `Tue, 15 Nov 1994 12:45:26 GMT`; `time` in Unix seconds.
pub fn push_date(out: &mut Vec<u8>, time: i64) {
    let (days, second) = (time.div_euclid(86_400), time.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let name = |names: &[&'static str], i: i64| {
        usize::try_from(i).ok().and_then(|i| names.get(i)).copied().unwrap_or("???")
    };
    out.extend_from_slice(name(&WEEKDAYS, (days + 3).rem_euclid(7)).as_bytes());
    out.extend_from_slice(b", ");
    push_two(out, day);
    out.push(b' ');
    out.extend_from_slice(name(&MONTHS, month - 1).as_bytes());
    out.push(b' ');
    if year < 0 {
        out.push(b'-');
    }
    let digits = year.unsigned_abs();
    for _ in digits.checked_ilog10().unwrap_or(0)..3 {
        out.push(b' ');
    }
    super::push_decimal(out, digits);
    out.push(b' ');
    push_two(out, second / 3600);
    out.push(b':');
    push_two(out, second / 60 % 60);
    out.push(b':');
    push_two(out, second % 60);
    out.extend_from_slice(b" GMT");
}

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn push_two(out: &mut Vec<u8>, n: i64) {
    out.extend_from_slice(&[b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8]);
}

/// Year, month and day of the Gregorian calendar, `days` after 1970-01-01. Years begin in March
/// here, so that a leap day ends one; 400 years have 146,097 days.
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let date = |time| {
            let mut out = Vec::new();
            push_date(&mut out, time);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(date(784_903_526), "Tue, 15 Nov 1994 12:45:26 GMT");
        assert_eq!(date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(date(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(date(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
        // Any clock at all gives some text.
        date(i64::MAX);
        date(i64::MIN);
    }

    #[test]
    fn conditions() {
        assert!(TimeCondition::IfModifiedSince.is_met(10, 11));
        assert!(!TimeCondition::IfModifiedSince.is_met(10, 10));
        assert!(TimeCondition::IfUnmodifiedSince.is_met(10, 9));
        assert!(!TimeCondition::IfUnmodifiedSince.is_met(10, 10));
        assert!(TimeCondition::IfModifiedSince.is_met(10, 0));
    }
}
