//! Times for people: how long ago.
//!
//! Comes in: a time as events and the API spell it, and the time now. Goes out: `2 min ago`.

use crate::net::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Younger than this is now: clocks of two machines differ by a little.
const NOW: u64 = 5;

/// How long before `now` a time was, as `2 min ago`; the text itself when it is no time.
pub(super) fn ago(time: &str, now: Timestamp) -> String {
    let Some(seconds) = seconds_of(time) else { return time.to_owned() };
    let passed = now.as_secs().saturating_sub(seconds);
    match passed {
        0..NOW => "now".to_owned(),
        NOW..MINUTE => format!("{passed} s ago"),
        MINUTE..HOUR => format!("{} min ago", passed / MINUTE),
        HOUR..DAY => format!("{} h ago", passed / HOUR),
        DAY.. => match passed / DAY {
            1 => "1 day ago".to_owned(),
            days => format!("{days} days ago"),
        },
    }
}

/// A time without its fraction and zone, which is always UTC.
pub(super) fn exact(time: &str) -> String {
    time.get(..19).map_or_else(|| time.to_owned(), |head| head.replace('T', " "))
}

/// The day of a time, in UTC.
pub(super) fn day(time: Timestamp) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| "an unknown day".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
}

/// Seconds since 1970.
fn seconds_of(time: &str) -> Option<u64> {
    let civil: jiff::civil::DateTime = time.get(..19)?.parse().ok()?;
    let time = jiff::tz::Offset::UTC.to_timestamp(civil).ok()?;
    u64::try_from(time.as_second()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_told_as_such() {
        assert_eq!(day(Timestamp::from_parts(1_769_860_800, 0)), "2026-01-31");
        assert_eq!(day(Timestamp::from_nanos(u64::MAX)), "2554-07-21");
    }

    #[test]
    fn the_time_passed_is_told_in_its_largest_unit() {
        let seen = "2026-01-31T12:00:00.500000+0000";
        let at = |later| Timestamp::from_parts(1_769_860_800 + later, 0);

        for (later, expected) in [
            (0, "now"),
            (4, "now"),
            (59, "59 s ago"),
            (125, "2 min ago"),
            (2 * HOUR, "2 h ago"),
            (DAY + 1, "1 day ago"),
            (40 * DAY, "40 days ago"),
        ] {
            assert_eq!(ago(seen, at(later)), expected);
        }
        assert_eq!(ago(seen, Timestamp::ZERO), "now");
        assert_eq!(ago("soon", at(0)), "soon");
        assert_eq!(exact(seen), "2026-01-31 12:00:00");
    }
}
