//! Packet time.

use std::fmt;
use std::time::Duration;

/// A point in time: nanoseconds since 1970-01-01 00:00:00 UTC, as a capture states it.
///
/// There is no `now()` here: time is an input of everything below the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The epoch, and the value before any packet was seen.
    pub const ZERO: Self = Self(0);

    /// Takes nanoseconds since the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Takes whole seconds since the epoch and nanoseconds within the second; saturates.
    #[must_use]
    pub const fn from_parts(seconds: u64, nanos: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// Seconds since the epoch, with the fraction.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a dashboard needs milliseconds at most")]
        let nanos = self.0 as f64;
        nanos / 1e9
    }

    /// The time that has passed since `earlier`, zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This time plus `duration`; saturates.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }

    /// This time minus `duration`; saturates at the epoch.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(nanos))
    }
}

impl fmt::Display for Timestamp {
    /// Writes seconds and nanoseconds, for logs and test failures.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let second = Duration::from_secs(1);

        assert_eq!(Timestamp::ZERO.minus(second), Timestamp::ZERO);
        assert_eq!(Timestamp::from_nanos(u64::MAX).plus(second).as_nanos(), u64::MAX);
        assert_eq!(Timestamp::ZERO.since(Timestamp::from_parts(1, 0)), Duration::ZERO);
    }
}
