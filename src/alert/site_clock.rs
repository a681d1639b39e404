//! What the clock on the wall of a site is ahead of UTC.
//!
//! Comes in: an offset, and when it changes (daylight saving), as whoever reads the configuration found it. Goes out: the offset at a
//! time. It knows no time zone and reads no file.

use std::sync::Arc;

use crate::net::Timestamp;

/// The clock of a site.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SiteClock {
    /// Seconds ahead of UTC before the first change.
    first: i32,
    /// From which second of Unix time on, how many seconds ahead; in the order of time.
    changes: Arc<[(i64, i32)]>,
}

impl SiteClock {
    /// A clock that is always as many seconds ahead of UTC.
    #[must_use]
    pub fn fixed(ahead_of_utc: i32) -> Self {
        Self { first: ahead_of_utc, changes: Arc::default() }
    }

    /// A clock that is `first` seconds ahead of UTC, and others from certain seconds of Unix time on.
    #[must_use]
    pub fn changing(first: i32, changes: impl IntoIterator<Item = (i64, i32)>) -> Self {
        let mut changes: Vec<_> = changes.into_iter().collect();
        changes.sort_by_key(|(from, _)| *from);
        Self { first, changes: changes.into() }
    }

    /// What it is ahead of UTC at `now`, in seconds.
    #[must_use]
    pub fn ahead_of_utc(&self, now: Timestamp) -> i32 {
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let passed = self.changes.partition_point(|(from, _)| *from <= now);
        let latest = passed.checked_sub(1).and_then(|index| self.changes.get(index));
        latest.map_or(self.first, |(_, ahead)| *ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_holds_from_its_second_on_until_the_next() {
        let clock = SiteClock::changing(0, [(2_000, 0), (1_000, 3_600)]);
        let ahead = |second| clock.ahead_of_utc(Timestamp::from_parts(second, 0));

        assert_eq!([999, 1_000, 1_999, 2_000, 9_000].map(ahead), [0, 3_600, 3_600, 0, 0]);
        assert_eq!(SiteClock::fixed(-60).ahead_of_utc(Timestamp::ZERO), -60);
    }
}
