//! Whether the daemon does its work yet.
//!
//! Comes in: what is to be waited for, and that it happened. Goes out: the list of what is still missing.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A latch with reasons: ready when nothing is waited for.
#[derive(Debug, Default)]
pub struct Readiness {
    pending: Mutex<BTreeSet<&'static str>>,
}

impl Readiness {
    /// Makes a latch that waits for each of `reasons`, such as `capture is not open`.
    #[must_use]
    pub fn waiting_for(reasons: impl IntoIterator<Item = &'static str>) -> Self {
        Self { pending: Mutex::new(reasons.into_iter().collect()) }
    }

    /// Adds a reason, such as `shutting down`.
    pub fn wait_for(&self, reason: &'static str) {
        self.pending().insert(reason);
    }

    /// Takes a reason away.
    pub fn satisfy(&self, reason: &'static str) {
        self.pending().remove(reason);
    }

    /// What is still missing, sorted; empty when ready.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        self.pending().iter().copied().collect()
    }

    fn pending(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
