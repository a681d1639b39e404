//! The only file that reads a clock.
//!
//! Comes in: nothing. Goes out: the time of day as a [`Timestamp`], and time that has passed as a
//! [`Stopwatch`] tells it. Everything below takes time as an argument.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::net::Timestamp;

/// Reads the wall clock. It can jump: a machine without a clock of its own starts in 1970 and learns the
/// time later. A clock before the epoch gives [`Timestamp::ZERO`].
#[must_use]
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this file is where the clock is read")]
    let wall = SystemTime::now();
    let passed = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::ZERO.plus(passed)
}

/// The kernel's monotonic clock, by which it stamps what it counts itself (clock_gettime(2), `CLOCK_MONOTONIC`).
#[must_use]
pub(crate) fn monotonic() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanos)
}

/// Measures time that has passed, by a clock that never jumps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch {
    started: std::time::Instant,
}

impl Stopwatch {
    /// Starts at zero.
    #[must_use]
    pub(crate) fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this file is where the clock is read")]
        let started = std::time::Instant::now();
        Self { started }
    }

    /// The time since it was started.
    #[must_use]
    pub(crate) fn elapsed(self) -> Duration {
        self.started.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_is_later_than_this_program() {
        assert!(now() > Timestamp::from_parts(1_700_000_000, 0));
    }

    #[test]
    fn a_stopwatch_goes_forward() {
        let stopwatch = Stopwatch::start();
        std::thread::sleep(Duration::from_millis(2));

        assert!(stopwatch.elapsed() >= Duration::from_millis(2));
    }
}
