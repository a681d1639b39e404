//! Times as most of the world spells them: RFC 3339 in UTC.
//!
//! Comes in: a time. Goes out: `2026-01-31T12:00:00.250Z`; digits below the millisecond are cut off.

use std::fmt;

use crate::net::Timestamp;

/// A time in RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rfc3339(pub(crate) Timestamp);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = jiff::Timestamp::from_nanosecond(i128::from(self.0.as_nanos()))
            .map_err(|_| fmt::Error)?;
        write!(formatter, "{time:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_three_digits_and_ends_in_z() {
        let noon = Timestamp::from_parts(1_769_860_800, 250_999_999);
        assert_eq!(Rfc3339(noon).to_string(), "2026-01-31T12:00:00.250Z");
        assert_eq!(Rfc3339(Timestamp::ZERO).to_string(), "1970-01-01T00:00:00.000Z");
    }
}
