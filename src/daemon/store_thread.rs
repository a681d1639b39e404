//! The store's thread: the only one that waits for the disk.
//!
//! Comes in: batches, devices to forget. Goes out: transactions, and metrics about them. A batch that the disk refused is
//! kept and tried again; meanwhile the dispatcher gathers what follows.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tracing::{error, info, warn};

use super::clock;
use super::forgetting::ForgetOrder;
use super::store_feed::StoreOrder;
use crate::metrics::Recorder;
use crate::store::{Batch, Store, StoreError};

/// After an error the disk is tried again after this time, or after the interval if that is shorter.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// How long the thread sleeps when there is nothing to do.
const FOREVER: Duration = Duration::from_secs(3600);

/// The store with its inputs and outputs.
pub(super) struct StoreThread {
    store: Store,
    orders: Receiver<StoreOrder>,
    is_idle: Arc<AtomicBool>,
    recorder: Arc<Recorder>,
    retry: Duration,
    /// What the disk has not taken yet, oldest first; one batch, and the last one at the end of a run.
    unwritten: VecDeque<Batch>,
    /// The latest attempt succeeded.
    is_up: bool,
    /// The log has told that the store fails.
    has_complained: bool,
}

impl StoreThread {
    pub(super) fn new(
        store: Store,
        orders: Receiver<StoreOrder>,
        is_idle: Arc<AtomicBool>,
        recorder: Arc<Recorder>,
        interval: Duration,
    ) -> Self {
        Self {
            store,
            orders,
            is_idle,
            recorder,
            retry: interval.min(LONGEST_RETRY),
            unwritten: VecDeque::new(),
            is_up: false,
            has_complained: false,
        }
    }

    /// Writes until the dispatcher has ended.
    pub(super) fn run(mut self) {
        self.probe();
        loop {
            self.is_idle.store(self.unwritten.is_empty(), Ordering::Release);
            let rests = self.is_up && self.unwritten.is_empty();
            let nap = if rests { FOREVER } else { self.retry };
            match self.orders.recv_timeout(nap) {
                Ok(StoreOrder::Write(batch)) => {
                    self.unwritten.push_back(batch);
                    self.write();
                }
                Ok(StoreOrder::Forget(order)) => self.forget(order),
                Err(RecvTimeoutError::Timeout) if self.unwritten.is_empty() => self.probe(),
                Err(RecvTimeoutError::Timeout) => self.write(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.write();
        if !self.unwritten.is_empty() {
            error!("the latest changes could not be stored and are lost");
        }
    }

    /// Looks whether the store can be used, so that it is not called down until something changes.
    fn probe(&mut self) {
        let outcome = self.store.batches();
        self.recorder.observe_store_open(outcome.is_ok());
        self.note(outcome.err().as_ref());
    }

    /// Notes how an attempt ended; the log tells of the first failure and of the next success.
    fn note(&mut self, problem: Option<&StoreError>) {
        self.is_up = problem.is_none();
        match problem {
            None => {
                if std::mem::take(&mut self.has_complained) {
                    info!("the store is written again");
                }
            }
            Some(problem) => {
                if !std::mem::replace(&mut self.has_complained, true) {
                    warn!(reason = problem.as_label(), %problem,
                        "the store cannot be written; changes are kept in memory and tried again");
                }
            }
        }
    }

    /// Writes what waits, in order, until the disk refuses.
    fn write(&mut self) {
        while let Some(batch) = self.unwritten.front() {
            let outcome = self.store.commit(batch);
            self.recorder.observe_store_commit(outcome.is_ok(), clock::now());
            self.note(outcome.as_ref().err());
            if outcome.is_err() {
                return;
            }
            self.unwritten.pop_front();
        }
    }

    fn forget(&mut self, mut order: ForgetOrder) {
        for batch in &mut self.unwritten {
            batch.forget(&order.id);
        }
        let outcome = self.store.forget(&order.id);
        self.note(outcome.as_ref().err());
        match outcome {
            Ok(was_stored) => {
                order.known |= was_stored;
                order.done();
            }
            Err(problem) => order.failed(format!(
                "the device is forgotten, but not in the store: {problem}; try again"
            )),
        }
    }
}
