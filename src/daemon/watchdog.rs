//! Proof of progress for the service manager's watchdog.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::worker::{ENDED, Shared};

/// Tells whether every thread has moved since it was asked last.
#[derive(Debug)]
pub(super) struct Watchdog {
    shared: Arc<Shared>,
    seen: Vec<u64>,
}

impl Watchdog {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let seen = vec![0; shared.progress.len()];
        Self { shared, seen }
    }

    /// True when every thread has proved since the last call that it is alive.
    pub(super) fn all_have_moved(&mut self) -> bool {
        let mut all = true;
        for (seen, counter) in self.seen.iter_mut().zip(&self.shared.progress) {
            let now = counter.load(Ordering::Relaxed);
            all &= now != *seen || now == ENDED;
            *seen = now;
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_has_ended_owes_no_proof() {
        let shared = Shared::new(2);
        let mut watchdog = Watchdog::new(Arc::clone(&shared));
        shared.finish(1);
        for _ in 0..2 {
            [0, 2, 3].into_iter().for_each(|owner| shared.advance(owner));
            assert!(watchdog.all_have_moved());
        }
        assert_eq!(shared.ended(2), 1);
        assert!(!watchdog.all_have_moved());
    }

    #[test]
    fn one_thread_that_stands_still_is_enough_to_starve_the_watchdog() {
        let shared = Shared::new(1);
        let mut watchdog = Watchdog::new(Arc::clone(&shared));
        let everyone = |shared: &Shared| (0..3).for_each(|owner| shared.advance(owner));

        everyone(&shared);
        assert!(watchdog.all_have_moved());
        shared.advance(0);
        shared.advance(1);
        assert!(!watchdog.all_have_moved());
        everyone(&shared);
        assert!(watchdog.all_have_moved());
    }
}
