//! The dispatcher's side of the store: gathers changes, hands them over when the interval has passed and the store's
//! thread has nothing to do. It never waits for the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use tracing::error;

use super::clock::Stopwatch;
use super::forgetting::ForgetOrder;
use crate::analyst::{Event, Keepsakes};
use crate::store::{Batch, Gatherer};

/// Orders that may wait for the store's thread: a batch and what people ask for.
pub(super) const WAITING_ORDERS: usize = 8;

/// An order to the store's thread.
#[derive(Debug)]
pub(super) enum StoreOrder {
    /// Write this.
    Write(Batch),
    /// Remove this device.
    Forget(ForgetOrder),
}

/// What the dispatcher holds of the store.
pub(super) struct StoreFeed {
    gatherer: Gatherer,
    orders: SyncSender<StoreOrder>,
    /// The thread has written everything that it was given. It may say so a moment too early, so it takes a second batch too.
    is_idle: Arc<AtomicBool>,
    interval: Duration,
    since: Stopwatch,
}

impl StoreFeed {
    pub(super) fn new(
        orders: SyncSender<StoreOrder>,
        is_idle: Arc<AtomicBool>,
        interval: Duration,
    ) -> Self {
        Self { gatherer: Gatherer::new(), orders, is_idle, interval, since: Stopwatch::start() }
    }

    pub(super) fn apply(&mut self, event: &Event) {
        self.gatherer.apply(event);
    }

    pub(super) fn note_keepsakes(&mut self, keepsakes: &Keepsakes) {
        for (device, known) in &keepsakes.habits {
            self.gatherer.note_habits(device, known);
        }
        self.gatherer.note_alerts(&keepsakes.alerts);
    }

    /// Changes that found no room while the disk refused.
    pub(super) const fn dropped(&self) -> u64 {
        self.gatherer.stats().dropped
    }

    /// Hands the changes over if it is time to.
    pub(super) fn tick(&mut self) {
        if self.since.elapsed() >= self.interval && self.is_idle.load(Ordering::Acquire) {
            self.since = Stopwatch::start();
            self.hand_over();
        }
    }

    /// Hands over what there is at the end of a run; the thread ends when it is written.
    pub(super) fn close(mut self) {
        self.hand_over();
    }

    /// Forgets a device here, and has it removed from the disk.
    pub(super) fn forget(&mut self, order: ForgetOrder) {
        self.gatherer.forget(&order.id);
        if let Err(refused) = self.orders.try_send(StoreOrder::Forget(order)) {
            let (std::sync::mpsc::TrySendError::Full(order)
            | std::sync::mpsc::TrySendError::Disconnected(order)) = refused;
            if let StoreOrder::Forget(order) = order {
                order.failed("the store is too busy; try again".to_owned());
            }
        }
    }

    fn hand_over(&mut self) {
        let Some(batch) = self.gatherer.take() else { return };
        self.is_idle.store(false, Ordering::Release);
        if self.orders.try_send(StoreOrder::Write(batch)).is_err() {
            error!("the store's thread takes no more changes; they are lost");
        }
    }
}
