//! The time of day at the site.
//!
//! Comes in: a moment, and what the site's clock is ahead of UTC. Goes out: hour, minute, day of the week.

use crate::net::Timestamp;

const DAY: i64 = 24 * 3600;

/// Day of the week of 1970-01-01: a Thursday (ISO 8601: Monday is 1).
const EPOCH_WEEKDAY: i64 = 4;

/// What a clock on the wall shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::alert) struct SiteTime {
    /// 0 to 23.
    pub(super) hour: i64,
    /// 0 to 59.
    pub(super) minute: i64,
    /// 1 (Monday) to 7 (Sunday).
    pub(super) weekday: i64,
}

impl SiteTime {
    pub(in crate::alert) fn new(now: Timestamp, ahead_of_utc: i32) -> Self {
        let seconds = i64::try_from(now.as_secs()).unwrap_or(0) + i64::from(ahead_of_utc);
        let (day, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        Self {
            hour: second / 3600,
            minute: second / 60 % 60,
            weekday: (day + EPOCH_WEEKDAY - 1).rem_euclid(7) + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_by_the_sites_offset_and_weeks_begin_on_monday() {
        // 2026-01-05 00:30 UTC is a Monday.
        let monday = Timestamp::from_parts(1_767_573_000, 0);

        let at = |ahead| SiteTime::new(monday, ahead);
        assert_eq!(at(0), SiteTime { hour: 0, minute: 30, weekday: 1 });
        assert_eq!(at(-3600), SiteTime { hour: 23, minute: 30, weekday: 7 });
        assert_eq!(at(5 * 3600 + 1800), SiteTime { hour: 6, minute: 0, weekday: 1 });
        assert_eq!(SiteTime::new(Timestamp::ZERO, 0).weekday, 4);
    }
}
