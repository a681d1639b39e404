//! What outlives a run: opened at the start, and given back to those who know devices.
//!
//! Comes in: the configuration of the store. Goes out: a store, or none with a line in the log: a monitor without
//! memory is better than none.

use std::sync::Arc;

use tracing::{info, warn};

use crate::alert::AlertKey;
use crate::analyst::{Analyst, Event, EventKind};
use crate::inventory::Inventory;
use crate::metrics::Recorder;
use crate::store::{Batch, Config, Store, StoreError};

/// A store, none since it is off, or why there is none; the log is told when the daemon runs, so that a start that
/// fails for another reason says that reason only.
pub(super) type Opening = Result<Option<Store>, StoreError>;

/// Opens the store that a configuration names.
///
/// # Errors
/// A later hikwatch wrote it: only the user knows which of the two is meant.
pub(super) fn open_store(config: &Config) -> Result<Opening, StoreError> {
    if !config.enabled {
        return Ok(Ok(None));
    }
    match Store::open(config) {
        Ok(store) => Ok(Ok(Some(store))),
        Err(problem @ StoreError::Newer { .. }) => Err(problem),
        Err(problem) => Ok(Err(problem)),
    }
}

/// Tells the log what became of the store, and gives it.
pub(super) fn told(opening: Opening) -> Option<Store> {
    match opening {
        Ok(store) => {
            if let Some(aside) = store.as_ref().and_then(Store::set_aside) {
                warn!(moved_to = %aside.display(), "the store was damaged; a new one is begun");
            }
            store
        }
        Err(problem @ StoreError::NoDirectory { .. }) => {
            info!(%problem, "nothing is kept over restarts");
            None
        }
        Err(problem) => {
            warn!(reason = problem.as_label(), %problem, "nothing is kept over restarts");
            None
        }
    }
}

/// Takes alerts out of the store that nobody goes on with: their device or their rule is gone.
fn take_out(store: &mut Store, gone: Vec<AlertKey>) {
    if gone.is_empty() {
        return;
    }
    let standing = gone.into_iter().map(|key| (key, None)).collect();
    if let Err(problem) = store.commit(&Batch { standing, ..Batch::default() }) {
        warn!(reason = problem.as_label(), %problem, "alerts that nobody goes on with stay in the store");
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
        warn!(rows = contents.unreadable, "some devices or alerts in the store cannot be read");
    }
    let stored = contents.devices.len();
    analyst.restore_alerts(contents.habits, contents.acknowledged);
    let restored = analyst.restore(contents.devices, contents.contacts);
    info!(stored, restored = restored.len(), "devices of earlier runs are known again");
    let standing = contents.standing.len();
    let left_out = analyst.restore_standing(contents.standing, &restored);
    info!(standing, left_out = left_out.len(), "alerts that stood go on");
    take_out(store, left_out);
    for profile in restored {
        let event = Event {
            timestamp: profile.last_seen,
            kind: EventKind::DeviceSeen(Arc::clone(&profile)),
        };
        inventory.apply(&event);
        recorder.apply(&event);
    }
}
