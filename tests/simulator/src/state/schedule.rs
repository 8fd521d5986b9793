//! When the next ticket of one third-party platform is due.

/// How long it is from one ticket to the next, in seconds.
const PERIOD: u64 = 600;

/// Periods of ten minutes, one after the other.
#[derive(Debug)]
pub(crate) struct Schedule {
    next_at: u64,
}

impl Schedule {
    /// The first period begins now.
    pub(super) fn new(unix: u64) -> Self {
        Self { next_at: unix.saturating_add(PERIOD) }
    }

    /// Ends the period now, so that the next one begins.
    pub(crate) fn cut_short(&mut self, unix: u64) {
        self.next_at = unix;
    }

    /// When the period ends.
    pub(super) fn next_at(&self) -> u64 {
        self.next_at
    }

    /// Whether a period ended since this was last asked; it makes no difference how many did. Setting the clock
    /// back begins a new one.
    pub(super) fn passed(&mut self, unix: u64) -> bool {
        if self.next_at.saturating_sub(unix) > PERIOD {
            *self = Self::new(unix);
        }
        let Some(over) = unix.checked_sub(self.next_at) else {
            return false;
        };
        self.next_at += (over / PERIOD + 1) * PERIOD;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_ends_once_however_late_it_is_and_the_next_ends_on_time() {
        let mut schedule = Schedule::new(1000);
        assert!(!schedule.passed(1599));
        assert!(schedule.passed(1600));
        assert!(!schedule.passed(1600));
        assert!(schedule.passed(3300), "several periods are one");
        assert!(!schedule.passed(3399));
        assert!(schedule.passed(3400));
    }

    #[test]
    fn a_clock_that_is_set_back_begins_a_new_period() {
        let mut schedule = Schedule::new(10_000);
        assert!(!schedule.passed(1000));
        assert!(!schedule.passed(1599));
        assert!(schedule.passed(1600));
    }

    #[test]
    fn a_period_that_is_cut_short_ends_at_once() {
        let mut schedule = Schedule::new(1000);
        schedule.cut_short(1100);
        assert!(schedule.passed(1100));
        assert!(!schedule.passed(1699));
        assert!(schedule.passed(1700));
    }
}
