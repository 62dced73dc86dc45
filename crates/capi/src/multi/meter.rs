//! The built-in progress meter on `CURLOPT_STDERR`, for programs that set no progress callback.

use std::ptr::NonNull;

use tress_engine::Figures;

use super::answers;
use crate::easy::Easy;
use crate::easy::getinfo::speed;
use crate::stdio;

const HEAD: &str = "  % Total    % Received % Xferd  Average Speed  Time    Time    Time   Current
                                 Dload  Upload  Total   Spent   Left   Speed
";

/// Shows how far a transfer is: one line, written over and over.
///
/// # Safety
/// `easy` is good and not borrowed.
pub unsafe fn show(easy: NonNull<Easy>, figures: Figures) {
    // SAFETY: by contract.
    unsafe {
        let handle = &mut *easy.as_ptr();
        let Some(spent) = handle.transfer().map(|transfer| transfer.infos().times.total) else {
            return;
        };
        let stream = answers::stderr(handle);
        if !handle.meter_shown {
            handle.meter_shown = true;
            stdio::put(stream, HEAD.as_bytes());
        }
        stdio::put(stream, line(figures, spent).as_bytes());
        libc::fflush(stream);
    }
}

fn line(figures: Figures, spent: std::time::Duration) -> String {
    let Figures { download_total, downloaded, upload_total, uploaded, .. } = figures;
    let (down, up) = (speed(downloaded, spent) as u64, speed(uploaded, spent) as u64);
    let total = download_total.max(downloaded) + upload_total.max(uploaded);
    let seconds = |total: u64, speed: u64| total.checked_div(speed).unwrap_or(0);
    let estimate = seconds(download_total, down).max(seconds(upload_total, up));
    format!(
        "\r{:3} {} {:3} {} {:3} {} {} {} {} {} {} {}",
        percent(total, downloaded + uploaded),
        short(total),
        percent(download_total, downloaded),
        short(downloaded),
        percent(upload_total, uploaded),
        short(uploaded),
        short(down),
        short(up),
        clock(estimate),
        clock(spent.as_secs()),
        clock(estimate.saturating_sub(spent.as_secs())),
        short(down + up),
    )
}

fn percent(total: u64, now: u64) -> u64 {
    match total {
        0 => 0,
        1..=10_000 => now * 100 / total,
        _ => now / (total / 100),
    }
}

/// A size in six columns: `12345 `, `12.34k`, `123.4M`.
fn short(size: u64) -> String {
    if size < 100_000 {
        return format!("{size:6}");
    }
    let mut size = size;
    let mut units = "kMGTPE".chars();
    loop {
        let unit = units.next().unwrap_or('E');
        let (whole, rest) = (size / 1024, size % 1024);
        match whole {
            0..100 => return format!("{whole:2}.{:02}{unit}", rest * 100 / 1024),
            100..1000 => return format!("{whole:3}.{}{unit}", rest * 10 / 1024),
            _ => size = whole,
        }
    }
}

/// A time in seven columns; blank when there is none.
fn clock(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match hours {
        _ if seconds == 0 => " ".repeat(7),
        0 => format!("  {minutes:02}:{rest:02}"),
        1..10 => format!("{hours}:{minutes:02}:{rest:02}"),
        10..100 => format!("{hours}h {minutes:02}m"),
        _ if days < 100 => format!("{days:2}d {:02}h", hours % 24),
        _ if days < 1000 => format!("{days:6}d"),
        _ if days < 30_000 => format!("{:6}m", days / 30),
        _ => format!("{:6}y", (days / 365).min(99_999)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_keep_their_width() {
        for (size, want) in
            [(0, "     0"), (99_999, " 99999"), (100_000, "97.65k"), (1 << 20, " 1.00M")]
        {
            assert_eq!(short(size), want);
        }
        for (time, want) in
            [(0, "       "), (61, "  01:01"), (3_661, "1:01:01"), (90_000, "25h 00m")]
        {
            assert_eq!(clock(time), want);
        }
        for size in [1 << 20, 1 << 30, 1 << 40, 1 << 62, u64::MAX] {
            assert_eq!(short(size).len(), 6, "{size}");
        }
    }
}
