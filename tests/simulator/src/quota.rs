//! How often an account called what, by Beijing day, minute and Beijing month.

use std::collections::HashMap;

use crate::beijing;
use crate::errcode::Refusal;

/// Quota clearings that an account has in a month.
const CLEARINGS_A_MONTH: u64 = 10;

/// How often something may be done; `None` is without limit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits {
    pub(crate) daily: Option<u64>,
    pub(crate) minutely: Option<u64>,
}

/// An account's counters. Each names a path, or another thing that is counted.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    today: Period,
    this_minute: Period,
    this_month: Period,
}

impl Usage {
    /// Counts one call, or refuses it uncounted: 45011 for the minute, 45009 for the day.
    pub(crate) fn spend(&mut self, what: &'static str, limits: Limits, unix: u64) -> Result<(), Refusal> {
        let today = self.today.roll(beijing::day(unix));
        let this_minute = self.this_minute.roll(beijing::minute(unix));
        if this_minute.reached(what, limits.minutely) {
            return Err(Refusal::new(45011));
        }
        if today.reached(what, limits.daily) {
            return Err(Refusal::new(45009));
        }
        this_minute.count(what);
        today.count(what);
        Ok(())
    }

    /// How often something was counted today.
    pub(crate) fn today(&mut self, what: &str, unix: u64) -> u64 {
        self.today.roll(beijing::day(unix)).used(what)
    }

    /// Clears today's counters, or refuses with 48006 when that was done too often this month.
    pub(crate) fn clear(&mut self, unix: u64) -> Result<(), Refusal> {
        let what = "clear_quota";
        let this_month = self.this_month.roll(beijing::month(unix));
        if this_month.reached(what, Some(CLEARINGS_A_MONTH)) {
            return Err(Refusal::new(48006));
        }
        this_month.count(what);
        self.today.counts.clear();
        Ok(())
    }
}

/// The counters of one day, minute or month.
#[derive(Debug, Default)]
struct Period {
    number: u64,
    counts: HashMap<&'static str, u64>,
}

impl Period {
    /// Starts anew when the period is over, or when the clock went back before it.
    fn roll(&mut self, number: u64) -> &mut Self {
        if self.number != number {
            self.number = number;
            self.counts.clear();
        }
        self
    }

    fn used(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }

    fn reached(&self, what: &str, limit: Option<u64>) -> bool {
        limit.is_some_and(|limit| self.used(what) >= limit)
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }
}
