//! When something of a flow is due, in four bytes: there are two in each flow.

use crate::net::Timestamp;

/// Bits of a time in nanoseconds that are left out: a tick is about 17 ms.
const TICK: u32 = 24;

/// A time at which something is due, to a tick; never early. Ticks come round after more than two years, and two times are
/// told apart as long as they are less than half of that apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Due(u32);

impl Due {
    /// Due at `time`, or up to a tick later.
    pub(super) const fn at(time: Timestamp) -> Self {
        Self(tick(time.as_nanos().saturating_add((1 << TICK) - 1)))
    }

    /// Tells whether the time has come.
    #[inline]
    pub(super) const fn has_come(self, now: Timestamp) -> bool {
        tick(now.as_nanos()).wrapping_sub(self.0) < 1 << 31
    }

    /// The earlier one.
    pub(super) const fn min(self, other: Self) -> Self {
        if other.0.wrapping_sub(self.0) < 1 << 31 { self } else { other }
    }

    /// Any of its bytes, to have it near.
    pub(super) const fn touch(self) -> u64 {
        self.0 as u64
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the lower bits are meant")]
const fn tick(nanos: u64) -> u32 {
    (nanos >> TICK) as u32
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn nothing_is_due_early_and_nothing_later_than_a_tick_whatever_the_time() {
        for start in [0, 1, (1 << 56) - 5_000_000, 1_800_000_000_123_456_789, u64::MAX / 2] {
            let start = Timestamp::from_nanos(start);
            for millis in [0, 1, 250, 10_000, 3_600_000, 86_400_000] {
                let time = start.plus(Duration::from_millis(millis));
                let due = Due::at(time);
                assert!(due.has_come(time.plus(Duration::from_millis(17))), "{start:?} {millis}");
                let before = Timestamp::from_nanos(time.as_nanos().saturating_sub(1));
                assert!(before == time || !due.has_come(before), "{start:?} {millis}");
            }
        }
    }

    #[test]
    fn the_earlier_one_is_the_earlier_one_across_the_turn() {
        let [early, late] = [-1i64, 1].map(|seconds| {
            let turn = Timestamp::from_nanos(1 << 56);
            Due::at(Timestamp::from_nanos(turn.as_nanos().saturating_add_signed(seconds << 30)))
        });
        assert_eq!((early.min(late), late.min(early)), (early, early));
    }
}
