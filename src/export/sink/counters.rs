//! What became of the letters of one sink.
//!
//! Comes in: what its outbox and its deliveries tell. Goes out: numbers that anyone may read at any time.

use std::sync::atomic::{AtomicU64, Ordering};

/// Totals of one sink since the start, and how many letters wait now. `delivered + failed + dropped` is all that it was
/// given, save for what still waits.
#[derive(Debug, Default)]
pub struct SinkCounters {
    /// Letters that the far end took.
    delivered: AtomicU64,
    /// Attempts that failed and were, or will be, made again.
    retried: AtomicU64,
    /// Letters that had no room to wait, or that the end of the run left behind.
    dropped: AtomicU64,
    /// Letters that the far end would never take.
    failed: AtomicU64,
    /// Faults of the program in the sink, after which it was begun anew.
    faults: AtomicU64,
    /// Letters that wait or are in hand.
    waiting: AtomicU64,
}

impl SinkCounters {
    /// Letters that the far end took.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Attempts that failed and were, or will be, made again.
    #[must_use]
    pub fn retried(&self) -> u64 {
        self.retried.load(Ordering::Relaxed)
    }

    /// Letters that had no room to wait, or that the end of the run left behind.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Letters that the far end would never take.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Faults of the program in the sink, after which it was begun anew.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }

    /// Letters that wait or are in hand.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Counts letters that were taken.
    pub fn add_delivered(&self, letters: u64) {
        self.delivered.fetch_add(letters, Ordering::Relaxed);
    }

    /// Counts an attempt that failed.
    pub fn add_retried(&self) {
        self.retried.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts letters that nobody tries any more.
    pub fn add_dropped(&self, letters: u64) {
        self.dropped.fetch_add(letters, Ordering::Relaxed);
    }

    /// Counts a letter that was given up.
    pub fn add_failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a fault of the program.
    pub fn add_fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    /// Sets how many letters wait.
    pub fn set_waiting(&self, letters: u64) {
        self.waiting.store(letters, Ordering::Relaxed);
    }
}
