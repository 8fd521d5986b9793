//! Calendar periods in Beijing time (UTC+8, no daylight saving), by which the platform counts quotas.

const OFFSET: u64 = 8 * 3600;
const DAY: u64 = 86_400;

/// The number of the Beijing day that a Unix second lies in.
pub(crate) fn day(unix: u64) -> u64 {
    (unix + OFFSET) / DAY
}

/// The number of the minute that a Unix second lies in.
pub(crate) fn minute(unix: u64) -> u64 {
    unix / 60
}

/// The number of the Beijing month that a Unix second lies in, counted from January of year 0.
pub(crate) fn month(unix: u64) -> u64 {
    // Days since 0000-03-01, split into 400-year eras: a year that starts in March has its leap day last.
    let days = day(unix) + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    (era * 400 + year_of_era) * 12 + months_since_march + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_starts_at_midnight_in_beijing() {
        let midnight = 1_700_000_000 / DAY * DAY + 16 * 3600; // 16:00 UTC
        assert_eq!(day(midnight - 1) + 1, day(midnight));
    }

    #[test]
    fn a_month_starts_at_midnight_in_beijing() {
        let first_of_march_2024 = 1_709_222_400; // 2024-02-29 16:00 UTC, a leap year
        assert_eq!(month(first_of_march_2024), 2024 * 12 + 2);
        assert_eq!(month(first_of_march_2024 - 1), 2024 * 12 + 1);
        let new_year_2025 = 1_735_660_800; // 2024-12-31 16:00 UTC
        assert_eq!(month(new_year_2025), 2025 * 12);
        assert_eq!(month(new_year_2025 - 1), 2024 * 12 + 11);
    }
}
