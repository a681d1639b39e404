//! What outlives a run: opened at the start, and given back to those who know devices.
//!
//! Comes in: the configuration of the store. Goes out: a store, or none with a line in the log: a monitor without
//! memory is better than none.

use std::sync::Arc;

use tracing::{info, warn};

use crate::analyst::{Analyst, Event, EventKind};
use crate::inventory::Inventory;
use crate::metrics::Recorder;
use crate::store::{Config, Store, StoreError};

/// Opens the store that a configuration names.
///
/// # Errors
/// A later hikwatch wrote it: only the user knows which of the two is meant.
pub(super) fn open_store(config: &Config) -> Result<Option<Store>, StoreError> {
    if !config.enabled {
        return Ok(None);
    }
    match Store::open(config) {
        Ok(store) => {
            if let Some(aside) = store.set_aside() {
                warn!(moved_to = %aside.display(), "the store was damaged; a new one is begun");
            }
            Ok(Some(store))
        }
        Err(problem @ StoreError::Newer { .. }) => Err(problem),
        Err(problem @ StoreError::NoDirectory { .. }) => {
            info!(%problem, "nothing is kept over restarts");
            Ok(None)
        }
        Err(problem) => {
            warn!(reason = problem.as_label(), %problem, "nothing is kept over restarts");
            Ok(None)
        }
    }
}

/// Gives the devices of earlier runs back to the analyst, and shows them.
pub(super) fn restore(
    store: &mut Store,
    analyst: &mut Analyst,
    inventory: &Inventory,
    recorder: &Recorder,
) {
    let contents = match store.contents() {
        Ok(contents) => contents,
        Err(problem) => {
            recorder.observe_store_open(false);
            warn!(reason = problem.as_label(), %problem,
                "the store cannot be read; it begins empty, and is tried again");
            return;
        }
    };
    recorder.observe_store_open(true);
    if contents.unreadable > 0 {
        warn!(devices = contents.unreadable, "some devices in the store cannot be read");
    }
    let stored = contents.devices.len();
    let restored = analyst.restore(contents.devices, contents.contacts);
    info!(stored, restored = restored.len(), "devices of earlier runs are known again");
    for profile in restored {
        let event = Event {
            timestamp: profile.last_seen,
            kind: EventKind::DeviceSeen(Arc::clone(&profile)),
        };
        inventory.apply(&event);
        recorder.apply(&event);
    }
}
