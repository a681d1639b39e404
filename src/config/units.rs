//! Durations and sizes as a person writes them: a whole number and a unit.
//!
//! Comes in: text such as `10s` or `8MiB`. Goes out: a [`Duration`] or bytes. It never guesses a unit.

use std::time::Duration;

/// The units of time, from the longest, with their length in milliseconds.
const TIME_UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// The units of size, from the largest, with their length in bytes (IEC 80000-13 binary prefixes).
const SIZE_UNITS: [(&str, u64); 4] =
    [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// Reads a duration such as `10s`; nothing for anything else.
pub(super) fn duration(text: &str) -> Option<Duration> {
    measure(text, &TIME_UNITS).map(Duration::from_millis)
}

/// Reads a size in bytes such as `8MiB`; nothing for anything else.
pub(super) fn size(text: &str) -> Option<u64> {
    measure(text, &SIZE_UNITS)
}

/// Writes a duration in the longest unit that leaves a whole number.
pub(super) fn show_duration(duration: Duration) -> String {
    show(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX), &TIME_UNITS)
}

/// Writes a size in the largest unit that leaves a whole number.
pub(super) fn show_size(bytes: u64) -> String {
    show(bytes, &SIZE_UNITS)
}

fn measure(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, length) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*length)
}

fn show(amount: u64, units: &[(&str, u64)]) -> String {
    let whole = |(_, length): &&(&str, u64)| amount != 0 && amount.is_multiple_of(*length);
    match units.iter().find(whole) {
        Some((name, length)) => format!("{}{name}", amount / length),
        None => "0".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_read_at_its_length() {
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("10s"), Some(Duration::from_secs(10)));
        assert_eq!(duration("5m"), Some(Duration::from_secs(300)));
        assert_eq!(duration("1h"), Some(Duration::from_secs(3600)));
        assert_eq!(size("512B"), Some(512));
        assert_eq!(size("64KiB"), Some(65_536));
        assert_eq!(size("8MiB"), Some(8_388_608));
        assert_eq!(size("1GiB"), Some(1 << 30));
    }

    #[test]
    fn a_number_without_a_unit_and_a_foreign_unit_are_refused() {
        for text in ["10", "", "s", "10 s", "-1s", "1.5s", "10S", "10min", "10MiB", "1d"] {
            assert_eq!(duration(text), None, "{text}");
        }
        for text in ["10", "8MB", "8M", "8mib", "10s", "18446744073709551615KiB"] {
            assert_eq!(size(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_shown_reads_back_as_the_same() {
        for text in ["90s", "250ms", "30m", "1h"] {
            assert_eq!(
                duration(text).map(show_duration).and_then(|t| duration(&t)),
                duration(text)
            );
        }
        assert_eq!(show_duration(Duration::from_secs(1800)), "30m");
        assert_eq!(show_size(16 << 10), "16KiB");
    }
}
