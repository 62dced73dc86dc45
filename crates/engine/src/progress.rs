//! How fast a transfer is: progress callbacks, the low speed limit and the rate limits.

use std::time::{Duration, Instant};

use tress_model::{Code, Error, Result};

use crate::options::{Hooks, Options};
use crate::transfer::Paused;

/// Progress callbacks come at least this often, and speeds are looked at as often.
const TICK: Duration = Duration::from_secs(1);

/// A rate limit hands out its bytes in so many pieces a second: the last one, which nobody waits
/// for, hardly counts then.
const PIECES_A_SECOND: u64 = 16;
/// What has piled up during a pause comes at once when it is over, and says nothing of the speed.
const SETTLE: Duration = Duration::from_millis(100);

/// Figures of speed; what they are counted from is in the transfer's infos.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The next time to tell the application.
    next_tick: Option<Instant>,
    /// The next time to look at the speed.
    next_look: Option<Instant>,
    /// Something has moved since the application was told.
    moved: bool,
    /// Bytes of bodies that had moved when the speed was looked at last.
    seen: u64,
    slow_since: Option<Instant>,
    /// It was paused, and its speed was not looked at since.
    resumed: bool,
    receive: Bucket,
    send: Bucket,
}

/// A rate limit: when the bytes so far are paid for.
#[derive(Debug, Default)]
struct Bucket {
    open_at: Option<Instant>,
}

impl Progress {
    pub(crate) fn begin(&mut self, now: Instant) {
        *self = Self { next_tick: Some(now), next_look: Some(now), moved: true, ..Self::default() };
    }

    /// When the next tick is due, for transfers that want any.
    pub(crate) fn tick(&self, options: &Options) -> Option<Instant> {
        let told = self.next_tick.filter(|_| options.hooks.contains(Hooks::PROGRESS));
        let looked = self.next_look.filter(|_| has_low_speed(options));
        told.into_iter().chain(looked).min()
    }

    /// Is it time to tell the application? Then it counts as told.
    pub(crate) fn is_due(&mut self, options: &Options, now: Instant) -> bool {
        if !options.hooks.contains(Hooks::PROGRESS) {
            return false;
        }
        let due = self.moved || self.next_tick.is_some_and(|at| at <= now);
        if due {
            self.moved = false;
            self.next_tick = Some(now + TICK);
        }
        due
    }

    /// Bytes came in: with a rate limit, when more may come.
    pub(crate) fn received(&mut self, bytes: usize, options: &Options, now: Instant) {
        self.moved |= bytes > 0;
        if let Some(limits) = &options.limits {
            self.receive.pay(bytes, limits.max_recv_speed, now);
        }
    }

    /// Bytes went out.
    pub(crate) fn sent(&mut self, bytes: usize, options: &Options, now: Instant) {
        self.moved |= bytes > 0;
        if let Some(limits) = &options.limits {
            self.send.pay(bytes, limits.max_send_speed, now);
        }
    }

    /// As much of the room as one read may fill within the rate limit.
    pub(crate) fn limited<'a>(&self, room: &'a mut [u8], options: &Options) -> &'a mut [u8] {
        let speed = options.limits.as_ref().map_or(0, |limits| limits.max_recv_speed);
        let most = piece(speed, room.len());
        &mut room[..most]
    }

    /// As much of `bytes` as may be sent at once within the rate limit.
    pub(crate) fn sendable<'a>(&self, bytes: &'a [u8], options: &Options) -> &'a [u8] {
        let speed = options.limits.as_ref().map_or(0, |limits| limits.max_send_speed);
        &bytes[..piece(speed, bytes.len())]
    }

    /// May bytes be received (sent) now, within the rate limit?
    pub(crate) fn may_receive(&self, now: Instant) -> bool {
        self.receive.is_open(now)
    }

    pub(crate) fn may_send(&self, now: Instant) -> bool {
        self.send.is_open(now)
    }

    /// When a direction that the rate limit has stopped goes on.
    pub(crate) fn speed_deadline(&self, now: Instant) -> Option<Instant> {
        let waits = |bucket: &Bucket| bucket.open_at.filter(|at| *at > now);
        match (waits(&self.receive), waits(&self.send)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// The transfer was paused and goes on: how slow it was before does not count.
    pub(crate) fn resumed(&mut self, now: Instant) {
        self.resumed = true;
        self.next_look = Some(now + SETTLE);
    }

    /// Fails when the transfer was slower than `LOW_SPEED_LIMIT` for `LOW_SPEED_TIME`; `moved` are
    /// the bytes of bodies so far.
    pub(crate) fn check_low_speed(
        &mut self,
        options: &Options,
        paused: Paused,
        moved: u64,
        now: Instant,
    ) -> Result<()> {
        if !has_low_speed(options) || self.next_look.is_none_or(|at| at > now) {
            return Ok(());
        }
        self.next_look = Some(now + TICK);
        let speed = moved.saturating_sub(std::mem::replace(&mut self.seen, moved));
        if std::mem::take(&mut self.resumed) {
            self.slow_since = Some(now);
            return Ok(());
        }
        let limits = options.limits();
        if speed >= limits.low_speed_limit || paused.any() {
            self.slow_since = None;
            return Ok(());
        }
        let since = *self.slow_since.get_or_insert(now);
        if now - since < limits.low_speed_time {
            return Ok(());
        }
        let text = format!(
            "Operation too slow. Less than {} bytes/sec transferred the last {} seconds",
            limits.low_speed_limit,
            limits.low_speed_time.as_secs()
        );
        Err(Error::new(Code::OperationTimedout, text))
    }
}

impl Bucket {
    fn pay(&mut self, bytes: usize, per_second: u64, now: Instant) {
        if per_second == 0 {
            self.open_at = None;
            return;
        }
        let nanos = (bytes as u128 * 1_000_000_000) / u128::from(per_second);
        let from = self.open_at.map_or(now, |at| at.max(now));
        self.open_at = Some(from + Duration::from_nanos(nanos.min(u64::MAX as u128) as u64));
    }

    fn is_open(&self, now: Instant) -> bool {
        self.open_at.is_none_or(|at| at <= now)
    }
}

/// How many of `len` bytes may go at once with a limit of `speed` bytes a second; 0: no limit.
fn piece(speed: u64, len: usize) -> usize {
    match speed {
        0 => len,
        speed => {
            usize::try_from((speed / PIECES_A_SECOND).max(1)).map_or(len, |most| most.min(len))
        }
    }
}

fn has_low_speed(options: &Options) -> bool {
    options.limits.as_ref().is_some_and(|l| l.low_speed_limit > 0 && !l.low_speed_time.is_zero())
}
