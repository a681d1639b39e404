//! How times, addresses and other values are spelled in EVE.
//!
//! Comes in: values with a `Display`. Goes out: JSON strings. It never allocates one for each value.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::net::Timestamp;

/// A time as EVE spells it: `2026-01-31T12:00:00.000000+0000`. Digits below the microsecond are cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EveTime(pub Timestamp);

impl fmt::Display for EveTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 64 bits of nanoseconds end in the year 2554, well inside the calendar.
        let time = jiff::Timestamp::from_nanosecond(i128::from(self.0.as_nanos()))
            .map_err(|_| fmt::Error)?;
        write!(f, "{}", time.strftime("%Y-%m-%dT%H:%M:%S%.6f+0000"))
    }
}

impl Serialize for EveTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Anything with a `Display`, as a JSON string.
#[derive(Debug, Clone, Copy)]
pub struct Text<T>(pub T);

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// For `skip_serializing_if`: Suricata leaves flags out that are not set.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
pub(crate) const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_six_digits_and_a_zone_without_a_colon() {
        let noon = Timestamp::from_parts(1_769_860_800, 0);
        let cut = Timestamp::from_parts(951_782_399, 999_999_999);

        assert_eq!(EveTime(noon).to_string(), "2026-01-31T12:00:00.000000+0000");
        assert_eq!(EveTime(cut).to_string(), "2000-02-28T23:59:59.999999+0000");
        assert_eq!(EveTime(Timestamp::ZERO).to_string(), "1970-01-01T00:00:00.000000+0000");
        assert!(EveTime(Timestamp::from_nanos(u64::MAX)).to_string().starts_with("2554-07-21T"));
    }
}
