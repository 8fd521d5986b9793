//! What time it is, as something a test can replace.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Where the time comes from by which tokens expire and cool-downs end.
///
/// The default is [`SystemClock`]; a test gives a closure:
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use wechat_runtime::Clock;
///
/// let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
/// let clock = move || noon;
/// assert_eq!(clock.now(), noon);
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The present.
    fn now(&self) -> SystemTime;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

impl<F: Fn() -> SystemTime + Send + Sync + 'static> Clock for F {
    fn now(&self) -> SystemTime {
        self()
    }
}

/// A moment as Unix milliseconds: what all reckoning inside is done in, because it saturates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Moment(u64);

/// Beijing is eight hours ahead of UTC and has no summer time: WeChat's quotas start anew at its midnight.
const BEIJING_OFFSET: u64 = 8 * 3_600_000;
const DAY: u64 = 24 * 3_600_000;
const MINUTE: u64 = 60_000;

impl Moment {
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self::from(clock.now())
    }

    pub(crate) fn from_unix(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    pub(crate) fn millis(self) -> u64 {
        self.0
    }

    pub(crate) fn unix(self) -> u64 {
        self.0 / 1000
    }

    pub(crate) fn after(self, pause: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long ago `earlier` was; nothing when it is still to come.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The number of the day in Beijing.
    pub(crate) fn beijing_day(self) -> u64 {
        self.0.saturating_add(BEIJING_OFFSET) / DAY
    }

    pub(crate) fn until_beijing_midnight(self) -> Duration {
        Duration::from_millis(DAY - self.0.saturating_add(BEIJING_OFFSET) % DAY)
    }

    pub(crate) fn until_next_minute(self) -> Duration {
        Duration::from_millis(MINUTE - self.0 % MINUTE)
    }
}

impl From<SystemTime> for Moment {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beijings_day_begins_at_sixteen_hours_utc() {
        let before = Moment::from_unix(1_795_276_799); // 2026-11-21 15:59:59 UTC
        let after = Moment::from_unix(1_795_276_800);
        assert_eq!(after.beijing_day(), before.beijing_day() + 1);
        assert_eq!(before.until_beijing_midnight(), Duration::from_secs(1));
        assert_eq!(after.until_beijing_midnight(), Duration::from_secs(24 * 3600));
    }

    #[test]
    fn the_end_of_time_does_not_overflow() {
        let end = Moment::from_unix(u64::MAX).after(Duration::MAX);
        assert_eq!(end.since(Moment::from_unix(0)), Duration::from_millis(u64::MAX));
        assert!(end.until_beijing_midnight() <= Duration::from_secs(24 * 3600));
    }
}
