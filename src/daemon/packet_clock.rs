//! The time that a live meter is told: packet time that never runs backwards and never leaps.

use std::time::Duration;

use crate::net::Timestamp;

/// A gap between packets, or a step backwards, that is looked at twice.
const SUSPICIOUS: Duration = Duration::from_secs(5);

/// Follows the time stamps of frames, and the monotonic clock where they cannot be believed.
///
/// A machine without a clock of its own starts in the past and leaps forward when it first hears
/// from a time server; an operator may set the clock back. Neither may end all flows, nor stop them from ending.
#[derive(Debug)]
pub struct PacketClock {
    now: Timestamp,
    /// The time and the monotonic clock's reading when the two were last compared.
    compared: (Timestamp, Duration),
    /// What is added to time stamps, in nanoseconds, after leaps.
    correction: i128,
    leaps: u64,
    /// Time stamps are believed, however far they are from the last one.
    believes: bool,
    /// A frame came since the clocks were compared.
    has_moved: bool,
}

impl PacketClock {
    /// Begins at `now`, when the monotonic clock says `monotonic`.
    #[must_use]
    pub const fn new(now: Timestamp, monotonic: Duration) -> Self {
        Self {
            now,
            compared: (now, monotonic),
            correction: 0,
            leaps: 0,
            believes: false,
            has_moved: false,
        }
    }

    /// A clock for a stream or a simulation, which have a time of their own and a pace of their own:
    /// it begins with the first frame and believes every time stamp that is later.
    #[must_use]
    pub const fn believing() -> Self {
        Self { believes: true, ..Self::new(Timestamp::ZERO, Duration::ZERO) }
    }

    /// The time at a frame that was captured at `timestamp`. Reads the monotonic clock only
    /// when the time stamp is far from the last one.
    pub fn at_frame(
        &mut self,
        timestamp: Timestamp,
        monotonic: impl FnOnce() -> Duration,
    ) -> Timestamp {
        if self.believes {
            self.now = self.now.max(timestamp);
            self.has_moved = true;
            return self.now;
        }
        let corrected = self.corrected(timestamp);
        if corrected > self.now.plus(SUSPICIOUS) || corrected.plus(SUSPICIOUS) < self.now {
            let expected = self.at_idle(monotonic());
            let leap = i128::from(corrected.as_nanos()) - i128::from(expected.as_nanos());
            if leap.unsigned_abs() > SUSPICIOUS.as_nanos() {
                self.correction -= leap;
                self.leaps += 1;
                return expected;
            }
        }
        self.now = self.now.max(corrected);
        self.now
    }

    /// The time when no frame came, by the monotonic clock.
    pub fn at_idle(&mut self, monotonic: Duration) -> Timestamp {
        let (then, reading) = self.compared;
        if self.believes && (self.has_moved || self.now == Timestamp::ZERO) {
            // Silence begins here, and not when the clock was read last.
            self.has_moved = false;
            self.compared = (self.now, monotonic);
            return self.now;
        }
        self.now = self.now.max(then.plus(monotonic.saturating_sub(reading)));
        self.compared = (self.now, monotonic.max(reading));
        self.now
    }

    /// The time by the latest frame or reading.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// How often the time stamps leapt.
    #[must_use]
    pub const fn leaps(&self) -> u64 {
        self.leaps
    }

    fn corrected(&self, timestamp: Timestamp) -> Timestamp {
        let nanos = i128::from(timestamp.as_nanos()) + self.correction;
        Timestamp::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOT: Timestamp = Timestamp::from_parts(1_000_000, 0);

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn ordinary_time_stamps_are_followed() {
        let mut clock = PacketClock::new(BOOT, secs(10));

        assert_eq!(clock.at_frame(BOOT.plus(secs(1)), || secs(11)), BOOT.plus(secs(1)));
        assert_eq!(clock.at_frame(BOOT, || secs(11)), BOOT.plus(secs(1)), "never backwards");
        assert_eq!(clock.at_frame(BOOT.plus(secs(60)), || secs(70)), BOOT.plus(secs(60)));
        assert_eq!(clock.at_idle(secs(71)), BOOT.plus(secs(61)), "silence is no second passing");
        assert_eq!(clock.leaps(), 0);
    }

    #[test]
    fn a_stream_brings_its_own_time() {
        let mut clock = PacketClock::believing();
        assert_eq!(clock.at_idle(secs(5)), Timestamp::ZERO, "nothing has begun");

        assert_eq!(clock.at_frame(BOOT, || secs(6)), BOOT);
        assert_eq!(clock.at_frame(BOOT.plus(secs(9000)), || secs(6)), BOOT.plus(secs(9000)));
        assert_eq!(clock.at_frame(BOOT, || secs(6)), BOOT.plus(secs(9000)), "never backwards");
        assert_eq!(clock.at_idle(secs(7)), BOOT.plus(secs(9000)), "silence begins");
        assert_eq!(clock.at_idle(secs(9)), BOOT.plus(secs(9002)), "and passes");
        assert_eq!(clock.leaps(), 0);
    }

    #[test]
    fn a_leap_of_the_wall_clock_is_no_passing_of_time() {
        let mut clock = PacketClock::new(BOOT, secs(10));
        let year = secs(365 * 86_400);

        let after = clock.at_frame(BOOT.plus(year), || secs(12));
        assert_eq!(after, BOOT.plus(secs(2)));
        let later = clock.at_frame(BOOT.plus(year).plus(secs(1)), || secs(13));
        assert_eq!((later, clock.leaps()), (BOOT.plus(secs(3)), 1));

        let back = clock.at_frame(BOOT, || secs(14));
        assert_eq!((back, clock.leaps()), (BOOT.plus(secs(4)), 2));
        assert_eq!(clock.at_frame(BOOT.plus(secs(1)), || secs(15)), BOOT.plus(secs(5)));
    }
}
