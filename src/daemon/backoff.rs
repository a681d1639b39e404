//! How long to wait after a failure: longer each time, and never quite as long as others do.
//!
//! Comes in: failures and successes. Goes out: durations. It reads no clock.

use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_millis(500);

/// The longest one, before jitter.
const LONGEST: Duration = Duration::from_secs(60);

/// Exponential back-off with jitter: each pause is drawn from between half and the whole of a time that doubles, so that many
/// daemons do not fall upon a server that has just come back in the same moment.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
    state: u64,
}

impl Backoff {
    /// With `seed` for the jitter.
    pub(super) const fn new(seed: u64) -> Self {
        Self::between(FIRST, LONGEST, seed)
    }

    /// From `first` to `longest`.
    pub(super) const fn between(first: Duration, longest: Duration, seed: u64) -> Self {
        Self { first, longest, next: first, state: seed }
    }

    /// The pause after one more failure.
    pub(super) fn pause(&mut self) -> Duration {
        let whole = self.next;
        self.next = whole.saturating_mul(2).min(self.longest);
        let half = whole / 2;
        half + half.mul_f64(self.share())
    }

    /// Forgets the failures: something has worked.
    pub(super) const fn reset(&mut self) {
        self.next = self.first;
    }

    /// A number from 0 to 1 (SplitMix64, of Steele, Lea and Flood).
    fn share(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let top = u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(u32::MAX);
        f64::from(top) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::new(7);
        let pauses: Vec<_> = (0..12).map(|_| backoff.pause()).collect();

        let mut whole = FIRST;
        for pause in &pauses {
            assert!((whole / 2..=whole).contains(pause), "{pause:?} of {whole:?}");
            whole = (whole * 2).min(LONGEST);
        }
        backoff.reset();
        assert!(backoff.pause() <= FIRST);
    }

    #[test]
    fn two_daemons_do_not_come_back_in_the_same_moment() {
        let (mut one, mut other) = (Backoff::new(1), Backoff::new(2));

        assert!((0..8).all(|_| one.pause() != other.pause()));
    }
}
